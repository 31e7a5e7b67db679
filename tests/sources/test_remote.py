"""URLs: fsspec's memory and chains, and a web server on this machine."""

import http.server
import io
import pickle
import re
import socket
import sys
import tarfile
import threading
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources import remote
from hounsfield.sources.collection import open_collection

from conftest import package_folder

fsspec = pytest.importorskip("fsspec")
FILES = package_folder("pydicom") / "data" / "test_files"
SMALL, LARGE = (FILES / "CT_small.dcm").read_bytes(), (FILES / "examples_overlay.dcm")
# aiohttp's session is closed by fsspec's own thread, some time after the file system is let go.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning", "ignore:Unclosed:ResourceWarning")


def names(source, limits=DEFAULT_LIMITS):
    return [entry.name for entry in open_collection(source, limits)]


def read(entry, limits=DEFAULT_LIMITS):
    source = entry.open(limits)
    try:
        return source.load()
    finally:
        source.close()


def archive_of(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pipe({"/study/b/2.dcm": SMALL, "/study/1.dcm": SMALL, "/study/none": b""})
    system.pipe("/a.zip", archive_of([("in/1", SMALL), ("in/2", b"x"), ("other", b"y")]))
    yield system
    system.store.clear()


def test_files_folders_and_patterns(memory):
    assert names("memory://study/1.dcm") == ["memory://study/1.dcm"]
    assert names("memory://study") == ["memory:///study/1.dcm", "memory:///study/b/2.dcm", "memory:///study/none"]
    assert names("memory://study/*.dcm") == ["memory:///study/1.dcm"]
    first, second, empty = open_collection("memory://study", DEFAULT_LIMITS)
    assert read(first) == read(second) == SMALL
    assert first.path is None
    with pytest.raises(hu.SourceError, match="the file is empty"):
        read(empty)
    assert (hu.read("memory://study/1.dcm").values == hu.read(FILES / "CT_small.dcm").values).all()


def test_archives_at_urls_and_chains_of_urls(memory):
    assert names("memory://a.zip") == ["memory://a.zip/in/1", "memory://a.zip/in/2", "memory://a.zip/other"]
    assert names("zip://::memory://a.zip") == [f"zip://{n}::memory://a.zip" for n in ("in/1", "in/2", "other")]
    assert names("zip://in/*::memory://a.zip") == [f"zip://{n}::memory://a.zip" for n in ("in/1", "in/2")]
    for source in ("memory://a.zip", "zip://in/1::memory://a.zip"):
        assert read(next(iter(open_collection(source, DEFAULT_LIMITS)))) == SMALL


def test_what_is_not_there_is_an_entry(memory):
    for url in ("memory://nothing", "memory://study/*.png", "zip://x::memory://nothing"):
        (entry,) = open_collection(url, DEFAULT_LIMITS)
        assert entry.problem == "no such file"
    (entry,) = open_collection("nosuch://me:secret@host/a?token=secret", DEFAULT_LIMITS)
    assert (entry.name, entry.problem) == ("nosuch://host/a", "is not a URL that can be read")
    (entry,) = open_collection("memory://study", replace(DEFAULT_LIMITS, archive_members=2))
    assert "3 files; the limit is 2" in entry.problem
    with pytest.raises(hu.SourceError, match="stands for 3 files"):
        hu.read("memory://study")


def test_a_file_that_changed_since_it_was_listed_is_refused(memory):
    entry = next(iter(open_collection("memory://study", DEFAULT_LIMITS)))
    memory.pipe("/study/1.dcm", SMALL + b"x")
    with pytest.raises(hu.SourceError, match="changed while it was read"):
        entry.open(DEFAULT_LIMITS)


def test_without_fsspec_the_command_that_installs_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(hu.MissingDependencyError, match=re.escape('pip install "hounsfield[remote]"')) as caught:
        names("https://me:secret@host/a.dcm?token=secret")
    assert "secret" not in str(caught.value)
    with pytest.raises(hu.MissingDependencyError):
        hu.read("s3://bucket/a.dcm")


def test_nothing_secret_is_shown():
    for url, shown in [
        ("s3://key:secret@bucket/a.dcm", "s3://bucket/a.dcm"),
        ("https://u@h:8/a?x-amz-signature=1#f", "https://h:8/a"),
        ("zip://a?::https://u:p@h/b.zip?t=1", "zip://a::https://h/b.zip"),
        ("https://h/a\x1b[2J", "https://h/a\\x1b[2J"),
    ]:
        assert remote.shown(url) == shown


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ranges):
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges, self.sent, self.asked = ranges, Counter(), []
        self.files = {"/d/1.dcm": SMALL, "/d/large": LARGE.read_bytes(), "/a.zip": archive_of([("x", SMALL)])}
        self.files["/d/"] = b'<a href="1.dcm">1</a> <a href="large">2</a>'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        path, _, query = self.path.partition("?")
        self.server.asked.append(query)
        data = self.server.files.get(path)
        if data is None or path == "/refused":
            self.send_response(404 if data is None else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        status, total = 200, len(data)
        if asked and self.server.ranges:
            start, end = int(asked[1]), min(int(asked[2]) + 1, total)
            status, data = 206, data[start:end]
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{total}")
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", "text/html" if path.endswith("/") else "application/dicom")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)
            self.server.sent[path] += len(data)

    def log_message(self, *args):
        pass


@contextmanager
def served(ranges=True):
    pytest.importorskip("aiohttp")
    from fsspec.implementations.http import HTTPFileSystem

    HTTPFileSystem.clear_instance_cache()
    server = Server(ranges)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_web_server_gives_the_same_as_the_files(ranges):
    with served(ranges) as (_, at):
        assert (hu.read(f"{at}/d/1.dcm").values == hu.read(FILES / "CT_small.dcm").values).all()
        assert (hu.read(f"{at}/a.zip").values == hu.read(FILES / "CT_small.dcm").values).all()
        assert (hu.read(f"{at}/d/large").values == hu.read(LARGE).values).all()
        assert names(f"{at}/d/") == [f"{at}/d/1.dcm", f"{at}/d/large"]
        assert names(f"{at}/a.zip") == [f"{at}/a.zip/x"]
        assert [read(entry) for entry in open_collection(f"{at}/d/", DEFAULT_LIMITS)] == [SMALL, LARGE.read_bytes()]
        (entry,) = open_collection(f"{at}/nothing?token=secret", DEFAULT_LIMITS)
        assert entry.name == f"{at}/nothing"
        with pytest.raises(hu.SourceError, match="no such file") as caught:
            entry.open(DEFAULT_LIMITS)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("ranges", [True, False])
def test_files_at_urls_and_members_of_archives_there_travel_to_other_processes(ranges):
    """What goes there is the address: neither what was fetched, nor what an archive was decompressed to."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in "ab":
            info = tarfile.TarInfo(name)
            info.size = len(SMALL)
            archive.addfile(info, io.BytesIO(SMALL))
    with served(ranges) as (server, at):
        server.files["/b.tgz"] = packed.getvalue()
        for url in (f"{at}/d/1.dcm", f"{at}/a.zip", f"{at}/b.tgz"):
            for entry in open_collection(url, DEFAULT_LIMITS):
                sent = pickle.dumps(entry)
                assert len(sent) < 2500
                again = pickle.loads(sent)
                assert again == entry
                assert read(again) == SMALL


def test_of_a_large_file_the_header_alone_is_fetched():
    with served() as (server, at):
        server.files["/big"] = SMALL + bytes(2**24)
        (entry,) = open_collection(f"{at}/big", DEFAULT_LIMITS)
        source = entry.open(DEFAULT_LIMITS)
        assert source.size == len(SMALL) + 2**24
        assert server.sent["/big"] < 2**20
        part = memoryview(bytearray(1000))
        assert source.read_into(2**23, part) == 1000
        assert server.sent["/big"] < 2**21
        source.close()


def test_a_query_is_sent_but_not_shown():
    with served() as (server, at):
        image = hu.read(f"{at}/d/1.dcm?token=secret")
        assert image.name == f"{at}/d/1.dcm"
        assert "token=secret" in server.asked


def test_a_server_that_refuses_is_a_source_error_without_the_url():
    with served() as (server, at):
        server.files["/refused"] = b"x"
        with pytest.raises(hu.SourceError) as caught:
            hu.read(f"{at}/refused?token=secret")
        assert "secret" not in repr(caught.value)
        assert caught.value.__suppress_context__
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(hu.SourceError) as caught:
            hu.read(f"http://127.0.0.1:{unused.getsockname()[1]}/d/1.dcm?token=secret")
    assert "secret" not in repr(caught.value)


def test_a_stream_longer_than_the_limit_is_refused():
    with served(ranges=False) as (_, at), pytest.raises(hu.LimitExceededError, match="exceeds 100000 bytes"):
        hu.read(f"{at}/d/large", limits=replace(DEFAULT_LIMITS, source_bytes=100_000))
