// The series by patient and study: their order, their headings, what a search finds of them. Knows items.

import { h } from "../dom.js";
import { readableDate } from "../numbers/numbers.js";
import { personName } from "../words/person_name.js";
import { t } from "../words/words.js";

/** @typedef {import("../types.js").Item} Item */
/** The study's number is that among the patient's. @typedef {{key: string, patient: number, study: number, items: Item[]}} Study */

/**
 * Patients, and studies of each, as they first come; series of a study by their numbers, those without behind.
 * @param {Iterable<Item>} items
 * @returns {Study[]}
 */
export function studiesOf(items) {
  /** @type {Map<string, Map<string, Item[]>>} */
  const patients = new Map();
  for (const item of items) {
    const studies = patients.get(item.patient_key) ?? new Map();
    patients.set(item.patient_key, studies.set(item.study_key, [...(studies.get(item.study_key) ?? []), item]));
  }
  return [...patients.values()].flatMap((studies, patient) =>
    [...studies].map(([key, series], study) => ({
      key,
      patient: patient + 1,
      study: study + 1,
      items: series.sort((a, b) => numberOf(a) - numberOf(b)),
    })),
  );
}

/** @param {Item} item */
const numberOf = ({ series_number }) =>
  series_number === null || series_number === "" ? Number.MAX_VALUE : Number(series_number);

/**
 * Whose a study is, and which; numbers while the patient is hidden.
 * @param {Study} study
 * @param {boolean} hidden
 */
export function studyHeading({ patient, study, items: [item] }, hidden) {
  const numbers = [t("Patient {n}", { n: patient }), t("Study {n}", { n: study })];
  const known = hidden ? null : item.patient;
  const whose = known ? [personName(known.name) || t("No patient name"), known.id] : [numbers[0]];
  const which = known ? [readableDate(item.study_date ?? ""), item.study_description ?? ""] : [];
  const line = (/** @type {string[]} */ parts) => parts.filter(Boolean).join(" · ");
  return h("h3", {}, h("bdi", { text: line(whose) }), h("bdi", { text: line(which) || numbers[1] }));
}

/**
 * What a search looks through; while the patient is hidden nothing of theirs.
 * @param {Item} item
 * @param {boolean} hidden
 */
export function searchedText(item, hidden) {
  const { patient, study_date, study_description } = item;
  const own = [item.modality, item.series_number, item.description];
  if (hidden || !patient) return own.join(" ");
  const dates = [study_date, readableDate(study_date ?? "")];
  return [...own, patient.name, personName(patient.name), patient.id, ...dates, study_description].join(" ");
}
