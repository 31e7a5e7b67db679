"""Which fragments belong to which frame (PS3.5 A.4, PS3.3 C.7.6.3.1.8)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hounsfield.errors import DecodeError
from hounsfield.headers.fragments import Fragments
from hounsfield.pixels.codestreams import begins_codestream
from hounsfield.sources.source import Extent
from hounsfield.steps import Step

Place = tuple[int, int]
#: (offset, length) of each fragment of a frame.
Places = tuple[Place, ...]


@dataclass(frozen=True)
class EncapsulatedData:
    """The value of an encapsulated pixel data element.

    `extended` is the Extended Offset Table with its lengths, where the file has both.
    """

    data: Extent
    fragments: Fragments
    extended: tuple[bytes, bytes] | None = None


def group_fragments(pixels: EncapsulatedData, frames: int, name: str) -> tuple[list[Places], list[Step]]:
    """Return the fragments of each frame that is there, at most `frames`, and what had to be assumed.

    Parameters
    ----------
    pixels
        The fragments with the offset tables.
    frames
        Number of Frames.
    name
        The file's name, for errors.

    Raises
    ------
    DecodeError
        There is no fragment, or nothing tells where frames begin.
    """
    fragments, steps = pixels.fragments, list[Step]()
    if fragments.damage:
        steps.append(_assumed(fragments.damage))
    places = fragments.places
    if not places:
        raise DecodeError("the pixel data holds no fragments", source=name, attribute="PixelData")
    starts = _table_starts(pixels, frames, steps)
    if starts is None:
        starts = _codestream_starts(pixels, frames, name)
    bounds = [*starts, len(places)]
    groups = [places[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]
    if len(groups) > frames:
        steps.append(_assumed(f"{_counts(len(groups), frames)}: the rest is ignored"))
    elif len(groups) < frames:
        detail = f"{_counts(len(groups), frames)}: those present are read"
        steps.append(Step("missing", detail, "assumed", "PS3.5 A.4"))
    return groups[:frames], steps


def _counts(there: int, declared: int) -> str:
    return f"the pixel data holds {there} frames, NumberOfFrames is {declared}"


def _assumed(detail: str) -> Step:
    return Step("frames", detail, "assumed", "PS3.5 A.4")


def _table_starts(pixels: EncapsulatedData, frames: int, steps: list[Step]) -> list[int] | None:
    """Numbers of the fragments at which frames begin, by an offset table; None where there is none that fits."""
    table, width, which = pixels.fragments.table, 4, "basic"
    if pixels.extended is not None:
        table, width, which = pixels.extended[0], 8, "extended"
    if not table:
        return None
    numbers = struct.unpack(f"<{len(table) // width}{'Q' if width == 8 else 'L'}", table[: len(table) // width * width])
    first = pixels.fragments.places[0][0] - 8
    number_at = {offset - 8 - first: number for number, (offset, _) in enumerate(pixels.fragments.places)}
    # Offsets beyond the end belong to frames that were cut off; 64-bit tables may be padded with zeros.
    end = pixels.fragments.end - first
    inside = [number for number in numbers if number < end]
    if len(inside) > frames:
        inside = [*inside[:1], *(number for number in inside[1:] if number)]
    starts = [number_at.get(offset, -1) for offset in inside]
    if starts and starts[0] == 0 and all(a < b for a, b in zip(starts, starts[1:], strict=False)):
        return starts
    steps.append(_assumed(f"the {which} offset table does not point to fragments; it is not used"))
    return None


def _codestream_starts(pixels: EncapsulatedData, frames: int, name: str) -> list[int] | range:
    """The same without a table: by number where that is clear, else by the beginnings of codestreams."""
    places = pixels.fragments.places
    if len(places) == frames:
        return range(frames)
    starts = [n for n, (at, _) in enumerate(places) if begins_codestream(bytes(pixels.data.take(at, 68)))]
    if starts and starts[0] == 0 and (frames == 1 or len(starts) > 1):
        return starts
    if frames == 1:
        return [0]
    if len(places) < frames:
        return range(len(places))
    raise DecodeError(
        f"where the {frames} frames begin in {len(places)} fragments is not known",
        source=name,
        attribute="NumberOfFrames",
    )
