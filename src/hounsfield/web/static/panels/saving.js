// The menu Save: the frame as a picture, the stack as a film. Knows the viewport, the server and the line of work.

import { h, setWords } from "../dom.js";
import { filmWish, noFilm } from "../panes/film_wish.js";
import { download, pictureOf } from "../panes/save_view.js";
import { loadFilm, loadPicture } from "../server/server.js";
import { canBeCopied, copyButtons } from "./copying.js";
import { makeMenu, menuButton } from "./menu.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../panes/viewport.js").Viewport} Viewport */

/**
 * @param {Store} store
 * @param {Viewport} viewport
 * @param {import("./work_line.js").WorkLine} work
 */
export function makeSaving(store, viewport, work) {
  let key = "";
  const annotated = h("input", { attributes: { type: "checkbox" } });
  store.watch(["texts"], ({ texts }) => {
    annotated.checked = texts;
  });
  const measured = h("input", { attributes: { type: "checkbox", checked: "" } });
  const measuredLabel = h("label", {}, measured, h("span", { t: "with measures" }));
  /** Draws the measures of a pane, where there are some. */
  const measures = () => {
    const { measuring } = viewport;
    const pane = viewport.active();
    if (!measuring || !measured.checked || !measuring.shapesIn(pane).length) return null;
    return (/** @type {[CanvasRenderingContext2D, any, number]} */ ...how) => measuring.drawOnly(pane, ...how);
  };
  const burned = h("p", { class: "note" });
  const why = h("p", { class: "quiet" });

  /** @param {string} ending */
  const nameOf = (ending, frame = true) => {
    const { stack, index } = viewport.active();
    const item = store.get().items.get(stack?.id ?? "");
    const parts = ["hounsfield", item?.modality, item?.series_number, planeOf(stack), frame ? index + 1 : ""];
    return `${parts.filter(Boolean).join("-")}.${ending}`;
  };

  /** @param {(signal: AbortSignal) => Promise<Blob|null>} make @param {string} name */
  const save = (make, name) => {
    menu.close();
    return work.run(async (signal) => {
      const blob = await make(signal);
      if (!blob) throw new Error("There is no image to save.");
      if (!signal.aborted) download(blob, name);
    });
  };
  const view = () => save(() => pictureOf(viewport.active(), annotated.checked, measures()), nameOf("png"));
  const figure = () => {
    const pane = viewport.active();
    const { stack, index, chosen } = pane;
    const voi = stack?.description.phases ? pane.voi() : chosen;
    save(async () => stack && loadPicture(stack, index, voi), nameOf("png").replace(/\.png$/, "-figure.png"));
  };
  const film = (/** @type {"gif"|"mp4"} */ format) => () => {
    const pane = viewport.active();
    key = Math.random().toString(36).slice(2);
    const id = pane.stack?.id ?? "";
    save(async (signal) => loadFilm(id, filmWish(pane, format, key), signal), nameOf(format, false));
  };

  const buttons = [
    menuButton("Whole frame as PNG", view),
    menuButton("Figure with caption as PNG (grey, not turned)", figure),
    menuButton("Stack as GIF", film("gif")),
    menuButton("Stack as MP4", film("mp4")),
  ];
  const copies = copyButtons(viewport, work, () => menu.close());
  const menu = makeMenu(
    "save",
    "Save",
    buttons[0],
    h("label", {}, annotated, h("span", { t: "with orientation letters and scale" })),
    measuredLabel,
    ...buttons.slice(1),
    ...copies,
    why,
    burned,
    h("p", { class: "quiet", t: "No name, date or number of the patient is written over what is saved." }),
  );

  menu.list.addEventListener("beforetoggle", () => {
    measuredLabel.hidden = !viewport.measuring?.shapesIn(viewport.active()).length;
  });
  const update = () => {
    const pane = viewport.active();
    const { stack } = pane;
    const d = stack?.description;
    menu.button.disabled = !d;
    setWords(buttons[0], pane.tiles ? "What is seen as PNG" : "Whole frame as PNG");
    buttons[1].disabled = Boolean(stack?.plane || stack?.state); // which frames of the file have
    for (const copy of copies) copy.disabled = !canBeCopied(viewport);
    const no = noFilm(pane);
    buttons[2].disabled = buttons[3].disabled = Boolean(no);
    setWords(why, no || "Films and figures are without what is drawn over the image.");
    burned.hidden = !d || d.burned_in === false;
    if (d?.burned_in) setWords(burned, "Burned-in text may name the patient");
    else setWords(burned, "The file does not say whether text is burned into the pixels: look before you pass it on.");
  };
  viewport.onChange((pane, what) => {
    if (pane === viewport.active() && (what === "stack" || what === "active")) update();
  });
  update();

  return {
    element: menu.element,
    /** @param {{key: string, done: number, frames: number}} message */
    told: ({ key: of, done, frames }) => {
      if (of === key && work.running) work.tell("{done} of {n} frames", { done, n: frames }, done / frames);
    },
  };
}

/** Which plane is saved, by the axes that it follows. @param {import("../types.js").Stack|null} stack */
const planeOf = (stack) =>
  stack?.plane && stack.cut && stack.cut !== "patient" ? `${stack.cut}-${stack.plane}` : stack?.plane;
