// One pane: which frame of which stack it shows, and how. Knows frames, views and its own elements; of other panes, of
// panels and of the server nothing: it tells its owner what changed.

import { h } from "../dom.js";
import { drawCovered } from "../drawing/layer_drawing.js";
import { Picture } from "../drawing/pane_drawing.js";
import { Rail } from "../input/rail.js";
import { bounds, range } from "../numbers/grey.js";
import { visiblePart, whole } from "../place/visible_part.js";
import { frameKey } from "../server/frames.js";
import { t } from "../words/words.js";
import { CinePlayer } from "./cine_player.js";
import { FramePlaces } from "./frame_places.js";
import { PaneLabels } from "./pane_labels.js";
import { PaneLayers } from "./pane_layers.js";
import { PaneView } from "./pane_view.js";
import { PhaseAxis } from "./phase_axis.js";
import { PhaseBar } from "./phase_bar.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../place/view_transform.js").Transform} Transform */
/** @typedef {{row: number, column: number}} Pixel */

/**
 * What a pane's owner hears, and adds.
 * @typedef {object} Hooks
 * @property {(pane: Pane, what: "stack"|"frame"|"look"|"view"|"cine"|"place") => void} changed
 * @property {(pane: Pane, context: CanvasRenderingContext2D, transform: Transform) => void} drawOver
 * @property {(pane: Pane) => void} tell put texts over the image
 * @property {() => boolean} smooth
 * @property {(pane: Pane) => boolean} awaits another item was asked for, which has not come
 * @property {(id: string, plane: string|null) => Promise<Stack>} stackOf
 * @property {(pane: Pane, phase: number, playing: boolean) => void} phased it goes to another phase
 * @property {() => string} idle what to say in a pane without an image
 */

/** @param {Stack|null} stack what a stack is a phase of */
const entryOf = (stack) => stack?.description.phases?.ids[0] ?? stack?.id;

/** @type {Voi} */
const PLAIN = { center: 128, width: 256, function: "LINEAR_EXACT" };

export class Pane extends PaneView {
  /**
   * @param {import("../server/frames.js").Frames} frames
   * @param {Hooks} hooks
   */
  constructor(frames, hooks) {
    super();
    this.frames = frames;
    this.hooks = hooks;
    this.picture = new Picture();
    this.labels = new PaneLabels();
    this.layers = new PaneLayers(() => this.redraw());
    this.rail = new Rail((index) => this.go(index));
    const role = { tabindex: "0", role: "application", "aria-roledescription": "image" };
    this.phases = new PhaseAxis(this, hooks.stackOf);
    this.bar = new PhaseBar(this.phases);
    const parts = [this.canvas, this.labels.element, this.rail.element, this.bar.element];
    this.element = h("div", { class: "pane", attributes: role }, ...parts);
    this.index = 0;
    this.direction = 1;
    /** @type {Voi|null} a window that was chosen; null follows the file */
    this.chosen = null;
    this.inverted = false;
    this.map = "grey";
    /** @type {[number, number]|null} place of the cursor on the canvas */
    this.cursor = null;
    this.message = "";
    this.shownKey = "";
    this.drawing = 0;
    this.settling = 0;
    /** Whether what is shown is about to be cut anew, or at full resolution. */
    this.unsettled = false;
    this.cine = new CinePlayer({
      has: (index) => Boolean(this.stack && (this.tiles || this.frames.get(this.stack, index))),
      show: (index) => this.go(index, true),
      want: (index) => this.frames.want(this, this.stack, index, 1, true),
      told: () => {
        this.hooks.changed(this, "cine");
        this.hooks.tell(this);
      },
    });
    this.places = new FramePlaces(() => this.hooks.changed(this, "place"));
    // The bar of phases takes some of the image's height when it comes.
    const sizes = new ResizeObserver(() => this.resize());
    for (const each of [this.element, this.canvas]) sizes.observe(each);
  }

