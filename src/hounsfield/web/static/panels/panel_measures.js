// The panel Measures: the list with names, colours and values; what is known of the chosen one; files. Knows the list of
// shapes, and what measures them.

import { h, iconButton, press } from "../dom.js";
import { drawBins, drawLine } from "../drawing/chart.js";
import { shortNumber } from "../numbers/numbers.js";
import { factsOf, linesOf, NAMES, valueText } from "../panes/measure_text.js";
import { UNKNOWN } from "../panes/measuring.js";
import { download } from "../panes/save_view.js";
import { findPlaces, loadReport } from "../server/measures.js";
import { fromJson, MOST_BYTES, toCsv, toJson } from "../state/measure_files.js";
import { t } from "../words/words.js";

/** @typedef {import("../state/shapes.js").Shape} Shape */
/** @typedef {import("../panes/measuring.js").Measuring} Measuring */

const COLOR = "#6fb6ee";

/** @param {HTMLElement} box @param {import("../panes/viewport.js").Viewport} viewport */
export async function fillMeasures(box, viewport) {
  const measuring = await viewport.loadMeasuring();
  if (!box.childElementCount) new MeasuresPanel(box, measuring);
}

class MeasuresPanel {
  /** @param {HTMLElement} box @param {Measuring} measuring */
  constructor(box, measuring) {
    this.measuring = measuring;
    this.rows = new Map();
    this.list = h("ul", { class: "measures", label: "Measures" });
    this.empty = h("p", {
      class: "quiet",
      t: "Choose what to measure in the bar, then draw on the image: by dragging, or from point to point.",
    });
    this.details = h("div");
    this.status = h("p", { class: "note", attributes: { role: "status" } });
    this.file = h("input", {
      attributes: { type: "file", accept: ".json,application/json", hidden: "" },
      on: { change: () => this.load() },
    });
    const button = (/** @type {string} */ words, /** @type {() => void} */ act) =>
      h("button", { t: words, attributes: { type: "button" }, on: { click: act } });
    this.undo = button("Undo", () => measuring.undo());
    this.redo = button("Redo", () => measuring.redo());
    this.hide = button("Hide all", () => measuring.list.showAll(measuring.list.allUnseen));
    this.save = button("Save as JSON", () => this.saved());
    this.csv = button("Save as CSV", () => this.table());
    this.sr = button("Save as DICOM SR", () => this.report());
    this.clear = button("Delete all", () => measuring.list.clear());
    const open = button("Load JSON", () => this.file.click());
    const buttons = h(
      "div",
      { class: "choices" },
      this.undo,
      this.redo,
      this.hide,
      this.save,
      open,
      this.csv,
      this.sr,
      this.clear,
    );
    box.append(buttons, this.file, this.status, this.empty, this.list, this.details);
    measuring.list.onChange(() => this.update());
    measuring.viewport.store.watch(["language"], () => this.update());
  }

