"""Figures of volumes: the slice and the montage show the slices' own pictures, by pydicom's values."""

import io

import numpy as np
import pydicom
import pytest
from matplotlib.colors import Normalize
from pydicom.pixels import apply_modality_lut

import hounsfield as hu
from hounsfield.figures.captions import slice_name
from hounsfield.figures.montage import evenly_spaced
from hounsfield.figures.words import WORDS

from sitk_volumes import tilted_ct
from volumes import PLACES, phantom_volume, random_affine


@pytest.fixture(scope="module")
def ct(corpus):
    return tilted_ct(corpus)


@pytest.fixture(scope="module")
def thorax(tmp_path_factory):
    return phantom_volume(tmp_path_factory.mktemp("thorax"), slices=9)[0]


def picture(axes):
    return np.asarray(axes.images[0].get_array())


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def texts(axes):
    return {text.get_text() for text in axes.texts}


def heading(figure):
    return figure.texts[0].get_text().replace("\n", " ")


def numbers(rows, columns, slices=5):
    return hu.Volume(np.arange(slices * rows * columns, dtype=np.int16).reshape(slices, rows, columns), unit="HU")


def by_hand(path, center, width):
    """What matplotlib shows of pydicom's HU, between the window's bounds (PS3.3 C.11.2.1.2)."""
    header = pydicom.dcmread(path)
    shown = Normalize(center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2, clip=True)
    return shown(apply_modality_lut(header.pixel_array, header)).filled() * 255


@pytest.mark.parametrize("index", [None, 0, 3, -1])
def test_a_slice_of_a_real_ct_is_pydicoms_and_matplotlibs(ct, index):
    volume, paths = ct
    figure = hu.figure(volume, slice_index=index, window=(40, 400))
    at = len(volume) // 2 if index is None else index % len(volume)
    assert np.abs(picture(figure.axes[0]) - by_hand(paths[at], 40, 400)).max() <= 1
    # The tilt is Gantry/Detector Tilt of the headers.
    assert heading(figure).startswith(f"slice {at + 1} of 14 (index {at}), oblique (19° from axial), ")
    assert heading(figure).endswith(" mm along the normal")
    assert texts(figure.axes[0]) == {"50 mm", "R", "L", "AH", "PF"}


def test_a_montage_of_a_real_ct_is_pydicoms_and_matplotlibs(ct):
    volume, paths = ct
    mask = hu.mask(volume)
    figure = hu.figure(volume, mask, montage=(2, 3), window=(40, 400))
    *panels, bar = figure.axes
    assert [int(axes.get_title().split()[1].rstrip(",")) for axes in panels] == [1, 3, 5, 8, 10, 12]
    for axes, at in zip(panels, (1, 3, 5, 8, 10, 12), strict=True):
        assert np.abs(picture(axes) - by_hand(paths[at], 40, 400)).max() <= 1
        assert len(axes.collections) == 1
    assert bar.get_ylabel() == "HU"
    assert texts(panels[0]) == {"50 mm", "R", "L", "AH", "PF"}
    assert not any(texts(axes) or axes.lines for axes in panels[1:])
    assert heading(figure) == (
        "6 of 14 slices, oblique (19° from axial); index counted from 0; n: mm along the normal; outline: the mask"
    )


def test_the_middle_slice_has_three_panels(thorax):
    mask = hu.mask(thorax, tissue="bone")
    figure = hu.figure(thorax, mask, outline=True)
    assert titles(figure) == ["Original", "Mask", "Result", ""]
    assert heading(figure) == "axial slice 5 of 9 (index 4), z = 0 mm (feet to head); outline: the mask"
    original, inside, result = (picture(axes) for axes in figure.axes[:3])
    rendered = hu.render(thorax)[4]
    np.testing.assert_array_equal(original, rendered)
    np.testing.assert_array_equal(inside == 255, mask.values[4])
    np.testing.assert_array_equal(result, np.where(mask.values[4], rendered, 0))
    assert len(figure.axes[0].collections) == 1


@pytest.mark.parametrize("place", PLACES)
def test_panels_say_where_pydicom_has_the_slices(tmp_path, place):
    volume, made = phantom_volume(tmp_path, **PLACES[place])
    for index, path in enumerate(made.files):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        position = np.array(header.ImagePositionPatient, float)
        cosines = np.array(header.ImageOrientationPatient, float)
        normal = np.cross(cosines[:3], cosines[3:])
        axis = "n" if np.abs(normal).max() < 0.999 else "xyz"[np.abs(normal).argmax()]
        expected = position @ normal if axis == "n" else position["xyz".index(axis)]
        name, number = slice_name(volume, index, WORDS["en"]).removesuffix(" mm").split(" = ")
        assert name == f"index {index}, {axis}"
        assert float(number) == pytest.approx(expected, abs=0.006)


