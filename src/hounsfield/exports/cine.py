"""GIF, and the times at which frames are shown."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from hounsfield.errors import FormatError, HounsfieldError
from hounsfield.header import whole_number
from hounsfield.headers.frame_times import RATES, read_frame_times
from hounsfield.steps import Step

#: Shown each second where a file says nothing.
DEFAULT_RATE = 10.0
#: Durations in ms outside these bounds are no frame times: a thousand frames a second, one frame a minute.
_SHORTEST, _LONGEST = 1.0, 60_000.0
#: Players show shorter frames of a GIF for a tenth of a second.
_SHORTEST_GIF = 2
_SIDE = 65_535
_REPEAT_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_PALETTE_FLAG = 0x80
_FULL_PALETTE = 7  # 2 ** (7 + 1) colours


def frame_durations(
    header: Mapping[str, Any], frames: int, fps: float | None = None, indices: Sequence[int] | None = None
) -> tuple[list[float], Step]:
    """Return how long each frame is shown, in milliseconds, and the step that says where that is from.

    By `fps`, or from one frame's time to the next by `headers.frame_times`, as `hounsfield.frame_times` gives them.
    Where there are none, or none that a player could follow, `DEFAULT_RATE` frames a second, assumed.

    Parameters
    ----------
    header
        The attributes of the whole file.
    frames
        How many frames are shown.
    fps
        Frames a second that are asked for.
    indices
        0-based frames of the file that are shown; None: all.
    """
    if fps is not None:
        return [1000 / fps] * frames, Step("frame times", f"{fps:g} frames a second, as given")
    declared = _durations(header, frames, indices) if frames > 1 else None
    if declared is not None:
        return declared
    durations = [1000 / DEFAULT_RATE] * frames
    if frames == 1:
        return durations, Step("frame times", "there is one frame", "not done")
    detail = f"the file does not give its frame rate; {DEFAULT_RATE:g} frames a second are shown"
    return durations, Step("frame times", detail, "assumed")


def _durations(
    header: Mapping[str, Any], frames: int, indices: Sequence[int] | None
) -> tuple[list[float], Step] | None:
    """From each frame to the next; nothing follows the last, and it is shown as long as the one before it."""
    declared = whole_number(header.get("NumberOfFrames")) or 1
    total = frames if indices is None else max(*indices, declared - 1) + 1
    try:
        times = read_frame_times(header, total, "")
    except HounsfieldError:  # an impossible time must not keep anyone from seeing the frames
        return None
    if times.milliseconds is None:
        return None
    shown = times.milliseconds if indices is None else times.milliseconds[list(indices)]
    between = np.diff(shown).round(6).tolist()
    if not all(_SHORTEST <= duration <= _LONGEST for duration in between):
        return None
    step = times.steps[-1]
    if times.origin in RATES:  # how fast to show frames is what these say: nothing is assumed
        detail = f"from {times.origin}: {1000 / between[0]:g} frames a second"
        step = Step("frame times", detail, reference="PS3.3 C.7.6.5")
    elif times.origin == "FrameTime":  # nor is it here, whatever Frame Increment Pointer names
        step = Step("frame times", f"from Frame Time: {between[0]:g} ms a frame", reference="PS3.3 C.7.6.5.1")
    return [*between, between[-1]], step


def slice_durations(slices: int, fps: float | None = None) -> tuple[list[float], Step]:
    """Return how long each slice of a volume is shown, in milliseconds, and the step that says so.

    Slices follow each other in space: what a file says of times is not asked, and nothing is assumed.
    """
    if fps is not None:
        return frame_durations({}, slices, fps)
    detail = f"slices have no frame rate; {DEFAULT_RATE:g} a second are shown"
    return [1000 / DEFAULT_RATE] * slices, Step("frame times", detail)


def gif_delays(durations: list[float]) -> tuple[list[int], Step | None]:
    """Return durations in the hundredths of a second that a GIF counts in, and a step where it cannot keep up.

    Rounding is carried on from frame to frame, so that the whole does not become faster or slower.
    """
    ends = [0, *np.rint(np.cumsum(durations) / 10).astype(int).tolist()]
    exact = [after - before for before, after in zip(ends, ends[1:], strict=False)]
    delays = [max(delay, _SHORTEST_GIF) for delay in exact]
    if delays == exact:
        return delays, None
    slower = sum(delays) / max(sum(exact), 1)
    detail = f"a GIF shows each frame for at least 20 ms: it plays {slower:.3g} times slower than the frame rate"
    return delays, Step("frame times", detail, "not done")


def write_gif(path: Path, frames: Iterable[NDArray[np.uint8]], delays: list[int]) -> None:
    """Write frames one by one: every one of them, whole, also where it equals the one before.

    Grey is exact; colours are brought to 256 for each frame by itself.

    Parameters
    ----------
    path
        Where to.
    frames
        Each (row, column) or (row, column, 3), all of one size.
    delays
        Of each frame, in hundredths of a second.

    Raises
    ------
    FormatError
        There are more rows or columns than a GIF can have.
    """
    with open(path, "wb") as file:
        for index, (frame, delay) in enumerate(zip(frames, delays, strict=True)):
            rows, columns = frame.shape[:2]
            if index == 0:
                if max(rows, columns) > _SIDE:
                    raise FormatError(f"a GIF has at most {_SIDE} rows and columns, not {rows} x {columns}")
                file.write(b"GIF89a" + struct.pack("<HHBBB", columns, rows, 0x70, 0, 0) + _REPEAT_FOREVER)
            file.writelines(_frame_blocks(frame, delay))
        file.write(b"\x3b")


def _frame_blocks(frame: NDArray[np.uint8], delay: int) -> Iterator[bytes]:
    """The blocks of one frame: how long, where, its palette, its pixels (GIF89a, 20 to 23)."""
    palette, pixels = _compressed(frame)
    yield b"\x21\xf9\x04" + struct.pack("<BHBB", 0, min(delay, 65_535), 0, 0)
    yield b"\x2c" + struct.pack("<HHHHB", 0, 0, frame.shape[1], frame.shape[0], _PALETTE_FLAG | _FULL_PALETTE)
    yield palette
    yield pixels


def _compressed(frame: NDArray[np.uint8]) -> tuple[bytes, bytes]:
    """Palette (768 bytes) and compressed pixels of a frame, taken out of a GIF of that frame alone by Pillow.

    Pillow's own writing of several frames keeps all of them in memory, and leaves out those that repeat.
    """
    picture = Picture.fromarray(np.ascontiguousarray(frame))
    if frame.ndim == 3:
        picture = picture.quantize(256, Picture.Quantize.MEDIANCUT, dither=Picture.Dither.NONE)
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", optimize=False, interlace=0)
    data = buffer.getvalue()
    flags, at = data[10], 13
    length = 3 * 2 ** ((flags & 7) + 1) if flags & _PALETTE_FLAG else 0
    palette = data[at : at + length]
    at += length
    while data[at] == 0x21:  # extensions: a label, then blocks that each begin with their length, up to an empty one
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    return palette.ljust(768, b"\0"), data[at + 10 : -1]
