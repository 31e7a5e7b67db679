"""Tables that follow from the rows: the same as reading the files would say, and brought up to date where they change."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

import hounsfield as hu
from hounsfield.catalog import series_changes, table_upkeep, writing
from hounsfield.catalog.checking import repair, verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.file_names import table_file
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database
from hounsfield.catalog.writing import scan_into

from cli_runner import hu_here
from series_made import copy, ct, edit, louder, shift

PYDICOM = Path(get_testdata_file("CT_small.dcm")).parent
KINDS = ("series", "volumes", "gaps", "conflicts", "outcomes")


def made_ct(folder, **options):
    """Paths of a phantom's slices: a series of its own."""
    made = ct(folder, **{"matrix": 16} | options)
    series, paths = generate_uid(entropy_srcs=[str(folder)]), sorted(made.folder.iterdir())
    uids = [generate_uid(entropy_srcs=[str(path)]) for path in paths]
    return [edit(path, SeriesInstanceUID=series, SOPInstanceUID=uid) for path, uid in zip(paths, uids, strict=True)]


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


@pytest.mark.long
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


@pytest.mark.long
def test_series_at_which_something_is_odd(tmp_path):
    data = tmp_path / "data"
    gap = made_ct(data / "gap")
    os.remove(gap[3])
    mixed = made_ct(data / "mixed")
    for path in mixed[5:]:
        shift(path, 0, 0, 3.7)
    twice = made_ct(data / "twice", slices=3)
    shutil.copy(twice[1], data / "twice" / "again.dcm")
    edit(Path(shutil.copy(twice[2], data / "twice" / "other.dcm")), louder(9))
    repeated = made_ct(data / "repeated", slices=4)
    for number, path in enumerate(repeated):
        copy(path, f"late{number}.dcm", louder(5), AcquisitionNumber=2)
    for path in made_ct(data / "undeclared", slices=4):
        edit(path, SeriesInstanceUID=None)
    (data / "notes.txt").write_text("no image " * 30)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in made_ct(tmp_path / "zipped", slices=3):
            archive.write(path, f"inside/{path.name}")
    scan_into(tmp_path / "c", [data])
    check(tmp_path / "c", data)
    series = answer(tmp_path / "c", "SELECT * FROM series WHERE missing_slices > 0 OR mixed_spacing")
    assert [(row["missing_slices"], row["mixed_spacing"]) for row in series] == [(1, False), (0, True)]
    (twice,) = answer(tmp_path / "c", "SELECT duplicates, conflicts, files FROM series WHERE duplicates > 0")
    assert twice == {"duplicates": 1, "conflicts": 1, "files": 5}
    scan_into(tmp_path / "z", [tmp_path / "a.zip"])
    check(tmp_path / "z", tmp_path / "a.zip")


@pytest.mark.long
@given(
    depths=st.lists(st.integers(0, 12), min_size=1, max_size=9),
    shifts=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.4, 0.02]), min_size=9, max_size=9),
    tilt=st.booleans(),
)
@settings(max_examples=5, deadline=None)
def test_made_series(tmp_path_factory, depths, shifts, tilt):
    check_made_series(tmp_path_factory.mktemp("made"), depths, shifts, tilt)


@pytest.mark.long
@given(
    depths=st.lists(st.integers(0, 12), min_size=1, max_size=9),
    shifts=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.4, 0.02]), min_size=9, max_size=9),
    tilt=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_many_made_series(tmp_path_factory, depths, shifts, tilt):
    check_made_series(tmp_path_factory.mktemp("made"), depths, shifts, tilt)


def check_made_series(folder, depths, shifts, tilt):
    data = folder / "data"
    first, *_ = made_ct(data, matrix=16, slices=1)
    for number, (depth, by) in enumerate(zip(depths, shifts, strict=False)):
        position = [0.0, 0.5 * depth if tilt else 0.0, 2.0 * depth + by]
        copy(first, f"{number}.dcm", louder(number), ImagePositionPatient=position, InstanceNumber=number)
    scan_into(folder / "c", [data])
    check(folder / "c", data)
    shutil.rmtree(folder)


