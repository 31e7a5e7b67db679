// The brush: radii and the points of a stroke.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asRadius,
  isBrush,
  lengthened,
  nextRadius,
  THINNEST,
  WIDEST,
} from "../../../src/hounsfield/web/static/numbers/brush.js";

test("radii go up and down in halves, between the least and the greatest", () => {
  assert.equal(nextRadius(5, true), 6);
  assert.equal(nextRadius(5, false), 4);
  assert.equal(nextRadius(1, true), 1.5);
  assert.equal(nextRadius(THINNEST, false), THINNEST);
  assert.equal(nextRadius(WIDEST, true), WIDEST);
  let radius = THINNEST;
  for (let i = 0; i < 60; i++) radius = nextRadius(radius, true);
  assert.equal(radius, WIDEST);
  assert.deepEqual([asRadius(2.3), asRadius(-1), asRadius(Number.NaN), asRadius(1e9)], [2.5, 0.5, 0.5, 200]);
});

test("points too near to matter are left out, and a stroke does not grow without end", () => {
  /** @type {[number, number][]} */
  let points = [[0, 0]];
  assert.equal(lengthened(points, [0.05, 0]), points);
  for (let i = 1; i < 12_000; i++) points = i < 9_990 ? [...points.slice(-1), [i, 0]] : lengthened(points, [i, 0]);
  assert.ok(points.length < 10_001);
  assert.deepEqual(lengthened([[0, 0]], [1, 2]), [
    [0, 0],
    [1, 2],
  ]);
});

test("brush and eraser paint, nothing else does", () => {
  assert.deepEqual(["brush", "eraser", "window", "freehand"].map(isBrush), [true, true, false, false]);
});
