// Which planes of a volume are cut, in the panel Display: whose axes, rectified or not, how far turned. Knows the
// viewport's oblique planes.

import { h } from "../dom.js";
import { t } from "../words/words.js";

/** @typedef {import("../place/plane_set.js").Base} Base */

const DEGREE = Math.PI / 180;
const PLANES = /** @type {const} */ (["axial", "coronal", "sagittal"]);
const LINES = { axial: "Lines in axial", coronal: "Lines in coronal", sagittal: "Lines in sagittal" };

export class PlanesPanel {
  /**
   * @param {import("../panes/viewport.js").Viewport} viewport
   * @param {HTMLElement} element
   */
  constructor(viewport, element) {
    this.viewport = viewport;
    this.base = h("select", { label: "Planes of", on: { change: () => this.chosen() } });
    for (const [value, words] of /** @type {const} */ ([
      ["patient", "the patient's axes"],
      ["own", "the acquisition's axes"],
    ]))
      this.base.append(h("option", { t: words, attributes: { value } }));
    this.rectified = h("input", { attributes: { type: "checkbox" }, on: { change: () => this.chosen() } });
    this.sheared = h(
      "label",
      { class: "check" },
      this.rectified,
      h("span", { t: "Rectify the sheared volume first (Steps say how)" }),
    );
    this.angles = PLANES.map((plane) => {
      const input = h("input", {
        class: "number",
        label: LINES[plane],
        attributes: { type: "number", step: "any", min: "-180", max: "180", inputmode: "decimal" },
        on: { change: () => this.typed(plane, input.valueAsNumber) },
      });
      return input;
    });
    const fields = PLANES.map((plane, i) =>
      h("label", { class: "field" }, h("span", { t: LINES[plane] }), this.angles[i]),
    );
    this.straight = h("button", { t: "Straighten", attributes: { type: "button" } });
    this.straight.addEventListener("click", () => viewport.oblique?.straighten());
    this.note = h("p", { class: "quiet" });
    element.append(
      h("h3", { t: "Planes" }),
      h("label", { class: "field" }, h("span", { t: "Planes of" }), this.base),
      this.sheared,
      this.note,
      h("p", {
        class: "quiet",
        t: "Degrees clockwise; or drag a line away from its middle, or hold Shift with the arrow keys",
      }),
      h("div", { class: "row" }, ...fields),
      h("div", { class: "choices" }, this.straight),
    );
  }

  chosen() {
    const [base, rectified] = [/** @type {Base} */ (this.base.value), this.rectified.checked];
    this.viewport.oblique?.change((set) => {
      if (base !== set.base) set.setBase(base);
      set.rectified = rectified;
    });
  }

  /** @param {string} plane @param {number} degrees */
  typed(plane, degrees) {
    if (Number.isFinite(degrees)) this.viewport.oblique?.setAngle(plane, degrees * DEGREE);
    this.update();
  }

  update() {
    const set = this.viewport.oblique?.set;
    if (!set) return;
    this.base.value = set.base;
    this.base.disabled = !set.axes.differ;
    this.rectified.checked = set.rectified;
    this.sheared.hidden = !set.axes.sheared;
    this.note.textContent = set.axes.differ ? "" : t("The volume was acquired along the patient's axes.");
    PLANES.forEach((plane, i) => {
      const angle = set.angles[plane] / DEGREE;
      if (document.activeElement !== this.angles[i]) this.angles[i].value = String(Number(angle.toFixed(1)));
    });
    this.straight.disabled = PLANES.every((plane) => set.kind(plane) !== "oblique");
  }
}
