"""Levels of whole slides: which files belong together, and which levels are computed. Reads no pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, hypot, nan
from typing import Any

from hounsfield.header import finite_number, finite_numbers, items_of, text_of, whole_number
from hounsfield.headers.spacing import pixel_spacing
from hounsfield.headers.tiles import Bounds, Tiling, read_tiling
from hounsfield.reading.frames import Frames
from hounsfield.sources.entries import Entry

#: Rows and columns of a tile that is sent: small tiles of a file are sent several at a time, larger ones in parts.
LEAST_SIDE, MOST_SIDE, PART = 256, 2048, 1024
#: A coarsest level of this many rows and columns needs no coarser one.
COARSE = 1024
#: Levels that are not farther apart than this need none between them: scanners write every second one.
USUAL_GAP = 5
#: Pixels that may be decoded to compute one tile.
MOST_DECODED = 2**26
#: Part of a pixel of the coarser level by which its edge may lie beside that of the finest: scanners round.
_ROUNDING = 2
#: PS3.3 C.8.12.4.1.1: images of a multi-resolution pyramid, neither of which shows the label.
_FLAVORS = ("VOLUME", "THUMBNAIL")


@dataclass(frozen=True)
class SlideFile:
    """A file whose frames are tiles of a total pixel matrix.

    Attributes
    ----------
    entry
        The file.
    key
        What levels of one slide have in common; None of an image that is no level.
    tiling
        How its frames make up the matrix.
    frames
        How many frames there are.
    spacing
        Millimetres (between rows, between columns), or None.
    origin
        x and y of the first pixel on the slide, in mm; NaN where the file does not say.
    nearest
        True where values are labels or segments, of which no mean can be taken.
    """

    entry: Entry
    key: tuple[Any, ...] | None
    tiling: Tiling
    frames: int
    spacing: tuple[float, float] | None
    origin: tuple[float, float]
    nearest: bool

    def covers(self, bounds: Bounds, layer: tuple[int, int]) -> bool:
        """Return whether a tile reaches into a region of an optical path and focal plane.

        Only gaps that the file intends count: missing frames of a full matrix are errors, not background.
        """
        return self.tiling.places is None or bool(self.tiling.tiles(bounds, *layer, self.frames))


@dataclass(frozen=True)
class Level:
    """A level of a slide.

    Attributes
    ----------
    file
        The file that its pixels come from.
    halvings
        How many times the file's matrix is reduced to a half; 0 of a level that the file stores.
    factor
        Pixels of the finest level along one of its own: rows, columns.
    tile
        Rows and columns of the tiles that are sent.
    """

    file: SlideFile
    halvings: int
    factor: tuple[float, float]
    tile: tuple[int, int]

    @property
    def total(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.file.tiling.total
        return -(-rows >> self.halvings), -(-columns >> self.halvings)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tiles."""
        return -(-self.total[0] // self.tile[0]), -(-self.total[1] // self.tile[1])

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Millimetres (between rows, between columns), or None."""
        if self.file.spacing is None:
            return None
        down, across = self.file.spacing
        return down * 2**self.halvings, across * 2**self.halvings

    def bounds(self, row: int, column: int) -> Bounds:
        """Return the first and last (excluded) row and column of a tile, of this level's own pixels.

        Raises
        ------
        IndexError
            There is no such tile.
        """
        down, across = self.grid
        if not (0 <= row < down and 0 <= column < across):
            raise IndexError(f"there is no tile {row}, {column}")
        top, left = row * self.tile[0], column * self.tile[1]
        return top, min(top + self.tile[0], self.total[0]), left, min(left + self.tile[1], self.total[1])

    def in_file(self, bounds: Bounds) -> Bounds:
        """Return bounds of this level as bounds of the file's matrix."""
        rows, columns = self.file.tiling.total
        top, bottom, left, right = (edge << self.halvings for edge in bounds)
        return top, min(bottom, rows), left, min(right, columns)


def read_slide(entry: Entry, frames: Frames) -> SlideFile | None:
    """Return an open file as a file of a slide; None where its frames are not tiles of a larger matrix."""
    header = frames.header
    rows, columns = (whole_number(header.get(keyword)) or 0 for keyword in ("Rows", "Columns"))
    count = whole_number(header.get("NumberOfFrames"), range(1, 2**31)) or 1
    tiling = read_tiling(header, (rows, columns), count, frames.name)
    if tiling is None:
        return None
    spacing, kind, _ = pixel_spacing(header.for_frame(0))
    places = items_of(header, "TotalPixelMatrixOriginSequence")
    axes = (finite_number(places[0].get(f"{axis}OffsetInSlideCoordinateSystem")) if places else None for axis in "XY")
    x, y = (nan if value is None else value for value in axes)
    nearest = text_of(header, "Modality") == "SEG"
    return SlideFile(
        entry, _key(header, tiling), tiling, len(frames), spacing if kind == "slide" else None, (x, y), nearest
    )


def _key(header: Any, tiling: Tiling) -> tuple[Any, ...] | None:
    """Return what levels of one slide share: one series, glass, place, colours, optical paths and focal planes."""
    types = header.get("ImageType")
    flavor = types[2] if isinstance(types, Sequence) and not isinstance(types, str) and len(types) > 2 else ""
    series, modality = text_of(header, "SeriesInstanceUID"), text_of(header, "Modality")
    if flavor not in _FLAVORS or modality != "SM" or not series or tiling.part:
        return None
    same = "FrameOfReferenceUID ContainerIdentifier PyramidUID".split()
    orientation = tuple(round(part, 4) for part in finite_numbers(header.get("ImageOrientationSlide")))
    samples = whole_number(header.get("SamplesPerPixel")), whole_number(header.get("BitsAllocated"))
    return (series, *(text_of(header, keyword) for keyword in same), orientation, samples, tiling.paths, tiling.planes)


def grouped(files: Sequence[SlideFile]) -> Iterator[list[SlideFile]]:
    """Return the files of each slide, the finest first; a file that fits to no other one alone."""
    groups: dict[Any, list[SlideFile]] = {}
    for number, file in enumerate(files):
        groups.setdefault(number if file.key is None else file.key, []).append(file)
    for group in groups.values():
        rest = sorted(group, key=lambda file: -file.tiling.total[0] * file.tiling.total[1])
        while rest:
            levels, others = [rest[0]], list[SlideFile]()
            for file in rest[1:]:
                (levels if _fits(levels, file) else others).append(file)
            yield levels
            rest = others


def _fits(levels: Sequence[SlideFile], file: SlideFile) -> bool:
    """Return whether a file shows the same part of the slide as the finest level, coarser than those before it."""
    finest, last = levels[0], levels[-1]
    factor = _factor(finest, file)
    if min(factor) <= 1 or min(_factor(last, file)) <= 1.01:
        return False
    for each, mine, whole, tile in zip(factor, file.tiling.total, finest.tiling.total, file.tiling.tile, strict=True):
        # Some scanners fill the last tiles of coarse levels up.
        if not -_ROUNDING * each <= mine * each - whole <= max(_ROUNDING, tile) * each:
            return False
    apart = hypot(finest.origin[0] - file.origin[0], finest.origin[1] - file.origin[1])
    # Origins are those of pixel centres, or of corners: nobody can tell, so that a pixel more or less says nothing.
    return not (file.spacing and apart > _ROUNDING * max(file.spacing))


def _factor(finest: SlideFile, file: SlideFile) -> tuple[float, float]:
    """Pixels of the finest level along one of another one: by their spacings, where both are known."""
    if finest.spacing is not None and file.spacing is not None:
        return file.spacing[0] / finest.spacing[0], file.spacing[1] / finest.spacing[1]
    (rows, columns), (down, across) = finest.tiling.total, file.tiling.total
    return rows / down, columns / across


def levels_of(files: Sequence[SlideFile]) -> list[Level]:
    """Return the levels of a slide, finest first: those of its files, and computed ones where those leave a gap."""
    levels: list[Level] = []
    for number, file in enumerate(files):
        factor = _factor(files[0], file) if number else (1.0, 1.0)
        tile = (_side(file.tiling.tile[0]), _side(file.tiling.tile[1]))
        levels.append(Level(file, 0, factor, tile))
        following = max(_factor(file, files[number + 1])) if number + 1 < len(files) else None
        if following is None or following > USUAL_GAP:
            levels += _computed(levels[-1], following)
    return levels


def _computed(stored: Level, following: float | None) -> Iterator[Level]:
    """Levels that are halved from one that is stored, up to the next one, or to one that is small enough."""
    halvings, (down, across) = 0, stored.factor
    while True:
        before = Level(stored.file, halvings, (down, across), stored.tile)
        halvings, down, across = halvings + 1, down * 2, across * 2
        enough = max(before.total) <= COARSE if following is None else 2**halvings > following / 1.5
        if enough or _decoded(stored, halvings) > MOST_DECODED:
            return
        yield Level(stored.file, halvings, (down, across), stored.tile)


def _decoded(stored: Level, halvings: int) -> int:
    """Pixels that are decoded for one tile at most: those under it, or all that a sparse slide has."""
    tiling = stored.file.tiling
    there = stored.file.frames * tiling.tile[0] * tiling.tile[1]
    return min(there, (stored.tile[0] << halvings) * (stored.tile[1] << halvings))


def _side(side: int) -> int:
    """Rows or columns of the tiles that are sent: an even number, so that four of them are halved to one."""
    several = side * ceil(LEAST_SIDE / side)
    several += several % 2 * several
    return PART if several > MOST_SIDE else several
