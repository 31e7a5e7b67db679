"""Catalogs without what identifies: nothing of it anywhere in their files, and the same names every time."""

import os
import stat
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest
from pydicom.datadict import DicomDictionary

from hounsfield.catalog.checking import facts, verify
from hounsfield.catalog.piece_rows import CATALOG_COLUMNS
from hounsfield.catalog.pseudonyms import is_mapped, secret_file, without_identity
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import FormatError
from hounsfield.headers.privacy import keyword_identifies

from catalogs import rows, small_file, tree
from made import dataset, to_bytes

SECRETS = {
    "PatientName": "Schmidt^Johanna",
    "PatientID": "PID9876543",
    "StudyInstanceUID": "1.2.3.999111",
    "SeriesInstanceUID": "1.2.3.999222",
    "SOPInstanceUID": "1.2.3.999333",
    "FrameOfReferenceUID": "1.2.3.999444",
    "AccessionNumber": "ACC112233",
    "StudyDate": "19680229",
}


def patient(folder, name="SchmidtJohanna", **changes):
    here = folder / name
    here.mkdir(parents=True, exist_ok=True)
    whole = dataset(np.zeros((2, 2), np.uint16), Modality="CT", **(SECRETS | changes))
    (here / "ct.dcm").write_bytes(to_bytes(whole))
    return here / "ct.dcm"


def everything(catalog):
    """Every byte of a catalog, and every value of its tables."""
    parts = []
    for path in sorted(catalog.rglob("*")):
        parts.append(str(path.relative_to(catalog)).encode())
        if path.suffix == ".parquet":
            parts.append(repr(pq.read_table(path).to_pylist()).encode())
        if path.is_file():
            parts.append(path.read_bytes())
    return b"\n".join(parts)


def test_nothing_identifies(tmp_path):
    patient(tmp_path / "WardSeven")
    with zipfile.ZipFile(tmp_path / "WardSeven" / "Meier.zip", "w") as archive:
        archive.writestr("MeierKarl/1.dcm", small_file(3))
    scan_into(tmp_path / "catalog", [tmp_path / "WardSeven"], phi=False, columns=["PatientComments", "OperatorsName"])
    said = everything(tmp_path / "catalog")
    for word in (*SECRETS.values(), "SchmidtJohanna", "WardSeven", "Meier", str(tmp_path)):
        assert word.encode() not in said, word
    assert b"1968-02-29" not in said and b"datetime.date(1968" not in said
    found = rows(tmp_path / "catalog")
    assert len(found) == 2
    assert sorted(row["archive"] is None for row in found) == [False, True]
    assert {row["Modality"] for row in found} == {"CT"}
    assert facts(tmp_path / "catalog")["phi"] is False


#: What the text of an attribute says, by its VR.
CANARY = {
    **dict.fromkeys(("CS", "AE"), "CANARY"),
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC"), "seen by CanAry"),
    **dict.fromkeys(("PN", "UR"), "Canary"),
    "DA": "19710203",
    "DT": "19710203112233",
    "AS": "077Y",
    "UI": "1.2.999.777.555",
}


def with_canaries():
    """A file that has one in every attribute of text that there is, and the keywords of these."""
    whole = dataset(np.zeros((2, 2), np.uint16), Modality="CT")
    keywords = []
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if keyword and vr in CANARY and 8 <= tag >> 16 < 0x5000 and keyword not in ("SpecificCharacterSet", "Modality"):
            if keyword not in ("SOPClassUID", "PhotometricInterpretation"):
                setattr(whole, keyword, CANARY[vr])
            keywords.append(keyword)
    return to_bytes(whole), keywords


@pytest.mark.parametrize("step", [25, pytest.param(1, marks=pytest.mark.long)])
def test_not_even_of_texts_that_the_profile_keeps(tmp_path, step):
    """In columns that are asked for, too: of so many each, for they are thousands."""
    data, keywords = with_canaries()
    here = tmp_path / "canaryroot" / "canaryfolder"
    here.mkdir(parents=True)
    (here / "canary.dcm").write_bytes(data)
    (here / "canaryend.dcm").write_bytes(data[:-5000])
    (here / "canary.txt").write_text("canary")
    (here / "canary.dat").write_bytes(b"canary" * 40)
    (here / "canary.lnk").symlink_to("/none/canary")
    (here / "canarybad.zip").write_bytes(b"PK\3\4" + b"canary" * 40)
    with zipfile.ZipFile(here / "canary.zip", "w") as archive:
        archive.writestr("canary/canary.dcm", data)
        archive.writestr("canary/canary.txt", "canary")
    scan_into(tmp_path / "catalog", [tmp_path / "canaryroot"], phi=False, columns=keywords[::step])
    (here / "canary.dcm").rename(here / "canary2.dcm")
    scan_into(tmp_path / "catalog", [tmp_path / "canaryroot"])
    said = everything(tmp_path / "catalog").lower()
    for word in (b"canary", b"19710203", b"1971-02-03", b"date(1971", b"077y", b"1.2.999.777"):
        assert word not in said, word
    found = rows(tmp_path / "catalog")
    assert sum(row["error"] is None for row in found) == 3
    assert {row["mtime"] for row in found} == {None}
    times = {path.lstat().st_mtime_ns for path in here.iterdir()}
    assert times.isdisjoint(row["listed_time"] for row in found)


