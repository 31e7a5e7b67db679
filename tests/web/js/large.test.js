// Large images: no more of them is painted than is seen, and what is painted smaller is the mean of all pixels.

import assert from "node:assert/strict";
import { test } from "node:test";
import { paint } from "../../../src/hounsfield/web/static/numbers/grey.js";
import { paintMeans } from "../../../src/hounsfield/web/static/numbers/means.js";
import { cut } from "../../../src/hounsfield/web/static/numbers/subsample.js";
import { toCanvas } from "../../../src/hounsfield/web/static/place/view_transform.js";
import { visiblePart } from "../../../src/hounsfield/web/static/place/visible_part.js";

const LEVELS = Uint32Array.from({ length: 256 }, (_, i) => i);
const d = { rows: 4096, columns: 3328, color: false, pixel_spacing: null, pixel_aspect: null };
const canvas = { width: 1000, height: 900 };
const view = (zoom, more = {}) => ({ zoom, x: 0, y: 0, turns: 0, flipped: false, ...more });
const partOf = (of, v, quick = false) => visiblePart(of, toCanvas(of, v, canvas), canvas, v.zoom, quick);

test("pixel by pixel, all that the canvas shows is painted, and little more", () => {
  for (const more of [{}, { x: 700, y: -900 }, { turns: 1, flipped: true, x: 50 }]) {
    const part = partOf(d, view(1, more));
    const [x, y] = [more.x ?? 0, more.y ?? 0];
    if (!more.turns) {
      const [left, top] = [d.columns / 2 - canvas.width / 2 - x, d.rows / 2 - canvas.height / 2 - y];
      assert.ok(part.left <= left && part.left + part.columns >= left + canvas.width);
      assert.ok(part.top <= top && part.top + part.rows >= top + canvas.height);
    }
    assert.ok(part.rows * part.columns < 1.8 * canvas.width * canvas.height);
    assert.deepEqual([part.step, part.means], [1, false]);
  }
});

test("a small pan needs no other part; beside the image one pixel is enough", () => {
  assert.deepEqual(partOf(d, view(1, { x: 1 })), partOf(d, view(1, { x: 2 })));
  const beside = partOf(d, view(1, { x: 9000, y: -9000 }));
  assert.ok(beside.rows > 0 && beside.columns > 0 && beside.top + beside.rows <= d.rows);
});

test("small images are painted whole; large ones as means, or for a moment every n-th pixel", () => {
  const small = { ...d, rows: 512, columns: 512 };
  const all = { top: 0, left: 0, rows: 512, columns: 512, step: 1, means: false };
  assert.deepEqual(partOf(small, view(0.2), true), all);
  const fitted = partOf(d, view(0.22));
  assert.deepEqual([fitted.step, fitted.means, fitted.rows, fitted.columns], [4, true, 4096, 3328]);
  assert.deepEqual(partOf(d, view(0.22), true), { ...fitted, means: false });
  assert.equal(partOf(d, view(0.1)).step, 4);
  assert.equal(partOf(d, view(0.1), true).step, 10);
});

test("a part holds the values of its place", () => {
  const raw = Int16Array.from({ length: 60 }, (_, i) => i);
  assert.deepEqual([...cut(raw, 10, { top: 2, left: 3, rows: 2, columns: 4 }, 1)], [23, 24, 25, 26, 33, 34, 35, 36]);
  const colour = Uint8Array.from({ length: 12 }, (_, i) => i);
  assert.deepEqual([...cut(colour, 2, { top: 1, left: 0, rows: 1, columns: 2 }, 3)], [6, 7, 8, 9, 10, 11]);
});

test("each block has the mean of its grey levels, also at the edges", () => {
  const [rows, columns] = [37, 50];
  const noise = (i) => ((i * 7919) % 4001) - 2000;
  const kinds = [Int16Array, Uint16Array, Uint8Array, Int32Array, Float32Array];
  for (const [Type, step] of kinds.flatMap((kind) => [2, 3, 4].map((count) => /** @type {const} */ ([kind, count])))) {
    const raw = Type.from({ length: rows * columns }, (_, i) => noise(i));
    if (Type === Float32Array) raw[5] = Number.NaN;
    for (const [kind, inverted] of [
      ["LINEAR", false],
      ["LINEAR_EXACT", true],
      ["SIGMOID", false],
    ]) {
      const shading = { voi: { center: 100, width: 900, function: kind }, inverted };
      const each = new Uint32Array(raw.length);
      paint(raw, shading, LEVELS, each);
      const part = { top: 6, left: 3, rows: 31, columns: 47, step, means: true };
      const [high, wide] = [Math.ceil(part.rows / step), Math.ceil(part.columns / step)];
      const out = new Uint32Array(high * wide);
      paintMeans(raw, columns, part, shading, LEVELS, out);
      for (let i = 0; i < out.length; i++) {
        const [top, left] = [part.top + Math.floor(i / wide) * step, part.left + (i % wide) * step];
        const levels = [];
        for (let r = top; r < Math.min(top + step, part.top + part.rows); r++)
          for (let c = left; c < Math.min(left + step, part.left + part.columns); c++)
            levels.push(each[r * columns + c]);
        const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
        assert.ok(Math.abs(out[i] - mean) <= 1.01, `${Type.name} ${step} ${kind} ${i}: ${out[i]} is not ${mean}`);
      }
    }
  }
});
