// What is shown, in the fragment of the page's address: our ids only. Knows text only.

/** @typedef {{show: string|null, frame: number|null, layout: string|null}} Shown */

/**
 * The fragment is either a token, once, or what is shown.
 * @param {string} hash
 * @returns {{token: string|null} & Shown}
 */
export function readFragment(hash) {
  const text = hash.replace(/^#/, "");
  if (text && !text.includes("=")) return { token: text, show: null, frame: null, layout: null };
  const query = new URLSearchParams(text);
  const frame = query.get("frame");
  return {
    token: null,
    show: query.get("show"),
    frame: frame !== null && /^\d+$/.test(frame) ? Number(frame) : null,
    layout: query.get("layout"),
  };
}

/**
 * @param {Shown} shown
 */
export function writeFragment({ show, frame, layout }) {
  if (!show) return "";
  const query = new URLSearchParams({ show });
  if (frame !== null) query.set("frame", String(frame));
  if (layout && layout !== "1") query.set("layout", layout);
  return `#${query}`;
}
