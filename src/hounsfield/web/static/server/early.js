// The session and the events, begun while the rest of the page still comes; told when somebody listens. Knows the
// address and the two requests.

import { readFragment } from "../state/address.js";
import { firstLanguage } from "../state/kept.js";
import { serverLanguage, setServerLanguage, startSession } from "./server.js";

/** What the address asks for. */
export const address = readFragment(location.hash);
if (address.token) history.replaceState(null, "", location.pathname + location.search);

/** @typedef {(message: any) => void} Told */
/** @typedef {(connection: "open"|"lost"|"denied") => void} Changed */

/** @type {[what: "told"|"changed", value: any][]} */
const waiting = [];
/** @type {{told: Told, changed: Changed}|null} */
let listener = null;

/** @param {"told"|"changed"} what @param {any} value */
function tell(what, value) {
  if (listener) listener[what](value);
  else waiting.push([what, value]);
}

/** @type {EventSource|null} */
let source = null;

/** Hear of all that is there, then of each change, in the language that is chosen; again where that is another now. */
export function connect() {
  source?.close();
  const events = new EventSource(`api/events?language=${serverLanguage()}`);
  source = events;
  events.onmessage = (event) => tell("told", JSON.parse(event.data));
  let opened = false;
  events.onopen = () => {
    opened = true;
    tell("changed", "open");
  };
  // A browser tries again by itself, unless the answer itself was a refusal.
  events.onerror = () => tell("changed", !opened && events.readyState === EventSource.CLOSED ? "denied" : "lost");
}

setServerLanguage(firstLanguage());

/** Ends with a ServerError where the token opens nothing. */
export const started = (address.token ? startSession(address.token) : Promise.resolve()).then(connect);
started.catch(() => {}); // whoever awaits it says so

addEventListener("pagehide", () => {
  source?.close();
  navigator.sendBeacon("api/closed");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

/** @param {Told} told @param {Changed} changed */
export function listen(told, changed) {
  listener = { told, changed };
  for (const [what, value] of waiting.splice(0)) listener[what](value);
}
