"""Each of the ten tools of measuring, by mouse, by keys and by fingers, over modalities: the library's numbers."""

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from drawn import SHAPES
from fingers import Fingers
from measuring_page import clear, documents, draw, draw_by_fingers, draw_by_keys, listed, same
from ultrasound import us_region

from made import dataset, to_bytes

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.long]
VALUES = np.random.default_rng(0).integers(0, 4000, (128, 128)).astype(np.uint16)
SCALES = [us_region((0, 95), (0, 127), (3, 3), (0.02, 0.03)), us_region((96, 127), (0, 127), (3, 3), (0.01, 0.01))]
#: All of 128 x 128; ways in which millimetres are known, or not.
MADE = {
    "MG": {"Modality": "MG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2", "ImagerPixelSpacing": [0.07, 0.07]},
    "US": {"Modality": "US", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1", "SequenceOfUltrasoundRegions": SCALES},
    "MR": {"Modality": "MR", "PixelSpacing": [2.0, 0.75]},
    "PX": {"Modality": "PX", "PixelAspectRatio": [3, 2]},
}
NAMES = ["CT", *MADE]
KINDS_OF_MM = {"CT": "patient", "MG": "detector", "US": "region", "MR": "patient", "PX": None}


def file_of(name, folder):
    if name == "CT":
        return get_testdata_file("CT_small.dcm")
    path = folder / f"{name}.dcm"
    path.write_bytes(to_bytes(dataset(VALUES, StudyInstanceUID="1.2.5", **MADE[name])))
    return path


def check(page, name, image, kind, points, within):
    (found,) = documents(page)
    assert found["kind"] == kind and same(found, image), (kind, found)
    assert found["points"][0] == pytest.approx(points[0], abs=within)
    if kind == "distance":
        assert found["measure"]["length"]["spacing_kind"] == KINDS_OF_MM[name]
        assert bool(listed(page)[0].endswith("px")) is (KINDS_OF_MM[name] is None)


@pytest.mark.parametrize("name", NAMES)
def test_each_tool_by_mouse(let_in, tmp_path, name):
    path = file_of(name, tmp_path)
    page, image = let_in(path), hu.read(path)
    for kind, points in SHAPES.items():
        clear(page) if listed(page) else None
        draw(page, kind, points, image)
        check(page, name, image, kind, points, 0.4)


@pytest.mark.parametrize("name", NAMES)
def test_each_tool_by_keys(let_in, tmp_path, name):
    path = file_of(name, tmp_path)
    page, image = let_in(path), hu.read(path)
    for kind, points in SHAPES.items():
        clear(page) if listed(page) else None
        draw_by_keys(page, kind, points)
        check(page, name, image, kind, points, 0)
        page.locator(".pane").first.focus()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")


@pytest.mark.parametrize("name", NAMES)
def test_each_tool_by_fingers(let_in, tmp_path, name):
    path = file_of(name, tmp_path)
    page = let_in(path, viewport={"width": 800, "height": 1000}, has_touch=True, is_mobile=True)
    fingers, image = Fingers(page), hu.read(path)
    for kind, points in SHAPES.items():
        clear(page) if listed(page) else None
        draw_by_fingers(page, fingers, kind, points, image)
        check(page, name, image, kind, points, 0.6)
