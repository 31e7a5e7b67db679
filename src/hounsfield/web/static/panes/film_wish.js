// What a film of a pane's stack is to show: its window, colours, turns and flips. Knows panes and colour maps.

import { colours } from "../numbers/colour_maps.js";
import { windowWish } from "../server/server.js";

/** @typedef {import("./pane.js").Pane} Pane */

/**
 * Why no film of what a pane shows is made; empty where one can be.
 * @param {Pane} pane
 */
export function noFilm({ stack, tiles }) {
  if (!stack) return "There is no image to save.";
  if (tiles) return "No film: a slide is shown by its tiles, it has no frames one after another.";
  if (stack.state) return "No film or figure of what a presentation state shows; the whole frame can be saved.";
  return stack.description.frames < 2 ? "No film: there is one frame only." : "";
}

/**
 * @param {Pane} pane
 * @param {"gif"|"mp4"} format
 * @param {string} key by which its progress is told
 */
export function filmWish(pane, format, key) {
  const { stack, view, map, chosen } = pane;
  if (!stack) throw new Error("There is no image to save.");
  const { plane, slab, how, description, query } = stack;
  return {
    format,
    key,
    plane,
    ...directions(query ?? {}),
    slab: plane && slab > 0 ? slab : null,
    how,
    window: windowWish(chosen ?? description.default_window, description.windows),
    own: !chosen, // a frame may have a window of its own
    inverted: pane.inverted,
    colours: map === "grey" || description.color ? null : base64(colours(map)),
    turns: ((view.turns % 4) + 4) % 4,
    flipped: view.flipped,
  };
}

/** @param {Record<string, string>} query of planes, however coarse they are at the moment */
function directions(query) {
  const vectors = ["row", "column", "through"].filter((name) => query[name]);
  const given = Object.fromEntries(vectors.map((name) => [name, query[name].split(",").map(Number)]));
  return { ...given, rectified: query.rectified === "1" };
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
