"""Whose the items are, which pixels are missing, and which files contradict each other: as the page is told."""

import json
import shutil
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def write(tmp_path):
    def written(name, source="CT_small.dcm", **values):
        made = pydicom.dcmread(get_testdata_file(source))
        for number, keyword in enumerate(("SOPInstanceUID", "SeriesInstanceUID")):
            setattr(made, keyword, f"1.2.3.{sum(name.encode())}.{number}")
        for keyword, value in values.items():
            setattr(made, keyword, value)
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        made.save_as(path)
        return path

    return written


def keys(page):
    """For each item its place among the patients, and among the studies."""
    items = page.state()["items"]
    found = [list(dict.fromkeys(item[key] for item in items)) for key in ("patient_key", "study_key")]
    return {
        item["series_number"]: (found[0].index(item["patient_key"]), found[1].index(item["study_key"]))
        for item in items
    }


@pytest.mark.parametrize("no_phi", [True, False])
def test_items_are_of_one_study_where_patient_and_study_are_the_same(tmp_path, write, no_phi):
    write("a", PatientName="A^B", PatientID="1", StudyInstanceUID="1.2.77.1", SeriesNumber=1)
    write("b", PatientName="A^B", PatientID="1", StudyInstanceUID="1.2.77.1", SeriesNumber=2)
    write("c", PatientName="A^B", PatientID="1", StudyInstanceUID="1.2.77.2", SeriesNumber=3)
    write("d", PatientName="C^D", PatientID="2", StudyInstanceUID="1.2.77.2", SeriesNumber=4)
    # Nobody knows whether these are one patient.
    write("e", PatientName="", PatientID="", StudyInstanceUID="1.2.77.5", SeriesNumber=5)
    write("f", PatientName="", PatientID="", StudyInstanceUID="1.2.77.6", SeriesNumber=6)
    with shown(tmp_path, no_phi=no_phi) as page:
        assert keys(page) == {1: (0, 0), 2: (0, 0), 3: (0, 1), 4: (1, 2), 5: (2, 3), 6: (3, 4)}
        assert "1.2.77" not in json.dumps(page.state())


def test_without_a_study_uid_date_and_description_tell_studies_apart(tmp_path, write):
    write("a", StudyInstanceUID="", StudyDate="20240101", StudyDescription="x", SeriesNumber=1)
    write("b", StudyInstanceUID="", StudyDate="20240101", StudyDescription="x", SeriesNumber=2)
    write("c", StudyInstanceUID="", StudyDate="20240102", StudyDescription="x", SeriesNumber=3)
    with shown(tmp_path) as page:
        assert keys(page) == {1: (0, 0), 2: (0, 0), 3: (0, 1)}


def missing(image):
    return [step.detail for step in image.steps if step.name == "missing"]


@pytest.mark.parametrize("address", ["", "/thumbnail", "/frames/0"])
def test_pixels_that_are_missing_are_noted_once_they_are_looked_for(address):
    path = get_testdata_file("MR_truncated.dcm")
    (said,) = missing(hu.read(path))
    with shown(path) as page:
        (item,) = page.state()["items"]
        for _ in range(2):
            page.get(f"items/{item['id']}{address}")
        assert page.state()["items"][0]["notes"] == [f"{said} ({Path(path).name})"]
        page.post("patient", json={"hidden": True})
        assert page.state()["items"][0]["notes"] == [f"{said} (a file)"]


def test_a_sound_image_has_no_such_note():
    with shown(get_testdata_file("MR_small.dcm")) as page:
        (item,) = page.state()["items"]
        page.get(f"items/{item['id']}")
        assert page.state()["items"][0]["notes"] == []


def test_one_cut_slice_is_noted_once_before_and_after_its_volume_is_put_together(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=5)
    cut = next(path for path in sorted(tmp_path.rglob("*")) if path.is_file())
    cut.write_bytes(cut.read_bytes()[:-100])
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        for index in range(5):
            page.get(f"items/{item['id']}/frames/{index}")
        (before,) = page.state()["items"][0]["notes"]
        assert before.endswith(f"({cut.name})") and "truncated" in before
        page.viewing.discovery.items.get(item["id"]).frames.volume()
        page.get(f"items/{item['id']}")
        assert page.state()["items"][0]["notes"] == [before]


def test_files_that_contradict_each_other_are_named_so_that_they_can_be_told_apart(tmp_path, write):
    for folder, row in (("first", 1), ("second", 2)):
        write(f"{folder}/Canary.dcm", SOPInstanceUID="1.2.3.9", SeriesInstanceUID="1.2.3.8", InstanceNumber=row, RescaleSlope=row)  # fmt: skip
    shutil.copy(get_testdata_file("MR_small.dcm"), tmp_path / "zzz.dcm")
    (conflict,) = hu.read_volumes(tmp_path).report.conflicts
    with shown(tmp_path) as page:
        (told,) = page.state()["report"]["conflicts"]
        assert told == {"why": conflict.detail, "names": ["first/Canary.dcm", "second/Canary.dcm"], "more": 0}
        assert str(tmp_path) not in json.dumps(page.state())
        page.post("patient", json={"hidden": True})
        (told,) = page.state()["report"]["conflicts"]
        assert (told["names"], told["why"]) == (["file 2", "file 3"], conflict.detail)  # by their place in the report
        assert "Canary" not in json.dumps(page.state())
