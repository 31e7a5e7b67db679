// What the server knows of masks: made, deleted, their pixels, histograms, files, and code that makes them. Knows addresses and answers.

import { ask, frameAddress } from "./server.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Mask} Mask */
/** @typedef {{edges: number[], counts: number[], unit: string, pixels: number, padding_pixels: number}} Histogram */
/** @typedef {{scope: "frame"|"volume", view: string, frame: number, recipe: object, mask?: string, name?: string, color?: string}} MaskWish */

/** @typedef {{number: number, label: string, meaning: string, color: string|null}} Segment */
/** @typedef {{id: string, description: string, segments: Segment[]}} Segmentation */
/** An area that was drawn. @typedef {{kind: string, points: [number, number][]}} Area */

/** How the server calls an image of a stack; null of one on which no mask is made. @param {Stack} stack */
export function viewName(stack) {
  const turned = Object.keys(stack.query ?? {}).length > 0;
  if (stack.state || stack.tiled || turned || stack.slab > 0) return null;
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

/** The segments of segmentations that are of an item. @param {string} id @returns {Promise<Segmentation[]>} */
export async function listSegments(id) {
  return (await (await ask(`api/items/${id}/segments`)).json()).segmentations;
}

/** @param {string} id @param {string} mask */
export async function deleteMask(id, mask) {
  await ask(`api/items/${id}/masks/${mask}/delete`, { method: "POST" });
}

/** @param {string} id @param {string} mask @param {string} what @param {object} [said] @returns {Promise<Mask>} */
async function changeMask(id, mask, what, said = {}) {
  const answer = await ask(`api/items/${id}/masks/${mask}/${what}`, { method: "POST", body: JSON.stringify(said) });
  return (await answer.json()).mask;
}

/**
 * @param {string} id
 * @param {string} mask
 * @param {{view: string, frame: number} & import("../numbers/brush.js").Stroke} stroke
 */
export const drawOnMask = (id, mask, stroke) => changeMask(id, mask, "strokes", stroke);

/** @param {string} id @param {string} mask @param {"undo"|"redo"} what */
export const stepMask = (id, mask, what) => changeMask(id, mask, what);

/** @param {string} id @param {string} mask @param {{name?: string, color?: string}} look */
export const setLookOf = (id, mask, look) => changeMask(id, mask, "look", look);

/** Whether a mask of one image is of this one. @param {Mask} mask @param {Stack} stack @param {number} index */
export const isOfImage = (mask, stack, index) => mask.view === viewName(stack) && mask.frame === index;

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

/**
 * The bounds that an area of an image suggests.
 * @param {string} id
 * @param {{view: string, frame: number, regions: Area[]}} of
 * @returns {Promise<{above: number, below: number}>}
 */
export async function loadThreshold(id, of) {
  return (await ask(`api/items/${id}/threshold`, { method: "POST", body: JSON.stringify(of) })).json();
}

/** @param {string} id @param {string} mask @param {Record<string, string>} wish @returns {Promise<Blob>} */
export async function loadMaskFile(id, mask, wish) {
  return (await ask(`api/items/${id}/masks/${mask}/save?${new URLSearchParams(wish)}`)).blob();
}
