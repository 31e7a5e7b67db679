"""Archives: what tarfile and zipfile write is read back, and what is hostile is refused by name."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import pydicom
import pytest

import hounsfield as hu
from hounsfield.headers.dataset import open_header
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources import blobs
from hounsfield.sources.collection import open_collection

FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def entries(source, limits=DEFAULT_LIMITS):
    with open_collection(source, limits) as collection:
        return list(collection)


def problems(source, limits=DEFAULT_LIMITS):
    """Name below the archive to problem; what has none is loaded."""
    found = {}
    for entry in entries(source, limits):
        name, why = entry.name.removeprefix(f"{source}/"), entry.problem
        try:
            if not why:
                read(entry, limits)
        except hu.SourceError as error:
            assert error.source == entry.name
            why = error.message
        found[name] = why
    return found


def read(entry, limits=DEFAULT_LIMITS):
    source = entry.open(limits)
    try:
        data = source.load()
        source.check()
        return data
    finally:
        source.close()


def zipped(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return str(path)


def tarred(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


def packed_folder(path, folder):
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    members = [(str(each.relative_to(folder)), each.read_bytes()) for each in files]
    kind = path.name.removeprefix("x.")
    if kind.startswith("zip"):
        return zipped(path, members, int(kind[3:])), files
    return tarred(path, members, f"w:{kind.removeprefix('tar')}"), files


KINDS = ["zip0", "zip8", "zip12", "zip14", "tar", "targz", "tarbz2", "tarxz"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_gives_the_same_bytes_and_headers_as_the_folder(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(blobs.Spool, "small", 2**20)  # then compressed tars go to a temporary file
    source, files = packed_folder(tmp_path / f"x.{kind}", FILES)
    found = entries(source)
    assert [entry.name for entry in found] == [f"{source}/{each.relative_to(FILES)}" for each in files]
    assert len(files) > 150
    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            expected = (each.read_bytes() for each in files)  # of compressed ones what they hold
            unpacked = [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in expected]
            assert list(pool.map(read, found)) == unpacked
    compared = 0
    for entry, file in zip(found, files, strict=True):
        assert header_of(entry.open(DEFAULT_LIMITS)) == header_of(hu_source(file))
        compared += 1
    assert compared == len(files)


def hu_source(path):
    from hounsfield.sources.local import open_source

    return open_source(path, DEFAULT_LIMITS)


def header_of(source):
    try:
        opened = open_header(source, DEFAULT_LIMITS, lazy=True)
        return {key: repr(opened.header.get(key)) for key in ("SOPInstanceUID", "Rows", "Modality", "PatientID")}
    except hu.HounsfieldError as error:
        return type(error), error.message
    finally:
        source.close()


def test_pixels_of_members_are_those_of_the_files(tmp_path):
    for name in ("CT_small.dcm", "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm"):
        expected = hu.read(FILES / name)
        data = (FILES / name).read_bytes()
        for source in (zipped(tmp_path / "a", [("d/x", data)]), tarred(tmp_path / "b", [("d/x", data)], "w:gz")):
            image = hu.read(source)
            assert (image.values == expected.values).all()
            assert image.name == f"{source}/d/x"
            assert hu.info(source) == hu.info(FILES / name)


def test_open_takes_the_only_member_and_says_when_there_are_several(tmp_path):
    with pytest.raises(hu.SourceError, match="archive with 2 files"):
        hu.read(zipped(tmp_path / "two", [("a", b"x"), ("b", b"y")]))
    with pytest.raises(hu.SourceError, match="archive with no files"):
        hu.read(zipped(tmp_path / "none", []))
    # A single compressed file is no archive; it is what it is, and so is an archive in a folder.
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"text" * 100))
    with pytest.raises(hu.NotDicomError):
        hu.read(tmp_path / "a.gz")
    (tmp_path / "sub").mkdir()
    zipped(tmp_path / "sub" / "a.zip", [("a", (FILES / "CT_small.dcm").read_bytes())])
    with pytest.raises(hu.NotDicomError):
        hu.read(tmp_path / "sub")
    assert [entry.path for entry in entries(tmp_path / "sub")] == [str(tmp_path / "sub" / "a.zip")]
    assert hu.scan(tmp_path / "sub")["error"][0].as_py()


def test_a_dicom_file_with_the_beginning_of_an_archive_is_a_dicom_file(tmp_path):
    data = bytearray((FILES / "CT_small.dcm").read_bytes())
    data[:4] = b"PK\x03\x04"
    path = tmp_path / "both.zip"
    path.write_bytes(bytes(data))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a", b"x")
    assert [entry.path for entry in entries(path)] == [str(path)]


def test_names_of_members_are_shown_and_nothing_is_written(tmp_path):
    names = [
        "../up",
        "/etc/absolute",
        "..\\back",
        "C:\\drive",
        "a\x1b[2Jb",
        "turn\u202eed",
        "same",
        "same",
        "\u00e9\u4e2d",
    ]
    shown = [
        "../up",
        "/etc/absolute",
        "..\\back",
        "C:\\drive",
        "a\\x1b[2Jb",
        "turn\\u202eed",
        "same",
        "same#2",
        "\u00e9\u4e2d",
    ]
    (tmp_path / "in").mkdir()
    with pytest.warns(UserWarning, match="Duplicate name"):
        first = zipped(tmp_path / "in" / "a.zip", [(name, b"x" * 9) for name in names])
    second = tarred(tmp_path / "in" / "a.tar", [(name, b"x" * 9) for name in names])
    for source in (first, second):
        assert [entry.name for entry in entries(source)] == [f"{source}/{name}" for name in shown]
        assert all(read(entry) == b"x" * 9 for entry in entries(source))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.tar", "a.zip", "in"]


def test_a_name_with_a_nul_is_shown_whole(tmp_path):
    path = Path(zipped(tmp_path / "a.zip", [("aXb", b"x")]))
    path.write_bytes(path.read_bytes().replace(b"aXb", b"a\0b"))
    assert [entry.name for entry in entries(path)] == [f"{path}/a\\x00b"]


def test_folders_are_no_entries_and_links_and_devices_are_problems(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("d/", "")
        archive.writestr("w\\", "")
        for name, mode in [("link", 0o120777), ("fifo", 0o010644), ("plain", 0o100644)]:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, "target")
    assert problems(tmp_path / "a.zip") == {
        "link": "is a link in an archive, and not followed",
        "fifo": "is no regular file",
        "plain": "",
    }
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in [("d", "5"), ("sym", "2"), ("hard", "1"), ("fifo", "6"), ("dev", "3"), ("plain", "0")]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind.encode(), "/etc/passwd"
            archive.addfile(info)
    link = "is a link in an archive, and not followed"
    assert problems(tmp_path / "a.tar") == {
        "sym": link,
        "hard": link,
        "fifo": "is no regular file",
        "dev": "is no regular file",
        "plain": "the file is empty",
    }


def patched(path, offset_in_directory, data, offset_in_local=None):
    """Change bytes of the only member's headers."""
    content = bytearray(Path(path).read_bytes())
    at = content.index(b"PK\x01\x02") + offset_in_directory
    content[at : at + len(data)] = data
    if offset_in_local is not None:
        content[offset_in_local : offset_in_local + len(data)] = data
    Path(path).write_bytes(bytes(content))
    return path


