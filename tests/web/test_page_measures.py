"""Measures on the page, in a real browser: what is drawn is measured by the library, and shown with its numbers."""

import csv
import dataclasses
import io
import json
import math
import os
import re
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import choose, hide_patient, open_page, planes_of, saved_view, serving, until
from drawn import SHAPES, region_of
from fingers import Fingers, tap
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
WORDS = {
    "distance": "Measure a distance",
    "bidirectional": "Measure two axes (bidirectional)",
    "angle": "Measure an angle",
    "cobb": "Measure a Cobb angle",
    "rectangle": "Measure in a rectangle",
    "ellipse": "Measure in an ellipse",
    "polygon": "Measure in a polygon",
    "freehand": "Measure in a freehand outline",
    "profile": "Measure along a line (profile)",
    "point": "Measure at a point",
}
KEYS = {"distance": "d", "bidirectional": "b", "angle": "a", "cobb": "g", "rectangle": "q", "ellipse": "t", "polygon": "y", "freehand": "u", "profile": "j", "point": "m"}  # fmt: skip


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


def on_screen(page, points, image=None):
    """Where pixels of an image are on the screen, fitted into the first pane."""
    image = image or hu.read(CT)
    down, across = image.pixel_spacing or image.header.get("PixelAspectRatio") or (1, 1)
    wide, high = across / min(down, across), down / min(down, across)
    (rows, columns), box = image.size, page.locator(".pane > canvas").first.bounding_box()
    scale = min(box["width"] / (columns * wide), box["height"] / (rows * high))
    left = box["x"] + (box["width"] - columns * wide * scale) / 2
    top = box["y"] + (box["height"] - rows * high * scale) / 2
    return [(left + (x + 0.5) * wide * scale, top + (y + 0.5) * high * scale) for x, y in points]


def drag(page, points, image=None):
    """Press at the first point, over the others, up at the last."""
    (x, y), *rest = on_screen(page, points, image)
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def click(page, points, image=None):
    for x, y in on_screen(page, points, image):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.up()


def draw(page, kind, points, image=None):
    """Draw a shape by mouse, as one does: lines by drags, others from point to point."""
    page.locator(".pane").first.focus()
    page.keyboard.press(KEYS[kind])
    at_rest(page)
    if kind in ("distance", "profile", "rectangle", "ellipse", "freehand"):
        drag(page, points, image)
    elif kind in ("bidirectional", "cobb"):
        drag(page, points[:2], image)
        drag(page, points[2:], image)
    elif kind == "polygon":
        click(page, [*points, points[0]], image)
    else:
        click(page, points, image)
    at_rest(page)


def listed(page):
    """Text of each measure in the list."""
    at_rest(page)
    return [text.replace("\u2212", "-") for text in page.locator(".measures .value").all_inner_texts()]


def saved(page, button, suffix):
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    assert download.value.suggested_filename == f"hounsfield-measures.{suffix}"
    return Path(download.value.path()).read_bytes().decode("utf-8-sig")


def documents(page):
    return json.loads(saved(page, "Save as JSON", "json"))["measures"]


def clear(page):
    page.get_by_role("button", name="Delete all").click()
    at_rest(page)


def expected(image, kind, points):
    """Numbers of the library for what was drawn, by its public functions."""
    places = [(y, x) for x, y in points]
    if kind == "distance":
        return {"mm": hu.distance(image, *places).mm}
    if kind == "profile":
        return {"values": hu.profile(image, *places).values.tolist(), "mm": hu.distance(image, *places).mm}
    if kind == "bidirectional":
        return {"mm": hu.distance(image, *places[:2]).mm, "short": hu.distance(image, *places[2:]).mm}
    if kind == "point":
        return {"value": image.values[round(places[0][0]), round(places[0][1])].item()}
    mask = region_of(image, kind, places)
    return {name: value for name, value in hu.measure(image, mask).to_dict().items() if name != "percentiles"}


