"""Whatever positions slices have: each is in one volume or a copy, and lies where its own header says."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

import hounsfield as hu
from hounsfield.series.regular import find_runs, same_places
from hounsfield.series.tolerances import Tolerances

from made import dataset, to_bytes

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def slice_of(position: np.ndarray, chance: random.Random, **attributes: object) -> Dataset:
    blank = chance.random() < 0.2
    pixels = np.zeros((4, 5), np.uint16) if blank else np.array([chance.randrange(4096) for _ in range(20)], np.uint16)
    place = {
        "ImagePositionPatient": [f"{v:.4f}" for v in position],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [1, 2],
        "SliceThickness": 1,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
    }
    made = dataset(pixels.reshape(4, 5), SeriesInstanceUID="1.2.3", FrameOfReferenceUID="1.2.4", **place | attributes)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(chance.random())])
    return made


def collection(chance: random.Random) -> list[Dataset]:
    """Phases over a range of positions, moved, jittered, with slices missing, copied and replaced."""
    step, sideways = chance.choice([0.4, 1, 5]), chance.choice([0, 0, 1.5])
    jitter, lost = chance.choice([0, 0.003, 0.03, 0.4]), chance.choice([0, 0, 0.2])
    by = chance.choice(["AcquisitionNumber", "EchoTime", "TemporalPositionIdentifier", "InstanceNumber"])
    made: list[Dataset] = []
    for phase in range(chance.choice([1, 1, 2, 3])):
        start = np.array([0, chance.choice([0, 0, 40]), chance.choice([0, 0, 0.3, 2 * step])])
        for index in range(chance.randrange(1, 12)):
            if chance.random() < lost:
                continue
            off = [chance.uniform(-jitter, jitter) for _ in range(3)]
            made.append(
                slice_of(start + (0, sideways * index, step * index) + np.array(off), chance, **{by: phase + 1})
            )
    if made and chance.random() < 0.4:
        made.append(slice_of(np.array(chance.choice(made).ImagePositionPatient, float), chance))
    return made


SEEDS = st.integers(0, 10**6)


@pytest.mark.long
@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_every_slice_is_in_one_volume_at_its_own_place_or_a_copy(seed):
    check_a_collection(seed)


@pytest.mark.long
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_every_slice_of_many_collections_is_in_one_volume_at_its_own_place_or_a_copy(seed):
    check_a_collection(seed)


def check_a_collection(seed):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, made in enumerate(collection(chance)):
            (folder / f"{chance.random()}").write_bytes(to_bytes(made))
            if chance.random() < 0.1:
                made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.9.{index}"
                (folder / f"{chance.random()}").write_bytes(to_bytes(made))
        if not any(folder.iterdir()):
            return
        headers = {str(path): pydicom.dcmread(path) for path in folder.iterdir()}
        volumes = hu.read_volumes(folder)
        found: list[str] = []
        for volume in volumes:
            found += [source.path for source in volume.sources]
            limit = max(0.02, 0.01 * volume.spacing[0]) + 1e-6
            for k, source in enumerate(volume.sources):
                header = headers[source.path]
                assert np.abs(volume.to_lps((k, 0, 0)) - header.ImagePositionPatient).max() <= limit
                assert np.array_equal(volume.values[k], header.pixel_array.astype(int) - 1024)
        copies = {file.path: file.detail for file in volumes.report.of("duplicate")}
        assert sorted([*found, *copies]) == sorted(headers)
        for path, detail in copies.items():
            (kept,) = (other for other in headers if detail.endswith(other))
            assert kept in found
            assert headers[path].PixelData == headers[kept].PixelData
            there = np.array(headers[path].ImagePositionPatient) - headers[kept].ImagePositionPatient
            assert np.abs(there).max() <= 0.05


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=60))
def test_places_are_numbered_in_their_order(values):
    along = np.array(values)
    place = same_places(along, 0.01)
    order = np.argsort(along, kind="stable")
    assert (np.diff(place[order]) >= 0).all()
    assert set(place.tolist()) == set(range(place.max() + 1))
    for number in range(place.max() + 1):
        assert np.ptp(along[place == number]) <= 0.02 + 1e-9


@settings(max_examples=300)
@example([1.0, 1.1], 1.0)
@given(st.lists(st.floats(0.02, 50), min_size=1, max_size=40), st.sampled_from([1.0, 0.0]))
def test_runs_cover_all_slices_and_lie_on_grids(steps, lean):
    """By the definition: no slice is further from the line through the first and the last than the tolerance.

    Where positions are regular but for being rounded, each coordinate is off by three quarters of the last digit at the
    most, and so are those of the first and the last.
    """
    depths = np.concatenate([[0], np.cumsum(steps)])
    points = np.stack([depths * 0, depths * lean, depths], axis=1)
    found = find_runs(points, np.array([0.0, 0, 1]), Tolerances())
    bounds = [bound for run in found.ranges for bound in run]
    assert bounds[0] == 0 and bounds[-1] == len(points)
    assert bounds[1:-1:2] == bounds[2::2]
    assert len(found.breaks) == len(found.ranges) - 1
    for first, last in found.ranges:
        count = last - first
        if count > 2:
            line = np.linspace(points[first], points[last - 1], count)
            step = np.linalg.norm(points[last - 1] - points[first]) / (count - 1)
            most = max(0.02, 0.01 * step, 1.5 * found.rounded * np.sqrt(2))
            assert np.linalg.norm(points[first:last] - line, axis=1).max() <= most + 1e-5
