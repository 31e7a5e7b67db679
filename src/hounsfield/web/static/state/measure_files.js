// Measures as files: JSON that is loaded again, CSV for tables. Knows the form of both; numbers have all their digits.

import { isOutline, isShapeKind, MOST_POINTS, POINTS } from "../numbers/shape_kinds.js";

/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./shapes.js").Place} Place */
/** @typedef {Pick<Shape, "kind"|"name"|"color"|"points"> & {place: Place, mm_per_pixel?: number|null}} Saved */

const FORMAT = "hounsfield measures";
/** Bytes of a file, and measures in it. */
export const MOST_BYTES = 2 ** 25;
const MOST = 2000;
const FARTHEST = 1e6;
const SCALES = [1e-6, 1e6];

/** @param {readonly Shape[]} shapes those whose images have ids */
export function toJson(shapes) {
  const measures = shapes.map(({ name, kind, color, points, place, scale, measure }) => ({
    name,
    kind,
    color,
    points,
    place,
    mm_per_pixel: scale,
    measure,
  }));
  return JSON.stringify(
    { format: FORMAT, version: 1, points: "[column, row], 0 is the first pixel", measures },
    null,
    1,
  );
}

/**
 * The measures of a file; null where it is none of ours, or damaged.
 * @param {string} text
 * @returns {Saved[]|null}
 */
export function fromJson(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return null;
  }
  if (document?.format !== FORMAT || document.version !== 1 || !Array.isArray(document.measures)) return null;
  if (document.measures.length > MOST || !document.measures.every(isSaved)) return null;
  return document.measures.map((/** @type {Saved} */ { name, kind, color, points, place, mm_per_pixel }) => {
    const { study, image, view, frame } = place;
    return { name, kind, color, points, place: { study, image, view, frame }, mm_per_pixel: mm_per_pixel ?? null };
  });
}

/** @param {any} saved @returns {saved is Saved} */
function isSaved(saved) {
  if (!saved || typeof saved.kind !== "string" || !isShapeKind(saved.kind) || !Array.isArray(saved.points))
    return false;
  const { kind, points, place } = saved;
  const count = isOutline(kind)
    ? points.length >= POINTS[/** @type {Shape["kind"]} */ (kind)] && points.length <= 2 * MOST_POINTS
    : points.length === POINTS[/** @type {Shape["kind"]} */ (kind)];
  const isPoint = (/** @type {any} */ point) =>
    Array.isArray(point) &&
    point.length === 2 &&
    point.every((at) => typeof at === "number" && Math.abs(at) <= FARTHEST);
  return (
    count &&
    points.every(isPoint) &&
    typeof saved.name === "string" &&
    saved.name.length <= 200 &&
    /^#[0-9a-f]{6}$/i.test(saved.color) &&
    ["study", "image", "view"].every((name) => typeof place?.[name] === "string") &&
    isScale(saved.mm_per_pixel ?? null) &&
    Number.isInteger(place.frame) &&
    place.frame >= 0
  );
}

/** @param {any} scale */
const isScale = (scale) => scale === null || (typeof scale === "number" && scale >= SCALES[0] && scale <= SCALES[1]);

/** Columns, and what of a measure is in each. @type {[string, (shape: Shape, found: any) => unknown][]} */
const COLUMNS = [
  ["name", ({ name }) => name],
  ["kind", ({ kind }) => kind],
  ["image", ({ place }) => place?.image],
  ["view", ({ view, query }) => (query ? `${view}?${query}` : view)],
  ["frame_index", ({ frame }) => frame],
  ["length_px", (_, found) => (found.length ?? found.long)?.px],
  ["length_mm", (_, found) => (found.length ?? found.long)?.mm],
  ["short_px", (_, found) => found.short?.px],
  ["short_mm", (_, found) => found.short?.mm],
  ["degrees", (_, found) => found.degrees],
  ["degrees_in", (_, found) => (found.degrees === undefined ? undefined : found.in)],
  ["spacing_kind", (_, found) => (found.length ?? found.long ?? found).spacing_kind],
  ["mm_per_pixel_by_user", ({ scale }) => scale],
  ["pixels", (_, found) => found.pixels],
  ["area_mm2", (_, found) => found.area_mm2],
  ["mean", (_, found) => found.mean],
  ["sd", (_, found) => found.sd],
  ["min", (_, found) => found.min],
  ["max", (_, found) => found.max],
  ["median", (_, found) => found.median],
  ["value", (_, found) => (Array.isArray(found.value) ? found.value.join(" ") : found.value)],
  ["unit", (_, found) => found.unit],
  ["partly_outside", (_, found) => found.partly_outside],
  ["note", (_, found) => found.error ?? found.note ?? (typeof found.values === "string" ? found.values : undefined)],
  ["points", ({ points }) => points.map((point) => point.join(" ")).join("; ")],
];

/** @param {readonly Shape[]} shapes */
export function toCsv(shapes) {
  const lines = shapes.map((shape) => COLUMNS.map(([, take]) => cell(take(shape, shape.measure ?? {}))));
  return `\ufeff${[COLUMNS.map(([name]) => name), ...lines].map((line) => `${line.join(",")}\r\n`).join("")}`;
}

/** A cell; text that a spreadsheet would compute is none any more. @param {unknown} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
