// The panel at the side with its tabs. Knows the panels' elements and update methods.

import { h } from "../dom.js";
import { DisplayPanel } from "./panel_display.js";
import { HeaderPanel } from "./panel_header.js";
import { StepsPanel } from "./panel_steps.js";

/** @typedef {import("../state/store.js").Store} Store */

const TABS = /** @type {const} */ ([
  ["display", "Display"],
  ["measures", "Measures"],
  ["mask", "Mask"],
  ["header", "Header"],
  ["steps", "Steps"],
]);

/**
 * @param {Store} store
 * @param {import("../panes/viewport.js").Viewport} viewport
 */
export function makeSidePanel(store, viewport) {
  const display = new DisplayPanel(viewport, store);
  const header = new HeaderPanel(viewport);
  const steps = new StepsPanel(viewport);
  const measures = h("div");
  const mask = h("div");
  const panels = { display: display.element, measures, mask, header: header.element, steps: steps.element };
  const tabs = h("div", { class: "tabs", label: "Panels", attributes: { role: "tablist" } });
  const element = h("aside", { class: "side", label: "Panels" }, tabs);

  for (const [name, words] of TABS) {
    const tab = h("button", {
      t: words,
      attributes: { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` },
    });
    tab.addEventListener("click", () => store.set({ side: name }));
    tab.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (!step) return;
      const next = TABS[(TABS.findIndex(([each]) => each === name) + step + TABS.length) % TABS.length][0];
      store.set({ side: next });
      document.getElementById(`tab-${next}`)?.focus();
    });
    tabs.append(tab);
    const panel = panels[name];
    const box = h(
      "div",
      { class: "panel", attributes: { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` } },
      panel,
    );
    element.append(box);
  }

  const refresh = (/** @type {import("../panes/viewport.js").Change} */ what) => {
    const { side } = store.get();
    if (side === "display") display.update(what);
    if (side === "header" && (what === "stack" || what === "frame" || what === "active")) header.update();
    if (side === "steps" && (what === "stack" || what === "active")) steps.update();
  };
  viewport.onChange((pane, what) => {
    if (pane === viewport.active()) refresh(what);
  });
  store.watch(["side", "language"], ({ side }) => {
    element.hidden = !side;
    for (const [name] of TABS) {
      const tab = document.getElementById(`tab-${name}`) ?? tabs.querySelector(`#tab-${name}`);
      tab?.setAttribute("aria-selected", String(name === side));
      tab?.setAttribute("tabindex", name === (side ?? "display") ? "0" : "-1");
      const box = element.querySelector(`#panel-${name}`);
      if (box instanceof HTMLElement) box.hidden = name !== side;
    }
    refresh("stack");
    if (side === "measures" && !measures.childElementCount)
      import("./panel_measures.js").then(({ fillMeasures }) => fillMeasures(measures, viewport));
    if (side === "mask" && !mask.childElementCount)
      import("./panel_mask.js").then(({ fillMaskPanel }) => fillMaskPanel(mask, viewport));
  });
  store.watch(["hidden"], () => header.update(true));
  return element;
}
