"""`run` over inputs: here, in workers, on executors."""

import dataclasses
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import warnings
import weakref
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

import hounsfield as hu
from hounsfield import interrupt, outputs
from hounsfield.batch.attributes_task import AttributesTask
from hounsfield.batch.convert_task import ConvertTask
from hounsfield.batch.draw_task import DrawTask
from hounsfield.batch.explain_task import ExplainTask
from hounsfield.batch.facts_task import FactsTask
from hounsfield.batch.inputs import Input, Inputs, find_inputs
from hounsfield.batch.listener import Listener
from hounsfield.batch.mask_task import MaskTask
from hounsfield.batch.measure_task import MeasureTask
from hounsfield.batch.names import with_stems
from hounsfield.batch.on_executor import OnExecutor
from hounsfield.batch.run import Output, run
from hounsfield.batch.workers import Processes
from hounsfield.recipes.attributes import Attributes
from hounsfield.recipes.conversion import Conversion
from hounsfield.recipes.drawing import Drawing
from hounsfield.recipes.explanation import Explanation
from hounsfield.recipes.facts import Facts
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.masking import Masking
from hounsfield.recipes.measuring import Measuring
from hounsfield.recipes.reading import Reading


@pytest.fixture(scope="module")
def study(tmp_path_factory, sample):
    """Two volumes, single images, and files that are none."""
    folder = tmp_path_factory.mktemp("batch") / "study"
    hu.phantom(folder / "ct", matrix=16, slices=3)
    hu.phantom(folder / "gap", matrix=16, slices=5, missing=(2,), noise=3)
    for index in range(10):
        shutil.copy(sample("CT_small.dcm"), folder / f"{index}.dcm")
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "README.txt").write_text("hello")
    return folder


def found(study, **grouping):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hu.AssumptionWarning)
        return find_inputs([str(study)], Grouping(**grouping), Reading())


def summary(outcomes):
    return [(o.source, o.failure, o.result and o.result["measures"]["mean"], o.error) for o in outcomes]


TASK = MeasureTask(Measuring())


def test_volumes_come_first_and_single_files_after_them(study):
    inputs = found(study)
    assert [item.name for item in inputs.items[:3]] == [
        f"{study}[{number}]" for number in (1, 2, 3)
    ]  # 0 is a single image
    assert all(item.is_volume for item in inputs.items[:3])
    assert {Path(item.name).name for item in inputs.items[3:]} >= {"0.dcm", "broken.dcm"}
    assert inputs.others == 1  # the README


def test_each_file_is_an_input_where_that_was_asked_for(study):
    inputs = found(study, together=False)
    assert not any(item.is_volume for item in inputs.items)
    assert len(inputs) == len([path for path in study.rglob("*") if path.is_file()])


def test_an_input_says_the_same_in_another_process(study):
    """A volume is sent by itself: nothing is walked again."""
    inputs = found(study)
    for item in inputs.items[:3]:
        again = pickle.loads(pickle.dumps(item))
        assert again == item
        assert (len(again.found), again.place, again.facts.index) == (1, 0, item.facts.index)
        assert again.read_volume(Reading()).values.tobytes() == item.read_volume(Reading()).values.tobytes()
        assert again.volume_dict() == item.volume_dict()


def test_a_pickled_input_is_small(study):
    """Of a volume goes what is known of its slices; of a file its path."""
    items = with_stems(found(study)).items
    assert max(len(pickle.dumps(item)) for item in items if item.is_volume) < 20_000
    assert max(len(pickle.dumps(item)) for item in items if not item.is_volume) < 1500


def test_an_input_keeps_no_pixels(study):
    """Folders that are named each have volumes of their own: a job over many of them held one of each."""
    items = [item for item in found(study).items if item.is_volume]
    read = [weakref.ref(item.read(Reading())) for item in items]
    assert len(read) == 3
    assert [one() for one in read] == [None] * 3


def test_gaps_are_refused_volume_by_volume(study):
    outcomes = list(run(TASK, found(study, gaps="refuse")))
    refused = [outcome for outcome in outcomes if "not at equal distances" in outcome.error]
    assert [(outcome.source, outcome.failure) for outcome in refused] == [
        (f"{study}[2]", "task"),
        (f"{study}[3]", "task"),
    ]


def test_outcomes_are_yielded_one_by_one(study):
    asked = []

    def task(item):
        asked.append(item.name)
        return item.name

    with closing(run(task, Inputs.find([str(study)]))) as outcomes:
        next(outcomes)
        assert len(asked) == 1


def test_workers_and_executors_give_the_same_outcomes_in_the_same_order(study):
    inputs = found(study)
    here = summary(run(TASK, inputs))
    assert [name for name, *_ in here] == [item.name for item in inputs.items]
    with closing(Processes(2)) as engine:
        assert summary(run(TASK, inputs, engine=engine)) == here
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        assert summary(run(TASK, inputs, engine=OnExecutor(executor, 1))) == here
        assert executor.submit(int, 3).result() == 3  # it is not ours to shut down
    with ThreadPoolExecutor(1) as executor:
        assert summary(run(TASK, inputs, engine=OnExecutor(executor, 1))) == here


