"""Print what a job on very many images takes: bytes, requests, hours of processors, money, catalogs, shards, failures.

    python benchmarks/scale_plan.py                         # 10,000,000,000 images
    python benchmarks/scale_plan.py --images 2e6 --slices 300 --image-bytes 131e3 --image-seconds 0.012 --cores 64
    python benchmarks/scale_plan.py --inputs                # the numbers that it starts from, and where they are from

Every number that it starts from is an option; docs/scale.md has what is printed. It multiplies and divides, no more:
nothing of the size of the default has been run.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

HOURS_OF_YEAR, HOURS_OF_MONTH = 8766, 730.5


def given(value: float, what: str, source: str) -> Any:
    """Return a field: a number, what it is, and where it is from."""
    return field(default=value, metadata={"what": what, "source": source})


@dataclass(frozen=True)
class Inputs:
    """The numbers that a plan starts from."""

    images: float = given(1e10, "images", "the task")
    slices: float = given(100, "images of a series", "assumption")
    image_bytes: float = given(526e3, "bytes of an image", "measured: CT of 512 x 512, native (batch_jobs.py)")
    image_seconds: float = given(
        0.0044, "core seconds of an image, read from a disk", "measured: hu mask (batch_jobs.py)"
    )
    store_seconds: float = given(
        0.0104, "core seconds of an image more, from an object store", "measured: 20 ms a request (batch_jobs.py)"
    )
    gets: float = given(4.0, "requests of an image, from an object store", "measured: 3 GET, 1 HEAD (batch_jobs.py)")
    store_wall: float = given(
        0.077,
        "seconds of an image, read from an object store by one process",
        "measured: 20 ms a request (batch_jobs.py)",
    )
    scan_seconds: float = given(105e-6, "core seconds of an image, scanned on a disk", "measured: docs/benchmarks.md")
    scan_store_seconds: float = given(
        0.69e-3, "core seconds of an image, scanned in a store", "measured: docs/benchmarks.md"
    )
    scan_store_wall: float = given(
        1.18e-3, "seconds of an image, scanned in a store by one process", "measured: docs/benchmarks.md"
    )
    scan_bytes: float = given(16.2 * 1024, "bytes of an image, scanned in a store", "measured: docs/benchmarks.md")
    row_bytes: float = given(11.1, "bytes of a row of a catalog, with its tables", "measured: docs/benchmarks.md")
    catalog_rows: float = given(1e7, "rows of one catalog", "choice")
    plan_seconds: float = given(
        2e-7, "core seconds of a row of the catalog, for each member", "measured: docs/scale.md"
    )
    start_seconds: float = given(1.0, "core seconds of a process that begins", "measured: batch_jobs.py")
    output_bytes: float = given(3.3e3, "bytes of an image that are written", "measured: masks as NIfTI (batch_jobs.py)")
    result_bytes: float = given(530, "bytes of a series in the results", "measured: docs/scale.md")
    members: float = given(100, "members of the job array of a catalog", "choice")
    cores: float = given(1000, "cores at work", "choice")
    cores_of_machine: float = given(16, "cores of a machine", "choice")
    machine_failures: float = given(0.5, "failures of a machine in a year", "assumption")
    interrupted: float = given(0.05, "share of spot machines that are taken back in a month", "cited: docs/scale.md")
    failing: float = given(1e-3, "share of series that cannot be read", "assumption")
    killing: float = given(1e-6, "share of series that end the process which reads them", "assumption")
    core_hour: float = given(0.0425, "price of a core hour on demand, in dollars", "cited: docs/scale.md")
    spot_hour: float = given(0.0162, "price of a core hour on spot machines, in dollars", "cited: docs/scale.md")
    gb_month: float = given(0.023, "price of a GB-month in an object store, in dollars", "cited: docs/scale.md")
    thousand_gets: float = given(0.0004, "price of 1,000 GET or HEAD requests, in dollars", "cited: docs/scale.md")
    thousand_lists: float = given(0.005, "price of 1,000 LIST or PUT requests, in dollars", "cited: docs/scale.md")
    page: float = given(1000, "objects of a page of a list", "measured: docs/benchmarks.md")
    prefix_gets: float = given(5500, "GET or HEAD requests in a second of one prefix", "cited: docs/scale.md")


@dataclass(frozen=True)
class Line:
    """A line of the plan."""

    part: str
    what: str
    value: str


def plan(i: Inputs) -> list[Line]:
    """Return the lines of the plan."""
    return [*_data(i), *_scan(i), *_catalogs(i), *_disk(i), *_store(i), *_failures(i)]


def _data(i: Inputs) -> list[Line]:
    total = i.images * i.image_bytes
    return [
        Line("data", "series", count(i.images / i.slices)),
        Line("data", "bytes", size(total)),
        Line("data", "kept in an object store, a month", money(total / 1e9 * i.gb_month)),
    ]


def _scan(i: Inputs) -> list[Line]:
    lists, core_hours = i.images / i.page, i.images * i.scan_store_seconds / 3600
    processes = math.ceil(i.images * i.scan_store_wall / 86400)
    requests = i.images / 1e3 * i.thousand_gets + lists / 1e3 * i.thousand_lists
    return [
        Line("scan of a disk", "core hours", count(i.images * i.scan_seconds / 3600)),
        Line("scan of a disk", "processes that do it in a day", count(math.ceil(i.images * i.scan_seconds / 86400))),
        Line("scan of an object store", "GET requests", count(i.images)),
        Line("scan of an object store", "LIST requests, by each later scan again", count(lists)),
        Line("scan of an object store", "bytes read", size(i.images * i.scan_bytes)),
        Line("scan of an object store", "core hours", count(core_hours)),
        Line("scan of an object store", "processes that do it in a day", count(processes)),
        Line("scan of an object store", "requests, paid", money(requests)),
        Line("scan of an object store", "cores, paid on demand", money(core_hours * i.core_hour)),
    ]


def catalogs_of(i: Inputs) -> int:
    """Return how many catalogs there are."""
    return max(1, math.ceil(i.images / i.catalog_rows))


def _catalogs(i: Inputs) -> list[Line]:
    catalogs = catalogs_of(i)
    rows, members = i.images / catalogs, catalogs * i.members
    planned = rows * i.plan_seconds
    return [
        Line("catalogs", "catalogs", count(catalogs)),
        Line("catalogs", "bytes of all", size(i.images * i.row_bytes)),
        Line("catalogs", "bytes of one", size(rows * i.row_bytes)),
        Line("shards", "members of all job arrays", count(members)),
        Line("shards", "series of a member", count(i.images / i.slices / members)),
        Line("shards", "a member before it reads its first image", duration(planned + i.start_seconds)),
        Line("shards", "core hours of all members before", count((planned + i.start_seconds) * members / 3600)),
        Line("results", "bytes of the results", size(i.images / i.slices * i.result_bytes)),
        Line("results", "bytes of the masks", size(i.images * i.output_bytes)),
    ]


def _disk(i: Inputs) -> list[Line]:
    hours = i.images * i.image_seconds / 3600
    seconds = hours * 3600 / i.cores
    return [
        Line("job on a file system", "core hours", count(hours)),
        Line("job on a file system", f"with {count(i.cores)} cores", duration(seconds)),
        Line("job on a file system", "a member, with one core", duration(hours * 3600 / catalogs_of(i) / i.members)),
        Line("job on a file system", "bytes a second, read by all", f"{size(i.images * i.image_bytes / seconds)}/s"),
        Line("job on a file system", "cores, paid on demand", money(hours * i.core_hour)),
        Line("job on a file system", "cores, paid as spot", money(hours * i.spot_hour)),
    ]


def store_hours(i: Inputs) -> float:
    """Return the core hours of a job that reads from an object store."""
    return i.images * (i.image_seconds + i.store_seconds) / 3600


def _store(i: Inputs) -> list[Line]:
    hours, each = store_hours(i), i.image_seconds + i.store_seconds
    seconds = hours * 3600 / i.cores
    per_second = i.images * i.gets / seconds
    prefixes = math.ceil(per_second / i.prefix_gets)
    return [
        Line("job on an object store", "GET and HEAD requests", count(i.images * i.gets)),
        Line("job on an object store", "core hours", count(hours)),
        Line("job on an object store", "processes that keep a core busy", f"{max(1.0, i.store_wall / each):.1f}"),
        Line("job on an object store", f"with {count(i.cores)} cores", duration(seconds)),
        Line("job on an object store", "requests a second", count(per_second)),
        Line("job on an object store", "prefixes that they need, at least", count(prefixes)),
        Line("job on an object store", "bytes a second, read by all", f"{size(i.images * i.image_bytes / seconds)}/s"),
        Line("job on an object store", "requests, paid", money(i.images * i.gets / 1e3 * i.thousand_gets)),
        Line("job on an object store", "cores, paid on demand", money(hours * i.core_hour)),
        Line("job on an object store", "cores, paid as spot", money(hours * i.spot_hour)),
    ]


def _failures(i: Inputs) -> list[Line]:
    machine_hours = store_hours(i) / i.cores_of_machine
    lost = i.slices * (i.image_seconds + i.store_seconds) * i.cores_of_machine
    series = i.images / i.slices
    return [
        Line("failures", "series that cannot be read", count(series * i.failing)),
        Line("failures", "series that end the process which reads them", count(series * i.killing)),
        Line("failures", "machines that fail", count(machine_hours / HOURS_OF_YEAR * i.machine_failures)),
        Line(
            "failures",
            "spot machines that are taken back instead",
            count(machine_hours / HOURS_OF_MONTH * i.interrupted),
        ),
        Line("failures", "work done again after one, at most", f"{lost:.0f} core seconds"),
    ]


def count(number: float) -> str:
    """Return a number as it is read: all digits, or three where it is small."""
    return f"{number:,.0f}" if number >= 100 or number == round(number) else f"{number:.3g}"


def plain(number: float) -> str:
    """Return a number that was given, with all its digits."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.7f}".rstrip("0")


