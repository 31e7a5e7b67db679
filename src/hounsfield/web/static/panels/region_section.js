// A mask from an area that was drawn: its bounds, and where it is. Knows the measures of the active pane.

import { h } from "../dom.js";
import { loadThreshold, viewName } from "../server/masks.js";
import { t } from "../words/words.js";

/** @typedef {import("../server/masks.js").Area} Area */
/** @typedef {{setBounds: (bounds: {above: number, below: number}) => void, changed: () => void, failed: (error: unknown) => void}} RegionHost */

const AREAS = ["rectangle", "ellipse", "polygon", "freehand"];

export class RegionSection {
  /** @param {import("../panes/viewport.js").Viewport} viewport @param {RegionHost} host */
  constructor(viewport, host) {
    this.viewport = viewport;
    this.host = host;
    /** Within which the mask is; none: anywhere. @type {Area[]} */
    this.regions = [];
    this.button = h("button", {
      t: "Threshold from region",
      attributes: { type: "button" },
      on: { click: () => this.take() },
    });
    this.within = h("input", {
      attributes: { type: "checkbox" },
      on: { change: () => this.limit() },
    });
    this.check = h("label", { class: "check" }, this.within, h("span", { t: "Only within region" }));
    this.how = h("p", { class: "quiet" });
    this.element = h(
      "div",
      { class: "from-region" },
      h("div", { class: "choices" }, this.button, this.check),
      this.how,
    );
    viewport.store.watch(["tool", "language"], () => this.update());
    viewport.onChange(() => this.update());
    this.listen();
  }

  /** Measures may come later than this panel. */
  async listen() {
    const measuring = await this.viewport.loadMeasuring();
    measuring.list.onChange(() => this.update());
    this.update();
  }

  /** The chosen area of the active pane's image, or the only one there. @returns {Area|null} */
  area() {
    const { measuring } = this.viewport;
    const pane = this.viewport.active();
    if (!measuring || !pane.stack || !viewName(pane.stack)) return null;
    const areas = measuring.shapesIn(pane).filter(({ kind }) => AREAS.includes(kind));
    const found = areas.find(({ id }) => id === measuring.list.chosen) ?? (areas.length === 1 ? areas[0] : null);
    return found && { kind: found.kind, points: found.points };
  }

  update() {
    const area = this.area();
    this.button.disabled = !area;
    this.within.checked = this.regions.length > 0;
    this.within.disabled = !area && !this.regions.length;
    this.button.title = t("From the 5th to the 95th percentile of the values in the area, both included");
    this.check.title = t("In a volume: within the same outline in each slice");
    this.how.textContent = area
      ? t("From the 5th to the 95th percentile of the values in the area, both included")
      : t("Draw a rectangle, an ellipse or an outline on this image and choose it, to take a threshold from it.");
  }

  async take() {
    const { stack, index } = this.viewport.active();
    const area = this.area();
    if (!stack || !area) return;
    try {
      const of = { view: viewName(stack) ?? "frames", frame: index, regions: [area] };
      this.host.setBounds(await loadThreshold(stack.id, of));
    } catch (error) {
      this.host.failed(error);
    }
  }

  limit() {
    const area = this.area();
    const { stack } = this.viewport.active();
    if (this.within.checked && stack?.plane && stack.description.kind === "volume") {
      this.within.checked = false;
      this.host.failed(new Error(t("A region of a volume is drawn on its own slices, not on planes.")));
      return;
    }
    this.regions = this.within.checked && area ? [area] : [];
    this.host.changed();
  }

  /** As a recipe of the server has them. @param {Area[]} regions */
  follow(regions) {
    this.regions = regions;
    this.update();
  }
}
