// More files for the list: by a button, or dropped anywhere on the page. Knows files, the server and the line of work.

import { h } from "../dom.js";
import { chosenFiles, filesOf, holdsFiles } from "../input/dropped.js";
import { makeMenu, menuButton } from "./menu.js";

/** @typedef {import("../input/dropped.js").Named} Named */

/**
 * @param {import("./work_line.js").WorkLine} work
 * @param {() => void} came called when all have been sent, before the server looks through them
 */
export function makeOpening(work, came) {
  /** @param {Promise<Named[]>|Named[]} asked */
  const open = (asked) =>
    work.run(async (signal) => {
      work.tell("Looking into folders…");
      const files = await asked;
      if (!files.length) throw new Error("There are no files in it.");
      const { upload } = await import("../server/uploads.js");
      const total = files.reduce((sum, { file }) => sum + file.size, 0) || 1;
      await upload(
        files,
        (done, bytes) => work.tell("Sending {done} of {n} files", { done, n: files.length }, bytes / total),
        signal,
        came,
      );
    });

  /** @param {string} label @param {Record<string, string>} more */
  const input = (label, more) => {
    const element = h("input", { label, attributes: { type: "file", multiple: "", tabindex: "-1", ...more } });
    element.hidden = true;
    element.addEventListener("change", () => {
      const files = chosenFiles(element.files);
      element.value = ""; // the same may be chosen again
      if (files.length) open(files);
    });
    return element;
  };
  const files = input("Files or archives…", {});
  const folder = input("A folder…", { webkitdirectory: "" });
  const choose = (/** @type {HTMLInputElement} */ which) => () => {
    which.click(); // while the key or the click that asked still counts
    menu.close();
  };
  const menu = makeMenu(
    "open",
    "Open files or a folder",
    menuButton("Files or archives…", choose(files)),
    menuButton("A folder…", choose(folder)),
    h("p", { class: "quiet", t: "Or drop them anywhere on the page. They stay on the machine that runs hu view." }),
  );
  menu.element.append(files, folder);
  watchDrops((data) => open(filesOf(data)));
  return menu.element;
}

/** @param {(data: DataTransfer) => void} dropped */
function watchDrops(dropped) {
  const root = document.documentElement;
  const mark = (/** @type {boolean} */ over) => root.toggleAttribute("data-drop", over);
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    mark(true);
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
  });
  addEventListener("drop", (event) => {
    mark(false);
    if (!event.dataTransfer || !holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    dropped(event.dataTransfer);
  });
}
