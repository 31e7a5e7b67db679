// Planes of any direction as the server cuts them. Knows addresses and answers.

import { ask, frameAddress, readFrame } from "./server.js";

/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").Stack} Stack */

/** @param {string} id @returns {Promise<import("../place/plane_set.js").Axes>} */
export async function loadAxes(id) {
  return (await ask(`api/items/${id}/axes`)).json();
}

/**
 * The plane through a point, in one answer: its place is not known before.
 * @param {Stack} stack
 * @returns {Promise<{description: Description, index: number, frame: import("../types.js").Frame}>}
 */
export async function loadThrough(stack) {
  const answer = await ask(frameAddress(stack, "through"));
  const { index, ...place } = JSON.parse(answer.headers.get("X-Plane") ?? "{}");
  const description = { ...stack.description, ...place };
  return { description, index, frame: await readFrame(answer, description) };
}
