"""Mosaics of Siemens MR: all slices of a volume as tiles of one picture, and where each of them lies.

The layout is Siemens' own: the number of slices and their normal stand in private attributes (the CSA image header).
What the position of a tile follows from is described in the documentation of NiBabel ("Siemens mosaic format"), and
what dcm2niix makes of the same files.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.headers.frame_table import FrameTable, numbers_of
from hounsfield.image import Header, Step

#: Above any acquisition: a picture of 4,096 x 4,096 of tiles of 64 x 64.
_MOST_TILES = 4096


@dataclass(frozen=True)
class Mosaic:
    """Tiles of a picture, row by row from the top left; those behind the last slice are empty.

    Attributes
    ----------
    slices
        Number of tiles that are slices.
    across
        Tiles in a row of the picture, and in a column.
    size
        Rows and columns of a tile.
    table
        Where each slice lies.
    step
        What is to be said of how that was found.
    """

    slices: int
    across: int
    size: tuple[int, int]
    table: FrameTable
    step: Step

    def cut(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Cut a picture (row, column) into its slices: (slice, row, column)."""
        rows, columns = self.size
        tiles = picture.reshape(self.across, rows, self.across, columns).swapaxes(1, 2)
        return tiles.reshape(-1, rows, columns)[: self.slices]


def is_mosaic(image_type: str) -> bool:
    """Whether an Image Type, its values joined by backslashes, is that of a mosaic."""
    return "MOSAIC" in image_type.upper().split("\\")


def read_mosaic(header: Header) -> Mosaic | None:
    """Read how a mosaic is laid out; None where the file does not say it, or it does not fit the picture."""
    csa = _csa(header)
    slices = _number(csa, "NumberOfImagesInMosaic") or _private_number(header, 0x0A)
    rows, columns = header.get("Rows"), header.get("Columns")
    if not slices or not isinstance(rows, int) or not isinstance(columns, int) or not 0 < slices <= _MOST_TILES:
        return None
    across = math.ceil(math.sqrt(slices))
    if rows % across or columns % across:
        return None
    size = rows // across, columns // across
    table, step = _places(header, csa, int(slices), size, (rows, columns))
    return Mosaic(int(slices), across, size, table, step)


def _csa(header: Header) -> dict[str, Any]:
    """The tags of Siemens' image header; none where there is none, or it is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that its own readers of DICOM are experimental: they are not used
            from nibabel.nicom.csareader import get_csa_header
        found = get_csa_header(header.dataset, "image")
    except Exception:  # bytes of others: whatever is wrong with them, they do not tell
        return {}
    return cast("dict[str, Any]", found["tags"]) if found else {}


def _private_number(header: Header, element: int) -> float | None:
    """A number of Siemens' own group (0019), where the file names its creator; None where it does not."""
    try:
        value = header.dataset.private_block(0x0019, "SIEMENS MR HEADER")[element].value
        return float(value.decode("ascii") if isinstance(value, bytes) else value)
    except Exception:  # absent, or no number: it does not tell
        return None


def _items(csa: dict[str, Any], name: str) -> list[Any]:
    tag = csa.get(name)
    return cast("list[Any]", tag["items"]) if isinstance(tag, dict) and "items" in tag else []


def _number(csa: dict[str, Any], name: str) -> float | None:
    value = next(iter(_items(csa, name)), None)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _places(
    header: Header, csa: dict[str, Any], slices: int, size: tuple[int, int], whole: tuple[int, int]
) -> tuple[FrameTable, Step]:
    position = np.array(numbers_of(header.get("ImagePositionPatient"), 3))
    orientation = np.array(numbers_of(header.get("ImageOrientationPatient"), 6))
    spacing = np.array(numbers_of(header.get("PixelSpacing"), 2))
    # The position is that of the whole picture, as if a tile of its size had been acquired about the same centre.
    down, right = (np.array(whole) - size) / 2 * spacing
    first = position + right * orientation[:3] + down * orientation[3:]
    normal = np.cross(orientation[:3], orientation[3:])
    declared = np.array([v for v in _items(csa, "SliceNormalVector") if isinstance(v, (int, float))])
    if len(declared) == 3 and float(declared @ normal) < 0:
        normal = -normal
    doubts = [] if len(declared) == 3 else ["the direction of the slices is not stated: along their normal"]
    between = numbers_of(header.get("SpacingBetweenSlices"), 1)[0]
    if math.isnan(between) and slices > 1:
        between = numbers_of(header.get("SliceThickness"), 1)[0]
        doubts.append("SpacingBetweenSlices is missing: SliceThickness is taken for it")
    detail = "; ".join([f"{slices} slices from tiles of {size[0]} x {size[1]}", *doubts])
    step = Step("mosaic", detail, "assumed" if doubts else "done", "Siemens CSA image header")
    points = first + np.arange(slices)[:, None] * (between if slices > 1 else 0.0) * normal
    b_value = _number(csa, "B_value")
    b_value = _private_number(header, 0x0C) if b_value is None else b_value
    gradient = [v for v in _items(csa, "DiffusionGradientDirection") if isinstance(v, (int, float))]
    numbers = {
        "ImagePositionPatient": points,
        "DiffusionBValue": np.full(slices, math.nan if b_value is None else b_value),
        "DiffusionGradientOrientation": np.tile(gradient if len(gradient) == 3 else [math.nan] * 3, (slices, 1)),
        "Rows": np.full(slices, float(size[0])),
        "Columns": np.full(slices, float(size[1])),
    }
    return FrameTable(slices, numbers), step
