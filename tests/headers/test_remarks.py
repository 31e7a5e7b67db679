"""What of a header contradicts itself, or is not used, is said with the image."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    EnhancedUSVolumeStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
)

import hounsfield as hu

from made import dataset, enhanced, file_bytes, to_bytes

PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


def steps(image, words):
    return [step for step in image.steps if words in step.detail]


# High Bit (PS3.3 C.7.6.3: one less than Bits Stored)


def test_a_high_bit_above_the_stored_bits_is_said_and_read_from_there():
    data = file_bytes(PIXELS << 4, BitsStored=12, HighBit=15, Modality="OT")
    with pytest.warns(hu.AssumptionWarning, match="High Bit is 15"):
        image = hu.read(data)
    np.testing.assert_array_equal(image.values, PIXELS)


def test_a_high_bit_below_the_stored_bits_is_said_and_passed_over():
    with pytest.warns(hu.AssumptionWarning, match="High Bit is 7"):
        image = hu.read(file_bytes(PIXELS * 60, BitsStored=12, HighBit=7, Modality="OT"))
    np.testing.assert_array_equal(image.values, PIXELS * 60)


# Image Orientation (Patient)


@pytest.mark.parametrize(
    ("orientation", "words"),
    [
        (None, "ImageOrientationPatient is missing or empty"),
        ("", "ImageOrientationPatient is missing or empty"),
        ([1, 0, 0, 0, 1], "ImageOrientationPatient is not two unit vectors"),
        ([0, 0, 0, 0, 0, 0], "ImageOrientationPatient is not two unit vectors"),
        ([1, 0, 0, 1, 0, 0], "ImageOrientationPatient is not two unit vectors"),
        ([2, 0, 0, 0, 2, 0], "ImageOrientationPatient is not two unit vectors"),
    ],
)
def test_an_orientation_that_is_empty_or_invalid_is_dropped_with_a_step(orientation, words):
    made = dataset(PIXELS, PixelSpacing=[1, 1], ImagePositionPatient=[0, 0, 5])
    if orientation is not None:
        made.ImageOrientationPatient = orientation or None
    image = hu.read(to_bytes(made))
    assert image.plane is None
    (step,) = steps(image, words)
    assert (step.name, step.outcome) == ("image plane", "not done")


def test_a_position_that_is_empty_is_said():
    made = dataset(PIXELS, PixelSpacing=[1, 1], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    made.ImagePositionPatient = None
    assert steps(hu.read(to_bytes(made)), "ImagePositionPatient is missing or empty")


def test_where_both_are_absent_or_right_nothing_is_said():
    place = {"ImagePositionPatient": [0, 0, 5], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    for more in ({}, place):
        image = hu.read(file_bytes(PIXELS, PixelSpacing=[1, 1], **more))
        assert not [step for step in image.steps if step.name == "image plane"]


# Presentation LUT Shape (PS3.3 C.8.11.3.1.2) and VOI LUT


@pytest.mark.parametrize(
    ("photometric", "shape", "contradicts"),
    [
        ("MONOCHROME1", "IDENTITY", True),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "INVERSE", False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", None, False),
    ],
)
def test_a_presentation_lut_shape_that_contradicts_the_photometric_interpretation(photometric, shape, contradicts):
    data = file_bytes(
        PIXELS, SOPClassUID=DigitalXRayImageStorageForPresentation, Modality="DX",
        PhotometricInterpretation=photometric, PresentationLUTShape=shape,
    )  # fmt: skip
    if not contradicts:
        assert not steps(hu.read(data), "Presentation LUT Shape")
        return
    with pytest.warns(hu.AssumptionWarning, match=f"Presentation LUT Shape is {shape}"):
        image = hu.read(data)
    shown = hu.render(image, (32, 64))
    assert shown[0, 0] > shown[-1, -1]


def with_voi_lut(bits, top):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [64, 0, bits])
    item.add_new("LUTData", "US", np.linspace(0, top, 64).round().astype(int).tolist())
    made = dataset(PIXELS, Modality="DX", BitsStored=12, HighBit=11)
    made.VOILUTSequence = [item]
    return to_bytes(made)


def test_a_voi_lut_that_declares_more_bits_than_its_entries_have_is_said_and_shown_by_those():
    with pytest.warns(hu.AssumptionWarning, match="entries of 16 bits, but needs only 12"):
        image = hu.read(with_voi_lut(16, 4095))
    right = hu.read(with_voi_lut(12, 4095))
    np.testing.assert_array_equal(hu.render(image), hu.render(right))
    assert "12 bits, though its descriptor says 16" in hu.windows(image)[0].origin


@pytest.mark.parametrize(("bits", "top"), [(16, 65535), (12, 4095), (16, 50_000), (8, 255)])
def test_a_voi_lut_that_uses_its_bits_is_taken_at_its_word(bits, top):
    image = hu.read(with_voi_lut(bits, top))
    assert not steps(image, "VOI LUT")
    assert hu.windows(image)[0].origin == "VOI LUT Sequence"


def test_a_presentation_lut_without_values_is_as_if_it_were_absent():
    item = Dataset()
    item.LUTExplanation = ""
    made = dataset(PIXELS, Modality="DX", WindowCenter=32, WindowWidth=64)
    plain = hu.render(hu.read(to_bytes(made)))
    made.PresentationLUTSequence = [item]
    with pytest.warns(hu.AssumptionWarning, match="PresentationLUTSequence"):
        image = hu.read(to_bytes(made))
    np.testing.assert_array_equal(hu.render(image), plain)


# Spacings


def ultrasound(spacing, deltas=(0.05, 0.05)):
    region = Dataset()
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = deltas
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1 = region.RegionLocationMaxY1 = 7
    made = dataset(PIXELS.astype(np.uint8), SOPClassUID=UltrasoundImageStorage, Modality="US", PixelSpacing=spacing)
    made.SequenceOfUltrasoundRegions = [region]
    return to_bytes(made)


def test_pixel_spacing_that_contradicts_the_ultrasound_region_is_said():
    with pytest.warns(hu.AssumptionWarning, match="Pixel Spacing differs"):
        image = hu.read(ultrasound([0.3, 0.3]))
    assert (image.pixel_spacing, image.spacing_kind) == ((0.5, 0.5), "region")


def test_why_no_regions_scale_is_taken_is_said_where_pixel_spacing_is():
    made = pydicom.dcmread(pydicom.filebase.DicomBytesIO(ultrasound([0.3, 0.3])))
    made.SequenceOfUltrasoundRegions[0].RegionLocationMaxX1 = 100
    image = hu.read(to_bytes(made))
    assert (image.pixel_spacing, image.spacing_kind) == ((0.3, 0.3), "patient")
    assert steps(image, "extends beyond the image")


@pytest.mark.parametrize("spacing", [None, [0.5, 0.5], [0.501, 0.4995]])
def test_pixel_spacing_that_agrees_with_the_region_is_not_worth_a_word(spacing):
    image = hu.read(ultrasound(spacing))
    assert not steps(image, "Pixel Spacing")
    assert image.spacing_kind == "region"


@pytest.mark.parametrize(
    ("modality", "kind"), [("OT", None), ("ES", None), ("XC", None), ("", None), ("CR", "detector")]
)
def test_nominal_scanned_pixel_spacing_is_the_detectors_only_on_x_rays(modality, kind):
    image = hu.read(
        file_bytes(
            PIXELS, SOPClassUID=SecondaryCaptureImageStorage, Modality=modality, NominalScannedPixelSpacing=[0.1, 0.2]
        )
    )
    assert (image.pixel_spacing, image.spacing_kind) == ((0.1, 0.2), kind)
    assert bool(steps(image, "Nominal Scanned Pixel Spacing")) == (kind is None)


def test_plane_position_volume_of_enhanced_ultrasound_is_said_to_be_unused():
    made = dataset(np.stack([PIXELS] * 2).astype(np.uint8), SOPClassUID=EnhancedUSVolumeStorage, Modality="US")
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [0.5, 0.5]
    orientation.ImageOrientationVolume = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationVolumeSequence = [measures], [orientation]
    made.SharedFunctionalGroupsSequence = [shared]
    made.PerFrameFunctionalGroupsSequence = []
    for z in (0, 1):
        frame, position = Dataset(), Dataset()
        position.ImagePositionVolume = [0, 0, z]
        frame.PlanePositionVolumeSequence = [position]
        made.PerFrameFunctionalGroupsSequence.append(frame)
    image = hu.read(to_bytes(made))
    (step,) = steps(image, "(Volume)")
    assert step.outcome == "not done"
    assert image.frame(0).plane is None


def test_the_unit_of_info_is_that_of_read():
    fraction = file_bytes(
        PIXELS.astype(np.uint8), Modality="SEG", SegmentationType="FRACTIONAL", MaximumFractionalValue=255
    )
    frames = enhanced(np.stack([PIXELS] * 2), [(1, 0), (2, 0)])
    for data, unit in ((fraction, "1"), (frames, "HU"), (file_bytes(PIXELS, RescaleSlope=1, RescaleIntercept=0), "HU")):
        assert hu.info(data)["Unit"] == hu.read(data).unit == unit
