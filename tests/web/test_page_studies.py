"""The series list in a real browser: whose each series is, what is missing of it, which files contradict."""

import re
import shutil

import pydicom
import pytest
from pydicom.data import get_testdata_file

from browsing import all_read, hide_patient, serving, settled
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
WHOSE = [
    ("Zhang^XiaoDong=张^小东", "P-1", "1.2.9.1", "20240131", "Follow-up", 2),
    ("Doe^John", "P-2", "1.2.9.2", "20230504", "Thorax", 1),
    ("Zhang^XiaoDong=张^小东", "P-1", "1.2.9.1", "20240131", "Follow-up", 1),
    ("Zhang^XiaoDong=张^小东", "P-1", "1.2.9.3", "20240301", "", 1),
]
WHOSE += [("Doe^John", "P-2", "1.2.9.2", "20230504", "Thorax", number) for number in range(2, 6)]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    for number, (name, patient, study, date, description, series) in enumerate(WHOSE):
        made = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        made.SpecificCharacterSet = "ISO_IR 192"
        made.PatientName, made.PatientID, made.StudyInstanceUID = name, patient, study
        made.StudyDate, made.StudyDescription, made.SeriesNumber = date, description, series
        made.SeriesInstanceUID = f"1.2.9.10.{number}"
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.9.11.{number}"
        made.save_as(folder / f"{number}.dcm")
        if number == 0:
            made.RescaleSlope = 2
            (folder / "again").mkdir()
            made.save_as(folder / "again" / "0.dcm")
    shutil.copy(get_testdata_file("MR_truncated.dcm"), folder / "cut.dcm")
    with serving(folder) as running:
        yield running


@pytest.fixture
def page(context, served):
    page = context.new_page()
    page.goto(served.address)
    all_read(page)
    page.locator(".pane[data-frame='0']").wait_for()
    settled(page)
    yield page
    page.close()


def headings(page):
    return [re.sub(r"\s*\n\s*", " | ", text.strip()) for text in page.locator(".series h3:visible").all_inner_texts()]


def shown_numbers(page):
    sections = page.locator(".series section:visible").all()
    return [
        [text.split()[1] for text in section.locator(".entry:visible strong").all_inner_texts()] for section in sections
    ]


def test_series_stand_below_their_patient_and_study(page):
    assert sorted(headings(page)) == [
        "CompressedSamples, MR1 · 4MR1 | 2004-08-26",
        "Doe, John · P-2 | 2023-05-04 · Thorax",
        "张小东 (Zhang, XiaoDong) · P-1 | 2024-01-31 · Follow-up",
        "张小东 (Zhang, XiaoDong) · P-1 | 2024-03-01",
    ]
    by_heading = dict(zip(headings(page), shown_numbers(page), strict=True))
    assert by_heading["Doe, John · P-2 | 2023-05-04 · Thorax"] == ["1", "2", "3", "4", "5"]
    assert by_heading["张小东 (Zhang, XiaoDong) · P-1 | 2024-01-31 · Follow-up"] == ["1", "2", "2"]
    assert page.get_by_role("heading", level=3, name="Doe, John").count() == 1


def test_the_search_finds_patient_and_study(page):
    search = page.get_by_role("searchbox", name="Find a series")
    for typed, count in (("doe, john", 5), ("小东", 4), ("P-2 thorax", 5), ("2024-03", 1), ("nobody", 0)):
        search.fill(typed)
        at_rest(page)
        assert page.locator(".entry:visible").count() == count, typed
        assert len(headings(page)) == (2 if typed == "小东" else min(count, 1)), typed
    search.fill("2024-03")
    page.locator(".entry:visible").click()
    page.locator(".entry[aria-current]:visible").wait_for()
    at_rest(page)
    assert page.locator(".entry[aria-current]").count() == 1


def test_hidden_patients_have_numbers_and_are_not_found(page):
    hide_patient(page)
    page.locator(".series h3", has_text="Patient 1").first.wait_for()
    try:
        at_rest(page)
        assert {re.sub(r"\d", "N", text) for text in headings(page)} == {"Patient N | Study N"}
        assert len(set(headings(page))) == 4 and "Patient 3 | Study 1" in headings(page)
        for word in ("Doe", "小东", "Zhang", "P-2", "Thorax", "2024-03", "Follow-up"):
            assert word not in page.locator(".list").inner_text()
            page.get_by_role("searchbox", name="Find a series").fill(word)
            at_rest(page)
            assert page.locator(".entry:visible").count() == 0, word
        page.get_by_role("button", name="中文").click()
        page.locator(".series h3", has_text="患者 1").first.wait_for(state="attached")
        page.get_by_role("button", name="English").click()
    finally:
        hide_patient(page, False)
    page.locator(".series h3", has_text="Doe, John").wait_for(state="attached")


def test_an_image_with_missing_rows_says_so_in_the_list_and_over_the_image(page):
    entry = page.locator("section", has_text="CompressedSamples").locator(".entry")
    entry.click()
    entry.locator(".note", has_text="truncated").wait_for()
    page.locator(".corner.bottomLeft", has_text="Pixels missing").wait_for()
    page.locator("section", has_text="Thorax").locator(".entry").first.click()
    page.locator("section", has_text="Thorax").locator(".entry[aria-current]").wait_for()
    settled(page)
    assert "Pixels missing" not in page.locator(".corner.bottomLeft").first.inner_text()


def test_contradictions_name_their_files(page):
    told = page.locator("h2", has_text="Contradictions").locator("+ ul")
    assert "the same SOP Instance UID" in told.inner_text()
    assert sorted(told.locator(".name").all_inner_texts()) == ["0.dcm", "again/0.dcm"]
