// The view of a pane as a PNG: every pixel of the image, with its window, colours, turns and flips. Knows Canvas 2D.

import { drawCovered } from "../drawing/layer_drawing.js";
import { drawText } from "../drawing/pane_drawing.js";
import { imageLetters, screenLetters } from "../place/geometry.js";
import { centred, shownExtent } from "../place/shown_area.js";
import { toCanvas } from "../place/view_transform.js";
import { drawScale } from "./pane_scale.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../place/view_transform.js").Transform} Transform */

/** Pixels of the smaller side that letters and a scale need, and that the larger one may have for their sake. */
const ROOM = { wanted: 512, needed: 256, most: 4096 };

/**
 * @param {Pane} pane
 * @param {boolean} annotated with orientation letters and a scale, never with what identifies
 * @param {((context: CanvasRenderingContext2D, transform: Transform, ratio: number) => void)|null} [measures] draws them
 * @returns {Promise<Blob|null>}
 */
export async function pictureOf(pane, annotated, measures = null) {
  if (pane.tiles) return pane.tiles.save(annotated);
  const { stack, index } = pane;
  const d = stack?.description;
  if (!stack || !d || !pane.raw()) return null;
  const layers = await pane.layers.all(stack, index);
  if (pane.stack !== stack || pane.index !== index) return null;
  const picture = pane.whole();
  const canvas = document.createElement("canvas");
  const [wide, high] = shownExtent(d, pane.view.turns);
  const by = annotated || measures ? enlargement(wide, high) : 1;
  canvas.width = Math.round(wide * by);
  canvas.height = Math.round(high * by);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return null;
  const view = centred(d, { ...pane.view, zoom: by });
  const transform = toCanvas(d, view, canvas);
  drawCovered(context, picture, transform, { smooth: by === 1 || pane.hooks.smooth(), quick: false }, layers, d);
  const ratio = Math.max(1, Math.min(canvas.width, canvas.height) / 512);
  measures?.(context, transform, ratio);
  if (annotated && Math.min(canvas.width, canvas.height) >= ROOM.needed) {
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
 * By which whole number a picture is enlarged, so that what is written into it can be read.
 * @param {number} wide
 * @param {number} high
 */
function enlargement(wide, high) {
  const most = Math.floor(ROOM.most / Math.max(wide, high));
  return Math.max(1, Math.min(Math.ceil(ROOM.wanted / Math.min(wide, high)), most));
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
