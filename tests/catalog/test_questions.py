"""Ready questions: their answers are those of a loop of pydicom and pandas over the same files."""

import math
import os
import shutil
from contextlib import closing
from datetime import UTC, date, datetime

import pandas as pd
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import UID

import hounsfield as hu
from hounsfield.catalog.asking import ask
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database, QueryBounds
from hounsfield.catalog.questions import questions, ready
from hounsfield.catalog.writing import scan_into

#: Of each kind one: compressed and native, several frames, colour, no pixels, oblique, no series.
NAMES = """
    CT_small.dcm MR_small.dcm MR_small_RLE.dcm JPEG2000.dcm SC_rgb_rle.dcm rtdose.dcm rtplan.dcm emri_small.dcm
    waveform_ecg.dcm liver_1frame.dcm test-SR.dcm JPGExtended.dcm SC_rgb_small_odd.dcm examples_palette.dcm
    US1_UNCR.dcm color-pl.dcm image_dfl.dcm
""".split()
_TEXTS = """
    SOPInstanceUID SOPClassUID StudyInstanceUID SeriesInstanceUID PatientID Modality SeriesDescription ProtocolName
    Manufacturer ManufacturerModelName BodyPartExamined PhotometricInterpretation
""".split()
_WHOLE = "SeriesNumber Rows Columns SamplesPerPixel BitsAllocated BitsStored PixelRepresentation".split()


def changed(source, target, **attributes):
    made = pydicom.dcmread(source)
    for name, value in attributes.items():
        setattr(made, name, value)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    target.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(target)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ready")
    data = folder / "data"
    (data / "wheel").mkdir(parents=True)
    for name in NAMES:
        if (path := get_testdata_file(name, download=False)) is not None:
            shutil.copy(path, data / "wheel" / name)
    hu.phantom(data / "gap", matrix=16, slices=7, seed=1)
    os.unlink(data / "gap" / "0003.dcm")
    hu.phantom(data / "mixed", matrix=16, slices=6, seed=2)
    last = pydicom.dcmread(data / "mixed" / "0005.dcm")
    last.ImagePositionPatient[2] += 1.7 * (1 if last.ImagePositionPatient[2] > 0 else -1)
    last.save_as(data / "mixed" / "0005.dcm")
    ct = data / "wheel" / "CT_small.dcm"
    shutil.copy(ct, data / "copy.dcm")
    changed(ct, data / "other_study.dcm", StudyInstanceUID="1.2.3.4", SeriesInstanceUID="1.2.3.5")
    changed(ct, data / "two" / "a.dcm", SOPInstanceUID="1.2.3.6", SeriesInstanceUID="1.2.3.7", PatientID="one")
    changed(ct, data / "two" / "b.dcm", SOPInstanceUID="1.2.3.8", SeriesInstanceUID="1.2.3.7", PatientID="two")
    tilted = [1, 0, 0, 0, math.cos(0.2), math.sin(0.2)]
    changed(
        ct, data / "tilted.dcm", SOPInstanceUID="1.2.3.9", SeriesInstanceUID="1.2.3.10", ImageOrientationPatient=tilted
    )
    (data / "notes.txt").write_text("no image " * 20)
    (data / "empty.dcm").write_bytes(b"")
    (data / "gone.dcm").write_bytes(ct.read_bytes())
    scan_into(folder / "catalog", [data])
    os.unlink(data / "gone.dcm")
    scan_into(folder / "catalog", [data])
    scan_into(folder / "hidden", [data], phi=False)
    return folder


def value(header, name):
    found = header.get(name)
    return None if found in (None, "") else found


def of_slices(header, name):
    """A value of the header, or of the functional groups that all frames share."""
    for group in header.get("SharedFunctionalGroupsSequence") or ():
        for measures in group.get("PixelMeasuresSequence") or ():
            return value(measures, name)
    return value(header, name)


