"""The images that a mask was made of: found, matched with its slices, and shown to who writes."""

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.exports.seg_source import find_grid, patient_and_study, surrogates
from hounsfield.volume import SliceSource
from segs import NOON, errors_in, masks_by_slice, without

from conftest import Lazily
from volumes import phantom_volume

highdicom = Lazily("highdicom")


def test_sources_are_files_bytes_datasets_or_headers_in_any_order(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    bone = hu.Volume(volume.values > 200, volume.affine)
    ways = {
        "paths": made.files[::-1],
        "bytes": [path.read_bytes() for path in made.files],
        "datasets": [pydicom.dcmread(path) for path in made.files],
        "headers": [hu.read(path).header for path in made.files],
    }
    written = {
        name: hu.write_seg(bone, tmp_path / f"{name}.dcm", source=way, created=NOON).paths[0].read_bytes()
        for name, way in ways.items()
    }
    assert len(set(written.values())) == 1
    (mask,) = masks_by_slice(tmp_path / "paths.dcm", bone)
    np.testing.assert_array_equal(mask, bone.values)


def test_a_slice_more_in_the_source_is_left_out(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom")
    part = volume.with_values(volume.values > 200)[1:4]
    path = hu.write_seg(part, tmp_path / "seg.dcm", source=[source.path for source in volume.sources]).paths[0]
    assert errors_in(path) == []
    (mask,) = masks_by_slice(path, part)
    np.testing.assert_array_equal(mask, part.values)
    assert len(pydicom.dcmread(path).SourceImageSequence) == 3


def test_a_mask_on_another_grid_keeps_its_own_place(tmp_path):
    """Cut out in the plane: its slices lie in those of the source, its pixels begin elsewhere."""
    volume, made = phantom_volume(tmp_path / "dicom", orientation="oblique")
    matrix = volume.affine.copy()
    matrix[:3, 3] = volume.to_lps((0, 5, 7))
    cut = hu.Volume(volume.values[:, 5:30, 7:37] > 200, matrix)
    path = hu.write_seg(cut, tmp_path / "seg.dcm", source=made.files).paths[0]
    assert errors_in(path) == []
    (mask,) = masks_by_slice(path, cut)
    np.testing.assert_array_equal(mask, cut.values)
    whole = hu.write_seg(volume.with_values(volume.values > 200), tmp_path / "whole.dcm").paths[0]
    one, other = (highdicom.seg.segread(p).get_volume(combine_segments=True) for p in (path, whole))
    np.testing.assert_array_equal(other.match_geometry(one).array, one.array)


def test_slices_and_rows_in_another_order_keep_their_places(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom", orientation="oblique")
    bone = volume.with_values(volume.values > 200)
    turned = bone.affine.copy()
    turned[:3, 3] += 39 * turned[:3, 1]
    turned[:3, 1] *= -1
    upside_down = hu.Volume(bone.values[:, ::-1], turned)
    for name, mask in (("slices", bone[::-1]), ("rows", upside_down)):
        path = hu.write_seg(mask, tmp_path / f"{name}.dcm", source=made.files).paths[0]
        assert errors_in(path) == []
        np.testing.assert_array_equal(masks_by_slice(path, mask)[0], mask.values)
        again = highdicom.seg.segread(path).get_volume(combine_segments=True)
        index = np.argwhere(again.array)
        lps = index @ again.affine[:3, :3].T + again.affine[:3, 3]
        assert bone.values[tuple(np.rint(bone.to_index(lps)).astype(int).T)].all()
        assert len(index) == bone.values.sum()


@pytest.mark.parametrize("name", ["eCT_Supplemental.dcm", "mf.dcm"])
def test_frames_of_real_multi_frame_files_are_named_by_their_numbers(tmp_path, request, sample, name):
    path = sample(name) if name[0] == "e" else next(request.getfixturevalue("corpus").rglob(name))
    image = hu.read(path, values="stored")
    order = np.argsort(
        [image.frame(k).plane.position @ np.array(image.frame(0).plane.normal) for k in range(image.frames)]
    )
    order = order[-2:]  # not all of them
    planes = [image.frame(int(k)).plane for k in order]
    matrix = planes[0].affine[:, [2, 0, 1, 3]]
    matrix[:3, 0] = np.subtract(planes[1].position, planes[0].position)
    values = image.values[order]
    values = values[..., 0] if values.ndim == 4 else values
    sources = tuple(SliceSource(image.name, int(k)) for k in order)
    mask = hu.Volume(values > np.median(values), matrix, sources=sources)
    path = hu.write_seg(mask, tmp_path / "seg.dcm").paths[0]
    assert errors_in(path) == []
    (found,) = masks_by_slice(path, mask)
    np.testing.assert_array_equal(found, mask.values)
    numbers = [
        group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber
        for group in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    ]
    assert sorted(numbers) == sorted(int(k) + 1 for k in order)
    whole = hu.write_seg(mask, tmp_path / "whole.dcm", source=[image.name]).paths[0]
    np.testing.assert_array_equal(masks_by_slice(whole, mask)[0], mask.values)


def test_slices_that_are_not_quite_evenly_apart_lie_where_their_files_do(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    for path in made.files:
        dataset = pydicom.dcmread(path)
        dataset.ImagePositionPatient[2] += 0.4 * (dataset.InstanceNumber % 2)
        dataset.save_as(path)
    bone = volume.with_values(volume.values > 200)
    (segment,) = hu.segments(hu.write_seg(bone, tmp_path / "seg.dcm").paths[0])
    said = {hu.read(path).header["SOPInstanceUID"]: hu.read(path).plane.position for path in made.files}
    assert [said[uids[0]] for uids in segment.source_uids] == [plane.position for plane in segment.planes]


def test_a_real_tilted_series_with_uneven_slices_lies_where_its_files_do(tmp_path, corpus):
    images = sorted(
        (hu.read(path) for path in (corpus / "gantry-tilt-ct").glob("*.dcm")), key=lambda i: i.plane.position[2]
    )[:6]
    matrix = images[0].plane.affine[:, [2, 0, 1, 3]]
    matrix[:3, 0] = np.subtract(images[-1].plane.position, images[0].plane.position) / 5
    sources = tuple(SliceSource(image.name) for image in images)
    mask = hu.Volume(np.stack([image.values > 300 for image in images]), matrix, sources=sources)
    path = hu.write_seg(mask, tmp_path / "seg.dcm").paths[0]
    # the method of de-identification is empty in the files, so it is here
    assert set(errors_in(path)) <= set(errors_in(images[0].name, "CTImage"))
    np.testing.assert_array_equal(masks_by_slice(path, mask)[0], mask.values)


def test_sources_that_lack_what_may_be_empty_will_do(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    files = without(made.files, tmp_path / "bare", "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber", "StudyDate", "StudyTime", "ReferringPhysicianName", "SpecificCharacterSet")  # fmt: skip
    bone = volume.with_values(volume.values > 200)
    path = hu.write_seg(bone, tmp_path / "seg.dcm", source=files).paths[0]
    assert errors_in(path) == []
    np.testing.assert_array_equal(masks_by_slice(path, bone)[0], bone.values)


def test_a_thickness_that_is_not_known_is_assumed_aloud(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    files = without(made.files, tmp_path / "bare", "SliceThickness")
    with pytest.warns(hu.AssumptionWarning, match="taken as 3 mm"):
        written = hu.write_seg(volume.with_values(volume.values > 200), tmp_path / "seg.dcm", source=files)
    assert [step.outcome for step in written.steps if step.name == "slice thickness"] == ["assumed"]
    assert errors_in(written.paths[0]) == []


# ---------------------------------------------------------------- by itself


def bone_of(folder, **options):
    volume, made = phantom_volume(folder, **options)
    return volume.with_values(volume.values > 200), made


def test_each_slice_has_the_file_that_lies_where_it_does(tmp_path):
    bone, made = bone_of(tmp_path, orientation="oblique")
    for mask, files in ((bone, made.files), (bone[::-1], made.files[::-1]), (bone[1:3], made.files[1:3])):
        grid = find_grid(mask, made.files[::-1])
        assert list(grid.uids) == [pydicom.dcmread(path).SOPInstanceUID for path in files]
        for position, path in zip(grid.positions, files, strict=True):
            assert position == pytest.approx([float(v) for v in pydicom.dcmread(path).ImagePositionPatient])
        assert not grid.multi_frame and grid.steps == ()


def test_measures_are_those_of_the_files(tmp_path):
    bone, made = bone_of(tmp_path)
    header = pydicom.dcmread(made.files[0])
    spacing, thickness, between = find_grid(bone, None).measures
    assert spacing == pytest.approx(tuple(map(float, header.PixelSpacing)))
    assert (thickness, between) == (pytest.approx(float(header.SliceThickness)), pytest.approx(3.0))


def test_two_sources_in_one_place_are_refused(tmp_path):
    bone, made = bone_of(tmp_path)
    with pytest.raises(hu.GeometryError, match="several source images"):
        find_grid(bone, [*made.files, made.files[2]])


@pytest.mark.parametrize("what", ["sources", "affine", "frame of reference"])
def test_without_what_a_segmentation_needs_there_is_none(tmp_path, what):
    bone, made = bone_of(tmp_path)
    if what == "sources":
        mask, source = hu.Volume(bone.values, bone.affine), None
    elif what == "affine":
        mask, source = hu.Volume(bone.values), made.files
    else:
        mask, source = (
            hu.Volume(bone.values, bone.affine),
            without(made.files, tmp_path / "bare", "FrameOfReferenceUID"),
        )
    with pytest.raises(hu.GeometryError):
        find_grid(mask, source)


def test_what_highdicom_is_shown_names_nobody(tmp_path):
    bone, _ = bone_of(tmp_path)
    grid = find_grid(bone, None)
    for dataset in surrogates(grid):
        assert (dataset.PatientName, dataset.PatientID, dataset.StudyDate) == ("", "", "")
        assert dataset.FrameOfReferenceUID == grid.frame_of_reference
    assert [dataset.SOPInstanceUID for dataset in surrogates(grid)] == list(grid.uids)


def test_patient_and_study_are_the_sources_without_its_pixels(tmp_path):
    bone, made = bone_of(tmp_path)
    header, found = pydicom.dcmread(made.files[0]), patient_and_study(find_grid(bone, None).shown[0].header)
    assert (found.PatientID, found.StudyInstanceUID) == (header.PatientID, header.StudyInstanceUID)
    assert "PixelData" not in found and "Rows" not in found
