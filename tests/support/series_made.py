"""Series that tests make: the phantom's slices, changed by pydicom; and what holds of whatever is read of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.uid import generate_uid

import hounsfield as hu
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.series.instances import Instances, read_instances
from hounsfield.series.patients import PATIENT
from hounsfield.series.rows import Rows, Texts
from hounsfield.series.separators import KEYWORDS
from hounsfield.series.volumes import Volumes
from hounsfield.sources.collection import open_collection

#: What positions may be off by, in mm: the phantom writes them with nine decimals.
EXACT = 1e-6


def ct(folder: Path, **options: Any) -> Any:
    """Write a phantom of few and small slices: eight, 5 mm apart; drawn once for all tests that want the same."""
    made, files = _drawn(tuple(sorted(({"matrix": 24, "slices": 8} | options).items())))
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return replace(made, folder=folder, files=tuple(folder / name for name in files))


@cache
def _drawn(options: tuple[tuple[str, Any], ...]) -> tuple[Any, dict[str, bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        made = hu.phantom(folder, **dict(options))
        return made, {path.name: path.read_bytes() for path in made.files}


def edit(path: Path, change: Callable[[pydicom.Dataset], None] | None = None, /, **attributes: Any) -> Path:
    """Change attributes of a file: None deletes one; pydicom's checks of values do not apply."""
    with pydicom.config.disable_value_validation():
        dataset = pydicom.dcmread(path)
        for keyword, value in attributes.items():
            if value is None:
                dataset.pop(keyword, None)
            else:
                setattr(dataset, keyword, value)
        if change is not None:
            change(dataset)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
        dataset.save_as(path)
    return path


def copy(path: Path, name: str, change: Callable[[pydicom.Dataset], None] | None = None, /, **attributes: Any) -> Path:
    """Copy a file beside itself under another UID (unless one is given), and change it."""
    target = path.with_name(name)
    target.write_bytes(path.read_bytes())
    return edit(target, change, **{"SOPInstanceUID": generate_uid(entropy_srcs=[name, str(path)])} | attributes)


def louder(by: int) -> Callable[[pydicom.Dataset], None]:
    """Add to the stored values."""

    def change(dataset: pydicom.Dataset) -> None:
        dataset.PixelData = (dataset.pixel_array + by).astype(dataset.pixel_array.dtype).tobytes()

    return change


def with_padding(stored: int, rows: slice = slice(0)) -> Callable[[pydicom.Dataset], None]:
    """Declare a stored value as padding, and put it into the first three columns of some rows."""

    def change(dataset: pydicom.Dataset) -> None:
        pixels = dataset.pixel_array.copy()
        pixels[rows, :3] = stored
        dataset.PixelData = pixels.tobytes()
        dataset.add_new("PixelPaddingValue", "SS" if dataset.PixelRepresentation else "US", stored)

    return change


def part(affine: np.ndarray, start: int, step: int = 1) -> np.ndarray:
    """The affine of a range of the slices of another one."""
    made = affine.copy()
    made[:3, 3] += affine[:3, 0] * start
    made[:3, 0] *= step
    return made


def walked(folder: Path) -> list[str]:
    return sorted(os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)


def expected(path: str) -> np.ndarray:
    """The values of a single-frame file by pydicom alone."""
    dataset = pydicom.dcmread(path)
    return dataset.pixel_array * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))


def accounted(volumes: Volumes, folder: Path) -> dict[str, int]:
    """Check that every file is accounted for exactly once; return the outcomes that there are, with their counts."""
    report = volumes.report
    assert sorted(file.path for file in report.files) == walked(folder)
    assert sum(report.counts.values()) == len(report.files)
    for file in report.files:
        assert bool(file.volumes) == (file.outcome == "volume") or file.outcome == "unreadable"
    return {outcome: count for outcome, count in report.counts.items() if count}


def check_slices(volumes: Iterable[Any], positions: float = EXACT) -> None:
    """Check every slice of every volume: values by pydicom and by `hu.read`; the four corners by pydicom's header."""
    for volume in volumes:
        assert len(volume.sources) == len(volume)
        assert len({source.path for source in volume.sources}) == len(volume)
        for index, source in enumerate(volume.sources):
            assert np.array_equal(volume.values[index], expected(source.path))
            assert np.array_equal(volume.values[index], hu.read(source.path).values)
            if volume.affine is None:
                continue
            dataset = pydicom.dcmread(source.path, stop_before_pixels=True)
            for row, column in ((0, 0), (0, dataset.Columns - 1), (dataset.Rows - 1, 0)):
                there = corner(dataset, row, column)
                assert np.abs(volume.to_lps((index, row, column)) - there).max() <= positions


