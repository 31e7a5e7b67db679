"""Every file is accounted for: in every folder of real files, and whatever the files are called."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.series.volumes import Volumes

from conftest import corpus_folder, name_of, package_folder
from series_made import copy, ct, edit, louder, walked

pytestmark = [
    pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydicom"),
]


@cache
def roots() -> list[Path]:
    pydicom, store = package_folder("pydicom"), package_folder("data_store")
    return [root for root in (pydicom and pydicom / "data", store and store / "data", corpus_folder()) if root]


def folders() -> list[Path]:
    """Every folder with anything in it."""
    return sorted({Path(place) for root in roots() for place, _, names in os.walk(root) if names} | set(roots()))


def wheel_first(places: list[Path]) -> list[Any]:
    """Parameters of a test: folders of pydicom's wheel are quick, all others take `long`."""
    wheel = roots()[0]
    return [
        pytest.param(place, id=name_of(place), marks=() if place.is_relative_to(wheel) else pytest.mark.long)
        for place in places
    ]


def check_report(volumes: Volumes, folder: Path) -> None:
    """Every file once; the counts add up; files of volumes name them, and are named by them."""
    report = volumes.report
    assert sorted(file.path for file in report.files) == walked(folder)
    assert len({file.path for file in report.files}) == len(report.files) == sum(report.counts.values())
    assert sum(len(report.of(outcome)) for outcome in report.counts) == len(report.files)
    named: dict[int, set[str]] = defaultdict(set)
    for file in report.files:
        if file.outcome == "volume":
            assert file.volumes
        else:
            assert file.detail
        for index in file.volumes:
            named[index].add(file.path)
    assert sorted(named) == list(range(len(volumes)))
    for facts in volumes.facts:
        assert facts.files == len(named[facts.index])
    assert "please report" not in str(report)


@pytest.mark.parametrize("folder", wheel_first(folders()))
def test_the_counts_add_up_to_the_files_of_every_folder(folder):
    check_report(hu.read_volumes(folder), folder)


@pytest.mark.parametrize("root", wheel_first(roots()))
def test_every_volume_is_read_or_refused_with_a_reason(root, record_property):
    volumes = hu.read_volumes(root)
    read, refused = 0, 0
    for index, facts in enumerate(volumes.facts):
        try:
            volume = volumes[index]
        except hu.HounsfieldError as error:
            assert error.message
            refused += 1
            continue
        read += 1
        assert volume.shape[:3] == facts.shape
        assert (volume.affine is None) == (facts.affine is None)
        files = {file.path for file in volumes.report.files if index in file.volumes}
        assert {source.path for source in volume.sources} in (files, set())
    check_report(volumes, root)
    record_property("summary", f"volumes of {name_of(root)}: {read} read, {refused} refused")
    assert read > 10 * refused


@pytest.mark.long
@pytest.mark.parametrize("root", wheel_first(roots()))
@pytest.mark.parametrize("values", ["modality", "stored"])
def test_every_slice_of_every_volume_is_what_is_read_of_its_file(root, values):
    compared = 0
    alone: dict[str, hu.Image] = {}
    volumes = hu.read_volumes(root, values=values)
    for index in range(len(volumes)):
        try:
            volume = volumes[index]
        except hu.HounsfieldError:
            continue
        for k, source in enumerate(volume.sources):
            if source.path not in alone:  # frames of a file follow each other
                try:
                    alone = {source.path: hu.read(source.path, values=values)}
                except hu.HounsfieldError:
                    assert volume.padding[k].all()
                    continue
            image = alone[source.path]
            if source.frame_index is not None and image.values.ndim - image.color > 2:
                image = image.frame(source.frame_index)
            assert np.array_equal(volume.values[k], image.values, equal_nan=True)
            assert volume.unit == image.unit
            padding = np.zeros(image.size, np.bool_) if image.padding is None else image.padding
            assert np.array_equal(np.zeros_like(padding) if volume.padding is None else volume.padding[k], padding)
            # Frames of a dose lie where its offsets say: tests/series/test_enhanced.py.
            if image.plane is not None and volume.affine is not None and "GridFrameOffsetVector" not in image.header:
                assert np.abs(volume.to_lps((k, 0, 0)) - image.plane.position).max() < 0.02
            compared += 1
    assert compared > 20


