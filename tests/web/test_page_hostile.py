"""Markup, scripts, terminal escapes and bidirectional controls in every text of the files: the page shows them as text."""

import pydicom
import pytest
from pydicom.datadict import DicomDictionary

import hounsfield as hu
from browsing import hide_patient, open_page, save_view, serving, settled
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

HOSTILE = "<img src=x onerror=window.ran=1><script>window.ran=1</script>\x1b[31m\x07\u202e\u2066'\"&lt;"
CONTROLS = "\x1b\x07\x00\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
_TEXTS = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"}
_CODES = {"CS", "AE", "UR"}  # of ASCII only
#: What a file needs as it is.
_KEPT = {"SpecificCharacterSet", "PhotometricInterpretation", "RescaleType", "PatientName", "VOILUTFunction"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("hostile") / "<b onmouseover=alert(1)>"
    top.mkdir()
    hu.phantom(top / "x", matrix=32, slices=3)
    with pydicom.config.disable_value_validation():
        for path in sorted(path for path in top.rglob("*") if path.is_file()):
            file = pydicom.dcmread(path)
            for tag, (vr, _, _, retired, keyword) in DicomDictionary.items():
                if tag >> 16 > 4 and vr in _TEXTS | _CODES and keyword and not retired and keyword not in _KEPT:
                    setattr(file, keyword, HOSTILE if vr in _TEXTS else HOSTILE.encode("ascii", "ignore").decode())
            file.SpecificCharacterSet = "ISO_IR 192"
            file.PatientName = f"{HOSTILE}^Name"
            file.WindowCenter, file.WindowWidth = [40, 50], [400, 500]
            file.WindowCenterWidthExplanation = [HOSTILE, HOSTILE]
            file.private_block(0x0099, HOSTILE, create=True).add_new(1, "LO", HOSTILE)
            file.save_as(path)
    for name in (
        "<img src=x onerror=window.ran=1>.dcm",
        "<script>window.ran=1<&sol;script>.txt",
        "\u202egnp.exe",
        "a\x1b[31m",
    ):
        (top / name).write_bytes(b"junk")
    return top


@pytest.fixture(scope="module")
def served(folder):
    with serving(folder, assembled=True) as opened:
        yield opened


def test_text_of_files_and_names_is_only_ever_text(browser, served):
    context = browser.new_context(viewport={"width": 1300, "height": 900}, locale="en-US")
    asked, said = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: said.append(message.text))
    page = open_page(context, served)
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.locator(".entry").first.click()
    settled(page)
    page.locator("summary").first.click()
    for tab in ("Display", "Header", "Steps"):
        page.get_by_role("tab", name=tab).click()
        at_rest(page)
        check(page)
    page.get_by_role("tab", name="Header").click()
    page.get_by_role("searchbox", name="Search the header").fill("<img")
    at_rest(page)
    values = page.locator("table.header .value").all_inner_texts()
    assert len(values) > 400 and all("<img src=x onerror=window.ran=1>" in value for value in values)
    assert page.locator(".rest .name").count() >= 4
    names = page.locator(".rest .name").all_inner_texts()
    assert {"<img src=x onerror=window.ran=1>.dcm", "\\u202egnp.exe", "a\\x1b[31m"} <= set(names)
    assert "<img src=x" in page.locator(".entry .description").first.inner_text()
    assert "<img src=x" in page.title()
    for name in ("中文", "English"):
        page.get_by_role("button", name=name).click()
        at_rest(page)
        check(page)
    hide_patient(page)
    check(page)
    assert not set('<>"\x1b\u202e/\\') & set(save_view(page).suggested_filename)
    assert page.problems == [] and said == []
    assert all(url.startswith((served.base, "blob:", "data:")) for url in asked)
    context.close()


def check(page):
    assert page.evaluate("window.ran") is None
    assert page.locator("img:not(.thumbnail img), body script, body iframe, body b").count() == 0
    assert page.locator("[onerror], [onmouseover], [onload]").count() == 0
    text = page.evaluate("document.body.innerText + document.title + document.body.outerHTML")
    assert not set(CONTROLS) & set(text)
