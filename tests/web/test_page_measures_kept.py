"""Saved measures in another run of the page, over the same files in another folder, by other names and in another order."""

import json
import shutil

import pytest

import hounsfield as hu
from browsing import all_read, planes_of, running, settled, until
from drawn import SHAPES
from measuring_page import documents, draw, listed
from resting import at_rest

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.long]


@pytest.fixture
def shown_by(browser):
    """A function that opens a page of a run of `hu view`, with the list of measures."""
    contexts = []

    def opened(run):
        contexts.append(browser.new_context(viewport={"width": 1150, "height": 800}, locale="en-US"))
        page = contexts[-1].new_page()
        page.goto(run.address)
        all_read(page)
        settled(page)
        page.get_by_role("tab", name="Measures").click()
        page.get_by_role("button", name="Load JSON").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()


def load(page, path):
    page.locator("input[type=file][accept^='.json']").set_input_files(path)


def draw_in_plane(page):
    """A rectangle in the coronal plane."""
    planes_of(page)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("q")
    at_rest(page)
    box = page.locator(".pane").nth(1).locator(":scope > canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 60, y - 20)
    page.mouse.down()
    page.mouse.move(x + 50, y + 30, steps=4)
    page.mouse.up()
    at_rest(page)


def test_measures_survive_a_restart_and_another_order_of_files(shown_by, tmp_path):
    first, second, other = tmp_path / "first", tmp_path / "second", tmp_path / "other"
    hu.phantom(first, matrix=128, slices=7)
    with running(first) as run:
        page = shown_by(run)
        for kind in ("distance", "angle", "bidirectional"):
            draw(page, kind, SHAPES[kind], hu.read_volumes(first)[0][0])
        page.get_by_label("Name").first.fill("Liver")
        page.get_by_label("Name").first.press("Enter")
        page.locator(".pane").first.focus()
        page.keyboard.press("ArrowDown")
        draw(page, "ellipse", SHAPES["ellipse"], hu.read_volumes(first)[0][0])
        draw_in_plane(page)
        before = documents(page)
    assert len(before) == 5 and len({one["place"]["image"] for one in before}) == 3
    (tmp_path / "m.json").write_text(json.dumps({"format": "hounsfield measures", "version": 1, "measures": before}))
    second.mkdir()
    for number, path in enumerate(sorted(first.iterdir(), reverse=True)):
        shutil.copy(path, second / f"{number * 7 % 10}-{number}.dcm")
    with running(second) as run:
        page = shown_by(run)
        load(page, tmp_path / "m.json")
        until(page, lambda: len(listed(page)) == 5)
        assert documents(page) == before
        for number, one in enumerate(before):  # each is shown on its image
            page.get_by_role("button", name="Show it").nth(number).click()
            at_rest(page)
            assert page.locator(".panel .note").all_inner_texts()[0] == "", one["name"]
            if one["place"]["view"] == "frames":
                assert settled(page) == one["place"]["frame"]
    hu.phantom(other, matrix=24, slices=3, seed=9)
    with running(other) as run:
        page = shown_by(run)
        load(page, tmp_path / "m.json")
        until(page, lambda: "another study" in page.locator(".panel .note").all_inner_texts()[0])
        assert listed(page) == []
