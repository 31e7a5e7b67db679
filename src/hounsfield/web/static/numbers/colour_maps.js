// Colour maps: 256 colours each, from few stops between which colours change evenly. Knows numbers only.

// Each stop is index, red, green, blue in hexadecimal. Hot iron and PET are exactly those of PS3.6 B.1; viridis, magma and
// inferno are by Smith and van der Walt, cividis by Nuñez, Anderton and Renslow; within two levels of matplotlib's.
/** @type {Record<string, string>} */
const STOPS = {
  grey: "00000000 ffffffff",
  "hot iron": "00000000 7ffe0000 80ff0000 bfff7e00 fefffcfc ffffffff",
  PET: "00000000 01000201 3e007d7b 3f00807d 40017e7f 5f3f40bd 61433dc1 746817e7 7f7e01fd 808000ff 828404f8 a9d1525c c0ff8000 e9ffd2a5 ebffd6ae fefffcfa ffffffff",
  viridis:
    "00440154 14481d6f 2346307e 3a3e4c8a 5e2d718e 841f948c 931fa287 a22ab07f b344bf70 c66ccd5a dfaadc32 edd0e11c f4e2e418 fdf8e621 fffde725",
  cividis:
    "0000224e 14003070 17013271 1c123570 27263d6e 3c3f4c6c 6162656f 86828079 aba69c74 ccc8b866 e5e4ce53 f6f7de3e fbfde334 fffee838",
  magma:
    "00000004 0703030f 140e0b2b 25241253 3036106b 3a471078 4b621980 68902a81 83bc3978 97db476a a8ef5d5e b6f8765c c4fc9065 d8feb67c f4fde9aa fffcfdbf",
  inferno:
    "00000004 07030210 16120a32 23260c51 2d380962 3a4d0d6c 51721a6e 69982766 80bc3754 97da4e3c acef6c23 c1fa9008 c7fb9b06 cefca80d d9fbbe23 e5f6d543 eef2e661 f6f2f482 fefafda1 fffcffa4",
};

export const COLOUR_MAPS = Object.keys(STOPS);

/** @type {Map<string, Uint32Array>} */
const made = new Map();

/**
 * 256 colours as a canvas holds them in a Uint32Array (opaque).
 * @param {string} name
 * @returns {Uint32Array}
 */
export function colours(name) {
  const known = made.get(name);
  if (known) return known;
  const out = new Uint32Array(256);
  const stops = (STOPS[name] ?? STOPS.grey)
    .split(" ")
    .map((stop) => [0, 2, 4, 6].map((i) => Number.parseInt(stop.slice(i, i + 2), 16)));
  for (let s = 0; s + 1 < stops.length; s++) {
    const [from, to] = [stops[s], stops[s + 1]];
    for (let i = from[0]; i <= to[0]; i++) {
      const share = (i - from[0]) / (to[0] - from[0]);
      const [r, g, b] = [1, 2, 3].map((k) => Math.round(from[k] + share * (to[k] - from[k])));
      out[i] = (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
    }
  }
  made.set(name, out);
  return out;
}
