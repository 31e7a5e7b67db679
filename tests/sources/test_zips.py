"""Members of a zip: those that zipfile writes, and those that lie."""

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

import hounsfield as hu
from archives_made import BIG, entries, patched, problems, read, zipped
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.blobs import MemoryBlob
from hounsfield.sources.zips import zip_entries


def test_a_name_with_a_nul_is_shown_whole(tmp_path):
    path = Path(zipped(tmp_path / "a.zip", [("aXb", b"x")]))
    path.write_bytes(path.read_bytes().replace(b"aXb", b"a\0b"))
    assert [entry.name for entry in entries(path)] == [f"{path}/a\\x00b"]


def test_what_a_zip_says_of_its_members_is_not_believed(tmp_path):
    def one(method=zipfile.ZIP_DEFLATED):
        return zipped(tmp_path / "a.zip", [("m", BIG)], method)

    assert problems(one()) == {"m": ""}
    assert problems(patched(one(), 8, b"\x01\0", 6)) == {"m": "is encrypted"}
    assert problems(patched(one(), 10, b"\x63\0")) == {
        "m": "is compressed by a method that is not supported (method 99)"
    }
    for method in (8, 12, 14):
        assert problems(patched(one(method), 16, b"abcd")) == {"m": "is damaged: its checksum is wrong"}
        shorter, longer = struct.pack("<I", len(BIG) - 1), struct.pack("<I", len(BIG) + 1)
        assert problems(patched(one(method), 24, shorter)) == {"m": "is damaged: it is longer than the archive says"}
        assert problems(patched(one(method), 24, longer)) == {"m": "is damaged: it is shorter than the archive says"}
        rubbish = patched(one(method), 0, b"", None)
        content = bytearray(Path(rubbish).read_bytes())
        content[60:50_000] = os.urandom(50_000 - 60)
        Path(rubbish).write_bytes(bytes(content))
        assert problems(rubbish)["m"].startswith("is damaged")
    assert problems(patched(one(0), 24, struct.pack("<I", 3))) == {"m": "is damaged: its sizes do not agree"}
    assert problems(patched(one(), 20, struct.pack("<I", 2**31))) == {"m": "is cut off: the archive ends before it"}
    assert problems(patched(one(), 42, struct.pack("<I", 7))) == {
        "m": "is damaged: its header is not where the directory says"
    }


def test_lzma_that_asks_for_gigabytes_is_refused(tmp_path):
    path = Path(zipped(tmp_path / "a.zip", [("m", BIG)], 14))
    content = bytearray(path.read_bytes())
    at = 30 + 1 + 4 + 1
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(content))
    assert problems(path) == {"m": "is damaged: it cannot be decompressed"}


def test_only_so_much_is_decompressed_as_is_read(tmp_path):
    path = zipped(tmp_path / "a.zip", [("m", os.urandom(4096) + bytes(2**26))])
    source = entries(path)[0].open(DEFAULT_LIMITS)
    assert source.size == 2**26 + 4096
    assert len(source.stream._file._kept) < 2**21
    source.close()


def zip_bytes(method=zipfile.ZIP_DEFLATED, **members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return MemoryBlob("a.zip", stream.getvalue())


def test_members_come_in_the_order_of_the_directory():
    found = list(zip_entries(zip_bytes(b=b"1", a=b"2"), DEFAULT_LIMITS))
    assert [(entry.name, entry.path, read(entry)) for entry in found] == [
        ("a.zip/b", None, b"1"), ("a.zip/a", None, b"2")]  # fmt: skip


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_each_method_gives_the_bytes_that_went_in_also_from_the_middle(method):
    (entry,) = zip_entries(zip_bytes(method, m=BIG), DEFAULT_LIMITS)
    source = entry.open(DEFAULT_LIMITS)
    assert source.size == len(BIG)
    source.stream.seek(123_456)
    assert source.stream.read(100) == BIG[123_456:123_556]
    source.stream.seek(7)
    assert source.stream.read(100) == BIG[7:107]
    source.close()


def test_bytes_before_the_archive_do_not_move_its_members():
    plain = zip_bytes(m=b"payload")
    (entry,) = zip_entries(MemoryBlob("a.zip", b"#!/bin/sh\n" + plain.data), DEFAULT_LIMITS)
    assert read(entry) == b"payload"


def test_what_has_no_directory_is_refused_by_name():
    with pytest.raises(hu.SourceError, match="damaged zip") as caught:
        list(zip_entries(MemoryBlob("a.zip", b"PK\3\4" + bytes(100)), DEFAULT_LIMITS))
    assert caught.value.source == "a.zip"


def test_an_empty_member_is_an_empty_file():
    (entry,) = zip_entries(zip_bytes(m=b""), DEFAULT_LIMITS)
    with pytest.raises(hu.SourceError, match="the file is empty"):
        entry.open(DEFAULT_LIMITS)
