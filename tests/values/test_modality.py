"""Modality values by table, by frame, by dose and by fraction; padding under every VR."""

import warnings

import numpy as np
import pydicom
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_rescale
from pydicom.uid import (
    EnhancedMRImageStorage,
    RTDoseStorage,
    SegmentationStorage,
    XRayAngiographicImageStorage,
)

import hounsfield as hu
from hounsfield.headers.frame_header import FRAME_MACROS

from made import dataset, enhanced, file_bytes, to_bytes


def step(image: hu.Image, name: str = "modality") -> hu.Step:
    return next(s for s in image.steps if s.name == name)


# Tables


@pytest.mark.parametrize("name", ["mlut_18.dcm", "CR-ModalitySequenceLUT.dcm"])
def test_tables_of_real_files_are_applied_as_pydicom_does(name, sample, corpus):
    path = corpus / "fo-dicom" / name if name.startswith("CR") else sample(name)
    image, other = hu.read(path), pydicom.dcmread(path)
    # Lossless JPEG, which pydicom alone does not decode; the stored values are held against DCMTK elsewhere.
    stored = hu.read(path, values="stored").values
    np.testing.assert_array_equal(image.values, apply_modality_lut(stored, other))
    assert (image.unit, image.steps[2].detail.startswith("modality LUT of")) == ("", True)


def with_table(stored: np.ndarray, descriptor: list[int], data, vr: str = "US", **attributes) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if min(descriptor) < 0 else "US", descriptor)
    item.add_new("LUTData", vr, data)
    item.ModalityLUTType = attributes.pop("kind", "HU")
    return dataset(stored, ModalityLUTSequence=[item], **attributes)


def test_a_hounsfield_ramp_through_a_modality_lut():
    # 1024 signed stored values from -512: the first is 0 HU, each next one 3 HU more, the last 3069 HU.
    stored = np.arange(-514, 514, dtype=np.int16).reshape(2, 514)
    made = with_table(stored, [1024, -512, 16], list(range(0, 3072, 3)))
    image = hu.read(to_bytes(made))
    assert (image.unit, image.values.dtype) == ("HU", np.int16)
    # Outside the table: the first entry below, the last beyond (PS3.3 C.11.1.1).
    assert image.values.ravel()[[0, 1, 2, 3, 4, 514, 1025, 1026, 1027]].tolist() == [
        0, 0, 0, 3, 6, 1536, 3069, 3069, 3069,
    ]  # fmt: skip
    np.testing.assert_array_equal(np.diff(image.values.ravel()[2:1026]), 3)
    np.testing.assert_array_equal(image.values, apply_modality_lut(stored, made))


def test_a_table_is_taken_before_slope_and_intercept():
    made = with_table(np.array([[0, 1]], np.uint16), [2, 0, 16], [7, 9], RescaleSlope=1, RescaleIntercept=-1024)
    assert hu.read(to_bytes(made)).values.tolist() == [[7, 9]]


@pytest.mark.parametrize(
    "data",
    [
        bytes([10, 20, 30, 40]),  # one entry a byte
        b"\x0a\0\x14\0\x1e\0\x28\0",  # one entry a word
    ],
)
def test_entries_of_8_bits_in_ow(data):
    made = with_table(np.array([[0, 1], [2, 3]], np.uint16), [4, 0, 8], data, "OW", kind="US")
    assert hu.read(to_bytes(made)).values.tolist() == [[10, 20], [30, 40]]


def test_an_odd_number_of_8_bit_entries_is_padded():
    made = with_table(np.array([[0, 1, 2]], np.uint16), [3, 0, 8], bytes([10, 20, 30, 0]), "OW")
    assert hu.read(to_bytes(made)).values.tolist() == [[10, 20, 30]]


def test_a_table_of_65536_entries_says_0():
    entries = np.arange(65536, dtype="<u2")[::-1].tobytes()
    made = with_table(np.array([[0, 1, 65535]], np.uint16), [0, 0, 16], entries, "OW")
    assert hu.read(to_bytes(made)).values.tolist() == [[65535, 65534, 0]]


