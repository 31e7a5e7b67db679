"""From a volume to an item of a data set: tensors that share its memory where they can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.errors import needed_for
from hounsfield.masks.mask import mask as select
from hounsfield.masks.tissues import find_tissue
from hounsfield.training.equal_shapes import of_shape
from hounsfield.volume import Volume

#: What makes a mask: arguments of `hounsfield.mask`, the name of a tissue, or a function of a volume.
MaskLike = Mapping[str, Any] | str | Callable[[Volume], Any]


@dataclass(frozen=True)
class ItemMaking:
    """The way in which items are made of volumes.

    Parameters
    ----------
    mask, spacing, shape, dtype, padding
        As in `VolumeDataset`; `shape` of three axes.

    Raises
    ------
    TypeError, ValueError
        No mask can be made in that way, or the shape is none.
    """

    mask: MaskLike | None = None
    spacing: float | Sequence[float] | None = None
    shape: Sequence[int | None] | None = None
    dtype: DTypeLike | None = "float32"
    padding: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.mask, str):
            find_tissue(self.mask)
        elif self.mask is not None and not isinstance(self.mask, Mapping) and not callable(self.mask):
            raise TypeError(f"mask= takes a tissue, arguments of hu.mask, or a function, not {self.mask!r}")
        if self.shape is not None and not all(length is None or length > 0 for length in self.shape):
            raise ValueError(f"shape= takes lengths above 0, and None for axes as they are, not {self.shape!r}")

    def item(self, volume: Volume) -> dict[str, Any]:
        """Return a volume as tensors, and what is to be known of it."""
        if self.spacing is not None:
            volume = volume.resample(self.spacing)
        mask = self._mask_of(volume)
        if self.shape is not None:
            volume = of_shape(volume, self.shape)
            mask = None if mask is None else of_shape(mask, self.shape)
        values = volume.values if self.dtype is None else volume.values.astype(self.dtype, copy=False)
        unknown = np.full(3, np.nan)
        item = {
            "image": tensor_of(np.moveaxis(values, -1, 0) if volume.color else values[np.newaxis]),
            "affine": tensor_of(np.full((4, 4), np.nan) if volume.affine is None else volume.affine.copy()),
            "spacing": tensor_of(unknown if volume.spacing is None else np.array(volume.spacing)),
            "unit": volume.unit,
            "source": volume.name,
        }
        if mask is not None:
            item["mask"] = tensor_of(mask.values[np.newaxis])
        if self.padding:
            there = np.zeros(volume.shape[:3], np.bool_) if volume.padding is None else volume.padding
            item["padding"] = tensor_of(there[np.newaxis])
        return item

    def _mask_of(self, volume: Volume) -> Volume | None:
        if self.mask is None:
            return None
        if isinstance(self.mask, str):
            return select(volume, tissue=self.mask)
        made: Any = select(volume, **self.mask) if isinstance(self.mask, Mapping) else self.mask(volume)
        values = np.asarray(made.values if isinstance(made, Volume) else made)
        if values.dtype != np.bool_ or values.shape != volume.shape[:3]:
            detail = f"{values.dtype} {values.shape}, not bool {volume.shape[:3]}"
            raise ValueError(f"mask= gave {detail}, for {volume.name}")
        return made if isinstance(made, Volume) else Volume(values, volume.affine, name=volume.name)


def tensor_of(values: NDArray[Any]) -> Any:
    """Return an array as a tensor on the same memory; a copy where PyTorch takes none such (read-only, reversed)."""
    with needed_for("tensors", "torch"):
        torch: Any = import_module("torch")
    whole = values.dtype.isnative and values.flags.writeable and all(step >= 0 for step in values.strides)
    return torch.from_numpy(values if whole else np.array(values, values.dtype.newbyteorder("=")))
