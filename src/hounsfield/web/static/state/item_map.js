// Items by id; the id of a phase leads to the item that stands for all phases. Knows items only.

/** @typedef {import("../types.js").Item} Item */

/** @extends {Map<string, Item>} */
export class ItemMap extends Map {
  /** @param {Iterable<readonly [string, Item]>} [entries] */
  constructor(entries = []) {
    super();
    /** @type {Map<string, string>} */
    this.entryOf = new Map();
    for (const [id, item] of entries) this.set(id, item);
  }

  /** @param {string} id @param {Item} item */
  set(id, item) {
    for (const phase of item.phases?.ids ?? []) this.entryOf.set(phase, id);
    return super.set(id, item);
  }

  /** @param {string} id */
  get(id) {
    return super.get(id) ?? super.get(this.entryOf.get(id) ?? "");
  }

  /**
   * @param {string[]} ids
   * @returns {ItemMap} the same items in this order, those that it does not name behind
   */
  inOrder(ids) {
    const all = new ItemMap();
    for (const id of [...ids, ...this.keys()]) {
      const item = super.get(id);
      if (item && !all.has(id)) all.set(id, item);
    }
    return all;
  }
}
