// The view of a pane as a PNG: every pixel of the image, with its window, colours, turns and flips. Knows Canvas 2D.

import { drawPicture, drawScaleBar, drawText } from "../drawing/pane_drawing.js";
import { scaleBar } from "../numbers/numbers.js";
import { imageLetters, screenLetters } from "../place/geometry.js";
import { extent, millimetres, toCanvas } from "../place/view_transform.js";
import { t } from "../words/words.js";
import { KINDS } from "./probe.js";

/** @typedef {import("./pane.js").Pane} Pane */

/**
 * @param {Pane} pane
 * @param {boolean} annotated with orientation letters and a scale, never with what identifies
 * @returns {Promise<Blob|null>}
 */
export async function pictureOf(pane, annotated) {
  const d = pane.stack?.description;
  const picture = pane.whole();
  if (!d || !picture) return null;
  const canvas = document.createElement("canvas");
  const [wide, high] = extent(d, pane.view.turns);
  canvas.width = Math.round(wide);
  canvas.height = Math.round(high);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return null;
  const view = { ...pane.view, zoom: 1, x: 0, y: 0 };
  drawPicture(context, picture, toCanvas(d, view, canvas), true);
  if (annotated) {
    const ratio = Math.max(1, Math.min(canvas.width, canvas.height) / 512);
    const letters = imageLetters(d);
    const seen = letters && screenLetters(letters, view);
    if (seen) {
      drawText(context, seen.left, 14 * ratio, canvas.height / 2, ratio);
      drawText(context, seen.right, canvas.width - 14 * ratio, canvas.height / 2, ratio);
      drawText(context, seen.top, canvas.width / 2, 16 * ratio, ratio);
      drawText(context, seen.bottom, canvas.width / 2, canvas.height - 34 * ratio, ratio);
    }
    const size = millimetres(d, view);
    const bar = size ? scaleBar(size, canvas.width / 4) : null;
    if (bar) drawScaleBar(context, bar, d.spacing_kind ? t(KINDS[d.spacing_kind] ?? d.spacing_kind) : "", ratio);
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
