"""Mutants of small encapsulated files, read in a process of their own: `python mutants.py FIRST COUNT`.

Each mutant follows from its number. The number is printed before the mutant is read, so that the last one printed is
the one that ended the process or did not come back. At the end follows a line with what the mutants were.
"""

from __future__ import annotations

import base64
import io
import json
import random
import re
import struct
import sys
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import RLELossless

import hounsfield as hu

from made import dataset, encoded, to_bytes

MIB = 2**20
#: Seconds that one mutant may take on a machine that has other things to do.
SECONDS = 30.0
REAL = """SC_rgb_small_odd_jpeg SC_rgb_dcmtk_+eb+cy+s2 SC_rgb_jpeg_app14_dcmd SC_jpeg_no_color_transform
    JPEG-lossy SC_rgb_jpeg_gdcm MR_small_jpeg_ls_lossless SC_rgb_jls_lossy_line SC_rgb_jls_lossy_sample
    JPEGLSNearLossless_08 JPEGLSNearLossless_16 MR_small_jp2klossless SC_rgb_gdcm_KY JPEG2000 693_J2KI SC_rgb_rle
    rtdose_rle_1frame SC_rgb_rle_16bit_2frame SC_rgb_rle_32bit MR_small_RLE rtdose_rle""".split()
DRAW = np.random.default_rng(8)
GREY = (np.add.outer(np.arange(24), np.arange(32)) * 40 + DRAW.integers(0, 64, (24, 32))).astype(np.uint16)
BYTES = (GREY >> 4).astype(np.uint8)
COLOUR = np.stack([BYTES, BYTES[::-1], BYTES[:, ::-1]], axis=-1)
UID = "1.2.840.10008.1.2.{}".format


def grey(streams: list[bytes], syntax: str, pixels: np.ndarray = GREY, **attributes: object) -> bytes:
    bits = {"BitsStored": 12, "HighBit": 11} if pixels.dtype == np.uint16 else {}
    rescale = {"RescaleSlope": 1, "RescaleIntercept": -1024, "PixelPaddingValue": 0}
    return encoded(pixels, streams, UID(syntax), **{**bits, **rescale, "NumberOfFrames": len(streams), **attributes})


def colour(stream: bytes, syntax: str, photometric: str = "RGB") -> bytes:
    more = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "PhotometricInterpretation": photometric}
    return encoded(COLOUR, [stream], UID(syntax), **more)


def with_tables(*, extended: bool) -> bytes:
    """Three frames of JPEG-LS with an offset table; with a basic one, a frame in several fragments."""
    streams = [bytes(imagecodecs.jpegls_encode(np.roll(GREY, 5 * n, axis=1))) for n in range(3)]
    made = dataset(np.stack([GREY] * 3))
    made.file_meta.TransferSyntaxUID = UID("4.80")
    if extended:
        made.PixelData, made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = encapsulate_extended(streams)
    else:
        made.PixelData = encapsulate(streams, fragments_per_frame=2)
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    return to_bytes(made)


def rle(pixels: np.ndarray) -> bytes:
    made = dataset(pixels)
    made.compress(RLELossless, pixels, generate_instance_uid=False)
    return to_bytes(made)


def deflated(pixels: np.ndarray) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(pixels.tobytes()) + deflate.flush()


def by_pillow(pixels: np.ndarray, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


#: Four pictures of 32 x 48, encoded once (see hevc.py).
HEVC = base64.b64decode("""
    AAAAAUABDAH//wFgAAADAJAAAAMAAAMAHpWYCQAAAAFCAQEBYAAAAwCQAAADAAADAB6gYghZZWa5MrmgIAAAAwAgAAADAyEAAAABRAHBc9CJAAAB
    KAGvHYBrjOB5hr7itSBFO+hNwL2e7j+lFP05BQqzsWM6OsFpNWEc/poK57F37K6qslBFuAAAAAECAdAJfhDGO5Oj5jVVDoC8ca3kCJHhP2HVFazI
    pBtEAy/gAAAAAQIB0BnX9RDBjkD+cXf9RuGGBiKmo1dwSQuCAAAAAQAB4Ea/9RhRM2CLLcA=
""")


def video(codec: str, container: str) -> bytes:
    import av

    pictures = io.BytesIO()
    with av.open(pictures, "w", format=container) as out:
        stream = out.add_stream(codec, rate=25, options={"threads": "1"})
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        for number in range(4):
            shades = np.roll(np.tile(BYTES[:, :, None], (2, 2, 3))[:32, :48], 7 * number, axis=1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(shades), format="rgb24")))
        out.mux(stream.encode(None))
    return pictures.getvalue()


