// Puts the page together: session, events, list, panes, panels. Knows every part by its outside only.

import { h, translate } from "./dom.js";
import { makeHelp } from "./panels/help.js";
import { makeOpening } from "./panels/opening.js";
import { makeSaving } from "./panels/saving.js";
import { SeriesList } from "./panels/series_list.js";
import { makeSidePanel } from "./panels/side_panel.js";
import { makeToolbar } from "./panels/toolbar.js";
import { WorkLine } from "./panels/work_line.js";
import { Viewport } from "./panes/viewport.js";
import { address, connect, listen, started } from "./server/early.js";
import { receive } from "./server/events.js";
import { Frames } from "./server/frames.js";
import { hidePatient, ServerError, setServerLanguage } from "./server/server.js";
import { setFragment } from "./server/transport.js";
import { writeFragment } from "./state/address.js";
import { ItemMap } from "./state/item_map.js";
import { firstLanguage, keep, kept } from "./state/kept.js";
import { createStore } from "./state/store.js";
import { setLanguage, t } from "./words/words.js";

/** @typedef {import("./state/store.js").State} State */

const MEGA = 2 ** 20;
const REFUSED = "Open the address that hu view printed, with all that stands behind #.";
const narrow = matchMedia("(max-width: 1000px)").matches;
const small = matchMedia("(pointer: coarse)").matches;

/** @type {State} */
const initial = {
  items: new ItemMap(),
  connection: "starting",
  name: "",
  reading: true,
  found: 0,
  done: 0,
  report: null,
  error: null,
  noPhi: false,
  hidden: true, // until the server has said that it is not
  layout: address.layout === "2" || address.layout === "4" || address.layout === "planes" ? address.layout : "1",
  active: 0,
  tool: "window",
  crosshair: true,
  linked: true,
  smooth: kept("smooth") !== "no",
  texts: true,
  side: narrow ? null : "display",
  list: true,
  language: firstLanguage(),
  theme:
    (kept("theme") ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark")) === "light"
      ? "light"
      : "dark",
};

setLanguage(initial.language);
const store = createStore(initial);
store.watch(["language"], ({ language }) => {
  setLanguage(language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
});
store.watch(["theme"], ({ theme }) => {
  document.documentElement.dataset.theme = theme;
});

const frames = new Frames((small ? 128 : 224) * MEGA);
const viewport = new Viewport(store, frames);
const list = new SeriesList(store, (id, stay) => {
  viewport.open(id);
  if (!stay) viewport.active().element.focus({ preventScroll: true }); // keys act on what was chosen
  stage.scrollIntoView({ block: "nearest" }); // on a small screen the list is below it
});
const help = makeHelp();
const notice = h("p", { class: "notice", attributes: { role: "status" } });
const openHelp = () => help.showModal();

/** @param {unknown} error */
function tell(error) {
  notice.textContent = error instanceof Error ? error.message : String(error);
  notice.hidden = false;
  setTimeout(() => {
    notice.hidden = true;
  }, 8000);
}

const work = new WorkLine();
/** Items that were there when files came in: the first that is new is shown. @type {Set<string>|null} */
let before = null;
const opening = makeOpening(work, () => {
  before = new Set(store.get().items.keys());
  store.set({ reading: true });
});

const saving = makeSaving(store, viewport, work);
const bar = makeToolbar(store, viewport, {
  opening,
  work: work.element,
  saving: saving.element,
  help: openHelp,
  hide: () => hidePatient(!store.get().hidden).catch(tell),
});
const side = makeSidePanel(store, viewport);
const stage = h("main", { class: "stage", label: "Images" }, viewport.element, notice);
notice.hidden = true;
document.body.replaceChildren(bar, list.element, stage, side, help);
document.addEventListener("hounsfield-help", openHelp);
document.addEventListener("hounsfield-tell", (event) => tell(event instanceof CustomEvent ? event.detail : ""));

store.watch(["language"], () => {
  translate(document.body);
  viewport.redraw();
});
store.watch(["tool"], ({ tool }) => {
  if (tool === "region") import("./input/region_window.js");
});
store.watch(["language"], ({ language, items, connection }) => {
  setServerLanguage(language);
  if (connection !== "open") return;
  // What the server has said is asked for again: it speaks the other language now.
  connect();
  retold = true;
  viewport.descriptions.clear();
  for (const item of items.values()) for (const id of item.phases?.ids ?? [item.id]) hooks.changed(id);
});
store.watch(["list"], (state) => {
  list.element.hidden = !state.list;
});
store.watch(["language", "theme", "smooth"], ({ language, theme, smooth }) => {
  if (language !== initial.language || kept("language")) keep("language", language);
  if (theme !== initial.theme || kept("theme")) keep("theme", theme);
  keep("smooth", smooth ? "yes" : "no");
});

function tellTitle() {
  const { items, hidden, name } = store.get();
  const item = items.get(viewport.active().stack?.id ?? "");
  const shown = item ? [item.modality, hidden ? "" : item.description].filter(Boolean).join(" ") : hidden ? "" : name;
  document.title = shown ? `${shown} – hounsfield` : "hounsfield";
}
store.watch(["hidden", "items", "name"], tellTitle);

let addressTimer = 0;
viewport.onChange((_pane, what) => {
  const pane = viewport.active();
  const other = what === "stack" || what === "active" || what === "asked";
  if (other) list.mark(store.get().items.get(viewport.wanted(pane) ?? "")?.id ?? null);
  if (what !== "stack" && what !== "frame" && what !== "active" && !(what === "view" && pane.tiles)) return;
  if (what === "stack" || what === "active") tellTitle();
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const { layout } = store.get();
    const at = pane.tiles?.place() ?? null;
    const shown = { show: pane.stack?.id ?? null, frame: pane.stack?.plane ? null : pane.index, layout, at };
    setFragment(writeFragment(shown));
  }, 300);
});

