// The bar below an image of several phases: where one is, a slider to any of them, a button that plays them. Knows the
// pane's phases only.

import { h, iconButton, press, setIcon } from "../dom.js";
import { frameOnRail, wheelSteps } from "../numbers/hit_test.js";
import { t } from "../words/words.js";

/** @typedef {import("./phase_axis.js").PhaseAxis} PhaseAxis */

/** @type {Record<string, number>} */
const STEPS = {
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1,
  PageUp: -10,
  PageDown: 10,
  Home: -1e9,
  End: 1e9,
};

export class PhaseBar {
  /** @param {PhaseAxis} axis */
  constructor(axis) {
    this.axis = axis;
    this.thumb = h("div", { class: "thumb" });
    this.slider = h(
      "div",
      { class: "phaseRail", label: "Phase", attributes: { role: "slider", tabindex: "0" } },
      this.thumb,
    );
    this.words = h("span", { class: "phaseText" });
    this.play = iconButton("play", "Play or stop phases", () => axis.playOrStop(), "small");
    this.element = h("div", { class: "phases" }, this.play, this.slider, this.words);
    this.element.hidden = true;
    this.playing = false;
    let rest = 0;
    this.element.addEventListener("wheel", (event) => {
      event.preventDefault();
      const turned = wheelSteps(rest, { deltaY: event.deltaY || event.deltaX, deltaMode: event.deltaMode });
      rest = turned.rest;
      if (turned.steps) axis.step(turned.steps);
    });
    for (const kind of ["pointerdown", "keydown", "wheel"]) {
      this.element.addEventListener(kind, (event) => {
        if (!(event instanceof KeyboardEvent) || event.target === this.play || event.key in STEPS)
          event.stopPropagation();
      });
    }
    const slide = (/** @type {PointerEvent} */ event) => {
      const box = this.slider.getBoundingClientRect();
      axis.go(frameOnRail((event.clientX - box.left) / box.width, axis.set?.ids.length ?? 1));
    };
    this.slider.addEventListener("pointerdown", (event) => {
      this.slider.setPointerCapture(event.pointerId);
      slide(event);
    });
    this.slider.addEventListener("pointermove", (event) => {
      if (this.slider.hasPointerCapture(event.pointerId)) slide(event);
    });
    this.slider.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      axis.step(STEPS[event.key]);
    });
  }

  update() {
    const { axis } = this;
    const count = axis.set?.ids.length ?? 0;
    this.element.hidden = count < 2;
    if (count < 2) return;
    const text = axis.text();
    this.words.textContent = axis.cine.playing ? `${text} · ${axis.rate()}` : text;
    this.slider.setAttribute("aria-valuemin", "1");
    this.slider.setAttribute("aria-valuemax", String(count));
    this.slider.setAttribute("aria-valuenow", String(axis.index + 1));
    this.slider.setAttribute("aria-valuetext", text);
    const size = Math.max(100 / count, 4);
    this.thumb.style.width = `${size}%`;
    this.thumb.style.left = `${(axis.index / (count - 1)) * (100 - size)}%`;
    this.words.title = `${text} · ${axis.rate()}`;
    this.play.title = `${t("Play or stop phases")} · ${axis.rate()}`;
    if (this.playing !== axis.cine.playing) {
      this.playing = axis.cine.playing;
      setIcon(this.play, this.playing ? "stop" : "play");
      press(this.play, this.playing);
    }
  }
}
