// Names of patients as they are read, and the series by patient and study.

import assert from "node:assert/strict";
import { test } from "node:test";
import { searchedText, studiesOf } from "../../../src/hounsfield/web/static/panels/studies.js";
import { personName } from "../../../src/hounsfield/web/static/words/person_name.js";

test("names are read as people write them", () => {
  for (const [value, read] of [
    ["Doe^John", "Doe, John"],
    ["Doe", "Doe"],
    ["^John", "John"],
    ["", ""],
    ["^^^^", ""],
    ["==", ""],
    ["Zhang^XiaoDong=张^小东", "张小东 (Zhang, XiaoDong)"],
    // Examples of PS3.5 6.2.1.1, H.3.1 and I.2
    ["Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams, John Robert Quincy, Rev., B.A. M.Div."],
    ["Morrison-Jones^Susan^^^Ph.D., Chief Executive Officer", "Morrison-Jones, Susan, Ph.D., Chief Executive Officer"],
    ["Yamada^Tarou=山田^太郎=やまだ^たろう", "山田太郎 (Yamada, Tarou)"],
    ["Hong^Gildong=洪^吉洞=홍^길동", "洪吉洞 (Hong, Gildong)"],
    ["=张^小东", "张小东"],
    ["张^小东", "张小东"],
    ["==やまだ^たろう", "やまだたろう"],
    ["Doe^John=Doe^John", "Doe, John"],
  ]) {
    assert.equal(personName(value), read, value);
  }
});

const item = (id, patient, study, number) => ({
  id,
  patient_key: patient,
  study_key: study,
  series_number: number,
  modality: "CT",
  description: "chest",
  patient: { name: "Doe^John", id: "P7" },
  study_date: "20240131",
  study_description: "Follow-up",
});

test("series stand by patient and study as these first come, those of a study by their numbers", () => {
  const items = [
    item("a", "P", "S", 3),
    item("b", "Q", "T", 1),
    item("c", "P", "U", 1),
    item("d", "P", "S", null),
    item("e", "P", "S", 0),
    item("f", "P", "S", 3),
  ];
  const told = studiesOf(items).map(({ patient, study, items: some }) => [patient, study, some.map(({ id }) => id)]);
  assert.deepEqual(told, [
    [1, 1, ["e", "a", "f", "d"]],
    [1, 2, ["c"]],
    [2, 1, ["b"]],
  ]);
});

test("a search looks at the patient and the study, unless these are hidden", () => {
  const one = item("a", "P", "S", null);
  for (const text of ["Doe, John", "Doe^John", "P7", "2024-01-31", "Follow-up", "chest"]) {
    assert.ok(searchedText(one, false).includes(text), text);
  }
  assert.equal(searchedText(one, true).trim(), "CT  chest");
  assert.ok(!searchedText({ ...one, description: null }, true).includes("null"));
});
