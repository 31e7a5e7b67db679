import numpy as np
import pytest

import hounsfield as hu
from hounsfield.display.voi import VoiTable, choose_voi
from states import item, lut

from made import dataset, file_bytes, to_bytes

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
CT = {"RescaleSlope": 1, "RescaleIntercept": -1024, "BitsStored": 12, "HighBit": 11}


def test_windows_of_a_real_file_by_number_and_explanation(sample):
    image = hu.read(sample("examples_overlay.dcm"))
    first, second = hu.windows(image)
    assert (first.center, first.width, first.explanation) == (450, 790, "WINDOW1")
    assert np.array_equal(hu.render(image), hu.render(image, first))
    for choice in (1, "WINDOW2", " window2 ", second, (second.center, second.width)):
        assert np.array_equal(hu.render(image, choice), hu.render(image, second))
    with pytest.raises(ValueError, match="window"):
        hu.render(image, "WINDOW3")


def test_a_presets_name_is_the_preset_whatever_the_file_says():
    made = file_bytes(
        RAMP, **CT, WindowCenter=[10, -500], WindowWidth=[90, 1400], WindowCenterWidthExplanation=["BRAIN", "CHEST"]
    )
    image = hu.read(made)
    assert np.array_equal(hu.render(image, "brain"), hu.render(image, (40, 80)))
    assert np.array_equal(hu.render(image, "chest"), hu.render(image, (-500, 1400)))


def voi_luts(*tables, **attributes):
    made = dataset(RAMP, **{**CT, **attributes})
    made.VOILUTSequence = list(tables)
    return hu.read(to_bytes(made))


def test_several_voi_luts_come_after_the_windows():
    rising, falling = lut([0, 255], 1000, 8), lut([255, 0], 1000, 8)
    rising.LUTExplanation, falling.LUTExplanation = "RISING", "FALLING"
    image = voi_luts(rising, falling, WindowCenter=40, WindowWidth=400)
    assert [voi.explanation for voi in hu.windows(image)] == ["", "RISING", "FALLING"]
    assert np.array_equal(hu.render(image), hu.render(image, (40, 400)))
    assert hu.render(image, "rising")[0, 0] == 0 and hu.render(image, 2)[0, 0] == 255


@pytest.mark.parametrize(("intercept", "first"), [(-1024, -24), (0, 40000)])
def test_the_first_value_of_a_voi_lut_is_signed_where_values_can_be_negative(intercept, first):
    # PS3.3 C.11.2.1.1; the descriptor's VR is US in both, as some writers have it. Stored values are 16 bits.
    pixels = np.array([[first - intercept - 1, first - intercept, first - intercept + 1]], np.uint16)
    made = dataset(pixels, RescaleSlope=1, RescaleIntercept=intercept)
    made.VOILUTSequence = [lut([0, 100, 200], first % 65536, 8)]
    assert hu.render(hu.read(to_bytes(made))).tolist() == [[0, 0, 100]]


def test_a_negative_first_value_is_believed_as_it_stands():
    image = voi_luts(lut([10, 20], -5, 8, "SS"), RescaleIntercept=0)
    assert isinstance(choose_voi(image), VoiTable)
    assert choose_voi(image).bounds == (-5, -4)


def test_entries_beyond_the_tables_bits_are_full_brightness():
    image = voi_luts(lut([0, 300, 5000], 0, 8), RescaleIntercept=0)
    assert hu.render(image).ravel()[:3].tolist() == [0, 255, 255]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        # PS3.3 C.11.2.1.2.1, C.11.2.1.3.2 and C.11.2.1.3.1, worked by hand for center 10 and width 4.
        ("LINEAR", [0, 0, 85, 170, 255, 255]),
        ("LINEAR_EXACT", [0, 0, 64, 128, 191, 255]),
        ("SIGMOID", [12, 30, 69, 128, 186, 225]),
    ],
)
def test_functions_by_hand(function, expected):
    image = hu.Image(np.array([[7, 8, 9, 10, 11, 12]], np.int16))
    assert np.abs(hu.render(image, hu.Window(10, 4, function)).ravel().astype(int) - expected).max() <= 1


def test_steps_of_no_width():
    image = hu.Image(np.array([[9.0, 9.4, 9.5, 9.6, 10.0]]))
    # Width 1, LINEAR: dark up to and including center - 0.5.
    assert hu.render(image, (10, 1)).tolist() == [[0, 0, 0, 255, 255]]


