"""What `write` writes, read back by programs that we did not write."""

import json
import sys
import tracemalloc

import av
import cv2
import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from pydicom.pixels import apply_modality_lut

import hounsfield as hu
from hounsfield.exports.write import FORMATS, rendered_frames

from made import arrays_of, enhanced, file_bytes, to_bytes

ENDINGS = [ending for form in FORMATS.values() for ending in form.endings if form.frames != "volume"]
#: int16 with signs, uint16, uint8 multi-frame colour, float32, several frames, one bit.
REAL = ["CT_small.dcm", "MR_small.dcm", "emri_small.dcm", "rtdose.dcm", "liver.dcm"]


def noise(*shape, dtype=np.uint8, seed=1):
    info = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(info.min, info.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("name", REAL)
def test_values_in_a_tiff_are_pydicoms(sample, tmp_path, name):
    image = hu.read(sample(name), values="stored" if name == "rtdose.dcm" else "modality")
    hu.write(image, tmp_path / "x.tif")
    header = pydicom.dcmread(sample(name))
    stored = header.pixel_array
    expected = stored if name in ("rtdose.dcm", "liver.dcm") else apply_modality_lut(stored, header)
    frames = cv2.imreadmulti(str(tmp_path / "x.tif"), flags=cv2.IMREAD_UNCHANGED)[1]  # libtiff, by way of OpenCV
    assert np.array_equal(np.stack(frames).reshape(expected.shape), expected)
    again = imagecodecs.tiff_decode((tmp_path / "x.tif").read_bytes(), index=None)
    assert np.array_equal(again.reshape(expected.shape), expected)
    assert again.dtype == image.values.dtype


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "int32", "float32", "float64", "int64", "uint32", "bool"]
)
def test_tiff_keeps_every_type_exactly(tmp_path, dtype):
    values = (np.arange(-60, 60).reshape(2, 6, 10) if dtype[0] in "if" else np.arange(120).reshape(2, 6, 10)).astype(
        dtype
    )
    hu.write(hu.Image(values), tmp_path / "x.tif")
    again = imagecodecs.tiff_decode((tmp_path / "x.tif").read_bytes(), index=None)
    assert np.array_equal(again, values)
    if dtype not in ("float64", "uint32"):  # the first unknown to Pillow, the second taken for signed
        with Picture.open(tmp_path / "x.tif") as pages:
            pages.seek(1)
            assert np.array_equal(np.asarray(pages), values[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_in_a_tiff_are_exact(tmp_path, dtype):
    values = noise(2, 5, 7, 3, dtype=dtype)
    hu.write(hu.Image(values, color=True), tmp_path / "x.tif")
    assert np.array_equal(imagecodecs.tiff_decode((tmp_path / "x.tif").read_bytes(), index=None), values)
    frames = cv2.imreadmulti(str(tmp_path / "x.tif"), flags=cv2.IMREAD_UNCHANGED)[1]
    assert np.array_equal(np.stack(frames)[..., ::-1], values)


def test_a_fraction_and_what_is_no_number_survive_in_a_tiff(tmp_path):
    values = np.array([[0.1, np.nan], [-np.inf, 1e30]], np.float32)
    hu.write(hu.Image(values), tmp_path / "x.tif")
    again = imagecodecs.tiff_decode((tmp_path / "x.tif").read_bytes())
    assert again.tobytes() == values.tobytes()


def test_the_tiff_says_unit_spacing_and_steps(sample, tmp_path):
    image = hu.read(sample("CT_small.dcm"))
    written = hu.write(image, tmp_path / "x.tiff")
    with Picture.open(tmp_path / "x.tiff") as picture:
        tags = dict(picture.tag_v2)
    document = json.loads(tags[270])
    assert (document["unit"], document["pixel_spacing"], document["spacing_kind"]) == ("HU", [0.661468] * 2, "patient")
    assert document["steps"] == [step.to_dict() for step in written.steps]
    assert tags[296] == 3  # pixels a centimetre
    assert float(tags[282]) == pytest.approx(10 / 0.661468, rel=1e-6)
    assert tags[339] == (2,)  # signed


def test_resolution_has_rows_and_columns_in_their_places_and_needs_a_kind(tmp_path):
    values = np.zeros((2, 2), np.uint8)
    hu.write(hu.Image(values, pixel_spacing=(0.5, 0.25), spacing_kind="patient"), tmp_path / "a.tif")
    hu.write(hu.Image(values, pixel_spacing=(0.5, 0.25)), tmp_path / "b.tif")
    with Picture.open(tmp_path / "a.tif") as a, Picture.open(tmp_path / "b.tif") as b:
        assert (float(a.tag_v2[282]), float(a.tag_v2[283])) == (40, 20)  # x is along the row: between columns
        assert b.tag_v2[296] == 1  # no unit: only the ratio of the two counts


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_whole_numbers_in_a_png_are_exact(tmp_path, dtype):
    values = noise(33, 47, dtype=np.uint8 if dtype == np.uint8 else np.uint16).astype(dtype)
    hu.write(hu.Image(values, unit="BQML"), tmp_path / "x.png", values=True)
    again = cv2.imread(str(tmp_path / "x.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(again, values)
    with Picture.open(tmp_path / "x.png") as picture:
        assert json.loads(picture.text["Description"])["unit"] == "BQML"


@pytest.mark.parametrize(
    ("values", "ending", "color", "why"),
    [
        (np.array([[-1, 5]], np.int16), "png", False, "from -1 to 5; use TIFF, NPY or NPZ"),
        (np.array([[0, 65536]], np.int32), "png", False, "from 0 to 65536"),
        (np.array([[0.5]], np.float32), "png", False, "whole numbers"),
        (np.zeros((1, 1, 3), np.uint16), "png", True, "8 bits"),
        (np.array([[2**31]], np.int64), "tif", False, "int64"),
        (np.array([[0.1]], np.longdouble), "tif", False, "longdouble|float128"),
        (np.zeros((1, 65_501), np.uint8), "jpg", False, "65500"),
        (np.zeros((1, 65_536), np.uint8), "gif", False, "65535"),
        (np.zeros((1, 16_386), np.uint8), "mp4", False, "16384"),
    ],
)  # fmt: skip
def test_what_a_format_cannot_hold_is_refused_and_nothing_written(tmp_path, values, ending, color, why):
    image = hu.Image(values, color=color, name="this.dcm")
    with pytest.raises(hu.FormatError, match=why) as caught:
        hu.write(image, tmp_path / f"x.{ending}", values=True if ending in ("png", "tif") else None)
    assert str(caught.value).startswith("this.dcm: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", [100, 10_000])
def test_what_a_tiff_cannot_hold_is_written_as_bigtiff(tmp_path, monkeypatch, limit):
    monkeypatch.setattr("hounsfield.exports.tiff._CLASSIC_BYTES", limit)
    values = noise(33, 47, dtype=np.int16)
    hu.write(hu.Image(values), tmp_path / "x.tif")
    assert (tmp_path / "x.tif").read_bytes()[:4] == (b"II+\0" if limit == 100 else b"II*\0")
    assert np.array_equal(cv2.imread(str(tmp_path / "x.tif"), cv2.IMREAD_UNCHANGED), values)


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("x.bmp", {}, "known are .png"), ("x", {}, "known are"), ("x.jpg", {"values": True}, "renderings, not values"),
        ("x.npy", {"values": False}, "values, not renderings"), ("x.tif", {"window": (40, 400)}, "applies to renderings"),
        ("x.png", {"quality": 90}, "jpeg"), ("x.jpg", {"quality": 0}, "1 to 100"), ("x.png", {"fps": 5}, "gif and mp4"),
        ("x.gif", {"fps": float("nan")}, "from 0.01"),
    ],
)  # fmt: skip
def test_options_that_do_not_belong_together(tmp_path, name, options, why):
    with pytest.raises(ValueError, match=why):
        hu.write(hu.Image([[1]]), tmp_path / name, **options)


@pytest.mark.parametrize("name", [*REAL, "examples_ybr_color.dcm"])
def test_npy_and_npz_are_the_image(sample, tmp_path, name):
    image = hu.read(sample(name))
    hu.write(image, tmp_path / "x.npy")
    written = hu.write(image, tmp_path / "x.npz")
    assert np.load(tmp_path / "x.npy").dtype == image.values.dtype
    assert np.array_equal(np.load(tmp_path / "x.npy"), image.values)
    saved = arrays_of(tmp_path / "x.npz")
    assert np.array_equal(saved["values"], image.values)
    assert (str(saved["unit"]), str(saved["spacing_kind"])) == (image.unit, image.spacing_kind or "")
    assert tuple(saved["axes"]) == image.axes
    assert json.loads(str(saved["steps"])) == [step.to_dict() for step in written.steps]


def test_the_affine_is_equation_c_7_6_2_1(sample, tmp_path):
    path = sample("CT_small.dcm")
    hu.write(hu.read(path), tmp_path / "x.npz")
    header = pydicom.dcmread(path)
    row, column = 10, 20
    x, y = np.array(header.ImageOrientationPatient[:3]), np.array(header.ImageOrientationPatient[3:])
    between_rows, between_columns = header.PixelSpacing
    expected = np.array(header.ImagePositionPatient) + x * between_columns * column + y * between_rows * row
    found = arrays_of(tmp_path / "x.npz")["affine"] @ [row, column, 0, 1]
    assert found[:3] == pytest.approx(expected)


def test_frames_have_an_affine_each_and_an_unknown_place_none(tmp_path, sample):
    image = hu.read(enhanced(noise(3, 4, 4, dtype=np.uint16), [(1, 0)] * 3))
    hu.write(image, tmp_path / "x.npz")
    assert arrays_of(tmp_path / "x.npz")["affine"][:, 2, 3].tolist() == [0, 5, 10]
    hu.write(hu.read(sample("SC_rgb.dcm")), tmp_path / "y.npz")
    assert "affine" not in arrays_of(tmp_path / "y.npz")


def test_padding_goes_into_an_npz(tmp_path):
    stored = np.array([[-2000, 5], [7, -2000]], np.int16)
    hu.write(hu.read(file_bytes(stored, PixelPaddingValue=-2000)), tmp_path / "x.npz")
    assert arrays_of(tmp_path / "x.npz")["padding"].tolist() == [[True, False], [False, True]]


def test_monochrome1_is_inverted_in_renderings_only(tmp_path):
    stored = np.array([[0, 255]], np.uint8)
    image = hu.read(file_bytes(stored, Modality="CR", PhotometricInterpretation="MONOCHROME1"))
    hu.write(image, tmp_path / "shown.png", window=(128, 256))
    hu.write(image, tmp_path / "values.png", values=True)
    shown = cv2.imread(str(tmp_path / "shown.png"), cv2.IMREAD_UNCHANGED)
    assert shown.tolist() == [[255, 0]]
    assert cv2.imread(str(tmp_path / "values.png"), cv2.IMREAD_UNCHANGED).tolist() == [[0, 255]]


def test_a_mask_is_black_and_white_or_false_and_true(sample, tmp_path):
    mask = hu.mask(hu.read(sample("CT_small.dcm")))
    for name in ("x.png", "x.npy", "x.tif"):
        hu.write(mask, tmp_path / name)
    picture = cv2.imread(str(tmp_path / "x.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(picture, mask.values * np.uint8(255))
    assert np.array_equal(np.load(tmp_path / "x.npy"), mask.values)
    assert np.array_equal(cv2.imread(str(tmp_path / "x.tif"), cv2.IMREAD_UNCHANGED), mask.values)


def test_colour_keeps_its_order_in_every_picture(tmp_path):
    colours = np.zeros((32, 48, 3), np.uint8)
    colours[:, :16], colours[:, 16:32], colours[:, 32:] = (250, 10, 20), (30, 240, 10), (10, 20, 230)
    image = hu.Image(colours, color=True)
    for ending in (".png", ".jpg", ".tif", ".gif", ".mp4"):
        hu.write(image, tmp_path / f"x{ending}")
        if ending == ".mp4":
            with av.open(str(tmp_path / "x.mp4")) as container:
                found = next(container.decode(video=0)).to_ndarray(format="rgb24")
        else:
            with Picture.open(tmp_path / f"x{ending}") as picture:
                found = np.asarray(picture.convert("RGB"))
        middles = (slice(8, 24), [8, 24, 40])
        difference = np.abs(found[middles].astype(int) - colours[middles])
        assert difference.max() <= {".jpg": 3, ".mp4": 6}.get(ending, 0), ending


def test_several_frames_are_a_picture_each(sample, tmp_path):
    image = hu.read(sample("emri_small.dcm"))
    written = hu.write(image, tmp_path / "x.png", values=True)
    assert [path.name for path in written.paths] == [f"x.frame{index:04}.png" for index in range(10)]
    expected = pydicom.dcmread(sample("emri_small.dcm")).pixel_array
    found = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in written.paths]
    assert np.array_equal(found, expected)
    assert hu.write(image.frame(3), tmp_path / "one.png").paths == (tmp_path / "one.png",)


@pytest.mark.parametrize(
    "name", ["emri_small.dcm", "liver.dcm", "examples_ybr_color.dcm", "SC_rgb_rle_16bit_2frame.dcm"]
)
def test_frames_one_by_one_are_what_render_gives(sample, name):
    image = hu.read(sample(name))
    for window in (None, (100, 200)):
        assert np.array_equal(np.stack(list(rendered_frames(image, {"window": window}))), hu.render(image, window))


def test_frames_with_windows_of_their_own(sample):
    made = pydicom.dcmread(
        __import__("io").BytesIO(enhanced(noise(3, 8, 8, dtype=np.uint16), [(1, 0), (2, 5), (1, -7)]))
    )
    for index, frame in enumerate(made.PerFrameFunctionalGroupsSequence):
        window = pydicom.Dataset()
        window.WindowCenter, window.WindowWidth = 20_000 + 5000 * index, 30_000
        frame.FrameVOILUTSequence = [window]
    image = hu.read(to_bytes(made))
    assert np.array_equal(np.stack(list(rendered_frames(image, {}))), hu.render(image))
    assert not np.array_equal(hu.render(image), hu.render(image, (20_000, 30_000)))


def test_without_pyav_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(hu.MissingDependencyError, match=r'pip install "hounsfield\[video\]"'):
        hu.write(hu.Image([[1]]), tmp_path / "x.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_image_gives_the_same_bytes_which_name_nobody(sample, tmp_path, ending):
    image = hu.read(sample("CT_small.dcm"))
    first = hu.write(image, tmp_path / f"a{ending}")
    second = hu.write(hu.read(sample("CT_small.dcm")), tmp_path / f"b{ending}")
    data = first.paths[0].read_bytes()
    assert data == second.paths[0].read_bytes()
    for text in (b"CompressedSamples", b"1CT1", b"CT_small", b"1.3.6.1.4.1.5962"):
        assert text not in data
    assert hu.write(image, tmp_path / f"a{ending}") == first  # the same again is no quarrel
    other = image.with_values(image.values + np.int16(100), hu.Step("test", "lighter"))
    with pytest.raises(hu.OutputError, match="exists already"):
        hu.write(other, tmp_path / f"a{ending}")
    assert first.paths[0].read_bytes() == data
    hu.write(other, tmp_path / f"a{ending}", force=True)
    assert first.paths[0].read_bytes() != data
    assert len(list(tmp_path.iterdir())) == 2


def test_the_steps_say_window_and_format(sample, tmp_path):
    image = hu.read(sample("CT_small.dcm"))
    texts = [str(step) for step in hu.write(image, tmp_path / "x.jpg", window="bone", quality=80).steps]
    assert texts[: len(image.steps)] == [str(step) for step in image.steps]
    assert texts[-2] == "render: window center 400, width 1800, LINEAR (preset bone) (PS3.3 C.11.2)"
    assert texts[-1] == "write: JPEG, 8 bit, lossy, quality 80"


def peak_of(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.long
@pytest.mark.parametrize("ending", [".gif", ".tif", ".npy", ".png", ".jpg"])
def test_a_long_cine_is_not_in_memory_twice(tmp_path, ending):
    image = hu.Image(np.zeros((400, 128, 128), np.uint16), unit="HU")
    options = {"fps": 10} if ending == ".gif" else {"values": False} if ending == ".tif" else {}
    hu.write(image.frame(0), tmp_path / f"warm{ending}", **options)
    peaks = (peak_of(lambda name=name: hu.write(image, tmp_path / f"{name}{ending}", **options)) for name in "xy")
    # Or once more: threads that earlier tests left behind may take memory meanwhile.
    assert any(peak < 3 * 2**20 for peak in peaks)  # the rendering as a whole would be 6.25 MiB, the values 12.5
