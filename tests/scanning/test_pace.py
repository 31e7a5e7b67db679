"""The pace of a walk through headers: threads grow where a disk waits, and only there."""

import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.scanning.found import Found
from hounsfield.scanning.pace import Load, Pace, Watch

CT = get_testdata_file("CT_small.dcm")
KNOWN = os.path.exists("/proc/thread-self/schedstat")


def found(count, seconds, busy, blocked=0, compiled=True):
    return Found(count, np.zeros((count, 8), np.int64), None, None, seconds, busy, blocked, compiled)


def test_more_threads_where_reading_waits_and_fewer_again_where_it_does_not():
    pace = Pace(2, 64)
    pace.learn(found(16, 16 * 0.005, 0.001), Load(0.0))
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
    pace.learn(found(16, 16 * 0.005, 0.001, compiled=False), Load(0.0))
    assert pace.threads == 64


def test_time_in_the_queue_for_a_processor_is_no_slow_disk():
    """Files took long, and the thread was blocked often, but it was processors that were missing."""
    pace = Pace(2, 64)
    pace.learn(found(16, 16 * 0.005, 0.001, blocked=32), Load(16 * 0.005 - 0.002))
    assert pace.threads == 2


def test_a_slow_disk_is_seen_on_a_busy_machine_too():
    pace = Pace(2, 64)
    pace.learn(found(16, 0.16, 0.001), Load(0.02))
    assert pace.threads == 64


def test_where_the_system_does_not_tell_what_was_queued_it_counts_what_blocked():
    pace = Pace(2, 64)
    pace.learn(found(16, 16 * 0.005, 0.001, blocked=1), Load(None))
    assert pace.threads == 2
    pace.learn(found(16, 16 * 0.005, 0.001, blocked=32), Load(None))
    assert pace.threads == 64


def test_threads_do_not_grow_where_the_processors_are_used_up():
    pace = Pace(2, 64)
    pace.learn(found(16, 0.02, 0.001, compiled=False), Load(0.0))
    assert pace.threads == 20
    pace.learn(found(32, 0.5, 0.001, compiled=False), Load(0.0, used=0.9))  # waiting for the interpreter, mostly
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
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    while True:
        pass


@pytest.mark.long
@pytest.mark.skipif(not KNOWN, reason="only Linux tells how long a thread queued")
def test_threads_stay_few_beside_eight_busy_loops(tmp_path):
    data = Path(CT).read_bytes()
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number}").write_bytes(data)
    paths = [str(path) for path in sorted(folder.iterdir())] * 40
    busy = [multiprocessing.get_context("spawn").Process(target=burn, daemon=True) for _ in range(8)]
    for process in busy:
        process.start()
    most = 0
    try:
        for _ in hu.scan_batches(paths, columns=["Rows"], rows=1000):
            most = max(most, sum(t.name.startswith("hounsfield-scan") for t in threading.enumerate()))
    finally:
        for process in busy:
            process.terminate()
    assert most <= 2 * (os.cpu_count() or 1)
