"""Where the tiles of a whole slide lie in its total pixel matrix (PS3.3 C.7.6.17.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError, InvalidAttributeError, MissingAttributeError
from hounsfield.header import count_of, finite_number, items_of, text_of, whole_number
from hounsfield.steps import Step

#: 0-based index of a frame, and the row and column of the total pixel matrix that its first pixel is.
Tile = tuple[int, int, int]
#: First and last (excluded) row, then column, of the total pixel matrix; 0-based.
Bounds = tuple[int, int, int, int]

_POSITIONS = ("RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix")
_SLIDE = "PlanePositionSlideSequence"
#: What fits into a UL, and is a count.
_COUNTS = range(1, 2**32)
#: Focal planes are micrometres apart: closer than a nanometre they are the same.
_Z_DIGITS = 3


@dataclass(frozen=True)
class Places:
    """The places that a file gives each frame of its own: arrays (frame,) of whole numbers, all 0-based."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    paths: NDArray[np.int64]
    planes: NDArray[np.int64]


@dataclass(frozen=True)
class Tiling:
    """The total pixel matrix that the frames of a file make up.

    Attributes
    ----------
    total
        Rows and columns of the total pixel matrix.
    tile
        Rows and columns of a frame.
    paths
        Identifiers of the optical paths, in the order of their sequence; of a segmentation the numbers of its segments.
    planes
        Number of focal planes, counted from the glass upwards.
    first
        How many frames of a concatenation stand in other files, before this one's.
    part
        Whether there are other files to the same concatenation.
    places
        Where each frame lies, where the file says it frame by frame (TILED_SPARSE); None: in the implicit order of
        TILED_FULL, columns fastest, then rows, focal planes, optical paths.
    steps
        What had to be assumed.
    """

    total: tuple[int, int]
    tile: tuple[int, int]
    paths: tuple[str, ...]
    planes: int
    first: int = 0
    part: bool = False
    places: Places | None = None
    steps: tuple[Step, ...] = ()

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tiles that cover the matrix without a gap."""
        return -(-self.total[0] // self.tile[0]), -(-self.total[1] // self.tile[1])

    def place(self, frame: int) -> tuple[int, int, int, int]:
        """Row and column in the total pixel matrix, optical path and focal plane of a frame; all 0-based."""
        if self.places is not None:
            at = self.places
            return int(at.rows[frame]), int(at.columns[frame]), int(at.paths[frame]), int(at.planes[frame])
        down, across = self.grid
        layer, number = divmod(frame + self.first, down * across)
        path, plane = divmod(layer, self.planes)
        row, column = divmod(number, across)
        return row * self.tile[0], column * self.tile[1], path, plane

    def inside(self, frame: int) -> tuple[int, int]:
        """Rows and columns of a frame that lie in the total pixel matrix."""
        row, column, _, _ = self.place(frame)
        return min(self.tile[0], self.total[0] - row), min(self.tile[1], self.total[1] - column)

    def tiles(self, bounds: Bounds, path: int, plane: int, frames: int) -> list[Tile]:
        """Return the tiles that reach into a region, of the first `frames` frames of the file, in their order."""
        if self.places is not None:
            return self._explicit(self.places, bounds, path, plane, frames)
        top, bottom, left, right = bounds
        rows, columns = self.tile
        down, across = self.grid
        start = (path * self.planes + plane) * down * across - self.first
        tiles: list[Tile] = []
        # Rows of tiles that lie before or behind this file's frames are not walked: there may be billions.
        behind = -(-(frames - start) // across)
        for number in range(max(top // rows, -start // across), min(-(-bottom // rows), behind)):
            head = start + number * across
            begin, end = max(left // columns, -head), min(-(-right // columns), frames - head)
            tiles += [(head + at, number * rows, at * columns) for at in range(begin, end)]
        return tiles

    def _explicit(self, at: Places, bounds: Bounds, path: int, plane: int, frames: int) -> list[Tile]:
        top, bottom, left, right = bounds
        chosen = (at.paths == path) & (at.planes == plane)
        chosen &= (at.rows < bottom) & (at.rows + self.tile[0] > top)
        chosen &= (at.columns < right) & (at.columns + self.tile[1] > left)
        indices = np.flatnonzero(chosen[:frames])
        return [(int(index), int(at.rows[index]), int(at.columns[index])) for index in indices]


def read_tiling(header: Mapping[str, Any], tile: tuple[int, int], frames: int, name: str) -> Tiling | None:
    """Read how frames make up a total pixel matrix; None where the file has none.

    Parameters
    ----------
    header
        The attributes of the whole file.
    tile
        Rows and Columns.
    frames
        Number of Frames, as the file declares it.
    name
        The file's name, for errors.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        The attributes that locate the tiles are absent or impossible.
    GeometryError
        A single frame does not fill the matrix, and the file does not say where in it the frame lies.
    """
    sizes = ("TotalPixelMatrixRows", "TotalPixelMatrixColumns")
    if all(header.get(keyword) is None for keyword in sizes):
        return None
    rows, columns = (count_of(header, keyword, _COUNTS, name) for keyword in sizes)
    if rows is None or columns is None:
        lacking = sizes[0] if rows is None else sizes[1]
        raise MissingAttributeError(
            f"{lacking} is missing; the size of the total pixel matrix is not known", source=name, attribute=lacking
        )
    first, part = _concatenation(header, name)
    paths = _paths(header, name)
    if text_of(header, "DimensionOrganizationType") == "TILED_FULL":
        return _full(header, Tiling((rows, columns), tile, paths, 1, first, part), frames, name)
    return _sparse(header, Tiling((rows, columns), tile, paths, 1, first, part), frames, name)


def _concatenation(header: Mapping[str, Any], name: str) -> tuple[int, bool]:
    """Return how many frames stand in other files before this one's, and whether there are such files."""
    keyword = "ConcatenationFrameOffsetNumber"
    first = count_of(header, keyword, range(2**32), name)
    if first is None and header.get("ConcatenationUID") is not None:
        message = f"{keyword} is missing; the file is one of several, and which frames it holds is not known"
        raise MissingAttributeError(message, source=name, attribute=keyword)
    return first or 0, first is not None


