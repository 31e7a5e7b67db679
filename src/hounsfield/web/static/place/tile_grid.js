// Which tiles of which level of a slide a view needs, and where they lie on the canvas. Knows numbers only.

import { toCanvas, unapply } from "./view_transform.js";

/** @typedef {import("../types.js").Level} Level */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("./view_transform.js").Transform} Transform */
/** Rows and columns of the finest level. @typedef {{top: number, left: number, bottom: number, right: number}} Box */
/** @typedef {{row: number, column: number}} Place */

/**
 * Number of the coarsest level whose pixels are not enlarged; the finest where all are.
 * @param {Level[]} levels finest first
 * @param {Transform} m
 */
export function levelFor(levels, m) {
  const [across, down] = [Math.hypot(m[0], m[1]), Math.hypot(m[2], m[3])];
  let chosen = 0;
  levels.forEach(({ factor }, i) => {
    if (factor[0] * down <= 1.001 && factor[1] * across <= 1.001) chosen = i;
  });
  return chosen;
}

/**
 * The part of the slide that a canvas shows.
 * @param {Transform} m
 * @param {{width: number, height: number}} canvas
 * @returns {Box}
 */
export function seenBox(m, { width, height }) {
  const corners = [unapply(m, 0, 0), unapply(m, width, 0), unapply(m, 0, height), unapply(m, width, height)];
  const [x, y] = [corners.map((corner) => corner[0]), corners.map((corner) => corner[1])];
  return { top: Math.min(...y), left: Math.min(...x), bottom: Math.max(...y), right: Math.max(...x) };
}

/**
 * Tiles of a level that reach into a box: those near its middle first, and no more than so many.
 * @param {Level} level
 * @param {Box} box
 * @param {number} most
 * @returns {Place[]}
 */
export function tilesIn(level, box, most) {
  const [down, across] = level.factor;
  const rows = span(box.top / down, box.bottom / down, level.tile_rows, level.rows);
  const columns = span(box.left / across, box.right / across, level.tile_columns, level.columns);
  const [row, column] = [rows.middle, columns.middle];
  // Only so many rows and columns around the middle are looked at: a slide may have millions of tiles.
  const around = Math.ceil(Math.sqrt(most)) + 1;
  const reach = (/** @type {{first: number, last: number, middle: number}} */ { first, last, middle }, other = 0) => {
    const wide = Math.max(around, Math.ceil(most / Math.max(other, 1)));
    return [Math.max(first, Math.floor(middle - wide)), Math.min(last, Math.ceil(middle + wide))];
  };
  const [top, bottom] = reach(rows, columns.last - columns.first + 1);
  const [left, right] = reach(columns, rows.last - rows.first + 1);
  /** @type {(Place & {away: number})[]} */
  const places = [];
  for (let r = top; r <= bottom; r++) {
    for (let c = left; c <= right; c++) places.push({ row: r, column: c, away: (r - row) ** 2 + (c - column) ** 2 });
  }
  return places
    .sort((one, other) => one.away - other.away)
    .slice(0, most)
    .map((place) => ({ row: place.row, column: place.column }));
}

/**
 * First and last number of a tile along one axis, and the middle of what is seen in tiles; none where first > last.
 * @param {number} from
 * @param {number} to
 * @param {number} size of a tile
 * @param {number} count of pixels
 */
function span(from, to, size, count) {
  const [start, end] = [Math.max(from, 0), Math.min(to, count)];
  if (end <= start) return { first: 0, last: -1, middle: 0 };
  const [first, last] = [Math.floor(start / size), Math.ceil(end / size) - 1];
  return { first, last, middle: (start + end) / 2 / size - 0.5 };
}

/**
 * How many tiles of a level reach into a box.
 * @param {Level} level
 * @param {Box} box
 */
export function countIn(level, box) {
  const [down, across] = level.factor;
  const rows = span(box.top / down, box.bottom / down, level.tile_rows, level.rows);
  const columns = span(box.left / across, box.right / across, level.tile_columns, level.columns);
  return (rows.last - rows.first + 1) * (columns.last - columns.first + 1);
}

/**
 * The part of the slide under a tile.
 * @param {Level} level
 * @param {Place} place
 * @returns {Box}
 */
export function boxOf(level, { row, column }) {
  const [down, across] = level.factor;
  const [top, left] = [row * level.tile_rows, column * level.tile_columns];
  return {
    top: top * down,
    left: left * across,
    bottom: Math.min(top + level.tile_rows, level.rows) * down,
    right: Math.min(left + level.tile_columns, level.columns) * across,
  };
}

/**
 * The transform that puts a tile onto the canvas. Its edges lie between pixels of the canvas, so that no seam shows.
 * @param {Transform} m of the finest level, whose turns are quarter turns
 * @param {Box} box
 * @param {number} rows of the tile
 * @param {number} columns
 * @returns {Transform}
 */
export function tileTransform(m, box, rows, columns) {
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]].map(Math.round);
  const [x, y] = at(box.left, box.top);
  const [right, bottom] = at(box.right, box.bottom);
  const turned = Math.abs(m[0]) < Math.abs(m[1]);
  if (turned) return [0, (bottom - y) / columns, (right - x) / rows, 0, x, y];
  return [(right - x) / columns, 0, 0, (bottom - y) / rows, x, y];
}

/**
 * The tile of a level in which a pixel of the finest level lies, and where in it.
 * @param {Level} level
 * @param {Place} pixel
 */
export function tileAt(level, pixel) {
  const row = Math.min(Math.floor((pixel.row + 0.5) / level.factor[0]), level.rows - 1);
  const column = Math.min(Math.floor((pixel.column + 0.5) / level.factor[1]), level.columns - 1);
  const place = { row: Math.floor(row / level.tile_rows), column: Math.floor(column / level.tile_columns) };
  return { place, row: row - place.row * level.tile_rows, column: column - place.column * level.tile_columns };
}

/**
 * The view whose middle is a place of the slide.
 * @param {Description} d
 * @param {View} view
 * @param {Place} place
 * @returns {View}
 */
export function centred(d, view, place) {
  const [a, b, c, e] = toCanvas(d, view, { width: 0, height: 0 });
  const [x, y] = [place.column - d.columns / 2, place.row - d.rows / 2];
  return { ...view, x: -(a * x + c * y), y: -(b * x + e * y) };
}
