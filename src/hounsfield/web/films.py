"""A stack as a film: each frame as the page shows it, by the library's own rendering and its own writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.aspect import square_size, squared
from hounsfield.display.render import render
from hounsfield.display.screen_colour import coloured_pixels, is_supplemental
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import Voi, Window, choose_voi, file_voi, windows
from hounsfield.errors import FormatError, LimitExceededError
from hounsfield.image import Image
from hounsfield.imagelike import pixel_aspect
from hounsfield.web.items import Item
from hounsfield.web.plane_frames import Cut
from hounsfield.web.slide_frames import SlideFrames
from hounsfield.web.viewer import window_of

FilmForm = Literal["gif", "mp4"]
#: Pixels of all frames together: some minutes of work.
MOST_PIXELS = 4 * 10**9


@dataclass(frozen=True)
class FilmLook:
    """The way in which frames are shown.

    Attributes
    ----------
    voi
        A window; the number of one of the file's own; None: as the file has it, phases as the first of them.
    own
        Whether it is that of frames to which the file gives no window of their own; else of all.
    inverted
        Whether grey levels, or colours, are exchanged.
    colours
        256 colours for the grey levels: (256, 3); None: grey.
    turns, flipped
        Left and right exchanged, then so many quarter turns clockwise.
    """

    voi: Window | int | None = None
    own: bool = False
    inverted: bool = False
    colours: NDArray[np.uint8] | None = None
    turns: int = 0
    flipped: bool = False


@dataclass(frozen=True)
class FilmWish:
    """A film that is asked for.

    Attributes
    ----------
    form
        Its format.
    look
        How frames are shown.
    cut
        Slices in a plane; None: the frames themselves.
    """

    form: FilmForm
    look: FilmLook = FilmLook()
    cut: Cut | None = None


def write_film(path: Path, item: Item, wish: FilmWish, told: Callable[[int, int], None]) -> None:
    """Write a film.

    Parameters
    ----------
    path
        Where to.
    item
        Of what.
    wish
        Which film.
    told
        Is called with the number of frames that are done, and that there are; what it raises ends the work.

    Raises
    ------
    HounsfieldError
        A frame cannot be read; there is one only; there are too many; what writes MP4 is not installed.
    """
    from hounsfield.exports.cine import frame_durations, gif_delays, slice_durations, write_gif
    from hounsfield.exports.mp4 import check_video, write_mp4

    if wish.form == "mp4":
        check_video()
    if isinstance(item.frames, SlideFrames):
        raise FormatError("the regions of a slide are no film")
    stack = _FilmFrames(item, wish)
    stack.check()
    recorded = item.kind == "image" and wish.cut is None and len(item.files) == 1
    durations, _ = frame_durations(stack.first.header, stack.count) if recorded else slice_durations(stack.count)
    frames = _counted(stack, told)
    if wish.form == "gif":
        write_gif(path, frames, gif_delays(durations)[0])
    else:
        write_mp4(path, frames, durations)


def _counted(stack: _FilmFrames, told: Callable[[int, int], None]) -> Iterator[NDArray[np.uint8]]:
    for index in range(stack.count):
        told(index, stack.count)
        image = stack.image(index)
        yield shown_frame(image, stack.voi(image), stack.look, coloured=stack.wish.cut is None)
    told(stack.count, stack.count)


class _FilmFrames:
    """The frames of a film, and the window of each."""

    def __init__(self, item: Item, wish: FilmWish) -> None:
        self.item, self.wish, self.look = item, wish, wish.look
        self._planes = None if wish.cut is None else item.frames.cut(wish.cut)
        self.count = item.frames.shape[0] if self._planes is None else self._planes.grid.shape[0]
        self._last: tuple[int, Image] | None = None
        self.first = self.image(0)
        self._given = None if self.first.color or self.first.is_mask else self._chosen()

    def image(self, index: int) -> Image:
        """Return a frame."""
        if self._last is None or self._last[0] != index:
            planes, cut = self._planes, self.wish.cut
            if planes is None or cut is None:
                image = self.item.frames.frame(index)
            else:
                image = planes.slice(index, cut.slab, cut.how)
            self._last = index, image
        return self._last[1]

    def check(self) -> None:
        """Refuse what is no film, or too large a one."""
        if self.count < 2:
            raise FormatError("there is one frame only: no film")
        rows, columns = square_size(*self.first.size, pixel_aspect(self.first), self.first.name)
        if self.count * rows * columns > MOST_PIXELS:
            detail = f"{self.count} frames of {rows} x {columns} are more than {MOST_PIXELS // 10**6} million pixels"
            raise LimitExceededError(detail)

    def _chosen(self) -> Voi:
        given, item = self.look.voi, self.item
        if isinstance(given, Window):
            return given
        if given is None and item.phases:
            item = item.phases.items[0]
        whole = window_of(item, item.frames.frame(0)) if self._planes is None else item.frames.volume()
        own = windows(whole)
        return own[given] if given is not None and given < len(own) else choose_voi(whole)

    def voi(self, image: Image) -> Voi | None:
        """Return the window of a frame: its own, where the file gives it one and no other was chosen."""
        chosen = self.look.voi is not None and not self.look.own
        if self._given is None or chosen or self.item.kind != "image":
            return self._given
        own = file_voi(image)
        return own if isinstance(own, Window) else self._given


def shown_frame(image: Image, voi: Voi | None, look: FilmLook, *, coloured: bool) -> NDArray[np.uint8]:
    """Return a frame as the page shows it, at full resolution and with square pixels.

    Parameters
    ----------
    image, voi, look
        The frame, its window, and the way in which it is shown.
    coloured
        Whether values that stand for colours are shown so; slices in planes show them as grey.
    """
    if voi is None:
        shown = render(image)
        shown = 255 - shown if look.inverted else shown
    else:
        shading = shading_of(image, voi)
        shown = replace(shading, inverted=shading.inverted != look.inverted).grey(image.values)
    if look.colours is not None and shown.ndim == 2:
        shown = look.colours[shown]
    if coloured and voi is not None and is_supplemental(image):
        shown = np.repeat(shown[..., None], 3, axis=-1) if shown.ndim == 2 else shown
        where, rgb = coloured_pixels(image)
        shown[where] = rgb
    shown = squared(shown, image)
    return np.rot90(shown[:, ::-1] if look.flipped else shown, -look.turns)
