// What stands over an image: series, place in the stack, window, letters, value under the cursor. Knows a pane's
// public state and the item it shows.

import { fixed, readableDate, shortNumber } from "../numbers/numbers.js";
import { cross, imageLetters, letterOf, screenLetters, toPatient } from "../place/geometry.js";
import { personName } from "../words/person_name.js";
import { t } from "../words/words.js";
import { placeText, regionText, valueText } from "./probe.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Item} Item */
/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../types.js").Description} Description */

/** What an empty pane says. @param {import("../state/store.js").State} state */
export function idleText({ connection, reading, items }) {
  if (connection !== "open") return "";
  if (items.size) return t("Choose a series from the list.");
  return reading
    ? t("Looking for images…")
    : t("There is no image to show. Drop files, folders or archives here, or open them.");
}

/**
 * @param {Pane} pane
 * @param {Item|undefined} item
 * @param {{hidden: boolean, texts: boolean, offset: {offset: number, mm: boolean}|null}} state
 */
export function tellPane(pane, item, state) {
  const { stack, labels } = pane;
  pane.tiles?.overview.element.toggleAttribute("hidden", !state.texts);
  if (!stack || !state.texts) {
    labels.setCorners({ topLeft: [], topRight: [], bottomLeft: [], bottomRight: [] });
    labels.setLetters(null);
    labels.setProbe("");
    return;
  }
  const d = pane.placed() ?? stack.description;
  const patient = state.hidden ? null : item?.patient;
  labels.setCorners({
    topLeft: [
      personName(patient?.name ?? ""),
      patient?.id ?? "",
      state.hidden ? "" : readableDate(item?.study_date ?? ""),
    ],
    topRight: [
      seriesText(item),
      item?.description ?? "",
      planeText(pane),
      offsetText(state.offset),
      stateText(pane, state.hidden),
    ],
    bottomLeft: [
      [d.color ? "" : windowText(pane.voi()), pane.inverted ? t("inverted") : ""].filter(Boolean).join(" · "),
      `${t("zoom")} ${zoomText(pane)}`,
      d.burned_in ? t("Burned-in text may name the patient") : "",
      d.steps?.some(({ name }) => name === "missing") ? t("Pixels missing: see Steps") : "",
    ],
    bottomRight: pane.tiles
      ? [pane.tiles.layerText(), pane.tiles.levelText()]
      : [positionText(d, pane.index), d.frames > 1 ? `${pane.index + 1} / ${d.frames}` : "", rateText(pane)],
  });
  const letters = imageLetters(d);
  labels.setLetters(letters && screenLetters(letters, pane.view));
  labels.setProbe(probeText(pane));
  pane.bar.update();
}

/** @param {Item|undefined} item */
function seriesText(item) {
  if (!item) return "";
  const number = item.series_number === null || item.series_number === "" ? "" : ` ${item.series_number}`;
  return `${item.modality}${number}`;
}

/** @param {Pane} pane @param {boolean} hidden */
function stateText({ stack }, hidden) {
  if (!stack?.state) return "";
  return `${t("Presentation state")} ${hidden ? "" : (stack.description.label ?? "")}`.trim();
}

/** @param {Pane} pane */
function planeText(pane) {
  const { stack } = pane;
  if (!stack?.plane) return "";
  const slab = stack.slab > 0 ? ` · ${t(stack.how)} ${shortNumber(stack.slab)} mm` : "";
  const own = stack.cut === "own" ? ` · ${t("acquisition's axes")}` : "";
  const plane = stack.cut === "oblique" ? t("oblique ({plane})", { plane: t(stack.plane) }) : t(stack.plane) + own;
  const coarse = Number(stack.query?.every ?? 1) > 1 ? ` · ${t("coarse while turned")}` : "";
  return plane + coarse + (stack.query?.rectified ? ` · ${t("rectified")}` : "") + slab;
}

/** @param {{offset: number, mm: boolean}|null} linked by hand */
function offsetText(linked) {
  if (!linked) return "";
  const number = `${linked.offset < 0 ? "−" : "+"}${fixed(Math.abs(linked.offset), linked.mm ? 1 : 0)}`;
  const offset = linked.mm ? `${number} mm` : t("{n} slices apart", { n: number });
  return t("linked by hand: {offset} (no registration)", { offset });
}

/** @param {Voi} voi */
export function windowText(voi) {
  if (voi.function === "TABLE") return [voi.label, t("VOI LUT")].filter(Boolean).join(" · ");
  const kind = voi.function === "SIGMOID" ? " (sigmoid)" : "";
  return `C ${shortNumber(Number((voi.center ?? 0).toPrecision(6)))}  W ${shortNumber(Number((voi.width ?? 0).toPrecision(6)))}${kind}`;
}

/** @param {Pane} pane */
function zoomText(pane) {
  const percent = pane.view.zoom * 100;
  return `${percent < 10 ? Number(percent.toPrecision(2)) : Math.round(percent)}%`;
}

/**
 * Where the slice lies along the axis of the patient that is its normal; of an oblique one, where its middle lies.
 * @param {Description} d
 * @param {number} index
 */
function positionText(d, index) {
  if (!d.affine || !d.orientation) return "";
  const at = toPatient(d.affine, index, (d.rows - 1) / 2, (d.columns - 1) / 2);
  const normal = cross(d.orientation.row, d.orientation.column);
  const along = normal.findIndex((part) => Math.abs(part) > 1 - 1e-3);
  const said = [0, 1, 2].map((axis) => {
    const direction = /** @type {import("../types.js").Point} */ ([0, 0, 0]);
    direction[axis] = at[axis] < 0 ? -1 : 1;
    return `${letterOf(direction)} ${fixed(Math.abs(at[axis]), 1)}`;
  });
  return along < 0 ? `${t("middle")} ${said.join(" ")} mm` : `${said[along]} mm`;
}

/** @param {Pane} pane */
export function rateText(pane) {
  const cine = pane.phases.cine.playing ? pane.phases.cine : pane.cine;
  if (!cine.playing || !cine.timing) return "";
  const real = cine.meter.rate();
  const asked = `${fixed(cine.timing.rate, 1)}/s`;
  return real === null ? asked : t("{real}/s of {asked}", { real: fixed(real, 1), asked });
}

/** @param {Pane} pane */
function probeText(pane) {
  const raw = pane.raw();
  if (!pane.cursor || !pane.stack || pane.phases.waits) return "";
  const pixel = pane.pixelAt(...pane.cursor);
  if (pixel && pane.tiles) return pane.tiles.probe(pixel);
  if (!pixel || !raw) return "";
  const { stack, index, layers } = pane;
  const { row, column } = pixel;
  const d = pane.placed() ?? stack.description;
  const marked = layers.isPadding(stack, index, row * d.columns + column);
  return [
    valueText(d, raw, row, column, { ...pane.frame(), marked }),
    regionText(layers.regionsOf(stack, index), row, column),
    placeText(d, index, row, column),
  ]
    .filter(Boolean)
    .join(" · ");
}
