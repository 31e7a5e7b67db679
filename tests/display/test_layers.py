"""What lies over a picture, apart from it: put together they are what `render` shows."""

import warnings

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.display.layers import layer_of
from hounsfield.display.presentation.softcopy import state_colours
from hounsfield.display.presentation.state_layer import state_layer
from hounsfield.display.presentation.view import view_of
from hounsfield.display.screen_colour import is_supplemental
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import choose_voi, presets, window_of_values
from states import CT, item, state, words

from made import dataset, to_bytes

OVERLAY = get_testdata_file("examples_overlay.dcm")


def put_over(picture, layer):
    """A picture with a layer over it, as far as both reach."""
    rgb = np.repeat(picture[..., None], 3, -1) if picture.ndim == 2 else picture
    out = rgb.astype(float)
    (top, left), (rows, columns) = layer.origin, layer.rgba.shape[:2]
    assert top >= 0 and left >= 0
    part = out[top : top + rows, left : left + columns]
    share = layer.rgba[: part.shape[0], : part.shape[1], 3:] / 255
    part[...] = part * (1 - share) + layer.rgba[: part.shape[0], : part.shape[1], :3] * share
    return np.floor(out + 0.5).astype(np.uint8)


def test_overlays_are_drawn_where_asked_for():
    image, planes = hu.read(OVERLAY), hu.overlays(OVERLAY)
    plain, shown = hu.render(image), hu.render(image, overlays=planes)
    bits = planes[0].mask.values
    assert bits.any() and (shown[bits] == 255).all() and (shown[~bits] == plain[~bits]).all()
    assert not np.array_equal(plain, shown)
    layer = layer_of(image, planes, shutter=False)
    assert np.array_equal(put_over(plain, layer)[..., 0], shown)
    assert layer_of(image, (), shutter=True) is None


def test_overlays_of_frames_lie_over_their_frames():
    made = dataset(np.zeros((3, 4, 5), np.uint16), NumberOfFrames=3, WindowCenter=5, WindowWidth=10)
    made.add_new(0x60000010, "US", 2)
    made.add_new(0x60000011, "US", 8)
    made.add_new(0x60000015, "IS", 2)
    made.add_new(0x60000040, "CS", "G")
    made.add_new(0x60000050, "SS", [3, -2])
    made.add_new(0x60000051, "US", 2)
    made.add_new(0x60000100, "US", 1)
    made.add_new(0x60000102, "US", 0)
    made.add_new(0x60003000, "OW", bytes([0b11111111, 0b00010000, 0b11111111, 0b00100000]))
    data = to_bytes(made)
    image, planes = hu.read(data), hu.overlays(data)
    shown = hu.render(image, overlays=planes)
    for index in range(3):
        assert np.array_equal(shown[index] == 255, planes[0].mask.values[index])
        assert np.array_equal(hu.render(image.frame(index), overlays=planes), shown[index])
    assert [int((frame == 255).sum()) for frame in shown] == [0, 6, 6]


@pytest.mark.parametrize("colour", [False, True])
def test_the_shutter_of_an_image_is_followed_where_asked_for(colour):
    values = np.full((6, 7, 3) if colour else (6, 7), 200, np.uint8)
    values[2, 3] = 90
    attributes = {"ShutterShape": "RECTANGULAR", "ShutterPresentationValue": 0}
    edges = {
        "ShutterLeftVerticalEdge": 2,
        "ShutterRightVerticalEdge": 6,
        "ShutterUpperHorizontalEdge": 3,
        "ShutterLowerHorizontalEdge": 4,
    }
    extra = (
        {
            "PhotometricInterpretation": "RGB",
            "SamplesPerPixel": 3,
            "PlanarConfiguration": 0,
            "NumberOfFrames": None,
            "Rows": 6,
            "Columns": 7,
        }
        if colour
        else {}
    )
    image = hu.read(to_bytes(dataset(values, **attributes, **edges, **extra)))
    plain, shown = hu.render(image), hu.render(image, shutter=True)
    inside = np.zeros((6, 7), bool)
    inside[2:4, 1:6] = True  # edges are counted from 1, and are visible
    assert (shown[~inside] == 0).all() and np.array_equal(shown[inside], plain[inside]) and (plain[inside] > 0).all()
    assert np.array_equal(
        put_over(plain, layer_of(image, (), shutter=True)), put_over(shown, layer_of(image, (), shutter=True))
    )