def _paths(header: Mapping[str, Any], name: str) -> tuple[str, ...]:
    segments = items_of(header, "SegmentSequence")
    if segments and text_of(header, "SegmentationType") != "LABELMAP":
        numbers = [number for item in segments if isinstance(number := item.get("SegmentNumber"), int)]
        if len(set(numbers)) < len(segments):
            message = "the segments are not numbered one by one"
            raise InvalidAttributeError(message, source=name, attribute="SegmentNumber")
        return tuple(str(number) for number in sorted(numbers))
    named = [text_of(item, "OpticalPathIdentifier") for item in items_of(header, "OpticalPathSequence")]
    count = count_of(header, "NumberOfOpticalPaths", _COUNTS, name)
    if count is not None and count > 2**16:
        message = "NumberOfOpticalPaths has an impossible value"
        raise InvalidAttributeError(message, source=name, attribute="NumberOfOpticalPaths")
    count = count or len(named) or 1
    return tuple((named + [""] * count)[:count])


def _full(header: Mapping[str, Any], tiling: Tiling, frames: int, name: str) -> Tiling:
    declared = count_of(header, "TotalPixelMatrixFocalPlanes", _COUNTS, name)
    down, across = tiling.grid
    layer, planes, steps = down * across * len(tiling.paths), declared or 1, list[Step]()
    if declared is None and not tiling.part and frames > layer and frames % layer == 0:
        planes = frames // layer
        detail = f"TotalPixelMatrixFocalPlanes is missing; {frames} frames are taken as {planes} focal planes"
        steps.append(Step("tiles", detail, "assumed", "PS3.3 C.7.6.17.3"))
    there, expected = tiling.first + frames, layer * planes
    if there > expected or (there < expected and not tiling.part):
        paths = f", {len(tiling.paths)} optical paths" if len(tiling.paths) > 1 else ""
        detail = f"{there} frames; {down} x {across} tiles, {planes} focal planes{paths} make {expected}"
        raise InvalidAttributeError(detail, source=name, attribute="NumberOfFrames")
    return Tiling(tiling.total, tiling.tile, tiling.paths, planes, tiling.first, tiling.part, steps=tuple(steps))


def _sparse(header: Mapping[str, Any], tiling: Tiling, frames: int, name: str) -> Tiling:
    shared = next(iter(items_of(header, "SharedFunctionalGroupsSequence")), {})
    groups = items_of(header, "PerFrameFunctionalGroupsSequence")[:frames]
    positions = [_macro(group, shared, _SLIDE) for group in groups]
    if frames == 1 and not any(positions):
        if tiling.tile != tiling.total:
            raise GeometryError("where the frame lies in the total pixel matrix is not known", source=name)
        zero = np.zeros(1, np.int64)
        return Tiling(tiling.total, tiling.tile, tiling.paths, 1, places=Places(zero, zero, zero, zero))
    if len(positions) < frames:
        message = f"where frame {len(positions)} lies in the total pixel matrix is not known"
        raise MissingAttributeError(message, source=name, attribute=_SLIDE)
    at = [_position(item, frame, tiling.total, name) for frame, item in enumerate(positions)]
    rows, columns = np.array(at, np.int64).reshape(-1, 2).T
    identifiers = [_path_of(group, shared, name) for group in groups]
    names = tiling.paths if any(tiling.paths) else tuple(dict.fromkeys(identifiers))
    paths = _indices(identifiers, names, name)
    planes = _planes(np.stack([rows, columns, paths]), [finite_number(item.get(_Z)) for item in positions])
    places = Places(rows, columns, paths, planes)
    return Tiling(
        tiling.total, tiling.tile, names, int(planes.max(initial=0)) + 1, tiling.first, tiling.part, places=places
    )


