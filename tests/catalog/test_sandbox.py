"""Hostile SQL: refused before it is asked, or ended within its bounds; and nothing of files is said."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.catalog.asking import ask
from hounsfield.catalog.bounds import QueryBounds
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database
from hounsfield.catalog.writing import scan_into

MIB = 2**20


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    here = tmp_path_factory.mktemp("fence")
    data = here / "data"
    data.mkdir()
    shutil.copy(get_testdata_file("CT_small.dcm"), data / "ct.dcm")
    made = pydicom.dcmread(data / "ct.dcm")
    made.SOPInstanceUID += ".1"
    made.PatientID = "O'Neil 'Secret"
    made.save_as(data / "other.dcm")
    scan_into(here / "catalog", [data])
    (here / "catalog" / "beside.csv").write_text("a,b\n1,2\n")
    return here / "catalog"


@pytest.fixture(scope="module")
def database(catalog):
    opened = Database(catalog, read_manifest(catalog), QueryBounds(seconds=10))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{inside}')",
        "SELECT * FROM read_parquet('{shard}')",
        "SELECT * FROM '{inside}'",
        '"{inside}"',
        'FROM "{inside}"',
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM parquet_metadata('{shard}')",
        "SELECT * FROM sniff_csv('{inside}')",
        "SELECT (SELECT max(content) FROM read_text('/etc/hostname'))",
        "SELECT 1 WHERE EXISTS (FROM read_blob('/proc/self/environ'))",
        "WITH a AS (SELECT * FROM read_json('/etc/hostname')) SELECT * FROM a",
        "DESCRIBE SELECT * FROM read_csv('/etc/passwd')",
        "SUMMARIZE '/etc/passwd'",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('/etc/passwd')",
        "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_settings",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM which_secret('s3://bucket', 's3')",
        "SELECT * FROM duckdb_views()",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM pg_class",
        "SELECT * FROM sqlite_master",
        "SHOW ALL TABLES",
        "SHOW DATABASES",
        "SELECT current_setting('allowed_paths')",
        "SELECT getenv('HOME')",
        "SELECT 'HOME'.getenv()",
        "SELECT sleep_ms(10000)",
        "SELECT write_log('x')",
        "SELECT error(PatientID) FROM instances",
        "SELECT * FROM enable_logging()",
        "SELECT * FROM checkpoint()",
        "SELECT * FROM python_map_function(1)",
        "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM test_all_types()",
        "WITH duckdb_settings AS (SELECT 1) SELECT 1 FROM duckdb_settings",
        "WITH \"/etc/passwd\" AS (SELECT 1) SELECT * FROM '/etc/passwd'",
        "SELECT * FROM sys",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "SELECT * FROM 's3://bucket/x.parquet'",
        "ATTACH '{inside}' AS other",
        "ATTACH ':memory:' AS other",
        "DETACH memory",
        "USE memory",
        "INSTALL httpfs",
        "INSTALL spatial FROM 'http://example.org'",
        "LOAD httpfs",
        "LOAD '/tmp/x.duckdb_extension'",
        "COPY instances TO '{inside}.out'",
        "COPY (SELECT 1) TO '/dev/stdout'",
        "COPY (SELECT 1) TO PROGRAM 'sh'",
        "EXPORT DATABASE '{inside}.out'",
        "IMPORT DATABASE '{inside}.out'",
        "SET memory_limit = '1TB'",
        "SET VARIABLE x = 1",
        "RESET memory_limit",
        "PRAGMA database_list",
        "PRAGMA enable_profiling",
        "CALL duckdb_settings()",
        "CREATE TABLE x AS SELECT 1",
        "CREATE OR REPLACE VIEW instances AS SELECT 1",
        "CREATE MACRO x() AS 1",
        "CREATE SECRET x (TYPE s3)",
        "CREATE TYPE x AS ENUM ('a')",
        "INSERT INTO instances VALUES (1)",
        "UPDATE instances SET path = ''",
        "DELETE FROM instances",
        "DROP VIEW instances",
        "ALTER VIEW instances RENAME TO x",
        "BEGIN TRANSACTION",
        "CHECKPOINT",
        "VACUUM",
        "EXPLAIN ANALYZE SELECT 1",
        "SELECT * FROM all_rows",
        "SELECT * FROM own.all_rows",
        "SELECT * FROM memory.own.all_rows",
        "DESCRIBE own.all_rows",
        "DESCRIBE all_rows",
        "SHOW TABLES FROM own",
        "PREPARE x AS SELECT 1",
        "EXECUTE x",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW instances; --",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "-- nothing",
        "\x00",
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT " + "+".join(["1"] * 900),
    ],
)
def test_nothing_but_the_views_is_asked(catalog, database, tmp_path, monkeypatch, sql):
    monkeypatch.chdir(tmp_path)
    shard = next((catalog / "instances").iterdir())
    before = sorted(os.listdir(catalog))
    sql = sql.replace("{inside}", str(catalog / "beside.csv")).replace("{shard}", str(shard))
    with pytest.raises(hu.FormatError) as refused:
        database.query(sql)
    assert "stored_secrets" not in str(refused.value) and "Traceback" not in str(refused.value)
    assert os.listdir(tmp_path) == [] and sorted(os.listdir(catalog)) == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT path FROM instances ORDER BY path",
        "FROM memory.main.instances SELECT count(*)",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT max(n) FROM t",
        "DESCRIBE instances",
        "SUMMARIZE SELECT Rows FROM instances",
        "SHOW TABLES",
        "SELECT * FROM range(3) a, generate_series(1, 2) b, unnest([1, 2]) c",
        "SELECT list_transform([1, 2], lambda x: x + 1), Rows::VARCHAR, DATE '2020-01-01' FROM instances",
        "PIVOT instances ON Modality IN ('CT', 'MR') USING count(*) GROUP BY SeriesInstanceUID",
        "SELECT row_number() OVER (PARTITION BY Modality ORDER BY path) FROM instances QUALIFY true",
        "SELECT regexp_extract(path, '[a-z]+'), \"RealWorldValueMappingSequence[0].LUTLabel\" FROM Instances",
        "VALUES (1, 'two')",
        "SELECT 1;",
    ],
)
def test_ordinary_questions_are_answered(database, sql):
    assert database.query(sql).num_rows


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT PatientID::INT FROM instances ORDER BY path DESC", "Could not convert string '...' to INT32"),
        ("SELECT strptime(PatientID, '%Y') FROM instances", "..."),
        ("SELECT PatientID::JSON FROM instances", "..."),
        ("SELECT regexp_matches('a', PatientID || '(') FROM instances", "missing )"),
        ("SELECT strftime(now(), '%Q' || PatientID) FROM instances", "format specifier"),
        ("SELECT now() AT TIME ZONE PatientID FROM instances", "Unknown TimeZone"),
        ("SELECT path::DATE FROM instances", "..."),
        ("SELECT 'mine'::INT", "'mine'"),
        ("SELECT nothing FROM instances", 'column "nothing" not found'),
        ("SELECT * FROM instancs", "did you mean instances?"),
    ],
)
def test_a_message_quotes_no_value_of_a_file(database, catalog, sql, shown):
    with pytest.raises(hu.FormatError) as told:
        database.query(sql)
    said = str(told.value)
    assert shown in said
    assert not any(secret in said for secret in ("Neil", "Secret", "1CT1", "data/", str(catalog.parent)))


@pytest.mark.long
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))",  # one value: DuckDB does not end within it
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "SELECT * FROM range(1000000000000)",
    ],
)
def test_what_does_not_end_is_ended(catalog, sql):
    began = time.monotonic()
    with (
        pytest.raises(hu.LimitExceededError, match=r"took longer than 0\.2 s and was ended"),
        ask(catalog, sql, bounds=QueryBounds(seconds=0.2)) as answer,
    ):
        for _ in answer:
            pass
    assert time.monotonic() - began < 20


@pytest.mark.long
def test_one_value_is_within_the_bound_of_memory_too(catalog):
    with (
        pytest.raises(hu.LimitExceededError, match="more than 64 MiB of memory"),
        ask(catalog, "SELECT length(repeat('x', 2000000000))", bounds=QueryBounds(memory=64 * MIB)) as answer,
    ):
        answer.table()


@pytest.mark.long
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT lpad('x', 2000000000, 'y')",
        "SELECT repeat('x', 10000000000)",
        "SELECT repeat('x', 1000000) FROM range(100000)",
        "SELECT len(range(1, 1000000000))",
        "SELECT generate_series(1, 1000000000000)",
        "SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b, range(10000000000) c",
        "WITH RECURSIVE t(n) AS (SELECT 'x' UNION ALL SELECT n || n FROM t) SELECT max(length(n)) FROM t",
        "SELECT regexp_extract_all(repeat('a', 10000000), '(a?){1000}')",
        "SELECT damerau_levenshtein(repeat('a', 30000), repeat('b', 30000))",
        "SELECT list_sort(range(100000000))",
        "SELECT printf('%1000000000d', 1)",
        "SELECT string_split(repeat('x,', 100000000), ',')",
        "SELECT bitstring('0', 2000000000)",
        "SELECT list_resize([1], 10000000000)",
        "SELECT replace(repeat('a', 1000000), 'a', repeat('b', 100000))",
        "SELECT hex(repeat('x', 1000000000))",
        "SELECT repeat('[', 100000000)::JSON",
        "SELECT " + ",".join(f"i{n}" for n in range(100_000)),
        "SELECT " + "not " * 200_000 + "true",
    ],
)
def test_bombs_end_within_their_bounds(catalog, sql):
    began = time.monotonic()
    with (
        pytest.raises((hu.LimitExceededError, hu.FormatError)),
        ask(catalog, sql, bounds=QueryBounds(memory=256 * MIB, seconds=2)) as answer,
    ):
        answer.table()
    assert time.monotonic() - began < 15


@pytest.mark.long
def test_the_time_in_which_nobody_reads_does_not_count(catalog):
    with ask(catalog, "SELECT range AS n FROM range(100000)", bounds=QueryBounds(seconds=2), rows=5000) as answer:
        batches = iter(answer)
        count = next(batches).num_rows
        time.sleep(2.5)
        assert count + sum(batch.num_rows for batch in batches) == 100_000


_QUESTION = """
import sys
import hounsfield.catalog.watched as watched
from hounsfield.catalog.asking import ask
begin = watched.Watched.begin
def told(self):
    print(self._process.pid, flush=True)
    begin(self)
