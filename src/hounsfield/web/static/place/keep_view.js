// A view of one plane that shows another plane at the same size, with one point where it was. Knows numbers only.

import { apply, toCanvas } from "./view_transform.js";

/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").View} View */
/** @typedef {{d: Description, at: [number, number]}} Seen a plane, and row and column of the point on it */

/**
 * @param {View} view of the plane before
 * @param {Seen} before
 * @param {Seen} after
 * @param {{width: number, height: number}} canvas
 * @returns {View}
 */
export function keptView(view, before, after, canvas) {
  const place = (/** @type {Seen} */ seen, /** @type {View} */ v) =>
    apply(toCanvas(seen.d, v, canvas), seen.at[1] + 0.5, seen.at[0] + 0.5);
  const least = (/** @type {Description} */ d) => Math.min(...(d.pixel_spacing ?? [1]));
  const next = { ...view, zoom: (view.zoom * least(after.d)) / least(before.d) };
  const [was, is] = [place(before, view), place(after, next)];
  return { ...next, x: next.x + was[0] - is[0], y: next.y + was[1] - is[1] };
}
