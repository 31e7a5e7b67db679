// How an image lies in a pane: zoom, pan, turns, flips. Knows transforms, and the canvas that it is for.

import { h } from "../dom.js";
import { centred, firstView, fitShown } from "../place/shown_area.js";
import { flip, pixelAt, toCanvas, turn, zoomAbout } from "../place/view_transform.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../place/view_transform.js").Transform} Transform */
/** @typedef {{row: number, column: number}} Pixel */

export class PaneView {
  canvas = h("canvas", { attributes: { "aria-hidden": "true" } });
  /** @type {Stack|null} */
  stack = null;
  /** @type {import("./slide_view.js").SlideView|null} */
  tiles = null;
  /** @type {View} */
  view = { zoom: 1, x: 0, y: 0, turns: 0, flipped: false };
  fitted = true;

  /** Take another stack; what shows a slide comes and goes with it. @param {Stack|null} stack */
  take(stack) {
    this.tiles?.close();
    this.tiles = stack?.tiled?.(this) ?? null;
    this.stack = stack;
  }

  /** Lie as the image does at first: fitted, unless a presentation state turns it. */
  lieFirst() {
    this.view = firstView(this.stack?.description);
    this.fitted = true;
  }

  /** What is done when the image lies otherwise. */
  viewChanged() {}

  /** @param {View} view @param {boolean} [fitted] */
  setView(view, fitted = false) {
    this.view = view;
    this.fitted = fitted;
    this.viewChanged();
  }

  refit() {
    if (this.stack) this.setView(fitShown(this.stack.description, this.canvas, this.view), true);
  }

  /**
   * @param {number} factor
   * @param {number} [x] place on the canvas
   * @param {number} [y]
   */
  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    const [dx, dy] = [x - this.canvas.width / 2, y - this.canvas.height / 2];
    this.setView(zoomAbout(this.view, factor, dx, dy, this.tiles?.least()));
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.setView({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  /** @param {number} zoom device pixels of the image's smaller pixel side */
  setZoom(zoom) {
    if (!this.stack) return;
    const stays = this.tiles ? zoom / this.view.zoom : 0; // of a slide the place that is looked at
    const there = { ...this.view, zoom, x: this.view.x * stays, y: this.view.y * stays };
    this.setView(this.tiles ? there : centred(this.stack.description, there));
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
}
