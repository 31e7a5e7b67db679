"""Segments: real segmentations as their writers' tools describe them, made ones for fractions and label maps."""

import warnings
from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.values.segments import Code, cielab_to_srgb

from made import dataset, to_bytes

#: What highdicom 0.28 says of the file: label, algorithm, category, type, frames, pixels that are set.
HIGHDICOM = {
    "segmentations/partial_overlaps.dcm": [
        ("GREEN", "MANUAL", "Tissue", "Tissue", (0,), 9602),
        ("ORANGE", "MANUAL", "Tissue", "Artery", (1,), 11888),
        ("PURPLE", "MANUAL", "Tissue", "Capillary", (2, 3, 4), 10743),
        ("LIGHT_BLUE", "MANUAL", "Morphologically Altered Structure", "Edema", (5,), 6693),
        ("DARK_BLUE", "MANUAL", "Tissue", "Vein", (6,), 4713),
    ],
    "segmentations/liver.dcm": [("Liver", "SEMIAUTOMATIC", "Tissue", "Liver", (0, 1, 2), 107098)],
    "segmentations/24x38x3/seg/label.seg": [("Liver", "SEMIAUTOMATIC", "Tissue", "Liver", (0, 1, 2), 315)],
    "sr-example/seg.dcm": [
        (
            "Neoplasm, Primary",
            "MANUAL",
            "Morphologically Altered Structure",
            "Neoplasm, Primary",
            tuple(range(13)),
            795,
        )
    ],
}


@pytest.mark.parametrize("name", HIGHDICOM)
def test_segments_are_those_that_highdicom_finds(corpus, name):
    found = [
        (s.label, s.algorithm_type, s.category.meaning, s.type.meaning, s.frame_index, int(s.mask.values.sum()))
        for s in hu.segments(corpus / "dcmqi" / name)
    ]
    assert found == HIGHDICOM[name]


@pytest.mark.parametrize("name", ["liver.dcm", "liver_expb.dcm", "liver_1frame.dcm", "liver_expb_1frame.dcm"])
def test_masks_are_the_frames_that_pydicom_unpacks(sample, name):
    (segment,) = hu.segments(sample(name))
    expected = pydicom.dcmread(sample(name)).pixel_array
    assert np.array_equal(segment.mask.values, expected.reshape(-1, *expected.shape[-2:]) == 1)
    assert (segment.number, segment.kind, segment.fractions, segment.threshold) == (1, "binary", None, None)
    assert segment.type == Code("T-62000", "SRT", "Liver")


def test_each_frame_has_its_plane_and_its_source(sample, corpus):
    path = corpus / "dcmqi" / "segmentations" / "partial_overlaps.dcm"
    groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    for segment in hu.segments(path):
        for place, index in enumerate(segment.frame_index):
            position = groups[index].PlanePositionSequence[0].ImagePositionPatient
            assert segment.planes[place].position == tuple(position)
            assert segment.mask.frame(place).plane == segment.planes[place]
            source = groups[index].DerivationImageSequence[0].SourceImageSequence[0]
            assert segment.source_uids[place] == (source.ReferencedSOPInstanceUID,)


def test_a_segment_lies_where_its_source_image_does(corpus):
    """The three slices that the segmentation was made from are in the corpus: same plane, by the UID it names."""
    folder = corpus / "dcmqi" / "segmentations" / "24x38x3"
    planes = {}
    for path in (folder / "image").iterdir():
        image = hu.read(path, values="stored")
        planes[image.header["SOPInstanceUID"]] = image.plane
    (segment,) = hu.segments(folder / "seg" / "label.seg")
    for plane, (uid,) in zip(segment.planes, segment.source_uids, strict=True):
        assert plane.position == pytest.approx(planes[uid].position, abs=1e-4)
        assert plane.pixel_spacing == pytest.approx(planes[uid].pixel_spacing, abs=1e-4)


def test_colors_are_those_that_were_chosen(corpus):
    """dcmqi took them from 3D Slicer's table of anatomic colours: liver 221 130 101, tissue 128 174 128 ..."""
    found = hu.segments(corpus / "dcmqi" / "segmentations" / "partial_overlaps.dcm")
    assert [s.color for s in found] == [
        (128, 174, 128),
        (216, 101, 79),
        (183, 156, 220),
        (140, 224, 228),
        (0, 151, 206),
    ]
    assert hu.segments(corpus / "dcmqi" / "segmentations" / "liver.dcm")[0].color == (221, 130, 101)


@pytest.mark.parametrize(
    ("encoded", "rgb"),
    [
        # highdicom 0.28: CIELabColor.from_rgb(*rgb).value
        ((46615, 16733, 42775), (20, 200, 100)),
        ((33272, 55065, 15337), (200, 20, 240)),
        ((65535, 32897, 32893), (255, 255, 255)),
        ((0, 32896, 32896), (0, 0, 0)),
    ],
)
def test_cielab(encoded, rgb):
    assert cielab_to_srgb(encoded) == rgb