def corner(dataset: pydicom.Dataset, row: int, column: int) -> np.ndarray:
    """PS3.3 C.7.6.2.1-1: the place of a pixel, by the header's attributes."""
    position, orientation = np.array(dataset.ImagePositionPatient), np.array(dataset.ImageOrientationPatient)
    between_rows, between_columns = map(float, dataset.PixelSpacing)
    return position + orientation[:3] * between_columns * column + orientation[3:] * between_rows * row


def affines_are(volumes: Any, *truth: np.ndarray, within: float = EXACT) -> None:
    assert len(volumes) == len(truth)
    for volume, affine, facts in zip(volumes, truth, volumes.facts, strict=True):
        assert np.abs(volume.affine - affine).max() <= within
        assert np.array_equal(facts.affine, volume.affine)


def lengths(volumes: Any) -> list[int]:
    return [len(volume) for volume in volumes]


def shift(path: Path, *by: float) -> None:
    """Move a slice."""
    there = pydicom.dcmread(path).ImagePositionPatient
    edit(path, ImagePositionPatient=[float(a) + b for a, b in zip(there, by, strict=True)])


def to_depths(paths: Any, depths: list[float]) -> None:
    """Put axial slices at these z."""
    for path, z in zip(paths, depths, strict=True):
        there = pydicom.dcmread(path).ImagePositionPatient
        edit(path, ImagePositionPatient=[*there[:2], z])


NOTHING: dict[str, Any] = {"AcquisitionNumber": None, "TemporalPositionIdentifier": None}


def phases_by(paths: Any, attributes: Callable[[int], dict[str, Any]], phases: int = 2) -> None:
    """Tell the phases apart by these attributes only, with other pixels."""
    for index, path in enumerate(paths):
        phase = index % phases
        edit(path, louder(phase), **NOTHING | attributes(phase))


def rows_of(count: int, **columns: Any) -> Rows:
    """Rows of single images, axial and one behind the other 5 mm apart, with these columns beside: numbers or texts."""
    numbers: dict[str, Any] = {
        "ImagePositionPatient": np.arange(count)[:, None] * np.array([0.0, 0.0, 5.0]),
        "ImageOrientationPatient": np.tile([1.0, 0, 0, 0, 1, 0], (count, 1)),
        "PixelSpacing": np.tile([2.0, 1.0], (count, 1)),
        **dict.fromkeys(("Rows", "Columns"), np.full(count, 8.0)),
        "SamplesPerPixel": np.ones(count),
        **dict.fromkeys(("ReferencedSegmentNumber", "SliceThickness", "SpacingBetweenSlices"), np.full(count, np.nan)),
        **{keyword: np.full(count, np.nan) for keyword in ("InstanceNumber", "SliceLocation", "AcquisitionNumber")},
        **{keyword: np.full(count, np.nan) for keyword in KEYWORDS},
        **{keyword: np.full(count, np.nan) for keyword in ("AcquisitionDate", "ContentDate")},
        **{keyword: np.full(count, np.nan) for keyword in ("RescaleSlope", "RescaleIntercept", "DoseGridScaling")},
    }
    words = "SOPClassUID Modality FrameOfReferenceUID ImageType PhotometricInterpretation".split()
    texts: dict[str, Any] = {keyword: ["x"] * count for keyword in (*words, *PATIENT)}
    texts |= {keyword: [None] * count for keyword in ("RescaleType", "Units")}
    for keyword, values in columns.items():
        column = list(values)
        if any(isinstance(value, str) for value in column):
            texts[keyword] = column
        else:
            numbers[keyword] = np.array([np.nan if value is None else value for value in column], np.float64)
    numbers = {keyword: values for keyword, values in numbers.items() if keyword not in texts}
    made = {keyword: Texts.of(values) for keyword, values in texts.items()}
    return Rows(np.arange(count), np.full(count, -1), numbers, made)


def instances_of(source: Any, limits: Limits = DEFAULT_LIMITS) -> Instances:
    """What the headers of files say."""
    with open_collection(source, limits, file_references) as collection:
        return read_instances(list(collection), limits)
