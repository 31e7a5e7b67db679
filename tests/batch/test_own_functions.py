"""Functions of one's own in `hounsfield.map`: which job they are, what they return, and what they are called with."""

import datetime
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import hounsfield

from cli_runner import hu_here


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "series"
    hounsfield.phantom(folder, matrix=16, slices=3)
    return folder


def mapped(function, source, **more):
    return hounsfield.map(function, source, executor="serial", **more)


class Adding:
    def __init__(self, number):
        self.number = number

    def __call__(self, read):
        return self.number

    def method(self, read):
        return self.number


def enclosing(number):
    return lambda read: number


def by_default(number):
    def function(read, number=number):
        return number

    return function


def by_global(number):
    names = {"__name__": "elsewhere", "N": number}
    exec("def helper():\n    return N\ndef function(read):\n    return helper()", names)
    return names["function"]


@pytest.mark.parametrize("made", [Adding, lambda number: Adding(number).method, enclosing, by_default, by_global])
def test_a_function_that_holds_other_values_is_another_job(series, tmp_path, made):
    assert mapped(made(1), series, results=tmp_path / "r")["value"].to_pylist() == [1]
    assert mapped(made(1), series, results=tmp_path / "r")["value"].to_pylist() == [1]
    with pytest.raises(hounsfield.FormatError, match="another job"):
        mapped(made(2), series, results=tmp_path / "r")


def test_a_function_without_source_is_the_same_job_each_time(series, tmp_path):
    for _ in range(2):
        names = {"__name__": "__main__"}
        exec("def function(read):\n    inner = lambda: 5\n    return inner()", names)
        assert mapped(names["function"], series, results=tmp_path / "r")["value"].to_pylist() == [5]


def returned_by(value, series, tmp_path):
    """Return the row, which is the same whether results are kept or not."""
    rows = [mapped(lambda read: value, series, **more).to_pylist()[0] for more in ({}, {"results": tmp_path / "kept"})]
    known = [{name: one for name, one in row.items() if name != "SeriesInstanceUID"} for row in rows]
    assert repr(known[0]) == repr(known[1])
    return rows[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.ma.masked_array([1, 2, 3], [0, 1, 0]), [1, None, 3]),
        (np.ma.masked_array([1, 2]), [1, 2]),
        (np.datetime64("2026-01-02T03:04:05.000000001"), datetime.datetime(2026, 1, 2, 3, 4, 5)),
        (np.datetime64("NaT"), None),
        (np.array([1, None], object), [1, None]),
        (np.longdouble(0.5), 0.5),
        ("a\udcff", "a\\xff"),
        ({"a": {"b": ["c\ud800"]}}, {"b": ["c\\ud800"]}),
    ],
)
def test_values_are_what_they_were(series, tmp_path, value, expected):
    row = returned_by(value, series, tmp_path)
    assert (row["error"], row.get("a" if isinstance(value, dict) else "value")) == (None, expected)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"a": {1, 2}}, "a set in 'a'"),
        ({"a": [{"b": object()}]}, "a object in 'a.b'"),
        (1j, "a complex"),
        (np.ones(2, complex), "complex128"),
        (np.zeros(2, [("a", int)]), "cannot stand in a table"),
        ({"a": datetime.timedelta(1)}, "a timedelta in 'a'"),
        ({1: 1, "1": 2}, "two of its keys are '1'"),
        ({"Error": 1}, "column of every result"),
    ],
)
def test_what_results_cannot_hold_is_refused_by_its_place(series, tmp_path, value, why):
    row = returned_by(value, series, tmp_path)
    assert why in row["error"] and row["failure"] == "task"


def test_what_contains_itself_is_refused(series, tmp_path):
    value = {}
    value["again"] = value
    assert "nested more than" in returned_by(value, series, tmp_path)["error"]


