// Names of people as they are read, of the value representation PN (PS3.5 6.2.1). Knows text only.

/** Scripts that write the family name first, with nothing between. */
const TOGETHER = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * "Doe^John" is "Doe, John"; what the ideographic part says stands first: "张小东 (Zhang, XiaoDong)".
 * @param {string} text
 */
export function personName(text) {
  const [alphabetic, ideographic, phonetic] = text.split("=").map(groupText);
  const [first, ...others] = [ideographic, alphabetic || phonetic].filter(Boolean);
  return others.length && others[0] !== first ? `${first} (${others[0]})` : (first ?? "");
}

/** @param {string} group family, given, middle name, prefix, suffix */
function groupText(group) {
  const [family = "", given = "", middle = "", ...titles] = group.split("^").map((part) => part.trim());
  const own = [given, middle].filter(Boolean).join(" ");
  const name = family && own && TOGETHER.test(family + own) ? [family + own.replace(" ", "")] : [family, own];
  return [...name, ...titles].filter(Boolean).join(", ");
}
