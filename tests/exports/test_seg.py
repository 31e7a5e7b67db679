"""What `write_seg` writes: valid by dciodvfy, opened by highdicom and pydicom, and the same masks again."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from segs import NOON, errors_in, masks_by_slice, without

from conftest import Lazily
from mosaics import save, siemens
from volumes import PLACES, phantom_volume

highdicom = Lazily("highdicom")


@pytest.mark.parametrize("place", PLACES)
def test_a_mask_comes_back_as_it_was(tmp_path, place):
    volume, made = phantom_volume(tmp_path / "dicom", **PLACES[place])
    bone = volume.with_values(volume.values > 200)
    bone = bone.with_values(np.where(np.arange(5)[:, None, None] == 2, False, bone.values))  # an empty slice too
    path = hu.write_seg(bone, tmp_path / "seg.dcm").paths[0]
    assert errors_in(path) == []
    (mask,) = masks_by_slice(path, bone)
    np.testing.assert_array_equal(mask, bone.values)
    # each frame names the file of its slice, and lies where that file does
    uids = [pydicom.dcmread(file).SOPInstanceUID for file in made.files]
    (segment,) = hu.segments(path)
    for sources, plane, frame in zip(segment.source_uids, segment.planes, segment.mask.values, strict=True):
        index = uids.index(sources[0])
        assert len(sources) == 1
        assert plane.position == hu.read(made.files[index]).plane.position
        np.testing.assert_array_equal(frame, bone.values[index])


@pytest.mark.parametrize("place", PLACES)
def test_highdicom_finds_the_mask_by_its_source_images(tmp_path, place):
    volume, made = phantom_volume(tmp_path / "dicom", **PLACES[place])
    bone = volume.with_values(volume.values > 200)
    seg = highdicom.seg.segread(hu.write_seg(bone, tmp_path / "seg.dcm").paths[0])
    uids = [pydicom.dcmread(file).SOPInstanceUID for file in made.files]
    by_source = seg.get_pixels_by_source_instance(uids, combine_segments=True)
    np.testing.assert_array_equal(by_source.astype(bool), bone.values)
    if "tilted" not in place:
        whole = seg.get_volume(combine_segments=True)
        corner = whole.affine @ (*np.argwhere(whole.array)[0], 1)
        index = np.rint(bone.to_index(corner[:3])).astype(int)
        assert bone.values[tuple(index)]
        assert whole.array.sum() == bone.values.sum()
    assert (seg.FrameOfReferenceUID, seg.SegmentationType) == (bone.frame_of_reference, "BINARY")


def test_pydicom_finds_the_patient_and_the_study_of_the_source(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    bone = volume.with_values(volume.values > 200)
    path = hu.write_seg(bone, tmp_path / "seg.dcm", created=NOON, series_description="Bones").paths[0]
    written, source = pydicom.dcmread(path), pydicom.dcmread(made.files[0])
    for keyword in (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyInstanceUID",
        "StudyDate",
        "StudyID",
    ):
        assert written[keyword].value == source[keyword].value
    assert written.SeriesInstanceUID != source.SeriesInstanceUID
    assert (written.ContentDate, written.ContentTime[:6], written.SeriesDescription) == ("20260102", "120000", "Bones")
    assert written.pixel_array.shape == (5, 40, 40)
    assert (written.pixel_array.sum(axis=(1, 2)) == bone.values.sum(axis=(1, 2))).all()
    assert written.Modality == "SEG"


@pytest.mark.parametrize("name", ["chrX1.dcm", "chrH31.dcm", "chrArab.dcm", "chrGerm.dcm"])
def test_names_in_any_script_are_those_of_the_source(tmp_path, sample, name):
    volume, made = phantom_volume(tmp_path / "dicom", slices=1)
    spoken, dataset = pydicom.dcmread(sample(name)), pydicom.dcmread(made.files[0])
    dataset.SpecificCharacterSet, dataset.PatientName = spoken.SpecificCharacterSet, spoken.PatientName
    dataset.save_as(tmp_path / "named.dcm")
    bone = volume.with_values(volume.values > 200)
    path = hu.write_seg(
        bone, tmp_path / "seg.dcm", source=[tmp_path / "named.dcm"], segments=hu.SegmentDescription("кость")
    ).paths[0]
    assert errors_in(path) == []
    written = pydicom.dcmread(path)
    assert str(written.PatientName) == str(spoken.PatientName)
    assert written.SegmentSequence[0].SegmentLabel == "кость"


def test_no_warning_and_no_error_quotes_the_patient(tmp_path, caplog):
    volume, made = phantom_volume(tmp_path / "dicom")
    sets = [pydicom.dcmread(path) for path in made.files]
    for dataset in sets:
        for keyword, vr, value in (("PatientName", "PN", "Onlyonename"), ("PatientBirthDate", "DA", "yesterday")):
            dataset[keyword] = pydicom.DataElement(keyword, vr, value, validation_mode=pydicom.config.IGNORE)
    bone = volume.with_values(volume.values > 200)
    with caplog.at_level("INFO"):
        written = hu.write_seg(bone, tmp_path / "seg.dcm", source=sets)  # warnings are errors here
    said = caplog.text + " ".join(str(step) for step in written.steps)
    assert not any(word in said for word in ("Onlyonename", "yesterday"))
    assert pydicom.dcmread(written.paths[0]).PatientName == "Onlyonename"


def test_the_same_is_the_same_bytes_and_anything_else_another_object(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom")
    bone, lung = volume.with_values(volume.values > 200), volume.with_values(volume.values < -500)
    described = hu.SegmentDescription("other")
    written = [
        hu.write_seg(bone, tmp_path / "0.dcm", created=NOON),
        hu.write_seg(bone, tmp_path / "1.dcm", created=NOON),
        hu.write_seg(lung, tmp_path / "2.dcm", created=NOON),
        hu.write_seg(bone, tmp_path / "3.dcm", created=NOON, segments=described),
        hu.write_seg(bone, tmp_path / "4.dcm"),
    ]
    data = [one.paths[0].read_bytes() for one in written]
    assert data[0] == data[1]
    uids = [pydicom.dcmread(one.paths[0]).SOPInstanceUID for one in written]
    assert len(set(uids)) == 4
    assert all(uid.is_valid for uid in uids)


def test_a_label_map_becomes_a_segment_for_each_number(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom")
    labels = np.zeros(volume.shape, np.int64)
    labels[volume.values < -500], labels[volume.values > 200] = 3, 7
    liver = ("10200004", "SCT", "Liver")
    described = {
        7: hu.SegmentDescription(
            "bone",
            ("91723000", "SCT", "Anatomical Structure"),
            ("272673000", "SCT", "Bone"),
            liver,
            "MANUAL",
            color=(250, 10, 20),
        )
    }
    path = hu.write_seg(volume.with_values(labels), tmp_path / "seg.dcm", segments=described).paths[0]
    assert errors_in(path) == []
    first, second = masks_by_slice(path, volume)
    np.testing.assert_array_equal(first, labels == 3)
    np.testing.assert_array_equal(second, labels == 7)
    lung, bone = hu.segments(path)
    assert (lung.label, lung.type.meaning, lung.algorithm_type) == ("3", "Tissue", "SEMIAUTOMATIC")
    assert lung.algorithm_name.startswith("hounsfield")
    assert (bone.label, bone.type.meaning, bone.category.value) == ("bone", "Bone", "91723000")
    assert (bone.algorithm_type, bone.algorithm_name, bone.anatomic_region.meaning) == ("MANUAL", "", "Liver")
    assert np.abs(np.subtract(bone.color, (250, 10, 20))).max() <= 1


def test_masks_by_label_may_overlap(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom")
    masks = {"body": volume.with_values(volume.values > -500), "bone": volume.with_values(volume.values > 200)}
    path = hu.write_seg(masks, tmp_path / "seg.dcm").paths[0]
    assert errors_in(path) == []
    for (label, mask), found, segment in zip(
        masks.items(), masks_by_slice(path, volume), hu.segments(path), strict=True
    ):
        np.testing.assert_array_equal(found, mask.values)
        assert segment.label == label
    assert pydicom.dcmread(path).SegmentsOverlap == "YES"


def test_what_is_no_segmentation_of_anything_is_refused(tmp_path, monkeypatch):
    volume, made = phantom_volume(tmp_path / "dicom")
    bone = volume.with_values(volume.values > 200)
    path = tmp_path / "seg.dcm"
    for mask, options, kind, why in (
        (hu.Volume(bone.values, bone.affine), {}, hu.GeometryError, "source="),
        (hu.Volume(bone.values), {"source": made.files}, hu.GeometryError, "not known"),
        (bone, {"source": []}, hu.GeometryError, "source="),
        (bone, {"source": [*made.files, made.files[0]]}, hu.GeometryError, "several source images"),
        (bone, {"source": ["nowhere.dcm"]}, hu.SourceError, "no such file"),
        (bone, {"segments": {"a": hu.SegmentDescription()}}, TypeError, "one description"),
        (volume.with_values(volume.values * 0.5), {}, TypeError, "bool"),
        (volume, {}, hu.FormatError, "below 0"),
        (volume.with_values(np.zeros(volume.shape, np.uint8)), {}, hu.FormatError, "no label"),
        ({}, {}, hu.FormatError, "no mask"),
        ({"a": bone, "b": bone[:2]}, {}, hu.GeometryError, "'b' has another shape"),
        ({"x" * 65: bone}, {}, ValueError, "64 characters"),
        (bone, {"series_description": "a\\b"}, ValueError, "no backslash"),
    ):
        with pytest.raises(kind, match=why):
            hu.write_seg(mask, path, **options)
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(hu.MissingDependencyError, match="highdicom"):
        hu.write_seg(bone, path)
    assert not path.exists()


def test_a_source_without_a_frame_of_reference_needs_that_of_the_volume(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    files = without(made.files, tmp_path / "bare", "FrameOfReferenceUID")
    bone = volume.with_values(volume.values > 200)
    assert errors_in(hu.write_seg(bone, tmp_path / "seg.dcm", source=files).paths[0]) == []
    with pytest.raises(hu.GeometryError, match="Frame of Reference"):
        hu.write_seg(hu.Volume(bone.values, bone.affine), tmp_path / "x.dcm", source=files)


@pytest.mark.filterwarnings("ignore:.*the direction of the slices is not stated")
@pytest.mark.parametrize("zipped", [False, True])
def test_the_slices_of_a_mosaic_can_be_segmented(tmp_path, zipped):
    """The file is a single picture: it is the one source of every frame, and lies where none of them does."""
    source = path = save(siemens(13), tmp_path / "a.dcm")
    if zipped:
        path = Path(shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path, "a.dcm"))
    (volume,) = hu.read_volumes(path)
    mask = hu.mask(volume, above=105, fill=False, opening=0)
    seg = hu.write_seg(mask, tmp_path / "seg.dcm", created=NOON).paths[0]
    assert errors_in(seg) == []
    (values,) = masks_by_slice(seg, volume)
    np.testing.assert_array_equal(values, mask.values)
    (segment,) = hu.segments(seg)
    assert {uid for uids in segment.source_uids for uid in uids} <= {pydicom.dcmread(source).SOPInstanceUID}


@pytest.mark.parametrize("kind", ["volume", "images", "volumes"])
def test_sources_are_volumes_or_images_too(tmp_path, kind):
    volume, made = phantom_volume(tmp_path / "dicom")
    source = {"volume": volume, "images": list(volume), "volumes": [volume]}[kind]
    bare = hu.Volume(volume.values > 200, volume.affine)
    path = hu.write_seg(bare, tmp_path / "seg.dcm", source=source).paths[0]
    named = {uid for (segment,) in [hu.segments(path)] for uids in segment.source_uids for uid in uids}
    assert named == {str(pydicom.dcmread(file).SOPInstanceUID) for file in made.files}


def test_a_mask_made_at_1_mm_is_written_over_the_slices_it_came_from(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom", matrix=64)
    fine = volume.resample(1)
    back = hu.mask(fine, above=200, opening=0).resample(like=volume)
    path = hu.write_seg(back, tmp_path / "seg.dcm").paths[0]
    assert errors_in(path) == []
    (mask,) = masks_by_slice(path, volume)
    np.testing.assert_array_equal(mask, back.values)


def test_a_source_of_another_frame_of_reference_is_refused(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom")
    other, made = phantom_volume(tmp_path / "other")
    path = made.files[0]
    dataset = pydicom.dcmread(path)
    dataset.FrameOfReferenceUID = "1.2.3"
    dataset.save_as(path)
    mask = volume.with_values(volume.values > 200)
    with pytest.raises(hu.GeometryError, match="Frame of Reference"):
        hu.write_seg(mask, tmp_path / "seg.dcm", source=[path])


def test_a_single_path_is_a_source(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom", slices=1)
    mask = hu.Volume(volume.values > 200, volume.affine)
    for source in (made.files[0], str(made.files[0])):
        assert hu.write_seg(mask, tmp_path / "seg.dcm", source=source, force=True).paths[0].exists()
