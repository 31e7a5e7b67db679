// A slide in a pane: its tiles, overview, probe, keys and its place in the address. Knows a pane's public state, the
// tiles and the pictures made of them; loaded when the first slide is shown.

import { drawScaleBar } from "../drawing/pane_drawing.js";
import { TiledPicture } from "../drawing/tiled_picture.js";
import { fixed, scaleBar, shortNumber } from "../numbers/numbers.js";
import { centred } from "../place/tile_grid.js";
import { fit, millimetres, unapply } from "../place/view_transform.js";
import { loadLevels, Tiles, tileKey } from "../server/tiles.js";
import { t } from "../words/words.js";
import { Overview } from "./overview.js";
import { KINDS, valueText } from "./probe.js";

/** @typedef {import("./pane.js").Pane} Pane */
/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").SlideLevels} SlideLevels */
/** @typedef {import("../place/view_transform.js").Transform} Transform */
/** @typedef {{row: number, column: number}} Pixel */

/** One store for all panes: its bound is that of the page. */
const tiles = new Tiles((matchMedia("(pointer: coarse)").matches ? 96 : 384) * 2 ** 20);

/** Levels of slides whose tiles may be kept. @type {Map<string, string>} */
const known = new Map();

/**
 * What shows a slide in a pane.
 * @param {string} id
 * @param {Description} description
 * @returns {Promise<(pane: Pane) => SlideView>}
 */
export async function openSlide(id, description) {
  const slide = await loadLevels(id, 0);
  const levels = JSON.stringify(slide);
  tiles.forget(id, known.get(id) !== levels);
  known.set(id, levels);
  return (pane) => new SlideView(pane, id, description, slide);
}

