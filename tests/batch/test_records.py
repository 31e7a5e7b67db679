"""Records: what was done, exactly, or nothing."""

import json
import os
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.batch import records
from hounsfield.batch.attempt import attempt
from hounsfield.batch.inputs import Input
from hounsfield.batch.job_shards import JobShard, parts_for, shard_of
from hounsfield.batch.recorded_task import KeptInput, RecordedTask
from hounsfield.batch.records import Record, Records, as_recorded
from hounsfield.batch.result_table import table_of
from hounsfield.errors import OutputError
from hounsfield.outputs import new_token

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates() | st.datetimes() | st.times() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(PLAIN)
def test_values_come_back_as_they_were(value):
    record = Record("k", "s", "1.2", "a", False, value, assumptions=("x",))
    assert Record.from_json(record.to_json()) == record


def test_values_of_numpy_become_plain_ones_and_arrays_stay():
    array = np.arange(6, dtype=">i2").reshape(2, 3)
    found = as_recorded(
        {
            "a": np.float32(0.5),
            "b": array,
            "c": (1, 2),
            3: {4},
            "t": (date(2020, 1, 2), time(3), datetime(2020, 1, 1, 4)),
        }
    )
    assert found["b"].dtype == array.dtype and (found["b"] == array).all()
    del found["b"]
    assert found == {"a": 0.5, "c": [1, 2], "3": "{4}", "t": [date(2020, 1, 2), time(3), datetime(2020, 1, 1, 4)]}


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"{}", b'{"key": 1}', b"\xff", b'{"\\u0000kind": "array", "": "!"}']
)
def test_a_record_that_was_not_written_to_its_end_is_none(tmp_path, text):
    (tmp_path / "k.json").write_bytes(text)
    assert Records(str(tmp_path)).get("k") is None
    assert list(Records(str(tmp_path)).all()) == []


def test_what_was_begun_and_never_ended_is_known(tmp_path):
    records = Records(str(tmp_path / "new"))
    assert records.begun() == {}
    for key in ("a", "b", "b"):
        records.begin(key)
    assert records.begun() == {"a": 1, "b": 2}
    records.end(Record("b", "", "", "b", False))
    assert records.begun() == {"a": 1}
    assert [record.key for record in records.all()] == ["b"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(hu.OutputError, match="written down"):
        Records(str(tmp_path / "a")).begin("k")


def test_assumptions_are_told_of_the_input_that_rests_on_them():
    """Several threads at once, each in the middle of its own input."""
    together = Barrier(4)

    def task(item):
        together.wait()
        for number in range(50):
            warnings.warn(hu.AssumptionWarning(f"{item.name} {number}"), stacklevel=1)
            warnings.warn("of something else", stacklevel=1)
        together.wait()

    with ThreadPoolExecutor(4) as executor:
        outcomes = list(executor.map(lambda name: attempt(task, Input(name)), "abcd"))
    for outcome in outcomes:
        assert outcome.assumptions == tuple(f"{outcome.source} {number}" for number in range(50)), outcome.error


@given(st.text(min_size=1), st.integers(1, 50))
def test_every_series_is_in_one_share(uid, count):
    part = shard_of(uid, parts_for(10_000, JobShard(1, count)))
    assert sum(JobShard(number + 1, count).has(part) for number in range(count)) == 1


def test_shares_are_alike_and_parsed():
    counts = [0] * 8
    for number in range(8000):
        counts[shard_of(f"1.2.840.{number}", 8)] += 1
    assert min(counts) > 850 and max(counts) < 1150
    assert JobShard.parse("3/7") == JobShard(3, 7)
    for text in ("0/3", "4/3", "1/0", "a", "1", "1/2/3", "-1/3", "１/２", ""):
        with pytest.raises(ValueError, match="no shard"):
            JobShard.parse(text)


def test_a_record_is_a_document_that_others_can_read(tmp_path):
    records = Records(str(tmp_path))
    records.begin("k")
    records.end(Record("k", "s", "1.2", "a.dcm", True, {"mean": 1.5}))
    assert json.loads((tmp_path / "k.json").read_text())["result"] == {"mean": 1.5}


def test_an_input_is_not_blamed_for_the_end_of_its_worker_s_parent(tmp_path):
    kept = records.Records(str(tmp_path))
    for _ in range(2):
        kept.begin("a")
    kept.begin("b")
    kept.begin("c")
    kept.end(Record("b", "", "", "b", False))
    records.forgive_begun()
    assert kept.begun() == {"a": 1}
    records._at.clear()


def test_a_worker_that_comes_too_late_does_not_replace_what_is_done(tmp_path):
    """Workers of a cluster outlive a run that was killed: what they write may have been swept away by the next one."""
    work = KeptInput(Input("a"), "a", "1", "", 0)
    kept = records.Records(str(tmp_path / "00000"))

    def late(item):
        kept.end(Record("a", "1", "", "a", False, 5))
        raise OutputError("gone")

    def passing(item):
        raise OutputError("full")

    assert RecordedTask(late, str(tmp_path), new_token())(work).result == 5
    assert kept.get("a").result == 5
    kept.end(Record("a", "1", "", "a", False, None, "full", "output"))
    assert RecordedTask(lambda item: 6, str(tmp_path), new_token())(work).result == 6


def _peak(count: int) -> int:
    """The bytes of Python that a table of so many inputs takes at most while it is made."""
    records = (
        Record(f"key {i}", "s", f"1.2.{i}", f"input {i}", True, {"measures": {"mean": float(i)}}) for i in range(count)
    )
    tracemalloc.start()
    try:
        table = table_of(records, measured=True)
        assert (table.num_rows, table["mean"].to_pylist()[-1]) == (count, count - 1)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_rows_of_a_long_part_are_not_held_all_at_once() -> None:
    _peak(10)  # what is loaded and remembered with the first
    assert _peak(4_096) < 1.5 * _peak(512)
