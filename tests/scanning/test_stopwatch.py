"""The time that reading takes: what few files wait for on a busy machine is no slow disk."""

import sys
import time

import pytest

from hounsfield.scanning.stopwatch import Stopwatch


def measured(waits):
    watch = Stopwatch()
    for name in watch.over([str(wait) for wait in waits]):
        if float(name):
            time.sleep(float(name))
    return watch.stop()


def test_what_few_files_wait_for_does_not_count():
    seconds, busy, _ = measured(([0.0] * 7 + [0.05]) * 10)
    assert busy <= seconds < 0.25  # of 0.5


def test_what_most_files_wait_for_counts():
    seconds, busy, blocked = measured([0.004] * 32)
    assert seconds >= 32 * 0.004 > busy
    assert blocked >= 32


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is not known how often a thread waited")
def test_waits_are_counted():
    assert measured([0.004] * 8 + [0.0] * 1000)[2] < 500


def test_a_file_that_was_not_read_does_not_count():
    watch = Stopwatch()
    for _ in watch.over(["a", "b"]):
        time.sleep(0.2)
        break
    assert watch.stop()[0] < 0.1 and Stopwatch().stop()[0] < 0.1
