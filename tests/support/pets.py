"""PET images whose standardized uptake value is known."""

import warnings

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage

import hounsfield as hu

from made import dataset, to_bytes

STORED = np.array([[0, 1000], [4000, 32767]], np.int16)
TRACER = {
    "RadiopharmaceuticalStartTime": "100000",
    "RadionuclideTotalDose": 400e6,
    "RadionuclideHalfLife": 6588,
}
PATIENT = {"PatientWeight": 80, "PatientSize": 1.75, "PatientSex": "M"}
# One half-life after the injection, to the second.
SCAN = {
    "SeriesDate": "20240229",
    "SeriesTime": "114948",
    "AcquisitionDate": "20240229",
    "AcquisitionTime": "114948",
}
PET = {
    "Modality": "PT",
    "SOPClassUID": PositronEmissionTomographyImageStorage,
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["DECY", "ATTN", "SCAT"],
    "SeriesType": ["STATIC", "IMAGE"],
    "RescaleSlope": 2.5,
    "RescaleIntercept": 0,
    **PATIENT,
    **SCAN,
}


def filled(made: Dataset, attributes: dict) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some values are wrong on purpose
        for keyword, value in attributes.items():
            if value is not None:
                setattr(made, keyword, value)
            elif keyword in made:
                delattr(made, keyword)
    return made


def pet(stored: np.ndarray = STORED, tracer: dict | None = None, **changes) -> Dataset:
    """A PET image; its first pixel with a value has 2500 Bq/ml, 80 kg, 400 MBq one half-life before: SUV 1."""
    given = filled(Dataset(), TRACER | (tracer or {}))
    made = filled(dataset(stored, RadiopharmaceuticalInformationSequence=[given]), PET | changes)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    return made


def suv(made: Dataset, values: str = "suv") -> float:
    return float(hu.read(to_bytes(made), values=values, dtype=np.float64).values[0, 1])


def error(made: Dataset, values: str = "suv") -> hu.HounsfieldError:
    with pytest.raises((hu.MissingAttributeError, hu.InvalidAttributeError)) as caught:
        hu.read(to_bytes(made), values=values)
    return caught.value