BIG = os.urandom(50_000) + bytes(150_000)


def test_what_a_zip_says_of_its_members_is_not_believed(tmp_path):
    def one(method=zipfile.ZIP_DEFLATED):
        return zipped(tmp_path / "a.zip", [("m", BIG)], method)

    assert problems(one()) == {"m": ""}
    assert problems(patched(one(), 8, b"\x01\0", 6)) == {"m": "is encrypted"}
    assert problems(patched(one(), 10, b"\x63\0")) == {"m": "is compressed in a way that is not read (method 99)"}
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


def test_bombs_are_stopped_before_they_are_inflated(tmp_path):
    limits = replace(DEFAULT_LIMITS, member_bytes=2**20, archive_bytes=2**20)
    path = zipped(tmp_path / "a.zip", [("m", bytes(2**20 + 1))])
    assert os.path.getsize(path) < 5000
    with pytest.raises(hu.LimitExceededError, match="takes 1048577 bytes"):
        entries(path)[0].open(limits)
    # One that lies about its size gives no more than it says.
    lying = patched(path, 24, struct.pack("<I", 1000))
    assert problems(lying, limits) == {"m": "is damaged: it is longer than the archive says"}
    (tar,) = entries(tarred(tmp_path / "a.tgz", [("m", bytes(2**21))], "w:gz"), limits)
    assert "holds more than 1048576 bytes" in tar.problem


