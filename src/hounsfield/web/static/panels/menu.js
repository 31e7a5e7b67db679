// A button that opens a few more: closed by Esc, by a click elsewhere, or by what is chosen. Knows elements only.

import { h, iconButton } from "../dom.js";

/**
 * @param {string} icon
 * @param {string} label
 * @param {...(Node|null)} children
 */
export function makeMenu(icon, label, ...children) {
  const list = h("div", { class: "menu", label, attributes: { popover: "auto", role: "group" } }, ...children);
  const button = iconButton(icon, label, () => list.togglePopover());
  button.setAttribute("aria-haspopup", "true");
  button.setAttribute("aria-expanded", "false");
  list.addEventListener("toggle", (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const box = button.getBoundingClientRect();
    list.style.top = `${Math.min(box.bottom + 2, Math.max(8, innerHeight - list.offsetHeight - 8))}px`;
    list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - list.offsetWidth - 8))}px`;
    list.querySelector("button")?.focus();
  });
  return { button, list, element: h("div", { class: "holder" }, button, list), close: () => list.hidePopover() };
}

/**
 * A choice in a menu.
 * @param {string} words
 * @param {() => void} act
 */
export function menuButton(words, act) {
  return h("button", { t: words, attributes: { type: "button" }, on: { click: act } });
}
