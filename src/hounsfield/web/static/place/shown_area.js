// The part of an image that is shown, where a presentation state names one, and parts that are drawn by hand. Knows
// numbers only.

import { extent, fit, toCanvas, unapply } from "./view_transform.js";

/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("./view_transform.js").Transform} Transform */
/** @typedef {{top: number, left: number, bottom: number, right: number}} Box rows and columns, the last excluded */

/**
 * How a description wants to be looked at first.
 * @param {Description|undefined} d
 * @returns {View}
 */
export function firstView(d) {
  const flipped = d?.flipped ?? false;
  // A state turns, then flips; a view flips first: then the turn goes the other way.
  const turns = flipped ? (4 - (d?.turns ?? 0)) % 4 : (d?.turns ?? 0);
  return { zoom: 1, x: 0, y: 0, turns, flipped };
}

/** The description of the shown part alone. @param {Description} d @returns {Description} */
function part(d) {
  if (!d.area) return d;
  const [top, left, bottom, right] = d.area;
  return { ...d, rows: bottom - top, columns: right - left };
}

/**
 * Width and height of what is shown, turned, at zoom 1.
 * @param {Description} d
 * @param {number} turns
 */
export function shownExtent(d, turns) {
  return extent(part(d), turns);
}

/**
 * The view with the middle of what is shown in the middle of the canvas.
 * @param {Description} d
 * @param {View} view
 * @returns {View}
 */
export function centred(d, view) {
  const still = { ...view, x: 0, y: 0 };
  if (!d.area) return still;
  const [top, left, bottom, right] = d.area;
  const [a, b, c, e] = toCanvas(d, still, { width: 0, height: 0 });
  const [across, down] = [(left + right - d.columns) / 2, (top + bottom - d.rows) / 2];
  return { ...still, x: -(a * across + c * down), y: -(b * across + e * down) };
}

/**
 * The view that shows all that is to be shown.
 * @param {Description} d
 * @param {{width: number, height: number}} canvas
 * @param {View} view whose turns and flip are kept
 * @returns {View}
 */
export function fitShown(d, canvas, view) {
  return centred(d, fit(part(d), canvas, view));
}

/**
 * The pixels whose centres lie between two places of the canvas, or null.
 * @param {Description} d
 * @param {Transform} transform
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @returns {Box|null}
 */
export function pixelsBetween(d, transform, from, to) {
  const [p, q] = [unapply(transform, ...from), unapply(transform, ...to)];
  const first = [0, 1].map((i) => Math.ceil(Math.min(p[i], q[i]) - 0.5));
  const last = [0, 1].map((i) => Math.floor(Math.max(p[i], q[i]) - 0.5) + 1);
  const box = {
    top: Math.max(first[1], 0),
    left: Math.max(first[0], 0),
    bottom: Math.min(last[1], d.rows),
    right: Math.min(last[0], d.columns),
  };
  return box.top < box.bottom && box.left < box.right ? box : null;
}