@pytest.fixture(scope="module")
def table(here):
    """One row for each file that pydicom reads, in the order in which folders are walked."""
    rows = []
    for root, folders, names in sorted(os.walk(here / "data")):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(root, name)
            try:
                header = pydicom.dcmread(path)
            except pydicom.errors.InvalidDicomError:
                continue
            has_pixels = any(word in header for word in ("PixelData", "FloatPixelData"))
            syntax = UID(header.file_meta.TransferSyntaxUID)
            row = {text: None if value(header, text) is None else str(value(header, text)) for text in _TEXTS}
            row |= {whole: None if value(header, whole) is None else int(value(header, whole)) for whole in _WHOLE}
            spacing, thickness = (of_slices(header, word) for word in ("PixelSpacing", "SliceThickness"))
            studied = value(header, "StudyDate")
            row |= {
                "path": path,
                "bytes": os.path.getsize(path),
                "TransferSyntaxUID": str(syntax),
                "encapsulated": syntax.is_encapsulated if has_pixels else None,
                "frames": int(header.get("NumberOfFrames") or 1) if has_pixels else None,
                "row_mm": None if spacing is None else float(spacing[0]),
                "column_mm": None if spacing is None else float(spacing[1]),
                "SliceThickness": None if thickness is None else float(thickness),
                "StudyDate": None if studied is None else datetime.strptime(studied.replace(".", ""), "%Y%m%d").date(),
            }
            rows.append(row)
    made = pd.DataFrame(rows).astype(object)
    return made.where(made.notna(), None)


@pytest.fixture(scope="module")
def volumes(here):
    return hu.read_volumes(here / "data")


def grouped(table, by, **aggregates):
    """Count groups; nothing is a value of its own, too."""
    found = []
    for keys, group in table.groupby(by, dropna=False, sort=False):
        row = dict(zip(by, keys, strict=True))
        found.append(row | {name: of(group) for name, of in aggregates.items()})
    return found


def size(group):
    return len(group)


def total(group):
    return int(group["bytes"].sum())


def different(name):
    return lambda group: int(group[name].nunique())


def example(group):
    return min(group["path"])


def per_series(table):
    """One row for each series: of its files the first value."""
    names = [name for name in table.columns if name not in ("path", "bytes", "encapsulated", "frames")]
    rows = []
    for _, group in table.groupby("SeriesInstanceUID", dropna=False, sort=False):
        first = {name: next((v for v in group[name] if v is not None), None) for name in names}
        rows.append(
            first | {"files": len(group), "bytes": total(group), "instances": group["SOPInstanceUID"].nunique()}
        )
    made = pd.DataFrame(rows).astype(object)
    return made.where(made.notna(), None)


def files(group):
    return int(group["files"].sum())


def uid_name(uid):
    return None if uid is None else UID(uid).name


def month(day):
    return None if day is None else f"{day:%Y-%m}"


def of_volumes(series, counts):
    """Rows of series with what `read_volumes` says of them."""
    keys = ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "files")
    return [{key: row[key] for key in keys} | counts[row["SeriesInstanceUID"]] for _, row in series.iterrows()]


