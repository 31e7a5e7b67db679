// The panel Display: window in numbers, the file's own windows, presets, colours, slab. Knows the active pane's public
// state and the viewport's methods.

import { h } from "../dom.js";
import { COLOUR_MAPS, colours } from "../numbers/colour_maps.js";
import { bounds } from "../numbers/grey.js";
import { fixed, shortNumber } from "../numbers/numbers.js";
import { windowText } from "../panes/pane_texts.js";
import { KINDS } from "../panes/probe.js";
import { t } from "../words/words.js";
import { OverSection } from "./over_section.js";

/** @typedef {import("../panes/viewport.js").Viewport} Viewport */
/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../types.js").How} How */

export class DisplayPanel {
  /**
   * @param {Viewport} viewport
   * @param {import("../state/store.js").Store} store
   */
  constructor(viewport, store) {
    this.viewport = viewport;
    this.store = store;
    const number = { class: "number", attributes: { type: "number", step: "any", inputmode: "decimal" } };
    /** @type {HTMLInputElement|null} in which a number is being typed: frames that change leave it */
    this.editing = null;
    const typed = {
      change: () => this.typed(),
      input: (/** @type {Event} */ { target }) => {
        this.editing = /** @type {HTMLInputElement} */ (target);
      },
      blur: () => {
        this.editing = null;
      },
    };
    this.center = h("input", { ...number, label: "Center", on: typed });
    this.width = h("input", { ...number, label: "Width", on: typed });
    this.range = h("p", { class: "quiet" });
    this.windows = h("div", { class: "choices" });
    this.presets = h("div", { class: "choices" });
    this.presetsTitle = h("h3", { t: "Presets" });
    this.windowsTitle = h("h3", { t: "Windows of the file" });
    this.maps = h("div", { class: "maps", attributes: { role: "group" } });
    this.slab = h("input", { ...number, label: "Slab in mm", on: { change: () => this.slabbed() } });
    this.slab.min = "0";
    this.slab.value = "0";
    this.how = h("select", { label: "How a slab is projected", on: { change: () => this.slabbed() } });
    for (const how of ["mean", "max", "min"]) this.how.append(h("option", { t: how, attributes: { value: how } }));
    this.slabBox = h(
      "div",
      {},
      h("h3", { t: "Slab" }),
      row(labelled("Slab in mm", this.slab), labelled("Projection", this.how)),
    );
    this.planes = h("div");
    /** @type {import("./panel_planes.js").PlanesPanel|null} */
    this.planesPanel = null;
    this.rate = h("select", { label: "Speed", on: { change: () => this.speed() } });
    for (const factor of ["0.25", "0.5", "1", "2", "4"])
      this.rate.append(h("option", { text: `${factor}×`, attributes: { value: factor } }));
    this.rate.value = "1";
    this.rateText = h("p", { class: "quiet" });
    this.cineBox = h("div", {}, h("h3", { t: "Cine" }), row(labelled("Speed", this.rate)), this.rateText);
    this.smooth = h("input", {
      attributes: { type: "checkbox" },
      on: { change: () => store.set({ smooth: this.smooth.checked }) },
    });
    this.facts = h("dl", { class: "facts" });
    this.grey = h(
      "div",
      {},
      row(labelled("Center", this.center), labelled("Width", this.width)),
      this.range,
      this.windowsTitle,
      this.windows,
      this.presetsTitle,
      this.presets,
      h("h3", { t: "Colours" }),
      this.maps,
    );
    const smooth = h("label", { class: "check" }, this.smooth, h("span", { t: "Smooth when enlarged" }));
    this.over = new OverSection(viewport, store);
    this.element = h(
      "div",
      {},
      this.grey,
      smooth,
      this.over.element,
      this.planes,
      this.slabBox,
      this.cineBox,
      this.facts,
    );
    /** @type {{d: import("../types.js").Description|null, language: string, inverted: boolean}} */
    this.shown = { d: null, language: "", inverted: false };
    /** @type {[HTMLElement, Voi][]} buttons of windows */
    this.offered = [];
    store.watch(["smooth"], (state) => {
      this.smooth.checked = state.smooth;
    });
  }

