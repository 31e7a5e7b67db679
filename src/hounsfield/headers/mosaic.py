"""Mosaics of MR: all slices of a volume as tiles of one picture, and where each of them lies.

The layout is the vendors' own.

Siemens: the number of slices and their normal stand in private attributes (the CSA image header; the protocol, as
text). What the position of a tile follows from is described in the documentation of NiBabel ("Siemens mosaic format"),
and what dcm2niix makes of the same files.

United Imaging (UIH): Image Type VFRAME, the number of slices in (0065,1050), and the place of each in the items of
(0065,1051), as dcm2niix and dicm2nii read them.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.header import Header, finite_number, finite_numbers, numbers_or_nan, texts_of, whole_number
from hounsfield.headers.diffusion import Diffusion, read_diffusion
from hounsfield.headers.frame_table import FrameTable
from hounsfield.headers.private import private_bytes, private_numbers, private_value
from hounsfield.steps import Step

#: Above any acquisition: a picture of 4,096 x 4,096 of tiles of 64 x 64.
_MOST_TILES = 4096
#: The number of slices in Siemens' protocol, which follows the CSA headers as text.
_PROTOCOL_SLICES = re.compile(rb"sSliceArray\.lSize\s*=\s*(0x[0-9a-fA-F]{1,4}|\d{1,4})\b")
_SIEMENS, _UIH = "SIEMENS MR HEADER", "Image Private Header"
_DETAIL = "a mosaic whose layout the header does not give: not cut into slices, each picture is taken as one slice"
#: To be said of a mosaic that is left as it is.
UNCUT = Step("mosaic", _DETAIL, "assumed")


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
    """Return whether an Image Type, its values joined by backslashes, is one that mosaics have."""
    return not {"MOSAIC", "VFRAME"}.isdisjoint(image_type.upper().split("\\"))


def read_mosaic(header: Header) -> Mosaic | None:
    """Read how a mosaic is laid out; None where the file does not say it, or it does not fit the picture."""
    csa = _csa(header)
    uih = _is_uih(header)
    slices = _uih_slices(header) if uih else _siemens_slices(header, csa)
    rows, columns = whole_number(header.get("Rows")), whole_number(header.get("Columns"))
    if rows is None or columns is None or not 0 < slices <= _MOST_TILES:
        return None
    across = math.ceil(math.sqrt(slices))
    if rows % across or columns % across:
        return None
    size = rows // across, columns // across
    table, step = _uih_places(header, slices, size) if uih else _places(header, csa, slices, size, (rows, columns))
    return Mosaic(slices, across, size, table, step)


def is_one_slice(header: Header) -> bool:
    """Return whether a picture whose Image Type is one of mosaics is an ordinary slice after all.

    Single slices of UIH have VFRAME among their Image Type, too: they have a position, and pictures of tiles have none.
    """
    return _is_uih(header) and header.get("ImagePositionPatient") is not None and _uih_slices(header) <= 1


def _is_uih(header: Header) -> bool:
    parts = [part.upper() for part in texts_of(header, "ImageType")]
    return "VFRAME" in parts and "MOSAIC" not in parts


def _siemens_slices(header: Header, csa: dict[str, Any]) -> int:
    """The number of slices by the CSA header, its copy beside it, or the protocol; 0 where none of them says it."""
    declared = [_number(csa, "NumberOfImagesInMosaic"), *private_numbers(header, 0x0019, _SIEMENS, 0x0A)[:1]]
    for number in declared:
        if number is not None and number >= 1 and number == int(number):
            return int(number)
    for data in private_bytes(header, 0x0029, 0x0021):
        if match := _PROTOCOL_SLICES.search(data):
            return int(match[1], 0)
    return 0


def _uih_slices(header: Header) -> int:
    """The number of slices of UIH's grid; 0 where the header does not say it."""
    numbers = private_numbers(header, 0x0065, _UIH, 0x50)
    if len(numbers) == 1 and 1 <= numbers[0] <= _MOST_TILES and numbers[0] == int(numbers[0]):
        return int(numbers[0])
    return len(_uih_items(header))


def _uih_items(header: Header) -> list[Any]:
    """The items that say where each slice of UIH's grid lies."""
    value = private_value(header, 0x0065, _UIH, 0x51)
    try:
        return [item for item in value if hasattr(item, "get")]
    except TypeError:
        return []


