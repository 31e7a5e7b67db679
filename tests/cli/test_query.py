"""`hu query`: answers in every form, ready questions, and what is refused."""

import csv
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu_library
from hounsfield.catalog.writing import scan_into
from hounsfield.cli.answer_screen import AnswerScreen
from hounsfield.cli.query import command

from catalogs import small_file
from cli_runner import HU, hu, hu_here, start

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forkpty beside threads
NAMES = ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm")
ASKED = "SELECT Modality, count(*) AS files, sum(Rows) AS rows FROM instances GROUP BY Modality ORDER BY Modality"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("query")
    (folder / "data").mkdir()
    for name in NAMES:
        shutil.copy(get_testdata_file(name), folder / "data" / name)
    hostile = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    hostile.SOPInstanceUID += ".1"
    hostile.PatientID = "\u202eevil\x9b2J"
    hostile.SpecificCharacterSet = "ISO_IR 192"
    hostile.save_as(folder / "data" / "hostile.dcm")
    (folder / "data" / "notes.txt").write_text("no image " * 20)
    scan_into(folder / "catalog", [folder / "data"])
    scan_into(folder / "hidden", [folder / "data"], phi=False)
    return folder


@pytest.fixture(scope="module")
def expected():
    """Count by a loop of pydicom."""
    counts: dict[str, list[int]] = {}
    for name in (*NAMES, "CT_small.dcm"):
        header = pydicom.dcmread(get_testdata_file(name), stop_before_pixels=True)
        count = counts.setdefault(header.Modality, [0, 0])
        count[0] += 1
        count[1] += header.Rows
    return [{"Modality": name, "files": files, "rows": rows} for name, (files, rows) in sorted(counts.items())]


def test_json_lines_csv_and_a_table_say_the_same(here, expected):
    code, out, err = hu_here("query", "catalog", ASKED, "--json", cwd=here)
    assert (code, err) == (0, "") and json.loads(out) == expected
    code, out, _ = hu_here("query", "catalog", ASKED, "--jsonl", cwd=here)
    assert code == 0 and [json.loads(line) for line in out.splitlines()] == expected
    code, out, _ = hu_here("query", "catalog", ASKED, "--csv", cwd=here)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and rows == [{name: str(value) for name, value in row.items()} for row in expected]
    code, out, _ = hu_here("query", "catalog", ASKED, cwd=here)
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["Modality", "files", "rows"], *([str(value) for value in row.values()] for row in expected)
    ]  # fmt: skip


@pytest.mark.long
def test_files_of_all_formats(here, expected, tmp_path):
    for ending in ("csv", "json", "jsonl", "parquet", "arrow"):
        output = tmp_path / f"out.{ending}"
        code, out, err = hu_here("query", "catalog", ASKED, "-o", output, cwd=here)
        assert (code, out) == (0, "") and f"{len(expected)} rows written" in err
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == expected
    with pa.ipc.open_file(tmp_path / "out.arrow") as file:
        assert file.read_all().to_pylist() == expected
    assert json.loads((tmp_path / "out.json").read_text()) == expected
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == expected
    assert sorted(os.listdir(tmp_path)) == sorted(f"out.{end}" for end in ("csv", "json", "jsonl", "parquet", "arrow"))


@pytest.mark.long
def test_no_file_is_replaced_unless_it_is_asked_for(here, tmp_path):
    output = tmp_path / "out.csv"
    output.write_text("mine")
    code, _, err = hu_here("query", "catalog", ASKED, "-o", output, cwd=here)
    assert code == 5 and "--force" in err and output.read_text() == "mine"
    code, _, _ = hu_here("query", "catalog", "SELECT nothing", "-o", output, "--force", cwd=here)
    assert code == 3 and output.read_text() == "mine" and os.listdir(tmp_path) == ["out.csv"]
    code, _, _ = hu_here("query", "catalog", ASKED, "-o", output, "--force", cwd=here)
    assert code == 0 and output.read_text().startswith('"Modality"')
    code, _, err = hu_here("query", "catalog", ASKED, "-o", here / "catalog" / "x.parquet", "--force", cwd=here)
    assert code == 5 and "never written" in err
    assert hu_here("query", "catalog", ASKED, "-o", tmp_path / "x.docx", cwd=here)[0] == 2


