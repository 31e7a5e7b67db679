"""Which part of a picture is shown, and how it is turned (PS3.3 C.10.4, C.10.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.aspect import check_size, resized, square_size
from hounsfield.display.presentation.state import PresentationState, applying
from hounsfield.errors import InvalidAttributeError
from hounsfield.header import exact_numbers, text_of
from hounsfield.image import Image
from hounsfield.imagelike import pixel_aspect, ratio

Point = tuple[float, float]
_CORNERS = ("DisplayedAreaTopLeftHandCorner", "DisplayedAreaBottomRightHandCorner")
#: A displayed area may reach beyond the image, but nothing is shown there.
_FAR = 2**16


@dataclass(frozen=True)
class View:
    """A displayed area, then square pixels where wanted, then a rotation, then a flip.

    Attributes
    ----------
    area
        Top, left, bottom, right in pixels of the image, from 0, the last two not included; may reach beyond it.
    size
        Rows and columns of the area in pixels of the picture, before it is turned.
    quarters
        Quarter turns, clockwise.
    flip
        Whether left becomes right after that.
    aspect
        Height of a pixel of the picture, as it is shown, divided by its width.
    """

    area: tuple[int, int, int, int]
    size: tuple[int, int]
    quarters: int = 0
    flip: bool = False
    aspect: float = 1.0

    @property
    def shown_size(self) -> tuple[int, int]:
        """Rows and columns of the picture as it is shown."""
        rows, columns = self.size
        return (columns, rows) if self.quarters % 2 else (rows, columns)

    def picture(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Crop, scale and turn a picture, (row, column) or (row, column, sample); black beyond the image."""
        top, left, bottom, right = self.area
        out = np.zeros((bottom - top, right - left, *picture.shape[2:]), np.uint8)
        part = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        row, column = max(-top, 0), max(-left, 0)
        out[row : row + part.shape[0], column : column + part.shape[1]] = part
        turned = np.rot90(resized(out, self.size), -self.quarters)
        return np.ascontiguousarray(turned[:, ::-1] if self.flip else turned)

    def point(self, x: float, y: float) -> Point:
        """Return the place of a point of the image, column and row from its corner, in the picture as shown."""
        top, left, bottom, right = self.area
        return self._turned((x - left) / (right - left), (y - top) / (bottom - top))

    def _turned(self, x: float, y: float) -> Point:
        for _ in range(self.quarters):
            x, y = 1 - y, x
        x = 1 - x if self.flip else x
        return self.display_point(x, y)

    def display_point(self, x: float, y: float) -> Point:
        """Return the place in the picture as shown of a point given as fractions of the displayed area."""
        rows, columns = self.shown_size
        return x * columns, y * rows


def view_of(frame: Image, state: PresentationState, *, square: bool) -> View:
    """Return how a presentation state shows a frame.

    Raises
    ------
    InvalidAttributeError
        The displayed area or the rotation is impossible.
    LimitExceededError
        The picture would be too large.
    """
    rows, columns = frame.size
    area, aspect = (0, 0, rows, columns), pixel_aspect(frame)
    for item in applying(state.header, "DisplayedAreaSelectionSequence", frame)[:1]:
        corners = [exact_numbers(item.get(keyword), 2) for keyword in _CORNERS]
        area = _area(corners[0], corners[1], state.name)
        aspect = (
            ratio(item.get("PresentationPixelSpacing")) or ratio(item.get("PresentationPixelAspectRatio")) or aspect
        )
    size = (area[2] - area[0], area[3] - area[1])
    check_size(*size, state.name)
    if square:
        size, aspect = square_size(*size, aspect, state.name), 1.0
    quarters = _quarters(state)
    flip = text_of(state.header, "ImageHorizontalFlip").upper() == "Y"
    return View(area, size, quarters, flip, 1 / aspect if quarters % 2 else aspect)


def _area(first: list[float] | None, last: list[float] | None, name: str) -> tuple[int, int, int, int]:
    """The corners are those of the turned image, given in pixels before turning: which is which does not matter."""
    if first is None or last is None or max(map(abs, [*first, *last])) > _FAR:
        raise InvalidAttributeError(
            "the displayed area is missing a corner or far outside the image", source=name, attribute=_CORNERS[0]
        )
    (left, right), (top, bottom) = (sorted(int(v) for v in pair) for pair in zip(first, last, strict=True))
    return top - 1, left - 1, bottom, right


def _quarters(state: PresentationState) -> int:
    value = state.header.get("ImageRotation")
    if value is None:
        return 0
    if value not in (0, 90, 180, 270):
        raise InvalidAttributeError(
            "ImageRotation is not 0, 90, 180 or 270", source=state.name, attribute="ImageRotation"
        )
    return int(value) // 90