  typed() {
    this.editing = null;
    const before = this.viewport.active().voi();
    const [low, high] = bounds(before);
    // A VOI LUT has no center and width: what is not typed yet is that of all values it tells apart.
    const center = this.center.value ? this.center.valueAsNumber : (low + high) / 2;
    const width = this.width.value ? this.width.valueAsNumber : high - low;
    if (!Number.isFinite(center) || !(width > 0)) return this.update("look");
    const sigmoid = before.function === "SIGMOID";
    const kind =
      sigmoid || before.function === "LINEAR_EXACT" || width < 1 ? (sigmoid ? "SIGMOID" : "LINEAR_EXACT") : "LINEAR";
    this.viewport.active().setVoi({ center, width, function: kind });
  }

  slabbed() {
    const how = /** @type {How} */ (this.how.value);
    this.viewport.setSlab(Math.max(this.slab.valueAsNumber || 0, 0), how);
  }

  speed() {
    const pane = this.viewport.active();
    pane.cine.factor = Number(this.rate.value);
    if (pane.phases.cine.playing) for (let i = 0; i < 2; i++) pane.phases.playOrStop();
    if (pane.cine.playing && pane.stack) pane.cine.start(pane.stack.description, pane.index);
  }

  /** @param {import("../panes/viewport.js").Change} what */
  update(what) {
    const pane = this.viewport.active();
    const d = pane.stack?.description;
    this.element.hidden = !d;
    if (!d || what === "view") return;
    this.tellCine();
    if (what === "cine") return;
    this.over.update();
    this.grey.hidden = d.color;
    this.slabBox.hidden = !pane.stack?.plane;
    this.planes.hidden = !pane.stack?.plane;
    if (pane.stack?.plane) this.tellPlanes();
    const voi = pane.voi();
    const [low, high] = bounds(voi);
    const table = voi.function === "TABLE";
    this.fill(this.center, table ? null : voi.center);
    this.fill(this.width, table ? null : voi.width);
    this.range.textContent = `${windowText(voi)} · ${shortNumber(Number(low.toPrecision(6)))} … ${shortNumber(Number(high.toPrecision(6)))} ${d.unit}`;
    const { language } = this.store.get();
    const { inverted } = pane;
    const again = d !== this.shown.d || language !== this.shown.language;
    if (again) this.makeChoices();
    if (again || inverted !== this.shown.inverted) this.tellFacts();
    this.shown = { d, language, inverted };
    this.mark();
  }

  async tellPlanes() {
    const { PlanesPanel } = await import("./panel_planes.js");
    this.planesPanel ??= new PlanesPanel(this.viewport, this.planes);
    this.planesPanel.update();
  }

  /** @param {HTMLInputElement} input @param {number|null} value */
  fill(input, value) {
    if (input !== this.editing) input.value = value === null ? "" : String(Number(value.toPrecision(6)));
  }

  makeChoices() {
    const pane = this.viewport.active();
    const d = pane.stack?.description;
    if (!d) return;
    this.offered = [];
    const choose = (/** @type {Voi} */ voi, /** @type {string} */ label) => {
      const button = h("button", {
        text: label,
        attributes: { type: "button" },
        on: { click: () => this.viewport.active().setVoi(voi) },
      });
      this.offered.push([button, voi]);
      return button;
    };
    this.windows.replaceChildren(...d.windows.map((voi, i) => choose(voi, nameOf(voi, i))));
    this.presets.replaceChildren(
      ...d.presets.map((voi) => choose({ ...voi, function: voi.function ?? "LINEAR" }, t(voi.label ?? ""))),
    );
    const all = h("button", { t: "All values of the frame", attributes: { type: "button" } });
    all.addEventListener("click", () => this.viewport.active().setVoi(this.viewport.active().fullRange()));
    const own = h("button", { t: "Default", attributes: { type: "button" } });
    own.addEventListener("click", () => this.viewport.active().setVoi(null));
    this.presets.append(own, all);
    this.windowsTitle.hidden = !d.windows.length;
    this.maps.replaceChildren(...COLOUR_MAPS.map((name) => this.mapButton(name)));
  }

