// Brush and eraser by mouse, fingers and keys. Knows a pane's transform; who keeps strokes, by its outside.

import { isBrush, lengthened } from "../numbers/brush.js";
import { apply, unapply } from "../place/view_transform.js";

/** @typedef {import("../panes/pane.js").Pane} Pane */
/** @typedef {import("../numbers/shape_kinds.js").Spot} Spot */
/**
 * @typedef {object} BrushHost
 * @property {() => string} tool
 * @property {(pane: Pane) => string} whyNot nothing can be drawn in a pane; "" where it can
 * @property {(pane: Pane, points: Spot[]) => void} made
 * @property {(wider: boolean) => void} widen
 * @property {(pane: Pane, what: "undo"|"redo") => void} step
 * @property {(text: string) => void} tell
 */

/** @type {Record<string, Spot>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class BrushInput {
  /** @param {BrushHost} host */
  constructor(host) {
    this.host = host;
    /** Where a stroke is drawn, or the pen is. @type {Pane|null} */
    this.pane = null;
    /** The stroke that is being drawn. @type {Spot[]|null} */
    this.points = null;
    /** Where keys draw. @type {Spot|null} */
    this.pen = null;
  }

  /** @param {Pane} pane @param {Spot} at on the canvas @returns {Spot} in pixels of the image */
  place(pane, at) {
    const [x, y] = unapply(pane.transform() ?? [1, 0, 0, 1, 0, 0], ...at);
    return [Math.round((x - 0.5) * 100) / 100, Math.round((y - 0.5) * 100) / 100];
  }

  /** @param {Pane} pane @param {number} x @param {number} y @param {boolean} _finger @returns {boolean} whether it is ours */
  press(pane, x, y, _finger) {
    if (!isBrush(this.host.tool())) return false;
    this.pen = null;
    return this.begin(pane, this.place(pane, [x, y])) || true;
  }

  /** @param {Pane} pane @param {Spot} at */
  begin(pane, at) {
    const why = this.host.whyNot(pane);
    if (why) {
      this.host.tell(why);
      return false;
    }
    this.pane = pane;
    this.points = [at];
    pane.redraw();
    return true;
  }

  /** @param {Pane} pane @param {number} x @param {number} y */
  drag(pane, x, y) {
    if (!this.points || this.pane !== pane) return;
    this.points = lengthened(this.points, this.place(pane, [x, y]));
    pane.redraw();
  }

  release() {
    const { pane, points } = this;
    this.points = null;
    if (pane && points) this.host.made(pane, points);
  }

  /** @returns {boolean} whether there was anything to cancel */
  cancel() {
    const had = Boolean(this.points);
    this.points = null;
    this.pane?.redraw();
    return had;
  }

  /** @param {Pane} pane @param {number} _x @param {number} _y */
  hover(pane, _x, _y) {
    if (!isBrush(this.host.tool())) return;
    pane.element.style.cursor = "crosshair";
    pane.redraw();
  }

  /** Where the ring is in a pane: at the pen, or under the pointer. @param {Pane} pane @returns {Spot|null} */
  ring(pane) {
    if (!isBrush(this.host.tool())) return null;
    if (this.pane === pane && this.pen) return this.pen;
    if (this.pane === pane && this.points) return this.points[this.points.length - 1];
    return pane.cursor && !this.points ? this.place(pane, pane.cursor) : null;
  }

  /** @param {Pane} pane @param {KeyboardEvent} event @returns {boolean} whether it is ours */
  key(pane, event) {
    const { key } = event;
    if (event.altKey) return false;
    if (event.ctrlKey || event.metaKey) {
      const letter = key.toLowerCase();
      if (letter !== "z" && letter !== "y") return false;
      if (!this.cancel()) this.host.step(pane, letter === "y" || event.shiftKey ? "redo" : "undo");
      return true;
    }
    if (!isBrush(this.host.tool())) return false;
    const arrow = ARROWS[key];
    if (arrow && this.pen && this.pane === pane) return this.arrow(pane, arrow, event.shiftKey ? 10 : 1);
    if (key === "[" || key === "]") {
      this.host.widen(key === "]");
      pane.redraw();
      return true;
    }
    if (key === "Escape") return this.escape(pane);
    return (key === "Enter" || (key === " " && this.pen !== null)) && this.enter(pane);
  }

  /** @param {Pane} pane */
  escape(pane) {
    if (this.cancel()) return true;
    if (!this.pen) return false;
    this.pen = null;
    pane.redraw();
    return true;
  }

  /** Show the pen first; then put it down, and lift it. @param {Pane} pane */
  enter(pane) {
    if (this.pen && this.pane === pane) {
      if (this.points) this.release();
      else this.begin(pane, this.pen);
      return true;
    }
    const why = this.host.whyNot(pane);
    if (why) this.host.tell(why);
    else {
      this.pane = pane;
      const middle = /** @type {Spot} */ ([pane.canvas.width / 2, pane.canvas.height / 2]);
      this.pen = /** @type {Spot} */ (this.place(pane, pane.cursor ?? middle).map(Math.round));
      pane.redraw();
    }
    return true;
  }

  /** @param {Pane} pane @param {Spot} way on the screen @param {number} by pixels of the image */
  arrow(pane, way, by) {
    const [a, b, c, d] = pane.transform() ?? [1, 0, 0, 1];
    const [x, y] = unapply([a, b, c, d, 0, 0], ...way);
    const [column, row] = this.pen ?? [0, 0];
    this.pen = Math.abs(x) > Math.abs(y) ? [column + Math.sign(x) * by, row] : [column, row + Math.sign(y) * by];
    if (this.points) this.points = lengthened(this.points, this.pen);
    pane.redraw();
    return true;
  }

  /** The pen on the canvas. @param {Pane} pane @returns {Spot|null} */
  penOnCanvas(pane) {
    if (!this.pen || this.pane !== pane) return null;
    return apply(pane.transform() ?? [1, 0, 0, 1, 0, 0], this.pen[0] + 0.5, this.pen[1] + 0.5);
  }
}
