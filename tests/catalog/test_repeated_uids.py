"""SOP Instance UIDs in several files, counted as a loop of pydicom counts them; and only where rows have changed."""

import json
import os
import random
import shutil
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.catalog import repeated_uids, uid_changes, writing
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.questions import ready
from hounsfield.catalog.writing import scan_into

from catalogs import small_file, tree
from cli_runner import hu_here
from made import dataset, to_bytes

COMPARED = (
    "SeriesInstanceUID StudyInstanceUID PatientID SOPClassUID Modality InstanceNumber FrameOfReferenceUID Rows Columns "
    "NumberOfFrames ImagePositionPatient ImageOrientationPatient"
).split()


def counted(folder):
    """What a loop of pydicom finds: UIDs in several files, and those whose headers differ."""
    headers = defaultdict(list)
    for path in folder.rglob("*.dcm"):
        whole = pydicom.dcmread(path)
        headers[whole.SOPInstanceUID].append([str(whole.get(name, "")) for name in COMPARED])
    several = [those for those in headers.values() if len(those) > 1]
    return len(several), sum(any(one != those[0] for one in those) for those in several)


def told(catalog):
    """What the ready questions say of the same."""
    with hu.Catalog(catalog) as opened:
        several = opened.query(ready("duplicates").sql_for(read_manifest(catalog))).num_rows
        conflicts = opened.query(ready("conflicts").sql_for(read_manifest(catalog)))["level"].to_pylist()
    return several, conflicts.count("SOPInstanceUID")


def write(path, number, **changes):
    path.parent.mkdir(parents=True, exist_ok=True)
    attributes = {
        "SOPInstanceUID": f"1.2.3.{number}",
        "SeriesInstanceUID": "1.2.3.4",
        "StudyInstanceUID": "1.2.3",
        "PatientID": "1",
        "Modality": "CT",
        "InstanceNumber": number,
        "ImagePositionPatient": [0, 0, number],
    } | changes
    shape = attributes.pop("shape", (2, 2))
    path.write_bytes(to_bytes(dataset(np.zeros(shape, np.uint16), **attributes)))


OTHERWISE = (
    {"SeriesInstanceUID": "1.2.3.5"},
    {"StudyInstanceUID": "1.2.4"},
    {"PatientID": "2"},
    {"PatientID": ""},
    {"Modality": "MR"},
    {"shape": (2, 3)},
    {"ImagePositionPatient": [1, 0, 0]},
    {"PatientName": "of no account"},
)


@pytest.mark.long
def test_as_a_loop_of_pydicom_counts(tmp_path):
    chance = random.Random(15)
    for number in range(1, 60):
        write(tmp_path / "data" / f"{number}.dcm", number)
        for copy in range(chance.choice([0, 0, 1, 2])):
            changes = chance.choice([{}, {}, *OTHERWISE])
            write(tmp_path / "data" / "copies" / f"{number}-{copy}.dcm", number, **changes)
    (tmp_path / "data" / "notes.txt").write_text("no image")
    expected = counted(tmp_path / "data")
    assert min(expected) > 5 and expected[0] > expected[1]
    done = scan_into(tmp_path / "catalog", [tmp_path / "data"])
    assert (done.repeated, done.conflicting) == expected
    assert told(tmp_path / "catalog") == expected
    done = scan_into(tmp_path / "hidden", [tmp_path / "data"], phi=False)  # other UIDs, the same for the same
    assert done.repeated == expected[0]
    assert told(tmp_path / "hidden") == (done.repeated, done.conflicting)
    shutil.rmtree(tmp_path / "data" / "copies")
    done = scan_into(tmp_path / "catalog", [tmp_path / "data"])
    assert (done.repeated, done.conflicting) == (0, 0) == counted(tmp_path / "data")


def test_nothing_is_counted_where_nothing_changed(tmp_path, monkeypatch):
    data = tree(tmp_path / "data", 1, 3)
    (data / "s000" / "copy.dcm").write_bytes(small_file(1))
    assert scan_into(tmp_path / "catalog", [data]).repeated == 1
    number = read_manifest(tmp_path / "catalog").number
    with monkeypatch.context() as patched:
        patched.setattr(repeated_uids, "_counted", None)
        done = scan_into(tmp_path / "catalog", [data])
        assert (done.repeated, done.conflicting) == (1, 0)
        assert read_manifest(tmp_path / "catalog").number == number
    (data / "s000" / "new.dcm").write_bytes(small_file(2))
    assert scan_into(tmp_path / "catalog", [data]).repeated == 2
    compact(tmp_path / "catalog")
    assert scan_into(tmp_path / "catalog", [data]).repeated == 2


def test_nothing_to_count(tmp_path):
    (tmp_path / "data").mkdir()
    assert scan_into(tmp_path / "catalog", [tmp_path / "data"]).repeated == 0
    (tmp_path / "data" / "notes.txt").write_text("no image")
    assert scan_into(tmp_path / "catalog", [tmp_path / "data"]).repeated == 0


