// The server's answers as objects. Knows addresses and JSON; nothing of the page.

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

/**
 * @param {string} address
 * @param {RequestInit} [options]
 */
async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ServerError("The server does not answer.", 0);
  }
  if (answer.ok) return answer;
  let text = `The server answered ${answer.status}.`;
  try {
    const told = await answer.json();
    if (typeof told.error === "string") text = told.error;
  } catch {
    // No JSON: the status says it.
  }
  throw new ServerError(text, answer.status);
}

/** @param {string} token */
export async function startSession(token) {
  await ask("api/session", { method: "POST", headers: { "X-Token": token } });
}

/**
 * @param {string} id
 * @returns {Promise<Description>}
 */
export async function describe(id) {
  return (await ask(`api/items/${id}`)).json();
}

/**
 * @param {string} id
 * @param {string} plane
 * @returns {Promise<Description>}
 */
export async function describePlane(id, plane) {
  return (await ask(`api/items/${id}/planes/${plane}`)).json();
}

/** @param {string} id */
export function thumbnailAddress(id) {
  return `api/items/${id}/thumbnail`;
}

/**
 * @param {Stack} stack
 * @param {number} index
 */
function frameAddress(stack, index) {
  if (!stack.plane) return `api/items/${stack.id}/frames/${index}`;
  const slab = stack.slab > 0 ? `?slab=${stack.slab}&how=${stack.how}` : "";
  return `api/items/${stack.id}/planes/${stack.plane}/${index}${slab}`;
}

/** Types of arrays by the server's names; all little-endian, as all machines that browsers run on are. */
const ARRAYS = {
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
  const d = stack.description;
  const answer = await ask(frameAddress(stack, index), { signal });
  const bytes = await answer.arrayBuffer();
  // A frame may be of a narrower type than the whole.
  const type = /** @type {keyof typeof ARRAYS} */ (answer.headers.get("X-Dtype") ?? d.dtype);
  const raw = new (d.color ? Uint8Array : (ARRAYS[type] ?? ARRAYS[d.dtype]))(bytes);
  const wanted = d.rows * d.columns * (d.color ? 3 : 1);
  if (raw.length !== wanted) throw new ServerError(`The frame has ${raw.length} values instead of ${wanted}.`, 0);
  const told = answer.headers.get("X-Palette") === "1";
  const palette = told || d.steps.some((step) => step.name === "colour" && step.detail.startsWith("palette"));
  return { raw, voi: readWindow(answer.headers.get("X-Window")), palette, indices: null };
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
 * @param {string} id
 * @param {number} frame
 * @param {{center: number, width: number}|null} window
 * @returns {Promise<Blob>}
 */
export async function loadPicture(id, frame, window) {
  const query = new URLSearchParams({ frame: String(frame), annotations: "1" });
  if (window) {
    query.set("center", String(window.center));
    query.set("width", String(window.width));
  }
  return (await ask(`api/items/${id}/picture?${query}`)).blob();
}

/** @param {boolean} hidden */
export async function hidePatient(hidden) {
  const body = JSON.stringify({ hidden });
  await ask("api/patient", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}
