// What the library measures by shapes, and where saved ones belong. Knows addresses and JSON.

import { ask, viewOf } from "./server.js";

/** @typedef {import("../state/shapes.js").Shape} Shape */
/** @typedef {import("../state/shapes.js").Place} Place */

/**
 * @param {{item: string, view: string, query: string, frame: number, scale: number|null}} at
 * @param {Pick<Shape, "kind"|"points">[]} shapes
 * @returns {Promise<{measures: any[], place: Place|null}>}
 */
export async function measureShapes(at, shapes) {
  const drawn = shapes.map(({ kind, points }) => ({ kind, points }));
  const calibration = at.scale === null ? undefined : { mm_per_pixel: at.scale };
  const body = JSON.stringify({ view: at.view, frame: at.frame, shapes: drawn, calibration });
  const address = `api/items/${at.item}/measures${at.query ? `?${at.query}` : ""}`;
  return (await ask(address, { method: "POST", body })).json();
}

/**
 * A DICOM structured report, and how many measures it cannot hold.
 * @param {readonly Shape[]} shapes
 * @returns {Promise<{file: Blob, left: number}>}
 */
export async function loadReport(shapes) {
  const measures = shapes.map(({ item, view, query, frame, name, kind, points, scale }) => ({
    item,
    view: view.startsWith("states/") ? "frames" : view,
    query,
    frame,
    name,
    kind,
    points,
    calibration: scale === null ? undefined : { mm_per_pixel: scale },
  }));
  const answer = await ask("api/measures/report", { method: "POST", body: JSON.stringify({ measures }) });
  return { file: await answer.blob(), left: Number(answer.headers.get("X-Left-Out")) };
}

/**
 * Which images these are now; null for those that are not shown.
 * @param {Place[]} places
 * @returns {Promise<({id: string, frame: number}|null)[]>}
 */
export async function findPlaces(places) {
  return (await (await ask("api/measures/places", { method: "POST", body: JSON.stringify({ places }) })).json()).places;
}

/**
 * The image that a stack shows, as the server names it.
 * @param {import("../types.js").Stack} stack
 * @param {number} index
 */
export function imageOf(stack, index) {
  const { view, query } = viewOf(stack);
  return { item: stack.id, view, query, frame: index };
}
