// A shape while it is drawn: by a drag, by clicks, or by both; points in pixels of the image. Knows kinds only.

import { isOutline, isPair, MOST_POINTS, POINTS } from "./shape_kinds.js";

/** @typedef {import("./shape_kinds.js").Spot} Spot */
/** @typedef {import("./shape_kinds.js").ShapeKind} ShapeKind */

export class Draft {
  /** @param {ShapeKind} kind */
  constructor(kind) {
    this.kind = kind;
    /** @type {Spot[]} */
    this.fixed = [];
    /** Where the pointer is. @type {Spot|null} */
    this.current = null;
    /** Whether this press began a line, whose other end a drag sets. */
    this.begun = false;
    this.dragged = false;
  }

  /** What is seen of it now. */
  get points() {
    return this.current ? [...this.fixed, this.current] : this.fixed;
  }

  /** @param {Spot} at */
  press(at) {
    const { length } = this.fixed;
    this.begun = this.kind !== "point" && (length === 0 || (isPair(this.kind) && length === 2));
    if (this.begun) this.fixed.push(at);
    this.current = at;
    this.dragged = false;
  }

  /** @param {Spot} at */
  drag(at) {
    this.dragged = true;
    if (this.kind === "freehand" && this.begun && this.fixed.length < MOST_POINTS) this.fixed.push(at);
    this.current = at;
  }

  /** @param {Spot} at */
  hover(at) {
    if (this.fixed.length) this.current = at;
  }

  /** @returns {boolean} whether it is whole */
  release() {
    if (this.kind === "freehand" && this.begun && this.dragged) return this.finish();
    if (this.current && (!this.begun || this.dragged)) this.fixed.push(this.current);
    this.begun = false;
    this.current = null;
    return !isOutline(this.kind) && this.fixed.length === POINTS[this.kind];
  }

  /** End an outline. @returns {boolean} whether it is whole */
  finish() {
    this.current = null;
    return isOutline(this.kind) && this.fixed.length >= POINTS[this.kind];
  }

  /** Take the last point back. @returns {boolean} whether any is left */
  back() {
    this.fixed.pop();
    return this.fixed.length > 0;
  }
}
