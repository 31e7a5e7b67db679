"""Folders and archives volume by volume: stats, mask, figure, convert."""

import json
import shutil

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import hounsfield as hounsfield_

from cli_runner import hu, hu_here


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return hounsfield_.phantom(tmp_path_factory.mktemp("ct") / "ct", matrix=64, slices=6)


@pytest.fixture(scope="module")
def study(made, sample, tmp_path_factory):
    """The CT series, a single image, and a text."""
    folder = tmp_path_factory.mktemp("study")
    shutil.copytree(made.folder, folder / "ct")
    shutil.copy(sample("MR_small.dcm"), folder / "mr.dcm")
    (folder / "note.txt").write_text("hello")
    return folder


def test_stats_of_a_volume_have_millilitres_that_the_phantom_knows(made, study):
    lung = made.regions["lung"]
    bounds = ["--above", lung.above, "--below", lung.below, "--no-fill", "--opening", 0]
    code, out, _ = hu_here("stats", study / "ct", *bounds, "--json")
    (result,) = json.loads(out)
    assert code == 0
    assert result["measures"]["pixels"] == sum(lung.pixels)
    assert result["measures"]["volume_ml"] == pytest.approx(lung.volume_ml, rel=1e-9)
    assert result["measures"]["mean"] == lung.hu
    assert result["volume"]["shape"] == [6, 64, 64]
    assert "volume" in hu_here("stats", study / "ct", *bounds)[1]


def test_files_that_are_in_no_volume_are_taken_by_themselves(study):
    code, out, err = hu("stats", study, "--jsonl")
    results = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [result["source"] for result in results] == [f"{study}[1]", str(study / "mr.dcm")]
    assert results[1]["measures"]["slices"] is None
    assert f"{study / 'note.txt'}: is not a DICOM file but text" in err


def test_each_takes_every_file_by_itself_and_volumes_puts_files_together(study, made):
    each = hu_here("stats", study / "ct", "--each", "--jsonl")[1].splitlines()
    assert len(each) == 6
    together = hu_here("stats", *made.files, "--volumes", "--jsonl")[1].splitlines()
    assert len(together) == 1
    assert len(hu_here("stats", *made.files, "--jsonl")[1].splitlines()) == 6


def test_slices_are_measured_by_themselves_too(study):
    (result,) = json.loads(hu_here("stats", study / "ct", "--frames", "--json")[1])
    assert len(result["slices"]) == 6
    assert sum(part["pixels"] for part in result["slices"]) == result["measures"]["pixels"]


@pytest.mark.parametrize(("form", "ending"), [(None, ".nii.gz"), ("npz", ".npz"), ("seg", ".dcm"), ("stl", ".stl")])
def test_masks_of_volumes_in_every_format(study, tmp_path, form, ending):
    options = [] if form is None else ["--format", form]
    code, out, _ = hu_here("mask", study / "ct", "-o", tmp_path, "--tissue", "lung", "--fill-3d", *options, "--json")
    (result,) = json.loads(out)
    assert code == 0
    assert result["outputs"]["mask"] == str(tmp_path / f"20260101-CT-001-Phantom-axial.mask{ending}")
    truth = hounsfield_.mask(hounsfield_.read_volumes(study / "ct")[0], tissue="lung", fill="3d")
    if form is None:
        data = np.asarray(nibabel.load(result["outputs"]["mask"]).dataobj)
        assert int(data.sum()) == int(truth.values.sum()) == result["measures"]["pixels"]
    if form == "seg":
        dataset = pydicom.dcmread(result["outputs"]["mask"])
        assert int(dataset.pixel_array.sum()) == int(truth.values.sum())
    with Picture.open(result["outputs"]["figure"]) as figure:
        assert figure.size[0] > 2 * figure.size[1]  # three panels side by side


def test_formats_and_options_that_do_not_fit(study, sample, tmp_path):
    mr, ct = study / "mr.dcm", study / "ct"
    for arguments, why in [
        (["mask", mr, "--method", "otsu", "--format", "seg", "-o", tmp_path], "seg is for volumes"),
        (["mask", ct, "--format", "png", "-o", tmp_path], "png is for images"),
        (["mask", ct, "--min-mm2", 5, "-o", tmp_path], "--min-mm2 is for images"),
        (["mask", mr, "--method", "otsu", "--min-ml", 5, "-o", tmp_path], "--min-ml is for volumes"),
        (["figure", mr, "--slice", 2, "-o", tmp_path], "--slice is for volumes"),
        (["figure", ct, "--slice", 6, "-o", tmp_path], "slice 6 is out of range: 6 slices"),
    ]:
        code, out, err = hu_here(*arguments)
        assert (code, out) == (1, ""), arguments
        assert why in err
    assert hu_here("figure", ct, "--slice", 2, "--montage", 3)[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_figures_of_volumes(study, tmp_path):
    for options, facts in [([], {"slice": 3}), (["--slice", 0], {"slice": 0}), (["--montage", 4], {"montage": 4})]:
        name = tmp_path / f"{len(options)}{options[-1:]}.png"
        code, out, _ = hu_here("figure", study / "ct", "-o", name, "--json", *options)
        (result,) = json.loads(out)
        assert code == 0
        assert result.items() >= facts.items()
        with Picture.open(name) as figure:
            assert figure.size[0] > 100


def test_a_volume_as_nifti_lies_where_the_phantom_does(made, study, tmp_path):
    code, out, _ = hu_here("convert", study / "ct", "-o", tmp_path / "ct.nii.gz")
    assert (code, out) == (0, f"{study / 'ct'}[0]: {tmp_path / 'ct.nii.gz'}\n")
    image = nibabel.load(tmp_path / "ct.nii.gz")
    corner = made.affine @ [5, 0, 63, 1]
    places = nibabel.affines.apply_affine(image.affine, np.argwhere(np.ones(image.shape))) * [-1, -1, 1]
    assert np.abs(places - corner[:3]).sum(axis=1).min() < 1e-3


def test_an_archive_gives_what_its_folder_gives(study, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "ct"), "zip", study / "ct")
    (inside,) = json.loads(hu_here("stats", archive, "--json")[1])
    (outside,) = json.loads(hu_here("stats", study / "ct", "--json")[1])
    assert inside["measures"] == outside["measures"]
    assert inside["source"] == f"{archive}[0]"
    code, out, err = hu_here("stats", shutil.make_archive(str(tmp_path / "all"), "zip", study), "--jsonl")
    assert code == 0
    assert len(out.splitlines()) == 2  # the series and the single image
    assert "note.txt: is not a DICOM file but text" in err


