"""What is dropped onto the page: taken within bounds, read as any source, gone when the run ends."""

import asyncio
import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.web.run_folder import RunFolder

from cli_runner import signals_heard
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
CT = Path(get_testdata_file("CT_small.dcm"))
MR = Path(get_testdata_file("MR_small.dcm"))
BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def page(tmp_path):
    with shown(CT) as opened:
        yield opened


def announced(page, files, size):
    return page.post("uploads", json={"files": files, "bytes": size})


def sent(page, upload, name, data, **headers):
    path = f"uploads/{upload}/files"
    return page.post(path, content=data, headers={**BYTES, "X-Name": quote(name, safe=""), **headers})


def dropped(page, files):
    """Upload files as the page does, and wait until they are understood."""
    answer = announced(page, len(files), sum(map(len, files.values())))
    assert answer.status_code == 200, answer.text
    upload = answer.json()["id"]
    for name, data in files.items():
        assert sent(page, upload, name, data).status_code == 204
    assert page.post(f"uploads/{upload}/end").status_code == 204
    assert page.viewing.searches[-1].join(30)
    return page.state()


def test_a_folder_becomes_further_items_and_the_report_grows(page, tmp_path):
    hu.phantom(tmp_path / "ct", matrix=32, slices=4)
    files = {f"disc/ct/{path.name}": path.read_bytes() for path in sorted((tmp_path / "ct").iterdir())}
    before = page.state()
    state = dropped(page, {**files, "disc/notes.txt": b"no image", "disc/empty": b""})
    assert len(state["items"]) == len(before["items"]) + 1
    new = next(item for item in state["items"] if item["kind"] == "volume")
    assert new["frames"] == 4 and not state["reading"]
    assert state["found"] == state["done"] == sum(state["report"]["counts"].values()) == 7
    others = {other["name"]: other for other in state["report"]["others"]}
    assert others["notes.txt"]["outcome"] == "not DICOM"
    assert "empty" in others["empty"]["why"]
    volume = next(iter(hu.read_volumes(tmp_path / "ct")))
    assert (page.values(f"items/{new['id']}/frames/2") == volume.values[2]).all()


def test_a_zip_is_read_and_a_damaged_one_is_told_of(page):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(MR, "IMAGES/1")
        archive.write(CT, "../../outside.dcm")
    state = dropped(page, {"cd.zip": packed.getvalue(), "cut.zip": packed.getvalue()[:2000]})
    assert {item["modality"] for item in state["items"]} == {"CT", "MR"}
    damaged = [other for other in state["report"]["others"] if other["outcome"] == "unreadable"]
    assert damaged and any("cut.zip" in other["name"] for other in damaged)
    assert not (page.viewing.folder.path().parent.parent / "outside.dcm").exists()


def test_two_uploads_of_the_same_name_do_not_mix(page):
    first = {item["id"] for item in page.state()["items"]}
    one = [item for item in dropped(page, {"a.dcm": MR.read_bytes()})["items"] if item["id"] not in first][0]
    known = first | {one["id"]}
    emri = Path(get_testdata_file("emri_small.dcm"))
    two = [item for item in dropped(page, {"a.dcm": emri.read_bytes()})["items"] if item["id"] not in known][0]
    assert (page.values(f"items/{one['id']}/frames/0") == hu.read(MR).values).all()
    assert (page.values(f"items/{two['id']}/frames/3") == hu.read(emri).values[3]).all()
    assert (page.values(f"items/{one['id']}/frames/0") == hu.read(MR).values).all()


def test_names_are_said_but_never_part_of_a_path(page):
    for name in ("../../evil.dcm", "/etc/passwd", "C:\\Müller^Anna\\1.dcm", "a/../../b"):
        dropped(page, {name: MR.read_bytes()})
    folder = page.viewing.folder.path()
    names = [path.name for path in folder.rglob("*") if path.name != ".lock"]
    assert sorted(names) == ["000001", "000002", "000003", "000004"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())


def test_a_hidden_patient_hides_the_names_of_uploads(tmp_path):
    with shown(CT, no_phi=True) as page:
        dropped(page, {"Canary^Anna/scan.txt": b"no image", "Canary^Anna.zip": b"PK\x03\x04 cut off"})
        assert "Canary" not in json.dumps(page.state()) and str(page.viewing.folder.path()) not in json.dumps(
            page.state()
        )


def test_no_path_of_ours_is_told(page):
    dropped(page, {"a.zip": b"PK\x03\x04 cut off", "b.dcm": CT.read_bytes()[:3000], "c/d": b"\x1f\x8b\x08 damaged"})
    assert str(page.viewing.folder.path()) not in json.dumps(page.state())
    assert "hounsfield-view" not in json.dumps(page.state())


