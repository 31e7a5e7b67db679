"""Brush and eraser, several masks and their names, in a real browser: what is drawn is what the library's server has."""

import re

import numpy as np
import pytest

import hounsfield as hu
from browsing import planes_of, saved_view, settled, uncovered, until
from fingers import Fingers
from hounsfield.web.strokes import stroke_pixels
from masking_page import mask_pages, seen
from resting import at_rest

import made

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


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def press(page, name):
    button(page, name).click()
    at_rest(page)


def masks_of(page):
    (item,) = page.served.viewing.discovery.items
    return page.served.viewing.masks.of(item)


def middle(page, pane=0):
    box = page.locator(".pane").nth(pane).locator("canvas").first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def dragged(page, *places):
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    at_rest(page)


def said_window(page):
    return re.search("C .*W .*", page.locator(".labels").first.inner_text())[0]


def facts(page):
    names, values = (page.locator(f"#panel-mask .facts {tag}").all_inner_texts() for tag in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def pixels_of(edits):
    """What strokes select together, in order, by the library's own rule."""
    made = np.zeros((MATRIX, MATRIX), bool)
    for edit in edits:
        stroke = edit.stroke
        made[stroke_pixels((MATRIX, MATRIX), stroke.line, stroke.radius)] = not stroke.erase
    return made


def test_a_stroke_begins_a_mask_of_its_own_and_is_taken_back(open_page, volume):
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0])
    at = settled(page)
    press(page, "Brush")
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 30, steps=5)
    at_rest(page)
    assert masks_of(page) == []  # it is seen already
    page.mouse.up()
    at_rest(page)
    (mask,) = masks_of(page)
    drawn = pixels_of(mask.edits)
    assert mask.wish.drawn and len(mask.edits) == 1 and drawn.sum() > 50
    assert (seen(page) == drawn).all()
    assert facts(page)["Pixels"] == str(drawn.sum())
    press(page, "Eraser")
    page.keyboard.press("[")
    dragged(page, (x + 10, y), (x + 60, y + 20))
    erased = pixels_of(mask.edits)
    assert mask.edits[1].stroke.erase and mask.edits[1].stroke.radius == 4 and erased.sum() < drawn.sum()
    assert (seen(page) == erased).all()
    page.locator(".pane").first.focus()
    page.keyboard.press("Control+z")
    at_rest(page)
    assert (seen(page) == drawn).all()
    page.locator(".pane").first.focus()
    page.keyboard.press("Control+Shift+Z")
    at_rest(page)
    assert (seen(page) == erased).all() and facts(page)["Pixels"] == str(erased.sum())
    press(page, "Undo stroke")
    press(page, "Undo stroke")
    assert not seen(page).any() and button(page, "Undo stroke").is_disabled()
    assert page.locator("#panel-mask [role=status]").inner_text() == "nothing is drawn on the mask"
    press(page, "Redo stroke")
    assert (seen(page) == drawn).all()
    page.keyboard.press("PageUp")
    assert mask.wish.scope == "volume" and settled(page) == at


def test_the_radius_is_set_by_slider_number_and_keys(open_page, volume):
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0])
    press(page, "Brush")
    press(page, "Texts over the image")
    window = said_window(page)
    page.get_by_label("Radius in pixels", exact=True).fill("2.5")
    page.locator(".pane").first.focus()
    page.keyboard.press("]")
    assert page.get_by_label("Radius in pixels, as a number").input_value() == "3"
    page.get_by_label("Radius in pixels, as a number").fill("7")
    page.get_by_label("Radius in pixels, as a number").press("Enter")
    dragged(page, middle(page), middle(page))
    (mask,) = masks_of(page)
    assert mask.edits[0].stroke.radius == 7
    assert said_window(page) == window  # those keys are the window's only with other tools
    page.locator(".pane").first.focus()
    page.keyboard.press("w")
    page.keyboard.press("]")
    at_rest(page)
    assert said_window(page) != window


