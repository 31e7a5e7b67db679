// What stands over an image: series, place in the stack, window, letters, value under the cursor. Knows a pane's
// public state and the item it shows.

import { fixed, readableDate, shortNumber } from "../numbers/numbers.js";
import { imageLetters, letterOf, screenLetters, toPatient } from "../place/geometry.js";
import { t } from "../words/words.js";
import { placeText, valueText } from "./probe.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Item} Item */
/** @typedef {import("../types.js").Voi} Voi */
/** @typedef {import("../types.js").Description} Description */

/**
 * @param {Pane} pane
 * @param {Item|undefined} item
 * @param {{hidden: boolean, texts: boolean}} state
 */
export function tellPane(pane, item, state) {
  const { stack, labels } = pane;
  if (!stack || !state.texts) {
    labels.setCorners({ topLeft: [], topRight: [], bottomLeft: [], bottomRight: [] });
    labels.setLetters(null);
    labels.setProbe("");
    return;
  }
  const d = stack.description;
  const patient = state.hidden ? null : item?.patient;
  labels.setCorners({
    topLeft: [patient?.name ?? "", patient?.id ?? "", state.hidden ? "" : readableDate(item?.study_date ?? "")],
    topRight: [seriesText(item), item?.description ?? "", planeText(pane)],
    bottomLeft: [
      d.color ? "" : windowText(pane.voi()),
      `${t("zoom")} ${zoomText(pane)}`,
      d.burned_in ? t("Burned-in text may name the patient") : "",
    ],
    bottomRight: [positionText(d, pane.index), d.frames > 1 ? `${pane.index + 1} / ${d.frames}` : "", rateText(pane)],
  });
  const letters = imageLetters(d);
  labels.setLetters(letters && screenLetters(letters, pane.view));
  labels.setProbe(probeText(pane));
}

/** @param {Item|undefined} item */
function seriesText(item) {
  if (!item) return "";
  const number = item.series_number === null || item.series_number === "" ? "" : ` ${item.series_number}`;
  return `${item.modality}${number}`;
}

/** @param {Pane} pane */
function planeText(pane) {
  const { stack } = pane;
  if (!stack?.plane) return "";
  const slab = stack.slab > 0 ? ` · ${t(stack.how)} ${shortNumber(stack.slab)} mm` : "";
  return `${t(stack.plane)}${slab}`;
}

/** @param {Voi} voi */
export function windowText(voi) {
  if (voi.function === "TABLE") return [voi.label, t("VOI LUT")].filter(Boolean).join(" · ");
  const kind = voi.function === "SIGMOID" ? " (sigmoid)" : "";
  return `C ${shortNumber(Number((voi.center ?? 0).toPrecision(6)))}  W ${shortNumber(Number((voi.width ?? 0).toPrecision(6)))}${kind}`;
}

/** @param {Pane} pane */
function zoomText(pane) {
  return `${Math.round(pane.view.zoom * 100)}%`;
}

/**
 * Where the slice lies along the axis of the patient that its normal is nearest to.
 * @param {Description} d
 * @param {number} index
 */
function positionText(d, index) {
  if (!d.affine || !d.orientation) return "";
  const at = toPatient(d.affine, index, (d.rows - 1) / 2, (d.columns - 1) / 2);
  const m = d.affine;
  const normal = /** @type {import("../types.js").Point} */ (cross3(d.orientation.row, d.orientation.column));
  const axis = normal.reduce((best, part, i) => (Math.abs(part) > Math.abs(normal[best]) ? i : best), 0);
  const direction = /** @type {import("../types.js").Point} */ ([0, 0, 0]);
  direction[axis] = at[axis] < 0 ? -1 : 1;
  return m ? `${letterOf(direction)} ${fixed(Math.abs(at[axis]), 1)} mm` : "";
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function cross3(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** @param {Pane} pane */
export function rateText(pane) {
  const { cine } = pane;
  if (!cine.playing || !cine.timing) return "";
  const real = cine.meter.rate();
  const asked = `${fixed(cine.timing.rate, 1)}/s`;
  return real === null ? asked : t("{real}/s of {asked}", { real: fixed(real, 1), asked });
}

/** @param {Pane} pane */
function probeText(pane) {
  const raw = pane.raw();
  if (!pane.cursor || !raw || !pane.stack) return "";
  const pixel = pane.pixelAt(...pane.cursor);
  if (!pixel) return "";
  const d = pane.stack.description;
  return `${valueText(d, raw, pixel.row, pixel.column, pane.frame()?.indices)} · ${placeText(d, pane.index, pixel.row, pixel.column)}`;
}
