// Times of frames: which one is due, how fast they really come. Knows numbers only.

/** @typedef {{frames: number, frame_times?: {ms: number[], per_second: number|null}|null}} Timed frames, and when each is */

/** Frames a second where the file does not say. */
export const ASSUMED_RATE = 10;

/**
 * Start of each frame in ms, and the length of one round.
 * @typedef {{starts: number[], length: number, rate: number, recorded: boolean}} Timing
 */

/**
 * @param {Timed} d
 * @param {number} [factor] of the recorded speed
 * @returns {Timing}
 */
export function timingOf(d, factor = 1) {
  const ms = d.frame_times?.ms;
  const rate = d.frame_times?.per_second ?? null;
  const rising = ms && ms.length === d.frames && ms.every((t, i) => i === 0 || t > ms[i - 1]);
  if (rising && ms.length > 1) {
    const last = rate ? 1000 / rate : (ms[ms.length - 1] - ms[0]) / (ms.length - 1);
    const length = (ms[ms.length - 1] - ms[0] + last) / factor;
    return { starts: ms.map((t) => (t - ms[0]) / factor), length, rate: (1000 * ms.length) / length, recorded: true };
  }
  const used = (rate && rate > 0 ? rate : ASSUMED_RATE) * factor;
  const starts = Array.from({ length: d.frames }, (_, i) => (1000 * i) / used);
  return { starts, length: (1000 * d.frames) / used, rate: used, recorded: Boolean(rate) };
}

/**
 * The frame that is due.
 * @param {Timing} timing
 * @param {number} elapsed ms since the first frame
 */
export function frameAt(timing, elapsed) {
  const within = ((elapsed % timing.length) + timing.length) % timing.length;
  let [low, high] = [0, timing.starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (timing.starts[middle] <= within + 1e-9) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The rate at which frames were really shown, over the last second. */
export class RateMeter {
  constructor() {
    /** @type {number[]} */
    this.times = [];
  }

  /** @param {number} now ms */
  shown(now) {
    this.times.push(now);
    while (this.times.length > 2 && now - this.times[0] > 1000) this.times.shift();
  }

  /** Frames a second, or null before two have been shown. */
  rate() {
    const { times } = this;
    if (times.length < 2) return null;
    const took = times[times.length - 1] - times[0];
    return took > 0 ? (1000 * (times.length - 1)) / took : null;
  }
}
