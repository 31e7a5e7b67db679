// Words of the page in the chosen language; English words are the keys. Knows both languages, nothing else.

import { CHINESE } from "./words_zh.js";

/** @type {"en"|"zh"} */
let language = "en";

/** @param {"en"|"zh"} chosen */
export function setLanguage(chosen) {
  language = chosen;
}

/**
 * @param {string} words
 * @param {Record<string, string|number>} [values] for {names} in the words
 */
export function t(words, values = {}) {
  const said = language === "zh" ? (CHINESE[words] ?? words) : words;
  const told = said.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  return language === "en"
    ? told.replace(/^1 (\w+)s( are)?\b/, (_, word, are) => `1 ${word}${are ? " is" : ""}`)
    : told;
}