watched.Watched.begin = told
with ask(sys.argv[1], "SELECT count(*) FROM range(100000000) a, range(100000) b") as answer:
    answer.table()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")
def test_the_process_that_answers_ends_with_the_one_that_asked(catalog):
    asked = subprocess.Popen([sys.executable, "-c", _QUESTION, str(catalog)], stdout=subprocess.PIPE)
    child = int(asked.stdout.readline())
    time.sleep(0.5)
    asked.send_signal(signal.SIGKILL)
    asked.communicate()
    for _ in range(200):
        if not Path(f"/proc/{child}").exists() or "\nState:\tZ" in Path(f"/proc/{child}/status").read_text():
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the process is still there")


def test_an_answer_that_is_cut_is_no_answer(catalog):
    with (
        pytest.raises(hu.LimitExceededError, match="ended by the system"),
        ask(catalog, "SELECT range FROM range(100000000)", rows=1000) as answer,
    ):
        batches = iter(answer)
        next(batches)
        answer._watched._process.kill()
        for _ in batches:
            pass


def test_a_question_has_parameters_and_is_as_long_as_it_may_be(catalog, database):
    with ask(catalog, "SELECT count(*) AS n FROM instances WHERE PatientID = ?", ["O'Neil 'Secret"]) as answer:
        assert answer.table().to_pylist() == [{"n": 1}]
    with pytest.raises(hu.LimitExceededError, match="characters"):
        database.query("SELECT 1 -- " + "x" * 2**20)


