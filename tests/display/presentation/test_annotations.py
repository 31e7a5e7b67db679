"""Graphics and text that a presentation state puts on a picture lie where their coordinates say."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.display.presentation.annotations import activations, circle, ellipse, interpolated
from hounsfield.headers.dataset_header import DatasetHeader
from states import CT, annotated, area, item, shown, state, words


@pytest.fixture(scope="module")
def ct(sample):
    return pydicom.dcmread(sample("CT_small.dcm"))


@pytest.fixture(scope="module")
def image(sample):
    return hu.read(sample("CT_small.dcm"))


def extent(picture):
    """First and last row and column that are not black."""
    rows, columns = np.nonzero(picture)
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize(
    ("kind", "data", "where"),
    [
        ("POINT", [40.5, 30.5], (26, 34, 36, 44)),
        ("POLYLINE", [10.5, 20.5, 50.5, 20.5], (20, 20, 10, 50)),
        ("POLYLINE", [10.5, 20.5, 50.5, 90.5, 20.5, 20.5], (20, 90, 10, 50)),
        ("INTERPOLATED", [10.5, 20.5, 30.5, 20.5, 50.5, 20.5], (20, 20, 10, 50)),
        ("CIRCLE", [60.5, 50.5, 80.5, 50.5], (30, 70, 40, 80)),
        ("ELLIPSE", [20.5, 50.5, 100.5, 50.5, 60.5, 40.5, 60.5, 60.5], (40, 60, 20, 100)),
    ],
)
def test_graphics_lie_where_their_coordinates_say(ct, image, kind, data, where):
    outline = annotated(image, ct, [(kind, data, "N")])
    assert np.abs(np.subtract(extent(outline), where)).max() <= 1
    assert extent(annotated(image, ct, [(kind, data, "Y")])) == extent(outline)


def test_filled_graphics_cover_their_area(ct, image):
    disk = annotated(image, ct, [("CIRCLE", [60.5, 50.5, 80.5, 50.5], "Y")])
    assert (disk == 255).sum() == pytest.approx(np.pi * 20.5**2, rel=0.02)
    ellipse = annotated(image, ct, [("ELLIPSE", [20, 50, 100, 50, 60, 40, 60, 60], "Y")])
    assert (ellipse == 255).sum() == pytest.approx(np.pi * 40.5 * 10.5, rel=0.03)


def test_an_interpolated_line_passes_all_its_points(ct, image):
    points = [20, 20, 60, 90, 100, 30, 110, 100]
    curve = annotated(image, ct, [("INTERPOLATED", [p + 0.5 for p in points], "N")])
    assert all(curve[y - 1 : y + 2, x - 1 : x + 2].any() for x, y in zip(points[::2], points[1::2], strict=True))


def test_display_units_count_from_the_displayed_area(ct, image):
    view = {"DisplayedAreaSelectionSequence": [area(21, 11, 100, 60)], "ImageRotation": 90}
    line = annotated(image, ct, [("POLYLINE", [0.1, 0.5, 0.9, 0.5], "N")], view=view, units="DISPLAY")
    assert line.shape == (80, 50)
    assert extent(line) == (40, 40, 5, 45)


def test_pixel_units_turn_with_the_image(ct, image):
    corner = [("POLYLINE", [10.5, 5.5, 10.5, 25.5], "N")]
    turned = annotated(image, ct, corner, view={"ImageRotation": 90, "ImageHorizontalFlip": "N"})
    assert extent(turned) == (10, 10, 128 - 26, 128 - 6)
    flipped = annotated(image, ct, corner, view={"ImageRotation": 0, "ImageHorizontalFlip": "Y"})
    assert extent(flipped) == (5, 25, 117, 117)


def test_text_stands_in_its_box(ct, image):
    top, bottom, left, right = extent(annotated(image, ct, texts=[words("Nodule", [20, 30, 110, 60])]))
    assert top >= 28 and bottom <= 60 and 18 <= left <= 24 and right <= 110
    right_aligned = extent(annotated(image, ct, texts=[words("Nodule", [20, 30, 110, 60], align="RIGHT")]))
    assert right_aligned[3] >= 105
    two = extent(annotated(image, ct, texts=[words("Nodule\r\n8 mm", [20, 30, 110, 60])]))
    assert two[1] > bottom


@pytest.mark.parametrize(("rotation", "flip"), [(90, "N"), (180, "N"), (270, "N"), (0, "Y")])
def test_text_runs_from_the_first_corner_to_the_second_and_is_never_mirrored(ct, image, rotation, flip):
    upright = annotated(image, ct, texts=[words("LF", [20, 30, 110, 60])])
    turned = annotated(
        image, ct, texts=[words("LF", [20, 30, 110, 60])], view={"ImageRotation": rotation, "ImageHorizontalFlip": flip}
    )
    quarter = rotation // 90 if flip == "N" else 1
    top, bottom, left, right = extent(upright)
    letters = np.rot90(upright[top : bottom + 1, left : right + 1], -quarter) > 127
    top, bottom, left, right = extent(turned)
    found = turned[top : bottom + 1, left : right + 1] > 127
    if flip == "N":
        assert np.array_equal(found, letters)
    else:
        assert found.shape[0] > found.shape[1]  # from the top right corner downwards


def test_an_anchor_point_is_linked_to_its_text(ct, image):
    without = annotated(image, ct, texts=[words("a", [20, 30, 60, 50], anchor=[100, 100])])
    linked = annotated(image, ct, texts=[words("a", [20, 30, 60, 50], anchor=[100, 100], visible="Y")])
    assert extent(without)[1] < 60
    assert extent(linked)[1] == pytest.approx(100, abs=1)
    assert annotated(image, ct, texts=[words("a", anchor=[50, 50])]).any()


def test_layers_are_drawn_in_their_order_and_grey(ct, image):
    square = [10, 10, 60, 10, 60, 60, 10, 60, 10, 10]
    groups, layers = [], []
    for name, order, grey in (("TOP", 2, 0x4000), ("LOW", 1, 0xFFFF)):
        graphic = item(GraphicAnnotationUnits="PIXEL", GraphicData=square, GraphicType="POLYLINE", GraphicFilled="Y")
        groups.append(item(GraphicLayer=name, GraphicObjectSequence=[graphic]))
        layers.append(
            item(GraphicLayer=name, GraphicLayerOrder=order, GraphicLayerRecommendedDisplayGrayscaleValue=grey)
        )
    picture = shown(image, state(ct, **CT, GraphicAnnotationSequence=groups, GraphicLayerSequence=layers))
    assert picture[30, 30] == 64


# --- Curves by themselves


def test_a_circle_is_round_and_closed():
    points = np.array(circle([(10.0, 20.0), (13.0, 24.0)], 1.0))
    assert np.allclose(np.hypot(*(points - (10, 20)).T), 5)
    assert np.allclose(points[0], points[-1])


def test_a_circle_is_round_where_pixels_are_not_square():
    """Pixels twice as high as wide: on the screen the distance down counts twice."""
    points = np.array(circle([(0.0, 0.0), (0.0, 3.0)], 2.0))
    assert np.allclose(np.hypot(points[:, 0], points[:, 1] * 2), 6)
    assert points[:, 0].max() == pytest.approx(6) and points[:, 1].max() == pytest.approx(3, abs=1e-3)


def test_an_ellipse_touches_the_ends_of_its_axes():
    ends = [(20.0, 50.0), (100.0, 50.0), (60.0, 40.0), (60.0, 60.0)]
    points = np.array(ellipse(ends))
    for end in ends:
        assert np.hypot(*(points - end).T).min() < 1
    # (x / 40)^2 + (y / 10)^2 = 1
    assert np.allclose(((points[:, 0] - 60) / 40) ** 2 + ((points[:, 1] - 50) / 10) ** 2, 1)


def test_a_curve_passes_through_its_points_and_a_straight_one_stays_straight():
    points = [(0.0, 0.0), (10.0, 5.0), (20.0, -5.0), (30.0, 0.0)]
    curve = np.array(interpolated(points))
    for point in points:
        assert np.hypot(*(curve - point).T).min() < 1e-9
    straight = np.array(interpolated([(0.0, 0.0), (5.0, 5.0), (10.0, 10.0)]))
    assert np.allclose(straight[:, 0], straight[:, 1])


def test_a_closed_curve_has_no_corner_at_its_end():
    square = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0)]
    curve = np.array(interpolated(square))
    first, last = curve[1] - curve[0], curve[-1] - curve[-2]
    assert first @ last > 0


def test_overlays_are_activated_by_group_and_layer():
    made = Dataset()
    made.add_new(0x60001001, "CS", "LAYER")
    made.add_new(0x60040010, "US", 5)
    assert activations(DatasetHeader(made)) == [(0x6000, "LAYER")]
