// What lies under the pointer: lines of the crosshair, places on a rail. Knows numbers only.

/** @typedef {[number, number]} Place */

/**
 * Distance of a place from a line between two others.
 * @param {Place} at
 * @param {Place} from
 * @param {Place} to
 */
export function distanceToSegment(at, from, to) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const share = length ? ((at[0] - from[0]) * dx + (at[1] - from[1]) * dy) / length : 0;
  const near = Math.min(Math.max(share, 0), 1);
  return Math.hypot(at[0] - from[0] - near * dx, at[1] - from[1] - near * dy);
}

/**
 * The frame at a place of a rail.
 * @param {number} along from 0 to 1
 * @param {number} frames
 */
export function frameOnRail(along, frames) {
  return Math.min(Math.max(Math.floor(along * frames), 0), frames - 1);
}

/**
 * Whole steps of a wheel: a mouse sends about 100 a notch, a touch pad many small parts, which add up.
 * @param {number} rest what is left of earlier parts
 * @param {{deltaY: number, deltaMode: number}} event
 * @returns {{steps: number, rest: number}}
 */
export function wheelSteps(rest, event) {
  const delta = event.deltaMode === 1 ? event.deltaY * 33.4 : event.deltaMode === 2 ? event.deltaY * 100 : event.deltaY;
  const total = Math.sign(rest) === -Math.sign(delta) ? delta : rest + delta;
  const big = Math.abs(delta) >= 50;
  const steps = big ? Math.sign(delta) * Math.max(1, Math.round(Math.abs(delta) / 100)) : Math.trunc(total / 30) || 0;
  return { steps, rest: big ? 0 : total - steps * 30 };
}
