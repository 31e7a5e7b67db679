// Files sent to the server, a few at a time, with their progress. Knows addresses; nothing of the page.

import { ask, languageHeader, refusalOf, ServerError } from "./server.js";
import { sendFile } from "./transport.js";

/** A file, and what it is called with its folders. @typedef {{file: File, name: string}} Named */
/** @typedef {(done: number, bytes: number) => void} Told how many files and bytes have gone */

const AT_A_TIME = 4;

/**
 * @param {Named[]} files
 * @param {Told} told
 * @param {AbortSignal} signal
 * @param {() => void} sent called before the server looks through them
 */
export async function upload(files, told, signal, sent) {
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  const body = JSON.stringify({ files: files.length, bytes: size });
  const { id } = await (await ask("api/uploads", { method: "POST", body, signal })).json();
  try {
    await sendAll(id, files, told, signal);
    sent();
    await ask(`api/uploads/${id}/end`, { method: "POST", signal });
  } catch (error) {
    await ask(`api/uploads/${id}/cancel`, { method: "POST" }).catch(() => {});
    throw error;
  }
}

/** @param {string} id @param {Named[]} files @param {Told} told @param {AbortSignal} signal */
async function sendAll(id, files, told, signal) {
  let next = 0;
  let done = 0;
  let bytes = 0;
  const stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort());
  const worker = async () => {
    while (next < files.length) {
      const { file, name } = files[next++];
      let gone = 0;
      await send(
        id,
        file,
        name,
        (now) => {
          bytes += now - gone;
          gone = now;
          told(done, bytes);
        },
        stop.signal,
      );
      bytes += file.size - gone;
      done += 1;
      told(done, bytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  } catch (error) {
    stop.abort();
    throw error;
  }
}

/**
 * @param {string} id @param {File} file @param {string} name @param {(bytes: number) => void} told
 * @param {AbortSignal} signal
 */
async function send(id, file, name, told, signal) {
  const type = { "Content-Type": "application/octet-stream" };
  const headers = { ...type, ...languageHeader(), "X-Name": encodeURIComponent(name) };
  const answer = await sendFile(`api/uploads/${id}/files`, { file, headers, told, signal }).catch((error) => {
    throw signal.aborted ? error : new ServerError("A file could not be sent.", 0);
  });
  if (answer.status !== 204) throw refusalOf(answer.status, answer.text);
}
