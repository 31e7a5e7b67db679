// Measures: how they are drawn, changed, taken back, saved and loaded; without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { placed } from "../../../src/hounsfield/web/static/drawing/shape_drawing.js";
import { Draft } from "../../../src/hounsfield/web/static/numbers/shape_draft.js";
import {
  distanceTo,
  handlesOf,
  POINTS,
  strokesOf,
  withHandle,
} from "../../../src/hounsfield/web/static/numbers/shape_kinds.js";
import { areaText, lengthText } from "../../../src/hounsfield/web/static/panes/measure_text.js";
import { fromJson, toCsv, toJson } from "../../../src/hounsfield/web/static/state/measure_files.js";
import { ShapeList } from "../../../src/hounsfield/web/static/state/shapes.js";

/** @typedef {import("../../../src/hounsfield/web/static/numbers/shape_kinds.js").ShapeKind} ShapeKind */
/** @typedef {import("../../../src/hounsfield/web/static/numbers/shape_kinds.js").Spot} Spot */

const KINDS = /** @type {ShapeKind[]} */ (Object.keys(POINTS));

test("every kind is drawn by clicks, and what is dragged ends at once", () => {
  for (const kind of KINDS) {
    const draft = new Draft(kind);
    let whole = false;
    for (let i = 0; i < POINTS[kind]; i++) {
      assert.equal(whole, false, kind);
      draft.press([i, 2 * i]);
      whole = draft.release();
      draft.hover([i + 0.5, 0]);
    }
    if (kind === "polygon" || kind === "freehand") whole = draft.finish();
    assert.equal(whole, true, kind);
    assert.equal(draft.fixed.length, POINTS[kind]);
  }
  const line = new Draft("distance");
  line.press([1, 1]);
  line.drag([4, 5]);
  assert.equal(line.release(), true);
  assert.deepEqual(line.fixed, [
    [1, 1],
    [4, 5],
  ]);
});

test("the two lines of a pair are dragged one after the other", () => {
  for (const kind of /** @type {ShapeKind[]} */ (["bidirectional", "cobb"])) {
    const draft = new Draft(kind);
    draft.press([0, 0]);
    draft.drag([9, 0]);
    assert.equal(draft.release(), false);
    draft.press([4, -3]);
    draft.drag([4, 3]);
    assert.equal(draft.release(), true);
    assert.equal(draft.fixed.length, 4);
  }
});

test("a freehand outline takes every place of the drag, and a short one is none", () => {
  const draft = new Draft("freehand");
  draft.press([0, 0]);
  for (let i = 1; i < 20; i++) draft.drag([i, i % 3]);
  assert.equal(draft.release(), true);
  assert.equal(draft.fixed.length, 20);
  const short = new Draft("freehand");
  short.press([0, 0]);
  short.drag([1, 1]);
  assert.equal(short.release(), false);
});

test("points are taken back one by one", () => {
  const draft = new Draft("polygon");
  for (const at of /** @type {Spot[]} */ ([
    [0, 0],
    [5, 0],
  ])) {
    draft.press(at);
    draft.release();
  }
  assert.equal(draft.back(), true);
  assert.equal(draft.back(), false);
});

test("each corner of a box moves its two sides, whichever way it was drawn", () => {
  for (const kind of /** @type {ShapeKind[]} */ (["rectangle", "ellipse"])) {
    for (const points of /** @type {Spot[][]} */ ([
      [
        [0, 0],
        [10, 20],
      ],
      [
        [10, 20],
        [0, 0],
      ],
    ])) {
      const handles = handlesOf(kind, points);
      handles.forEach((_, i) => {
        const now = handlesOf(kind, withHandle(kind, points, i, [33, 44]));
        assert.deepEqual(now[i], [33, 44]);
        assert.deepEqual(now[(i + 2) % 4], handles[(i + 2) % 4]);
      });
    }
  }
});

test("an ellipse touches the middles of the sides of its box, and places are as far as they are", () => {
  /** @type {Spot[]} */
  const points = [
    [0, 0],
    [10, 20],
  ];
  const strokes = strokesOf("ellipse", points);
  for (const at of /** @type {Spot[]} */ ([
    [10, 10],
    [5, 20],
    [0, 10],
    [5, 0],
  ]))
    assert.ok(distanceTo(at, strokes, points) < 1e-9);
  assert.ok(Math.abs(distanceTo([5, 25], strokes, points) - 5) < 1e-9);
  assert.equal(distanceTo([3, 4], [], [[0, 0]]), 5);
});

const place = { study: "s", image: "i", view: "planes/coronal?slab=3", frame: 4 };
const shape = {
  kind: /** @type {ShapeKind} */ ("distance"),
  name: '=cmd, "x"',
  color: "#ffd84a",
  item: "a",
  view: "frames",
  query: "",
  frame: 4,
  points: /** @type {Spot[]} */ ([
    [0.125, 1],
    [7, 1e6],
  ]),
  measure: { length: { px: 0.1 + 0.2, mm: 1 / 3, spacing_kind: "detector" } },
  measured: null,
  place,
  scale: 0.2,
};

test("changes are taken back in their order, and nothing else is", () => {
  const list = new ShapeList();
  const [one] = list.add([shape]);
  list.choose(one.id, 1);
  list.mark();
  list.update(one.id, { name: "Lesion" });
  list.calibrate(one.id, null);
  list.remove(one.id);
  assert.equal(list.chosen, null);
  assert.equal(list.undo() && list.get(one.id)?.scale, null);
  assert.equal(list.undo() && list.get(one.id)?.scale, 0.2);
  assert.equal(list.get(one.id)?.name, "Lesion");
  assert.equal(list.undo() && list.get(one.id)?.name, shape.name);
  assert.equal(list.undo() && list.shapes.length, 0);
  assert.equal(list.undo(), false);
});