def of_video(stream: bytes, syntax: str) -> bytes:
    more = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "PhotometricInterpretation": "YBR_PARTIAL_420"}
    pixels = np.zeros((32, 48, 3), np.uint8)
    return encoded(pixels, [stream], UID(syntax), NumberOfFrames=4, **more)


def made_files() -> dict[str, bytes]:
    """One file of every encapsulated transfer syntax that we read, video apart."""
    coder = imagecodecs
    j2k = {"codecformat": "j2k", "level": 0}
    return {
        "jpeg": grey([coder.jpeg8_encode(BYTES)], "4.50", BYTES),
        "jpeg 12": grey([coder.jpeg8_encode(GREY, bitspersample=12)], "4.51"),
        "jpeg 53": grey([coder.jpeg8_encode(BYTES, optimize=True)], "4.53", BYTES),
        "jpeg 55": grey([by_pillow(BYTES, "JPEG", progressive=True)], "4.55", BYTES),
        "jpeg colour": colour(coder.jpeg8_encode(COLOUR), "4.50", "YBR_FULL_422"),
        "jpeg 57": grey([coder.ljpeg_encode(GREY, bitspersample=12)], "4.57"),
        "jpeg 70": grey([coder.jpeg8_encode(BYTES, lossless=True)] * 3, "4.70", BYTES),
        "jpeg-ls": grey([coder.jpegls_encode(GREY)], "4.80"),
        "jpeg-ls near": colour(coder.jpegls_encode(COLOUR, level=2), "4.81"),
        "j2k": grey([coder.jpeg2k_encode(GREY, reversible=True, **j2k)] * 2, "4.90"),
        "j2k lossy": colour(coder.jpeg2k_encode(COLOUR, codecformat="j2k", level=40), "4.91", "YBR_ICT"),
        "jp2 boxes": colour(coder.jpeg2k_encode(COLOUR, codecformat="jp2", level=0, reversible=True), "4.92"),
        "j2k tiles": grey([by_pillow(BYTES, "JPEG2000", no_jp2=True, tile_size=(16, 16))], "4.93", BYTES),
        "jpeg xl": grey([coder.jpegxl_encode(BYTES, lossless=True)], "4.110", BYTES),
        "jpeg xl 16": grey([coder.jpegxl_encode(GREY, lossless=True, usecontainer=True)], "4.110"),
        "jpeg xl jpeg": colour(coder.jpegxl_encode(COLOUR, lossless=False), "4.111"),
        "jpeg xl colour": colour(coder.jpegxl_encode(COLOUR, lossless=True), "4.112"),
        "htj2k": grey([coder.htj2k_encode(GREY, reversible=True)], "4.201"),
        "htj2k colour": colour(coder.htj2k_encode(COLOUR, reversible=True), "4.202"),
        "htj2k lossy": grey([coder.htj2k_encode(GREY)], "4.203"),
        "rle": rle(GREY),
        "rle frames": rle(np.stack([BYTES] * 3)),
        "deflated": grey([deflated(GREY)] * 2, "8.1"),
        "uncompressed": grey([GREY.tobytes()] * 2, "1.98"),
        "basic table": with_tables(extended=False),
        "extended table": with_tables(extended=True),
        "another syntax": grey([coder.jpegls_encode(GREY)], "4.90"),
    }


def video_files() -> dict[str, bytes]:
    return {
        "mpeg-2": of_video(video("mpeg2video", "mpeg"), "4.100"),
        "h.264": of_video(video("libx264", "mp4"), "4.102"),
        "h.264 bare": of_video(video("libx264", "h264"), "4.104"),
        "hevc": of_video(HEVC, "4.107"),
    }


@cache
def seeds() -> list[tuple[str, bytes]]:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    found = {name: (folder / f"{name}.dcm").read_bytes() for name in REAL}
    found.update(made_files())
    if find_spec("av") is not None:
        found.update(video_files())
    return list(found.items())


@dataclass(frozen=True)
class Anatomy:
    """Where things stand in a file: fields by keyword as (position, length), fragments likewise, offset table first."""

    fields: dict[str, tuple[int, int]]
    items: list[tuple[int, int]]


_KEYWORDS = """Rows Columns BitsAllocated BitsStored HighBit SamplesPerPixel PhotometricInterpretation NumberOfFrames
    PlanarConfiguration PixelRepresentation PixelPaddingValue RescaleSlope RescaleIntercept ExtendedOffsetTable
    ExtendedOffsetTableLengths TransferSyntaxUID""".split()


