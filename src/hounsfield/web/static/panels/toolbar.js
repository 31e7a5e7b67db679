// The bar of buttons: tools, view, layout, switches. Knows the store and the viewport's actions.

import { h, iconButton, press, setIcon } from "../dom.js";
import { isShapeKind } from "../numbers/shape_kinds.js";
import { makeMenu, menuButton } from "./menu.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../state/store.js").Tool} Tool */
/** @typedef {import("../state/store.js").Layout} Layout */
/** @typedef {import("../input/key_map.js").Action} Action */

const TOOLS = /** @type {const} */ ([
  ["window", "window", "Left drag: window"],
  ["region", "region", "Left drag: window from a region"],
  ["pan", "pan", "Left drag: pan"],
  ["zoom", "zoom", "Left drag: zoom"],
  ["scroll", "scroll", "Left drag: scroll"],
  ["cross", "cross", "Left drag: crosshair"],
]);

/** What is measured, by the names of the tools. @type {[Tool, string][]} */
const MEASURES = [
  ["distance", "Measure a distance"],
  ["bidirectional", "Measure two axes (bidirectional)"],
  ["angle", "Measure an angle"],
  ["cobb", "Measure a Cobb angle"],
  ["rectangle", "Measure in a rectangle"],
  ["ellipse", "Measure in an ellipse"],
  ["polygon", "Measure in a polygon"],
  ["freehand", "Measure in a freehand outline"],
  ["profile", "Measure along a line (profile)"],
  ["point", "Measure at a point"],
];

const ACTIONS = /** @type {const} */ ([
  ["fit", "Fit to the pane"],
  ["actual", "One image pixel to one screen pixel"],
  ["invert", "Invert"],
  ["turn", "Turn a quarter"],
  ["flipHorizontal", "Exchange left and right"],
  ["flipVertical", "Exchange top and bottom"],
  ["reset", "Reset window and view"],
]);

const LAYOUTS = /** @type {const} */ ([
  ["1", "layout1", "One pane"],
  ["2", "layout2", "Two panes"],
  ["4", "layout4", "Four panes"],
  ["planes", "planes", "Axial, coronal and sagittal planes"],
]);

/**
 * @param {Store} store
 * @param {import("../panes/viewport.js").Viewport} viewport
 * @param {{opening: HTMLElement, work: HTMLElement, saving: HTMLElement, help: () => void, hide: () => void}} hooks
 */
export function makeToolbar(store, viewport, hooks) {
  const group = (/** @type {string} */ label, /** @type {HTMLElement[]} */ ...buttons) =>
    h("div", { class: "group", label, attributes: { role: "group" } }, ...buttons);

  const list = iconButton("list", "Series", () => store.set({ list: !store.get().list }));
  const side = iconButton("panel", "Panels", () => store.set({ side: store.get().side ? null : "display" }));
  const tools = TOOLS.map(([tool, icon, label]) => iconButton(icon, label, () => store.set({ tool })));
  const kinds = MEASURES.map(([tool, words]) =>
    menuButton(words, () => {
      measure.close();
      store.set({ tool });
      viewport.active().element.focus({ preventScroll: true }); // where it is drawn, by keys, too
    }),
  );
  const measures = menuButton("List of measures", () => {
    measure.close();
    store.set({ side: "measures" });
  });
  const measure = makeMenu("ruler", "Measure", ...kinds, measures);
  const actions = ACTIONS.map(([action, label]) => iconButton(action, label, () => viewport.act(action)));
  const play = iconButton("play", "Play or stop", () => viewport.active().playOrStop());
  const layouts = LAYOUTS.map(([layout, icon, label]) => iconButton(icon, label, () => viewport.setLayout(layout)));
  const link = iconButton("link", "Scroll panes of one patient together", () =>
    store.set({ linked: !store.get().linked }),
  );
  const hand = iconButton("hand", "Link panes here by hand", () => viewport.linkHere());
  const crosshair = iconButton(
    "cross",
    "Show or hide crosshair",
    () => store.set({ crosshair: !store.get().crosshair }),
    "second",
  );
  const smooth = iconButton("smooth", "Smooth or nearest pixels", () => store.set({ smooth: !store.get().smooth }));
  const texts = iconButton("text", "Texts over the image", () => store.set({ texts: !store.get().texts }));
  const hide = iconButton("hide", "Hide patient", hooks.hide);
  const theme = iconButton("theme", "Dark or light", () =>
    store.set({ theme: store.get().theme === "dark" ? "light" : "dark" }),
  );
  const language = h("button", { class: "language", attributes: { type: "button" } });
  language.addEventListener("click", () => store.set({ language: store.get().language === "en" ? "zh" : "en" }));
  const help = iconButton("help", "All keys", hooks.help);

  store.watch(["tool"], ({ tool }) => {
    TOOLS.forEach(([each], i) => {
      press(tools[i], each === tool);
    });
    MEASURES.forEach(([each], i) => {
      press(kinds[i], each === tool);
    });
    measure.button.classList.toggle("chosen", isShapeKind(tool));
  });
  store.watch(["layout"], ({ layout }) => {
    LAYOUTS.forEach(([each], i) => {
      press(layouts[i], each === layout);
    });
  });
  store.watch(["linked", "crosshair", "smooth", "texts", "hidden", "noPhi", "side", "list"], (state) => {
    press(link, state.linked);
    press(crosshair, state.crosshair);
    press(smooth, state.smooth);
    press(texts, state.texts);
    press(hide, state.hidden);
    hide.disabled = state.noPhi;
    press(side, state.side !== null);
    press(list, state.list);
  });
  store.watch(["language"], ({ language: chosen }) => {
    language.textContent = chosen === "en" ? "中文" : "English";
    language.lang = chosen === "en" ? "zh" : "en";
  });
  const update = () => {
    const pane = viewport.active();
    const d = pane.stack?.description;
    for (const button of [...actions]) button.disabled = !d;
    play.disabled = !d || (d.frames < 2 && !d.phases);
    layouts[3].disabled = !d?.planes.length;
    const playing = pane.cine.playing || pane.phases.cine.playing;
    setIcon(play, playing ? "stop" : "play");
    press(play, playing);
    press(actions[2], pane.inverted);
  };
  viewport.onChange((pane, what) => {
    press(hand, viewport.hand.holds());
    hand.disabled = !viewport.hand.holds() && !viewport.hand.candidates(viewport.active()).length;
    if (pane === viewport.active() && what !== "frame" && what !== "view") update();
  });
  update();
  return h(
    "header",
    { class: "toolbar", label: "Tools", attributes: { role: "toolbar" } },
    group("Series", list, hooks.opening),
    group("Left drag", ...tools, measure.element),
    group("View", ...actions, smooth),
    group("Cine", play),
    group("Panes", ...layouts, link, hand, crosshair),
    h("div", { class: "space" }),
    group("Page", texts, hide, hooks.saving, theme, language, help, side),
    hooks.work,
  );
}