def segmentation(values, kind, numbers=(1, 2), **attributes):
    made = dataset(values, **{"Modality": "SEG", "SegmentationType": kind} | attributes)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    made.SegmentSequence = []
    for number in numbers:
        item = Dataset()
        item.SegmentNumber, item.SegmentLabel = number, f"segment {number}"
        made.SegmentSequence.append(item)
    return made


def with_frames(made, numbers):
    made.PerFrameFunctionalGroupsSequence = []
    for number in numbers:
        group, item = Dataset(), Dataset()
        item.ReferencedSegmentNumber = number
        group.SegmentIdentificationSequence = [item]
        made.PerFrameFunctionalGroupsSequence.append(group)
    return made


def fractional(**attributes):
    values = np.array([[[0, 100], [101, 200]], [[50, 150], [200, 0]]], np.uint8)
    options = {"MaximumFractionalValue": 200, "SegmentationFractionalType": "OCCUPANCY"} | attributes
    return with_frames(segmentation(values, "FRACTIONAL", **options), [2, 1])


def test_fractions_are_kept_and_a_threshold_selects():
    first, second = hu.segments(to_bytes(fractional()))
    assert second.fractions.values.tolist() == [[[0, 0.5], [np.float32(0.505), 1]]]
    assert (second.fractions.unit, second.fractional_type, second.threshold) == ("1", "OCCUPANCY", 0.5)
    assert second.mask.values.tolist() == [[[False, False], [True, True]]]  # strictly above a half
    assert first.frame_index == (1,)
    (lower, _) = hu.segments(to_bytes(fractional()), threshold=0.2)
    assert lower.mask.values.tolist() == [[[True, True], [True, False]]]
    with pytest.raises(ValueError, match="threshold"):
        hu.segments(to_bytes(fractional()), threshold=1)


def test_a_label_map_has_a_segment_where_its_number_is():
    values = np.array([[[0, 1], [1, 0]], [[3, 3], [1, 0]]], np.uint8)
    made = segmentation(values, "LABELMAP", (0, 1, 3, 4))
    background, one, three, four = hu.segments(to_bytes(made))
    assert (background.frame_index, one.frame_index, three.frame_index) == ((0, 1), (0, 1), (1,))
    assert np.array_equal(one.mask.values, values == 1)
    assert np.array_equal(three.mask.values, values[1:] == 3)
    assert (four.frame_index, four.mask, four.planes) == ((), None, ())
    image = hu.read(to_bytes(made))
    assert np.array_equal(hu.segments(image)[1].mask.values, values == 1)


def test_a_stream_is_read_once():
    found = hu.segments(BytesIO(to_bytes(fractional())))
    assert [segment.label for segment in found] == ["segment 1", "segment 2"]


def test_what_is_no_segmentation_has_no_segments(sample):
    assert hu.segments(sample("CT_small.dcm")) == ()
    assert hu.segments(hu.read(sample("CT_small.dcm"))) == ()
    assert hu.segments(sample("test-SR.dcm")) == ()


def test_one_frame_is_no_segmentation(sample):
    with pytest.raises(hu.GeometryError):
        hu.segments(hu.read(sample("liver.dcm")).frame(1))


def test_frames_without_a_number_are_of_the_only_segment():
    made = segmentation(np.ones((2, 2, 2), np.uint8), "BINARY", (7,))
    with pytest.warns(hu.AssumptionWarning, match="only segment"):
        (segment,) = hu.segments(to_bytes(made))
    assert segment.frame_index == (0, 1)


def _without(made, keyword):
    delattr(made, keyword)
    return made


@pytest.mark.parametrize(
    ("made", "error", "attribute"),
    [
        (lambda: segmentation(np.ones((2, 2, 2), np.uint8), "BINARY"), hu.MissingAttributeError, "ReferencedSegmentNumber"),
        (lambda: with_frames(fractional(), [1, 9]), hu.InvalidAttributeError, "ReferencedSegmentNumber"),
        (lambda: fractional(MaximumFractionalValue=0), hu.InvalidAttributeError, "MaximumFractionalValue"),
        (lambda: fractional(MaximumFractionalValue=199), hu.InvalidAttributeError, "MaximumFractionalValue"),
        (lambda: _without(fractional(), "SegmentationType"), hu.MissingAttributeError, "SegmentationType"),
        (lambda: fractional(SegmentationType="FUZZY"), hu.InvalidAttributeError, "SegmentationType"),
        (lambda: _without(fractional(), "SegmentSequence"), hu.MissingAttributeError, "SegmentSequence"),
        (lambda: segmentation(np.ones((2, 2), np.uint8), "BINARY", (1, 1)), hu.InvalidAttributeError, "SegmentNumber"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_a_typed_error(made, error, attribute):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        data = to_bytes(made())
    with pytest.raises(error) as caught:
        hu.segments(data)
    assert caught.value.attribute == attribute
