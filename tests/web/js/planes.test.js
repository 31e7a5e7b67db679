// Planes, how they are turned, and the lines in which they cut one another; those of the library stand in
// HOUNSFIELD_PAGE_VALUES (see library.test.js).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { atFrame } from "../../../src/hounsfield/web/static/panes/frame_places.js";
import { HandLinks } from "../../../src/hounsfield/web/static/panes/hand_links.js";
import { Links } from "../../../src/hounsfield/web/static/panes/linking.js";
import { cross, dot, letterOf, toIndex, toPatient } from "../../../src/hounsfield/web/static/place/geometry.js";
import { keptView } from "../../../src/hounsfield/web/static/place/keep_view.js";
import { angleIn, PlaneSet, turned, wrapped } from "../../../src/hounsfield/web/static/place/plane_set.js";
import { clip, referenceLine } from "../../../src/hounsfield/web/static/place/reference_line.js";
import { apply, toCanvas } from "../../../src/hounsfield/web/static/place/view_transform.js";

const path = process.env.HOUNSFIELD_PAGE_VALUES;
const skip = path ? false : "HOUNSFIELD_PAGE_VALUES is not set: run tests/web/test_page_functions.py";
const values = path ? JSON.parse(readFileSync(path, "utf8")) : {};
const near = (actual, expected, within = 1e-9) => {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) <= within, `${actual} is not ${expected}`);
  });
};
const AXES = {
  patient: { axial: [1, 0, 0, 0, 1, 0], coronal: [1, 0, 0, 0, 0, -1], sagittal: [0, 1, 0, 0, 0, -1] },
  own: { axial: [0.8, 0.6, 0, -0.6, 0.8, 0], coronal: [0.8, 0.6, 0, 0, 0, -1], sagittal: [-0.6, 0.8, 0, 0, 0, -1] },
  differ: true,
  sheared: false,
};
const normal = (cosines) => cross(cosines.slice(0, 3), cosines.slice(3));

test("letters of directions are the library's", { skip }, () => {
  for (const { vector, letters } of values.directions) assert.equal(letterOf(vector), letters);
});

test("lines of one plane in another are where the library says that both planes are", { skip }, () => {
  assert.ok(values.lines.length > 20);
  for (const { here, other, on } of values.lines) {
    const line = referenceLine(here, here.index, other, other.index);
    assert.equal(line !== null, on.length > 0);
    if (!line) continue;
    const [from, to] = line;
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    let [first, last] = [1, 0];
    for (const [row, column] of on) {
      const share = ((row - from[0]) * (to[0] - from[0]) + (column - from[1]) * (to[1] - from[1])) / length ** 2;
      const aside = ((row - from[0]) * (to[1] - from[1]) - (column - from[1]) * (to[0] - from[0])) / length;
      assert.ok(Math.abs(aside) < 1e-6 && share > -1e-6 && share < 1 + 1e-6, `${row}, ${column} on ${line}`);
      [first, last] = [Math.min(first, share), Math.max(last, share)];
    }
    // The library was asked every hundredth of the line: its ends are no further than that from ours.
    assert.ok(first < 0.03 && last > 0.97, `${first} to ${last}`);
  }
});

test("a line ends at the outer edges of the outer pixels", () => {
  near(clip([-10, 4], [30, 4], 20, 9).flat(), [-0.5, 4, 19.5, 4]);
  near(clip([0, -10], [0, 100], 20, 9).flat(), [0, -0.5, 0, 8.5]);
  near(clip([3, 3], [5, 5], 20, 9).flat(), [3, 3, 5, 5]);
  near(clip([-2, -2], [4, 4], 20, 9).flat(), [-0.5, -0.5, 4, 4]);
  assert.equal(clip([-3, 0], [-3, 8], 20, 9), null);
  assert.equal(clip([-3, 2], [2, -3], 20, 9), null);
});

test("planes stay at right angles however they are turned", () => {
  const set = new PlaneSet(AXES);
  const names = Object.keys(AXES.patient);
  for (let i = 0; i < 300; i++) set.turn(names[(i * i) % 3], Math.sin(i), [1, 2, 3]);
  const normals = names.map((plane) => normal(set.planes[plane]));
  for (const [i, a] of normals.entries()) {
    near([dot(a, a)], [1]);
    for (const b of normals.slice(i + 1)) near([dot(a, b)], [0], 1e-12);
  }
});

test("lines are turned as far as is asked for, and others keep their angle", () => {
  const set = new PlaneSet(AXES);
  set.turn("axial", 0.3, [1, 2, 3]);
  near(set.planes.axial, AXES.patient.axial);
  near(set.planes.coronal, [Math.cos(0.3), Math.sin(0.3), 0, 0, 0, -1]);
  set.turn("coronal", -0.2, [1, 2, 3]);
  near(Object.values(set.angles), [0.3, -0.2, 0]);
  // The line of the coronal plane is seen in the axial one at the angle that was asked for.
  const along = cross(normal(set.planes.coronal), normal(set.planes.axial));
  near([Math.abs(Math.tan(angleIn(set.planes.axial, [0, 0, 0], along)))], [Math.tan(0.3)]);
  set.straighten();
  assert.deepEqual(set.planes, AXES.patient);
  assert.deepEqual(Object.values(set.angles), [0, 0, 0]);
  near([wrapped(3.5), wrapped(-3.5)], [3.5 - 2 * Math.PI, 2 * Math.PI - 3.5]);
  near(turned([1, 0, 0], [0, 0, 1], Math.PI / 2), [0, 1, 0]);
});