def test_a_state_and_overlays_of_ones_own_exclude_each_other():
    ct = dataset(np.zeros((4, 4), np.uint16), SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    image = hu.read(to_bytes(ct))
    with pytest.raises(ValueError, match="presentation state says"):
        hu.render(image, presentation=hu.presentation(to_bytes(state(ct, **CT))), shutter=True)


def test_colours_of_a_supplemental_palette_are_a_layer():
    path = get_testdata_file("eCT_Supplemental.dcm") or pytest.skip("pydicom-data is not installed")
    image = hu.read(path)
    for index in range(image.frames):
        frame = image.frame(index)
        assert is_supplemental(frame)
        grey = shading_of(frame, choose_voi(frame)).grey(frame.values)
        assert np.array_equal(put_over(grey, layer_of(frame, (), shutter=False)), hu.render(frame))
        grey = shading_of(frame, choose_voi(frame, (50, 300))).grey(frame.values)
        assert np.array_equal(put_over(grey, layer_of(frame, (), shutter=False)), hu.render(frame, (50, 300)))


@pytest.mark.parametrize(("turn", "flip"), [(0, "N"), (90, "N"), (180, "Y"), (270, "Y")])
def test_a_state_is_its_grey_levels_and_its_layer(turn, flip):
    values = np.random.default_rng(1).integers(800, 1300, (40, 60)).astype(np.uint16)
    ct = dataset(values, SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    circle = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [20, 30], "RadiusOfCircularShutter": 18}
    group = item(GraphicLayer="A", TextObjectSequence=[words("Ag", box=[12.0, 12.0, 40.0, 30.0])])
    group.GraphicObjectSequence = [
        item(
            GraphicAnnotationUnits="PIXEL",
            GraphicDimensions=2,
            NumberOfGraphicPoints=2,
            GraphicData=[20.0, 30.0, 40.0, 14.0],
            GraphicType="POLYLINE",
            GraphicFilled="N",
        )
    ]
    layers = [item(GraphicLayer="A", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=30000)]
    made = state(
        ct,
        **CT,
        **circle,
        ImageRotation=turn,
        ImageHorizontalFlip=flip,
        GraphicAnnotationSequence=[group],
        GraphicLayerSequence=layers,
        ShutterPresentationValue=20000,
    )
    shown_as, image = hu.presentation(to_bytes(made)), hu.read(to_bytes(ct))
    layer = state_layer(image, shown_as)
    whole = put_over(state_colours(image, shown_as), layer)
    expected = hu.render(image, presentation=shown_as)
    got = view_of(image, shown_as, square=False).picture(whole)[..., 0]
    # Letters are smooth at their edges, where two roundings meet.
    assert np.abs(got.astype(int) - expected).max() <= 1
    without = state_layer(image, shown_as, ("overlays", "graphics"))
    assert not np.array_equal(without.rgba, layer.rgba)


def test_a_window_for_the_values_of_a_region():
    image = hu.Image(np.arange(10_000.0).reshape(100, 100), unit="HU")
    low, high = window_of_values(image).bounds
    assert (low, high) == pytest.approx(np.percentile(image.values, [0.5, 99.5]))
    padding = image.values < 5000
    low, high = window_of_values(hu.Image(image.values, unit="HU", padding=padding)).bounds
    assert (low, high) == pytest.approx(np.percentile(image.values[~padding], [0.5, 99.5]))
    assert window_of_values(hu.Image(np.full((3, 3), 7))).bounds == (6.5, 7.5)


def test_presets_are_those_of_the_unit():
    assert "lung" in presets(hu.Image([[1]], unit="HU"))
    assert presets(hu.Image([[1]])) == {}
    suv = presets(hu.Image([[1.0]], unit="g/ml{SUVbw}"))
    assert suv["suv 0 to 10"].bounds == (0, 10) and suv["suv 0 to 5"].bounds == (0, 5)
    image = hu.Image([[0.0, 5.0, 10.0]], unit="g/ml{SUVbw}")
    assert hu.render(image, "SUV 0 to 5").tolist() == [[0, 255, 255]]
    assert np.array_equal(hu.render(image, "SUV 0 to 10"), hu.render(image))


def test_infinite_values_pass_a_voi_lut_without_a_warning():
    from hounsfield.display.voi import VoiTable
    from hounsfield.values.lut import LookUpTable

    table = LookUpTable(-5, 8, np.arange(10, 20))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in (np.float16, np.float32, np.float64):
            values = np.array([-np.inf, -7, -5, 0, 4, 9, np.inf], kind)
            assert table.apply(values).tolist() == [10, 10, 10, 15, 19, 19, 19]
            shown = VoiTable(table).apply(np.append(values, np.nan).astype(kind))
        assert shown[0] == shown[1] < shown[5] == shown[6]
