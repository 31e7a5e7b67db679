"""Mask subtraction: frames less the average of mask frames, by numpy (PS3.3 C.7.6.10)."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import XRayAngiographicImageStorage

import hounsfield as hu

from made import dataset, to_bytes

FRAMES = np.random.default_rng(0).integers(0, 4096, (6, 5, 7)).astype(np.uint16)
STORED = FRAMES.astype(np.int64)


def angiography(*operations, **more):
    made = dataset(FRAMES, SOPClassUID=XRayAngiographicImageStorage, Modality="XA", BitsStored=12, HighBit=11, **more)
    made.MaskSubtractionSequence = []
    for operation in operations:
        item = Dataset()
        for keyword, value in operation.items():
            setattr(item, keyword, value)
        made.MaskSubtractionSequence.append(item)
    return to_bytes(made)


def subtracted(*operations, frames=None, **more):
    return hu.read(angiography(*operations, **more), values="subtracted", frames=frames)


def test_that_a_file_asks_for_subtraction_is_said():
    operation = {"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1}
    image = hu.read(angiography(operation, RecommendedViewingMode="SUB"))
    (step,) = (step for step in image.steps if step.name == "subtraction")
    assert 'recommends mask subtraction (AVG_SUB): values="subtracted"' in step.detail
    assert step.outcome == "not done"
    np.testing.assert_array_equal(image.values, FRAMES)
    none = hu.read(angiography({"MaskOperation": "NONE", "MaskFrameNumbers": 0}))
    assert not [step for step in none.steps if step.name == "subtraction"]


def test_one_mask_frame_is_subtracted():
    image = subtracted({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 2})
    np.testing.assert_array_equal(image.values, STORED - STORED[1])
    assert image.values.dtype.kind == "i"
    assert image.unit == ""
    assert image.padding is None


def test_mask_frames_and_contrast_frames_are_averaged():
    # PS3.3 C.7.6.10.1.1: without a range, all frames whose average lies in the file.
    image = subtracted({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": [1, 3], "ContrastFrameAveraging": 2})
    mask = (STORED[0] + STORED[2]) / 2
    for index in range(5):
        np.testing.assert_allclose(image.values[index], (STORED[index] + STORED[index + 1]) / 2 - mask)
    assert image.padding[5].all()
    assert not image.padding[:5].any()


def test_a_single_frame_has_the_mask_of_another_one():
    operation = {"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1, "ApplicableFrameRange": [3, 5]}
    np.testing.assert_array_equal(subtracted(operation, frames=3).values, STORED[3] - STORED[0])
    with pytest.raises(hu.InvalidAttributeError, match="no mask for any"):
        subtracted(operation, frames=0)
    image = subtracted(operation)
    assert image.padding.all(axis=(1, 2)).tolist() == [True, True, False, False, False, True]
    assert any("no mask for 3 of 6 frames" in step.detail for step in image.steps)


def test_time_interval_differencing():
    image = subtracted({"MaskOperation": "TID", "TIDOffset": 2})
    np.testing.assert_array_equal(image.values[2:], STORED[2:] - STORED[:-2])
    assert image.padding[:2].all()
    default = subtracted({"MaskOperation": "TID", "TIDOffset": None})  # an empty one stands for 1
    np.testing.assert_array_equal(default.values[1:], STORED[1:] - STORED[:-1])


def test_reversed_time_interval_differencing():
    # Frame numbers 4, 5, 6 less 4 - 1, 5 - 3, 6 - 5 (PS3.3 C.7.6.10.1.1).
    image = subtracted({"MaskOperation": "REV_TID", "TIDOffset": 1, "ApplicableFrameRange": [4, 6]})
    for contrast, mask in ((3, 2), (4, 1), (5, 0)):
        np.testing.assert_array_equal(image.values[contrast], STORED[contrast] - STORED[mask])


@pytest.mark.parametrize(
    ("shift", "rows", "columns"), [([1, 0], 1, 0), ([0, 1], 0, -1), ([-1, 2], -1, -2), ([0, 0], 0, 0)]
)
def test_the_mask_is_shifted_down_and_to_the_left(shift, rows, columns):
    # PS3.3 C.7.6.10.1.2: a positive row offset towards lower rows, a positive column offset towards the left.
    operation = {"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1, "MaskSubPixelShift": [float(v) for v in shift]}
    image = subtracted(operation, frames=3)
    expected = STORED[3] - np.roll(STORED[0], (rows, columns), (0, 1))
    inside = np.ones(expected.shape, bool) if image.padding is None else ~image.padding
    assert inside.sum() == (5 - abs(rows)) * (7 - abs(columns))
    np.testing.assert_array_equal(image.values[inside], expected[inside])


def test_half_a_pixel_is_interpolated():
    operation = {"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1, "MaskSubPixelShift": [0.0, 0.25]}
    image = subtracted(operation, frames=1)
    moved = 0.75 * STORED[0][:, :-1] + 0.25 * STORED[0][:, 1:]
    np.testing.assert_allclose(image.values[:, :-1], STORED[1][:, :-1] - moved)
    assert image.padding[:, -1].all()


def test_a_table_to_logarithmic_values_comes_first():
    made = pydicom.dcmread(pydicom.filebase.DicomBytesIO(angiography({"MaskOperation": "TID", "TIDOffset": 1})))
    table = np.round(1000 * np.log1p(np.arange(4096))).astype(int)
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4096, 0, 16])
    item.add_new("LUTData", "US", table.tolist())
    item.LUTFunction = "TO_LOG"
    made.PixelIntensityRelationshipLUTSequence = [item]
    image = hu.read(to_bytes(made), values="subtracted")
    np.testing.assert_array_equal(image.values[1:], table[STORED[1:]] - table[STORED[:-1]])


def test_linear_intensities_are_named():
    image = subtracted({"MaskOperation": "TID"}, PixelIntensityRelationship="LIN")
    assert any("LIN" in step.detail and step.outcome == "not done" for step in image.steps)


def test_the_difference_is_shown_by_its_own_range():
    image = subtracted({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1}, WindowCenter=2048, WindowWidth=4096)
    assert hu.windows(image) == []
    assert hu.render(image).shape == FRAMES.shape


@pytest.mark.parametrize(
    ("operation", "error", "words"),
    [
        ({"MaskOperation": "AVG_SUB"}, hu.MissingAttributeError, "MaskFrameNumbers"),
        ({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 7}, hu.InvalidAttributeError, "MaskFrameNumbers"),
        ({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 0}, hu.InvalidAttributeError, "MaskFrameNumbers"),
        ({"MaskOperation": "REV_TID"}, hu.MissingAttributeError, "ApplicableFrameRange"),
        ({"MaskOperation": "TID", "ApplicableFrameRange": [1, 2, 3]}, hu.InvalidAttributeError, "ApplicableFrameRange"),
        ({"MaskOperation": "NONE"}, hu.MissingAttributeError, "MaskSubtractionSequence"),
    ],
)
def test_a_mask_that_is_not_known_is_a_typed_error(operation, error, words):
    with pytest.raises(error, match=words):
        subtracted(operation)
