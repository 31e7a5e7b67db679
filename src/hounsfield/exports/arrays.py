"""NPY and NPZ: values for numpy, with what belongs to them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.image import Image, Step


def write_npy(path: Path, image: Image) -> None:
    """Write the values, and nothing else, as NPY."""
    with open(path, "wb") as file:
        np.save(file, np.ascontiguousarray(image.values), allow_pickle=False)


def write_npz(path: Path, image: Image, steps: Iterable[Step]) -> None:
    """Write a compressed NPZ.

    It holds ``values``; ``unit``; ``axes``; ``pixel_spacing`` (mm between rows and between columns, NaN where
    unknown) with ``spacing_kind``; ``padding`` (bool, of the shape of the frames) where a pixel is none; ``affine``
    where the place in the patient is known, 4x4 of an image or (frame, 4, 4), from (row, column, mm along the normal,
    1) to LPS mm; ``steps`` as JSON. Nothing in it has to be unpickled.
    """
    parts: dict[str, NDArray[Any]] = {
        "values": image.values,
        "unit": np.array(image.unit),
        "axes": np.array(image.axes),
        "pixel_spacing": np.array(image.pixel_spacing or (np.nan, np.nan)),
        "spacing_kind": np.array(image.spacing_kind or ""),
        "steps": np.array(json.dumps([step.to_dict() for step in steps])),
    }
    affine = _affine(image)
    parts |= {} if affine is None else {"affine": affine}
    parts |= {} if image.padding is None else {"padding": image.padding}
    with open(path, "wb") as file:
        _save(file, parts)


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


def _save(file: Any, parts: dict[str, NDArray[Any]]) -> None:
    np.savez_compressed(file, **parts)  # pyright: ignore[reportArgumentType]  names are no options of numpy's


def _affine(image: Image) -> NDArray[np.float64] | None:
    """Where each frame lies, or None where that is not known of all."""
    planes = [image.frame(index).plane for index in range(image.frames)]
    affines = [plane.affine for plane in planes if plane is not None]
    if len(affines) != len(planes):
        return None
    return np.stack(affines) if image.multi_frame else affines[0]
