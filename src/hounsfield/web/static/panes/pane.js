// One pane: which frame of which stack it shows, and how. Knows frames, views and its own elements; of other panes, of
// panels and of the server nothing: it tells its owner what changed.

import { h } from "../dom.js";
import { drawPicture, Picture } from "../drawing/pane_drawing.js";
import { Rail } from "../input/rail.js";
import { bounds, range } from "../numbers/grey.js";
import { visiblePart, whole } from "../place/visible_part.js";
import { fit, flip, pixelAt, toCanvas, turn, zoomAbout } from "../place/view_transform.js";
import { frameKey } from "../server/frames.js";
import { t } from "../words/words.js";
import { CinePlayer } from "./cine_player.js";
import { PaneLabels } from "./pane_labels.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../place/view_transform.js").Transform} Transform */
/** @typedef {{row: number, column: number}} Pixel */

/**
 * What a pane's owner hears, and adds.
 * @typedef {object} Hooks
 * @property {(pane: Pane, what: "stack"|"frame"|"look"|"view"|"cine") => void} changed
 * @property {(pane: Pane, context: CanvasRenderingContext2D, transform: Transform) => void} drawOver
 * @property {(pane: Pane) => void} tell put texts over the image
 * @property {() => boolean} smooth
 * @property {() => string} idle what to say in a pane without an image
 */

/** @type {Voi} */
const PLAIN = { center: 128, width: 256, function: "LINEAR_EXACT" };

export class Pane {
  /**
   * @param {import("../server/frames.js").Frames} frames
   * @param {Hooks} hooks
   */
  constructor(frames, hooks) {
    this.frames = frames;
    this.hooks = hooks;
    this.picture = new Picture();
    this.labels = new PaneLabels();
    this.canvas = h("canvas", { attributes: { "aria-hidden": "true" } });
    this.rail = new Rail((index) => this.go(index));
    const role = { tabindex: "0", role: "application", "aria-roledescription": "image" };
    this.element = h("div", { class: "pane", attributes: role }, this.canvas, this.labels.element, this.rail.element);
    /** @type {Stack|null} */
    this.stack = null;
    this.index = 0;
    this.direction = 1;
    /** @type {Voi|null} a window that was chosen; null follows the file */
    this.chosen = null;
    this.inverted = false;
    this.map = "grey";
    /** @type {View} */
    this.view = { zoom: 1, x: 0, y: 0, turns: 0, flipped: false };
    this.fitted = true;
    /** @type {[number, number]|null} place of the cursor on the canvas */
    this.cursor = null;
    this.message = "";
    this.shownKey = "";
    this.drawing = 0;
    this.settling = 0;
    this.cine = new CinePlayer({
      has: (index) => Boolean(this.stack && this.frames.get(this.stack, index)),
      show: (index) => this.go(index, true),
      want: (index) => this.frames.want(this, this.stack, index, 1, true),
      told: () => {
        this.hooks.changed(this, "cine");
        this.hooks.tell(this);
      },
    });
    new ResizeObserver(() => this.resize()).observe(this.element);
  }

  /**
   * @param {Stack|null} stack
   * @param {number} index
   * @param {{chosen: Voi|null, inverted: boolean, map: string}} [look] of another stack of the same item
   */
  show(stack, index, look) {
    const same = this.stack?.id === stack?.id && this.stack?.plane === stack?.plane;
    this.stack = stack;
    this.message = "";
    if (!same || stack?.description.frames !== this.cine.timing?.starts.length) this.cine.stop();
    if (!same) {
      this.chosen = look?.chosen ?? null;
      this.inverted = look?.inverted ?? false;
      this.map = look?.map ?? "grey";
      this.shownKey = "";
      this.picture.clear();
      this.view = { zoom: 1, x: 0, y: 0, turns: 0, flipped: false };
      this.fitted = true;
    }
    this.index = stack ? Math.min(Math.max(index, 0), stack.description.frames - 1) : 0;
    this.direction = 1;
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
    this.go(this.index + steps);
  }

  playOrStop() {
    if (this.cine.playing) this.cine.stop();
    else if (this.stack) this.cine.start(this.stack.description, this.index);
  }

