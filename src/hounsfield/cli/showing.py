"""Shows what becomes of many inputs: results as they come, messages, progress, and the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hounsfield.batch.attempt import Outcome, Task
from hounsfield.batch.engines import WORTH_WORKERS
from hounsfield.batch.inputs import Inputs
from hounsfield.batch.job_shards import WHOLE
from hounsfield.batch.others import is_told_problem
from hounsfield.batch.run import Output
from hounsfield.cli.bulk import BulkRun, planner
from hounsfield.cli.catalog_inputs import refuse_programs
from hounsfield.cli.shared_messages import SharedMessages
from hounsfield.cli.terminal import for_command, on_terminal, say, write_json, write_text
from hounsfield.errors import WorkersLostError
from hounsfield.text import counted

if TYPE_CHECKING:
    from hounsfield.batch.job_inputs import JobInputs
    from hounsfield.recipes.job import Job


@dataclass
class Run:
    """One call of a command over its inputs.

    Parameters
    ----------
    options
        The command's output options: ``as_json``, ``jsonl``, ``quiet``, ``verbose``.
    show
        Writes one result for a person.
    bulk
        Where inputs are done, which share of them, and where results are kept.
    folder
        Where an interrupted run may have left half-written files.
    failed
        Makes a JSON document of a failure, for a command whose answer it is; it goes out beside the message.
    """

    options: dict[str, Any]
    show: Callable[[Any, bool], None]
    bulk: BulkRun = field(default_factory=partial(BulkRun, jobs=1))
    folder: Path | None = None
    failed: Callable[[Outcome], Any] | None = None
    _counts: dict[str, int] = field(default_factory=dict[str, int])
    _assumed: int = 0
    _ended: int = 0
    _named: tuple[str, ...] = ()
    _results: list[Any] = field(default_factory=list[Any])
    _shared: SharedMessages = field(init=False)

    def __post_init__(self) -> None:
        self._shared = SharedMessages(self.options["verbose"])

    def over(self, task: Task, inputs: Inputs | JobInputs) -> int:
        """Run the task over the inputs; return the exit code."""
        with closing(self.bulk):
            return self._over(task, inputs)

    def _over(self, task: Task, inputs: Inputs | JobInputs) -> int:
        if isinstance(inputs, Inputs):
            if not self._say_found(inputs):
                return 3
            plan = planner()
            if plan is not None:
                return plan(self, task, inputs)
            single = inputs.single
        else:
            single = False
        self._named = inputs.given
        beside = (self.options.get(name) for name in ("like", "presentation"))
        output = Output(self.folder, bool(self.options.get("force")), tuple(path for path in beside if path))
        total = 0
        try:
            with (
                self.bulk.outcomes(task, inputs, output, self._end) as (outcomes, total),
                _progress(total, self.options["quiet"]) as advance,
            ):
                for outcome in outcomes:
                    self._take(outcome, single)
                    advance()
        except KeyboardInterrupt:
            self._shared.close()
            # Workers may have ended more inputs than have been reported: all of those count, whose files are there.
            count = counted(total, "input")
            say(f"interrupted after {self._ended} of {count}; the files written so far are complete")
            self.bulk.say_kept(self.options["quiet"], interrupted=True)
            return 130
        except BrokenPipeError:
            self.bulk.say_unread()
            raise
        except WorkersLostError as error:
            self._shared.close()
            say(str(error))
            self.bulk.say_kept(self.options["quiet"], interrupted=True)
            return 1
        self._close(total, single)
        self.bulk.say_kept(self.options["quiet"])
        return self._exit_code()

    def _say_found(self, inputs: Inputs) -> bool:
        """Say what was left out; return whether there is anything to do."""
        if inputs.left_out and not (len(inputs) and self.options["quiet"]):
            for sentence in inputs.left_out:
                say(for_command(sentence))
        self._say_unknown(inputs)
        if not len(inputs) and not inputs.left_out and not inputs.unknown:
            say(f"{', '.join(inputs.given)}: no {'images' if inputs.others else 'files'}")
        return bool(len(inputs))

    def _end(self) -> None:
        self._ended += 1

    def _say_unknown(self, inputs: Inputs) -> None:
        """Say of how many files nothing tells whether they were asked for; with -v which they are, and why."""
        unknown, quiet = inputs.unknown, self.options["quiet"] and len(inputs)
        if not unknown or quiet:
            return
        said = "cannot be read, or without pixels, left out: whether they fit is not known"
        count = counted(len(unknown), "file")
        say(f"{count} that {said}" if self.options["verbose"] else f"{count} that {said}; -v names them")
        for item in unknown if self.options["verbose"] else ():
            say(f"{item.name}: {for_command(item.refused or item.lost or 'its header cannot be read')}")

    def _take(self, outcome: Outcome, single: bool) -> None:
        kind = outcome.failure or "good"
        if kind == "input" and is_told_problem(outcome.source, outcome.problem, self._named):
            kind = "other"  # it lies beside images: told, but no failure
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._assumed += bool(outcome.assumptions)
        failed = bool(outcome.failure) and not self.options["verbose"]  # the error says what matters
        if not failed and not self.options["quiet"] and (single or self.options["verbose"]):
            for sentence in outcome.assumptions:
                say(f"assumed: {for_command(sentence)}")
        result = outcome.result
        if outcome.failure:
            self._shared.say(outcome.source, for_command(outcome.error))
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
        self._shared.close()
        if self.options["as_json"] and not self.options["jsonl"] and (self._results or not single):
            write_json(self._results[0] if single else self._results, compact=False)
        if single or self.options["quiet"]:
            return
        total = sum(self._counts.values()) - self._counts.get("other", 0)
        failed = total - self._counts.get("good", 0)
        if self._assumed and not self.options["verbose"]:
            say(f"{self._assumed} of {counted(total, 'input')} read with assumptions; -v names them")
        if failed:
            say(f"{total - failed} of {counted(total, 'input')} done, {failed} failed")

    def _exit_code(self) -> int:
        counts = dict(self._counts)
        for kind, count in self.bulk.before.items():
            counts[kind] = counts.get(kind, 0) + count
        if not counts and self.bulk.shard != WHOLE:
            return 0  # where members outnumber series, some have nothing to do: the array has not failed
        if counts.get("output"):
            return 5
        if counts.get("dependency"):
            return 4
        if not counts.get("good") and not counts.get("task"):
            return 3
        return 1 if sum(counts.values()) > counts.get("good", 0) + counts.get("other", 0) else 0


def show_program(job: Job[Any]) -> int:
    """Print the program that does a job; return the exit code."""
    from hounsfield.batch.names import unique_stems
    from hounsfield.recipes.program import program

    refuse_programs(job.paths)
    named = [path for path in job.paths if not os.path.isdir(path)]
    write_text(program(job, {path: str(stem) for path, stem in unique_stems(named, job.paths).items()}))
    return 0


@contextmanager
def _progress(total: int, quiet: bool) -> Generator[Callable[[], None]]:
    """Show a progress bar where a person watches and there is something to watch.

    Results that go to the same terminal are printed above the bar; redirected ones are left alone.
    """
    if quiet or total < WORTH_WORKERS or not on_terminal():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        job = bar.add_task("reading", total=total)
        yield lambda: bar.advance(job)