def test_the_keyboard_draws(open_page, volume):
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0])
    page.locator(".pane").first.focus()
    for key in ("3", "[", "Enter", "Enter", "ArrowRight", "Shift+ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
        at_rest(page)
    until(page, lambda: bool(masks_of(page)) and bool(masks_of(page)[0].edits))
    (mask,) = masks_of(page)
    points = mask.edits[0].stroke.line
    x, y = points[0]
    assert points == [(x, y), (x + 1, y), (x + 11, y), (x + 11, y + 1)] and mask.edits[0].stroke.radius == 4
    for key in ("4", "Enter", "Enter", "ArrowLeft", "Escape", "Escape"):
        page.keyboard.press(key)
    at_rest(page)
    assert len(mask.edits) == 1
    page.keyboard.press("Control+z")
    at_rest(page)
    assert mask.edits == [] and len(mask.undone) == 1


def test_a_finger_draws_and_two_zoom(open_page, volume):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0], tab=False, **phone)
    page.get_by_role("button", name="Panels", exact=True).tap()
    page.get_by_role("tab", name="Mask").tap()
    page.get_by_label("Selected by").wait_for()
    button(page, "Brush").tap()
    page.locator("main").scroll_into_view_if_needed()
    at_rest(page)
    x, y = middle(page)
    Fingers(page).swipe((x, y), (x + 40, y))
    at_rest(page)
    (mask,) = masks_of(page)
    assert len(mask.edits) == 1 and len(mask.edits[0].stroke.points) > 2
    Fingers(page).pinch((x, y), 40, 80)
    at_rest(page)
    assert len(mask.edits) == 1


def test_strokes_on_planes_are_drawn_on_voxels_or_refused(open_page, volume):
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0])
    planes_of(page)
    at_rest(page)
    press(page, "Brush")
    x, y = middle(page, 1)
    dragged(page, (x, y), (x + 20, y))
    (mask,) = masks_of(page)
    place = mask.edits[0].stroke.place
    assert place.view == "planes/coronal"
    made = page.served.viewing.masks.values(mask)
    assert made.values.sum() == made.reformat("coronal")[place.frame].values.sum() > 0


def test_where_nothing_can_be_drawn_it_is_said(open_page, tmp_path):
    path = tmp_path / "three.dcm"
    made.dataset(np.arange(3 * 32 * 32, dtype=np.int16).reshape(3, 32, 32), NumberOfFrames=3).save_as(path)
    page = open_page(path)
    press(page, "Eraser")
    dragged(page, middle(page), middle(page))
    assert page.locator(".notice").inner_text() == "There is no mask to erase."
    press(page, "Brush")
    dragged(page, middle(page), middle(page))
    (mask,) = masks_of(page)
    assert (mask.wish.scope, len(mask.edits)) == ("frame", 1)
    page.keyboard.press("ArrowDown")
    settled(page)
    dragged(page, middle(page), middle(page))
    assert page.locator(".notice").inner_text().startswith("The chosen mask is of another image")
    assert len(mask.edits) == 1
    press(page, "Add mask")
    dragged(page, middle(page), middle(page))
    assert [(one.wish.place.frame, len(one.edits)) for one in masks_of(page)] == [(0, 1), (1, 1)]