  // How values are shown.

  /** The VOI in use. @returns {Voi} */
  voi() {
    const d = this.stack?.description;
    if (this.chosen || !d) return this.chosen ?? PLAIN;
    return this.frame()?.voi ?? d.default_window ?? PLAIN;
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
    const [low, high] = bounds(this.frame()?.voi ?? d.default_window ?? PLAIN);
    return Math.max(high - low, Number.EPSILON) * 3;
  }

  // How the image lies in the pane.

  /** @param {View} view @param {boolean} [fitted] */
  setView(view, fitted = false) {
    this.view = view;
    this.fitted = fitted;
    this.hooks.changed(this, "view");
    this.redraw();
  }

  refit() {
    if (this.stack) this.setView(fit(this.stack.description, this.canvas, this.view), true);
  }

  /**
   * @param {number} factor
   * @param {number} [x] place on the canvas
   * @param {number} [y]
   */
  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    this.setView(zoomAbout(this.view, factor, x - this.canvas.width / 2, y - this.canvas.height / 2));
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.setView({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  /** @param {number} zoom device pixels of the image's smaller pixel side */
  setZoom(zoom) {
    this.setView({ ...this.view, zoom, x: 0, y: 0 });
  }

  /** Life size: CSS says that 96 of its pixels are an inch. */
  lifeSize() {
    const spacing = this.stack?.description.pixel_spacing;
    if (spacing) this.setZoom((Math.min(...spacing) * 96 * devicePixelRatio) / 25.4);
  }

  turn() {
    this.setView(turn(this.view), this.fitted);
    if (this.fitted) this.refit();
  }

  /** @param {"horizontal"|"vertical"} along */
  flip(along) {
    this.setView(flip(this.view, along), this.fitted);
  }

  reset() {
    this.chosen = null;
    this.inverted = false;
    this.map = "grey";
    this.view = { zoom: 1, x: 0, y: 0, turns: 0, flipped: false };
    this.refit();
    this.changedLook();
  }

  /** @returns {Transform|null} */
  transform() {
    return this.stack ? toCanvas(this.stack.description, this.view, this.canvas) : null;
  }

  /**
   * The pixel at a place of the canvas.
   * @param {number} x
   * @param {number} y
   * @returns {Pixel|null}
   */
  pixelAt(x, y) {
    const transform = this.transform();
    return this.stack && transform ? pixelAt(this.stack.description, transform, x, y) : null;
  }

  /** Values of the frame that is shown, where they have come. */
  raw() {
    return this.frame()?.raw;
  }

  frame() {
    return this.stack ? this.frames.get(this.stack, this.index) : undefined;
  }

  /** @param {[number, number]|null} cursor */
  setCursor(cursor) {
    this.cursor = cursor;
    if (cursor && this.stack) this.frames.askIndices(this.stack, this.index);
    this.hooks.tell(this);
  }

  /** @param {string} message shown over the pane instead of an image */
  fail(message) {
    this.show(null, 0);
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
    const error = stack ? this.frames.error(stack, this.index) : null;
    const raw = this.raw();
    if (stack && raw && transform) {
      const part = visiblePart(stack.description, transform, this.canvas, this.view.zoom, this.settling !== 0);
      this.picture.paint(frameKey(stack, this.index), stack.description, raw, this.look(), part);
      this.shownKey = frameKey(stack, this.index);
    }
    // The last frame stays until the next has come; one that cannot come leaves none.
    const shown = stack && this.shownKey && !error ? this.picture : null;
    drawPicture(context, shown, transform ?? [1, 0, 0, 1, 0, 0], this.hooks.smooth(), this.settling !== 0);
    if (transform && !error) this.hooks.drawOver(this, context, transform);
    const waits = stack && !raw && !error;
    const quiet = stack ? (waits && !this.shownKey ? t("Loading…") : "") : this.hooks.idle();
    this.labels.setMessage(error || this.message || quiet, Boolean(error || this.message));
    this.element.toggleAttribute("data-waits", Boolean(waits));
    this.element.dataset.frame = shown && raw ? String(this.index) : "";
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
    this.frames.want(this, null, 0);
    this.picture.clear();
    this.element.remove();
  }
}
