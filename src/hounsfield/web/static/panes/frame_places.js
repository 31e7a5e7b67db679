// Where each frame of an image lies whose frames have planes of their own. Knows descriptions; asks for those it lacks.

import { describe } from "../server/server.js";

/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").Matrix} Matrix */
/** @typedef {import("../types.js").Stack} Stack */

/** Frames that are passed within this time, in ms, are not asked for. */
const PASSING = 80;

/**
 * The matrix of one frame such that its slice is the frame's number, as in a stack.
 * @param {Matrix} m of the frame as slice 0
 * @param {number} index
 * @returns {Matrix}
 */
export function atFrame(m, index) {
  return m.map((line, i) => (i < 3 ? [line[0], line[1], line[2], line[3] - line[0] * index] : line));
}

export class FramePlaces {
  /** @param {() => void} came */
  constructor(came) {
    this.came = came;
    this.id = "";
    /** @type {Map<number, Description|null>} null while it is asked for */
    this.known = new Map();
    this.timer = 0;
  }

  /**
   * What is known of a frame: of an image whose frames lie in different planes its own place, or none as yet.
   * @param {Stack|null} stack
   * @param {number} index
   * @returns {Description|null}
   */
  of(stack, index) {
    const d = stack?.description;
    if (!stack || !d) return null;
    if (d.affine || !d.frame_affine || d.frames < 2) return d;
    if (this.id !== stack.id) this.known.clear();
    this.id = stack.id;
    if (!this.known.size) this.known.set(d.frame ?? 0, placed(d, d, d.frame ?? 0));
    const known = this.known.get(index);
    if (known) return known;
    if (known === undefined) this.ask(stack, index);
    return { ...d, affine: null, orientation: null, letters: null };
  }

  /** @param {Stack} stack @param {number} index */
  ask(stack, index) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      if (this.known.has(index)) return;
      this.known.set(index, null);
      try {
        const own = await describe(stack.id, index);
        if (this.id !== stack.id) return;
        this.known.set(index, placed(stack.description, own, index));
        this.came();
      } catch {
        this.known.delete(index); // the frame itself says what is wrong with it
      }
    }, PASSING);
  }
}

/** @param {Description} d @param {Description} own @param {number} index @returns {Description} */
function placed(d, own, index) {
  const affine = own.frame_affine ? atFrame(own.frame_affine, index) : null;
  return { ...d, affine, orientation: own.orientation, letters: own.letters };
}
