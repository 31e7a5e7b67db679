"""`hu scan -o CATALOG/`: scanning into a catalog, and what is said of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.others import is_other
from hounsfield.catalog.catalog_paths import has_catalog
from hounsfield.cli.idle_options import refuse_idle
from hounsfield.cli.terminal import on_terminal, say, write_json
from hounsfield.errors import FormatError, OutputError, SourceError
from hounsfield.text import counted, name_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from hounsfield.catalog.scan_outcome import CatalogProgress, Scanned

#: Catalogs that are named of those left out.
_NAMED = 3
_IDLE = {"where": "--where", "force": "--force", "jsonl": "--jsonl", "as_python": "--as-python"}


def is_catalog_path(output: str | None) -> bool:
    """Return whether an output is to be a catalog: it is one, or its name ends as a folder's does."""
    if output is None:
        return False
    if output.endswith((os.sep, "/")):
        return True
    from hounsfield.catalog.manifest import is_catalog

    return os.path.isdir(output) and is_catalog(output)


def scan_catalog(paths: tuple[str, ...], options: dict[str, Any]) -> int:
    """Scan into a catalog, and say what came of it; return the exit code."""
    refuse_idle(_IDLE, "a catalog has a row for every file, and is brought up to date in place")
    if options["headers"] and options["no_phi"]:
        raise click.UsageError(
            "--headers and --no-phi exclude each other: a whole header holds what identifies the patient"
        )
    if "-" in paths:
        raise click.UsageError("a catalog is of files and folders: standard input cannot be looked at again")
    if has_catalog(paths):
        raise click.UsageError("a catalog is of files and folders: name those, not a catalog of them")
    work = _IntoCatalog(paths, options)
    try:
        return work.run()
    except KeyboardInterrupt:
        say(
            f"interrupted; the catalog keeps what it has, {counted(work.kept() or 0, 'row')}, "
            "and the next scan goes on from there"
        )
        return 130
    except (FormatError, SourceError) as error:
        say(str(error))
        return 3
    except OutputError as error:
        kept = work.kept()
        say(str(error) if kept is None else f"{error}; the catalog is whole, and has {counted(kept, 'row')}")
        return 5


@dataclass
class _IntoCatalog:
    """One call of the command."""

    paths: tuple[str, ...]
    options: dict[str, Any]
    failed: Counter[str] = field(default_factory=Counter[str])
    others: Counter[str] = field(default_factory=Counter[str])

    def run(self) -> int:
        """Scan, and say what was done."""
        from hounsfield.catalog.scan_outcome import ScanListener
        from hounsfield.catalog.writing import scan_into

        columns: str | None = self.options["columns"]
        with catalog_progress(self.options["quiet"]) as progress:
            try:
                done = scan_into(
                    self.options["output"],
                    self.paths,
                    columns=None if columns is None else [name.strip() for name in columns.split(",") if name.strip()],
                    phi=False if self.options["no_phi"] else None,
                    headers=True if self.options["headers"] else None,
                    threads=self.options["threads"],
                    listener=ScanListener(progress, self._count, None if progress is None else progress.derived),
                )
            except FormatError:  # a ValueError, too
                raise
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--columns") from None
        return self._close(done)

    def kept(self) -> int | None:
        """Return how many rows the catalog has; None where there is none."""
        from hounsfield.catalog.manifest import is_catalog, read_manifest

        folder = Path(self.options["output"])
        try:
            return read_manifest(folder).rows if is_catalog(folder) else None
        except (FormatError, SourceError):
            return None

    def _count(self, path: str, why: str) -> None:
        """Count a file that could not be read, or that is no DICOM and was never meant to be."""
        (self.others if path not in self.paths and is_other(path, why) else self.failed)[why] += 1
        if self.options["verbose"]:
            say(f"{path}: {why}")

    def _close(self, done: Scanned) -> int:
        if self.options["as_json"]:
            counts = asdict(done) | {"errors": dict(self.failed.most_common()), "not_dicom": self.others.total()}
            write_json({"catalog": os.fspath(self.options["output"]), **counts}, compact=False)
        if not self.options["quiet"]:
            self._say(done)
        if self.failed:
            say(
                f"{counted(self.failed.total(), 'file')} could not be read"
                + ("" if self.options["verbose"] else "; -v names them")
            )
            for reason, count in self.failed.most_common():
                say(f"{count:>8}  {reason}")
        if not done.files:
            say(f"{', '.join(self.paths)}: no files")
            return 3
        return 1 if self.failed else 0

    def _say(self, done: Scanned) -> None:
        say(
            f"{counted(done.files, 'file')}: {done.new} new, {done.changed} changed, {done.unchanged} unchanged, "
            f"{done.vanished} vanished, {done.moved} moved"
        )
        if done.returned:
            say(f"{counted(done.returned, 'file')} back that had vanished")
        if self.others:
            say(f"{counted(self.others.total(), 'file')} not DICOM, as a row says of each")
        say(f"{counted(done.rows, 'row')} in {self.options['output']}")
        if done.catalogs:
            more = len(done.catalogs) - _NAMED
            names = ", ".join([*map(name_text, done.catalogs[:_NAMED]), *([f"… {more} more"] if more > 0 else [])])
            say(f"catalogs that were found there are left out: {names}")
        if done.repeated:
            say(
                f"SOP Instance UIDs in more than one file: {done.repeated}; "
                f"hu query {self.options['output']} --what duplicates"
            )
        if done.conflicting:
            say(
                f"SOP Instance UIDs of which the headers disagree: {done.conflicting}; "
                f"hu query {self.options['output']} --what conflicts"
            )
        if done.secret is not None:
            say(f"{done.secret} connects the catalog with the files: keep it, and never give it away")


@contextmanager
def catalog_progress(quiet: bool) -> Generator[_Shown | None]:
    """Show files a second, bytes and the time left, where a person watches."""
    if quiet or not on_terminal():
        yield None
        return
    from rich.console import Console
    from rich.filesize import decimal
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.completed:,.0f} of {task.fields[found]} files"),
        TextColumn("{task.fields[size]}"),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Shown(bar, bar.add_task("scanning", total=None, found="?", size="", speed=""), decimal)


@dataclass(frozen=True)
class _Shown:
    """Progress on the terminal: files that are read, and then files whose series are looked at."""

    bar: RichProgress
    job: TaskID
    words: Callable[[int], str]

    def __call__(self, progress: CatalogProgress) -> None:
        task = self.bar.tasks[0]
        more = "" if progress.complete else "+"
        self.bar.update(
            self.job,
            completed=progress.done,
            total=progress.found if progress.complete else None,
            found=f"{progress.found:,}{more}",
            size=f"{self.words(progress.bytes_done)} of {self.words(progress.bytes_found)}{more}",
            speed=f"{progress.done / task.elapsed:,.0f} files/s" if task.elapsed else "",
        )

    def derived(self, done: int, total: int) -> None:
        """Show how far the series have been looked at."""
        self.bar.update(
            self.job, description="series", completed=done, total=total, found=f"{total:,}", size="", speed=""
        )
