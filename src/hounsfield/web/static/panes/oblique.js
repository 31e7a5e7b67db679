// Turns the planes of a volume about the crosshair: quick coarse planes while they are turned, whole ones at rest. Knows
// the viewport, its panes and links.

import { toIndex } from "../place/geometry.js";
import { keptView } from "../place/keep_view.js";
import { PlaneSet } from "../place/plane_set.js";
import { frameKey } from "../server/frames.js";
import { loadAxes, loadThrough } from "../server/oblique.js";
import { loadFrame } from "../server/server.js";
import { LineHandles } from "./line_handles.js";
import { space } from "./linking.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Point} Point */

/** ms of rest after which planes are cut at full resolution, where no pointer is lifted. */
const REST = 250;
/** ms that a plane may take while it is turned: longer ones are made coarser. */
const PATIENCE = 30;
const MOST_EVERY = 4;
/** Frames that are fetched ahead of time: each is interpolated when it is asked for. */
const AHEAD = 4;

export class Oblique {
  /** @param {import("./viewport.js").Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    /** @type {Map<string, PlaneSet>} by entry of the list */
    this.sets = new Map();
    /** @type {Map<Pane, Promise<void>>} panes for which a plane is being cut */
    this.running = new Map();
    /** @type {Set<Pane>} of them, those that have been turned on meanwhile */
    this.behind = new Set();
    this.every = 2;
    this.turns = 0;
    this.timer = 0;
    this.handles = new LineHandles(this);
    document.addEventListener("hounsfield-straight", () => this.straighten());
  }

  /** @param {string} id */
  async begin(id) {
    const entry = this.entry(id);
    if (!this.sets.has(entry)) this.sets.set(entry, new PlaneSet(await loadAxes(id)));
  }

  /** Phases of one place are turned together. @param {string} id */
  entry(id) {
    return this.viewport.store.get().items.get(id)?.id ?? id;
  }

  /** Whether planes are shown, and can be turned. */
  get acts() {
    return this.viewport.store.get().layout === "planes" && Boolean(this.set);
  }

  /** The planes of the item that is shown. */
  get set() {
    return this.sets.get(this.entry(this.viewport.panes[0]?.stack?.id ?? ""));
  }

  /** @param {string} id @param {string} plane @returns {Promise<Stack>} */
  async stackOf(id, plane) {
    const set = this.sets.get(this.entry(id));
    const query = set?.query(plane) ?? {};
    const description = await this.viewport.alike(id, await this.viewport.describe(id, plane, query));
    return this.stack(id, plane, description, query);
  }

  /**
   * @param {string} id
   * @param {string} plane
   * @param {import("../types.js").Description} description
   * @param {Record<string, string>} query
   * @returns {Stack}
   */
  stack(id, plane, description, query) {
    const { slab, how } = this.viewport.slab;
    const key = `${id}/${plane}/${slab}/${how}/${new URLSearchParams(query)}`;
    const stack = { key, id, plane, slab, how, query, cut: this.sets.get(this.entry(id))?.kind(plane), description };
    return query.every ? { ...stack, ahead: 0 } : description.interpolated ? { ...stack, ahead: AHEAD } : stack;
  }

  /** The crosshair's place. @param {Pane} pane @returns {Point|undefined} */
  point(pane) {
    return this.viewport.links.points.get(space(pane) ?? "");
  }

  /**
   * Turn the lines that a pane shows: the other panes' planes.
   * @param {Pane|undefined} pane
   * @param {number} radians clockwise where the pane is not flipped
   */
  turn(pane, radians) {
    const plane = pane?.stack?.plane;
    const point = pane && this.point(pane);
    if (!pane || !plane || !point || !this.set || !Number.isFinite(radians) || radians === 0) return;
    this.set.turn(plane, radians, point);
    this.turns++;
    for (const other of this.viewport.panes) if (other !== pane && other.stack?.plane) this.pump(other);
    clearTimeout(this.timer);
    if (!this.handles.held) this.timer = setTimeout(() => this.settle(), REST);
    this.viewport.changed(pane, "place");
  }

  /** Cut a pane's plane, and again as long as it has been turned meanwhile. @param {Pane} pane */
  pump(pane) {
    this.behind.add(pane);
    pane.unsettled = true;
    pane.element.toggleAttribute("data-waits", true);
    if (this.running.has(pane)) return;
    const run = async () => {
      while (this.behind.delete(pane)) await this.coarse(pane);
      this.running.delete(pane);
    };
    this.running.set(pane, run());
  }

  /** @param {Pane} pane */
  async coarse(pane) {
    const before = pane.stack;
    if (!before?.plane || !this.set) return;
    const query = { ...this.set.query(before.plane), every: String(this.every) };
    const asked = this.stack(before.id, before.plane, before.description, query);
    const begun = performance.now();
    try {
      const { description, index, frame } = await loadThrough(asked);
      if (pane.stack === before) this.put(pane, { ...asked, description }, index, frame);
    } catch {
      return; // the whole plane says what is wrong
    }
    const took = performance.now() - begun;
    if (took > PATIENCE && this.every < MOST_EVERY) this.every++;
    else if (took < PATIENCE / 3 && this.every > 1) this.every--;
  }

  /** Show a frame that has come, with the crosshair where it was. @param {Pane} pane @param {Stack} stack @param {number} index @param {import("../types.js").Frame} frame */
  put(pane, stack, index, frame) {
    const { frames } = this.viewport;
    const [before, point] = [pane.stack, this.point(pane)];
    const seen = (/** @type {import("../types.js").Description|undefined} */ d) => {
      const at = point && d?.affine && toIndex(d.affine, point);
      return d && at ? { d, at: /** @type {[number, number]} */ ([at[1], at[2]]) } : null;
    };
    const [was, is] = [seen(before?.description), seen(stack.description)];
    if (was && is) {
      pane.view = keptView(pane.view, was, is, pane.canvas);
      pane.fitted = false;
    }
    if (before?.query?.every) frames.cache.delete(frameKey(before, pane.index));
    frames.cache.set(frameKey(stack, index), frame, frame.raw.byteLength);
    pane.show(stack, index);
  }

  /** Cut at full resolution what has been turned. */
  async settle() {
    clearTimeout(this.timer);
    const { turns } = this;
    await Promise.all(this.running.values());
    const coarse = this.viewport.panes.filter((pane) => pane.unsettled);
    await Promise.all(coarse.map((pane) => this.whole(pane, () => turns === this.turns)));
  }

  /** @param {Pane} pane @param {() => boolean} wanted */
  async whole(pane, wanted) {
    const point = this.point(pane);
    if (!pane.stack?.plane || !point) return;
    try {
      const stack = await this.stackOf(pane.stack.id, pane.stack.plane);
      const at = stack.description.affine && toIndex(stack.description.affine, point);
      if (!wanted() || !at || pane.stack.id !== stack.id) return;
      const index = Math.min(Math.max(Math.round(at[0]), 0), stack.description.frames - 1);
      const frame =
        this.viewport.frames.get(stack, index) ?? (await loadFrame(stack, index, new AbortController().signal));
      if (wanted() && pane.stack.id === stack.id) this.put(pane, stack, index, frame);
    } catch (error) {
      if (wanted()) pane.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Set how far the lines in a plane are turned. @param {string} plane @param {number} radians */
  setAngle(plane, radians) {
    const pane = this.viewport.panes.find((each) => each.stack?.plane === plane);
    this.turn(pane, radians - (this.set?.angles[plane] ?? 0));
  }

  /** Planes as they were, about the crosshair. */
  straighten() {
    this.change((set) => set.straighten());
  }

  /** Change which planes are shown, and show them. @param {(set: PlaneSet) => void} how */
  async change(how) {
    const { set, viewport } = this;
    const id = viewport.panes[0]?.stack?.id;
    if (!this.acts || !set || !id) return;
    how(set);
    clearTimeout(this.timer);
    this.turns++;
    await Promise.all(this.running.values());
    for (const pane of viewport.panes) pane.fitted = true;
    await viewport.openPlanes(id);
    viewport.changed(viewport.active(), "place");
  }
}
