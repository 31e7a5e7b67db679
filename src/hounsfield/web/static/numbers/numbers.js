// Numbers as people read them: values, millimetres, scale bars. Knows numbers only.

/**
 * A value with as many digits as it needs, never more than five that count.
 * @param {number} value
 */
export function shortNumber(value) {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return minus(String(value));
  const size = Math.abs(value);
  const text = size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(5))) : value.toPrecision(5);
  return minus(text);
}

/**
 * @param {number} value
 * @param {number} digits
 */
export function fixed(value, digits) {
  const text = value.toFixed(digits);
  return minus(Number(text) === 0 ? text.replace("-", "") : text);
}

/** @param {string} text */
function minus(text) {
  return text.replace(/^-/, "\u2212");
}

/**
 * The longest round length that fits: 1, 2 or 5 times a power of ten.
 * @param {number} millimetres of one pixel of the canvas
 * @param {number} pixels at most
 * @returns {{mm: number, pixels: number, label: string}|null}
 */
export function scaleBar(millimetres, pixels) {
  const most = millimetres * pixels;
  if (!(most > 0) || !Number.isFinite(most)) return null;
  const power = 10 ** Math.floor(Math.log10(most) + 1e-9);
  const step = [5, 2, 1].find((s) => s * power <= most * (1 + 1e-9)) ?? 1;
  const mm = step * power;
  const label =
    mm >= 10
      ? `${mm / 10} cm`
      : mm >= 0.1
        ? `${Number(mm.toPrecision(1))} mm`
        : `${Number((mm * 1000).toPrecision(1))} µm`;
  return { mm, pixels: mm / millimetres, label };
}

/**
 * A DICOM date as ISO 8601 writes it; anything else as it is.
 * @param {string} text
 */
export function readableDate(text) {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(text ?? "");
  return match ? `${match[1]}-${match[2]}-${match[3]}` : (text ?? "");
}
