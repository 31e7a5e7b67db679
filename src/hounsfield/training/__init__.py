"""Volumes and slices for training: data sets of PyTorch, and a reader of MONAI. Loaded when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hounsfield.training.data_sets import SliceDataset as SliceDataset
    from hounsfield.training.data_sets import VolumeDataset as VolumeDataset
    from hounsfield.training.monai_reader import HounsfieldReader as HounsfieldReader
    from hounsfield.training.skipping import Skipped as Skipped
    from hounsfield.training.skipping import collate as collate

_HOME = {
    "HounsfieldReader": "hounsfield.training.monai_reader",
    "Skipped": "hounsfield.training.skipping",
    "SliceDataset": "hounsfield.training.data_sets",
    "VolumeDataset": "hounsfield.training.data_sets",
    "collate": "hounsfield.training.skipping",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hounsfield.training' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
