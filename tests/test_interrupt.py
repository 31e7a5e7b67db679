"""Ctrl-C: heard by the command alone, and never lost."""

import signal
import subprocess
import sys

import pytest

from hounsfield import interrupt

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")


@pytest.fixture
def heard(monkeypatch):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    monkeypatch.setitem(interrupt._state, "interrupted", False)
    interrupt.listen()
    yield
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)


def test_an_interrupt_that_was_lost_is_raised_at_the_next_look(heard):
    interrupt.check_interrupt()
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        pass  # as Python does where it is raised in a callback
    with pytest.raises(KeyboardInterrupt):
        interrupt.check_interrupt()


def test_an_interrupt_that_python_drops_is_not_complained_of(heard, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    interrupt.listen()

    class Dropping:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    class Failing:
        def __del__(self):
            raise ValueError("a defect")

    Dropping()
    assert told == []
    with pytest.raises(KeyboardInterrupt):
        interrupt.check_interrupt()
    Failing()
    assert [type(one.exc_value) for one in told] == [ValueError]


def test_an_ignored_interrupt_stays_ignored(monkeypatch):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    monkeypatch.setitem(interrupt._state, "interrupted", False)
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        interrupt.listen()
        signal.raise_signal(signal.SIGINT)
        assert not interrupt.is_interrupted()
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


def test_children_do_not_hear_it(heard):
    code = "import signal, sys; sys.exit(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    with interrupt.unheard_by_children():
        deaf = subprocess.Popen([sys.executable, "-c", code])
    hearing = subprocess.Popen([sys.executable, "-c", code])
    assert (deaf.wait(), hearing.wait()) == (1, 0)


def test_one_that_comes_while_children_are_started_is_heard_afterwards(heard):
    with pytest.raises(KeyboardInterrupt), interrupt.unheard_by_children():
        signal.raise_signal(signal.SIGINT)
        started = True
    assert started
