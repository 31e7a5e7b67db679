"""`overlays`, `segments`, `regions`, `frame_times`: what a file holds beside the values of its pixels."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache

import numpy as np

from hounsfield.errors import (
    GeometryError,
    InvalidAttributeError,
    LimitExceededError,
    MissingAttributeError,
)
from hounsfield.header import Header, count_of, declared_frames, text_of
from hounsfield.headers.by_tag import overlay_groups
from hounsfield.headers.dataset import Opened, open_header
from hounsfield.headers.frame_times import FrameTimes, read_frame_times
from hounsfield.headers.regions import Region, Regions, read_regions
from hounsfield.headers.spacing import frames_spacing
from hounsfield.image import Image
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.pixels.layout import read_layout
from hounsfield.pixels.opening import pixel_bytes
from hounsfield.reading.read import read
from hounsfield.sources.local import SourceLike, open_source
from hounsfield.sources.source import Source
from hounsfield.steps import Step, say_assumptions
from hounsfield.values.overlays import Cells, Overlay, raw_cells, read_overlay
from hounsfield.values.segments import Code, Segment, read_segments

__all__ = [
    "Code",
    "FrameTimes",
    "Overlay",
    "Region",
    "Regions",
    "Segment",
    "frame_times",
    "overlays",
    "regions",
    "segments",
]

#: Segmentation Storage, Label Map Segmentation Storage (PS3.4 B.5).
_SEGMENTATIONS = {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"}


def overlays(source: SourceLike | Image, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Overlay, ...]:
    """Return the overlay planes of a file (groups 6000, 6002 ...), in the order of their groups.

    Planes with Overlay Data are read without touching the pixels; those of old files, which lie in unused bits
    of the pixel data, are taken out of it.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, ``"-"`` for standard input, or an image that was read.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    tuple of Overlay
        Empty where the file has none. A plane that is declared and has no data is left out, with a warning.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, DecodeError
        A plane is damaged; the message names its group. MissingAttributeError also where a plane lies in unused
        bits of the pixel data and an image was given: its values no longer have those bits.
    SourceError, NotDicomError, UnsupportedTransferSyntaxError, LimitExceededError
        As of `read`.

    Warns
    -----
    AssumptionWarning
        Overlay Data is absent or truncated, or the origin is missing; `Overlay.steps` says the same.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> (overlay,) = hu.overlays(get_testdata_file("examples_overlay.dcm"))
    >>> overlay.type, overlay.origin, overlay.bitmap.shape
    ('G', (1, 1), (300, 484))
    >>> overlay.mask
    Image(300 x 484 mask, axes (row, column), pixel spacing (0.72314, 0.72314) mm patient)
    """
    if isinstance(source, Image):
        return _planes(source.header, _shell(source), _no_cells(source.name), source.name, limits)
    with closing(open_source(source, limits)) as opened_source:
        return overlays_in(opened_source, limits)


def overlays_in(source: Source, limits: Limits) -> tuple[Overlay, ...]:
    """Return the overlay planes of an open source: see `overlays`."""
    opened = open_header(source, limits)

    @cache
    def cells() -> Cells:
        return _cells(source, opened, limits)

    return _planes(opened.header, _image_below(opened, limits), cells, opened.name, limits)


def segments(
    source: SourceLike | Image, *, threshold: float = 0.5, limits: Limits = DEFAULT_LIMITS
) -> tuple[Segment, ...]:
    """Return the segments of a DICOM segmentation (SEG): binary, fractional or label map.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, ``"-"`` for standard input, or a whole image that was read.
    threshold
        The masks of fractional segments select the pixels with a fraction above it, 0 to 1; their fractions stay
        reachable as `Segment.fractions`.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    tuple of Segment
        In the order of Segment Sequence. Empty where the file is not a segmentation; its pixels are not read then.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        The segments are not described, or a frame's segment cannot be known.
    GeometryError
        A single frame of a segmentation was given: what segment it is of depends on its place in the file.
    UnitError
        A label map with a palette was read as colour; read it with ``values="stored"``.
    SourceError, NotDicomError, DecodeError, UnsupportedTransferSyntaxError, LimitExceededError
        As of `read`.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> (segment,) = hu.segments(get_testdata_file("liver_1frame.dcm"))
    >>> segment.label, segment.type.meaning, segment.color, segment.frame_index
    ('Liver', 'Liver', (221, 130, 101), (0,))
    """
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold must be at least 0 and below 1, not {threshold}")
    stored = source if isinstance(source, Image) else _segmentation(source, limits)
    if stored is None or not _describes_segments(stored.header, stored.name):
        return ()
    if stored.frame_index is not None:
        raise GeometryError("one frame is not a whole segmentation", source=stored.name)
    described = read_segments(stored, threshold)
    say_assumptions((step for segment in described for step in segment.steps), stored.name)
    return described


def regions(source: SourceLike | Image, *, limits: Limits = DEFAULT_LIMITS) -> Regions:
    """Return the calibrated regions of an ultrasound image. No pixel is touched.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, ``"-"`` for standard input, or an image that was read.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    Regions
        A tuple of `Region`, in the file's order; ``regions.at(row, column)`` is the region of a pixel. Empty
        where the file has none.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        A region lacks its bounds, units or deltas, or they are impossible.
    SourceError, NotDicomError, DecodeError, LimitExceededError
        The file cannot be opened, is not DICOM, or no attribute of it can be read.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> found = hu.regions(get_testdata_file("examples_palette.dcm"))
    >>> [(region.spatial_format, region.data_type, region.units) for region in found]
    [('2D', 'tissue', ('cm', 'cm')), ('waveform', 'ECG trace', ('', 's'))]
    >>> down, right = found.at(row=196, column=460).to_physical(row=196, column=460)
    >>> round(down, 3), round(right, 3)
    (2.623, 0.0)
    """
    with _header(source, limits) as (header, name):
        return read_regions(header, name)


def frame_times(source: SourceLike | Image, *, limits: Limits = DEFAULT_LIMITS) -> FrameTimes:
    """Return the time of each frame, and the attributes that tell the frames apart. No pixel is touched.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, ``"-"`` for standard input, or an image that was read. Of one frame of
        an image: the times of all frames of its file.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    FrameTimes
        `milliseconds` after the first frame, float64 (frame,), or None where the file does not say; `origin`, the
        attribute that they come from; `columns` and `table()`, what else tells the frames apart.

    Raises
    ------
    InvalidAttributeError
        A time is negative or not a number, or there are fewer times than frames.
    SourceError, NotDicomError, DecodeError, LimitExceededError
        The file cannot be opened, is not DICOM, no attribute of it can be read, or it declares too many frames.

    Warns
    -----
    AssumptionWarning
        Only a frame rate to show the image with is known, Frame Increment Pointer does not name the times, or there
        is one of them fewer, or more, than frames; `FrameTimes.steps` says the same.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> times = hu.frame_times(get_testdata_file("examples_ybr_color.dcm"))
    >>> times.origin, times.milliseconds[:3].tolist()
    ('FrameTime', [0.0, 33.333, 66.666])
    """
    with _header(source, limits) as (header, name):
        frames = None
        if isinstance(source, Image) and source.frame_index is None:
            frames = source.frames
        frames = frames or declared_frames(header, name)
        times = read_frame_times(header, frames, name)
    say_assumptions(times.steps, name)
    return times


@contextmanager
def _header(source: SourceLike | Image, limits: Limits) -> Generator[tuple[Header, str]]:
    """The header of a source or an image, and its name; the source is open as long as the header is in use."""
    if isinstance(source, Image):
        yield source.header, source.name
        return
    with closing(open_source(source, limits)) as opened_source:
        opened = open_header(opened_source, limits)
        yield opened.header, opened.name


def _planes(
    header: Header,
    below: tuple[Image | None, int],
    cells: Callable[[], Cells],
    name: str,
    limits: Limits,
) -> tuple[Overlay, ...]:
    planes: list[Overlay] = []
    steps: list[Step] = []
    for group, plane in overlay_groups(header.dataset).items():
        overlay = read_overlay(group, plane, below, cells, name, limits)
        if overlay is None:
            steps.append(Step("overlay", f"group {group:04X} has no Overlay Data; ignored", "assumed", "PS3.3 C.9.2"))
        else:
            planes.append(overlay)
            steps += overlay.steps
    say_assumptions(steps, name, depth=3)
    return tuple(planes)


def _shell(image: Image) -> tuple[Image, int]:
    """An image without memory of its own in the shape of another's mask, and how many frames the file has."""
    values = np.broadcast_to(np.False_, image.shape[: image.values.ndim - image.color])
    total = image.frames if image.frame_index is None else declared_frames(image.header, image.name)
    return replace(image, values=values, unit="", padding=None, color=False, steps=()), total


