"""Texts of figures lie on the sheet and beside one another, whatever the image is; colour bars are as high as pictures."""

import io

import numpy as np
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.figures.labels import has_font
from hounsfield.headers.dataset_header import DatasetHeader

AXIAL = np.diag([1.0, 1.0, 3.0, 1.0])[:, [2, 1, 0, 3]]
OBLIQUE = {"ImagePositionPatient": [-10, -20, 1234.56], "ImageOrientationPatient": [0.8, 0.6, 0, 0, 0, -1]}
LONG = "A title that is much longer than any sheet is wide, with {SeriesDescription} in it, " * 3


def image(rows, columns, spacing=(1.0, 1.0), kind="patient", unit="HU", header=None):
    values = np.add.outer(np.arange(rows), np.arange(columns)).astype(np.int16)
    dataset = Dataset()
    for keyword, value in (header or {}).items():
        setattr(dataset, keyword, value)
    return hu.Image(
        values, unit=unit, pixel_spacing=spacing, spacing_kind=kind, header=DatasetHeader(dataset), name="made"
    )


def volume(slices=12, rows=40, columns=40, place=-1234.56):
    affine = AXIAL.copy()
    affine[2, 3] = place
    values = np.random.default_rng(1).integers(-1000, 1000, (slices, rows, columns)).astype(np.int16)
    return hu.Volume(values, affine, unit="HU")


def boxes(figure):
    """Text to where it stands, of all that is seen."""
    figure.draw_without_rendering()
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [*axes.texts, axes.title, axes.yaxis.label, *axes.get_yticklabels(), axes.yaxis.get_offset_text()]
    seen = [text for text in texts if text.get_visible() and text.get_text().strip()]
    assert min((text.get_fontsize() for text in seen), default=5) >= 5
    return [(text.get_text(), text.get_window_extent()) for text in seen]


def assert_readable(figure):
    """Nothing is cut, nothing covers something else, nothing is too small."""
    found = boxes(figure)
    for number, (text, box) in enumerate(found):
        assert box.x0 >= -1 and box.y0 >= -1, text
        assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text
        for other, beside in found[number + 1 :]:
            covered = min(box.x1, beside.x1) - max(box.x0, beside.x0), min(box.y1, beside.y1) - max(box.y0, beside.y0)
            assert min(covered) <= 0.5, (text, other)
    panels = [axes.get_window_extent() for axes in figure.axes]
    for text in figure.texts:
        box = text.get_window_extent()
        assert not any(box.overlaps(panel) for panel in panels), text.get_text()


KINDS = {
    "square": image(64, 64),
    "8 x 8": image(8, 8, unit=""),
    "one pixel": image(1, 1),
    "scout": image(888, 512, header={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "Modality": "CT", **OBLIQUE}),
    "whole body": image(1024, 256, (1.9, 1.9), unit="CNTS"),
    "wide": image(60, 900),
    "very wide": image(3, 2000),
    "tall": image(900, 60, kind="detector"),
    "very tall": image(2000, 3),
    "oblique": image(64, 64, header=OBLIQUE),
    "pixels that are not square": image(64, 64, (4.0, 1.0)),
    "detector": image(300, 200, (0.2, 0.2), "detector", "", {"PatientOrientation": ["L", "F"], "ViewPosition": "PA"}),
    "slide": image(30, 40, (0.0005, 0.0005), "slide", ""),
    "no spacing": image(50, 70, None, None, ""),
    "large numbers": hu.Image(np.linspace(-1e300, 1e300, 100).reshape(10, 10)),
    "small numbers": hu.Image(np.linspace(0, 3e-7, 100).reshape(10, 10), unit="1"),
    "a long unit": hu.Image(np.linspace(-12345.678, 12345.678, 100).reshape(10, 10), unit="umol/100mg/min" * 9),
    "one value": hu.Image(np.zeros((10, 10), np.float32), unit="BQML"),
    "frame": hu.Image(np.zeros((50, 40)), frame_index=12345),
}
needs_chinese = pytest.mark.skipif(not has_font("zh"), reason="no font with Chinese characters is installed")
LANGUAGES = ["en", pytest.param("zh", marks=[needs_chinese, pytest.mark.long])]


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_every_kind_of_image_can_be_read(kind, language):
    shown = KINDS[kind]
    assert_readable(hu.figure(shown, language=language))
    assert_readable(hu.figure(shown, shown.values > 9, outline=True, language=language, title=LONG))


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("montage", [1, 2, 12, (1, 6), (6, 1)])
@pytest.mark.parametrize(
    "size", [(40, 40), pytest.param((20, 90), marks=pytest.mark.long), pytest.param((90, 20), marks=pytest.mark.long)]
)
def test_texts_of_every_montage_can_be_read(montage, size, language):
    shown = volume(12, *size)
    assert_readable(hu.figure(shown, shown.values > 900, montage=montage, language=language, title="{Modality}"))


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small.dcm", "examples_rgb_color.dcm", "examples_palette.dcm", "rtdose_1frame.dcm",
     "liver_expb_1frame.dcm", "JPEGLSNearLossless_08.dcm", "examples_overlay.dcm"],
)  # fmt: skip
def test_texts_of_real_images_can_be_read(name, sample):
    shown = hu.read(sample(name))
    inside = None if shown.color else shown.values > 50
    assert_readable(hu.figure(shown, inside, outline=inside is not None, title="{Modality} {SeriesDescription}"))


