"""Measures on the page, in a real browser: what is drawn is measured by the library, and shown with its numbers."""

import csv
import dataclasses
import io
import json
import math
import os
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import choose, hide_patient, open_page, pixels, planes_of, saved_view, serving, until
from drawn import SHAPES
from fingers import Fingers, tap
from measuring_page import WORDS, clear, click, documents, drag, draw, listed, on_screen, same, saved
from pets import pet
from resting import at_rest

from made import dataset, to_bytes

pytestmark = [pytest.mark.filterwarnings("ignore")]
CT = get_testdata_file("CT_small.dcm")
#: By modality files of pydicom's; those without one are made.
MODALITIES = {
    "CT": "693_J2KI.dcm",
    "MR": "MR_small.dcm",
    "MR enhanced": "emri_small.dcm",
    "NM": "JPEG2000.dcm",
    "US of many frames": "examples_ybr_color.dcm",
    "RT dose": "rtdose.dcm",
    "MG": "",
    "CR": "",
    "aspect": "",
    "MR not square": "",
    "PET": "",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    hu.phantom(folder / "axial", matrix=96, slices=5)
    (folder / "ct.dcm").write_bytes(Path(CT).read_bytes())
    with serving(folder, assembled=True) as opened:
        opened.folder = folder
        yield opened


@pytest.fixture
def page(context, shown):
    page = open_page(context, shown, shown.folder / "ct.dcm")
    page.get_by_role("tab", name="Measures").click()
    page.get_by_role("button", name="Load JSON").wait_for()
    page.locator(".pane").first.focus()
    yield page
    assert page.problems == []
    page.close()


@pytest.mark.long
def test_a_distance_and_an_ellipse_show_the_numbers_of_the_library(page):
    image = hu.read(CT)
    draw(page, "distance", SHAPES["distance"])
    draw(page, "ellipse", SHAPES["ellipse"])
    length, area = listed(page)
    found = documents(page)
    assert all(same(each, image) for each in found)
    assert found[0]["points"] == pytest.approx(np.array(SHAPES["distance"]), abs=0.2)
    assert length == f"{found[0]['measure']['length']['mm']:.1f} mm · in the patient"
    mean, mm2 = re.match(r"(\S+) ± \S+ HU · (\S+) mm² · in the patient", area).groups()
    assert float(mean) == pytest.approx(found[1]["measure"]["mean"], rel=1e-3)
    assert float(mm2) == pytest.approx(found[1]["measure"]["area_mm2"], abs=1)


@pytest.mark.long
def test_the_menu_chooses_tools_and_points_can_be_clicked_one_by_one(page):
    for kind, words in WORDS.items():
        clear(page) if listed(page) else None
        page.get_by_role("button", name="Measure", exact=True).click()
        page.get_by_role("button", name=words, exact=True).click()
        at_rest(page)
        points = SHAPES[kind]
        closing = [points[0]] if kind in ("polygon", "freehand") else []
        click(page, [*points, *closing])
        at_rest(page)
        (found,) = documents(page)
        assert found["kind"] == kind and same(found, hu.read(CT)), kind
        assert len(found["points"]) == len(points), kind


@pytest.mark.long
def test_handles_move_by_mouse_and_keys_and_changes_are_taken_back(page):
    image = hu.read(CT)
    draw(page, "rectangle", SHAPES["rectangle"])
    (before,) = documents(page)
    drag(page, [[85, 90], [100, 100]])
    (after,) = documents(page)
    assert after["points"][0] == before["points"][0] and same(after, image)
    assert after["points"][1] == pytest.approx([100, 100], abs=0.5)
    drag(page, [[60, 40], [50, 50]])  # its upper edge: it is moved
    (moved,) = documents(page)
    assert np.subtract(moved["points"], after["points"]) == pytest.approx(np.array([[-10, 10]] * 2), abs=0.5)
    page.locator(".pane").first.focus()
    page.keyboard.press("n")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    (keyed,) = documents(page)
    assert np.subtract(keyed["points"], moved["points"])[0] == pytest.approx([-1, -10], abs=1e-3)
    assert same(keyed, image)
    page.locator(".pane").first.focus()
    for _ in range(2):
        page.keyboard.press("Control+z")
    assert documents(page)[0]["points"] == moved["points"] and same(documents(page)[0], image)
    page.get_by_role("button", name="Undo").click()
    assert documents(page) == [after]
    page.locator(".pane").first.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("Delete")
    assert listed(page) == []
    page.keyboard.press("Control+z")
    assert documents(page) == [after]


@pytest.mark.long
def test_changes_are_made_again_by_keys_and_by_the_button(page):
    draw(page, "distance", SHAPES["distance"])
    draw(page, "rectangle", SHAPES["rectangle"])
    whole = documents(page)
    redo = page.get_by_role("button", name="Redo")
    assert redo.is_disabled()
    page.locator(".pane").first.focus()
    for _ in range(2):
        page.keyboard.press("Control+z")
    assert listed(page) == []
    page.keyboard.press("Control+Shift+Z")
    assert documents(page) == whole[:1]
    page.locator(".pane").first.focus()
    page.keyboard.press("Control+y")
    assert documents(page) == whole
    page.locator(".pane").first.focus()
    page.keyboard.press("Control+z")
    redo.click()
    assert documents(page) == whole and redo.is_disabled()
    page.get_by_role("button", name="Undo").click()
    draw(page, "point", SHAPES["point"])
    assert redo.is_disabled() and len(documents(page)) == 2


def yellow(page):
    """How many pixels of the canvas have the colour of measures."""
    red, green, blue = np.moveaxis(pixels(page).astype(int), -1, 0)
    return int(((red > 200) & (green > 160) & (blue < 110)).sum())


@pytest.mark.long
def test_measures_are_hidden_each_or_all_and_take_no_part_then(page):
    draw(page, "distance", SHAPES["distance"])
    draw(page, "rectangle", SHAPES["rectangle"])
    both = yellow(page)
    page.get_by_role("button", name="Hide it").first.click()
    at_rest(page)
    one = yellow(page)
    assert 0 < one < both and len(listed(page)) == 2
    page.get_by_role("button", name="Hide all").click()
    at_rest(page)
    assert yellow(page) == 0 and len(documents(page)) == 2
    page.get_by_role("button", name="Hide all").click()
    at_rest(page)
    assert yellow(page) == one
    page.get_by_role("button", name="Show it").first.click()
    at_rest(page)
    assert page.get_by_role("button", name="Hide it").first.get_attribute("aria-pressed") == "false"
    page.get_by_role("button", name="Hide all").click()
    draw(page, "point", SHAPES["point"])  # who draws sees all again
    assert page.get_by_role("button", name="Hide all").get_attribute("aria-pressed") == "false" and yellow(page)


@pytest.mark.long
def test_the_list_is_worked_by_keys_alone(page):
    for kind in ("distance", "rectangle", "point"):
        draw(page, kind, SHAPES[kind])
    page.get_by_role("textbox", name="Name").first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Liver")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # hide
    page.keyboard.press("Space")
    page.keyboard.press("Tab")  # show
    page.keyboard.press("Enter")
    at_rest(page)
    assert documents(page)[0]["name"] == "Liver"
    assert page.locator(".measures li").first.get_attribute("data-chosen") is not None
    page.get_by_role("button", name="Delete", exact=True).first.focus()
    for left in (2, 1, 0):
        page.keyboard.press("Enter")
        assert len(listed(page)) == left
    assert page.evaluate("document.activeElement.textContent") == "Undo"
    page.keyboard.press("Enter")
    assert len(listed(page)) == 1


@pytest.mark.long
def test_a_saved_picture_has_the_measures_on_it_or_not(page):
    before = saved_view(page)
    draw(page, "rectangle", SHAPES["rectangle"])
    with_them = saved_view(page)
    assert with_them.shape == before.shape
    red, green, blue = np.moveaxis(with_them.astype(int), -1, 0)
    yellow = (red > 150) & (green > 120) & (blue < 110)
    by = with_them.shape[0] / 128
    rows, columns = np.nonzero(yellow[:, : round(80 * by)])  # the label stands to the right
    assert rows.min() / by == pytest.approx(40.5, abs=0.6) and columns.min() / by == pytest.approx(30.5, abs=0.6)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("with measures").uncheck()
    page.keyboard.press("Escape")
    assert np.array_equal(saved_view(page), before)


@pytest.mark.long
def test_the_list_renames_colours_jumps_and_deletes(page, shown):
    draw(page, "distance", SHAPES["distance"])
    page.get_by_role("textbox", name="Name").fill("=Liver, left")
    page.get_by_role("textbox", name="Name").press("Enter")
    page.get_by_label("Colour").evaluate(
        "each => { each.value = '#00ff00'; each.dispatchEvent(new Event('change', { bubbles: true })); }"
    )
    (found,) = documents(page)
    assert (found["name"], found["color"]) == ("=Liver, left", "#00ff00")
    (row,) = csv.DictReader(io.StringIO(saved(page, "Save as CSV", "csv")))
    assert row["name"] == "'=Liver, left" and float(row["length_mm"]) == found["measure"]["length"]["mm"]
    assert row["spacing_kind"] == "patient" and row["frame_index"] == "0"
    choose(page, shown, next((shown.folder / "axial").iterdir()))
    page.get_by_role("button", name="Show it").click()
    until(page, lambda: shown.item(shown.folder / "ct.dcm").id in page.evaluate("location.hash"))
    page.get_by_role("button", name="Delete", exact=True).click()
    assert listed(page) == []


@pytest.mark.long
def test_saved_measures_are_loaded_again_and_those_of_another_study_are_refused(page, browser, shown, tmp_path):
    for kind in ("distance", "polygon"):
        draw(page, kind, SHAPES[kind])
    text = saved(page, "Save as JSON", "json")
    (tmp_path / "m.json").write_text(text, "utf-8")
    clear(page)
    page.locator("input[type=file][accept^='.json']").set_input_files(tmp_path / "m.json")
    until(page, lambda: len(listed(page)) == 2)
    assert documents(page) == json.loads(text)["measures"]
    page.locator("input[type=file][accept^='.json']").set_input_files(tmp_path / "m.json")
    at_rest(page)
    assert len(listed(page)) == 2  # not twice
    for wrong in ("{}", "[1", text.replace("polygon", "eval"), text.replace('"version": 1', '"version": 2')):
        (tmp_path / "wrong.json").write_text(wrong, "utf-8")
        page.locator("input[type=file][accept^='.json']").set_input_files(tmp_path / "wrong.json")
        until(page, lambda: "no file of measures" in page.locator(".panel .note").all_inner_texts()[0])
    (tmp_path / "other").mkdir()
    hu.phantom(tmp_path / "other", matrix=24, slices=3)
    with serving(tmp_path / "other", assembled=True) as strange:
        context = browser.new_context(viewport={"width": 1150, "height": 800}, locale="en-US")
        other = open_page(context, strange, next((tmp_path / "other").iterdir()))
        other.get_by_role("tab", name="Measures").click()
        other.get_by_role("button", name="Load JSON").wait_for()
        other.locator("input[type=file][accept^='.json']").set_input_files(tmp_path / "m.json")
        until(other, lambda: "another study" in other.locator(".panel .note").all_inner_texts()[0])
        assert listed(other) == []
        context.close()


@pytest.mark.long
def test_measures_of_planes_stay_on_their_slice(page, shown):
    choose(page, shown, next((shown.folder / "axial").iterdir()))
    planes_of(page)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("d")
    at_rest(page)
    box = page.locator(".pane").nth(1).locator(":scope > canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 40, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    (found,) = documents(page)
    (volume,) = hu.read_volumes(shown.folder / "axial")
    plane = found["place"]["view"].split("/")[1].split("?")[0]
    image = volume.reformat(plane)[found["place"]["frame"]]
    assert same(found, image)
    assert plane in ("coronal", "sagittal")


@pytest.mark.long
def test_fingers_move_handles_and_two_of_them_zoom(browser, shown):
    phone = browser.new_context(viewport={"width": 800, "height": 1000}, has_touch=True, is_mobile=True, locale="en-US")
    page = open_page(phone, shown, shown.folder / "ct.dcm")
    page.get_by_role("button", name="Panels").click() if not page.get_by_role("tab", name="Measures").count() else None
    page.get_by_role("tab", name="Measures").click()
    page.get_by_role("button", name="Load JSON").wait_for()
    fingers = Fingers(page)
    tap(page.get_by_role("button", name="Measure", exact=True))
    tap(page.get_by_role("button", name=WORDS["distance"], exact=True))
    a, b = on_screen(page, SHAPES["distance"])
    fingers.swipe(a, b)
    (before,) = documents(page)
    fingers.swipe((b[0] + 14, b[1] + 10), (b[0] + 34, b[1] + 10))  # within 22 pixels of the handle
    (after,) = documents(page)
    assert after["points"][0] == before["points"][0] and after["points"][1] != before["points"][1]
    fingers.pinch(on_screen(page, [[64, 120]])[0], 20, 60)
    assert len(documents(page)) == 1
    assert int(re.search(r"zoom (\d+)%", page.locator(".bottomLeft").first.inner_text())[1]) > 0
    assert page.problems == []
    phone.close()


MAMMOGRAM = {"Modality": "MG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2", "ImagerPixelSpacing": [0.07, 0.07]}
VALUES = np.random.default_rng(0).integers(0, 4000, (128, 128)).astype(np.uint16)


def written(path, **attributes):
    path.write_bytes(to_bytes(dataset(VALUES, StudyInstanceUID="1.2.5", **attributes)))
    return path


@pytest.mark.long
def test_millimetres_are_called_by_what_they_are_of_and_a_known_length_sets_them(let_in, tmp_path):
    mg, ot = written(tmp_path / "mg.dcm", **MAMMOGRAM), written(tmp_path / "ot.dcm", Modality="OT", PatientName="X^Y")
    page = let_in(mg, ot)
    draw(page, "distance", SHAPES["distance"])
    length = hu.distance(hu.read(mg), *[(y, x) for x, y in documents(page)[0]["points"]])
    assert listed(page) == [f"{length.mm:.2f} mm · on the detector"]
    page.get_by_label("Known length in mm").fill("50")
    page.get_by_role("button", name="Set the scale").click()
    assert listed(page) == ["50.0 mm · by your own scale"]
    draw(page, "rectangle", SHAPES["rectangle"])
    found = documents(page)
    scale = 50 / length.pixels
    assert [each["mm_per_pixel"] for each in found] == pytest.approx([scale] * 2)
    area = found[1]["measure"]
    assert area["area_mm2"] == pytest.approx(area["pixels"] * scale**2) and area["spacing_kind"] == "user"
    clear(page)
    page.get_by_role("button", name="Undo").click()
    page.locator(".measures li").first.get_by_role("button", name="Show it").click()
    page.get_by_role("button", name="Scale of the file").click()
    assert listed(page)[0] == f"{length.mm:.2f} mm · on the detector"
    choose(page, page.served, ot)
    draw(page, "distance", SHAPES["distance"])
    assert re.fullmatch(r"72\.\d px", listed(page)[2])
    assert "X^Y" not in saved(page, "Save as JSON", "json") + saved(page, "Save as CSV", "csv")


@pytest.mark.long
def test_a_structured_report_is_saved_unless_the_patient_is_hidden(let_in, tmp_path):
    page = let_in(written(tmp_path / "mg.dcm", **MAMMOGRAM, PatientName="X^Y", SeriesInstanceUID="1.2.6"))
    draw(page, "distance", SHAPES["distance"])
    (found,) = documents(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as DICOM SR").click()
    assert download.value.suggested_filename == "hounsfield-measures.dcm"
    text = str(pydicom.dcmread(download.value.path()))
    number = float(re.search(r"Numeric Value\s+DS: '?([\d.]+)", text)[1])
    assert "X^Y" in text and number == pytest.approx(found["measure"]["length"]["mm"], rel=1e-12)
    hide_patient(page)
    page.get_by_role("button", name="Save as DICOM SR").click()
    until(page, lambda: "hidden" in page.locator(".panel .note").all_inner_texts()[0])


@pytest.mark.long
def test_measures_go_along_when_their_item_takes_the_place_of_another(let_in, tmp_path):
    path = written(tmp_path / "one.dcm", **MAMMOGRAM)
    page = let_in(path)
    draw(page, "distance", SHAPES["distance"])
    items, old = page.served.viewing.discovery.items, page.served.item(path)
    new = dataclasses.replace(old, id="another")
    items.put(new)
    items.remove(old, new)
    until(page, lambda: "another" in page.evaluate("location.hash"))
    page.get_by_role("button", name="Show it").click()
    at_rest(page)
    (before,) = documents(page)
    drag(page, [before["points"][1], [100, 100]])
    (after,) = documents(page)
    assert after["points"][1] == pytest.approx([100, 100], abs=0.5) and after["measure"]["length"]["mm"]


@pytest.mark.long
@pytest.mark.parametrize("name", MODALITIES)
def test_measures_of_the_page_are_the_librarys_over_modalities(let_in, tmp_path, name):
    made = {"MG": MAMMOGRAM, "CR": {"Modality": "CR", "ImagerPixelSpacing": [0.2, 0.15]}, "aspect": {"Modality": "OT", "PixelAspectRatio": [3, 2]}, "MR not square": {"Modality": "MR", "PixelSpacing": [2.0, 0.75]}}  # fmt: skip
    path = tmp_path / "one.dcm"
    if name in made:
        written(path, **made[name])
    elif name == "PET":
        path.write_bytes(to_bytes(pet(VALUES, StudyInstanceUID="1.2.5")))
    else:
        path.write_bytes(Path(get_testdata_file(MODALITIES[name], download=False)).read_bytes())
    page, image, rng = let_in(path), hu.read(path), np.random.default_rng(len(name))
    image = image.frame(int(page.locator(".pane").first.get_attribute("data-frame")))
    rows, columns = image.size
    done = 0
    while done < int(os.environ.get("HOUNSFIELD_SHAPES", "5")):
        kind = str(rng.choice(["distance", "bidirectional", "angle", "cobb", "rectangle", "ellipse", "polygon", "freehand", "profile", "point"]))  # fmt: skip  # noqa: E501
        points = (rng.uniform(0.08, 0.9, (len(SHAPES[kind]), 2)) * (columns, rows)).tolist()
        seen = on_screen(page, points, image)
        if min((math.dist(a, b) for i, a in enumerate(seen) for b in seen[:i]), default=99) < 40:
            continue
        clear(page) if listed(page) else None
        draw(page, kind, points, image)
        (found,) = documents(page)
        assert found["kind"] == kind and found["points"][0] == pytest.approx(points[0], abs=max(image.size) / 150)
        if image.color and kind not in ("distance", "bidirectional", "angle", "cobb"):
            assert found["measure"].get("error") or found["measure"].get("values") or kind == "point"
        else:
            assert same(found, image), found
        done += 1


@pytest.mark.long
def test_random_shapes_of_the_page_are_measured_as_by_the_library(page):
    rng, image = np.random.default_rng(11), hu.read(CT)
    for _ in range(12):
        for kind in ("distance", "rectangle", "ellipse", "polygon"):
            count = 5 if kind == "polygon" else 2
            points = rng.uniform(12, 115, (count, 2)).tolist()
            if min(math.dist(a, b) for i, a in enumerate(points) for b in points[:i]) < 12:
                continue
            clear(page) if listed(page) else None
            draw(page, kind, points)
            (found,) = documents(page)
            assert found["kind"] == kind and same(found, image)
