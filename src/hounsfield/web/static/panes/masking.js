// The masks of items that panes show: made by the server, one request at a time, the last wish wins. Knows the viewport
// and the server's masks.

import { maskLayer } from "../drawing/mask_drawing.js";
import { frameKey } from "../server/frames.js";
import { deleteMask, listMasks, loadMaskBits, makeMask, viewName } from "../server/masks.js";
import { ServerError } from "../server/server.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Mask} Mask */
/** @typedef {import("../numbers/mask_pixels.js").MaskLook} MaskLook */
/** @typedef {{stack: Stack, index: number, recipe: object, quick: object|null}} Wish */
/** @typedef {{mask: Mask, stamp: number, quick: boolean}} Shown */

export class Masking {
  /** @param {import("./viewport.js").Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    /** @type {MaskLook} */
    this.look = "overlay";
    /** What is shown of each item. @type {Map<string, Shown>} */
    this.shown = new Map();
    /** Ids of the server: of each item's mask, and of the one of a single image while a value is dragged. @type {Map<string, string>} */
    this.ids = new Map();
    /** Items whose masks the server was asked for: a page that was loaded anew finds them again. @type {Set<string>} */
    this.asked = new Set();
    /** @type {Wish|null} */
    this.next = null;
    this.busy = false;
    this.stamp = 0;
    this.problem = "";
    /** @type {(() => void)[]} */
    this.listeners = [];
    for (const pane of viewport.panes) pane.layers.masking = this;
    // Panes come and go with the layout; each tells what it shows.
    viewport.onChange((pane) => {
      pane.layers.masking = this;
    });
  }

  /** @param {() => void} call */
  onChange(call) {
    this.listeners.push(call);
  }

  told() {
    this.viewport.redraw();
    for (const call of this.listeners) call();
  }

  /** @param {MaskLook} look */
  setLook(look) {
    this.look = look;
    this.told();
  }

  /** @param {Stack|null} stack */
  of(stack) {
    return stack ? (this.shown.get(stack.id) ?? null) : null;
  }

  /**
   * The layer over a frame: its key, and how it is loaded; null for none.
   * @param {Stack} stack
   * @param {number} index
   */
  layerOf(stack, index) {
    const shown = this.of(stack);
    if (!shown || this.look === "original" || stack.state || stack.tiled) return null;
    const { mask, stamp } = shown;
    const [look, { rows, columns }] = [this.look, stack.description];
    if (mask.scope === "frame" && (mask.view !== viewName(stack) || mask.frame !== index)) return null;
    const load = async () => {
      const bits = await loadMaskBits(stack, index, mask.id);
      return bits && maskLayer(bits, rows, columns, look, mask.color);
    };
    return { key: `${frameKey(stack, index)} mask ${stamp} ${look}`, load };
  }

  /**
   * Take over what the server has of an item, once; the recipe of what is shown then, or null.
   * @param {Stack} stack
   */
  async adopt(stack) {
    const { id } = stack;
    if (this.asked.has(id)) return null;
    this.asked.add(id);
    for (const mask of await listMasks(id).catch(() => [])) {
      const whole = mask.scope === "volume" || stack.description.kind !== "volume";
      const slot = `${id} ${whole ? "mask" : "quick"}`;
      if (this.ids.has(slot)) continue;
      this.ids.set(slot, mask.id);
      this.stamp += 1;
      if (whole) this.shown.set(id, { mask, stamp: this.stamp, quick: false });
    }
    const found = this.shown.get(id);
    if (found) this.told();
    return found?.mask.recipe ?? null;
  }

  /**
   * Make a mask as it is wished now: of a volume as a whole, or while a value is dragged of the image alone that is
   * looked at, which is quicker.
   * @param {Wish} wish
   */
  async make(wish) {
    this.next = wish;
    if (this.busy) return;
    this.busy = true;
    while (this.next) {
      const now = this.next;
      this.next = null;
      try {
        await this.made(now);
        this.problem = "";
      } catch (error) {
        this.problem = error instanceof Error ? error.message : String(error);
      }
      this.told();
    }
    this.busy = false;
    this.told();
  }

  /** @param {Wish} wish */
  async made({ stack, index, recipe, quick }) {
    const view = viewName(stack);
    const volume = stack.description.kind === "volume";
    if (!volume && !view) return;
    const alone = volume && quick !== null && view !== null;
    const slot = `${stack.id} ${alone ? "quick" : "mask"}`;
    /** @type {import("../server/masks.js").MaskWish} */
    const asked = {
      scope: volume && !alone ? "volume" : "frame",
      view: volume && !alone ? "frames" : (view ?? "frames"),
      frame: volume && !alone ? 0 : index,
      recipe: alone ? (quick ?? recipe) : recipe,
    };
    const known = this.ids.get(slot);
    const mask = await makeMask(stack.id, known ? { ...asked, mask: known } : asked).catch((error) => {
      if (!known || !(error instanceof ServerError) || error.status !== 404) throw error;
      this.ids.delete(slot); // the server has another item in its place, or has begun anew
      return makeMask(stack.id, asked);
    });
    this.ids.set(slot, mask.id);
    this.stamp += 1;
    this.shown.set(stack.id, { mask, stamp: this.stamp, quick: alone });
  }

  /** @param {Stack} stack */
  async remove(stack) {
    this.next = null;
    this.shown.delete(stack.id);
    for (const slot of [`${stack.id} mask`, `${stack.id} quick`]) {
      const id = this.ids.get(slot);
      this.ids.delete(slot);
      if (id) await deleteMask(stack.id, id).catch(() => {});
    }
    this.problem = "";
    this.told();
  }
}
