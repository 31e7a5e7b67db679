// The server's answers as objects. Knows addresses and JSON; nothing of the page.

import { pictureSource, send } from "./transport.js";

/** @typedef {import("../types.js").Description} Description */
/** @typedef {import("../types.js").HeaderRow} HeaderRow */
/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Raw} Raw */
/** @typedef {import("../types.js").Stack} Stack */

/** An answer other than the one asked for; its message is a sentence for people. */
export class ServerError extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The language in which the server says what it has to say. */
let language = "en";

/** @param {string} chosen */
export function setServerLanguage(chosen) {
  language = chosen;
}

export const serverLanguage = () => language;

/** @returns {Record<string, string>} */
export const languageHeader = () => ({ "X-Language": language });

/**
 * @param {string} address
 * @param {RequestInit} [options]
 */
export async function ask(address, options = {}) {
  let answer;
  try {
    answer = await send(address, { ...options, headers: { ...languageHeader(), ...options.headers } });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ServerError("The server does not answer.", 0);
  }
  if (answer.ok) return answer;
  throw refusalOf(answer.status, await answer.text());
}

/**
 * @param {number} status
 * @param {string} body
 */
export function refusalOf(status, body) {
  let text = `The server answered ${status}.`;
  try {
    const told = JSON.parse(body);
    if (typeof told.error === "string") text = told.error;
  } catch {
    // No JSON: the status says it.
  }
  return new ServerError(text, status);
}

/** @param {string} token */
export async function startSession(token) {
  await ask("api/session", { method: "POST", headers: { "X-Token": token } });
}

/**
 * @param {string} id
 * @param {number} [frame] by which the item is described
 * @returns {Promise<Description>}
 */
export async function describe(id, frame) {
  return (await ask(`api/items/${id}${frame ? `?frame=${frame}` : ""}`)).json();
}

/**
 * @param {string} id
 * @param {string} plane
 * @param {Record<string, string>} [query] directions of an oblique plane, or of what volume
 * @returns {Promise<Description>}
 */
export async function describePlane(id, plane, query = {}) {
  const where = query.row ? "oblique" : `planes/${plane}`;
  return (await ask(`api/items/${id}/${where}?${new URLSearchParams(query)}`)).json();
}

/** What shows the small picture of an item. @param {string} id */
export const thumbnailSource = (id) => pictureSource(`api/items/${id}/thumbnail`);

/**
 * @param {Stack} stack
 * @param {number|"through"} index of a frame; "through": the one at the point that an oblique plane goes through
 * @param {string} [part] of what is known of the frame
 * @param {string} [more] parameters
 */
export function frameAddress(stack, index, part = "", more = "") {
  const { view, query } = viewOf(stack);
  const all = new URLSearchParams([...new URLSearchParams(more), ...new URLSearchParams(query)]);
  return `api/items/${stack.id}/${view}/${index}${part}${all.size ? `?${all}` : ""}`;
}

/**
 * How the server calls what a stack shows of its item, and the parameters of its planes.
 * @param {Stack} stack
 * @returns {{view: string, query: string}}
 */
export function viewOf(stack) {
  const query = new URLSearchParams(stack.query);
  if (stack.plane && stack.slab > 0) {
    query.set("slab", String(stack.slab));
    query.set("how", stack.how);
  }
  const whole = stack.state ? `states/${stack.state}/frames` : "frames";
  const within = stack.query?.row ? "oblique" : `planes/${stack.plane}`;
  return { view: stack.plane ? within : whole, query: query.toString() };
}

