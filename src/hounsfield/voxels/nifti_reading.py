"""NIfTI files read: labels and masks that other programs have drawn, with their place in LPS."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, HounsfieldError, LimitExceededError, missing
from hounsfield.steps import Step
from hounsfield.voxels.nifti_space import nifti_place

_AXES = 3
_GZIP = b"\x1f\x8b"


def read_nifti(
    path: str | os.PathLike[str],
    most: int,
    source: str,
    check: Callable[[tuple[int, int, int], NDArray[np.float64] | None], None],
) -> tuple[NDArray[Any], NDArray[np.float64] | None, tuple[Step, ...]]:
    """Return the values of a NIfTI file, (column, row, slice) or as it has them, and their affine to LPS mm.

    Parameters
    ----------
    path
        The file: NIfTI-1 or NIfTI-2, as it is or compressed with gzip.
    most
        Bytes that its values may take.
    source
        Its name in messages.
    check
        Called with the shape and the affine before any value is read: it raises what is wrong with them.

    Returns
    -------
    values, affine, steps
        The affine is None where the file says of no place: both its form codes are 0. Steps are what was assumed.

    Raises
    ------
    FormatError
        It is damaged, or has not three axes.
    GeometryError
        Of `check`.
    LimitExceededError
        It is too large.
    """
    try:
        import nibabel
        from nibabel.filebasedimages import ImageFileError
        from nibabel.spatialimages import HeaderDataError
        from nibabel.wrapstruct import WrapStructError
    except ImportError:
        raise missing("reading NIfTI", "nibabel") from None
    try:
        with open(path, "rb") as plain, gzip.open(plain) if plain.peek(2)[:2] == _GZIP else plain as stream:
            size = int.from_bytes(head[:4], "little") if len(head := stream.peek(4)[:4]) == 4 else 0
            is_second = 540 in (size, int.from_bytes(head, "big"))
            image: Any = (nibabel.Nifti2Image if is_second else nibabel.Nifti1Image).from_stream(stream)
            shape = _three(image.shape, source)
            if math.prod(shape) * max(8, image.get_data_dtype().itemsize) > most:
                raise LimitExceededError(f"its values would take more than {most} bytes", source=source)
            place, steps = nifti_place(image)
            affine = None if place is None else np.diag([-1.0, -1.0, 1.0, 1.0]) @ place
            if affine is not None and not np.isfinite(affine).all():
                raise FormatError("is a NIfTI file whose affine is not finite", source=source)
            check(shape, affine)
            values = np.asanyarray(image.dataobj).reshape(shape)
    except HounsfieldError:
        raise
    except (
        OSError,
        ValueError,
        EOFError,
        zlib.error,
        KeyError,
        TypeError,
        HeaderDataError,
        WrapStructError,
        ImageFileError,
    ):
        raise FormatError("is a NIfTI file that cannot be read", source=source) from None
    return values, affine, steps


def _three(shape: tuple[int, ...], source: str) -> tuple[int, int, int]:
    """Three axes, where further ones are of length 1."""
    if len(shape) < 2 or any(count != 1 for count in shape[_AXES:]):
        raise FormatError(f"is a NIfTI file of {len(shape)} axes: a mask has three", source=source)
    columns, rows, slices = (*shape, 1)[:_AXES]
    return columns, rows, slices
