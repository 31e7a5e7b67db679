// Least recently used values within a bound of bytes. Knows nothing of what it keeps.

/** @template T */
export class ByteCache {
  /** @param {number} limit bytes */
  constructor(limit) {
    this.limit = limit;
    this.bytes = 0;
    /** @type {Map<string, {value: T, bytes: number}>} */
    this.entries = new Map();
  }

  /**
   * @param {string} key
   * @returns {T|undefined}
   */
  get(key) {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  /** @param {string} key */
  has(key) {
    return this.entries.has(key);
  }

  /**
   * Keep a value; those used longest ago go. One larger than the bound is kept alone.
   * @param {string} key
   * @param {T} value
   * @param {number} bytes
   */
  set(key, value, bytes) {
    this.delete(key);
    this.entries.set(key, { value, bytes });
    this.bytes += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.limit || this.entries.size === 1) break;
      this.delete(oldest);
    }
  }

  /** @param {string} key */
  delete(key) {
    const entry = this.entries.get(key);
    if (entry) this.bytes -= entry.bytes;
    this.entries.delete(key);
  }
}
