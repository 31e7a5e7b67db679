// The only way to the server: requests, what it tells unasked, pictures, files that are sent, and what stands in the
// page's address. In a notebook in_notebook.js takes the place of this module. Knows the browser; nothing of the page.

/** @typedef {{told: (message: any) => void, changed: (connection: "open"|"lost"|"denied") => void}} Listener */

/** Said where nothing answers any more. */
export const GONE = "The server is gone. Start hu view again.";

/**
 * Ask. Ends as `fetch` does where nothing answers, or nobody waits any more.
 * @param {string} address
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
export const send = (address, options) => fetch(address, { credentials: "same-origin", ...options });

/**
 * Hear what is told unasked, until the function that is returned is called.
 * @param {string} address
 * @param {Listener} listener
 * @returns {() => void}
 */
export function hear(address, { told, changed }) {
  const events = new EventSource(address);
  events.onmessage = (event) => told(JSON.parse(event.data));
  let opened = false;
  events.onopen = () => {
    opened = true;
    changed("open");
  };
  // A browser tries again by itself, unless the answer itself was a refusal.
  events.onerror = () => changed(!opened && events.readyState === EventSource.CLOSED ? "denied" : "lost");
  return () => events.close();
}

/** What a picture of an address is shown by. @param {string} address @returns {Promise<string>} */
export const pictureSource = async (address) => address;

/**
 * Send a file; `fetch` tells nothing of what has gone.
 * @param {string} address
 * @param {{file: File, headers: Record<string, string>, told: (bytes: number) => void, signal: AbortSignal}} what
 * @returns {Promise<{status: number, text: string}>}
 */
export function sendFile(address, { file, headers, told, signal }) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort);
    request.open("POST", address);
    for (const [key, value] of Object.entries(headers)) request.setRequestHeader(key, value);
    request.upload.onprogress = (event) => told(Math.min(event.loaded, file.size));
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(new TypeError("A file could not be sent."));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", abort);
    request.send(file);
  });
}

/** Say that the page closes. */
export const leave = () => navigator.sendBeacon("api/closed");

/** Say which measures there are: of use where they are wanted elsewhere. @type {(shapes: readonly any[]) => void} */
export const tellShapes = () => {};

/** What stands in the address behind the page's own: a token, or what is shown. */
export const fragment = () => location.hash;

/** @param {string} text "" or what begins with # */
export const setFragment = (text) => history.replaceState(null, "", location.pathname + location.search + text);
