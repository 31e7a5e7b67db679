// What is shown, in the fragment of the page's address: our ids only. Knows text only.

/** `at`: row, column and zoom of a slide. @typedef {{show: string|null, frame: number|null, layout: string|null, at: string|null}} Shown */

/**
 * The fragment is either a token, once, or what is shown.
 * @param {string} hash
 * @returns {{token: string|null} & Shown}
 */
export function readFragment(hash) {
  const text = hash.replace(/^#/, "");
  if (text && !text.includes("=")) return { token: text, show: null, frame: null, layout: null, at: null };
  const query = new URLSearchParams(text);
  const frame = query.get("frame");
  return {
    token: null,
    show: query.get("show"),
    frame: frame !== null && /^\d+$/.test(frame) ? Number(frame) : null,
    layout: query.get("layout"),
    at: query.get("at"),
  };
}

/**
 * @param {Shown} shown
 */
export function writeFragment({ show, frame, layout, at }) {
  if (!show) return "";
  const query = new URLSearchParams({ show });
  if (frame !== null) query.set("frame", String(frame));
  if (layout && layout !== "1") query.set("layout", layout);
  if (at) query.set("at", at);
  return `#${query}`;
}
