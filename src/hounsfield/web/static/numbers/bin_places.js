// Where values stand over a histogram, and which value stands at a place. Knows numbers only.

/**
 * @param {number[]} edges of the bins, rising
 * @param {number} value
 * @returns {number} 0 at the first edge, 1 at the last
 */
export function placeOf(edges, value) {
  const [low, high] = [edges[0], edges[edges.length - 1]];
  return Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
}

/**
 * The value at a place, as round as a step of a pixel allows.
 * @param {number[]} edges
 * @param {number} place
 * @param {number} pixels how many places there are
 */
export function valueAt(edges, place, pixels) {
  const [low, high] = [edges[0], edges[edges.length - 1]];
  const value = low + Math.min(1, Math.max(0, place)) * (high - low);
  const digits = Math.max(0, Math.ceil(-Math.log10((high - low) / pixels || 1)));
  return Number(value.toFixed(Math.min(12, digits)));
}

/**
 * How high each bin stands: small counts are seen beside large ones.
 * @param {number[]} counts
 */
export function heightsOf(counts) {
  const most = Math.sqrt(Math.max(1, ...counts));
  return counts.map((count) => Math.sqrt(count) / most);
}
