// What the server tells, put into the store. Knows the contract's messages and the store.

import { ItemMap } from "../state/item_map.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../types.js").Item} Item */

/**
 * @param {Store} store
 * @param {any} message
 * @param {{changed: (id: string) => void, gone: (id: string, into: string|null) => void}} hooks
 */
export function receive(store, message, hooks) {
  const { items } = store.get();
  switch (message.type) {
    case "state":
      store.set({
        name: message.name ?? "",
        noPhi: Boolean(message.no_phi),
        hidden: Boolean(message.hidden ?? message.no_phi),
        reading: Boolean(message.reading),
        found: message.found ?? 0,
        done: message.done ?? 0,
        items: new ItemMap(message.items.map((/** @type {Item} */ item) => [item.id, item])),
        report: message.report ?? null,
        error: message.error ?? null,
      });
      break;
    case "item":
      store.set({ items: new ItemMap(items).set(message.item.id, message.item) });
      hooks.changed(message.item.id);
      break;
    case "phase":
      hooks.changed(message.id);
      break;
    case "gone": {
      const rest = new ItemMap(items);
      rest.delete(message.id);
      store.set({ items: rest });
      hooks.gone(message.id, message.into ?? null);
      break;
    }
    case "progress":
      store.set({ found: message.found, done: message.done, reading: true });
      break;
    case "done":
      store.set({
        reading: Boolean(message.reading),
        found: message.found ?? store.get().found,
        done: message.done ?? store.get().done,
        report: message.report,
        error: message.error ?? null,
        items: items.inOrder(message.order ?? []),
      });
      break;
    case "patient":
      store.set({ hidden: Boolean(message.hidden) });
      break;
    default: // a newer server may tell more
  }
}
