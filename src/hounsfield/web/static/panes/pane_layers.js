// What one pane draws over its frames: which is chosen, and what has come of it. Knows the server's layers; of the pane
// only how to ask it to draw.

import { paddingLayer } from "../drawing/layer_drawing.js";
import { ByteCache } from "../server/byte_cache.js";
import { frameKey } from "../server/frames.js";
import { loadLayer, loadPadding, loadRegions } from "../server/over.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("../types.js").Region} Region */
/** @typedef {import("../drawing/layer_drawing.js").Layer} Layer */

/** Bytes of layers of one pane. */
const LIMIT = 96 * 2 ** 20;

export class PaneLayers {
  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
    /** @type {Set<number>} groups of overlays */
    this.overlays = new Set();
    this.shutter = false;
    this.annotations = true;
    /** Padding is drawn apart; stays chosen from one item to the next. */
    this.padding = false;
    /** Masks of the items that panes show, once there are some. @type {import("./masking.js").Masking|null} */
    this.masking = null;
    /** Why a layer could not be had. */
    this.problem = "";
    this.clear();
  }

  /** Forget what has come: the patient may be hidden now. */
  clear() {
    /** The mask that was drawn last: it stays while the next one comes. @type {{place: string, layer: Layer|null}} */
    this.before = { place: "", layer: null };
    /** @type {ByteCache<Layer|null>} */
    this.cache = new ByteCache(LIMIT);
    /** @type {Map<string, Promise<void>>} */
    this.loading = new Map();
    /** @type {Map<string, Region[]>} */
    this.regions = new Map();
    this.problem = "";
  }

  /** Another item is shown. */
  reset() {
    this.overlays.clear();
    this.shutter = false;
    this.annotations = true;
    this.clear();
  }

  /**
   * What is asked of the server for a frame; null for nothing.
   * @param {Stack} stack
   */
  query(stack) {
    if (stack.plane) return null;
    if (stack.state) return this.annotations ? "annotations=1" : "annotations=0";
    const query = [
      this.overlays.size ? `overlays=${[...this.overlays].sort().join(",")}` : "",
      this.shutter ? "shutter=1" : "",
    ];
    const asked = query.filter(Boolean).join("&");
    return asked || stack.description.coloured ? asked : null;
  }

  /**
   * The layers of a frame that have come, the lowest first; the others are fetched.
   * @param {Stack} stack
   * @param {number} index
   * @returns {Layer[]}
   */
  of(stack, index) {
    return this.wanted(stack, index)
      .map(({ key, load, place }) => this.known(key, load, place))
      .filter((layer) => layer !== null);
  }

  /**
   * The same, once all have come.
   * @param {Stack} stack
   * @param {number} index
   */
  async all(stack, index) {
    let layers = this.of(stack, index);
    while (this.loading.size) {
      await Promise.all(this.loading.values());
      layers = this.of(stack, index);
    }
    return layers;
  }

  /** @param {Stack} stack @param {number} index */
  wanted(stack, index) {
    const frame = frameKey(stack, index);
    /** @type {{key: string, load: () => Promise<Layer|null>, place?: string}[]} */
    const wanted = [];
    const mask = this.masking?.layerOf(stack, index);
    if (mask) wanted.push({ ...mask, place: frame });
    if (this.padding) {
      const { rows, columns } = stack.description;
      const load = async () => {
        const bits = await loadPadding(stack, index);
        return bits && paddingLayer(bits, rows, columns);
      };
      wanted.push({ key: `${frame} padding`, load });
    }
    const query = this.query(stack);
    if (query !== null) wanted.push({ key: `${frame} ${query}`, load: () => loadLayer(stack, index, query) });
    return wanted;
  }

  /** Whether the mask of a stamp has come for an image. @param {Stack} stack @param {number} index @param {number} stamp */
  hasMaskOf(stack, index, stamp) {
    const mask = this.masking?.layerOf(stack, index);
    return !mask?.stamps.includes(stamp) || this.cache.has(mask.key);
  }

  /** @param {string} key @param {() => Promise<Layer|null>} load @param {string} [place] of a mask @returns {Layer|null} */
  known(key, load, place) {
    if (this.cache.has(key)) {
      const layer = this.cache.get(key) ?? null;
      if (place) this.before = { place, layer };
      return layer;
    }
    // One at a time: what is scrolled past is not asked for.
    if (!this.loading.has(key) && this.loading.size < 3) this.loading.set(key, this.fetch(key, load));
    return place && place === this.before.place ? this.before.layer : null;
  }

  /** @param {string} key @param {() => Promise<Layer|null>} load */
  async fetch(key, load) {
    const { cache, loading } = this;
    try {
      const layer = await load();
      if (cache === this.cache) this.problem = "";
      cache.set(key, layer, layer?.bytes ?? 0);
    } catch (error) {
      cache.set(key, null, 0);
      if (cache === this.cache) this.problem = error instanceof Error ? error.message : String(error);
    }
    loading.delete(key);
    if (cache === this.cache) this.redraw();
  }

  /**
   * Whether a pixel is padding, where that is known apart from its value.
   * @param {Stack} stack
   * @param {number} index
   * @param {number} at number of the pixel
   */
  isPadding(stack, index, at) {
    const bits = this.cache.get(`${frameKey(stack, index)} padding`)?.bits;
    return Boolean(bits && (bits[at >> 3] >> (at & 7)) & 1);
  }

  /**
   * Ultrasound regions of a frame: those of the item, or of each file.
   * @param {Stack} stack
   * @param {number} index
   * @returns {Region[]}
   */
  regionsOf(stack, index) {
    const d = stack.description;
    if (stack.plane || !d.regions) return [];
    if (!d.regions_differ || !(d.regions.length || d.spacing_kind === "region")) return d.regions;
    const key = `${stack.id}#${index}`;
    const known = this.regions.get(key);
    if (known) return known;
    if (index === d.frame) return d.regions;
    this.regions.set(key, []);
    loadRegions(stack.id, index).then(
      (regions) => {
        this.regions.set(key, regions);
        this.redraw();
      },
      () => {},
    );
    return [];
  }
}