/** Keys that move a slide: to the right and down, in parts of the pane. @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class SlideView {
  /**
   * @param {Pane} pane
   * @param {string} id
   * @param {Description} d
   * @param {SlideLevels} slide
   */
  constructor(pane, id, d, slide) {
    this.pane = pane;
    this.id = id;
    this.d = d;
    this.slide = slide;
    const [{ tile_rows, tile_columns }] = slide.levels;
    const bytes = tile_rows * tile_columns * (d.color ? 7 : 8);
    this.picture = new TiledPicture(d, slide.levels, Math.max(4, Math.floor((0.6 * tiles.cache.limit) / bytes)));
    this.overview = new Overview(
      (row, column) => pane.setView(centred(d, pane.view, { row, column })),
      () => {
        pane.refit();
        pane.element.focus({ preventScroll: true });
      },
    );
    pane.element.append(this.overview.element);
    this.get = (/** @type {number} */ level, /** @type {Pixel} */ place) => tiles.get(this.key(level, place));
    /** Number of the level that is shown. */
    this.level = 0;
  }

  /** @param {number} level @param {Pixel} place */
  key(level, place) {
    return tileKey(this.id, this.pane.index, level, place);
  }

  look() {
    return { voi: this.pane.voi(), inverted: this.pane.inverted, map: this.pane.map };
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Transform} m
   * @returns {{waits: boolean, error: string|null}}
   */
  draw(context, m) {
    const { level, wanted } = this.picture.plan(m, context.canvas);
    this.level = level;
    const keys = wanted.map((each) => this.key(each.level, each.place));
    const missing = keys.filter((key) => !tiles.cache.has(key));
    this.picture.draw(context, m, level, this.get, this.look(), this.pane.hooks.smooth());
    const error = missing.map((key) => tiles.errors.get(key)).find(Boolean) ?? null;
    const small = this.overview.draw(this, m);
    const ahead = small.map((each) => this.key(each.level, each.place));
    tiles.want(this, [...keys, ...ahead], () => this.pane.redraw());
    return { waits: missing.some((key) => !tiles.errors.has(key)), error };
  }

  /** The chosen tool, or what a drag does where that tool has nothing to do. @param {string} tool */
  tool(tool) {
    if (tool === "zoom" || (tool === "window" && !this.d.color) || (tool === "scroll" && this.d.frames > 1))
      return tool;
    return "pan";
  }

  /**
   * Move by a key; false where the key is not one of ours.
   * @param {KeyboardEvent} event
   */
  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const { width, height } = this.pane.canvas;
    const part = event.shiftKey ? 0.9 : 0.15;
    const move = MOVES[event.key];
    if (move) this.pane.pan(-move[0] * part * width, -move[1] * part * height);
    else if (event.key === "PageUp" || event.key === "PageDown") this.pane.step(event.key === "PageUp" ? -1 : 1);
    else return false;
    return true;
  }

  /** The smallest zoom. */
  least() {
    return fit(this.d, this.pane.canvas).zoom / 4;
  }

  /**
   * What lies under the cursor.
   * @param {Pixel} pixel
   */
  probe({ row, column }) {
    const found = this.picture.valuesAt({ row, column }, this.get);
    return [found ? this.valueText(found) : "", `[${row}, ${column}]`, this.placeText(row, column)]
      .filter(Boolean)
      .join(" · ");
  }

  /** @param {{level: number, values: number[]|null, padding: boolean}} found */
  valueText({ level, values, padding }) {
    if (!values || padding) return t("no tile");
    const one = { ...this.d, columns: 1, padding: null };
    const text = valueText(one, /** @type {any} */ (values), 0, 0);
    return level ? `${text} (1:${shortNumber(Number(this.slide.levels[level].factor[0].toPrecision(3)))})` : text;
  }

  /** @param {number} row @param {number} column */
  placeText(row, column) {
    const m = this.slide.slide_affine;
    if (!m) return "";
    // The height is not known of every slide.
    const known = m
      .slice(0, 3)
      .filter((line) => !line.includes(null))
      .map(([a, b, , e]) => fixed(Number(a) * row + Number(b) * column + Number(e), 3));
    return `${["x", "y", "z"].slice(0, known.length).join(", ")} ${known.join(", ")} mm ${t("on the slide")}`;
  }

  /** Which optical path and focal plane are shown. */
  layerText() {
    const { paths, planes } = this.slide;
    const [path, plane] = [Math.floor(this.pane.index / planes), this.pane.index % planes];
    const parts = [];
    if (paths.length > 1) parts.push(`${t("optical path")} ${paths[path]} (${path + 1} / ${paths.length})`);
    if (planes > 1) parts.push(`${t("focal plane")} ${plane + 1} / ${planes}`);
    return parts.join(" · ");
  }

  /** Which level is shown. */
  levelText() {
    const { levels } = this.slide;
    const reduced = shortNumber(Number(levels[this.level].factor[0].toPrecision(3)));
    const computed = levels[this.level].computed ? `, ${t("computed")}` : "";
    return `${t("level")} ${this.level + 1} / ${levels.length} (1:${reduced}${computed})`;
  }

  /** Row and column in the middle of the pane, and the zoom, for the address. */
  place() {
    const m = this.pane.transform();
    if (!m || this.pane.fitted) return "";
    const { width, height } = this.pane.canvas;
    const [column, row] = unapply(m, width / 2, height / 2);
    return [row.toFixed(1), column.toFixed(1), this.pane.view.zoom.toPrecision(5)].join(",");
  }

  /** @param {string} place as `place` gives it */
  goTo(place) {
    const [row, column, zoom] = place.split(",").map(Number);
    if (![row, column, zoom].every(Number.isFinite) || !(zoom > 0)) return;
    this.pane.setView(centred(this.d, { ...this.pane.view, zoom: Math.min(zoom, 200) }, { row, column }));
  }

  /**
   * The view as it is shown.
   * @param {boolean} annotated with a scale
   * @returns {Promise<Blob|null>}
   */
  save(annotated) {
    const canvas = document.createElement("canvas");
    canvas.width = this.pane.canvas.width;
    canvas.height = this.pane.canvas.height;
    const context = canvas.getContext("2d", { alpha: false });
    const m = this.pane.transform();
    if (!context || !m) return Promise.resolve(null);
    this.picture.draw(context, m, this.level, this.get, this.look(), this.pane.hooks.smooth());
    const size = millimetres(this.d, this.pane.view);
    const bar = annotated && size ? scaleBar(size, canvas.width / 4) : null;
    const foot = /** @type {[number, number]} */ ([canvas.width / 2, canvas.height]);
    if (bar) drawScaleBar(context, bar, t(KINDS.slide), devicePixelRatio || 1, foot);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  /** Give memory back. */
  close() {
    tiles.want(this, [], () => {});
    this.overview.element.remove();
  }
}
