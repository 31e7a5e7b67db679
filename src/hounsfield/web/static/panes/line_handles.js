// Handles on the crosshair's lines: a drag turns the planes; so do Shift and arrow keys. Knows the lines of panes, and what
// turns planes.

import { drawHandles } from "../drawing/pane_drawing.js";
import { distanceToSegment } from "../numbers/hit_test.js";
import { isShapeKind } from "../numbers/shape_kinds.js";
import { toPatient } from "../place/geometry.js";
import { angleIn, wrapped } from "../place/plane_set.js";
import { apply, unapply } from "../place/view_transform.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {[number, number]} Spot place on a canvas, in its pixels */

/** Where handles are on a line: this part of the pane's smaller side from the crosshair. */
const AWAY = 0.3;
/** CSS pixels: radius of a handle for a mouse and for fingers, distance from a line, and part near its middle left free. */
const [MOUSE, FINGER, LINE, MIDDLE] = [9, 22, 5, 40];
const DEGREE = Math.PI / 180;
/** @type {Record<string, number>} degrees by key, held with Shift */
const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10 };

export class LineHandles {
  /** @param {import("./oblique.js").Oblique} oblique */
  constructor(oblique) {
    this.oblique = oblique;
    /** @type {{pane: Pane, pointer: number, angle: number}|null} */
    this.held = null;
    const { element } = oblique.viewport;
    element.addEventListener("pointerdown", (event) => this.grab(event), true);
    element.addEventListener("pointermove", (event) => this.move(event), true);
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"]))
      element.addEventListener(name, (event) => this.release(event), true);
    element.addEventListener("keydown", (event) => this.key(event), true);
  }

  /** @param {Event} event */
  paneOf(event) {
    const { target } = event;
    if (!(target instanceof Element) || target.closest("button, .rail")) return undefined;
    const element = target.closest(".pane");
    return this.oblique.viewport.panes.find((pane) => pane.element === element);
  }

  /** @param {Pane} pane @param {PointerEvent} event @returns {Spot} */
  spot(pane, event) {
    const box = pane.canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  /**
   * The crosshair, the lines and the handles of a pane, on its canvas.
   * @param {Pane} pane
   * @returns {{middle: Spot, lines: [Spot, Spot][], handles: Spot[]}|null}
   */
  layout(pane) {
    const { viewport } = this.oblique;
    const transform = pane.transform();
    const cross = viewport.store.get().crosshair && this.oblique.acts ? viewport.links.crossIn(pane) : null;
    if (!transform || !cross) return null;
    const onCanvas = (/** @type {[number, number]} */ [row, column]) => apply(transform, column + 0.5, row + 0.5);
    const middle = onCanvas(cross);
    const lines = viewport.links
      .lines(pane)
      .map((line) => /** @type {[Spot, Spot]} */ ([onCanvas(line.from), onCanvas(line.to)]));
    const away = Math.min(pane.canvas.width, pane.canvas.height) * AWAY;
    const handles = lines.flatMap((line) => handlesOn(line, middle, away));
    return { middle, lines, handles };
  }

  /** @param {Pane} pane @param {PointerEvent} event */
  hit(pane, event) {
    const layout = isShapeKind(this.oblique.viewport.store.get().tool) ? null : this.layout(pane);
    if (!layout) return false;
    const [at, ratio] = [this.spot(pane, event), devicePixelRatio || 1];
    const near = (/** @type {Spot} */ spot, /** @type {number} */ css) =>
      Math.hypot(at[0] - spot[0], at[1] - spot[1]) <= css * ratio;
    const mouse = event.pointerType === "mouse";
    if (layout.handles.some((spot) => near(spot, mouse ? MOUSE : FINGER))) return true;
    if (!mouse || near(layout.middle, MIDDLE)) return false;
    return layout.lines.some(([from, to]) => distanceToSegment(at, from, to) <= LINE * ratio);
  }

  /** Angle of a place about the crosshair in the plane that a pane shows. @param {Pane} pane @param {PointerEvent} event */
  angle(pane, event) {
    const transform = pane.transform();
    const d = pane.stack?.description;
    const point = this.oblique.point(pane);
    if (!transform || !d?.affine || !d.orientation || !point) return 0;
    const [column, row] = unapply(transform, ...this.spot(pane, event)).map((v) => v - 0.5);
    const { orientation } = d;
    return angleIn([...orientation.row, ...orientation.column], point, toPatient(d.affine, pane.index, row, column));
  }

  /** @param {PointerEvent} event */
  grab(event) {
    if (this.held) return event.stopPropagation(); // a second finger does nothing
    const pane = this.paneOf(event);
    if (!pane || event.button !== 0 || !this.hit(pane, event)) return;
    event.stopPropagation();
    const { viewport } = this.oblique;
    viewport.activate(pane);
    pane.element.focus({ preventScroll: true });
    viewport.element.setPointerCapture(event.pointerId);
    this.held = { pane, pointer: event.pointerId, angle: this.angle(pane, event) };
  }

  /** @param {PointerEvent} event */
  move(event) {
    const { held } = this;
    if (!held) {
      const pane = event.pointerType === "mouse" && event.buttons === 0 ? this.paneOf(event) : undefined;
      if (pane) pane.element.style.cursor = this.hit(pane, event) ? "grab" : "";
      return;
    }
    event.stopPropagation();
    if (event.pointerId !== held.pointer) return;
    const angle = this.angle(held.pane, event);
    this.oblique.turn(held.pane, wrapped(angle - held.angle));
    held.angle = angle;
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (event.pointerId !== this.held?.pointer) return;
    event.stopPropagation();
    this.held = null;
    this.oblique.settle();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const degrees = event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey ? KEYS[event.key] : undefined;
    const pane = this.paneOf(event);
    if (this.oblique.viewport.measuring?.input.takesKeys()) return;
    // Up and down go through phases, where there are some.
    if (!degrees || !pane || !this.oblique.acts || (pane.phases.set && Math.abs(degrees) > 1)) return;
    event.preventDefault();
    event.stopPropagation();
    this.oblique.turn(pane, degrees * DEGREE);
  }

  /** @param {Pane} pane @param {CanvasRenderingContext2D} context */
  draw(pane, context) {
    const layout = this.layout(pane);
    if (layout) drawHandles(context, layout.handles, devicePixelRatio || 1);
  }
}

/**
 * Places on a line on both sides of its middle, as far as the line reaches.
 * @param {[Spot, Spot]} line
 * @param {Spot} middle
 * @param {number} away
 * @returns {Spot[]}
 */
function handlesOn([from, to], middle, away) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (!length) return [];
  const way = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const along = (middle[0] - from[0]) * way[0] + (middle[1] - from[1]) * way[1];
  return [along - away, along + away]
    .filter((place) => place >= 0 && place <= length)
    .map((place) => [from[0] + way[0] * place, from[1] + way[1] * place]);
}
