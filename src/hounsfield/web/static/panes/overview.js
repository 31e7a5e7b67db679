// The whole slide in a corner of its pane, with the part that is seen; a click goes there. Knows the slide's picture.

import { h } from "../dom.js";
import { countIn, seenBox, tilesIn } from "../place/tile_grid.js";
import { apply, extent, fit, toCanvas, unapply } from "../place/view_transform.js";

/** @typedef {import("./slide_view.js").SlideView} SlideView */
/** @typedef {import("../place/view_transform.js").Transform} Transform */

/** CSS pixels of the longer side; tiles beyond this number are not fetched for it. */
const SIDE = 150;
const MOST = 16;

export class Overview {
  /**
   * @param {(row: number, column: number) => void} go
   * @param {() => void} all show all of the slide
   */
  constructor(go, all) {
    this.canvas = h("canvas", { attributes: { "aria-hidden": "true" } });
    this.element = h(
      "button",
      { class: "overview", label: "Overview: a click goes there, Enter shows all", attributes: { type: "button" } },
      this.canvas,
    );
    /** @type {Transform|null} */
    this.transform = null;
    const move = (/** @type {PointerEvent} */ event) => {
      const box = this.canvas.getBoundingClientRect();
      const ratio = this.canvas.width / box.width;
      if (!this.transform) return;
      const [column, row] = unapply(
        this.transform,
        (event.clientX - box.left) * ratio,
        (event.clientY - box.top) * ratio,
      );
      go(row, column);
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      move(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) move(event);
    });
    this.element.addEventListener("click", (event) => {
      if (event.detail === 0) all();
    });
  }

  /**
   * @param {SlideView} view
   * @param {Transform} m of the pane
   * @returns {import("../drawing/tiled_picture.js").Wanted[]} tiles that it needs
   */
  draw(view, m) {
    const { d, picture, pane } = view;
    const seen = seenBox(m, pane.canvas);
    // Where all is seen, nothing need cover a part of it.
    const all = seen.top < 1 && seen.left < 1 && seen.bottom > d.rows - 1 && seen.right > d.columns - 1;
    this.element.classList.toggle("needless", all);
    if (all) return [];
    const turned = { ...pane.view, zoom: 1, x: 0, y: 0 };
    const [wide, high] = extent(d, turned.turns);
    const unit = (SIDE * devicePixelRatio) / Math.max(wide, high);
    const [width, height] = [wide, high].map((size) => Math.max(Math.round(size * unit), 8));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.canvas.style.width = `${width / devicePixelRatio}px`;
    this.canvas.style.height = `${height / devicePixelRatio}px`;
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context) return [];
    this.transform = toCanvas(d, fit(d, this.canvas, turned), this.canvas);
    const last = picture.levels.length - 1;
    const box = seenBox(this.transform, this.canvas);
    const few = countIn(picture.levels[last], box) <= MOST;
    picture.draw(context, this.transform, last, view.get, view.look(), true);
    const [x, y] = apply(this.transform, seen.left, seen.top);
    const [right, bottom] = apply(this.transform, seen.right, seen.bottom);
    frame(context, [x, y, right, bottom], devicePixelRatio);
    return few ? tilesIn(picture.levels[last], box, MOST).map((place) => ({ level: last, place })) : [];
  }
}

/**
 * A rectangle with a dark edge, at least a few pixels wide, so that it is seen on any ground.
 * @param {CanvasRenderingContext2D} context
 * @param {number[]} corners
 * @param {number} ratio
 */
function frame(context, [x, y, right, bottom], ratio) {
  const least = 4 * ratio;
  const [wide, high] = [Math.max(Math.abs(right - x), least), Math.max(Math.abs(bottom - y), least)];
  const [left, top] = [(x + right - wide) / 2, (y + bottom - high) / 2];
  for (const [colour, width] of /** @type {const} */ ([
    ["rgba(0,0,0,0.8)", 4],
    ["#ff9933", 2],
  ])) {
    context.strokeStyle = colour;
    context.lineWidth = width * ratio;
    context.strokeRect(left, top, wide, high);
  }
}
