"""Regions of ImageJ and Fiji: a .roi file, or the zip of its ROI Manager.

ImageJ counts from the outer corner of the first pixel: the centre of that pixel is (0.5, 0.5) there, and (0, 0) here.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

from hounsfield.errors import FormatError, LimitExceededError, needed_for
from hounsfield.rois.outlines import FARTHEST, MOST_OUTLINES, Outline

#: A .roi begins with it.
MAGIC = b"Iout"
_CORNER = 0.5
#: Bytes of one region: 100,000 corners with fractions take 1.2 MB.
_MOST_BYTES = 16 * 2**20
_LEAST_CORNERS = 3
#: What ImageJ calls shapes without an area.
_NO_AREA = {"LINE", "FREELINE", "POLYLINE", "ANGLE", "POINT", "NOROI", "UNKNOWN"}


def zipped_outlines(data: bytes, source: str) -> list[Outline]:
    """Return the regions of a zip of the ROI Manager, in its order.

    Raises
    ------
    FormatError
        A member is no region, or has no area.
    LimitExceededError
        There are too many, or one is too large.
    """
    outlines: list[Outline] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if member.filename.lower().endswith(".roi")]
            if len(members) > MOST_OUTLINES or any(member.file_size > _MOST_BYTES for member in members):
                raise LimitExceededError("holds too many regions, or one that is too large", source=source)
            for member in members:
                with archive.open(member) as stream:
                    content = stream.read(_MOST_BYTES + 1)
                name = member.filename.rpartition("/")[2][: -len(".roi")]
                outlines.append(outline_of(content, source, name))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, OSError):
        raise FormatError("is a zip that cannot be read", source=source) from None
    return outlines


def outline_of(data: bytes, source: str, name: str = "") -> Outline:
    """Return the region of a .roi file.

    Parameters
    ----------
    data
        Its content.
    source, name
        Of the file, for messages; and of the region, where it says none itself.

    Raises
    ------
    FormatError
        It is damaged, or a shape without an area.
    MissingDependencyError
        roifile is not installed: the extra ``imagej``.
    """
    with needed_for("a region of ImageJ", "imagej"):
        import roifile
    if len(data) > _MOST_BYTES:
        raise LimitExceededError("a region of ImageJ has not so many bytes", source=source)
    try:
        drawn = roifile.ImagejRoi.frombytes(data)
        called = drawn.name or name
        kind = drawn.roitype.name
        if kind in _NO_AREA:
            word = kind.lower().replace("noroi", "overlay")
            raise FormatError(
                f"{called or 'a region'} is a {word}, which has no area; hu.profile is along lines", source=source
            )
        return _outline(drawn, called, kind, source)
    except FormatError:
        raise
    except (ValueError, struct.error, IndexError, KeyError, TypeError, OverflowError, MemoryError, AttributeError):
        raise FormatError("is a region of ImageJ that is damaged", source=source) from None


def _outline(drawn: Any, name: str, kind: str, source: str) -> Outline:
    """Return a region that has an area."""
    frame = _frame(drawn)
    if kind in ("RECT", "OVAL") and drawn.multi_coordinates is None:
        exact = drawn.subpixelrect
        left, top = (drawn.xd, drawn.yd) if exact else (drawn.left, drawn.top)
        wide = drawn.widthd if exact else drawn.right - drawn.left
        high = drawn.heightd if exact else drawn.bottom - drawn.top
        if not ((np.abs([left, top, wide, high]) < FARTHEST).all() and wide > 0 and high > 0):
            raise FormatError(f"{name or 'a region'} has no extent", source=source)
        if kind == "RECT" and drawn.rounded_rect_arc_size:
            raise FormatError(f"{name or 'a region'} has rounded corners, which are not read", source=source)
        if kind == "OVAL":
            middle = (top + high / 2 - _CORNER, left + wide / 2 - _CORNER)
            return Outline(name, oval=(*middle, high / 2, wide / 2), frame=frame)
    paths = [np.asarray(path, np.float64)[:, ::-1] - _CORNER for path in drawn.coordinates(multi=True)]
    paths = [path for path in paths if len(path) >= _LEAST_CORNERS]
    if not paths or not all((np.abs(path) < FARTHEST).all() for path in paths):
        raise FormatError(f"{name or 'a region'} has no outline", source=source)
    return Outline(name, tuple(paths), frame=frame)


def _frame(drawn: Any) -> int | None:
    """The frame that a region was drawn on, counted from 0; None where it is of all of them."""
    for position in (drawn.position, drawn.z_position, drawn.t_position):
        if position > 0:
            return int(position) - 1
    return None
