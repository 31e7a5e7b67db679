// Zoom, pan, quarter turns, flips: from pixels of an image to pixels of a canvas and back. Knows numbers only.

/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Description} Description */
/** @typedef {[number, number, number, number, number, number]} Transform a, b, c, d, e, f as Canvas 2D takes them */
/** @typedef {{width: number, height: number}} Size */

/**
 * Width and height of one pixel; the smaller of both is 1.
 * @param {Description} d
 * @returns {[number, number]}
 */
export function pixelShape(d) {
  const [down, across] = d.pixel_spacing ?? d.pixel_aspect ?? [1, 1];
  if (!(down > 0 && across > 0)) return [1, 1];
  const least = Math.min(down, across);
  return [across / least, down / least];
}

/**
 * The transform from image coordinates, in which pixel (0, 0) reaches from 0 to 1, to canvas coordinates.
 * @param {Description} d
 * @param {View} view
 * @param {Size} canvas
 * @returns {Transform}
 */
export function toCanvas(d, view, canvas) {
  const [wide, high] = pixelShape(d);
  const [cos, sin] = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ][((view.turns % 4) + 4) % 4];
  const across = wide * view.zoom * (view.flipped ? -1 : 1);
  const down = high * view.zoom;
  const [a, b, c, e] = [cos * across, sin * across, -sin * down, cos * down];
  const middle = [canvas.width / 2 + view.x, canvas.height / 2 + view.y];
  const x = middle[0] - (a * d.columns) / 2 - (c * d.rows) / 2;
  const y = middle[1] - (b * d.columns) / 2 - (e * d.rows) / 2;
  return [a, b, c, e, snap(x, view.zoom), snap(y, view.zoom)];
}

/**
 * Whole pixels where the image is shown pixel for pixel, so that nothing is blurred.
 * @param {number} value
 * @param {number} zoom
 */
function snap(value, zoom) {
  return Number.isInteger(zoom) ? Math.round(value) : value;
}

/**
 * @param {Transform} m
 * @param {number} x
 * @param {number} y
 * @returns {[number, number]}
 */
export function apply(m, x, y) {
  return [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]];
}

/**
 * @param {Transform} m
 * @param {number} x
 * @param {number} y
 * @returns {[number, number]}
 */
export function unapply(m, x, y) {
  const det = m[0] * m[3] - m[1] * m[2];
  const [p, q] = [x - m[4], y - m[5]];
  return [(m[3] * p - m[2] * q) / det, (m[0] * q - m[1] * p) / det];
}

/**
 * The pixel under a place on the canvas, or null beside the image.
 * @param {Description} d
 * @param {Transform} m
 * @param {number} x
 * @param {number} y
 * @returns {{row: number, column: number}|null}
 */
export function pixelAt(d, m, x, y) {
  const [column, row] = unapply(m, x, y).map(Math.floor);
  return row >= 0 && column >= 0 && row < d.rows && column < d.columns ? { row, column } : null;
}

/**
 * Width and height on the screen at zoom 1, turned.
 * @param {Description} d
 * @param {number} turns
 * @returns {[number, number]}
 */
export function extent(d, turns) {
  const [wide, high] = pixelShape(d);
  const size = /** @type {[number, number]} */ ([d.columns * wide, d.rows * high]);
  return turns % 2 ? [size[1], size[0]] : size;
}

/**
 * The view that shows all of the image.
 * @param {Description} d
 * @param {Size} canvas
 * @param {View} [view] whose turns and flip are kept
 * @returns {View}
 */
export function fit(d, canvas, view) {
  const turns = view?.turns ?? 0;
  const [wide, high] = extent(d, turns);
  const zoom = Math.min(canvas.width / wide, canvas.height / high) || 1;
  return { zoom, x: 0, y: 0, turns, flipped: view?.flipped ?? false };
}

/**
 * Zoom about a place of the canvas, which stays where it is.
 * @param {View} view
 * @param {number} factor
 * @param {number} x from the centre of the canvas
 * @param {number} y
 * @param {number} [least] smallest zoom
 * @returns {View}
 */
export function zoomAbout(view, factor, x, y, least = 0.01) {
  const zoom = Math.min(Math.max(view.zoom * factor, least), 200);
  const real = zoom / view.zoom;
  return { ...view, zoom, x: x + (view.x - x) * real, y: y + (view.y - y) * real };
}

/**
 * Turn a quarter clockwise about the centre of the canvas.
 * @param {View} view
 * @returns {View}
 */
export function turn(view) {
  return { ...view, turns: (view.turns + 1) % 4, x: -view.y, y: view.x };
}

/**
 * Exchange left and right, or top and bottom, as seen on the screen.
 * @param {View} view
 * @param {"horizontal"|"vertical"} along
 * @returns {View}
 */
export function flip(view, along) {
  // A flip on the screen is a flip of the image and, for odd turns, half a turn more.
  const extra = (along === "vertical") !== (view.turns % 2 === 1) ? 2 : 0;
  const [x, y] = along === "horizontal" ? [-view.x, view.y] : [view.x, -view.y];
  return { ...view, flipped: !view.flipped, turns: (view.turns + extra) % 4, x, y };
}

/**
 * Millimetres of one canvas pixel along the horizontal of the screen, or null.
 * @param {Description} d
 * @param {View} view
 */
export function millimetres(d, view) {
  if (!d.pixel_spacing) return null;
  return Math.min(...d.pixel_spacing) / view.zoom;
}
