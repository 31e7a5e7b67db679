"""Runs a task over many inputs: one bad file never stops the others, and Ctrl-C leaves nothing half-done."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hounsfield.batch.others import is_told_problem
from hounsfield.cli.terminal import on_terminal, say, write_json
from hounsfield.errors import (
    AssumptionWarning,
    FormatError,
    GeometryError,
    HounsfieldError,
    MissingDependencyError,
    OutputError,
    UnitError,
)
from hounsfield.interrupt import check_interrupt, unheard_by_children
from hounsfield.text import printable

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

Failure = Literal["input", "task", "dependency", "output"]
#: Below this many inputs, starting worker processes costs more than they save.
_WORTH_WORKERS = 8


@dataclass(frozen=True)
class Outcome:
    """What became of one input: a result, or the sentence that says why there is none."""

    source: str
    result: Any = None
    error: str = ""
    failure: Failure | None = None
    assumptions: tuple[str, ...] = ()
    problem: HounsfieldError | None = None


Task = Callable[[str], Any]


def attempt(task: Task, source: str) -> Outcome:
    """Run the task on one input; whatever it raises becomes part of the outcome."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", AssumptionWarning)
        typed = None
        try:
            result, error, failure = task(source), "", None
        except HounsfieldError as problem:
            result, error, failure, typed = None, _sentence(problem, source), _kind(problem), problem
        except ModuleNotFoundError as problem:
            result, failure = None, "dependency"
            error = f"{problem.name} is not installed: pip install --force-reinstall hounsfield"
        except MemoryError:
            result, error, failure = None, f"{source}: not enough memory", "input"
        except Exception as problem:  # a defect of ours must not stop the other inputs, nor print what it quotes
            where = problem.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            line = f" at line {where.tb_lineno} of {Path(where.tb_frame.f_code.co_filename).name}" if where else ""
            result, failure = None, "input"
            error = f"{source}: unexpected {type(problem).__name__}{line}; please report this as a defect"
    return Outcome(source, result, error, failure, tuple(str(warning.message) for warning in caught), typed)


def _sentence(problem: HounsfieldError, source: str) -> str:
    text = str(problem)
    return (
        text
        if source in text or printable(source) in text or (source == "-" and problem.source)
        else f"{source}: {text}"
    )


def _kind(problem: HounsfieldError) -> Failure:
    if isinstance(problem, MissingDependencyError):
        return "dependency"
    if isinstance(problem, OutputError):
        return "output"
    return "task" if isinstance(problem, (UnitError, GeometryError, FormatError)) else "input"


@dataclass(frozen=True)
class Inputs:
    """What was named on the command line, and the files that it stands for; how many others, which are no images."""

    given: tuple[str, ...]
    sources: list[str]
    others: int = 0

    @classmethod
    def find(cls, paths: tuple[str, ...]) -> Inputs:
        """Walk folders and expand patterns."""
        from hounsfield.sources.folders import list_files

        return cls(paths, list(list_files(paths)))

    @property
    def files(self) -> set[str]:
        """All files that are read."""
        files = {source for source in self.sources if type(source) is str}
        surveyed = {id(volumes): volumes for source in self.sources if (volumes := getattr(source, "volumes", None))}
        return files | {file.path for volumes in surveyed.values() for file in volumes.report.files}

    @property
    def single(self) -> bool:
        """Whether one file was named, rather than a folder or several: its output needs no name before it."""
        if len(self.sources) != 1 or len(self.given) != 1 or os.path.isdir(self.given[0]):
            return False
        # Of a volume: whether its file was named, not an archive.
        return getattr(self.sources[0], "only_file", self.given[0]) == self.given[0]


