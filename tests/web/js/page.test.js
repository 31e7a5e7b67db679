// The page's pure functions. What needs the library's values is compared in library.test.js.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { actionOf, KEYS } from "../../../src/hounsfield/web/static/input/key_map.js";
import { dragWindow, roundWindow } from "../../../src/hounsfield/web/static/numbers/grey.js";
import { distanceToSegment, frameOnRail, wheelSteps } from "../../../src/hounsfield/web/static/numbers/hit_test.js";
import { fixed, scaleBar, shortNumber } from "../../../src/hounsfield/web/static/numbers/numbers.js";
import { stepOf, subsample } from "../../../src/hounsfield/web/static/numbers/subsample.js";
import { filterRows, matches } from "../../../src/hounsfield/web/static/panels/search.js";
import { frameAt, RateMeter, timingOf } from "../../../src/hounsfield/web/static/panes/cine_timing.js";
import { letterOf, screenLetters, toIndex, toPatient } from "../../../src/hounsfield/web/static/place/geometry.js";
import { referenceLine } from "../../../src/hounsfield/web/static/place/reference_line.js";
import * as views from "../../../src/hounsfield/web/static/place/view_transform.js";
import { ByteCache } from "../../../src/hounsfield/web/static/server/byte_cache.js";
import { readFragment, writeFragment } from "../../../src/hounsfield/web/static/state/address.js";
import { CHINESE } from "../../../src/hounsfield/web/static/words/words_zh.js";

const STATIC = new URL("../../../src/hounsfield/web/static/", import.meta.url);
const FILES = readdirSync(STATIC, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => /\.\w+$/.test(name));
const MODULES = FILES.filter((name) => name.endsWith(".js") && name !== "types.js");

/** Rooms of the page, lowest first: each may know itself and those before it. */
const ROOMS = ["numbers", "words", "state", "place", "server", "drawing", "input", "panes", "panels", "notebook"];
const near = (actual, expected, within = 1e-9) => {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) <= within, `${actual} is not ${expected}`);
  });
};
const image = (rows, columns, more = {}) => ({ rows, columns, pixel_spacing: null, pixel_aspect: null, ...more });
const still = { zoom: 1, x: 0, y: 0, turns: 0, flipped: false };

test("pixels that are not square keep their shape", () => {
  const d = image(100, 50, { pixel_spacing: [2, 1] });
  near(views.extent(d, 0), [50, 200]);
  near(views.extent(d, 1), [200, 50]);
  const view = views.fit(d, { width: 400, height: 400 });
  assert.equal(view.zoom, 2);
  near(views.apply(views.toCanvas(d, view, { width: 400, height: 400 }), 0, 0), [150, 0]);
  near(views.pixelShape(image(1, 1, { pixel_aspect: [3, 4] })), [4 / 3, 1]);
});

test("a place of the canvas and its pixel lead to each other, whatever the turn and flip", () => {
  const canvas = { width: 640, height: 480 };
  const d = image(30, 70, { pixel_spacing: [0.5, 0.8] });
  for (let turns = 0; turns < 4; turns++) {
    for (const flipped of [false, true]) {
      const m = views.toCanvas(d, { zoom: 3.3, x: 12, y: -7, turns, flipped }, canvas);
      const place = views.apply(m, 12.5, 20.5);
      near(views.unapply(m, ...place), [12.5, 20.5]);
      assert.deepEqual(views.pixelAt(d, m, ...place), { row: 20, column: 12 });
    }
  }
});

test("a turn is clockwise and a flip exchanges what the screen shows as left and right", () => {
  const d = image(10, 10);
  const canvas = { width: 10, height: 10 };
  const corner = (view) => views.apply(views.toCanvas(d, view, canvas), 0.5, 0.5);
  near(corner(still), [0.5, 0.5]);
  near(corner(views.turn(still)), [9.5, 0.5]);
  near(corner(views.flip(still, "horizontal")), [9.5, 0.5]);
  near(corner(views.flip(still, "vertical")), [0.5, 9.5]);
  near(corner(views.flip(views.turn(still), "horizontal")), [0.5, 0.5]);
  near(corner(views.flip(views.turn(still), "vertical")), [9.5, 9.5]);
});

