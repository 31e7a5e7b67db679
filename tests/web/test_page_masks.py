"""The panel Mask in a real browser: what it shows, says and saves is the library's mask."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import open_page as let_in
from browsing import planes_of, saved_view, serving, settled, uncovered
from masking_page import look, mask_pages, seen
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
SLICES, MATRIX = 8, 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "ct"
    hu.phantom(folder, matrix=MATRIX, slices=SLICES)
    return folder


@pytest.fixture(scope="module")
def volume(folder):
    return hu.read_volumes(folder)[0]


@pytest.fixture
def open_page(browser):
    with mask_pages(browser) as opened:
        yield opened


def made(page):
    page.get_by_role("button", name="Make mask").click()
    page.get_by_role("button", name="Delete mask").wait_for()
    at_rest(page)


def facts(page):
    names, values = (page.locator(f"#panel-mask .facts {tag}").all_inner_texts() for tag in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def shown(number):
    """A number as the page writes it."""
    return f"{float(f'{number:.5g}'):g}".replace("-", "\u2212")


def open_page_of(open_page, volume):
    return open_page(Path(volume.sources[0].path).parent)


def test_the_mask_of_a_volume_is_made_shown_and_told(open_page, volume):
    page = open_page_of(open_page, volume)
    assert page.get_by_role("button", name="Delete mask").is_hidden()
    made(page)
    mask, at = hu.mask(volume), settled(page)
    measures = hu.measure(volume, mask)
    told = facts(page)
    assert told["Volume"] == f"{shown(measures.volume_ml)} mL"
    assert told["Mean"] == f"{shown(measures.mean)} ± {shown(measures.sd)} HU"
    assert told["Pixels"] == str(measures.pixels)
    assert (seen(page) == mask.values[at]).all()
    look(page, "Original")
    plain = saved_view(page)
    look(page, "Result")
    result = saved_view(page)
    assert (result == np.where(mask.values[at][..., None], plain, 0)).all()
    look(page, "Overlay")
    assert ((saved_view(page) != plain).any(-1) == mask.values[at]).all()
    look(page, "Outline")
    padded = np.pad(mask.values[at], 1)
    within = padded[1:-1, 1:-1] & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    outline = saved_view(page)
    assert ((outline == (0xE6, 0x9F, 0x00)).all(-1) == (mask.values[at] & ~within)).all()
    page.keyboard.press("End")
    page.get_by_role("button", name="Delete mask").click()
    page.get_by_role("button", name="Make mask").wait_for()
    at_rest(page)
    assert facts(page) == {}


def test_handles_choose_by_mouse_and_by_keys(open_page, volume):
    page = open_page_of(open_page, volume)
    made(page)
    at = settled(page)
    above, below = page.get_by_role("slider", name="Above"), page.get_by_role("slider", name="Below")
    above.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    at_rest(page)
    assert page.get_by_label("Above").nth(1).input_value() == "92"
    assert (seen(page) == hu.mask(volume, 92).values[at]).all()
    track = page.locator(".histogram").bounding_box()
    middle = track["y"] + track["height"] / 2
    start = below.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, middle)
    page.mouse.down()
    for share in (0.95, 0.9, 0.8, 0.72):
        page.mouse.move(track["x"] + share * track["width"], middle)
        page.wait_for_timeout(30)
    page.mouse.up()
    at_rest(page)
    chosen = float(page.get_by_label("Below").nth(1).input_value())
    edges = np.histogram_bin_edges(volume.values, 256)
    assert abs(chosen - (edges[0] + 0.72 * np.ptp(edges))) < np.ptp(edges) / 50
    expected = hu.mask(volume, 92, chosen)
    assert (seen(page) == expected.values[at]).all()
    assert facts(page)["Pixels"] == str(expected.values.sum()) and "Of image" not in facts(page)
    below.focus()
    page.keyboard.press("End")
    above.focus()
    page.keyboard.press("Home")
    at_rest(page)
    assert page.get_by_label("Above").nth(1).input_value() == page.get_by_label("Below").nth(1).input_value() == ""
    assert seen(page).all()  # every value


def test_shape_and_size_are_the_library_s(open_page, volume):
    page = open_page_of(open_page, volume)
    made(page)
    at = settled(page)
    page.get_by_label("Selected by").select_option("lung")
    at_rest(page)
    assert (seen(page) == hu.mask(volume, tissue="lung").values[at]).all()
    assert page.get_by_label("Opening in pixels").input_value() == "0"
    page.get_by_label("Holes").select_option("space")
    page.get_by_label("Opening in pixels").fill("3")
    page.get_by_label("Largest parts only").fill("1")
    page.get_by_label("Largest parts only").press("Enter")
    at_rest(page)
    mask = hu.components(hu.mask(volume, tissue="lung", fill="3d", opening=3), largest=1)
    assert (seen(page) == mask.values[at]).all()
    page.get_by_label("Largest parts only").fill("")
    page.get_by_label("Smallest part").last.fill("100000000")
    page.get_by_label("Smallest part").last.press("Enter")
    at_rest(page)
    assert page.locator("#panel-mask [role=status]").inner_text().startswith("the mask is empty")


def test_all_planes_show_it(open_page, volume):
    page = open_page_of(open_page, volume)
    made(page)
    look(page, "Mask")
    mask = hu.mask(volume)
    numbers = planes_of(page)
    at_rest(page)
    for pane, plane in enumerate(("axial", "coronal", "sagittal")):
        page.locator(".pane").nth(pane).click(position={"x": 6, "y": 60})
        at_rest(page)
        cut = mask.reformat(plane)
        picture = saved_view(page)[..., 0] > 0
        number = int(page.locator(".pane").nth(pane).get_attribute("data-frame"))
        assert number == numbers[pane]
        expected = cut.values[number]
        rows, columns = cut.spacing[1:]
        if rows == columns:
            assert (picture == expected).all()
        else:
            assert abs(picture.mean() - expected.mean()) < 0.02


def test_a_page_that_is_loaded_anew_finds_its_mask(open_page, volume):
    page = open_page_of(open_page, volume)
    made(page)
    page.get_by_label("Selected by").select_option("fat")
    page.get_by_label("Holes").select_option("space")
    at_rest(page)
    told = facts(page)
    page.reload()
    settled(page)
    uncovered(page)
    page.get_by_role("tab", name="Mask").click()
    page.get_by_role("button", name="Delete mask").wait_for()
    at_rest(page)
    assert facts(page) == told
    assert (seen(page) == hu.mask(volume, tissue="fat", fill="3d").values[settled(page)]).all()
    controls = [page.get_by_label(name).input_value() for name in ("Selected by", "Holes", "Opening in pixels")]
    assert controls == ["fat", "space", "0"]


def test_what_is_shown_is_copied_as_code(open_page, volume, tmp_path):
    page = open_page_of(open_page, volume)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    made(page)
    page.get_by_label("Selected by").select_option("lung")
    at_rest(page)
    at = settled(page)
    expected = seen(page)

    def copied(name):
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name=name, exact=True).click()
        at_rest(page)
        return page.evaluate("navigator.clipboard.readText()")

    program = copied("Copy as Python")
    (tmp_path / "program.py").write_text(program + "\nnp.save('mask.npy', mask.values)\n")
    text = "import numpy as np\n" + (tmp_path / "program.py").read_text()
    done = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (np.load(tmp_path / "mask.npy")[at] == expected).all()
    assert json.loads(done.stdout)["pixels"] == hu.mask(volume, tissue="lung").values.sum()
    command = copied("Copy as command")
    assert command.startswith("hu mask --tissue lung ")


def test_files_are_saved(open_page, volume, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    page = open_page_of(open_page, volume)
    made(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="NIfTI", exact=True).click()
    assert download.value.suggested_filename == "hounsfield-mask.nii.gz"
    path = tmp_path / "mask.nii.gz"
    download.value.save_as(path)
    assert np.asanyarray(nibabel.load(path).dataobj).sum() == hu.mask(volume).values.sum()


def test_one_image_has_a_mask_of_its_own(open_page):
    path = get_testdata_file("MR_small.dcm")
    page = open_page(path)
    made(page)
    image = hu.read(path)
    mask = hu.mask(image, method="otsu")
    assert (seen(page) == mask.values).all()
    measures = hu.measure(image, mask)
    assert facts(page)["Area"] == f"{shown(measures.area_mm2)} mm² (in the patient)"
    assert page.get_by_role("button", name="NIfTI", exact=True).is_disabled()


def test_colours_have_none_and_it_is_said(browser, open_page):
    path = get_testdata_file("examples_rgb_color.dcm") or pytest.skip("pydicom's file is not there")
    with serving(path, assembled=True) as served:
        context = browser.new_context(viewport={"width": 1250, "height": 900}, locale="en-US")
        page = let_in(context, served)
        settled(page)
        page.get_by_role("tab", name="Mask").click()
        page.get_by_text("A mask is made of values: not of colours").wait_for()
        assert page.get_by_role("button", name="Make mask").is_hidden()
        context.close()


def test_tissues_are_those_of_the_library():
    from hounsfield.masks.tissues import TISSUES

    code = (Path(hu.__file__).parent / "web/static/panels/panel_mask.js").read_text("utf-8")
    listed = re.search(r"TISSUES = (\[.*?\])", code)
    assert sorted(ast.literal_eval(listed[1])) == sorted(TISSUES)


def test_a_mask_of_one_frame_is_not_replaced_from_another_one(open_page):
    page = open_page(Path(get_testdata_file("emri_small.dcm")))
    made(page)
    first, at = seen(page), settled(page)
    page.locator(".pane").first.focus()
    page.keyboard.press("ArrowDown")
    at_rest(page)
    page.get_by_label("Opening in pixels").fill("4")
    page.get_by_label("Opening in pixels").press("Tab")
    at_rest(page)
    assert (
        page.locator("#panel-mask [role=status]").first.inner_text().startswith("The chosen mask is of another image")
    )
    assert page.get_by_label("Opening in pixels").input_value() == "2"
    page.locator(".pane").first.focus()
    page.keyboard.press("ArrowUp")
    at_rest(page)
    assert settled(page) == at
    assert (seen(page) == first).all()


def test_nothing_that_was_chosen_for_a_series_is_left_for_the_next(open_page, tmp_path):
    for name, noise in (("one", 0), ("two", 3)):
        hu.phantom(tmp_path / name, matrix=MATRIX, slices=SLICES, noise=noise)
    page = open_page(tmp_path)
    made(page)
    page.get_by_label("Selected by").select_option("bone")
    page.get_by_label("Largest parts only").fill("1")
    page.get_by_label("Largest parts only").press("Tab")
    at_rest(page)
    page.locator(".entry:not([aria-current=true])").first.click()
    settled(page)
    at_rest(page)
    asked = {
        "Selected by": "range",
        "Holes": "plane",
        "Opening in pixels": "2",
        "Largest parts only": "",
        "Above": "90",
    }
    for label, value in asked.items():
        assert page.get_by_label(label).last.input_value() == value, label
