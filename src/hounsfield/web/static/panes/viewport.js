// The panes side by side: how many, which item each shows, which one is active. Knows panes, links and the store.

import { h } from "../dom.js";
import { drawCross, drawReferenceLines } from "../drawing/pane_drawing.js";
import { attachTools, runAction } from "../input/pane_tools.js";
import { isBrush } from "../numbers/brush.js";
import { isShapeKind } from "../numbers/shape_kinds.js";
import { describeState } from "../server/over.js";
import { describe, describePlane } from "../server/server.js";
import { t } from "../words/words.js";
import { ask, awaits } from "./asked.js";
import { HandLinks } from "./hand_links.js";
import { Links } from "./linking.js";
import { Pane } from "./pane.js";
import { drawScale } from "./pane_scale.js";
import { idleText, tellPane } from "./pane_texts.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../state/store.js").Layout} Layout */
/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").How} How */
/** @typedef {"stack"|"frame"|"look"|"view"|"cine"|"place"|"active"|"asked"} Change */

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
    this.hand = new HandLinks(this.links);
    /** @type {import("./oblique.js").Oblique|null} once planes are shown */
    this.oblique = null;
    /** @type {import("./measuring.js").Measuring|null} once something is to be measured */
    this.measuring = null;
    this.painting = /** @type {import("./painting.js").Painting|null} once there are masks */ (null);
    /** @type {((pane: Pane, what: Change) => void)[]} */
    this.listeners = [];
    /** @type {Map<string, Promise<Description>>} */
    this.descriptions = new Map();
    /** @type {{slab: number, how: How}} */
    this.slab = { slab: 0, how: "mean" };
    this.copying = false;
    document.addEventListener("hounsfield-link", () => this.linkHere());
    /** What each pane was asked for last and does not show yet. @type {import("./asked.js").AskedFor} */
    this.asked = new WeakMap();
    /** @type {Map<string, string|null>} items that are gone, and which took their place */
    this.gone = new Map();
    frames.onFrame((key) => {
      for (const pane of this.panes) if (pane.stack && key.startsWith(`${pane.stack.key}#`)) pane.redraw();
    });
    this.makePanes(store.get().layout);
    store.watch(["hidden"], () => {
      for (const pane of this.panes) pane.layers.clear();
    });
    store.watch(["active"], ({ active }) => this.markActive(active));
    store.watch(["tool"], ({ tool }) => isShapeKind(tool) && this.loadMeasuring());
    store.watch(["tool"], ({ tool }) => isBrush(tool) && this.loadPainting());
    store.watch(["items"], ({ items }) => {
      for (const pane of this.panes) {
        const item = pane.stack && items.get(pane.stack.id);
        // An image that itself may name the patient is not sent any more.
        if (item?.error && !item.thumbnail) pane.fail(item.error);
      }
    });
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
    if (what === "frame") {
      this.links.moved(pane, linked);
      this.hand.moved(pane);
    }
    if (what === "look" && layout === "planes") this.copyLook(pane);
    if (what === "stack" || what === "place") this.links.redraw(pane);
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
      awaits: (from) => awaits(this.asked, from),
      idle: () => idleText(this.store.get()),
      stackOf: (id, plane) => this.stackOf(id, plane),
      phased: (from, phase, playing) => this.phased(from, phase, playing),
    });
    attachTools(pane, this);
    this.element.append(pane.element);
    return pane;
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
    if (!pane.stack) return;
    const cross = crosshair ? this.links.crossIn(pane) : null;
    if (crosshair) drawReferenceLines(context, transform, this.links.lines(pane), cross, ratio);
    if (cross) drawCross(context, transform, cross, ratio);
    this.oblique?.handles.draw(pane, context);
    this.painting?.draw(pane, context, transform);
    this.measuring?.draw(pane, context, transform);
    if (texts) drawScale(pane, context, transform, pane.view, ratio);
  }

  async loadMeasuring() {
    const { Measuring } = await import("./measuring.js");
    this.measuring ??= new Measuring(this);
    return this.measuring;
  }

  async loadPainting() {
    const { Painting } = await import("./painting.js");
    this.painting ??= new Painting(this);
    return this.painting;
  }

  /** @param {Pane} pane */
  tell(pane) {
    const state = this.store.get();
    const item = pane.stack ? state.items.get(pane.stack.id) : undefined;
    tellPane(pane, item, { ...state, offset: this.hand.offset(pane) });
  }

  redraw() {
    for (const pane of this.panes) pane.redraw();
    this.panes.forEach((pane, i) => {
      this.name(pane, i);
    });
  }

  /** Planes of one volume go to a phase together. @param {Pane} pane @param {number} phase @param {boolean} playing */
  phased(pane, phase, playing) {
    if (this.store.get().layout !== "planes") return;
    for (const other of this.panes)
      if (other !== pane && other.stack?.plane && other.phases.set?.ids[0] === pane.phases.set?.ids[0])
        other.phases.go(phase, playing);
  }

  /** @param {Pane} pane whose window, inversion and colours the others of its volume take over */
  copyLook(pane) {
    if (this.copying) return;
    this.copying = true;
    for (const other of this.panes) {
      if (other === pane || this.entry(other) !== this.entry(pane)) continue;
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

  /** @param {string} id @param {string|null} plane @param {Record<string, string>} [query] @returns {Promise<Description>} */
  describe(id, plane, query) {
    const key = plane ? `${id}/${plane}?${new URLSearchParams(query)}` : id;
    const known = this.descriptions.get(key);
    if (known) return known;
    // What is not said of a plane is as in the volume that it cuts.
    const asked = plane
      ? Promise.all([this.describe(id, null), describePlane(id, plane, query)]).then(([own, cut]) => ({
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
    if (plane && this.oblique) return this.oblique.stackOf(id, plane);
    const description = await this.alike(id, await this.describe(id, plane));
    const slide = description.slide && (await import("./slide_view.js"));
    const tiled = await slide?.openSlide(id, description);
    return { key: `${id}/${plane ?? ""}`, id, plane, slab: 0, how: "mean", description, tiled };
  }

  /** All phases look alike: by the window of the first. @param {string} id @param {Description} description */
  async alike(id, description) {
    const first = description.phases?.ids[0] ?? id;
    if (first === id) return description;
    return { ...description, default_window: (await this.describe(first, null)).default_window };
  }

  /**
   * Show a pane's item as a presentation state says, or as its file does.
   * @param {Pane} pane
   * @param {string|null} state
   */
  async showState(pane, state) {
    const id = pane.stack?.id;
    if (!id) return;
    const stack = await this.stackOf(id, null);
    if (state) {
      const said = await describeState(id, state, pane.index);
      stack.description = { ...stack.description, ...said };
      stack.state = state;
      stack.key = `${id}/state ${state}`;
    }
    if (pane.stack?.id === id) pane.show(stack, pane.index);
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
    const asked = ask(this, [pane], { id, frame });
    /** Whether the pane is still to show it. */
    const waits = () => this.asked.get(pane) === asked && this.panes.includes(pane);
    try {
      const stack = await this.stackOf(id, null).catch((error) => {
        if (!this.gone.get(id)) throw error;
      });
      if (!waits()) return;
      const other = this.gone.get(id); // which may have come while this one was described
      if (other || !stack) return this.open(other ?? id, frame, pane);
      const middle = stack.description.kind === "volume" ? Math.floor(stack.description.frames / 2) : 0;
      this.asked.delete(pane);
      pane.show(stack, frame ?? middle);
      this.name(pane, this.panes.indexOf(pane));
    } catch (error) {
      if (!waits()) return;
      this.asked.delete(pane);
      pane.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} id @returns {Promise<void>} */
  async openPlanes(id) {
    const asked = ask(this, this.panes, { id });
    const waits = () => this.store.get().layout === "planes" && this.asked.get(this.panes[0]) === asked;
    try {
      const own = await this.stackOf(id, null).catch((error) => {
        if (!this.gone.get(id)) throw error;
      });
      if (!waits()) return;
      const other = this.gone.get(id);
      if (other || !own) return this.openPlanes(other ?? id);
      const { planes } = own.description;
      if (!planes.length) {
        document.dispatchEvent(
          new CustomEvent("hounsfield-tell", { detail: t("It has no planes: one pane shows it.") }),
        );
        return this.setLayout("1");
      }
      this.oblique ??= new (await import("./oblique.js")).Oblique(this);
      await this.oblique.begin(id);
      const stacks = await Promise.all(planes.map((plane) => this.stackOf(id, plane)));
      if (!waits()) return;
      for (const pane of this.panes) this.asked.delete(pane);
      this.showPlanes(stacks);
    } catch (error) {
      if (!waits()) return;
      for (const pane of this.panes) this.asked.delete(pane);
      this.active().fail(error instanceof Error ? error.message : String(error));
      this.redraw();
    }
  }

  /** @param {Stack[]} stacks one for each pane */
  showPlanes(stacks) {
    const look = this.active();
    const { chosen, inverted, map } =
      look.stack?.id === stacks[0].id ? look : { chosen: null, inverted: false, map: "grey" };
    this.links.follow(() => {
      stacks.slice(0, this.panes.length).forEach((stack, i) => {
        const at = this.panes[i].stack;
        if (at?.key === stack.key) return;
        this.panes[i].show(stack, Math.floor(stack.description.frames / 2), { chosen, inverted, map });
        this.name(this.panes[i], i);
      });
    });
    this.links.begin(this.panes[0]);
  }

  /** What a pane shows, or is to show: its id. @param {Pane} pane */
  wanted(pane) {
    return this.asked.get(pane)?.id ?? pane.stack?.id;
  }

  /** The entry of the list that a pane shows: phases are of one. @param {Pane} pane */
  entry(pane) {
    const id = pane.stack?.id ?? "";
    return this.store.get().items.get(id)?.id ?? id;
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    const id = this.wanted(this.active());
    const before = this.store.get().layout;
    this.store.set({ layout });
    this.makePanes(layout);
    if (!id) return;
    if (layout === "planes") this.openPlanes(id);
    else if (before === "planes") for (const pane of this.panes) this.open(id, undefined, pane);
  }

  /** @param {number} slab millimetres @param {How} how */
  async setSlab(slab, how) {
    this.slab = { slab, how };
    await Promise.all(this.panes.map((pane) => this.renew(pane)));
  }

  /** Show a plane, or what a state shows, as it is described now; where one is and how it is shown stays. @param {Pane} pane */
  async renew(pane) {
    const { stack } = pane;
    if (stack?.state) return this.showState(pane, stack.state);
    if (!stack?.plane) return;
    const next = await this.stackOf(stack.id, stack.plane);
    if (pane.stack === stack) pane.show(next, pane.index);
  }

  /** Link what the panes show now by hand, or end that. */
  linkHere() {
    this.hand.toggle(this.active());
    this.changed(this.active(), "place");
    this.redraw();
  }

  /** @param {import("../input/key_map.js").Action} action */
  act(action) {
    runAction(this.active(), action, this.store);
  }
}