@dataclass
class Run:
    """One call of a command over its inputs.

    Parameters
    ----------
    options
        The command's output options: ``as_json``, ``jsonl``, ``quiet``, ``verbose``.
    show
        Writes one result for a person.
    jobs
        Inputs at a time; 1 for no worker processes.
    folder
        Where an interrupted run may have left half-written files.
    failed
        Makes a JSON document of a failure, for a command whose answer it is; it goes out beside the message.
    """

    options: dict[str, Any]
    show: Callable[[Any, bool], None]
    jobs: int = 1
    folder: Path | None = None
    failed: Callable[[Outcome], Any] | None = None
    _counts: dict[str, int] = field(default_factory=dict[str, int])
    _assumed: int = 0
    _named: tuple[str, ...] = ()
    _results: list[Any] = field(default_factory=list[Any])

    def over(self, task: Task, inputs: Inputs) -> int:
        """Run the task over the inputs; return the exit code."""
        sources, single = inputs.sources, inputs.single
        if not sources:
            say(f"{', '.join(inputs.given)}: no {'images' if inputs.others else 'files'}")
            return 3
        self._named = inputs.given
        if not self.options.get("force"):
            return self._over(task, sources, single)
        from hounsfield.outputs import protect_inputs

        protect_inputs(inputs.given, inputs.files)
        try:
            return self._over(task, sources, single)
        finally:
            protect_inputs((), ())

    def _over(self, task: Task, sources: list[str], single: bool) -> int:
        try:
            with _progress(len(sources), self.options["quiet"]) as advance:
                for outcome in self._outcomes(task, sources):
                    check_interrupt()
                    self._take(outcome, single)
                    advance()
        except KeyboardInterrupt:
            self._clean_up()
            done = sum(self._counts.values())
            # Workers may have ended more inputs than have been reported yet.
            say(f"interrupted; {done} of {len(sources)} inputs reported, and what was written is whole")
            return 130
        self._close(len(sources), single)
        return self._exit_code()

    def _outcomes(self, task: Task, sources: list[str]) -> Iterator[Outcome]:
        # Volumes are read by several threads each; they come first, and stay in this process.
        first = next((i for i, source in enumerate(sources) if type(source) is str), len(sources))
        yield from (attempt(task, source) for source in sources[:first])
        sources = sources[first:]
        if self.jobs == 1 or len(sources) < _WORTH_WORKERS or "-" in sources:
            yield from (attempt(task, source) for source in sources)
        else:
            yield from _in_workers(task, sources, self.jobs)

    def _take(self, outcome: Outcome, single: bool) -> None:
        kind = outcome.failure or "good"
        if kind == "input" and is_told_problem(outcome.source, outcome.problem, self._named):
            kind = "other"  # it lies beside images: told, but no failure
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._assumed += bool(outcome.assumptions)
        failed = bool(outcome.failure) and not self.options["verbose"]  # the error says what matters
        if not failed and not self.options["quiet"] and (single or self.options["verbose"]):
            for sentence in outcome.assumptions:
                say(f"assumed: {sentence}")
        result = outcome.result
        if outcome.failure:
            say(outcome.error)
            result = self.failed(outcome) if self.failed else None
            if result is None:
                return
        if self.options["jsonl"]:
            write_json(result, compact=True)
        elif self.options["as_json"]:
            self._results.append(result)
        elif not outcome.failure:
            self.show(result, single)

    def _close(self, total: int, single: bool) -> None:
        if self.options["as_json"] and not self.options["jsonl"] and (self._results or not single):
            write_json(self._results[0] if single else self._results, compact=False)
        if single or self.options["quiet"]:
            return
        total -= self._counts.get("other", 0)
        failed = total - self._counts.get("good", 0)
        if self._assumed and not self.options["verbose"]:
            say(f"{self._assumed} of {total} inputs were read with assumptions; -v names them")
        if failed:
            say(f"{total - failed} of {total} inputs done, {failed} failed")

    def _exit_code(self) -> int:
        counts = self._counts
        if counts.get("output"):
            return 5
        if counts.get("dependency"):
            return 4
        if not counts.get("good") and not counts.get("task"):
            return 3
        return 1 if sum(counts.values()) > counts.get("good", 0) + counts.get("other", 0) else 0

    def _clean_up(self) -> None:
        if self.folder is not None and self.folder.is_dir():
            from hounsfield.outputs import remove_parts

            remove_parts(self.folder)


def _in_workers(task: Task, sources: list[str], jobs: int) -> Iterator[Outcome]:
    """Yield outcomes in the order of the sources, a bounded number ahead."""
    from concurrent.futures.process import BrokenProcessPool

    from hounsfield.outputs import share_token

    share_token()
    executor = _workers(min(jobs, len(sources)))
    waiting: deque[Future[Outcome]] = deque()
    submitted = done = 0
    try:
        while done < len(sources):
            # Handing over raises too when the workers are gone, so a source is told off only by its outcome.
            while submitted < min(len(sources), done + 4 * jobs):
                with unheard_by_children():
                    waiting.append(executor.submit(attempt, task, sources[submitted]))
                submitted += 1
            yield waiting[0].result()
            waiting.popleft()
            done += 1
    except BrokenProcessPool:
        # A file brought a worker down. Which one is not known: from here on one file at a time tells.
        yield from _one_by_one(task, sources[done:])
    finally:
        # Workers end the input they are at, so that its files are whole; nothing further is begun.
        executor.shutdown(wait=True, cancel_futures=True)


def _one_by_one(task: Task, sources: list[str]) -> Iterator[Outcome]:
    """Yield outcomes from a single worker, which is replaced whenever a file ends it."""
    from concurrent.futures.process import BrokenProcessPool

    executor = _workers(1)
    try:
        for source in sources:
            try:
                with unheard_by_children():
                    reading = executor.submit(attempt, task, source)
                yield reading.result()
            except BrokenProcessPool:
                yield Outcome(source, error=f"{source}: ended the process that read it", failure="input")
                executor = _workers(1)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _workers(count: int) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    from hounsfield.outputs import protected_inputs

    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_start_worker, initargs=protected_inputs())


def _start_worker(named: tuple[str, ...], found: frozenset[str]) -> None:
    """Leave Ctrl-C to the parent: it reaches every process of the terminal. Inputs are protected as there."""
    from hounsfield.outputs import protect_inputs

    protect_inputs(named, found)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def default_jobs(given: int | None) -> int:
    """As many as were asked for, or one a processor."""
    return given or os.cpu_count() or 1


@contextmanager
def _progress(total: int, quiet: bool) -> Generator[Callable[[], None]]:
    """Show a progress bar where a person watches and there is something to watch.

    Results that go to the same terminal are printed above the bar; redirected ones are left alone.
    """
    if quiet or total < _WORTH_WORKERS or not on_terminal():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        job = bar.add_task("reading", total=total)
        yield lambda: bar.advance(job)