test("zooming leaves the place under the cursor where it is", () => {
  const d = image(100, 100);
  const canvas = { width: 300, height: 200 };
  const at = [40, 90];
  const before = views.unapply(views.toCanvas(d, still, canvas), ...at);
  const view = views.zoomAbout(still, 1.7, at[0] - 150, at[1] - 100);
  near(views.unapply(views.toCanvas(d, view, canvas), ...at), before);
});

test("a scale bar is as long as it says", () => {
  assert.deepEqual(scaleBar(0.5, 110), { mm: 50, pixels: 100, label: "5 cm" });
  assert.equal(scaleBar(0.001, 300)?.label, "0.2 mm");
  assert.equal(scaleBar(0.00025, 300)?.label, "50 µm");
  assert.equal(scaleBar(0, 300), null);
  assert.equal(views.millimetres(image(1, 1, { pixel_spacing: [2, 0.5] }), { ...still, zoom: 2 }), 0.25);
});

test("letters follow turns and flips; oblique directions have several", () => {
  const letters = { left: "R", right: "L", top: "A", bottom: "P" };
  assert.deepEqual(screenLetters(letters, views.turn(still)), { top: "R", bottom: "L", right: "A", left: "P" });
  assert.deepEqual(screenLetters(letters, views.flip(still, "horizontal")), {
    left: "L",
    right: "R",
    top: "A",
    bottom: "P",
  });
  assert.equal(letterOf([0.8, 0.6, 0]), "LP");
  assert.equal(letterOf([0, 0.05, -1]), "F");
  assert.equal(letterOf([0, 0, 0]), "");
});

test("index and patient lead to each other; planes cut each other where they should", () => {
  const axial = {
    rows: 100,
    columns: 80,
    affine: [
      [0, 0, 1, -40],
      [0, 1, 0, -50],
      [3, 0, 0, 10],
      [0, 0, 0, 1],
    ],
  };
  const coronal = {
    rows: 60,
    columns: 80,
    affine: [
      [0, 0, 1, -40],
      [1, 0, 0, -50],
      [0, -1, 0, 60],
      [0, 0, 0, 1],
    ],
  };
  assert.deepEqual(toPatient(axial.affine, 2, 3, 4), [-36, -47, 16]);
  near(toIndex(axial.affine, [-36, -47, 16]), [2, 3, 4]);
  const line = referenceLine(axial, 0, coronal, 20);
  near(
    line.map((place) => place[0]),
    [20, 20],
  );
  near(
    line.map((place) => place[1]).sort((a, b) => a - b),
    [-0.5, 79.5],
  );
  assert.equal(referenceLine(axial, 0, axial, 3), null);
  assert.equal(
    toIndex(
      [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 1],
      ],
      [1, 1, 1],
    ),
    null,
  );
});

test("the cache keeps to its bytes and lets go of what was used longest ago", () => {
  const cache = new ByteCache(100);
  cache.set("a", 1, 40);
  cache.set("b", 2, 40);
  cache.get("a");
  cache.set("c", 3, 40);
  assert.deepEqual([cache.has("a"), cache.has("b"), cache.has("c"), cache.bytes], [true, false, true, 80]);
  cache.set("huge", 4, 1000);
  assert.deepEqual([...cache.entries.keys()], ["huge"]);
  cache.set("a", 1, 10);
  assert.equal(cache.bytes, 10);
});