def test_no_question_is_asked_of_what_is_no_catalog(tmp_path):
    with pytest.raises(hu.FormatError, match="no catalog"), ask(tmp_path, "SELECT 1"):
        pass


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INTERVAL 1 month", "1 month"),
        ("TIMESTAMP '2020-01-03' - TIMESTAMP '2020-01-01 12:00:00'", "1 day 12:00:00"),
        ("'101'::BIT", "101"),
        ("'10:00:00+02'::TIMETZ", "10:00:00+02"),
        ("340282366920938463463374607431768211455::UHUGEINT", str(2**128 - 1)),
        ("12345678901234567890123456789012345678901::BIGNUM", "12345678901234567890123456789012345678901"),
        ("union_value(a := 1)", "1"),
        ("[INTERVAL 1 day, NULL]", ["1 day", None]),
        ("[INTERVAL 1 day, NULL]::INTERVAL[2]", ["1 day", None]),
        ("{'a b\"': ['1'::BIT], 'c': 2, 'd': 'e'::ENUM('e')}", {'a b"': ["1"], "c": 2, "d": "e"}),
        ("MAP {1: INTERVAL 2 days}", [(1, "2 days")]),
        ("(SELECT max(mtime) - max(mtime) FROM instances)", "00:00:00"),
    ],
)
def test_types_that_only_duckdb_has_are_text(database, sql, expected):
    asked = f'SELECT {sql} AS "it""s", 1 AS n UNION ALL SELECT NULL, 2 ORDER BY n DESC'
    assert database.query(asked).to_pylist() == [{'it"s': None, "n": 2}, {'it"s': expected, "n": 1}]


