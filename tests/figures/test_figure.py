import io
import subprocess
import sys

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.display.aspect import pixel_aspect
from hounsfield.geometry import direction

from made import file_bytes


@pytest.fixture(scope="module")
def ct(sample):
    return hu.read(sample("CT_small.dcm"))


def texts(axes):
    return {text.get_text() for text in axes.texts}


def test_three_panels_with_bar_scale_and_directions(ct):
    figure = hu.figure(ct, hu.mask(ct))
    original, mask, result, bar = figure.axes
    assert [axes.get_title() for axes in (original, mask, result)] == ["Original", "Mask", "Result"]
    assert bar.get_ylabel() == "HU"
    assert texts(original) == {"20 mm", "R", "L", "A", "P"}
    line = original.lines[0].get_xdata()
    assert (line[1] - line[0]) * ct.pixel_spacing[1] == pytest.approx(20)


def test_panels_show_what_render_and_mask_say(ct):
    mask = hu.mask(ct)
    pictures = [np.asarray(axes.images[0].get_array()) for axes in hu.figure(ct, mask).axes[:3]]
    np.testing.assert_array_equal(pictures[0], hu.render(ct))
    np.testing.assert_array_equal(pictures[1] > 0, mask.values)
    np.testing.assert_array_equal(pictures[2], np.where(mask.values, hu.render(ct), 0))


def test_one_panel_without_a_mask_and_no_bar_for_colour(ct, sample):
    assert [axes.get_title() for axes in hu.figure(ct).axes] == ["", ""]
    colour = hu.read(sample("SC_rgb.dcm"))
    assert len(hu.figure(colour).axes) == 1


def test_the_outline_follows_the_mask(ct):
    mask = hu.mask(ct)
    assert len(hu.figure(ct, mask, outline=True).axes[0].collections) == 1
    assert len(hu.figure(ct, mask).axes[0].collections) == 0
    empty = np.zeros(ct.shape, bool)
    assert len(hu.figure(ct, empty, outline=True).axes[0].collections) == 0


def test_no_paper_is_wasted(ct):
    figure = hu.figure(ct, hu.mask(ct))
    covered = sum(axes.get_position().width * axes.get_position().height for axes in figure.axes[:3])
    assert covered > 0.78


@pytest.mark.parametrize("spacing", [(2.0, 1.0), (1.0, 2.0)])
def test_pixels_have_their_true_shape(spacing):
    image = hu.Image(np.zeros((50, 50)), pixel_spacing=spacing, spacing_kind="patient")
    axes = hu.figure(image).axes[0]
    box = axes.get_window_extent()
    assert box.height / box.width == pytest.approx(spacing[0] / spacing[1], rel=0.02)
    assert axes.get_aspect() == spacing[0] / spacing[1]


def test_pixel_aspect_ratio_where_there_is_no_spacing():
    image = hu.read(file_bytes(np.zeros((4, 4), np.uint8), PixelAspectRatio=[4, 3]))
    assert pixel_aspect(image) == pytest.approx(4 / 3)
    assert pixel_aspect(hu.Image([[1]])) == 1


def test_millimetres_without_a_kind_are_not_drawn():
    for kind, expected in ((None, set()), ("detector", {"10 mm on the detector"})):
        image = hu.Image(np.zeros((50, 50)), pixel_spacing=(1.0, 1.0), spacing_kind=kind)
        assert texts(hu.figure(image).axes[0]) == expected


def test_letters_of_oblique_directions():
    assert direction(np.array([0.0, -1, 0])) == "A"
    assert direction(np.array([0.0, 0, -1])) == "F"
    assert direction(np.array([0.7, 0.7, 0.1])) in ("LP", "PL")
    assert direction(np.array([0.99, 0.1, 0])) == "L"


def test_no_patient_in_any_format(ct):
    for form in ("svg", "pdf", "png"):
        buffer = io.BytesIO()
        hu.figure(ct, hu.mask(ct)).savefig(buffer, format=form)
        assert b"CompressedSamples" not in buffer.getvalue()


@pytest.mark.long
@pytest.mark.parametrize("backend", ["agg", "svg", "pdf"])
def test_any_backend(backend, sample):
    code = (
        f"import matplotlib; matplotlib.use({backend!r}); import hounsfield as hu, io;"
        f"i = hu.read({str(sample('CT_small.dcm'))!r}); b = io.BytesIO();"
        "hu.figure(i, hu.mask(i)).savefig(b); print(len(b.getvalue()) > 5000)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "True"


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3)])
def test_extreme_shapes_can_be_drawn(shape):
    image = hu.Image(np.arange(shape[0] * shape[1]).reshape(shape), pixel_spacing=(1.0, 1.0), spacing_kind="patient")
    buffer = io.BytesIO()
    hu.figure(image, image.values > 3).savefig(buffer)
    assert buffer.getvalue()


def test_the_bar_says_what_has_no_unit():
    for unit, label in (("", "value (no known unit)"), ("1", "relative value"), ("BQML", "BQML")):
        assert hu.figure(hu.Image([[1, 2]], unit=unit)).axes[-1].get_ylabel() == label


def test_several_frames_and_masks_that_do_not_fit_are_refused(ct):
    with pytest.raises(hu.GeometryError, match="frame"):
        hu.figure(hu.Image(np.zeros((2, 3, 3))))
    with pytest.raises(hu.GeometryError, match="shape"):
        hu.figure(ct, np.zeros((3, 3), bool))
