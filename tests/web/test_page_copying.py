"""Code that is copied in a browser, of what was drawn there: in a fresh process it measures what the page shows."""

import math

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import planes_of
from drawn import SHAPES
from measuring_page import documents, draw
from programs import compare, ran, told
from resting import at_rest
from ultrasound import REGIONS

from made import dataset, to_bytes

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.long]
VALUES = np.random.default_rng(0).integers(0, 4000, (128, 128)).astype(np.uint16)


def copied(page, name="Copy as Python"):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name=name, exact=True).click()
    at_rest(page)
    return page.evaluate("navigator.clipboard.readText()")


def check(page, folder):
    program = copied(page)
    _, (found,) = ran([program], folder)
    compare(found, [each for one in documents(page) for each in told(one["measure"]) or []], program)
    return program


@pytest.mark.parametrize("name", ["CT", "MG calibrated", "US with regions", "MR not square"])
def test_all_that_is_drawn_on_the_shown_image_is_in_the_program(let_in, tmp_path, name):
    path = tmp_path / "one.dcm"
    more = {
        "MG calibrated": {"Modality": "MG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2", "ImagerPixelSpacing": [0.07, 0.07]},
        "US with regions": {"Modality": "US", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1", "SequenceOfUltrasoundRegions": REGIONS},
        "MR not square": {"Modality": "MR", "PixelSpacing": [2.0, 0.75]},
    }  # fmt: skip
    if name == "CT":
        path = get_testdata_file("CT_small.dcm")
    else:
        path.write_bytes(to_bytes(dataset(VALUES, StudyInstanceUID="1.2.5", **more[name])))
    page, image, rng = let_in(path), hu.read(path), np.random.default_rng(3)
    for kind, points in SHAPES.items():
        drawn = points if kind in ("angle", "cobb") else (np.array(points) + rng.uniform(-3, 3, 2)).tolist()
        near = [point for one in documents(page) for point in one["points"]] if kind == "point" else []
        if all(math.dist(drawn[0], other) > 4 for other in near):
            draw(page, kind, drawn, image)
    if name == "MG calibrated":
        page.get_by_role("button", name="Show it").first.click()
        page.get_by_label("Known length in mm").fill("50")
        page.get_by_role("button", name="Set the scale").click()
        at_rest(page)
    program = check(page, tmp_path)
    assert ("hu.calibrated(image, " in program) is (name == "MG calibrated")
    assert ("hu.scaled(image, " in program) is (name == "US with regions")
    assert len(documents(page)) >= 9


def test_measures_of_a_plane_are_copied_with_the_plane(let_in, tmp_path):
    folder = tmp_path / "slices"
    hu.phantom(folder, matrix=64, slices=9, orientation="oblique")
    page = let_in(folder, show=next(folder.iterdir()))
    planes_of(page)
    box = page.locator(".pane").nth(1).locator(":scope > canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for key in "dq":
        page.locator(".pane").nth(1).focus()
        page.keyboard.press(key)
        at_rest(page)
        page.mouse.move(x - 60, y - 20)
        page.mouse.down()
        page.mouse.move(x + 50, y + 30, steps=4)
        page.mouse.up()
        at_rest(page)
    assert "volume.reformat(" in check(page, tmp_path)
