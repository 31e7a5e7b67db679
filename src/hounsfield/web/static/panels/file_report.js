// What became of every file: how many are shown, what is missing, what the others are. Knows the report.

import { h } from "../dom.js";
import { t } from "../words/words.js";

/** @typedef {import("../types.js").Report} Report */
/** @typedef {Report["others"][number]} Other */

/** What counts are called; outcomes that stand by themselves are not named here. @type {Record<string, string>} */
const WORDS = { volume: "shown", "no volume": "not shown: no slices", duplicate: "copies of others" };

/**
 * @param {{report: Report|null, reading: boolean, items: {size: number}, error: string|null}} state
 * @returns {Node[]}
 */
export function fileReport({ report, reading, items, error }) {
  if (!report) return error ? [h("p", { class: "error", text: error })] : [];
  const { objects } = report;
  const counts = { ...report.counts, "no volume": (report.counts["no volume"] ?? 0) - objects };
  const lines = Object.entries(counts).filter(([, count]) => count > 0);
  if (objects) lines.push(["other DICOM objects", objects]);
  /** @type {(Node|string)[]} */
  const parts = [];
  if (error && lines.length) parts.push(h("p", { class: "error", text: error }));
  if (!reading && !items.size) {
    const why = lines.length ? "None of the files holds an image that can be shown." : "There are no files here.";
    parts.push(h("p", { t: why }));
    parts.push(
      h("p", {
        class: "quiet",
        t: "Drop files, folders or archives onto the page, or open them with the button above.",
      }),
    );
  }
  if (lines.length) parts.push(h("h2", { t: "What became of the files" }), countsOf(lines));
  const { missing, conflicts } = report;
  const lists = { Missing: missing.map((text) => h("li", { text })), Contradictions: conflicts.map(conflictOf) };
  for (const [title, rows] of Object.entries(lists)) {
    if (rows.length) parts.push(h("h2", { t: title }), h("ul", { class: "plain" }, ...rows));
  }
  const kinds = group(
    report.others.filter((other) => other.object),
    (other) => other.kind || other.why,
  );
  if (kinds.length) parts.push(h("h2", { t: "Other DICOM objects" }), ...kinds.map(kindOf));
  const shown = report.others.filter((other) => other.outcome === "volume");
  const rest = report.others.filter((other) => !other.object && other.outcome !== "volume");
  if (rest.length) parts.push(reasonsOf("{n} files are not shown, and why", rest));
  if (shown.length) parts.push(reasonsOf("{n} files are shown, but not all is well", shown));
  if (report.more)
    parts.push(h("p", { class: "quiet", text: t("and {n} more files: hu scan lists all", { n: report.more }) }));
  return /** @type {Node[]} */ (parts);
}

/** @param {[string, number][]} lines */
function countsOf(lines) {
  const rows = lines.map(([outcome, count]) => {
    const name = h("th", { text: t(WORDS[outcome] ?? outcome), attributes: { scope: "row" } });
    return h("tr", {}, h("td", { text: String(count) }), name);
  });
  return h("table", { class: "counts" }, ...rows);
}

/**
 * @param {Other[]} others
 * @param {(other: Other) => string} by
 * @returns {[string, Other[]][]} those that have the same in common, the largest group first
 */
export function group(others, by) {
  /** @type {Map<string, Other[]>} */
  const groups = new Map();
  for (const other of others) groups.set(by(other), [...(groups.get(by(other)) ?? []), other]);
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

/** @param {{name: string}[]} others */
const namesOf = (others) =>
  h("ul", { class: "plain" }, ...others.map(({ name }) => h("li", { class: "name", text: name })));

/** @param {Report["conflicts"][number]} conflict */
function conflictOf({ why, names, more }) {
  const rest = more ? h("p", { class: "quiet", text: t("and {n} more files", { n: more }) }) : null;
  return h("li", {}, why, namesOf(names.map((name) => ({ name }))), rest);
}

/** @param {[string, Other[]]} kind */
function kindOf([kind, others]) {
  return h("details", {}, h("summary", { text: `${others.length} × ${kind}` }), namesOf(others));
}

/** @param {string} title @param {Other[]} others */
function reasonsOf(title, others) {
  const reasons = group(others, (other) =>
    other.outcome === "volume" ? other.why : t("{what}: {why}", { what: t(other.outcome), why: other.why }),
  );
  const parts = reasons.map(([why, some]) =>
    h("li", {}, h("span", { class: "quiet", text: some.length > 1 ? `${some.length} × ${why}` : why }), namesOf(some)),
  );
  const summary = h("summary", { text: t(title, { n: others.length }) });
  return h("details", {}, summary, h("ul", { class: "plain" }, ...parts));
}
