// Words of the panel Display in Chinese, by their English words. Knows nothing.

/** @type {Record<string, string>} */
export const DISPLAY_WORDS = {
  "window {n}": "窗 {n}",
  inverted: "已反相",
};