def _image_below(opened: Opened, limits: Limits) -> tuple[Image | None, int]:
    """The same from a header alone; None where it describes no image."""
    header, name = opened.header, opened.name
    if header.get("Rows") is None or header.get("Columns") is None:
        return None, 1
    frames = declared_frames(header, name)
    rows, columns = _size(header, "Rows", name), _size(header, "Columns", name)
    if rows * columns > limits.frame_pixels or rows * columns * frames > limits.image_bytes:
        raise LimitExceededError(f"a mask of {frames} x {rows} x {columns} pixels exceeds the limits", source=name)
    first = header.for_frame(0)
    spacing, kind, _ = frames_spacing(header, range(frames))
    values = np.broadcast_to(np.False_, (frames, rows, columns) if frames > 1 else (rows, columns))
    whole = header if frames > 1 else first
    return Image(values, pixel_spacing=spacing, spacing_kind=kind, header=whole, name=name), frames


def _size(header: Header, keyword: str, name: str) -> int:
    size = count_of(header, keyword, range(1, 2**16), name)
    if size is None:
        raise InvalidAttributeError(f"{keyword} has an impossible value", source=name, attribute=keyword)
    return size


def _no_cells(name: str) -> Callable[[], Cells]:
    def refuse() -> Cells:
        message = (
            "an overlay lies in unused bits of the pixel data, which an image no longer has; pass the file instead"
        )
        raise MissingAttributeError(message, source=name, attribute="OverlayData")

    return refuse


