"""What figures are put together from, measured on the page."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.display.voi import choose_voi
from hounsfield.figures.colour_bar import ColourBar, bar_of
from hounsfield.figures.panels import (
    ENGLISH,
    PanelLayout,
    Sheet,
    draw_directions,
    draw_outline,
    draw_scale_bar,
    panel_size,
)
from hounsfield.headers.dataset_header import DatasetHeader


def image(rows=40, columns=60, spacing=(1.0, 1.0), kind="patient", **options):
    values = np.zeros((rows, columns), options.pop("dtype", np.int16))
    return hu.Image(values, pixel_spacing=spacing, spacing_kind=kind, **options)


def axes_for(frame):
    axes = Figure().add_subplot()
    axes.imshow(np.zeros(frame.size))
    return axes


@pytest.mark.parametrize(
    ("rows", "columns", "spacing", "ratio"), [(40, 60, (1, 1), 1.5), (40, 40, (2, 1), 0.5), (30, 60, (1, 1), 2.0)]
)
def test_panels_have_the_shape_of_the_picture_in_millimetres(rows, columns, spacing, ratio):
    width, height = panel_size(image(rows, columns, spacing), 4.0)
    assert width / height == pytest.approx(ratio)
    assert height == pytest.approx(4.0)


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1)])
def test_extreme_panels_stay_on_paper(shape):
    width, height = panel_size(image(*shape), 4.0)
    assert 0.8 <= width <= 8 and 0 < height <= 8


def test_a_text_is_made_to_fit_but_can_be_read():
    assert ENGLISH.fitting("short", 4, 10) == 10
    assert ENGLISH.fitting("x" * 10_000, 4, 10) == 4
    middle = ENGLISH.fitting("x" * 60, 3, 10)
    assert 4 < middle < 10
    text = Figure().text(0, 0, "x" * 60, fontsize=middle, fontfamily="DejaVu Sans")
    assert text.get_window_extent().width <= 3 * 100  # dots, 100 an inch


def test_panels_do_not_overlap_and_lie_on_the_sheet():
    frame = image()
    sheet = Sheet(
        frame, PanelLayout((2, 3), 1.5, tuple("abcdef"), "heading"), ColourBar(frame, choose_voi(frame), ENGLISH)
    )
    boxes = [axes.get_position() for axes in (*sheet.panels, sheet.bar)]
    assert len(sheet.panels) == 6
    for number, box in enumerate(boxes):
        assert 0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1
        for other in boxes[number + 1 :]:
            assert box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0


def test_colours_and_masks_have_no_bar():
    segments = Dataset()
    segments.SegmentationType = "BINARY"
    colours = hu.Image(np.zeros((5, 5, 3), np.uint8), color=True)
    for frame in (image(dtype=bool), colours, image(header=DatasetHeader(segments))):
        assert bar_of(frame, lambda: pytest.fail("not needed"), ENGLISH) is None
        assert Sheet(frame, PanelLayout()).bar is None
    frame = image()
    assert Sheet(frame, PanelLayout(), bar_of(frame, lambda: choose_voi(frame), ENGLISH)).bar is not None


@pytest.mark.parametrize(("columns", "spacing", "length"), [(60, 1.0, 20), (512, 0.7, 100), (100, 0.001, 0.02)])
def test_the_scale_bar_is_a_round_length_of_a_third_at_most(columns, spacing, length):
    frame = image(40, columns, (spacing, spacing))
    axes = axes_for(frame)
    draw_scale_bar(axes, frame)
    (line,) = axes.lines
    x0, x1 = line.get_xdata()
    assert (x1 - x0) * spacing == pytest.approx(length)
    assert axes.texts[0].get_text() == f"{length:g} mm"


def test_where_millimetres_are_measured_is_said():
    for kind, words in (("detector", "20 mm on the detector"), ("patient", "20 mm")):
        axes = axes_for(frame := image(kind=kind))
        draw_scale_bar(axes, frame)
        assert axes.texts[0].get_text() == words


@pytest.mark.parametrize(("spacing", "kind"), [(None, None), ((1.0, 1.0), None)])
def test_without_a_known_spacing_there_is_no_scale_bar(spacing, kind):
    axes = axes_for(frame := image(spacing=spacing, kind=kind))
    draw_scale_bar(axes, frame)
    assert not axes.lines and not axes.texts


def test_letters_say_where_the_edges_lie():
    """Axial: the patient's right is on the left of the picture, the front on top."""
    place = Dataset()
    place.ImagePositionPatient, place.ImageOrientationPatient, place.PixelSpacing = (
        [0, 0, 0],
        [1, 0, 0, 0, 1, 0],
        [1, 1],
    )
    axes = axes_for(frame := image(header=DatasetHeader(place)))
    draw_directions(axes, frame)
    at = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert set(at) == {"R", "L", "A", "P"}
    assert at["R"].x1 < at["L"].x0 and at["A"].y0 > at["P"].y1


@pytest.mark.parametrize(
    ("named", "letters"),
    [(["L", "F"], {"R", "L", "H", "F"}), (["P", "FL"], {"A", "P", "HR", "FL"}), (["LEFT", "F"], set()), (["L"], set())],
)
def test_letters_of_projections_are_those_of_patient_orientation(named, letters):
    """PS3.3 C.7.6.1.1.1: the directions of rows and columns, towards the right and the lower edge."""
    projection = Dataset()
    projection.PatientOrientation = named
    axes = axes_for(frame := image(header=DatasetHeader(projection)))
    draw_directions(axes, frame)
    at = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert set(at) == letters
    if letters:
        assert at[named[0]].x1 == max(box.x1 for box in at.values())
        assert at[named[1]].y0 == min(box.y0 for box in at.values())


def test_an_outline_runs_between_the_pixels_and_is_closed_at_the_edge():
    inside = np.zeros((10, 12), bool)
    inside[:4, 3:7] = True
    axes = axes_for(image(10, 12))
    limits = axes.get_xlim(), axes.get_ylim()
    draw_outline(axes, inside)
    points = np.concatenate([path.vertices for path in axes.collections[0].get_paths()])
    assert points.min(axis=0).tolist() == [2.5, -0.5] and points.max(axis=0).tolist() == [6.5, 3.5]
    assert (axes.get_xlim(), axes.get_ylim()) == limits


def test_an_empty_mask_has_no_outline():
    axes = axes_for(image())
    draw_outline(axes, np.zeros((40, 60), bool))
    assert not axes.collections
