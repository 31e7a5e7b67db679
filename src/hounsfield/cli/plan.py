"""`hu plan`: what a job would do, before it is run."""

from __future__ import annotations

import copy
import importlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from hounsfield.batch.job_shards import WHOLE, JobShard
from hounsfield.cli.bulk import PLANNER
from hounsfield.cli.language import is_translated
from hounsfield.cli.showing import Run
from hounsfield.cli.terminal import for_command, on_terminal, say, write_json

if TYPE_CHECKING:
    from hounsfield.batch.attempt import Task
    from hounsfield.batch.inputs import Inputs
    from hounsfield.batch.planned_inputs import OutputPlace, PlannedJob
    from hounsfield.batch.timed_sample import Sample

#: Commands whose jobs can be planned.
PLANNED = ("mask", "stats", "convert", "figure")
_SAMPLE, _SECONDS = 5, 10.0
_EPILOG = """\b
Examples:
  hu plan mask ct/ -o out --tissue lung      what this command would read, write and take
  hu plan stats "catalog?Modality = 'CT'" -j 16 --json
  hu plan convert archive/ --to nifti -o out --sample 20 --seconds 120
  hu plan mask archive/ -o out --shard 3/40  the share of one member of a job array
  hu plan mask --help                        the options of a command, and those of its plan
"""


def _options() -> list[click.Option]:
    """Return the options of plans: they may stand before the command, or behind it."""
    return [
        click.Option(
            ["--sample"],
            type=click.IntRange(1, 1000),
            show_default=str(_SAMPLE),
            help="How many inputs to do for measuring, at most.",
        ),
        click.Option(
            ["--seconds"],
            type=click.FloatRange(0, min_open=True),
            show_default=f"{_SECONDS:g}",
            help="For how long: no input is begun after that.",
        ),
        click.Option(
            ["--shard"], metavar="K/N", help="Plan the share of member K of a job array of N, counted from 1."
        ),
    ]


@dataclass
class Planner:
    """Is called in the place of a job, with all that it would be run with.

    Parameters
    ----------
    count, seconds
        How many inputs are measured, and for how long.
    share
        That of a member of a job array.
    jobs
        Inputs at a time.
    kept
        Whether there are results of earlier runs: what is done already is not looked up.
    as_json
        Whether a JSON document is printed: True indented, None on one line.
    """

    count: int
    seconds: float
    share: JobShard
    jobs: int
    kept: bool
    as_json: bool | None

    def __post_init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def __call__(self, run: Run, task: Task, inputs: Inputs) -> int:
        """Measure a few inputs, and print what the job would do; return the exit code."""
        from hounsfield.batch.job_plan import Before, JobPlan
        from hounsfield.batch.planned_inputs import planned_job
        from hounsfield.batch.timed_sample import Sample

        before = Before(self._processor, time.process_time() - self._processor, time.perf_counter() - self._wall)
        asked: Any = task
        job = planned_job(inputs, self.share, damaged=asked.recipe.reading.damaged)
        if not job.inputs:
            say(f"shard {self.share} has none of {len(inputs)} inputs")
        try:
            sample = self._measured(run, task, job) if job.working else Sample()
        except OSError as error:
            say(f"a folder for temporary files cannot be written: {error.strerror or type(error).__name__}")
            return 5
        except KeyboardInterrupt:
            say("interrupted; nothing was written")
            return 130
        places = _places(asked, job)
        plan = JobPlan(job, sample, before, places, self.jobs, os.cpu_count() or 1, kept=self.kept)
        self._show(plan, run.options)
        return _exit_code(sample, job)

    def _measured(self, run: Run, task: Task, job: PlannedJob) -> Sample:
        from hounsfield.batch.timed_sample import timed_sample

        working = job.working
        if run.options["quiet"] or not on_terminal() or len(working) < 2:
            return timed_sample(task, working, self.count, self.seconds)
        from rich.console import Console
        from rich.progress import MofNCompleteColumn, Progress

        columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            shown = bar.add_task("measuring", total=min(self.count, len(working)))
            return timed_sample(task, working, self.count, self.seconds, lambda: bar.advance(shown))

    def _show(self, plan: Any, options: dict[str, Any]) -> None:
        from hounsfield.cli.plan_page import show_plan

        name = click.get_current_context().info_name or ""
        share = {"shard": None if self.share == WHOLE else str(self.share)}
        for one in plan.sample.failed:
            say(f"the sample failed: {for_command(one.error)}")
        if self.as_json is False:
            show_plan(plan, self.share, options)
        else:
            write_json({"command": name, **share, **plan.to_dict()}, compact=self.as_json is None)


