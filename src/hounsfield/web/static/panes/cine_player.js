// Plays a stack at its recorded times; frames that come too late are dropped, and the rate that is left is told. Knows
// a stack's frames by number only.

import { frameAt, RateMeter, timingOf } from "./cine_timing.js";

/** @typedef {import("./cine_timing.js").Timed} Timed */

/**
 * @typedef {object} Screen
 * @property {(index: number) => boolean} has whether a frame can be shown now
 * @property {(index: number) => void} show
 * @property {(index: number) => void} want a frame that is due, and those behind it
 * @property {() => void} told the rate or the state changed
 */

export class CinePlayer {
  /** @param {Screen} screen */
  constructor(screen) {
    this.screen = screen;
    this.playing = false;
    this.factor = 1;
    this.meter = new RateMeter();
    this.request = 0;
    this.index = 0;
    this.began = 0;
    this.lastTold = 0;
    /** @type {import("./cine_timing.js").Timing|null} */
    this.timing = null;
  }

  /**
   * @param {Timed} d
   * @param {number} index where to begin
   */
  start(d, index) {
    this.stop();
    if (d.frames < 2) return;
    this.playing = true;
    this.timing = timingOf(d, this.factor);
    this.meter = new RateMeter();
    this.index = index;
    this.began = performance.now() - this.timing.starts[index];
    this.lastTold = 0;
    this.request = requestAnimationFrame((now) => this.tick(now));
    this.screen.told();
  }

  stop() {
    cancelAnimationFrame(this.request);
    if (!this.playing) return;
    this.playing = false;
    this.screen.told();
  }

  /** @param {number} now */
  tick(now) {
    const timing = this.timing;
    if (!this.playing || !timing) return;
    const due = frameAt(timing, now - this.began);
    if (due !== this.index) {
      const ready = this.latestReady(due, timing.starts.length);
      if (ready !== null) {
        this.index = ready;
        this.screen.show(ready);
        this.meter.shown(now);
      }
      if (ready !== due) this.screen.want(due);
    }
    if (now - this.lastTold > 250) {
      this.lastTold = now;
      this.screen.told();
    }
    this.request = requestAnimationFrame((next) => this.tick(next));
  }

  /**
   * The newest frame after the one shown, up to the one that is due, that can be shown.
   * @param {number} due
   * @param {number} frames
   * @returns {number|null}
   */
  latestReady(due, frames) {
    const shown = this.index;
    for (let at = due, left = frames; at !== shown && left > 0; at = (at - 1 + frames) % frames, left--) {
      if (this.screen.has(at)) return at;
    }
    return null;
  }
}