def test_several_masks_are_named_coloured_shown_and_deleted(open_page, volume):
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0])
    at = settled(page)
    plain = saved_view(page)
    press(page, "Make mask")
    page.get_by_label("Selected by").select_option("lung")
    at_rest(page)
    press(page, "Add mask")
    page.get_by_label("Selected by").select_option("bone")
    at_rest(page)
    rows = page.locator(".masks li")
    names = [row.get_by_label("Name").input_value() for row in rows.all()]
    assert names == ["mask 1", "mask 2"]
    lung, bone = (hu.mask(volume, tissue=name) for name in ("lung", "bone"))
    page.mouse.move(5, 5)
    at_rest(page)
    both = (saved_view(page) != plain).any(-1)
    assert (both == (lung.values[at] | bone.values[at])).all()
    assert facts(page)["Pixels"] == str(bone.values.sum())
    page.get_by_role("group", name="Shown as").get_by_role("button", name="Outline", exact=True).click()
    rows.first.get_by_label("Colour").fill("#123456")
    rows.first.get_by_label("Name").fill("both lungs")
    rows.first.get_by_label("Name").press("Enter")
    at_rest(page)
    assert (saved_view(page) == (0x12, 0x34, 0x56)).all(-1).any()
    assert (saved_view(page) == (0x56, 0xB4, 0xE9)).all(-1).any() == bone.values[at].any()
    assert facts(page)["Pixels"] == str(lung.values.sum())  # who names one has chosen it
    assert page.get_by_label("Selected by").input_value() == "lung"
    rows.first.get_by_label("Show this mask").uncheck()
    at_rest(page)
    assert not (saved_view(page) == (0x12, 0x34, 0x56)).all(-1).any()
    page.reload()
    settled(page)
    uncovered(page)
    page.get_by_role("tab", name="Mask").click()
    page.get_by_label("Selected by").wait_for()
    at_rest(page)
    assert [row.get_by_label("Name").input_value() for row in rows.all()] == ["both lungs", "mask 2"]
    assert [row.get_by_label("Colour").input_value() for row in rows.all()] == ["#123456", "#56b4e9"]
    rows.last.get_by_label("Choose this mask").check()
    at_rest(page)
    assert facts(page)["Pixels"] == str(bone.values.sum())
    assert (seen(page) == bone.values[at]).all()
    rows.last.get_by_role("button", name="Delete").click()
    at_rest(page)
    assert rows.count() == 1 and len(masks_of(page)) == 1
    assert (seen(page) == lung.values[at]).all()
    planes_of(page)
    at_rest(page)
    for pane, plane in enumerate(("axial", "coronal", "sagittal")):
        page.locator(".pane").nth(pane).click(position={"x": 6, "y": 60})
        at_rest(page)
        number = int(page.locator(".pane").nth(pane).get_attribute("data-frame"))
        cut = lung.reformat(plane)
        if cut.spacing[1] == cut.spacing[2]:
            assert (saved_view(page)[..., 0] > 0).mean() == cut.values[number].mean()


def test_a_region_gives_the_threshold_and_bounds_the_mask(open_page, volume):
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0])
    at = settled(page)
    assert button(page, "Threshold from region").is_disabled()
    page.locator(".pane").first.focus()
    page.keyboard.press("q")
    x, y = middle(page)
    dragged(page, (x - 60, y - 40), (x + 70, y + 50))
    page.keyboard.press("w")
    at_rest(page)
    press(page, "Threshold from region")
    (mask,) = masks_of(page)
    selection = mask.wish.selection
    assert mask.wish.regions == ()
    page.get_by_label("Only within region").check()
    at_rest(page)
    page.locator(".pane").first.focus()
    page.keyboard.press("Delete")  # what is measured stands in pictures, too
    (region,) = mask.wish.regions
    (x0, y0), (x1, y1) = region.points
    center, size = ((y0 + y1) / 2, (x0 + x1) / 2), (abs(y1 - y0), abs(x1 - x0))
    inside = hu.region("rectangle", volume, center=center, size=size)
    low, high = np.percentile(volume.values[at][inside.values[at]], (5, 95))
    assert (selection.above, selection.below) == (np.ceil(low) - 0.5, np.floor(high) + 0.5)
    wanted = hu.mask(volume, selection.above, selection.below, fill=True, opening=2)
    expected = hu.intersection(wanted, inside)
    assert (seen(page) == expected.values[at]).all() and expected.values[at].any()
    assert facts(page)["Pixels"] == str(expected.values.sum())
    page.get_by_label("Only within region").uncheck()
    at_rest(page)
    assert (seen(page) == wanted.values[at]).all()


def test_a_page_that_is_loaded_anew_draws_on_the_mask_that_there_is(open_page, volume):
    page = open_page(volume.sources[0].path.rsplit("/", 1)[0])
    press(page, "Brush")
    dragged(page, middle(page), middle(page))
    page.reload()
    settled(page)
    page.locator(".pane").first.focus()
    page.keyboard.press("4")
    at_rest(page)
    x, y = middle(page)
    dragged(page, (x - 3, y), (x + 3, y))
    (mask,) = masks_of(page)
    assert [edit.stroke.erase for edit in mask.edits] == [False, True]
