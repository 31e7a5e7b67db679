// Every n-th pixel of a frame: what is shown of a large image while its window is being dragged. Knows arrays only.

/** @typedef {import("../types.js").Raw} Raw */

/** More pixels than these are not painted anew for each move of the mouse. */
export const LARGE = 2 ** 21;

/**
 * How many pixels of the image lie on one of the canvas; 1 where the frame is small enough to paint it whole.
 * @param {number} pixels of the frame
 * @param {number} zoom canvas pixels of one image pixel
 */
export function stepOf(pixels, zoom) {
  return pixels > LARGE ? Math.max(1, Math.floor(1 / zoom)) : 1;
}

/**
 * @param {Raw} raw
 * @param {number} rows
 * @param {number} columns
 * @param {number} step
 * @param {number} samples of a pixel: 3 for colour
 * @returns {{raw: Raw, rows: number, columns: number}}
 */
export function subsample(raw, rows, columns, step, samples) {
  const [high, wide] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const Type = /** @type {new (length: number) => Raw} */ (raw.constructor);
  const out = new Type(high * wide * samples);
  let to = 0;
  for (let row = 0; row < rows; row += step) {
    for (let column = 0; column < columns; column += step) {
      const from = (row * columns + column) * samples;
      for (let s = 0; s < samples; s++) out[to++] = raw[from + s];
    }
  }
  return { raw: out, rows: high, columns: wide };
}

/**
 * A rectangle of a frame.
 * @param {Raw} raw
 * @param {number} across columns of the frame
 * @param {{top: number, left: number, rows: number, columns: number}} part
 * @param {number} samples of a pixel
 * @returns {Raw}
 */
export function cut(raw, across, part, samples) {
  const Type = /** @type {new (length: number) => Raw} */ (raw.constructor);
  const wide = part.columns * samples;
  const out = new Type(part.rows * wide);
  for (let row = 0; row < part.rows; row++) {
    const from = ((part.top + row) * across + part.left) * samples;
    out.set(raw.subarray(from, from + wide), row * wide);
  }
  return out;
}
