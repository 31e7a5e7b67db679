import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_windowing

import hounsfield as hu
from hounsfield.display.voi import choose_voi

from made import dataset, enhanced, file_bytes, to_bytes

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
CT = {"RescaleSlope": 1, "RescaleIntercept": -1024}


def as_8_bit(brightness, top):
    return np.floor(brightness / top * 255 + 0.5)


@pytest.mark.filterwarnings("ignore:overflow encountered in exp")  # in pydicom's sigmoid
@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (0, 1), (500.5, 1000), (-600, 1500)])
def test_window_functions_are_pydicoms(function, center, width):
    made = dataset(RAMP, **CT, BitsStored=12, HighBit=11, WindowCenter=center, WindowWidth=width)
    if function:
        made.VOILUTFunction = function
    values = RAMP.astype(np.float64) - 1024
    theirs = apply_windowing(values, made)
    low, high = -1024.0, 3071.0  # pydicom's output range for these 12 bits
    ours = hu.render(hu.read(to_bytes(made)))
    if function != "SIGMOID" and width == 1:
        # pydicom divides by zero in the middle of a window of no width.
        theirs = np.nan_to_num(theirs, posinf=high, neginf=low)
    assert np.abs(ours - as_8_bit(theirs - low, high - low)).max() <= 1


def test_the_standards_own_table_for_linear():
    # PS3.3 C.11.2.1.2.1, note: center 2048, width 4096 is identity for 12 bits; center 0, width 1 is a threshold at 0.
    identity = hu.render(hu.Image([[0, 2048, 4095]]), (2048, 4096))
    assert identity.tolist() == [[0, 128, 255]]
    assert hu.render(hu.Image([[-2, -1, 0, 1]]), (0, 1)).tolist() == [[0, 0, 255, 255]]


def test_monochrome1_is_inverted_at_the_end_and_values_stay():
    plain = hu.read(file_bytes(RAMP, **CT, WindowCenter=40, WindowWidth=400))
    inverse = hu.read(file_bytes(RAMP, **CT, WindowCenter=40, WindowWidth=400, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(plain.values, inverse.values)
    assert np.abs(hu.render(plain).astype(int) + hu.render(inverse) - 255).max() <= 1


def test_the_files_first_window_then_its_others_then_presets():
    image = hu.read(file_bytes(RAMP, **CT, WindowCenter=[40, -600], WindowWidth=[400, 1500]))
    np.testing.assert_array_equal(hu.render(image), hu.render(image, (40, 400)))
    np.testing.assert_array_equal(hu.render(image, 1), hu.render(image, "lung"))
    for wrong in (2, -1, "liverwurst", (0, 0), (0, float("nan"))):
        with pytest.raises(ValueError, match="window"):
            hu.render(image, wrong)


def test_a_voi_lut_is_followed():
    item = Dataset()
    item.add_new(0x00283002, "US", [3, 10, 8])
    item.add_new(0x00283006, "US", [0, 255, 51])
    made = dataset(np.array([[9, 10], [11, 12], [13, 14]], np.uint16), Modality="CR")
    made.VOILUTSequence = [item]
    assert hu.render(hu.read(to_bytes(made))).tolist() == [[0, 0], [255, 51], [51, 51]]


def test_stored_values_are_not_shown_through_the_window_for_modality_values():
    data = file_bytes(RAMP, **CT, WindowCenter=40, WindowWidth=400)
    assert choose_voi(hu.read(data, values="stored")).origin.startswith("default")
    assert choose_voi(hu.read(data)).origin == "file"


def test_defaults_without_a_window():
    assert choose_voi(hu.read(file_bytes(RAMP, **CT))).bounds == (-160.0, 239.0)
    values = np.concatenate([np.arange(1000), [30000]]).astype(np.int16)[None]
    low, high = choose_voi(hu.Image(values)).bounds
    assert (low, high) == (pytest.approx(5, abs=1), pytest.approx(995, abs=1))
    padded = hu.Image(np.array([[-2000, 0, 10]]), padding=np.array([[True, False, False]]))
    assert choose_voi(padded).bounds[0] >= 0
    assert hu.render(hu.Image(np.full((2, 2), 7))).shape == (2, 2)


@pytest.mark.parametrize(
    "windows", [{"WindowCenter": 40}, {"WindowCenter": 40, "WindowWidth": -5}, {"WindowCenter": 40, "WindowWidth": 0}]
)
def test_impossible_windows_are_passed_over(windows):
    assert choose_voi(hu.read(file_bytes(RAMP, **CT, **windows))).origin == "default for HU"


def test_each_frame_of_an_enhanced_file_with_its_own_window():
    made = pydicom.dcmread(__import__("io").BytesIO(enhanced(np.full((2, 2, 2), 100, np.uint16), [(1, 0), (1, 0)])))
    for frame, (center, width) in zip(made.PerFrameFunctionalGroupsSequence, [(1000, 10), (0, 10)], strict=True):
        item = Dataset()
        item.WindowCenter, item.WindowWidth = center, width
        frame.FrameVOILUTSequence = [item]
    assert hu.render(hu.read(to_bytes(made)))[:, 0, 0].tolist() == [0, 255]


def test_frames_without_a_window_share_one():
    frames = np.stack([np.linspace(0, top, 64).reshape(8, 8) for top in (1000, 100)]).astype(np.int16)
    shown = hu.render(hu.read(file_bytes(frames, Modality="XA")))
    assert shown[0].max() == 255
    assert shown[1].max() < 40  # a tenth of the first frame's range, and shown as that


def test_colour_comes_in_8_bits(sample):
    image = hu.read(sample("SC_rgb_16bit.dcm"))
    eight = hu.read(sample("SC_rgb.dcm"))
    assert np.abs(hu.render(image).astype(int) - hu.render(eight)).max() <= 1
    np.testing.assert_array_equal(hu.render(eight), eight.values)
    cine = hu.read(sample("examples_ybr_color.dcm"))
    assert (hu.render(cine).shape, hu.render(cine).dtype) == ((30, 240, 320, 3), np.uint8)


def test_masks_and_numbers_that_are_none():
    assert hu.render(hu.Image(np.array([[True, False]]))).tolist() == [[255, 0]]
    assert hu.render(hu.Image(np.array([[np.nan, 1.0]])), (0.5, 1)).dtype == np.uint8
