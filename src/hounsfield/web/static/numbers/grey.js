// Values to grey levels (PS3.3 C.11.2.1.2, C.11.6), to the last bit as `hounsfield.render` does. Knows arrays only.

/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../types.js").Table} Table */
/** @typedef {import("../types.js").Raw} Raw */

/**
 * The way from raw values to brightness.
 * @typedef {object} Shading
 * @property {Voi} voi
 * @property {boolean} inverted
 * @property {Table|null} [table] a presentation LUT
 * @property {number} [slope]
 * @property {number} [intercept]
 */

const SINGLE = 1e30;
const single = Math.fround;

/**
 * The values that become darkest and brightest.
 * @param {Voi} voi
 * @returns {[number, number]}
 */
export function bounds(voi) {
  if (voi.function === "TABLE") {
    const { first = 0, entries = [0] } = voi.table ?? {};
    return [first, first + entries.length - 1];
  }
  const center = voi.center ?? 0;
  const width = voi.width ?? 1;
  if (voi.function === "LINEAR") return [center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2];
  return [center - width / 2, center + width / 2];
}

/**
 * A function from a value to brightness from 0 to 1.
 * @param {Voi} voi
 * @param {boolean} narrow whether values have at most 16 bits, which the library computes in single precision
 * @returns {(value: number) => number}
 */
export function brightness(voi, narrow) {
  const [low, high] = bounds(voi);
  if (voi.function === "TABLE") {
    const { entries = [0], bits = 8 } = voi.table ?? {};
    const top = 2 ** bits - 1;
    const last = entries.length - 1;
    return (value) => {
      const index = Math.min(Math.max(nearestEven(value) - low, 0), last);
      return Math.min(single(entries[index] / top), 1);
    };
  }
  const center = voi.center ?? 0;
  const width = voi.width ?? 1;
  if (voi.function === "SIGMOID") return (value) => single(1 / (1 + Math.exp((-4 * (value - center)) / width)));
  if (high <= low) return (value) => (value > low ? 1 : 0);
  const span = high - low;
  if (narrow && width > 1 / SINGLE && Math.max(Math.abs(low), Math.abs(high)) < SINGLE) {
    const start = single(low);
    const length = single(span);
    return (value) => Math.min(Math.max(single(single(value - start) / length), 0), 1);
  }
  return (value) => single(Math.min(Math.max((value - low) / span, 0), 1));
}

/**
 * A function from a raw value to a grey level from 0 to 255; what is no number is black.
 * @param {Shading} shading
 * @param {boolean} narrow
 * @returns {(raw: number) => number}
 */
export function greyOf(shading, narrow) {
  const { voi, inverted, table = null, slope = 1, intercept = 0 } = shading;
  const plain = slope === 1 && intercept === 0;
  const shown = brightness(voi, narrow && plain && !table && voi.function !== "SIGMOID");
  const top = table ? table.entries.length - 1 : 0;
  const full = table ? 2 ** table.bits - 1 : 1;
  return (raw) => {
    const value = plain ? raw : raw * slope + intercept;
    if (Number.isNaN(value)) return 0;
    let light = shown(value);
    if (table) light = Math.min(single(table.entries[Math.min(Math.floor(light * top + 0.5), top)] / full), 1);
    if (inverted) light = single(1 - light);
    return single(single(light * 255) + 0.5) | 0;
  };
}

/**
 * Write pixels of a frame as 32-bit colours.
 * @param {Raw} raw
 * @param {Shading} shading
 * @param {Uint32Array} colours 256 colours, as the canvas holds them
 * @param {Uint32Array} out
 */