EXPECTED = {
    "modalities": lambda t, s, v: grouped(
        s, ["Modality"], studies=different("StudyInstanceUID"), series=size, files=files,
        instanceCount=lambda g: int(g["instances"].sum()), size_MB=lambda g: g["bytes"].sum() / 1e6,
    ),
    "sizes": lambda t, s, v: grouped(
        t, ["Modality"], files=size, bytes=total, mean_bytes=lambda g: g["bytes"].mean(),
        median_bytes=lambda g: g["bytes"].median(), largest_bytes=lambda g: g["bytes"].max(),
    ),
    "transfer-syntaxes": lambda t, s, v: [
        row | {"transfer_syntax_name": uid_name(row["TransferSyntaxUID"])}
        for row in grouped(t, ["TransferSyntaxUID"], files=size, bytes=total)
    ],
    "sop-classes": lambda t, s, v: [
        row | {"sop_class_name": uid_name(row["SOPClassUID"])}
        for row in grouped(t, ["SOPClassUID"], files=size, bytes=total)
    ],
    "duplicates": lambda t, s, v: [
        row for row in grouped(
            t, ["SOPInstanceUID"], files=size, series=different("SeriesInstanceUID"), bytes=total,
            transfer_syntaxes=different("TransferSyntaxUID"), paths=lambda g: sorted(g["path"]),
        ) if row["files"] > 1
    ],
    "largest-series": lambda t, s, v: [
        {**{k: row[k] for k in ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "files")},
         "series_size_MB": row["bytes"] / 1e6, "volumes": v[row["SeriesInstanceUID"]]["volumes"]}
        for _, row in s.iterrows()
    ],
    "series-per-study": lambda t, s, v: grouped(
        pd.DataFrame(grouped(s, ["StudyInstanceUID"], series=size, files=files)), ["series"], studies=size, files=files
    ),
    "patients": lambda t, s, v: grouped(
        pd.DataFrame(grouped(s, ["PatientID"], studies=different("StudyInstanceUID"), series=size, files=files)),
        ["studies"], patients=size, series=lambda g: int(g["series"].sum()), files=files,
    ),
    "dates": lambda t, s, v: grouped(
        s.assign(month=[month(day) for day in s["StudyDate"]]).astype(object), ["month"],
        studies=different("StudyInstanceUID"), series=size, files=files,
    ),
    "oldest-newest": lambda t, s, v: grouped(
        s, ["Modality"], oldest=lambda g: min((d for d in g["StudyDate"] if d is not None), default=None),
        newest=lambda g: max((d for d in g["StudyDate"] if d is not None), default=None),
        studies=different("StudyInstanceUID"),
    ),
    "protocols": lambda t, s, v: grouped(
        t, ["Modality", "ProtocolName"], series=different("SeriesInstanceUID"), files=size
    ),
    "manufacturers": lambda t, s, v: grouped(
        s, ["Manufacturer", "ManufacturerModelName", "Modality"], series=size, files=files
    ),
    "body-parts": lambda t, s, v: grouped(s, ["BodyPartExamined", "Modality"], series=size, files=files),
    "matrix-sizes": lambda t, s, v: grouped(
        t, ["Modality", "Rows", "Columns"], series=different("SeriesInstanceUID"), files=size
    ),
    "slice-thickness": lambda t, s, v: grouped(
        t, ["Modality", "SliceThickness"], series=different("SeriesInstanceUID"), files=size
    ),
    "spacings": lambda t, s, v: grouped(
        t, ["Modality", "row_mm", "column_mm"], series=different("SeriesInstanceUID"), files=size
    ),
    "photometric": lambda t, s, v: grouped(
        t, ["PhotometricInterpretation", "SamplesPerPixel", "BitsAllocated", "BitsStored", "PixelRepresentation"],
        files=size,
    ),
    "multi-frame": lambda t, s, v: [
        row | {"sop_class_name": uid_name(row["SOPClassUID"])}
        for row in grouped(
            t[[(frames or 0) > 1 for frames in t["frames"]]], ["SOPClassUID"], files=size,
            frames=lambda g: g["frames"].sum(), most_frames=lambda g: g["frames"].max(),
        )
    ],
    "compressed": lambda t, s, v: [
        row | {"ratio": round(row["decoded_bytes"] / row["bytes"], 3)}
        for row in grouped(
            t[t["encapsulated"].notna()], ["TransferSyntaxUID", "encapsulated"], files=size, bytes=total,
            decoded_bytes=lambda g: sum(
                r["Rows"] * r["Columns"] * r["SamplesPerPixel"] * r["frames"] * r["BitsAllocated"] // 8
                for _, r in g.iterrows()
            ),
        )
    ],
    "without-pixels": lambda t, s, v: [
        row | {"sop_class_name": uid_name(row["SOPClassUID"])}
        for row in grouped(t[t["encapsulated"].isna()], ["SOPClassUID", "Modality"], files=size, example=example)
    ],
    "missing-slices": lambda t, s, v: [row for row in of_volumes(s, v) if row["missing_slices"]],
    "mixed-spacing": lambda t, s, v: [row for row in of_volumes(s, v) if row["mixed_spacing"]],
}  # fmt: skip


@pytest.fixture(scope="module")
def counts(table, volumes):
    """What `read_volumes` says of each series."""
    series = dict(zip(table["path"], table["SeriesInstanceUID"], strict=True))
    found = {uid: {"volumes": 0, "gaps": 0, "missing_slices": 0, "mixed_spacing": False} for uid in series.values()}
    of_volume = {}
    for file in volumes.report.files:
        if file.outcome == "volume":
            of_volume.update(dict.fromkeys(file.volumes, series[file.path]))
    for number in range(len(volumes.facts)):
        found[of_volume[number]]["volumes"] += 1
    for gap in volumes.report.missing:
        count = found[of_volume[gap.volumes[0]]]
        count["gaps"] += 1
        count["missing_slices"] += gap.count
        count["mixed_spacing"] |= not gap.count
    return found