def limited(page, **limits):
    page.viewing.uploads.limits = replace(page.viewing.uploads.limits, **limits)


def test_more_than_the_limits_is_refused_with_a_sentence(page):
    limited(page, upload_bytes=1000, run_bytes=1500, upload_files=3, run_files=4)
    for files, size in ((1, 1001), (4, 10)):
        answer = announced(page, files, size)
        assert answer.status_code == 413 and "at most" in answer.json()["error"]
    upload = announced(page, 1, 1000).json()["id"]
    assert announced(page, 1, 501).status_code == 413
    assert sent(page, upload, "a", bytes(1001)).status_code == 413
    assert sent(page, upload, "a", bytes(600)).status_code == 204
    assert sent(page, upload, "b", bytes(10)).status_code == 413  # one file was announced
    assert page.post(f"uploads/{upload}/cancel").status_code == 204
    assert sent(page, upload, "a", b"1").status_code == 404
    assert [path.name for path in page.viewing.folder.path().iterdir()] == [".lock"]
    assert announced(page, 1, 1000).status_code == 200  # what was cancelled is given back


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        ("a" * 1001, {}, 400),
        ("", {}, 400),
        ("..", {}, 400),
        ("a", {"Content-Type": "text/plain"}, 415),
        ("a", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_what_is_no_upload_is_refused(page, name, headers, status):
    upload = announced(page, 1, 10).json()["id"]
    answer = sent(page, upload, name, b"1", **headers)
    assert answer.status_code == status and answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"files": 0, "bytes": 1}', b'{"files": true, "bytes": -1}'])
def test_what_is_no_announcement_is_refused(page, body):
    assert page.post("uploads", content=body).status_code == 400


def test_other_addresses_still_take_small_bodies_only(page):
    assert page.post("uploads", content=bytes(70_000)).status_code == 413
    assert page.post("patient", content=bytes(70_000)).status_code == 413


def test_uploads_need_the_cookie_and_our_own_origin(page):
    upload = announced(page, 1, 10).json()["id"]
    foreign = sent(page, upload, "a", b"1", Origin="http://evil.example")
    assert foreign.status_code == 403
    page.client.cookies.clear()
    assert sent(page, upload, "a", b"1").status_code == 401
    assert announced(page, 1, 10).status_code == 401


def test_a_file_that_stops_coming_is_given_up(page):
    limited(page, pause=0.2)
    upload = announced(page, 1, 100).json()["id"]

    async def stalled():
        yield bytes(50)
        await asyncio.sleep(60)

    begun = time.monotonic()
    assert sent(page, upload, "a", stalled(), **{"Content-Length": "100"}).status_code in (400, 408)
    assert time.monotonic() - begun < 30
    assert [path.name for path in page.viewing.folder.path().iterdir()] == [".lock"]
    assert sent(page, upload, "a", bytes(100)).status_code == 204


def test_what_killed_runs_have_left_is_deleted_and_what_lives_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = RunFolder()
    kept = living.path()
    left = tmp_path / "hounsfield-view-left"
    left.mkdir(mode=0o700)
    (left / ".lock").write_bytes(b"")
    (left / "000001").write_bytes(b"x")
    other = RunFolder()
    other.path()
    assert kept.exists() and not left.exists()
    other.close()
    living.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_real_server_takes_uploads_and_deletes_them_at_the_end(tmp_path, end):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "hounsfield", "view", "--no-browser", str(CT)]
    with signals_heard():
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    base, _, token = server.stdout.readline().strip().partition("/#")
    with httpx.Client(base_url=base, headers={"X-Token": token}, timeout=30) as client:
        big = bytes(3_000_000)
        upload = client.post("/api/uploads", json={"files": 3, "bytes": 2 * len(big)}).json()["id"]
        for name in ("a", "b"):
            headers = {**BYTES, "X-Name": name}
            assert client.post(f"/api/uploads/{upload}/files", content=big[:-10], headers=headers).status_code == 204
        (folder,) = tmp_path.glob("hounsfield-view-*")
        assert sorted(path.stat().st_size for path in folder.glob("0*")) == [2_999_990] * 2
        with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))) as broken:
            head = f"POST /api/uploads/{upload}/files HTTP/1.1\r\nHost: localhost\r\nX-Token: {token}\r\nX-Name: c\r\n"
            broken.sendall(f"{head}Content-Type: application/octet-stream\r\nContent-Length: 20\r\n\r\n1234".encode())
            time.sleep(0.2)
        until = time.monotonic() + 30
        while len(list(folder.glob("0*"))) != 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(list(folder.glob("0*"))) == 2
        assert client.post(f"/api/uploads/{upload}/end").status_code == 204
        server.send_signal(end)
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out) == (0, "") and "Traceback" not in err
    assert list(tmp_path.glob("hounsfield-view-*")) == []