let opened = false;

/** Show what the address asks for, or else the first thing that can be shown. */
function openFirst() {
  if (opened) return;
  const { items } = store.get();
  const asked = address.show && items.get(address.show);
  const first = asked || [...items.values()].find((item) => !item.error);
  if (!first || (address.show && !asked && store.get().reading)) return;
  opened = true;
  const pane = viewport.active();
  const id = asked ? (address.show ?? first.id) : first.id;
  viewport.open(id, asked ? (address.frame ?? undefined) : undefined, pane).then(() => {
    if (asked && address.at) pane.tiles?.goTo(address.at);
  });
}

/** Show the first item of files that have come in. */
function openNew() {
  const item = [...store.get().items.values()].find(({ id, error }) => before && !before.has(id) && !error);
  if (!item) return;
  before = null;
  opened = true;
  viewport.open(item.id);
}

/** @type {Set<string>} */
const changing = new Set();
let changeTimer = 0;
/** Whether the server speaks another language now. */
let retold = false;

/** More slices have come: panes stay where they are, in the stack as it is now. */
function refresh() {
  for (const pane of viewport.panes) {
    const asked = viewport.asked.get(pane);
    const id = viewport.wanted(pane);
    const plain = !pane.stack?.plane && !pane.stack?.state;
    if (!id || !(changing.has(id) || changing.has(store.get().items.get(id)?.id ?? ""))) continue;
    if (asked) viewport.open(id, asked.frame, pane);
    else if (plain) viewport.open(id, pane.index, pane);
    else if (retold && !pane.unsettled) viewport.renew(pane).catch(tell);
  }
  changing.clear();
  retold = false;
}

const hooks = {
  changed: (/** @type {string} */ id) => {
    viewport.forget(id);
    if (store.get().reading) viewport.measuring?.rehome([id]);
    changing.add(id);
    clearTimeout(changeTimer);
    changeTimer = setTimeout(refresh, 250);
  },
  gone: (/** @type {string} */ id, /** @type {string|null} */ into) => {
    viewport.forget(id);
    viewport.gone.set(id, into);
    viewport.measuring?.rehome([id]);
    for (const pane of viewport.panes) {
      // Who has asked for something else meanwhile gets that.
      if (viewport.wanted(pane) !== id) continue;
      viewport.asked.delete(pane);
      if (into) viewport.open(into, undefined, pane);
      else pane.show(null, 0);
    }
  },
};

listen(
  (message) => {
    if (message.type === "film") saving.told(message);
    else receive(store, message, hooks);
    if (before) openNew();
    else openFirst();
  },
  (connection) => {
    store.set({ connection });
    if (connection === "denied") viewport.active().fail(t(REFUSED));
  },
);

started.catch((error) => {
  store.set({ connection: "denied" });
  viewport.active().fail(error instanceof ServerError && error.status === 401 ? t(REFUSED) : error.message);
});
