"""What the page draws over images, and how it shows values, in a real browser: the same as `hounsfield.render`."""

import os
import re
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import (
    choose,
    corner,
    hide_patient,
    pixels,
    planes_of,
    point,
    probed,
    saved_view,
    serving,
    settled,
    uncovered,
)
from browsing import open_page as let_in
from hounsfield.display.voi import window_of_values
from resting import at_rest
from states import CT, HU, area, item, lut, state, window, words

from made import dataset, to_bytes

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
CORPUS = Path(os.environ.get("HOUNSFIELD_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
OVERLAYS = {
    "examples_overlay.dcm": "pydicom",
    "MR-SIEMENS-DICOM-WithOverlays.dcm": "pydicom",
    "GH1728.dcm": "fo-dicom",
    "OutOfBoundsOverlay.dcm": "fo-dicom",
}


def found(name):
    path = CORPUS / "fo-dicom" / name if OVERLAYS.get(name) == "fo-dicom" else get_testdata_file(name, download=False)
    if not path or not Path(path).exists():
        pytest.skip(f"{name} is not at hand")
    return Path(path)


@pytest.fixture
def open_page(browser):
    """A function that shows files in a page of its own."""
    with ExitStack() as stack:

        def opened(*paths, no_phi=False):
            served = stack.enter_context(serving(*paths, no_phi=no_phi, assembled=True))
            context = browser.new_context(viewport={"width": 1200, "height": 640}, locale="en-US", color_scheme="dark")
            stack.callback(context.close)
            page = let_in(context, served)
            stack.callback(lambda: page.problems == [] or pytest.fail(str(page.problems)))
            page.served = served
            still(page)
            return page

        yield opened


def still(page, pane=0):
    """Wait until a frame and all that lies over it are drawn, and the panel has asked what there is."""
    settled(page, pane)


def plain(page):
    """One image pixel to one of the screen; nothing but what is asked for lies over it."""
    uncovered(page)
    still(page)


def canvas(page, pane=0):
    return pixels(page, pane).astype(int)


def rgb(picture):
    return (np.repeat(picture[..., None], 3, -1) if picture.ndim == 2 else picture).astype(int)


def worst(screen, picture):
    """The largest difference between the screen and a picture in its middle, as far as that is seen."""
    picture = rgb(picture)
    (height, width), (rows, columns) = screen.shape[:2], picture.shape[:2]
    top, left = int(np.floor(height / 2 - rows / 2 + 0.5)), int(np.floor(width / 2 - columns / 2 + 0.5))
    y, x = max(0, -top), max(0, -left)
    part = picture[y : y + height - max(top, 0), x : x + width - max(left, 0)]
    seen = screen[max(top, 0) : max(top, 0) + part.shape[0], max(left, 0) : max(left, 0) + part.shape[1]]
    assert min(part.shape[:2]) >= min(10, rows, columns)
    return int(np.abs(seen - part).max())


@pytest.mark.parametrize("name", OVERLAYS)
def test_overlays_are_those_of_render_and_can_be_switched(open_page, name):
    path = found(name)
    page = open_page(path)
    plain(page)
    image, planes = hu.read(path), hu.overlays(path)
    assert worst(canvas(page), hu.render(image)) == 0
    boxes = page.get_by_role("checkbox", name=re.compile("^Overlay"))
    boxes.first.wait_for()
    assert boxes.count() == len(planes)
    for number in range(len(planes)):
        boxes.nth(number).check()
        still(page)
        assert worst(canvas(page), hu.render(image, overlays=planes[: number + 1])) == 0
    picture = saved_view(page)
    if image.pixel_spacing is None or image.pixel_spacing[0] == image.pixel_spacing[1]:
        assert np.array_equal(picture.astype(int), rgb(hu.render(image, overlays=planes)))
    boxes.first.focus()
    page.keyboard.press("Space")
    still(page)
    assert worst(canvas(page), hu.render(image, overlays=planes[1:])) == 0


def test_the_shutter_of_an_image_can_be_followed(open_page):
    path = found("OutOfBoundsOverlay.dcm")
    page = open_page(path)
    plain(page)
    box = page.get_by_role("checkbox", name="Shutter of the image")
    box.check()
    still(page)
    assert worst(canvas(page), hu.render(hu.read(path), shutter=True)) == 0


def annotations():
    group = item(GraphicLayer="A", TextObjectSequence=[words("Lesion 12 mm", box=[30.0, 20.0, 120.0, 40.0])])
    group.GraphicObjectSequence = [
        item(
            GraphicAnnotationUnits="PIXEL",
            GraphicDimensions=2,
            NumberOfGraphicPoints=2,
            GraphicData=data,
            GraphicType=kind,
            GraphicFilled=filled,
        )
        for kind, data, filled in (
            ("POLYLINE", [20.0, 30.0, 90.0, 64.0], "N"),
            ("CIRCLE", [120.0, 70.0, 135.0, 70.0], "N"),
            ("CIRCLE", [60.0, 100.0, 66.0, 100.0], "Y"),
        )
    ]
    layers = [item(GraphicLayer="A", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=60000)]
    return {"GraphicAnnotationSequence": [group], "GraphicLayerSequence": layers}


SHUTTER = {
    "ShutterShape": "CIRCULAR",
    "CenterOfCircularShutter": [60, 80],
    "RadiusOfCircularShutter": 70,
    "ShutterPresentationValue": 9000,
}
STATES = {
    "window": {**CT},
    "stored": {"SoftcopyVOILUTSequence": [window(1200, 300)]},
    "table": {**HU, "SoftcopyVOILUTSequence": [item(VOILUTSequence=[lut(list(range(0, 65536, 300)), -40 & 0xFFFF)])]},
    "inverse": {**CT, "PresentationLUTShape": "INVERSE"},
    "sigmoid": {**HU, "SoftcopyVOILUTSequence": [window(40, 400, VOILUTFunction="SIGMOID")]},
    "turned": {**CT, **annotations(), "ImageRotation": 90, "ImageHorizontalFlip": "N"},
    "turned and flipped": {**CT, **annotations(), **SHUTTER, "ImageRotation": 270, "ImageHorizontalFlip": "Y"},
    "flipped": {**CT, **annotations(), "ImageRotation": 180, "ImageHorizontalFlip": "Y"},
    "area": {**CT, **annotations(), **SHUTTER, "DisplayedAreaSelectionSequence": [area(21, 11, 140, 110)]},
    "beyond": {**CT, "ImageRotation": 90, "DisplayedAreaSelectionSequence": [area(-19, 31, 100, 140)]},
}


@pytest.fixture(scope="module")
def states_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    down, across = np.mgrid[:120, :160]
    values = (1000 + 200 * np.sin(down / 9) + 300 * np.cos(across / 13) + down).astype(np.uint16)
    ct = dataset(
        values, SOPClassUID=CT_CLASS, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=100, WindowWidth=900
    )
    (folder / "ct.dcm").write_bytes(to_bytes(ct))
    for number, (label, attributes) in enumerate(STATES.items()):
        made = state(ct, ContentLabel=label.upper(), **attributes)
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.9.{number}"
        (folder / f"{label}.dcm").write_bytes(to_bytes(made))
    return folder


def test_presentation_states_are_those_of_render(open_page, states_folder):
    page = open_page(states_folder)
    plain(page)
    image = hu.read(states_folder / "ct.dcm")
    choice = page.get_by_role("combobox", name="Presentation state")
    choice.wait_for()
    assert sorted(choice.locator("option").all_inner_texts()[1:]) == sorted(label.upper() for label in STATES)
    for label in STATES:
        choice.select_option(label=label.upper())
        page.locator(".pane").first.focus()
        still(page)
        page.keyboard.press("1")
        still(page)
        expected = hu.render(image, presentation=hu.presentation(states_folder / f"{label}.dcm"))
        # Letters are smooth at their edges: there the canvas rounds in another order.
        assert worst(canvas(page), expected) <= (2 if "GraphicAnnotationSequence" in STATES[label] else 0), label
        picture = saved_view(page).astype(int)
        assert picture.shape[:2] == expected.shape
        assert np.abs(picture - rgb(expected)).max() <= 2, label
    choice.select_option(label="none")
    page.locator(".pane").first.focus()
    still(page)
    page.keyboard.press("1")
    still(page)
    assert worst(canvas(page), hu.render(image)) == 0


def test_a_window_may_be_dragged_in_a_state_and_comes_back(open_page, states_folder):
    page = open_page(states_folder)
    plain(page)
    shown_as, image = hu.presentation(states_folder / "area.dcm"), hu.read(states_folder / "ct.dcm")
    page.get_by_role("combobox", name="Presentation state").select_option(label="AREA")
    page.get_by_role("checkbox", name="Its annotations").uncheck()
    for label, value in (("Center", "100"), ("Width", "700")):
        page.get_by_role("spinbutton", name=label).fill(value)
        page.keyboard.press("Enter")
    page.locator(".pane").first.focus()
    page.keyboard.press("1")
    still(page)
    without = hu.presentation(to_bytes(without_annotations(states_folder / "area.dcm")))
    assert worst(canvas(page), hu.render(image, (100, 700), presentation=without)) == 0
    page.keyboard.press("0")
    page.keyboard.press("1")
    page.get_by_role("checkbox", name="Its annotations").check()
    still(page)
    assert worst(canvas(page), hu.render(image, presentation=shown_as)) <= 2


def without_annotations(path):
    import pydicom

    made = pydicom.dcmread(path)
    del made.GraphicAnnotationSequence
    return made


def test_nothing_that_names_is_drawn_while_the_patient_is_hidden(open_page, states_folder):
    page = open_page(states_folder, found("examples_overlay.dcm"), no_phi=True)
    page.locator(".entry").first.click()
    still(page)
    for number in range(page.locator(".entry").count()):
        page.locator(".entry").nth(number).click()
        still(page)
        text = page.locator("body").inner_text()
        assert not any(label.upper() in text for label in STATES if label != "window")
        for box in page.get_by_role("checkbox", name=re.compile("^Overlay")).all():
            assert box.is_disabled()
        choice = page.get_by_role("combobox", name="Presentation state")
        if choice.is_visible():
            assert "Presentation state 1" in choice.locator("option").all_inner_texts()
            choice.select_option(index=1)
            still(page)
            page.get_by_text("Overlays and texts are not shown while the patient is hidden").wait_for()


def test_what_is_drawn_goes_when_the_patient_is_hidden(open_page):
    path = found("examples_overlay.dcm")
    page = open_page(path)
    plain(page)
    page.get_by_role("checkbox", name=re.compile("^Overlay")).check()
    still(page)
    image = hu.read(path)
    assert worst(canvas(page), hu.render(image)) == 255
    hide_patient(page)
    page.get_by_text("Overlays and texts are not shown while the patient is hidden").wait_for()
    still(page)
    assert worst(canvas(page), hu.render(image)) == 0
    hide_patient(page, False)
    page.get_by_text("Overlays and texts are not shown while the patient is hidden").wait_for(state="hidden")
    still(page)
    assert worst(canvas(page), hu.render(image, overlays=hu.overlays(path))) == 0


def test_supplemental_colours_stay_while_the_grey_is_windowed(open_page):
    path = found("eCT_Supplemental.dcm")
    page = open_page(path)
    plain(page)
    first = int(page.locator(".pane").first.get_attribute("data-frame"))
    volume = "slices" in page.locator(".entry[aria-current]").inner_text()
    whole = next(iter(hu.read_volumes(path))) if volume else hu.read(path)
    still(page)
    assert worst(canvas(page), hu.render(whole)[first]) == 0
    for label, value in (("Center", "60"), ("Width", "900")):
        page.get_by_role("spinbutton", name=label).fill(value)
        page.keyboard.press("Enter")
    still(page)
    assert worst(canvas(page), hu.render(whole, (60, 900))[first]) == 0


def at(page, row, column, size):
    """Move the mouse to a pixel of an image that is shown pixel for pixel."""
    assert point(page, size, row, column)


def test_ultrasound_axes_are_those_of_the_region_under_the_cursor(open_page):
    path = found("examples_palette.dcm")
    page = open_page(path)
    page.locator(".pane").first.focus()
    page.keyboard.press("1")
    image, regions = hu.read(path, values="stored"), hu.regions(path)
    for row, column in ((196, 460), (120, 400), (330, 300), (5, 300), (345, 420)):
        at(page, row, column, image.size)
        text, region = probed(page), regions.at(row, column)
        assert f"palette index {image.values[row, column]} " in text
        if region is None:
            assert "outside the ultrasound regions" in text
        else:
            down, right = region.to_physical(row, column)
            if region.units == ("cm", "cm"):
                assert (
                    f"→ {right * 10:.1f} mm ↓ {down * 10:.1f} mm (ultrasound region: 2D, tissue)".replace("-0.0", "0.0")
                    in text
                )
            else:
                assert f"→ {float(f'{right:.4g}'):.5g} s (ultrasound region: waveform, ECG trace)" in text


def test_a_window_from_a_dragged_region(open_page, tmp_path):
    hu.phantom(tmp_path / "ct", matrix=128, slices=12)
    volume = next(iter(hu.read_volumes(tmp_path / "ct")))
    page = open_page(tmp_path / "ct")
    page.locator(".entry").first.click()
    plain(page)
    frame = int(page.locator(".pane").first.get_attribute("data-frame"))
    before = canvas(page)
    page.keyboard.press("e")
    at_rest(page)
    assert page.get_by_role("button", name="Left drag: window from a region").get_attribute("aria-pressed") == "true"
    at(page, 40, 50, (128, 128))
    page.mouse.down()
    at(page, 90, 100, (128, 128))
    page.locator(".pane .region").first.wait_for()
    page.keyboard.press("Escape")
    at_rest(page)
    assert not page.locator(".pane .region").first.is_visible()
    page.mouse.up()
    still(page)
    assert np.array_equal(canvas(page), before)
    at(page, 40, 50, (128, 128))
    page.mouse.down()
    at(page, 70, 80, (128, 128))
    at(page, 90, 100, (128, 128))
    page.mouse.up()
    still(page)
    # From the middle of one pixel to that of another: both are within.
    expected = window_of_values(hu.Image(volume.values[frame, 40:91, 50:101]))
    assert worst(canvas(page), hu.render(volume, expected)[frame]) == 0
    page.keyboard.press("0")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    still(page)
    expected = window_of_values(hu.Image(volume.values[frame]))
    assert worst(canvas(page), hu.render(volume, expected)[frame]) == 0
    planes_of(page)
    pane = page.locator(".pane").nth(1)
    pane.focus()
    page.keyboard.press("0")
    page.keyboard.press("f")
    page.keyboard.press("Enter")
    still(page, 1)
    index = int(pane.get_attribute("data-frame"))
    expected = window_of_values(hu.Image(volume.reformat("coronal").values[index]))
    page.get_by_role("button", name="Texts over the image").click()
    told = f"C {float(f'{expected.center:.6g}'):.5g}".replace("-", "\u2212")
    page.locator(".pane").nth(1).locator(".corner.bottomLeft", has_text=told).wait_for()


def test_padding_is_drawn_apart_where_asked_for(open_page, tmp_path):
    values = np.random.default_rng(4).integers(5, 60, (48, 64)).astype(np.uint16)
    values[:, :20] = np.random.default_rng(5).integers(0, 3, (48, 20))
    made = dataset(values, PixelPaddingValue=0, PixelPaddingRangeLimit=2, WindowCenter=30, WindowWidth=60)
    (tmp_path / "one.dcm").write_bytes(to_bytes(made))
    page = open_page(tmp_path / "one.dcm")
    plain(page)
    image = hu.read(tmp_path / "one.dcm")
    assert image.padding.sum() == 48 * 20 and worst(canvas(page), hu.render(image)) == 0
    page.get_by_role("checkbox", name="Padding (no measurement)").check()
    still(page)
    seen = canvas(page)
    top, left = corner(seen.shape[:2], (48, 64))
    part = seen[top : top + 48, left : left + 64]
    assert np.array_equal(part[~image.padding], rgb(hu.render(image))[~image.padding])
    colours = {tuple(colour) for colour in part[image.padding].tolist()}
    assert colours == {(52, 58, 112), (84, 92, 160)}
    assert part[image.padding].std(0).min() > 5


WINDOWS = {
    "linear": {"WindowCenter": [40, 500], "WindowWidth": [400, 900]},
    "sigmoid": {"WindowCenter": 300, "WindowWidth": 400, "VOILUTFunction": "SIGMOID"},
    "exact": {"WindowCenter": 300, "WindowWidth": 400, "VOILUTFunction": "LINEAR_EXACT"},
    "narrow": {
        "WindowCenter": 0.4,
        "WindowWidth": 0.5,
        "RescaleSlope": "0.001",
        "RescaleIntercept": 0,
        "Modality": "MR",
    },
    "falling": {
        "WindowCenter": -3000,
        "WindowWidth": 5000,
        "RescaleSlope": -10,
        "RescaleIntercept": 0,
        "Modality": "CR",
    },
    "wide": {"WindowCenter": 30000, "WindowWidth": 65535, "Modality": "CR"},
    "mono1": {"WindowCenter": 300, "WindowWidth": 400, "PhotometricInterpretation": "MONOCHROME1"},
    "mono1 inverse": {
        "WindowCenter": 300,
        "WindowWidth": 400,
        "PhotometricInterpretation": "MONOCHROME1",
        "PresentationLUTShape": "INVERSE",
    },
    "table": {"VOILUTSequence": [lut(list(range(0, 65536, 256)), 100)]},
}


def test_windows_of_all_functions_are_those_of_render(open_page, tmp_path):
    rng = np.random.default_rng(3)
    for number, (name, attributes) in enumerate(WINDOWS.items()):
        high = 65535 if name == "wide" else 900
        made = dataset(rng.integers(0, high, (40, 50)).astype(np.uint16), SeriesNumber=number, **attributes)
        made.SeriesInstanceUID = f"1.2.3.4.{number}"
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}.1"
        (tmp_path / f"{name}.dcm").write_bytes(to_bytes(made))
    page = open_page(tmp_path)
    plain(page)
    for name in WINDOWS:
        image = hu.read(tmp_path / f"{name}.dcm")
        choose(page, page.served, tmp_path / f"{name}.dcm")
        page.locator(".pane").first.focus()
        settled(page)
        page.keyboard.press("1")
        settled(page)
        assert worst(canvas(page), hu.render(image)) == 0, name
        own = page.locator(".choices").first.locator("button")
        assert own.count() == len(hu.windows(image))
        for index, voi in enumerate(hu.windows(image)):
            own.nth(index).click()
            settled(page)
            assert worst(canvas(page), hu.render(image, voi)) == 0, name
        # A drag leaves it, reset comes back.
        page.locator(".pane").first.focus()
        page.keyboard.press("w")
        page.keyboard.press("]")
        settled(page)
        assert worst(canvas(page), hu.render(image)) > 0, name
        page.keyboard.press("0")
        page.keyboard.press("1")
        settled(page)
        assert worst(canvas(page), hu.render(image)) == 0, name
