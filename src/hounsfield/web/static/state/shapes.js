// The measures of this page: where each was drawn, what is known of it, which one is chosen, and what was before. Knows
// nothing of drawing or of the server.

/** @typedef {import("../numbers/shape_kinds.js").Spot} Spot */
/** @typedef {import("../numbers/shape_kinds.js").ShapeKind} ShapeKind */
/** Ids that are the same in every run. @typedef {{study: string, image: string, view: string, frame: number}} Place */
/**
 * A measure; it is never changed, but replaced.
 * @typedef {object} Shape
 * @property {number} id
 * @property {ShapeKind} kind
 * @property {string} name
 * @property {string} color
 * @property {string} item
 * @property {string} view of which image of the item: frames, planes/coronal ...
 * @property {string} query by which a plane is cut
 * @property {number} frame
 * @property {Spot[]} points column and row
 * @property {any} measure what the library measures; null as long as that is not known
 * @property {Spot[]|null} measured the points of which that is
 * @property {Place|null} place
 * @property {number|null} scale mm of a pixel, where the user has said it
 */

/** Changes that can be taken back. */
const MOST_PAST = 100;

export class ShapeList {
  constructor() {
    /** @type {readonly Shape[]} */
    this.shapes = [];
    /** @type {number|null} */
    this.chosen = null;
    /** A handle of the chosen one that arrow keys move. @type {number|null} */
    this.handle = null;
    /** @type {(readonly Shape[])[]} */
    this.past = [];
    /** What was taken back, the last at the end. @type {(readonly Shape[])[]} */
    this.future = [];
    /** Measures that are not drawn; of all of them. @type {Set<number>} */
    this.unseen = new Set();
    this.allUnseen = false;
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.last = 0;
  }

  /** @param {() => void} call */
  onChange(call) {
    this.listeners.push(call);
  }

  changed() {
    for (const call of this.listeners) call();
  }

  /** Keep what is now, to come back to it. */
  mark() {
    this.past.push(this.shapes);
    if (this.past.length > MOST_PAST) this.past.shift();
    this.future = [];
  }

  /** Whether a measure is drawn. @param {number} id */
  seen(id) {
    return !this.allUnseen && !this.unseen.has(id);
  }

  /** Draw a measure, or do not; that of all others stays. @param {number} id @param {boolean} seen */
  show(id, seen) {
    if (seen) this.unseen.delete(id);
    else this.unseen.add(id);
    if (seen) this.allUnseen = false;
    if (!seen && this.chosen === id) this.handle = null;
    this.changed();
  }

  /** @param {boolean} seen */
  showAll(seen) {
    this.allUnseen = !seen;
    this.changed();
  }

  /** @param {number|null} id */
  get(id) {
    return this.shapes.find((shape) => shape.id === id) ?? null;
  }

  /** @param {Omit<Shape, "id">[]} shapes @returns {Shape[]} */
  add(shapes) {
    this.mark();
    const added = shapes.map((shape) => ({ ...shape, id: ++this.last }));
    this.shapes = [...this.shapes, ...added];
    this.changed();
    return added;
  }

  /** @param {number} id @param {Partial<Shape>} patch */
  update(id, patch) {
    this.shapes = this.shapes.map((shape) => (shape.id === id ? { ...shape, ...patch } : shape));
    this.changed();
  }

  /** Whether two shapes are of one item, in one view: they share what the user says of its scale. @param {Shape} a @param {Pick<Shape, "item"|"view"|"query">} b */
  static together(a, b) {
    return a.item === b.item && a.view === b.view && a.query === b.query;
  }

  /** What the user has said of the scale of an image. @param {Pick<Shape, "item"|"view"|"query">} at */
  scaleOf(at) {
    return this.shapes.find((shape) => ShapeList.together(shape, at))?.scale ?? null;
  }

  /** @param {number} id a shape @param {number|null} scale for all of its item */
  calibrate(id, scale) {
    const shape = this.get(id);
    if (!shape) return;
    this.mark();
    const measured = null; // anew
    this.shapes = this.shapes.map((one) => (ShapeList.together(one, shape) ? { ...one, scale, measured } : one));
    this.changed();
  }

  /** @param {number} id */
  remove(id) {
    if (!this.get(id)) return;
    this.mark();
    this.shapes = this.shapes.filter((shape) => shape.id !== id);
    if (this.chosen === id) this.chosen = this.handle = null;
    this.changed();
  }

  clear() {
    if (!this.shapes.length) return;
    this.mark();
    this.shapes = [];
    this.chosen = this.handle = null;
    this.changed();
  }

  /** @param {number|null} id @param {number|null} [handle] */
  choose(id, handle = null) {
    if (this.chosen === id && this.handle === handle) return;
    this.chosen = id;
    this.handle = handle;
    this.changed();
  }

  /** Take the last change back. @returns {boolean} whether there was one */
  undo() {
    return this.turn(this.past, this.future);
  }

  /** Make the change again that was taken back. @returns {boolean} whether there was one */
  redo() {
    return this.turn(this.future, this.past);
  }

  /** Take a change back that was not wanted, for good. */
  revoke() {
    if (this.undo()) this.future.pop();
  }

  /** @param {(readonly Shape[])[]} from @param {(readonly Shape[])[]} to */
  turn(from, to) {
    const other = from.pop();
    if (!other) return false;
    to.push(this.shapes);
    this.shapes = other;
    if (!this.get(this.chosen)) this.chosen = this.handle = null;
    this.changed();
    return true;
  }
}