def test_tables_longer_than_they_say_are_cut_and_shorter_ones_refused():
    stored = np.array([[0, 5]], np.uint16)
    assert hu.read(to_bytes(with_table(stored, [3, 0, 16], [1, 2, 3, 4, 5]))).values.tolist() == [[1, 3]]
    with pytest.raises(hu.InvalidAttributeError, match="declares 3 entries of 16 bits but holds 2") as caught:
        hu.read(to_bytes(with_table(stored, [3, 0, 16], [1, 2])))
    assert caught.value.attribute == "ModalityLUTSequence"


def test_text_where_a_table_belongs_is_refused():
    made = dataset(np.array([[0, 5]], np.uint16))
    made.add_new("ModalityLUTSequence", "LO", "text")
    with pytest.raises(hu.InvalidAttributeError, match="ModalityLUTSequence"):
        hu.read(to_bytes(made))


def test_a_pixel_intensity_relationship_lut_is_not_applied_and_said():
    made = dataset(np.array([[0, 5]], np.uint16), Modality="XA", SOPClassUID=XRayAngiographicImageStorage)
    group, table = Dataset(), Dataset()
    table.LUTDescriptor, table.LUTFunction = [2, 0, 16], "TO_LINEAR"
    table.LUTData = [1000, 2000]
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    group.PixelIntensityRelationshipLUTSequence = [table]
    made.SharedFunctionalGroupsSequence = [group]
    image = hu.read(to_bytes(made))
    assert image.values.tolist() == [[0, 5]]
    assert any("Pixel Intensity Relationship LUT" in s.detail and s.outcome == "not done" for s in image.steps)


# Frames


def functional(stored: np.ndarray, shared: tuple | None, own: list[tuple | None], **attributes) -> bytes:
    """An enhanced MR file with slope and intercept in the shared groups, in those of frames, or in both."""

    def group(transform: tuple | None) -> Dataset:
        made = Dataset()
        if transform is not None:
            item = Dataset()
            item.RescaleSlope, item.RescaleIntercept, item.RescaleType = *transform, "US"
            made.PixelValueTransformationSequence = [item]
        return made

    made = dataset(stored, Modality="MR", SOPClassUID=EnhancedMRImageStorage, **attributes)
    made.SharedFunctionalGroupsSequence = [group(shared)]
    made.PerFrameFunctionalGroupsSequence = [group(transform) for transform in own]
    return to_bytes(made)


FIFTEEN = np.full((3, 1, 2), 15, np.uint16)


@pytest.mark.parametrize(
    ("shared", "own", "expected"),
    [
        ((2, 1), [None, None, None], [31, 31, 31]),
        (None, [(1, 0), (2, 10), (10, -5)], [15, 40, 145]),
        ((2, 1), [None, (0.5, 0.25), None], [31, 7.75, 31]),  # a frame's own before the shared one
        ((2, 1), [], [31, 31, 31]),
        ((2, 1), [(1, 0)], [15, 31, 31]),  # fewer groups than frames
    ],
)
def test_each_frame_of_an_enhanced_mr_file_has_its_own_values(shared, own, expected):
    image = hu.read(functional(FIFTEEN, shared, own))
    assert image.values[:, 0, 0].tolist() == expected
    assert [float(image.frame(i).values[0, 1]) for i in range(3)] == expected
    assert image.unit == ""


def test_a_frames_own_slope_comes_before_the_files():
    image = hu.read(functional(FIFTEEN, None, [None, (2, 10), None], RescaleSlope=3, RescaleIntercept=0))
    assert image.values[:, 0, 0].tolist() == [45, 40, 45]


