"""`run`: a task over many inputs, in this process, in worker processes, or on an executor."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hounsfield.batch.attempt import Outcome, Task
from hounsfield.batch.executors import WORTH_WORKERS, Ended, Protected, here, on_executor, on_workers, unheard
from hounsfield.batch.inputs import Input, Inputs
from hounsfield.interrupt import check_interrupt

if TYPE_CHECKING:
    from concurrent.futures import Executor


@dataclass(frozen=True)
class Output:
    """The place where a batch writes.

    Parameters
    ----------
    folder
        Where the outputs go. What an interrupted run left half-written there is removed; None removes nothing.
    force
        Outputs that exist are replaced. Inputs never are.
    beside
        Further files that are read, and never replaced.
    """

    folder: Path | None = None
    force: bool = False
    beside: tuple[str, ...] = ()


def run(
    task: Task,
    inputs: Inputs,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    output: Output | None = None,
    ended: Ended = unheard,
) -> Generator[Outcome]:
    """Run a task on each input; yield what became of each, in the order of the inputs, as soon as it is known.

    One bad input never stops the others. Close the iterator (`contextlib.closing`) to stop early: what is begun is
    ended, so that its files are whole, and nothing further is begun.

    Parameters
    ----------
    task
        A callable of one `Input`; for other processes one that can be pickled, as those of this package are.
    inputs
        As `find_inputs` finds them; `names.with_stems` gives them the names of their outputs.
    jobs
        So many files at a time, in worker processes of our own. Volumes are read in this process, one after another:
        each by several threads. Few files are, too, and so is standard input.
    executor
        Any `concurrent.futures.Executor` in the place of these: it gets all inputs, volumes too, and is not shut down.
        Of threads, several share one list of warnings: assumptions may then be told of another input.
    output
        Where the task writes: protects inputs, and cleans up after an interruption.
    ended
        Is called, from any thread, when an input has ended: of an interrupted run more may have than were yielded.

    Yields
    ------
    Outcome
        A result, or the reason why there is none.

    Raises
    ------
    KeyboardInterrupt
        Somebody has interrupted the command, here or while an outcome was looked at.

    Examples
    --------
    >>> from hounsfield.batch.measure_task import MeasureTask
    >>> from hounsfield.recipes.measuring import Measuring
    >>> from pydicom.data import get_testdata_file
    >>> for outcome in run(MeasureTask(Measuring()), Inputs.find([get_testdata_file("CT_small.dcm")])):
    ...     print(outcome.result["measures"]["pixels"])
    16384
    """
    output = output or Output()
    if output.force:
        from hounsfield.outputs import protect_inputs
        from hounsfield.sources.members import archive_of

        # Of the member of an archive the archive.
        archives = filter(None, map(archive_of, inputs.given))
        protect_inputs((*inputs.given, *archives, *output.beside), inputs.files)
    try:
        pool = executor or jobs
        with closing(_outcomes(task, inputs.items, pool, output.folder, ended)) as outcomes:
            for outcome in outcomes:
                check_interrupt()
                yield outcome
    except (KeyboardInterrupt, GeneratorExit):
        if output.folder is not None and output.folder.is_dir():
            from hounsfield.outputs import remove_parts

            remove_parts(output.folder)
        raise
    finally:
        if output.force:
            from hounsfield.outputs import protect_inputs

            protect_inputs((), ())


def _outcomes(
    task: Task, items: tuple[Input, ...], pool: Executor | int, folder: Path | None, ended: Ended
) -> Generator[Outcome]:
    if not isinstance(pool, int):
        yield from on_executor(pool, task, items, _protected_in(folder), ended)
        return
    first = next((i for i, item in enumerate(items) if item.is_file), len(items))
    yield from here(task, items[:first], ended)
    items = items[first:]
    if pool == 1 or len(items) < WORTH_WORKERS or any(item.name == "-" for item in items):
        yield from here(task, items, ended)
    else:
        yield from on_workers(task, items, pool, ended)


def _protected_in(folder: Path | None) -> Protected:
    """Return what is protected, of the files that were found only those among the outputs: it goes with every input."""
    from hounsfield.outputs import protected_inputs

    named, found = protected_inputs()
    return named, frozenset(_below(found, folder))


def _below(paths: Iterable[str], folder: Path | None) -> Iterable[str]:
    if folder is None:
        return paths
    roots = {os.path.join(os.path.abspath(folder), ""), os.path.join(os.path.realpath(folder), "")}
    return (path for path in paths if any(path.startswith(root) for root in roots))
