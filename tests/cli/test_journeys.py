"""What four people do with the command, from the first line to the last: each step is one that a person types."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

from hounsfield import mask as hu_mask
from hounsfield import measure, phantom, read, read_volumes, segments

from cli_runner import hu_here
from conftest import corpus_folder, package_folder
from script import script_mask


def disc() -> Path:
    """A real CD's worth of files with a DICOMDIR: three patients, CT, MR and CR."""
    folder = package_folder("pydicom")
    assert folder is not None
    return folder / "data" / "test_files" / "dicomdirtests"


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            archive.write(file, file.relative_to(folder).as_posix())
    return path


def ct_slices(folder: Path) -> dict[str, list[pydicom.Dataset]]:
    """The CT slices with pixels of a folder by Series Instance UID, by pydicom; without localizers."""
    found: dict[str, list[pydicom.Dataset]] = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        try:
            header = pydicom.dcmread(path)
        except pydicom.errors.InvalidDicomError:
            continue
        if header.get("Modality") == "CT" and "PixelData" in header and "LOCALIZER" not in header.get("ImageType", []):
            found.setdefault(header.SeriesInstanceUID, []).append(header)
    return found


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# The radiographer: a CD comes in as a zip; the CT series of it go to research as NIfTI.


def test_the_ct_series_of_a_cd_become_named_nifti(tmp_path: Path) -> None:
    cd = zipped(disc(), tmp_path / "cd.zip")
    code, out, _ = hu_here("ls", cd, "--modality", "CT", "--jsonl")
    assert code == 0
    series = ct_slices(disc())
    listed = {row["SeriesInstanceUID"] for row in lines(out)}
    assert set(series) <= listed

    code, out, err = hu_here("convert", cd, "--to", "nifti", "--modality", "CT", "-o", tmp_path / "out", "--jsonl")
    assert code == 0
    assert "2 localizers left out" in err
    rows = lines(out)
    slices = 0
    for row in rows:
        (written,) = (Path(path) for path in row["outputs"] if path.endswith(".nii.gz"))
        headers = series[row["SeriesInstanceUID"]]
        date, number = headers[0].StudyDate, int(headers[0].SeriesNumber)
        assert written.name.startswith(f"{date}-CT-{number:03}-")
        voxels = np.asanyarray(nibabel.load(written).dataobj)
        wanted = {
            int(np.sum(one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept))) for one in headers
        }
        assert {int(voxels[..., k].sum()) for k in range(voxels.shape[2])} <= wanted
        slices += voxels.shape[2]
    assert slices == sum(map(len, series.values()))  # every CT slice is in one file, once
    assert len({row["SeriesInstanceUID"] for row in rows}) == len(series)


@pytest.fixture(scope="module")
def chest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chest")
    phantom(folder / "ct", slices=12)
    return zipped(folder / "ct", folder / "cd.zip")


def test_a_lung_mask_becomes_a_seg_and_comes_back(chest: Path, tmp_path: Path) -> None:
    options = ("--tissue", "lung", "--largest", "2", "--fill-3d")
    code, out, _ = hu_here("mask", chest, *options, "--format", "seg", "-o", tmp_path, "--no-figure", "--jsonl")
    assert code == 0
    (row,) = lines(out)
    path = Path(row["outputs"]["mask"])
    (volume,) = read_volumes(chest)
    (segment,) = segments(path)
    seg = pydicom.dcmread(path)
    assert seg.Modality == "SEG"
    assert {one.ReferencedSOPInstanceUID for one in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence} == set(
        row["SOPInstanceUIDs"]
    )
    assert measure(volume, hu_mask_of(volume)).pixels == int(np.asarray(segment.mask.values).sum())


def hu_mask_of(volume):
    from hounsfield import components

    return components(hu_mask(volume, tissue="lung", fill="3d"), largest=2)


# The engineer: studies whose series have the same names, exported twice into one folder.


