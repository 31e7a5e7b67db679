"""NPY and NPZ: values for numpy, with what belongs to them."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.image import Image
from hounsfield.imagelike import require_volume
from hounsfield.outputs import Written, whole_file
from hounsfield.steps import Step
from hounsfield.volume import Volume


def save_npy(path: Path, image: Image) -> None:
    """Write the values, and nothing else, as NPY."""
    with open(path, "wb") as file:
        np.save(file, np.ascontiguousarray(image.values), allow_pickle=False)


def save_npz(path: Path, image: Image, steps: Iterable[Step]) -> None:
    """Write a compressed NPZ.

    It holds ``values``; ``unit``; ``axes``; ``pixel_spacing`` (mm between rows and between columns, NaN where
    unknown) with ``spacing_kind``; ``padding`` (bool, of the shape of the frames) where a pixel is none; ``affine``
    where the place in the patient is known, 4x4 of an image or (frame, 4, 4), from (row, column, mm along the normal,
    1) to LPS mm; ``steps`` as JSON. Nothing in it has to be unpickled.
    """
    parts = _parts(image, steps)
    affine = _affine(image)
    parts |= {} if affine is None else {"affine": affine}
    with open(path, "wb") as file:
        _save(file, parts)


def write_npz(volume: Volume, path: str | os.PathLike[str], *, force: bool = False) -> Written:
    """Write a volume as a compressed NPZ: the values exactly, with what belongs to them.

    It holds ``values``; ``unit``; ``axes``; ``affine``, 4x4 from (slice, row, column, 1) to LPS mm, where the place in
    the patient is known; ``pixel_spacing`` (mm between rows and between columns, NaN where unknown) with
    ``spacing_kind``; ``padding`` (bool), True where a voxel is not a measurement; ``steps`` as JSON. Nothing in it has
    to be unpickled, and nothing identifies a patient. The same volume gives the same bytes.

    Parameters
    ----------
    volume
        A volume or a mask.
    path
        Ends with .npz. Missing folders are created.
    force
        Replace a file that exists.

    Returns
    -------
    Written
        The file, and the steps from the source to it.

    Raises
    ------
    OutputError
        The file exists or cannot be written.
    ValueError
        The path ends otherwise.

    Examples
    --------
    >>> import hounsfield as hu, numpy as np, pathlib, tempfile
    >>> volume = hu.Volume(np.ones((2, 3, 4), np.int16), affine=np.diag([5, 2, 2, 1]), unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = hu.write_npz(volume, pathlib.Path(folder) / "ct.npz")
    ...     with np.load(written.paths[0]) as file:
    ...         print(file["unit"], file["axes"], file["affine"].diagonal())
    HU ['slice' 'row' 'column'] [5. 2. 2. 1.]
    """
    require_volume(volume, "write_npz")
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise ValueError("an NPZ file ends with .npz")
    steps = (*volume.steps, Step("write", f"NPZ, the values as {volume.values.dtype}"))
    parts = _parts(volume, steps)
    parts |= {} if volume.affine is None else {"affine": volume.affine}
    with whole_file(path, force=force) as temporary, open(temporary, "wb") as file:
        _save(file, parts)
    return Written((path,), steps)


def mask_npz(mask: Image) -> bytes:
    """Return a compressed NPZ with ``mask`` (bool), ``pixel_spacing`` (mm, NaN where unknown) and ``spacing_kind``."""
    buffer = io.BytesIO()
    _save(
        buffer,
        {
            "mask": mask.values,
            "axes": np.array(mask.axes),
            "pixel_spacing": np.array(mask.pixel_spacing or (np.nan, np.nan)),
            "spacing_kind": np.array(mask.spacing_kind or ""),
        },
    )
    return buffer.getvalue()


def _parts(image: Image | Volume, steps: Iterable[Step]) -> dict[str, NDArray[Any]]:
    """Return the arrays and texts that images and volumes have in common."""
    parts: dict[str, NDArray[Any]] = {
        "values": image.values,
        "unit": np.array(image.unit),
        "axes": np.array(image.axes),
        "pixel_spacing": np.array(image.pixel_spacing or (np.nan, np.nan)),
        "spacing_kind": np.array(image.spacing_kind or ""),
        "steps": np.array(json.dumps([step.to_dict() for step in steps])),
    }
    return parts | ({} if image.padding is None else {"padding": image.padding})


def _save(file: Any, parts: dict[str, NDArray[Any]]) -> None:
    np.savez_compressed(file, **parts)  # pyright: ignore[reportArgumentType]  names are no options of numpy's


def _affine(image: Image) -> NDArray[np.float64] | None:
    """Return the affine of each frame, or None where that is not known of all."""
    planes = [image.frame(index).plane for index in range(image.frames)]
    affines = [plane.affine for plane in planes if plane is not None]
    if len(affines) != len(planes):
        return None
    return np.stack(affines) if image.multi_frame else affines[0]
