"""Tables in files: read back by pyarrow, csv and json."""

import base64
import csv
import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hounsfield as hu
from hounsfield.exports.tables import TABLE_FORMATS, csv_parts, flat_batch, json_array, json_lines, write_table

ROWS = [
    {"path": "a.dcm", "Rows": 512, "PixelSpacing": [0.5, 0.25], "ImageType": ["ORIGINAL", None, "AXIAL"],
     "StudyDate": date(2020, 2, 29), "StudyTime": time(12, 0, 1, 500_000), "at": datetime(2020, 1, 2, 3, 4, 5), "raw": b"\0\xff",
     "issues": ["one", "two"]},
    {"path": "=b", "Rows": None, "PixelSpacing": None, "ImageType": [], "StudyDate": None, "StudyTime": None, "at": None,
     "raw": None, "issues": []},
    {"path": "Grüße,\"x\"", "Rows": -1, "PixelSpacing": [float("nan")], "ImageType": ["@x"], "StudyDate": None, "StudyTime": None,
     "at": None, "raw": b"", "issues": ["+1"]},
]  # fmt: skip
TABLE = pa.Table.from_pylist(ROWS)


def written(path, rows=2, **options):
    write_table(TABLE.to_batches(max_chunksize=rows), TABLE.schema, path, **options)
    return path


def test_parquet_is_the_same_table(tmp_path):
    assert str(pq.read_table(written(tmp_path / "t.parquet")).to_pylist()) == str(ROWS)  # NaN too
    assert pq.read_table(tmp_path / "t.parquet").schema.equals(TABLE.schema)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_json_and_json_lines_have_the_same_rows(tmp_path, rows):
    array = json.loads(written(tmp_path / "t.json", rows).read_text("utf-8"))
    lines = [json.loads(line) for line in written(tmp_path / "t.jsonl", rows).read_text("utf-8").splitlines()]
    assert array == lines
    first = array[0]
    assert (first["StudyDate"], first["StudyTime"], first["at"]) == (
        "2020-02-29",
        "12:00:01.500000",
        "2020-01-02T03:04:05",
    )
    assert base64.b64decode(first["raw"]) == b"\0\xff"
    assert array[2]["path"] == 'Grüße,"x"'


def test_json_has_no_nan():
    assert [json.loads(line)["PixelSpacing"] for line in json_lines(TABLE.to_batches())] == [[0.5, 0.25], None, [None]]


def test_no_rows_are_an_empty_array():
    assert json.loads("".join(json_array([]))) == []
    assert json.loads("".join(json_array(TABLE.slice(0, 0).to_batches()))) == []


