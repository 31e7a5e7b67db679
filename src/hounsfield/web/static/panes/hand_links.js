// Panes of different spaces that somebody has linked by hand: they scroll together by an offset. It is no registration:
// there are no lines and no crosshair between them. Knows panes by what they show.

import { dot, toPatient } from "../place/geometry.js";
import { normalOf, space } from "./linking.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Point} Point */
/**
 * A pane as it was when it was linked; mm are along the normal of its frames.
 * @typedef {object} Member
 * @property {Pane} pane
 * @property {string} key of what it shows
 * @property {number} index
 * @property {{normal: Point, at: number, step: number}|null} place null without a position
 */

/** @param {Pane} pane */
const keyOf = ({ stack }) => `${stack?.description.phases?.ids[0] ?? stack?.id}/${stack?.plane ?? ""}`;

export class HandLinks {
  /** @param {import("./linking.js").Links} links */
  constructor(links) {
    this.links = links;
    /** @type {Member[]} */
    this.members = [];
  }

  /** Panes that could be linked with one: they show something, and share no frame of reference with it. @param {Pane} pane */
  candidates(pane) {
    if (!pane.stack) return [];
    const where = space(pane);
    return this.links.panes().filter((other) => {
      if (other === pane || !other.stack || keyOf(other) === keyOf(pane)) return false;
      return where === null || space(other) !== where;
    });
  }

  /** Link what a pane shows now with what those beside it show now; or end that. @param {Pane} pane */
  toggle(pane) {
    const others = this.candidates(pane);
    this.members = this.holds() || !others.length ? [] : [pane, ...others].map(member);
    return this.members.length > 0;
  }

  /** Whether the link is still of what the panes show. */
  holds() {
    const panes = this.links.panes();
    const held = this.members.filter(({ pane, key }) => panes.includes(pane) && keyOf(pane) === key);
    if (held.length !== this.members.length) this.members = [];
    return this.members.length > 0;
  }

  /** A pane has been scrolled: those that are linked with it by hand follow. @param {Pane} pane */
  moved(pane) {
    if (this.links.busy || !this.holds()) return;
    const from = this.members.find((each) => each.pane === pane);
    if (!from) return;
    const partners = from === this.members[0] ? this.members.slice(1) : [this.members[0]];
    this.links.follow(() => {
      for (const to of partners) to.pane.go(Math.round(to.index + followed(from, to, pane.index - from.index)));
    });
    for (const to of partners) to.pane.redraw();
  }

  /**
   * How far a pane is from its partner: millimetres, or slices where one has no position; null where it is not linked.
   * @param {Pane} pane
   * @returns {{offset: number, mm: boolean}|null}
   */
  offset(pane) {
    if (!this.holds()) return null;
    const own = this.members.find((each) => each.pane === pane);
    if (!own) return null;
    const other = own === this.members[0] ? this.members[1] : this.members[0];
    if (!own.place || !other.place) return { offset: own.index - other.index, mm: false };
    return { offset: own.place.at - other.place.at * senseOf(own, other), mm: true };
  }
}

/** @param {Pane} pane @returns {Member} */
function member(pane) {
  const m = pane.placed()?.affine;
  const frames = pane.stack?.description.frames ?? 1;
  const base = { pane, key: keyOf(pane), index: pane.index };
  if (!m || !pane.stack?.description.affine || frames < 2) return { ...base, place: null };
  const normal = normalOf(m);
  const step = dot([m[0][0], m[1][0], m[2][0]], normal);
  return { ...base, place: { normal, at: dot(toPatient(m, pane.index, 0, 0), normal), step } };
}

/** Frames that a pane goes on when its partner goes on some. @param {Member} from @param {Member} to @param {number} frames */
function followed(from, to, frames) {
  if (!from.place || !to.place) return frames;
  return (frames * from.place.step * senseOf(from, to)) / to.place.step;
}

/** 1, or -1 where the normals point the other way. @param {Member} a @param {Member} b */
function senseOf(a, b) {
  return a.place && b.place && dot(a.place.normal, b.place.normal) < 0 ? -1 : 1;
}
