// The window from a part of the image: a rectangle that is dragged, or all that is seen. Knows a pane's methods and the
// server's answer.

import { h } from "../dom.js";
import { pixelsBetween } from "../place/shown_area.js";
import { windowOf } from "../server/over.js";

/** @typedef {import("../panes/pane.js").Pane} Pane */
/** @typedef {[number, number]} Place */

export class RegionTool {
  /** @param {Pane} pane */
  constructor(pane) {
    this.pane = pane;
    this.frame = h("div", { class: "region", attributes: { "aria-hidden": "true" } });
    this.frame.hidden = true;
    pane.element.append(this.frame);
    /** @type {Place|null} where the drag began */
    this.from = null;
    /** @type {Place} */
    this.to = [0, 0];
  }

  /** @param {number} x @param {number} y */
  start(x, y) {
    if (!this.pane.stack || this.pane.stack.description.color) return;
    this.from = [x, y];
    this.to = [x, y];
  }

  /** @param {number} x @param {number} y */
  drag(x, y) {
    if (!this.from) return;
    this.to = [x, y];
    const ratio = devicePixelRatio || 1;
    const [left, right] = [this.from[0], x].sort((a, b) => a - b).map((v) => v / ratio);
    const [top, bottom] = [this.from[1], y].sort((a, b) => a - b).map((v) => v / ratio);
    this.frame.hidden = false;
    Object.assign(this.frame.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${right - left}px`,
      height: `${bottom - top}px`,
    });
  }

  /** @returns {boolean} whether there was anything to cancel */
  cancel() {
    const drawn = this.from !== null;
    this.from = null;
    this.frame.hidden = true;
    return drawn;
  }

  end() {
    const { from, to } = this;
    const drawn = this.cancel() && from && (from[0] !== to[0] || from[1] !== to[1]);
    if (drawn) takeWindow(this.pane, from, to);
  }
}

/** Take the window of what is seen. @param {Pane} pane */
export function takeVisible(pane) {
  takeWindow(pane, [0, 0], [pane.canvas.width, pane.canvas.height]);
}

/**
 * @param {Pane} pane
 * @param {Place} from on the canvas
 * @param {Place} to
 */
async function takeWindow(pane, from, to) {
  const { stack, index } = pane;
  const transform = pane.transform();
  if (!stack || !transform || stack.description.color) return;
  const box = pixelsBetween(stack.description, transform, from, to);
  if (!box) return;
  try {
    const voi = await windowOf(stack, index, box);
    if (pane.stack === stack) pane.setVoi(voi);
  } catch (error) {
    document.dispatchEvent(new CustomEvent("hounsfield-tell", { detail: error }));
  }
}
