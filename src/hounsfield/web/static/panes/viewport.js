// The panes side by side: how many, which item each shows, which one is active. Knows panes, links and the store.

import { h } from "../dom.js";
import { drawCross, drawReferenceLines, drawScaleBar } from "../drawing/pane_drawing.js";
import { attachTools, runAction } from "../input/pane_tools.js";
import { scaleBar } from "../numbers/numbers.js";
import { millimetres } from "../place/view_transform.js";
import { describe, describePlane } from "../server/server.js";
import { t } from "../words/words.js";
import { Links } from "./linking.js";
import { Pane } from "./pane.js";
import { tellPane } from "./pane_texts.js";
import { KINDS } from "./probe.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../state/store.js").Layout} Layout */
/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").How} How */
/** @typedef {"stack"|"frame"|"look"|"view"|"cine"|"active"} Change */

/** @type {Record<Layout, number>} */
const PANES = { 1: 1, 2: 2, 4: 4, planes: 3 };

export class Viewport {
  /**
   * @param {Store} store
   * @param {import("../server/frames.js").Frames} frames
   */
  constructor(store, frames) {
    this.store = store;
    this.frames = frames;
    this.element = h("div", { class: "panes" });
    /** @type {Pane[]} */
    this.panes = [];
    this.links = new Links(() => this.panes);
    /** @type {((pane: Pane, what: Change) => void)[]} */
    this.listeners = [];
    /** @type {Map<string, Promise<Description>>} */
    this.descriptions = new Map();
    /** @type {{slab: number, how: How}} */
    this.slab = { slab: 0, how: "mean" };
    this.copying = false;
    /** @type {Map<string, string|null>} items that are gone, and which took their place */
    this.gone = new Map();
    frames.onFrame((key) => {
      for (const pane of this.panes) if (pane.stack && key.startsWith(`${pane.stack.key}#`)) pane.redraw();
    });
    this.makePanes(store.get().layout);
    store.watch(["active"], ({ active }) => this.markActive(active));
    store.watch(["crosshair", "smooth", "texts", "hidden", "language", "items", "reading", "connection"], () =>
      this.redraw(),
    );
  }

  /** @param {(pane: Pane, what: Change) => void} call */
  onChange(call) {
    this.listeners.push(call);
  }

  /** @param {Pane} pane @param {Change} what */
  changed(pane, what) {
    const { layout, linked } = this.store.get();
    if (what === "frame") this.links.moved(pane, linked);
    if (what === "look" && layout === "planes") this.copyLook(pane);
    if (what === "stack") this.links.redraw(pane);
    for (const call of this.listeners) call(pane, what);
  }

  /** The pane that keys and panels speak of. */
  active() {
    return this.panes[Math.min(this.store.get().active, this.panes.length - 1)];
  }

  /** @param {Pane} pane */
  activate(pane) {
    this.store.set({ active: Math.max(0, this.panes.indexOf(pane)) });
  }

  /** @param {number} active */
  markActive(active) {
    this.panes.forEach((pane, i) => {
      pane.element.toggleAttribute("data-active", i === active && this.panes.length > 1);
    });
    const pane = this.panes[active];
    if (pane) for (const call of this.listeners) call(pane, "active");
  }

  /** @param {Layout} layout */
  makePanes(layout) {
    const wanted = PANES[layout];
    while (this.panes.length > wanted) this.panes.pop()?.close();
    while (this.panes.length < wanted) this.panes.push(this.makePane());
    this.element.dataset.layout = layout;
    if (this.store.get().active >= wanted) this.store.set({ active: 0 });
    this.markActive(this.store.get().active);
    this.panes.forEach((pane, i) => {
      this.name(pane, i);
    });
  }

  /** @returns {Pane} */
  makePane() {
    const pane = new Pane(this.frames, {
      changed: (from, what) => this.changed(from, what),
      drawOver: (from, context, transform) => this.drawOver(from, context, transform),
      tell: (from) => this.tell(from),
      smooth: () => this.store.get().smooth,
      idle: () => this.idle(),
    });
    attachTools(pane, this.store, this.links, (from) => this.activate(from));
    this.element.append(pane.element);
    return pane;
  }

  /** What an empty pane says. */
  idle() {
    const { connection, reading, items } = this.store.get();
    if (connection !== "open") return "";
    if (items.size) return t("Choose a series from the list.");
    return reading ? t("Looking for images…") : t("There is no image to show.");
  }

  /** @param {Pane} pane @param {number} number */
  name(pane, number) {
    const item = pane.stack ? this.store.get().items.get(pane.stack.id) : undefined;
    const what = item ? `${item.modality} ${item.description}` : t("empty");
    pane.element.setAttribute("aria-label", t("Pane {number}: {what}", { number: number + 1, what }));
  }

