"""Codestreams with one byte of their headers changed, decoded in this process: `python header_mutants.py CODEC STEP PLACE`.

Every byte of the headers of 20 codestreams takes all other values, or every STEP-th. What is decoded next is written to
the file PLACE, so that whoever started this can tell which mutant ended it. At the end follows a line with the outcomes.
"""

from __future__ import annotations

import json
import mmap
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np

import hounsfield as hu
from hounsfield.pixels.codecs import CODECS
from hounsfield.pixels.encapsulated import decode_frame
from hounsfield.pixels.layout import Layout

SIZES = [(24, 32), (16, 16), (33, 17), (8, 40), (1, 9), (64, 64), (7, 3)]
STREAMS = 20


def picture(number: int, deep: int) -> np.ndarray:
    """Grey of 8 or `deep` bits, or colour: a ramp with noise."""
    rows, columns = SIZES[number % len(SIZES)]
    draw = np.random.default_rng(number)
    if number % 3 == 2:
        return draw.integers(0, 256, (rows, columns, 3), np.uint8)
    bits = deep if number % 3 else 8
    ramp = np.add.outer(np.arange(rows), np.arange(columns)) * 2**bits // 128
    return ((ramp + draw.integers(0, 2**bits // 16, ramp.shape)) % 2**bits).astype(np.uint8 if bits == 8 else np.uint16)


def _jpeg2000(pixels: np.ndarray, number: int) -> bytes:
    form = "jp2" if number % 4 == 3 else "j2k"
    return imagecodecs.jpeg2k_encode(pixels, codecformat=form, reversible=bool(number % 2), level=number % 2 and 30)


def _jpeg(pixels: np.ndarray, number: int) -> bytes:
    return imagecodecs.jpeg8_encode(pixels, bitspersample=_bits(pixels, 12), optimize=bool(number % 2))


def _bits(pixels: np.ndarray, deep: int) -> int | None:
    return deep if pixels.dtype == np.uint16 else None


#: Transfer syntax, bits of the deeper pictures, encoder, and the marker that ends the headers.
CODERS: dict[str, tuple[str, int, Callable[[np.ndarray, int], bytes], bytes]] = {
    "htj2k": ("4.203", 16, lambda a, n: imagecodecs.htj2k_encode(a, reversible=bool(n % 2)), b"\xff\x93"),
    "j2k": ("4.91", 16, _jpeg2000, b"\xff\x93"),
    "jpeg": ("4.51", 12, _jpeg, b"\xff\xda"),
    "lossless": (
        "4.70",
        16,
        lambda a, n: imagecodecs.jpeg8_encode(a, lossless=True, bitspersample=_bits(a, 16)),
        b"\xff\xda",
    ),
    "jpeg-ls": ("4.80", 16, lambda a, n: imagecodecs.jpegls_encode(a, level=n % 3), b"\xff\xda"),
    "jpeg xl": (
        "4.112",
        16,
        lambda a, n: imagecodecs.jpegxl_encode(a, lossless=bool(n % 2), usecontainer=n % 4 == 1),
        b"",
    ),
}


def streams(codec: str) -> list[tuple[bytes, Layout, int]]:
    """Codestreams with their layouts, and how many bytes their headers have."""
    _, deep, encode, marker = CODERS[codec]
    found = []
    for number in range(STREAMS):
        pixels = picture(number, deep)
        samples = 3 if pixels.ndim == 3 else 1
        bits = pixels.dtype.itemsize * 8
        stored = deep if bits == 16 else 8
        space = "RGB" if samples == 3 else "MONOCHROME2"
        layout = Layout(*pixels.shape[:2], 1, samples, space, 0, bits, stored, stored - 1, False)
        stream = bytes(encode(pixels, number))
        found.append((stream, layout, stream.index(marker) + 12 if marker else min(len(stream), 100)))
    return found


def mutants(codec: str, step: int) -> Iterator[tuple[bytes, Layout]]:
    for stream, layout, header in streams(codec):
        for position in range(min(header, len(stream))):
            for change in range(1 + position % step, 256, step):
                mutant = bytearray(stream)
                mutant[position] ^= change
                yield bytes(mutant), layout


def main(codec: str, step: int, place: str) -> None:
    sys.unraisablehook = lambda report: None
    decoder, told = CODECS[f"1.2.840.10008.1.2.{CODERS[codec][0]}"], Counter[str]()
    Path(place).write_bytes(bytes(8))
    with open(place, "r+b") as file, mmap.mmap(file.fileno(), 8) as counter:
        for number, (mutant, layout) in enumerate(mutants(codec, step)):
            struct.pack_into("<q", counter, 0, number)
            try:
                decode_frame(mutant, 0, decoder, layout, "made")
                told["read"] += 1
            except hu.HounsfieldError:
                told["typed"] += 1
            except Exception as error:
                told[f"{number}: {type(error).__name__}"] += 1
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
