// Frames by stack and number: kept within a bound of bytes, fetched in the order in which they are wanted, neighbours
// ahead of time. Knows the server's answers; nothing of panes.

import { ByteCache } from "./byte_cache.js";
import { loadFrame, loadIndices } from "./server.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Frame} Frame */

/** Browsers open six connections to a server; one is taken by the events, one is left for the rest. */
const AT_ONCE = 4;

/** @param {Stack} stack @param {number} index */
export const frameKey = (stack, index) => `${stack.key}#${index}`;

export class Frames {
  /** @param {number} limit bytes */
  constructor(limit) {
    /** @type {ByteCache<Frame>} */
    this.cache = new ByteCache(limit);
    /** @type {Map<string, string>} */
    this.errors = new Map();
    /** @type {Map<object, {stack: Stack, index: number}[]>} */
    this.wanted = new Map();
    /** @type {Map<string, AbortController>} */
    this.loading = new Map();
    /** @type {((key: string) => void)[]} */
    this.listeners = [];
  }

  /** @param {(key: string) => void} call when a frame has come, or cannot come */
  onFrame(call) {
    this.listeners.push(call);
  }

  /** @param {Stack} stack @param {number} index */
  get(stack, index) {
    return this.cache.get(frameKey(stack, index));
  }

  /** @param {Stack} stack @param {number} index */
  error(stack, index) {
    return this.errors.get(frameKey(stack, index)) ?? null;
  }

  /**
   * Say what a pane shows, and in which direction it moves; takes the place of what it wanted before.
   * @param {object} owner
   * @param {Stack|null} stack
   * @param {number} index
   * @param {number} direction 1 or -1
   * @param {boolean} [round] whether the last frame is followed by the first
   */
  want(owner, stack, index, direction = 1, round = false) {
    if (!stack) this.wanted.delete(owner);
    else this.wanted.set(owner, this.around(stack, index, direction, round));
    this.drop();
    this.fill();
  }

  /**
   * Say in another order what a pane wants.
   * @param {object} owner
   * @param {{stack: Stack, index: number}[]} list the most wanted first
   */
  wantThese(owner, list) {
    this.wanted.set(owner, list);
    this.drop();
    this.fill();
  }

  /**
   * @param {Stack} stack
   * @param {number} index
   * @param {number} direction
   * @param {boolean} round
   */
  around(stack, index, direction, round) {
    if (stack.tiled) return []; // tiles have a store of their own
    const { frames, rows, columns, color } = stack.description;
    const bytes = rows * columns * (color ? 3 : 2);
    // A quarter of the cache may be filled ahead of time, and never so much that what is wanted now waits.
    const ahead = stack.ahead ?? Math.max(1, Math.min(24, Math.floor(this.cache.limit / 4 / bytes)));
    const list = [{ stack, index }];
    for (let step = 1; step <= ahead; step++) {
      for (const way of step <= ahead / 3 ? [direction, -direction] : [direction]) {
        const next = index + way * step;
        const at = round ? ((next % frames) + frames) % frames : next;
        if (at >= 0 && at < frames) list.push({ stack, index: at });
      }
    }
    return list;
  }

  /** Stop fetching what nobody wants any more. */
  drop() {
    const keys = new Set();
    for (const list of this.wanted.values()) for (const each of list) keys.add(frameKey(each.stack, each.index));
    for (const [key, controller] of this.loading) if (!keys.has(key)) controller.abort();
  }

  /** Start fetching the most wanted, each pane in its turn. */
  fill() {
    const lists = [...this.wanted.values()];
    const longest = Math.max(0, ...lists.map((list) => list.length));
    for (let place = 0; place < longest; place++) {
      for (const list of lists) {
        if (this.loading.size >= AT_ONCE) return;
        const each = list[place];
        if (each && !this.known(frameKey(each.stack, each.index))) this.load(each.stack, each.index);
      }
    }
  }

  /** @param {string} key */
  known(key) {
    return this.cache.has(key) || this.loading.has(key) || this.errors.has(key);
  }

  /** @param {Stack} stack @param {number} index */
  async load(stack, index) {
    const key = frameKey(stack, index);
    const controller = new AbortController();
    this.loading.set(key, controller);
    let came = true;
    try {
      const frame = await loadFrame(stack, index, controller.signal);
      this.cache.set(key, frame, frame.raw.byteLength);
    } catch (error) {
      came = !controller.signal.aborted;
      const why = error instanceof Error ? error.message : String(error);
      // The library counts frames from 0, the pane from 1: which one it is stands beside the message.
      if (came) this.errors.set(key, why.replace(/(^|: )frame \d+: /, "$1"));
    }
    this.loading.delete(key);
    if (came) for (const call of this.listeners) call(key);
    this.fill();
  }

  /**
   * Fetch the palette indices of a frame that has some, once somebody asks for them.
   * @param {Stack} stack
   * @param {number} index
   */
  async askIndices(stack, index) {
    const frame = this.get(stack, index);
    if (!frame?.palette || frame.indices) return;
    frame.palette = false;
    try {
      frame.indices = await loadIndices(stack, index);
      for (const call of this.listeners) call(frameKey(stack, index));
    } catch {
      // The colour is still told.
    }
  }

  /**
   * Forget the errors of an item that has changed, so that its frames are asked for again.
   * @param {string} id
   */
  forgive(id) {
    for (const key of this.errors.keys()) if (key.startsWith(`${id}/`)) this.errors.delete(key);
    this.fill();
  }
}
