// Pixels and lines of one pane onto its canvas. Knows Canvas 2D, grey levels and transforms; nothing of state or input.

import { colours } from "../numbers/colour_maps.js";
import { paint, paintColour } from "../numbers/grey.js";
import { paintMeans } from "../numbers/means.js";
import { cut, subsample } from "../numbers/subsample.js";
import { apply } from "../place/view_transform.js";

/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").Part} Part */
/** @typedef {import("../types.js").Raw} Raw */
/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../place/view_transform.js").Transform} Transform */

/** How values become colours. @typedef {{voi: Voi, inverted: boolean, map: string}} Look */
/** Places are (row, column) of pixel centres. @typedef {{from: [number, number], to: [number, number]}} Line */

/** The frame as the canvas shows it, painted anew only when the frame or its look changes. */
export class Picture {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.key = "";
    /** @type {Look|null} */
    this.look = null;
    /** What of the image lies on this canvas. @type {Part} */
    this.part = { top: 0, left: 0, rows: 0, columns: 0, step: 1, means: false };
    /** @type {ImageData|null} */
    this.pixels = null;
    /** @type {{key: string, raw: Raw}|null} */
    this.few = null;
  }

  /**
   * @param {string} key of the frame
   * @param {Description} d
   * @param {Raw} raw
   * @param {Look} look
   * @param {Part} part
   * @returns {boolean} whether it was painted anew
   */
  paint(key, d, raw, look, part) {
    const wanted = `${key} ${Object.values(part)}`;
    if (wanted === this.key && isSame(look, this.look)) return false;
    const [rows, columns] = [Math.ceil(part.rows / part.step), Math.ceil(part.columns / part.step)];
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("This browser gives no canvas.");
    if (!this.pixels || this.pixels.width !== columns || this.pixels.height !== rows) {
      this.canvas.width = columns;
      this.canvas.height = rows;
      this.pixels = context.createImageData(columns, rows);
    }
    const out = new Uint32Array(this.pixels.data.buffer);
    if (d.color) paintColour(this.values(wanted, d, raw, part), look.inverted, out);
    else {
      const shading = {
        voi: look.voi,
        inverted: look.inverted !== d.inverted,
        table: d.presentation_table ?? null,
        slope: d.slope,
        intercept: d.intercept,
      };
      if (part.means) paintMeans(raw, d.columns, part, shading, colours(look.map), out);
      else paint(this.values(wanted, d, raw, part), shading, colours(look.map), out);
    }
    context.putImageData(this.pixels, 0, 0);
    this.key = wanted;
    this.look = look;
    this.part = part;
    return true;
  }

  /**
   * The values of a part, kept while the window is dragged.
   * @param {string} key of frame and part
   * @param {Description} d
   * @param {Raw} raw
   * @param {Part} part
   * @returns {Raw}
   */
  values(key, d, raw, part) {
    if (part.step === 1 && part.rows === d.rows && part.columns === d.columns) return raw;
    if (this.few?.key !== key) {
      const samples = d.color ? 3 : 1;
      const few =
        part.step === 1
          ? cut(raw, d.columns, part, samples)
          : subsample(raw, d.rows, d.columns, part.step, samples).raw;
      this.few = { key, raw: few };
    }
    return this.few.raw;
  }

  /** Give the memory back. */
  clear() {
    this.canvas.width = this.canvas.height = 0;
    this.pixels = this.few = null;
    this.key = "";
  }
}

/** @param {Look} one @param {Look|null} other */
const isSame = (one, other) => one.voi === other?.voi && one.inverted === other.inverted && one.map === other.map;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Picture|null} picture
 * @param {Transform} transform
 * @param {boolean} smooth when enlarged; reduced pictures are always averaged, or fine lines would come and go
 * @param {boolean} [quick] while it changes: an enlarged one is smoothed along straight lines, in a fifth of the time
 */