_Z = "ZOffsetInSlideCoordinateSystem"


def _macro(group: Mapping[str, Any], shared: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    items = items_of(group, keyword) or items_of(shared, keyword)
    return items[0] if items else {}


def _position(item: Mapping[str, Any], frame: int, total: tuple[int, int], name: str) -> list[int]:
    position: list[int] = []
    for keyword, count in zip(_POSITIONS, total, strict=True):
        value = item.get(keyword)
        if value is None:
            message = f"frame {frame} has no {keyword}"
            raise MissingAttributeError(message, source=name, attribute=keyword)
        if whole_number(value, range(1, count + 1)) is None:
            message = f"{keyword} of frame {frame} is outside the total pixel matrix of 1 to {count}"
            raise InvalidAttributeError(message, source=name, attribute=keyword)
        position.append(value - 1)
    return position


def _path_of(group: Mapping[str, Any], shared: Mapping[str, Any], name: str) -> str:
    """Identifier of a frame's optical path, or number of its segment; ``""`` where it has none."""
    segment = text_of(_macro(group, shared, "SegmentIdentificationSequence"), "ReferencedSegmentNumber")
    return segment or text_of(_macro(group, shared, "OpticalPathIdentificationSequence"), "OpticalPathIdentifier")


def _indices(identifiers: Sequence[str], names: Sequence[str], name: str) -> NDArray[np.int64]:
    """Numbers of the paths. Where there is one path, frames need not name it."""
    if len(names) == 1 and set(identifiers) <= {"", names[0]}:
        return np.zeros(len(identifiers), np.int64)
    numbers = {identifier: number for number, identifier in enumerate(names)}
    unknown = next((frame for frame, identifier in enumerate(identifiers) if identifier not in numbers), None)
    if unknown is not None:
        message = f"frame {unknown} is of an optical path or segment that the file does not describe"
        raise InvalidAttributeError(message, source=name, attribute="OpticalPathIdentifier")
    return np.array([numbers[identifier] for identifier in identifiers], np.int64)


def _planes(places: NDArray[np.int64], heights: Sequence[float | None]) -> NDArray[np.int64]:
    """Number the focal planes by their height above the glass.

    A scanner that follows the surface of the specimen gives each tile a height of its own: as long as no place has two
    tiles, they are one plane.
    """
    none = np.zeros(places.shape[1], np.int64)
    known = [height for height in heights if height is not None]
    if len(known) < len(heights) or np.unique(places, axis=1).shape[1] == places.shape[1]:
        return none
    return np.unique(np.round(np.array(known), _Z_DIGITS), return_inverse=True)[1].reshape(-1).astype(np.int64)


def region_bounds(tiling: Tiling, rows: tuple[int, int] | None, columns: tuple[int, int] | None, name: str) -> Bounds:
    """Check the bounds of a region; None stands for all rows, or all columns.

    Raises
    ------
    IndexError
        The region is empty, or reaches beyond the matrix.
    """
    bounds: list[int] = []
    for wanted, count, what in ((rows, tiling.total[0], "rows"), (columns, tiling.total[1], "columns")):
        first, last = (0, count) if wanted is None else (index(wanted[0]), index(wanted[1]))
        if not 0 <= first < last <= count:
            raise IndexError(f"{name}: {what} {first} to {last} are empty or beyond the {count} {what}, counted from 0")
        bounds += [first, last]
    return bounds[0], bounds[1], bounds[2], bounds[3]


def layer_number(tiling: Tiling, path: int | str, plane: int, name: str) -> int:
    """Return the number of an optical path, given by number or identifier, after checking both it and the focal plane.

    Raises
    ------
    IndexError
        There is no such optical path, or no such focal plane.
    """
    if not 0 <= index(plane) < tiling.planes:
        raise IndexError(f"{name}: focal plane {plane} is out of range: there are {tiling.planes}, counted from 0")
    if isinstance(path, str):
        if path and path in tiling.paths:
            return tiling.paths.index(path)
        raise IndexError(f"{name}: no optical path {path!r}; there are {len(tiling.paths)}")
    if not 0 <= index(path) < len(tiling.paths):
        raise IndexError(f"{name}: optical path {path} is out of range: there are {len(tiling.paths)}, counted from 0")
    return path
