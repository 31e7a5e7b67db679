"""Checks a JPEG 2000 codestream's marker segments before a decoder sees them (ISO/IEC 15444-1 annex A, 15444-15).

The decoders trust what the segments say of one another: OpenJPH ends the process over a quantisation that lacks a
subband, and all of them fill in what is missing without a word. The check reads the headers only, and keeps what it
found of a main header: the frames of a file share theirs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from hounsfield.pixels.codestreams import jpeg2000_start

_CAP, _SIZ, _COD, _COC, _QCD, _QCC, _SOT, _SOD = 0x50, 0x51, 0x52, 0x53, 0x5C, 0x5D, 0x90, 0x93
#: Segments that a header may hold besides those: of parts 1, 2 and 15. All have a length.
_OTHERS = frozenset((*range(0x54, 0x5C), *range(0x5E, 0x65), *range(0x70, 0x7A)))
_MAIN = _OTHERS | {_CAP, _SIZ, _COD, _COC, _QCD, _QCC}
_TILE = _OTHERS | {_COD, _COC, _QCD, _QCC}
#: The capabilities of high-throughput block coding in SIZ, and of part 2 (15444-15 A.2, 15444-2 A.2).
_HIGH, _PART_2 = 0x4000, 0x8000
#: OpenJPH keeps a coefficient in 32 bits: of the lossy path it shifts by what is left of them.
_MOST_BITS_HIGH, _MOST_BITS = 30, 37
#: Longer runs of zeros are no coded data: of the arithmetic coder; of raw bits, that is of code-blocks in bypass mode
#: and of high throughput, where flat areas may give some. Tiles of many empty packets, a zero byte each, have more.
_ZEROS, _ZEROS_BYPASS = 64, 8192


def check_jpeg2000(data: bytes, *, high: bool = False) -> None:
    """Raise ValueError where marker segments contradict the standard or one another, or the codestream is not whole.

    `high` asks for high-throughput block coding, which the other decoder takes too.
    """
    start = jpeg2000_start(data)
    if start is None:
        raise ValueError("holds no codestream")
    first = next((at for code, at, _ in _segments(data, start + 2, len(data), _MAIN, _SOT) if code == _SOT), len(data))
    main = _main_header(data[start:first])
    if high and not main.high:
        raise ValueError("the codestream has no high-throughput coding")
    _check_tile_parts(data, first, main)


#: Style, guard bits, and the exponent of each subband.
_Quantisation = tuple[int, int, tuple[int, ...]]


@dataclass
class _Coding:
    """The coding of components by COD, COC, QCD and QCC; component -1 stands for all others."""

    levels: dict[int, tuple[int, bool]] = field(default_factory=dict[int, tuple[int, bool]])
    steps: dict[int, tuple[int, int, tuple[int, ...]]] = field(
        default_factory=dict[int, tuple[int, int, tuple[int, ...]]]
    )
    #: The longest run of zeros that there may be.
    zeros: int = _ZEROS

    def check(self, components: int, high: bool) -> None:
        """Compare the subbands of every component with the quantisation that it has."""
        for component in range(components):
            levels, reversible = self.levels.get(component, self.levels[-1])
            style, guard, exponents = self.steps.get(component, self.steps[-1])
            if style != 1 and len(exponents) < 3 * levels + 1:
                raise ValueError(f"quantisation for {len(exponents)} subbands; there are {3 * levels + 1}")
            if high and reversible != (style == 0):
                raise ValueError("the quantisation does not fit the wavelet")
            most = _MOST_BITS_HIGH if high and not reversible else _MOST_BITS
            if guard + max(exponents) - 1 > most:
                raise ValueError(f"coefficients of {guard + max(exponents) - 1} bits are more than any coder writes")


@dataclass(frozen=True)
class _Main:
    """The parts of the main header that tile-parts are checked against."""

    components: int
    tiles: int
    high: bool
    part_2: bool
    tile: tuple[int, int]
    coding: _Coding


def _segments(
    data: bytes, position: int, end: int, allowed: frozenset[int], last: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (code, position of the length, length) of marker segments; the marker `last` comes with length 0."""
    while True:
        if position + 4 > end:
            if position + 2 <= end and data[position] == 0xFF and data[position + 1] == last:
                yield last, position, 0
                return
            raise ValueError("the codestream ends inside its header")
        code = data[position + 1]
        if data[position] == 0xFF and code == last:
            yield code, position, 0
            return
        if data[position] != 0xFF or code not in allowed:
            raise ValueError(f"{data[position]:02x}{code:02x} is not a marker of a header")
        length = data[position + 2] << 8 | data[position + 3]
        if length < 2 or position + 2 + length > end:
            raise ValueError(f"the marker segment FF{code:02X} has a length of {length}")
        yield code, position + 2, length
        position += 2 + length