def test_any_place_and_none():
    rng = np.random.default_rng(3)
    for _ in range(20):
        affine = random_affine(rng, sheared=True)
        volume = hu.Volume(np.zeros((3, 2, 2)), affine)
        number = float(slice_name(volume, 2, WORDS["en"]).split(" = ")[1].removesuffix(" mm"))
        # The distance of any pixel of the slice.
        assert number == pytest.approx(volume.to_lps((2, 7, -5)) @ volume.plane(0).normal, abs=0.006)
    assert slice_name(hu.Volume(np.zeros((3, 2, 2))), 2, WORDS["en"]) == "index 2"


@pytest.mark.parametrize("slices", [1, 2, 7, 30, 448])
def test_picks_are_the_middles_of_equal_parts(slices):
    for count in range(1, min(slices, 40) + 1):
        picked = evenly_spaced(count, slices)
        edges = np.linspace(0, slices, count + 1)
        assert picked == [int((a + b) / 2 + 1e-9) for a, b in zip(edges, edges[1:], strict=False)]
        assert len(set(picked)) == count
        assert np.ptp(np.diff(picked)) <= 1 if count > 2 else True
    assert evenly_spaced(1, slices) == [slices // 2]
    assert evenly_spaced(slices, slices) == list(range(slices))


@pytest.mark.parametrize(
    ("montage", "shape"), [(1, (1, 1)), (4, (2, 2)), (12, (3, 4)), ((2, 5), (2, 5)), ((5, 2), (5, 2)), ((1, 9), (1, 9))]
)
def test_panels_run_row_by_row_in_the_grid_that_was_asked_for(montage, shape):
    volume = numbers(20, 20, slices=30)
    panels = hu.figure(volume, montage=montage).axes[:-1]
    lefts, lows = ({round(getattr(axes.get_position(), side), 4) for axes in panels} for side in ("x0", "y0"))
    assert (len(lows), len(lefts)) == shape
    drawn = [axes for axes in panels if axes.images]
    assert [int(axes.get_title().split()[1]) for axes in drawn] == evenly_spaced(shape[0] * shape[1], 30)
    order = [(-round(axes.get_position().y0, 4), axes.get_position().x0) for axes in panels]
    assert order == sorted(order)


@pytest.mark.parametrize("montage", [99, (4, 4), (9, 1), (1, 99)])
def test_no_more_panels_than_slices(montage):
    volume = numbers(8, 8)
    figure = hu.figure(volume, montage=montage)
    drawn = [axes for axes in figure.axes[:-1] if axes.images]
    assert [axes.get_title() for axes in drawn] == [f"index {index}" for index in range(5)]
    assert heading(figure) == "all 5 slices; index counted from 0; scale not known"
    for axes, shown in zip(drawn, hu.render(volume), strict=True):
        np.testing.assert_array_equal(picture(axes), shown)
    assert not any(axes.axison for axes in figure.axes[:-1] if not axes.images)


def test_all_panels_share_one_window(thorax):
    darker = thorax.with_values(np.clip(thorax.values // 4, -1024, None), unit="")
    darker.values[0] = 3000
    shown = [picture(axes) for axes in hu.figure(darker, montage=9).axes[:-1]]
    np.testing.assert_array_equal(np.stack(shown), hu.render(darker))
    for value in np.unique(darker.values)[::50]:
        greys = {
            int(grey) for image, values in zip(shown, darker.values, strict=True) for grey in image[values == value]
        }
        assert len(greys) == 1
    np.testing.assert_array_equal(picture(hu.figure(darker, slice_index=2).axes[0]), shown[2])


def test_outlines_of_empty_full_and_touching_masks():
    volume = numbers(6, 8, slices=3)
    mask = np.zeros(volume.shape, bool)
    mask[1] = True
    mask[2, :2, :3] = True
    panels = hu.figure(volume, mask, montage=3).axes[:3]
    assert [len(axes.collections) for axes in panels] == [0, 1, 1]
    full, touching = (axes.collections[0].get_paths()[0].vertices for axes in panels[1:])
    np.testing.assert_allclose([full.min(axis=0), full.max(axis=0)], [(-0.5, -0.5), (7.5, 5.5)])
    np.testing.assert_allclose([touching.min(axis=0), touching.max(axis=0)], [(-0.5, -0.5), (2.5, 1.5)])
    for axes in panels:
        assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 7.5), (5.5, -0.5))
    nothing = hu.figure(volume, np.zeros(volume.shape, bool), outline=True)
    assert not nothing.axes[0].collections
    assert not picture(nothing.axes[1]).any()
    assert not picture(nothing.axes[2]).any()


def test_colours_and_masks_have_no_bar():
    colours = np.random.default_rng(1).integers(0, 256, (4, 6, 5, 3), np.uint8)
    figure = hu.figure(hu.Volume(colours, color=True), colours[..., 0] > 99, montage=4)
    assert len(figure.axes) == 4
    for axes, expected in zip(figure.axes, colours, strict=True):
        np.testing.assert_array_equal(picture(axes), expected)
    one = hu.figure(hu.Volume(colours, color=True), colours[..., 0] > 99)
    np.testing.assert_array_equal(picture(one.axes[2]), np.where(colours[2, ..., :1] > 99, colours[2], 0))
    mask = hu.figure(hu.Volume(colours[..., 0] > 99), montage=2)
    np.testing.assert_array_equal(picture(mask.axes[1]) == 255, colours[3, ..., 0] > 99)
    assert len(mask.axes) == 2


def test_a_volume_of_one_slice_has_one_panel(thorax):
    for figure in (hu.figure(thorax[4:5]), hu.figure(thorax[4:5], montage=9)):
        np.testing.assert_array_equal(picture(figure.axes[0]), hu.render(thorax)[4])
        assert len(figure.axes) == 2
    assert heading(hu.figure(thorax[4:5])) == "axial slice 1 of 1 (index 0), z = 0 mm (feet to head)"


def test_without_a_place_no_directions_are_drawn(thorax):
    volume = hu.Volume(thorax.values, unit="HU", pixel_spacing=(6.0, 6.0), spacing_kind="patient")
    for options in ({}, {"montage": 4}):
        figure = hu.figure(volume, **options)
        assert {len(text) > 2 for text in texts(figure.axes[0])} == {True}
        assert "mm" not in heading(figure)
    assert hu.figure(hu.Volume(thorax.values)).axes[-1].get_ylabel() == "value (no known unit)"


@pytest.mark.parametrize("spacing", [(2.0, 1.0), (1.0, 2.0), (1.0, 9.0)])
def test_pixels_have_their_true_shape_in_every_panel(spacing):
    affine = np.diag([spacing[1], spacing[0], 3, 1.0])[:, [2, 1, 0, 3]]
    for axes in hu.figure(hu.Volume(np.zeros((6, 30, 30)), affine), montage=6).axes[:-1]:
        axes.apply_aspect()
        box = axes.get_window_extent()
        assert box.height / box.width == pytest.approx(spacing[0] / spacing[1], rel=0.05)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 2000), (3, 2000, 3)])
