"""The widget in a real JupyterLab: it shows, scrolls, masks and measures, and hands back what was made on it."""

import subprocess
import sys

import pytest

import hounsfield as hu
from notebooks import OpenNotebook, environment, jupyterlab, write_notebook

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

SHOW = """import numpy as np
import hounsfield as hu
volume = hu.read_volumes({folder!r})[0]
view = volume.view()
view"""
BACK = """mask = view.masks["mask 1"]
asked = hu.mask(volume, tissue="bone")
print(type(mask).__name__, np.array_equal(mask.values, asked.values), mask.values.any(), np.array_equal(mask.affine, volume.affine))
print(hu.measure(volume, mask) == hu.measure(volume, asked))
print(view.version > 0, view)"""
MEASURES = """(drawn,) = view.measures
image = volume[drawn.frame_index]
length = hu.distance(image, *drawn.points)
print(drawn.kind, drawn.view, drawn.frame_index, drawn.values["length"]["mm"] == length.mm, drawn.values["length"]["spacing_kind"])"""
SECOND = "view"
HIDDEN = "hidden = volume.view(no_phi=True, height=300); hidden"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab(folder):
    hu.phantom(folder / "ct", matrix=96, slices=16)
    root = folder / "root"
    root.mkdir()
    show = SHOW.format(folder=str(folder / "ct"))
    write_notebook(root / "shown.ipynb", [show, BACK, MEASURES, SECOND, HIDDEN, "view.close()"])
    with jupyterlab(folder, root) as base:
        yield base


@pytest.fixture(scope="module")
def notebook(lab, browser):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US")
    opened = OpenNotebook(context.new_page(), lab, "shown.ipynb")
    yield opened
    context.close()


def shown(frame):
    """The number of the frame that the first pane shows."""
    pane = frame.locator(".pane:not([data-frame='']):not([data-waits])").first
    pane.wait_for()
    return int(pane.get_attribute("data-frame"))


def panel(frame, name):
    """Choose one of the panels, which are hidden at first where there is little room."""
    if frame.get_by_role("tab", name=name).is_hidden():
        frame.locator("button[data-label='Panels']").click()
    frame.get_by_role("tab", name=name).click()


def test_it_shows_and_scrolls(notebook):
    from playwright.sync_api import expect

    assert notebook.run(0) == ""
    frame = notebook.frame()
    first = shown(frame)
    frame.locator(".pane").first.hover()
    notebook.page.mouse.wheel(0, 100)
    expect(frame.locator(".pane").first).to_have_attribute("data-frame", str(first + 1))
    assert frame.locator(".thumbnail img").first.evaluate("image => image.src").startswith("blob:")
    assert frame.locator("button[data-label='Open files or a folder']").is_hidden()


def test_a_mask_comes_back_bit_for_bit(notebook):
    frame = notebook.frame()
    panel(frame, "Mask")
    frame.get_by_label("Selected by").select_option("bone")
    frame.get_by_role("button", name="Make mask").click()
    frame.get_by_role("button", name="Delete mask").wait_for()
    assert notebook.run(1).splitlines() == ["Volume True True True", "True", "True NotebookView(1 mask, 0 measures)"]


def test_a_measure_comes_back_with_the_librarys_numbers(notebook):
    from playwright.sync_api import expect

    frame, page = notebook.frame(), notebook.page
    frame.get_by_role("button", name="Measure", exact=True).click()
    frame.get_by_role("button", name="Measure a distance", exact=True).click()
    frame.locator(".pane").first.hover()  # which brings it into sight
    box = frame.locator(".pane").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 60, y - 30)
    page.mouse.down()
    page.mouse.move(x, y)
    page.mouse.move(x + 50, y + 40)
    page.mouse.up()
    panel(frame, "Measures")
    expect(frame.locator("#panel-measures")).to_contain_text("mm")
    assert notebook.run(2).splitlines() == [f"distance frames {shown(frame)} True patient"]


def test_a_second_view_of_the_same_has_the_mask(notebook):
    notebook.run(3)
    frame = notebook.frame(1)
    shown(frame)
    panel(frame, "Mask")
    frame.get_by_role("button", name="Delete mask").wait_for()


def test_a_view_without_the_patient_says_nothing_of_it(notebook):
    notebook.run(4)
    frame = notebook.frame(2)
    shown(frame)
    assert "Phantom" in notebook.frame(0).locator("body").inner_text()
    assert "Phantom" not in frame.locator("body").inner_text()
    assert notebook.page.locator("iframe[title=hounsfield]").nth(2).bounding_box()["height"] < 300


def test_where_no_widget_runs_the_picture_is_shown(notebook, folder):
    notebook.save()
    path = folder / "root" / "shown.ipynb"
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(path)]
    page = subprocess.run(command, env=environment(folder), capture_output=True, check=True).stdout.decode()
    assert page.count("alt='axial, the middle'") + page.count('alt="axial, the middle"') >= 1
    assert "data:image/png;base64," in page
    assert notebook.problems == []
