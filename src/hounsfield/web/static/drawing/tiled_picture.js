// A slide onto a canvas, tile by tile: coarser tiles under those that have not come. Knows Canvas 2D, grey levels and
// the arithmetic of tiles; where tiles come from it is told.

import { boxOf, countIn, levelFor, seenBox, tileAt, tilesIn, tileTransform } from "../place/tile_grid.js";
import { whole } from "../place/visible_part.js";
import { Picture } from "./pane_drawing.js";

/** @typedef {import("../types.js").Level} Level */
/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../server/tiles.js").Tile} Tile */
/** @typedef {import("./pane_drawing.js").Look} Look */
/** @typedef {import("../place/view_transform.js").Transform} Transform */
/** @typedef {{row: number, column: number}} Place */
/** @typedef {{level: number, place: Place}} Wanted */

export class TiledPicture {
  /**
   * @param {Description} d
   * @param {Level[]} levels finest first
   * @param {number} most tiles that are asked for at a time
   */
  constructor(d, levels, most) {
    this.d = d;
    this.levels = levels;
    this.most = most;
  }

  /**
   * Tiles that a view needs, the most needed first, and the level that fits it.
   * @param {Transform} m
   * @param {{width: number, height: number}} canvas
   * @returns {{level: number, wanted: Wanted[]}}
   */
  plan(m, canvas) {
    const box = seenBox(m, canvas);
    let level = levelFor(this.levels, m);
    while (level < this.levels.length - 1 && countIn(this.levels[level], box) > this.most) level++;
    const last = this.levels.length - 1;
    const of = (/** @type {number} */ number, /** @type {number} */ most) =>
      tilesIn(this.levels[number], box, most).map((place) => ({ level: number, place }));
    // The coarsest level comes first where that is little: there is always something to see.
    const under = level < last && countIn(this.levels[last], box) <= 4 ? of(last, 4) : [];
    return { level, wanted: [...under, ...of(level, this.most)] };
  }

  /**
   * Draw all that is there of a level and of coarser ones.
   * @param {CanvasRenderingContext2D} context
   * @param {Transform} m
   * @param {number} level
   * @param {(level: number, place: Place) => Tile|undefined} get
   * @param {Look} look
   * @param {boolean} smooth when enlarged
   */
  draw(context, m, level, get, look, smooth) {
    const { width, height } = context.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    const box = seenBox(m, context.canvas);
    const tiles = (/** @type {number} */ number) =>
      tilesIn(this.levels[number], box, this.most).map((place) => ({ place, tile: get(number, place) }));
    const own = tiles(level);
    const whole = own.every(({ tile }) => tile) && own.length === countIn(this.levels[level], box);
    // What is behind tiles that are all there need not be drawn.
    for (let number = whole ? level : this.levels.length - 1; number >= level; number--) {
      for (const { place, tile } of number === level ? own : tiles(number)) {
        if (tile) this.drawTile(context, m, this.levels[number], place, tile, look, smooth);
      }
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Transform} m
   * @param {Level} level
   * @param {Place} place
   * @param {Tile} tile
   * @param {Look} look
   * @param {boolean} smooth
   */
  drawTile(context, m, level, place, tile, look, smooth) {
    const [rows, columns] = tile.raw ? [tile.rows, tile.columns] : [1, 1];
    const transform = tileTransform(m, boxOf(level, place), rows, columns);
    context.setTransform(...transform);
    if (!tile.raw) {
      context.fillStyle = "#000";
      context.fillRect(0, 0, 1, 1);
      return;
    }
    const [across, down] = [Math.abs(transform[0] + transform[1]), Math.abs(transform[2] + transform[3])];
    const scale = Math.min(across, down);
    context.imageSmoothingEnabled = scale < 1 || (smooth && (across !== 1 || down !== 1));
    context.imageSmoothingQuality = scale < 0.5 ? "medium" : "low";
    context.drawImage(this.paint(tile, look), 0, 0);
  }

  /**
   * A tile as a canvas, which stays with it.
   * @param {Tile} tile with values
   * @param {Look} look
   */
  paint(tile, look) {
    tile.picture ??= new Picture();
    const picture = /** @type {Picture} */ (tile.picture);
    const raw = /** @type {import("../types.js").Raw} */ (tile.raw);
    const d = { ...this.d, rows: tile.rows, columns: tile.columns };
    if (picture.paint("", d, raw, look, whole(d)) && picture.pixels) {
      if (tile.padding) {
        const out = new Uint32Array(picture.pixels.data.buffer);
        for (let i = 0; i < out.length; i++) if (tile.padding[i]) out[i] = 0xff000000;
        picture.canvas.getContext("2d")?.putImageData(picture.pixels, 0, 0);
      }
      picture.pixels = null; // the canvas has them
    }
    return picture.canvas;
  }

  /**
   * Values at a pixel of the finest level: of that one, or of the finest that has come.
   * @param {Place} pixel
   * @param {(level: number, place: Place) => Tile|undefined} get
   * @returns {{level: number, values: number[]|null, padding: boolean}|null}
   */
  valuesAt(pixel, get) {
    for (let level = 0; level < this.levels.length; level++) {
      const at = tileAt(this.levels[level], pixel);
      const tile = get(level, at.place);
      if (!tile) continue;
      if (!tile.raw) return { level, values: null, padding: true };
      const index = at.row * tile.columns + at.column;
      const samples = this.d.color ? 3 : 1;
      const values = Array.from(tile.raw.subarray(index * samples, (index + 1) * samples));
      return { level, values, padding: Boolean(tile.padding?.[index]) };
    }
    return null;
  }
}
