"""Masks of the page as files: read back by numpy, Pillow, nibabel, pydicom and highdicom; and what is not said."""

import io
import json

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from pydicom.data import get_testdata_file

import hounsfield as hu
from page_masks import Masks

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
STROKE = {"frame": 2, "radius": 6, "points": [[3, 3], [30, 20]]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A volume whose header has canaries in it."""
    folder = tmp_path_factory.mktemp("saved") / "CANARY-folder"
    hu.phantom(folder, matrix=32, slices=6)
    for path in sorted(folder.iterdir()):
        dataset = pydicom.dcmread(path)
        dataset.PatientName, dataset.SeriesDescription, dataset.PatientID = "CANARY^Anna", "CANARY", "CANARY1"
        dataset.save_as(path)
    return folder


@pytest.fixture(scope="module")
def opened(folder):
    with shown(folder) as page:
        yield page


@pytest.fixture(scope="module")
def page(opened):
    return Masks(opened)


@pytest.fixture(scope="module")
def mask(page):
    made = page.make({"above": 90, "opening": 2}, name="it's <mine> / CANARY")
    return page.did(f"masks/{made['id']}/strokes", STROKE)


@pytest.fixture(scope="module")
def values(page, mask):
    return page.all_bits(mask, 6)


def saved(page, mask, query):
    answer = page.page.get(f"{page.base}/masks/{mask['id']}/save?{query}")
    assert answer.status_code == 200, answer.text
    return answer


def test_npz_is_read_by_numpy(page, mask, values, folder):
    answer = saved(page, mask, "format=npz")
    with np.load(io.BytesIO(answer.content)) as file:
        assert (file["values"] == values).all() and file["values"].dtype == bool
        (volume,) = hu.read_volumes(folder)
        assert np.allclose(file["affine"], volume.affine)
        details = [step["detail"] for step in json.loads(str(file["steps"]))]
    assert "1 stroke of the brush or the eraser" in details
    assert answer.headers["Content-Disposition"] == 'attachment; filename="hounsfield-mask.npz"'
    assert b"CANARY" not in answer.content


def test_nifti_is_read_by_nibabel(page, mask, values, folder, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    answer = saved(page, mask, "format=nifti")
    (tmp_path / "mask.nii.gz").write_bytes(answer.content)
    read = nibabel.load(tmp_path / "mask.nii.gz")
    (volume,) = hu.read_volumes(folder)
    hu.write_nifti(hu.Volume(values, affine=volume.affine), tmp_path / "own.nii.gz")
    own = nibabel.load(tmp_path / "own.nii.gz")
    assert (np.asanyarray(read.dataobj) == np.asanyarray(own.dataobj)).all() and np.allclose(read.affine, own.affine)
    found = np.asanyarray(read.dataobj)
    assert found.sum() == values.sum()
    for index in np.argwhere(values)[::97]:  # by places in the patient: LPS here, RAS there
        lps = volume.affine @ [*index, 1]
        i, j, k = np.rint(np.linalg.solve(read.affine, [-lps[0], -lps[1], lps[2], 1])[:3]).astype(int)
        assert found[i, j, k]


def test_a_segmentation_is_read_by_pydicom(page, mask, values):
    pytest.importorskip("highdicom")
    answer = saved(page, mask, "format=seg")
    dataset = pydicom.dcmread(io.BytesIO(answer.content))
    assert dataset.SegmentSequence[0].SegmentLabel == "it's <mine> / CANARY"
    frames = dataset.pixel_array.reshape(-1, 32, 32)
    places = [
        float(f.PlanePositionSequence[0].ImagePositionPatient[2]) for f in dataset.PerFrameFunctionalGroupsSequence
    ]
    order = np.argsort(places)
    filled = [frame for frame in values if frame.any()]
    assert (frames[order].astype(bool) == np.stack(filled)).all()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="hounsfield-mask.dcm"'


def test_a_tissue_is_coded(page):
    pytest.importorskip("highdicom")
    made = page.make({"tissue": "bone"})
    dataset = pydicom.dcmread(io.BytesIO(saved(page, made, "format=seg").content))
    assert dataset.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Bone"


def test_pictures_are_of_the_image_that_is_shown(page, mask, values, folder):
    png = np.asarray(Picture.open(io.BytesIO(saved(page, mask, "format=png&frame=2").content)))
    assert ((png > 0) == values[2]).all()
    (volume,) = hu.read_volumes(folder)
    cut = hu.Volume(values, affine=volume.affine).reformat("coronal").values
    png = np.asarray(Picture.open(io.BytesIO(saved(page, mask, "format=png&view=planes/coronal&frame=9").content)))
    assert ((png > 0) == cut[9]).all()


@pytest.mark.long
def test_a_figure_is_that_of_the_library(page, mask, values, folder):
    from hounsfield.figures.figure import figure_bytes

    (volume,) = hu.read_volumes(folder)
    answer = saved(page, mask, "format=figure&frame=2&center=40&width=400&outline=1")
    expected = hu.figure(volume[2], values[2], window=(40, 400), outline=True)
    one, other = (
        np.asarray(Picture.open(io.BytesIO(data))) for data in (answer.content, figure_bytes(expected, "png"))
    )
    assert one.shape == other.shape and (one == other).mean() > 0.98  # the caption is that of an image without files
    assert b"CANARY" not in answer.content and "CANARY" not in str(answer.headers)


def test_a_surface_encloses_the_volume(page, mask, values):
    content = saved(page, mask, "format=stl").content
    count = int.from_bytes(content[80:84], "little")
    assert count > 100 and len(content) == 84 + 50 * count


@pytest.mark.parametrize("form", ["nifti", "seg", "stl"])
def test_a_mask_of_one_image_is_no_volume(page, form):
    made = page.make({"above": 90}, "frame", frame=1)
    answer = page.page.get(f"{page.base}/masks/{made['id']}/save?format={form}")
    assert answer.status_code == 422 and answer.json()["error"].endswith("of volumes, and this mask is of one image")
    with np.load(io.BytesIO(saved(page, made, "format=npz").content)) as file:
        assert (file["mask"] == page.bits(made, "frames/1")).all()
    picture = Picture.open(io.BytesIO(saved(page, made, "format=png").content))
    assert ((np.asarray(picture) > 0) == page.bits(made, "frames/1")).all()


def test_nothing_is_left_on_the_disk(page, mask):
    saved(page, mask, "format=nifti")
    assert page.page.get(f"{page.base}/masks/{mask['id']}/save?format=png&frame=77").status_code == 404
    assert list(page.page.viewing.folder.path().glob("mask*")) == []


def test_what_a_missing_part_is_called(page, mask, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "highdicom", None)
    answer = page.page.get(f"{page.base}/masks/{mask['id']}/save?format=seg")
    assert answer.status_code == 422 and "pip install" in answer.json()["error"]


def test_nothing_of_the_patient_is_said_while_hidden(folder):
    with shown(folder, no_phi=True) as opened:
        page = Masks(opened)
        made = page.make({"above": 90})
        answer = page.page.get(f"{page.base}/masks/{made['id']}/save?format=seg")
        assert answer.status_code == 403 and "name of the patient" in answer.json()["error"]
        answers = [page.page.get(f"{page.base}/masks"), page.page.get(f"{page.base}/histogram")]
        answers += [
            page.ask("masks", {"recipe": recipe}) for recipe in ({"above": 9e9}, {"tissue": "x"}, {"min_ml": 1})
        ]
        answers += [saved(page, made, f"format={form}") for form in ("png", "npz", "nifti", "stl", "figure")]
        for answer in answers:
            assert b"CANARY" not in answer.content and "CANARY" not in str(answer.headers), answer.url


def test_colours_and_values_without_a_unit_say_what_they_need():
    with shown(get_testdata_file("US1_J2KR.dcm") or pytest.skip("pydicom-data is not installed")) as opened:
        page = Masks(opened)
        answer = page.ask("masks", {"recipe": {"above": 3}})
        assert answer.status_code == 422 and "colour image" in answer.json()["error"]
    with shown(get_testdata_file("MR_small.dcm")) as opened:
        page = Masks(opened)
        answer = page.ask("masks", {"recipe": {}})
        assert answer.status_code == 422 and "for HU" in answer.json()["error"]
        image = hu.read(get_testdata_file("MR_small.dcm"))
        made = page.make({"method": "otsu"}, "frame")
        assert (page.bits(made, "frames/0") == hu.mask(image, method="otsu").values).all()
        answer = page.ask("masks", {"scope": "volume"})
        assert answer.status_code == 400 and "no volume" in answer.json()["error"]
