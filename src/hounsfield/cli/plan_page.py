"""A plan as a person reads it: what is known, what was measured, what follows from that, and what is not known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from hounsfield.batch.job_shards import WHOLE, JobShard
from hounsfield.cli.language import translated
from hounsfield.cli.terminal import display_width, for_command, table, write_line, write_words
from hounsfield.text import counted

if TYPE_CHECKING:
    from hounsfield.batch.job_plan import JobPlan
    from hounsfield.batch.planning import Estimate

#: Inputs that are named of those that will fail.
_FEW = 5
#: Share of its time that a sample may wait without a word.
_WAITS = 0.2


def show_plan(plan: JobPlan, share: JobShard, options: dict[str, Any]) -> None:
    """Write a plan.

    Parameters
    ----------
    plan
        What the job would do.
    share
        Which member of a job array that is, and how many there are.
    options
        Those of the command.
    """
    sections = {"known:": list(_known(plan, share)), "measured:": list(_measured(plan))}
    whole = len(plan.sample.timed) == len(plan.job.working)
    how = "measured:" if whole else "extrapolated from the sample:"
    sections.setdefault(how, []).extend(_estimated(plan) if plan.sample.timed else [])
    if plan.memory[0] is not None:
        how = "measured:" if plan.memory[1] == "measured" else "extrapolated from the sample:"
        sections.setdefault(how, []).append(["memory", f"{size_text(plan.memory[0])} for each worker"])
    _write_sections(sections)
    _name_failing(plan, options["verbose"])
    if share == WHOLE and plan.sample.timed:
        _show_arrays(plan)
    if not options["quiet"]:
        write_words("not known:")
        for sentence in _unknown(plan):
            write_line(f"  {translated(sentence)}")


def _write_sections(sections: dict[str, list[list[str]]]) -> None:
    """Write rows below their heads, in columns that go through all of them."""
    said = {head: [[translated(cell) for cell in row] for row in rows] for head, rows in sections.items() if rows}
    width = max(display_width(row[0]) for rows in said.values() for row in rows)
    for head, rows in said.items():
        write_words(head)
        for label, value in rows:
            write_line(f"  {label}{' ' * (width - display_width(label))}  {value}")


def _name_failing(plan: JobPlan, every: bool) -> None:
    failing = plan.job.failing
    if not failing:
        return
    write_words("will fail:")
    shown = failing if every else failing[:_FEW]
    for one in shown:
        write_line(f"  {one.item.name}: {translated(for_command(one.failing))}")
    if len(failing) > len(shown):
        write_words(f"  and {len(failing) - len(shown)} more that will fail; -v names them")


def _known(plan: JobPlan, share: JobShard) -> Iterator[list[str]]:
    job, places = plan.job, plan.places
    if share != WHOLE:
        yield ["shard", str(share)]
        yield ["inputs of the whole job", str(job.of)]
    volumes = sum(one.item.is_volume for one in job.inputs)
    yield ["series", str(job.series)]
    yield ["volumes", str(volumes)]
    yield ["single files", str(len(job.inputs) - volumes)]
    if job.failing:
        yield ["inputs that will fail", str(len(job.failing))]
    unsized = sum(size is None for size in job.files.values())
    yield ["files to read", str(len(job.files))]
    yield ["bytes to read", "not known" if job.files and unsized == len(job.files) else size_text(job.bytes)]
    if plan.largest is not None:
        shape = " x ".join(map(str, plan.largest.item.facts.shape)) if plan.largest.item.is_volume else ""
        size = "" if plan.largest.size is None else size_text(plan.largest.size)
        yield ["largest input", ", ".join(filter(None, (plan.largest.item.name, shape, size)))]
    if places is not None and places.taken:
        yield ["outputs that exist", f"of {counted(places.taken, 'input')}; kept, unless --force is given"]
    if places is not None and places.refused:
        yield ["place of outputs", places.refused]
    if places is not None and places.free is not None:
        yield ["free there", size_text(places.free)]


def _measured(plan: JobPlan) -> Iterator[list[str]]:
    sample = plan.sample
    yield ["finding inputs", f"{time_text(plan.before.wall)}, in each run and each member of a job array"]
    if not sample.timed:
        return
    yield ["inputs of the sample", str(len(sample.timed))]
    if sample.failed:
        yield ["inputs of it that failed", str(len(sample.failed))]
    yield ["time of the sample", time_text(sum(one.wall for one in sample.timed))]


def _estimated(plan: JobPlan) -> Iterator[list[str]]:
    yield ["core time", _ranged(plan.core_seconds, time_text)]
    yield ["core hours", _ranged(plan.core_seconds, _hours_text)]
    yield ["wall time", f"{_ranged(plan.wall_seconds, time_text)} with -j {plan.jobs} on {plan.processors} processors"]
    if plan.places is not None:
        yield ["output files", str(round(plan.output_files.value))]
        yield ["output bytes", _ranged(plan.output_bytes, size_text)]


def _show_arrays(plan: JobPlan) -> None:
    found = plan.divisions
    if len(found) == 1:
        write_words("job array: of no use; one machine takes less than an hour, or a member cannot have less")
        return
    write_words(f"job array: --shard K/{found[-1].members}; of the member that has most:")
    rows = [[translated(word) for word in ("members", "inputs", "bytes", "wall time")]]
    rows += [[str(d.members), str(d.most_inputs), size_text(d.most_bytes), time_text(d.seconds)] for d in found]
    table([["  " + row[0], *row[1:]] for row in rows])


def _unknown(plan: JobPlan) -> Iterator[str]:
    sample = plan.sample
    yield "whether files take longer to arrive than those of the sample, from a slow disk or over a network"
    yield "which inputs have damage that only decoding shows: they fail, and take less"
    if sample.cut_short:
        yield "what others of the sample take: time was up; --seconds gives more"
    unsized = sum(size is None for size in plan.job.files.values())
    if unsized:
        yield f"the size of {counted(unsized, 'file')}: the mean of the others is taken"
    if plan.job.members:
        count = counted(plan.job.members, "file")
        yield f"the bytes of {count} in archives: each is taken as an equal part of its archive"
    if sample.timed and plan.core_seconds.low is None:
        yield "the range: too few inputs were measured of each kind"
    if plan.waiting > _WAITS:
        waited = f"{plan.waiting:.0%}"
        yield f"why the sample waited {waited} of its time: for files, or for a processor that others had"
    if sample.load is not None and sample.load > plan.processors:
        load = f"{sample.load:.1f}"
        yield f"how much of the wall time is that of other work: the load was {load} on {plan.processors} processors"
    if sample.timed and plan.memory[0] is None:
        yield "the memory of a worker: this system does not tell"
    elif plan.memory[1] == "extrapolated" and plan.largest is not None and not plan.largest.voxels:
        yield "how much memory compressed files take: it is extrapolated by their bytes"
    if plan.kept:
        yield "what earlier runs have done: there are results, and the whole job is planned"
    if plan.places is not None:
        yield "how fast the place of the outputs is: the sample wrote to a temporary folder"


def _ranged(number: Estimate, text: Callable[[float], str]) -> str:
    """Return an estimate with its range, where that says more."""
    if number.low is None or number.high is None or text(number.low) == text(number.high):
        return text(number.value)
    return f"{text(number.value)} ({text(number.low)} .. {text(number.high)})"


def _hours_text(seconds: float) -> str:
    return _digits(seconds / 3600)


def _digits(number: float) -> str:
    """Return a number with two digits that count, without an exponent."""
    if number >= 10 or not number:
        return f"{number:,.0f}"
    return f"{number:.{min(6, 1 - math.floor(math.log10(number)))}f}"


def size_text(count: float) -> str:
    """Return a number of bytes in a few digits.

    Examples
    --------
    >>> size_text(999), size_text(1_234_567), size_text(56_700_000_000)
    ('999 bytes', '1.23 MB', '56.7 GB')
    """
    if count < 1000:
        return f"{count:.0f} bytes"
    value, units = count / 1000, ["kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        del units[0]
    return f"{value:.3g} {units[0]}" if value < 1000 else f"{value:,.0f} {units[0]}"


def time_text(seconds: float) -> str:
    """Return a time in a few digits.

    Examples
    --------
    >>> time_text(0.0421), time_text(75), time_text(5400), time_text(400_000)
    ('0.042 s', '75 s', '1.5 h', '4.6 d')
    """
    for unit, length, most in (("s", 1, 100), ("min", 60, 100), ("h", 3600, 72)):
        if seconds < most * length and not (unit == "min" and seconds >= 3600):
            return f"{_digits(seconds / length)} {unit}"
    return f"{seconds / 86400:,.1f} d"
