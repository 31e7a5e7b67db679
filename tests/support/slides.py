"""Whole slides for tests: levels of one slide, huge sparse ones, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classes import uid
from classes_enhanced import enhanced, measures
from classes_tiled import SLIDE

from made import to_bytes

#: Millimetres between pixels of the finest level.
SPACING = 0.0005


def write_slide(
    path: Path,
    tiles: np.ndarray,
    total: tuple[int, int],
    places: Sequence[tuple[int, int]] | None = None,
    *,
    reduced: int = 1,
    flavor: str = "VOLUME",
    **attributes: Any,
) -> Path:
    """Write a file of a slide.

    Parameters
    ----------
    path
        Where to.
    tiles
        (tile, row, column, sample) or (tile, row, column).
    total
        Rows and columns of the total pixel matrix.
    places
        Row and column of each tile, 0-based (TILED_SPARSE); None: all of them row by row (TILED_FULL).
    reduced
        Pixels of the finest level along one of these.
    flavor
        Value 3 of Image Type.
    attributes
        Others.
    """
    spacing = SPACING * reduced
    shared = measures(spacing, spacing, 0.001)
    shared["WholeSlideMicroscopyImageFrameTypeSequence"] = [{"FrameType": ["ORIGINAL", "PRIMARY", flavor, "NONE"]}]
    frames = [_place(*place) for place in places or [(0, 0)] * len(tiles)]
    known = {
        "ImageType": ["ORIGINAL", "PRIMARY", flavor, "NONE"],
        "TotalPixelMatrixRows": total[0],
        "TotalPixelMatrixColumns": total[1],
        "DimensionOrganizationType": "TILED_FULL" if places is None else "TILED_SPARSE",
        "SOPInstanceUID": uid("slide", path.name),
    }
    dataset = enhanced("77.1.6", "SM", tiles, shared, frames, **{**SLIDE, **known, **attributes})
    if places is None:
        del dataset.PerFrameFunctionalGroupsSequence
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path.write_bytes(to_bytes(dataset))
    return path


def _place(row: int, column: int) -> dict[str, Any]:
    position: Mapping[str, Any] = {
        "XOffsetInSlideCoordinateSystem": 20 - row * SPACING,
        "YOffsetInSlideCoordinateSystem": 40 - column * SPACING,
        "ZOffsetInSlideCoordinateSystem": 0,
        "ColumnPositionInTotalImagePixelMatrix": column + 1,
        "RowPositionInTotalImagePixelMatrix": row + 1,
    }
    path = {"OpticalPathIdentificationSequence": [{"OpticalPathIdentifier": "1"}]}
    return {"PlanePositionSlideSequence": [dict(position)], **path}


def tissue(rows: int, columns: int) -> np.ndarray:
    """A picture without two alike places: RGB of 8 bits."""
    row, column = np.mgrid[:rows, :columns]
    return np.stack([row * 7 + column, column * 3 + row // 5, (row // 16 + column // 16) * 40], -1).astype(np.uint8)


def tiled(matrix: np.ndarray, side: int) -> np.ndarray:
    """All tiles of a matrix, row by row; the last ones are filled up."""
    rows, columns = (-(-count // side) * side for count in matrix.shape[:2])
    whole = np.zeros((rows, columns, *matrix.shape[2:]), matrix.dtype)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    parts = whole.reshape(rows // side, side, columns // side, side, *matrix.shape[2:]).swapaxes(1, 2)
    return parts.reshape(-1, side, side, *matrix.shape[2:])


def write_levels(folder: Path, **attributes: Any) -> list[Path]:
    """Write a slide of three levels, each every 4th pixel of the one before."""
    matrix, paths = tissue(700, 1100), list[Path]()
    for number in range(3):
        reduced = 4**number
        level = np.ascontiguousarray(matrix[::reduced, ::reduced])
        flavor = "THUMBNAIL" if number == 2 else "VOLUME"
        path, more = folder / f"level{number}.dcm", {"reduced": reduced, "flavor": flavor, **attributes}
        paths.append(write_slide(path, tiled(level, 64), level.shape[:2], **more))
    return paths


#: First row and column of the tiles of a huge slide.
HUGE, SIDE = 100_000, 256
HUGE_PLACES = [(0, 0), (0, 99_744), (50_000, 50_000), (50_000, 50_256), (50_256, 50_000), (99_744, 99_744)]


def write_huge(path: Path, **attributes: Any) -> Path:
    """Write a sparse slide of 100,000 x 100,000 pixels with a few tiles."""
    tiles = np.stack([np.roll(tissue(SIDE, SIDE), 40 * number, axis=1) for number in range(len(HUGE_PLACES))])
    return write_slide(path, tiles, (HUGE, HUGE), HUGE_PLACES, **attributes)
