"""Text on a picture."""

from __future__ import annotations

import functools
from pathlib import Path

from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

Point = tuple[float, float]
Colour = int | tuple[int, int, int]
_ALIGN = {"left": "left", "center": "center", "right": "right"}
#: Longer texts are cut: a picture has no room for them, and each letter costs time.
_LETTERS, _LINES = 2000, 100
_SMALLEST, _LARGEST = 8, 96


def draw_text(
    picture: Picture.Image, words: str, place: tuple[Point, Point] | Point | None, align: str, colour: Colour
) -> None:
    """Draw a text onto a picture.

    Parameters
    ----------
    picture
        Grey or RGB; drawn upon.
    words
        One or several lines.
    place
        Two corners: the text runs from the first to the second, which after a rotation or flip need not be left to
        right; it is turned by quarters, never mirrored (PS3.3 C.10.5.1.1). Or one point: the text begins there.
    align
        ``"left"``, ``"center"`` or ``"right"`` within the corners.
    colour
        In the picture's mode.
    """
    lines = [line.rstrip() for line in words[:_LETTERS].replace("\r\n", "\n").replace("\r", "\n").split("\n")][:_LINES]
    text = "\n".join(lines).strip("\n")
    if not text or place is None:
        return
    if isinstance(place[0], tuple):
        first, last = place
        assert isinstance(first, tuple) and isinstance(last, tuple)  # noqa: S101  both are, if one is
        _in_box(picture, text, (first, last), (_ALIGN.get(align, "left"), colour))
        return
    x, y = place
    assert isinstance(x, float) and isinstance(y, float)  # noqa: S101  see above
    size = _default_size(picture)
    _paste(picture, _ink(text, size, "left"), (round(x) + size // 3, round(y) - size // 2), colour)


def _in_box(picture: Picture.Image, text: str, box: tuple[Point, Point], style: tuple[str, Colour]) -> None:
    (x1, y1), (x2, y2) = box
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    # Clockwise quarter turns after which reading goes from the first corner to the second.
    turns = {(False, False): 0, (True, False): 1, (True, True): 2, (False, True): 3}[(x2 < x1, y2 < y1)]
    width, height = (right - left, bottom - top) if turns % 2 == 0 else (bottom - top, right - left)
    align, colour = style
    ink = _ink(text, _fitting_size(picture, text, width, height), align)
    room = max(0, round(width) - ink.width)
    shift = {"left": 0, "center": room // 2, "right": room}[align]
    wide = Picture.new("L", (ink.width + shift, ink.height))
    wide.paste(ink, (shift, 0))
    turned = wide.rotate(-90 * turns, expand=True)
    # The first corner is where the text begins: turned, that is another corner of the letters' own box.
    x = round(left) if turns in (0, 3) else round(right) - turned.width
    y = round(top) if turns in (0, 1) else round(bottom) - turned.height
    _paste(picture, turned, (x, y), colour)


def _paste(picture: Picture.Image, ink: Picture.Image, at: tuple[int, int], colour: Colour) -> None:
    picture.paste(colour, (at[0], at[1], at[0] + ink.width, at[1] + ink.height), ink)


def _default_size(picture: Picture.Image) -> int:
    return min(max(round(max(picture.size) / 36), _SMALLEST), _LARGEST)


def _fitting_size(picture: Picture.Image, text: str, width: float, height: float) -> int:
    """The largest size with which the text stays within a box, if it can be read at all."""
    for size in range(_default_size(picture), _SMALLEST, -1):
        ink = _ink(text, size, "left")
        if ink.width <= width and ink.height <= height:
            return size
    return _SMALLEST


def _ink(text: str, size: int, align: str) -> Picture.Image:
    """The letters in white on black, in a picture as small as can be."""
    font = _font(size)
    draw = ImageDraw.Draw(Picture.new("L", (1, 1)))
    left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=font, align=align)
    ink = Picture.new("L", (max(1, int(right - left) + 1), max(1, int(bottom - top) + 1)))
    ImageDraw.Draw(ink).multiline_text((-left, -top), text, fill=255, font=font, align=align)
    return ink


@functools.lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with matplotlib: it has Latin, Greek, Cyrillic and Arabic letters."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    try:
        return ImageFont.truetype(str(path), size)
    except OSError:
        return ImageFont.load_default(size)