def same(document, image):
    """Whether what the page has saved of a measure is what the library says of its points."""
    kind, points, found = document["kind"], document["points"], document["measure"]
    if kind in ("angle", "cobb"):
        ends = (points[0], points[2]) if kind == "angle" else (points[1], points[3])
        start = (points[1], points[1]) if kind == "angle" else (points[0], points[2])
        down, across = image.pixel_spacing or image.header.get("PixelAspectRatio") or (1, 1)
        steps = [np.subtract(end, first) * (across, down) for first, end in zip(start, ends, strict=True)]
        ways = [complex(*step) for step in steps]
        degrees = abs(math.degrees(np.angle(ways[0] * ways[1].conjugate())))
        wanted = min(degrees, 180 - degrees) if kind == "cobb" else degrees
        return found["degrees"] == pytest.approx(wanted, abs=1e-9)
    try:
        wanted = expected(image, kind, points)
    except hu.GeometryError:  # it lies between the centres of pixels
        return "holds no centre" in found["error"]
    if kind in ("distance", "profile"):
        found = {**found, "mm": found["length"]["mm"]}
    if kind == "bidirectional":
        found = {"mm": found["long"]["mm"], "short": found["short"]["mm"]}
    return {name: found[name] for name in wanted} == json.loads(json.dumps(wanted))


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
def test_each_tool_by_mouse(page):
    image = hu.read(CT)
    for kind, points in SHAPES.items():
        clear(page) if listed(page) else None
        draw(page, kind, points)
        (found,) = documents(page)
        assert found["kind"] == kind and same(found, image), kind
        assert found["points"][0] == pytest.approx(points[0], abs=0.3)


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
def test_each_tool_by_keys(page):
    image = hu.read(CT)
    box = page.locator(".pane").first.locator(":scope > canvas").first.bounding_box()
    for kind, points in SHAPES.items():
        clear(page) if listed(page) else None
        page.mouse.move(box["x"] - 30, box["y"] + 5)
        page.locator(".pane").first.focus()
        page.keyboard.press(KEYS[kind])
        at_rest(page)
        page.keyboard.press("Enter")
        x, y = 64, 64
        closing = [points[-1]] if kind in ("polygon", "freehand") else []
        for column, row in [*points, *closing]:
            for way, far in (("ArrowRight", column - x), ("ArrowDown", row - y)):
                key = way if far > 0 else {"ArrowRight": "ArrowLeft", "ArrowDown": "ArrowUp"}[way]
                for step in ["Shift+" + key] * (abs(far) // 10) + [key] * (abs(far) % 10):
                    page.keyboard.press(step)
            x, y = column, row
            page.keyboard.press("Enter")
        at_rest(page)
        (found,) = documents(page)
        assert found["kind"] == kind and found["points"] == points and same(found, image), kind
        page.locator(".pane").first.focus()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")


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
def test_fingers_draw_and_move_handles_and_two_of_them_zoom(browser, shown):
    phone = browser.new_context(viewport={"width": 800, "height": 1000}, has_touch=True, is_mobile=True, locale="en-US")
    page = open_page(phone, shown, shown.folder / "ct.dcm")
    page.get_by_role("button", name="Panels").click() if not page.get_by_role("tab", name="Measures").count() else None
    page.get_by_role("tab", name="Measures").click()
    page.get_by_role("button", name="Load JSON").wait_for()
    fingers, image = Fingers(page), hu.read(CT)
    for kind, points in SHAPES.items():
        clear(page) if listed(page) else None
        tap(page.get_by_role("button", name="Measure", exact=True))
        tap(page.get_by_role("button", name=WORDS[kind], exact=True))
        at_rest(page)
        page.locator(".pane").first.scroll_into_view_if_needed()
        on = on_screen(page, points)
        if kind in ("distance", "profile", "rectangle", "ellipse"):
            fingers.swipe(on[0], on[1])
        elif kind in ("bidirectional", "cobb"):
            fingers.swipe(on[0], on[1])
            fingers.swipe(on[2], on[3])
        elif kind == "freehand":
            fingers.down(on[0])
            for (x0, y0), (x1, y1) in zip(on, on[1:], strict=False):
                for share in (0.25, 0.5, 0.75, 1):
                    fingers.move((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
            fingers.up()
        else:
            for place in [*on, *(on[:1] if kind == "polygon" else [])]:
                fingers.down(place)
                fingers.up()
        (found,) = documents(page)
        assert found["kind"] == kind and same(found, image), kind
    clear(page)
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


@pytest.fixture
def let_in(browser):
    """A function that serves files, and shows a page with the list of measures."""
    with ExitStack() as stack:

        def opened(*paths, no_phi=False):
            served = stack.enter_context(serving(*paths, no_phi=no_phi, assembled=True))
            context = browser.new_context(viewport={"width": 1150, "height": 800}, locale="en-US")
            stack.callback(context.close)
            page = open_page(context, served, paths[0])
            page.served = served
            page.get_by_role("tab", name="Measures").click()
            page.get_by_role("button", name="Load JSON").wait_for()
            stack.callback(lambda: page.problems == [] or pytest.fail(str(page.problems)))
            return page

        yield opened


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
