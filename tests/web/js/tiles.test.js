// The arithmetic of tiles: which tiles of which level a view needs, and where they lie on the canvas.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as grid from "../../../src/hounsfield/web/static/place/tile_grid.js";
import { apply, fit, pixelAt, toCanvas } from "../../../src/hounsfield/web/static/place/view_transform.js";

const level = (rows, columns, factor, tile = 512) => ({
  rows,
  columns,
  tile_rows: tile,
  tile_columns: tile,
  factor: [factor, factor],
  computed: false,
});
const LEVELS = [level(100000, 80000, 1), level(25000, 20000, 4), level(6250, 5000, 16), level(782, 625, 128)];
const d = { rows: 100000, columns: 80000, pixel_spacing: [0.00025, 0.00025], pixel_aspect: null };
const canvas = { width: 1000, height: 800 };
const still = { zoom: 1, x: 0, y: 0, turns: 0, flipped: false };
const matrix = (zoom, more = {}) => toCanvas(d, { ...still, zoom, ...more }, canvas);
const MOST = 200;

test("the level is the coarsest whose pixels are not enlarged", () => {
  const chosen = [8, 1, 0.5, 0.25, 0.2, 1 / 16, 0.01, 1 / 128, 0.001].map((zoom) =>
    grid.levelFor(LEVELS, matrix(zoom)),
  );
  assert.deepEqual(chosen, [0, 0, 0, 1, 1, 2, 2, 3, 3]);
  assert.equal(grid.levelFor(LEVELS, matrix(0.25, { turns: 1, flipped: true })), 1);
});

test("of pixels that are not square the longer side counts", () => {
  const flat = toCanvas({ ...d, pixel_spacing: [0.0005, 0.00025] }, { ...still, zoom: 0.25 }, canvas);
  assert.equal(grid.levelFor(LEVELS, flat), 0);
});

test("tiles are those that the canvas shows, those in the middle first, whatever the turn", () => {
  for (const view of [still, { ...still, turns: 1 }, { ...still, turns: 2, flipped: true }, { ...still, x: 12345 }]) {
    const m = toCanvas(d, view, canvas);
    const box = grid.seenBox(m, canvas);
    const places = grid.tilesIn(LEVELS[0], box, MOST);
    const wanted = new Set();
    for (let x = 0.5; x < canvas.width; x += 7)
      for (let y = 0.5; y < canvas.height; y += 7) {
        const pixel = pixelAt(d, m, x, y);
        if (pixel) wanted.add(`${Math.floor(pixel.row / 512)} ${Math.floor(pixel.column / 512)}`);
      }
    assert.deepEqual(new Set(places.map(({ row, column }) => `${row} ${column}`)), wanted);
    assert.equal(grid.countIn(LEVELS[0], box), places.length);
    const middle = pixelAt(d, m, canvas.width / 2, canvas.height / 2);
    assert.deepEqual(places[0], grid.tileAt(LEVELS[0], middle).place);
  }
});

test("nothing is asked for beside the slide, and never more than the bound, at once even of millions", () => {
  assert.deepEqual(grid.tilesIn(LEVELS[0], grid.seenBox(matrix(1, { x: 1e6 }), canvas), MOST), []);
  const all = grid.seenBox(matrix(fit(d, canvas).zoom), canvas);
  const began = performance.now();
  const places = grid.tilesIn(level(2 ** 32, 2 ** 32, 1), { top: 0, left: 0, bottom: 2 ** 32, right: 2 ** 32 }, 100);
  assert.ok(performance.now() - began < 200);
  assert.equal(places.length, 100);
  assert.equal(grid.tilesIn(LEVELS[0], all, MOST).length, MOST);
  assert.equal(grid.countIn(LEVELS[0], all), 196 * 157);
});

test("the last tiles are as small as what exists, and lie inside the slide", () => {
  const last = { row: 195, column: 156 };
  assert.deepEqual(grid.boxOf(LEVELS[0], last), { top: 99840, left: 79872, bottom: 100000, right: 80000 });
  assert.deepEqual(grid.boxOf(LEVELS[1], { row: 1, column: 2 }), { top: 2048, left: 4096, bottom: 4096, right: 6144 });
});

test("tiles meet without a seam at every zoom, turn and flip", () => {
  for (const zoom of [0.37, 1, 0.0113, 3.7]) {
    for (let turns = 0; turns < 4; turns++) {
      for (const flipped of [false, true]) {
        const m = matrix(zoom, { turns, flipped, x: 3.3, y: -8.7 });
        const corner = (place, x, y) => {
          const box = grid.boxOf(LEVELS[1], place);
          return apply(grid.tileTransform(m, box, 512, 512), x, y).map((value) => Number(value.toFixed(6)));
        };
        assert.deepEqual(corner({ row: 3, column: 4 }, 512, 0), corner({ row: 3, column: 5 }, 0, 0));
        assert.deepEqual(corner({ row: 3, column: 4 }, 0, 512), corner({ row: 4, column: 4 }, 0, 0));
        const exact = apply(m, 4 * 2048, 3 * 2048);
        corner({ row: 3, column: 4 }, 0, 0).forEach((value, i) => {
          assert.ok(Math.abs(value - exact[i]) <= 0.5);
        });
      }
    }
  }
});

test("one image pixel is one of the canvas at zoom 1", () => {
  const m = matrix(1, { x: 0.4 });
  const box = grid.boxOf(LEVELS[0], { row: 97, column: 78 });
  assert.deepEqual(grid.tileTransform(m, box, 512, 512).slice(0, 4), [1, 0, 0, 1]);
});

test("a pixel of the slide lies in one tile of each level", () => {
  assert.deepEqual(grid.tileAt(LEVELS[0], { row: 513, column: 5 }), {
    place: { row: 1, column: 0 },
    row: 1,
    column: 5,
  });
  assert.deepEqual(grid.tileAt(LEVELS[1], { row: 2051, column: 2052 }), {
    place: { row: 1, column: 1 },
    row: 0,
    column: 1,
  });
  assert.deepEqual(grid.tileAt(LEVELS[3], { row: 99999, column: 79999 }).place, { row: 1, column: 1 });
});

test("a place is brought to the middle, whatever the turn and flip", () => {
  for (let turns = 0; turns < 4; turns++) {
    for (const flipped of [false, true]) {
      const view = grid.centred(d, { zoom: 0.37, x: 5, y: 6, turns, flipped }, { row: 70000.5, column: 12.25 });
      const [x, y] = apply(toCanvas(d, view, canvas), 12.25, 70000.5);
      assert.ok(Math.abs(x - 500) < 1e-6 && Math.abs(y - 400) < 1e-6, `${x} ${y}`);
    }
  }
});
