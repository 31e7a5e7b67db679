"""Volumes against dcm2niix: world position and value of every voxel; each difference stands in dcm2niix.toml."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest

import hounsfield as hu

pytest.importorskip("nibabel", reason="nibabel is not installed")
from oracles import dcm2niix  # noqa: E402
from oracles.outcomes import label_of  # noqa: E402

from conftest import SOME_OR_ALL, corpus_folder, package_folder, real_files, some_files  # noqa: E402

pytestmark = [
    pytest.mark.skipif(dcm2niix.command() is None, reason="dcm2niix is not installed"),
    pytest.mark.filterwarnings("ignore"),
]


def series_of(files: list[Path]) -> list[list[Path]]:
    """Every series of which one of the files is part, whole."""
    return [series for series in dcm2niix.all_series(real_files()) if not set(series).isdisjoint(files)]


@pytest.mark.long
@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_every_series_that_dcm2niix_converts_is_the_same_or_explained(files, tmp_path, record_property):
    series = series_of(files())
    outcomes = dcm2niix.compare_all(series, tmp_path)
    converted = {outcome.label: outcome for outcome in outcomes if outcome is not None}
    table = dcm2niix.table()
    if files is some_files:
        labels = {label_of(found[0]) for found in series}
        table = {label: row for label, row in table.items() if label in labels}
    said: list[str] = []
    counts: Counter[str] = Counter()
    for label, outcome in converted.items():
        plain = outcome.relations <= {dcm2niix.FOUND, "no place"}
        expected = set(table[label]["relations"]) if label in table else None
        counts[
            "the same"
            if plain and dcm2niix.FOUND in outcome.relations
            else "the same values, no place"
            if plain
            else "explained"
        ] += 1
        if plain and expected is not None:
            said.append(f"{label}: in dcm2niix.toml, but it is the same")
        if not plain and expected != outcome.relations:
            said.append(f"{label}: {sorted(outcome.relations)}, {outcome.detail}: not explained")
    here = {
        "pydicom",
        *(["pydicom-data"] if package_folder("data_store") else []),
        *(["corpus"] if corpus_folder() else []),
    }
    said += [f"{label}: in dcm2niix.toml, but dcm2niix converts no such series" for label in table
             if label not in converted and label.split("/")[0] in here]  # fmt: skip
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    record_property("summary", f"volumes against dcm2niix: {len(converted)} series that it converts: {kinds}")
    assert not said, "\n".join(said)
    assert counts["the same"] >= 5


# ---------------------------------------------------------------- the tilted gantry


@pytest.fixture(scope="module")
def tilted() -> list[hu.Volume]:
    folder = corpus_folder()
    if folder is None:
        pytest.skip("no corpus")
    return list(hu.read_volumes(folder / "gantry-tilt-ct"))


def test_the_tilted_ct_lies_where_its_headers_say(tilted):
    """Every corner of every slice by pydicom's attributes, PS3.3 C.7.6.2.1-1."""
    assert [len(volume) for volume in tilted] == [14, 14]
    assert [round(volume.spacing[0], 2) for volume in tilted] == [4.22, 7.38]
    for volume in tilted:
        for index, source in enumerate(volume.sources):
            header = pydicom.dcmread(source.path)
            position, orientation = np.array(header.ImagePositionPatient), np.array(header.ImageOrientationPatient)
            for row, column in ((0, 0), (0, 511), (511, 0), (511, 511)):
                there = position + orientation[:3] * header.PixelSpacing[1] * column
                there = there + orientation[3:] * header.PixelSpacing[0] * row
                assert np.abs(volume.to_lps((index, row, column)) - there).max() <= dcm2niix.PLACE
            values = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
            assert np.array_equal(volume.values[index], values)


