// What drags, wheels and keys do to a pane. Knows a pane's methods, the chosen tool and the links; nothing of events.

import { isBrush } from "../numbers/brush.js";
import { dragWindow, roundWindow } from "../numbers/grey.js";
import { isShapeKind } from "../numbers/shape_kinds.js";
import { unapply } from "../place/view_transform.js";
import { actionOf } from "./key_map.js";
import { attachPointer } from "./pointer_input.js";

/** @typedef {import("../panes/pane.js").Pane} Pane */
/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("./key_map.js").Action} Action */

/**
 * @param {Pane} pane
 * @param {import("../panes/viewport.js").Viewport} viewport
 */
export function attachTools(pane, viewport) {
  const { store, links } = viewport;
  const activate = (/** @type {Pane} */ from) => viewport.activate(from);
  /** Who draws. */
  const shapes = () => (isBrush(store.get().tool) ? viewport.painting?.input : viewport.measuring?.input);
  /** Who hears a key: while the panel Mask is open and nothing is measured, strokes are taken back, not measures. */
  const typed = (/** @type {KeyboardEvent} */ event) => {
    const { tool, side } = store.get();
    const strokes = (event.ctrlKey || event.metaKey) && side === "mask" && !isShapeKind(tool);
    return strokes ? viewport.painting?.input : shapes();
  };
  /** Whether a measure or a stroke has the pointer. */
  let drawn = false;
  let scrolled = 0;
  let anchor = { x: 0, y: 0 };
  /** @type {import("./region_window.js").RegionTool|null} few people use it */
  let region = null;
  /** @type {import("../types.js").Voi|null} the window of a drag before it is rounded: small moves add up */
  let exact = null;

  const cross = (/** @type {number} */ x, /** @type {number} */ y) => {
    const transform = pane.transform();
    const d = pane.stack?.description;
    if (!transform || !d) return;
    const [column, row] = unapply(transform, x, y).map((v) => v - 0.5);
    links.place(pane, Math.min(Math.max(row, 0), d.rows - 1), Math.min(Math.max(column, 0), d.columns - 1));
  };

  const drag = (/** @type {string} */ tool, /** @type {number} */ dx, /** @type {number} */ dy, x = 0, y = 0) => {
    const size = Math.min(pane.canvas.width, pane.canvas.height);
    if (tool === "pan") pane.pan(dx, dy);
    else if (tool === "zoom") pane.zoom(Math.exp(-dy / (size / 3)), anchor.x, anchor.y);
    else if (tool === "cross") cross(x, y);
    else if (tool === "region") region?.drag(x, y);
    else if (tool === "scroll") {
      const frames = pane.stack?.description.frames ?? 1;
      scrolled += dy / Math.max(size / frames, 3 * devicePixelRatio);
      const steps = Math.trunc(scrolled);
      scrolled -= steps;
      if (steps) pane.step(steps);
    } else if (!pane.stack?.description.color) {
      const span = pane.dragSpan();
      exact = dragWindow(exact ?? pane.voi(), dx / size, dy / size, span);
      pane.setVoi(roundWindow(exact, span));
    }
  };

  attachPointer(pane.element, {
    async start(kind, x, y, finger) {
      activate(pane);
      pane.element.focus({ preventScroll: true });
      scrolled = 0;
      exact = null;
      anchor = { x, y };
      drawn = kind === "tool" && Boolean(shapes()?.press(pane, x, y, finger));
      if (drawn) return;
      if (kind === "tool" && store.get().tool === "cross") cross(x, y);
      if (kind !== "tool" || store.get().tool !== "region") return;
      const { RegionTool } = await import("./region_window.js");
      region ??= new RegionTool(pane);
      region.start(x, y);
    },
    drag(kind, dx, dy, x, y) {
      if (drawn) return shapes()?.drag(pane, x, y);
      const { tool } = store.get();
      if (kind === "tool" && (isShapeKind(tool) || isBrush(tool))) return;
      drag(kind === "tool" ? (pane.tiles?.tool(tool) ?? tool) : kind, dx, dy, x, y);
    },
    end() {
      if (drawn) shapes()?.release();
      drawn = false;
      region?.end();
    },
    pinch(factor, x, y, dx, dy) {
      region?.cancel();
      if (drawn) shapes()?.cancel();
      drawn = false;
      pane.zoom(factor, x, y);
      pane.pan(dx, dy);
    },
    hover(x, y) {
      pane.setCursor([x, y]);
      shapes()?.hover(pane, x, y);
    },
    leave() {
      pane.setCursor(null);
      if (isBrush(store.get().tool)) pane.redraw();
    },
    zooms: () => Boolean(pane.tiles), // there is nothing to scroll
    wheel(steps, shift) {
      activate(pane);
      if (shift && pane.phases.set) pane.phases.step(steps);
      else pane.step(steps);
    },
    wheelZoom: (factor, x, y) => pane.zoom(factor, x, y),
  });

  pane.element.addEventListener("focusin", () => activate(pane));
  pane.element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && region?.cancel()) return event.preventDefault();
    // Enter and space on a button within the pane are the button's.
    if (event.target instanceof HTMLButtonElement && (event.key === "Enter" || event.key === " ")) return;
    if (isBrush(store.get().tool) && !viewport.painting) return event.preventDefault(); // it is about to come
    if (typed(event)?.key(pane, event)) return event.preventDefault();
    if (pane.tiles?.pressed(event)) return event.preventDefault();
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    runAction(pane, action, store);
  });
}

