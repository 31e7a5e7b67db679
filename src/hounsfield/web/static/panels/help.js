// Help: what mouse, touch and keys do. Knows the key map.

import { h, iconButton, setWords } from "../dom.js";
import { KEYS, keyName } from "../input/key_map.js";

const MOUSE = /** @type {const} */ ([
  ["Wheel", "Frames"],
  ["Left drag", "The chosen tool; window at first: right is wider, up is brighter"],
  ["Shift and wheel", "Phases, echoes, b-values of one slice"],
  ["Right drag", "Zoom"],
  ["Middle drag", "Pan"],
  ["Ctrl and wheel", "Zoom"],
  ["One finger", "The chosen tool"],
  ["Two fingers", "Pinch to zoom, move to pan"],
  ["Drag a line of the crosshair", "Turns the other planes about the crosshair"],
  [
    "Shift and arrow keys",
    "Turn the other planes by 1 or 10 degrees; of phases ← and → turn, ↑ and ↓ change the phase",
  ],
  [
    "Measures: Enter",
    "Shows a cross that arrow keys move by 1 pixel, with Shift by 10; then sets a point. Twice at a place ends an outline",
  ],
  ["Measures: N, Esc, Delete", "The next handle, which arrow keys move; none; deletes the chosen measure"],
  ["Ctrl and Z", "Takes the last change of measures back"],
  ["Ctrl, Shift and Z", "Makes a change of measures again that was taken back"],
  ["Rail at the edge of a pane", "To any frame"],
  ["Whole slide: wheel", "Zoom about the cursor"],
  ["Whole slide: arrow keys", "Pan, with Shift by a whole pane"],
  ["Whole slide: Page Up, Page Down", "Optical paths and focal planes"],
]);

export function makeHelp() {
  const close = iconButton("close", "Close", () => dialog.close());
  const rows = MOUSE.map(([what, does]) =>
    h("tr", {}, h("th", { t: what, attributes: { scope: "row" } }), h("td", { t: does })),
  );
  const keys = KEYS.map(([, words, names]) => {
    const cell = h("th", { attributes: { scope: "row" } });
    for (const name of names) {
      const key = h("kbd", name.endsWith(" ") ? { t: keyName(name) } : { text: keyName(name) });
      cell.append(key, " ");
    }
    return h("tr", {}, cell, h("td", { t: words }));
  });
  const note = h("p", { class: "quiet" });
  setWords(note, "Keys act while a pane has the focus: click it, or reach it with Tab.");
  const dialog = h(
    "dialog",
    { class: "help", label: "All keys" },
    h("div", { class: "title" }, h("h2", { t: "Mouse, touch and keys" }), close),
    h("div", { class: "columns" }, h("table", {}, ...rows), h("div", {}, note, h("table", {}, ...keys))),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