/** Types of arrays by the server's names; all little-endian, as all machines that browsers run on are. */
export const ARRAYS = {
  int16: Int16Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/**
 * @param {Stack} stack
 * @param {number} index
 * @param {AbortSignal} signal
 * @returns {Promise<Frame>}
 */
export async function loadFrame(stack, index, signal) {
  return readFrame(await ask(frameAddress(stack, index), { signal }), stack.description);
}

/**
 * @param {Response} answer
 * @param {Description} d
 * @returns {Promise<Frame>}
 */
export async function readFrame(answer, d) {
  const bytes = await answer.arrayBuffer();
  // A frame may be of a narrower type than the whole.
  const type = /** @type {keyof typeof ARRAYS} */ (answer.headers.get("X-Dtype") ?? d.dtype);
  const kind = d.color ? Uint8Array : (ARRAYS[type] ?? ARRAYS[d.dtype]);
  const wanted = d.rows * d.columns * (d.color ? 3 : 1);
  const values = wanted * kind.BYTES_PER_ELEMENT;
  const padded = answer.headers.get("X-Padding") === "bits";
  if (bytes.byteLength !== values + (padded ? Math.ceil((d.rows * d.columns) / 8) : 0))
    throw new ServerError(`The frame has ${bytes.byteLength} bytes instead of ${values}.`, 0);
  const raw = new kind(bytes, 0, wanted);
  const outside = padded ? new Uint8Array(bytes, values) : null;
  const palette = answer.headers.get("X-Palette") === "1";
  return { raw, voi: readWindow(answer.headers.get("X-Window")), palette, indices: null, outside };
}

/**
 * Palette indices of a colour frame.
 * @param {Stack} stack
 * @param {number} index
 * @returns {Promise<Raw>}
 */
export async function loadIndices(stack, index) {
  const answer = await ask(`${frameAddress(stack, index)}/palette`);
  const type = /** @type {keyof typeof ARRAYS} */ (answer.headers.get("X-Dtype") ?? "uint8");
  return new ARRAYS[type](await answer.arrayBuffer());
}

/**
 * @param {string|null} text center,width,FUNCTION
 * @returns {import("../types.js").Voi|null}
 */
export function readWindow(text) {
  const [center, width, kind] = (text ?? "").split(",");
  if (kind !== "LINEAR" && kind !== "LINEAR_EXACT" && kind !== "SIGMOID") return null;
  return { center: Number(center), width: Number(width), function: kind };
}

/**
 * @param {string} id
 * @param {number} frame
 * @param {string} search
 * @returns {Promise<{rows: HeaderRow[], more: boolean}>}
 */
export async function loadHeader(id, frame, search) {
  const query = new URLSearchParams({ frame: String(frame), search });
  return (await ask(`api/items/${id}/header?${query}`)).json();
}

/**
 * A picture of a frame at full resolution with annotations, drawn by the library.
 * @param {Stack} stack
 * @param {number} frame
 * @param {import("../types.js").Voi|null} voi
 * @returns {Promise<Blob>}
 */
export async function loadPicture(stack, frame, voi) {
  const query = new URLSearchParams({ frame: String(frame), annotations: "1" });
  const wish = windowWish(voi, stack.description.windows);
  for (const [name, value] of Object.entries(typeof wish === "number" ? { voi: wish } : (wish ?? {})))
    query.set(name, String(value));
  return (await ask(`api/items/${stack.id}/picture?${query}`)).blob();
}

/**
 * A window by what it is; a VOI LUT by its number among the file's own; nothing where the file decides.
 * @param {import("../types.js").Voi|null} voi
 * @param {import("../types.js").Voi[]} own
 */
export function windowWish(voi, own) {
  if (!voi) return null;
  if (voi.function !== "TABLE") return { center: voi.center, width: voi.width, function: voi.function };
  const entries = String(voi.table?.entries);
  const number = own.findIndex(({ function: kind, table }) => kind === "TABLE" && String(table?.entries) === entries);
  // Phases are shown by the first one's.
  if (number < 0) throw new Error("This phase has not the VOI LUT that is shown: choose a window.");
  return number;
}

/**
 * A stack as a film, made by the library.
 * @param {string} id
 * @param {object} wish
 * @param {AbortSignal} signal
 * @returns {Promise<Blob>}
 */
export async function loadFilm(id, wish, signal) {
  return (await ask(`api/items/${id}/film`, { method: "POST", body: JSON.stringify(wish), signal })).blob();
}

/** @param {boolean} hidden */
export async function hidePatient(hidden) {
  const body = JSON.stringify({ hidden });
  await ask("api/patient", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}
