"""What the library says, in the language of the page: translated where it leaves the server."""

import asyncio
import json
import shutil
import subprocess
import sys

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.locale.translation import catalogue
from hounsfield.web.routes.event_routes import event_stream

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
ZH = {"X-Language": "zh"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translated")
    hu.phantom(folder / "ct", matrix=32, slices=6)
    sorted((folder / "ct").iterdir())[3].unlink()  # a gap
    (folder / "notes.txt").write_text("no image")
    shutil.copy(get_testdata_file("MR_small.dcm"), folder / "Canary^Anna.dcm")
    return folder


@pytest.fixture(scope="module")
def page(folder):
    with shown(folder) as opened:
        yield opened


def state(page, language):
    async def first():
        return await anext(event_stream(page.viewing, language))

    return json.loads(asyncio.run(first()).removeprefix(b"data: "))


def sentences(state):
    report = state["report"]
    yield from (note for item in state["items"] for note in item["notes"])
    yield from (other["why"] for other in report["others"])
    yield from (*report["missing"], *(conflict["why"] for conflict in report["conflicts"]))


def test_notes_and_the_report_are_those_of_the_catalogue(page):
    english, chinese = (list(sentences(state(page, language))) for language in ("en", "zh"))
    assert any("missing" in text for text in english)
    for before, after in zip(english, chinese, strict=True):
        assert after == catalogue().sentence(before)
        assert not before or any("\u4e00" <= character <= "\u9fff" for character in after), before


def test_steps_have_a_title_and_a_detail(page):
    for item in page.state()["items"]:
        english = page.get(f"items/{item['id']}").json()["steps"]
        chinese = page.get(f"items/{item['id']}", headers=ZH).json()["steps"]
        assert english and [step["name"] for step in english] == [step["name"] for step in chinese]
        assert all(step["title"] == step["name"] for step in english)
        for before, after in zip(english, chinese, strict=True):
            assert (after["title"], after["detail"]) == tuple(
                map(catalogue().sentence, (before["name"], before["detail"]))
            )
        assert any(before["detail"] != after["detail"] for before, after in zip(english, chinese, strict=True))


def test_refusals_are_in_the_language_of_who_asks(page):
    assert page.get("items/none").json()["error"] == "there is no such item in this run"
    assert page.get("items/none", headers=ZH).json()["error"] == "本次运行中没有这一项"
    assert page.get("items/none", headers={"X-Language": "fr"}).json()["error"] == "there is no such item in this run"
    answer = page.post("uploads", headers=ZH, json={"files": 30_000, "bytes": 1})
    assert answer.json()["error"] == "一次最多接收 20000 个文件，而不是 30000 个"
    (item, *_) = page.state()["items"]
    assert page.get(f"items/{item['id']}/frames/999", headers=ZH).json()["error"] == "没有这一帧"


def test_a_hidden_patient_stays_hidden_in_chinese(folder):
    with shown(folder, no_phi=True) as page:
        told = json.dumps(state(page, "zh"), ensure_ascii=False)
        assert "Canary" not in told and "缺" in told


def test_the_catalogue_is_not_read_where_nobody_asks_for_chinese():
    code = (
        "import sys, hounsfield.cli.view, hounsfield.web.app, hounsfield.web.serving\n"
        "from hounsfield.locale.translation import catalogue\n"
        "print(catalogue.cache_info().currsize, 'babel' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "False"]