def test_cells_of_csv_are_plain_and_no_formulas(tmp_path):
    with open(written(tmp_path / "t.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["a.dcm", "'=b", 'Grüße,"x"']
    assert [row["PixelSpacing"] for row in rows][:2] == ["0.5\\0.25", ""]
    assert [row["ImageType"] for row in rows] == ["ORIGINAL\\\\AXIAL", "", "'@x"]
    assert [row["issues"] for row in rows] == ["one; two", "", "'+1"]
    assert [row["Rows"] for row in rows] == ["512", "", "-1"]  # numbers are numbers
    assert base64.b64decode(rows[0]["raw"]) == b"\0\xff"


@pytest.mark.parametrize("start", list("=+-@\t"))
def test_what_a_spreadsheet_takes_for_a_formula_has_an_apostrophe(start):
    batch = pa.RecordBatch.from_pylist([{"a": f"{start}1"}, {"a": f"1{start}"}, {"a": None}])
    assert flat_batch(batch).to_pylist() == [{"a": f"'{start}1"}, {"a": f"1{start}"}, {"a": None}]


def test_what_commands_a_terminal_is_escaped():
    (row,) = flat_batch(pa.RecordBatch.from_pylist([{"a": "x\x1b[2J\u202ey\nz"}])).to_pylist()
    assert "\x1b" not in row["a"] and "\u202e" not in row["a"]
    assert row["a"].endswith("y\nz")


def test_parts_of_a_larger_table_keep_their_lists():
    part = TABLE.slice(1, 2).to_batches()[0]
    assert flat_batch(part).column("ImageType").to_pylist() == ["", "'@x"]


def test_a_file_is_kept_unless_forced(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")
    with pytest.raises(hu.OutputError):
        written(path)
    assert path.read_text() == "old"
    assert written(path, force=True).read_text() != "old"


def test_nothing_is_left_where_a_batch_fails(tmp_path):
    def broken():
        yield TABLE.to_batches()[0]
        raise RuntimeError("no more")

    for ending in TABLE_FORMATS:
        with pytest.raises(RuntimeError, match="no more"):
            write_table(broken(), TABLE.schema, tmp_path / f"t{ending}")
    assert list(tmp_path.iterdir()) == []


def test_other_endings_are_refused_with_those_that_there_are(tmp_path):
    with pytest.raises(hu.FormatError, match=r"\.parquet, \.csv, \.json, \.jsonl"):
        written(tmp_path / "t.xlsx")


NESTED = pa.table(
    {
        "n": pa.array([Decimal("12"), Decimal("0.10"), None], pa.decimal128(38, 2)),
        "long": pa.array([Decimal("123456789012345678901234567890.12"), None, None], pa.decimal128(38, 2)),
        "pairs": pa.array([[("a", 1.5)], [], None], pa.map_(pa.string(), pa.float64())),
        "parts": pa.array([{"x": [1, None], "y": "=1"}, {"x": None, "y": None}, None]),
        "lists": pa.array([[[1.0, float("inf")]], [[]], None]),
        "word": pa.array(["a", "=b", None]).dictionary_encode(),
        "while": pa.array([timedelta(seconds=1.5), None, None], pa.duration("us")),
    }
)


def test_answers_to_questions_have_any_type(tmp_path):
    write_table(NESTED.to_batches(), NESTED.schema, tmp_path / "t.json")
    first, second, third = json.loads((tmp_path / "t.json").read_text("utf-8"))
    assert first == {"n": 12, "long": 123456789012345678901234567890.12, "pairs": [["a", 1.5]],
                     "parts": {"x": [1, None], "y": "=1"}, "lists": [[1.0, None]], "word": "a", "while": 1.5}  # fmt: skip
    assert second["n"] == 0.1 and set(third.values()) == {None}
    write_table(NESTED.drop_columns("while").to_batches(), NESTED.drop_columns("while").schema, tmp_path / "t.csv")
    with open(tmp_path / "t.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [rows[0][name] for name in ("n", "pairs", "parts", "lists")] == [
        "12.00", '[["a", 1.5]]', '{"x": [1, null], "y": "=1"}', "[[1.0, null]]"
    ]  # fmt: skip
    assert [row["word"] for row in rows] == ["a", "'=b", ""]


def test_csv_comes_in_parts_as_it_is_in_a_file(tmp_path):
    written(tmp_path / "t.csv")
    parts = [*csv_parts(TABLE.to_batches(max_chunksize=2), TABLE.schema)]
    assert len(parts) == 3 and "".join(parts) == (tmp_path / "t.csv").read_text("utf-8")


def test_arrow_files_are_the_same_table(tmp_path):
    written(tmp_path / "t.arrow")
    with pa.ipc.open_file(tmp_path / "t.arrow") as file:
        assert str(file.read_all().to_pylist()) == str(ROWS)


BC, FAR = -735_160, 2**31 - 1  # days since 1970: 0044-03-15 (BC) to DuckDB; its infinity
BEYOND = pa.table(
    {
        "day": pa.array([BC, FAR, -FAR, 0, None], pa.int32()).cast(pa.date32()),
        "at": pa.array([2**61, 2**63 - 1, 1 - 2**63, 1_500_000, None], pa.int64()).cast(pa.timestamp("us", "UTC")),
        "fine": pa.array([1, 10**9, -1, 0, None], pa.int64()).cast(pa.timestamp("ns")),
    }
)


def test_dates_that_python_does_not_have_are_text():
    rows = [json.loads(line) for line in json_lines(BEYOND.to_batches())]
    assert [row["day"] for row in rows] == ["-0043-03-15", "infinity", "-infinity", "1970-01-01", None]
    far = str(np.datetime64(2**61, "us")).rstrip("0").rstrip(".") + "+00:00"
    assert [row["at"] for row in rows] == [far, "infinity", "-infinity", "1970-01-01T00:00:01.500000+00:00", None]
    assert [row["fine"] for row in rows] == [
        "1970-01-01T00:00:00.000000001", "1970-01-01T00:00:01", "1969-12-31T23:59:59.999999999",
        "1970-01-01T00:00:00", None,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["day", "at"])
def test_dates_that_a_format_does_not_take_are_refused_with_the_name_of_the_column(name):
    column = BEYOND[name].combine_chunks()
    lists = pa.table({name: pa.ListArray.from_arrays(pa.array([0, 5], pa.int32()), column)})
    for table in (BEYOND.select([name]), lists):
        with pytest.raises(hu.FormatError, match=f"^{name} has a date or time"):
            "".join(csv_parts(table.to_batches(), table.schema))
    with pytest.raises(hu.FormatError, match=f"^{name} has a date or time"):
        "".join(json_lines(lists.to_batches()))


def test_decimals_are_numbers_with_all_their_digits():
    text = "123456789012345678901234567890.12"
    array = pa.array([Decimal(text), Decimal("2.00"), Decimal("-0.05")], pa.decimal128(38, 2))
    table = pa.table({"a": array, "b": [[one] for one in array.to_pylist()]})
    assert list(json_lines(table.to_batches())) == [
        f'{{"a": {each}, "b": [{each}]}}\n' for each in (text, "2.00", "-0.05")
    ]
    plain = table.select(["a"])
    assert "".join(csv_parts(plain.to_batches(), plain.schema)) == f'"a"\n{text}\n2.00\n-0.05\n'


@pytest.mark.parametrize(("unit", "day"), [("us", 86_400 * 10**6), ("ns", 86_400 * 10**9)])
def test_the_end_of_a_day_is_not_its_beginning(unit, day):
    times = pa.array([day, 0, None, day // 2], pa.int64()).cast(pa.time64(unit))
    table = pa.table({"t": times})
    rows = [json.loads(line)["t"] for line in json_lines(table.to_batches())]
    assert rows == ["24:00:00", "00:00:00", None, "12:00:00"]
    with pytest.raises(hu.FormatError, match="^t has a date or time"):
        "".join(csv_parts(table.to_batches(), table.schema))
