// Brush and eraser over masks: strokes that are drawn, on their way, and refused. Knows the viewport and its masks.

import { drawRing, drawStroke } from "../drawing/brush_drawing.js";
import { drawPen } from "../drawing/shape_drawing.js";
import { BrushInput } from "../input/brush_input.js";
import { asRadius, isBrush, nextRadius } from "../numbers/brush.js";
import { frameKey } from "../server/frames.js";
import { drawOnMask, isOfImage, viewName } from "../server/masks.js";
import { t } from "../words/words.js";
import { Masking } from "./masking.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../numbers/shape_kinds.js").Spot} Spot */
/** @typedef {import("../numbers/brush.js").Stroke} Stroke */
/** A stroke that is not yet seen in its mask; `stamp` is of the mask that has it. @typedef {{stack: Stack, index: number, stroke: Stroke, color: string, stamp: number|null}} Pending */

export class Painting {
  /** @param {import("./viewport.js").Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    this.masking = new Masking(viewport);
    /** In pixels of the image. */
    this.radius = 5;
    /** @type {Pending[]} */
    this.pending = [];
    /** What is done to masks, one after another. @type {Promise<void>} */
    this.queue = Promise.resolve();
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.input = new BrushInput({
      tool: () => viewport.store.get().tool,
      whyNot: (pane) => this.whyNot(pane),
      made: (pane, points) => this.made(pane, points),
      widen: (wider) => this.setRadius(nextRadius(this.radius, wider)),
      step: (pane, what) => this.step(pane.stack, what),
      tell,
    });
    viewport.onChange((pane, what) => {
      if ((what === "frame" || what === "stack") && this.input.pane === pane) this.leave();
      if (what === "stack") this.adopt();
    });
    viewport.store.watch(["tool"], () => {
      this.leave();
      this.adopt();
    });
  }

  /** What is drawn on is known before: a page that was loaded anew finds its masks. */
  adopt() {
    if (!isBrush(this.viewport.store.get().tool)) return;
    for (const { stack } of this.viewport.panes) if (stack && !stack.tiled) this.masking.adopt(stack);
  }

  leave() {
    this.input.cancel();
    this.input.pen = null;
    for (const pane of this.viewport.panes) {
      pane.element.style.cursor = "";
      pane.redraw();
    }
  }

  /** @param {() => void} call */
  onChange(call) {
    this.listeners.push(call);
  }

  /** @param {number} radius */
  setRadius(radius) {
    this.radius = asRadius(radius);
    for (const pane of this.viewport.panes) pane.redraw();
    for (const call of this.listeners) call();
  }

  /** @param {Pane} pane */
  whyNot(pane) {
    const { stack } = pane;
    if (!stack || pane.unsettled) return t("There is no image to draw on.");
    if (stack.description.color || pane.tiles) return t("On colours and whole slides no mask is drawn.");
    if (!viewName(stack))
      return t("Masks are drawn on frames, and on axial, coronal and sagittal planes without a slab.");
    if (stack.description.interpolated)
      return t("Pixels of this plane are no voxels of the acquisition: draw on its own slices.");
    const shown = this.masking.of(stack);
    if (shown?.mask.scope === "frame" && !shown.quick && !isOfImage(shown.mask, stack, pane.index))
      return t("The chosen mask is of another image: choose or add another one.");
    if (!shown && this.viewport.store.get().tool === "eraser") return t("There is no mask to erase.");
    return "";
  }

  /** @param {Pane} pane @param {Spot[]} points */
  made(pane, points) {
    const { stack, index } = pane;
    if (!stack) return;
    const erase = this.viewport.store.get().tool === "eraser";
    const stroke = { points, radius: this.radius, erase };
    this.masking.see(stack);
    const color = this.masking.of(stack)?.mask.color ?? "#e69f00";
    const one = { stack, index, stroke, color, stamp: null };
    this.pending.push(one);
    pane.redraw();
    this.queue = this.queue.then(() => this.send(one));
  }

  /** @param {Pending} one */
  async send(one) {
    const { stack, index, stroke } = one;
    try {
      const mask = await this.masking.toDrawOn(stack, index);
      const place = { view: viewName(stack) ?? "frames", frame: index };
      one.stamp = this.masking.take(stack, await drawOnMask(stack.id, mask.id, { ...place, ...stroke }));
    } catch (error) {
      this.pending = this.pending.filter((each) => each !== one);
      this.masking.failed(error);
      tell(this.masking.problem);
    }
  }

  /** Take a stroke back, or draw it again. @param {Stack|null} stack @param {"undo"|"redo"} what */
  step(stack, what) {
    if (!stack) return;
    this.queue = this.queue.then(() => this.masking.step(stack, what));
  }

  /** @param {Pane} pane @param {CanvasRenderingContext2D} context @param {import("../place/view_transform.js").Transform} transform */
  draw(pane, context, transform) {
    const { input, masking, radius } = this;
    const { stack, index } = pane;
    if (!stack) return;
    const ratio = devicePixelRatio || 1;
    this.pending = this.pending.filter((one) => !this.isSeen(one));
    const key = frameKey(stack, index);
    for (const { stroke, color, ...of } of this.pending)
      if (frameKey(of.stack, of.index) === key) drawStroke(context, transform, stroke, masking.look, color);
    const tool = this.viewport.store.get().tool;
    const erase = tool === "eraser";
    if (input.pane === pane && input.points) {
      const color = masking.of(stack)?.mask.color ?? "#e69f00";
      drawStroke(context, transform, { points: input.points, radius, erase }, masking.look, color);
    }
    const ring = input.ring(pane);
    if (ring) drawRing(context, transform, ring, radius, erase, ratio);
    const pen = input.penOnCanvas(pane);
    if (pen) drawPen(context, pen, ratio);
  }

  /** Whether the mask that a pane shows has a stroke, or nobody looks at it any more. @param {Pending} one */
  isSeen({ stack, index, stamp }) {
    if (stamp === null) return false;
    const panes = this.viewport.panes.filter((pane) => pane.stack === stack && pane.index === index);
    return panes.every((pane) => pane.layers.hasMaskOf(stack, index, stamp));
  }
}
/** @param {string} text */
function tell(text) {
  document.dispatchEvent(new CustomEvent("hounsfield-tell", { detail: text }));
}