def test_gaps_by_choice(tmp_path):
    hounsfield_.phantom(tmp_path / "ct", matrix=16, slices=7, missing=(2,))

    def shapes(*options):
        code, out, err = hu_here("stats", tmp_path / "ct", "--jsonl", *options)
        return code, [json.loads(line)["volume"]["shape"][0] for line in out.splitlines()], err

    code, counts, err = shapes()
    assert (code, counts) == (0, [2, 4])
    assert "1 slice missing at (-180, -180, -5) mm" in err
    assert shapes("--gaps", "resample")[:2] == (0, [7])
    code, counts, err = shapes("--gaps", "refuse")
    assert (code, counts) == (1, [])
    assert "slices are not at equal distances" in err


def test_results_name_nobody(study, tmp_path):
    out = hu_here("stats", study / "ct", "--json")[1] + hu_here("mask", study / "ct", "-o", tmp_path, "--json")[1]
    assert "Phantom^Thorax" not in out
    assert "PHANTOM-0" not in out
    assert b"Phantom^Thorax" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", ["stats", *(pytest.param(c, marks=pytest.mark.long) for c in ("mask", "figure", "convert"))]
)
def test_volumes_beside_so_many_files_that_workers_take_them(made, sample, tmp_path, command):
    shutil.copytree(made.folder, tmp_path / "in" / "ct")
    for index in range(12):
        shutil.copy(sample("CT_small.dcm"), tmp_path / "in" / f"{index}.dcm")
    output = [] if command == "stats" else ["-o", tmp_path / "out"]
    code, out, err = hu(command, tmp_path / "in", *output, "-j", 2, "--jsonl")
    assert code == 0, err
    assert len(out.splitlines()) == 13


def test_single_slices_that_a_gap_left_are_volumes_too(tmp_path):
    hounsfield_.phantom(tmp_path / "ct", matrix=16, slices=8, missing=(1, 5))
    lines = [json.loads(line) for line in hu_here("stats", tmp_path / "ct", "--jsonl")[1].splitlines()]
    assert [line["measures"]["slices"] for line in lines] == [1, 3, 2]
    assert all(line["measures"]["volume_ml"] for line in lines)


def test_no_segment_is_left_out(corpus, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(corpus / "dcmqi" / "segmentations" / "partial_overlaps.dcm", folder)
    lines = hu_here("stats", folder, "--jsonl")[1].splitlines()
    assert [json.loads(line)["volume"]["separated_by"]["ReferencedSegmentNumber"] for line in lines] == [1, 2, 3, 4, 5]


def test_an_existing_zarr_store_is_kept_and_replaced_on_request_only(study, tmp_path):
    store = tmp_path / "ct.zarr"
    assert hu_here("convert", study / "ct", "-o", store)[0] == 0
    before = sorted(path.relative_to(store) for path in store.rglob("*"))
    assert hu_here("convert", study / "ct", "-o", store)[0] == 0  # the same again is no quarrel
    code, out, err = hu_here("convert", study / "ct", "-o", store, "--space", "stored")
    assert (code, out) == (5, "")
    assert "exists already" in err
    assert sorted(path.relative_to(store) for path in store.rglob("*")) == before
    assert hu_here("convert", study / "ct", "-o", store, "--space", "stored", "--force")[0] == 0


def test_a_seg_is_not_written_where_the_patient_is_to_be_hidden(study, tmp_path):
    assert hu_here("mask", study / "ct", "--format", "seg", "--no-phi", "-o", tmp_path)[0] == 2


def test_masks_of_an_archive_as_seg(study, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "ct"), "zip", study / "ct")
    code, out, err = hu_here("mask", archive, "--format", "seg", "--no-figure", "-o", tmp_path / "out", "--json")
    assert code == 0, err
    written = pydicom.dcmread(json.loads(out)[0]["outputs"]["mask"])
    folder = hu_here("mask", study / "ct", "--format", "seg", "--no-figure", "-o", tmp_path / "out2", "--json")[1]
    other = pydicom.dcmread(json.loads(folder)[0]["outputs"]["mask"])
    assert np.array_equal(written.pixel_array, other.pixel_array)
    assert written.PatientID == other.PatientID
