// The line in which the plane of one frame cuts another frame. Knows numbers only.

import { cross, dot, toIndex, toPatient } from "./geometry.js";

/** @typedef {import("../types.js").Point} Point */
/** @typedef {import("../types.js").Matrix} Matrix */
/** @typedef {{rows: number, columns: number, affine: Matrix|null}} Placed */
/** @typedef {[number, number]} Pixel row and column */

/** Frames lie in one plane where no corner is so many mm off it: any line would be rounding. */
const SAME = 1e-3;

/**
 * Where the plane of one frame cuts another frame: two places (row, column) of the former, or null. The line ends where
 * either image ends, at the outer edges of its outer pixels.
 * @param {Placed} here
 * @param {number} index
 * @param {Placed} other
 * @param {number} otherIndex
 * @returns {[Pixel, Pixel]|null}
 */
export function referenceLine(here, index, other, otherIndex) {
  const [m, theirs] = [here.affine, other.affine];
  if (!m || !theirs) return null;
  const across = cross([m[0][1], m[1][1], m[2][1]], [m[0][2], m[1][2], m[2][2]]);
  const length = Math.hypot(...across);
  const normal = /** @type {Point} */ (across.map((part) => part / length));
  const origin = toPatient(m, index, 0, 0);
  const away = (/** @type {Point} */ p) => dot([p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]], normal);
  const corners = [
    [-0.5, -0.5],
    [-0.5, other.columns - 0.5],
    [other.rows - 0.5, other.columns - 0.5],
    [other.rows - 0.5, -0.5],
  ].map(([row, column]) => toPatient(theirs, otherIndex, row, column));
  const heights = corners.map(away);
  if (heights.every((mm) => Math.abs(mm) < SAME)) return null;
  /** @type {Pixel[]} */
  const cut = [];
  for (let i = 0; i < 4; i++) {
    const [p, q] = [corners[i], corners[(i + 1) % 4]];
    const [u, v] = [heights[i], heights[(i + 1) % 4]];
    if (u === v || u * v > 0) continue;
    const share = u / (u - v);
    const at = /** @type {Point} */ ([0, 1, 2].map((k) => p[k] + share * (q[k] - p[k])));
    const place = toIndex(m, at);
    if (place) cut.push([place[1], place[2]]);
  }
  const far = cut.find((p) => Math.hypot(p[0] - cut[0][0], p[1] - cut[0][1]) > 1e-6);
  return far ? clip(cut[0], far, here.rows, here.columns) : null;
}

/**
 * The part of a line that lies on an image, or null.
 * @param {Pixel} from
 * @param {Pixel} to
 * @param {number} rows
 * @param {number} columns
 * @returns {[Pixel, Pixel]|null}
 */
export function clip(from, to, rows, columns) {
  let [begin, end] = [0, 1];
  for (const [axis, count] of [rows, columns].entries()) {
    const step = to[axis] - from[axis];
    const [low, high] = [-0.5 - from[axis], count - 0.5 - from[axis]];
    if (step === 0) {
      if (low > 0 || high < 0) return null;
      continue;
    }
    const [near, far] = step > 0 ? [low / step, high / step] : [high / step, low / step];
    begin = Math.max(begin, near);
    end = Math.min(end, far);
  }
  if (!(end > begin)) return null;
  const at = (/** @type {number} */ share) =>
    /** @type {Pixel} */ ([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
  return [at(begin), at(end)];
}
