// Tiles of slides: kept within a bound of bytes, fetched in the order in which they are wanted; what nobody wants any
// more is not fetched to its end. Knows the server's answers; nothing of panes.

import { ByteCache } from "./byte_cache.js";
import { ARRAYS, ask } from "./server.js";

/** @typedef {import("../types.js").Raw} Raw */
/** @typedef {import("../types.js").SlideLevels} SlideLevels */
/** A tile; no values where the slide has none. @typedef {{rows: number, columns: number, raw: Raw|null, padding: Uint8Array|null, picture: any}} Tile */

/** Browsers open six connections to a server; one is taken by the events, one is left for the rest. */
const AT_ONCE = 4;

/**
 * @param {string} id
 * @param {number} frame
 * @returns {Promise<SlideLevels>}
 */
export async function loadLevels(id, frame) {
  return (await ask(`api/items/${id}/levels?frame=${frame}`)).json();
}

/**
 * Address of a tile, which is its key as well.
 * @param {string} id
 * @param {number} frame optical path and focal plane
 * @param {number} level
 * @param {{row: number, column: number}} place
 */
export function tileKey(id, frame, level, { row, column }) {
  return `api/items/${id}/levels/${level}/tiles/${row}/${column}${frame ? `?frame=${frame}` : ""}`;
}

/**
 * @param {string} key
 * @param {AbortSignal} signal
 * @returns {Promise<Tile>}
 */
async function load(key, signal) {
  const answer = await ask(key, { signal });
  if (answer.status === 204) return { rows: 0, columns: 0, raw: null, padding: null, picture: null };
  const bytes = await answer.arrayBuffer();
  const [rows, columns, samples = 1] = (answer.headers.get("X-Shape") ?? "").split(",").map(Number);
  const type = ARRAYS[/** @type {keyof typeof ARRAYS} */ (answer.headers.get("X-Dtype") ?? "uint8")];
  const count = rows * columns * samples;
  const raw = new type(bytes, 0, count);
  const padding = answer.headers.get("X-Padding") ? new Uint8Array(bytes, raw.byteLength, rows * columns) : null;
  return { rows, columns, raw, padding, picture: null };
}

export class Tiles {
  /** @param {number} limit bytes */
  constructor(limit) {
    /** @type {ByteCache<Tile>} */
    this.cache = new ByteCache(limit);
    /** @type {Map<string, string>} */
    this.errors = new Map();
    /** @type {Map<object, {keys: string[], came: () => void}>} */
    this.wanted = new Map();
    /** @type {Map<string, AbortController>} */
    this.loading = new Map();
  }

  /** @param {string} key */
  get(key) {
    return this.cache.get(key);
  }

  /**
   * Say which tiles somebody needs, the most needed first; takes the place of what was needed before.
   * @param {object} owner
   * @param {string[]} keys
   * @param {() => void} came is called when one of them has come, or cannot come
   */
  want(owner, keys, came) {
    if (keys.length) this.wanted.set(owner, { keys, came });
    else this.wanted.delete(owner);
    const all = new Set([...this.wanted.values()].flatMap((each) => each.keys));
    for (const [key, controller] of this.loading) if (!all.has(key)) controller.abort();
    this.fill();
  }

  fill() {
    for (const { keys } of this.wanted.values()) {
      for (const key of keys) {
        if (this.loading.size >= AT_ONCE) return;
        if (!this.cache.has(key) && !this.loading.has(key) && !this.errors.has(key)) this.fetch(key);
      }
    }
  }

  /** @param {string} key */
  async fetch(key) {
    const controller = new AbortController();
    this.loading.set(key, controller);
    try {
      const tile = await load(key, controller.signal);
      // Values, padding, and the canvas onto which they are painted.
      const bytes = 64 + (tile.raw?.buffer.byteLength ?? 0) + 4 * tile.rows * tile.columns;
      this.cache.set(key, tile, bytes);
    } catch (error) {
      if (!controller.signal.aborted) this.errors.set(key, error instanceof Error ? error.message : String(error));
    }
    this.loading.delete(key);
    for (const { keys, came } of this.wanted.values()) if (keys.includes(key)) came();
    this.fill();
  }

  /**
   * Forget what went wrong with a slide's tiles, and of one that has changed the tiles.
   * @param {string} id
   * @param {boolean} changed
   */
  forget(id, changed) {
    const of = `api/items/${id}/`;
    for (const key of [...this.errors.keys()]) if (key.startsWith(of)) this.errors.delete(key);
    for (const key of changed ? [...this.cache.entries.keys()] : []) if (key.startsWith(of)) this.cache.delete(key);
  }
}
