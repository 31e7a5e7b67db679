// What was measured, in words: with as many decimals as the spacing has, millimetres with what they are of. Knows the
// documents of the server.

import { fixed, shortNumber } from "../numbers/numbers.js";
import { t } from "../words/words.js";
import { KINDS } from "./probe.js";

/** @typedef {{px: number, mm: number|null, spacing_kind: string|null}} Length */

/** Names of the kinds. @type {Record<import("../numbers/shape_kinds.js").ShapeKind, string>} */
export const NAMES = {
  distance: "Distance",
  bidirectional: "Bidirectional",
  angle: "Angle",
  cobb: "Cobb angle",
  rectangle: "Rectangle",
  ellipse: "Ellipse",
  polygon: "Polygon",
  freehand: "Freehand",
  profile: "Profile",
  point: "Point",
};

/** What millimetres are of. @param {string|null} kind */
export function kindText(kind) {
  if (!kind) return "";
  return kind === "user" ? t("by your own scale") : t(KINDS[kind] ?? kind);
}

/** Decimals of millimetres: those of a pixel. @param {number} mm of a pixel */
function decimals(mm) {
  return Number.isFinite(mm) && mm > 0 ? Math.min(Math.max(-Math.floor(Math.log10(mm)), 1), 4) : 1;
}

/** @param {Length} length */
export function lengthText({ px, mm, spacing_kind }) {
  if (mm !== null && spacing_kind === "slide" && mm < 1) return `${fixed(mm * 1000, decimals((mm / px) * 1000))} µm`;
  return mm === null ? `${fixed(px, 1)} px` : `${fixed(mm, decimals(mm / px))} mm`;
}

/** @param {any} found */
export function areaText(found) {
  const { pixels, area_mm2: area, spacing_kind } = found;
  if (area === null || !(pixels > 0)) return `${pixels} px`;
  if (spacing_kind === "slide" && area < 0.01) return `${fixed(area * 1e6, 1)} µm²`;
  return `${fixed(area, decimals(Math.sqrt(area / pixels)) - (area > 1000 ? 1 : 0))} mm²`;
}

/** @param {number|null} value @param {string} unit @param {number} [digits] that count */
export function valueText(value, unit, digits = 5) {
  const text = value === null || value === undefined ? "–" : shortNumber(Number(value.toPrecision(digits)));
  return unit && unit !== "1" ? `${text} ${unit}` : text;
}

/** @param {any} found */
function angleText({ degrees, in: within }) {
  return `${fixed(degrees, 1)}°${within === "px" ? ` (${t("of pixels")})` : ""}`;
}

/** @param {any} found @returns {string[]} */
function pointText({ value, unit, padding }) {
  const text = Array.isArray(value) ? `RGB ${value.join(", ")}` : valueText(Number(value), unit);
  return [padding ? `${text} (${t("padding")})` : text];
}

/** @param {any} found @returns {string[]} */
function regionText(found) {
  const kind = kindText(found.spacing_kind);
  const statistics =
    found.mean === null ? [] : [`${valueText(found.mean, "", 4)} ± ${valueText(found.sd, found.unit, 4)}`];
  const outside = found.partly_outside ? [t("partly outside of the image")] : [];
  return [...statistics, [areaText(found), kind].filter(Boolean).join(" · "), ...outside];
}

/**
 * What stands beside a shape: one line or several.
 * @param {any} found what the server has measured; null as long as it has not
 * @returns {string[]}
 */
export function linesOf(found) {
  if (!found) return ["…"];
  if (found.error) return [found.error];
  if (found.degrees !== undefined) return [angleText(found)];
  if (found.long)
    return [`${lengthText(found.long)} × ${lengthText(found.short)}`, kindText(found.long.spacing_kind)].filter(
      Boolean,
    );
  if (found.values && found.length) {
    const numbers = found.values.filter((/** @type {number|null} */ value) => value !== null);
    const range = numbers.length
      ? `${valueText(Math.min(...numbers), "", 4)} … ${valueText(Math.max(...numbers), found.unit, 4)}`
      : "";
    return [withKind(found.length), range].filter(Boolean);
  }
  if (found.length) return [withKind(found.length)];
  return found.row !== undefined ? pointText(found) : regionText(found);
}

/** @param {Length} length */
const withKind = (length) => [lengthText(length), kindText(length.spacing_kind)].filter(Boolean).join(" · ");

/**
 * All that is known, as pairs of words and text.
 * @param {any} found
 * @returns {[string, string][]}
 */
export function factsOf(found) {
  if (!found || found.error) return [];
  /** @type {[string, string][]} */
  const facts = [];
  const add = (/** @type {string} */ words, /** @type {string} */ text) => facts.push([words, text]);
  for (const [name, words] of /** @type {const} */ ([
    ["length", "Length"],
    ["long", "Long axis"],
    ["short", "Short axis"],
  ]))
    if (found[name]) add(words, withKind(found[name]));
  if (found.degrees !== undefined) add("Angle", angleText(found));
  if (found.supplement !== undefined) add("To 180°", `${fixed(found.supplement, 1)}°`);
  if (found.row !== undefined) {
    add("Value", pointText(found)[0]);
    add("Pixel (row, column)", `${found.row}, ${found.column}`);
    if (found.lps) add("LPS", `${found.lps.map((/** @type {number} */ mm) => fixed(mm, 1)).join(", ")} mm`);
  }
  if (found.pixels === undefined) return facts;
  add("Area", [areaText(found), kindText(found.spacing_kind)].filter(Boolean).join(" · "));
  add("Pixels", String(found.pixels));
  if (found.padding_pixels) add("Padding left out", String(found.padding_pixels));
  for (const [name, words] of /** @type {const} */ ([
    ["mean", "Mean"],
    ["sd", "Standard deviation"],
    ["median", "Median"],
    ["min", "Minimum"],
    ["max", "Maximum"],
  ]))
    if (found[name] !== null) add(words, valueText(found[name], found.unit));
  return facts;
}
