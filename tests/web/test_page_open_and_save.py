"""The page in a real browser: files that are opened or dropped, views and films that are saved."""

import json
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from PIL import ImageSequence
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import settled, until
from fingers import tap
from resting import at_rest

from reverse_proxy import reverse_proxy

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CT = get_testdata_file("CT_small.dcm")
MR = get_testdata_file("MR_small.dcm")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    hu.phantom(folder / "ct", matrix=64, slices=8)
    (folder / "empty").mkdir()
    dropped = folder / "dropped"
    dropped.mkdir()
    hu.phantom(dropped / "series", matrix=48, slices=5)
    (dropped / "notes.txt").write_text("no image")
    with zipfile.ZipFile(folder / "cd.zip", "w") as archive:
        archive.write(MR, "IMAGES/1")
    return folder


@pytest.fixture
def opened(browser):
    """Start a server of its own for a test, and open its page."""
    running = []

    def begin(path, *options, **context_options):
        command = [sys.executable, "-m", "hounsfield", "view", "--no-browser", *options, str(path)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        known = {"viewport": {"width": 1400, "height": 900}, "locale": "en-US", "color_scheme": "dark"}
        context = browser.new_context(**known | context_options)
        running.append((server, context))
        page = context.new_page()
        page.on("filechooser", lambda chooser: None)  # taken from the beginning: asking for it takes a moment
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(re.search(r"http://\S+", server.stdout.readline()).group())
        return page

    yield begin
    problems = [problem for _, context in running for page in context.pages for problem in page.problems]
    for server, context in running:
        context.close()
        server.terminate()
        server.communicate()
    assert problems == []


def listed(page, count):
    """Wait until the list has so many entries, which may still change while files are read."""
    playwright.expect(page.locator(".entry")).to_have_count(count)


def drop(page, files):
    """Drop files as a browser does: a script cannot make folders."""
    page.evaluate(
        """(files) => {
          const data = new DataTransfer();
          for (const [name, text] of files) {
            const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            data.items.add(new File([bytes], name));
          }
          for (const kind of ["dragover", "drop"])
            document.querySelector(".pane").dispatchEvent(
              new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        files,
    )


def base64(path):
    import base64

    return base64.b64encode(Path(path).read_bytes()).decode()


def test_an_empty_page_tells_how_and_dropped_files_are_shown(opened, folder):
    page = opened(folder / "empty")
    page.get_by_text("Drop files, folders or archives here").wait_for()
    drop(page, [["scan.dcm", base64(CT)], ["<b>x.txt", "AAAA"], ["cd.zip", base64(folder / "cd.zip")]])
    listed(page, 2)
    page.locator(".pane[data-frame='0']").wait_for()
    page.locator(".progress", has_text="3 files").wait_for()
    at_rest(page)
    assert page.locator(".error:visible").count() == 0
    page.get_by_text("1 file is not shown, and why").click()
    at_rest(page)
    assert page.locator(".rest .name", has_text="<b>x.txt").count() == 1


def test_a_folder_is_opened_by_keyboard_and_a_button(opened, folder):
    page = opened(folder / "ct")
    listed(page, 1)
    button = page.get_by_role("button", name="Open files or a folder")
    button.focus()
    page.keyboard.press("Enter")
    playwright.expect(page.get_by_role("button", name="Files or archives…")).to_be_focused()
    page.keyboard.press("Tab")
    playwright.expect(page.get_by_role("button", name="A folder…")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(folder / "dropped")
    listed(page, 2)
    page.locator(".entry[aria-current]", has_text="5 slices").wait_for()  # a series grows while it is read
    page.locator(".progress", has_text="14 files").wait_for()
    playwright.expect(page.locator(".rest")).to_contain_text("notes.txt")


def test_what_is_too_much_is_said_beside_the_buttons(opened, folder):
    page = opened(folder / "ct")
    listed(page, 1)
    page.route("**/api/uploads", lambda route: route.fulfill(status=413, body='{"error": "at most 16 GB are taken"}'))
    drop(page, [["a.dcm", base64(MR)]])
    page.locator(".work.error", has_text="at most 16 GB are taken").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    playwright.expect(page.locator(".work")).to_be_hidden()


def test_a_hidden_patient_hides_what_dropped_files_are_called(opened, folder):
    page = opened(folder / "ct", "--no-phi")
    listed(page, 1)
    drop(page, [["Canary^Anna.dcm", base64(MR)], ["Canary^Otto.txt", "AAAA"]])
    listed(page, 2)
    page.locator(".progress", has_text="10 files").wait_for()
    at_rest(page)
    assert "Canary" not in page.content()


def test_it_works_by_touch_on_a_small_screen(opened, folder):
    page = opened(folder / "ct", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    listed(page, 1)
    tap(page.get_by_role("button", name="Open files or a folder"))
    with page.expect_file_chooser() as chooser:
        tap(page.get_by_role("button", name="Files or archives…"))
    chooser.value.set_files(folder / "cd.zip")
    listed(page, 2)
    at_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def saved(page, tmp_path, name):
    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_the_stack_is_saved_as_a_gif_as_it_is_seen(opened, folder, tmp_path):
    page = opened(folder / "ct")
    page.locator(".pane[data-frame='4']").wait_for()
    settled(page)
    page.get_by_role("button", name="Invert").click()
    page.get_by_role("button", name="Turn a quarter").click()
    page.get_by_role("button", name="Exchange left and right").click()
    settled(page)
    path = saved(page, tmp_path, "Stack as GIF")
    assert path.name == "hounsfield-CT-1.gif"
    film = Picture.open(path)
    frames = np.stack([np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(film)])
    (volume,) = hu.read_volumes(folder / "ct")
    expected = np.rot90(hu.render(volume), -1, axes=(1, 2))[:, :, ::-1]
    assert np.abs(255 - frames.astype(int) - expected).max() <= 1
    page.get_by_role("button", name="Smooth or nearest pixels").click()
    with_letters = saved(page, tmp_path, "Whole frame as PNG")
    assert with_letters.name == "hounsfield-CT-1-5.png"
    view = np.asarray(Picture.open(with_letters).convert("L"))
    # Enlarged, so that there is room for the letters and the scale that are drawn over it.
    assert view.shape == (512, 512) and 0.9 < (view[4::8, 4::8] == frames[4]).mean() < 1
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("with orientation letters and scale").uncheck()
    page.keyboard.press("Escape")
    assert (np.asarray(Picture.open(saved(page, tmp_path, "Whole frame as PNG")).convert("L")) == frames[4]).all()


def test_planes_are_saved_with_their_slab_and_colours(opened, folder, tmp_path):
    page = opened(folder / "ct")
    page.locator(".pane[data-frame='4']").wait_for()
    settled(page)
    page.get_by_role("button", name="Axial, coronal and sagittal planes").click()
    settled(page, 1)
    page.locator(".pane").nth(1).click()
    path = saved(page, tmp_path, "Stack as GIF")
    assert path.name == "hounsfield-CT-1-coronal.gif"
    (volume,) = hu.read_volumes(folder / "ct")
    expected = hu.render(volume.reformat("coronal"), square=True)
    frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(Picture.open(path))]
    assert (np.stack(frames) == expected).all()


def test_a_film_is_stopped_and_what_is_missing_is_said(opened, folder, tmp_path):
    page = opened(folder / "ct")
    page.locator(".pane[data-frame='4']").wait_for()
    settled(page)
    sentence = 'writing MP4 needs PyAV: pip install "hounsfield[video]"'
    refusal = json.dumps({"error": sentence})
    page.route("**/film", lambda route: route.fulfill(status=422, body=refusal))
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Stack as MP4").click()
    page.locator(".work.error", has_text=sentence).wait_for()
    page.unroute("**/film")
    gone = []
    page.on("requestfailed", lambda request: gone.append(request.url))
    page.route("**/film", lambda route: None)  # it never answers
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Stack as GIF").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    playwright.expect(page.locator(".work")).to_be_hidden()
    until(page, lambda: any("film" in url for url in gone))


def test_a_warning_of_burned_in_text_stands_beside_what_is_saved(opened, folder, tmp_path):
    dataset = pydicom.dcmread(CT)
    for answer, said in (("YES", "may name the patient"), ("", "does not say whether")):
        dataset.BurnedInAnnotation = answer
        dataset.save_as(tmp_path / "a.dcm")
        page = opened(tmp_path / "a.dcm")
        page.locator(".pane[data-frame='0']").wait_for()
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".menu .note", has_text=said).wait_for()
        playwright.expect(page.get_by_role("button", name="Stack as GIF")).to_be_disabled()


def test_what_the_server_says_follows_the_language(opened, folder, tmp_path):
    shutil.copytree(folder / "ct", tmp_path / "gap")
    sorted((tmp_path / "gap").iterdir())[3].unlink()
    page = opened(tmp_path / "gap")
    note = page.locator(".entry .note").first
    playwright.expect(note).to_contain_text("missing")
    frame = settled(page)
    page.get_by_role("button", name="中文").click()
    playwright.expect(note).to_contain_text("缺")
    page.get_by_role("tab", name="步骤").click()
    playwright.expect(page.locator(".steps li").first).to_contain_text(re.compile("[\u4e00-\u9fff]{3}"))
    assert settled(page) == frame
    page.get_by_role("button", name="English").click()
    playwright.expect(note).to_contain_text("missing")


def test_the_page_works_under_the_address_of_a_proxy(browser, folder):
    with reverse_proxy("/user/me/proxy/x/", keeps_host=True) as proxy, socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        one.close()
        proxy.target = port
        shown = f"http://localhost:{proxy.port}/user/me/proxy/x/"
        options = ["--no-browser", "--port", str(port), "--proxy", shown]
        command = [sys.executable, "-m", "hounsfield", "view", *options, str(folder / "ct")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            context = browser.new_context(locale="en-US")
            page = context.new_page()
            page.goto(server.stdout.readline().strip())
            page.locator(".pane[data-frame='4']").wait_for()
            drop(page, [["a.dcm", base64(MR)]])
            listed(page, 2)
            assert [cookie["path"] for cookie in context.cookies()] == ["/user/me/proxy/x/"]
            context.close()
            server.terminate()
