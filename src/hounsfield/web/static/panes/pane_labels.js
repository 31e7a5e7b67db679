// Texts over one pane: corners, orientation letters, messages. Knows strings that it is given; text of files goes into
// text nodes.

import { h } from "../dom.js";

const CORNERS = /** @type {const} */ (["topLeft", "topRight", "bottomLeft", "bottomRight"]);
const EDGES = /** @type {const} */ (["left", "right", "top", "bottom"]);

/** @typedef {Record<typeof CORNERS[number], string[]>} Corners */

export class PaneLabels {
  constructor() {
    /** @type {Record<string, HTMLElement>} */
    this.corners = {};
    /** @type {Record<string, HTMLElement>} */
    this.edges = {};
    this.element = h("div", { class: "labels" });
    for (const name of CORNERS) this.corners[name] = h("div", { class: `corner ${name}` });
    for (const name of EDGES) this.edges[name] = h("div", { class: `edge ${name}` });
    this.element.append(...Object.values(this.corners), ...Object.values(this.edges));
    this.probe = h("div", { class: "probe" });
    this.message = h("div", { class: "message", attributes: { role: "status" } });
    // Above the corner, however many lines that has.
    this.element.append(h("div", { class: "lower" }, this.probe, this.corners.bottomLeft), this.message);
  }

  /** @param {Corners} lines */
  setCorners(lines) {
    for (const name of CORNERS) {
      const corner = this.corners[name];
      const wanted = lines[name].filter(Boolean);
      while (corner.childElementCount > wanted.length) corner.lastElementChild?.remove();
      wanted.forEach((text, i) => {
        const line = corner.children[i] ?? corner.appendChild(h("div"));
        if (line.textContent !== text) line.textContent = text;
      });
    }
  }

  /** @param {import("../types.js").Letters|null} letters */
  setLetters(letters) {
    for (const name of EDGES) this.edges[name].textContent = letters?.[name] ?? "";
  }

  /** @param {string} text */
  setProbe(text) {
    this.probe.textContent = text;
    this.probe.hidden = !text;
  }

  /**
   * @param {string} text
   * @param {boolean} [error]
   */
  setMessage(text, error = false) {
    if (this.message.textContent !== text) this.message.textContent = text;
    this.message.hidden = !text;
    this.message.classList.toggle("error", error);
  }
}