def test_times_of_pandas_are_times(series, tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    row = returned_by({"a": pandas.Timestamp("2026-01-02"), "b": pandas.NaT}, series, tmp_path)
    assert (row["a"], row["b"]) == (datetime.datetime(2026, 1, 2), None)


def test_measures_may_stand_among_other_values(series):
    row = mapped(lambda read: {"all": hounsfield.measure(read), "n": 1}, series).to_pylist()[0]
    assert row["error"] is None and row["all"]["mean"] == hounsfield.measure(hounsfield.read_volumes(series)[0]).mean


def test_a_function_that_wants_to_end_the_process_fails(series):
    row = mapped(lambda read: sys.exit(3), series).to_pylist()[0]
    assert row["error_type"] == "SystemExit" and row["failure"] == "task"


@pytest.mark.parametrize(
    ("wrong", "error", "why"),
    [
        ({"function": 5}, TypeError, "a function is wanted, not a int"),
        ({"source": None}, TypeError, "source: .* not a NoneType"),
        ({"source": [3]}, TypeError, "source: .* not a int"),
        ({"executor": 5}, TypeError, "executor: .* not a int"),
        ({"jobs": 0}, ValueError, "jobs"),
        ({"gaps": "x"}, ValueError, "gaps"),
        ({"shard": 3}, TypeError, "shard"),
        ({"retry_failed": True}, ValueError, "results"),
        ({"results": ""}, ValueError, "results"),
    ],
)
def test_what_is_wrong_is_said_at_once(series, wrong, error, why):
    asked = {"function": lambda read: 1, "source": series, "executor": "serial", **wrong}
    with pytest.raises(error, match=why):
        hounsfield.map(**asked)


def test_sources_are_also_bytes_and_catalogs_in_a_list(series, tmp_path):
    assert hu_here("scan", str(series), "-o", f"{tmp_path / 'catalog'}/")[0] == 0
    for source in (str(series).encode(), [hounsfield.Catalog(tmp_path / "catalog")]):
        assert mapped(lambda read: 1, source)["value"].to_pylist() == [1]


def test_a_volume_is_no_source(series):
    with pytest.raises(TypeError, match=r"volumes\[0:1\]"):
        mapped(lambda read: 1, hounsfield.read_volumes(series)[0])


def test_results_among_inputs_are_refused(series):
    with pytest.raises(hounsfield.FormatError, match="would be read as inputs"):
        mapped(lambda read: 1, series, results=series / "results")
    assert not (series / "results").exists()


def test_results_that_are_removed_meanwhile_are_an_error(series, tmp_path):
    import shutil

    def removes(read):
        shutil.rmtree(tmp_path / "r", ignore_errors=True)
        return 1

    with pytest.raises(hounsfield.OutputError, match="was removed"):
        mapped(removes, series, results=tmp_path / "r")


def test_a_function_that_goes_elsewhere_does_not_take_the_job_along(tmp_path, monkeypatch):
    for number in range(3):
        hounsfield.phantom(tmp_path / "many" / str(number), matrix=16, slices=3, noise=number)
    monkeypatch.chdir(tmp_path)

    def wandering(read):
        os.chdir("/")

    table = hounsfield.map(wandering, "many", executor="serial")
    assert table["error"].to_pylist() == [None] * 3
    assert Path.cwd() == tmp_path


def test_clients_of_dask_stand_for_their_executor(series):
    class Client:
        """As that of Dask: it submits, too, but futures of its own."""

        def submit(self, *_):
            raise AssertionError

        def get_executor(self):
            return pool

    with ThreadPoolExecutor(1) as pool:
        assert hounsfield.map(Adding(5), series, executor=Client())["value"].to_pylist() == [5]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"where": 5}, "where: text is wanted, not a int"),
        ({"results": 5}, "results: a path is wanted, not a int"),
        ({"values": "zzz"}, "values must be one of"),
        ({"executor": ""}, "there is no engine ''"),
    ],
)
def test_arguments_that_are_none_are_named(series, wrong, said):
    with pytest.raises((TypeError, ValueError), match=said):
        hounsfield.map(Adding(5), series, **wrong)