def test_sql_comes_from_a_file_or_standard_input(here, tmp_path):
    asked = tmp_path / "q.sql"
    asked.write_text("-- how many\nSELECT count(*) AS n FROM files;\n", "utf-8")
    assert json.loads(hu_here("query", "catalog", "--file", asked, "--json", cwd=here)[1]) == [{"n": 5}]
    assert json.loads(hu_here("query", "catalog", "-", "--json", stdin=asked.read_bytes(), cwd=here)[1]) == [{"n": 5}]
    code, _, err = hu_here("query", "catalog", "--file", tmp_path / "none.sql", cwd=here)
    assert code == 3 and "no such file" in err
    assert hu_here("query", "catalog", "-", stdin=b"\xff\xfe", cwd=here)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["catalog", "SELECT * FROM read_csv('/etc/passwd')"], 3, "read_csv() is refused"),
        pytest.param(["catalog", "DROP VIEW instances"], 3, "read, never written", marks=pytest.mark.long),
        pytest.param(["catalog", "SELECT x FROM instances"], 3, '"x" not found', marks=pytest.mark.long),
        (["data", "SELECT 1"], 3, "no catalog"),
        (["nowhere", "SELECT 1"], 3, "no catalog"),
        (["catalog", "--what", "modalitis"], 2, "did you mean modalities?"),
        (["catalog", "--what", "nope"], 2, "--what alone lists them"),
        (["catalog", ""], 3, "the question is empty"),
        (["hidden", "--what", "dates"], 3, "needs StudyDate, which the catalog does not have"),
        (["catalog"], 2, "no question"),
        ([], 2, "CATALOG"),
        (["catalog", "SELECT 1", "--what", "dates"], 2, "one question"),
        (["catalog", "SELECT 1", "--json", "--csv"], 2, "one format"),
        (["catalog", "SELECT 1", "--memory", "much"], 2, "no size"),
        (["catalog", "SELECT 1", "--timeout", "0"], 2, "timeout"),
        (["catalog", "SELECT 1", "--all", "--limit", "1"], 2, "contradict"),
        (["catalog", "SELECT 1", "--sql"], 2, "--what"),
        pytest.param(
            ["catalog", "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))", "--timeout", "0.2"],
            3, "longer than 0.2 s", marks=pytest.mark.long,
        ),
        pytest.param(
            ["catalog", "SELECT len(range(1, 1000000000))", "--memory", "64MB"], 3, "61 MiB", marks=pytest.mark.long
        ),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(here, arguments, code, said):
    ended, out, err = hu_here("query", *arguments, cwd=here)
    assert (ended, out) == (code, "") and said in err and "Traceback" not in err


def test_ready_questions_are_listed_printed_and_asked(here):
    code, out, _ = hu_here("query", "--what")
    names = [line.split()[0] for line in out.splitlines()]
    assert code == 0 and len(names) >= 30 and len(set(names)) == len(names)
    assert hu_here("query", "catalog", "--what", cwd=here)[1] == hu_here("query", "--list-questions")[1] == out
    listed = json.loads(hu_here("query", "--list-questions", "--json")[1])
    assert [one["name"] for one in listed] == names and all(one["sql"].strip() for one in listed)
    code, sql, _ = hu_here("query", "catalog", "--what", "conflicts", "--sql", cwd=here)
    assert code == 0 and sql.startswith("-- conflicts: ") and "PatientID" in sql
    assert "PatientID" not in hu_here("query", "hidden", "--what", "conflicts", "--sql", cwd=here)[1]
    asked = hu_here("query", "catalog", "--what", "conflicts", "--json", cwd=here)[1]
    assert asked == hu_here("query", "catalog", "-", "--json", stdin=sql.encode(), cwd=here)[1]


def test_tables_are_listed_with_a_line_on_each(here):
    code, out, _ = hu_here("query", "catalog", "--tables", "--json", cwd=here)
    views = {view["view"]: view for view in json.loads(out)}
    assert code == 0 and {"instances", "errors", "series", "studies", "patients", "volumes"} <= set(views)
    for view in views.values():
        assert view["about"] and view["columns"], view["view"]
        assert all(column["type"] and column["about"] for column in view["columns"])
    age = {"name": "PatientAge", "type": "VARCHAR", "about": "Patient's Age"}
    assert age in views["instances"]["columns"] and age not in json.loads(
        hu_here("query", "hidden", "--tables", "--json", cwd=here)[1]
    )[0]["columns"]  # fmt: skip
    assert "instances: " in hu_here("query", "catalog", "--tables", cwd=here)[1]


