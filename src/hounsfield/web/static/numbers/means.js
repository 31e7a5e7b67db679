// Large images made smaller: the mean brightness of square blocks of pixels. Knows arrays only.

import { bounds, greyOf } from "./grey.js";

/** @typedef {import("../types.js").Raw} Raw */
/** @typedef {import("../types.js").Part} Part */
/** @typedef {import("./grey.js").Shading} Shading */

/** Blocks are not larger: the canvas makes the rest of the way. */
export const LARGEST_BLOCK = 4;

/**
 * Write one colour for each block of `part.step` by `part.step` pixels, which are 2 to 4, fewer at the edges: that of
 * the mean of their grey levels. No fine line is left out.
 * @param {Raw} raw
 * @param {number} across columns of the frame
 * @param {Part} part
 * @param {Shading} shading
 * @param {Uint32Array} colours
 * @param {Uint32Array} out
 */
export function paintMeans(raw, across, part, shading, colours, out) {
  const { step } = part;
  const sums = new Float64Array(Math.ceil(part.columns / step));
  const add = adder(raw, shading, step);
  const wide = sums.length;
  for (let top = 0, to = 0; top < part.rows; top += step, to += wide) {
    const high = Math.min(step, part.rows - top);
    sums.fill(0);
    for (let row = 0; row < high; row++) {
      const from = (part.top + top + row) * across + part.left;
      add(sums, from, from + part.columns);
    }
    for (let i = 0; i < wide; i++) {
      const pixels = high * Math.min(step, part.columns - i * step);
      out[to + i] = colours[(sums[i] / pixels + 0.5) | 0];
    }
  }
}

/**
 * A function that adds the grey levels of a row to the sums of its blocks.
 * @param {Raw} raw
 * @param {Shading} shading
 * @param {number} step
 * @returns {(sums: Float64Array, from: number, to: number) => void}
 */
function adder(raw, shading, step) {
  const { voi, inverted, table = null, slope = 1, intercept = 0 } = shading;
  const narrow = raw.BYTES_PER_ELEMENT <= 2;
  const [low, high] = bounds(voi);
  const straight = !table && (voi.function === "LINEAR" || voi.function === "LINEAR_EXACT") && high > low;
  const plain = slope === 1 && intercept === 0;
  const levels = narrow ? levelsOf(raw, shading) : null;
  const grey = greyOf(shading, narrow);
  // Along a straight line, and rounded once for each block.
  const factor = (inverted ? -255 : 255) / (high - low);
  const zero = inverted ? high : low;
  return (sums, from, to) => {
    const blocks = Math.floor((to - from) / step);
    const rest = from + blocks * step;
    if (levels) addLevels(sums, blocks, raw, from, step, levels);
    else if (straight && plain) addLine(sums, blocks, raw, from, step, zero, factor);
    else for (let i = from; i < rest; i++) sums[((i - from) / step) | 0] += grey(raw[i]);
    for (let i = rest; i < to; i++) sums[blocks] += grey(raw[i]);
  };
}

// Written out for each number of pixels: a loop within the loop takes three times as long.

/**
 * @param {Float64Array} sums
 * @param {number} blocks
 * @param {Raw} raw
 * @param {number} x where the first block begins
 * @param {number} step
 * @param {Uint8Array} levels
 */
function addLevels(sums, blocks, raw, x, step, levels) {
  const mask = levels.length - 1; // negative values lie behind the others
  if (step === 2) for (let b = 0; b < blocks; b++, x += 2) sums[b] += levels[raw[x] & mask] + levels[raw[x + 1] & mask];
  else if (step === 3)
    for (let b = 0; b < blocks; b++, x += 3)
      sums[b] += levels[raw[x] & mask] + levels[raw[x + 1] & mask] + levels[raw[x + 2] & mask];
  else
    for (let b = 0; b < blocks; b++, x += 4)
      sums[b] +=
        levels[raw[x] & mask] + levels[raw[x + 1] & mask] + levels[raw[x + 2] & mask] + levels[raw[x + 3] & mask];
}

/** @param {number} level what is no number stays black */
const within = (level) => (level > 0 ? Math.min(level, 255) : 0);

/**
 * @param {Float64Array} sums
 * @param {number} blocks
 * @param {Raw} raw
 * @param {number} x where the first block begins
 * @param {number} step
 * @param {number} zero the value that becomes darkest
 * @param {number} f levels for each unit of values
 */
function addLine(sums, blocks, raw, x, step, zero, f) {
  if (step === 2)
    for (let b = 0; b < blocks; b++, x += 2) sums[b] += within((raw[x] - zero) * f) + within((raw[x + 1] - zero) * f);
  else if (step === 3)
    for (let b = 0; b < blocks; b++, x += 3)
      sums[b] += within((raw[x] - zero) * f) + within((raw[x + 1] - zero) * f) + within((raw[x + 2] - zero) * f);
  else
    for (let b = 0; b < blocks; b++, x += 4)
      sums[b] +=
        within((raw[x] - zero) * f) +
        within((raw[x + 1] - zero) * f) +
        within((raw[x + 2] - zero) * f) +
        within((raw[x + 3] - zero) * f);
}

/**
 * The grey level of every value that an array of at most 16 bits may hold, negative ones behind the others.
 * @param {Raw} raw
 * @param {Shading} shading
 */
function levelsOf(raw, shading) {
  const count = 2 ** (8 * raw.BYTES_PER_ELEMENT);
  const grey = greyOf(shading, true);
  const levels = new Uint8Array(count);
  for (let i = 0; i < count; i++) levels[i] = grey(raw instanceof Int16Array && i >= count / 2 ? i - count : i);
  return levels;
}
