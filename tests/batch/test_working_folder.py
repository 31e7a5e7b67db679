"""Relative paths mean the same in every process that does some of a job."""

import os
import threading

import pytest

import hounsfield as hu
from hounsfield.batch.attempt import Outcome
from hounsfield.batch.inputs import Input
from hounsfield.batch.working_folder import FromFolder

ELSEWHERE = ("another machine", 1)


def where(item):
    return Outcome(item.name, os.getcwd())


def test_a_worker_enters_the_folder_of_the_job_and_goes_back(tmp_path):
    before = os.getcwd()
    asked = FromFolder(where, False, str(tmp_path), ELSEWHERE)
    assert asked(Input("a.dcm")).result == str(tmp_path)
    assert os.getcwd() == before
    assert FromFolder(where, False, str(tmp_path))(Input("a.dcm")).result == before  # in the process that began it

    def fails(item):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        FromFolder(fails, False, str(tmp_path), ELSEWHERE)(Input("a.dcm"))
    assert os.getcwd() == before


def test_a_folder_that_a_worker_does_not_have_is_told_where_it_matters(tmp_path):
    missing = str(tmp_path / "missing")
    whole = Input(str(tmp_path / "a.dcm"))
    assert FromFolder(where, False, missing, ELSEWHERE)(whole).result == os.getcwd()
    for needed, item in ((True, whole), (False, Input("a.dcm"))):
        with pytest.raises(hu.WorkersLostError, match="relative paths begin in .*missing, which the worker on"):
            FromFolder(where, needed, missing, ELSEWHERE)(item)


def test_jobs_of_two_folders_take_turns_in_one_process(tmp_path):
    before, begun, go_on, found = os.getcwd(), threading.Barrier(3), threading.Event(), []

    def slow(item):
        begun.wait(10)
        go_on.wait(10)
        return where(item)

    def quick(item):
        found.append(where(item).result)
        return Outcome(item.name)

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (
        FromFolder(call, False, str(tmp_path / name), ELSEWHERE) for call, name in ((slow, "one"), (quick, "two"))
    )
    # Two of the same job at once; that of the other one after them.
    threads = [threading.Thread(target=lambda: found.append(one(Input("a")).result)) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    threads.append(threading.Thread(target=two, args=(Input("b"),)))
    threads[-1].start()
    threads[-1].join(0.1)
    assert found == []
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == [str(tmp_path / "one")] * 2 + [str(tmp_path / "two")]
    assert os.getcwd() == before
