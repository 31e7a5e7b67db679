// What a browser keeps for the next time: choices only, never what was looked at. Knows its storage.

/** @param {string} key */
export const kept = (key) => {
  try {
    return localStorage.getItem(`hounsfield-${key}`);
  } catch {
    return null;
  }
};

/** @param {string} key @param {string} value */
export const keep = (key, value) => {
  try {
    localStorage.setItem(`hounsfield-${key}`, value);
  } catch {
    // A browser that keeps nothing works as well.
  }
};

/** The language that was chosen, or else the browser's. @returns {"en"|"zh"} */
export const firstLanguage = () => ((kept("language") ?? navigator.language).startsWith("zh") ? "zh" : "en");