@cache
def anatomy(data: bytes) -> Anatomy:
    fields = dict[str, tuple[int, int]]()
    for keyword in _KEYWORDS:
        tag = pydicom.datadict.tag_for_keyword(keyword)
        at = data.find(struct.pack("<HH", tag >> 16, tag & 0xFFFF) + pydicom.datadict.dictionary_VR(tag)[:2].encode())
        if at > 0 and data[at + 4 : at + 6] == b"OV":
            fields[keyword] = at + 12, int.from_bytes(data[at + 8 : at + 12], "little")
        elif at > 0:
            fields[keyword] = at + 8, int.from_bytes(data[at + 6 : at + 8], "little")
    found = re.search(rb"\xe0\x7f\x10\0O[BW]\0\0\xff{4}", data)
    items, at = list[tuple[int, int]](), found.end() if found else len(data)
    while data[at : at + 4] == b"\xfe\xff\0\xe0":
        items.append((at + 8, int.from_bytes(data[at + 4 : at + 8], "little")))
        at += 8 + items[-1][1]
    return Anatomy(fields, items)


Mutation = Callable[[bytearray, Anatomy, random.Random], None]
SYNTAXES = "4.50 4.51 4.57 4.70 4.80 4.90 4.100 4.102 4.107 4.110 4.201 5 8.1 1.98 1 2".split()
_EDGES = (0, 1, 2, 3, 7, 8, 9, 11, 12, 15, 16, 17, 31, 32, 64, 127, 128, 255, 256, 1023, 4096, 8192, 32767, 65535)


def _anywhere(data: bytearray, where: Anatomy, draw: random.Random) -> int:
    """A position: mostly in the codestreams, and there mostly in their first bytes."""
    chance = draw.random()
    if chance < 0.15 or not where.items:
        return draw.randrange(len(data))
    at, length = draw.choice(where.items[1:] or where.items)
    reach = min(length, 120) if chance < 0.7 else length
    return min(at + draw.randrange(max(reach, 1)), len(data) - 1)