  /** @param {Pane} pane @param {CanvasRenderingContext2D} context @param {import("../place/view_transform.js").Transform} transform */
  drawOver(pane, context, transform) {
    const ratio = devicePixelRatio || 1;
    const { crosshair, texts } = this.store.get();
    const d = pane.stack?.description;
    if (!d) return;
    const cross = crosshair ? this.links.crossIn(pane) : null;
    if (crosshair) drawReferenceLines(context, transform, this.links.lines(pane), cross, ratio);
    if (cross) drawCross(context, transform, cross, ratio);
    const size = millimetres(d, pane.view);
    const bar = texts && size ? scaleBar(size, context.canvas.width / 4) : null;
    if (bar) drawScaleBar(context, bar, d.spacing_kind ? t(KINDS[d.spacing_kind] ?? d.spacing_kind) : "", ratio);
  }

  /** @param {Pane} pane */
  tell(pane) {
    const state = this.store.get();
    tellPane(pane, pane.stack ? state.items.get(pane.stack.id) : undefined, state);
  }

  redraw() {
    for (const pane of this.panes) pane.redraw();
    this.panes.forEach((pane, i) => {
      this.name(pane, i);
    });
  }

  /** @param {Pane} pane whose window, inversion and colours the others of its volume take over */
  copyLook(pane) {
    if (this.copying) return;
    this.copying = true;
    for (const other of this.panes) {
      if (other === pane || other.stack?.id !== pane.stack?.id) continue;
      other.inverted = pane.inverted;
      other.map = pane.map;
      other.setVoi(pane.chosen);
    }
    this.copying = false;
  }

  /** @param {string} id */
  forget(id) {
    this.frames.forgive(id);
    for (const key of this.descriptions.keys())
      if (key === id || key.startsWith(`${id}/`)) this.descriptions.delete(key);
  }

  /** @param {string} id @param {string|null} plane @returns {Promise<Description>} */
  describe(id, plane) {
    const key = plane ? `${id}/${plane}` : id;
    const known = this.descriptions.get(key);
    if (known) return known;
    // What is not said of a plane is as in the volume that it cuts.
    const asked = plane
      ? Promise.all([this.describe(id, null), describePlane(id, plane)]).then(([own, cut]) => ({
          ...own,
          ...cut,
          planes: own.planes,
        }))
      : describe(id);
    this.descriptions.set(key, asked);
    asked.catch(() => this.descriptions.delete(key));
    return asked;
  }

  /** @param {string} id @param {string|null} plane @returns {Promise<Stack>} */
  async stackOf(id, plane) {
    const description = await this.describe(id, plane);
    const { slab, how } = plane ? this.slab : { slab: 0, how: /** @type {How} */ ("mean") };
    return { key: `${id}/${plane ?? ""}/${slab}/${how}`, id, plane, slab, how, description };
  }

  /**
   * Show an item: in the active pane, or its planes in all of them.
   * @param {string} id
   * @param {number} [frame] the middle of a volume, the first of anything else
   * @param {Pane} [pane]
   * @returns {Promise<void>}
   */
  async open(id, frame, pane = this.active()) {
    if (this.store.get().layout === "planes") return this.openPlanes(id);
    try {
      const stack = await this.stackOf(id, null).catch((error) => {
        if (!this.gone.get(id)) throw error;
      });
      const other = this.gone.get(id); // which may have come while this one was described
      if (other || !stack) return this.open(other ?? id, frame, pane);
      const middle = stack.description.kind === "volume" ? Math.floor(stack.description.frames / 2) : 0;
      pane.show(stack, frame ?? middle);
      this.name(pane, this.panes.indexOf(pane));
    } catch (error) {
      pane.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} id */
  async openPlanes(id) {
    try {
      const own = await this.stackOf(id, null);
      const { planes } = own.description;
      if (!planes.length) {
        this.setLayout("1");
        return;
      }
      const stacks = await Promise.all(planes.map((plane) => this.stackOf(id, plane)));
      const look = this.active();
      const { chosen, inverted, map } = look.stack?.id === id ? look : { chosen: null, inverted: false, map: "grey" };
      this.links.follow(() => {
        stacks.slice(0, this.panes.length).forEach((stack, i) => {
          const at = this.panes[i].stack;
          if (at?.key === stack.key) return;
          this.panes[i].show(stack, Math.floor(stack.description.frames / 2), { chosen, inverted, map });
          this.name(this.panes[i], i);
        });
      });
      this.links.begin(this.panes[0]);
    } catch (error) {
      this.active().fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    const id = this.active().stack?.id;
    const leaves = this.store.get().layout === "planes" && layout !== "planes";
    this.store.set({ layout });
    this.makePanes(layout);
    if (!id) return;
    if (layout === "planes") this.openPlanes(id);
    else if (leaves) for (const pane of this.panes) this.open(id, undefined, pane);
  }

  /** @param {number} slab millimetres @param {How} how */
  async setSlab(slab, how) {
    this.slab = { slab, how };
    for (const pane of this.panes) {
      if (pane.stack?.plane) pane.show(await this.stackOf(pane.stack.id, pane.stack.plane), pane.index);
    }
  }

  /** @param {import("../input/key_map.js").Action} action */
  act(action) {
    runAction(this.active(), action, this.store);
  }
}
