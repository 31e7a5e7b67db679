// Phases and the account of files: pure parts of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, keyName } from "../../../src/hounsfield/web/static/input/key_map.js";
import { group } from "../../../src/hounsfield/web/static/panels/file_report.js";
import { timingOf } from "../../../src/hounsfield/web/static/panes/cine_timing.js";
import { ItemMap } from "../../../src/hounsfield/web/static/state/item_map.js";

const item = (id, phases = null) => ({ id, phases: phases && { ids: phases } });

test("the id of a phase leads to the item that stands for all, and no list holds it twice", () => {
  const items = new ItemMap([
    ["a", item("a", ["a", "b", "c"])],
    ["d", item("d")],
  ]);
  assert.equal(items.get("c"), items.get("a"));
  assert.equal(items.get("x"), undefined);
  assert.deepEqual([items.size, [...items.keys()], items.has("b")], [2, ["a", "d"], false]);
  assert.equal(new ItemMap(items).get("b").id, "a");
  items.delete("a");
  assert.equal(items.get("b"), undefined);
});

test("items stand in the order of the server, and none is lost", () => {
  const items = new ItemMap(["a", "b", "c"].map((id) => [id, item(id)]));
  assert.deepEqual([...items.inOrder(["c", "x", "a"]).keys()], ["c", "a", "b"]);
});

test("Shift and arrows go through phases; other keys with Shift are as before", () => {
  assert.equal(actionOf({ key: "ArrowUp", shiftKey: true }), "previousPhase");
  assert.equal(actionOf({ key: "ArrowRight", shiftKey: true }), "nextPhase");
  assert.equal(actionOf({ key: " ", shiftKey: true }), "cinePhases");
  assert.equal(actionOf({ key: "ArrowUp" }), "previous");
  assert.equal(actionOf({ key: "+", shiftKey: true }), "zoomIn");
  assert.equal(actionOf({ key: "I", shiftKey: true }), "invert");
  assert.deepEqual([keyName("Shift+ArrowUp"), keyName("+"), keyName("i")], ["Shift+↑", "+", "i"]);
});

test("phases play at unequal recorded times", () => {
  const timing = timingOf({ frames: 3, frame_times: { ms: [0, 50, 120], per_second: 2000 / 120 } });
  assert.deepEqual([timing.starts, timing.length, timing.recorded], [[0, 50, 120], 180, true]);
  assert.equal(timingOf({ frames: 3, frame_times: null }).recorded, false);
});

test("files are grouped by what they have in common, the largest group first", () => {
  const others = ["x", "y", "x"].map((why, i) => ({ name: String(i), why }));
  const names = group(others, (other) => other.why).map(([why, some]) => [why, some.map((each) => each.name)]);
  assert.deepEqual(names, [
    ["x", ["0", "2"]],
    ["y", ["1"]],
  ]);
});