def flip_bit(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    data[_anywhere(data, where, draw)] ^= 1 << draw.randrange(8)


def change_bytes(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    at, count = _anywhere(data, where, draw), draw.choice((1, 1, 1, 2, 4, 16))
    data[at : at + count] = draw.choice((bytes(count), b"\xff" * count, draw.randbytes(count)))[: len(data) - at]


def truncate(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    del data[_anywhere(data, where, draw) :]


def insert(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    at, count = _anywhere(data, where, draw), draw.choice((1, 2, 3, 16, 300))
    data[at:at] = draw.choice((bytes(count), draw.randbytes(count), bytes(data[at : at + count])))


def remove(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    at = _anywhere(data, where, draw)
    del data[at : at + draw.choice((1, 2, 8, 100))]


def swap(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    """Let two pieces change places."""
    count = draw.choice((2, 8, 64))
    one, other = sorted((_anywhere(data, where, draw), _anywhere(data, where, draw)))
    if one + count <= other:
        data[one : one + count], data[other : other + count] = data[other : other + count], data[one : one + count]


def change_field(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    """Give an attribute another value of the same length."""
    keyword = draw.choice(sorted(where.fields))
    at, length = where.fields[keyword]
    if keyword == "PhotometricInterpretation":
        words = "MONOCHROME1 RGB YBR_FULL YBR_FULL_422 YBR_ICT YBR_RCT YBR_PARTIAL_420 PALETTE_COLOR ARGB".split()
        new = draw.choice(words).replace("E_C", "E C").encode()
    elif keyword == "TransferSyntaxUID":
        new = UID(draw.choice(SYNTAXES)).encode().ljust(length, b"\0")
    elif keyword in ("NumberOfFrames", "RescaleSlope", "RescaleIntercept"):
        new = draw.choice((b"0", b"2", b"3", b"-1", b"99", b"9999999", b"1e9", b"nan", b"1.5", b"", b"1\\2", b"x"))
    elif length == 2:
        new = struct.pack("<H", draw.choice(_EDGES))
    else:
        new = draw.randbytes(length)
    data[at : at + length] = new[:length].ljust(length)


def change_item(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    """Give a fragment another length, or the offset table other offsets."""
    if not where.items:
        return
    at, length = draw.choice(where.items)
    old = length
    if draw.random() < 0.4 and where.items[0][1]:  # an offset
        at, length = where.items[0]
        at += 4 + 4 * draw.randrange(length // 4)
        old = int.from_bytes(data[at - 4 : at], "little")
    new = draw.choice((0, 1, 2**31, 2**32 - 1, old + 1, old + 2, old - 2, old * 2, draw.randrange(2**16)))
    data[at - 4 : at] = struct.pack("<L", new % 2**32)


def change_marker(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    """Give a marker of a codestream another code, its segment another length, or the segment other bytes."""
    at, length = draw.choice(where.items[1:] or [(0, len(data))])
    marks = [n for n in range(at, min(at + length, len(data) - 16)) if data[n] == 0xFF and data[n + 1] not in (0, 0xFF)]
    if marks:
        mark = draw.choice(marks)
        place = mark + draw.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
        data[place] = draw.choice((0, 1, 255, 0xC0, 0xC3, 0xF7, 0xD8, 0xD9, 0xDA, 0x90, draw.randrange(256)))


def enlarge(data: bytearray, where: Anatomy, draw: random.Random) -> None:
    """Let header and codestream agree upon another size."""
    if not {"Rows", "Columns"} <= set(where.fields) or max(where.fields.values())[0] >= len(data):
        return
    old = {k: int.from_bytes(data[where.fields[k][0] :][:2], "little") for k in ("Rows", "Columns")}
    side = draw.choice((16, 100, 512, 512, 1000, 2048, 8192 if draw.random() < 0.1 else 1))
    new = {key: draw.choice((side, value)) for key, value in old.items()}
    for form in (">H", ">L"):
        for pair in (("Rows", "Columns"), ("Columns", "Rows")):
            before = b"".join(struct.pack(form, old[key]) for key in pair)
            at = data.find(before, where.items[1][0] if len(where.items) > 1 else 0)
            while at > 0:
                data[at : at + len(before)] = b"".join(struct.pack(form, new[key]) for key in pair)
                at = data.find(before, at + len(before))
    for key, value in new.items():
        data[where.fields[key][0] : where.fields[key][0] + 2] = struct.pack("<H", value)


MUTATIONS: list[Mutation] = [
    flip_bit, flip_bit, change_bytes, change_bytes, truncate, insert, remove, swap, change_field, change_field,
    change_item, change_marker, change_marker, enlarge,
]  # fmt: skip


def mutant(number: int) -> tuple[str, bytes]:
    """The seed's name with what was done to it, and the mutated file."""
    draw = random.Random(number)
    name, seed = seeds()[number % len(seeds())]
    data, done = bytearray(seed), list[str]()
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        change = draw.choice(MUTATIONS)
        # What lengthens or shortens the file comes last: the anatomy is the seed's.
        change(data, anatomy(seed), draw)
        done.append(change.__name__)
        if len(data) != len(seed):
            break
    return f"{name}: {', '.join(done)}", bytes(data)


def declared_bytes(data: bytes) -> int:
    """Bytes of the pixels that the file declares, as pydicom reads it; 0 where it cannot."""
    try:
        header = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True, force=True)
        cells = int(header.Rows) * int(header.Columns) * int(header.get("SamplesPerPixel", 1))
        return cells * int(header.get("NumberOfFrames") or 1) * max(int(header.BitsAllocated) // 8, 1)
    except Exception:
        return 0


def forget_peak() -> int:
    """Let the kernel count the process's largest size anew; its size now in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM")


def outcomes(data: bytes) -> list[str]:
    """What the ways of reading give: ``"read"``, the name of our own error, or the traceback of another."""

    def frames_of() -> None:
        with hu.open_frames(data) as frames:
            frames[len(frames) - 1], frames[0:2]

    found = list[str]()
    for work in (lambda: hu.read(data), lambda: hu.read(data, values="stored"), frames_of):
        try:
            work()
            found.append("read")
        except hu.HounsfieldError as error:
            found.append(type(error).__name__)
        except Exception:
            found.append(traceback.format_exc())
    return found


def main(first: int, count: int) -> None:
    import resource

    warnings.simplefilter("ignore")
    # Far above what is allowed: the machine survives what goes wrong.
    resource.setrlimit(resource.RLIMIT_AS, (8 * 1024 * MIB, 8 * 1024 * MIB))
    seeds()
    told, failures, slowest, largest = Counter[str](), list[str](), 0.0, 0.0
    for number in range(first, first + count):
        what, data = mutant(number)
        print(number, flush=True)
        before, start = forget_peak(), time.process_time()
        for outcome in outcomes(data):
            told[outcome if "\n" not in outcome else "untyped"] += 1
            if "\n" in outcome:
                failures.append(f"mutant {number} ({what}): {outcome}")
        seconds, grown = time.process_time() - start, peak() - before
        slowest, largest = max(slowest, seconds), max(largest, grown / MIB)
        if seconds > SECONDS:
            failures.append(f"mutant {number} ({what}) took {seconds:.1f} s of processor time")
        if grown > 256 * MIB and grown > 4 * declared_bytes(data) + 256 * MIB:
            failures.append(f"mutant {number} ({what}) took {grown / MIB:.0f} MiB for {declared_bytes(data)} bytes")
    print(json.dumps({"told": told, "failures": failures, "slowest": slowest, "largest": largest}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
