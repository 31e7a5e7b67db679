"""What is found in folders and archives, and what is said of the rest."""

import asyncio
import json
import shutil
import threading
import time
import zipfile
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.web.discovery import Discovery
from hounsfield.web.routes.event_routes import event_stream

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def test_every_file_of_a_folder_with_junk_is_accounted_for(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=16, slices=20)
    for number in range(10):
        (tmp_path / f"junk{number}.bin").write_bytes(bytes([number]) * 300)
    (tmp_path / "empty").touch()
    shutil.copy(get_testdata_file("rtplan.dcm"), tmp_path / "plan.dcm")
    shutil.copy(get_testdata_file("reportsi.dcm"), tmp_path / "sr.dcm")
    with shown(tmp_path) as page:
        state = page.state()
    assert [item["shape"] for item in state["items"]] == [[20, 16, 16]]
    assert sum(state["report"]["counts"].values()) == 33
    names = {other["name"]: other["outcome"] for other in state["report"]["others"]}
    assert names["plan.dcm"] == names["sr.dcm"] == "no volume" and names["junk3.bin"] == "not DICOM"
    assert (state["reading"], state["found"], state["done"]) == (False, 33, 33)
    assert str(tmp_path) not in json.dumps(state)


def test_missing_slices_are_notes(tmp_path):
    hu.phantom(tmp_path, matrix=16, slices=9, missing=(4,))
    with shown(tmp_path) as page:
        state = page.state()
    assert len(state["items"]) == 2
    assert state["items"][0]["notes"] == [f"then {state['report']['missing'][0]}"]