def test_frames_with_and_without_a_slope_are_not_mixed():
    with pytest.raises(hu.MissingAttributeError, match="frame 1 has no RescaleSlope") as caught:
        hu.read(functional(FIFTEEN, None, [(1, 0), None, (2, 0)]))
    assert caught.value.attribute == "RescaleSlope"


def test_frames_of_different_units_are_refused():
    data = enhanced(FIFTEEN, [(1, 0), (2, 10), (10, -5)])
    with pytest.raises(hu.InvalidAttributeError, match="different units"):
        hu.read(data.replace(b"HU", b"ED", 1))


def test_a_legacy_converted_file_has_its_single_frames_values_and_attributes(corpus):
    folder = corpus / "dcmqi" / "segmentations" / "23x38x3"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hu.AssumptionWarning)  # Rescale Type US
        whole = hu.read(folder / "multiframe" / "mf.dcm")
        singles = [hu.read(path) for path in sorted((folder / "image").iterdir())]
    assert whole.frames == len(singles) == 3
    own = {"ImageType", "SOPClassUID", "SOPInstanceUID", "SeriesDescription", "SeriesInstanceUID"}
    for index, single in enumerate(singles):
        frame = whole.frame(index)
        np.testing.assert_array_equal(frame.values, single.values)
        assert frame.plane.position == single.plane.position
        differ = {keyword for keyword in single.header if frame.header.get(keyword) != single.header.get(keyword)}
        assert differ == own


def test_macros_are_attributes_of_the_standard():
    assert [macro for macro in FRAME_MACROS if pydicom.datadict.tag_for_keyword(macro) is None] == []
    assert len(set(FRAME_MACROS)) == len(FRAME_MACROS)


def test_a_real_enhanced_mr_file_has_the_slopes_of_its_frames(corpus):
    path = corpus / "fo-dicom" / "mr_brucker.dcm"
    image, stored, other = hu.read(path), hu.read(path, values="stored"), pydicom.dcmread(path)
    for index, group in enumerate(other.PerFrameFunctionalGroupsSequence):
        holder = group if "PixelValueTransformationSequence" in group else other.SharedFunctionalGroupsSequence[0]
        transform = holder.PixelValueTransformationSequence[0]
        # pydicom's own function, given the frame's slope and intercept.
        expected = apply_rescale(stored.frame(index).values, transform)
        np.testing.assert_allclose(image.frame(index).values, expected, rtol=1e-6)


# Dose


@pytest.mark.parametrize(("units", "unit"), [("GY", "Gy"), ("RELATIVE", "1")])
def test_dose_is_scaled_to_its_unit(units, unit):
    stored = np.array([[0, 1], [1000, 4_000_000_000]], np.uint32)
    dose = {"Modality": "RTDOSE", "SOPClassUID": RTDoseStorage, "DoseUnits": units, "DoseGridScaling": "1e-6"}
    image = hu.read(file_bytes(stored, **dose))
    assert (image.unit, image.values.dtype) == (unit, np.float64)
    assert image.values.ravel().tolist() == pytest.approx([0, 1e-6, 1e-3, 4000])
    assert step(image).reference == "PS3.3 C.8.8.3"


@pytest.mark.parametrize("scaling", ["0", "-1e-3"])
def test_an_impossible_dose_scaling_is_an_error(scaling):
    with pytest.raises(hu.InvalidAttributeError, match="DoseGridScaling"):
        hu.read(file_bytes(FIFTEEN, DoseGridScaling=scaling))


# Segmentations


def segmentation(stored: np.ndarray, kind: str, **attributes) -> bytes:
    return file_bytes(stored, Modality="SEG", SOPClassUID=SegmentationStorage, SegmentationType=kind, **attributes)