  /**
   * @param {Stack|null} stack
   * @param {number} index
   * @param {{chosen: Voi|null, inverted: boolean, map: string}} [look] of another stack of the same item
   */
  show(stack, index, look) {
    const of = (/** @type {Stack|null} */ shown) => `${entryOf(shown)} ${shown?.plane} ${shown?.state ?? ""}`;
    const same = of(this.stack) === of(stack);
    if (entryOf(this.stack) !== entryOf(stack)) this.layers.reset();
    this.take(stack);
    this.message = "";
    this.unsettled = Boolean(stack?.query?.every);
    if (!same || stack?.description.frames !== this.cine.timing?.starts.length) this.cine.stop();
    if (!same) {
      this.phases.cine.stop();
      this.chosen = look?.chosen ?? null;
      this.inverted = look?.inverted ?? false;
      this.map = look?.map ?? "grey";
      this.shownKey = "";
      this.picture.clear();
      this.lieFirst();
    }
    this.index = stack ? Math.min(Math.max(index, 0), stack.description.frames - 1) : 0;
    this.direction = 1;
    this.phases.shown();
    this.frames.want(this, stack, this.index);
    this.rail.update(this.index, stack?.description.frames ?? 1);
    if (this.fitted) this.refit();
    this.hooks.changed(this, "stack");
    this.redraw();
  }

  /**
   * @param {number} index
   * @param {boolean} [playing]
   */
  go(index, playing = false) {
    if (!this.stack) return;
    const { frames } = this.stack.description;
    const next = Math.min(Math.max(index, 0), frames - 1);
    if (next === this.index) return;
    if (!playing) this.cine.stop();
    this.direction = next > this.index || playing ? 1 : -1;
    this.index = next;
    this.frames.want(this, this.stack, next, this.direction, playing);
    this.rail.update(next, frames);
    this.hooks.changed(this, "frame");
    this.coarse();
    this.redraw();
  }

  /** @param {number} steps */
  step(steps) {
    if (this.stack?.description.frames === 1) this.phases.step(steps);
    this.go(this.index + steps);
  }

  playOrStop() {
    if (this.phases.cine.playing || this.stack?.description.frames === 1) this.phases.playOrStop();
    else if (this.cine.playing) this.cine.stop();
    else if (this.stack) this.cine.start(this.stack.description, this.index);
  }

  // How values are shown.

  /** The VOI in use. @returns {Voi} */
  voi() {
    const d = this.stack?.description;
    if (this.chosen || !d) return this.chosen ?? PLAIN;
    return this.ownVoi() ?? d.default_window ?? PLAIN;
  }

  /** The window of the frame alone; phases share one, so that their brightness can be compared. */
  ownVoi() {
    return this.stack?.description.phases ? null : this.frame()?.voi;
  }

  /** @param {Voi|null} voi */
  setVoi(voi) {
    this.chosen = voi;
    this.changedLook();
  }

  /** @param {string} map */
  setMap(map) {
    this.map = map;
    this.changedLook();
  }

  invert() {
    this.inverted = !this.inverted;
    this.changedLook();
  }

  changedLook() {
    this.hooks.changed(this, "look");
    this.coarse();
    this.redraw();
  }

  /** Values over which a drag across the whole pane moves the window. */
  dragSpan() {
    const d = this.stack?.description;
    if (!d) return 1;
    const [low, high] = bounds(this.ownVoi() ?? d.default_window ?? PLAIN);
    return Math.max(high - low, Number.EPSILON) * 3;
  }

  viewChanged() {
    this.hooks.changed(this, "view");
    this.redraw();
  }

  reset() {
    this.chosen = null;
    this.inverted = false;
    this.map = "grey";
    this.lieFirst();
    this.refit();
    this.changedLook();
  }

  /** Values of the frame that is shown, where they have come. */
  raw() {
    return this.frame()?.raw;
  }

  frame() {
    return this.stack ? this.frames.get(this.stack, this.index) : undefined;
  }

  /** What is known of the frame that is shown: its own place, where each has one. */
  placed() {
    return this.places.of(this.stack, this.index);
  }

