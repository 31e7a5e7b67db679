// A mask as a layer over its image, and the histogram over which its threshold is chosen. Knows Canvas 2D.

import { heightsOf, placeOf } from "../numbers/bin_places.js";
import { maskColours } from "../numbers/mask_pixels.js";

/**
 * Masks of one image as one layer, the last on top; null where none is of it.
 * @param {{bits: Uint8Array|null, color: string}[]} masks
 * @param {number} rows
 * @param {number} columns
 * @param {import("../numbers/mask_pixels.js").MaskLook} look
 * @returns {import("./layer_drawing.js").Layer|null}
 */
export function masksLayer(masks, rows, columns, look) {
  const images = masks.flatMap(({ bits, color }) => (bits ? [painted(bits, rows, columns, look, color)] : []));
  if (!images.length) return null;
  const [image, ...others] = images;
  const context = image.getContext("2d");
  for (const each of others) context?.drawImage(each, 0, 0);
  return { image, left: 0, top: 0, bytes: rows * columns * 4 };
}

/** @param {Uint8Array} bits @param {number} rows @param {number} columns @param {import("../numbers/mask_pixels.js").MaskLook} look @param {string} color */
function painted(bits, rows, columns, look, color) {
  const image = document.createElement("canvas");
  image.width = columns;
  image.height = rows;
  const pixels = new ImageData(columns, rows);
  new Uint32Array(pixels.data.buffer).set(maskColours(bits, rows, columns, look, color));
  image.getContext("2d")?.putImageData(pixels, 0, 0);
  return image;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("../server/masks.js").Histogram} told
 * @param {number} low value from which on bins are chosen
 * @param {number} high
 */
export function drawHistogram(canvas, { edges, counts }, low, high) {
  const ratio = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  const [from, to] = [placeOf(edges, low), placeOf(edges, high)];
  heightsOf(counts).forEach((share, i) => {
    const middle = (i + 0.5) / counts.length;
    context.fillStyle = style.getPropertyValue(middle >= from && middle <= to ? "--accent" : "--quiet");
    const high = share ? Math.max(1, share * canvas.height) : 0;
    const left = (i * canvas.width) / counts.length;
    context.fillRect(left, canvas.height - high, canvas.width / counts.length + 0.5, high);
  });
}
