"""Volumes of one shape, so that they can be put together to a batch: cropped and padded about their middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hounsfield.steps import Step
from hounsfield.volume import Volume


def of_shape(volume: Volume, shape: Sequence[int | None]) -> Volume:
    """Return a volume of a given shape: what is too long is cropped, what is too short is padded, about the middle.

    Every voxel keeps its place in the patient; padding is -1024 in HU and 0 in other units, and is in `Volume.padding`.

    Parameters
    ----------
    volume
        Of one value a voxel, or in colour.
    shape
        (slice, row, column); None leaves an axis as it is.
    """
    ranges: list[tuple[int, int] | None] = []
    pads: list[tuple[int, int]] = []
    for length, wanted in zip(volume.shape[:3], shape, strict=True):
        wanted = length if wanted is None else wanted
        start, more = max(length - wanted, 0) // 2, max(wanted - length, 0)
        ranges.append((start, start + wanted) if wanted < length else None)
        pads.append((more // 2, more - more // 2))
    cut = volume.crop(*ranges) if any(ranges) else volume
    return _padded(cut, pads) if any(map(any, pads)) else cut


def _padded(volume: Volume, pads: Sequence[tuple[int, int]]) -> Volume:
    outside = False if volume.is_mask else -1024 if volume.unit == "HU" else 0
    beside = [*pads, (0, 0)] if volume.color else [*pads]
    values = np.pad(volume.values, beside, constant_values=outside)
    there = np.zeros(volume.shape[:3], np.bool_) if volume.padding is None else volume.padding
    padding = None if volume.is_mask else np.pad(there, pads, constant_values=True)
    affine = volume.affine
    if affine is not None:
        affine = affine.copy()
        affine[:3, 3] -= affine[:3, :3] @ [before for before, _ in pads]
    told = ", ".join(f"{name}s {before} + {after}" for name, (before, after) in zip(volume.axes, pads, strict=False))
    step = Step("pad", f"{told}; value {float(outside):g}")
    return volume.with_values(values, step, padding=padding, affine=affine, slice_headers=None, sources=())
