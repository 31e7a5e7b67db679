// A histogram with two handles: values above the one and below the other are chosen. Knows the histogram's drawing;
// tells its owner what was chosen, while it is dragged and when it is let go.

import { h } from "../dom.js";
import { drawHistogram } from "../drawing/mask_drawing.js";
import { placeOf, valueAt } from "../numbers/bin_places.js";
import { shortNumber } from "../numbers/numbers.js";

/** @typedef {import("../server/masks.js").Histogram} Histogram */
/** @typedef {"above"|"below"} End */

const LABELS = { above: "Above", below: "Below" };

export class Threshold {
  /** @param {(dragging: boolean) => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Histogram|null} */
    this.told = null;
    /** A handle at the end of all values chooses no bound. @type {{above: number|null, below: number|null}} */
    this.bounds = { above: null, below: null };
    this.canvas = h("canvas", { attributes: { "aria-hidden": "true" } });
    this.handles = { above: this.makeHandle("above"), below: this.makeHandle("below") };
    this.track = h("div", { class: "histogram" }, this.canvas, this.handles.above, this.handles.below);
    this.inputs = { above: this.makeInput("above"), below: this.makeInput("below") };
    const fields = /** @type {End[]} */ (["above", "below"]).map((end) =>
      h("label", { class: "field" }, h("span", { t: LABELS[end] }), this.inputs[end]),
    );
    this.element = h("div", {}, this.track, h("div", { class: "row" }, ...fields));
    this.track.addEventListener("pointerdown", (event) => this.pressed(event));
    new ResizeObserver(() => this.show()).observe(this.track);
  }

  /** @param {End} end */
  makeHandle(end) {
    const handle = h("div", { class: "handle", label: LABELS[end], attributes: { role: "slider", tabindex: "0" } });
    handle.addEventListener("keydown", (event) => this.keyed(event, end));
    return handle;
  }

  /** @param {End} end */
  makeInput(end) {
    const input = h("input", {
      class: "number",
      label: LABELS[end],
      attributes: { type: "number", step: "any", inputmode: "decimal" },
      on: { change: () => this.set(end, input.value === "" ? null : input.valueAsNumber, false) },
    });
    return input;
  }

  /** @param {Histogram|null} told */
  setHistogram(told) {
    this.told = told;
    this.show();
  }

  /** Where a handle stands. @param {End} end */
  valueOf(end) {
    const edges = this.told?.edges ?? [0, 1];
    return this.bounds[end] ?? (end === "above" ? edges[0] : edges[edges.length - 1]);
  }

  /** @param {End} end @param {number|null} value @param {boolean} dragging */
  set(end, value, dragging) {
    const other = this.bounds[end === "above" ? "below" : "above"];
    const crossed = value !== null && other !== null && (end === "above" ? value >= other : value <= other);
    if (!crossed && (value === null || Number.isFinite(value))) this.bounds[end] = value;
    this.show();
    if (!crossed) this.changed(dragging);
  }

  /** A handle at the end of all values chooses no bound. @param {End} end @param {number} place */
  at(end, place) {
    if (!this.told || (end === "above" ? place <= 0 : place >= 1)) return null;
    return valueAt(this.told.edges, place, this.track.clientWidth || 256);
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    if (!this.told || event.button !== 0) return;
    const box = this.track.getBoundingClientRect();
    const place = (/** @type {PointerEvent} */ { clientX }) => (clientX - box.left) / box.width;
    const away = (/** @type {End} */ end) =>
      Math.abs(placeOf(this.told?.edges ?? [0, 1], this.valueOf(end)) - place(event));
    const end = away("above") <= away("below") ? "above" : "below";
    this.handles[end].focus();
    event.preventDefault();
    this.track.setPointerCapture(event.pointerId);
    const moved = (/** @type {PointerEvent} */ next) => this.set(end, this.at(end, place(next)), true);
    const let_go = () => {
      this.track.removeEventListener("pointermove", moved);
      this.changed(false);
    };
    this.track.addEventListener("pointermove", moved);
    for (const over of ["pointerup", "pointercancel"]) this.track.addEventListener(over, let_go, { once: true });
    moved(event);
  }

  /** @param {KeyboardEvent} event @param {End} end */
  keyed(event, end) {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!this.told || (!steps && event.key !== "Home" && event.key !== "End")) return;
    event.preventDefault();
    event.stopPropagation();
    const { edges } = this.told;
    const wide = this.told.unit === "HU" ? 1 : (edges[edges.length - 1] - edges[0]) / 1000;
    const value = this.valueOf(end) + (steps ?? 0) * wide * (event.shiftKey ? 10 : 1);
    const place =
      event.key === "Home"
        ? 0
        : event.key === "End"
          ? 1
          : (value - edges[0]) / (edges[edges.length - 1] - edges[0] || 1);
    const beyond = end === "above" ? place <= 0 : place >= 1;
    const round = this.told.unit === "HU" ? Math.round(value) : Number(value.toPrecision(6));
    this.set(end, beyond ? null : steps ? round : this.at(end, place), false);
  }

  show() {
    const [low, high] = [this.valueOf("above"), this.valueOf("below")];
    for (const end of /** @type {End[]} */ (["above", "below"])) {
      const [handle, input, value] = [this.handles[end], this.inputs[end], this.valueOf(end)];
      const edges = this.told?.edges ?? [0, 1];
      handle.style.left = `${100 * placeOf(edges, value)}%`;
      handle.setAttribute("aria-valuemin", String(edges[0]));
      handle.setAttribute("aria-valuemax", String(edges[edges.length - 1]));
      handle.setAttribute("aria-valuenow", String(value));
      handle.setAttribute("aria-valuetext", `${shortNumber(value)} ${this.told?.unit ?? ""}`.trim());
      if (input !== document.activeElement) input.value = this.bounds[end] === null ? "" : String(this.bounds[end]);
    }
    if (this.told) drawHistogram(this.canvas, this.told, low, high);
  }
}
