"""DICOMDIR: the files that pydicom's FileSet finds, and nothing outside of the folder."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

import hounsfield as hu
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.collection import open_collection
from hounsfield.sources.local import open_source

from conftest import package_folder, real_files

DISC = package_folder("pydicom") / "data" / "test_files" / "dicomdirtests"


def found(path, limits=DEFAULT_LIMITS):
    with open_collection(path, limits, file_references) as collection:
        return list(collection)


def dicomdirs():
    return [path for path in real_files() if path.name.startswith("DICOMDIR")]


def test_every_real_dicomdir_names_what_pydicom_finds_in_it(record_property, monkeypatch, tmp_path):
    # pydicom leaves its temporary folders to the garbage collector, with a warning.
    kept = SimpleNamespace(name=str(tmp_path), cleanup=lambda: None)
    monkeypatch.setattr("pydicom.fileset.TemporaryDirectory", lambda: kept)
    compared = files = absent = 0
    for path in dicomdirs():
        entries = found(path)
        try:
            expected = {os.path.realpath(instance.path) for instance in FileSet(pydicom.dcmread(path))}
        except Exception:  # those that pydicom refuses: empty, or with files that are missing
            expected = None
        there = {os.path.realpath(entry.path) for entry in entries if not entry.problem}
        if expected is not None:
            # FileSet keeps what is missing, and shows it by its path.
            assert there <= expected
            assert {path for path in expected if os.path.exists(path)} == there, path
            compared += 1
        files += len(there)
        absent += len(entries) - len(there)
        for entry in entries:
            if not entry.problem:
                entry.open(DEFAULT_LIMITS).close()
    assert compared >= 5
    record_property("summary", f"DICOMDIR: {compared} against pydicom's FileSet; {files} files there, {absent} not")


def test_every_record_with_a_file_is_read_as_pydicom_reads_it():
    for path in dicomdirs():
        records = pydicom.dcmread(path).get("DirectoryRecordSequence") or []
        expected = []
        for record in records:
            value = record.get("ReferencedFileID")
            if value:
                expected.append(((value,) if isinstance(value, str) else tuple(value), record.DirectoryRecordType))
        if not expected:
            continue
        source = open_source(path, DEFAULT_LIMITS)
        assert file_references(source, DEFAULT_LIMITS) == expected
        source.close()


def dicomdir(folder, *names, records=None):
    """Write a DICOMDIR with such Referenced File IDs."""
    dataset = Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.DirectoryRecordSequence = []
    for name in names:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = 400  # leads in circles; nobody follows
        record.RecordInUseFlag = 0xFFFF
        record.DirectoryRecordType = "IMAGE"
        with pydicom.config.disable_value_validation():
            record.add_new("ReferencedFileID", "CS", name)
        dataset.DirectoryRecordSequence.append(record)
    for record in records or []:
        dataset.DirectoryRecordSequence.append(record)
    folder.mkdir(exist_ok=True)
    with pydicom.config.disable_value_validation():
        dataset.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


@pytest.fixture
def image():
    return package_folder("pydicom") / "data" / "test_files" / "CT_small.dcm"


def test_a_reference_never_leads_out_of_the_folder(tmp_path, image):
    shutil.copy(image, tmp_path / "SECRET")
    disc = tmp_path / "disc"
    disc.mkdir()
    (disc / "LINK").symlink_to(tmp_path / "SECRET")
    (disc / "UP").symlink_to(tmp_path)
    (tmp_path / "disc2").mkdir()
    shutil.copy(image, tmp_path / "disc2" / "A")
    (disc / "NEXT").symlink_to(tmp_path / "disc2")
    shutil.copy(image, disc / "GOOD")
    (disc / "INSIDE").symlink_to(disc / "GOOD")
    hostile = [
        ["..", "SECRET"], ["../SECRET"], [".", "GOOD"], ["", "SECRET"], [str(tmp_path / "SECRET")], ["C:", "A"],
        ["C:/A"], ["LINK"], ["UP", "SECRET"], ["NEXT", "A"], ["A\x1b[2J"], ["//host", "share"],
    ]  # fmt: skip
    entries = found(dicomdir(disc, *hostile, ["GOOD"], ["INSIDE"]))
    assert [entry.path for entry in entries if not entry.problem] == [str(disc / "GOOD"), str(disc / "INSIDE")]
    others = [entry for entry in entries if entry.problem]
    assert len(others) >= len(hostile) - 1
    for entry in others:
        assert entry.path is None
        assert "outside its folder" in entry.problem or "missing" in entry.problem
        assert entry.name.isprintable()
        with pytest.raises(hu.SourceError):
            entry.open(DEFAULT_LIMITS)


def test_names_are_matched_as_discs_show_them(tmp_path, image):
    for name in ("images/im001.;1", "IMAGES2/Im002", "images/im003;2", "images/IM004", "images/im004"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(image, tmp_path / name)
    path = dicomdir(
        tmp_path, ["IMAGES", "IM001"], ["IMAGES2", "IM002"], ["IMAGES", "IM003"], ["IMAGES", "IM004"],
        ["images", "im004"], ["IMAGES", "IM005"], ["IMAGES", "IM001"],
    )  # fmt: skip
    entries = found(path)
    assert [os.path.relpath(e.name, tmp_path) for e in entries] == [
        "images/im001.;1", "IMAGES2/Im002", "images/im003;2", "images/IM004", "images/im004", "IMAGES/IM005",
    ]  # fmt: skip
    assert [entry.problem for entry in entries] == [""] * 5 + ["named by a record of the DICOMDIR (IMAGE), but missing"]


def test_records_that_are_not_in_use_are_left_out(tmp_path, image):
    shutil.copy(image, tmp_path / "A")
    record = Dataset()
    record.RecordInUseFlag = 0
    record.ReferencedFileID = "A"
    with pytest.raises(AssertionError):
        assert found(dicomdir(tmp_path, records=[record]))[0].path
    assert len(found(dicomdir(tmp_path, ["A"], records=[record]))) == 1


def test_a_dicomdir_that_cannot_be_used_is_an_entry(tmp_path):
    (empty,) = found(dicomdir(tmp_path))
    assert "no directory records" in empty.problem
    (many,) = found(dicomdir(tmp_path, *[[f"A{i}"] for i in range(20)]), Limits(archive_members=10))
    assert "names more than 10 files" in many.problem
    path = dicomdir(tmp_path, ["A"])
    path.write_bytes(path.read_bytes()[:400])
    assert all(entry.problem for entry in found(path))


def test_without_a_reader_a_dicomdir_is_a_file_like_others():
    (entry,) = open_collection(DISC / "DICOMDIR", DEFAULT_LIMITS)
    assert entry.path == str(DISC / "DICOMDIR")


def test_in_the_current_folder(monkeypatch):
    monkeypatch.chdir(DISC)
    entries = found("DICOMDIR")
    assert len(entries) == 31
    assert not any(entry.problem for entry in entries)
    assert all(Path(entry.path).is_file() for entry in entries)


def media(folder, rename):
    """A copy of a disc whose files were renamed."""
    shutil.copytree(DISC, folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("DICOMDIR"):
            path.rename(path.with_name(rename(path.name)))
    return folder / "DICOMDIR"


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"{name}.dcm", lambda name: f"{name}.DCM", lambda name: f"{name}.ima", lambda name: f"{name}.dic",
        lambda name: f"{name}.xyz", lambda name: f"{name}.dcm;1",
    ],
)  # fmt: skip
def test_files_that_were_given_an_ending_are_found(tmp_path, rename):
    expected = [os.path.relpath(entry.path, DISC) for entry in found(DISC / "DICOMDIR")]
    entries = found(media(tmp_path / "disc", rename))
    assert [entry.problem for entry in entries] == [""] * len(expected)
    stems = [os.path.relpath(entry.path, tmp_path / "disc").split(".")[0] for entry in entries]
    assert stems == expected


def test_of_several_endings_that_of_dicom_files_is_taken(tmp_path):
    path = media(tmp_path / "disc", lambda name: f"{name}.dcm")
    for each in list((tmp_path / "disc").rglob("*.dcm")):
        for ending in (".jpg", ".txt", ".1"):
            each.with_suffix(ending).write_bytes(b"words")
    assert {Path(entry.path).suffix for entry in found(path)} == {".dcm"}


def test_a_neighbour_is_not_taken_for_a_file_that_is_missing(tmp_path):
    """Names that are UIDs have no ending: what differs in the last component is another file."""
    path = media(tmp_path / "disc", lambda name: f"{name}.1")
    assert all("missing" in entry.problem for entry in found(path))
    assert len(found(path)) == len(found(DISC / "DICOMDIR"))


def test_the_volumes_of_a_renamed_disc_are_those_of_the_disc(tmp_path):
    expected = hu.read_volumes(DISC / "DICOMDIR")
    renamed = hu.read_volumes(media(tmp_path / "disc", lambda name: f"{name}.dcm"))
    assert [facts.shape for facts in renamed.facts] == [facts.shape for facts in expected.facts]
    assert renamed.report.counts == expected.report.counts
