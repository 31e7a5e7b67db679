// Begins the page in the frame of a notebook: its modules are in the document, and are given names here. A plain script,
// that waits for the port by which the widget answers. Knows the document.

addEventListener("message", function start(event) {
  const [port] = event.ports;
  if (event.source !== parent || !port) return;
  removeEventListener("message", start);
  Object.assign(globalThis, { hounsfieldPort: port });
  const held = document.getElementById("modules");
  const own = /** @type {HTMLScriptElement} */ (document.querySelector("script[nonce]")).nonce;
  /** @type {Record<string, string>} */
  const imports = {};
  for (const [name, text] of Object.entries(JSON.parse(held?.textContent ?? "{}")))
    imports[name] = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  /** @param {string} type @param {string} text */
  const run = (type, text) => {
    const script = document.createElement("script");
    Object.assign(script, { type, nonce: own, textContent: text });
    document.head.append(script);
  };
  run("importmap", JSON.stringify({ imports }));
  run("module", 'import "hounsfield/server/early.js"; import "hounsfield/main.js";');
});