test("the server is asked for named planes where nothing is turned, and for directions else", () => {
  const set = new PlaneSet(AXES);
  assert.deepEqual([set.query("axial"), set.kind("axial")], [{}, "patient"]);
  set.rectified = true;
  assert.deepEqual(set.query("axial"), { rectified: "1" });
  set.rectified = false;
  set.setBase("own");
  assert.deepEqual([set.query("axial"), set.kind("axial")], [{ row: "0.8,0.6,0", column: "-0.6,0.8,0" }, "own"]);
  set.setBase("patient");
  set.turn("axial", 0.1, [1, 2, 3]);
  assert.deepEqual(set.query("axial"), {});
  assert.equal(set.query("coronal").through, "1,2,3");
  assert.equal(set.kind("coronal"), "oblique");
});

test("another plane is shown at the same size, with the crosshair where it was", () => {
  const canvas = { width: 640, height: 480 };
  const before = { d: { rows: 50, columns: 60, pixel_spacing: [2, 1] }, at: [20.5, 33] };
  const after = { d: { rows: 80, columns: 30, pixel_spacing: [1.5, 3] }, at: [44, 7.25] };
  const view = { zoom: 2.3, x: 14, y: -9, turns: 1, flipped: true };
  const next = keptView(view, before, after, canvas);
  const place = ({ d, at }, v) => apply(toCanvas(d, v, canvas), at[1] + 0.5, at[0] + 0.5);
  near(place(after, next), place(before, view));
  near([next.zoom / 1.5], [view.zoom / 1]);
});

test("a frame with a plane of its own is a slice of its own number", () => {
  const m = [
    [0, 0, 2, 5],
    [0, 2, 0, 6],
    [1, 0, 0, 7],
    [0, 0, 0, 1],
  ];
  assert.deepEqual(toPatient(atFrame(m, 4), 4, 1, 2), toPatient(m, 0, 1, 2));
  near(toIndex(atFrame(m, 4), toPatient(m, 0, 1, 2)), [4, 1, 2]);
});

/** A pane as far as links know it. */
function pane(id, step, frames, index, place = true) {
  const affine = [
    [0, 0, 1, 0],
    [0, 1, 0, 0],
    [step, 0, 0, 100],
    [0, 0, 0, 1],
  ];
  const d = { id, frames, rows: 4, columns: 4, affine: place ? affine : null, frame_of_reference: null };
  const made = { stack: { id, plane: null, description: d }, index, redraw() {}, placed: () => d };
  made.go = (to) => {
    made.index = Math.min(Math.max(to, 0), frames - 1);
  };
  return made;
}

test("panes that are linked by hand keep their distance in millimetres", () => {
  const [a, b] = [pane("a", 2, 50, 10), pane("b", 5, 40, 20)];
  const hand = new HandLinks(new Links(() => [a, b]));
  assert.ok(hand.toggle(a));
  assert.deepEqual(
    [hand.offset(a), hand.offset(b)],
    [
      { offset: 20 - 100, mm: true },
      { offset: 100 - 20, mm: true },
    ],
  );
  a.index = 20; // 20 mm on: 4 slices of 5 mm
  hand.moved(a);
  assert.equal(b.index, 24);
  b.index = 22;
  hand.moved(b);
  assert.equal(a.index, 15);
  assert.equal(hand.toggle(a), false);
  assert.equal(hand.offset(a), null);
});

test("stacks that run the other way follow in the patient, and those without a place by slices", () => {
  const [a, b, c] = [pane("a", 2, 50, 10), pane("b", -2, 40, 20), pane("c", 1, 30, 5, false)];
  const hand = new HandLinks(new Links(() => [a, b, c]));
  hand.toggle(a);
  a.index = 13;
  hand.moved(a);
  assert.deepEqual([b.index, c.index], [17, 8]);
  assert.deepEqual(hand.offset(c), { offset: 5 - 10, mm: false });
  b.stack = { ...b.stack, id: "another" };
  assert.equal(hand.offset(a), null);
});

test("panes of one frame of reference are not linked by hand", () => {
  const [a, b] = [pane("a", 2, 50, 10), pane("b", 5, 40, 20)];
  for (const each of [a, b]) each.stack.description.frame_of_reference = "same";
  const hand = new HandLinks(new Links(() => [a, b]));
  assert.deepEqual([hand.candidates(a).length, hand.toggle(a)], [0, false]);
});
