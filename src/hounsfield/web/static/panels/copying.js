// What is shown, copied as a program or a command that gives the same numbers. Knows the viewport, the server and the
// line of work.

import { h } from "../dom.js";
import { isOfImage, loadCode, viewName } from "../server/masks.js";
import { t } from "../words/words.js";
import { menuButton } from "./menu.js";

/** @typedef {import("../panes/viewport.js").Viewport} Viewport */

/**
 * @param {Viewport} viewport
 * @param {import("./work_line.js").WorkLine} work
 * @param {() => void} begun
 */
export function copyButtons(viewport, work, begun) {
  const copy = (/** @type {"python"|"command"} */ what) => () => {
    begun();
    return work.run(async () => {
      const { stack, index, masks } = shownIn(viewport);
      if (!stack) throw new Error("There is no image to save.");
      const window = windowOf(viewport.active().voi());
      const shown = { view: viewName(stack), frame: index, ...masks, ...window, ...measuresIn(viewport) };
      const said = await loadCode(stack.id, shown);
      const text = said[what];
      if (!text) throw new Error(said.why_no_command ?? "");
      await copyText(text);
      const n = shown.shapes?.length;
      const told = n ? t("Copied, with the {n} measures that are seen on the image.", { n }) : t("Copied.");
      document.dispatchEvent(new CustomEvent("hounsfield-tell", { detail: told }));
    });
  };
  return [menuButton("Copy as Python", copy("python")), menuButton("Copy as command", copy("command"))];
}

/** Whether what the active pane shows can be said as code. @param {Viewport} viewport */
export function canBeCopied(viewport) {
  const { stack } = viewport.active();
  return Boolean(stack && viewName(stack));
}

/** The image, and its mask where one lies over it. @param {Viewport} viewport */
function shownIn(viewport) {
  const { stack, index, layers } = viewport.active();
  const shown = layers.masking?.of(stack);
  const here = shown && stack && (shown.mask.scope === "volume" || isOfImage(shown.mask, stack, index));
  const hidden = layers.masking?.look === "original" || shown?.quick || !shown?.visible;
  return { stack, index, masks: here && !hidden ? { mask: shown.mask.id } : {} };
}

/**
 * What is measured on the image, as it is seen: what is hidden is left out.
 * @param {Viewport} viewport
 * @returns {{shapes?: object[], calibration?: object}}
 */
function measuresIn(viewport) {
  const shapes = viewport.measuring?.shapesIn(viewport.active()) ?? [];
  if (!shapes.length) return {};
  const [{ scale }] = shapes;
  const calibration = scale === null ? {} : { calibration: { mm_per_pixel: scale } };
  return { shapes: shapes.map(({ kind, points }) => ({ kind, points })), ...calibration };
}

/** @param {import("../types.js").Voi} voi */
function windowOf(voi) {
  const { center, width, function: kind } = voi;
  return kind === "TABLE" || !width ? {} : { window: { center, width, function: kind } };
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not allowed here: a browser that knows the older way takes what is marked.
    const area = h("textarea", { attributes: { readonly: "" } });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("The browser does not let the page copy.");
  }
}