def test_only_so_much_is_decompressed_as_is_read(tmp_path):
    path = zipped(tmp_path / "a.zip", [("m", os.urandom(4096) + bytes(2**26))])
    source = entries(path)[0].open(DEFAULT_LIMITS)
    assert source.size == 2**26 + 4096
    assert len(source.stream._file._kept) < 2**21
    source.close()


def test_too_many_members_are_refused(tmp_path):
    limits = replace(DEFAULT_LIMITS, archive_members=9)
    for source in (
        zipped(tmp_path / "a.zip", [(f"{i}", b"x") for i in range(10)]),
        tarred(tmp_path / "a.tar", [(f"{i}", b"x") for i in range(10)]),
    ):
        found = entries(source, limits)
        assert "members" in found[-1].problem
        assert found[-1].name == source
    # A directory that says it is larger than the limit allows is not read.
    many = zipped(tmp_path / "b.zip", [(f"{i:0200}", b"x") for i in range(1000)])
    assert "directory of the archive" in entries(many, limits)[-1].problem


def test_damaged_archives_are_accounted_for(tmp_path):
    path = Path(zipped(tmp_path / "a.zip", [("m", BIG)]))
    path.write_bytes(path.read_bytes()[:-40])
    assert [(e.name, e.problem) for e in entries(path)] == [
        (str(path), "is a damaged zip: its directory cannot be read")
    ]
    whole = Path(tarred(tmp_path / "a.tar", [("1", BIG), ("2", BIG), ("3", BIG)])).read_bytes()
    second = 512 + -(-len(BIG) // 512) * 512
    tar = tmp_path / "b.tar"

    tar.write_bytes(whole[: 512 + 100])
    assert problems(tar)["1"] == "is cut off: the archive ends before it"
    tar.write_bytes(whole[: second + 700])
    assert problems(tar) == {"1": "", "2": "is cut off: the archive ends before it", str(tar): MISSING.format("2")}
    broken = bytearray(whole)
    broken[second : second + 512] = os.urandom(512)
    tar.write_bytes(bytes(broken))
    assert problems(tar) == {"1": "", str(tar): MISSING.format("1")}
    tar.write_bytes(whole[: 3 * second])  # without the blocks of zeros that end it
    assert problems(tar) == {"1": "", "2": "", "3": ""}


MISSING = "the archive is damaged or cut off: what follows {} cannot be read"


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
    assert len(entries(path)) == 1


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
    assert problems(tmp_path / "a.tar") == {"s": "is a sparse file of an archive, and not read"}


def test_an_archive_that_changes_is_not_read_on(tmp_path):
    path = zipped(tmp_path / "a.zip", [("m", BIG), ("n", BIG)], 0)
    found = entries(path)
    source = found[0].open(DEFAULT_LIMITS)
    Path(path).write_bytes(Path(path).read_bytes() + b"x")
    with pytest.raises(hu.SourceError, match="changed while it was read"):
        source.check()
    source.close()
    with pytest.raises(hu.SourceError, match="changed while it was read"):
        found[1].open(DEFAULT_LIMITS)


def test_what_is_decompressed_is_gone_with_its_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(blobs.Spool, "small", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    found = entries(tarred(tmp_path / "a.tgz", [("m", BIG)], "w:gz"))
    assert list((tmp_path / "temporary").iterdir()) == []  # it has no name there
    assert read(found[0]) == BIG
    (spool,) = {entry.opens.args[0] for entry in found}
    file = spool._file
    assert oct(os.fstat(file.fileno()).st_mode & 0o777) == "0o600"
    del found, spool
    assert file.closed


def test_mutants_of_archives_give_entries_or_typed_errors(tmp_path, record_property):
    """Bytes changed, cut out and doubled: whatever comes of it, nothing else is raised, and it ends."""
    random = Random(5)
    members = [(f"dir/{i}", random.randbytes(300) + bytes(700)) for i in range(5)]
    seeds = [zipped(tmp_path / f"zip{method}", members, method) for method in (0, 8, 12, 14)]
    seeds += [tarred(tmp_path / f"tar{mode}", members, f"w:{mode}") for mode in ("", "gz", "bz2", "xz")]
    opened = refused = 0
    path = tmp_path / "mutant"
    for seed in seeds:
        data = Path(seed).read_bytes()
        for _ in range(150):
            path.write_bytes(mutant(data, random))
            for entry in entries(path, replace(DEFAULT_LIMITS, member_bytes=2**20, archive_bytes=2**24)):
                assert entry.name.isprintable()
                try:
                    read(entry, replace(DEFAULT_LIMITS, member_bytes=2**20))
                    opened += 1
                except hu.HounsfieldError:
                    refused += 1
    assert opened > 1000
    assert refused > 500
    record_property("summary", f"mutants of archives: {opened} members read, {refused} refused")


def mutant(data, random):
    changed = bytearray(data)
    # Headers and directories are where it matters.
    marks = [i for mark in (b"PK", b"ustar") for i in range(len(data)) if data.startswith(mark, i)] or [0]
    for _ in range(random.randint(1, 4)):
        at = min(max(random.choice(marks) + random.randint(-260, 60), 4), len(changed) - 1)
        kind = random.random()
        if kind < 0.7:
            changed[at : at + 4] = random.choice([random.randbytes(4), b"\xff" * 4, bytes(4), b"\x80\0\0\0"])
        elif kind < 0.85:
            del changed[at : at + random.randint(1, 600)]
        else:
            changed[at:at] = changed[at : at + random.randint(1, 600)]
    return bytes(changed)


@pytest.mark.long
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, "v7"])
def test_a_tar_with_any_bit_of_its_first_header_flipped_is_no_dicom_file(tmp_path, form):
    """Its other members would be lost in silence: it is refused, or its members are there, or it says what is lost."""
    _flipped(tmp_path, _tar_of_three(form), range(512 * 8))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, "v7"])
