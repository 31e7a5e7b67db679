"""Planes of a volume in a real browser: what the canvas shows is what `Volume.reformat` makes."""

import base64
import io
import re
import shutil

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from scipy.spatial.transform import Rotation

import hounsfield as hu
from browsing import all_read, let_in, running, switched
from fingers import Fingers
from hounsfield.geometry import direction, image_plane
from resting import at_rest

from conftest import corpus_folder
from made import enhanced

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PLANES = {"axial": (1, 0, 0, 0, 1, 0), "coronal": (1, 0, 0, 0, 0, -1), "sagittal": (0, 1, 0, 0, 0, -1)}
#: Voxels are cubes of 6 mm, so that planes of straight volumes have square pixels.
PHANTOMS = {
    "straight": {},
    "oblique": {"orientation": "oblique"},
    "leaning": {"tilt": 20},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planes")
    for number, (name, options) in enumerate(PHANTOMS.items(), 1):
        hu.phantom(folder / name, matrix=64, slices=20, slice_spacing=6.0, **options)
        for path in (folder / name).glob("*.dcm"):
            made = pydicom.dcmread(path)
            made.SeriesDescription, made.SeriesNumber = name, number
            made.FrameOfReferenceUID = f"1.2.3.{number}"
            made.save_as(path)
    localizers(folder / "localizers.dcm")
    head = corpus_folder() and corpus_folder() / "gantry-tilt-ct"
    if head and head.is_dir():
        (folder / "head").mkdir()
        for source in next(iter(hu.read_volumes(head))).sources:
            shutil.copy(source.path, folder / "head")
    return folder


def localizers(path):
    """Three frames in three planes of the frame of reference of the straight phantom."""
    planes = [(1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1), (0.8, 0.6, 0, 0, 0, -1)]
    made = pydicom.dcmread(io.BytesIO(enhanced(np.arange(192, dtype=np.uint16).reshape(3, 8, 8), [(2.0, 0)] * 3)))
    made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [20, 20]
    for item, cosines in zip(made.PerFrameFunctionalGroupsSequence, planes, strict=True):
        orientation, position = Dataset(), Dataset()
        orientation.ImageOrientationPatient = list(cosines)
        position.ImagePositionPatient = (-70 * np.add(cosines[:3], cosines[3:])).tolist()
        item.PlaneOrientationSequence, item.PlanePositionSequence = [orientation], [position]
    made.SeriesDescription, made.SeriesNumber, made.FrameOfReferenceUID = "localizers", 9, "1.2.3.1"
    made.save_as(path)


@pytest.fixture(scope="module")
def address(folder):
    with running(folder) as server:
        yield server.address


@pytest.fixture(scope="module")
def session(browser, address):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US")
    let_in(context, address)
    yield context
    context.close()


@pytest.fixture
def page(session, address):
    page = session.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    all_read(page)
    yield page
    page.close()
    assert problems == []


def quiet(page):
    """Wait until no pane waits for a frame, and none is coarse."""
    at_rest(page)
    playwright.expect(page.locator(".pane[data-waits]")).to_have_count(0)
    at_rest(page)


def cut(page, name):
    page.locator(".entry", has_text=name).click()
    page.get_by_role("button", name="Axial, coronal and sagittal planes").click()
    page.locator(".pane:nth-child(3)[data-frame]:not([data-frame=''])").wait_for()
    quiet(page)


def canvas(page, pane):
    width, height, data = page.evaluate(
        """(pane) => { const c = document.querySelectorAll('.pane > canvas')[pane];
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let text = ''; for (let i = 0; i < d.length; i += 32768) text += String.fromCharCode(...d.subarray(i, i + 32768));
        return [c.width, c.height, btoa(text)]; }""",
        pane,
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3]


def frame_of(page, pane):
    page.locator(f".pane:nth-child({pane + 1})[data-frame]:not([data-frame=''])").wait_for()
    at_rest(page)
    return int(page.locator(".pane").nth(pane).get_attribute("data-frame"))


def shows(page, pane, index):
    playwright.expect(page.locator(".pane").nth(pane)).to_have_attribute("data-frame", str(index))
    at_rest(page)


def look_plain(page):
    """One image pixel to one of the screen, nothing drawn over it, in every pane."""
    for pane in range(3):
        page.locator(".pane").nth(pane).focus()
        page.keyboard.press("1")
    for label in ("Texts over the image", "Show or hide crosshair"):
        page.get_by_role("button", name=label).click()
    quiet(page)


def assert_seen(page, pane, volume, index):
    """The canvas shows a slice of a volume, whose smaller pixel side is one pixel of the screen."""
    wanted = hu.render(volume)[index]
    screen = canvas(page, pane)
    down, across = np.array(volume.spacing[1:]) / min(volume.spacing[1:])
    rows, columns = wanted.shape[:2]
    (top, high), (left, wide) = (
        (np.floor(room / 2 - size * scale / 2 + 0.5), int(size * scale))
        for room, size, scale in ((screen.shape[0], rows, down), (screen.shape[1], columns, across))
    )
    y, x = (
        np.arange(max(0, int(top)), min(int(top) + high, screen.shape[0])),
        np.arange(max(0, int(left)), min(int(left) + wide, screen.shape[1])),
    )
    from_rows = ((y + 0.5 - top) / down).astype(int).clip(0, rows - 1)
    from_columns = ((x + 0.5 - left) / across).astype(int).clip(0, columns - 1)
    seen, picture = screen[np.ix_(y, x)].astype(int), wanted[np.ix_(from_rows, from_columns)].astype(int)
    picture = picture[..., None] if picture.ndim == 2 else picture
    off = np.abs(seen - picture).max(-1)
    assert seen.size > 2000
    assert (off > 1).mean() < 0.002 and (off > 0).mean() < 0.01, (off > 0).mean()
    assert picture.std() > 10  # and there is something to be seen


def read(folder, name):
    (volume,) = hu.read_volumes(folder / name)
    return volume


def middle_of(volume):
    axial = volume.reformat("axial")
    return (axial.affine @ [len(axial) // 2, axial.shape[1] // 2, axial.shape[2] // 2, 1])[:3]


def turned(volume, cosines, point):
    """A plane through a point, and which of its slices that is."""
    spacing = volume.reformat(cosines).spacing[1:]
    made = volume.reformat(image_plane(point, cosines, spacing))
    return made, round(float(np.linalg.solve(made.affine, [*point, 1])[0]))


@pytest.mark.parametrize("name", PHANTOMS)
def test_planes_on_the_canvas_are_those_of_reformat(page, folder, name):
    cut(page, name)
    volume = read(folder, name)
    look_plain(page)
    for pane, plane in enumerate(PLANES):
        assert_seen(page, pane, volume.reformat(plane), frame_of(page, pane))
    look_plain(page)
    page.locator(".pane").first.focus()
    for key in ("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    quiet(page)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("Shift+ArrowUp")
    quiet(page)
    texts = [page.locator(".pane").nth(pane).locator(".topRight").inner_text() for pane in range(3)]
    assert [text.split("\n")[-1] for text in texts] == [f"oblique ({plane})" for plane in PLANES]
    page.locator(".pane").first.focus()
    look_plain(page)
    about_axial = Rotation.from_rotvec([0, 0, 21], degrees=True)
    across, down = np.array(PLANES["coronal"][:3]), np.array(PLANES["coronal"][3:])
    normal = about_axial.apply(np.cross(across, down))
    about_coronal = Rotation.from_rotvec(-10 * normal, degrees=True)
    turns = {"axial": about_coronal, "coronal": about_axial, "sagittal": about_coronal * about_axial}
    for pane, (plane, turn) in enumerate(turns.items()):
        cosines = turn.apply(np.reshape(PLANES[plane], (2, 3))).ravel().tolist()
        made, index = turned(volume, cosines, middle_of(volume))
        assert frame_of(page, pane) == index
        assert_seen(page, pane, made, index)


@pytest.mark.parametrize("name", ["oblique", "leaning"])
def test_planes_of_the_acquisition_are_a_choice_that_is_said(page, folder, name):
    cut(page, name)
    page.get_by_label("Planes of").select_option("own")
    quiet(page)
    assert "acquisition's axes" in page.locator(".pane").first.locator(".topRight").inner_text()
    letters = page.locator(".pane").nth(1).locator(".edge.right").inner_text()
    look_plain(page)
    flat = read(folder, name).rectified()
    for pane, plane in enumerate(PLANES):
        assert_seen(page, pane, flat.reorder(plane), frame_of(page, pane))
    across = flat.reorder("coronal").affine[:3, 2]
    assert letters == direction(across / np.linalg.norm(across))


def test_a_sheared_volume_is_rectified_where_that_is_asked_for(page, folder):
    cut(page, "straight")
    assert page.get_by_text("Rectify the sheared").is_hidden()
    page.get_by_role("button", name="One pane").click()
    cut(page, "leaning")
    page.get_by_text("Rectify the sheared").click()
    quiet(page)
    assert "rectified" in page.locator(".pane").first.locator(".topRight").inner_text()
    page.get_by_role("tab", name="Steps").click()
    at_rest(page)
    assert "slices moved within their planes" in page.locator(".steps").inner_text()
    look_plain(page)
    flat = read(folder, "leaning").rectified()
    for pane, plane in enumerate(PLANES):
        assert_seen(page, pane, flat.reformat(plane), frame_of(page, pane))


def test_a_slab_of_turned_planes_is_that_of_project(page, folder):
    cut(page, "straight")
    page.get_by_label("Slab in mm").fill("30")
    page.get_by_label("How a slab is projected").select_option("max")
    quiet(page)
    page.locator(".pane").first.focus()
    page.keyboard.press("Shift+ArrowDown")
    quiet(page)
    assert "max 30 mm" in page.locator(".pane").nth(1).locator(".topRight").inner_text()
    look_plain(page)
    volume = read(folder, "straight")
    turn = Rotation.from_rotvec([0, 0, 10], degrees=True)
    cosines = turn.apply(np.reshape(PLANES["coronal"], (2, 3))).ravel().tolist()
    made, index = turned(volume, cosines, middle_of(volume))
    thick = round(30 / made.spacing_between_slices)
    first = index - (thick - 1) // 2
    assert_seen(page, 1, made[first : first + thick].project("max"), 0)


def lines(page):
    return {
        plane: float(page.get_by_label(f"Lines in {plane}", exact=True).input_value())
        for plane in ("axial", "coronal", "sagittal")
    }


def handle(page, pane):
    """Place of the right handle on the horizontal line, with the crosshair in the middle of the pane, and its middle."""
    box = page.locator(".pane > canvas").nth(pane).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.3 * min(box["width"], box["height"])


def test_lines_are_turned_by_their_handles_and_straightened_again(page, folder):
    cut(page, "straight")
    x, y, away = handle(page, 0)
    before = page.locator(".bottomLeft").first.inner_text()
    page.mouse.move(x + away, y)
    page.mouse.down()
    for degrees in range(5, 31, 5):
        angle = np.radians(degrees)
        page.mouse.move(x + away * np.cos(angle), y + away * np.sin(angle))
        page.wait_for_timeout(30)
    page.mouse.up()
    quiet(page)
    assert lines(page) == {"axial": pytest.approx(30, abs=1.5), "coronal": 0, "sagittal": 0}
    assert page.locator(".bottomLeft").first.inner_text() == before  # neither window nor zoom
    assert [page.locator(".pane").nth(i).locator(".topRight").inner_text().split("\n")[-1] for i in range(3)] == [
        "axial",
        "oblique (coronal)",
        "oblique (sagittal)",
    ]
    page.get_by_label("Lines in coronal", exact=True).fill("-15")
    page.keyboard.press("Enter")
    quiet(page)
    assert lines(page)["coronal"] == -15
    assert page.locator(".pane").first.locator(".topRight").inner_text().endswith("oblique (axial)")
    page.locator(".pane").first.focus()
    page.keyboard.press("o")
    quiet(page)
    assert lines(page) == {"axial": 0, "coronal": 0, "sagittal": 0}
    assert page.locator(".pane").first.locator(".topRight").inner_text().endswith("axial")


def test_fingers_turn_planes(browser, address, folder):
    context = browser.new_context(viewport={"width": 800, "height": 900}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    all_read(page)
    cut(page, "straight")
    fingers = Fingers(page)
    x, y, away = handle(page, 0)
    fingers.down((x + away + 6, y + 6))
    for degrees in range(4, 25, 4):
        fingers.move((x + away * np.cos(np.radians(degrees)), y + away * np.sin(np.radians(degrees))))
    fingers.up()
    quiet(page)
    assert page.locator(".pane").nth(1).locator(".topRight").inner_text().endswith("oblique (coronal)")
    context.close()


def test_beyond_the_volume_is_padding_and_said_so(page, folder):
    cut(page, "straight")
    page.locator(".pane").first.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    quiet(page)
    box = page.locator(".pane > canvas").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    at_rest(page)
    assert "padding" not in page.locator(".pane").nth(1).locator(".probe").inner_text()
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("Home")
    quiet(page)
    assert "-1024 HU (padding)" in page.locator(".pane").nth(1).locator(".probe").inner_text().replace("−", "-")


def test_panes_of_two_spaces_are_linked_by_hand(page, folder):
    page.get_by_role("button", name="Two panes").click()
    page.locator(".pane").first.click()
    page.locator(".entry", has_text="straight").click()
    page.locator(".entry[aria-current]", has_text="straight").wait_for()
    quiet(page)
    page.locator(".pane").nth(1).click()
    page.locator(".entry", has_text="leaning").click()
    page.locator(".entry[aria-current]", has_text="leaning").wait_for()
    quiet(page)
    link = page.get_by_role("button", name="Link panes here by hand")
    page.locator(".pane").nth(1).focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    quiet(page)
    first, second = frame_of(page, 0), frame_of(page, 1)
    page.keyboard.press("k")
    switched(link)
    at_rest(page)
    straight, tilted = read(folder, "straight"), read(folder, "leaning")
    here, there = (volume[index].plane for volume, index in ((straight, first), (tilted, second)))
    apart = np.dot(there.normal, there.position) - np.dot(here.normal, here.position)
    said = [page.locator(".pane").nth(i).locator(".topRight").inner_text() for i in range(2)]
    assert f"linked by hand: {apart:+.1f} mm (no registration)".replace("-", "−") in said[1]
    assert f"linked by hand: {-apart:+.1f} mm".replace("-", "−") in said[0]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    shows(page, 0, first + 2)
    shows(page, 1, second + 2)
    page.locator(".pane").first.focus()
    page.keyboard.press("ArrowUp")
    shows(page, 0, first + 1)
    shows(page, 1, second + 1)
    link.click()
    playwright.expect(page.locator(".pane").nth(1).locator(".topRight")).not_to_contain_text("linked")
    page.locator(".pane").first.focus()
    page.keyboard.press("ArrowUp")
    shows(page, 0, first)
    shows(page, 1, second + 1)


def test_letters_are_those_of_the_frame(page, folder):
    page.locator(".entry", has_text="localizers").click()
    quiet(page)
    image = hu.read(folder / "localizers.dcm")
    page.locator(".pane").first.focus()
    for index in range(3):
        page.keyboard.press("Home")
        for _ in range(index):
            page.keyboard.press("ArrowDown")
        shows(page, 0, index)
        letters = direction(np.array(image.frame(index).plane.orientation[:3]))
        playwright.expect(page.locator(".pane").first.locator(".edge.right")).to_have_text(letters)
        assert "LPS" not in page.locator(".pane").first.locator(".bottomRight").inner_text()


def test_lines_between_panes_are_those_of_the_frames_and_of_one_space(page, folder):
    """A pane of the same frame of reference has the line of each localizer's own plane; another has none."""
    page.get_by_role("button", name="Two panes").click()
    for pane, name in enumerate(("straight", "localizers")):
        page.locator(".pane").nth(pane).click()
        page.locator(".entry", has_text=name).click()
        quiet(page)
    volume, image = read(folder, "straight"), hu.read(folder / "localizers.dcm")
    page.locator(".pane").nth(1).focus()
    for index in range(3):
        if index:
            page.keyboard.press("ArrowDown")
        shows(page, 1, index)
        y, x = np.nonzero(blue(page))
        assert len(x) > 50
        way = np.cross(
            image.frame(index).plane.normal, (0, 0, 1)
        )  # in the axial slice, whose columns and rows are x, y
        seen = np.linalg.svd(np.stack([x - x.mean(), y - y.mean()]), full_matrices=False)[0][:, 0]
        assert abs(seen @ way[:2]) / np.linalg.norm(way) > 0.999
        length = 160 * 64 / volume.spacing[1] / 64  # mm over mm of a pixel
        assert np.hypot(np.ptp(x), np.ptp(y)) == pytest.approx(length * zoom(page, 0), rel=0.05)
    page.get_by_role("button", name="Show or hide crosshair").click()
    at_rest(page)
    assert not blue(page).any()
    page.get_by_role("button", name="Show or hide crosshair").click()
    page.locator(".pane").first.click()
    page.locator(".entry", has_text="leaning").click()
    quiet(page)
    assert not blue(page).any()


def blue(page):
    """Pixels of the lines in the first pane: images, texts and the crosshair are not blue."""
    red, _, most = np.moveaxis(canvas(page, 0).astype(int), -1, 0)
    return most - red > 50


def zoom(page, pane):
    return int(re.search(r"zoom (\d+)%", page.locator(".pane").nth(pane).inner_text())[1]) / 100


def test_planes_of_a_real_tilted_head_are_those_of_reformat(page, folder):
    if not (folder / "head").is_dir():
        pytest.skip("no corpus: set HOUNSFIELD_CORPUS, or put it at ../shared/corpus")
    cut(page, "512 × 512")
    volume = read(folder, "head")
    point = middle_of(volume)
    look_plain(page)
    for pane, plane in enumerate(PLANES):
        assert_seen(page, pane, volume.reformat(plane), frame_of(page, pane))
    look_plain(page)
    page.locator(".pane").first.focus()
    page.keyboard.press("Shift+ArrowUp")
    quiet(page)
    look_plain(page)
    turn = Rotation.from_rotvec([0, 0, -10], degrees=True)
    cosines = turn.apply(np.reshape(PLANES["sagittal"], (2, 3))).ravel().tolist()
    made, index = turned(volume, cosines, point)
    assert_seen(page, 2, made, index)