@pytest.mark.long
def test_texts_of_files_command_no_terminal(here):
    sql = "SELECT PatientID, {'a': PatientID} AS b, [PatientID] AS c FROM instances"
    for form in ([], ["--csv"], ["--json"], ["--jsonl"]):
        out = hu_here("query", "catalog", sql, *form, cwd=here)[1]
        assert "evil" in out and not {"\x9b", "\u202e", "\x1b"} & set(out), form
    out = hu_here("query", "catalog", 'SELECT 1 AS "\x1b[2J"', cwd=here)[1]
    assert "\x1b" not in out


def on_a_terminal(*arguments, columns=80, cwd):
    """Return what is shown on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    process = subprocess.Popen(
        [*HU, "query", *map(str, arguments)], stdout=theirs, stderr=theirs, stdin=theirs, cwd=cwd, env=environment
    )
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 65_536):
            shown += data
    except OSError:  # the other end is closed
        pass
    process.wait()
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n").splitlines()


def test_a_terminal_shows_what_fits(here):
    sql = "SELECT range AS n, repeat('long ', 50) AS text, NULL AS none FROM range(100) ORDER BY n"
    code, lines = on_a_terminal("catalog", sql, cwd=here)
    assert code == 0 and len(lines) == 42 and all(len(line) <= 80 for line in lines)
    assert lines[-1].startswith("… 60 more rows") and "…" in lines[1]
    assert [line.split()[0] for line in lines[1:-1]] == [str(number) for number in range(40)]


@pytest.mark.long
def test_a_terminal_shows_all_where_it_is_asked_for_and_no_columns_that_do_not_fit(here):
    assert len(on_a_terminal("catalog", "SELECT range FROM range(100)", "--all", cwd=here)[1]) == 101
    wide = on_a_terminal("catalog", "SELECT * FROM instances ORDER BY path", columns=60, cwd=here)[1]
    assert "columns not shown" in "\n".join(wide[:2]) and all(len(line) <= 60 for line in wide[-4:])


@pytest.mark.long
def test_a_pipe_gets_all_of_it(here):
    out = hu_here("query", "catalog", "SELECT range, repeat('long ', 50) FROM range(300) ORDER BY 1", cwd=here)[1]
    assert len(out.splitlines()) == 301 and "…" not in out
    code, out, err = hu_here("query", "catalog", "SELECT range FROM range(300)", "--limit", "2", cwd=here)
    assert code == 0 and len(out.splitlines()) == 3 and "298 more rows" in err
    assert len(hu_here("query", "catalog", "FROM range(300)", "--limit", "2", "--jsonl", cwd=here)[1].splitlines()) == 2
    assert json.loads(hu_here("query", "catalog", "FROM range(0)", "--json", cwd=here)[1]) == []


def test_columns_of_one_name_are_all_there(here):
    out = hu_here("query", "catalog", "SELECT 1 AS a, 2 AS a, 3 AS a_2", "--json", cwd=here)[1]
    assert sorted(json.loads(out)[0].values()) == [1, 2, 3]


@pytest.mark.long
def test_answers_of_any_type_are_no_traceback(here, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(here)
    sql = "SELECT INTERVAL 1 month AS i, DATE '0044-03-15 (BC)' AS a, 'infinity'::DATE AS b, 1.50 AS c"
    assert asked_here(capsys, sql, "--json")[:2] == (
        0,
        '[\n{"i": "1 month", "a": "-0043-03-15", "b": "infinity", "c": 1.50}\n]\n',
    )
    assert asked_here(capsys, sql)[1].splitlines()[1].split() == ["1", "month", "-0043-03-15", "infinity", "1.50"]
    code, _, err = asked_here(capsys, sql, "--csv")
    assert code == 3 and "b has a date or time that CSV does not take" in err
    assert asked_here(capsys, sql, "-o", str(tmp_path / "out.csv"))[0] == 3 and os.listdir(tmp_path) == []
    assert asked_here(capsys, sql, "-o", str(tmp_path / "out.parquet"))[0] == 0
    assert pq.read_table(tmp_path / "out.parquet")["i"].to_pylist() == ["1 month"]


def asked_here(capsys, *arguments):
    """Ask within this process; return the code, and what was written."""
    code = command.main(["catalog", *arguments], standalone_mode=False)
    return code, *capsys.readouterr()


@pytest.mark.long
def test_who_reads_may_have_seen_enough(here):
    with subprocess.Popen(
        [*HU, "query", "catalog", "SELECT range FROM range(100000000)", "--jsonl"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here,
    ) as process:  # fmt: skip
        assert process.stdout.readline().startswith(b'{"range": ')
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait(timeout=30) == 0


@pytest.mark.long
def test_ctrl_c_ends_at_once(here, tmp_path):
    output = tmp_path / "out.csv"
    endless = "SELECT count(*) FROM range(1000000000) a, range(100000) b"
    process = start("query", "catalog", endless, "-o", output, cwd=here)
    time.sleep(2)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and b"interrupted" in err and b"Traceback" not in err
    assert time.monotonic() - began < 30 and os.listdir(tmp_path) == []


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="asks for the peak memory of processes, in kB")
def test_large_answers_are_not_held_in_memory(here, tmp_path):
    sql = "SELECT range AS n, repeat('x', 100) AS text FROM range(5000000)"
    code = (
        "import resource, sys; from hounsfield.cli import main\n"
        "try: main()\n"
        "finally:\n"  # what getrusage says of a process itself is that of the one that started it, too
        "    own = next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "    print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), file=sys.stderr)"
    )
    for ending in ("parquet", "csv", "arrow"):
        done = subprocess.run(
            [sys.executable, "-c", code, "query", "catalog", sql, "-o", str(tmp_path / f"out.{ending}")],
            capture_output=True, cwd=here, check=True,
        )  # fmt: skip
        assert int(done.stderr.split()[-1]) < 450_000, done.stderr
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_rows == 5_000_000


def test_rows_that_are_newer_than_what_follows_from_them_are_told_of(here, tmp_path, monkeypatch):
    import hounsfield.catalog.writing as writing

    catalog = tmp_path / "catalog"
    monkeypatch.setattr(writing, "derive", lambda folder, **_: None, raising=False)
    writing.scan_into(catalog, [here / "data"])
    assert "earlier state" in hu_here("query", catalog, "--what", "modalities")[2]
    assert hu_here("query", catalog, "SELECT count(*) FROM instances")[2] == ""


def test_hu_reads_no_library_for_questions_before_it_has_to():
    code = "import sys; import hounsfield.cli.query; sys.exit('duckdb' in sys.modules or 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert hu("query", "--help")[0] == 0
    assert hu_library.__version__


def test_a_terminal_says_how_many_values_of_a_list_it_does_not_show(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    batch = pa.RecordBatch.from_pylist([{"files": 25, "paths": [f"{n:02}.dcm" for n in range(25)]}])
    for limit, on_screen, last in ((40, True, "09.dcm\\… 15 more"), (None, True, "24.dcm"), (40, False, "24.dcm")):
        AnswerScreen(batch.schema, limit, on_screen).show([batch])
        assert capsys.readouterr().out.splitlines()[1].endswith(last), (limit, on_screen)


def test_all_paths_of_a_duplicate_are_given(tmp_path):
    for number in range(12):
        (tmp_path / f"{number:02}.dcm").write_bytes(small_file(1))
    scan_into(tmp_path / "c", [tmp_path])
    (row,) = json.loads(hu_here("query", tmp_path / "c", "--what", "duplicates", "--json")[1])
    assert row["files"] == 12 and row["paths"] == [str(tmp_path / f"{number:02}.dcm") for number in range(12)]


@pytest.mark.long
@pytest.mark.parametrize("sql", ["-- all\nSELECT 1 AS one", "--all\nSELECT 1 AS one", "--\nSELECT 1 AS one"])
def test_sql_may_begin_with_a_comment(here, sql):
    for call in ([sql, "--json"], ["--json", sql], ["--json", "--", sql]):
        code, out, _ = hu_here("query", "catalog", *call, cwd=here)
        assert code == 0 and json.loads(out) == [{"one": 1}], call


def test_options_with_values_of_several_lines_stay_options(here):
    code, _, err = hu_here("query", "catalog", "--what=no\nsuch", cwd=here)
    assert code == 2 and "no ready question" in err
    assert hu_here("query", "catalog", "--sill y", cwd=here)[0] == 2
