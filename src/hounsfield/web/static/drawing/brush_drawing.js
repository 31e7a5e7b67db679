// Strokes of the brush before the server has them, and the ring that shows how wide it is. Knows Canvas 2D.

import { rgbOf } from "../numbers/mask_pixels.js";

/** @typedef {import("../numbers/brush.js").Stroke} Stroke */
/** @typedef {import("../numbers/shape_kinds.js").Spot} Spot */
/** @typedef {import("../numbers/mask_pixels.js").MaskLook} MaskLook */
/** @typedef {import("../place/view_transform.js").Transform} Transform */

/** How a stroke looks while it is not yet part of the mask. @param {boolean} erase @param {MaskLook} look @param {string} color */
function style(erase, look, color) {
  if (look === "mask") return erase ? "#000" : "#fff";
  if (look === "result" && erase) return "#000";
  return erase ? "rgba(0 0 0 / 55%)" : `rgba(${rgbOf(color).join(" ")} / 43%)`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Transform} transform
 * @param {Stroke} stroke
 * @param {MaskLook} look
 * @param {string} color
 */
export function drawStroke(context, transform, { points, radius, erase }, look, color) {
  context.save();
  context.setTransform(...transform);
  context.translate(0.5, 0.5);
  context.strokeStyle = context.fillStyle = style(erase, look, color);
  context.lineWidth = 2 * radius;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  const [[x, y], ...more] = points;
  if (more.length) {
    context.moveTo(x, y);
    for (const at of more) context.lineTo(...at);
    context.stroke();
  } else {
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Transform} transform
 * @param {Spot} at in pixels of the image
 * @param {number} radius
 * @param {boolean} erase whose ring is broken
 * @param {number} ratio device pixels of a CSS pixel
 */
export function drawRing(context, transform, [x, y], radius, erase, ratio) {
  context.save();
  context.setTransform(...transform);
  context.beginPath();
  context.arc(x + 0.5, y + 0.5, radius, 0, 2 * Math.PI);
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const [color, width] of /** @type {const} */ ([
    ["rgb(0 0 0 / 70%)", 3],
    ["#fff", 1],
  ])) {
    context.strokeStyle = color;
    context.lineWidth = width * ratio;
    context.setLineDash(erase && width === 1 ? [4 * ratio, 3 * ratio] : []);
    context.stroke();
  }
  context.restore();
}
