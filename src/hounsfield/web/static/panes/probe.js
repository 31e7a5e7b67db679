// What lies under the cursor, in words: value with unit, index, millimetres and their kind. Knows descriptions and values.

import { fixed, shortNumber } from "../numbers/numbers.js";
import { physicalText, regionAt } from "../numbers/regions.js";
import { toPatient } from "../place/geometry.js";
import { t } from "../words/words.js";

/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").Raw} Raw */
/** @typedef {import("../types.js").Region} Region */

/**
 * The value of a pixel with its unit; three numbers for colour.
 * @param {Description} d
 * @param {Raw} raw
 * @param {number} row
 * @param {number} column
 * @param {{indices?: Raw|null, outside?: Uint8Array|null, marked?: boolean}} [more] of a palette; which pixels are padding
 */
export function valueText(d, raw, row, column, more = {}) {
  const at = row * d.columns + column;
  const { indices, outside: bits } = more;
  if (d.color) {
    const colour = `RGB ${raw[3 * at]}, ${raw[3 * at + 1]}, ${raw[3 * at + 2]}`;
    return indices ? `${t("palette index")} ${indices[at]} · ${colour}` : colour;
  }
  const stored = raw[at];
  const { padding } = d;
  const value = shortNumber(stored * d.slope + d.intercept);
  const text = d.unit && d.unit !== "1" ? `${value} ${d.unit}` : value;
  const within = padding && stored >= padding.first && stored <= padding.last;
  const outside = more.marked || (bits ? (bits[at >> 3] >> (at & 7)) & 1 : within);
  return outside ? `${text} (${t("padding")})` : text;
}

/**
 * @param {Description} d
 * @param {number} frame
 * @param {number} row
 * @param {number} column
 */
export function placeText(d, frame, row, column) {
  const index = d.frames > 1 ? `[${frame}, ${row}, ${column}]` : `[${row}, ${column}]`;
  if (!d.affine) return index;
  const [x, y, z] = toPatient(d.affine, frame, row, column).map((mm) => fixed(mm, 1));
  return `${index} · LPS ${x}, ${y}, ${z} mm`;
}

/**
 * What the axes of an ultrasound region say at a pixel; "" for images without regions.
 * @param {Region[]} regions
 * @param {number} row
 * @param {number} column
 */
export function regionText(regions, row, column) {
  if (!regions.length) return "";
  const region = regionAt(regions, row, column);
  if (!region) return t("outside the ultrasound regions");
  const kind = [region.format, region.type].filter(Boolean).map((words) => t(words));
  return `${physicalText(region, row, column)} (${t("ultrasound region")}: ${kind.join(", ") || t("not known")})`.trim();
}

/** What a millimetre of the image measures. @type {Record<string, string>} */
export const KINDS = {
  patient: "in the patient",
  detector: "on the detector",
  calibrated: "calibrated",
  region: "ultrasound region",
  slide: "on the slide",
};
