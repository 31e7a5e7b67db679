// What a film of a pane's stack is to show: its window, colours, turns and flips. Knows panes and colour maps.

import { colours } from "../numbers/colour_maps.js";

/** @typedef {import("./pane.js").Pane} Pane */

/**
 * @param {Pane} pane
 * @param {"gif"|"mp4"} format
 * @param {string} key by which its progress is told
 */
export function filmWish(pane, format, key) {
  const { stack, view, map } = pane;
  if (!stack) throw new Error("There is no image to save.");
  const { plane, slab, how, description } = stack;
  return {
    format,
    key,
    plane,
    slab: plane && slab > 0 ? slab : null,
    how,
    window: windowWish(pane.chosen, description.windows),
    inverted: pane.inverted,
    colours: map === "grey" || description.color ? null : base64(colours(map)),
    turns: ((view.turns % 4) + 4) % 4,
    flipped: view.flipped,
  };
}

/**
 * A VOI LUT by its number among the file's own; a window by what it is; nothing where the file decides.
 * @param {import("../types.js").Voi|null} chosen
 * @param {import("../types.js").Voi[]} own
 */
function windowWish(chosen, own) {
  if (!chosen) return null;
  if (chosen.function !== "TABLE") return { center: chosen.center, width: chosen.width, function: chosen.function };
  const number = own.findIndex((voi) => voi.label === chosen.label && voi.function === "TABLE");
  return number < 0 ? null : number;
}

/**
 * 256 colours as bytes of red, green and blue.
 * @param {Uint32Array} map as a canvas holds them
 */
function base64(map) {
  let bytes = "";
  for (const colour of map) bytes += String.fromCharCode(colour & 255, (colour >> 8) & 255, (colour >> 16) & 255);
  return btoa(bytes);
}