@pytest.mark.parametrize("quiet", [False, True])
def test_what_is_said(tmp_path, quiet):
    write(tmp_path / "data" / "1.dcm", 1)
    for name, changes in (("a", {}), ("b", {"PatientID": "2"})):
        write(tmp_path / "data" / f"{name}.dcm", 2, **changes)
    options = ["--json", "-q"] if quiet else []
    code, out, err = hu_here("scan", tmp_path / "data", "-o", f"{tmp_path}/c/", *options)
    assert code == 0
    if quiet:
        assert {name: json.loads(out)[name] for name in ("repeated", "conflicting")} == {
            "repeated": 1,
            "conflicting": 1,
        }
    else:
        said = err.splitlines()
        assert f"hu: SOP Instance UIDs in more than one file: 1; hu query {tmp_path}/c/ --what duplicates" in said
        assert (
            f"hu: SOP Instance UIDs of which the headers disagree: 1; hu query {tmp_path}/c/ --what conflicts" in said
        )


def changed_by_chance(folder, chance, numbers):
    """Add, change, copy, move or remove a file."""
    there = sorted(folder.rglob("*.dcm"))
    what = chance.choice(["new", "new", "change", "copy", "move", "remove", "touch"]) if len(there) > 3 else "new"
    path = folder / f"s{chance.randrange(5)}" / f"{chance.randrange(10**9)}.dcm"
    path.parent.mkdir(parents=True, exist_ok=True)
    if what in ("new", "change"):
        path = chance.choice(there) if what == "change" else path
        write(path, chance.randrange(1, numbers), **chance.choice([{}, {}, *OTHERWISE]))
    elif what == "copy":
        shutil.copy(chance.choice(there), path)
    elif what == "move":
        os.rename(chance.choice(there), path)
    elif what == "remove":
        chance.choice(there).unlink()
    else:
        os.utime(chance.choice(there), ns=(0, chance.randrange(10**18)))


def check_a_history(tmp_path, monkeypatch, chance, scans):
    """Counts by those of the state before are those of all rows, and those of a loop of pydicom."""
    used = []
    since = repeated_uids.counted_since
    monkeypatch.setattr(repeated_uids, "counted_since", lambda *a: used.append(since(*a)) or used[-1])
    monkeypatch.setattr(uid_changes, "_MOST", 1e9)
    monkeypatch.setattr(writing, "_FILES", 3)
    data, catalog = tmp_path / "data", tmp_path / "c"
    for scan in range(scans):
        for _ in range(8 if scan == 0 else chance.randrange(4)):
            changed_by_chance(data, chance, 12)
        done = scan_into(catalog, [data])
        now = read_manifest(catalog)
        assert now.repeated == repeated_uids._counted(catalog, replace(now, repeated=None))
        assert (done.repeated, done.conflicting) == counted(data)
        if chance.random() < 0.2:
            compact(catalog, orphan=0)
    assert sum(one is not None for one in used) >= scans / 3


@pytest.mark.long
def test_a_history_of_changes(tmp_path, monkeypatch):
    check_a_history(tmp_path, monkeypatch, random.Random(15), 3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_histories_of_changes(tmp_path, monkeypatch, seed):
    check_a_history(tmp_path, monkeypatch, random.Random(seed), 25)


@pytest.mark.long
def test_only_what_is_in_changed_rows_is_looked_up(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_FILES", 3)
    data = tree(tmp_path / "data", 8, 3)
    scan_into(tmp_path / "c", [data])
    monkeypatch.setattr(repeated_uids, "_all_counted", None)
    (data / "s003" / "new.dcm").write_bytes(small_file(0))  # a copy of one in another folder
    assert scan_into(tmp_path / "c", [data]).repeated == 1
    (data / "s000" / "0000.dcm").unlink()
    done = scan_into(tmp_path / "c", [data])
    assert (done.repeated, done.conflicting) == (0, 0)


def test_counts_of_an_older_version_are_made_anew(tmp_path):
    data = tree(tmp_path / "data", 8, 3)
    scan_into(tmp_path / "c", [data])
    file = tmp_path / "c" / read_manifest(tmp_path / "c").file
    document = json.loads(file.read_text())
    del document["repeated"]["counted"]
    file.write_text(json.dumps(document))
    shutil.copy(data / "s000" / "0000.dcm", data / "s001" / "copy.dcm")
    assert scan_into(tmp_path / "c", [data]).repeated == 1
    document["repeated"]["counted"] = [["../../elsewhere", []]]
    file = tmp_path / "c" / read_manifest(tmp_path / "c").file
    file.write_text(json.dumps(document | {"number": read_manifest(tmp_path / "c").number}))
    with pytest.raises(hu.FormatError, match="manifest cannot be read"):
        scan_into(tmp_path / "c", [data])
