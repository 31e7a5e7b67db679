"""Small files of classes that no real file at hand has: valid, with values, unit, spacing and planes that are known."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

import made

Position = tuple[float, float, float]


@dataclass(frozen=True)
class Made:
    """A file, and what must be read of it.

    Attributes
    ----------
    dataset
        The file.
    values
        Modality values or RGB, with a frame axis where there are several frames.
    unit, spacing, kind
        Of the image, or of each frame where functional groups have the spacing.
    positions
        Position of each frame in the patient, where the frames have planes.
    """

    dataset: Dataset
    values: np.ndarray
    unit: str = ""
    spacing: tuple[float, float] | None = None
    kind: str | None = None
    positions: tuple[Position, ...] | None = None


def items(**attributes: Any) -> Dataset:
    """A dataset of attributes; mappings within lists become items of sequences."""
    made_of = Dataset()
    fill(made_of, attributes)
    return made_of


def fill(dataset: Dataset, attributes: Mapping[str, Any]) -> None:
    for keyword, value in attributes.items():
        assert tag_for_keyword(keyword) is not None, keyword
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            value = [items(**item) for item in value]
        setattr(dataset, keyword, value)


def code(value: str, meaning: str, scheme: str = "SCT") -> dict[str, str]:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


def uid(*names: str) -> str:
    return generate_uid(entropy_srcs=["made", *names])


def common(sop_class: str, modality: str, pixels: np.ndarray, **attributes: Any) -> Dataset:
    """Patient, study, series, equipment and pixels; `attributes` override."""
    dataset = made.dataset(pixels if pixels.ndim < 4 and pixels.shape[-1] != 3 else pixels[..., 0])
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid(sop_class, modality)
    if pixels.shape[-1] == 3:
        dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 3, 0, "RGB"
        dataset.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    fill(dataset, _PATIENT)
    dataset.Modality = modality
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid("study"), uid("series", sop_class, modality)
    fill(dataset, attributes)
    return dataset


_PATIENT: dict[str, Any] = {
    "PatientName": "Made^Up",
    "PatientID": "0",
    "PatientBirthDate": "19700101",
    "PatientSex": "O",
    "StudyDate": "20240101",
    "StudyTime": "120000",
    "StudyID": "1",
    "AccessionNumber": "",
    "ReferringPhysicianName": "",
    "SeriesNumber": 1,
    "SeriesDate": "20240101",
    "SeriesTime": "120000",
    "InstanceNumber": 1,
    "ContentDate": "20240101",
    "ContentTime": "120000",
    "AcquisitionDateTime": "20240101120000",
    "Manufacturer": "hounsfield",
    "ManufacturerModelName": "tests",
    "DeviceSerialNumber": "0",
    "SoftwareVersions": "0",
    "BurnedInAnnotation": "NO",
    "LossyImageCompression": "00",
}


def ramp(*shape: int, dtype: Any = np.uint8, most: int = 255) -> np.ndarray:
    """Values that differ from pixel to pixel and from frame to frame, each corner another."""
    count = int(np.prod(shape))
    return (np.arange(count) * 7919 % (most + 1)).astype(dtype).reshape(shape)


#: Name of a class to what makes a file of it; `every_class` fills it.
CLASSES: dict[str, Callable[[], Made]] = {}


def made_class(name: str) -> Callable[[Callable[[], Made]], Callable[[], Made]]:
    """Register what makes a file of a class."""

    def register(build: Callable[[], Made]) -> Callable[[], Made]:
        CLASSES[name] = build
        return build

    return register


def every_class() -> dict[str, Callable[[], Made]]:
    """All of them: planar, enhanced, angiographic, tiled and derived ones."""
    for room in ("planar", "enhanced", "xa", "tiled", "derived"):
        importlib.import_module(f"classes_{room}")
    return CLASSES
