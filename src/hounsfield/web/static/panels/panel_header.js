// The panel Header: attributes of the file of the shown frame, searched as you type. Knows the server's rows.

import { h } from "../dom.js";
import { loadHeader } from "../server/server.js";
import { t } from "../words/words.js";
import { filterRows } from "./search.js";

/** @typedef {import("../types.js").HeaderRow} HeaderRow */
/** @typedef {import("../panes/viewport.js").Viewport} Viewport */

export class HeaderPanel {
  /** @param {Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    this.search = h("input", {
      label: "Search the header",
      attributes: { type: "search" },
      on: { input: () => this.typed() },
    });
    this.count = h("p", { class: "quiet", attributes: { role: "status" } });
    this.body = h("tbody");
    const heads = ["Tag", "VR", "Attribute", "Value"].map((words) =>
      h("th", { t: words, attributes: { scope: "col" } }),
    );
    const table = h("table", { class: "header" }, h("thead", {}, h("tr", {}, ...heads)), this.body);
    this.element = h("div", {}, this.search, this.count, h("div", { class: "scroll" }, table));
    /** @type {HeaderRow[]} */
    this.rows = [];
    this.more = false;
    this.key = "";
    this.timer = 0;
  }

  /**
   * Fetch what is not there yet, a moment after the last change.
   * @param {boolean} [again] although nothing else is shown
   */
  update(again = false) {
    const { stack, index } = this.viewport.active();
    const key = stack ? `${stack.id} ${stack.plane ? 0 : index}` : "";
    if (key === this.key && !again) return;
    this.key = key;
    clearTimeout(this.timer);
    if (!stack) {
      this.rows = [];
      this.draw();
    } else this.timer = setTimeout(() => this.load(stack.id, stack.plane ? 0 : index, key), 120);
  }

  typed() {
    if (this.more) {
      this.key = "";
      this.update();
    } else this.draw();
  }

  /** @param {string} id @param {number} frame @param {string} key */
  async load(id, frame, key) {
    try {
      // Headers of more rows than one answer holds are searched by the server.
      const { rows, more } = await loadHeader(id, frame, this.more ? this.search.value : "");
      if (key !== this.key) return;
      this.rows = rows;
      this.more = more || this.more;
      this.draw();
    } catch (error) {
      if (key !== this.key) return;
      this.rows = [];
      this.draw();
      this.count.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  draw() {
    const shown = filterRows(this.rows, this.search.value);
    this.count.textContent =
      t("{n} attributes", { n: shown.length }) + (this.more ? t(", and more: search for them") : "");
    this.body.replaceChildren(
      ...shown.map((row) =>
        h(
          "tr",
          {},
          h("td", { class: `tag depth${Math.min(row.depth, 6)}`, text: tagText(row.tag) }),
          h("td", { text: row.vr }),
          h("td", { text: row.name || row.keyword }),
          h("td", { class: "value", text: row.value }),
        ),
      ),
    );
  }
}

/** @param {string} tag eight hexadecimal digits are written as the standard writes them */
function tagText(tag) {
  return /^[0-9a-fA-F]{8}$/.test(tag) ? `(${tag.slice(0, 4)},${tag.slice(4)})` : tag;
}
