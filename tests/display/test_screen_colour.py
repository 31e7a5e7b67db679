import struct

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

import hounsfield as hu
from hounsfield.display.screen_colour import colour_8, icc_profile, lab_to_rgb, palette_top
from hounsfield.headers.dataset_header import DatasetHeader
from states import item, lut

from made import dataset, to_bytes


@pytest.mark.filterwarnings("ignore:.*unspecified")
def test_a_supplemental_palette_colours_the_values_from_its_first_on(sample):
    path = sample("eCT_Supplemental.dcm")
    image, stored = hu.read(path), hu.read(path, values="stored").values
    shown = hu.render(image)
    assert shown.shape == (2, 512, 512, 3)
    palette = pydicom.dcmread(path, stop_before_pixels=True)
    del palette.PixelPresentation  # pydicom applies palettes to whole images only
    theirs = apply_color_lut(stored, palette) / 257
    coloured = stored >= 1024
    assert 0.1 < coloured.mean() < 0.9
    assert np.abs(shown - theirs)[coloured].max() <= 1
    assert np.array_equal(shown[0][~coloured[0]][:, 0], hu.render(hu.Image(image.values[0]), (49, 102))[~coloured[0]])
    assert (np.ptp(shown[~coloured], axis=-1) == 0).all()
    assert np.array_equal(hu.render(hu.read(path, values="stored"))[coloured], shown[coloured])
    assert len(hu.figure(image.frame(0)).axes) == 2


def with_palette(pixels, **attributes):
    made = dataset(pixels, PixelPresentation="COLOR", **attributes)
    for name, entries in (("Red", [255, 0]), ("Green", [0, 255]), ("Blue", [0, 0])):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [2, 10, 8])
        setattr(made, f"{name}PaletteColorLookupTableData", bytes(entries))
    return made


def test_frames_of_a_mixed_image_say_for_themselves():
    made = with_palette(np.full((2, 1, 2), [10, 11], np.uint16), Modality="MR", WindowCenter=10, WindowWidth=100)
    made.PixelPresentation = "MIXED"
    made.SharedFunctionalGroupsSequence = [Dataset()]
    made.PerFrameFunctionalGroupsSequence = [
        item(MRImageFrameTypeSequence=[item(PixelPresentation=said)]) for said in ("COLOR", "MONOCHROME")
    ]
    shown = hu.render(hu.read(to_bytes(made)))
    assert shown[0].tolist() == [[[255, 0, 0], [0, 255, 0]]]
    assert (np.ptp(shown[1], axis=-1) == 0).all()


def test_the_palette_of_a_parametric_map_is_spread_over_its_range():
    made = with_palette(np.array([[0, 100, 149, 151, 200, 999]], np.uint16), Modality="MR")
    made.PixelPresentation = "COLOR_RANGE"
    with pytest.raises(hu.MissingAttributeError, match="range"):
        hu.render(hu.read(to_bytes(made)))
    made.SharedFunctionalGroupsSequence = [
        item(StoredValueColorRangeSequence=[item(MinimumStoredValueMapped=100.0, MaximumStoredValueMapped=200.0)])
    ]
    shown = hu.render(hu.read(to_bytes(made)))
    assert shown[0, :, 0].tolist() == [255, 255, 255, 0, 0, 0]
    del made.RedPaletteColorLookupTableDescriptor  # only referenced then: grey
    assert hu.render(hu.read(to_bytes(made))).ndim == 2


def test_damaged_supplemental_palettes_are_typed_errors():
    made = with_palette(np.array([[9, 10]], np.uint16), Modality="MR")
    made.RedPaletteColorLookupTableDescriptor = [2, 10, 60]
    with pytest.raises(hu.HounsfieldError):
        hu.render(hu.read(to_bytes(made)))
    del made.GreenPaletteColorLookupTableData
    made.RedPaletteColorLookupTableDescriptor = [2, 10, 8]
    with pytest.raises(hu.HounsfieldError):
        hu.render(hu.read(to_bytes(made)))


