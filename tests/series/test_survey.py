"""From the headers of a collection to its volumes, and what became of every file."""

import shutil

import numpy as np
import pydicom
import pytest

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.series.survey import ATTRIBUTES, survey
from hounsfield.series.tolerances import Tolerances

from series_made import copy, ct, edit, instances_of, louder

IDENTIFYING = ("PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID")


def surveyed(folder, gaps="split"):
    return survey(instances_of(folder), DEFAULT_LIMITS, gaps, Tolerances())


def test_facts_are_known_before_pixels_are_read(tmp_path):
    made = ct(tmp_path, slices=4, slice_spacing=2.5)
    for path in made.files:  # no pixel is needed for that
        edit(path, lambda dataset: setattr(dataset, "PixelData", b"\0" * len(dataset.PixelData)))
    (facts,) = surveyed(tmp_path).facts
    header = pydicom.dcmread(made.files[0])
    assert facts.shape == (4, 24, 24)
    assert np.allclose(facts.affine, made.affine)
    assert facts.spacing == pytest.approx((2.5, *map(float, header.PixelSpacing)))
    assert (facts.modality, facts.files) == ("CT", 4)
    assert facts.attributes["SeriesInstanceUID"] == header.SeriesInstanceUID


def test_the_dictionary_without_phi_has_nothing_that_identifies(tmp_path):
    for path in ct(tmp_path, slices=2).files:
        edit(path, PatientName="SECRET^NAME", PatientID="SECRET", AccessionNumber="SECRET", SeriesDescription="SECRET")
    (facts,) = surveyed(tmp_path).facts
    assert facts.to_dict()["PatientName"] == "SECRET^NAME"
    hidden = facts.to_dict(phi=False)
    assert "SECRET" not in str(hidden)
    assert not set(IDENTIFYING) & set(hidden)
    assert hidden["shape"] == [2, 24, 24]


def test_sources_name_the_file_and_frame_of_each_slice(tmp_path, sample):
    shutil.copy(sample("rtdose.dcm"), tmp_path / "dose.dcm")
    made = ct(tmp_path / "ct", slices=2)
    found = surveyed(tmp_path)
    dose, whole = (found.sources(stack) for stack in found.stacks)
    assert [(source.path, source.frame_index) for source in whole] == [(str(path), None) for path in made.files]
    assert {source.path for source in dose} == {str(tmp_path / "dose.dcm")}
    assert sorted(source.frame_index for source in dose) == list(range(15))


def test_one_uid_in_two_versions_is_a_conflict_that_says_in_what_they_differ(tmp_path):
    made = ct(tmp_path, slices=3)
    uid = pydicom.dcmread(made.files[0]).SOPInstanceUID
    copy(made.files[0], "pixels.dcm", louder(5), SOPInstanceUID=uid)
    (conflict,) = surveyed(tmp_path).report.conflicts
    assert conflict.detail.endswith("which differ in their pixels")
    assert {path.rsplit("/", 1)[1] for path in conflict.paths} == {"0000.dcm", "pixels.dcm"}
    edit(tmp_path / "pixels.dcm", RescaleIntercept=0)
    (conflict,) = surveyed(tmp_path).report.conflicts
    assert "their headers" in conflict.detail


def test_a_copy_of_a_file_is_a_duplicate_and_no_conflict(tmp_path):
    made = ct(tmp_path, slices=3)
    shutil.copy(made.files[1], tmp_path / "zz.dcm")
    report = surveyed(tmp_path).report
    assert report.conflicts == ()
    (duplicate,) = report.of("duplicate")
    assert (duplicate.path, duplicate.copy_of) == (str(tmp_path / "zz.dcm"), str(made.files[1]))


def test_two_patients_in_one_series_are_a_conflict_without_their_names(tmp_path):
    made = ct(tmp_path, slices=4)
    for path in made.files[2:]:
        edit(path, PatientID="SOMEBODY_ELSE")
    found = surveyed(tmp_path)
    assert len(found.stacks) == 2
    (conflict,) = found.report.conflicts
    assert "PatientID" in conflict.detail
    assert "SOMEBODY_ELSE" not in conflict.detail


def test_missing_slices_stand_in_the_report_with_the_volumes_around_them(tmp_path):
    made = ct(tmp_path, slices=6)
    made.files[3].unlink()
    for gaps, volumes in (("split", (0, 1)), ("resample", (0, 0))):
        (gap,) = surveyed(tmp_path, gaps).report.missing
        assert (gap.volumes, gap.count) == (volumes, 1)
        assert gap.positions[0] == pytest.approx((made.affine @ [3, 0, 0, 1])[:3].tolist())


def test_attributes_that_are_told_are_keywords_of_the_dictionary():
    assert all(pydicom.datadict.tag_for_keyword(keyword) for keyword in ATTRIBUTES)