def test_texts_that_name_nobody_stay(tmp_path):
    texts = {"Manufacturer": "SIEMENS", "ManufacturerModelName": "Prisma", "ConvolutionKernel": ["B30f", "B60s"]}
    patient(
        tmp_path / "data",
        "1",
        **texts,
        InstanceNumber=1,
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        BodyPartExamined="CHEST",
    )
    other = {"PatientName": "Axi^Mary", "ConvolutionKernel": ["B30f", "for Mrs Schmidt"]}
    patient(tmp_path / "data", "2", InstanceNumber=2, **texts | other)
    third = {
        "ImageType": ["ORIGINAL", "SCHMIDT"],
        "BodyPartExamined": "PID9876543",
        "ConvolutionKernel": "B30f Schmidt",
    }
    patient(tmp_path / "data", "3", InstanceNumber=3, **texts | third)
    scan_into(tmp_path / "catalog", [tmp_path / "data"], phi=False)
    found = {row["InstanceNumber"]: row for row in rows(tmp_path / "catalog")}
    one, two, three = (found[number] for number in (1, 2, 3))
    assert (one["Manufacturer"], one["ManufacturerModelName"]) == ("SIEMENS", "Prisma")
    assert one["ConvolutionKernel"] == ["B30f", "B60s"]
    assert (one["ImageType"], one["BodyPartExamined"]) == (["ORIGINAL", "PRIMARY", "AXIAL"], "CHEST")
    assert two["ConvolutionKernel"] == ["B30f", "for Mrs Schmidt"]  # of whom that file says nothing
    assert (three["ImageType"], three["BodyPartExamined"]) == (["ORIGINAL", None], None)
    assert three["ConvolutionKernel"] == [None]


@pytest.mark.long
def test_uids_stay_the_same_for_the_same(tmp_path):
    patient(tmp_path / "data")
    patient(tmp_path / "data", "Other", SOPInstanceUID="1.2.3.4")
    scan_into(tmp_path / "catalog", [tmp_path / "data"], phi=False)
    patient(tmp_path / "data", "Third", SOPInstanceUID="1.2.3.5", StudyInstanceUID="1.2.3.6")
    scan_into(tmp_path / "catalog", [tmp_path / "data"])
    found = rows(tmp_path / "catalog")
    assert [len({row[name] for row in found}) for name in ("SOPInstanceUID", "StudyInstanceUID")] == [3, 2]
    assert len({row["SeriesInstanceUID"] for row in found}) == 1
    for row in found:
        uid = row["SOPInstanceUID"]
        assert uid.startswith("2.25.") and len(uid) <= 64 and int(uid[5:]) < 2**128
    scan_into(tmp_path / "another", [tmp_path / "data"], phi=False)
    assert {row["SOPInstanceUID"] for row in rows(tmp_path / "another")}.isdisjoint(
        row["SOPInstanceUID"] for row in found
    )


def test_a_date_within_a_uid_costs_no_uid(tmp_path):
    patient(tmp_path / "data", StudyInstanceUID="1.2.3.19680229.1", SeriesInstanceUID="1.2.3.19680229.2")
    scan_into(tmp_path / "catalog", [tmp_path / "data"], phi=False)
    (row,) = rows(tmp_path / "catalog")
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        assert row[name].startswith("2.25."), name
    assert row["SOPClassUID"].startswith("1.2.840.10008.")


@pytest.mark.long
def test_scanning_again_works_as_with_names(tmp_path):
    data = tree(tmp_path / "data", 3, 3)
    scan_into(tmp_path / "catalog", [data], phi=False)
    before = rows(tmp_path / "catalog")
    assert scan_into(tmp_path / "catalog", [data]).unchanged == 9
    os.rename(data / "s000" / "0001.dcm", data / "s001" / "moved.dcm")
    (data / "s002" / "0002.dcm").unlink()
    done = scan_into(tmp_path / "catalog", [data])
    assert (done.new, done.vanished, done.moved, done.unchanged) == (1, 2, 1, 7)
    assert len(rows(tmp_path / "catalog")) == 9
    assert verify(tmp_path / "catalog").problems == []
    folders = {row["path"].rpartition("/")[0] for row in before}
    assert len(folders) == 3  # files of one folder are still files of one folder
    for name in ("s000", "s001", "s002"):
        for path in (data / name).iterdir():
            path.unlink()
        (data / name).rmdir()
    assert scan_into(tmp_path / "catalog", [data]).vanished == 8


def test_the_secret_is_for_its_owner_only(tmp_path):
    data = tree(tmp_path / "data", 1, 1)
    scan_into(tmp_path / "catalog", [data], phi=False)
    path = secret_file(tmp_path / "catalog")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(bytes.fromhex(path.read_text())) == 32
    path.unlink()
    with pytest.raises(FormatError, match="secret is missing"):
        scan_into(tmp_path / "catalog", [data])


def test_a_catalog_is_of_one_kind(tmp_path):
    data = tree(tmp_path / "data", 1, 1)
    scan_into(tmp_path / "with", [data])
    with pytest.raises(FormatError, match="has what identifies"):
        scan_into(tmp_path / "with", [data], phi=False)
    scan_into(tmp_path / "without", [data], phi=False)
    with pytest.raises(FormatError, match="is without what identifies"):
        scan_into(tmp_path / "without", [data], phi=True)


def test_columns_are_those_of_the_profile():
    kept = without_identity(CATALOG_COLUMNS, CATALOG_COLUMNS)
    assert {"SOPInstanceUID", "Modality", "Rows", "file_size"} <= {*kept}
    for name in kept:
        assert is_mapped(name) or not keyword_identifies(name.rpartition(".")[2]) or name.islower(), name
    assert {"PatientName", "StudyDate", "AccessionNumber", "StudyID"}.isdisjoint(kept)
    assert not is_mapped("SOPClassUID") and not is_mapped("TransferSyntaxUID")