  update() {
    const { list } = this.measuring;
    const { shapes, chosen, past, future } = list;
    for (const [id, row] of this.rows) {
      if (shapes.some((shape) => shape.id === id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    for (const shape of shapes) {
      const row = this.rows.get(shape.id) ?? this.makeRow(shape.id);
      if (!row.element.isConnected) this.list.append(row.element);
      if (row.name !== document.activeElement) row.name.value = shape.name;
      if (row.color !== document.activeElement) row.color.value = shape.color;
      row.kind.textContent = t(NAMES[shape.kind]);
      row.value.textContent = linesOf(shape.measure).join(" · ");
      row.element.toggleAttribute("data-chosen", shape.id === chosen);
      press(row.go, shape.id === chosen);
      press(row.hide, !list.seen(shape.id));
    }
    this.empty.hidden = shapes.length > 0;
    this.undo.disabled = !past.length;
    this.redo.disabled = !future.length;
    this.hide.disabled = !shapes.length;
    press(this.hide, list.allUnseen);
    for (const each of [this.save, this.csv, this.sr, this.clear]) each.disabled = !shapes.length;
    this.tellDetails(shapes.find(({ id }) => id === chosen) ?? null);
  }

  /** @param {number} id */
  makeRow(id) {
    const { list } = this.measuring;
    const change = (/** @type {Partial<Shape>} */ patch) => {
      list.mark();
      list.update(id, patch);
    };
    const color = h("input", { label: "Colour", attributes: { type: "color" } });
    color.addEventListener("change", () => change({ color: color.value }));
    const name = h("input", { label: "Name", attributes: { type: "text", maxlength: "200", spellcheck: "false" } });
    name.addEventListener("change", () => change({ name: name.value }));
    const kind = h("span", { class: "quiet" });
    const value = h("p", { class: "value" });
    const go = iconButton("cross", "Show it", () => this.run(() => this.measuring.goTo(id)));
    const hide = iconButton("hide", "Hide it", () => list.show(id, !list.seen(id)));
    const remove = iconButton("close", "Delete", () => this.removed(id));
    const element = h("li", {}, h("div", { class: "row" }, color, name, hide, go, remove), kind, value);
    element.dataset.id = String(id);
    const row = { element, color, name, kind, value, go, hide };
    this.rows.set(id, row);
    return row;
  }

  /** Delete a measure; who did it by keys goes on with the next one. @param {number} id */
  removed(id) {
    const { element } = this.rows.get(id) ?? {};
    const next = element?.nextElementSibling ?? element?.previousElementSibling;
    this.measuring.list.remove(id);
    (next?.querySelector(".row > button:last-child") ?? this.undo).focus();
  }

  /** @param {Shape|null} shape */
  tellDetails(shape) {
    const found = shape?.measure;
    if (!shape || !found) return this.details.replaceChildren();
    const facts = factsOf(found).flatMap(([words, text]) => [h("dt", { t: words }), h("dd", { text })]);
    /** @type {HTMLElement[]} */
    const parts = [h("h3", { text: shape.name }), h("dl", { class: "facts" }, ...facts)];
    if (found.histogram?.counts.length) {
      const { counts, edges } = found.histogram;
      const ends = `${valueText(edges[0], "")} … ${valueText(edges[edges.length - 1], found.unit)}`;
      parts.push(chart("Histogram", ends, (canvas) => drawBins(canvas, counts, COLOR)));
    }
    if (Array.isArray(found.values) && found.distances) {
      const ends = `0 … ${valueText(found.distances[found.distances.length - 1], found.in)}`;
      parts.push(chart("Profile", ends, (canvas) => drawLine(canvas, found.distances, found.values, COLOR)));
    }
    for (const text of [found.note, typeof found.values === "string" ? found.values : ""])
      if (text) parts.push(h("p", { class: "quiet", text }));
    if (shape.kind === "distance" && found.length?.px > 0) parts.push(...this.scaling(shape));
    this.details.replaceChildren(...parts);
  }

  /** By which a distance of known length sets the scale. @param {Shape} shape */
  scaling(shape) {
    const known = h("input", {
      class: "number",
      label: "Known length in mm",
      attributes: { type: "number", min: "0", step: "any", inputmode: "decimal" },
    });
    const take = () => {
      const mm = known.valueAsNumber;
      if (mm > 0) this.run(async () => this.measuring.calibrate(shape.id, mm));
    };
    known.addEventListener("keydown", (event) => {
      if (event.key === "Enter") take();
    });
    const set = h("button", { t: "Set the scale", attributes: { type: "button" }, on: { click: take } });
    const back = h("button", { t: "Scale of the file", attributes: { type: "button" } });
    back.addEventListener("click", () => this.measuring.calibrate(shape.id, null));
    back.hidden = shape.scale === null;
    const said = shape.scale === null ? "" : t("Your own scale: {n} mm a pixel.", { n: shortNumber(shape.scale) });
    return [
      h("h3", { t: "Scale by a known length" }),
      h("div", { class: "choices" }, known, set, back),
      h("p", { class: "quiet", text: `${said} ${t("It holds for all measures on images of this item.")}`.trim() }),
    ];
  }

  /** @param {() => Promise<unknown>} work */
  async run(work) {
    this.status.textContent = "";
    try {
      await work();
    } catch (error) {
      this.status.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  saved() {
    return this.run(async () => {
      await this.measuring.rest();
      const { shapes } = this.measuring.list;
      const known = shapes.filter(({ place }) => place);
      if (known.length) download(new Blob([toJson(known)], { type: "application/json" }), "hounsfield-measures.json");
      const n = shapes.length - known.length;
      if (n) this.status.textContent = t("{n} measures are not saved: the files do not name their images.", { n });
    });
  }

  table() {
    return this.run(async () => {
      await this.measuring.rest();
      download(new Blob([toCsv(this.measuring.list.shapes)], { type: "text/csv" }), "hounsfield-measures.csv");
    });
  }

  report() {
    return this.run(async () => {
      const { file, left } = await loadReport(this.measuring.list.shapes);
      download(file, "hounsfield-measures.dcm");
      const words = "{n} measures are not in the report: it has no place for their images.";
      if (left) this.status.textContent = t(words, { n: left });
    });
  }

  load() {
    const file = this.file.files?.[0];
    if (!file) return;
    return this.run(async () => {
      const saved = file.size <= MOST_BYTES ? fromJson(await file.text()) : null;
      this.file.value = "";
      if (!saved) throw new Error(t("This is no file of measures that was saved here."));
      const found = await findPlaces(saved.map(({ place }) => place));
      const { list } = this.measuring;
      const known = new Set(list.shapes.map(({ kind, points, place }) => JSON.stringify([kind, points, place?.image])));
      const shapes = saved.flatMap(({ name, kind, color, points, place, mm_per_pixel: scale = null }, i) => {
        const at = found[i];
        if (!at || known.has(JSON.stringify([kind, points, place.image]))) return [];
        const [view, query = ""] = place.view.split("?");
        return [{ ...UNKNOWN, scale, name, kind, color, points, place, item: at.id, frame: at.frame, view, query }];
      });
      if (shapes.length) list.add(shapes);
      this.measuring.measureAll();
      const n = found.filter((at) => !at).length;
      this.status.textContent = n ? t("{n} measures are of images that are not shown here.", { n }) : "";
    });
  }
}

/** @param {string} words @param {string} ends @param {(canvas: HTMLCanvasElement) => void} draw */
function chart(words, ends, draw) {
  const canvas = h("canvas", { class: "chart", label: words, attributes: { role: "img" } });
  draw(canvas);
  return h("div", {}, h("h3", { t: words }), canvas, h("p", { class: "quiet", text: ends }));
}
