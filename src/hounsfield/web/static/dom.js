// Elements made in code: text as text nodes only, words in the chosen language. Knows the document and the words.

import { t } from "./words/words.js";

/**
 * @typedef {object} Properties
 * @property {string} [class]
 * @property {string} [t] words to be translated, as the element's text
 * @property {string} [label] words to be translated, for screen readers and as a tip
 * @property {string} [text] text of files, as it is
 * @property {Record<string, string>} [attributes]
 * @property {Record<string, (event: any) => void>} [on]
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Properties} [properties]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  if (properties.class) element.className = properties.class;
  for (const [name, value] of Object.entries(properties.attributes ?? {})) element.setAttribute(name, value);
  if (properties.text !== undefined) element.textContent = properties.text;
  if (properties.t) setWords(element, properties.t);
  if (properties.label) setLabel(element, properties.label);
  for (const [name, call] of Object.entries(properties.on ?? {})) element.addEventListener(name, call);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} words
 */
export function setWords(element, words) {
  element.dataset.t = words;
  element.textContent = t(words);
}

/**
 * @param {HTMLElement} element
 * @param {string} words
 */
export function setLabel(element, words) {
  element.dataset.label = words;
  element.setAttribute("aria-label", t(words));
  element.title = t(words);
  if (element instanceof HTMLInputElement && element.type === "search") element.placeholder = t(words);
}

/**
 * Say everything below an element again, in the language that is now chosen.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const each of root.querySelectorAll("[data-t]")) {
    if (each instanceof HTMLElement) each.textContent = t(each.dataset.t ?? "");
  }
  for (const each of root.querySelectorAll("[data-label]")) {
    if (each instanceof HTMLElement) setLabel(each, each.dataset.label ?? "");
  }
}

/**
 * @param {string} icon
 * @param {string} label
 * @param {() => void} act
 * @param {string} [extra] class
 */
export function iconButton(icon, label, act, extra = "") {
  const button = h("button", { class: `icon ${extra}`, label, attributes: { type: "button" }, on: { click: act } });
  button.append(drawIcon(icon));
  return button;
}

/**
 * Show whether a button that stays down is down.
 * @param {HTMLElement} button
 * @param {boolean} down
 */
export function press(button, down) {
  button.setAttribute("aria-pressed", String(down));
}

/** Line icons on a grid of 24. @type {Record<string, string>} */
const ICONS = {
  list: "M4 6h4v4H4zM4 14h4v4H4zM11 8h9M11 16h9",
  panel: "M4 5h16v14H4zM14 5v14",
  window: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  region: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M12 8a4 4 0 1 0 0 8zM12 8a4 4 0 0 1 0 8",
  pan: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  zoom: "M10 4a6 6 0 1 0 0 12a6 6 0 1 0 0-12M14.5 14.5L20 20M10 7.5v5M7.5 10h5",
  ruler: "M3 15L15 3l6 6L9 21zM7 11l2.5 2.5M10.5 7.5l2 2M14 4l2.5 2.5M14 12l-1-1",
  scroll: "M6 4h9v12H6zM9 8h9v12H9",
  cross: "M12 3v6M12 15v6M3 12h6M15 12h6",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  actual: "M6 8l2-2v12M16 8l2-2v12M12 9.5v.5M12 14v.5",
  reset: "M5 5v5h5M5.5 10a7 7 0 1 1-.8 5",
  invert: "M4 4h16v16H4zM4 20L20 4M13 20v-6M17 20v-9M9 20v-3",
  turn: "M19 5v5h-5M18.5 10a7 7 0 1 0 .8 5",
  flipHorizontal: "M12 3v18M9 7v10H4zM15 7v10h5z",
  flipVertical: "M3 12h18M7 9h10V4zM7 15h10v5z",
  play: "M8 5v14l11-7z",
  stop: "M7 6h3.5v12H7zM13.5 6H17v12h-3.5z",
  layout1: "M4 5h16v14H4z",
  layout2: "M4 5h16v14H4zM12 5v14",
  layout4: "M4 5h16v14H4zM12 5v14M4 12h16",
  planes: "M4 8l8-4 8 4-8 4zM4 8v8l8 4v-8M20 8v8l-8 4",
  link: "M10 14a4 4 0 0 1 0-5.6l3-3a4 4 0 0 1 5.6 5.6l-1.6 1.6M14 10a4 4 0 0 1 0 5.6l-3 3a4 4 0 0 1-5.6-5.6L7 11.4",
  hand: "M9 12V6a1.5 1.5 0 0 1 3 0v5V4.5a1.5 1.5 0 0 1 3 0V11V6a1.5 1.5 0 0 1 3 0v8c0 4-2 6-5.5 6S8 18 6.5 15L5 12.5c1-1.5 2.5-1 4 1",
  smooth: "M3 17c5 0 5-10 9-10s4 10 9 10",
  hide: "M3 12c4-7 14-7 18 0c-4 7-14 7-18 0M12 9.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5M4 20L20 4",
  theme: "M19 14a8 8 0 1 1-9-10a6.5 6.5 0 0 0 9 10z",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5",
  open: "M3 19V6h6l2 2h8v3M3 19l3-8h15l-3 8z",
  save: "M12 4v11M7.5 11l4.5 4.5L16.5 11M4 20h16",
  close: "M6 6l12 12M18 6L6 18",
  text: "M5 6V4h14v2M12 4v16M9 20h6",
};

/** @param {string} name */
export function drawIcon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

/**
 * @param {HTMLElement} button
 * @param {string} name
 */
export function setIcon(button, name) {
  button.replaceChildren(drawIcon(name));
}
