"""Whether a page is at rest: nothing that it has begun is still to come. What is read then is what stays."""

from __future__ import annotations

from typing import Any

#: Milliseconds: what a page delays for longer, as taking a notice away, is no part of what it does now.
_SOON = 1000

#: Runs before the scripts of every page: it counts what they have begun. An evaluated promise tells what is left.
COUNTING = (
    """(() => {
  const work = new Map();
  let last = 0;
  const begun = (what) => { const mine = ++last; work.set(mine, what); return () => work.delete(mine); };
  const promised = (owner, name) => {
    const plain = owner[name];
    owner[name] = function (...given) {
      const end = begun(`${name} ${typeof given[0] === "string" ? given[0] : ""}`);
      return plain.apply(this, given).finally(end);
    };
  };
  promised(window, "fetch");
  promised(window, "createImageBitmap");
  for (const name of ["arrayBuffer", "blob", "json", "text"]) promised(Response.prototype, name);

  const toBlob = HTMLCanvasElement.prototype.toBlob;
  HTMLCanvasElement.prototype.toBlob = function (call, ...rest) {
    const end = begun("toBlob");
    return toBlob.call(this, (blob) => { end(); call(blob); }, ...rest);
  };

  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...given) {
    this.addEventListener("loadend", begun("an upload"), { once: true });
    return send.apply(this, given);
  };

  const later = (ask, cancel, what, counts) => {
    const [asked, cancelled, ends] = [window[ask].bind(window), window[cancel].bind(window), new Map()];
    window[ask] = (call, ...rest) => {
      const end = counts(...rest) ? begun(what) : () => {};
      const id = asked((...given) => { end(); ends.delete(id); call(...given); }, ...rest);
      ends.set(id, end);
      return id;
    };
    window[cancel] = (id) => { ends.get(id)?.(); ends.delete(id); cancelled(id); };
    return asked;
  };
  const frame = later("requestAnimationFrame", "cancelAnimationFrame", "a frame", () => true);
  later("setTimeout", "clearTimeout", "a timer", (delay = 0) => delay <= SOON);

  const Plain = EventSource;
  window.EventSource = class extends Plain {
    constructor(...given) {
      super(...given);
      this.told = begun("the first event");
      for (const kind of ["message", "error"]) this.addEventListener(kind, this.told);
    }
    close() { super.close(); this.told(); }
  };

  // Several frames: what an event or an observer begins is begun in the next.
  window.atRest = (seconds, besides) => new Promise((done) => {
    const until = performance.now() + 1000 * seconds;
    let still = 0;
    const look = () => {
      const left = [...work.values()].filter((what) => !besides || !what.startsWith(besides));
      still = left.length ? 0 : still + 1;
      if (still > 3 || performance.now() > until) done(still > 3 ? [] : left);
      else frame(look);
    };
    frame(look);
  });
})();"""
).replace("SOON", str(_SOON))


def at_rest(page: Any, besides: str = "", seconds: float = 60) -> None:
    """Wait until a page has no answer, timer or frame to wait for. What the server tells unasked is waited for before.

    Not while it plays: it always has a next frame then.

    Parameters
    ----------
    page
        Of a context of `browsing.browsing`.
    besides
        What it may wait for: "fetch" for answers that a test holds back.
    seconds
        How long that may take.
    """
    left = page.evaluate("(given) => window.atRest(...given)", [seconds, besides])
    assert left == [], f"after {seconds} s the page still waits for {left}"