def test_fractional_segmentations_are_fractions():
    stored = np.array([[0, 51, 102], [204, 254, 255]], np.uint8)
    image = hu.read(
        segmentation(stored, "FRACTIONAL", MaximumFractionalValue=255, SegmentationFractionalType="PROBABILITY")
    )
    assert (image.unit, image.values.dtype) == ("1", np.float32)
    assert image.values.ravel().tolist() == pytest.approx([0, 0.2, 0.4, 0.8, 254 / 255, 1])
    assert image.values.max() == 1
    assert step(image) == hu.Step(
        "modality", "fraction: stored / Maximum Fractional Value 255 -> 1", reference="PS3.3 C.8.20.2.3"
    )
    np.testing.assert_array_equal(
        hu.read(segmentation(stored, "FRACTIONAL", MaximumFractionalValue=255), values="stored").values, stored
    )


@pytest.mark.parametrize(("maximum", "error"), [(None, hu.MissingAttributeError), (0, hu.InvalidAttributeError)])
def test_fractions_of_nothing_are_errors(maximum, error):
    with pytest.raises(error) as caught:
        hu.read(segmentation(np.zeros((2, 2), np.uint8), "FRACTIONAL", MaximumFractionalValue=maximum))
    assert caught.value.attribute == "MaximumFractionalValue"


@settings(max_examples=50, deadline=None)
@given(maximum=st.integers(1, 255))
def test_fractions_lie_between_0_and_1(maximum):
    stored = np.arange(maximum + 1, dtype=np.uint8)[None]
    values = hu.read(segmentation(stored, "FRACTIONAL", MaximumFractionalValue=maximum)).values
    assert (values.min(), values.max()) == (0, 1)
    assert (np.diff(values) > 0).all()


@pytest.mark.parametrize(("kind", "word"), [("BINARY", "binary segmentation"), ("LABELMAP", "label map")])
def test_binary_segmentations_and_label_maps_stay_as_they_are(kind, word):
    stored = np.array([[0, 1]], np.uint8) if kind == "BINARY" else np.array([[0, 7, 300]], np.uint16)
    image = hu.read(segmentation(stored, kind))
    assert (image.unit, image.values.dtype, image.values.tolist()) == ("", stored.dtype, stored.tolist())
    assert (step(image).outcome, word in step(image).detail) == ("not done", True)


def test_a_real_binary_segmentation(sample):
    image = hu.read(sample("liver.dcm"))
    assert np.unique(image.values).tolist() == [0, 1]
    assert "binary segmentation" in step(image).detail


# Depth and sign


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
def test_whole_numbers_of_every_depth(dtype):
    limits = np.iinfo(dtype)
    stored = np.array([[limits.min, 0, 1, limits.max]], dtype)
    image = hu.read(file_bytes(stored))
    assert (image.values.dtype, image.values.tolist()) == (stored.dtype, stored.tolist())
    moved = hu.read(file_bytes(stored, RescaleSlope=1, RescaleIntercept=0))
    # 64-bit unsigned values fit no signed type: float64 holds them to 53 bits.
    assert moved.values.astype(float).tolist() == stored.astype(float).tolist()


@pytest.mark.parametrize(("slope", "intercept"), [(100_000, 0), (1e30, 0), (1, -65_536), (1, -1e30), (0.5, 1e50)])
def test_slopes_beyond_the_type_of_the_values(slope, intercept):
    stored = np.array([[0, 65_000]], np.uint16)
    values = hu.read(file_bytes(stored, RescaleSlope=slope, RescaleIntercept=intercept)).values
    expected = [v * slope + intercept for v in (0, 65_000)]
    np.testing.assert_allclose(values.astype(np.float64), [expected], rtol=1e-6)
    flat = hu.read(file_bytes(np.zeros((2, 2), np.uint16), RescaleSlope=slope, RescaleIntercept=0)).values
    assert not flat.any()


