"""Tables that follow from the rows: the same as reading the files would say, and brought up to date where they change."""

import json
import shutil
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.catalog import series_changes
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database
from hounsfield.catalog.writing import scan_into

PYDICOM = Path(get_testdata_file("CT_small.dcm")).parent
KINDS = ("series", "volumes", "gaps", "conflicts", "outcomes")


def answer(catalog, sql):
    opened = Database(Path(catalog), read_manifest(Path(catalog)))
    try:
        return opened.query(sql).to_pylist()
    finally:
        opened.close()


def tables(catalog):
    """All tables, their rows in an order that does not depend on the order in which they came."""
    return {kind: sorted(answer(catalog, f"SELECT * FROM {kind}"), key=repr) for kind in KINDS}


def read(folder):
    """What reading the folder says, in the words of the tables."""
    volumes = hu.read_volumes(folder)
    report, numbers, places = volumes.report, {}, []
    known = {"volumes": [], "gaps": [], "conflicts": [], "outcomes": []}
    for facts in volumes.facts:
        uid = facts.attributes.get("SeriesInstanceUID")
        key = uid or str(facts.attributes)
        places.append((uid, numbers.setdefault(key, 0)))
        numbers[key] += 1
        known["volumes"].append(
            {
                "SeriesInstanceUID": uid,
                "volume": places[-1][1],
                "shape": facts.shape,
                "affine": None if facts.affine is None else facts.affine.ravel().tolist(),
                "files": facts.files,
                "separated_by": json.loads(json.dumps(facts.to_dict()["separated_by"])),
                "split_by": list(facts.split_by),
                "steps": [step.to_dict() for step in facts.steps],
            }
        )
    for gap in report.missing:
        uid, before = places[gap.volumes[0]]
        after = places[gap.volumes[1]][1]
        known["gaps"].append((uid, before, after, gap.count, gap.distance_mm, gap.expected_mm, str(gap)))
    known["conflicts"] = sorted((conflict.paths, conflict.detail) for conflict in report.conflicts)
    known["outcomes"] = sorted(
        (file.path, file.outcome, file.detail, file.copy_of)
        for file in report.files
        if file.outcome != "volume" or file.detail
    )
    return known


def told(catalog):
    """The same of a catalog."""
    volumes = answer(catalog, "SELECT * FROM volumes")
    gaps = answer(catalog, "SELECT * FROM gaps")
    return {
        "volumes": [
            {
                "SeriesInstanceUID": row["SeriesInstanceUID"],
                "volume": row["volume"],
                "shape": (row["slices"], row["Rows"], row["Columns"]),
                "affine": row["affine"],
                "files": row["files"],
                "separated_by": json.loads(row["separated_by"]),
                "split_by": row["split_by"],
                "steps": json.loads(row["steps"]),
            }
            for row in volumes
        ],
        "gaps": [
            tuple(
                row[name]
                for name in (
                    "SeriesInstanceUID",
                    "volume_before",
                    "volume_after",
                    "missing",
                    "distance_mm",
                    "expected_mm",
                    "message",
                )
            )
            for row in gaps
        ],
        "conflicts": sorted(
            (tuple(row["paths"]), row["detail"])
            for row in answer(catalog, "SELECT DISTINCT paths, detail FROM conflicts")
        ),
        "outcomes": sorted(
            (row["path"], row["outcome"], row["detail"] or "", row["copy_of"] or "")
            for row in answer(
                catalog,
                "SELECT path, outcome, detail, copy_of FROM outcomes "
                "UNION ALL SELECT path, NULL, error, NULL FROM errors",
            )
        ),
    }


def check(catalog, folder):
    """A catalog says what reading the folder says; of files that cannot be read as a scan says it."""
    expected, found = read(folder), told(catalog)
    failed = {path for path, outcome, *_ in found["outcomes"] if outcome is None}
    for name in ("volumes", "gaps"):
        assert sorted(map(repr, found[name])) == sorted(map(repr, expected[name]))
    assert found["conflicts"] == expected["conflicts"]
    outcomes = {row for row in expected["outcomes"] if row[0] not in failed}
    assert {row for row in found["outcomes"] if row[0] not in failed} == outcomes
    assert {row[1] for row in expected["outcomes"] if row[0] in failed} <= {"not DICOM", "unreadable"}


def fresh(tmp_path, folder):
    """The tables of a new catalog."""
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
    scan_into(tmp_path / "fresh", [folder])
    return tables(tmp_path / "fresh")


@pytest.mark.parametrize("name", ["dicomdirtests/77654033", "dicomdirtests/98892001", "dicomdirtests/98892003"])
def test_series_of_real_files(tmp_path, name):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series_changes, "_BATCH", 10)
        scan_into(tmp_path / "c", [PYDICOM / name])
    check(tmp_path / "c", PYDICOM / name)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_all_real_files_at_once(tmp_path):
    scan_into(tmp_path / "c", [PYDICOM])
    check(tmp_path / "c", PYDICOM)
