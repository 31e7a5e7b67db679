// Words of the page in a notebook in Chinese, by their English words. Knows nothing.

/** @type {Record<string, string>} */
export const NOTEBOOK_WORDS = {
  "The kernel does not answer. Run the cell again.": "内核没有响应。请重新运行该单元格。",
};
