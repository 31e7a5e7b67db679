// The list of series, how far reading has come, and what became of the other files. Knows items and the report.

import { h, setWords } from "../dom.js";
import { thumbnailSource } from "../server/server.js";
import { GONE } from "../server/transport.js";
import { t } from "../words/words.js";
import { fileReport } from "./file_report.js";
import { matches } from "./search.js";
import { searchedText, studiesOf, studyHeading } from "./studies.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../state/store.js").State} State */
/** @typedef {import("../types.js").Item} Item */

/** Milliseconds. */
const THUMBNAIL_WAITS = 300;

export class SeriesList {
  /**
   * @param {Store} store
   * @param {(id: string, stay: boolean) => void} open stay: whether the focus stays in the list
   */
  constructor(store, open) {
    this.store = store;
    this.open = open;
    /** @type {string|null} */
    this.current = null;
    this.progress = h("p", { class: "progress", attributes: { role: "status" } });
    this.bar = h("progress", { label: "Files understood" });
    this.search = h("input", {
      label: "Find a series",
      attributes: { type: "search" },
      on: { input: () => this.filter() },
    });
    /** Whether the space bar chooses: it leaves the focus where it is. */
    this.stay = false;
    this.list = h("div", { class: "series", on: { keydown: (event) => this.key(event) } });
    this.rest = h("div", { class: "rest" });
    /** @type {Map<string, HTMLElement>} sections by the studies' keys */
    this.studies = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.pictures = new Map();
    /** @type {Map<string, {element: HTMLElement, item: Item}>} */
    this.entries = new Map();
    this.element = h(
      "nav",
      { class: "list", label: "Series" },
      this.progress,
      this.bar,
      this.search,
      this.list,
      this.rest,
    );
    store.watch(["reading", "found", "done", "items", "connection", "language"], (state) => this.tellProgress(state));
    store.watch(["items"], (state) => this.tellItems(state));
    store.watch(["items", "hidden", "language"], (state) => this.tellStudies(state));
    store.watch(["language"], () => this.tellAll());
    store.watch(["report", "language", "reading", "error"], (state) => this.tellReport(state));
  }

  /** @param {State} state */
  tellProgress({ reading, found, done, items, connection }) {
    this.bar.hidden = !reading || connection === "denied" || connection === "lost";
    this.search.hidden = items.size < 8;
    if (found > 0) {
      this.bar.max = found;
      this.bar.value = done;
    } else this.bar.removeAttribute("value");
    if (connection === "denied") setWords(this.progress, "Not allowed");
    else if (connection === "lost") setWords(this.progress, GONE);
    else {
      delete this.progress.dataset.t;
      const words = reading ? "{done} of {found} files" : "{found} files";
      const told = reading || found > 0 || items.size === 0 ? t(words, { done, found }) : ""; // some come from no file
      this.progress.textContent = connection === "starting" ? t("Starting…") : told;
    }
  }

  /** @param {State} state */
  tellItems({ items }) {
    for (const [id, { element }] of this.entries) {
      if (items.has(id)) continue;
      element.remove();
      this.entries.delete(id);
      this.pictures.delete(id);
    }
    for (const item of items.values()) {
      const known = this.entries.get(item.id);
      if (known?.item === item) continue;
      const element = this.makeEntry(item);
      if (known) replace(known.element, element);
      this.entries.set(item.id, { element, item });
    }
    this.mark(this.current);
  }

  /** @param {State} state */
  tellStudies({ items, hidden }) {
    const studies = studiesOf(items.values());
    const keys = new Set(studies.map(({ key }) => key));
    for (const [key, section] of this.studies) {
      if (keys.has(key)) continue;
      section.remove();
      this.studies.delete(key);
    }
    const sections = studies.map((study) => {
      const section = this.studies.get(study.key) ?? h("section", {}, h("h3"), h("ul"));
      this.studies.set(study.key, section);
      const [heading, list] = section.children;
      const told = studyHeading(study, hidden);
      if (!heading.isEqualNode(told)) heading.replaceWith(told);
      arrange(
        list,
        study.items.map(({ id }) => /** @type {{element: HTMLElement}} */ (this.entries.get(id)).element),
      );
      return section;
    });
    arrange(this.list, sections);
    this.filter();
  }

  tellAll() {
    for (const [id, { element, item }] of this.entries) {
      const next = this.makeEntry(item);
      replace(element, next);
      this.entries.set(id, { element: next, item });
    }
    this.mark(this.current);
  }

