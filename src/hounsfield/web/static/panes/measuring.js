// Measures on images: which pane shows which, what the library says of them, how they are drawn. Knows the viewport, the
// list of shapes and the server.

import { drawPen, drawShapes } from "../drawing/shape_drawing.js";
import { ShapeInput } from "../input/shape_input.js";
import { handlesOf, keptPoint, strokesOf } from "../numbers/shape_kinds.js";
import { apply } from "../place/view_transform.js";
import { findPlaces, imageOf, measureShapes } from "../server/measures.js";
import { tellShapes } from "../server/transport.js";
import { ShapeList } from "../state/shapes.js";
import { t } from "../words/words.js";
import { linesOf, NAMES } from "./measure_text.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../state/shapes.js").Shape} Shape */
/** @typedef {import("../numbers/shape_draft.js").Draft} Draft */
/** @typedef {import("../place/view_transform.js").Transform} Transform */
/** @typedef {import("../numbers/shape_kinds.js").Spot} Spot */

const COLOR = "#ffd84a";
/** What is not known of a shape before the library has measured it. */
export const UNKNOWN = { measure: null, measured: null, place: null };

export class Measuring {
  /** @param {import("./viewport.js").Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    this.list = new ShapeList();
    this.input = new ShapeInput({
      list: this.list,
      tool: () => viewport.store.get().tool,
      shapesIn: (pane) => this.shapesIn(pane),
      whyNot: (pane) => this.whyNot(pane),
      made: (pane, draft) => this.made(pane, draft),
      measure: (id) => this.measure(id),
      undo: () => this.undo(),
      redo: () => this.redo(),
      tell: (text) => document.dispatchEvent(new CustomEvent("hounsfield-tell", { detail: text })),
    });
    /** Shapes that are being measured. @type {Set<number>} */
    this.running = new Set();
    this.list.onChange(() => {
      for (const pane of viewport.panes) pane.redraw();
      tellShapes(this.list.shapes);
    });
    viewport.onChange((pane, what) => {
      if ((what === "frame" || what === "stack") && this.input.pane === pane) this.leave();
    });
    // Units and sentences are other ones then.
    viewport.store.watch(["language", "hidden"], () => this.again());
    viewport.store.watch(["tool"], () => this.leave());
  }

  leave() {
    this.input.cancel();
    this.input.pen = null;
  }

  again() {
    for (const { id } of this.list.shapes) this.list.update(id, { measured: null });
    this.measureAll();
  }

  /** Measure all that is not measured as it is now. */
  measureAll() {
    for (const { id, points, measured } of this.list.shapes) if (points !== measured) this.measure(id);
  }

  /** Wait until everything is measured. */
  async rest() {
    while (this.running.size) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Those that are drawn in a pane. @param {Pane} pane @returns {Shape[]} */
  shapesIn(pane) {
    const { stack, index } = pane;
    if (!stack) return [];
    const at = imageOf(stack, index);
    return this.list.shapes.filter(
      ({ id, item, view, query, frame }) =>
        this.list.seen(id) && item === at.item && frame === at.frame && view === at.view && query === at.query,
    );
  }

  /** @param {Pane} pane */
  whyNot(pane) {
    return pane.stack && !pane.unsettled ? "" : t("There is no image to measure.");
  }

  /** @param {Pane} pane @param {Draft} draft */
  made(pane, draft) {
    const { stack, index } = pane;
    if (!stack) return;
    const { kind } = draft;
    const number = this.list.shapes.filter((shape) => shape.kind === kind).length + 1;
    const points = draft.fixed.map(keptPoint);
    const shape = { kind, name: `${t(NAMES[kind])} ${number}`, color: COLOR, points, ...UNKNOWN };
    const at = imageOf(stack, index);
    this.list.showAll(true); // who draws wants to see it
    const [added] = this.list.add([{ ...shape, ...at, scale: this.list.scaleOf(at) }]);
    this.list.choose(added.id);
    this.measure(added.id);
  }

  /** Ask the library, again as long as the shape is changed meanwhile. @param {number} id */
  async measure(id) {
    if (this.running.has(id)) return;
    this.running.add(id);
    for (;;) {
      const shape = this.list.get(id);
      if (!shape) break;
      const { points, scale } = shape;
      let measure;
      let place = shape.place;
      try {
        const answer = await measureShapes(shape, [shape]);
        [measure] = answer.measures;
        place = answer.place;
      } catch (error) {
        measure = { kind: shape.kind, error: error instanceof Error ? error.message : String(error) };
      }
      const now = this.list.get(id);
      if (!now) break;
      if (now.points === points && now.scale === scale) {
        this.list.update(id, { measure, measured: points, place });
        break;
      }
    }
    this.running.delete(id);
  }

  /**
   * Say how long a distance is: the scale of all measures of its item, or none.
   * @param {number} id
   * @param {number|null} mm
   */
  calibrate(id, mm) {
    const shape = this.list.get(id);
    if (shape?.points.length !== 2) return;
    const [[x0, y0], [x1, y1]] = shape.points;
    const apart = mm === null ? 1 : Math.hypot(x1 - x0, (y1 - y0) * this.aspect(shape));
    this.list.calibrate(id, mm === null ? null : mm / apart);
    this.measureAll();
  }

  /** Height of a pixel by its width, as the library takes it. @param {Shape} shape */
  aspect(shape) {
    const pane = this.viewport.panes.find((each) => this.shapesIn(each).includes(shape));
    const d = pane?.placed() ?? pane?.stack?.description;
    if (!d) throw new Error(t("Show the distance first: its pixels may not be square."));
    const [down, across] = d.pixel_spacing ?? d.pixel_aspect ?? [1, 1];
    return down / across;
  }

  undo() {
    if (this.input.cancel()) return;
    this.list.undo();
    this.measureAll();
  }

  redo() {
    if (this.input.draft) return;
    this.list.redo();
    this.measureAll();
  }

  /** Items are others now, or have more frames: shapes go to their images. @param {string[]} items */
  async rehome(items) {
    const those = this.list.shapes.filter(({ item, place }) => place && items.includes(item));
    if (!those.length) return;
    const places = those.map(({ place }) => /** @type {import("../state/shapes.js").Place} */ (place));
    const found = await findPlaces(places).catch(() => []);
    found.forEach((at, i) => {
      if (at) this.list.update(those[i].id, { item: at.id, frame: at.frame });
    });
  }

  /** Show the image of a shape, and choose it. @param {number} id */
  async goTo(id) {
    const shape = this.list.get(id);
    const { viewport } = this;
    if (!shape) return;
    const { item, view, frame } = shape;
    const plane = /^planes\/(\w+)$/.exec(view)?.[1] ?? (view === "oblique" ? view : null);
    this.list.show(id, true);
    this.list.choose(id);
    if (!plane) {
      if (viewport.store.get().layout === "planes") viewport.setLayout("1");
      await viewport.open(item, frame);
      if (view.startsWith("states/")) await viewport.showState(viewport.active(), view.split("/")[1]);
    } else {
      if (viewport.store.get().layout !== "planes") viewport.setLayout("planes");
      await viewport.openPlanes(item);
      viewport.panes.find((each) => each.stack?.plane === plane)?.go(frame);
    }
    const pane = viewport.panes.find((each) => this.shapesIn(each).some((one) => one.id === id));
    if (!pane) throw new Error(t("It was drawn on another cut of the volume, which is not shown now."));
    viewport.activate(pane);
    pane.element.focus({ preventScroll: true });
  }

  /**
   * The measures of a pane, as they stand in a picture.
   * @param {Pane} pane
   * @param {CanvasRenderingContext2D} context
   * @param {Transform} transform
   * @param {number} ratio
   */
  drawOnly(pane, context, transform, ratio) {
    const plain = { handles: [], handle: null, chosen: false };
    const all = this.shapesIn(pane).map((shape) =>
      drawn(transform, { ...shape, ...plain, label: linesOf(shape.measure) }),
    );
    drawShapes(context, all, ratio);
  }

  /** @param {Pane} pane @param {CanvasRenderingContext2D} context @param {Transform} transform */
  draw(pane, context, transform) {
    const { input, list } = this;
    const ratio = devicePixelRatio || 1;
    const all = this.shapesIn(pane).map(({ id, kind, points, color, measure }) => {
      const chosen = id === list.chosen;
      const handles = chosen ? handlesOf(kind, points) : [];
      const handle = chosen ? list.handle : null;
      return drawn(transform, { kind, points, color, handles, handle, chosen, label: linesOf(measure) });
    });
    const own = input.pane === pane;
    if (own && input.draft) {
      const { kind, points } = input.draft;
      const handles = kind === "freehand" ? [] : points;
      all.push(drawn(transform, { kind, points, color: COLOR, handles, handle: null, chosen: true, label: [] }));
    }
    drawShapes(context, all, ratio);
    if (own && input.pen) drawPen(context, input.onCanvas(pane, [input.pen])[0], ratio);
  }
}

/**
 * A shape in places of a canvas.
 * @param {Transform} transform
 * @param {{kind: Shape["kind"], points: Spot[], color: string, handles: Spot[], handle: number|null, chosen: boolean, label: string[]}} shape
 */
function drawn(transform, { kind, points, handles, color, handle, chosen, label }) {
  const on = (/** @type {Spot[]} */ some) => some.map(([x, y]) => apply(transform, x + 0.5, y + 0.5));
  const dots = points.length === 1 ? on(points) : [];
  return { color, handle, chosen, label, strokes: strokesOf(kind, points).map(on), dots, handles: on(handles) };
}
