// The masks of the active pane's item: chosen, named, coloured, shown, deleted. Knows the masks.

import { h, iconButton } from "../dom.js";
import { t } from "../words/words.js";

/** @typedef {import("../panes/masking.js").Masking} Masking */
/** @typedef {import("../panes/masking.js").Shown} Shown */
/** @typedef {{element: HTMLElement, choice: HTMLInputElement, color: HTMLInputElement, name: HTMLInputElement, visible: HTMLInputElement}} Row */

/** Told apart by people who see few colours, too; the server gives them in this order. */
export const COLORS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2"];

export class MaskList {
  /** @param {Masking} masking @param {() => import("../types.js").Stack|null} stack */
  constructor(masking, stack) {
    this.masking = masking;
    this.stack = stack;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    const colors = COLORS.map((value) => h("option", { attributes: { value } }));
    this.list = h("ul", { class: "measures masks", label: "Masks" });
    this.element = h("div", {}, this.list, h("datalist", { attributes: { id: "mask-colours" } }, ...colors));
  }

  update() {
    const all = this.masking.all(this.stack());
    for (const [id, { element }] of this.rows) {
      if (all.some(({ mask }) => mask.id === id)) continue;
      element.remove();
      this.rows.delete(id);
    }
    const chosen = this.stack() && this.masking.items.get(this.stack()?.id ?? "")?.chosen;
    all.forEach(({ mask, visible }, i) => {
      const row = this.rows.get(mask.id) ?? this.makeRow(mask.id);
      if (this.list.children[i] !== row.element) this.list.insertBefore(row.element, this.list.children[i] ?? null);
      if (row.name !== document.activeElement)
        row.name.value = mask.named ? mask.name : t("mask {number}", { number: mask.number });
      if (row.color !== document.activeElement) row.color.value = mask.color;
      row.choice.checked = mask.id === chosen;
      row.visible.checked = visible;
      row.element.toggleAttribute("data-chosen", mask.id === chosen);
    });
    this.element.hidden = !all.length;
  }

  /** @param {string} id @returns {Row} */
  makeRow(id) {
    const { masking } = this;
    const change = (/** @type {(stack: import("../types.js").Stack) => void} */ act) => () => {
      const stack = this.stack();
      if (stack) act(stack);
    };
    const choose = change((stack) => masking.choose(stack, id));
    const choice = h("input", { label: "Choose this mask", attributes: { type: "radio", name: "mask" } });
    choice.addEventListener("change", choose);
    const color = h("input", { label: "Colour", attributes: { type: "color", list: "mask-colours" } });
    color.addEventListener(
      "change",
      change((stack) => masking.setLookOf(stack, id, { color: color.value })),
    );
    const name = h("input", { label: "Name", attributes: { type: "text", maxlength: "64", spellcheck: "false" } });
    name.addEventListener("focus", choose);
    name.addEventListener(
      "change",
      change(async (stack) => {
        if (name.value.trim()) await masking.setLookOf(stack, id, { name: name.value });
        else this.update();
      }),
    );
    const visible = h("input", { label: "Show this mask", attributes: { type: "checkbox" } });
    visible.addEventListener(
      "change",
      change((stack) => masking.setVisible(stack, id, visible.checked)),
    );
    const remove = iconButton(
      "close",
      "Delete",
      change((stack) => masking.remove(stack, id)),
    );
    const element = h("li", {}, h("div", { class: "row" }, choice, color, name, visible, remove));
    element.dataset.id = id;
    const row = { element, choice, color, name, visible };
    this.rows.set(id, row);
    return row;
  }
}
