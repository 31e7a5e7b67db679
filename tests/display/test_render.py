import io

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from pydicom.dataset import Dataset
from pydicom.pixels import apply_windowing
from pydicom.uid import EnhancedMRImageStorage, SecondaryCaptureImageStorage

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


# Windows of frames


def with_windows(intercepts, windows):
    """An enhanced MR file of one frame (0, 16, 32, 48) for each intercept, with a window of its own or none."""
    stored = np.array([[[0, 16, 32, 48]]] * len(intercepts), np.uint16)
    made = pydicom.dcmread(io.BytesIO(enhanced(stored, [(1, intercept) for intercept in intercepts], Modality="MR")))
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    for group, window in zip(made.PerFrameFunctionalGroupsSequence, windows, strict=True):
        group.PixelValueTransformationSequence[0].RescaleType = "US"
        if window is not None:
            item = Dataset()
            item.WindowCenter, item.WindowWidth = window
            group.FrameVOILUTSequence = [item]
    return hu.read(to_bytes(made))


@pytest.mark.parametrize("own", [0, 1])
def test_a_frame_without_a_window_is_shown_by_its_own_values(own, tmp_path):
    windows = [(24.5, 49) if index == own else None for index in range(2)]
    image = with_windows([0, 100], windows)
    shown = hu.render(image)
    for index in range(2):
        np.testing.assert_array_equal(shown[index], hu.render(image.frame(index)))
    assert shown[1 - own].tolist() == [[0, 85, 170, 255]]  # from its lowest to its highest value
    written = hu.write(image, tmp_path / "frames.png")
    assert [np.asarray(Picture.open(path)).tolist() for path in written.paths] == shown.tolist()
    assert "2 different ones" in next(step.detail for step in written.steps if step.name == "render")


def test_one_range_serves_all_frames_where_none_has_a_window():
    shown = hu.render(with_windows([0, 100], [None, None]))
    assert shown[0].max() < 128 < shown[1].max()


# The Modality LUT of X-ray angiography and radiofluoroscopy (PS3.3 C.8.7.1.1.2)


def table_item(entries, bits):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), 0, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return item


STORED = np.arange(256, dtype=np.uint8).reshape(16, 16)


def x_ray(sop_class, **attributes):
    item = table_item(np.minimum(np.arange(256) ** 2, 2000), 16)  # which is no table that could be undone
    item.ModalityLUTType = "US"
    made = dataset(STORED, Modality="XA", SOPClassUID=sop_class, PixelIntensityRelationship="LOG", **attributes)
    made.ModalityLUTSequence = [item]
    return to_bytes(made)


@pytest.mark.parametrize("last", ["12.1", "12.2", "12.1.1", "12.2.1", "12.3"])
def test_windows_of_x_ray_images_hold_for_stored_values(last):
    sop_class = f"1.2.840.10008.5.1.4.1.1.{last}"
    image = hu.read(x_ray(sop_class, WindowCenter=128, WindowWidth=256))
    np.testing.assert_array_equal(hu.render(image), STORED)
    np.testing.assert_array_equal(hu.render(image, (128, 256)), STORED)
    assert [(step.outcome, step.reference) for step in image.steps if "beam" in step.detail] == [
        ("not done", "PS3.3 C.8.7.1.1.2")
    ]
    with_lut = hu.read(x_ray(sop_class, VOILUTSequence=[table_item(np.arange(256)[::-1], 8)]))
    np.testing.assert_array_equal(hu.render(with_lut), 255 - STORED)


def test_the_same_table_of_another_kind_of_image_comes_before_the_window():
    image = hu.read(x_ray(SecondaryCaptureImageStorage, WindowCenter=1000.5, WindowWidth=2001))
    assert image.values.max() == 2000
    assert hu.render(image)[0, :3].tolist() == [0, 0, 1]  # 0, 1 and 4 of 2000
