"""`scan` and `scan_batches`: rows, types, reasons, order, threads."""

import gzip
import io
import os
import threading
import time as clock
import zipfile
from datetime import date, time

import numpy as np
import pyarrow as pa
import pydicom
import pytest
from PIL import Image as Picture
from pydicom.data import get_charset_files, get_testdata_file

import hounsfield as hu
from hounsfield.scanning.columns import DEFAULT_COLUMNS, column
from hounsfield.sources.folders import Ahead, list_files

from made import dataset, to_bytes

CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def write(path, **attributes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(dataset(SMALL, **attributes)))
    return path


def test_one_typed_row_for_each_file():
    table = hu.scan(CT)
    assert table.num_rows == 1
    assert table.schema.names == ["path", *DEFAULT_COLUMNS, "issues", "error"]
    assert len(DEFAULT_COLUMNS) >= 40
    types = {field.name: field.type for field in table.schema}
    assert types["StudyDate"] == pa.date32()
    assert types["StudyTime"] == pa.time64("us")
    assert types["Rows"] == pa.int64()
    assert types["PixelSpacing"] == pa.list_(pa.float64())
    assert types["ImageType"] == pa.list_(pa.string())
    assert types["mtime"] == pa.timestamp("us", "UTC")
    row = table.to_pylist()[0]
    assert row["StudyDate"] == date(2004, 1, 19)
    assert row["StudyTime"] == time(7, 27, 30)
    assert row["PixelSpacing"] == [0.661468, 0.661468]
    assert row["ImageType"] == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert row["TransferSyntaxUID"] == "1.2.840.10008.1.2.1"
    assert row["file_size"] == os.path.getsize(CT)
    assert row["mtime"].timestamp() == pytest.approx(os.path.getmtime(CT), abs=1e-5)
    assert (row["pixel_length"], row["encapsulated"], row["issues"], row["error"]) == (32768, False, [], None)


def test_the_pixel_data_is_where_the_table_says():
    row = hu.scan(CT, columns=["pixel_offset", "pixel_length", "Rows"]).to_pylist()[0]
    with open(CT, "rb") as file:
        file.seek(row["pixel_offset"])
        data = file.read(row["pixel_length"])
    assert data == pydicom.dcmread(CT).PixelData
    encapsulated = hu.scan(get_testdata_file("JPEG2000.dcm")).to_pylist()[0]
    assert encapsulated["encapsulated"] is True
    assert encapsulated["pixel_length"] is None


def test_columns_come_in_the_order_that_was_asked_for(tmp_path):
    names = ["Rows", "file_size", "00280011", "PatientID", "00080060", "Modality"]
    table = hu.scan(write(tmp_path / "one", PatientID="x"), columns=names)
    assert table.schema.names == ["path", *names, "issues", "error"]
    row = table.to_pylist()[0]
    assert row["00280011"] == 2
    assert row["00080060"] == row["Modality"]


@pytest.mark.parametrize(
    ("columns", "error"),
    [(["Rowz"], ValueError), (["Rows", "Rows"], ValueError), ("Rows", TypeError), (["PixelData"], ValueError)],
)
def test_impossible_columns_are_refused_before_anything_is_read(columns, error):
    with pytest.raises(error):
        hu.scan_batches(CT, columns=columns)


def test_what_identifies_is_left_out():
    table = hu.scan(CT, phi=False)
    assert table.num_rows == 1
    kept = [name for name in DEFAULT_COLUMNS if name in table.schema.names]
    assert "PatientName" not in kept
    assert "StudyDate" not in kept
    assert "SeriesInstanceUID" not in kept
    assert {"Modality", "Rows", "SOPClassUID", "pixel_offset"} <= set(kept)
    assert not any(column(name).identifies for name in kept if name[0].isupper())
    assert hu.scan(CT, columns=["PatientID", "Rows"], phi=False).schema.names == ["path", "Rows", "issues", "error"]
    path = "RequestAttributesSequence.CodeValue"
    assert column(path).identifies