def plain(rows):
    """Rows that can be compared, in an order of their own."""

    def one(cell):
        if isinstance(cell, list):
            return tuple(cell)
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return None
        if isinstance(cell, (str, bool, date)):
            return cell
        return round(float(cell), 9)

    made = [tuple(sorted((name, one(cell)) for name, cell in row.items())) for row in rows]
    return sorted(made, key=repr)


@pytest.fixture(scope="module", autouse=True)
def databases():
    """Each opened once."""
    yield
    for database in _opened.values():
        database.close()
    _opened.clear()


_opened = {}


def answered(folder, name, threads=None):
    manifest = read_manifest(folder)
    if (folder, threads) not in _opened:
        _opened[folder, threads] = Database(folder, manifest, QueryBounds(threads=threads))
    return _opened[folder, threads].query(ready(name).sql_for(manifest))


@pytest.mark.parametrize("name", EXPECTED)
def test_answers_are_those_of_a_loop(here, table, counts, name):
    answer = answered(here / "catalog", name)
    expected = EXPECTED[name](table, per_series(table), counts)
    assert plain(answer.to_pylist()) == plain(expected) and expected


def test_gaps_and_files_in_no_volume_are_those_of_read_volumes(here, volumes):
    gaps = answered(here / "catalog", "gaps").to_pylist()
    said = sorted((gap["missing"], round(gap["distance_mm"], 6), gap["message"]) for gap in gaps)
    assert said == sorted((gap.count, round(gap.distance_mm, 6), str(gap)) for gap in volumes.report.missing) and said
    told = answered(here / "catalog", "no-volume").to_pylist()
    found = pd.DataFrame([file.to_dict() for file in volumes.report.files])
    found = found[~found["outcome"].isin(["volume", "duplicate", "not DICOM"])]
    found = found[[not path.endswith("empty.dcm") for path in found["path"]]]
    assert {(row["outcome"], row["detail"]): row["files"] for row in told} == dict(
        found.groupby(["outcome", "detail"]).size()
    )
    held = answered(here / "catalog", "volumes").to_pylist()
    facts = pd.DataFrame([{"Modality": one.modality, "slices": one.shape[0]} for one in volumes.facts])
    assert {row["Modality"]: (row["volumes"], row["slices"], row["median_slices"]) for row in held} == {
        name: (len(group), group["slices"].sum(), group["slices"].median()) for name, group in facts.groupby("Modality")
    }


def test_conflicts_name_what_differs(here):
    found = {row["uid"]: row for row in answered(here / "catalog", "conflicts").to_pylist()}
    ct = pydicom.dcmread(get_testdata_file("CT_small.dcm")).SOPInstanceUID
    assert found[ct]["level"] == "SOPInstanceUID" and found[ct]["files"] == 3
    assert {"StudyInstanceUID", "SeriesInstanceUID"} <= set(found[ct]["differ"])
    assert (found["1.2.3.7"]["level"], found["1.2.3.7"]["differ"]) == ("SeriesInstanceUID", ["PatientID"])


def test_files_that_are_no_images_or_gone_are_counted(here):
    (text,) = answered(here / "catalog", "not-dicom").to_pylist()
    assert (text["files"], os.path.basename(text["example"]), text["bytes"]) == (1, "notes.txt", 180)
    (empty,) = answered(here / "catalog", "unreadable").to_pylist()
    assert (empty["files"], os.path.basename(empty["example"]), empty["bytes"]) == (1, "empty.dcm", 0)
    (gone,) = answered(here / "catalog", "vanished").to_pylist()
    assert (gone["files"], os.path.basename(gone["example"])) == (1, "gone.dcm")
    assert abs((gone["day"] - datetime.now(UTC).date()).days) <= 1


