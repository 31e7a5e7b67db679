// What the server knows of masks: made, deleted, their pixels, histograms, files, and code that makes them. Knows addresses and answers.

import { ask, frameAddress } from "./server.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Mask} Mask */
/** @typedef {{edges: number[], counts: number[], unit: string, pixels: number, padding_pixels: number}} Histogram */
/** @typedef {{scope: "frame"|"volume", view: string, frame: number, recipe: object, mask?: string}} MaskWish */

/** How the server calls an image of a stack; null of one on which no mask is made. @param {Stack} stack */
export function viewName(stack) {
  if (stack.state || stack.tiled || Object.keys(stack.query ?? {}).length || stack.slab > 0) return null;
  return stack.plane ? `planes/${stack.plane}` : "frames";
}

/** @param {string} id @param {MaskWish} wish @returns {Promise<Mask>} */
export async function makeMask(id, wish) {
  const answer = await ask(`api/items/${id}/masks`, { method: "POST", body: JSON.stringify(wish) });
  return (await answer.json()).mask;
}

/** @param {string} id @returns {Promise<Mask[]>} */
export async function listMasks(id) {
  return (await (await ask(`api/items/${id}/masks`)).json()).masks;
}

/** @param {string} id @param {string} mask */
export async function deleteMask(id, mask) {
  await ask(`api/items/${id}/masks/${mask}/delete`, { method: "POST" });
}

/**
 * Which pixels of a frame a mask selects, one bit each; null where it is of another image.
 * @param {Stack} stack
 * @param {number} index
 * @param {string} mask
 */
export async function loadMaskBits(stack, index, mask) {
  const items = `api/items/${stack.id}/`;
  const answer = await ask(frameAddress(stack, index).replace(items, `${items}masks/${mask}/`));
  return answer.status === 204 ? null : new Uint8Array(await answer.arrayBuffer());
}

/**
 * What is shown as a program and as a command.
 * @param {string} id
 * @param {object} shown
 * @returns {Promise<{python: string, command: string|null, why_no_command: string|null}>}
 */
export async function loadCode(id, shown) {
  return (await ask(`api/items/${id}/code`, { method: "POST", body: JSON.stringify(shown) })).json();
}

/** @param {string} id @param {string} query @returns {Promise<Histogram>} */
export async function loadHistogram(id, query) {
  return (await ask(`api/items/${id}/histogram?${query}`)).json();
}

/** @param {string} id @param {string} mask @param {Record<string, string>} wish @returns {Promise<Blob>} */
export async function loadMaskFile(id, mask, wish) {
  return (await ask(`api/items/${id}/masks/${mask}/save?${new URLSearchParams(wish)}`)).blob();
}