test("files hold every digit, are read again, and what is no such file is refused", () => {
  const list = new ShapeList();
  list.add([shape]);
  const text = toJson(list.shapes);
  assert.deepEqual(fromJson(text), [
    { name: shape.name, kind: "distance", color: "#ffd84a", points: shape.points, place, mm_per_pixel: 0.2 },
  ]);
  const parsed = JSON.parse(text);
  assert.equal(parsed.measures[0].measure.length.px, 0.1 + 0.2);
  const [, row] = toCsv(list.shapes).split("\r\n");
  assert.ok(row.startsWith(`"'=cmd, ""x""",distance,${place.image},frames,4,${0.1 + 0.2},${1 / 3},`));
  for (const change of [
    (/** @type {any} */ one) => (one.kind = "__proto__"),
    (/** @type {any} */ one) => (one.kind = ["distance"]),
    (/** @type {any} */ one) => (one.points = [[0, 0]]),
    (/** @type {any} */ one) => (one.points[0] = [0, "1"]),
    (/** @type {any} */ one) => (one.points[0] = [0, 1e7]),
    (/** @type {any} */ one) => (one.points[0] = [0, null]),
    (/** @type {any} */ one) => (one.color = "url(x)"),
    (/** @type {any} */ one) => (one.name = "x".repeat(201)),
    (/** @type {any} */ one) => (one.place = null),
    (/** @type {any} */ one) => (one.place.frame = -1),
    (/** @type {any} */ one) => (one.mm_per_pixel = 0),
  ]) {
    const wrong = JSON.parse(text);
    change(wrong.measures[0]);
    assert.equal(fromJson(JSON.stringify(wrong)), null, String(change));
  }
  for (const wrong of ["", "[", "null", "3", "[]", '{"format": "hounsfield measures", "version": 1}'])
    assert.equal(fromJson(wrong), null);
});

test("labels stand beside their shape, within the canvas, not where another is", () => {
  const canvas = { width: 300, height: 200 };
  /** @type {Spot[]} */
  const places = [
    [100, 100],
    [280, 100],
  ];
  /** @type {import("../../../src/hounsfield/web/static/drawing/shape_drawing.js").Box[]} */
  const taken = [];
  for (let i = 0; i < 6; i++) {
    const box = placed(80, 15, places, taken, canvas, 10);
    assert.ok(box.left >= 0 && box.right <= 300 && box.top >= 0 && box.bottom <= 200);
    for (const other of taken)
      assert.ok(
        other.left >= box.right || other.right <= box.left || other.top >= box.bottom || other.bottom <= box.top,
      );
    taken.push(box);
  }
});

test("what was taken back is made again until something else is changed", () => {
  const list = new ShapeList();
  const [one] = list.add([shape]);
  list.mark();
  list.update(one.id, { name: "other" });
  assert.equal(list.redo(), false);
  assert.equal(list.undo() && list.get(one.id)?.name, shape.name);
  assert.equal(list.redo() && list.get(one.id)?.name, "other");
  list.undo();
  list.undo();
  assert.equal(list.shapes.length, 0);
  assert.equal(list.redo() && list.redo() && list.get(one.id)?.name, "other");
  list.undo();
  list.add([shape]);
  assert.equal(list.redo(), false);
  list.mark();
  list.update(one.id, { name: "held" });
  list.revoke();
  assert.equal(list.redo(), false);
  assert.equal(list.get(one.id)?.name, shape.name);
});

test("measures are hidden one by one or all, and shown again", () => {
  const list = new ShapeList();
  const [one, two] = list.add([shape, shape]);
  list.show(one.id, false);
  assert.deepEqual([list.seen(one.id), list.seen(two.id)], [false, true]);
  list.showAll(false);
  assert.deepEqual([list.seen(one.id), list.seen(two.id)], [false, false]);
  list.showAll(true);
  assert.deepEqual([list.seen(one.id), list.seen(two.id)], [false, true]);
  list.showAll(false);
  list.show(one.id, true);
  assert.deepEqual([list.seen(one.id), list.seen(two.id)], [true, true]);
  list.undo();
  assert.equal(list.shapes.length, 0);
});

test("lengths and areas have the decimals of a pixel, and those on slides are in micrometres where they are small", () => {
  const length = (/** @type {number} */ px, /** @type {number|null} */ each, kind = "patient") =>
    lengthText({ px, mm: each === null ? null : px * each, spacing_kind: kind });
  assert.equal(length(10.04, 0.66), "6.6 mm");
  assert.equal(length(10.04, 0.07), "0.70 mm");
  assert.equal(length(10, 2), "20.0 mm");
  assert.equal(length(123, 0.009), "1.107 mm");
  assert.equal(length(10, null), "10.0 px");
  assert.equal(length(1000, 0.0005, "slide"), "500.0 µm");
  assert.equal(length(4000, 0.00025, "slide"), "1.0000 mm");
  const area = (/** @type {number} */ pixels, /** @type {number|null} */ each, kind = "patient") =>
    areaText({ pixels, area_mm2: each === null ? null : pixels * each ** 2, spacing_kind: kind });
  assert.equal(area(100, 0.5), "25.0 mm²");
  assert.equal(area(100, 0.07), "0.49 mm²");
  assert.equal(area(10000, 0.5), "2500 mm²");
  assert.equal(area(100, null), "100 px");
  assert.equal(area(100, 0.0005, "slide"), "25.0 µm²");
});
