// The session and the events, begun while the rest of the page still comes; told when somebody listens. Knows the
// address and the two requests.

import { readFragment } from "../state/address.js";
import { firstLanguage } from "../state/kept.js";
import { serverLanguage, setServerLanguage, startSession } from "./server.js";
import { fragment, hear, leave, setFragment } from "./transport.js";

/** What the address asks for. */
export const address = readFragment(fragment());
if (address.token) setFragment("");

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

/** Ends what is heard. @type {(() => void)|null} */
let stop = null;

/** Hear of all that is there, then of each change, in the language that is chosen; again where that is another now. */
export function connect() {
  stop?.();
  stop = hear(`api/events?language=${serverLanguage()}`, {
    told: (message) => tell("told", message),
    changed: (connection) => tell("changed", connection),
  });
}

setServerLanguage(firstLanguage());

/** Ends with a ServerError where the token opens nothing. */
export const started = (address.token ? startSession(address.token) : Promise.resolve()).then(connect);
started.catch(() => {}); // whoever awaits it says so

addEventListener("pagehide", () => {
  stop?.();
  leave();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

/** @param {Told} told @param {Changed} changed */
export function listen(told, changed) {
  listener = { told, changed };
  for (const [what, value] of waiting.splice(0)) listener[what](value);
}
