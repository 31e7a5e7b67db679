"""Segments in the panel Mask, masks saved from the page, and names while the patient is hidden, in a real browser."""

from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import hide_patient, planes_of, saved_view, settled
from canaries import WORD
from hounsfield.exports.seg import write_seg
from masking_page import mask_pages, seen
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
SLICES, MATRIX = 8, 64
AXE = Path(__file__).parent / "js" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    hu.phantom(folder / "ct", matrix=MATRIX, slices=SLICES)
    (volume,) = hu.read_volumes(folder / "ct")
    write_seg({"left": hu.mask(volume, tissue="lung"), "right": hu.mask(volume, tissue="bone")}, folder / "seg.dcm")
    dataset = pydicom.dcmread(folder / "seg.dcm")
    for number, segment in enumerate(dataset.SegmentSequence):
        segment.SegmentLabel = f"{WORD}{number}"
    dataset.save_as(folder / "seg.dcm")
    return folder


@pytest.fixture(scope="module")
def volume(folder):
    return hu.read_volumes(folder / "ct")[0]


@pytest.fixture
def open_page(browser):
    with mask_pages(browser) as opened:
        yield opened


def slice_of(folder):
    return next(path for path in sorted((folder / "ct").rglob("*")) if path.is_file())


def choose(page, name, on=True):
    page.locator(".segments").get_by_label(name).set_checked(on)
    at_rest(page)


def pixels_told(page):
    return page.locator("#panel-mask .facts dd").nth(1).inner_text()


def test_segments_are_listed_shown_hidden_and_measured(open_page, folder, volume):
    page = open_page(folder, slice_of(folder))
    at = settled(page)
    lung, bone = (hu.mask(volume, tissue=name) for name in ("lung", "bone"))
    plain = saved_view(page)
    choose(page, f"{WORD}0")
    assert ((saved_view(page) != plain).any(-1) == lung.values[at]).all()
    choose(page, f"{WORD}1")
    page.mouse.move(5, 5)
    assert ((saved_view(page) != plain).any(-1) == lung.values[at] | bone.values[at]).all()
    measures = hu.measure(volume, bone)
    assert pixels_told(page) == str(measures.pixels)
    names = [row.get_by_label("Name").input_value() for row in page.locator(".masks li").all()]
    assert names == [f"{WORD}0", f"{WORD}1"] and page.get_by_label("Selected by").input_value() == "segment"
    choose(page, f"{WORD}1", on=False)
    page.mouse.move(5, 5)
    assert ((saved_view(page) != plain).any(-1) == lung.values[at]).all()
    page.locator(".masks li").first.get_by_label("Choose this mask").check()
    at_rest(page)
    assert (seen(page) == lung.values[at]).all()
    planes_of(page)
    at_rest(page)
    for pane, plane in enumerate(("axial", "coronal", "sagittal")):
        page.locator(".pane").nth(pane).click(position={"x": 6, "y": 60})
        at_rest(page)
        cut, number = lung.reformat(plane), int(page.locator(".pane").nth(pane).get_attribute("data-frame"))
        picture = saved_view(page)[..., 0] > 0
        if picture.shape == cut.values[number].shape:
            assert (picture == cut.values[number]).all()
        else:
            assert abs(picture.mean() - cut.values[number].mean()) < 0.02


def test_where_no_segment_is_left_values_select_again(open_page, folder):
    page = open_page(folder, slice_of(folder))
    choose(page, f"{WORD}0")
    assert page.locator(".histogram").is_hidden()
    page.get_by_role("button", name="Delete mask", exact=True).click()
    at_rest(page)
    assert page.locator(".histogram").is_visible() and page.get_by_label("Selected by").input_value() == "range"
    assert not page.locator(".segments").get_by_label(f"{WORD}0").is_checked()


def test_a_segmentation_opened_by_itself(open_page, folder):
    page = open_page(folder / "seg.dcm")
    segments = {each.label: each for each in hu.segments(folder / "seg.dcm")}
    choose(page, f"{WORD}0")
    assert pixels_told(page) == str(segments[f"{WORD}0"].mask.values.sum())
    choose(page, f"{WORD}1")
    assert pixels_told(page) == str(segments[f"{WORD}1"].mask.values.sum())