test("cine keeps unequal times, and the rate of the file", () => {
  const timing = timingOf({ frames: 3, frame_times: { ms: [0, 100, 400], per_second: 10, origin: "" } });
  assert.deepEqual(
    [0, 99, 100, 399, 400, 499, 500].map((ms) => frameAt(timing, ms)),
    [0, 0, 1, 1, 2, 2, 0],
  );
  const unknown = timingOf({ frames: 5, frame_times: null });
  assert.deepEqual([unknown.rate, unknown.recorded, unknown.length], [10, false, 500]);
  assert.equal(frameAt(timingOf({ frames: 4, frame_times: { ms: [], per_second: 20, origin: "" } }, 2), 26), 1);
  const meter = new RateMeter();
  for (let ms = 0; ms <= 1000; ms += 50) meter.shown(ms);
  assert.equal(meter.rate(), 20);
});

test("keys of the browser stay the browser's; no key does two things", () => {
  assert.equal(actionOf({ key: "R" }), "turn");
  assert.equal(actionOf({ key: "r", ctrlKey: true }), null);
  assert.equal(actionOf({ key: "Tab" }), null);
  const keys = KEYS.flatMap(([, , names]) => names);
  assert.equal(new Set(keys).size, keys.length);
});

test("wheels of mice and touch pads", () => {
  assert.deepEqual(wheelSteps(0, { deltaY: 100, deltaMode: 0 }), { steps: 1, rest: 0 });
  assert.deepEqual(wheelSteps(0, { deltaY: -3, deltaMode: 1 }), { steps: -1, rest: 0 });
  assert.deepEqual(wheelSteps(28, { deltaY: 4, deltaMode: 0 }), { steps: 1, rest: 2 });
  assert.deepEqual(wheelSteps(28, { deltaY: -4, deltaMode: 0 }), { steps: 0, rest: -4 });
  assert.deepEqual(
    [-1, 0, 0.5, 1].map((along) => frameOnRail(along, 10)),
    [0, 0, 5, 9],
  );
  assert.equal(distanceToSegment([5, 3], [0, 0], [10, 0]), 3);
});

test("a drag to the right widens, upwards brightens, and leaves a VOI LUT", () => {
  const voi = { center: 40, width: 400, function: "LINEAR" };
  assert.deepEqual(dragWindow(voi, 0.1, -0.1, 1000), { center: -60, width: 500, function: "LINEAR" });
  assert.equal(dragWindow(voi, -9, 0, 1000).width, 1);
  const table = {
    center: null,
    width: null,
    function: "TABLE",
    table: { first: 10, bits: 8, entries: new Array(101).fill(0) },
  };
  assert.deepEqual(dragWindow(table, 0, 0, 1000), { center: 60, width: 100, function: "LINEAR" });
});

test("windows are rounded to numbers that can be read, never to nothing", () => {
  const voi = { center: 37.41234, width: 443.926, function: "LINEAR" };
  assert.deepEqual(roundWindow(voi, 1200), { center: 37, width: 444, function: "LINEAR" });
  assert.deepEqual(roundWindow(voi, 60), { center: 37.4, width: 443.9, function: "LINEAR" });
  assert.deepEqual(roundWindow({ ...voi, width: 0.3 }, 6000), { center: 40, width: 10, function: "LINEAR" });
  assert.deepEqual(roundWindow({ ...voi, center: 1e-7, width: 3.3333e-6 }, 1e-5).width, 3.33e-6);
});

test("search finds tags, words and values, and the sequences around them", () => {
  const row = (depth, tag, name, value = "") => ({
    depth,
    tag,
    vr: "",
    keyword: name.replaceAll(" ", ""),
    name,
    value,
  });
  const rows = [
    row(0, "00080060", "Modality", "CT"),
    row(0, "00540016", "Outer Sequence"),
    row(1, "00181074", "Total Dose", "5"),
    row(0, "00280010", "Rows", "512"),
  ];
  const names = (query) => filterRows(rows, query).map((each) => each.name);
  assert.deepEqual(names("dose"), ["Outer Sequence", "Total Dose"]);
  assert.deepEqual(names("0008"), ["Modality"]);
  assert.deepEqual(
    names(" "),
    rows.map((each) => each.name),
  );
  assert.ok(matches("ct CHEST", "Chest CT 5 mm"));
});