def test_no_more_than_a_bounded_number_is_handed_over_and_the_rest_is_cancelled():
    items = tuple(Input(str(number)) for number in range(1000))
    begun = []
    with ThreadPoolExecutor(1) as executor:
        with closing(
            run(lambda item: begun.append(item.name), Inputs((), items), engine=OnExecutor(executor, 1))
        ) as outcomes:
            next(outcomes)
        time.sleep(0.05)
    assert len(begun) <= 5


@pytest.mark.parametrize(
    "task",
    [
        MaskTask(Masking(), Path("out")),
        MeasureTask(Measuring()),
        DrawTask(Drawing(window=(40, 400)), Path("out")),
        ConvertTask(Conversion(to="npy"), Path("out")),
        FactsTask(Facts()),
        AttributesTask(Attributes()),
        ExplainTask(Explanation()),
    ],
    ids=lambda task: type(task).__name__,
)
def test_tasks_are_values_that_can_be_sent(task):
    assert pickle.loads(pickle.dumps(task)) == task
    assert dataclasses.is_dataclass(task)
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.recipe = None
    assert len(pickle.dumps(task)) < 1500


@pytest.mark.parametrize("where", ["here", "workers", "executor"])
def test_inputs_are_never_replaced(where, tmp_path, sample):
    """The values of `a` would go to a.npy, which is an input as well."""
    for name in ("a", "a.npy", *map(str, range(9))):
        shutil.copy(sample("CT_small.dcm"), tmp_path / name)
    inputs = with_stems(Inputs.find([str(tmp_path)]))
    task = ConvertTask(Conversion(to="npy"), tmp_path, force=True)
    options = {"output": Output(tmp_path, force=True), "engine": Processes(2) if where == "workers" else None}
    if where == "executor":
        with ProcessPoolExecutor(1, get_context("spawn")) as executor:
            outcomes = list(run(task, inputs, **options | {"engine": OnExecutor(executor, 1)}))
    else:
        outcomes = list(run(task, inputs, **options))
        if where == "workers":
            options["engine"].close()
    assert [Path(o.source).name for o in outcomes if o.failure] == ["a"]
    assert "never replaced" in next(o.error for o in outcomes if o.failure)
    assert (tmp_path / "a.npy").read_bytes() == sample("CT_small.dcm").read_bytes()
    assert outputs.protected_inputs() == ((), frozenset())


def test_an_interruption_ends_it_and_removes_what_is_half_written(tmp_path, monkeypatch):
    def task(item):
        (tmp_path / f".x.{outputs.run_token()}.hu-part").touch()
        monkeypatch.setitem(interrupt._state, "interrupted", item.name == "1")  # as Python drops it in a callback

    done = []
    with pytest.raises(KeyboardInterrupt):
        for outcome in run(task, Inputs((), tuple(map(Input, "0123"))), output=Output(tmp_path)):
            done.append(outcome.source)
    assert done == ["0"]
    assert list(tmp_path.iterdir()) == []


def token_of_names(_):
    return outputs.temporary_beside(Path("a")).name.split(".")[2]


def test_workers_write_for_the_run_that_began_them_and_nobody_else_does():
    """A command that a program starts, after it has used workers, is a run of its own: it sweeps away what is its own."""
    before = dict(os.environ)
    engine = Processes(2, always=True)
    with closing(engine):
        outcomes = list(run(token_of_names, Inputs((), (Input("a"), Input("b"))), engine=engine))
    assert [outcome.result for outcome in outcomes] == [outputs.run_token()] * 2
    assert dict(os.environ) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
def test_ctrl_c_ends_workers_too(tmp_path):
    code = """
import signal, sys, time
from hounsfield import interrupt
from hounsfield.batch.inputs import Input, Inputs
from hounsfield.batch.run import run
from hounsfield.batch.workers import Processes
def task(item):
    time.sleep(0.2)
    return item.name
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt.listen()
    try:
        for outcome in run(task, Inputs((), tuple(Input(str(n)) for n in range(1000))), engine=Processes(2)):
            print(outcome.source, flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
"""
    (tmp_path / "runs.py").write_text(code)
    started = subprocess.Popen([sys.executable, tmp_path / "runs.py"], stdout=subprocess.PIPE, start_new_session=True)
    assert started.stdout.readline() == b"0\n"
    started.send_signal(signal.SIGINT)
    assert started.wait(20) == 130
    started.stdout.close()


def test_a_listener_is_told_what_goes_on(study):
    told = []

    class Tells(Listener):
        def surveyed(self, name, volumes, others):
            told.append((name, len(volumes), [Path(file.path).name for file in others]))

        def loading(self, name):
            told.append(name)
            return super().loading(name)

    inputs = find_inputs([str(study)], Grouping(), Reading(), Tells())
    next(iter(run(TASK, inputs)))
    # The ten copies of a slice are one volume of one slice.
    assert told == [(str(study), 4, ["README.txt"]), f"{study}[1]"]


def test_batch_and_recipes_load_nothing_that_shows():
    code = """
import sys
import hounsfield.batch.run, hounsfield.batch.inputs, hounsfield.batch.names
import hounsfield.batch.mask_task, hounsfield.batch.convert_task, hounsfield.recipes.program
print([name for name in ("click", "rich", "matplotlib", "pydicom", "hounsfield.cli") if name in sys.modules])
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