def test_a_file_whose_volume_cannot_be_read_is_unreadable_afterwards(tmp_path):
    made = ct(tmp_path, slices=1, transfer_syntax="jpeg-ls")
    data = bytearray(made.files[0].read_bytes())
    start = data.rindex(b"\xff\xd8\xff")
    data[start : start + 300] = bytes(300)
    made.files[0].write_bytes(bytes(data))
    volumes = hu.read_volumes(tmp_path)
    assert volumes.report.counts["volume"] == 1
    with pytest.raises(hu.HounsfieldError):
        volumes[0]
    assert volumes.report.counts["unreadable"] == 1
    assert sum(volumes.report.counts.values()) == 1


# ---------------------------------------------------------------- names and order mean nothing


@pytest.fixture(scope="module")
def pool(tmp_path_factory) -> list[Path]:
    """Files of several volumes that are told apart by their headers alone, and others that are no images."""
    folder = tmp_path_factory.mktemp("pool")
    two = ct(folder / "two", phases=2, slices=6)
    for index, path in enumerate(two.files):
        edit(path, louder(index % 2))
    tilted = ct(folder / "tilted", tilt=12, slices=7, missing=(4,), matrix=16)
    scout = copy(tilted.files[0], "scout.dcm", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    single = ct(folder / "sagittal", orientation="sagittal", slices=5, transfer_syntax="rle", matrix=32)
    twin = copy(single.files[2], "twin.dcm")
    junk = folder / "junk"
    junk.mkdir()
    for name, data in (("empty", b""), ("text.dcm", b"no DICOM at all"), ("zeros", bytes(5000)), ("half.dcm", b"")):
        (junk / name).write_bytes(data)
    (junk / "half.dcm").write_bytes(two.files[0].read_bytes()[:300])
    return [*two.files, *tilted.files, scout, *single.files, twin, *sorted(junk.iterdir())]


def spread(files: list[Path], folder: Path, seed: int) -> None:
    """Copy files under other names, into folders that mean nothing, in another order."""
    chance = random.Random(seed)
    for index, path in enumerate(chance.sample(files, len(files))):
        place = folder / chance.choice(["", "a", "b/c", "DICOM"])
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(
            path,
            place
            / f"{chance.choice(['IM', 'z.', '0', ' '])}{chance.random()}{index}{chance.choice(['', '.dcm', '.txt'])}",
        )


def fingerprint(volumes: Volumes) -> list[tuple[object, ...]]:
    """Volumes, whatever their order: values, place, unit, what separates them."""
    return sorted(
        (v.shape, str(v.values.dtype), v.unit, np.round(v.affine, 6).tolist(), v.values.tobytes(), str(v.separated_by))
        for v in volumes
    )


@pytest.mark.long
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_same_files_are_the_same_volumes_under_any_names(pool, data):
    chosen = data.draw(st.lists(st.sampled_from(range(len(pool))), unique=True, min_size=1))
    files = [pool[index] for index in chosen]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        spread(files, Path(one), data.draw(st.integers(0, 1000)))
        spread(files, Path(two), data.draw(st.integers(0, 1000)))
        first, second = hu.read_volumes(one), hu.read_volumes(two)
        assert fingerprint(first) == fingerprint(second)
        check_report(first, Path(one))
        check_report(second, Path(two))
        assert {k: v for k, v in first.report.counts.items()} == dict(second.report.counts)
        missing = [[gap.to_dict()["positions"] for gap in each.report.missing] for each in (first, second)]
        assert sorted(map(str, missing[0])) == sorted(map(str, missing[1]))


def test_a_list_a_pattern_and_a_folder_are_the_same(pool, tmp_path):
    spread(pool, tmp_path, 1)
    by_folder = fingerprint(hu.read_volumes(tmp_path))
    assert fingerprint(hu.read_volumes(walked(tmp_path))) == by_folder
    assert fingerprint(hu.read_volumes(walked(tmp_path)[::-1])) == by_folder
