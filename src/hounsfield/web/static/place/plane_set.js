// Three planes of a volume at right angles, and how they are turned. Knows numbers only.

import { cross, dot } from "./geometry.js";

/** @typedef {import("../types.js").Point} Point */
/** Direction of rows, then of columns, as Image Orientation (Patient). @typedef {number[]} Cosines */
/** @typedef {Record<string, Cosines>} Planes */
/** What the server says of a volume. @typedef {{patient: Planes, own: Planes, differ: boolean, sheared: boolean}} Axes */
/** @typedef {"patient"|"own"} Base */

/** @param {(axis: number) => number} part @returns {Point} */
const at = (part) => [part(0), part(1), part(2)];

/**
 * A vector turned about a unit vector, from its first perpendicular to its second as the right hand does.
 * @param {Point} v
 * @param {Point} axis
 * @param {number} radians
 * @returns {Point}
 */
export function turned(v, axis, radians) {
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const [side, along] = [cross(axis, v), dot(axis, v) * (1 - cos)];
  return at((i) => v[i] * cos + side[i] * sin + axis[i] * along);
}

/** @param {Point} v @returns {Point} */
function unit(v) {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}

/** @param {Cosines} cosines @returns {[Point, Point]} */
const halves = (cosines) => /** @type {[Point, Point]} */ ([cosines.slice(0, 3), cosines.slice(3)]);

/**
 * The direction in a plane from one point to another: 0 along rows, growing towards the direction of columns.
 * @param {Cosines} cosines
 * @param {Point} from
 * @param {Point} to
 */
export function angleIn(cosines, from, to) {
  const [row, column] = halves(cosines);
  const way = /** @type {Point} */ ([to[0] - from[0], to[1] - from[1], to[2] - from[2]]);
  return Math.atan2(dot(way, column), dot(way, row));
}

/** An angle from -180 to 180 degrees, in radians. @param {number} radians */
export function wrapped(radians) {
  return radians - 2 * Math.PI * Math.round(radians / (2 * Math.PI));
}

export class PlaneSet {
  /** @param {Axes} axes */
  constructor(axes) {
    this.axes = axes;
    /** @type {Base} */
    this.base = "patient";
    this.rectified = false;
    this.straighten();
  }

  /** Back to the axes of the patient, or of the acquisition. */
  straighten() {
    /** @type {Planes} */
    this.planes = { ...this.axes[this.base] };
    /** Radians by which the lines in each plane are turned. @type {Record<string, number>} */
    this.angles = Object.fromEntries(Object.keys(this.planes).map((plane) => [plane, 0]));
    /** A point on each plane that has been turned. @type {Record<string, Point>} */
    this.through = {};
  }

  /** @param {Base} base */
  setBase(base) {
    this.base = base;
    this.straighten();
  }

  /**
   * Turn the lines that are seen in a plane: the two others turn about its normal, and stay at right angles.
   * @param {string} about
   * @param {number} radians from the direction of rows to that of columns
   * @param {Point} point that stays where it is
   */
  turn(about, radians, point) {
    const axis = unit(cross(...halves(this.planes[about])));
    for (const plane of Object.keys(this.planes)) {
      if (plane === about) continue;
      const [row, column] = halves(this.planes[plane]).map((v) => turned(v, axis, radians));
      const across = unit(row);
      const along = dot(column, across);
      const down = unit(at((i) => column[i] - along * across[i]));
      this.planes[plane] = [...across, ...down];
      this.through[plane] = point;
    }
    this.angles[about] = wrapped(this.angles[about] + radians);
  }

  /** What a plane is. @param {string} plane @returns {Base|"oblique"} */
  kind(plane) {
    return this.through[plane] ? "oblique" : this.base;
  }

  /** How the server is asked for a plane. @param {string} plane @returns {Record<string, string>} */
  query(plane) {
    /** @type {Record<string, string>} */
    const query = this.rectified ? { rectified: "1" } : {};
    const through = this.through[plane];
    if (!through && this.base === "patient") return query;
    const [row, column] = halves(this.planes[plane]).map(String);
    return { ...query, row, column, ...(through ? { through: String(through) } : {}) };
  }
}