@pytest.mark.parametrize("montage", [None, 2, (3, 1)])
def test_extreme_shapes_can_be_drawn(shape, montage):
    volume = hu.Volume(np.arange(np.prod(shape), dtype=np.int32).reshape(shape), np.eye(4)[:, [2, 1, 0, 3]])
    buffer = io.BytesIO()
    hu.figure(volume, volume.values > 3, montage=montage, outline=True).savefig(buffer)
    assert buffer.getvalue()


@pytest.mark.parametrize("montage", [2, 12, 30, (1, 6), (10, 3)])
def test_titles_do_not_run_into_each_other(montage):
    affine = np.diag([1, 1, 3, 1.0])[:, [2, 1, 0, 3]]
    affine[2, 3] = -1234.56
    figure = hu.figure(hu.Volume(np.zeros((30, 40, 40)), affine), montage=montage)
    boxes = [axes.title.get_window_extent() for axes in figure.axes[:-1] if axes.images]
    heads = figure.texts[0].get_window_extent()
    for number, box in enumerate(boxes):
        assert box.x0 >= 0
        assert not any(box.overlaps(other) for other in [*boxes[number + 1 :], heads])
    assert heads.x1 <= figure.bbox.x1


@pytest.mark.parametrize("index", [9, -10, 100])
def test_slices_that_are_not_there(thorax, index):
    with pytest.raises(IndexError, match=f"{index} is out of range: 9 slices, counted from 0"):
        hu.figure(thorax, slice_index=index)


@pytest.mark.parametrize("montage", [0, -1, (0, 3), (2, -1), (1, 2, 3), ()])
def test_montages_that_cannot_be_are_refused(thorax, montage):
    with pytest.raises(ValueError, match="montage must be a number of slices"):
        hu.figure(thorax, montage=montage)


def test_what_is_refused(thorax):
    with pytest.raises(ValueError, match="not both"):
        hu.figure(thorax, slice_index=1, montage=4)
    with pytest.raises(ValueError, match="are for volumes"):
        hu.figure(thorax[0], montage=4)
    with pytest.raises(ValueError, match="are for volumes"):
        hu.figure(thorax[0], slice_index=0)
    with pytest.raises(ValueError, match="at most 400"):
        hu.figure(numbers(1, 1, slices=500), montage=401)
    with pytest.raises(hu.GeometryError, match="shape"):
        hu.figure(thorax, hu.mask(thorax)[1:], montage=4)
    with pytest.raises(hu.GeometryError, match="elsewhere"):
        hu.figure(thorax[:5], hu.mask(thorax)[4:])
    for options in ({}, {"montage": 2}):
        with pytest.raises(IndexError, match="0 slices"):
            hu.figure(hu.Volume(np.zeros((0, 3, 3))), **options)


def test_no_patient_in_any_format(thorax):
    assert thorax.header["PatientID"]
    for form in ("svg", "pdf", "png"):
        buffer = io.BytesIO()
        hu.figure(thorax, hu.mask(thorax), montage=4).savefig(buffer, format=form)
        assert str(thorax.header["PatientID"]).encode() not in buffer.getvalue()
        assert b"Phantom" not in buffer.getvalue()
