// The panel Mask: what is selected, its numbers, how it is shown, files of it. Knows the masks of the active pane.

import { h } from "../dom.js";
import { shortNumber } from "../numbers/numbers.js";
import { KINDS } from "../panes/probe.js";
import { download } from "../panes/save_view.js";
import { isOfImage, loadHistogram, loadMaskFile, viewName } from "../server/masks.js";
import { t } from "../words/words.js";
import { BrushSection } from "./brush_section.js";
import { MaskList } from "./mask_list.js";
import { RegionSection } from "./region_section.js";
import { SegmentSection } from "./segment_section.js";
import { Threshold } from "./threshold.js";

/** @typedef {import("../panes/viewport.js").Viewport} Viewport */

const LOOKS = /** @type {const} */ ([
  ["original", "Original"],
  ["overlay", "Overlay"],
  ["outline", "Outline"],
  ["mask", "Mask"],
  ["result", "Result"],
]);
/** As the library calls them. */
export const TISSUES = ["bone", "soft tissue", "lung", "fat", "air"];
const FILES = /** @type {const} */ ([
  ["png", "png", "PNG"],
  ["npz", "npz", "NPZ"],
  ["nifti", "nii.gz", "NIfTI"],
  ["seg", "dcm", "DICOM SEG"],
  ["stl", "stl", "STL"],
  ["figure", "figure.png", "Figure"],
]);
/** Nothing is selected but by the brush. */
const DRAWN = "drawn";
/** What a segmentation of the study selects. */
const SEGMENT = "segment";
const OF_VOLUMES = ["nifti", "seg", "stl"];

/** @param {HTMLElement} box @param {Viewport} viewport */
export async function fillMaskPanel(box, viewport) {
  const painting = await viewport.loadPainting();
  if (!box.childElementCount) new MaskPanel(box, viewport, painting);
}

class MaskPanel {
  /** @param {HTMLElement} box @param {Viewport} viewport @param {import("../panes/painting.js").Painting} painting */
  constructor(box, viewport, painting) {
    const { masking } = painting;
    this.viewport = viewport;
    this.masking = masking;
    this.list = new MaskList(masking, () => viewport.active().stack);
    this.brush = new BrushSection(painting);
    this.segments = new SegmentSection(viewport, masking);
    /** The mask that the controls speak of. */
    this.spoken = "";
    /** What the histogram is of. */
    this.asked = "";
    this.threshold = new Threshold((dragging) => {
      this.by.value = "range";
      this.changed(dragging);
    });
    this.region = new RegionSection(viewport, {
      setBounds: ({ above, below }) => this.bounded(above, below),
      changed: () => this.changed(false),
      failed: (error) => masking.failed(error),
    });
    const changed = { change: () => this.changed(false) };
    this.by = h("select", { label: "Selected by", on: { change: () => this.chosen() } });
    this.by.append(h("option", { t: "values above and below", attributes: { value: "range" } }));
    for (const name of TISSUES) this.by.append(h("option", { t: name, attributes: { value: name } }));
    this.by.append(h("option", { t: "Otsu's threshold", attributes: { value: "otsu" } }));
    this.by.append(h("option", { t: "the brush alone", attributes: { value: DRAWN } }));
    this.segment = h("option", {
      t: "a segment of the study",
      attributes: { value: SEGMENT, disabled: "", hidden: "" },
    });
    this.by.append(this.segment);
    this.fill = h("select", { label: "Holes", on: changed });
    for (const [value, words] of [
      ["no", "not filled"],
      ["plane", "filled in each image"],
      ["space", "filled in space"],
    ])
      this.fill.append(h("option", { t: words, attributes: { value } }));
    this.fill.value = "plane";
    const number = (/** @type {string} */ label, /** @type {string} */ least) =>
      h("input", {
        class: "number",
        label,
        attributes: { type: "number", min: least, inputmode: "numeric" },
        on: changed,
      });
    this.opening = number("Opening in pixels", "0");
    this.opening.value = "2";
    this.largest = number("Largest parts only", "1");
    this.smallest = number("Smallest part", "0");
    this.smallest.step = "any";
    this.smallestName = h("span");
    this.makeButton = button("Make mask", () => this.changed(false, true));
    this.addButton = button("Add mask", () => this.added());
    this.deleteButton = button("Delete mask", () => this.removed());
    this.selection = h("div");
    this.status = h("p", { class: "note", attributes: { role: "status" } });
    this.facts = h("dl", { class: "facts" });
    this.files = FILES.map(([form, ending, words]) => button(words, () => this.save(form, ending)));
    this.saving = h("div", {}, h("h3", { t: "Save mask" }), h("div", { class: "choices" }, ...this.files));
    this.controls = h("div", {}, ...this.rows());
    this.looks = this.makeLooks();
    this.why = h("p", { class: "quiet" });
    this.note = h("p", { class: "quiet", t: "Another selection takes the place of what was drawn." });
    const buttons = h("div", { class: "choices" }, this.makeButton, this.addButton, this.deleteButton);
    const parts = [this.controls, buttons, this.note, this.brush.element, this.status, this.facts, this.saving];
    box.append(this.why, this.looks, this.list.element, this.segments.element, ...parts);
    masking.onChange(() => this.show());
    viewport.onChange((pane, what) => {
      if (pane === viewport.active() && ["stack", "frame", "active"].includes(what)) this.update();
    });
    viewport.store.watch(["side", "language"], () => this.update());
  }

