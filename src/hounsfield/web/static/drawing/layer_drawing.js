// What lies over a picture: layers of the server, padding, the edge of what is shown. Knows Canvas 2D.

import { drawPicture } from "./pane_drawing.js";

/** @typedef {import("../place/view_transform.js").Transform} Transform */
/** @typedef {{image: CanvasImageSource, left: number, top: number, bytes: number, bits?: Uint8Array}} Layer */

/** Two hues that no grey scale has; narrow stripes, so that they read as a pattern at any zoom. */
export const PADDING = /** @type {const} */ ([
  [52, 58, 112],
  [84, 92, 160],
]);

/**
 * Padding as stripes.
 * @param {Uint8Array} bits one a pixel, the first in the lowest bit
 * @param {number} rows
 * @param {number} columns
 * @returns {Layer}
 */
export function paddingLayer(bits, rows, columns) {
  const image = document.createElement("canvas");
  image.width = columns;
  image.height = rows;
  const context = image.getContext("2d");
  if (context) {
    const pixels = context.createImageData(columns, rows);
    const out = new Uint32Array(pixels.data.buffer);
    const [dark, light] = PADDING.map(([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
    for (let i = 0, row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, i++) {
        if ((bits[i >> 3] >> (i & 7)) & 1) out[i] = (row + column) & 4 ? light : dark;
      }
    }
    context.putImageData(pixels, 0, 0);
  }
  return { image, left: 0, top: 0, bytes: rows * columns * 4, bits };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./pane_drawing.js").Picture|null} picture
 * @param {Transform|null} transform
 * @param {{smooth: boolean, quick: boolean}} smoothing
 * @param {Layer[]} layers the lowest first
 * @param {{rows: number, columns: number, area?: number[]|null}|null} d
 */
export function drawCovered(context, picture, transform, { smooth, quick }, layers, d) {
  drawPicture(context, picture, transform ?? [1, 0, 0, 1, 0, 0], smooth, quick);
  if (!picture || !d || !transform) return;
  context.setTransform(...transform);
  for (const { image, left, top } of layers) context.drawImage(image, left, top);
  if (d.area) {
    const [top, left, bottom, right] = d.area;
    context.fillStyle = "#000";
    context.beginPath();
    context.rect(-1, -1, d.columns + 2, d.rows + 2);
    context.rect(left, top, right - left, bottom - top);
    context.fill("evenodd");
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
}