def test_a_value_that_does_not_parse_is_null_and_named_but_not_quoted(tmp_path):
    data = to_bytes(dataset(SMALL, StudyDate="20040119", StudyTime="072730", SliceThickness="1.5", SeriesNumber="12"))
    data = data.replace(b"20040119", b"SECRET!!").replace(b"072730", b"996130").replace(b"1.5 ", b"1,x ")
    path = tmp_path / "one"
    path.write_bytes(data)
    names = ["StudyDate", "StudyTime", "SliceThickness", "SeriesNumber"]
    row = hu.scan(path, columns=names).to_pylist()[0]
    assert [row[name] for name in names] == [None, None, None, 12]
    assert row["error"] is None
    for name in names[:3]:
        assert any(name in issue for issue in row["issues"]), name
    assert "SECRET" not in str(row["issues"])


@pytest.mark.parametrize(
    ("declared", "name", "encoding"),
    [
        ("ISO_IR 192", "Grüße^Ömer", "utf-8"),
        ("ISO_IR 100", "Grüße^Ömer", "latin-1"),
        ("ISO_IR 144", "Люкceмбypг", "iso8859-5"),
        ("GB18030", "王小东", "gb18030"),
        ("GBK", "王小东", "gbk"),
    ],
)
def test_text_is_decoded_in_its_character_set(tmp_path, declared, name, encoding):
    made = dataset(SMALL, PatientID="1")
    made.SpecificCharacterSet = declared
    made.PatientName = "PLACE"
    value = name.encode(encoding)
    value += b" " * (len(value) % 2)
    data = to_bytes(made)
    at = data.index(b"\x10\0\x10\0PN")
    data = data[: at + 6] + len(value).to_bytes(2, "little") + value + data[at + 14 :]
    (tmp_path / "one").write_bytes(data)
    row = hu.scan(tmp_path, columns=["PatientName"]).to_pylist()[0]
    assert row["PatientName"] == name
    assert row["issues"] == []


def test_iso_2022_names_are_decoded_as_pydicom_does():
    path = get_charset_files("chrH31.dcm")[0]
    expected = str(pydicom.dcmread(path).PatientName)
    assert hu.scan(path, columns=["PatientName"]).to_pylist()[0]["PatientName"] == expected
    assert "山田" in expected


JUNK = {
    "text": (b"just some words\n", "not a DICOM file but text"),
    "empty": (b"", "the file is empty"),
    "picture.png": (None, "not a DICOM file but a PNG picture"),
    "picture.jpg": (None, "not a DICOM file but a JPEG picture"),
    "report.pdf": (b"%PDF-1.7\n" + b"x" * 300, "not a DICOM file but a PDF document"),
    "archive.zip": (None, "not a DICOM file but a ZIP archive"),
    "archive.gz": (gzip.compress(b"x" * 1000), "not a DICOM file but text"),
    "zeros": (bytes(5000), "not a DICOM file but unknown content"),
    "random": (bytes(range(255, 0, -1)) * 20, "not a DICOM file but unknown content"),
    "prefix only": (bytes(128) + b"DICM", "holds no DICOM attributes"),
}


def junk(folder):
    for name, (data, _) in JUNK.items():
        if name == "archive.zip":
            with zipfile.ZipFile(folder / name, "w") as archive:
                archive.writestr("a", "b")
        elif name.startswith("picture"):
            made = io.BytesIO()
            Picture.new("L", (9, 9)).save(made, "PNG" if name.endswith("png") else "JPEG")
            (folder / name).write_bytes(made.getvalue())
        else:
            (folder / name).write_bytes(data)
    (folder / "dangling").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "folder.dcm").mkdir()


def test_junk_of_many_kinds_has_a_row_with_the_right_reason(tmp_path):
    junk(tmp_path)
    for number in range(20):
        write(tmp_path / "series" / f"{number:02}", PatientID="1", InstanceNumber=number)
    rows = hu.scan(tmp_path, columns=["InstanceNumber"]).to_pylist()
    reasons = {os.path.basename(row["path"]): row["error"] for row in rows if row["error"] is not None}
    for name, (_, reason) in JUNK.items():
        assert reason in reasons.pop(name), name
    assert reasons.pop("pipe") == "is not a regular file"
    assert reasons.pop("dangling") == "no such file or directory"
    assert "no files" in reasons.pop("folder.dcm")
    assert reasons == {}
    assert [row["InstanceNumber"] for row in rows if row["error"] is None] == list(range(20))


def test_what_does_not_exist_is_a_row_too(tmp_path):
    row = hu.scan(tmp_path / "absent").to_pylist()[0]
    assert row["error"] == "no such file or directory"
    assert row["file_size"] is None


