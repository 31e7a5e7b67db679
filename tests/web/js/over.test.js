// What is drawn over images: places and regions.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { physicalText, regionAt, toPhysical } from "../../../src/hounsfield/web/static/numbers/regions.js";
import { centred, firstView, fitShown, pixelsBetween } from "../../../src/hounsfield/web/static/place/shown_area.js";
import { apply, toCanvas } from "../../../src/hounsfield/web/static/place/view_transform.js";

const path = process.env.HOUNSFIELD_PAGE_VALUES;
const values = path ? JSON.parse(readFileSync(path, "utf-8")) : null;

test("a pixel has the region and the physical values of the library", { skip: !values }, () => {
  for (const { regions, at, which, physical } of values.regions) {
    const region = regionAt(regions, at[0], at[1]);
    assert.equal(region, which === null ? null : regions[which]);
    if (region) assert.deepEqual(toPhysical(region, at[0], at[1]), physical);
  }
});

/** @returns {import("../../../src/hounsfield/web/static/types.js").Region} */
const region = (/** @type {object} */ changed) => ({
  rows: [0, 10],
  columns: [0, 10],
  format: "2D",
  type: "tissue",
  units: ["cm", "cm"],
  deltas: [0.1, 0.2],
  reference_pixel: [2, 4],
  reference_value: [0, 0],
  high_priority: false,
  ...changed,
});

test("lengths are told in mm, other axes in their units, and steps where there is no origin", () => {
  assert.equal(physicalText(region({}), 5, 6), "→ 4.0 mm ↓ 3.0 mm");
  assert.equal(physicalText(region({ reference_pixel: null }), 5, 6), "→ 2.0 mm/px ↓ 1.0 mm/px");
  const doppler = region({ units: ["cm/s", "s"], deltas: [-1.5, 0.01], format: "spectral" });
  assert.equal(physicalText(doppler, 4, 54), "→ 0.5 s ↓ \u22123 cm/s");
  assert.equal(physicalText(region({ units: ["", "s"] }), 5, 6), "→ 0.4 s");
});

test("regions of high priority cover others, and the last of equals counts", () => {
  const [low, high, last] = [region({}), region({ high_priority: true }), region({ type: "color flow" })];
  assert.equal(regionAt([low, high, last], 1, 1), high);
  assert.equal(regionAt([low, last], 1, 1), last);
  assert.equal(regionAt([low], 10, 1), null);
});

const d = /** @type {any} */ ({ rows: 120, columns: 160, area: [10, 20, 110, 140], turns: 1, flipped: true });

test("the middle of what a state shows is in the middle of the canvas", () => {
  const canvas = { width: 500, height: 400 };
  for (const turns of [0, 1, 2, 3]) {
    for (const flipped of [false, true]) {
      const view = fitShown(d, canvas, { ...firstView(d), turns, flipped });
      const [x, y] = apply(toCanvas(d, view, canvas), 80, 60);
      assert.ok(Math.abs(x - 250) < 1e-9 && Math.abs(y - 200) < 1e-9);
      assert.ok(Math.abs(view.zoom - (turns % 2 ? Math.min(500 / 100, 400 / 120) : Math.min(500 / 120, 4))) < 1e-9);
    }
  }
});

test("a state turns, then flips", () => {
  // A quarter clockwise brings the first pixel to the right, the flip brings it back to the left.
  const canvas = { width: 400, height: 400 };
  const whole = { ...d, area: null };
  const [x, y] = apply(toCanvas(whole, centred(whole, firstView(whole)), canvas), 0.5, 0.5);
  assert.ok(x < 200 && y < 200);
  const [x2, y2] = apply(toCanvas(whole, firstView({ ...whole, flipped: false }), canvas), 0.5, 0.5);
  assert.ok(x2 > 200 && y2 < 200);
});

test("pixels are within a rectangle when their centres are", () => {
  const transform = /** @type {const} */ ([2, 0, 0, 2, 10, 20]);
  const t = /** @type {any} */ (transform);
  assert.deepEqual(pixelsBetween(d, t, [11, 21], [15, 25]), { top: 0, left: 0, bottom: 3, right: 3 });
  assert.deepEqual(pixelsBetween(d, t, [15, 25], [11.1, 21.1]), { top: 1, left: 1, bottom: 3, right: 3 });
  assert.deepEqual(pixelsBetween(d, t, [-50, -50], [900, 900]), { top: 0, left: 0, bottom: 120, right: 160 });
  assert.equal(pixelsBetween(d, t, [11.2, 21], [12.2, 25]), null);
});
