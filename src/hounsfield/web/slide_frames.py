"""A whole slide as an item: tiles of its levels, stored or computed, of each optical path and focal plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import LimitExceededError
from hounsfield.headers.tiles import Bounds
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.sources.entries import Entry
from hounsfield.steps import Step
from hounsfield.text import counted
from hounsfield.web.item_frames import ItemFrames, OpenFiles
from hounsfield.web.kept import Kept
from hounsfield.web.slide_levels import MOST_SIDE, Level, SlideFile, levels_of

#: Bytes of computed tiles, and of large frames of which parts are sent, that are kept of all slides together.
KEPT_BYTES = 128 * 2**20


@dataclass(frozen=True)
class Tile:
    """Pixels of a level.

    Attributes
    ----------
    values
        (row, column), or with a sample axis.
    padding
        bool (row, column), True where no tile of the file lies; None where there is no such pixel.
    """

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None = None


def tile_bytes(tile: Tile) -> int:
    """Return the bytes of a tile."""
    return tile.values.nbytes + (0 if tile.padding is None else tile.padding.nbytes)


KeptTiles = Kept[Tile]


class SlideFrames(ItemFrames):
    """A slide: its frames are optical paths and focal planes, focal planes fastest, each of the finest level's size.

    Parameters
    ----------
    files
        Its files, finest first.
    limits
        What reading may cost.
    opened
        Keeps files open.
    kept
        Keeps computed tiles.
    """

    def __init__(self, files: Sequence[SlideFile], limits: Limits, opened: OpenFiles, kept: KeptTiles) -> None:
        tiling = files[0].tiling
        super().__init__([], (len(tiling.paths) * tiling.planes, *tiling.total), limits, opened)
        self.files, self.levels = tuple(files), levels_of(files)
        self.paths, self.planes = tiling.paths, tiling.planes
        self._kept_tiles = kept

    def layer(self, index: int) -> tuple[int, int]:
        """Return the optical path and the focal plane of a frame."""
        if not 0 <= index < self.shape[0]:
            raise IndexError(f"there is no frame {index}")
        return divmod(index, self.planes)

    def entry(self, index: int) -> Entry | None:
        """Return the file of the finest level."""
        return self.files[0].entry if 0 <= index < self.shape[0] else None

    def indices(self, index: int) -> Image | None:
        """Return None: tiles of slides are sent in colour."""
        return None

    def frame(self, index: int) -> Image:
        """Return the whole finest level, where that is small.

        Raises
        ------
        LimitExceededError
            It is too large to be read at once.
        """
        self.layer(index)
        if max(self.shape[1:]) > MOST_SIDE:
            rows, columns = self.shape[1:]
            raise LimitExceededError(f"the slide of {rows} x {columns} is too large to be read at once; read its tiles")
        return self._region(self.files[0], (0, self.shape[1], 0, self.shape[2]), index)

    def from_file(self, index: int, values: str = "modality") -> Image:
        """Return the first tile of the finest level, whatever values are asked for: nothing is drawn over slides."""
        return self.described_by(index)

    def described_by(self, index: int) -> Image:
        """Return the first tile of the finest level, which describes all; of grey slides with values of all parts."""
        image = self._region(self.files[0], self.levels[0].bounds(0, 0), index)
        steps = tuple(step for step in image.steps if step.name != "region") + self.computed_steps
        if image.color:
            return replace(image, steps=steps)
        small = self._overview(index, image)
        return replace(image, values=small.values, padding=small.padding, steps=steps)

    def preview(self) -> Image:
        """Return the coarsest level, or the middle of it where that is large."""
        image = self._region(self.files[0], self.levels[0].bounds(0, 0), 0)
        small = self._overview(0, image)
        return replace(image, values=small.values, padding=small.padding)

    @property
    def computed_steps(self) -> tuple[Step, ...]:
        """Return what is said of levels that are computed."""
        computed = [str(number) for number, level in enumerate(self.levels) if level.halvings]
        if not computed:
            return ()
        how = "every second pixel" if self.files[0].nearest else "means of 2 x 2 pixels"
        which = f"level{'s' if len(computed) > 1 else ''} {', '.join(computed)}"
        detail = f"{which} of {len(self.levels)}, finest first, computed for display: {how} of the level before"
        return (Step("levels", detail),)

    @property
    def note(self) -> str:
        """Return what the list says of computed levels; ``""`` where none is."""
        computed = sum(level.halvings > 0 for level in self.levels)
        return f"{counted(len(self.levels), 'level')}, {computed} of them computed for display" if computed else ""

    def tile(self, level: int, row: int, column: int, index: int) -> Tile | None:
        """Return a tile of a level; None where no tile of the file reaches into it.

        Raises
        ------
        IndexError
            There is no such level, tile or frame.
        HounsfieldError
            It cannot be read.
        """
        if not 0 <= level < len(self.levels):
            raise IndexError(f"there is no level {level}")
        self.layer(index)
        return self._tile(self.levels[level], row, column, index)

    def _tile(self, level: Level, row: int, column: int, index: int) -> Tile | None:
        bounds = level.bounds(row, column)
        if not level.file.covers(level.in_file(bounds), self.layer(index)):
            return None
        if level.halvings:
            key = (self.key, level.file.entry.name, level.halvings, row, column, index)
            return self._kept_tiles.get(key, lambda: self._halved(level, row, column, index))
        total = level.file.tiling.total
        if max(level.file.tiling.tile) > MOST_SIDE and total[0] * total[1] * 3 <= KEPT_BYTES // 2:
            whole = self._kept_tiles.get(  # a frame of which each part would mean decoding all of it again
                (self.key, level.file.entry.name, 0, index),
                lambda: self._decoded(level.file, (0, total[0], 0, total[1]), index),
            )
            rows, columns = slice(*bounds[:2]), slice(*bounds[2:])
            return Tile(whole.values[rows, columns], None if whole.padding is None else whole.padding[rows, columns])
        return self._decoded(level.file, bounds, index)

    def _decoded(self, file: SlideFile, bounds: Bounds, index: int) -> Tile:
        image = self._region(file, bounds, index)
        values = image.values
        if image.color and values.dtype != np.uint8:
            from hounsfield.display.screen_colour import colour_8

            values = colour_8(image)
        return Tile(values, None if image.padding is None or not image.padding.any() else image.padding)

    def _region(self, file: SlideFile, bounds: Bounds, index: int) -> Image:
        (path, plane), (top, bottom, left, right) = self.layer(index), bounds
        return self._files.read(
            file.entry, lambda frames: frames.region((top, bottom), (left, right), path=path, plane=plane)
        )

    def _halved(self, level: Level, row: int, column: int, index: int) -> Tile:
        """Compute a tile from the four below it."""
        finer = Level(level.file, level.halvings - 1, level.factor, level.tile)
        top, bottom, left, right = level.bounds(row, column)
        parts: list[tuple[Tile | None, int, int]] = []
        for down in range(2 * row, min(2 * row + 2, finer.grid[0])):
            for across in range(2 * column, min(2 * column + 2, finer.grid[1])):
                tile = self._tile(finer, down, across, index)
                reduced = None if tile is None else halved(tile, nearest=level.file.nearest)
                at = down * level.tile[0] - 2 * top, across * level.tile[1] - 2 * left
                parts.append((reduced, at[0] // 2, at[1] // 2))
        return _joined((bottom - top, right - left), parts)

    def _overview(self, index: int, image: Image) -> Tile:
        """Return the coarsest level, or a tile in the middle of it; the image has the type of its pixels."""
        level = self.levels[-1]
        down, across = level.grid
        if max(level.total) <= MOST_SIDE:
            places = [(row, column) for row in range(down) for column in range(across)]
            size, first = level.total, (0, 0)
        else:
            places = [(down // 2, across // 2)]
            top, bottom, left, right = level.bounds(*places[0])
            size, first = (bottom - top, right - left), (top, left)
        parts = [
            (self._tile(level, *place, index), place[0] * level.tile[0] - first[0], place[1] * level.tile[1] - first[1])
            for place in places
        ]
        if all(tile is None for tile, _, _ in parts):
            return Tile(np.zeros((*size, *image.values.shape[2:]), image.values.dtype), np.ones(size, np.bool_))
        return _joined(size, parts)


def _joined(size: tuple[int, int], parts: Sequence[tuple[Tile | None, int, int]]) -> Tile:
    """Put tiles together; what none covers is padding."""
    there = [(tile, top, left) for tile, top, left in parts if tile is not None]
    dtype = np.result_type(*(tile.values.dtype for tile, _, _ in there))
    values = np.zeros((*size, *there[0][0].values.shape[2:]), dtype)
    padding = np.ones(size, np.bool_)
    for tile, top, left in there:
        rows, columns = tile.values.shape[:2]
        within = slice(top, top + rows), slice(left, left + columns)
        values[within] = tile.values
        padding[within] = False if tile.padding is None else tile.padding
    return Tile(values, padding if padding.any() else None)


def halved(tile: Tile, *, nearest: bool = False) -> Tile:
    """Return a tile of half the rows and columns: means of 2 x 2 pixels, of which padding has no part.

    Parameters
    ----------
    tile
        The tile. A last row or column that has no second one stands for itself.
    nearest
        Take the first pixel of each four instead: labels have no mean.
    """
    values, padding = tile.values, tile.padding
    if nearest or values.dtype == np.bool_:
        return Tile(values[::2, ::2], None if padding is None else padding[::2, ::2])
    rows, columns = values.shape[:2]
    if padding is None and values.dtype.name in ("uint8", "uint16") and rows % 2 == columns % 2 == 0:
        return Tile(_quarter(values))
    whole = values.dtype.kind in "iu"
    total = np.zeros((-(-rows // 2), -(-columns // 2), *values.shape[2:]), np.int64 if whole else np.float64)
    count = np.zeros((*total.shape[:2], *(1,) * (values.ndim - 2)), np.int64)
    for down in range(2):
        for across in range(2):
            part = values[down::2, across::2]
            within = slice(part.shape[0]), slice(part.shape[1])
            here = np.ones(part.shape[:2], np.bool_) if padding is None else ~padding[down::2, across::2]
            here = here.reshape(*here.shape, *(1,) * (values.ndim - 2))
            total[within] += np.where(here, part, 0)
            count[within] += here
    most = np.maximum(count, 1)
    means = (2 * total + most) // (2 * most) if whole else total / most
    empty = count.reshape(total.shape[:2]) == 0
    return Tile(means.astype(values.dtype), empty if empty.any() else None)


def _quarter(values: NDArray[Any]) -> NDArray[Any]:
    """Return the means of whole fours of small numbers, several times as fast as of any."""
    wide = np.uint16 if values.dtype == np.uint8 else np.uint32
    total = values[::2, ::2].astype(wide)
    for part in (values[::2, 1::2], values[1::2, ::2], values[1::2, 1::2]):
        total += part
    return ((total + 2) >> 2).astype(values.dtype)
