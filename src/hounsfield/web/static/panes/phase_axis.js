// The second axis of a pane: volumes at one place that differ by time, echo, b-value. Knows its pane, stacks and frames;
// how a stack is asked for it is told.

import { fixed } from "../numbers/numbers.js";
import { t } from "../words/words.js";
import { CinePlayer } from "./cine_player.js";

/** @typedef {import("../types.js").Stack} Stack */
/** @typedef {import("./pane.js").Pane} Pane */

/** How a plane is cut, however coarse. @param {Record<string, string>} [query] */
const whole = (query) => JSON.stringify({ ...query, every: undefined });

export class PhaseAxis {
  /**
   * @param {Pane} pane
   * @param {(id: string, plane: string|null) => Promise<Stack>} stackOf
   */
  constructor(pane, stackOf) {
    this.pane = pane;
    this.stackOf = stackOf;
    /** @type {Map<number, Stack>} */
    this.stacks = new Map();
    this.index = 0;
    this.direction = 1;
    this.cine = new CinePlayer({
      has: (phase) => {
        const stack = this.stacks.get(phase);
        return Boolean(stack && pane.frames.get(stack, pane.index));
      },
      show: (phase) => this.go(phase, true),
      want: (phase) => this.want(phase),
      told: () => {
        pane.hooks.changed(pane, "cine");
        pane.hooks.tell(pane);
      },
    });
  }

  /** What the file says of the phases, or null. */
  get set() {
    return this.pane.stack?.description.phases ?? null;
  }

  /** Whether a phase that was gone to has not come yet. */
  get waits() {
    return Boolean(this.set && this.index !== this.set.index);
  }

  /** The pane shows another stack. */
  shown() {
    const { set } = this;
    this.stacks.clear();
    if (!set) this.cine.stop();
    this.index = set?.index ?? 0;
    if (set && this.pane.stack) this.stacks.set(this.index, this.pane.stack);
  }

  /** @param {number} phase @returns {Promise<Stack|null>} */
  async load(phase) {
    const { set } = this;
    const plane = this.pane.stack?.plane ?? null;
    const id = set?.ids[phase];
    if (!id) return null;
    const stack = this.stacks.get(phase) ?? (await this.stackOf(id, plane));
    const now = this.pane.stack;
    const stays =
      this.set?.ids[phase] === id && now?.plane === plane && now.slab === stack.slab && now.how === stack.how;
    if (stays && whole(now.query) !== whole(stack.query)) return null; // planes that were turned meanwhile
    if (stays) this.stacks.set(phase, stack);
    return stays ? stack : null;
  }

  /**
   * @param {number} phase
   * @param {boolean} [playing]
   */
  go(phase, playing = false) {
    const { set, pane } = this;
    if (!set) return;
    const next = Math.min(Math.max(phase, 0), set.ids.length - 1);
    if (next === this.index) return;
    if (!playing) this.cine.stop();
    this.direction = next > this.index || playing ? 1 : -1;
    this.index = next;
    pane.hooks.phased(pane, next, playing);
    pane.hooks.tell(pane);
    const known = this.stacks.get(next);
    if (known) this.put(known, playing);
    else
      this.load(next)
        .then((stack) => {
          if (this.index !== next) return;
          if (stack) this.put(stack, playing);
          else this.stay();
        })
        .catch((error) => {
          if (this.index === next) pane.fail(error instanceof Error ? error.message : String(error), true);
        });
  }

  /** The pane was cut anew meanwhile: it still shows the phase that it showed. */
  stay() {
    this.index = this.set?.index ?? 0;
    this.pane.redraw();
  }

  /** Show a phase: the slice, the window and the place on the screen stay. @param {Stack} stack @param {boolean} playing */
  put(stack, playing) {
    const { pane } = this;
    if (pane.stack?.state) return pane.show(stack, pane.index); // the state was of the phase before
    pane.stack = stack;
    pane.message = "";
    this.want(this.index);
    pane.hooks.changed(pane, playing ? "frame" : "stack");
    pane.redraw();
  }

  /** @param {number} steps */
  step(steps) {
    this.go(this.index + steps);
  }

  playOrStop() {
    const { set, pane } = this;
    if (this.cine.playing || !set || set.ids.length < 2) return this.cine.stop();
    pane.cine.stop();
    this.cine.factor = pane.cine.factor;
    this.cine.start({ frames: set.ids.length, frame_times: set.times }, this.index);
  }

  /** Want a phase, those after it, and slices beside the one shown. @param {number} phase */
  want(phase) {
    const { set, pane } = this;
    if (!set || !pane.stack) return;
    const count = set.ids.length;
    // A plane of a phase needs the whole phase in the server's memory.
    const ahead = Math.min(pane.stack.plane ? 1 : 6, count - 1);
    const around = Array.from({ length: ahead + 1 }, (_, i) => phase + i * this.direction).map((at) =>
      this.cine.playing ? (at + count) % count : at,
    );
    const list = around.flatMap((at) => {
      const stack = this.stacks.get(at);
      return stack ? [{ stack, index: pane.index }] : [];
    });
    // Slices beside it only for who stays: the server puts phases together that slices are asked of.
    const beside = this.cine.playing ? [] : pane.frames.around(pane.stack, pane.index, 1, false).slice(0, 4);
    pane.frames.wantThese(pane, [...list, ...beside]);
    const unknown = around.find((at) => at >= 0 && at < count && !this.stacks.has(at));
    if (unknown === undefined) return;
    this.load(unknown).then(
      (stack) => stack && this.want(phase),
      () => {}, // it is said when the phase is shown
    );
  }

  /** Where one is: "phase 3 of 20 · 120 ms". */
  text() {
    const { set, index } = this;
    if (!set) return "";
    const place = t("{word} {n} of {count}", { word: t(set.word), n: index + 1, count: set.ids.length });
    return [place, set.labels[index]].filter(Boolean).join(" · ");
  }

  /** How fast phases are played, and how that is known. */
  rate() {
    const { set, cine } = this;
    if (!set) return "";
    const recorded = set.times?.per_second;
    return recorded
      ? t("{n}/s ({origin})", {
          n: fixed(recorded * cine.factor, recorded < 1 ? 2 : 1),
          origin: set.times?.origin ?? "",
        })
      : t("{n}/s, for display only", { n: fixed(10 * cine.factor, 1) });
  }
}
