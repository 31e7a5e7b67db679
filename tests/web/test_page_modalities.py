"""Pixels on the canvas and values under the cursor are the library's, over modalities, windows and colour maps."""

import re
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pydicom
import pytest

import hounsfield as hu
from browsing import (
    choose,
    differing,
    open_page,
    pixels,
    planes_of,
    point,
    press,
    probed,
    serving,
    settled,
    uncovered,
)
from classes import every_class
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import Window, choose_voi
from hounsfield.imagelike import as_image
from modalities import CASES, write

from conftest import corpus_folder

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write(tmp_path_factory.mktemp("modalities"), corpus_folder())


@pytest.fixture(scope="module")
def served(files, tmp_path_factory):
    phantom = tmp_path_factory.mktemp("phantom")
    hu.phantom(phantom / "ct", matrix=96, slices=20, slice_spacing=3)
    files["phantom"] = min((phantom / "ct").iterdir())
    with serving(*files.values(), phantom, assembled=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(context, served):
    page = open_page(context, served)
    settled(page)
    uncovered(page)
    yield page
    assert page.problems == []


class Shown:
    """What a case is for the library, and the frame of it that the page shows."""

    def __init__(self, served, path, frame):
        self.path, item = path, served.item(path)
        source = path.parent if len(item.files) > 1 else path
        self.volume = hu.read_volumes(source)[0] if item.kind == "volume" else None
        self.whole = self.volume if self.volume is not None else hu.read(path)
        self.image, self.frame = as_image(self.whole), frame
        self.shape = item.frames.shape[1:]

    def of(self, frames):
        return frames[self.frame] if self.image.frames > 1 or self.volume is not None else frames

    def render(self, window=None):
        return self.of(hu.render(self.whole, window))

    @property
    def scale(self):
        """Height and width of a pixel of the screen, the smaller of which is 1."""
        sides = np.array(self.image.pixel_spacing or (1, 1))
        return tuple(sides / sides.min())

    def values(self):
        return self.of(self.whole.values)


@pytest.fixture
def case(request, page, served, files):
    if request.param not in files:
        pytest.skip("neither an installed package nor the corpus has the file")
    frame = choose(page, served, files[request.param])
    page.locator(".pane").first.focus()
    page.keyboard.press("0")
    uncovered(page)
    return Shown(served, files[request.param], frame)


def matrix(tiles, rows, columns):
    """Tiles of a slide, row by row, as one picture."""
    across = columns // tiles.shape[2]
    return tiles.reshape(-1, across, *tiles.shape[1:]).swapaxes(1, 2).reshape(rows, columns, 3)


PALETTES = {"hot iron": "hotiron.dcm", "PET": "pet.dcm"}


def rgb(name):
    """The 256 colours of a map, by whom it is from."""
    if name in PALETTES:
        file = pydicom.dcmread(Path(pydicom.__file__).parent / "data" / "palettes" / PALETTES[name])
        tables = [file[f"{c}PaletteColorLookupTableData"].value for c in ("Red", "Green", "Blue")]
        return np.stack([np.frombuffer(table, np.uint8) for table in tables], 1)
    return np.rint(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255).astype(int)


SLIDES = [name for name in CASES if "slide" in name]
PICTURES = [name for name in CASES if name not in SLIDES]
#: Cases whose window, map and inversion are changed too: one of each kind of values.
GREY = [
    "CT, signed",
    "MR enhanced",
    "CR, MONOCHROME1",
    "RT dose, 32 bits",
    "VOI LUT",
    "modality LUT",
    "MG, VOI LUT, MONOCHROME1",
    "XA, times of frames",
    "NM, two energies",
    "PT",
    "float pixel data",
    "padding, fractions, high pixels",
    "ophthalmic tomography",
    "parametric map, floating point",
]


@pytest.mark.parametrize("case", PICTURES, indirect=True)
def test_pixels_and_values_are_those_of_the_library(page, case):
    assert differing(pixels(page), case.render(), scale=case.scale) == 0
    press(page, "Texts over the image", on=True)
    rows, columns = case.shape
    values = case.values()
    for row, column in ((0, 0), (rows // 2, columns // 3), (rows // 3, columns // 2 + 1)):
        if not point(page, case.shape, row, column, scale=case.scale):
            continue
        check_text(probed(page), values[row, column], case, row, column)
    press(page, "Texts over the image", on=False)


def check_text(text, value, case, row, column):
    inside = (
        f"{case.frame}, {row}, {column}" if case.image.frames > 1 or case.volume is not None else f"{row}, {column}"
    )
    assert f"[{inside}]" in text, text
    said = text.split(" · ")
    if case.image.color:
        r, g, b = case.render()[row, column]
        assert f"RGB {r}, {g}, {b}" in said, text
        return
    number, _, unit = said[0].partition(" ")
    assert unit.removesuffix("(padding)").strip() == ("" if case.image.unit == "1" else case.image.unit)
    if float(value).is_integer():
        assert float(number) == value
    else:
        assert float(number) == pytest.approx(float(value), rel=5e-5, nan_ok=True)
    if case.volume is not None:
        xyz = (case.volume.affine @ [case.frame, row, column, 1])[:3]
    elif case.image.frames == 1 and "ImagePositionPatient" in (file := pydicom.dcmread(case.path)):  # PS3.3 C.7.6.2.1.1
        (down, across), cosines = file.PixelSpacing, np.array(file.ImageOrientationPatient, float)
        xyz = np.array(file.ImagePositionPatient, float) + cosines[:3] * across * column + cosines[3:] * down * row
    else:
        return
    place = [float(each) for each in re.search(r"LPS (\S+), (\S+), (\S+) mm", text).groups()]
    assert place == pytest.approx(xyz, abs=0.0501)


def typed(page, center, width):
    for label, value in (("Center", center), ("Width", width)):
        page.get_by_role("spinbutton", name=label).fill(str(value))
        page.keyboard.press("Enter")
    page.locator(".pane").first.focus()
    settled(page)


@pytest.mark.parametrize("case", GREY, indirect=True)
def test_every_way_to_a_window_gives_the_librarys_grey(page, case):
    low, high_value = float(np.nanmin(case.values())), float(np.nanmax(case.values()))
    center, width = round(low * 0.4 + high_value * 0.6, 3), round(max((high_value - low) * 0.7, 1), 3)
    typed(page, center, width)
    window = Window(center, width, shown_function(case))

    def check(picture, within=0):
        settled(page)
        assert differing(pixels(page), picture, within, case.scale) == 0

    check(case.render(window))
    page.keyboard.press("i")
    shading = shading_of(case.image, window)
    check(replace(shading, inverted=not shading.inverted).grey(case.values()))
    page.keyboard.press("i")
    for name, within in (("hot iron", 0), ("PET", 0), ("viridis", 2)):
        page.locator(f"[data-map='{name}']").click()
        check(rgb(name)[case.render(window)], within)
    page.locator("[data-map='grey']").click()
    page.get_by_role("button", name="All values of the frame").click()
    check(case.render(Window((low + high_value) / 2, max(high_value - low, 1e-6), "LINEAR_EXACT")))
    page.get_by_role("button", name="Default").click()
    check(case.render())


def shown_function(case):
    """A typed window is of the function that the shown one has; one after a table is linear."""
    return getattr(choose_voi(case.image), "function", "LINEAR")


@pytest.mark.parametrize("case", ["CT, signed", "PT", "MG, VOI LUT, MONOCHROME1", "NM, two energies"], indirect=True)
def test_a_dragged_window_is_the_one_that_is_written(page, case):
    box = page.locator(".pane").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 37, y - 23, steps=7)
    page.mouse.up()
    settled(page)
    center, width = (page.get_by_role("spinbutton", name=name).input_value() for name in ("Center", "Width"))
    function = re.search(r"sigmoid", page.locator(".panel").first.inner_text()) and "SIGMOID"
    window = Window(float(center), float(width), function or shown_function(case))
    assert differing(pixels(page), case.render(window)) == 0


@pytest.mark.parametrize("case", ["phantom"], indirect=True)
def test_presets_and_planes(page, case, served):
    for name in ("lung", "bone", "brain"):
        page.locator(".choices").get_by_role("button", name=name, exact=True).click()
        settled(page)
        assert differing(pixels(page), case.render(name)) == 0
    for pane, (plane, index) in enumerate(zip(("axial", "coronal", "sagittal"), planes_of(page), strict=True)):
        cut = case.volume.reformat(plane)
        page.locator(".pane").nth(pane).focus()
        page.keyboard.press("1")
        settled(page, pane)
        seen = pixels(page, pane)
        expected = hu.render(cut, "brain")[index]
        if abs(cut.spacing[1] - cut.spacing[2]) < 1e-6:
            assert differing(seen, expected) == 0
    page.get_by_role("button", name="One pane").click()


@pytest.mark.parametrize("name", SLIDES)
def test_a_slide_is_shown_as_it_was_made(page, served, files, name):
    choose(page, served, files[name])
    page.locator(".pane").first.focus()
    page.keyboard.press("1")
    settled(page)
    tiles = every_class()[name]().values
    picture = matrix(tiles if "sparse" not in name else tiles[[1, 3, 2, 0]], 24, 40)
    assert differing(pixels(page), picture, 1 if "JPEG" in name else 0) == 0
    if "JPEG" not in name:
        press(page, "Texts over the image", on=True)
        point(page, (24, 40), 20, 33)
        r, g, b = picture[20, 33]
        assert f"RGB {r}, {g}, {b}" in probed(page)