export function drawPicture(context, picture, transform, smooth, quick = false) {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  if (!picture || picture.canvas.width === 0) return;
  const scale = Math.min(Math.hypot(transform[0], transform[1]), Math.hypot(transform[2], transform[3]));
  context.imageSmoothingEnabled = scale < 1 || (smooth && scale !== 1);
  context.imageSmoothingQuality = quick && scale > 1 ? "low" : "high";
  const [a, b, c, e, x, y] = transform;
  const { top, left, step } = picture.part;
  context.setTransform(a * step, b * step, c * step, e * step, x + a * left + c * top, y + b * left + e * top);
  context.drawImage(picture.canvas, 0, 0);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/**
 * Draw a line with a dark edge, so that it is seen on any ground.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][][]} strokes
 * @param {string} colour
 * @param {number} ratio device pixels of a CSS pixel
 */
function stroke(context, strokes, colour, ratio) {
  for (const [style, width] of /** @type {const} */ ([
    ["rgba(0,0,0,0.7)", 3],
    [colour, 1],
  ])) {
    context.strokeStyle = style;
    context.lineWidth = Math.max(1, Math.round(width * ratio));
    context.beginPath();
    for (const [from, to] of strokes) {
      context.moveTo(...from);
      context.lineTo(...to);
    }
    context.stroke();
  }
}

/**
 * Lines in which other panes' planes cut this one, open around the crosshair.
 * @param {CanvasRenderingContext2D} context
 * @param {Transform} transform
 * @param {Line[]} lines
 * @param {[number, number]|null} cross
 * @param {number} ratio
 */
export function drawReferenceLines(context, transform, lines, cross, ratio) {
  const middle = cross ? apply(transform, cross[1] + 0.5, cross[0] + 0.5) : null;
  for (const line of lines) {
    const from = apply(transform, line.from[1] + 0.5, line.from[0] + 0.5);
    const to = apply(transform, line.to[1] + 0.5, line.to[0] + 0.5);
    // Level and upright lines fill whole pixels, or they would be faint.
    const middleOf = Math.max(1, Math.round(ratio)) % 2 ? 0.5 : 0;
    for (const axis of [0, 1])
      if (Math.abs(from[axis] - to[axis]) < 0.5) from[axis] = to[axis] = Math.floor(from[axis]) + middleOf;
    stroke(context, openAround(from, to, middle, 14 * ratio), "#5aa9e6", ratio);
  }
}

/**
 * A line without the part that is near a place.
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {[number, number]|null} place
 * @param {number} radius
 * @returns {[number, number][][]}
 */
export function openAround(from, to, place, radius) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (!place || length === 0) return [[from, to]];
  const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const along = (place[0] - from[0]) * ux + (place[1] - from[1]) * uy;
  const aside = Math.abs((place[0] - from[0]) * uy - (place[1] - from[1]) * ux);
  if (aside >= radius || along < -radius || along > length + radius) return [[from, to]];
  /** @type {[number, number][][]} */
  const parts = [];
  if (along - radius > 0) parts.push([from, [from[0] + ux * (along - radius), from[1] + uy * (along - radius)]]);
  if (along + radius < length) parts.push([[from[0] + ux * (along + radius), from[1] + uy * (along + radius)], to]);
  return parts;
}

/**
 * A crosshair with a gap in its middle.
 * @param {CanvasRenderingContext2D} context
 * @param {Transform} transform
 * @param {[number, number]} at row and column
 * @param {number} ratio
 */
export function drawCross(context, transform, at, ratio) {
  const [x, y] = apply(transform, at[1] + 0.5, at[0] + 0.5).map((v) => Math.round(v) + 0.5);
  const [near, far] = [6 * ratio, 14 * ratio];
  const arms = /** @type {[number, number][][]} */ (
    [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ].map(([dx, dy]) => [
      [x + dx * near, y + dy * near],
      [x + dx * far, y + dy * far],
    ])
  );
  stroke(context, arms, "#ff9933", ratio);
}

/**
 * Small rings by which lines are taken.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} places
 * @param {number} ratio
 */
export function drawHandles(context, places, ratio) {
  for (const [style, width] of /** @type {const} */ ([
    ["rgba(0,0,0,0.7)", 4],
    ["#5aa9e6", 2],
  ])) {
    context.strokeStyle = style;
    context.lineWidth = width * ratio;
    for (const [x, y] of places) {
      context.beginPath();
      context.arc(x, y, 5 * ratio, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

/**
 * A bar of known length.
 * @param {CanvasRenderingContext2D} context
 * @param {{pixels: number, label: string}} bar
 * @param {string} kind
 * @param {number} ratio
 * @param {[number, number]} foot middle and bottom of what it stands in
 */
export function drawScaleBar(context, bar, kind, ratio, [middle, bottom]) {
  const left = Math.round(middle - bar.pixels / 2);
  const right = Math.round(left + bar.pixels);
  const base = Math.round(bottom - 10 * ratio);
  const tip = base - 6 * ratio;
  stroke(
    context,
    [
      [
        [left, base],
        [right, base],
      ],
      [
        [left, tip],
        [left, base],
      ],
      [
        [right, tip],
        [right, base],
      ],
    ],
    "#fff",
    ratio,
  );
  const text = kind ? `${bar.label} · ${kind}` : bar.label;
  drawText(context, text, middle, base - 9 * ratio, ratio);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} ratio
 * @param {CanvasTextAlign} [align]
 */
export function drawText(context, text, x, y, ratio, align = "center") {
  context.font = `${12 * ratio}px system-ui, sans-serif`;
  context.textAlign = align;
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0,0,0,0.8)";
  context.lineWidth = 3 * ratio;
  context.strokeText(text, x, y);
  context.fillStyle = "#fff";
  context.fillText(text, x, y);
}