def size(number: float) -> str:
    """Return bytes with their unit."""
    for unit, scale in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}" if number < 1000 * scale else f"{number / scale:,.0f} {unit}"
    return f"{number:.0f} B"


def money(number: float) -> str:
    """Return dollars."""
    return f"${number:,.0f}" if number >= 10 else f"${number:.2f}"


def duration(seconds: float) -> str:
    """Return a time with its unit."""
    for unit, scale in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.3g} s"


def table(lines: list[Line]) -> str:
    """Return the plan as a table of Markdown; the part stands where it begins."""
    rows = ["| | | |", "|---|---|---:|"]
    last = ""
    for line in lines:
        rows.append(f"| {line.part if line.part != last else ''} | {line.what} | {line.value} |")
        last = line.part
    return "\n".join(rows) + "\n"


def input_table(i: Inputs) -> str:
    """Return the numbers that a plan starts from as a table of Markdown."""
    rows = ["| option | | number | from |", "|---|---|---:|---|"]
    for each in fields(i):
        option, meta = f"--{each.name.replace('_', '-')}", each.metadata
        rows.append(f"| `{option}` | {meta['what']} | {plain(getattr(i, each.name))} | {meta['source']} |")
    return "\n".join(rows) + "\n"


def positive(least: float) -> Callable[[str], float]:
    """Return a reader of numbers that are not below this."""

    def read(text: str) -> float:
        number = float(text)
        if not (math.isfinite(number) and number >= least):
            raise argparse.ArgumentTypeError(f"must be a number from {least:g} on")
        return number

    return read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    whole = {"images", "slices", "catalog_rows", "members", "cores", "cores_of_machine", "page", "prefix_gets"}
    for each in fields(Inputs):
        help_text = f"{each.metadata['what']}; default {plain(each.default)}, {each.metadata['source']}"
        kind = positive(1 if each.name in whole else 0)
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=kind, default=each.default, help=help_text)
    parser.add_argument("--inputs", action="store_true", help="print the numbers that it starts from")
    options = vars(parser.parse_args())
    only_inputs = options.pop("inputs")
    inputs = Inputs(**options)
    print(input_table(inputs) if only_inputs else table(plan(inputs)), end="")


if __name__ == "__main__":
    main()
