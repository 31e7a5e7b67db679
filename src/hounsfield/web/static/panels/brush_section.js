// Brush and eraser in the panel Mask: which is chosen, how wide, what is taken back. Knows what paints.

import { h, press } from "../dom.js";
import { asRadius } from "../numbers/brush.js";

/** Radii that the slider reaches; keys reach more. */
const SLIDER = { min: "0.5", max: "50", step: "0.5" };

export class BrushSection {
  /** @param {import("../panes/painting.js").Painting} painting */
  constructor(painting) {
    this.painting = painting;
    const { viewport, masking } = painting;
    const { store } = viewport;
    const button = (/** @type {string} */ words, /** @type {() => void} */ act) =>
      h("button", { t: words, attributes: { type: "button" }, on: { click: act } });
    const tool = (/** @type {"brush"|"eraser"} */ name) => () => {
      store.set({ tool: store.get().tool === name ? "window" : name });
      viewport.active().element.focus({ preventScroll: true }); // where it is drawn, by keys, too
    };
    this.brush = button("Brush", tool("brush"));
    this.eraser = button("Eraser", tool("eraser"));
    const step = (/** @type {"undo"|"redo"} */ what) => () => painting.step(viewport.active().stack, what);
    this.undo = button("Undo stroke", step("undo"));
    this.redo = button("Redo stroke", step("redo"));
    this.radius = h("input", {
      label: "Radius in pixels",
      attributes: { type: "range", ...SLIDER },
      on: { input: () => painting.setRadius(this.radius.valueAsNumber) },
    });
    this.exact = h("input", {
      class: "number",
      label: "Radius in pixels, as a number",
      attributes: { type: "number", min: "0.5", max: "200", step: "0.5", inputmode: "decimal" },
      on: { change: () => painting.setRadius(asRadius(this.exact.valueAsNumber)) },
    });
    const field = h("label", { class: "field" }, h("span", { t: "Radius in pixels" }), this.radius);
    const tools = h("div", { class: "choices" }, this.brush, this.eraser, this.undo, this.redo);
    const how = h("p", {
      class: "quiet",
      t: "Keys: 3 brush, 4 eraser, [ and ] radius, Enter puts the pen down and lifts it, arrows move it, Ctrl+Z takes back.",
    });
    this.element = h("div", { class: "brush" }, tools, h("div", { class: "row" }, field, this.exact), how);
    painting.onChange(() => this.update());
    masking.onChange(() => this.update());
    store.watch(["tool"], () => this.update());
  }

  update() {
    const { painting, radius, exact } = this;
    const { viewport, masking } = painting;
    const { tool } = viewport.store.get();
    press(this.brush, tool === "brush");
    press(this.eraser, tool === "eraser");
    radius.value = String(painting.radius);
    if (exact !== document.activeElement) exact.value = String(painting.radius);
    const shown = masking.of(viewport.active().stack);
    this.undo.disabled = !shown?.mask.can_undo || shown.quick;
    this.redo.disabled = !shown?.mask.can_redo || shown.quick;
  }
}