  /** @param {string} name */
  mapButton(name) {
    const canvas = h("canvas", { attributes: { width: "64", height: "1", "aria-hidden": "true" } });
    const context = canvas.getContext("2d");
    if (context) {
      const pixels = context.createImageData(64, 1);
      const line = new Uint32Array(pixels.data.buffer);
      for (let i = 0; i < 64; i++) line[i] = colours(name)[i * 4 + 2];
      context.putImageData(pixels, 0, 0);
    }
    const button = h("button", { attributes: { type: "button", "data-map": name } }, canvas, h("span", { t: name }));
    button.addEventListener("click", () => this.viewport.active().setMap(name));
    return button;
  }

  mark() {
    const pane = this.viewport.active();
    for (const button of this.maps.children)
      button.setAttribute("aria-pressed", String(button instanceof HTMLElement && button.dataset.map === pane.map));
    for (const [button, voi] of this.offered) button.setAttribute("aria-pressed", String(isSame(voi, pane.voi())));
  }

  tellCine() {
    const pane = this.viewport.active();
    const d = pane.stack?.description;
    this.cineBox.hidden = !d || (d.frames < 2 && !d.phases);
    if (!d || this.cineBox.hidden) return;
    const recorded = d.frame_times?.per_second;
    const playing = [pane.cine, pane.phases.cine].find((cine) => cine.playing);
    const real = playing ? playing.meter.rate() : null;
    const origin = d.frame_times?.origin ? ` (${d.frame_times.origin})` : "";
    const phases = pane.phases.set && (d.frames < 2 || pane.phases.cine.playing) ? pane.phases.rate() : "";
    const told = phases
      ? phases
      : recorded
        ? t("{n} frames a second", { n: fixed(recorded, 1) }) + origin
        : t("no recorded rate: {n} frames a second", { n: 10 });
    this.rateText.textContent = real === null ? told : `${told} · ${t("shown: {n}", { n: fixed(real, 1) })}`;
  }

  tellFacts() {
    const { stack, inverted } = this.viewport.active();
    const d = stack?.description;
    if (!d) return;
    const spacing = d.pixel_spacing // as the matrix: across, then down
      ? `${[...d.pixel_spacing]
          .reverse()
          .map((mm) => Number(mm.toPrecision(5)))
          .join(" × ")} mm`
      : t("not known");
    const kind = d.spacing_kind ? ` ${t(KINDS[d.spacing_kind] ?? d.spacing_kind)}` : "";
    const facts = [
      ["Matrix", `${d.columns} × ${d.rows}`],
      ["Pixel spacing", spacing + kind],
      ["Unit", d.color ? "RGB" : d.unit || t("not known")],
      ...(d.color ? [] : [["Low values are bright", d.inverted !== inverted ? t("yes") : t("no")]]),
    ];
    this.facts.replaceChildren(...facts.flatMap(([name, text]) => [h("dt", { t: name }), h("dd", { text })]));
  }
}

/** @param {string} words @param {HTMLElement} control */
function labelled(words, control) {
  return h("label", { class: "field" }, h("span", { t: words }), control);
}

/** @param {...HTMLElement} fields */
function row(...fields) {
  return h("div", { class: "row" }, ...fields);
}

/** @param {Voi} voi @param {number} number */
function nameOf(voi, number) {
  const name = voi.label && voi.label !== `window ${number + 1}` ? voi.label : t("window {n}", { n: number + 1 });
  return `${name} · ${voi.function === "TABLE" ? t("VOI LUT") : windowText(voi)}`;
}

/** @param {Voi} a @param {Voi} b */
function isSame(a, b) {
  if (a.function !== b.function) return false;
  if (a.function !== "TABLE") return a.center === b.center && a.width === b.width;
  return (
    a.label === b.label && a.table?.first === b.table?.first && a.table?.entries.length === b.table?.entries.length
  );
}
