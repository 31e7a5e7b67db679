// Types of what the server sends and of what modules share. Knows nothing; the browser never loads it.

/** @typedef {"LINEAR"|"LINEAR_EXACT"|"SIGMOID"|"TABLE"} VoiFunction */

/**
 * A VOI: a window, or a VOI LUT (function TABLE).
 * @typedef {object} Voi
 * @property {number|null} center
 * @property {number|null} width
 * @property {VoiFunction} function
 * @property {string} [label]
 * @property {boolean} [default]
 * @property {Table} [table] of a VOI LUT
 */

/** @typedef {{first: number, entries: number[], bits: number}} Table */
/** @typedef {Int16Array|Uint16Array|Uint8Array|Int32Array|Float32Array|Float64Array} Raw */
/** A rectangle of a frame; each pixel, or of blocks of step by step pixels the first, or their mean. @typedef {{top: number, left: number, rows: number, columns: number, step: number, means: boolean}} Part */
/** @typedef {[number, number, number]} Point */
/** @typedef {number[][]} Matrix a 4x4 matrix, rows first */
/** One frame's values, and a window that the file gives to it alone. @typedef {{raw: Raw, voi: Voi|null, palette: boolean, indices: Raw|null}} Frame */
/** @typedef {{left: string, right: string, top: string, bottom: string}} Letters */
/** @typedef {{name: string, detail: string, outcome: string, reference: string}} Step */

/**
 * One line of the series list.
 * @typedef {object} Item
 * @property {string} id
 * @property {"volume"|"image"} kind
 * @property {string} modality
 * @property {number|string|null} series_number
 * @property {string} description
 * @property {{name: string, id: string}|null} patient
 * @property {string} study_date
 * @property {string} study_description
 * @property {number[]} shape
 * @property {number} frames
 * @property {string} unit
 * @property {boolean} color
 * @property {number} files
 * @property {string[]} notes
 * @property {string|null} error
 * @property {boolean} thumbnail
 */

/**
 * @typedef {object} Report
 * @property {Record<string, number>} counts
 * @property {{name: string, outcome: string, why: string}[]} others
 * @property {string[]} missing
 * @property {string[]} conflicts
 */

/**
 * All that a viewport needs to know of a stack of frames.
 * @typedef {object} Description
 * @property {string} id
 * @property {"volume"|"image"} kind
 * @property {number} frames
 * @property {number} rows
 * @property {number} columns
 * @property {boolean} color
 * @property {"int16"|"uint16"|"uint8"|"int32"|"float32"|"float64"} dtype
 * @property {number} slope
 * @property {number} intercept
 * @property {string} unit
 * @property {{first: number, last: number}|null} padding
 * @property {[number, number]|null} pixel_spacing
 * @property {string|null} spacing_kind
 * @property {[number, number]|null} pixel_aspect
 * @property {Matrix|null} affine
 * @property {{row: Point, column: Point}|null} orientation
 * @property {Letters|null} letters
 * @property {{ms: number[], per_second: number|null, origin: string}|null} frame_times
 * @property {boolean} inverted
 * @property {Voi[]} windows
 * @property {Voi[]} presets
 * @property {Voi|null} default_window
 * @property {Table|null} [presentation_table]
 * @property {Step[]} steps
 * @property {string[]} warnings
 * @property {boolean|null} burned_in
 * @property {string[]} planes
 * @property {string|null} frame_of_reference
 */

/** @typedef {{depth: number, tag: string, vr: string, keyword: string, name: string, value: string}} HeaderRow */

/** @typedef {"mean"|"max"|"min"} How */

/**
 * Frames that are scrolled through: an item's own, or planes cut through it.
 * @typedef {object} Stack
 * @property {string} key
 * @property {string} id
 * @property {string|null} plane
 * @property {number} slab millimetres, 0 for none
 * @property {How} how
 * @property {Description} description
 */

/**
 * How an image lies on the screen.
 * @typedef {object} View
 * @property {number} zoom device pixels a unit of the image, whose smaller pixel side is 1
 * @property {number} x of the image's centre, in device pixels from the centre of the canvas
 * @property {number} y
 * @property {number} turns quarter turns clockwise
 * @property {boolean} flipped left and right exchanged, before turning
 */

export {};
