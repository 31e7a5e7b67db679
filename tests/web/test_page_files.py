"""What the page says of files: junk, archives, objects without images, what is empty, gone or damaged."""

import re
import shutil
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import all_read, running
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]


@contextmanager
def view(browser, *paths, expected=()):
    """A page that shows files; its errors are those of answers that were expected."""
    with running(*paths) as server:
        context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-US")
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(server.address)
        all_read(page)
        try:
            yield page
            assert problems == []
        finally:
            context.close()


def counts(page):
    rows = page.locator(".counts tr").all_inner_texts()
    return {name: int(number) for number, name in (row.split("\t") for row in rows)}


def open_all(page):
    for summary in page.locator(".rest summary").all():
        summary.click()


def test_500_files_of_which_50_are_junk(browser, tmp_path):
    hu.phantom(tmp_path / "ct", matrix=16, slices=450)
    for number in range(50):
        (tmp_path / f"junk{number:02}.bin").write_bytes(bytes([number % 3]) * 300)
    with view(browser, tmp_path) as page:
        assert page.locator(".entry").count() == 1
        assert counts(page) == {"shown": 450, "not DICOM": 50}
        page.get_by_text("50 files are not shown, and why").click()
        at_rest(page)
        names = page.locator(".rest .name").all_inner_texts()
        assert sorted(names) == [f"junk{number:02}.bin" for number in range(50)]
        assert page.locator(".rest .quiet").count() <= 3  # each reason once


def test_a_zip_of_a_cd_with_a_dicomdir(browser, tmp_path):
    root = Path(get_testdata_file("DICOMDIR")).parent
    files = [root / "DICOMDIR", *sorted(path for path in root.glob("[0-9]*/**/*") if path.is_file())]
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        for path in files:
            archive.write(path, path.relative_to(root))
    with view(browser, tmp_path / "cd.zip") as page:
        told = counts(page)
        assert sum(told.values()) == len(files) and told["other DICOM objects"] == 1
        assert told["shown"] + 1 == len(files)
        open_all(page)
        assert page.locator(".rest summary", has_text="1 × DICOMDIR").count() == 1
        assert page.locator(".pane[data-frame]:not([data-frame=''])").count() == 1


def test_objects_without_images_are_listed_by_kind(browser, tmp_path):
    hu.phantom(tmp_path / "ct", matrix=16, slices=4)
    for name in ("rtplan.dcm", "rtstruct.dcm", "reportsi.dcm"):
        shutil.copy(get_testdata_file(name), tmp_path / name)
    with view(browser, tmp_path) as page:
        assert counts(page) == {"shown": 4, "other DICOM objects": 3}
        kinds = page.locator(".rest summary").all_inner_texts()
        assert sorted(kinds) == ["1 × Basic Text SR", "1 × RT Plan", "1 × RT Structure Set"]
        assert page.locator(".rest .error").count() == 0
        page.locator("summary", has_text="RT Plan").click()
        at_rest(page)
        assert page.get_by_text("rtplan.dcm").is_visible()


def test_an_empty_folder(browser, tmp_path):
    with view(browser, tmp_path) as page:
        assert page.locator(".rest").inner_text().startswith("There are no files here.")
        assert page.locator(".message").first.inner_text().startswith("There is no image to show. Drop files")


def test_a_folder_that_vanishes_while_it_is_looked_at(browser, tmp_path):
    hu.phantom(tmp_path / "a" / "one", matrix=32, slices=6)
    hu.phantom(tmp_path / "b" / "two", matrix=32, slices=7)
    hu.phantom(tmp_path / "b" / "three", matrix=32, slices=8)
    with view(browser, tmp_path / "a", tmp_path / "b") as page:
        page.locator(".entry", has_text="7 slices").click()
        page.locator(".pane[data-frame='3']").wait_for()
        at_rest(page)  # it is in memory now
        shutil.rmtree(tmp_path / "b")
        page.locator(".pane").first.focus()
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        page.locator(".pane[data-frame='6']").wait_for()
        page.locator(".entry", has_text="8 slices").click()
        message = page.locator(".message.error").first
        message.wait_for()
        at_rest(page)
        assert re.match(r"\d{4}\.dcm is no longer there", message.inner_text())
        assert str(tmp_path) not in page.content()
        page.locator(".entry", has_text="6 slices").click()
        page.locator(".pane[data-frame='3']").wait_for()
        at_rest(page)
        assert page.locator(".message.error:visible").count() == 0
        assert page.locator(".entry").count() == 3
        page.locator(".entry", has_text="7 slices").click()
        page.locator(".pane[data-frame='3']").wait_for()


def test_a_damaged_file_in_a_series(browser, tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=6, transfer_syntax="jpeg 2000")
    path = tmp_path / "0003.dcm"
    data = path.read_bytes()
    at = data.rindex(b"\xff\x4f\xff\x51")
    path.write_bytes(data[: at + 20] + bytes(len(data) - at - 20))
    with view(browser, tmp_path) as page:
        message = page.locator(".message.error").first
        message.wait_for()
        assert message.inner_text().startswith("0003.dcm: ")
        page.locator(".entry .note", has_text="0003.dcm: ").wait_for()
        page.locator(".counts tr", has_text="unreadable").wait_for()
        at_rest(page)
        assert counts(page) == {"shown": 5, "unreadable": 1}
        page.locator(".pane").first.focus()
        page.keyboard.press("ArrowDown")
        page.locator(".pane[data-frame='4']").wait_for()
        at_rest(page)
        assert page.locator(".message.error:visible").count() == 0
