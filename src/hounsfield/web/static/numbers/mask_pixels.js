// The pixels of a mask as colours, by the way in which it is shown. Knows bits and numbers only.

/** @typedef {"original"|"overlay"|"outline"|"mask"|"result"} MaskLook */

const BLACK = pack([0, 0, 0], 255);
const WHITE = pack([255, 255, 255], 255);

/** @param {number[]} rgb @param {number} alpha as a little-endian number holds them */
function pack([red, green, blue], alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** @param {string} color #rrggbb */
export const rgbOf = (color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/**
 * One colour a pixel, row by row.
 * @param {Uint8Array} bits one a pixel, the first in the lowest bit
 * @param {number} rows
 * @param {number} columns
 * @param {MaskLook} look
 * @param {string} color of overlays and outlines
 */
export function maskColours(bits, rows, columns, look, color) {
  const out = new Uint32Array(rows * columns);
  const line = pack(rgbOf(color), 255);
  const veil = pack(rgbOf(color), 110);
  const has = (/** @type {number} */ i) => (bits[i >> 3] >> (i & 7)) & 1;
  for (let i = 0, row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const inside = has(i);
      if (look === "mask") out[i] = inside ? WHITE : BLACK;
      else if (look === "result") out[i] = inside ? 0 : BLACK;
      else if (!inside || look === "original") continue;
      else if (look === "overlay") out[i] = veil;
      else {
        // Its outermost pixels: a neighbour beside, above or below is outside, or beyond the image.
        const within =
          row > 0 && row < rows - 1 && column > 0 && column < columns - 1
            ? has(i - 1) & has(i + 1) & has(i - columns) & has(i + columns)
            : 0;
        if (!within) out[i] = line;
      }
    }
  }
  return out;
}
