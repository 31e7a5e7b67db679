"""MP4: H.264 by way of PyAV, which the extra `video` installs."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, MissingDependencyError

#: Ticks a second: what MPEG counts in. Each frame has its own time, so that uneven ones stay uneven.
_CLOCK = 90_000
_ENCODER = "libx264"
#: Constant rate factor; below 18 the loss is not seen. One thread, since the encoder's result depends on their number.
_OPTIONS = {"crf": "17", "preset": "medium", "threads": "1"}
#: The index goes before the frames, so that playing begins before all is loaded; nothing tells the time of writing.
_CONTAINER = {"movflags": "+faststart", "fflags": "+bitexact"}
_SIDE = 16_384


def check_video() -> None:
    """Make sure that video can be written.

    Raises
    ------
    MissingDependencyError
        PyAV is not installed, or has no encoder for H.264.
    """
    try:
        import av
    except ImportError:
        raise MissingDependencyError('writing MP4 needs PyAV: pip install "hounsfield[video]"') from None
    if _ENCODER not in av.codecs_available:
        raise MissingDependencyError(
            f"this installation of PyAV has no {_ENCODER}: pip install --force-reinstall --only-binary av av"
        )


def write_mp4(path: Path, frames: Iterable[NDArray[np.uint8]], durations: list[float]) -> None:
    """Write frames one by one as H.264 (yuv420p), which every player knows.

    Parameters
    ----------
    path
        Where to.
    frames
        Each (row, column) or (row, column, 3), all of one size; an odd side gets its last row or column twice.
    durations
        Of each frame, in milliseconds.

    Raises
    ------
    MissingDependencyError
        See `check_video`.
    FormatError
        The encoder does not take frames of this size.
    """
    check_video()
    import av

    ends = np.rint(np.cumsum([0.0, *durations]) * (_CLOCK / 1000)).astype(int).tolist()
    rate = Fraction(1000 * len(durations) / sum(durations)).limit_denominator(1001)
    with av.open(str(path), "w", format="mp4", container_options=_CONTAINER) as container:
        stream: Any = None
        for index, frame in enumerate(frames):
            even = even_sides(frame)
            stream = stream or _stream(container, even.shape[1], even.shape[0], rate)
            picture = _picture(even)
            picture.pts, picture.time_base = ends[index], Fraction(1, _CLOCK)
            picture.duration = ends[index + 1] - ends[index]
            container.mux(stream.encode(picture))
        if stream is not None:
            container.mux(stream.encode())


def even_sides(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the frame with its last row or column once more where their number is odd: colour needs pairs."""
    odd = [(0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)][: frame.ndim]
    return np.pad(frame, odd, mode="edge") if frame.shape[0] % 2 or frame.shape[1] % 2 else frame


def _stream(container: Any, width: int, height: int, rate: Fraction) -> Any:
    from av.video.reformatter import ColorRange, Colorspace

    if max(width, height) > _SIDE:
        raise FormatError(f"H.264 has at most {_SIDE} rows and columns, not {height} x {width}")
    stream = container.add_stream(_ENCODER, rate=rate, options=_OPTIONS)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, _CLOCK)
    context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
    context.color_primaries = context.color_trc = 1  # BT.709 too (ISO/IEC 23091-2, tables 2 and 3)
    return stream


def _picture(frame: NDArray[np.uint8]) -> Any:
    import av
    from av.video.reformatter import ColorRange, Colorspace

    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="gray" if frame.ndim == 2 else "rgb24")
    return picture.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
