// Measures by mouse, fingers and keys: drawn, taken by their handles, moved. Knows a pane's transform, the list of shapes
// and what measures them by its outside.

import { Draft } from "../numbers/shape_draft.js";
import {
  distanceTo,
  handlesOf,
  isOutline,
  isShapeKind,
  keptPoint,
  moved,
  strokesOf,
  withHandle,
} from "../numbers/shape_kinds.js";
import { apply, unapply } from "../place/view_transform.js";

/** @typedef {import("../panes/pane.js").Pane} Pane */
/** @typedef {import("../numbers/shape_kinds.js").Spot} Spot */
/** @typedef {import("../state/shapes.js").Shape} Shape */
/**
 * @typedef {object} Host
 * @property {import("../state/shapes.js").ShapeList} list
 * @property {() => string} tool
 * @property {(pane: Pane) => Shape[]} shapesIn
 * @property {(pane: Pane) => string} whyNot nothing can be drawn in a pane; "" where it can
 * @property {(pane: Pane, draft: Draft) => void} made
 * @property {(id: number) => void} measure
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {(text: string) => void} tell
 */
/** What is held by a pointer. @typedef {{id: number, handle: number|null, from: Spot, points: Spot[], marked: boolean}} Held */

/** CSS pixels: how near a handle and a line are hit, by a mouse and by fingers; a drag is longer than a click. */
const [MOUSE, FINGER, LINE, FINGER_LINE, CLICK, STEP] = [12, 22, 5, 12, 4, 2];
/** @type {Record<string, Spot>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class ShapeInput {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    /** @type {Draft|null} */
    this.draft = null;
    /** Where the draft is, or the pen. @type {Pane|null} */
    this.pane = null;
    /** @type {Held|null} */
    this.held = null;
    /** Where keys draw, in pixels of the image. @type {Spot|null} */
    this.pen = null;
    /** Where the pointer was pressed, on the canvas. @type {Spot} */
    this.pressed = [0, 0];
    /** @type {Spot} */
    this.last = [0, 0];
    this.finger = false;
  }

  /** @param {Pane} pane @param {Spot} at on the canvas @returns {Spot} */
  place(pane, at) {
    const transform = pane.transform() ?? [1, 0, 0, 1, 0, 0];
    return keptPoint(/** @type {Spot} */ (unapply(transform, ...at).map((v) => v - 0.5)));
  }

  /** @param {Pane} pane @param {Spot[]} points @returns {Spot[]} */
  onCanvas(pane, points) {
    const transform = pane.transform() ?? [1, 0, 0, 1, 0, 0];
    return points.map(([x, y]) => apply(transform, x + 0.5, y + 0.5));
  }

  /**
   * The shape under a place of the canvas: a handle of the chosen one first.
   * @param {Pane} pane
   * @param {Spot} at
   * @param {boolean} finger
   * @returns {{shape: Shape, handle: number|null}|null}
   */
  hit(pane, at, finger) {
    const ratio = devicePixelRatio || 1;
    const shapes = [...this.host.shapesIn(pane)].reverse();
    const chosen = shapes.find(({ id }) => id === this.host.list.chosen);
    if (chosen) {
      const apart = this.onCanvas(pane, handlesOf(chosen.kind, chosen.points)).map(([x, y]) =>
        Math.hypot(x - at[0], y - at[1]),
      );
      const handle = apart.indexOf(Math.min(...apart));
      if (handle >= 0 && apart[handle] <= (finger ? FINGER : MOUSE) * ratio) return { shape: chosen, handle };
    }
    const near = (finger ? FINGER_LINE : LINE) * ratio;
    // Who measures begins where he likes, on lines of others, too.
    const found = shapes.find(({ id, kind, points }) => {
      if (isShapeKind(this.host.tool()) && id !== chosen?.id) return false;
      const strokes = strokesOf(kind, points).map((stroke) => this.onCanvas(pane, stroke));
      return distanceTo(at, strokes, this.onCanvas(pane, points)) <= (points.length === 1 ? 2 * near : near);
    });
    return found ? { shape: found, handle: null } : null;
  }

  /** @param {Pane} pane @param {number} x @param {number} y @param {boolean} finger @returns {boolean} whether it is ours */
  press(pane, x, y, finger) {
    const { host } = this;
    this.pressed = this.last = [x, y];
    this.finger = finger;
    const at = this.place(pane, [x, y]);
    if (this.draft && this.pane !== pane) this.cancel();
    const hit = this.draft ? null : this.hit(pane, [x, y], finger);
    if (hit) {
      const { id, points } = hit.shape;
      host.list.choose(id);
      this.held = { id, handle: hit.handle, from: at, points, marked: false };
      return true;
    }
    const tool = host.tool();
    if (!isShapeKind(tool)) {
      host.list.choose(null);
      return false;
    }
    const why = host.whyNot(pane);
    if (why) {
      host.tell(why);
      return false;
    }
    this.pen = null;
    this.point(pane, at, tool);
    return true;
  }

  /** @param {Pane} pane @param {Spot} at @param {import("../numbers/shape_kinds.js").ShapeKind} tool */
  point(pane, at, tool) {
    if (!this.draft) {
      this.draft = new Draft(tool);
      this.pane = pane;
      this.host.list.choose(null);
    }
    if (this.closes(pane, at) && this.draft.finish()) return this.made();
    this.draft.press(at);
    pane.redraw();
  }

  /** Whether an outline is closed by a place: its beginning, or its end once more. @param {Pane} pane @param {Spot} at */
  closes(pane, at) {
    const { draft } = this;
    if (!draft || !isOutline(draft.kind) || draft.fixed.length < 3) return false;
    const near = (this.finger ? FINGER : MOUSE) * (devicePixelRatio || 1);
    const [here, ...ends] = this.onCanvas(pane, [at, draft.fixed[0], draft.fixed[draft.fixed.length - 1]]);
    const apart = ends.map(([x, y]) => Math.hypot(x - here[0], y - here[1]));
    return apart[0] <= near || apart[1] <= near / 3;
  }

  /** @param {Pane} pane @param {number} x @param {number} y */
  drag(pane, x, y) {
    const ratio = devicePixelRatio || 1;
    const far = Math.hypot(x - this.pressed[0], y - this.pressed[1]) > CLICK * ratio;
    const at = this.place(pane, [x, y]);
    if (this.held) {
      if (far || this.held.marked) this.dragHeld(this.held, at);
      return;
    }
    const { draft } = this;
    if (!draft || !(far || draft.dragged)) return;
    if (draft.kind === "freehand" && Math.hypot(x - this.last[0], y - this.last[1]) < STEP * ratio) return;
    this.last = [x, y];
    draft.drag(at);
    pane.redraw();
  }

  /** @param {Held} held @param {Spot} at */
  dragHeld(held, at) {
    const { list } = this.host;
    const shape = list.get(held.id);
    if (!shape) return;
    if (!held.marked) list.mark();
    held.marked = true;
    const by = /** @type {Spot} */ ([at[0] - held.from[0], at[1] - held.from[1]]);
    const points = held.handle === null ? moved(held.points, by) : withHandle(shape.kind, held.points, held.handle, at);
    list.update(held.id, { points });
    this.host.measure(held.id);
  }

  release() {
    if (this.held) {
      this.held = null;
      return;
    }
    if (this.draft?.release()) this.made();
    else this.pane?.redraw();
  }

  made() {
    const { draft, pane } = this;
    this.draft = null;
    if (draft && pane) this.host.made(pane, draft);
  }

  /** @returns {boolean} whether there was anything to cancel */
  cancel() {
    const { held, draft, pane } = this;
    if (held?.marked) {
      this.host.list.revoke();
      this.host.measure(held.id);
    }
    this.held = this.draft = null;
    pane?.redraw();
    return Boolean(held || draft);
  }

  /** @param {Pane} pane @param {number} x @param {number} y */
  hover(pane, x, y) {
    if (this.held) return;
    if (this.draft && this.pane === pane && !this.draft.begun) {
      this.draft.hover(this.place(pane, [x, y]));
      pane.redraw();
    }
    pane.element.style.cursor = !this.draft && this.hit(pane, [x, y], false) ? "move" : "";
  }

  /** Whether arrow keys are ours. */
  takesKeys() {
    return this.pen !== null || this.host.list.handle !== null;
  }

  /** @param {Pane} pane @param {KeyboardEvent} event @returns {boolean} whether it is ours */
  key(pane, event) {
    const { list } = this.host;
    const { key } = event;
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      const back = key.toLowerCase() === "z" && !event.shiftKey;
      const again = key.toLowerCase() === (event.shiftKey ? "z" : "y");
      if (back) this.host.undo();
      else if (again) this.host.redo();
      return back || again;
    }
    if (event.altKey) return false;
    const arrow = ARROWS[key];
    if (arrow && this.takesKeys()) return this.arrow(pane, arrow, event.shiftKey ? 10 : 1);
    if (key === "Escape") return this.escape(pane);
    if (key === "Backspace" && this.draft) {
      if (!this.draft.back()) this.cancel();
      pane.redraw();
      return true;
    }
    const chosen = this.host.shapesIn(pane).find(({ id }) => id === list.chosen);
    if ((key === "Delete" || key === "Backspace") && chosen) {
      list.remove(chosen.id);
      return true;
    }
    if (key === "n") return this.next(pane);
    return (key === "Enter" || (key === " " && this.pen !== null)) && this.enter(pane);
  }

  /** @param {Pane} pane */
  escape(pane) {
    const { list } = this.host;
    if (this.cancel()) return true;
    if (this.pen) this.pen = null;
    else if (list.handle !== null) list.choose(list.chosen);
    else if (list.chosen !== null) list.choose(null);
    else return false;
    pane.redraw();
    return true;
  }

  /** Set a point where the pen is; the first time show the pen. @param {Pane} pane */
  enter(pane) {
    const tool = this.host.tool();
    if (!isShapeKind(tool)) return false;
    const why = this.host.whyNot(pane);
    if (why) this.host.tell(why);
    else if (!this.pen || (this.pane !== pane && !this.draft)) {
      this.pane = pane;
      this.host.list.choose(null);
      const middle = /** @type {Spot} */ ([pane.canvas.width / 2, pane.canvas.height / 2]);
      this.pen = /** @type {Spot} */ (this.place(pane, pane.cursor ?? middle).map(Math.round));
      this.draft?.hover(this.pen);
    } else {
      this.finger = false;
      this.point(pane, this.pen, tool);
      if (this.draft?.release()) this.made();
      this.draft?.hover(this.pen);
    }
    pane.redraw();
    return true;
  }

  /** @param {Pane} pane @param {Spot} way on the screen @param {number} by pixels of the image */
  arrow(pane, way, by) {
    const { list } = this.host;
    const [dx, dy] = this.along(pane, way, by);
    if (this.pen) {
      this.pen = [this.pen[0] + dx, this.pen[1] + dy];
      this.draft?.hover(this.pen);
      pane.redraw();
      return true;
    }
    const shape = this.host.shapesIn(pane).find(({ id }) => id === list.chosen);
    const at = shape && handlesOf(shape.kind, shape.points)[list.handle ?? 0];
    if (!shape || !at) return false;
    list.mark();
    const to = keptPoint([at[0] + dx, at[1] + dy]);
    list.update(shape.id, { points: withHandle(shape.kind, shape.points, list.handle ?? 0, to) });
    this.host.measure(shape.id);
    return true;
  }

  /** A way on the screen in pixels of the image, along its rows or columns. @param {Pane} pane @param {Spot} way @param {number} by @returns {Spot} */
  along(pane, way, by) {
    const [a, b, c, d] = pane.transform() ?? [1, 0, 0, 1];
    const [x, y] = unapply([a, b, c, d, 0, 0], ...way);
    return Math.abs(x) > Math.abs(y) ? [Math.sign(x) * by, 0] : [0, Math.sign(y) * by];
  }

  /** Choose the next handle, of one shape after the other. @param {Pane} pane */
  next(pane) {
    const { list } = this.host;
    const all = this.host
      .shapesIn(pane)
      .flatMap(({ id, kind, points }) => handlesOf(kind, points).map((_, handle) => ({ id, handle })));
    if (!all.length) return false;
    const now = all.findIndex(({ id, handle }) => id === list.chosen && handle === list.handle);
    const first = all.findIndex(({ id }) => id === list.chosen);
    const { id, handle } = all[now >= 0 ? (now + 1) % all.length : Math.max(first, 0)];
    this.pen = null;
    list.choose(id, handle);
    return true;
  }
}
