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
/** One frame's values, which of them are padding (a bit each), and a window that the file gives to it alone. @typedef {{raw: Raw, voi: Voi|null, palette: boolean, indices: Raw|null, outside: Uint8Array|null}} Frame */
/** @typedef {{left: string, right: string, top: string, bottom: string}} Letters */
/** @typedef {{name: string, title: string, detail: string, outcome: string, reference: string}} Step */

/**
 * One line of the series list.
 * @typedef {object} Item
 * @property {string} id
 * @property {"volume"|"image"} kind
 * @property {string} modality
 * @property {number|string|null} series_number
 * @property {string} description
 * @property {{name: string, id: string}|null} patient
 * @property {string} patient_key our own, that tells patients apart
 * @property {string} study_key
 * @property {string|null} study_date
 * @property {string|null} study_description
 * @property {number[]} shape
 * @property {number} frames
 * @property {string} unit
 * @property {boolean} color
 * @property {number} files
 * @property {string[]} notes
 * @property {string|null} error
 * @property {boolean} thumbnail
 * @property {Phases|null} [phases]
 */

/**
 * Volumes at one place, by their ids; `index` and `times` are those of a description.
 * @typedef {object} Phases
 * @property {string[]} ids
 * @property {string} word for one of them
 * @property {string[]} keywords in which they differ
 * @property {string[]} labels
 * @property {number} [index]
 * @property {{ms: number[], per_second: number|null, origin: string}|null} [times]
 */

/**
 * @typedef {object} Report
 * @property {Record<string, number>} counts
 * @property {{name: string, outcome: string, why: string, object: boolean, kind: string}[]} others
 * @property {number} more than `others` holds
 * @property {number} objects files of DICOM that are no images by their kind
 * @property {string[]} missing
 * @property {{why: string, names: string[], more: number}[]} conflicts
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
 * @property {Matrix|null} [frame_affine] of the described frame alone, where frames lie in planes of their own
 * @property {boolean} [interpolated] whether the frames of a plane are: each takes time then
 * @property {number} [frame] the described frame
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
 * @property {{paths: number, planes: number}} [slide] of a whole slide
 * @property {Region[]} [regions] of ultrasound
 * @property {boolean} [regions_differ] each file may have others
 * @property {boolean} [coloured] some values are colours of a palette
 * @property {number} [turns] quarters clockwise, by a presentation state
 * @property {boolean} [flipped] left and right exchanged after that
 * @property {string} [label] of the presentation state
 * @property {number[]|null} [area] top, left, bottom, right that are shown
 * @property {Phases|null} [phases]
 */

/**
 * An ultrasound region; pairs are vertical, horizontal.
 * @typedef {object} Region
 * @property {[number, number]} rows the last excluded
 * @property {[number, number]} columns
 * @property {string} format
 * @property {string} type
 * @property {[string, string]} units
 * @property {[number, number]} deltas
 * @property {[number, number]|null} reference_pixel
 * @property {[number, number]} reference_value
 * @property {boolean} high_priority
 */

/**
 * What can be drawn over a frame.
 * @typedef {object} Over
 * @property {{group: number, label: string, roi: boolean}[]} overlays
 * @property {boolean} shutter
 * @property {boolean} padding
 * @property {{id: string, label: string, kind: string}[]} states
 * @property {string|null} problem
 */

/**
 * A mask as the server tells of it.
 * @typedef {object} Mask
 * @property {string} id
 * @property {string} name
 * @property {number} number
 * @property {boolean} named by somebody; else the number stands for it
 * @property {string} color
 * @property {"frame"|"volume"} scope
 * @property {boolean} edited something was drawn on it
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 * @property {Record<string, any>} recipe what it selects
 * @property {string} view
 * @property {number} frame
 * @property {{pixels: number, area_mm2: number|null, volume_ml: number|null, spacing_kind: string|null, unit: string, mean: number|null, sd: number|null, min: number|null, max: number|null, median: number|null}} measures
 * @property {string|null} empty why it selects nothing
 * @property {Step[]} steps
 */

/** A level of a slide; `factor`: pixels of the finest level along one of its own, down and across. @typedef {{rows: number, columns: number, tile_rows: number, tile_columns: number, factor: [number, number], computed: boolean}} Level */
/** @typedef {{levels: Level[], paths: string[], planes: number, slide_affine: (number|null)[][]|null}} SlideLevels */

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
 * @property {Record<string, string>} [query] how the server is asked for a plane that is not simply named
 * @property {"patient"|"own"|"oblique"} [cut] whose axes the plane follows
 * @property {number} [ahead] frames that are fetched ahead of time
 * @property {string|null} [state] a presentation state that it is shown by
 * @property {Description} description
 * @property {(pane: any) => import("./panes/slide_view.js").SlideView} [tiled] makes what shows a slide in a pane
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
