// The segments of segmentations that are of the active pane's item: each is shown as a mask. Knows the masks.

import { h } from "../dom.js";
import { listSegments } from "../server/masks.js";
import { t } from "../words/words.js";

/** @typedef {import("../server/masks.js").Segmentation} Segmentation */
/** @typedef {import("../panes/masking.js").Masking} Masking */

export class SegmentSection {
  /** @param {import("../panes/viewport.js").Viewport} viewport @param {Masking} masking */
  constructor(viewport, masking) {
    this.viewport = viewport;
    this.masking = masking;
    /** @type {Segmentation[]} */
    this.known = [];
    this.asked = "";
    this.list = h("div");
    this.element = h("div", { class: "segments" }, h("h3", { t: "Segments of the study" }), this.list);
    this.element.hidden = true;
    masking.onChange(() => this.show());
    // More files may have come, and names may be hidden.
    viewport.store.watch(["reading", "hidden", "language", "items"], () => this.again());
  }

  again() {
    this.asked = "";
    this.update();
  }

  /** Ask what there is of the item that is shown. */
  async update() {
    const { stack } = this.viewport.active();
    const { side } = this.viewport.store.get();
    if (side !== "mask") return;
    const wanted = stack && !stack.description.color && !stack.tiled ? stack.id : "";
    if (this.asked === wanted) return;
    this.asked = wanted;
    const known = wanted ? await listSegments(wanted).catch(() => []) : [];
    if (this.asked !== wanted) return;
    this.known = known;
    this.show();
  }

  show() {
    const { stack } = this.viewport.active();
    this.element.hidden = !this.known.length || !stack;
    if (this.element.hidden) return;
    const focused = this.list.contains(document.activeElement) ? document.activeElement?.id : "";
    this.list.replaceChildren(...this.known.flatMap((each) => this.rowsOf(each)));
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {Segmentation} segmentation */
  rowsOf({ id, description, segments }) {
    const rows = segments.map(({ number, label, meaning, color }) => {
      const name = label || t("Segment {number}", { number });
      const shown = this.maskOf(id, number);
      const input = h("input", {
        attributes: { type: "checkbox", id: `segment-${id}-${number}` },
        on: { change: () => this.set(id, number, input.checked) },
      });
      input.checked = Boolean(shown?.visible);
      const patch = h("span", { class: "patch", attributes: { "aria-hidden": "true" } });
      patch.style.background = shown?.mask.color ?? color ?? "transparent";
      const said = meaning && meaning !== label ? `${name} (${meaning})` : name;
      return h("label", { class: "check" }, input, patch, h("span", { text: said }));
    });
    return [h("p", { class: "quiet", text: description || t("Segmentation") }), ...rows];
  }

  /** @param {string} file @param {number} number */
  maskOf(file, number) {
    const { stack } = this.viewport.active();
    const is = (/** @type {Record<string, any>} */ { segment }) => segment?.file === file && segment.number === number;
    return this.masking.all(stack).find(({ mask }) => is(mask.recipe));
  }

  /** @param {string} file @param {number} number @param {boolean} on */
  set(file, number, on) {
    const { stack, index } = this.viewport.active();
    if (!stack) return;
    const known = this.maskOf(file, number);
    if (known) {
      if (on) this.masking.choose(stack, known.mask.id);
      this.masking.setVisible(stack, known.mask.id, on);
    } else if (on) {
      this.masking.add({ stack, index, recipe: { segment: { file, number } }, quick: null });
    }
  }
}
