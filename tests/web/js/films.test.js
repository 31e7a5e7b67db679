// What the page asks of the server for a film is what its pane shows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { filmWish, noFilm } from "../../../src/hounsfield/web/static/panes/film_wish.js";

const own = [
  { label: "A", function: "TABLE", table: { entries: [0, 1], first: 0, bits: 8 } },
  { label: "A", function: "TABLE", table: { entries: [0, 5], first: 0, bits: 8 } },
];

/** @param {object} [stack] @param {object} [d] @param {object} [more] @returns {any} */
const pane = (stack = {}, d = {}, more = {}) => ({
  stack: {
    plane: null,
    slab: 0,
    how: "mean",
    description: { frames: 5, color: false, windows: own, default_window: null, ...d },
    ...stack,
  },
  view: { turns: -1, flipped: true },
  map: "grey",
  chosen: null,
  inverted: false,
  ...more,
});

test("a turned plane is asked for by its directions, at full resolution", () => {
  const query = { row: "1,0,0", column: "0,0.6,0.8", through: "1,2,3", every: "2", rectified: "1" };
  const wish = /** @type {any} */ (filmWish(pane({ plane: "axial", slab: 4, how: "max", query }), "gif", "k"));
  assert.deepEqual(
    [wish.row, wish.column, wish.through],
    [
      [1, 0, 0],
      [0, 0.6, 0.8],
      [1, 2, 3],
    ],
  );
  assert.deepEqual([wish.plane, wish.slab, wish.how, wish.rectified, wish.every], ["axial", 4, "max", true, undefined]);
  assert.deepEqual([wish.turns, wish.flipped], [3, true]);
  const plain = filmWish(pane({ plane: "axial", query: {} }), "gif", "k");
  assert.deepEqual([plain.rectified, "row" in plain], [false, false]);
});

test("the window is that which is shown, of phases the first one's", () => {
  const first = { center: 1, width: 2, function: "LINEAR", label: "first" };
  const wish = filmWish(pane({}, { default_window: first }), "gif", "k");
  assert.deepEqual([wish.window, wish.own], [{ center: 1, width: 2, function: "LINEAR" }, true]);
  const chosen = filmWish(pane({}, { default_window: first }, { chosen: own[1] }), "gif", "k");
  assert.deepEqual([chosen.window, chosen.own], [1, false]);
  const other = { ...own[0], table: { entries: [9], first: 0, bits: 8 } };
  assert.throws(() => filmWish(pane({}, { default_window: other }), "gif", "k"), /VOI LUT/);
});

test("what cannot be a film says why", () => {
  assert.equal(noFilm(pane()), "");
  assert.match(noFilm(pane({ state: "s" })), /presentation state/);
  assert.match(noFilm(pane({}, {}, { tiles: {} })), /slide/);
  assert.match(noFilm(pane({}, { frames: 1 })), /one frame/);
  assert.notEqual(noFilm(pane({}, {}, { stack: null })), "");
});