def test_three_studies_with_equal_names_are_exported_twice(tmp_path: Path) -> None:
    given = []
    for number in range(3):
        phantom(tmp_path / f"in{number}", slices=4, noise=number + 1.0)
        given.append(tmp_path / f"in{number}")
    wanted = {hashlib.sha256(read_volumes(folder)[0].values.tobytes()).hexdigest() for folder in given}
    assert len(wanted) == 3

    out = tmp_path / "out"
    code, first, _ = hu_here("convert", *given, "--to", "nifti", "-o", out, "--jsonl")
    assert code == 0
    before = hashes(out)
    assert len(before) == 3
    for again in ((), ("--force",)):
        hu_here("convert", *reversed(given), "--to", "nifti", "-o", out, *again)
        assert hashes(out).keys() == before.keys()  # nothing doubled
    arrays = (np.asanyarray(nibabel.load(out / name).dataobj) for name in before)
    found = {frozenset(map(fingerprint, np.moveaxis(array, 2, 0))) for array in arrays}
    assert found == {frozenset(map(fingerprint, lying(folder))) for folder in given}  # nothing lost
    assert len({row["SeriesInstanceUID"] for row in lines(first)}) == 3


def fingerprint(values: np.ndarray) -> bytes:
    """The values of a slice in whatever direction its rows and columns are written: each is noisy in its own way."""
    return hashlib.sha256(np.sort(values.astype(np.int16), axis=None).tobytes()).digest()


def lying(folder: Path) -> list[np.ndarray]:
    """The slices of a folder, by pydicom alone."""
    headers = [pydicom.dcmread(path) for path in folder.glob("*.dcm")]
    return [one.pixel_array.astype(np.int16) + int(one.RescaleIntercept) for one in headers]


# The physicist: a circle on a phantom, and its mean and noise.


def test_a_circle_has_the_statistics_that_one_computes_by_hand(tmp_path: Path) -> None:
    phantom(tmp_path, slices=1, noise=10)
    (path,) = tmp_path.glob("*.dcm")
    header = pydicom.dcmread(path)
    values = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]]
    inside = np.hypot(columns - 130, rows - 120) <= 9
    code, out, _ = hu_here("stats", path, "--circle", "130,120,9", "--json")
    assert code == 0
    found = json.loads(out)
    part = found["regions"][0]["measures"]
    assert part["pixels"] == inside.sum()
    assert part["mean"] == pytest.approx(values[inside].mean())
    assert part["sd"] == pytest.approx(values[inside].std())
    assert (part["min"], part["max"]) == (values[inside].min(), values[inside].max())


# The reader of the script: the same mask, the same three pictures.


@pytest.mark.parametrize("name", ["CT_small.dcm", "693_J2KI.dcm", "dicomdirtests/98892001/CT5N/3353"])
def test_the_mask_of_the_script_and_its_figure(name: str, tmp_path: Path) -> None:
    path = disc().parent / name
    header = pydicom.dcmread(path)
    values = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
    code, _, _ = hu_here("mask", path, "-o", tmp_path)
    assert code == 0
    written = np.asarray(Picture.open(tmp_path / f"{path.name}.mask.png")) > 0
    padding = read(path).padding
    script = script_mask(values)
    measured = ~padding if padding is not None else np.ones_like(script)
    assert (written == script)[measured].all()
    with Picture.open(tmp_path / f"{path.name}.figure.png") as figure:
        assert figure.size[0] > 600


# On the corpus: the real head.


def test_a_real_head_from_zip_to_nifti_to_seg_and_back(tmp_path: Path) -> None:
    corpus = corpus_folder()
    if corpus is None:
        pytest.skip("no corpus of real files")
    cd = zipped(corpus / "gantry-tilt-ct", tmp_path / "head.zip")
    code, out, _ = hu_here("convert", cd, "--to", "nifti", "-o", tmp_path / "nifti", "--jsonl")
    assert code == 0
    shapes = [nibabel.load(path).shape for row in lines(out) for path in row["outputs"] if path.endswith(".nii.gz")]
    assert sum(shape[2] for shape in shapes) == 28
    assert any("tilt" in note for row in lines(out) for note in row["volume"]["notes"])
    code, out, _ = hu_here(
        "mask", cd, "--tissue", "bone", "--format", "seg", "-o", tmp_path / "seg", "--no-figure", "--jsonl"
    )
    assert code == 0
    for row in lines(out):
        (segment,) = segments(row["outputs"]["mask"])
        assert int(np.asarray(segment.mask.values).sum()) == row["measures"]["pixels"]