def test_a_dark_picture_of_a_palette_of_16_bits_stays_dark():
    made = dataset(np.array([[0, 1]], np.uint8), Modality="OT", PhotometricInterpretation="PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [3, 0, 16])
        setattr(made, f"{name}PaletteColorLookupTableData", np.array([0, 200, 65535], "<u2").tobytes())
    assert hu.render(hu.read(to_bytes(made))).tolist() == [[[0] * 3, [1] * 3]]


def test_the_presentation_lut_of_an_image_is_followed():
    made = dataset(np.array([[0, 1, 2]], np.uint16), Modality="DX", WindowCenter=1.5, WindowWidth=3)
    made.PresentationLUTSequence = [lut([1023, 0, 1023], 0, 10)]
    assert hu.render(hu.read(to_bytes(made))).tolist() == [[255, 0, 255]]


# --- ICC profiles


def profile(gamma, swapped=False, space=b"RGB "):
    """A small profile of sRGB's primaries, optionally with red and blue changed over, and of a plain gamma (ICC.1)."""
    red, green, blue = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
    red, blue = (blue, red) if swapped else (red, blue)

    def fixed(*values):
        return b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    def xyz(values):
        return b"XYZ \0\0\0\0" + fixed(*values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"text\0\0\0\0made\0\0\0\0"
    tags = {b"rXYZ": xyz(red), b"gXYZ": xyz(green), b"bXYZ": xyz(blue), b"wtpt": xyz((0.9642, 1, 0.8249))}
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve, b"cprt": text, b"desc": text}
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(0.9642, 1, 0.8249)
    return head.ljust(128, b"\0") + table + body


def photograph(**attributes):
    pixels = np.array([[[255, 128, 0], [128, 128, 128]]], np.uint8)
    made = dataset(pixels[..., 0], Modality="XC", PhotometricInterpretation="RGB", PlanarConfiguration=0, **attributes)
    made.SamplesPerPixel = 3
    made.PixelData = pixels.tobytes()
    return made


def test_colours_are_converted_by_the_files_profile_on_request():
    made = photograph(ICCProfile=profile(1.0))
    image = hu.read(to_bytes(made))
    assert hu.render(image).tolist() == image.values.tolist()
    # IEC 61966-2-1: linear 128/255 is 188 of 255.
    assert np.abs(hu.render(image, icc=True).astype(int) - [[[255, 188, 0], [188, 188, 188]]]).max() <= 1
    swapped = hu.read(to_bytes(photograph(ICCProfile=profile(1.0, swapped=True))))
    assert np.abs(hu.render(swapped, icc=True).astype(int) - [[[0, 188, 255], [188, 188, 188]]]).max() <= 1


def test_the_profile_of_an_optical_path_is_found():
    made = photograph(OpticalPathSequence=[item(ICCProfile=profile(1.0))])
    assert hu.render(hu.read(to_bytes(made)), icc=True)[0, 1].tolist() == [188] * 3


def test_a_real_profile_of_srgb_leaves_the_colours(sample):
    real = pydicom.dcmread(sample("hotiron.dcm")).ICCProfile
    image = hu.read(to_bytes(photograph(ICCProfile=real)))
    assert np.abs(hu.render(image, icc=True).astype(int) - image.values).max() <= 2  # it is sRGB's


def test_no_profile_or_a_damaged_one_is_said():
    with pytest.raises(hu.MissingAttributeError, match="ICC"):
        hu.render(hu.read(to_bytes(photograph())), icc=True)
    srgb = hu.read(to_bytes(photograph(ColorSpace="SRGB")))
    assert np.array_equal(hu.render(srgb, icc=True), srgb.values)
    for bad in (b"rubbish!", profile(1.0)[:200], profile(1.0, space=b"CMYK")):
        with pytest.raises(hu.InvalidAttributeError, match="ICC"):
            hu.render(hu.read(to_bytes(photograph(ICCProfile=bad))), icc=True)
    grey = hu.Image(np.zeros((2, 2), np.uint8))
    assert hu.render(grey, icc=True).shape == (2, 2)


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [((100, 0, 0), (255, 255, 255)), ((0, 0, 0), (0, 0, 0)), ((54.29, 80.81, 69.89), (255, 0, 0)),
     ((87.82, -79.27, 80.99), (0, 255, 0)), ((29.57, 68.30, -112.03), (0, 0, 255))],
)  # fmt: skip
def test_cielab_is_published_srgb(lab, rgb):
    # CIELab (D50) of sRGB's primaries, as published by B. Lindbloom.
    encoded = [round(lab[0] / 100 * 65535), *(round((v + 128) / 255 * 65535) for v in lab[1:])]
    assert np.abs(np.subtract(lab_to_rgb(encoded), rgb)).max() <= 2
    assert lab_to_rgb([1, 2]) is None