@lru_cache(maxsize=32)
def _main_header(header: bytes) -> _Main:
    """Check a main header, which begins with SOC and ends before the first tile-part."""
    segments = list(_segments(header + b"\xff\x90", 2, len(header) + 2, _MAIN, _SOT))
    codes = [code for code, _, _ in segments]
    if codes[0] != _SIZ or any(codes.count(code) != 1 for code in (_SIZ, _COD, _QCD)) or codes.count(_CAP) > 1:
        raise ValueError("the main header lacks one of SIZ, COD and QCD, or has it twice")
    high = any(_is_high(header[at : at + length]) for code, at, length in segments if code == _CAP)
    main = _size(header, segments[0][1], segments[0][2], high)
    _take_coding(header, segments, main, main.coding)
    return main


def _size(header: bytes, at: int, length: int, high: bool) -> _Main:
    """Check SIZ (A.5.1)."""
    if length < 41:
        raise ValueError("the marker segment SIZ is too short")
    capabilities, x1, y1, x0, y0, across, down, tx, ty, components = struct.unpack_from(">H8LH", header, at + 2)
    if length != 38 + 3 * components or not 1 <= components <= 16384:
        raise ValueError(f"the marker segment SIZ has a length of {length} for {components} components")
    if not (x0 < x1 and y0 < y1 and across and down):
        raise ValueError("the picture or its tiles have no size")
    if tx > x0 or ty > y0 or tx + across <= x0 or ty + down <= y0:
        raise ValueError("the first tile does not contain the first pixel")
    for n in range(at + 38, at + length, 3):
        if (header[n] & 0x7F) > 37 or not (header[n + 1] and header[n + 2]):
            raise ValueError("a component has more than 38 bits, or no step between samples")
    tiles = -(-(x1 - tx) // across) * -(-(y1 - ty) // down)
    if tiles > 65535:
        raise ValueError(f"{tiles} tiles are more than the standard allows")
    high, part_2 = high and bool(capabilities & _HIGH), bool(capabilities & _PART_2)
    tile = (min(across, x1 - tx), min(down, y1 - ty))
    return _Main(components, tiles, high, part_2 and not high, tile, _Coding())


def _is_high(segment: bytes) -> bool:
    """Check CAP, which has a word for each part of the standard (A.5.2); whether part 15 is one of them."""
    parts = int.from_bytes(segment[2:6], "big")
    if len(segment) != 6 + 2 * parts.bit_count():
        raise ValueError("the marker segment CAP contradicts itself")
    return bool(parts & 0x20000)


def _take_coding(data: bytes, segments: list[tuple[int, int, int]], main: _Main, coding: _Coding) -> None:
    """Check COD, COC, QCD and QCC, and note what they say; those of part 2 say more than is known here."""
    if main.part_2:
        return
    wide = 2 if main.components > 256 else 1
    for code, at, length in segments:
        segment = data[at : at + length]
        component, skip = -1, 2
        if code in (_COC, _QCC):
            component, skip = int.from_bytes(segment[2 : 2 + wide], "big"), 2 + wide
            if len(segment) <= skip or component >= main.components:
                raise ValueError(f"the marker segment FF{code:02X} is for a component that does not exist")
        if code == _COD:
            _take_style(segment, main, coding)
        elif code == _COC:
            _take_levels(segment[skip], segment[skip + 1 :], component, main, coding)
        elif code in (_QCD, _QCC):
            coding.steps[component] = _steps(segment[skip:])
    coding.check(main.components, main.high)


def _take_style(segment: bytes, main: _Main, coding: _Coding) -> None:
    """Check COD (A.6.1), and count the packets that a tile may have."""
    if len(segment) < 12:
        raise ValueError("the marker segment COD is too short")
    style, order, layers, transform = struct.unpack_from(">BBHB", segment, 2)
    if style > 7 or order > 4 or not layers or transform > 1 or (transform and main.components < 3):
        raise ValueError("the marker segment COD holds values that the standard does not define")
    sizes = _take_levels(style, segment[7:], -1, main, coding)
    resolutions = len(sizes)
    sides = [
        [(side >> (resolutions - 1 - r)) // 2 ** ((size >> 4 * n) & 15) + 2 for r, size in enumerate(sizes)]
        for n, side in enumerate(main.tile)
    ]
    packets = layers * main.components * sum(a * b for a, b in zip(*sides, strict=True))
    coding.zeros = max(coding.zeros, packets)


def _take_levels(style: int, segment: bytes, component: int, main: _Main, coding: _Coding) -> bytes:
    """Check what COD and COC have in common: levels, code-blocks, wavelet, precincts; return the precincts' sizes."""
    if len(segment) < 5:
        raise ValueError("a marker segment of the coding style is too short")
    levels, x, y, blocks, wavelet = segment[:5]
    precincts = segment[5:]
    if levels > 32 or len(precincts) != (levels + 1 if style & 1 else 0):
        raise ValueError(f"{levels} decompositions, but the sizes of {len(precincts)} precincts")
    if x > 8 or y > 8 or x + y > 8 or wavelet > 1:
        raise ValueError("the size of code-blocks or the wavelet is not one of the standard")
    if (blocks & 0xC0) not in ((0x40, 0xC0) if main.high else (0,)):
        raise ValueError("the coding of the code-blocks contradicts SIZ")
    if any(not size & 15 or not size >> 4 for size in precincts[1:]):
        raise ValueError("precincts have no size")
    coding.levels[component] = levels, wavelet == 1
    if main.high:  # the lowest resolution of a flat area may be zeros in all its bits
        coding.zeros = max(coding.zeros, _ZEROS + 4 * (main.tile[0] >> levels) * (main.tile[1] >> levels))
    elif blocks & 1:
        coding.zeros = max(coding.zeros, _ZEROS_BYPASS)
    return precincts or b"\xff" * (levels + 1)


def _steps(segment: bytes) -> _Quantisation:
    """Check QCD or QCC (A.6.4): style, guard bits, and the exponent of each subband."""
    if not segment:
        raise ValueError("a marker segment of the quantisation is too short")
    style, guard, sizes = segment[0] & 31, segment[0] >> 5, segment[1:]
    if style == 0:
        exponents = tuple(size >> 3 for size in sizes)
    elif style in (1, 2) and len(sizes) % 2 == 0:
        exponents = tuple(size >> 3 for size in sizes[::2])
    else:
        exponents = ()
    if not exponents or len(exponents) > 97 or (style == 1 and len(exponents) != 1):
        raise ValueError("a marker segment of the quantisation has another length than its style needs")
    return style, guard, exponents


def _check_tile_parts(data: bytes, position: int, main: _Main) -> None:
    """Follow the tile-parts to the end of the codestream (A.4.2)."""
    seen, first, length = set[int](), position, 0
    while data[position : position + 2] == b"\xff\x90":
        if position + 14 > len(data):
            raise ValueError("the codestream ends inside a tile-part")
        segment, tile, length, part, parts = struct.unpack_from(">HHLBB", data, position + 2)
        if segment != 10 or tile >= main.tiles or 0 < length < 14 or (main.high and 0 < parts <= part):
            raise ValueError("the header of a tile-part contradicts the main header or itself")
        if position + length > len(data):
            raise ValueError(f"the codestream ends {position + length - len(data)} bytes inside a tile-part")
        seen.add(tile)
        end = position + length if length else len(data)
        if data[position + 12] != 0xFF or data[position + 13] != _SOD:
            _check_tile_header(data, position + 12, end, main)
        position = end
    if length == 0:  # the last tile-part goes on to the end
        position = max(len(data.rstrip(b"\0")) - 2, first)
    _check_end(data, position, needed=length == 0)
    if len(seen) < main.tiles:
        raise ValueError(f"the codestream holds {len(seen)} of {main.tiles} tiles")
    at = -1 if main.part_2 else data.find(bytes(main.coding.zeros + 1), first, position)
    if at >= 0:
        raise ValueError(f"the codestream holds nothing but zeros from byte {at} on")


def _check_tile_header(data: bytes, position: int, end: int, main: _Main) -> None:
    """Check the header of a tile-part that has marker segments of its own."""
    segments = list(_segments(data, position, end, _TILE, _SOD))
    if any(code in (_COD, _COC, _QCD, _QCC) for code, _, _ in segments):
        own = _Coding(dict(main.coding.levels), dict(main.coding.steps))
        _take_coding(data, segments, main, own)


def _check_end(data: bytes, position: int, *, needed: bool) -> None:
    """Check what stands behind the last tile-part: the last marker, unless the codestream just ends there."""
    rest = data[position:]
    if rest[:2] == b"\xff\xd9" or (len(rest.strip(b"\0")) == 0 and len(rest) <= 1 and not needed):
        return
    if not rest.strip(b"\0"):
        raise ValueError("the codestream ends in zeros, without its last marker")
    if not data.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise ValueError("the codestream ends without its last marker")
