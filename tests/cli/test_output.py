import json
import os
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from hounsfield.batch.names import unique_stems
from hounsfield.cli import run
from hounsfield.cli.run import _in_workers, attempt
from hounsfield.cli.terminal import display_width, printable


def test_printable_keeps_text_of_all_scripts_and_escapes_commands():
    assert printable("Müller 山田 قباني") == "Müller 山田 قباني"
    assert printable("a\x1b[31m\u202eb\x9b\n") == "a\\x1b[31m\\u202eb\\x9b\\n"
    assert printable("\udcff") == "\\udcff"


def test_width_of_east_asian_characters():
    assert display_width("a山") == 3


def test_stems_are_unique_safe_and_inside():
    names = ["a/../../etc/passwd", "b/..", "x/con trol\x07.dcm", "y/1.dcm", "z/1.dcm"]
    stems = unique_stems(names, ())
    assert len(set(stems.values())) == len(names)
    for stem in stems.values():
        assert not stem.is_absolute()
        assert ".." not in stem.parts
        assert all(c.isprintable() and c not in " \\" for c in str(stem))
    assert unique_stems(["ü/中文.dcm"], ())["ü/中文.dcm"].name == "中文.dcm"


def test_a_defect_of_ours_is_reported_without_what_it_quotes():
    def broken(source):
        raise ZeroDivisionError("Doe^Jane")

    outcome = attempt(broken, "a.dcm")
    assert outcome.failure == "input"
    assert "unexpected ZeroDivisionError" in outcome.error
    assert "Doe" not in json.dumps(outcome.error)


def ends_its_process(source):
    if source == "bad":
        os._exit(1)
    return source


def test_a_file_that_ends_its_worker_stops_no_other():
    sources = [*map(str, range(9)), "bad", *map(str, range(9, 14)), "bad", "14"]
    outcomes = list(_in_workers(ends_its_process, sources, 2))
    assert [outcome.source for outcome in outcomes] == sources
    assert [outcome.result for outcome in outcomes] == [None if source == "bad" else source for source in sources]
    assert outcomes[9].error == "bad: ended the process that read it"


class BreaksAtSubmit:
    """Stands for a pool whose workers died while further inputs were being handed over."""

    def __init__(self, after):
        self.left = after

    def submit(self, call, task, source):
        if not self.left:
            raise BrokenProcessPool
        self.left -= 1
        future = Future()
        future.set_result(call(task, source))
        return future

    def shutdown(self, **_):
        pass


@pytest.mark.parametrize("after", [0, 3, 8, 9, 12])
def test_workers_that_die_while_inputs_are_handed_over_lose_none(monkeypatch, after):
    pools = iter([BreaksAtSubmit(after), BreaksAtSubmit(99)])
    monkeypatch.setattr(run, "_workers", lambda count: next(pools))
    sources = [*map(str, range(12))]
    outcomes = list(_in_workers(ends_its_process, sources, 2))
    assert [outcome.result for outcome in outcomes] == sources