def test_texts_of_intervals_stay_in_the_order_that_was_asked_for(database):
    asked = "SELECT hash(range) AS n, to_seconds(range) AS i FROM range(300000) ORDER BY n"
    numbers = database.query(asked)["n"].to_pylist()
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("sql", "values", "said"),
    [
        ("", (), "the question is empty"),
        (" ; -- nothing", (), "the question is empty"),
        ("EXPLAIN SELECT 1", (), "no answer to EXPLAIN: ask what follows it"),
        ("SELECT 1; SELECT 2", (), "one SELECT, and these are 2"),
        ("SELECT ?", (1, 2), "question marks in the question: 1; values that were given: 2"),
        ("SELECT ?, ?", (1,), "question marks in the question: 2; values that were given: 1"),
        ("SELECT ?", (), "question marks in the question: 1; values that were given: 0"),
        ("SELECT 1", (1,), "question marks in the question: 0; values that were given: 1"),
        ("SELECT $a", (1,), r"\$a: values take the place of question marks only"),
    ],
)
def test_what_is_no_question_is_said_in_words_of_its_own(database, sql, values, said):
    with pytest.raises(hu.FormatError, match=said):
        database.query(sql, values)
    assert database.query("SELECT ? AS a, ? AS b, $1 AS c", [1, "x"]).to_pylist() == [{"a": 1, "b": "x", "c": 1}]


def test_a_question_is_text(catalog):
    with hu.Catalog(catalog) as opened:
        for ask_it in (opened.query, lambda sql: list(opened.batches(sql))):
            with pytest.raises(TypeError, match="a question is text in SQL, not NoneType"):
                ask_it(None)


def test_the_views_are_listed(database):
    listed = {row["name"] for row in database.query("SHOW TABLES").to_pylist()}
    assert listed == {*database.views} and "uids" in listed and "all_rows" not in listed
