// Ultrasound regions: which one a pixel belongs to, and what its axes say there (PS3.3 C.8.5.5). Knows numbers only.

import { fixed, shortNumber } from "./numbers.js";

/** @typedef {import("../types.js").Region} Region */

/**
 * The region of a pixel: one of high priority covers others; among equals the last one counts.
 * @param {Region[]} regions
 * @param {number} row
 * @param {number} column
 * @returns {Region|null}
 */
export function regionAt(regions, row, column) {
  const inside = regions.filter(
    ({ rows, columns }) => row >= rows[0] && row < rows[1] && column >= columns[0] && column < columns[1],
  );
  const high = inside.filter((region) => region.high_priority);
  return (high.length ? high : inside).at(-1) ?? null;
}

/**
 * Physical values of a pixel, vertical and horizontal, or null where the region names no origin.
 * @param {Region} region
 * @param {number} row
 * @param {number} column
 * @returns {[number, number]|null}
 */
export function toPhysical(region, row, column) {
  const at = region.reference_pixel;
  if (!at) return null;
  return [
    region.reference_value[0] + (row - at[0]) * region.deltas[0],
    region.reference_value[1] + (column - at[1]) * region.deltas[1],
  ];
}

/** A length in cm is said in mm. @param {number} value @param {string} unit */
function quantity(value, unit) {
  if (unit === "cm") return `${fixed(value * 10, 1)} mm`;
  return `${shortNumber(Number(value.toPrecision(4)))}${unit === "%" ? "" : " "}${unit}`;
}

/**
 * Both axes at a pixel, those without a unit left out: to the right, then down.
 * @param {Region} region
 * @param {number} row
 * @param {number} column
 */
export function physicalText(region, row, column) {
  const values = toPhysical(region, row, column);
  const said = [1, 0].map((axis) => {
    const unit = region.units[axis];
    if (!unit) return "";
    const arrow = axis ? "→" : "↓";
    return values ? `${arrow} ${quantity(values[axis], unit)}` : `${arrow} ${quantity(region.deltas[axis], unit)}/px`;
  });
  return said.filter(Boolean).join(" ");
}

/** Whether both axes are lengths. @param {Region} region */
export function isSpatial(region) {
  return region.format === "2D" && region.units[0] === "cm" && region.units[1] === "cm";
}