/** @param {Pane} pane @param {number} wider factor @param {number} center shift in widths */
function window(pane, wider, center) {
  const span = pane.dragSpan() / 3;
  const voi = pane.voi();
  const next = dragWindow(voi, 0, 0, span);
  const scaled = (next.width ?? 1) * wider;
  const width = next.function === "LINEAR" ? Math.max(scaled, 1) : scaled;
  pane.setVoi(roundWindow({ ...next, width, center: (next.center ?? 0) + center * width }, width));
}

/** @type {Record<Action, (pane: Pane, store: Store) => void>} */
const ACTIONS = {
  previous: (pane) => pane.step(-1),
  next: (pane) => pane.step(1),
  back10: (pane) => pane.step(-10),
  forward10: (pane) => pane.step(10),
  first: (pane) => pane.go(0),
  last: (pane) => pane.go(Number.MAX_SAFE_INTEGER),
  cine: (pane) => pane.playOrStop(),
  previousPhase: (pane) => pane.phases.step(-1),
  nextPhase: (pane) => pane.phases.step(1),
  cinePhases: (pane) => pane.phases.playOrStop(),
  invert: (pane) => pane.invert(),
  turn: (pane) => pane.turn(),
  flipHorizontal: (pane) => pane.flip("horizontal"),
  flipVertical: (pane) => pane.flip("vertical"),
  fit: (pane) => pane.refit(),
  actual: (pane) => pane.setZoom(1),
  life: (pane) => pane.lifeSize(),
  reset: (pane) => pane.reset(),
  smooth: (_, store) => store.set({ smooth: !store.get().smooth }),
  zoomIn: (pane) => pane.zoom(1.25),
  zoomOut: (pane) => pane.zoom(0.8),
  narrower: (pane) => window(pane, 0.9, 0),
  wider: (pane) => window(pane, 1 / 0.9, 0),
  darker: (pane) => window(pane, 1, 0.05),
  brighter: (pane) => window(pane, 1, -0.05),
  toolWindow: (_, store) => store.set({ tool: "window" }),
  toolPan: (_, store) => store.set({ tool: "pan" }),
  toolZoom: (_, store) => store.set({ tool: "zoom" }),
  toolScroll: (_, store) => store.set({ tool: "scroll" }),
  toolCross: (_, store) => store.set({ tool: "cross" }),
  toolRegion: (_, store) => store.set({ tool: "region" }),
  toolDistance: (_, store) => store.set({ tool: "distance" }),
  toolBidirectional: (_, store) => store.set({ tool: "bidirectional" }),
  toolAngle: (_, store) => store.set({ tool: "angle" }),
  toolCobb: (_, store) => store.set({ tool: "cobb" }),
  toolRectangle: (_, store) => store.set({ tool: "rectangle" }),
  toolEllipse: (_, store) => store.set({ tool: "ellipse" }),
  toolPolygon: (_, store) => store.set({ tool: "polygon" }),
  toolFreehand: (_, store) => store.set({ tool: "freehand" }),
  toolProfile: (_, store) => store.set({ tool: "profile" }),
  toolPoint: (_, store) => store.set({ tool: "point" }),
  toolBrush: (_, store) => store.set({ tool: "brush" }),
  toolEraser: (_, store) => store.set({ tool: "eraser" }),
  windowSeen: async (pane) => (await import("./region_window.js")).takeVisible(pane),
  crosshair: (_, store) => store.set({ crosshair: !store.get().crosshair }),
  nextPane: (_, store) => store.set({ active: store.get().active + 1 }),
  straight: () => document.dispatchEvent(new CustomEvent("hounsfield-straight")),
  linkHere: () => document.dispatchEvent(new CustomEvent("hounsfield-link")),
  help: () => document.dispatchEvent(new CustomEvent("hounsfield-help")),
};

/** @param {Pane} pane @param {Action} action @param {Store} store */
export function runAction(pane, action, store) {
  if (!pane.stack && action !== "help" && !action.startsWith("tool")) return;
  ACTIONS[action](pane, store);
}
