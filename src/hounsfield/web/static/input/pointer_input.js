// Mouse, touch, pen and wheel as gestures: drag, pinch, hover, step. Knows events; nothing of what gestures do.

import { wheelSteps } from "../numbers/hit_test.js";

/** @typedef {"tool"|"pan"|"zoom"} DragKind */
/**
 * Places are device pixels from the element's top left corner.
 * @typedef {object} Gestures
 * @property {(kind: DragKind, x: number, y: number, finger: boolean) => void} start
 * @property {(kind: DragKind, dx: number, dy: number, x: number, y: number) => void} drag
 * @property {() => void} end
 * @property {(factor: number, x: number, y: number, dx: number, dy: number) => void} pinch
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(steps: number, shift: boolean) => void} wheel
 * @property {(factor: number, x: number, y: number) => void} wheelZoom
 * @property {() => boolean} zooms whether the wheel zooms without a key
 */

/**
 * @param {HTMLElement} element
 * @param {Gestures} gestures
 */
export function attachPointer(element, gestures) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  /** @type {DragKind} */
  let kind = "tool";
  let rest = 0;

  /** @param {{clientX: number, clientY: number}} event */
  const place = (event) => {
    const box = element.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    return { x: (event.clientX - box.left) * ratio, y: (event.clientY - box.top) * ratio };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && event.target.closest("button, .rail, .phases")) return;
    const at = place(event);
    down.set(event.pointerId, at);
    element.setPointerCapture(event.pointerId);
    if (down.size > 1) return;
    kind = event.button === 2 ? "zoom" : event.button === 1 ? "pan" : "tool";
    if (event.button === 1) event.preventDefault();
    gestures.start(kind, at.x, at.y, event.pointerType !== "mouse");
  });

  element.addEventListener("pointermove", (event) => {
    const at = place(event);
    const before = down.get(event.pointerId);
    if (!before) return gestures.hover(at.x, at.y);
    if (down.size === 1) gestures.drag(kind, at.x - before.x, at.y - before.y, at.x, at.y);
    else if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1] ?? before;
      const wide = Math.hypot(at.x - other.x, at.y - other.y);
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const factor = was > 0 ? wide / was : 1;
      gestures.pinch(factor, (at.x + other.x) / 2, (at.y + other.y) / 2, (at.x - before.x) / 2, (at.y - before.y) / 2);
    }
    down.set(event.pointerId, at);
    if (event.pointerType === "mouse") gestures.hover(at.x, at.y);
  });

  const lift = (/** @type {PointerEvent} */ event) => {
    if (down.delete(event.pointerId) && down.size === 0) gestures.end();
  };
  element.addEventListener("pointerup", lift);
  element.addEventListener("pointercancel", lift);
  element.addEventListener("pointerleave", () => gestures.leave());
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const at = place(event);
      if (event.ctrlKey || gestures.zooms()) {
        const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1);
        return gestures.wheelZoom(Math.exp(-turned / 200), at.x, at.y);
      }
      // With Shift held, browsers tell of a wheel as if it turned sideways.
      const deltaY = event.shiftKey && !event.deltaY ? event.deltaX : event.deltaY;
      const turned = wheelSteps(rest, { deltaY, deltaMode: event.deltaMode });
      rest = turned.rest;
      if (turned.steps) gestures.wheel(turned.steps, event.shiftKey);
    },
    { passive: false },
  );
}