test("large images are painted in part while the window is dragged", () => {
  assert.deepEqual([stepOf(512 * 512, 0.1), stepOf(4096 * 3328, 0.24), stepOf(4096 * 3328, 2)], [1, 4, 1]);
  const raw = Int16Array.from({ length: 15 }, (_, i) => i);
  assert.deepEqual(subsample(raw, 3, 5, 2, 1), { raw: Int16Array.of(0, 2, 4, 10, 12, 14), rows: 2, columns: 3 });
  assert.deepEqual([...subsample(Uint8Array.from(raw), 1, 5, 3, 3).raw], [0, 1, 2, 9, 10, 11]);
});

test("numbers are short, with a real minus sign", () => {
  assert.deepEqual([shortNumber(-1000), shortNumber(0.1 + 0.2), fixed(-0.04, 1)], ["\u22121000", "0.3", "0.0"]);
});

test("the fragment is a token once, and our ids afterwards", () => {
  assert.equal(readFragment("#abc-_1").token, "abc-_1");
  assert.deepEqual(readFragment(writeFragment({ show: "x_1", frame: 3, layout: "2", at: "1.5,2.0,0.25" })), {
    token: null,
    show: "x_1",
    frame: 3,
    layout: "2",
    at: "1.5,2.0,0.25",
  });
});

test("every word of the page has its Chinese", () => {
  const calls =
    /\b(?:t|setWords|labelled|group)\((?:this\.\w+, |\w+, )?"((?:[^"\\]|\\.)+)"|\b(?:t|label): "((?:[^"\\]|\\.)+)"/g;
  const missing = MODULES.filter((name) => !name.endsWith("words_zh.js"))
    .flatMap((name) =>
      [...readFileSync(new URL(name, STATIC), "utf8").matchAll(calls)].map((match) => match[1] ?? match[2]),
    )
    .concat(KEYS.map(([, words]) => words))
    .filter((words) => !(words in CHINESE));
  assert.deepEqual([...new Set(missing)], []);
});

test("rooms of the page know only those below them", () => {
  for (const name of MODULES) {
    const [room, inside] = name.includes("/") ? name.split("/") : ["", name];
    const code = readFileSync(new URL(name, STATIC), "utf8").replaceAll(/\/\*\*[\s\S]*?\*\//g, "");
    for (const [, from] of code.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const path = new URL(from, new URL(name, "file:///")).pathname.slice(1);
      assert.ok(FILES.includes(path), `${name} loads ${from}`);
      const other = path.includes("/") ? path.split("/")[0] : "";
      if (inside === "main.js") continue;
      assert.ok(path === "dom.js" ? room !== "numbers" : other !== "", `${name} loads ${path}`);
      if (room && other) assert.ok(ROOMS.indexOf(other) <= ROOMS.indexOf(room), `${name} loads ${path}`);
    }
    if (room) assert.ok(ROOMS.includes(room), name);
  }
});

test("modules are short, say what they may know, and load nothing from elsewhere", () => {
  for (const name of FILES) {
    const text = readFileSync(new URL(name, STATIC), "utf8");
    assert.doesNotMatch(text, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/, name);
    assert.doesNotMatch(
      text,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|webgl/i,
      name,
    );
    if (!name.endsWith(".js")) continue;
    assert.ok(text.split("\n").length <= 401, name);
    assert.match(text.split("\n\n")[0], /^\/\/[\s\S]*[Kk]nows/, name);
  }
  const html = readFileSync(new URL("index.html", STATIC), "utf8");
  assert.doesNotMatch(html, /style=|\son\w+=|<script(?![^>]*src=)/);
});
