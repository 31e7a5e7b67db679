"""Archives: what tarfile and zipfile write is read back, and what is hostile is refused by name."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import pydicom
import pytest

import hounsfield as hu
from archives_made import BIG, entries, patched, problems, read, tarred, zipped
from hounsfield.headers.dataset import open_header
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources import blobs
from hounsfield.sources.collection import open_collection

CUT_OFF = "the archive is damaged or cut off: what follows {} cannot be read"
FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def packed_folder(path, folder):
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    members = [(str(each.relative_to(folder)), each.read_bytes()) for each in files]
    kind = path.name.removeprefix("x.")
    if kind.startswith("zip"):
        return zipped(path, members, int(kind[3:])), files
    return tarred(path, members, f"w:{kind.removeprefix('tar')}"), files


KINDS = ["zip0", "zip8", "zip12", "zip14", "tar", "targz", "tarbz2", "tarxz"]


@pytest.mark.long
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


def test_folders_are_no_entries_and_links_and_devices_are_problems(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("d/", "")
        archive.writestr("w\\", "")
        for name, mode in [("link", 0o120777), ("fifo", 0o010644), ("plain", 0o100644)]:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, "target")
    assert problems(tmp_path / "a.zip") == {
        "link": "is a link in an archive; links are not followed",
        "fifo": "is not a regular file",
        "plain": "",
    }
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in [("d", "5"), ("sym", "2"), ("hard", "1"), ("fifo", "6"), ("dev", "3"), ("plain", "0")]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind.encode(), "/etc/passwd"
            archive.addfile(info)
    link = "is a link in an archive; links are not followed"
    assert problems(tmp_path / "a.tar") == {
        "sym": link,
        "hard": link,
        "fifo": "is not a regular file",
        "dev": "is not a regular file",
        "plain": "the file is empty",
    }


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
    assert problems(tar) == {"1": "", "2": "is cut off: the archive ends before it", str(tar): CUT_OFF.format("2")}
    broken = bytearray(whole)
    broken[second : second + 512] = os.urandom(512)
    tar.write_bytes(bytes(broken))
    assert problems(tar) == {"1": "", str(tar): CUT_OFF.format("1")}
    tar.write_bytes(whole[: 3 * second])  # without the blocks of zeros that end it
    assert problems(tar) == {"1": "", "2": "", "3": ""}


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


@pytest.mark.long
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
