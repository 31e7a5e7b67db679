export const CHINESE = /** @type {Record<string, string>} */ ({});