@settings(max_examples=100, deadline=None)
@given(slope=st.integers(-70_000, 70_000).filter(bool), intercept=st.integers(-(2**31), 2**31), data=st.data())
def test_whole_slopes_are_exact(slope, intercept, data):
    dtype = data.draw(st.sampled_from(["u2", "i2", "u1"]))
    limits = np.iinfo(dtype)
    stored = data.draw(st.lists(st.integers(int(limits.min), int(limits.max)), min_size=2, max_size=4))
    image = hu.read(file_bytes(np.array([stored], dtype), RescaleSlope=slope, RescaleIntercept=intercept))
    assert image.values.dtype.kind == "i"
    assert image.values[0].tolist() == [v * slope + intercept for v in stored]


def test_a_slope_beyond_all_numbers_is_an_error():
    with pytest.raises(hu.InvalidAttributeError, match="RescaleSlope is not a finite number"):
        hu.read(file_bytes(FIFTEEN, RescaleSlope="1e308", RescaleIntercept=0))


def test_a_type_that_the_values_do_not_fit_is_refused():
    data = file_bytes(np.array([[0, 3000]], np.uint16), RescaleSlope=1, RescaleIntercept=-1024)
    for dtype in ("uint8", "uint16", "int8"):
        with pytest.raises(hu.InvalidAttributeError, match=f"-1024 to 1976, do not fit {dtype}"):
            hu.read(data, dtype=dtype)
    assert hu.read(data, dtype="int16").values.tolist() == [[-1024, 1976]]


def test_depth_and_sign_are_simpleitks(tmp_path):
    """Bits Stored and High Bit, signed and not: SimpleITK is an oracle for native greyscale images."""
    rng = np.random.default_rng(5)
    for bits, high_bit, signed in [(12, 11, 0), (12, 11, 1), (16, 15, 0), (16, 15, 1), (10, 9, 1)]:
        cells = rng.integers(0, 2**bits, (8, 8)).astype(np.uint16)
        if signed:  # sign extended, as scanners write them
            cells = ((cells << (16 - bits)).astype(np.int16) >> (16 - bits)).view(np.uint16)
        made = dataset(
            cells, BitsStored=bits, HighBit=high_bit, PixelRepresentation=signed, RescaleSlope=2, RescaleIntercept=-1024,
            ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[1, 1],
        )  # fmt: skip
        path = tmp_path / f"{bits}-{high_bit}-{signed}.dcm"
        path.write_bytes(to_bytes(made))
        theirs = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path))
        np.testing.assert_array_equal(hu.read(path).values, theirs.reshape(8, 8))


# Padding


@pytest.mark.parametrize(
    ("dtype", "vr", "value", "limit", "padded"),
    [
        (np.int16, "SS", -2000, None, [-2000]),
        (np.int16, "US", 63_536, None, [-2000]),
        (np.uint16, "US", 63_536, None, [-2000]),
        (np.uint16, "SS", -2000, None, [-2000]),
        (np.int16, "SS", -2000, -1998, [-2000, -1999, -1998]),
        (np.int16, "US", 63_536, 63_538, [-2000, -1999, -1998]),
        (np.int16, "SS", -1998, -2000, [-2000, -1999, -1998]),  # the limit may be the lower one
        (np.uint16, "US", 0, None, [0]),
        (np.uint16, "US", 0, 1, [0, 1]),
        (np.int16, "SS", 5, None, []),
    ],
)
def test_padding_is_read_as_the_stored_values_are(dtype, vr, value, limit, padded):
    signed = np.array([[-2000, -1999, -1998, -1, 0, 1]], np.int16)
    made = dataset(signed.view(dtype))
    made.add_new("PixelPaddingValue", vr, value)
    if limit is not None:
        made.add_new("PixelPaddingRangeLimit", vr, limit)
    image = hu.read(to_bytes(made))
    if padded:
        assert signed[image.padding].tolist() == padded
    else:
        assert image.padding is None


def test_padding_of_12_bits_under_an_unsigned_vr():
    made = dataset(np.array([[-2048, -1, 5]], np.int16), BitsStored=12, HighBit=11)
    made.add_new("PixelPaddingValue", "US", 2048)
    assert hu.read(to_bytes(made)).padding.tolist() == [[True, False, False]]
