"""Thresholds from areas that were drawn: the library's percentiles, both included."""

import json

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from page_masks import Masks

import made
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
AREAS = [
    {"kind": "rectangle", "points": [[10, 8], [30, 22]]},
    {"kind": "ellipse", "points": [[12, 8], [36, 30]]},
    {"kind": "polygon", "points": [[5, 5], [40, 9], [22, 40]]},
    {"kind": "freehand", "points": [[10, 10], [20, 9], [30, 18], [24, 33], [11, 28]]},
]
KINDS = [area["kind"] for area in AREAS]


@pytest.fixture(scope="module")
def volume_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("areas") / "ct"
    hu.phantom(folder, matrix=48, slices=6)
    with shown(folder) as opened:
        yield Masks(opened), hu.read_volumes(folder)[0]


def region_of(image, area):
    points = [(y, x) for x, y in area["points"]]
    if area["kind"] in ("polygon", "freehand"):
        return hu.region("polygon", image, points=points)
    (y0, x0), (y1, x1) = points
    center, size = ((y0 + y1) / 2, (x0 + x1) / 2), (abs(y1 - y0), abs(x1 - x0))
    if area["kind"] == "rectangle":
        return hu.region("rectangle", image, center=center, size=size)
    return hu.region("ellipse", image, center=center, radii=(size[0] / 2, size[1] / 2))


@pytest.mark.parametrize("view", ["frames", "planes/axial", "planes/sagittal"])
@pytest.mark.parametrize("area", AREAS, ids=KINDS)
def test_bounds_hold_the_middle_nine_tenths(volume_page, area, view):
    page, volume = volume_page
    image = volume[3] if view == "frames" else volume.reformat(view.partition("/")[2])[3]
    if view == "planes/sagittal":
        area = {**area, "points": [[x, y / 10] for x, y in area["points"]]}
    told = page.ask("threshold", {"view": view, "frame": 3, "regions": [area]})
    assert told.status_code == 200, told.text
    told = told.json()
    inside = region_of(image, area).values
    low, high = np.percentile(image.values[inside], (5, 95))
    assert (told["low"], told["high"], told["pixels"]) == (low, high, inside.sum())
    selected = (image.values > told["above"]) & (image.values < told["below"])
    assert (selected == ((image.values >= low) & (image.values <= high))).all()
    assert (selected & inside).sum() >= 0.9 * inside.sum() - 1


def test_values_that_are_not_whole_and_values_that_are_all_the_same(tmp_path):
    path = tmp_path / "one.dcm"
    pixels = np.full((32, 32), 7, np.int16)
    pixels[:4, :8] = np.arange(32).reshape(4, 8)
    made.dataset(pixels, RescaleSlope="0.125", RescaleIntercept="-3", PixelSpacing=[1, 1]).save_as(path)
    image = hu.read(path)
    with shown(path) as opened:
        page = Masks(opened)
        for area in ([[10, 10], [20, 20]], [[0, 0], [7, 3]]):
            area = {"kind": "rectangle", "points": area}
            told = page.ask("threshold", {"regions": [area]}).json()
            low, high = told["low"], told["high"]
            selected = (image.values > told["above"]) & (image.values < told["below"])
            assert (selected == ((image.values >= low) & (image.values <= high))).all() and selected.any()


def test_only_within_a_region_is_the_library_s_intersection(volume_page):
    page, volume = volume_page
    told = page.ask("threshold", {"frame": 2, "regions": [AREAS[1]]}).json()
    recipe = {"above": told["above"], "below": told["below"], "fill": False, "opening": 0, "regions": [AREAS[1]]}
    mask = page.make(recipe)
    by_value = hu.mask(volume, told["above"], told["below"], fill=False, opening=0)
    expected = by_value.values & region_of(volume, AREAS[1]).values
    assert (page.all_bits(mask, len(volume)) == expected).all() and expected.any()


HOSTILE = [
    {}, {"regions": []}, {"regions": None}, {"regions": [{}]}, {"regions": {"kind": "rectangle"}},
    {"regions": [{"kind": "distance", "points": [[0, 0], [5, 5]]}]},
    {"regions": [{"kind": "rectangle", "points": [[0, 0], [0, 9]]}]},
    {"regions": [{"kind": "rectangle", "points": [[900, 900], [950, 950]]}]},
    {"regions": [{"kind": "rectangle", "points": [["a", 0], [1, 9]]}]},
    {"regions": [{"kind": "rectangle", "points": [[1e9, 0], [1, 9]]}]},
    {"regions": [AREAS[0]] * 201}, {"view": "oblique", "regions": [AREAS[0]]}, {"view": 5, "regions": [AREAS[0]]},
    {"frame": 99, "regions": [AREAS[0]]}, {"frame": -1, "regions": [AREAS[0]]}, {"frame": "x", "regions": [AREAS[0]]},
    {"regions": [{"kind": "freehand", "points": [[0, 0]] * 20_001}]},
    {"view": "planes/slanted", "regions": [AREAS[0]]}, {"frame": True, "regions": [AREAS[0]]},
]  # fmt: skip


@pytest.mark.parametrize("document", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_region_is_refused(volume_page, document):
    page, _ = volume_page
    answer = page.ask("threshold", document)
    assert answer.status_code in (400, 404, 413, 422), answer.text
    sentence = answer.json()["error"]
    assert sentence and "Traceback" not in sentence and "defect" not in sentence and len(sentence) < 300


def test_colours_have_no_threshold():
    path = get_testdata_file("examples_rgb_color.dcm") or pytest.skip("pydicom's file is not there")
    with shown(path) as opened:
        page = Masks(opened)
        answer = page.page.post(f"{page.base}/threshold", content=json.dumps({"regions": [AREAS[0]]}))
    assert answer.status_code in (400, 422), answer.text