def _uih_places(header: Header, slices: int, size: tuple[int, int]) -> tuple[FrameTable, Step]:
    points = np.full((slices, 3), np.nan)
    items = _uih_items(header)
    for index, item in enumerate(items if len(items) == slices else []):
        try:
            value = item.get("ImagePositionPatient")
            points[index] = numbers_or_nan([float(each) for each in value], 3)
        except (TypeError, ValueError, OverflowError):
            continue
    placed = bool(np.isfinite(points).all())
    points = points if placed else np.full((slices, 3), np.nan)
    detail = f"{slices} slices from tiles of {size[0]} x {size[1]}"
    detail += "" if placed else "; where they lie is not stated"
    reference = "UIH private attributes (0065,1050), (0065,1051)"
    return _table(points, size, read_diffusion(header)), Step("mosaic", detail, reference=reference)


def _table(points: NDArray[np.float64], size: tuple[int, int], diffusion: Diffusion) -> FrameTable:
    slices = len(points)
    b_value, gradient = diffusion.b_value, diffusion.gradient
    numbers = {
        "ImagePositionPatient": points,
        "DiffusionBValue": np.full(slices, math.nan if b_value is None else b_value),
        "DiffusionGradientOrientation": np.tile([math.nan] * 3 if gradient is None else list(gradient), (slices, 1)),
        "Rows": np.full(slices, float(size[0])),
        "Columns": np.full(slices, float(size[1])),
    }
    return FrameTable(slices, numbers)


def _csa(header: Header) -> dict[str, Any]:
    """The tags of Siemens' image header; none where there is none, or it is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that its own readers of DICOM are experimental: they are not used
            from nibabel.nicom.csareader import get_csa_header
        csa = get_csa_header(header.dataset, "image")
    except Exception:  # bytes of others: whatever is wrong with them, they do not tell
        return {}
    return cast("dict[str, Any]", csa["tags"]) if csa else {}


def _items(csa: dict[str, Any], name: str) -> list[Any]:
    tag = csa.get(name)
    return cast("list[Any]", tag["items"]) if isinstance(tag, dict) and "items" in tag else []


def _number(csa: dict[str, Any], name: str) -> float | None:
    return finite_number(next(iter(_items(csa, name)), None))


def _places(
    header: Header, csa: dict[str, Any], slices: int, size: tuple[int, int], whole: tuple[int, int]
) -> tuple[FrameTable, Step]:
    position = np.array(numbers_or_nan(header.get("ImagePositionPatient"), 3))
    orientation = np.array(numbers_or_nan(header.get("ImageOrientationPatient"), 6))
    spacing = np.array(numbers_or_nan(header.get("PixelSpacing"), 2))
    # The position is that of the whole picture, as if a tile of its size had been acquired about the same centre.
    down, right = (np.array(whole) - size) / 2 * spacing
    first = position + right * orientation[:3] + down * orientation[3:]
    normal = np.cross(orientation[:3], orientation[3:])
    declared = np.array(finite_numbers(_items(csa, "SliceNormalVector")))
    if len(declared) == 3 and float(declared @ normal) < 0:
        normal = -normal
    doubts = [] if len(declared) == 3 else ["the direction of the slices is not stated; taken as along their normal"]
    between = numbers_or_nan(header.get("SpacingBetweenSlices"), 1)[0]
    if math.isnan(between) and slices > 1:
        between = numbers_or_nan(header.get("SliceThickness"), 1)[0]
        doubts.append("SpacingBetweenSlices is missing; SliceThickness is used instead")
    detail = "; ".join([f"{slices} slices from tiles of {size[0]} x {size[1]}", *doubts])
    step = Step("mosaic", detail, "assumed" if doubts else "done", "Siemens CSA image header")
    points = first + np.arange(slices)[:, None] * (between if slices > 1 else 0.0) * normal
    known = read_diffusion(header)
    b_value = _number(csa, "B_value")
    gradient = finite_numbers(_items(csa, "DiffusionGradientDirection"))
    x, y, z = gradient if len(gradient) == 3 else (math.nan,) * 3
    diffusion = Diffusion(
        known.b_value if b_value is None else b_value, (x, y, z) if len(gradient) == 3 else known.gradient
    )
    return _table(points, size, diffusion), step
