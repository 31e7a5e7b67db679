"""Draw the figures that pages show, by the code beside them: python docs/pictures.py."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.data import get_testdata_file

import hounsfield as hu

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Write them."""
    ct = hu.read(str(get_testdata_file("CT_small.dcm")))
    _save("ct", ct, hu.mask(ct), outline=True)
    rows, columns = np.indices(ct.shape)
    between_rows, between_columns = ct.pixel_spacing or (np.nan, np.nan)
    distance = np.hypot((rows - 11) * between_rows, (columns - 88) * between_columns)
    _save("region", ct, distance <= 5, outline=True)
    with tempfile.TemporaryDirectory() as folder:
        hu.phantom(f"{folder}/tutorial", matrix=128, slices=24, slice_spacing=4, noise=5, missing=(22,))
        volume = hu.read_volumes(f"{folder}/tutorial")[0]
        lungs = hu.components(hu.mask(volume, tissue="lung", fill="3d"), largest=2)
        _save("lungs", volume, lungs, montage=6, window="lung")
        hu.phantom(f"{folder}/start", matrix=256, slices=24, slice_spacing=4, noise=5)
        volume = hu.read_volumes(f"{folder}/start")[0]
        _save("figure", volume, hu.mask(volume), outline=True)


def _save(name: str, *arguments: Any, **options: Any) -> None:
    with (IMAGES / f"{name}.png").open("wb") as file:
        hu.figure(*arguments, dpi=96, **options).savefig(file)


if __name__ == "__main__":
    main()
