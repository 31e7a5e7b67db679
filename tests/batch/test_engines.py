"""Engines: in order, a bounded number ahead, and no input costs another one."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import get_context

import pytest

import hounsfield as hu
from hounsfield import interrupt
from hounsfield.batch import on_executor
from hounsfield.batch.attempt import Outcome
from hounsfield.batch.engine_names import check_engine, engine_of
from hounsfield.batch.engines import Here
from hounsfield.batch.inputs import Input
from hounsfield.batch.on_executor import OnExecutor
from hounsfield.batch.workers import Processes

from cli_runner import hu_here


def pid_of(item):
    return Outcome(item.name, os.getpid())


def ends_its_process(item):
    if item.name == "bad":
        os._exit(1)
    return Outcome(item.name, item.name)


SOURCES = [*map(str, range(9)), "bad", *map(str, range(9, 14)), "bad", "14"]


def test_a_file_that_ends_its_worker_stops_no_other():
    with closing(Processes(2)) as engine:
        outcomes = list(engine.outcomes(ends_its_process, [*map(Input, SOURCES)]))
    assert [outcome.source for outcome in outcomes] == SOURCES
    assert [outcome.result for outcome in outcomes] == [None if source == "bad" else source for source in SOURCES]
    assert outcomes[9].error == "bad: the process that read it ended; the file may be malicious, or memory ran out"


class BreaksAtSubmit(Executor):
    """Stands for a pool whose workers died while further inputs were being handed over."""

    def __init__(self, after):
        self.left = after

    def submit(self, fn, /, *arguments):
        if not self.left:
            raise BrokenProcessPool
        self.left -= 1
        future = Future()
        future.set_result(fn(*arguments))
        return future


@pytest.mark.parametrize("after", [0, 1, 3, 8, 11])
def test_workers_that_die_while_inputs_are_handed_over_lose_none(after):
    pools = iter([BreaksAtSubmit(after), BreaksAtSubmit(99)])
    sources = [*map(str, range(12))]
    outcomes = list(OnExecutor(lambda: next(pools), 2).outcomes(ends_its_process, map(Input, sources)))
    assert [outcome.result for outcome in outcomes] == sources


class DiesNowAndThen(Executor):
    """Stands for a cluster: some inputs meet a worker that dies, by whatever kills workers; the cluster goes on."""

    def __init__(self, deaths):
        self.deaths, self.asked = deaths, []

    def submit(self, fn, /, item):
        self.asked.append(item.name)
        future = Future()
        if self.deaths.get(item.name, 0):
            self.deaths[item.name] -= 1
            future.set_exception(type("KilledWorker", (Exception,), {})(item.name))
        else:
            future.set_result(fn(item))
        return future


def test_inputs_that_met_a_worker_s_death_by_chance_are_not_blamed():
    cluster = DiesNowAndThen({"3": 1, "4": 2, "7": 99})
    outcomes = list(OnExecutor(cluster, 2).outcomes(ends_its_process, map(Input, map(str, range(9)))))
    assert [outcome.source for outcome in outcomes if outcome.failure] == ["7"]
    # In company once, then alone: twice at most.
    assert cluster.asked.count("7") == 3


def test_a_foreign_executor_that_is_broken_ends_the_work_with_an_error_of_ours():
    with (
        ProcessPoolExecutor(1, get_context("spawn")) as executor,
        pytest.raises(hu.WorkersLostError, match="no workers left"),
    ):
        list(OnExecutor(executor, 1).outcomes(ends_its_process, [*map(Input, SOURCES)]))


@pytest.mark.parametrize("name", ["FutureCancelledError", "CommClosedError", "ExecutorlibSocketError"])
def test_what_executors_call_the_end_of_their_workers_is_an_error_of_ours(name):
    class Gone(Executor):
        def submit(self, fn, /, item):
            future = Future()
            future.set_exception(type(name, (Exception,), {})("gone"))
            return future

    with pytest.raises(hu.WorkersLostError, match="no workers left"):
        list(OnExecutor(Gone(), 1).outcomes(ends_its_process, [Input("1")]))


def test_an_executor_that_is_closed_is_told():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(hu.WorkersLostError):
        list(OnExecutor(executor, 1).outcomes(ends_its_process, [Input("1")]))


def test_a_slow_input_does_not_stop_the_others():
    """Outcomes are in order, but others are done meanwhile: more than are handed over at a time."""
    done = []

    def call(item):
        if item.name == "0":
            time.sleep(0.3)
        done.append(item.name)
        return Outcome(item.name)

    with ThreadPoolExecutor(2) as executor:
        sources = [*map(str, range(40))]
        assert [o.source for o in OnExecutor(executor, 2).outcomes(call, map(Input, sources))] == sources
    assert done.index("0") > 20


def test_no_more_inputs_are_taken_than_are_needed():
    taken = []

    def items():
        for number in range(10_000):
            taken.append(number)
            yield Input(str(number))

    with ThreadPoolExecutor(1) as executor:
        outcomes = OnExecutor(executor, 1).outcomes(lambda item: Outcome(item.name), items())
        next(outcomes)
        outcomes.close()
    assert len(taken) < 100


def test_an_interruption_that_breaks_a_lock_is_one(monkeypatch):
    """Python's own locks turn Ctrl-C between two of their states into a RuntimeError."""

    def broken(futures, return_when):
        raise RuntimeError("cannot release un-acquired lock")

    monkeypatch.setattr(on_executor, "wait", broken)
    with pytest.raises(RuntimeError):
        on_executor._wait([])
    monkeypatch.setitem(interrupt._state, "interrupted", True)
    with pytest.raises(KeyboardInterrupt):
        on_executor._wait([])


