// The masks of items that panes show: made by the server, one request at a time, the last wish wins. Knows the viewport
// and the server's masks.

import { masksLayer } from "../drawing/mask_drawing.js";
import { ByteCache } from "../server/byte_cache.js";
import { frameKey } from "../server/frames.js";
import {
  deleteMask,
  isOfImage,
  listMasks,
  loadMaskBits,
  makeMask,
  setLookOf,
  stepMask,
  viewName,
} from "../server/masks.js";
import { ServerError } from "../server/server.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Mask} Mask */
/** @typedef {import("../numbers/mask_pixels.js").MaskLook} MaskLook */
/** `anew`: a mask beside those that there are. @typedef {{stack: Stack, index: number, recipe: object, quick: object|null, anew?: boolean, name?: string, color?: string}} Wish */
/** `stamp` is another one for each change; a mask that is not visible is not drawn. @typedef {{mask: Mask, stamp: number, quick: boolean, visible: boolean}} Shown */
/** The masks of an item; `quick` stands for the chosen one while a value is dragged. @typedef {{masks: Shown[], chosen: string|null, quick: Shown|null, quickId: string|null, volume: boolean}} Held */

/** Bytes of masks of images that are kept, a bit a pixel. */
const KEPT = 32 * 2 ** 20;

export class Masking {
  /** @param {import("./viewport.js").Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    /** @type {MaskLook} */
    this.look = "overlay";
    /** @type {Map<string, Held>} */
    this.items = new Map();
    /** Items whose masks the server was asked for: a page that was loaded anew finds them again. @type {Map<string, Promise<void>>} */
    this.asked = new Map();
    /** @type {ByteCache<Uint8Array|null>} */
    this.bits = new ByteCache(KEPT);
    /** @type {Wish|null} */
    this.next = null;
    /** @type {Promise<void>|null} */
    this.work = null;
    /** @type {Promise<void>} */
    this.adding = Promise.resolve();
    this.stamp = 0;
    this.problem = "";
    /** @type {(() => void)[]} */
    this.listeners = [];
    for (const pane of viewport.panes) pane.layers.masking = this;
    // Panes come and go with the layout; each tells what it shows.
    viewport.onChange((pane) => {
      pane.layers.masking = this;
    });
    // Units, sentences and names are other ones then.
    viewport.store.watch(["language", "hidden"], () => this.again());
  }

  /** @param {() => void} call */
  onChange(call) {
    this.listeners.push(call);
  }

  told() {
    this.viewport.redraw();
    for (const call of this.listeners) call();
  }

  /** @param {unknown} error */
  failed(error) {
    this.problem = error instanceof Error ? error.message : String(error);
    this.told();
  }

  /** Whether a mask is being made. */
  get busy() {
    return this.work !== null;
  }

  /** @param {MaskLook} look */
  setLook(look) {
    this.look = look;
    this.told();
  }

  /** @param {string} id @returns {Held} */
  held(id) {
    const known = this.items.get(id);
    if (known) return known;
    const held = { masks: [], chosen: null, quick: null, quickId: null, volume: false };
    this.items.set(id, held);
    return held;
  }

  /** The masks of what a pane shows, in the order in which they were made. @param {Stack|null} stack */
  all(stack) {
    return (stack && this.items.get(stack.id)?.masks) || [];
  }

  /** The chosen one, of which numbers are said. @param {Stack|null} stack @returns {Shown|null} */
  of(stack) {
    const held = stack && this.items.get(stack.id);
    return (held && (held.quick ?? held.masks.find(({ mask }) => mask.id === held.chosen))) || null;
  }

  /** @param {Stack} stack @param {string} id */
  choose(stack, id) {
    const held = this.held(stack.id);
    if (held.chosen === id) return;
    held.chosen = id;
    held.quick = null;
    this.problem = "";
    this.told();
  }

  /** @param {Stack} stack @param {string} id @param {boolean} visible */
  setVisible(stack, id, visible) {
    const held = this.held(stack.id);
    held.masks = held.masks.map((one) => (one.mask.id === id ? { ...one, visible } : one));
    this.told();
  }

  /** Let the chosen mask be seen: it is drawn on. @param {Stack} stack */
  see(stack) {
    const shown = this.of(stack);
    if (this.look === "original") this.look = "overlay";
    if (shown && !shown.visible) this.setVisible(stack, shown.mask.id, true);
  }

  /** Those that are drawn over an image, the chosen one last. @param {Stack} stack @param {number} index */
  over(stack, index) {
    const held = this.items.get(stack.id);
    if (!held || this.look === "original" || stack.state || stack.tiled) return [];
    const chosen = this.of(stack);
    const alone = this.look === "mask" || this.look === "result";
    const others = alone ? [] : held.masks.filter(({ mask, visible }) => visible && mask.id !== held.chosen);
    const last = chosen?.visible ? [chosen] : [];
    return [...others, ...last].filter(({ mask }) => mask.scope === "volume" || isOfImage(mask, stack, index));
  }

  /**
   * The layer over a frame: its key, and how it is loaded; null for none.
   * @param {Stack} stack
   * @param {number} index
   */
  layerOf(stack, index) {
    const over = this.over(stack, index);
    if (!over.length) return null;
    const [look, { rows, columns }] = [this.look, stack.description];
    const load = async () => {
      const parts = await Promise.all(
        over.map(async (one) => ({ bits: await this.bitsOf(stack, index, one), color: one.mask.color })),
      );
      return masksLayer(parts, rows, columns, look);
    };
    const names = over.map(({ mask, stamp }) => `${stamp}${mask.color}`);
    return {
      key: `${frameKey(stack, index)} mask ${names.join(" ")} ${look}`,
      load,
      stamps: over.map(({ stamp }) => stamp),
    };
  }

  /** @param {Stack} stack @param {number} index @param {Shown} shown */
  async bitsOf(stack, index, { mask, stamp }) {
    const key = `${frameKey(stack, index)} ${stamp}`;
    if (this.bits.has(key)) return this.bits.get(key) ?? null;
    const bits = await loadMaskBits(stack, index, mask.id);
    this.bits.set(key, bits, bits?.length ?? 0);
    return bits;
  }

  /**
   * Take over what the server has of an item, once; the recipe of the chosen mask then, or null.
   * @param {Stack} stack
   */
  async adopt(stack) {
    if (this.asked.has(stack.id)) {
      await this.asked.get(stack.id);
      return null;
    }
    const asked = this.list(stack.id, stack.description.kind === "volume");
    this.asked.set(stack.id, asked);
    await asked;
    return this.of(stack)?.mask.recipe ?? null;
  }

  /** @param {string} id @param {boolean} volume */
  async list(id, volume) {
    const found = await listMasks(id).catch(() => []);
    const held = this.held(id);
    held.volume = volume;
    for (const mask of found) {
      const known = held.masks.find((one) => one.mask.id === mask.id);
      if (known) known.mask = mask;
      else if (mask.scope === "volume" || !volume) held.masks.push(this.stamped(mask));
      else held.quickId ??= mask.id;
    }
    held.chosen ??= held.masks[0]?.mask.id ?? null;
    if (found.length) this.told();
  }

  /** What the server has said is said in another way. */
  again() {
    for (const [id, { masks, volume }] of this.items) if (masks.length) this.list(id, volume);
  }

  /** @param {Mask} mask @returns {Shown} */
  stamped(mask) {
    this.stamp += 1;
    return { mask, stamp: this.stamp, quick: false, visible: true };
  }

  /** Keep a mask as the server has it now; returns its stamp. @param {Stack} stack @param {Mask} mask */
  take(stack, mask) {
    const held = this.held(stack.id);
    const shown = this.stamped(mask);
    const at = held.masks.findIndex((one) => one.mask.id === mask.id);
    if (at < 0) held.masks.push(shown);
    else held.masks[at] = { ...shown, visible: held.masks[at].visible };
    held.quick = null;
    this.problem = "";
    this.told();
    return shown.stamp;
  }

  /**
   * Make a mask as it is wished now: of a volume as a whole, or while a value is dragged of the image alone that is
   * looked at, which is quicker.
   * @param {Wish} wish
   */
  make(wish) {
    this.next = { ...wish, anew: wish.anew || (this.next?.anew && this.next.stack.id === wish.stack.id) };
    this.work ??= this.run();
    return this.work;
  }

  /** Make masks beside the others, one after another: none of them is left out. @param {Wish} wish */
  add(wish) {
    this.adding = this.adding.then(async () => {
      if (this.work) await this.work;
      if (this.look === "original") this.look = "overlay";
      await this.made({ ...wish, anew: true }).catch((error) => this.failed(error));
    });
    return this.adding;
  }

  async run() {
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
    this.work = null;
    this.told();
  }

  /** @param {Wish} wish */
  async made({ stack, index, recipe, quick, anew, name, color }) {
    const view = viewName(stack);
    const volume = stack.description.kind === "volume";
    if (!volume && !view) return;
    await this.asked.get(stack.id);
    const held = this.held(stack.id);
    const alone = volume && quick !== null && view !== null;
    /** @type {import("../server/masks.js").MaskWish} */
    const asked = {
      scope: volume && !alone ? "volume" : "frame",
      view: volume && !alone ? "frames" : (view ?? "frames"),
      frame: volume && !alone ? 0 : index,
      recipe: alone ? (quick ?? recipe) : recipe,
      ...(name ? { name } : {}),
      ...(color ? { color } : {}),
    };
    const known = alone ? held.quickId : anew ? null : held.chosen;
    const mask = await makeMask(stack.id, known ? { ...asked, mask: known } : asked).catch((error) => {
      if (!known || !(error instanceof ServerError) || error.status !== 404) throw error;
      this.forget(held, known); // the server has another item in its place, or has begun anew
      return makeMask(stack.id, asked);
    });
    if (alone) {
      held.quickId = mask.id;
      const of = this.of(stack)?.mask ?? mask;
      held.quick = { ...this.stamped({ ...mask, name: of.name, color: of.color }), quick: true };
      return;
    }
    held.chosen = mask.id;
    this.take(stack, mask);
  }

  /** The mask on which is drawn: the chosen one, or a new one that is empty. @param {Stack} stack @param {number} index @returns {Promise<Mask>} */
  async toDrawOn(stack, index) {
    await this.adopt(stack);
    if (this.work) await this.work;
    const shown = this.of(stack);
    if (shown && !shown.quick) return shown.mask;
    await this.made({ stack, index, recipe: { drawn: true }, quick: null, anew: true });
    const made = this.of(stack);
    if (!made) throw new Error(this.problem);
    return made.mask;
  }

  /** @param {Stack} stack @param {"undo"|"redo"} what */
  async step(stack, what) {
    const shown = this.of(stack);
    if (!shown || shown.quick || !(what === "undo" ? shown.mask.can_undo : shown.mask.can_redo)) return;
    try {
      this.take(stack, await stepMask(stack.id, shown.mask.id, what));
    } catch (error) {
      this.failed(error);
    }
  }

  /** @param {Stack} stack @param {string} id @param {{name?: string, color?: string}} look */
  async setLookOf(stack, id, look) {
    try {
      const mask = await setLookOf(stack.id, id, look);
      const known = this.held(stack.id).masks.find((one) => one.mask.id === id);
      if (known) known.mask = mask; // its pixels are the same
      this.problem = "";
      this.told();
    } catch (error) {
      this.failed(error);
    }
  }

  /** @param {Held} held @param {string} id */
  forget(held, id) {
    const at = held.masks.findIndex(({ mask }) => mask.id === id);
    held.masks = held.masks.filter(({ mask }) => mask.id !== id);
    if (held.quickId === id) held.quickId = null;
    if (held.chosen === id) held.chosen = (held.masks[at] ?? held.masks[at - 1])?.mask.id ?? null;
  }

  /** @param {Stack} stack @param {string} [id] the chosen one */
  async remove(stack, id) {
    const held = this.held(stack.id);
    const gone = id ?? held.chosen;
    this.next = null;
    if (this.work) await this.work;
    const quick = gone === held.chosen ? held.quickId : null;
    held.quick = null;
    for (const each of [gone, quick]) {
      if (!each) continue;
      this.forget(held, each);
      await deleteMask(stack.id, each).catch(() => {});
    }
    this.problem = "";
    this.told();
  }
}
