"""TIFF: values exactly as they are, with unit, spacing and steps; or renderings. Several frames are several pages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, needed_for

#: Types that libtiff, and what is built on it, reads.
_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
#: Offsets in a classic TIFF have 32 bits; what stands beside the pixels takes the rest.
_CLASSIC_BYTES = 2**32 - 2**26


def write_tiff(
    path: Path,
    pages: Iterable[NDArray[Any]],
    size: int,
    description: str = "",
    spacing: tuple[float, float] | None = None,
) -> None:
    """Write pages one by one, uncompressed; as BigTIFF where there are more bytes than a TIFF holds.

    Parameters
    ----------
    path
        Where to.
    pages
        Each (row, column) or (row, column, 3), of integers of 8 to 32 bits or fractions of 32 or 64.
    size
        Bytes of all pages together.
    description
        ASCII text for the first page's ImageDescription.
    spacing
        Millimetres (between rows, between columns), for the resolution tags.
    """
    more: dict[str, Any] = {}
    if spacing is not None and all(1e-3 <= v <= 1e4 for v in spacing):
        more = {"resolution": (10 / spacing[1], 10 / spacing[0]), "resolutionunit": "CENTIMETER"}
    with needed_for("writing TIFF"):  # nobody else pays for it
        import tifffile

    with tifffile.TiffWriter(path, byteorder="<", bigtiff=size > _CLASSIC_BYTES) as writer:
        for page in pages:
            photometric = "rgb" if page.ndim == 3 else "minisblack"
            writer.write(
                np.ascontiguousarray(page),
                photometric=photometric,
                description=description or None,
                metadata=None,
                software=False,
                contiguous=False,
                **more,
            )
            description = ""


def tiff_values(values: NDArray[Any]) -> NDArray[Any]:
    """Return values in a type that is written, unchanged.

    Raises
    ------
    FormatError
        No such type holds them exactly.
    """
    exact = _exact(values)
    if exact is None:
        raise FormatError(f"no type that TIFF readers know holds these {values.dtype} values exactly; use NPY or NPZ")
    return exact


def _exact(values: NDArray[Any]) -> NDArray[Any] | None:
    if values.dtype.name in _TYPES:
        return values
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    if values.dtype == np.float16:
        return values.astype(np.float32)
    if values.dtype.kind not in "iu":
        return None
    info = np.iinfo(np.int32)
    fits = info.min <= int(values.min()) and int(values.max()) <= info.max
    return values.astype(np.int32) if fits else None
