"""Display shutters: what is hidden of a picture (PS3.3 C.7.6.11, C.7.6.15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

from hounsfield.display.screen_colour import lab_to_rgb
from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header, exact_numbers, finite_numbers, number_of, texts_of
from hounsfield.image import Image
from hounsfield.values.overlays import overlay_on

_EDGES = (
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
)
#: Vertices may lie outside the picture; beyond this distance it makes no difference.
_FAR = 2**20


def hidden(header: Header, frame: Image, aspect: float, name: str) -> NDArray[np.bool_] | None:
    """Return True for each pixel that is hidden, or None where there is no shutter.

    Parameters
    ----------
    header
        The attributes of the presentation state.
    frame
        The image or frame.
    aspect
        Height of a pixel divided by its width: a circle is one in the patient.
    name
        The file's name, for errors.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        A shape lacks its place, or is none of the standard's.
    """
    shapes = [shape for shape in texts_of(header, "ShutterShape") if shape]
    makers = {"RECTANGULAR": _rectangle, "CIRCULAR": _circle, "POLYGONAL": _polygon}
    out: NDArray[np.bool_] | None = None
    for shape in shapes:
        if shape == "BITMAP":
            covered = _bitmap(header, frame, name)
        elif shape in makers:
            covered = makers[shape](header, frame.size, aspect, name)
        else:
            raise InvalidAttributeError("the shutter has an unknown shape", source=name, attribute="ShutterShape")
        out = covered if out is None else out | covered
    return out


def shutter_colour(header: Mapping[str, Any], *, colour: bool) -> int | tuple[int, int, int]:
    """Return the colour of hidden pixels: grey from 0 to 255, or RGB for a colour picture; black if none is given."""
    if colour:
        rgb = lab_to_rgb(header.get("ShutterPresentationColorCIELabValue"))
        if rgb is not None:
            return rgb
    grey = p_value(number_of(header, "ShutterPresentationValue") or 0.0)
    return (grey, grey, grey) if colour else grey


def p_value(value: float) -> int:
    """A P-value of 16 bits as grey of 8."""
    return int(min(max(value, 0.0), 65535.0) / 65535 * 255 + 0.5)


def _needed(values: list[float] | None, keyword: str, name: str) -> list[float]:
    if values is None:
        raise MissingAttributeError(f"{keyword} is missing; the shutter needs it", source=name, attribute=keyword)
    return values


def _rectangle(header: Header, size: tuple[int, int], aspect: float, name: str) -> NDArray[np.bool_]:
    """The edges themselves are visible, as pixels counted from 1."""
    top, bottom, left, right = (_needed(exact_numbers(header.get(k), 1), k, name)[0] for k in _EDGES)
    rows, columns = np.arange(1, size[0] + 1)[:, None], np.arange(1, size[1] + 1)[None, :]
    return ~((rows >= top) & (rows <= bottom) & (columns >= left) & (columns <= right))


def _circle(header: Header, size: tuple[int, int], aspect: float, name: str) -> NDArray[np.bool_]:
    centre = "CenterOfCircularShutter"
    row, column = _needed(exact_numbers(header.get(centre), 2), centre, name)
    reach = "RadiusOfCircularShutter"
    radius = _needed(exact_numbers(header.get(reach), 1), reach, name)[0]
    rows, columns = np.arange(1, size[0] + 1)[:, None], np.arange(1, size[1] + 1)[None, :]
    # The radius counts pixels along the row direction.
    return ((rows - row) * aspect) ** 2 + (columns - column) ** 2 > radius**2


def _polygon(header: Header, size: tuple[int, int], aspect: float, name: str) -> NDArray[np.bool_]:
    keyword = "VerticesOfThePolygonalShutter"
    coordinates = finite_numbers(header.get(keyword))
    if len(coordinates) < 6 or len(coordinates) % 2:
        raise MissingAttributeError(f"{keyword} is missing; the shutter needs it", source=name, attribute=keyword)
    near = [min(max(v, -_FAR), _FAR) for v in coordinates]
    picture = Picture.new("L", (size[1], size[0]), 1)
    ImageDraw.Draw(picture).polygon([(c - 1, r - 1) for r, c in zip(near[::2], near[1::2], strict=True)], fill=0)
    return np.asarray(picture).astype(np.bool_)


def _bitmap(header: Header, frame: Image, name: str) -> NDArray[np.bool_]:
    group = number_of(header, "ShutterOverlayGroup")
    bits = overlay_on(frame, header, int(group), name) if group is not None else None
    if bits is None:
        raise MissingAttributeError(
            "the overlay with the shutter's bitmap is missing", source=name, attribute="ShutterOverlayGroup"
        )
    return bits