def test_names_of_segments_and_masks_go_with_the_patient(open_page, folder):
    page = open_page(folder, slice_of(folder))
    choose(page, f"{WORD}0")
    page.get_by_role("button", name="Add mask", exact=True).click()
    at_rest(page)
    page.locator(".masks li").last.get_by_label("Name").fill(f"tumour of {WORD}")
    page.locator(".masks li").last.get_by_label("Name").press("Enter")
    at_rest(page)

    def everything():
        values = page.evaluate("[...document.querySelectorAll('input, select')].map(each => each.value).join(' ')")
        return page.evaluate("document.documentElement.outerHTML") + values

    assert everything().count(WORD) > 3
    answers = []
    hide_patient(page)
    at_rest(page)
    page.on("response", lambda answer: answers.append(answer))
    assert WORD not in everything()
    assert "Segment 1" in page.locator(".segments").inner_text()
    page.reload()
    settled(page)
    page.get_by_role("tab", name="Mask").click()
    page.get_by_label("Selected by").wait_for()
    at_rest(page)
    names = [row.get_by_label("Name").input_value() for row in page.locator(".masks li").all()]
    assert names == ["mask 1", "mask 2"] and WORD not in everything()
    choose(page, "Segment 2")
    assert WORD not in everything()
    texts = [answer.text() for answer in answers if "/api/" in answer.url and "json" in answer.headers["content-type"]]
    assert len(texts) > 3 and all(WORD not in text for text in texts)


def script(values):
    """Threshold 90, contours drawn filled, opened by an ellipse of 2 x 2: with OpenCV alone."""
    picture = cv2.inRange(values.astype(np.float64), 90 + 1e-9, 1e9)
    contours, _ = cv2.findContours(picture, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(picture), contours, -1, 255, cv2.FILLED)
    return cv2.morphologyEx(filled, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2))) > 0


def test_the_script_s_mask_is_made_on_the_page_in_every_pixel_and_saved(open_page, tmp_path):
    """A real CT slice, three times at other places: files of volumes need more than one."""
    nibabel = pytest.importorskip("nibabel")
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    uid, z = dataset.SOPInstanceUID, float(dataset.ImagePositionPatient[2])
    for number in range(3):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{uid}.{number}"
        dataset.ImagePositionPatient[2], dataset.InstanceNumber = z + 5 * number, number + 1
        dataset.save_as(tmp_path / f"{number}.dcm")
    page = open_page(tmp_path)
    assert page.get_by_label("Above").nth(1).input_value() == "90"
    assert page.get_by_label("Holes").input_value() == "plane"
    assert page.get_by_label("Opening in pixels").input_value() == "2"
    page.get_by_role("button", name="Make mask").click()
    page.get_by_role("button", name="Delete mask").wait_for()
    at_rest(page)
    expected = script(values)
    assert (seen(page) == expected).all() and 0 < expected.sum() < expected.size

    def saved(name, ending):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        download.value.save_as(tmp_path / f"mask{ending}")
        return tmp_path / f"mask{ending}"

    read = np.asanyarray(nibabel.load(saved("NIfTI", ".nii.gz")).dataobj)
    assert read.sum() == 3 * expected.sum()
    by_axes = np.moveaxis(read, (2, 1, 0), (0, 1, 2)).astype(bool)
    turned = [by_axes[:, ::up, ::left] for up in (1, -1) for left in (1, -1)]
    assert any((each == expected).all() for each in turned)
    (segment,) = hu.segments(saved("DICOM SEG", ".dcm"))
    assert segment.mask.values.shape == (3, *expected.shape) and (segment.mask.values == expected).all()
    with np.load(saved("NPZ", ".npz")) as file:
        arrays = [file[name] for name in file.files if file[name].shape == (3, *expected.shape)]
    assert any((array.astype(bool) == expected).all() for array in arrays)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci in tests/web/js")
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_panel_keeps_nobody_out(open_page, folder, scheme, language):
    page = open_page(folder, slice_of(folder), color_scheme=scheme)
    if language != "en-US":
        page.get_by_role("button", name="中文").click()
        at_rest(page)
    for box in page.locator(".segments input").all():
        box.check()
        at_rest(page)
    page.locator(".brush button").first.click()
    at_rest(page)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """axe.run({ resultTypes: ["violations"] }).then(r =>
            r.violations.map(v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))]))"""
    )
    assert [each for each in found if each[0] in ("serious", "critical")] == []