  rows() {
    const field = (/** @type {HTMLElement} */ control, /** @type {string|HTMLElement} */ name) =>
      h("label", { class: "field" }, typeof name === "string" ? h("span", { t: name }) : name, control);
    const row = (/** @type {HTMLElement[]} */ ...fields) => h("div", { class: "row" }, ...fields);
    this.selection.append(
      this.threshold.element,
      this.region.element,
      row(field(this.fill, "Holes"), field(this.opening, "Opening in pixels")),
      row(field(this.largest, "Largest parts only"), field(this.smallest, this.smallestName)),
    );
    return [row(field(this.by, "Selected by")), this.selection];
  }

  makeLooks() {
    const group = h("div", { class: "choices looks", label: "Shown as", attributes: { role: "group" } });
    for (const [look, words] of LOOKS) {
      const one = button(words, () => this.masking.setLook(look));
      one.dataset.look = look;
      group.append(one);
    }
    return group;
  }

  /** Whether a mask can be made of what the active pane shows. */
  can() {
    const { stack } = this.viewport.active();
    if (!stack || stack.description.color || stack.tiled || stack.state) return false;
    return stack.description.kind === "volume" || viewName(stack) !== null;
  }

  update() {
    const { stack, index } = this.viewport.active();
    if (this.viewport.store.get().side !== "mask") return;
    this.show();
    this.segments.update();
    if (!stack || !this.can()) return;
    const volume = stack.description.kind === "volume";
    const asked = `${stack.id} ${volume ? "" : index}`;
    if (asked === this.asked) return;
    const other = !this.asked.startsWith(`${stack.id} `);
    this.asked = asked;
    const adopted = this.masking.adopt(stack);
    const by = this.by.value;
    loadHistogram(stack.id, volume ? "scope=volume" : `view=frames&frame=${index}`).then(
      async (told) => {
        const recipe = await adopted;
        if (this.asked !== asked) return;
        if (recipe) this.follow(recipe);
        // Who has chosen meanwhile keeps that.
        if (other && !this.masking.of(stack) && this.by.value === by) {
          this.follow({}); // nothing of what was chosen for another item
          this.by.value = told.unit === "HU" ? "range" : "otsu";
          this.threshold.bounds = { above: told.unit === "HU" ? 90 : null, below: null };
        }
        this.threshold.setHistogram(told);
      },
      (error) => {
        this.asked = "";
        this.status.textContent = error instanceof Error ? error.message : String(error);
      },
    );
  }