def _places(task: Any, job: PlannedJob) -> OutputPlace | None:
    """Return what is known of where a task writes; None where it writes no files."""
    from hounsfield.batch.planned_inputs import places_of

    target: Path | None = getattr(task, "target", None)
    if target is None:
        return None
    items = [] if task.force else [one.item for one in job.inputs]
    return places_of(items, target, task.to_file and not task.force)


def _exit_code(sample: Sample, job: PlannedJob) -> int:
    """Return 0 where something could be measured, or a share is empty; else the code that the job would end with."""
    if sample.timed or not job.inputs:
        return 0
    failures = {one.failure for one in sample.failed}
    return 4 if failures == {"dependency"} else 3


class _Plans(click.Group):
    """A group of the commands whose jobs can be planned; each is loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PLANNED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PLANNED:
            return None
        from hounsfield.cli import COMMANDS

        return planned_command(cast("click.Command", importlib.import_module(COMMANDS[cmd_name][0]).command))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what can be planned where another command was named."""
        if args[0] not in PLANNED and not args[0].startswith("-"):
            ctx.fail(f"No plans of {args[0]!r}: the commands are {', '.join(PLANNED)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from gettext import gettext

        from hounsfield.cli import COMMANDS
        from hounsfield.cli.language import exactly

        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, exactly(COMMANDS[name][1])) for name in PLANNED])


def planned_command(command: click.Command) -> click.Command:
    """Return a command that plans what another one does, by the same options."""
    made = copy.copy(command)
    own = [one for one in _options() if one.name not in {known.name for known in command.params}]
    made.params = [*command.params, *own]
    run: Any = command.callback

    def call(**options: Any) -> int:
        context = click.get_current_context()
        outer = context.parent.params if context.parent else {}
        asked = {name: options.get(name) or outer.get(name) for name in ("sample", "seconds")}
        if options["as_python"]:
            raise click.UsageError("--as-python prints a program, and a plan runs none: give it without 'plan'")
        as_json = options["as_json"] or outer.get("as_json", False)
        results = options.get("results")
        context.meta[PLANNER] = Planner(
            asked["sample"] or _SAMPLE,
            asked["seconds"] or _SECONDS,
            _share(options.get("shard"), outer.get("shard")),
            options["jobs"] or os.cpu_count() or 1,
            results is not None and os.path.isdir(results),
            None if options["jsonl"] else bool(as_json),
        )
        # A plan keeps no results.
        given = options | {name: None for name in ("results", "retry_failed") if name in options}
        return run(**{name: value for name, value in given.items() if name not in {one.name for one in own}})

    made.callback = call
    if is_translated():
        from hounsfield.cli.help_page import translate

        translate(made)
    return made


def _share(own: JobShard | str | None, outer: str | None) -> JobShard:
    """Return the share that was asked for, behind the command or before it."""
    if isinstance(own, JobShard) and (own != WHOLE or outer is None):
        return own
    text = own if isinstance(own, str) else outer
    try:
        return WHOLE if text is None else JobShard.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--shard") from None


@click.command(
    "plan",
    cls=_Plans,
    epilog=_EPILOG,
    params=[*_options(), click.Option(["--json", "as_json"], is_flag=True, help="One JSON document.")],
    no_args_is_help=True,
    subcommand_metavar="COMMAND PATH...",
)
def command(**options: Any) -> None:
    """Print what a job would do, before it is run: inputs, bytes, time, memory, output, job arrays.

    Takes what the command takes. The headers of the inputs are read, and a few inputs are done one after another, with
    one thread, for measuring; from these the rest is estimated, by bytes. Nothing is written where the job writes: what
    the sample writes goes to a temporary folder, and is removed.
    """