def test_an_empty_folder_and_one_that_is_not_there_are_said(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with shown(path) as page:
            state = page.state()
            assert state["items"] == [] and not state["reading"]
            assert state["error"] or state["report"]["others"]
            assert str(tmp_path) not in json.dumps(state)


def test_a_folder_that_vanishes_leaves_sentences(tmp_path):
    folder = tmp_path / "gone"
    hu.phantom(folder, matrix=16, slices=5)
    with shown(folder) as page:
        (item,) = page.state()["items"]
        shutil.rmtree(folder)
        for path in ("", "/frames/0", "/header", "/thumbnail", "/picture", "/planes/axial", "/planes/axial/0"):
            answer = page.get(f"items/{item['id']}{path}")
            assert answer.status_code == 422, path
            assert str(tmp_path) not in answer.text and answer.json()["error"]
        assert page.state()["items"]


def test_a_zip_and_a_dicomdir_are_what_they_hold(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=16, slices=5)
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        for path in sorted((tmp_path / "ct").iterdir()):
            archive.write(path, f"CD/{path.name}")
    (volume,) = hu.read_volumes(tmp_path / "ct")
    with shown(tmp_path / "cd.zip") as page:
        (item,) = page.state()["items"]
        assert (page.values(f"items/{item['id']}/frames/2") == volume.values[2]).all()
        assert page.json(f"items/{item['id']}/header?search=rows")["rows"]
    dicomdir = Path(get_testdata_file("DICOMDIR"))
    expected = hu.read_volumes(dicomdir)
    with shown(dicomdir) as page:
        assert len(page.state()["items"]) == len(expected)


def test_the_first_file_is_an_image_before_the_others_are_read(tmp_path):
    """It becomes part of the volume afterwards, and listeners are told into which."""
    hu.phantom(tmp_path, matrix=16, slices=5)
    discovery, told = Discovery([str(tmp_path)], DEFAULT_LIMITS), []
    discovery.items.listen(lambda kind, content: told.append((kind, content)))
    discovery.run()
    items = [content for kind, content in told if kind == "item"]
    (gone,) = [content for kind, content in told if kind == "gone"]
    assert [item.kind for item in items] == ["image", "volume"]
    assert gone == {"id": items[0].id, "into": items[1].id}
    assert told[-1][0] == "done" and told.index(("item", items[0])) < told.index(("item", items[1]))
    discovery.files.close()


def test_the_first_image_of_each_folder_is_shown_at_once(tmp_path):
    for name in ("a", "b", "c"):
        hu.phantom(tmp_path / name, matrix=16, slices=4)
        (tmp_path / name / "00").write_bytes(b"junk")
    discovery, told = Discovery([str(tmp_path)], DEFAULT_LIMITS), []
    discovery.items.listen(lambda kind, content: told.append((kind, content)))
    discovery.run()
    kinds = [kind for kind, _ in told if kind != "progress"]
    early = kinds.index("gone")
    assert [content.kind for kind, content in told if kind == "item"][:3] == ["image"] * 3
    assert kinds[:3] == ["item"] * 3 and early > 3
    gone = [content["id"] for kind, content in told if kind == "gone"]
    assert len(gone) == 3 and not {item.id for item in discovery.items} & set(gone)
    discovery.files.close()


def test_an_image_that_stays_by_itself_keeps_its_id():
    discovery, told = Discovery([get_testdata_file("CT_small.dcm")], DEFAULT_LIMITS), []
    discovery.items.listen(lambda kind, content: told.append((kind, content)))
    discovery.run()
    ids = [content.id for kind, content in told if kind == "item"]
    assert len(ids) == 2 and len(set(ids)) == 1
    assert "gone" not in [kind for kind, _ in told]


def test_ids_are_of_this_run_alone():
    ids = []
    for _ in range(2):
        with shown(get_testdata_file("CT_small.dcm")) as page:
            (item,) = page.state()["items"]
            ids.append(item["id"])
            if len(ids) == 2:
                assert page.get(f"items/{ids[0]}").status_code == 404
    assert ids[0] != ids[1]


def test_events_tell_the_state_first_and_then_changes(tmp_path):
    hu.phantom(tmp_path, matrix=16, slices=5)
    with shown(tmp_path, wait=False) as page:

        async def listen():
            kinds, stream = [], event_stream(page.viewing)
            async for chunk in stream:
                document = json.loads(chunk.removeprefix(b"data: "))
                kinds.append(document["type"])
                if kinds == ["state"]:
                    assert document["reading"] and document["items"] == []
                    page.viewing.discovery.start()
                if kinds[-1] == "done":
                    await stream.aclose()
            return kinds, document

        kinds, last = asyncio.run(listen())
        assert page.viewing.discovery.join(10)
    assert kinds[0] == "state" and kinds[-1] == "done"
    assert [kind for kind in kinds if kind != "progress"] == ["state", "item", "item", "gone", "done"]
    assert last["report"]["counts"]["volume"] == 5


def test_stopping_ends_the_search(tmp_path):
    hu.phantom(tmp_path, matrix=16, slices=5)
    discovery = Discovery([str(tmp_path)], DEFAULT_LIMITS)
    discovery.stop()
    discovery.start()
    assert discovery.join(10)
    assert discovery.items.reading and not list(discovery.items)
    assert not [thread for thread in threading.enumerate() if thread.name == "hounsfield-view-discovery"]


def test_objects_without_an_image_are_told_by_what_they_are(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=16, slices=4)
    for name in ("rtplan.dcm", "rtstruct.dcm", "reportsi.dcm", "test-SR.dcm"):
        shutil.copy(get_testdata_file(name), tmp_path / name)
    (tmp_path / "junk").write_bytes(b"junk" * 100)
    with shown(tmp_path) as page:
        report = page.state()["report"]
    kinds = {other["name"]: other["kind"] for other in report["others"] if other["object"]}
    assert kinds == {
        "rtplan.dcm": "RT Plan",
        "rtstruct.dcm": "RT Structure Set",
        "reportsi.dcm": "Basic Text SR",
        "test-SR.dcm": "Comprehensive SR",
    }
    assert (report["objects"], report["more"], len(report["others"])) == (4, 0, 5)


def test_what_turns_out_damaged_when_it_is_loaded_is_said_then(tmp_path):
    hu.phantom(tmp_path, matrix=16, slices=6, transfer_syntax="jpeg 2000")
    path = tmp_path / "0003.dcm"
    data = path.read_bytes()
    at = data.rindex(b"\xff\x4f\xff\x51")
    path.write_bytes(data[: at + 20] + bytes(len(data) - at - 20))
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert page.state()["report"]["counts"]["unreadable"] == 0
        answer = page.get(f"items/{item['id']}/frames/3")
        assert answer.status_code == 422 and "0003.dcm" in answer.json()["error"]
        assert page.get(f"items/{item['id']}/frames/2").status_code == 200
        page.viewing.assembler.submit(lambda: None).result()
        state = page.state()
        assert state["report"]["counts"]["unreadable"] == 1
        assert [other["name"] for other in state["report"]["others"]] == ["0003.dcm"]
        assert any(note.startswith("0003.dcm: ") for note in state["items"][0]["notes"])
        assert page.get(f"items/{item['id']}/frames/3").status_code == 422


def test_what_is_in_memory_still_shows_when_its_folder_is_gone(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=16, slices=5)
    volume = hu.read_volumes(tmp_path)[0]
    with shown(tmp_path / "ct") as page:
        (item,) = page.state()["items"]
        page.get(f"items/{item['id']}/frames/0")
        page.viewing.assembler.submit(lambda: None).result()
        shutil.rmtree(tmp_path / "ct")
        assert (page.values(f"items/{item['id']}/frames/4") == volume.values[4]).all()
        for path in ("", "/thumbnail", "/picture?frame=3", "/planes/coronal", "/planes/coronal/3"):
            assert page.get(f"items/{item['id']}{path}").status_code == 200, path
        answer = page.get(f"items/{item['id']}/header?frame=3")
        assert answer.status_code == 422
        assert answer.json()["error"].startswith("0003.dcm is no longer there")
    with shown(get_testdata_file("CT_small.dcm"), no_phi=True) as page:
        error = hu.SourceError("no such file or directory", source="/secret/Doe^John.dcm")
        assert page.viewing.hiding.failure(error, ()).startswith("a file is no longer there")


def test_other_files_wait_for_the_first_image_but_not_for_ever(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=32, slices=3)
    for patience, is_shown, least, most in ((60.0, True, 0.0, 30.0), (0.3, False, 0.3, 30.0)):
        discovery = Discovery([str(tmp_path)], DEFAULT_LIMITS)
        discovery.patience = patience
        first = threading.Event()
        discovery.items.listen(lambda kind, _, first=first: first.set() if kind == "item" else None)
        began = time.monotonic()
        discovery.start()
        assert first.wait(30)
        if is_shown:
            assert discovery.items.reading
            discovery.shown()
        assert discovery.join(30)
        assert least <= time.monotonic() - began <= most
        assert [item.frames.shape[0] for item in discovery.items] == [3]
        discovery.stop()


def test_a_server_that_ends_does_not_wait_for_the_first_image(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=32, slices=3)
    discovery = Discovery([str(tmp_path)], DEFAULT_LIMITS)
    discovery.patience = 60.0
    first = threading.Event()
    discovery.items.listen(lambda kind, _: first.set())
    discovery.start()
    assert first.wait(30)
    discovery.stop()
    assert discovery.join(10)