  /** Another way of selecting: tissues are their range and nothing else, unless more is asked for. */
  chosen() {
    const tissue = TISSUES.includes(this.by.value);
    this.selection.hidden = this.by.value === DRAWN;
    this.fill.value = tissue ? "no" : "plane";
    this.opening.value = tissue ? "0" : "2";
    this.changed(false);
  }

  /** @param {boolean} dragging @param {boolean} [anew] make one where there is none */
  changed(dragging, anew = false) {
    const { stack, index } = this.viewport.active();
    if (!stack || !this.can() || (!anew && !this.masking.of(stack) && !this.masking.busy)) return;
    const volume = stack.description.kind === "volume";
    const shown = this.masking.of(stack);
    if (!anew && !volume && shown && !isOfImage(shown.mask, stack, index)) {
      this.follow(shown.mask.recipe); // it is not replaced by a mask of what happens to be seen
      this.masking.failed(new Error(t("The chosen mask is of another image: choose or add another one.")));
      return;
    }
    const quick = dragging && volume ? this.recipe(false) : null;
    this.masking.make({ stack, index, recipe: this.recipe(volume), quick, anew });
  }

  /** Values between bounds, and nothing else that shapes them. @param {number} above @param {number} below */
  bounded(above, below) {
    this.by.value = "range";
    this.threshold.bounds = { above, below };
    this.threshold.show();
    this.changed(false, !this.masking.of(this.viewport.active().stack));
  }

  /** A mask beside the others; a segment is not made twice. */
  added() {
    if (this.by.value === SEGMENT) this.by.value = DRAWN;
    this.changed(false, true);
  }

  /** What the server is asked for. @param {boolean} volume */
  recipe(volume) {
    const by = this.by.value;
    if (by === DRAWN) return { drawn: true };
    const { above, below } = this.threshold.bounds;
    const least = (this.threshold.told?.edges[0] ?? 0) - 1;
    const range = above === null && below === null ? { above: least } : { above, below };
    const size = this.smallest.value === "" ? null : Number(this.smallest.value);
    const smallest = volume ? { min_ml: size } : { min_mm2: this.isVolume() ? null : size };
    return {
      ...(by === "range" ? range : by === "otsu" ? { method: "otsu" } : { tissue: by }),
      fill: this.fill.value !== "no",
      fill_3d: volume && this.fill.value === "space",
      opening: Math.round(Number(this.opening.value) || 0),
      largest: this.largest.value === "" ? null : Math.round(Number(this.largest.value)),
      ...smallest,
      ...(this.region.regions.length ? { regions: this.region.regions } : {}),
    };
  }

  /** Show a recipe that the server had. @param {Record<string, any>} recipe */
  follow(recipe) {
    const { above, below, tissue, method, fill, fill_3d, opening, largest, min_ml, min_mm2, drawn } = recipe;
    this.by.value = recipe.segment ? SEGMENT : drawn ? DRAWN : (tissue ?? method ?? "range");
    this.selection.hidden = Boolean(drawn || recipe.segment);
    this.region.follow(recipe.regions ?? []);
    if (this.selection.hidden) return; // the others stay as they were
    this.threshold.bounds = { above, below };
    this.fill.value = fill_3d ? "space" : (fill ?? !tissue) ? "plane" : "no";
    this.opening.value = String(opening ?? (tissue ? 0 : 2));
    this.largest.value = String(largest ?? "");
    this.smallest.value = String(min_ml ?? min_mm2 ?? "");
  }

  isVolume() {
    return this.viewport.active().stack?.description.kind === "volume";
  }