@pytest.mark.long
def test_what_has_changed_ends_as_in_a_new_catalog(tmp_path, monkeypatch):
    looked_at = []
    of = table_upkeep.tables_of
    monkeypatch.setattr(
        table_upkeep, "tables_of", lambda rows, *a, **k: looked_at.append(rows.num_rows) or of(rows, *a, **k)
    )
    data = tmp_path / "data"
    for name in "abcde":
        made_ct(data / name, slices=4)
    scan_into(tmp_path / "c", [data])
    assert looked_at == [20]
    edit(data / "a" / "0001.dcm", SeriesDescription="changed")
    os.remove(data / "b" / "0001.dcm")
    shutil.rmtree(data / "c")
    shutil.copy(data / "d" / "0000.dcm", data / "e" / "copy.dcm")  # of the same series
    edit(data / "e" / "copy.dcm", SeriesInstanceUID="1.2.3.4")  # and of another
    looked_at.clear()
    scan_into(tmp_path / "c", [data])
    assert looked_at == [4 + 3 + 4 + 1]  # series e was not touched
    assert tables(tmp_path / "c") == fresh(tmp_path, data)
    check(tmp_path / "c", data)
    os.remove(data / "e" / "copy.dcm")  # what it was compared with has to be looked at, too
    scan_into(tmp_path / "c", [data])
    assert tables(tmp_path / "c") == fresh(tmp_path, data)
    looked_at.clear()
    scan_into(tmp_path / "c", [data])
    compact(tmp_path / "c", orphan=0)
    assert looked_at == []
    assert read_manifest(tmp_path / "c").is_derived
    assert tables(tmp_path / "c") == fresh(tmp_path, data)


