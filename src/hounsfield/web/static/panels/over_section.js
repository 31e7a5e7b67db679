// What can be drawn over the shown frame, in the panel Display: presentation states, overlays, shutter, padding. Knows
// the active pane's layers and the server's list.

import { h } from "../dom.js";
import { PADDING } from "../drawing/layer_drawing.js";
import { listOver } from "../server/over.js";
import { t } from "../words/words.js";

/** @typedef {import("../types.js").Over} Over */

export class OverSection {
  /**
   * @param {import("../panes/viewport.js").Viewport} viewport
   * @param {import("../state/store.js").Store} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    this.store = store;
    this.title = h("h3", { t: "Over the image" });
    this.states = h("select", { label: "Presentation state", on: { change: () => this.chosen() } });
    this.statesField = h("label", { class: "field" }, h("span", { t: "Presentation state" }), this.states);
    this.list = h("div", {});
    this.problem = h("p", { class: "quiet", attributes: { role: "status" } });
    this.element = h("div", { class: "over" }, this.title, this.statesField, this.list, this.problem);
    this.asked = "";
    this.timer = 0;
    /** @type {Over|null} */
    this.known = null;
    store.watch(["hidden"], () => this.again());
    store.watch(["reading"], () => this.again());
  }

  /** The server may say something else now. */
  again() {
    this.asked = "";
    this.update();
  }

  /** Ask what there is, once the frame stays for a moment. */
  update() {
    const pane = this.viewport.active();
    const { stack, index } = pane;
    const { language, hidden } = this.store.get();
    const wanted = stack ? `${stack.key} ${index} ${language} ${hidden}` : "";
    if (wanted === this.asked) return this.tellProblem();
    this.asked = wanted;
    clearTimeout(this.timer);
    // Nothing is drawn over tiles.
    if (!stack || stack.plane || stack.tiled) {
      this.known = null;
      return this.show();
    }
    this.timer = setTimeout(async () => {
      /** @type {Over|null} */
      let over = null;
      try {
        over = await listOver(stack, index);
      } catch {
        // The pane says what is wrong with the frame.
      }
      if (this.asked !== wanted) return;
      this.known = over;
      this.show();
    }, 150);
  }

  show() {
    const pane = this.viewport.active();
    const { stack, layers } = pane;
    const over = this.known;
    const { hidden } = this.store.get();
    const state = stack?.state ?? "";
    const named = (over?.states ?? []).map(({ id, label }, i) =>
      h("option", { text: label || `${t("Presentation state")} ${i + 1}`, attributes: { value: id } }),
    );
    if (state && !over?.states.some(({ id }) => id === state))
      named.push(h("option", { t: "not for this frame", attributes: { value: state } }));
    this.states.replaceChildren(h("option", { t: "none", attributes: { value: "" } }), ...named);
    this.states.value = state;
    this.statesField.hidden = !named.length;
    /** @type {HTMLElement[]} */
    const rows = [];
    if (state) {
      rows.push(check(t("Its annotations"), layers.annotations, (on) => this.set(() => (layers.annotations = on))));
    } else {
      for (const { group, label, roi } of over?.overlays ?? []) {
        const code = group.toString(16).toUpperCase();
        const name = [t(roi ? "Overlay, region" : "Overlay"), code, label].filter(Boolean).join(" ");
        const change = (/** @type {boolean} */ on) =>
          this.set(() => (on ? layers.overlays.add(group) : layers.overlays.delete(group)));
        rows.push(check(name, layers.overlays.has(group), change, hidden));
      }
      if (over?.shutter)
        rows.push(check(t("Shutter of the image"), layers.shutter, (on) => this.set(() => (layers.shutter = on))));
    }
    const padding = check(t("Padding (no measurement)"), layers.padding, (on) => this.set(() => (layers.padding = on)));
    padding.append(swatch());
    if (over?.padding || layers.padding || stack?.plane) rows.push(padding);
    this.list.replaceChildren(...rows);
    this.title.hidden = !rows.length && !named.length;
    this.tellProblem();
  }

  tellProblem() {
    const { stack, layers } = this.viewport.active();
    const hidden = this.store.get().hidden;
    const withheld = hidden && (stack?.state || this.known?.overlays.length);
    const said = [
      layers.problem || this.known?.problem || "",
      withheld ? t("Overlays and texts are not shown while the patient is hidden: they may name it.") : "",
      stack?.state && stack.description.color ? t("The colours are the state's; they have no window here.") : "",
    ];
    this.problem.textContent = said.filter(Boolean).join(" ");
    this.problem.hidden = !this.problem.textContent;
  }

  /** @param {() => void} change */
  set(change) {
    change();
    this.viewport.active().redraw();
    this.tellProblem();
  }

  async chosen() {
    const pane = this.viewport.active();
    try {
      await this.viewport.showState(pane, this.states.value || null);
    } catch (error) {
      this.problem.textContent = error instanceof Error ? error.message : String(error);
      this.problem.hidden = false;
      this.states.value = pane.stack?.state ?? "";
    }
  }
}

/**
 * @param {string} text
 * @param {boolean} on
 * @param {(on: boolean) => void} change
 * @param {boolean} [disabled]
 */
function check(text, on, change, disabled = false) {
  const input = h("input", { attributes: { type: "checkbox" }, on: { change: () => change(input.checked) } });
  input.checked = on;
  input.disabled = disabled;
  return h("label", { class: "check" }, input, h("span", { text }));
}

/** The pattern that stands for padding. */
function swatch() {
  const canvas = h("canvas", { class: "swatch", attributes: { width: "24", height: "12", "aria-hidden": "true" } });
  const context = canvas.getContext("2d");
  for (let row = 0; context && row < 12; row++) {
    for (let column = 0; column < 24; column++) {
      context.fillStyle = `rgb(${PADDING[(row + column) & 4 ? 1 : 0].join(" ")})`;
      context.fillRect(column, row, 1, 1);
    }
  }
  return canvas;
}
