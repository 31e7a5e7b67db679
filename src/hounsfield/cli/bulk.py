"""Where the inputs of a command are done, which share of them, and where results are kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hounsfield.batch.engine_names import engine_of
from hounsfield.batch.inputs import Inputs
from hounsfield.batch.job_shards import WHOLE, JobShard
from hounsfield.batch.origins import Origins
from hounsfield.cli.terminal import say
from hounsfield.errors import (
    FormatError,
    LimitExceededError,
    MissingDependencyError,
    OutputError,
    SourceError,
    WorkersLostError,
)
from hounsfield.text import counted

if TYPE_CHECKING:
    from hounsfield.batch.attempt import Outcome, Task
    from hounsfield.batch.engines import Engine
    from hounsfield.batch.job_inputs import JobInputs
    from hounsfield.batch.kept_job import KeptJob
    from hounsfield.batch.result_folder import ResultFolder
    from hounsfield.batch.run import Output

#: Where the context of a command holds what is called in the place of its job: `hu plan` plans it.
PLANNER = "hounsfield.planner"


def planner() -> Callable[..., int] | None:
    """Return what is called in the place of the job, if the command was called by `hu plan`."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(PLANNER)


class EndedEarlyError(BrokenPipeError):
    """Nobody reads what a command prints, and its results are not whole: no success, as it is of other commands."""

    exit_code = 5


@dataclass
class BulkRun:
    """Where a command's inputs are done.

    Parameters
    ----------
    engine, jobs
        As `engine_of` takes them.
    shard
        Which share.
    results
        Where results are kept; None keeps none.
    retry_failed
        As `ResultFolder` takes it.
    asked
        What the job does, by the task that does it.
    origins
        Says where results come from: with results that last, the same in each run.
    output, force
        Where outputs go, and whether they are replaced: of what was done before they are left as they are.

    Attributes
    ----------
    before
        Inputs that were done in earlier runs: ``good`` and what failed.
    """

    engine: str = "processes"
    jobs: int | None = None
    shard: JobShard = WHOLE
    results: Path | None = None
    retry_failed: bool = False
    asked: KeptJob | None = None
    origins: Origins = field(default_factory=Origins)
    output: str | None = None
    force: bool = False
    before: dict[str, int] = field(default_factory=dict[str, int])
    _kept: ResultFolder | None = None
    _begun: Engine | None = None

    @contextmanager
    def looking(self) -> Generator[None]:
        """Begin workers while inputs are looked for, where a new job needs them in any case."""
        if self.results is not None and self.engine == "processes" and planner() is None:
            from hounsfield.batch.result_folder import is_begun

            if not is_begun(self.results):
                self._begun = engine_of(self.engine, self.jobs, always=True)
                self._begun.begin()
        try:
            yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End workers that were begun, whatever became of the job."""
        if self._begun is not None:
            self._begun.close()
            self._begun = None

    @contextmanager
    def outcomes(
        self, task: Task, inputs: Inputs | JobInputs, output: Output, ended: Callable[[], None]
    ) -> Generator[tuple[Iterator[Outcome], int]]:
        """Give the outcomes, and how many there may be.

        Raises
        ------
        click.exceptions.Exit
            The engine or the folder of results cannot be had.
        """
        from hounsfield.batch.job_inputs import FoundInputs

        whole = FoundInputs(inputs) if isinstance(inputs, Inputs) else inputs
        results = self._open(whole.count, output.folder)
        try:
            engine = self._begun or engine_of(self.engine, self.jobs, always=results is not None)
        except (MissingDependencyError, WorkersLostError) as error:
            if results is not None:
                results.close(whole=True)
            say(str(error))
            raise click.exceptions.Exit(4 if isinstance(error, MissingDependencyError) else 1) from None
        if dashboard := getattr(engine, "dashboard", ""):
            say(f"the dashboard of Dask: {dashboard}")
        from hounsfield.batch.whole_job import do_job

        try:
            with closing(engine):
                job = do_job(task, whole, engine, results=results, shard=self.shard, output=output, ended=ended)
                with closing(job) as outcomes:
                    yield outcomes, -(-whole.count // self.shard.of)
        except (FormatError, LimitExceededError, OutputError, SourceError) as error:
            # Of the folder of results, or of a catalog that is read while the job runs.
            say(str(error))
            of_results = self.results is not None and str(error.source).startswith(os.path.abspath(self.results))
            raise click.exceptions.Exit(5 if of_results or isinstance(error, OutputError) else 3) from None
        finally:
            if results is not None:
                self.before = _told_apart(results, whole.given)

    def _open(self, count: int, output: Path | None) -> ResultFolder | None:
        if self.results is None or self.asked is None:
            return None
        from hounsfield.batch.result_folder import ResultFolder

        with self.refusing():
            self._kept = ResultFolder(
                self.results,
                self.asked,
                count,
                self.shard,
                origins=self.origins,
                outputs=output,
                retry_failed=self.retry_failed,
            )
        return self._kept

    @contextmanager
    def refusing(self) -> Generator[None]:
        """Let the command refuse the folder of results."""
        try:
            yield
        except FormatError as error:
            raise click.BadParameter(str(error), param_hint="--results") from None
        except OutputError as error:
            say(str(error))
            raise click.exceptions.Exit(5) from None

    def say_kept(self, quiet: bool, *, interrupted: bool = False) -> None:
        """Say what was done before, and which parts of the results are there."""
        if self._kept is None or quiet:
            return
        self._say_before()
        missing = self._kept.missing
        if interrupted:
            say("the same command goes on from here")
        elif missing:
            say(f"{self._kept.path}: {self._kept.parts - len(missing)} of {counted(self._kept.parts, 'part')} written")
        else:
            say(f"{self._kept.path}: all results are written")

    def say_unread(self) -> None:
        """Say that the job has ended early since nobody reads what it prints, as behind ``| head``.

        Raises
        ------
        EndedEarlyError
            Results were wanted, and not all are there.
        """
        if self._kept is not None:
            say("nobody reads standard output any more: the job ends early; the same command goes on from here")
            raise EndedEarlyError

    def _say_before(self) -> None:
        before = sum(self.before.values())
        if not before:
            return
        done = f"{counted(before, 'input')} done in an earlier run, and passed over"
        if failed := before - self.before.get("good", 0) - self.before.get("other", 0):
            say(f"{done}; {failed} of them failed: --retry-failed does these again")
        else:
            say(done)
        if self.output is not None and not os.path.isdir(self.output):
            say(f"{self.output}: their outputs are gone; another folder for --results has them made again")
        elif self.force:
            say("--force replaces outputs of this run only; another folder for --results does all again")


def _told_apart(results: ResultFolder, named: tuple[str, ...]) -> dict[str, int]:
    """Return how many inputs were done before, and by what they failed; files that only lie beside images did not."""
    from hounsfield.batch.others import is_told_error

    before = dict(results.before)
    other = sum(is_told_error(*failed, named) for failed in results.failed_before)
    return before | {"other": other, "input": before.get("input", 0) - other} if other else before