@pytest.mark.long
def test_a_scan_that_ended_before_its_series_were_looked_at(tmp_path, monkeypatch):
    made_ct(tmp_path / "data", slices=3)
    with monkeypatch.context() as patch:
        patch.setattr(writing, "derive", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            scan_into(tmp_path / "c", [tmp_path / "data"])
    assert not read_manifest(tmp_path / "c").is_derived
    assert answer(tmp_path / "c", "SELECT * FROM series") == []
    with hu.Catalog(tmp_path / "c") as catalog:
        with pytest.warns(hu.AssumptionWarning, match="of an earlier state"):
            assert catalog.query("SELECT * FROM series").num_rows == 0
        assert catalog.query("SELECT * FROM instances").num_rows == 3
    _, _, err = hu_here("ls", f"{tmp_path}/c?FROM series")
    assert err.count("of an earlier state") == 1
    scan_into(tmp_path / "c", [tmp_path / "data"])
    assert tables(tmp_path / "c") == fresh(tmp_path, tmp_path / "data")


@pytest.mark.long
def test_all_series_are_looked_at_where_nothing_tells_which_changed(tmp_path):
    data = tmp_path / "data"
    for name in "abc":
        made_ct(data / name, slices=3)
    scan_into(tmp_path / "c", [data / "a", data / "b"])
    scan_into(tmp_path / "c", [data / "c"])
    (states,) = [table.name for table in read_manifest(tmp_path / "c").tables if table.kind == "states"]
    table_file(tmp_path / "c", states).unlink()
    shutil.rmtree(data / "b")
    scan_into(tmp_path / "c", [data])
    assert tables(tmp_path / "c") == fresh(tmp_path, data)


@pytest.mark.long
def test_damaged_tables_are_found_and_made_anew(tmp_path):
    made_ct(tmp_path / "data", slices=3)
    scan_into(tmp_path / "c", [tmp_path / "data"])
    whole = tables(tmp_path / "c")
    names = {table.kind: table.name for table in read_manifest(tmp_path / "c").tables}
    table_file(tmp_path / "c", names["volumes"]).unlink()
    with open(table_file(tmp_path / "c", names["series"]), "r+b") as file:
        file.seek(100)
        file.write(b"\0\0\0\0")
    found = verify(tmp_path / "c")
    assert (sorted(found.tables), found.problems) == (["series", "volumes"], [])
    repair(tmp_path / "c", found)
    scan_into(tmp_path / "c", [tmp_path / "data"])
    assert verify(tmp_path / "c").tables == []
    assert tables(tmp_path / "c") == whole


@pytest.mark.long
def test_without_what_identifies_patients(tmp_path):
    data = tmp_path / "data"
    paths = made_ct(data / "CANARY", slices=4)
    for path in paths:
        edit(path, PatientName="CANARY", PatientID="CANARY", StudyDescription="CANARY", SeriesDescription="CANARY")
    shutil.copy(paths[0], data / "same.dcm")
    edit(Path(shutil.copy(paths[1], data / "other.dcm")), louder(9))
    shutil.copy(get_testdata_file("emri_small.dcm"), data)
    with zipfile.ZipFile(data / "CANARY.zip", "w") as archive:
        archive.write(get_testdata_file("eCT_Supplemental.dcm"), "CANARY/1.dcm")
    scan_into(tmp_path / "plain", [data])
    scan_into(tmp_path / "c", [data], phi=False)
    assert "CANARY" not in repr(tables(tmp_path / "c")) and str(tmp_path) not in repr(tables(tmp_path / "c"))
    counts = (
        "SELECT Modality, volumes, duplicates, conflicts, unreadable, files, regularly_spaced_3d_volume FROM series"
    )
    found, plain = ([sorted(map(repr, answer(tmp_path / name, counts)))] for name in ("c", "plain"))
    assert found == plain
    assert [row["PatientID"] for row in answer(tmp_path / "c", "SELECT * FROM series")] == [None, None, None]
    shapes = "SELECT slices, Rows, files, affine FROM volumes ORDER BY ALL"
    assert answer(tmp_path / "c", shapes) == answer(tmp_path / "plain", shapes)


def test_geometry_as_the_index_of_imaging_data_commons_says_it(tmp_path):
    data = tmp_path / "data"
    regular = made_ct(data / "regular", slices=5)
    for path in made_ct(data / "oblique", slices=5):
        whole = pydicom.dcmread(path)
        turned = np.array([[1, 0, 0], [0, np.cos(0.2), -np.sin(0.2)], [0, np.sin(0.2), np.cos(0.2)]])
        rows, columns = np.reshape(whole.ImageOrientationPatient, (2, 3)).astype(float)
        orientation = [*(turned @ rows), *(turned @ columns)]
        edit(
            path,
            ImageOrientationPatient=[f"{v:.8f}" for v in orientation],
            ImagePositionPatient=[f"{v:.6f}" for v in turned @ np.array(whole.ImagePositionPatient, float)],
        )
    shift(made_ct(data / "aside", slices=5)[2], 0.5, 0, 0)
    shift(made_ct(data / "uneven", slices=5)[2], 0, 0, 0.3)
    (data / "twice").mkdir()
    for path in made_ct(data / "twice", slices=3):
        copy(path, f"again-{path.name}", louder(3))
    edit(made_ct(data / "scout", slices=2)[0], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    scan_into(tmp_path / "c", [data])
    found = {
        Path(row.pop("first_file")).parent.name: row
        for row in answer(
            tmp_path / "c",
            "SELECT (SELECT min(path) FROM instances i WHERE i.SeriesInstanceUID = s.SeriesInstanceUID) AS first_file, * "
            "FROM series s",
        )
    }
    names = [
        "single_orientation",
        "orthogonal_orientation",
        "unique_slice_positions",
        "consistent_in_plane_row",
        "consistent_in_plane_col",
        "consistent_pixel_spacing",
        "consistent_image_dimensions",
        "uniform_slice_spacing",
    ]
    wrong = {folder: [name for name in names if row[name] is not True] for folder, row in found.items()}
    assert wrong == {
        "regular": [],
        "oblique": [],
        "aside": ["consistent_in_plane_row"],
        "uneven": ["uniform_slice_spacing"],
        "twice": ["unique_slice_positions", "uniform_slice_spacing"],
        "scout": names,
    }
    assert {folder for folder, row in found.items() if row["regularly_spaced_3d_volume"]} == {"regular", "oblique"}
    assert found["oblique"]["obliquity_degrees"] == round(np.degrees(0.2), 2)
    assert found["regular"]["slice_spacing_mm"] == pytest.approx(5)
    lowest = min((pydicom.dcmread(path).ImagePositionPatient for path in regular), key=lambda position: position[2])
    assert found["regular"]["origin_patient"] == pytest.approx(list(map(float, lowest)))
    assert found["aside"]["origin_patient"] is None
    assert found["scout"]["regularly_spaced_3d_volume"] is None
