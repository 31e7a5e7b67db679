"""Planar Configuration that contradicts the pixels: said, and read by what the pixels show; never where both may be."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

import hounsfield as hu

from made import dataset, to_bytes

# Real pictures: bars, an ultrasound image, a photograph; the last is stored in planes.
REAL = ["SC_rgb.dcm", "SC_rgb_16bit.dcm", "SC_rgb_expb.dcm", "examples_rgb_color.dcm", "US1_UNCR.dcm", "color-pl.dcm"]


def planar_steps(image):
    return [step for step in image.steps if "Planar Configuration" in step.detail]


@pytest.mark.parametrize("name", REAL)
def test_a_flipped_planar_configuration_is_said_and_read_right(name):
    path = get_testdata_file(name)
    if path is None:
        pytest.skip(f"{name} is not among pydicom's files")
    right = hu.read(path)
    assert not planar_steps(right)
    flipped = pydicom.dcmread(path)
    flipped.PlanarConfiguration = 1 - flipped.PlanarConfiguration
    with pytest.warns(hu.AssumptionWarning, match="Planar Configuration"):
        image = hu.read(to_bytes(flipped))
    np.testing.assert_array_equal(image.values, right.values)
    with pytest.raises(hu.AssumptionError, match="Planar Configuration"):
        hu.read(to_bytes(flipped), strict=True)


def rgb(red, green, blue):
    return np.stack(np.broadcast_arrays(red, green, blue), axis=-1).astype(np.uint8)


ROW, COLUMN = np.arange(48)[:, None], np.arange(60)[None, :]
PICTURES = {
    "gradient": rgb(ROW + COLUMN, 2 * ROW + COLUMN, 200 - ROW - COLUMN),
    "grey gradient": rgb(ROW + COLUMN, ROW + COLUMN, ROW + COLUMN),
    "noise": np.random.default_rng(0).integers(0, 256, (48, 60, 3)).astype(np.uint8),
    "grey bars": rgb(*[ROW // 8 * 30 + 0 * COLUMN] * 3),
    "colour bars": rgb(ROW // 8 * 30 + 0 * COLUMN, ROW // 8 * 20, 255 - ROW // 8 * 30),
    "stripes of one row": rgb(ROW % 2 * 200 + 0 * COLUMN, ROW % 2 * 100, ROW % 2 * 50),
    "one colour": rgb(200 + 0 * ROW * COLUMN, 10, 30),
    "black": rgb(0 * ROW * COLUMN, 0, 0),
}


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("name", PICTURES)
def test_a_right_planar_configuration_stays(name, planar, syntax):
    picture = PICTURES[name]
    made = dataset(picture[..., 0], Modality="OT", SamplesPerPixel=3, PhotometricInterpretation="RGB")
    made.PlanarConfiguration = planar
    made.PixelData = (np.moveaxis(picture, -1, 0) if planar else picture).tobytes()
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = syntax
    image = hu.read(to_bytes(made))
    assert not planar_steps(image)
    np.testing.assert_array_equal(image.values, picture)