def kills_its_worker_once(item):
    """Stand for a worker that the system kills: not the input's fault."""
    mark = item.stem
    if item.name == "5" and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(item.name)


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_worker_that_is_killed_from_outside_costs_nothing(tmp_path):
    items = [Input(str(number), str(tmp_path / "mark")) for number in range(10)]
    with closing(Processes(2)) as engine:
        assert not [o for o in engine.outcomes(kills_its_worker_once, items) if o.failure]


def test_functions_of_any_kind_can_be_sent():
    offset = 3
    with closing(Processes(1, always=True)) as engine:
        found = list(engine.outcomes(lambda item: Outcome(item.name, offset), [Input("a")]))
    assert [outcome.result for outcome in found] == [3]
    lock = threading.Lock()
    with closing(Processes(1, always=True)) as engine, pytest.raises(ValueError, match="other processes"):
        list(engine.outcomes(lambda item: Outcome(str(lock)), [Input("a")]))


@pytest.mark.parametrize("name", ["thread", "dask=", "dask=here", "dask=http://a", "serial=1", ""])
def test_engines_are_known_by_name(name):
    with pytest.raises(ValueError, match="no engine|no address"):
        check_engine(name)


def test_few_inputs_are_done_here():
    engine = engine_of("processes", 2)
    assert [o.result for o in engine.outcomes(lambda item: Outcome(item.name, os.getpid()), [Input("a")])] == [
        os.getpid()
    ]
    assert isinstance(engine_of("serial", 5), Here)


def test_workers_begin_while_inputs_are_looked_for(tmp_path):
    engine = Processes(2, always=True)
    with closing(engine):
        engine.begin()
        begun = {process.pid for process in multiprocessing.active_children()}
        assert len(begun) == 2
        found = list(engine.outcomes(pid_of, [Input(str(number)) for number in range(6)]))
    assert {outcome.result for outcome in found} <= begun
    few = Processes(2)
    few.begin()  # they may not be needed
    assert not multiprocessing.active_children()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="the mask of another process cannot be seen here")
def test_workers_do_not_hear_ctrl_c_from_their_first_instruction_on():
    """In a process of its own: what Python starts beside the first worker lets the signal through again."""
    code = """
from multiprocessing import active_children
from pathlib import Path
from hounsfield.batch.workers import Processes
if __name__ == "__main__":
    engine = Processes(2, always=True)
    engine.begin()
    masks = [Path(f"/proc/{child.pid}/status").read_text() for child in active_children()]
    print([int(mask.split("SigBlk:")[1].split()[0], 16) >> 1 & 1 for mask in masks])
    engine.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[1, 1]\n", done.stderr


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_that_is_killed_with_the_lock_of_what_they_read_does_not_stop_the_end():
    engine = Processes(2, always=True)
    engine.begin()
    assert len([*engine.outcomes(pid_of, [Input("1"), Input("2")])]) == 2
    workers = multiprocessing.active_children()
    pool = engine._pool._executor
    lock = pool._call_queue._rlock
    futures = [pool.submit(time.sleep, 0.5) for _ in workers]
    time.sleep(0.2)
    assert lock.acquire(timeout=5)  # one that waits for work has it; both are at work now
    [future.result(5) for future in futures]
    ending = threading.Thread(target=engine.close, daemon=True)
    ending.start()
    time.sleep(0.1)  # Python has told the workers to end, and waits for that
    os.kill(workers[0].pid, signal.SIGKILL)
    ending.join(20)
    assert not ending.is_alive()
    assert not any(worker.is_alive() for worker in workers)


def test_a_new_job_begins_workers_and_ends_them_where_nothing_is_to_do(tmp_path, monkeypatch):
    begun, ended = [], []
    for name, told in (("begin", begun), ("close", ended)):
        known = getattr(Processes, name)
        monkeypatch.setattr(Processes, name, lambda self, known=known, told=told: (told.append(1), known(self)))
    (tmp_path / "empty").mkdir()
    assert hu_here("stats", tmp_path / "empty", "--results", tmp_path / "r", "-j", "1")[0] == 3
    assert begun == ended == [1]
    hu.phantom(tmp_path / "ct", matrix=16, slices=2)
    assert hu_here("stats", tmp_path / "ct", "--results", tmp_path / "r", "-j", "1")[0] == 0
    assert len(begun) == 2
    assert hu_here("stats", tmp_path / "ct", "--results", tmp_path / "r", "-j", "1")[0] == 0
    assert len(begun) == 2  # all may be done already
