// What the server knows of a frame beside its values: layers, presentation states, padding, regions, windows of a part.
// Knows addresses and answers.

import { ask, frameAddress } from "./server.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Region} Region */
/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../types.js").Over} Over */
/** @typedef {{image: CanvasImageSource, left: number, top: number, bytes: number}} Layer */

/**
 * @param {Stack} stack
 * @param {number} index
 * @returns {Promise<Over>}
 */
export async function listOver(stack, index) {
  return (await ask(`api/items/${stack.id}/frames/${index}/over`)).json();
}

/**
 * @param {string} id
 * @param {string} state
 * @param {number} frame
 * @returns {Promise<Partial<import("../types.js").Description>>}
 */
export async function describeState(id, state, frame) {
  return (await ask(`api/items/${id}/states/${state}?frame=${frame}`)).json();
}

/**
 * @param {Stack} stack
 * @param {number} index
 * @param {string} query
 * @returns {Promise<Layer|null>}
 */
export async function loadLayer(stack, index, query) {
  const answer = await ask(frameAddress(stack, index, "/layer", query));
  if (answer.status === 204) return null;
  const [top, left] = (answer.headers.get("X-Origin") ?? "0,0").split(",").map(Number);
  const image = await createImageBitmap(await answer.blob(), { colorSpaceConversion: "none" });
  return { image, left, top, bytes: image.width * image.height * 4 };
}

/**
 * Which pixels are padding, one bit each; null where none are.
 * @param {Stack} stack
 * @param {number} index
 */
export async function loadPadding(stack, index) {
  const answer = await ask(frameAddress(stack, index, "/padding"));
  return answer.status === 204 ? null : new Uint8Array(await answer.arrayBuffer());
}

/**
 * The window that the library takes for the values of a part of a frame.
 * @param {Stack} stack
 * @param {number} index
 * @param {import("../place/shown_area.js").Box} box
 * @returns {Promise<Voi>}
 */
export async function windowOf(stack, index, box) {
  const query = new URLSearchParams(Object.entries(box).map(([name, value]) => [name, String(value)]));
  return (await ask(frameAddress(stack, index, "/window", query.toString()))).json();
}

/**
 * @param {string} id
 * @param {number} index
 * @returns {Promise<Region[]>}
 */
export async function loadRegions(id, index) {
  return (await (await ask(`api/items/${id}/frames/${index}/regions`)).json()).regions;
}
