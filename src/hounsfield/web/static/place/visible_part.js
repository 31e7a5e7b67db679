// The part of an image that a canvas shows, and how coarsely: of a large image no more is painted than is seen. Knows
// numbers only.

import { LARGEST_BLOCK } from "../numbers/means.js";
import { LARGE, stepOf } from "../numbers/subsample.js";
import { unapply } from "./view_transform.js";

/** @typedef {import("../types.js").Part} Part */

/** Parts begin and end at multiples of this, so that panning seldom needs another one. */
const GRID = 128;

/** @param {{rows: number, columns: number}} d @returns {Part} */
export const whole = (d) => ({ top: 0, left: 0, rows: d.rows, columns: d.columns, step: 1, means: false });

/**
 * @param {{rows: number, columns: number, color: boolean}} d
 * @param {import("./view_transform.js").Transform} transform
 * @param {{width: number, height: number}} canvas
 * @param {number} zoom canvas pixels of one image pixel
 * @param {boolean} quick every n-th pixel is enough for now, where several lie on one of the canvas
 * @returns {Part}
 */
export function visiblePart(d, transform, canvas, zoom, quick) {
  const all = whole(d);
  const pixels = d.rows * d.columns;
  const step = stepOf(pixels, zoom);
  if (pixels <= LARGE || (d.color && step > 1)) return quick ? { ...all, step } : all;
  if (quick && step > 1) return { ...all, step };
  const corners = [0, canvas.width].flatMap((x) => [0, canvas.height].map((y) => unapply(transform, x, y)));
  const block = Math.min(step, LARGEST_BLOCK);
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  const [left, columns] = between(xs, d.columns, block * GRID);
  const [top, rows] = between(ys, d.rows, block * GRID);
  return { top, left, rows, columns, step: block, means: block > 1 };
}

/**
 * The first, and how many, of what lies between places; at least one.
 * @param {number[]} places
 * @param {number} count
 * @param {number} grid
 * @returns {[number, number]}
 */
function between(places, count, grid) {
  const down = Math.floor((Math.min(...places) - 2) / grid) * grid;
  const up = Math.ceil((Math.max(...places) + 2) / grid) * grid;
  const first = Math.min(Math.max(down, 0), Math.floor((count - 1) / grid) * grid);
  return [first, Math.max(Math.min(up, count), first + 1) - first];
}