# --- Square pixels


def test_square_pixels_by_aspect_ratio_and_by_spacing():
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    by_ratio = hu.read(to_bytes(dataset(picture, Modality="US", PixelAspectRatio=[2, 1])))
    assert hu.render(by_ratio, square=True).shape == (6, 4)
    by_spacing = hu.Image(picture, pixel_spacing=(1.0, 3.0), spacing_kind="patient")
    assert hu.render(by_spacing, square=True).shape == (3, 12)
    assert hu.render(hu.Image(np.stack([picture] * 2), pixel_spacing=(1.0, 3.0)), square=True).shape == (2, 3, 12)
    mask = hu.Image(picture > 5, pixel_spacing=(2.0, 1.0))
    assert set(np.unique(hu.render(mask, square=True))) == {0, 255}
    assert np.array_equal(hu.render(hu.Image(picture), square=True), hu.render(hu.Image(picture)))


def test_square_pixels_of_a_real_file(sample):
    image = hu.read(sample("color-pl.dcm"))
    vertical, horizontal = image.header["PixelAspectRatio"]
    rows, columns = image.size
    shown = hu.render(image, square=True)
    assert shown.shape[0] / shown.shape[1] == pytest.approx(rows / columns * vertical / horizontal, rel=0.01)


@pytest.mark.parametrize("ratio", [[2**31 - 1, 1], [1, 2**31 - 1]])
def test_absurd_pixels_are_refused(ratio):
    with pytest.raises(hu.LimitExceededError):
        hu.render(hu.read(to_bytes(dataset(np.zeros((9, 9), np.uint8), PixelAspectRatio=ratio))), square=True)


# By themselves


@pytest.mark.parametrize(
    ("bits", "highest", "top"),
    [(8, 200, 255), (16, 255, 255), (16, 256, 65_535), (12, 4000, 4095), (12, 100, 255), (6, 63, 63)],
)
def test_full_brightness_of_a_palette_follows_from_its_entries(bits, highest, top):
    """Tables that promise 16 bits often hold entries of 8."""
    header = {f"{colour}PaletteColorLookupTableData": [0, highest] for colour in ("Red", "Green", "Blue")}
    header["RedPaletteColorLookupTableDescriptor"] = [2, 0, bits]
    assert palette_top(header, "a") == top


@pytest.mark.parametrize(("bits", "expected"), [(8, [0, 128, 255]), (10, [0, 32, 64]), (7, [0, 255, 255])])
def test_samples_are_scaled_by_their_bits(bits, expected):
    header = Dataset()
    header.BitsStored = bits
    values = np.array([[[0, 128, 255]]], np.uint16)
    assert colour_8(hu.Image(values, color=True, header=DatasetHeader(header))).ravel().tolist() == expected


def test_colours_that_are_srgb_need_no_profile():
    assert icc_profile({"ColorSpace": "SRGB"}, "a") is None
    assert icc_profile({"ICCProfile": b"profile", "ColorSpace": "SRGB"}, "a") == b"profile"
    with pytest.raises(hu.MissingAttributeError) as caught:
        icc_profile({}, "a.dcm")
    assert (caught.value.source, caught.value.attribute) == ("a.dcm", "ICCProfile")


def test_grey_and_white_have_no_tint():
    # L* 0 and 100 of D50 (PS3.3 C.10.7.1.1): a* and b* of 0 are 128 of 255.
    neutral = round(128 / 255 * 65_535)
    assert lab_to_rgb([0, neutral, neutral]) == (0, 0, 0)
    assert lab_to_rgb([65_535, neutral, neutral]) == (255, 255, 255)
    red, green, blue = lab_to_rgb([32_768, neutral, neutral])
    assert max(red, green, blue) - min(red, green, blue) <= 1
    assert red == pytest.approx(119, abs=1)  # L* 50 is sRGB 119


@pytest.mark.parametrize("value", [None, [1, 2], "text", [1, 2, float("nan")]])
def test_what_is_no_colour_is_none(value):
    assert lab_to_rgb(value) is None
