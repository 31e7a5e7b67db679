"""The pace of a walk through headers: threads grow where a disk waits, and only there."""

import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.scanning import pace as pacing
from hounsfield.scanning.found import ENDED, Found
from hounsfield.scanning.pace import Load, Pace, Watch
from hounsfield.scanning.preparing import Preparation

CT = get_testdata_file("CT_small.dcm")
KNOWN = os.path.exists("/proc/thread-self/schedstat")


def found(count, seconds, busy, blocked=0, compiled=True):
    return Found(count, np.zeros((count, 8), np.int64), None, None, seconds, busy, blocked, compiled)


def test_more_threads_where_reading_waits_and_fewer_again_where_it_does_not():
    pace = Pace(2, 64)
    pace.learn(found(16, 16 * 0.005, 0.001, blocked=16), Load(0.0))
    assert pace.threads == 64
    assert pace.files == 32
    pace.learn(found(32, 0.0004, 0.0004), Load(0.0))
    assert pace.threads == 2
    assert pace.files == 1024


def test_the_quick_walk_has_one_thread_until_reading_waits():
    pace = Pace(8, 64)
    assert pace.threads == 1
    pace.learn(found(16, 0.0004, 0.0004, compiled=False), Load(0.0))
    assert pace.threads == 1
    pace.learn(found(16, 16 * 0.005, 0.001, 16, compiled=False), Load(0.0))
    assert pace.threads == 64


def test_time_in_the_queue_for_a_processor_is_no_slow_disk():
    """Files took long, and the thread was blocked often, but it was processors that were missing."""
    pace = Pace(2, 64)
    pace.learn(found(16, 16 * 0.005, 0.001, blocked=32), Load(16 * 0.005 - 0.002))
    assert pace.threads == 2


def test_a_slow_disk_is_seen_on_a_busy_machine_too():
    pace = Pace(2, 64)
    pace.learn(found(16, 0.16, 0.001, blocked=16), Load(0.02))
    assert pace.threads == 64


def test_where_the_system_does_not_tell_what_was_queued_it_counts_what_blocked():
    pace = Pace(2, 64)
    pace.learn(found(16, 16 * 0.005, 0.001, blocked=1), Load(None))
    assert pace.threads == 2
    pace.learn(found(16, 16 * 0.005, 0.001, blocked=32), Load(None))
    assert pace.threads == 64


def test_a_thread_that_was_not_blocked_waited_for_no_disk():
    """A machine that others use at the same time takes its processors away, and does not say that anything queued."""
    pace = Pace(2, 64)
    pace.learn(found(1024, 1.0, 0.01, blocked=3), Load(0.0))
    assert pace.threads == 2 and not pace.waits


def test_long_headers_are_read_fewer_at_a_time():
    """A thread's first pieces of 256 kB would be 8 MB, and those of all threads one GB."""
    pace = Pace(2, 128)
    long = found(32, 32 * 0.005, 0.0001, blocked=32)
    long.facts[:, ENDED] = 250_000
    pace.learn(long, Load(0.0))
    assert pace.threads == 128 and pace.first > 250_000
    assert pace.threads * pace.files * pace.first <= 2**27


def test_what_waits_for_its_turn_holds_no_bytes_of_files():
    places, values = np.zeros((5, 3, 3), np.int64), np.zeros(1000, np.uint8)
    waiting = Found(5, np.zeros((5, 8), np.int64), places, values, 1.0, 0.5, 5, spare=16).without_values()
    assert (waiting.count, waiting.seconds, waiting.busy, waiting.blocked) == (5, 1.0, 0.5, 5)
    assert waiting.values.nbytes == waiting.places.nbytes == 0 and waiting.places.base is None


def test_threads_do_not_grow_where_the_processors_are_used_up():
    pace = Pace(2, 64)
    pace.learn(found(16, 0.02, 0.001, 16, compiled=False), Load(0.0))
    assert pace.threads == 20
    pace.learn(found(32, 0.5, 0.001, 32, compiled=False), Load(0.0, used=0.9))  # waiting for the interpreter, mostly
    assert pace.threads == 20


@pytest.mark.skipif(not KNOWN, reason="only Linux tells how long a thread queued")
def test_what_is_queued_is_measured():
    busy = [multiprocessing.get_context("spawn").Process(target=burn, daemon=True) for _ in range(8)]
    for process in busy:
        process.start()
    try:
        watch = Watch()
        total = 0
        while watch.load(1).queued < 0.2 and total < 10**9:
            total += sum(range(1000))
        assert watch.load(1).queued >= 0.2
    finally:
        for process in busy:
            process.terminate()


def burn():
    while True:
        pass


def scan_threads(folder, times):
    """The most threads that read at a time while many small files are scanned."""
    data = Path(CT).read_bytes()
    for number in range(200):
        (folder / f"{number}").write_bytes(data)
    paths = [str(path) for path in sorted(folder.iterdir())] * times
    most = 0
    for _ in hu.scan_batches(paths, columns=["Rows"], rows=1000):
        most = max(most, sum(t.name.startswith("hounsfield-scan") for t in threading.enumerate()))
    return most


def test_threads_stay_few_beside_one_that_has_the_interpreter(tmp_path, monkeypatch):
    """The first scan of a process; the system does not tell what queued."""
    monkeypatch.setattr(pacing, "_queued", lambda: None)
    monkeypatch.setattr(Preparation, "_loaded", None)
    ended = threading.Event()

    def spin():
        while not ended.is_set():
            sum(range(1000))

    spinning = threading.Thread(target=spin)
    spinning.start()
    try:
        assert scan_threads(tmp_path, 8) <= 2
    finally:
        ended.set()
        spinning.join()


@pytest.mark.long
@pytest.mark.parametrize("told", [True, False], ids=["queueing told", "queueing not told"])
def test_threads_stay_few_beside_eight_busy_loops(tmp_path, monkeypatch, told):
    """The quick walk, with which each process begins, has one thread; a disk that does not wait asks for no more."""
    if not told:
        monkeypatch.setattr(pacing, "_queued", lambda: None)
    monkeypatch.setattr(Preparation, "_loaded", None)
    busy = [multiprocessing.get_context("spawn").Process(target=burn, daemon=True) for _ in range(8)]
    for process in busy:
        process.start()
    try:
        assert scan_threads(tmp_path, 40) <= 2 * (os.cpu_count() or 1)
    finally:
        for process in busy:
            process.terminate()
            process.join()
