// The page's numbers against the library's. HOUNSFIELD_PAGE_VALUES names a file that page_values.py has written.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { colours } from "../../../src/hounsfield/web/static/numbers/colour_maps.js";
import { paint } from "../../../src/hounsfield/web/static/numbers/grey.js";
import { toIndex, toPatient } from "../../../src/hounsfield/web/static/place/geometry.js";

const path = process.env.HOUNSFIELD_PAGE_VALUES;
const skip = path ? false : "HOUNSFIELD_PAGE_VALUES is not set: run tests/web/test_page_functions.py";
const values = path ? JSON.parse(readFileSync(path, "utf8")) : { shadings: [], maps: {}, places: [] };
const ARRAYS = {
  int16: Int16Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

test("grey levels are those of hounsfield.render", { skip }, () => {
  assert.ok(values.shadings.length > 30);
  for (const { name, dtype, raw, grey, voi, inverted, table } of values.shadings) {
    const numbers = new ARRAYS[dtype](raw.map((value) => (value === null ? Number.NaN : value)));
    const out = new Uint32Array(numbers.length);
    paint(numbers, { voi, inverted, table }, colours("grey"), out);
    assert.deepEqual(
      [...out].map((colour) => colour & 255),
      grey,
      name,
    );
  }
});

test("colour maps are the standard's and matplotlib's", { skip }, () => {
  for (const [name, { rgb, within }] of Object.entries(values.maps)) {
    const ours = colours(name);
    rgb.forEach((wanted, i) => {
      const got = [ours[i] & 255, (ours[i] >> 8) & 255, (ours[i] >> 16) & 255];
      assert.ok(
        got.every((part, k) => Math.abs(part - wanted[k]) <= within),
        `${name} ${i}: ${got}, not ${wanted}`,
      );
    });
  }
});

test("places in the patient are the library's", { skip }, () => {
  for (const { affine, index, lps } of values.places) {
    toPatient(affine, ...index).forEach((mm, i) => {
      assert.ok(Math.abs(mm - lps[i]) < 1e-9);
    });
    toIndex(affine, lps).forEach((at, i) => {
      assert.ok(Math.abs(at - index[i]) < 1e-9);
    });
  }
});
