// Small charts: how many values are in each bin, values along a line. Knows Canvas 2D.

/** CSS pixels. */
const [WIDE, HIGH] = [280, 80];

/** @param {HTMLCanvasElement} canvas @param {string} color */
function begin(canvas, color) {
  const ratio = devicePixelRatio || 1;
  canvas.width = WIDE * ratio;
  canvas.height = HIGH * ratio;
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.scale(ratio, ratio);
  context.fillStyle = context.strokeStyle = color;
  context.lineWidth = 1.5;
  return context;
}

/** @param {HTMLCanvasElement} canvas @param {number[]} counts @param {string} color */
export function drawBins(canvas, counts, color) {
  const context = begin(canvas, color);
  const most = Math.max(...counts, 1);
  counts.forEach((count, i) => {
    const high = count ? Math.max((count / most) * (HIGH - 2), 1) : 0;
    context?.fillRect((i * WIDE) / counts.length, HIGH - high, WIDE / counts.length - 0.5, high);
  });
}

/** @param {HTMLCanvasElement} canvas @param {number[]} at @param {(number|null)[]} values null leaves a gap @param {string} color */
export function drawLine(canvas, at, values, color) {
  const context = begin(canvas, color);
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const far = at[at.length - 1] || 1;
  let drawn = false;
  context?.beginPath();
  values.forEach((value, i) => {
    if (value !== null) {
      const [x, y] = [(at[i] / far) * WIDE, HIGH - 3 - ((value - low) / (high - low || 1)) * (HIGH - 6)];
      if (drawn) context?.lineTo(x, y);
      else context?.moveTo(x, y);
    }
    drawn = value !== null;
  });
  context?.stroke();
}
