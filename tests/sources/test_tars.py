"""Members of a tar, compressed or not: those that tarfile writes, and those that lie."""

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
from functools import partial
from pathlib import Path

import pytest

import hounsfield as hu
from archives_made import BIG, entries, problems, read, tarred
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.blobs import MemoryBlob
from hounsfield.sources.tars import tar_entries, unpacked


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_tars_that_are_cut_off_give_what_is_there(pack, tmp_path):
    members = [(str(i), os.urandom(400_000)) for i in range(4)]
    whole = pack(Path(tarred(tmp_path / "a.tar", members)).read_bytes())
    path = tmp_path / "a.packed"
    path.write_bytes(whole)
    assert problems(path) == dict.fromkeys("0123", "")
    path.write_bytes(whole[: len(whole) * 3 // 4])
    found = problems(path)
    assert found["0"] == found["1"] == ""
    assert found[str(path)].startswith("the archive is damaged or cut off")
    path.write_bytes(whole[:300])
    if pack is gzip.compress:  # which gives as much as there is
        assert set(problems(path)) == {"0", str(path)} and all(problems(path).values())
    else:
        with pytest.raises(hu.SourceError, match="cut off"):
            hu.read_volumes(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_small_compressed_tars_that_are_cut_off_or_damaged_give_their_whole_members(pack, tmp_path):
    members = [(str(i), os.urandom(3_000)) for i in range(4)]
    tar = Path(tarred(tmp_path / "a.tar", members)).read_bytes()
    at = 3 * (512 + 3072) + 100  # inside the header of the last
    path = tmp_path / "a.packed"
    one = pack(tar)
    halves = [pack(tar[:at]), pack(tar[at:])]  # bzip2 gives whole blocks
    damaged = halves[0] + halves[1][:20] + b"\xff" * 40 + halves[1][60:]
    for data in (halves[0] + halves[1][:20], damaged, *([] if pack is bz2.compress else [one[: len(one) * 9 // 10]])):
        path.write_bytes(data)
        found = problems(path)
        assert found["0"] == found["1"] == found["2"] == ""
        assert found[str(path)].startswith("the archive is damaged or cut off")


def test_parallel_compressors_write_several_streams(tmp_path):
    tar = Path(tarred(tmp_path / "a.tar", [("1", BIG)])).read_bytes()
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        path = tmp_path / "a.packed"
        path.write_bytes(pack(tar[:1000]) + pack(tar[1000:]))
        assert problems(path) == {"1": ""}


def test_xz_that_asks_for_much_memory_is_a_file_like_others(tmp_path, monkeypatch):
    tar = Path(tarred(tmp_path / "a.tar", [("1", BIG)])).read_bytes()
    path = tmp_path / "a.txz"
    path.write_bytes(lzma.compress(tar, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 2**24}]))
    assert problems(path) == {"1": ""}
    monkeypatch.setattr("hounsfield.sources.inflate._DICTIONARY", 2**20)
    assert [entry.path for entry in entries(path)] == [str(path)]


def test_hostile_tar_headers_end(tmp_path):
    def header(name, size, kind=b"0"):
        info = tarfile.TarInfo(name)
        info.type = kind
        block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        block[124:136] = size
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block)

    negative = b"\xff" * 11 + b"\0"  # base 256: -256
    huge = b"\x80" + b"\0" * 3 + struct.pack(">Q", 2**62)
    for kind in (b"0", b"x", b"L", b"K", b"g"):
        for size in (negative, huge):
            path = tmp_path / "a.tar"
            path.write_bytes(header("first", b"%011o\0" % 0) + header("m", size, kind) + bytes(1024))
            found = entries(path)
            assert len(found) <= 3
            assert found[0].name == f"{path}/first"
            assert found[-1].problem
    many = b"".join(header("x", b"%011o\0" % 0, b"x") for _ in range(5000))
    (tmp_path / "a.tar").write_bytes(many + header("m", b"%011o\0" % 0))
    assert len(entries(tmp_path / "a.tar")) <= 2


def test_sparse_members_are_refused_by_name(tmp_path):
    info = tarfile.TarInfo("s")
    info.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "100", "GNU.sparse.name": "s"}
    info.size = 1
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"x"))
    assert problems(tmp_path / "a.tar") == {"s": "is a sparse file in an archive; such files are not read"}


def tar_bytes(format=tarfile.GNU_FORMAT, **members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return MemoryBlob("a.tar", stream.getvalue())


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_each_format_are_those_that_went_in(format):
    found = list(tar_entries(tar_bytes(format, b=b"1" * 600, a=b"2"), DEFAULT_LIMITS))
    assert [(entry.name, entry.path, read(entry)) for entry in found] == [
        ("a.tar/b", None, b"1" * 600), ("a.tar/a", None, b"2")]  # fmt: skip


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_whole(format):
    name = "folder/" * 40 + "file"
    (entry,) = tar_entries(tar_bytes(format, **{name: b"x"}), DEFAULT_LIMITS)
    assert entry.name == f"a.tar/{name}"


def test_a_tar_without_zeros_at_its_end_is_whole():
    whole = tar_bytes(a=b"1").data
    (entry,) = tar_entries(MemoryBlob("a.tar", whole[:1024]), DEFAULT_LIMITS)
    assert read(entry) == b"1"


@pytest.mark.parametrize(
    ("kind", "pack"), [("gzip", gzip.compress), ("bzip2", bz2.compress), ("xz", partial(lzma.compress, preset=0))]
)
def test_a_compressed_tar_is_unpacked_to_the_same_bytes(kind, pack):
    plain = tar_bytes(a=BIG).data
    blob, whole = unpacked(MemoryBlob("a", pack(plain)), kind, DEFAULT_LIMITS)
    with blob.open() as file:
        assert file.read(len(plain) + 1) == plain
    assert whole


def test_what_is_compressed_and_no_tar_is_not_unpacked():
    assert unpacked(MemoryBlob("a", gzip.compress(bytes(5000))), "gzip", DEFAULT_LIMITS) is None
    assert unpacked(MemoryBlob("a", gzip.compress(b"short")), "gzip", DEFAULT_LIMITS) is None


def test_a_compressed_tar_that_is_cut_off_is_not_whole():
    packed = gzip.compress(tar_bytes(a=random.Random(3).randbytes(3_000_000)).data, 1)
    blob, whole = unpacked(MemoryBlob("a", packed[: len(packed) // 2]), "gzip", DEFAULT_LIMITS)
    assert not whole
    assert 0 < blob.size < 3_000_000