def test_names_that_are_no_text_have_rows(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe.dcm"
    with open(name, "wb") as file:
        file.write(to_bytes(dataset(SMALL, PatientID="7")))
    row = hu.scan(tmp_path, columns=["PatientID"]).to_pylist()[0]
    assert row["PatientID"] == "7"
    assert row["path"].endswith("\\xff\\xfe.dcm")


def tree(folder, count=700):
    for number in range(count):
        write(folder / f"{number % 7}" / f"{number:04}.dcm", PatientID=f"{number}", InstanceNumber=number)


def test_order_and_rows_do_not_depend_on_threads_or_batches(tmp_path):
    tree(tmp_path)
    alone = hu.scan(tmp_path, threads=1)
    assert alone.num_rows == 700
    paths = alone.column("path").to_pylist()
    assert paths == list(list_files([tmp_path])) == sorted(paths)
    for threads in (2, 5, None):
        assert hu.scan(tmp_path, threads=threads).equals(alone)
    batches = list(hu.scan_batches(tmp_path, rows=150))
    assert [batch.num_rows for batch in batches] == [150, 150, 150, 150, 100]
    assert pa.Table.from_batches(batches).equals(alone.combine_chunks())
    assert hu.scan(paths).equals(alone)
    assert hu.scan(iter(paths), threads=1).equals(alone)


def test_a_scan_can_be_left_half_way(tmp_path):
    tree(tmp_path, 400)
    before = threading.active_count()
    batches = hu.scan_batches(tmp_path, rows=50, threads=3)
    assert next(batches).num_rows == 50
    batches.close()
    until = clock.monotonic() + 60
    while threading.active_count() > before and clock.monotonic() < until:
        clock.sleep(0.01)
    assert threading.active_count() <= before


def test_wrong_bounds_are_refused():
    with pytest.raises(ValueError, match="threads"):
        hu.scan(CT, threads=0)
    with pytest.raises(ValueError, match="rows"):
        hu.scan_batches(CT, rows=0)


def test_nothing_gives_an_empty_table(tmp_path):
    table = hu.scan(tmp_path)
    assert table.num_rows == 0
    assert table.schema.names[0] == "path"
    assert list(hu.scan_batches([])) == []


def test_an_error_of_the_paths_themselves_is_raised():
    def paths():
        yield CT
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        hu.scan(paths())


def test_what_is_listed_ahead_is_bounded():
    taken = []

    def paths():
        for number in range(100_000):
            taken.append(number)
            yield str(number)

    ahead = Ahead(paths(), 1000)
    assert ahead.take(3) == ["0", "1", "2"]
    clock.sleep(0.2)
    assert len(taken) < 3000
    assert not ahead.complete
    ahead.close()


def test_a_deflated_file_that_inflates_beyond_all_bounds_is_an_error(tmp_path):
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    made = dataset(SMALL, PatientID="1", TextValue="x" * 200_000)
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    made.save_as(tmp_path / "bomb", enforce_file_format=True)
    assert hu.scan(tmp_path, columns=["PatientID"]).to_pylist()[0]["PatientID"] == "1"
    row = hu.scan(tmp_path, columns=["PatientID"], limits=hu.Limits(inflated_bytes=10_000)).to_pylist()[0]
    assert row["PatientID"] is None
    assert "inflates" in row["error"]


def test_private_attributes_are_text_as_far_as_they_are(tmp_path):
    made = dataset(SMALL)
    block = made.private_block(0x0011, "ACME", create=True)
    block.add_new(0x01, "LO", "hello")
    block.add_new(0x02, "DS", ["1.5", "2"])
    block.add_new(0x03, "OB", b"\0\1\2\3")
    made.save_as(tmp_path / "one", enforce_file_format=True)
    row = hu.scan(tmp_path, columns=["00111001", "00111002", "00111003"]).to_pylist()[0]
    assert (row["00111001"], row["00111002"], row["00111003"]) == ("hello", "1.5\\2.0", None)
    assert len(row["issues"]) == 1


def test_an_offset_from_utc_is_said(tmp_path):
    path = write(tmp_path / "one", AcquisitionDateTime="20240101123000.5+0130")
    row = hu.scan(path, columns=["AcquisitionDateTime"]).to_pylist()[0]
    assert row["AcquisitionDateTime"].isoformat() == "2024-01-01T12:30:00.500000"
    assert row["issues"] == ["AcquisitionDateTime has an offset from UTC, which is not applied"]
