// Measures onto the canvas of a pane: lines that are seen on any ground, handles, labels. Knows Canvas 2D.

/** @typedef {import("../numbers/shape_kinds.js").Spot} Spot */
/**
 * A measure in places of the canvas.
 * @typedef {object} Drawn
 * @property {Spot[][]} strokes
 * @property {Spot[]} dots places that are marked by a cross: shapes of one point
 * @property {Spot[]} handles
 * @property {number|null} handle the one that keys move
 * @property {string} color
 * @property {boolean} chosen
 * @property {string[]} label
 * @property {Spot|null} beside where the label stands
 */

/** CSS pixels. */
const [LINE, HALO, HANDLE, CROSS] = [1.5, 4, 6, 7];

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 * @param {number} ratio device pixels of a CSS pixel
 */
export function drawShape(context, drawn, ratio) {
  const { strokes, dots, handles, color } = drawn;
  context.lineJoin = context.lineCap = "round";
  const crosses = dots.flatMap(([x, y]) => [
    [
      [x - CROSS * ratio, y],
      [x + CROSS * ratio, y],
    ],
    [
      [x, y - CROSS * ratio],
      [x, y + CROSS * ratio],
    ],
  ]);
  const all = [...strokes, .../** @type {Spot[][]} */ (crosses)];
  for (const [style, width] of /** @type {[string, number][]} */ ([
    ["rgba(0,0,0,0.75)", HALO],
    [color, drawn.chosen ? LINE * 1.6 : LINE],
  ])) {
    context.strokeStyle = style;
    context.lineWidth = width * ratio;
    context.beginPath();
    for (const [first, ...rest] of all) {
      context.moveTo(...first);
      for (const place of rest) context.lineTo(...place);
    }
    context.stroke();
  }
  handles.forEach(([x, y], i) => {
    context.beginPath();
    context.arc(x, y, HANDLE * ratio, 0, 2 * Math.PI);
    context.fillStyle = i === drawn.handle ? color : "rgba(0,0,0,0.35)";
    context.fill();
    for (const [style, width] of /** @type {[string, number][]} */ ([
      ["rgba(0,0,0,0.75)", HALO],
      [color, LINE],
    ])) {
      context.strokeStyle = style;
      context.lineWidth = width * ratio;
      context.stroke();
    }
  });
  if (drawn.beside) drawLabel(context, drawn.label, drawn.beside, color, ratio);
}

/**
 * Lines of text beside a place, within the canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {string[]} lines
 * @param {Spot} beside
 * @param {string} color
 * @param {number} ratio
 */
function drawLabel(context, lines, [x, y], color, ratio) {
  const high = 15 * ratio;
  context.font = `${12 * ratio}px system-ui, sans-serif`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  const wide = Math.max(...lines.map((line) => context.measureText(line).width), 0);
  const { width, height } = context.canvas;
  const left = Math.max(2 * ratio, Math.min(x + 10 * ratio, width - wide - 4 * ratio));
  const top = Math.max(high, Math.min(y + 4 * ratio, height - high * (lines.length - 1) - 6 * ratio));
  context.strokeStyle = "rgba(0,0,0,0.85)";
  context.lineWidth = 3.5 * ratio;
  context.fillStyle = color;
  lines.forEach((line, i) => {
    context.strokeText(line, left, top + i * high);
    context.fillText(line, left, top + i * high);
  });
}

/**
 * A cross that keys move.
 * @param {CanvasRenderingContext2D} context
 * @param {Spot} at
 * @param {number} ratio
 */
export function drawPen(context, [x, y], ratio) {
  const far = 12 * ratio;
  for (const [style, width] of /** @type {[string, number][]} */ ([
    ["rgba(0,0,0,0.8)", 4],
    ["#fff", 2],
  ])) {
    context.strokeStyle = style;
    context.lineWidth = width * ratio;
    context.beginPath();
    context.moveTo(x - far, y);
    context.lineTo(x + far, y);
    context.moveTo(x, y - far);
    context.lineTo(x, y + far);
    context.stroke();
  }
}