def _cells(source: Source, opened: Opened, limits: Limits) -> Cells:
    element = opened.pixels
    if element is None:
        message = "an overlay lies in the pixel data, and the file has none"
        raise MissingAttributeError(message, source=source.name, attribute="PixelData")
    layout = read_layout(opened.header, element.keyword, source.name, limits)
    return raw_cells(pixel_bytes(opened, element), layout, source.name, limits)


class _NamedBytes(io.BytesIO):
    """The bytes of a stream that can be read once only, under the stream's name."""

    name = ""


def _segmentation(source: SourceLike, limits: Limits) -> Image | None:
    """Read the stored values of a segmentation; None, without reading them, where a file is none."""
    again: SourceLike = source
    with closing(open_source(source, limits)) as opened_source:
        header = open_header(opened_source, limits).header
        if not _describes_segments(header, opened_source.name):
            return None
        if source == "-" or hasattr(source, "read"):
            again = _NamedBytes(opened_source.load())
            again.name = opened_source.name
    return read(again, values="stored", limits=limits)


def _describes_segments(header: Header, name: str) -> bool:
    if header.get("SegmentSequence"):
        return True
    if text_of(header, "SOPClassUID") in _SEGMENTATIONS:
        raise MissingAttributeError("SegmentSequence is missing", source=name, attribute="SegmentSequence")
    return False