  /** @param {[number, number]|null} cursor */
  setCursor(cursor) {
    this.cursor = cursor;
    if (cursor && this.stack) this.frames.askIndices(this.stack, this.index);
    this.hooks.tell(this);
  }

  /** @param {string} message shown over the pane instead of an image @param {boolean} [stays] in the stack shown */
  fail(message, stays = false) {
    if (!stays) this.show(null, 0);
    this.message = message;
    this.redraw();
  }

  // Drawing.

  resize() {
    const box = this.canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    const [width, height] = [Math.max(1, Math.round(box.width * ratio)), Math.max(1, Math.round(box.height * ratio))];
    if (width === this.canvas.width && height === this.canvas.height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    if (this.fitted) this.refit();
    // At once: an emptied canvas must not flash.
    this.draw();
  }

  redraw() {
    if (!this.drawing) this.drawing = requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context) return;
    const { stack } = this;
    const transform = this.transform();
    const tiled = transform && this.tiles?.draw(context, transform);
    const error = tiled ? tiled.error : stack ? this.frames.error(stack, this.index) : null;
    const raw = this.raw();
    if (stack && raw && transform) {
      const part = visiblePart(stack.description, transform, this.canvas, this.view.zoom, this.settling !== 0);
      this.picture.paint(frameKey(stack, this.index), stack.description, raw, this.look(), part);
      this.shownKey = frameKey(stack, this.index);
    }
    // The last frame stays until the next has come; one that cannot come leaves none.
    const shown = stack && this.shownKey && !error && !this.message ? this.picture : null;
    const layers = stack && raw ? this.layers.of(stack, this.index) : [];
    const smoothing = { smooth: this.hooks.smooth(), quick: this.settling !== 0 };
    if (!tiled) drawCovered(context, shown, transform, smoothing, layers, stack?.description ?? null);
    if (transform && (tiled || !error)) this.hooks.drawOver(this, context, transform);
    const waits = tiled ? tiled.waits : stack && !error && (!raw || this.phases.waits);
    const awaits = this.hooks.awaits(this); // over what is still shown, or was to be
    const quiet =
      awaits || (stack && waits && !tiled && !this.shownKey) ? t("Loading…") : stack ? "" : this.hooks.idle();
    const failed = awaits ? "" : error || this.message;
    this.labels.setMessage(failed || quiet, Boolean(failed));
    this.element.toggleAttribute("data-awaits", awaits);
    this.element.toggleAttribute("data-waits", Boolean(waits || awaits || this.unsettled));
    this.element.toggleAttribute("data-coarse", this.settling !== 0);
    this.element.dataset.frame = (tiled && !waits) || (shown && raw) ? String(this.index) : "";
    this.hooks.tell(this);
  }

  /** Draw quickly rather than well until nothing has changed for a moment. */
  coarse() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.settling = 0;
      this.redraw();
    }, 150);
  }

  look() {
    return { voi: this.voi(), inverted: this.inverted, map: this.map };
  }

  /** Every pixel of the frame, as it is shown. */
  whole() {
    const [raw, stack] = [this.raw(), this.stack];
    if (!raw || !stack) return null;
    const picture = new Picture();
    picture.paint(frameKey(stack, this.index), stack.description, raw, this.look(), whole(stack.description));
    return picture;
  }

  /** A window that shows every value of the frame. @returns {Voi|null} */
  fullRange() {
    const raw = this.raw();
    const d = this.stack?.description;
    if (!raw || !d) return null;
    const [low, high] = range(raw).map((value) => value * d.slope + d.intercept);
    return { center: (low + high) / 2, width: Math.max(high - low, 1e-6), function: "LINEAR_EXACT" };
  }

  /** Give memory back; the pane is not used again. */
  close() {
    this.cine.stop();
    this.tiles?.close();
    this.phases.cine.stop();
    this.frames.want(this, null, 0);
    this.picture.clear();
    this.element.remove();
  }
}
