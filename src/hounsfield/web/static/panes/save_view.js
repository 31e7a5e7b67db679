// The view of a pane as a PNG: every pixel of the image, with its window, colours, turns and flips. Knows Canvas 2D.

import { drawCovered } from "../drawing/layer_drawing.js";
import { drawText } from "../drawing/pane_drawing.js";
import { imageLetters, screenLetters } from "../place/geometry.js";
import { centred, shownExtent } from "../place/shown_area.js";
import { toCanvas } from "../place/view_transform.js";
import { drawScale } from "./pane_scale.js";

/** @typedef {import("./pane.js").Pane} Pane */

/**
 * @param {Pane} pane
 * @param {boolean} annotated with orientation letters and a scale, never with what identifies
 * @returns {Promise<Blob|null>}
 */
export async function pictureOf(pane, annotated) {
  if (pane.tiles) return pane.tiles.save(annotated);
  const { stack, index } = pane;
  const d = stack?.description;
  if (!stack || !d || !pane.raw()) return null;
  const layers = await pane.layers.all(stack, index);
  if (pane.stack !== stack || pane.index !== index) return null;
  const picture = pane.whole();
  const canvas = document.createElement("canvas");
  const [wide, high] = shownExtent(d, pane.view.turns);
  canvas.width = Math.round(wide);
  canvas.height = Math.round(high);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return null;
  const view = centred(d, { ...pane.view, zoom: 1 });
  const transform = toCanvas(d, view, canvas);
  drawCovered(context, picture, transform, { smooth: true, quick: false }, layers, d);
  if (annotated) {
    const ratio = Math.max(1, Math.min(canvas.width, canvas.height) / 512);
    const letters = imageLetters(pane.placed() ?? d);
    const seen = letters && screenLetters(letters, view);
    if (seen) {
      drawText(context, seen.left, 14 * ratio, canvas.height / 2, ratio);
      drawText(context, seen.right, canvas.width - 14 * ratio, canvas.height / 2, ratio);
      drawText(context, seen.top, canvas.width / 2, 16 * ratio, ratio);
      drawText(context, seen.bottom, canvas.width / 2, canvas.height - 34 * ratio, ratio);
    }
    drawScale(pane, context, transform, view, ratio);
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/**
 * Hand a file to the browser.
 * @param {Blob} blob
 * @param {string} name of letters, digits and hyphens
 */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^\w.-]+/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
