// What panes are to show and do not yet, said at once. Knows panes by what they show.

/** @typedef {import("./pane.js").Pane} Pane */
/** An item that is being described; answers may come in another order. @typedef {{id: string, frame?: number}} Asked */
/** @typedef {WeakMap<Pane, Asked>} AskedFor */

/**
 * Whether a pane is to show another item than it does.
 * @param {AskedFor} asked
 * @param {Pane} pane
 */
export function awaits(asked, pane) {
  const next = asked.get(pane);
  return Boolean(next && next.id !== pane.stack?.id);
}

/**
 * Note what panes are to show; from now on what they still show is marked as the one before.
 * @param {import("./viewport.js").Viewport} viewport
 * @param {Pane[]} panes
 * @param {Asked} next
 */
export function ask(viewport, panes, next) {
  for (const pane of panes) {
    viewport.asked.set(pane, next);
    if (awaits(viewport.asked, pane)) pane.element.toggleAttribute("data-waits", true);
    pane.redraw();
    viewport.changed(pane, "asked");
  }
  return next;
}
