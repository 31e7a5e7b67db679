// The slice rail at a pane's edge: where one is in the stack, and a way to any place of it. Knows numbers of frames only.

import { h } from "../dom.js";
import { frameOnRail } from "../numbers/hit_test.js";

export class Rail {
  /** @param {(index: number) => void} go */
  constructor(go) {
    this.frames = 1;
    this.thumb = h("div", { class: "thumb" });
    this.element = h(
      "div",
      { class: "rail", label: "Frame", attributes: { role: "slider", tabindex: "0", "aria-orientation": "vertical" } },
      this.thumb,
    );
    const slide = (/** @type {PointerEvent} */ event) => {
      const box = this.element.getBoundingClientRect();
      go(frameOnRail((event.clientY - box.top) / box.height, this.frames));
    };
    this.element.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.element.setPointerCapture(event.pointerId);
      slide(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) slide(event);
    });
    this.update(0, 1); // a slider has a value, also in a pane without images
  }

  /**
   * @param {number} index
   * @param {number} frames
   */
  update(index, frames) {
    this.frames = frames;
    this.element.hidden = frames < 2;
    this.element.setAttribute("aria-valuemin", "1");
    this.element.setAttribute("aria-valuemax", String(frames));
    this.element.setAttribute("aria-valuenow", String(index + 1));
    const size = Math.max(100 / frames, 3);
    this.thumb.style.height = `${size}%`;
    this.thumb.style.top = `${(index / Math.max(frames - 1, 1)) * (100 - size)}%`;
  }
}