def test_small_widths_are_exact():
    image = hu.Image(np.array([[0.0, 0.25, 0.5]]))
    assert hu.render(image, (0.25, 0.5)).tolist() == [[0, 128, 255]]
    file = hu.read(
        file_bytes(
            np.array([[0, 50, 100]], np.uint16),
            Modality="MR",
            RescaleSlope=0.005,
            RescaleIntercept=0,
            WindowCenter=0.25,
            WindowWidth=0.5,
        )
    )
    assert hu.render(file).tolist() == [[0, 128, 255]]
    assert "below 1" in choose_voi(file).origin


def test_no_windows_for_other_values_than_they_are_meant_for():
    data = file_bytes(RAMP, **CT, WindowCenter=40, WindowWidth=400)
    assert len(hu.windows(hu.read(data))) == 1
    assert hu.windows(hu.read(data, values="stored")) == []
    assert hu.windows(hu.Image([[1]])) == []


@pytest.mark.parametrize(
    "attributes",
    [
        {"WindowCenter": [40, 50], "WindowWidth": 400},
        {"WindowCenter": 40, "WindowWidth": [400, 500, 600], "WindowCenterWidthExplanation": ["a", "b", "c", "d"]},
        {"VOILUTSequence": [item()]},
        {"VOILUTSequence": [item(), lut([0, 1], 0, 40)]},
    ],
)
def test_damaged_windows_are_left_out(attributes):
    windows = hu.windows(hu.read(file_bytes(RAMP, **CT, **attributes)))
    assert len(windows) == ("WindowCenter" in attributes)


# --- Where the file has no window


def bounds(image):
    return choose_voi(image).bounds


def test_eight_bits_are_shown_as_they_are(sample):
    image = hu.read(sample("JPGLosslessP14SV1_1s_1f_8b.dcm"))
    made = hu.read(file_bytes(image.values, Modality="US"))
    assert np.array_equal(hu.render(made), image.values)
    assert bounds(hu.read(file_bytes(np.array([[1, 2]], np.uint8), BitsStored=4, HighBit=3, Modality="OT"))) == (0, 15)


def test_defaults_by_what_the_values_are(sample):
    assert bounds(hu.Image(np.array([[0.0, 3.0, 40.0]]), unit="g/ml")) == (0, 10)
    dose = hu.read(sample("rtdose_1frame.dcm"))
    assert bounds(dose) == pytest.approx((0, dose.values.max()))
    segments = file_bytes(np.array([[0, 1, 7]], np.uint8), Modality="SEG", SegmentationType="LABELMAP")
    assert bounds(hu.read(segments)) == (0, 7)
    pet = file_bytes(np.arange(10000, dtype=np.uint16).reshape(100, 100), Modality="PT")
    assert bounds(hu.read(pet)) == pytest.approx((0, 9950), abs=1)
    few_counts = np.zeros((100, 100), np.uint16)
    few_counts[0, :3] = 9
    assert bounds(hu.read(file_bytes(few_counts, Modality="NM"))) == (0, 9)
    nothing = np.full((2, 2), np.nan)
    assert hu.render(hu.Image(nothing)).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("kind", ["LOCALIZER", "SCOUT"])
def test_a_localizer_without_a_window_is_shown_by_its_values(kind):
    """It is a projection: a window for HU of slices would show nothing of it, even where its unit is said to be HU."""
    pixels = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    options = {"Modality": "CT", "RescaleType": "HU", "RescaleSlope": 1, "RescaleIntercept": 1000}
    scout = hu.read(file_bytes(pixels, ImageType=["ORIGINAL", "PRIMARY", kind], **options))
    assert scout.unit == "HU"
    assert choose_voi(scout).bounds == pytest.approx((1050, 10949), abs=1)  # 0.5 and 99.5 percent
    axial = hu.read(file_bytes(pixels, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], **options))
    assert choose_voi(axial).origin == "default for HU"


def test_an_x_ray_without_a_window_is_shown_without_its_background():
    film = np.full((100, 100), 4095, np.uint16)
    film[:60] = np.linspace(500, 1500, 6000).astype(np.uint16).reshape(60, 100)
    data = file_bytes(film, Modality="MG", BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1")
    assert bounds(hu.read(data)) == pytest.approx((505, 1495), abs=2)
    shown = hu.render(hu.read(data))
    assert shown[80, 50] == 0 and shown[0, 0] == 255  # MONOCHROME1: the highest value is black


def test_a_cine_that_begins_dark_is_judged_by_all_its_frames():
    frames = np.zeros((20, 16, 16), np.uint16)
    frames[3:] = np.arange(256, dtype=np.uint16).reshape(16, 16) * 10
    assert bounds(hu.read(file_bytes(frames, Modality="XA")))[1] > 2400


def test_what_is_no_number_is_black():
    values = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    assert hu.render(hu.Image(values), (0.5, 1)).tolist() == [[0, 255, 0, 255]]