export function paint(raw, shading, colours, out) {
  const narrow = raw.BYTES_PER_ELEMENT <= 2;
  const grey = greyOf(shading, narrow);
  if (!narrow) {
    const quick = quickLinear(raw, shading, colours, out);
    if (!quick) for (let i = 0; i < raw.length; i++) out[i] = colours[grey(raw[i])];
    return;
  }
  const [low, high] = rangeOf(raw);
  if (high - low > 2 * raw.length) {
    for (let i = 0; i < raw.length; i++) out[i] = colours[grey(raw[i])];
    return;
  }
  const table = new Uint32Array(high - low + 1);
  for (let i = 0; i < table.length; i++) table[i] = colours[grey(low + i)];
  for (let i = 0; i < raw.length; i++) out[i] = table[raw[i] - low];
}

/**
 * Paint wide values through a linear window without a call for each; false where the shading is not that simple.
 * @param {Raw} raw
 * @param {Shading} shading
 * @param {Uint32Array} colours
 * @param {Uint32Array} out
 */
function quickLinear(raw, shading, colours, out) {
  const { voi, inverted, table = null, slope = 1, intercept = 0 } = shading;
  const [low, high] = bounds(voi);
  if (table || voi.function === "SIGMOID" || voi.function === "TABLE" || high <= low) return false;
  if (slope !== 1 || intercept !== 0) return false;
  const span = high - low;
  for (let i = 0; i < raw.length; i++) {
    const value = raw[i];
    let light = (value - low) / span;
    light = light < 0 ? 0 : light > 1 ? 1 : single(light);
    if (inverted) light = single(1 - light);
    out[i] = colours[!Number.isNaN(value) ? single(single(light * 255) + 0.5) | 0 : 0];
  }
  return true;
}

/**
 * Write RGB triplets as 32-bit colours.
 * @param {Raw} raw
 * @param {boolean} inverted
 * @param {Uint32Array} out
 */
export function paintColour(raw, inverted, out) {
  const flip = inverted ? 0xffffff : 0;
  for (let i = 0, j = 0; i < out.length; i++, j += 3) {
    out[i] = (0xff000000 | ((raw[j] | (raw[j + 1] << 8) | (raw[j + 2] << 16)) ^ flip)) >>> 0;
  }
}

/** @type {WeakMap<Raw, [number, number]>} */
const ranges = new WeakMap();

/** @param {Raw} raw values that do not change @returns {[number, number]} */
function rangeOf(raw) {
  const known = ranges.get(raw) ?? range(raw);
  ranges.set(raw, known);
  return known;
}

/**
 * Smallest and largest value.
 * @param {Raw} raw
 * @returns {[number, number]}
 */
export function range(raw) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < raw.length; i++) {
    const value = raw[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

/**
 * The nearest whole number, of two the even one, as numpy rounds.
 * @param {number} value
 */
function nearestEven(value) {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/**
 * The window after a drag: to the right wider, upwards brighter (the center falls), as other viewers do.
 * @param {Voi} voi
 * @param {number} right share of the viewport's size
 * @param {number} down share of the viewport's size
 * @param {number} span of values that a drag over the whole viewport changes by
 * @returns {Voi}
 */
export function dragWindow(voi, right, down, span) {
  const [low, high] = bounds(voi);
  const table = voi.function === "TABLE";
  const center = table ? (low + high) / 2 : (voi.center ?? 0);
  const width = table ? high - low : (voi.width ?? 1);
  const kind = table || voi.function === "LINEAR" ? "LINEAR" : voi.function;
  const least = kind === "LINEAR" ? 1 : span / 1e4;
  return { center: center + down * span, width: Math.max(width + right * span, least), function: kind };
}

/**
 * A window as it is written: people are shown the numbers that are used.
 * @param {Voi} voi
 * @param {number} span of values in which steps of less than a two-hundredth are not seen
 * @returns {Voi}
 */
export function roundWindow(voi, span) {
  const step = 10 ** Math.floor(Math.log10(span / 200));
  const digits = Math.min(Math.max(-Math.round(Math.log10(step)), 0), 100);
  const round = (/** @type {number} */ value) => Number((Math.round(value / step) * step).toFixed(digits));
  return { ...voi, center: round(voi.center ?? 0), width: Math.max(round(voi.width ?? 1), step) };
}
