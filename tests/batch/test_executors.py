import os
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from hounsfield import interrupt
from hounsfield.batch import executors
from hounsfield.batch.executors import on_workers
from hounsfield.batch.inputs import Input


def ends_its_process(item):
    source = item.name
    if source == "bad":
        os._exit(1)
    return source


def test_a_file_that_ends_its_worker_stops_no_other():
    sources = [*map(str, range(9)), "bad", *map(str, range(9, 14)), "bad", "14"]
    outcomes = list(on_workers(ends_its_process, [*map(Input, sources)], 2))
    assert [outcome.source for outcome in outcomes] == sources
    assert [outcome.result for outcome in outcomes] == [None if source == "bad" else source for source in sources]
    assert outcomes[9].error == "bad: the process that read it ended; the file may be malicious, or memory ran out"


class BreaksAtSubmit:
    """Stands for a pool whose workers died while further inputs were being handed over."""

    def __init__(self, after):
        self.left = after

    def submit(self, call, *arguments):
        if not self.left:
            raise BrokenProcessPool
        self.left -= 1
        future = Future()
        future.set_result(call(*arguments))
        return future

    def shutdown(self, **_):
        pass


@pytest.mark.parametrize("after", [0, 3, 8, 9, 12])
def test_workers_that_die_while_inputs_are_handed_over_lose_none(monkeypatch, after):
    pools = iter([BreaksAtSubmit(after), BreaksAtSubmit(99)])
    monkeypatch.setattr(executors, "_workers", lambda count: next(pools))
    sources = [*map(str, range(12))]
    outcomes = list(on_workers(ends_its_process, [*map(Input, sources)], 2))
    assert [outcome.result for outcome in outcomes] == sources


def test_an_interruption_that_breaks_a_lock_is_one(monkeypatch):
    """Python's own locks turn Ctrl-C between two of their states into a RuntimeError."""

    class Broken(Future):
        def result(self, timeout=None):
            raise RuntimeError("cannot release un-acquired lock")

    with pytest.raises(RuntimeError):
        executors._result_of(Broken())
    monkeypatch.setitem(interrupt._state, "interrupted", True)
    with pytest.raises(KeyboardInterrupt):
        executors._result_of(Broken())
