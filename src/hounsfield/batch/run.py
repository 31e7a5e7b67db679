"""`run`: a task over many inputs, wherever that is done."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hounsfield.batch.attempt import Outcome, Task, attempt
from hounsfield.batch.engines import Call, Ended, Engine, Here, unheard
from hounsfield.batch.inputs import Inputs
from hounsfield.batch.working_folder import FromFolder
from hounsfield.interrupt import check_interrupt


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


def run(  # noqa: PLR0913  what one run is
    task: Task,
    inputs: Inputs,
    *,
    engine: Engine | None = None,
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
    engine
        Where: by default in this process. It stays open.
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
    WorkersLostError
        The engine has nobody left to do it.

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
    reads = ReadFiles(inputs.given, inputs.files if output.force else frozenset())
    try:
        calls = outcomes_of(partial(attempt, task), inputs.items, engine or Here(), output, reads, ended)
        with closing(calls) as outcomes:
            yield from outcomes
    except (KeyboardInterrupt, GeneratorExit):
        if output.folder is not None and output.folder.is_dir():
            from hounsfield.outputs import remove_parts

            remove_parts(output.folder)
        raise


@dataclass(frozen=True)
class ReadFiles:
    """Files that a job reads, and never replaces.

    Parameters
    ----------
    given
        What was named.
    found
        What was found in it, or as much of that as lies among the outputs.
    """

    given: tuple[str, ...]
    found: AbstractSet[str] = frozenset()


def outcomes_of(  # noqa: PLR0913  as `run`
    call: Call, items: Iterable[Any], engine: Engine, output: Output, reads: ReadFiles, ended: Ended = unheard
) -> Generator[Outcome]:
    """Yield what becomes of items; an interruption is left to whoever knows what is to be cleaned up.

    Parameters
    ----------
    call
        Does one of them.
    items
        As `Engine.outcomes` takes them: also a generator, which is asked for the next one when there is room for it.
    engine, output, ended
        As `run` takes them.
    reads
        What is protected, where outputs may be replaced.
    """
    if output.force:
        from hounsfield.outputs import protect_inputs
        from hounsfield.sources.members import archive_of

        # Of the member of an archive the archive.
        archives = filter(None, map(archive_of, reads.given))
        protect_inputs((*reads.given, *archives, *output.beside), reads.found)
    try:
        with closing(_closed(engine, _sent(call, output), items, ended)) as outcomes:
            for outcome in outcomes:
                check_interrupt()
                yield outcome
    finally:
        if output.force:
            from hounsfield.outputs import protect_inputs

            protect_inputs((), ())


def _closed(engine: Engine, call: Call, items: Iterable[Any], ended: Ended) -> Generator[Outcome]:
    yield from engine.outcomes(call, items, ended)


def _sent(call: Call, output: Output) -> Call:
    """Return what does an input in whatever process: inputs are protected there, and paths begin, as here."""
    from hounsfield.outputs import protected_inputs

    call = FromFolder(call, output.folder is not None and not output.folder.is_absolute())

    named, found = protected_inputs()
    among = frozenset(_below(found, output.folder))
    # Of the files that were found only those among the outputs: it goes with every input.
    return partial(_protected, (named, among), call) if named or among else call


def _protected(protected: tuple[tuple[str, ...], frozenset[str]], call: Call, item: Any) -> Outcome:
    from hounsfield.outputs import protect_inputs, protected_inputs

    before = protected_inputs()
    protect_inputs(*protected)
    try:
        return call(item)
    finally:
        protect_inputs(*before)


def _below(paths: Iterable[str], folder: Path | None) -> Iterable[str]:
    if folder is None:
        return paths
    roots = {os.path.join(os.path.abspath(folder), ""), os.path.join(os.path.realpath(folder), "")}
    return (path for path in paths if any(path.startswith(root) for root in roots))