  /** @param {Item} item */
  makeEntry(item) {
    const name = [item.modality, item.series_number].filter((part) => part !== null && part !== "").join(" ");
    const picture = this.pictureOf(item);
    const notes = [...item.notes];
    const button = h(
      "button",
      {
        class: "entry",
        attributes: { type: "button", "data-id": item.id },
        on: { click: ({ detail }) => this.open(item.id, this.stay && !detail) },
      },
      picture,
      h(
        "span",
        { class: "words" },
        h("strong", { text: name }),
        h("span", { class: "description", text: item.description }),
        h("span", { class: "quiet", text: sizeText(item) }),
        ...notes.slice(0, 4).map((note) => h("span", { class: "note", text: note })),
        notes.length > 4 ? h("span", { class: "note", text: t("and {n} more notes", { n: notes.length - 4 }) }) : null,
        item.error ? h("span", { class: "error", text: item.error }) : null,
      ),
    );
    return h("li", {}, button);
  }

  /**
   * The thumbnail, which stays when an item changes: it is not asked for again.
   * @param {Item} item
   */
  pictureOf(item) {
    const known = this.pictures.get(item.id);
    if (known?.firstChild && item.thumbnail) return known;
    const picture = known ?? h("div", { class: "thumbnail" });
    picture.replaceChildren(); // one that is not sent any more goes
    this.pictures.set(item.id, picture);
    if (item.thumbnail && !item.error) {
      const image = h("img", { attributes: { alt: "", loading: "lazy" } });
      // The first image goes first.
      setTimeout(async () => image.setAttribute("src", await thumbnailSource(item.id)), THUMBNAIL_WAITS);
      image.addEventListener("error", () => image.remove());
      picture.append(image);
    }
    return picture;
  }

  /**
   * Arrows go through the list, Space shows an entry and stays, Enter goes to its image.
   * @param {KeyboardEvent} event
   */
  key(event) {
    this.stay = event.key === " ";
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    const entries = [...this.list.querySelectorAll("button.entry")];
    const seen = entries.filter((each) => each instanceof HTMLElement && each.offsetParent);
    const next = seen[seen.findIndex((each) => each === document.activeElement) + by];
    if (next instanceof HTMLElement) next.focus();
    event.preventDefault();
  }

  /** @param {string|null} id */
  mark(id) {
    this.current = id;
    for (const [each, { element }] of this.entries) {
      const button = element.firstElementChild;
      if (each === id) button?.setAttribute("aria-current", "true");
      else button?.removeAttribute("aria-current");
    }
  }

  filter() {
    const query = this.search.hidden ? "" : this.search.value;
    const { hidden } = this.store.get();
    for (const { element, item } of this.entries.values()) {
      element.hidden = !matches(query, searchedText(item, hidden));
    }
    for (const section of this.studies.values()) section.hidden = !section.querySelector("li:not([hidden])");
  }

  /** @param {State} state */
  tellReport(state) {
    const open = [...this.rest.querySelectorAll("details")].map((each) => each.open);
    this.rest.replaceChildren(...fileReport(state));
    [...this.rest.querySelectorAll("details")].forEach((each, i) => {
      each.open = open[i] ?? false;
    });
  }
}

/**
 * Put one entry in the place of another one; the focus stays.
 * @param {HTMLElement} old
 * @param {HTMLElement} next
 */
function replace(old, next) {
  const focused = old.contains(document.activeElement);
  old.replaceWith(next);
  if (focused) next.querySelector("button")?.focus({ preventScroll: true });
}

/**
 * Give an element these children in this order; those that stand there are not moved, so that the focus stays.
 * @param {Element} parent
 * @param {HTMLElement[]} children
 */
function arrange(parent, children) {
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
}

/** @param {Item} item */
function sizeText(item) {
  const size = item.shape.slice(-2).reverse().join(" × ");
  const count =
    item.kind === "volume"
      ? t("{n} slices", { n: item.frames })
      : item.frames > 1
        ? t("{n} frames", { n: item.frames })
        : "";
  const { phases } = item;
  const along = phases ? t("{n} × {word}", { n: phases.ids.length, word: t(phases.word) }) : "";
  const ends = phases ? [phases.labels[0], phases.labels[phases.labels.length - 1]].filter(Boolean).join(" … ") : "";
  const by = phases ? [phases.keywords[0], ends].filter(Boolean).join(" ") : "";
  return [size, count, along, by].filter(Boolean).join(" · ");
}