@pytest.mark.parametrize("wrap", [None, gzip.compress])
def test_a_tar_whose_first_header_is_damaged_is_still_a_tar(tmp_path, form, wrap):
    bits = [0, 9, 100 * 8 + 3, 124 * 8 + 1, 150 * 8, 150 * 8 + 7, 155 * 8, 156 * 8 + 2, 257 * 8 + 1, 400 * 8]
    _flipped(tmp_path, _tar_of_three(form), bits, wrap)


def test_a_zip_whose_first_header_is_damaged_is_still_a_zip(tmp_path):
    ct = (FILES / "CT_small.dcm").read_bytes()
    whole = Path(zipped(tmp_path / "a.zip", [(name, ct) for name in "abc"])).read_bytes()
    for bit in range(0, 32, 5):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        (tmp_path / "b.zip").write_bytes(data)
        report = hu.read_volumes(tmp_path / "b.zip").report
        assert (report.counts["unreadable"], len(report.files)) == (1, 3)


def _tar_of_three(form):
    ct = (FILES / "CT_small.dcm").read_bytes()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT if form == "v7" else form) as tar:
        for name in "abc":
            entry = tarfile.TarInfo(f"{name}.dcm")
            entry.size = len(ct)
            tar.addfile(entry, io.BytesIO(ct))
    data = bytearray(out.getvalue())
    if form == "v7":  # as it was before there was a magic
        data[257:512] = bytes(255)
        data[148:156] = b" " * 8
        data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def _flipped(folder, whole, bits, wrap=None):
    for bit in bits:
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path = folder / "bad"
        path.write_bytes(wrap(bytes(data)) if wrap else data)
        with open_collection(path, DEFAULT_LIMITS) as collection:
            found = list(collection)
        assert len(found) == 3 or any(entry.problem for entry in found), bit
        assert all(entry.path is None for entry in found), bit
