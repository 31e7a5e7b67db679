// The way to the server in a notebook: by messages to the kernel, in the place of transport.js. Knows the port that the
// widget has given to the page; nothing of the page.

/** @typedef {import("./transport.js").Listener} Listener */
/** @typedef {{status?: number, headers?: Record<string, string>, more?: boolean, bytes?: ArrayBuffer|null}} Told */

/** The widget. @type {MessagePort} */
const port = /** @type {any} */ (globalThis).hounsfieldPort;
/** Milliseconds without a sign of life after which the kernel counts as gone; between two words on shapes. */
const SILENCE = 45_000;
const PACE = 100;

/** Said where nothing answers any more. */
export const GONE = "The kernel does not answer. Run the cell again.";

let last = 0;
/** What is waited for. @type {Map<number, (told: Told) => void>} */
const waiting = new Map();
port.onmessage = ({ data }) => waiting.get(data.id)?.(data);

/** @param {string} address @param {RequestInit} options @param {(told: Told) => void} told @returns {() => void} ends it */
function ask(address, { method = "GET", headers = {}, body = null }, told) {
  last += 1;
  const id = last;
  waiting.set(id, told);
  port.postMessage({ kind: "ask", id, address, method, headers: { ...headers }, body });
  return () => {
    if (waiting.delete(id)) port.postMessage({ kind: "stop", id });
  };
}

/**
 * @param {string} address
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
export function send(address, options) {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    /** @type {ArrayBuffer[]} */
    const parts = [];
    const abort = () => {
      stop();
      reject(signal?.reason);
    };
    /** @type {Told} */
    let begun = {};
    const stop = ask(address, options, (told) => {
      if (told.status !== undefined) begun = told;
      if (told.bytes) parts.push(told.bytes);
      if (told.more) return;
      signal?.removeEventListener("abort", abort);
      stop();
      const { status = 500, headers } = begun;
      resolve(new Response(status === 204 ? null : new Blob(parts), { status, headers }));
    });
    signal?.addEventListener("abort", abort);
  });
}

/**
 * @param {string} address
 * @param {Listener} listener
 * @returns {() => void}
 */
export function hear(address, { told, changed }) {
  const decoder = new TextDecoder();
  let text = "";
  let timer = 0;
  let lost = false;
  const alive = () => {
    clearTimeout(timer);
    if (lost) changed("open");
    lost = false;
    timer = setTimeout(() => {
      lost = true;
      changed("lost");
    }, SILENCE);
  };
  const stop = ask(address, {}, ({ status, bytes, more }) => {
    alive();
    if (status !== undefined) changed(status === 200 ? "open" : "denied");
    text += bytes ? decoder.decode(bytes, { stream: true }) : "";
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data: ")) told(JSON.parse(event.slice(6)));
    if (!more) {
      clearTimeout(timer);
      changed("lost");
    }
  });
  alive();
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** @param {string} address @returns {Promise<string>} */
export async function pictureSource(address) {
  const answer = await send(address, {});
  return answer.ok ? URL.createObjectURL(await answer.blob()) : "data:,";
}

/** Files come from Python. @returns {Promise<{status: number, text: string}>} */
export async function sendFile() {
  return { status: 403, text: "" };
}

export const leave = () => {};

let shapesTimer = 0;
/** @param {readonly any[]} shapes */
export function tellShapes(shapes) {
  clearTimeout(shapesTimer);
  shapesTimer = setTimeout(() => {
    const told = shapes.map(({ id, item, view, query, frame, kind, points, name, color, scale }) => {
      return { id, item, view, query, frame, kind, points, name, color, scale };
    });
    port.postMessage({ kind: "shapes", shapes: told });
  }, PACE);
}

export const fragment = () => "";
export const setFragment = () => {};