def test_geometry_is_that_of_the_slices(here, table, counts):
    found = {row["SeriesInstanceUID"]: row for row in _series(here)}
    for uid, count in counts.items():
        if found[uid]["regularly_spaced_3d_volume"]:
            assert count["volumes"] == 1 and not count["gaps"], uid
    told = answered(here / "catalog", "geometry").to_pylist()
    assert sum(row["series"] for row in told) == len(counts)
    assert {row["regularly_spaced_3d_volume"] for row in told if row["Modality"] == "CT"} >= {False}
    tilted = answered(here / "catalog", "oblique").to_pylist()
    for row in tilted:
        path = table[table["SeriesInstanceUID"] == row["SeriesInstanceUID"]]["path"].iloc[0]
        o = [float(number) for number in pydicom.dcmread(path).ImageOrientationPatient]
        normal = (o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3])
        assert row["obliquity_degrees"] == pytest.approx(math.degrees(math.acos(max(map(abs, normal)))), abs=0.01)
    assert tilted


def _series(here):
    answered(here / "catalog", "geometry")
    return _opened[here / "catalog", None].query("SELECT * FROM series").to_pylist()


def test_what_was_assumed_and_what_separates_is_counted(here, volumes, tmp_path):
    told = answered(here / "catalog", "separated").to_pylist()
    reasons = {reason for facts in volumes.facts for reason in facts.split_by}
    assert {row["reason"] for row in told} == reasons and reasons
    data = tmp_path / "data"
    data.mkdir()
    for name in ("ExplVR_LitEndNoMeta.dcm", "no_meta.dcm", "CT_small.dcm"):
        shutil.copy(get_testdata_file(name), data / name)
    scan_into(tmp_path / "catalog", [data])
    table = hu.scan(data, columns=["Modality"])
    sentences = pd.Series([issue for issues in table["issues"].to_pylist() for issue in issues]).value_counts()
    told = answered(tmp_path / "catalog", "assumed").to_pylist()
    assert {row["assumption"]: row["files"] for row in told} == sentences.to_dict() and told


@pytest.mark.long
@pytest.mark.parametrize("question", questions(), ids=lambda one: one.name)
def test_every_question_is_answered_in_one_order_also_without_what_identifies(here, question):
    first, again = (answered(here / "catalog", question.name, threads=threads) for threads in (1, 4))
    assert first.to_pylist() == again.to_pylist()
    assert first.schema.names == list(question.columns) and all(question.columns.values())
    assert not any("decimal" in str(field.type) for field in first.schema)
    if question.needs:
        with pytest.raises(hu.FormatError, match=f"needs {question.needs[0]}, which the catalog does not have"):
            answered(here / "hidden", question.name)
    else:
        hidden = answered(here / "hidden", question.name)
        assert hidden.schema.names == first.schema.names and hidden.num_rows <= first.num_rows + 1


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Catalogs without rows: one that was just made, one with whole headers, one whose files are no part of it."""
    folder = tmp_path_factory.mktemp("empty")
    hu.Catalog.create(folder / "new").close()
    hu.Catalog.create(folder / "headers", headers=True).close()
    (folder / "nothing").mkdir()
    scan_into(folder / "scanned", [folder / "nothing"])
    return folder


@pytest.mark.parametrize("question", questions(), ids=lambda one: one.name)
def test_every_question_is_answered_by_a_catalog_without_rows(here, empty, question):
    there, none = answered(here / "catalog", question.name), answered(empty / "new", question.name)
    assert none.schema.equals(there.schema) and none.num_rows <= 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["new", "headers", "scanned"])
def test_views_of_a_catalog_without_rows_have_the_same_columns(here, empty, name):
    with closing(Database(empty / name, read_manifest(empty / name))) as database:
        with closing(Database(here / "catalog", read_manifest(here / "catalog"))) as other:
            assert {*database.views} == {*other.views} | ({"headers"} if name == "headers" else set())
            for view in other.views:
                assert database.columns(view) == other.columns(view), view
        for view in {*database.views} - {"uids"}:
            assert database.query(f"SELECT * FROM {view}").num_rows == 0
    with ask(empty / name, "SELECT count(*) AS n FROM series") as answer:
        assert answer.table().to_pylist() == [{"n": 0}]


def test_questions_have_names_of_their_own():
    names = [question.name for question in questions()]
    assert len(names) == len(set(names)) >= 30
    with pytest.raises(hu.FormatError, match="did you mean conflicts"):
        ready("conflict")
