// Where frames lie in the patient: LPS millimetres, letters. Knows numbers only.

/** @typedef {import("../types.js").Point} Point */
/** @typedef {import("../types.js").Matrix} Matrix */
/** @typedef {import("../types.js").Letters} Letters */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Description} Description */

/**
 * @param {Matrix} m
 * @param {number} slice
 * @param {number} row
 * @param {number} column
 * @returns {Point}
 */
export function toPatient(m, slice, row, column) {
  const at = [0, 1, 2].map((i) => m[i][0] * slice + m[i][1] * row + m[i][2] * column + m[i][3]);
  return /** @type {Point} */ (at);
}

/**
 * Fractional index (slice, row, column) of a place in the patient, or null where the matrix has no inverse.
 * @param {Matrix} m
 * @param {Point} point
 * @returns {Point|null}
 */
export function toIndex(m, point) {
  const axis = [0, 1, 2].map((j) => /** @type {Point} */ ([m[0][j], m[1][j], m[2][j]]));
  const det = dot(axis[0], cross(axis[1], axis[2]));
  if (!Number.isFinite(det) || Math.abs(det) < 1e-12) return null;
  const from = /** @type {Point} */ ([0, 1, 2].map((i) => point[i] - m[i][3]));
  return [
    dot(from, cross(axis[1], axis[2])) / det,
    dot(from, cross(axis[2], axis[0])) / det,
    dot(from, cross(axis[0], axis[1])) / det,
  ];
}

/**
 * Letters of a direction in the patient, as the library names it: largest part first, parts up to a quarter left out.
 * @param {Point} direction
 */
export function letterOf(direction) {
  const length = Math.hypot(...direction);
  if (!(length > 0)) return "";
  return direction
    .map((part, i) => ({ size: Math.abs(part) / length, letter: ["LR", "PA", "HF"][i][part > 0 ? 0 : 1] }))
    .filter((part) => part.size > 0.25)
    .sort((a, b) => b.size - a.size)
    .map((part) => part.letter)
    .join("");
}

/**
 * Letters at the edges of the untouched image; null where the orientation is not known.
 * @param {Description} d
 * @returns {Letters|null}
 */
export function imageLetters(d) {
  if (d.letters || !d.orientation) return d.letters;
  const { row, column } = d.orientation;
  const back = (/** @type {Point} */ p) => /** @type {Point} */ (p.map((x) => -x));
  return { right: letterOf(row), left: letterOf(back(row)), bottom: letterOf(column), top: letterOf(back(column)) };
}

/**
 * Letters as they stand on the screen after flip and turns.
 * @param {Letters} letters
 * @param {View} view
 * @returns {Letters}
 */
export function screenLetters(letters, view) {
  let { left, right, top, bottom } = letters;
  if (view.flipped) [left, right] = [right, left];
  for (let i = 0; i < view.turns % 4; i++) [top, right, bottom, left] = [left, top, right, bottom];
  return { left, right, top, bottom };
}

/**
 * @param {Point} a
 * @param {Point} b
 * @returns {Point}
 */
export function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/**
 * @param {Point} a
 * @param {Point} b
 */
export function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