@pytest.mark.parametrize("name", ["CT_small.dcm", "examples_overlay.dcm", "JPEGLSNearLossless_08.dcm"])
def test_the_colour_bar_is_as_high_as_the_picture(name, sample):
    figure = hu.figure(hu.read(sample(name)))
    figure.draw_without_rendering()
    picture, bar = figure.axes[0].get_window_extent(), figure.axes[1].get_window_extent()
    # The pointed ends lie outside the axes of matplotlib's colour bars.
    ends = [patch.get_window_extent() for patch in figure.axes[1].patches]
    bar = bar.union([bar, *ends])
    assert bar.y0 == pytest.approx(picture.y0, abs=1)
    assert bar.y1 == pytest.approx(picture.y1, abs=1)


def test_the_colour_bar_has_whole_numbers_for_whole_values():
    labels = [text.get_text() for text in hu.figure(hu.Image([[0, 1], [1, 0]])).axes[-1].get_yticklabels()]
    assert labels == ["0", "1"]


@pytest.mark.parametrize("kind", KINDS)
def test_scale_bars_are_on_the_picture_and_words_say_why_there_is_none(kind):
    figure = hu.figure(KINDS[kind])
    figure.draw_without_rendering()
    picture = figure.axes[0].images[0].get_window_extent()
    if figure.axes[0].lines:
        bar = figure.axes[0].lines[0].get_window_extent()
        assert picture.x0 < bar.x0 < bar.x1 < picture.x1 and picture.y0 < bar.y0 <= bar.y1 < picture.y1
    else:
        caption = figure.texts[0].get_text()
        assert "scale not known" in caption or "pixel spacing 1 x 1 mm" in caption


def test_wide_panels_stand_below_one_another():
    shown = image(60, 900)
    boxes = [axes.get_window_extent() for axes in hu.figure(shown, shown.values > 9).axes[:3]]
    assert boxes[0].x0 == boxes[1].x0 == boxes[2].x0
    assert boxes[0].y0 > boxes[1].y1 and boxes[1].y0 > boxes[2].y1


@pytest.mark.parametrize("dpi", [50, 100, 300])
def test_dpi_are_dots_an_inch_of_the_file(dpi):
    from PIL import Image as Picture

    figure = hu.figure(image(64, 64), dpi=dpi)
    buffer = io.BytesIO()
    figure.savefig(buffer)
    picture = Picture.open(buffer)
    assert picture.info["dpi"] == pytest.approx((dpi, dpi), rel=0.01)
    assert picture.size == pytest.approx(figure.get_size_inches() * dpi, abs=1)


def test_too_many_dots_are_refused_before_there_is_a_figure():
    shown = image(64, 64)
    with pytest.raises(hu.LimitExceededError, match="dpi"):
        hu.figure(shown, shown.values > 9, dpi=2400)
    for dpi in (0, -1, float("nan"), float("inf"), 1e9):
        with pytest.raises(ValueError, match="dpi must be"):
            hu.figure(shown, dpi=dpi)


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_figure_has_the_same_bytes(form, language):
    from hounsfield.figures.figure import figure_bytes

    shown = image(64, 64)
    options = {"title": "x $y$ 100 %", "language": language}
    assert len({figure_bytes(hu.figure(shown, shown.values > 9, **options), form) for _ in range(2)}) == 1
