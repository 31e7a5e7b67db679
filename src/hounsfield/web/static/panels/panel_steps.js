// The panel Steps: how the numbers came to be, what was assumed, warnings. Knows descriptions.

import { h } from "../dom.js";
import { t } from "../words/words.js";

/** @typedef {import("../panes/viewport.js").Viewport} Viewport */

export class StepsPanel {
  /** @param {Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    this.element = h("div", { class: "steps" });
  }

  update() {
    const d = this.viewport.active().stack?.description;
    this.element.replaceChildren();
    if (!d) return;
    if (d.burned_in) this.element.append(h("p", { class: "note", t: "Burned-in text may name the patient" }));
    if (d.warnings.length) {
      this.element.append(
        h("h3", { t: "Warnings" }),
        h("ul", { class: "plain" }, ...d.warnings.map((text) => h("li", { class: "note", text }))),
      );
    }
    this.element.append(h("h3", { t: "Steps" }));
    const list = h("ol", { class: "plain" });
    for (const step of d.steps) {
      list.append(
        h(
          "li",
          { class: step.outcome === "assumed" ? "assumed" : "" },
          h("strong", { text: step.title }),
          h("span", { class: "outcome", text: t(step.outcome) }),
          h("p", { text: step.detail }),
          step.reference ? h("p", { class: "quiet", text: step.reference }) : null,
        ),
      );
    }
    this.element.append(list);
    if (!d.steps.length) this.element.append(h("p", { class: "quiet", t: "Nothing was done to the values." }));
  }
}
