// The bar of known length: at the foot of the pane, or at the foot of the one ultrasound region that it holds for.
// Knows a pane's public state and Canvas 2D.

import { drawScaleBar } from "../drawing/pane_drawing.js";
import { scaleBar } from "../numbers/numbers.js";
import { isSpatial } from "../numbers/regions.js";
import { apply, millimetres } from "../place/view_transform.js";
import { t } from "../words/words.js";
import { KINDS } from "./probe.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Region} Region */
/** @typedef {import("../place/view_transform.js").Transform} Transform */

/**
 * @param {Pane} pane
 * @param {CanvasRenderingContext2D} context
 * @param {Transform} transform
 * @param {import("../types.js").View} view
 * @param {number} ratio
 */
export function drawScale(pane, context, transform, view, ratio) {
  const { stack } = pane;
  if (!stack) return;
  const d = stack.description;
  const { width, height } = context.canvas;
  const regions = pane.layers.regionsOf(stack, pane.index);
  if (regions.length) return drawInRegion(regions, context, transform, view, ratio);
  const size = millimetres(d, view);
  const bar = size ? scaleBar(size, width / 4) : null;
  const kind = d.spacing_kind ? t(KINDS[d.spacing_kind] ?? d.spacing_kind) : "";
  if (bar) drawScaleBar(context, bar, kind, ratio, [width / 2, height]);
}

/**
 * @param {Region[]} regions
 * @param {CanvasRenderingContext2D} context
 * @param {Transform} transform
 * @param {import("../types.js").View} view
 * @param {number} ratio
 */
function drawInRegion(regions, context, transform, view, ratio) {
  const { width, height } = context.canvas;
  const seen = regions
    .filter(isSpatial)
    .map((region) => {
      const [x1, y1] = apply(transform, region.columns[0], region.rows[0]);
      const [x2, y2] = apply(transform, region.columns[1], region.rows[1]);
      const [left, right] = [Math.max(Math.min(x1, x2), 0), Math.min(Math.max(x1, x2), width)];
      const [top, bottom] = [Math.max(Math.min(y1, y2), 0), Math.min(Math.max(y1, y2), height)];
      return { region, left, right, top, bottom };
    })
    .filter(({ left, right, top, bottom }) => right > left && bottom > top);
  if (seen.length !== 1) return;
  const { region, left, right, bottom } = seen[0];
  // Along the horizontal of the screen, which a quarter turn exchanges.
  const axis = view.turns % 2 ? 0 : 1;
  const pixels = Math.hypot(...(axis ? [transform[0], transform[1]] : [transform[2], transform[3]]));
  const bar = scaleBar((Math.abs(region.deltas[axis]) * 10) / pixels, (right - left) / 3);
  if (bar) drawScaleBar(context, bar, t(KINDS.region), ratio, [(left + right) / 2, bottom]);
}
