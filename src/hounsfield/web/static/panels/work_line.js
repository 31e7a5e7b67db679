// One line for work that takes a while: what is done, how far, a way to stop it, what went wrong. Knows elements only.

import { h, iconButton } from "../dom.js";
import { t } from "../words/words.js";

export class WorkLine {
  constructor() {
    this.text = h("span", { attributes: { role: "status" } });
    this.bar = h("progress", { label: "Progress" });
    this.stop = iconButton("close", "Stop", () => this.end());
    this.element = h("div", { class: "work" }, this.text, this.bar, this.stop);
    this.element.hidden = true;
    /** @type {AbortController|null} */
    this.running = null;
  }

  /**
   * Do some work, one at a time.
   * @param {(signal: AbortSignal) => Promise<void>} work
   */
  async run(work) {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.element.className = "work";
    this.tell("Starting…");
    try {
      await work(running.signal);
      if (this.running === running) this.element.hidden = true;
    } catch (error) {
      if (this.running !== running) return;
      this.element.hidden = running.signal.aborted;
      this.fail(error);
    }
    if (this.running === running) this.running = null;
  }

  /**
   * @param {string} words
   * @param {Record<string, string|number>} [values]
   * @param {number} [share] of 1
   */
  tell(words, values, share) {
    this.element.hidden = this.bar.hidden = false;
    this.text.textContent = t(words, values);
    if (share === undefined) this.bar.removeAttribute("value");
    else this.bar.value = share;
  }

  /** @param {unknown} error */
  fail(error) {
    this.bar.hidden = true;
    this.element.className = "work error";
    this.text.textContent = error instanceof Error ? t(error.message) : String(error);
  }

  end() {
    this.running?.abort();
    this.element.hidden = true;
  }
}