@pytest.mark.parametrize("which", [0, 1])
def test_the_tilted_ct_has_the_values_of_dcm2niix_and_the_planes_of_its_rectified_file(tilted, which, tmp_path):
    volume = tilted[which]
    files = [Path(source.path) for source in volume.sources]
    made = {nifti.name: nifti for nifti in dcm2niix.convert(files, tmp_path)}
    (straight,) = [nifti for name, nifti in made.items() if "Tilt" not in name]
    (rectified,) = [nifti for name, nifti in made.items() if "Tilt" in name]
    values = np.flip(np.moveaxis(straight.values, (2, 1, 0), (0, 1, 2)), 1)
    assert np.array_equal(volume.values, values)
    # Its file has no shear: it goes on along the normal, by the distance of the planes, where the table moved more.
    normal = np.cross(volume.affine[:3, 2], volume.affine[:3, 1])
    normal /= np.linalg.norm(normal)
    between = abs(float(volume.affine[:3, 0] @ normal))
    assert np.linalg.norm(straight.affine[:3, 2]) == pytest.approx(between, abs=dcm2niix.PLACE)
    assert between == pytest.approx([4.0019, 6.9986][which], abs=2e-3)
    assert volume.spacing[0] > between + 0.2
    # Its rectified file is a grid at right angles whose slices are our planes: every voxel of ours in plane k.
    into = np.linalg.inv(rectified.affine)
    for index in range(len(volume)):
        for pixel in ((0, 0), (0, 511), (511, 0), (511, 511)):
            depth = (into @ (*volume.to_lps((index, *pixel)), 1))[2]
            assert abs(depth - round(depth)) * np.linalg.norm(rectified.affine[:3, 2]) <= dcm2niix.PLACE
            assert round(depth) == index
    # And it is the very grid of `rectified`, with its values rounded to whole numbers; but for the edge of the slices.
    ours = volume.rectified()
    cells = dcm2niix.same_grid(ours, rectified)
    assert cells is not None
    assert ours.shape == np.moveaxis(rectified.values, (2, 1, 0), (0, 1, 2)).shape
    inside = np.ones(ours.shape, np.bool_) if ours.padding is None else ~ours.padding
    off = np.abs(rectified.values[cells].astype(float) - ours.values)[inside]
    assert np.percentile(off, 99) <= 0.5 + 1e-3
    assert np.count_nonzero(off > 1) / off.size < 3e-3


# ---------------------------------------------------------------- mosaics of Siemens


@pytest.mark.parametrize("name", ["siemens_dwi_0", "siemens_dwi_1000"])
def test_a_mosaic_is_the_volume_of_dcm2niix_and_of_nibabel(tmp_path, name):
    folder = package_folder("nibabel")
    packed = folder and folder / "nicom" / "tests" / "data" / f"{name}.dcm.gz"
    if not packed or not packed.exists():
        pytest.skip("nibabel's test data is not installed")
    path = tmp_path / f"{name}.dcm"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    (volume,) = hu.read_volumes(path)
    from nibabel.nicom.dicomwrappers import wrapper_from_file

    mosaic = wrapper_from_file(path)
    assert mosaic.is_mosaic
    assert np.array_equal(volume.values, np.moveaxis(mosaic.get_data(), (2, 0, 1), (0, 1, 2)))
    # The affine of the wrapper: (row, column, slice) to LPS mm.
    order = np.eye(4)[[1, 2, 0, 3]]
    assert np.abs(volume.affine - mosaic.affine @ order).max() <= dcm2niix.PLACE
    assert volume.shape == (48, 128, 128)
    assert any(step.name == "mosaic" and "48 slices" in step.detail for step in volume.steps)
    made = dcm2niix.convert([path], tmp_path / "converted")
    same = [nifti for nifti in made if dcm2niix.same_grid(volume, nifti) is not None]
    assert len(same) == 1
    assert np.array_equal(same[0].values[dcm2niix.same_grid(volume, same[0])], volume.values)


def test_mosaics_of_two_b_values_are_two_volumes(tmp_path):
    folder = package_folder("nibabel")
    if not folder or not (folder / "nicom" / "tests" / "data").exists():
        pytest.skip("nibabel's test data is not installed")
    for name in ("siemens_dwi_0", "siemens_dwi_1000"):
        packed = folder / "nicom" / "tests" / "data" / f"{name}.dcm.gz"
        (tmp_path / f"{name}.dcm").write_bytes(gzip.decompress(packed.read_bytes()))
    volumes = hu.read_volumes(tmp_path)
    assert len(volumes) == 2
    assert sum(volumes.report.counts.values()) == 2 == volumes.report.counts["volume"]
    if volumes.facts[0].attributes["SeriesInstanceUID"] == volumes.facts[1].attributes["SeriesInstanceUID"]:
        assert {volume.separated_by["DiffusionBValue"] for volume in volumes} == {0, 1000}
