// Kinds of measures: how many points they have, the lines and the handles that they are drawn by. Knows numbers only.

import { distanceToSegment } from "./hit_test.js";

/** @typedef {[number, number]} Spot column and row, or a place on a canvas */
/** @typedef {"distance"|"bidirectional"|"angle"|"cobb"|"rectangle"|"ellipse"|"polygon"|"freehand"|"profile"|"point"} ShapeKind */

/** Points of each; of outlines at least. @type {Record<ShapeKind, number>} */
export const POINTS = {
  distance: 2,
  bidirectional: 4,
  angle: 3,
  cobb: 4,
  rectangle: 2,
  ellipse: 2,
  polygon: 3,
  freehand: 3,
  profile: 2,
  point: 1,
};
/** Points that the server takes for one outline. */
export const MOST_POINTS = 5000;

/** @param {string} tool @returns {tool is ShapeKind} */
export const isShapeKind = (tool) => Object.hasOwn(POINTS, tool);
/** @param {ShapeKind} kind */
export const isOutline = (kind) => kind === "polygon" || kind === "freehand";
/** Two lines. @param {ShapeKind} kind */
export const isPair = (kind) => kind === "bidirectional" || kind === "cobb";
/** By opposite corners. @param {ShapeKind} kind */
const isBox = (kind) => kind === "rectangle" || kind === "ellipse";

/** A coordinate as it is kept: a thousandth of a pixel is more than a hand can do. @param {number} at */
export const kept = (at) => Math.round(at * 1000) / 1000;

/** @param {Spot} point @returns {Spot} */
export const keptPoint = ([column, row]) => [kept(column), kept(row)];

/**
 * The lines of a shape, each through several places.
 * @param {ShapeKind} kind
 * @param {Spot[]} points of which some may be missing while it is drawn
 * @returns {Spot[][]}
 */
export function strokesOf(kind, points) {
  const [p, q] = points;
  if (points.length < 2) return [];
  if (kind === "rectangle") return [[p, [q[0], p[1]], q, [p[0], q[1]], p]];
  if (kind === "ellipse") return [ellipse(p, q)];
  if (isPair(kind)) return [points.slice(0, 2), points.slice(2, 4)].filter((line) => line.length === 2);
  return isOutline(kind) ? [[...points, p]] : [points];
}

/** @param {Spot} p @param {Spot} q @returns {Spot[]} */
function ellipse(p, q) {
  const [x, y] = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
  const [wide, high] = [Math.abs(q[0] - p[0]) / 2, Math.abs(q[1] - p[1]) / 2];
  return Array.from({ length: 97 }, (_, i) => {
    const turn = (i / 96) * 2 * Math.PI;
    return /** @type {Spot} */ ([x + wide * Math.cos(turn), y + high * Math.sin(turn)]);
  });
}

/**
 * Places by which a shape is changed: its points; of boxes all corners; of what was drawn freely none.
 * @param {ShapeKind} kind
 * @param {Spot[]} points
 * @returns {Spot[]}
 */
export function handlesOf(kind, points) {
  if (kind === "freehand" && points.length > 24) return [];
  if (!isBox(kind) || points.length < 2) return points;
  const [p, q] = points;
  return [p, [q[0], p[1]], q, [p[0], q[1]]];
}

/**
 * The points of a shape of which one handle is somewhere else.
 * @param {ShapeKind} kind
 * @param {Spot[]} points
 * @param {number} handle
 * @param {Spot} to
 * @returns {Spot[]}
 */
export function withHandle(kind, points, handle, to) {
  if (!isBox(kind)) return points.map((point, i) => (i === handle ? to : point));
  const [p, q] = points;
  return [
    [handle === 0 || handle === 3 ? to[0] : p[0], handle < 2 ? to[1] : p[1]],
    [handle === 1 || handle === 2 ? to[0] : q[0], handle >= 2 ? to[1] : q[1]],
  ];
}

/** @param {Spot[]} points @param {Spot} by @returns {Spot[]} */
export const moved = (points, by) => points.map((point) => keptPoint([point[0] + by[0], point[1] + by[1]]));

/**
 * How far a place is from the lines of a shape; a shape of one point is that.
 * @param {Spot} at
 * @param {Spot[][]} strokes
 * @param {Spot[]} points
 */
export function distanceTo(at, strokes, points) {
  let least = Number.POSITIVE_INFINITY;
  if (!strokes.length && points.length) least = Math.hypot(at[0] - points[0][0], at[1] - points[0][1]);
  for (const stroke of strokes)
    for (let i = 1; i < stroke.length; i++) least = Math.min(least, distanceToSegment(at, stroke[i - 1], stroke[i]));
  return least;
}
