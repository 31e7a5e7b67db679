// Rows that match what is typed. Knows text only.

/** @typedef {import("../types.js").HeaderRow} HeaderRow */

/**
 * Whether every word stands in the text, whatever its case; tags may be typed with or without brackets and comma.
 * @param {string} query
 * @param {string} text
 */
export function matches(query, text) {
  const where = text.toLowerCase();
  return words(query).every((word) => where.includes(word));
}

/** @param {string} query */
function words(query) {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/**
 * Header rows that match, each below the sequences that it stands in.
 * @param {HeaderRow[]} rows
 * @param {string} query
 * @returns {HeaderRow[]}
 */
export function filterRows(rows, query) {
  if (!query.trim()) return rows;
  /** @type {HeaderRow[]} */
  const kept = [];
  /** @type {HeaderRow[]} */
  const above = [];
  const shown = new Set();
  for (const row of rows) {
    above.length = Math.min(above.length, row.depth);
    above[row.depth] = row;
    const digits = row.tag.replace(/[^0-9a-fx]/gi, "");
    if (!matches(query, `${row.tag} ${digits} ${row.keyword} ${row.name} ${row.value}`)) continue;
    for (const each of above) {
      if (each && !shown.has(each)) {
        shown.add(each);
        kept.push(each);
      }
    }
  }
  return kept;
}
