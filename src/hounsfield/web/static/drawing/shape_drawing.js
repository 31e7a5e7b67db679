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
 */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

/** CSS pixels. */
const [LINE, HALO, HANDLE, CROSS] = [1.5, 4, 6, 7];

/**
 * Measures, then their labels: these are not where another one is.
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn[]} all
 * @param {number} ratio device pixels of a CSS pixel
 */
export function drawShapes(context, all, ratio) {
  for (const drawn of all) drawShape(context, drawn, ratio);
  /** @type {Box[]} */
  const taken = all.flatMap(({ handles }) => handles.map(([x, y]) => around(x, y, HANDLE * ratio)));
  for (const { label, strokes, dots, color } of all) {
    const places = [...strokes.flat(), ...dots];
    if (label.length && places.length) taken.push(drawLabel(context, label, places, color, taken, ratio));
  }
}

/** @param {number} x @param {number} y @param {number} far @returns {Box} */
const around = (x, y, far) => ({ left: x - far, top: y - far, right: x + far, bottom: y + far });

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 * @param {number} ratio
 */
function drawShape(context, drawn, ratio) {
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
}

/**
 * Lines of text beside a shape: to the right, to the left, below or above, where nothing else stands.
 * @param {CanvasRenderingContext2D} context
 * @param {string[]} lines
 * @param {Spot[]} places of the shape
 * @param {string} color
 * @param {Box[]} taken
 * @param {number} ratio
 * @returns {Box}
 */
function drawLabel(context, lines, places, color, taken, ratio) {
  const high = 15 * ratio;
  context.font = `${12 * ratio}px system-ui, sans-serif`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  const wide = Math.max(...lines.map((line) => context.measureText(line).width));
  const box = placed(wide, lines.length * high, places, taken, context.canvas, 10 * ratio);
  context.strokeStyle = "rgba(0,0,0,0.85)";
  context.lineWidth = 3.5 * ratio;
  context.fillStyle = color;
  lines.forEach((line, i) => {
    const y = box.top + (i + 0.8) * high;
    context.strokeText(line, box.left, y);
    context.fillText(line, box.left, y);
  });
  return box;
}

/**
 * @param {number} wide
 * @param {number} high
 * @param {Spot[]} places
 * @param {Box[]} taken
 * @param {{width: number, height: number}} canvas
 * @param {number} gap
 * @returns {Box}
 */
export function placed(wide, high, places, taken, canvas, gap) {
  const most = (/** @type {(place: Spot) => number} */ by) => places.reduce((a, b) => (by(b) > by(a) ? b : a));
  const [right, left] = [most(([x]) => x), most(([x]) => -x)];
  const [low, top] = [most(([, y]) => y), most(([, y]) => -y)];
  const middle = (right[0] + left[0] - wide) / 2;
  const wanted = [
    [right[0] + gap, right[1] - high / 2],
    [left[0] - gap - wide, left[1] - high / 2],
    [middle, low[1] + gap],
    [middle, top[1] - gap - high],
  ];
  const boxes = wanted.map(([x, y]) => ({ left: x, top: y, right: x + wide, bottom: y + high }));
  const isFree = (/** @type {Box} */ box) =>
    box.left >= 0 &&
    box.top >= 0 &&
    box.right <= canvas.width &&
    box.bottom <= canvas.height &&
    !taken.some(
      (other) => other.left < box.right && other.right > box.left && other.top < box.bottom && other.bottom > box.top,
    );
  const free = boxes.find(isFree);
  if (free) return free;
  // Where there is no room, within the canvas, below what stands there.
  const x = Math.max(0, Math.min(right[0] + gap, canvas.width - wide));
  for (let y = Math.max(0, right[1] - high / 2); y + high <= canvas.height; y += high / 2) {
    const box = { left: x, top: y, right: x + wide, bottom: y + high };
    if (isFree(box)) return box;
  }
  const y = Math.max(0, Math.min(right[1] - high / 2, canvas.height - high));
  return { left: x, top: y, right: x + wide, bottom: y + high };
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
