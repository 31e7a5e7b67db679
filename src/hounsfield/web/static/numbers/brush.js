// The brush: which tools paint, how wide, along which points. Knows numbers only.

/** @typedef {import("./shape_kinds.js").Spot} Spot */
/** A line that is drawn with a radius, in pixels of the image. @typedef {{points: Spot[], radius: number, erase: boolean}} Stroke */

/** Radii in pixels of the image. */
export const [THINNEST, WIDEST] = [0.5, 200];
/** Points of a stroke that the server takes. */
const MOST_POINTS = 10_000;

/** @param {string} tool */
export const isBrush = (tool) => tool === "brush" || tool === "eraser";

/** The next radius, about a fifth wider or narrower, in halves. @param {number} radius @param {boolean} wider */
export function nextRadius(radius, wider) {
  const step = Math.max(0.5, Math.round(radius * 0.4) / 2);
  return Math.min(WIDEST, Math.max(THINNEST, wider ? radius + step : radius - step));
}

/** A radius that somebody has asked for. @param {number} radius */
export const asRadius = (radius) => Math.min(WIDEST, Math.max(THINNEST, Math.round(radius * 2) / 2 || THINNEST));

/** A stroke that goes on to a place; none of its points are as near as not to matter. @param {Spot[]} points @param {Spot} at */
export function lengthened(points, at) {
  const [x, y] = points[points.length - 1];
  if (points.length >= MOST_POINTS || Math.hypot(at[0] - x, at[1] - y) < 0.1) return points;
  return [...points, at];
}
