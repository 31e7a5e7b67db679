"""Series of which a file could not be opened for a reason that may pass: they are looked at again by the next scan."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from hounsfield.catalog import row_files, series_changes
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import SourceError
from hounsfield.sources.entries import Entry

from catalogs import derived
from series_made import ct, edit

FRAMES = "emri_small.dcm"


@pytest.fixture
def data(tmp_path):
    """A series by itself, one with a copy of a file, and a file of several frames."""
    folder = tmp_path / "data"
    alone, twice = ct(folder / "alone", matrix=16, slices=2), ct(folder / "twice", matrix=16, slices=2)
    for number, made in enumerate((alone, twice), 1):
        for index, path in enumerate(made.files):
            edit(path, SeriesInstanceUID=f"1.2.{number}", SOPInstanceUID=f"1.2.{number}.{index}")
    shutil.copy(twice.files[0], folder / "twice" / "copy.dcm")
    shutil.copy(get_testdata_file(FRAMES), folder)
    return folder


def refuse(monkeypatch, why, names=("",)):
    """Have files refused that are opened once their rows are there; return which were opened."""
    opened = []

    def refused(path, *_, **__):
        opened.append(Path(path).name)
        if any(name in str(path) for name in names):
            raise SourceError(why, source=str(path))
        return opens(path, *_, **__)

    opens = row_files.open_source
    monkeypatch.setattr(row_files, "open_source", refused)
    return opened


def fresh(tmp_path, data):
    scan_into(tmp_path / "fresh", [data])
    return derived(tmp_path / "fresh")


LATER = ["input/output error", "no answer in time", "the server answers 503", "not enough memory"]


@pytest.mark.long
@pytest.mark.parametrize("why", ["permission denied", *(pytest.param(why, marks=pytest.mark.long) for why in LATER)])
def test_what_may_pass_is_tried_again(tmp_path, data, monkeypatch, why):
    scan_into(tmp_path / "c", [data / "alone"])
    opened = refuse(monkeypatch, why)
    scan_into(tmp_path / "c", [data])
    assert {FRAMES, "copy.dcm"} <= {*opened}
    assert read_manifest(tmp_path / "c").again == 2
    assert {(row["outcome"], row["detail"]) for row in derived(tmp_path / "c")["outcomes"]} >= {("unreadable", why)}
    number, opened[:] = read_manifest(tmp_path / "c").number, []
    scan_into(tmp_path / "c", [data])
    assert opened  # it was tried, and nothing is written where nothing came of it
    assert read_manifest(tmp_path / "c").number == number
    monkeypatch.undo()
    scan_into(tmp_path / "c", [data])
    assert derived(tmp_path / "c") == fresh(tmp_path, data)
    assert read_manifest(tmp_path / "c").again == 0
    opened = refuse(monkeypatch, why)
    scan_into(tmp_path / "c", [data])
    assert opened == []


def test_damage_is_not_tried_again(tmp_path, data, monkeypatch):
    opened = refuse(monkeypatch, "the pixel data is damaged")
    scan_into(tmp_path / "c", [data])
    assert opened
    opened.clear()
    scan_into(tmp_path / "c", [data])
    assert (opened, read_manifest(tmp_path / "c").again) == ([], 0)


@pytest.mark.long
def test_a_few_at_a_time(tmp_path, monkeypatch):
    for number in range(6):
        (tmp_path / "data").mkdir(exist_ok=True)
        path = Path(shutil.copy(get_testdata_file(FRAMES), tmp_path / "data" / f"{number}.dcm"))
        edit(path, SeriesInstanceUID=f"1.2.{number}", SOPInstanceUID=f"1.2.3.{number}")
    opened = refuse(monkeypatch, "permission denied")
    scan_into(tmp_path / "c", [tmp_path / "data"])
    monkeypatch.setattr(series_changes, "_AGAIN", 2)
    seen = set()
    for _ in range(60):  # which ones differs from scan to scan
        if len(seen) == 6:
            break
        opened.clear()
        scan_into(tmp_path / "c", [tmp_path / "data"])
        assert 1 <= len({*opened}) <= 2
        seen |= {*opened}
        (tmp_path / "data" / "new.txt").write_text(repr(seen))
    assert len(seen) == 6
    monkeypatch.undo()
    scan_into(tmp_path / "c", [tmp_path / "data"])
    assert derived(tmp_path / "c") == fresh(tmp_path, tmp_path / "data")


@pytest.mark.long
def test_after_compacting_and_in_archives(tmp_path, data, monkeypatch):
    with zipfile.ZipFile(data / "more.zip", "w") as archive:
        archive.write(get_testdata_file("eCT_Supplemental.dcm"), "ect.dcm")
    refuse(monkeypatch, "permission denied")
    monkeypatch.setattr(
        row_files, "open_collection", lambda path, _: (_ for _ in ()).throw(SourceError("permission denied"))
    )
    scan_into(tmp_path / "c", [data])
    monkeypatch.undo()
    compact(tmp_path / "c", orphan=0)
    assert read_manifest(tmp_path / "c").again == 3
    scan_into(tmp_path / "c", [data])
    assert derived(tmp_path / "c") == fresh(tmp_path, data)


@pytest.mark.long
def test_only_where_somebody_has_just_looked(tmp_path, data, monkeypatch):
    refuse(monkeypatch, "permission denied")
    scan_into(tmp_path / "c", [data])
    monkeypatch.undo()
    os.rename(data, tmp_path / "away")  # a disk that is not mounted
    (tmp_path / "more").mkdir()
    scan_into(tmp_path / "c", [tmp_path / "more"])
    scan_into(tmp_path / "c", [data])
    assert read_manifest(tmp_path / "c").again == 2
    assert {row["detail"] for row in derived(tmp_path / "c")["outcomes"]} >= {"permission denied"}
    os.rename(tmp_path / "away", data)
    scan_into(tmp_path / "c", [data / "twice"])
    assert read_manifest(tmp_path / "c").again == 1
    scan_into(tmp_path / "c", [data / FRAMES])
    assert read_manifest(tmp_path / "c").again == 0
    assert derived(tmp_path / "c") == fresh(tmp_path, data)


@pytest.mark.long
def test_without_what_identifies_patients(tmp_path, data, monkeypatch):
    def refused(*_):
        raise SourceError("permission denied")

    scan_into(tmp_path / "c", [tmp_path / "data" / "alone"], phi=False)
    entry_open = Entry.open
    monkeypatch.setattr(Entry, "open", refused)
    scan_into(tmp_path / "c", [data])
    monkeypatch.setattr(Entry, "open", entry_open)
    assert read_manifest(tmp_path / "c").again == 2
    scan_into(tmp_path / "c", [data / "alone"])  # from here most files are not found
    assert read_manifest(tmp_path / "c").again == 2
    scan_into(tmp_path / "c", [data])
    assert read_manifest(tmp_path / "c").again == 0
    assert not [row for row in derived(tmp_path / "c")["outcomes"] if row["outcome"] == "unreadable"]
