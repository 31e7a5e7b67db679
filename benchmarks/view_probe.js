// What view.py asks of the page: an expression whose value has the functions; loaded by Playwright, not by the page.
// It imports the page's own modules, which are the instances that the page runs.
(async () => {
  const { Picture } = await import(new URL("static/drawing/pane_drawing.js", document.baseURI).href);
  const { Pane } = await import(new URL("static/panes/pane.js", document.baseURI).href);
  const pane = () => document.querySelector(".pane");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const wheel = (down) => pane().dispatchEvent(new WheelEvent("wheel", { deltaY: 100 * down, bubbles: true, cancelable: true }));
  const shown = (at = pane()) => at.dataset.frame ?? "";

  /** Frames that were shown a second while the wheel turns by one frame for each picture of the display. */
  async function scroll(seconds, waits) {
    let [seen, count, tick, down] = [shown(), 0, 0, 1];
    const began = performance.now();
    while (performance.now() - began < seconds * 1000) {
      await frame();
      tick++;
      const now = shown();
      if (now !== "" && now !== seen) {
        seen = now;
        count++;
      }
      const rail = pane().querySelector(".rail");
      const [at, last] = ["aria-valuenow", "aria-valuemax"].map((name) => Number(rail.getAttribute(name)));
      if (at >= last) down = -1;
      if (at <= 1) down = 1;
      if (!waits || now !== "") wheel(down);
    }
    const took = (performance.now() - began) / 1000;
    return { shown: count / took, display: tick / took };
  }

  /** Milliseconds of drawing a pane for each of some changes of the window by drag; with the pixels really made. */
  async function rewindow(times, settles) {
    const drawn = [];
    const { draw } = Pane.prototype;
    Pane.prototype.draw = function () {
      const began = performance.now();
      draw.call(this);
      this.canvas.getContext("2d").getImageData(0, 0, 1, 1);
      drawn.push(performance.now() - began);
    };
    const box = pane().getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const send = (type, dx, buttons) =>
      pane().dispatchEvent(
        new PointerEvent(type, { clientX: x + dx, clientY: y, buttons, button: 0, pointerId: 1, pointerType: "mouse", isPrimary: true, bubbles: true, cancelable: true }),
      );
    const out = [];
    pane().setPointerCapture = () => {};
    pane().hasPointerCapture = () => true;
    send("pointerdown", 0, 1);
    for (let i = 1; i <= times; i++) {
      drawn.length = 0;
      send("pointermove", 4 * i, 1);
      while (!drawn.length) await frame();
      if (settles) {
        drawn.length = 0;
        while (!drawn.length) await frame();
      }
      out.push(Math.max(...drawn));
    }
    send("pointerup", 4 * times, 0);
    Pane.prototype.draw = draw;
    await new Promise((done) => setTimeout(done, 400));
    return out;
  }

  /** Pictures a second in which the two other planes had moved, while the crosshair is dragged over the first. */
  async function cross(seconds) {
    const [first, ...others] = document.querySelectorAll(".pane");
    const box = first.getBoundingClientRect();
    const send = (type, share, buttons) =>
      first.dispatchEvent(
        new PointerEvent(type, { clientX: box.left + box.width * share, clientY: box.top + box.height * share, buttons, button: 0, pointerId: 1, pointerType: "mouse", isPrimary: true, bubbles: true, cancelable: true }),
      );
    first.setPointerCapture = () => {};
    first.hasPointerCapture = () => true;
    send("pointerdown", 0.3, 1);
    let [count, tick] = [0, 0];
    let seen = others.map(shown).join();
    const began = performance.now();
    while (performance.now() - began < seconds * 1000) {
      await frame();
      const now = others.map(shown);
      if (now.join() !== seen && !now.includes("")) {
        seen = now.join();
        count++;
        tick++;
        send("pointermove", 0.5 - 0.2 * Math.cos(tick / 12), 1);
      } else if (!now.includes("")) send("pointermove", 0.5 - 0.2 * Math.cos(++tick / 12), 1);
    }
    send("pointerup", 0.5, 0);
    return count / ((performance.now() - began) / 1000);
  }

  window.probe = { scroll, rewindow, cross, Picture };
})()
