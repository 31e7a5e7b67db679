"""What is shown while headers and slices are read: how far that has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from hounsfield.batch.listener import Listener
from hounsfield.cli.shared_messages import SharedMessages
from hounsfield.cli.terminal import for_command, on_terminal, say
from hounsfield.text import printable

if TYPE_CHECKING:
    from hounsfield.batch.inputs import Inputs
    from hounsfield.series.report import Conflict, FileOutcome, MissingSlices
    from hounsfield.series.volumes import Volumes


@contextmanager
def reading_progress(quiet: bool, to_screen: bool) -> Generator[Callable[[Any], None] | None]:
    """Show files a second and the time left where a person watches, and rows do not already tell them."""
    if quiet or not on_terminal() or (to_screen and sys.stdout.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.completed:,.0f} of {task.fields[found]} files"),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task("reading", total=None, found="?", speed="")

        def show(progress: Any) -> None:
            task = bar.tasks[0]
            speed = f"{progress.done / task.elapsed:,.0f} files/s" if task.elapsed else ""
            found = f"{progress.found:,}" + ("" if progress.complete else "+")
            total = progress.found if progress.complete else None
            bar.update(job, completed=progress.done, total=total, found=found, speed=speed)

        yield show


@contextmanager
def slices_progress(quiet: bool, name: str) -> Generator[Callable[[int, int], None] | None]:
    """Show how many slices of a volume have been read, where a person watches and no other bar is on the screen."""
    if quiet or not on_terminal():
        yield None
        return
    from rich.console import Console
    from rich.errors import LiveError
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    job = bar.add_task(printable(name), total=None)
    try:
        bar.start()
    except LiveError:  # that of the inputs
        yield None
        return
    try:
        yield lambda done, count: bar.update(job, completed=done, total=count)
    finally:
        bar.stop()


class ProgressListener(Listener):
    """Shows how finding and reading inputs goes on, and says what is to be known of what was found.

    Parameters
    ----------
    quiet
        Shows and says nothing.
    every
        Names each file on a terminal, too, also where there are many of a kind.
    choosing
        Waits until inputs have been chosen, and says what is to be known of these; with `every` of all, at once.
    """

    def __init__(self, quiet: bool, every: bool = False, *, choosing: bool = False) -> None:
        self._quiet = quiet
        self._every = every
        self._choosing = choosing and not every
        self._held: list[tuple[str, Volumes]] = []

    def surveying(self) -> AbstractContextManager[Callable[[Any], None] | None]:
        """Show files a second."""
        return reading_progress(self._quiet, False)

    def loading(self, name: str) -> AbstractContextManager[Callable[[int, int], None] | None]:
        """Show slices."""
        return slices_progress(self._quiet, name)

    def surveyed(self, name: str, volumes: Volumes, others: Sequence[FileOutcome]) -> None:
        """Say what is to be known of files that give no result of their own, and of gaps."""
        if self._quiet:
            return
        if self._choosing:
            self._held.append((name, volumes))
            return
        report = volumes.report
        copies = len(report.of("duplicate"))
        if copies:
            say(f"{name}: {copies} files are copies of others")
        _say_problems(name, report.missing, report.conflicts)
        told = SharedMessages(self._every)
        for file in others:
            told.say(file.path, f"{file.path}: {for_command(file.detail)}")
        told.close()

    def tell(self, inputs: Inputs) -> None:
        """Say what has been held back of those inputs that were chosen."""
        for name, volumes in self._held:
            chosen = {item.facts.index for item in inputs.items if item.is_volume and item.found is volumes}
            files = {file.path for file in volumes.report.files if chosen.intersection(file.volumes)}
            report = volumes.report
            _say_problems(
                name,
                [gap for gap in report.missing if chosen.intersection(gap.volumes)],
                [conflict for conflict in report.conflicts if files.intersection(conflict.paths)],
            )
        self._held.clear()


def _say_problems(name: str, missing: Iterable[MissingSlices], conflicts: Iterable[Conflict]) -> None:
    for gap in missing:
        first, last = gap.volumes
        say(f"{name}: " + (f"volume {first}" if first == last else f"volumes {first} and {last}") + f": {gap}")
    for conflict in conflicts:
        say(f"{name}: conflict: {for_command(str(conflict))}")
