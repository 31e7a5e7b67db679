// Panes of one frame of reference: the crosshair's place, lines of planes in one another, scrolling by position. Knows
// panes by what they show.

import { cross, dot, toIndex, toPatient } from "../place/geometry.js";
import { referenceLine } from "../place/reference_line.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Point} Point */
/** @typedef {import("../types.js").Matrix} Matrix */
/** @typedef {import("../drawing/pane_drawing.js").Line} Line */

/** @param {Pane} pane */
export function space(pane) {
  const d = pane.placed();
  return d?.affine ? (d.frame_of_reference ?? d.phases?.ids[0] ?? d.id) : null;
}

/** @param {Matrix} m @returns {Point} unit normal of the frames: direction of rows cross direction of columns */
export function normalOf(m) {
  const n = cross([m[0][2], m[1][2], m[2][2]], [m[0][1], m[1][1], m[2][1]]);
  const length = Math.hypot(...n) || 1;
  return [n[0] / length, n[1] / length, n[2] / length];
}

export class Links {
  /** @param {() => Pane[]} panes */
  constructor(panes) {
    this.panes = panes;
    /** @type {Map<string, Point>} */
    this.points = new Map();
    this.busy = false;
  }

  /**
   * Other panes of the same space.
   * @param {Pane} pane
   */
  others(pane) {
    const where = space(pane);
    return where === null ? [] : this.panes().filter((other) => other !== pane && space(other) === where);
  }

  /**
   * Put the crosshair on a pixel, and bring the other panes to it.
   * @param {Pane} pane
   * @param {number} row
   * @param {number} column
   */
  place(pane, row, column) {
    const where = space(pane);
    const m = pane.placed()?.affine;
    if (where === null || !m) return;
    const point = toPatient(m, pane.index, row, column);
    this.points.set(where, point);
    this.follow(() => {
      for (const other of this.others(pane)) this.bring(other, point);
    });
    this.redraw(pane);
  }

  /**
   * A pane has been scrolled: the crosshair moves with it, and panes beside it of like planes do where they are linked.
   * @param {Pane} pane
   * @param {boolean} linked
   */
  moved(pane, linked) {
    const where = space(pane);
    const m = pane.placed()?.affine;
    if (this.busy || where === null || !m) return;
    const point = this.points.get(where);
    if (point) {
      const at = toIndex(m, point);
      if (at) this.points.set(where, toPatient(m, pane.index, at[1], at[2]));
    }
    if (linked) {
      const d = /** @type {import("../types.js").Stack} */ (pane.stack).description;
      const middle = toPatient(m, pane.index, (d.rows - 1) / 2, (d.columns - 1) / 2);
      this.follow(() => {
        for (const other of this.others(pane)) {
          const theirs = other.placed()?.affine;
          if (theirs && Math.abs(dot(normalOf(m), normalOf(theirs))) > 0.9) this.bring(other, middle);
        }
      });
    }
    this.redraw(pane);
  }

  /** @param {() => void} act without each pane's move moving the others again */
  follow(act) {
    if (this.busy) return;
    this.busy = true;
    try {
      act();
    } finally {
      this.busy = false;
    }
  }

  /**
   * @param {Pane} pane
   * @param {Point} point
   */
  bring(pane, point) {
    const m = pane.stack?.description.affine;
    const at = m && toIndex(m, point);
    if (at && Number.isFinite(at[0])) pane.go(Math.round(at[0]));
  }

  /** @param {Pane} pane */
  redraw(pane) {
    for (const each of [pane, ...this.others(pane)]) each.redraw();
  }

  /**
   * Bring panes to the crosshair; it starts in the middle of a stack, where it has no place yet.
   * @param {Pane} pane
   */
  begin(pane) {
    const where = space(pane);
    const d = pane.placed();
    if (where === null || !d?.affine) return;
    const point = this.points.get(where);
    if (!point) return this.place(pane, Math.floor(d.rows / 2), Math.floor(d.columns / 2));
    this.follow(() => {
      for (const each of [pane, ...this.others(pane)]) this.bring(each, point);
    });
    this.redraw(pane);
  }

  /**
   * The crosshair's row and column in a pane, where it lies in the frame shown.
   * @param {Pane} pane
   * @returns {[number, number]|null}
   */
  crossIn(pane) {
    const where = space(pane);
    const point = where === null ? undefined : this.points.get(where);
    const d = pane.placed();
    const at = point && d?.affine ? toIndex(d.affine, point) : null;
    if (!at || !d || Math.abs(at[0] - pane.index) > 0.51) return null;
    return at[1] > -1 && at[2] > -1 && at[1] < d.rows && at[2] < d.columns ? [at[1], at[2]] : null;
  }

  /**
   * @param {Pane} pane
   * @returns {Line[]}
   */
  lines(pane) {
    const here = pane.placed();
    if (!here) return [];
    return this.others(pane).flatMap((other) => {
      const theirs = other.placed();
      const line = theirs && referenceLine(here, pane.index, theirs, other.index);
      return line ? [{ from: line[0], to: line[1] }] : [];
    });
  }
}
