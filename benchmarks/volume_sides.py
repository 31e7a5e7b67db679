"""Sides of benchmarks/masks.py: a volume in memory, ours and the script's loop over its slices."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SLICES, FEWER = 400, 80
PERCENTILES = (1, 5, 25, 75, 95, 99)


def slices_of(folder: Path, count: int) -> np.ndarray:
    """HU of a series' slices, (slice, row, column), as often one after another as it takes."""
    import hounsfield as hu

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images = [hu.read(path).values for path in sorted(folder.iterdir())]
    values = np.empty((count, 512, 512), np.int16)
    for index in range(count):
        values[index] = images[index % len(images)]
    return values


def our_volume_of(folder: Path, count: int) -> Any:
    import hounsfield as hu

    return hu.Volume(slices_of(folder, count), np.diag([5.0, 0.75, 0.75, 1.0]), unit="HU")


def our_volume(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    os.environ.pop("HOUNSFIELD_THREADS")
    volume = our_volume_of(folder, SLICES)
    return lambda: hu.measure(volume, hu.mask(volume))


def our_volume_mask(folder: Path) -> Callable[[], object]:
    os.environ.pop("HOUNSFIELD_THREADS")
    return our_volume_mask_alone(folder)


def our_volume_mask_alone(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    volume = our_volume_of(folder, SLICES)
    return lambda: hu.mask(volume)


def _few(chosen: np.ndarray) -> tuple[Any, ...]:
    return np.count_nonzero(chosen), chosen.mean(), chosen.std(), chosen.min(), chosen.max()


def _all(chosen: np.ndarray) -> tuple[Any, ...]:
    more = np.median(chosen), np.percentile(chosen, PERCENTILES), np.histogram(chosen, 64)
    return *_few(chosen), *more


def _script(folder: Path, measures: Callable[[np.ndarray], tuple[Any, ...]] | None) -> Callable[[], object]:
    from script import script_mask  # the oracle of the tests

    slices = slices_of(folder, SLICES)

    def loop() -> None:
        for values in slices:
            mask = script_mask(values)
            if measures is not None and mask.any():
                measures(values[mask])

    return loop


def our_solid_mask(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    os.environ.pop("HOUNSFIELD_THREADS")
    volume = our_volume_of(folder, FEWER)
    return lambda: hu.mask(volume, fill="3d", opening=0)


def scipy_fill(folder: Path) -> Callable[[], object]:
    from scipy.ndimage import binary_fill_holes

    values = slices_of(folder, FEWER)
    return lambda: binary_fill_holes(values > 90)


def our_largest(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    os.environ.pop("HOUNSFIELD_THREADS")
    mask = hu.mask(our_volume_of(folder, FEWER))
    return lambda: hu.components(mask, largest=1)


def scipy_largest(folder: Path) -> Callable[[], object]:
    from scipy.ndimage import label

    import hounsfield as hu

    mask = hu.mask(our_volume_of(folder, FEWER)).values

    def largest() -> np.ndarray:
        labels, _ = label(mask, np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel())
        return labels == 1 + int(np.argmax(sizes[1:]))

    return largest


VOLUMES = {
    "our volume": our_volume,
    "our volume mask": our_volume_mask,
    "our volume mask, one thread": our_volume_mask_alone,
    "script volume": lambda folder: _script(folder, _all),
    "script volume, few measures": lambda folder: _script(folder, _few),
    "script volume mask": lambda folder: _script(folder, None),
    "our solid mask": our_solid_mask,
    "SciPy fill": scipy_fill,
    "our largest": our_largest,
    "SciPy largest": scipy_largest,
}
