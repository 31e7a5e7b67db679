// Masks: which pixels are drawn, and where values stand over a histogram.

import assert from "node:assert/strict";
import { test } from "node:test";
import { heightsOf, placeOf, valueAt } from "../../../src/hounsfield/web/static/numbers/bin_places.js";
import { maskColours, rgbOf } from "../../../src/hounsfield/web/static/numbers/mask_pixels.js";

/** Bits of rows of 0 and 1. @param {string[]} rows */
function bitsOf(rows) {
  const all = rows.join("");
  const bits = new Uint8Array(Math.ceil(all.length / 8));
  [...all].forEach((one, i) => {
    if (one === "1") bits[i >> 3] |= 1 << (i & 7);
  });
  return bits;
}

const ROWS = ["00000", "01110", "01110", "01110", "00011"];
const bits = bitsOf(ROWS);
/** @param {import("../../../src/hounsfield/web/static/numbers/mask_pixels.js").MaskLook} look */
const drawn = (look) => [...maskColours(bits, 5, 5, look, "#e69f00")].map((one) => (one >>> 0).toString(16));

test("a mask is white on black, a result hides what is outside", () => {
  const flat = [...ROWS.join("")];
  assert.deepEqual(
    drawn("mask"),
    flat.map((one) => (one === "1" ? "ffffffff" : "ff000000")),
  );
  assert.deepEqual(
    drawn("result"),
    flat.map((one) => (one === "1" ? "0" : "ff000000")),
  );
  assert.deepEqual(
    drawn("overlay"),
    flat.map((one) => (one === "1" ? "6e009fe6" : "0")),
  );
  assert.ok(drawn("original").every((one) => one === "0"));
});

test("an outline is of pixels that have a neighbour outside, or lie at the image's edge", () => {
  const line = "ff009fe6";
  const expected = ["00000", "01110", "01010", "01110", "00011"].join("");
  assert.deepEqual(
    drawn("outline"),
    [...expected].map((one) => (one === "1" ? line : "0")),
  );
  const full = maskColours(bitsOf(["111", "111", "111"]), 3, 3, "outline", "#e69f00");
  assert.deepEqual([...full].map(Boolean), [true, true, true, true, false, true, true, true, true]);
});

test("colours are read from their digits", () => {
  assert.deepEqual(rgbOf("#56b4e9"), [86, 180, 233]);
});

test("values stand between the edges, and places give values as round as a pixel allows", () => {
  const edges = [-1000, 0, 1000, 3000];
  assert.equal(placeOf(edges, -1000), 0);
  assert.equal(placeOf(edges, 1000), 0.5);
  assert.equal(placeOf(edges, 9999), 1);
  assert.equal(valueAt(edges, 0.5, 280), 1000);
  assert.equal(valueAt(edges, 0.333333, 280), 333);
  assert.equal(valueAt([0, 0.5, 1], 0.123456, 280), 0.123);
  for (const place of [0, 0.1, 0.77, 1])
    assert.ok(Math.abs(placeOf(edges, valueAt(edges, place, 280)) - place) < 1 / 280);
  assert.equal(placeOf([5, 5], 5), 0);
});

test("small counts are seen beside large ones", () => {
  assert.deepEqual(heightsOf([0, 1, 100]), [0, 0.1, 1]);
  assert.deepEqual(heightsOf([0, 0]), [0, 0]);
});