  show() {
    const { stack } = this.viewport.active();
    const shown = this.masking.of(stack);
    const can = this.can();
    this.why.hidden = can || !stack;
    this.why.textContent = t("A mask is made of values: not of colours, whole slides or presentation states.");
    for (const each of [this.looks, this.controls]) each.hidden = !can;
    this.list.update();
    this.brush.update();
    this.brush.element.hidden = !can;
    this.speakOf(shown);
    this.note.hidden = !shown?.mask.edited;
    this.makeButton.hidden = !can || Boolean(shown);
    this.addButton.hidden = !can || !shown;
    this.deleteButton.hidden = !shown;
    this.saving.hidden = !shown || shown.quick;
    for (const one of this.looks.querySelectorAll("button"))
      one.setAttribute("aria-pressed", String(one.dataset.look === this.masking.look));
    this.smallestName.textContent = `${t("Smallest part")}, ${this.isVolume() ? "mL" : "mm²"}`;
    const space = this.fill.querySelector('[value="space"]');
    if (space instanceof HTMLOptionElement) space.disabled = !this.isVolume();
    FILES.forEach(([form], i) => {
      this.files[i].disabled = OF_VOLUMES.includes(form) && shown?.mask.scope !== "volume";
    });
    this.status.textContent = this.masking.problem || shown?.mask.empty || "";
    this.status.hidden = !this.status.textContent;
    this.tellNumbers(shown);
  }

  /** Let the controls follow where another mask is chosen. @param {import("../panes/masking.js").Shown|null} shown */
  speakOf(shown) {
    if (!shown && !this.masking.busy && this.by.value === SEGMENT) {
      this.by.value = "range"; // there is no segment to speak of any more
      this.selection.hidden = false;
    }
    if (!shown) this.spoken = "";
    if (!shown || shown.quick || this.masking.busy || shown.mask.id === this.spoken) return;
    this.spoken = shown.mask.id;
    this.follow(shown.mask.recipe);
    this.threshold.show();
  }

  /** @param {import("../panes/masking.js").Shown|null} shown */
  tellNumbers(shown) {
    const m = shown?.mask.measures;
    /** @type {[string, string][]} */
    const said = [];
    if (shown && m) {
      const unit = m.unit ? ` ${m.unit}` : "";
      const kind = t(KINDS[/** @type {keyof typeof KINDS} */ (m.spacing_kind)] ?? "");
      const value = (/** @type {number|null} */ one) => (one === null ? "–" : `${shortNumber(one)}${unit}`);
      if (m.volume_ml !== null) said.push(["Volume", `${shortNumber(m.volume_ml)} mL`]);
      if (m.area_mm2 !== null) said.push(["Area", `${shortNumber(m.area_mm2)} mm² (${kind})`]);
      said.push(["Pixels", shortNumber(m.pixels)]);
      if (m.mean !== null && m.sd !== null) said.push(["Mean", `${shortNumber(m.mean)} ± ${shortNumber(m.sd)}${unit}`]);
      said.push(["Median", value(m.median)], ["Least, greatest", `${value(m.min)}, ${value(m.max)}`]);
      if (shown.mask.scope === "frame") said.push(["Of image", String(shown.mask.frame + 1)]);
    }
    this.facts.replaceChildren(...said.flatMap(([name, text]) => [h("dt", { text: t(name) }), h("dd", { text })]));
  }

  async removed() {
    const { stack } = this.viewport.active();
    if (stack) await this.masking.remove(stack);
  }

  /** @param {string} form @param {string} ending */
  async save(form, ending) {
    const pane = this.viewport.active();
    const { stack, index } = pane;
    const shown = this.masking.of(stack);
    if (!stack || !shown) return;
    const voi = pane.voi();
    const window =
      voi.function === "LINEAR" && voi.width && voi.width >= 1 ? { center: voi.center, width: voi.width } : {};
    const outline = this.masking.look === "outline" ? { outline: "1" } : {};
    const wish = {
      format: form,
      view: viewName(stack) ?? "frames",
      frame: viewName(stack) ? index : 0,
      ...window,
      ...outline,
    };
    const query = Object.fromEntries(Object.entries(wish).map(([name, value]) => [name, String(value)]));
    try {
      download(await loadMaskFile(stack.id, shown.mask.id, query), `hounsfield-mask.${ending}`);
      this.status.textContent = "";
    } catch (error) {
      this.status.textContent = error instanceof Error ? error.message : String(error);
    }
    this.status.hidden = !this.status.textContent;
  }
}

/** @param {string} words @param {() => void} act */
function button(words, act) {
  return h("button", { t: words, attributes: { type: "button" }, on: { click: act } });
}
