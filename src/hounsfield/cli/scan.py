"""`hu scan`: the headers of many files as a table."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import click

from hounsfield.batch.others import is_other
from hounsfield.catalog.catalog_paths import has_catalog
from hounsfield.cli.catalog_inputs import asking_catalogs
from hounsfield.cli.catalog_scan import is_catalog_path, scan_catalog
from hounsfield.cli.options import output_options, paths_argument, python_option, refusing
from hounsfield.cli.progress import reading_progress
from hounsfield.cli.showing import show_program
from hounsfield.cli.terminal import display_width, say, write_line
from hounsfield.errors import MissingDependencyError, OutputError
from hounsfield.interrupt import check_interrupt
from hounsfield.recipes.job import Job
from hounsfield.recipes.tabulation import Tabulation
from hounsfield.text import printable

#: What is shown on a terminal, where no columns are named: all would not fit.
_SHOWN = (
    "Modality",
    "PatientID",
    "StudyDate",
    "SeriesNumber",
    "InstanceNumber",
    "Rows",
    "Columns",
    "SeriesDescription",
)
#: Rows at a time: few where somebody waits for the first ones.
_TO_SCREEN, _TO_FILE = 1000, 10_000
_WIDEST = 40
_EPILOG = """\b
A column is a keyword, a tag, or a path through sequences; and file_size, mtime, pixel_offset, pixel_length,
encapsulated. Files that cannot be read have a row with an error, too; -v names each.

\b
Examples:
  hu scan folder/                                     a few columns, on the screen
  hu scan archive/ -o headers.parquet                 some fifty columns, typed
  hu scan archive/ -o headers.csv --columns PatientID,StudyDate,PixelSpacing
  hu scan folder/ --jsonl --no-phi | jq .Modality
  hu scan archive/ -o catalog/                        a catalog; again: only what is new or has changed
  hu scan archive/ -o catalog/ --headers              the whole header of each file, too
  hu scan "catalog?Modality = 'CT'" -o ct.csv         the rows that it has of these, without opening the files
  hu scan archive/ --where "Modality = 'CT' and SliceThickness < 2" --columns SeriesInstanceUID,KVP
  hu scan folder/ --columns SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
"""


@click.command("scan", epilog=_EPILOG)
@paths_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="A file: .parquet, .csv, .json or .jsonl. Or a folder, ending in /: a catalog, which is brought up to date "
    "where it is there already.",
)
@click.option(
    "--columns",
    metavar="NAME,...",
    help="Columns, in this order; by default the most common ones. Of a catalog, columns beside those.",
)
@click.option(
    "--where",
    metavar="CONDITION",
    help="Only files whose attributes fit: \"KVP > 100 and Modality = 'CT'\": = != < <= > >=, like, in (...), is null, "
    "and, or, not, parentheses. Files that cannot be read keep their row.",
)
@click.option(
    "--headers",
    is_flag=True,
    help="Into a new catalog: the whole header of each file, too, as DICOM JSON. It keeps them from then on.",
)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.option(
    "-j",
    "--threads",
    type=click.IntRange(1, 256),
    help="Number of reading threads; by default as many as speed up the scan.",
)
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Read the headers of many files into a table: one typed row for each file."""
    if is_catalog_path(options["output"]):
        return scan_catalog(paths, options)
    if options["headers"]:
        raise click.UsageError("--headers goes with a catalog: -o FOLDER/")
    if options["output"] is not None:
        options["output"] = Path(options["output"])
    if options["as_python"]:
        return show_program(job_of(paths, options))
    with refusing():
        Tabulation(where=options["where"])
    work = _HeaderTable(paths, options)
    try:
        with asking_catalogs(paths):
            return work.run()
    except KeyboardInterrupt:
        say(f"interrupted after {work.done} files; no file was written")
        return 130
    except MissingDependencyError as error:
        say(str(error))
        return 4
    except OutputError as error:
        say(str(error))
        return 5


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Tabulation]:
    """Parse the options of a table that a short program makes: of Parquet, or on the screen."""
    output = None if options["output"] is None else Path(options["output"])
    if output is not None and output.suffix.lower() != ".parquet":
        raise click.BadParameter(
            f"--as-python writes .parquet, or prints the rows; not {output.suffix}", param_hint="--output"
        )
    columns = None if options["columns"] is None else tuple(_names(options["columns"]))
    with refusing():
        recipe = Tabulation(columns, not options["no_phi"], options["threads"], options["where"])
    return Job(recipe, paths, output=None if output is None else os.fspath(output), force=options["force"])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@dataclass
class _HeaderTable:
    """One call of the command."""

    paths: tuple[str, ...]
    options: dict[str, Any]
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter[str])
    others: Counter[str] = field(default_factory=Counter[str])
    assumed: int = 0

    def run(self) -> int:
        """Scan, write, and say what could not be read."""
        from hounsfield.exports.tables import TABLE_FORMATS, write_table
        from hounsfield.outputs import refuse_inputs

        output: Path | None = self.options["output"]
        if output is not None and output.suffix.lower() not in TABLE_FORMATS:
            raise click.BadParameter(
                f"must end in {', '.join(TABLE_FORMATS)}; or in / for a catalog", param_hint="--output"
            )
        if output is not None and (output.is_dir() or (output.exists() and not self.options["force"])):
            why = "is a folder" if output.is_dir() else "exists already; it is kept (use --force to replace it)"
            raise OutputError(why, source=str(output))
        if output is not None and self.options["force"]:
            refuse_inputs(output, self.paths, frozenset([os.path.abspath(output)]))
        with reading_progress(self.options["quiet"], output is None) as progress:
            try:
                batches = self._batches(
                    columns=self._columns(),
                    where=self.options["where"],
                    phi=not self.options["no_phi"],
                    rows=_TO_SCREEN if output is None else _TO_FILE,
                    threads=self.options["threads"],
                    progress=progress,
                )
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--columns") from None
            counted = self._counted(batches)
            if output is None:
                self._show(counted)
            else:
                first = next(counted, None)
                if first is not None:
                    write_table(chain([first], counted), first.schema, output, force=self.options["force"])
        return self._close(output)

    def _batches(self, **asked: Any) -> Iterator[Any]:
        """Return the rows of files and folders; of catalogs those that they have."""
        import hounsfield as hu

        if not has_catalog(self.paths):
            return hu.scan_batches(self.paths, **asked)
        from hounsfield.catalog.scanned_rows import HeaderQuestion, rows_of

        return rows_of(self.paths, HeaderQuestion(**asked))

    def _columns(self) -> list[str] | None:
        text = self.options["columns"]
        if text is not None:
            return _names(text)
        plain = self.options["output"] is None and not (self.options["as_json"] or self.options["jsonl"])
        return [*_SHOWN] if plain else None

    def _counted(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Pass batches on; count what failed, and name it where that was asked for."""
        for batch in batches:
            check_interrupt()
            self.done += batch.num_rows
            errors, issues = batch.column("error"), batch.column("issues")
            if errors.null_count < batch.num_rows:
                self._count(batch.column("path").to_pylist(), errors.to_pylist())
            if len(issues.flatten()):
                self.assumed += sum(map(bool, issues.to_pylist()))
            if self.options["verbose"]:
                self._name(batch)
            yield batch

    def _count(self, paths: Sequence[str], errors: Sequence[str | None]) -> None:
        """Count the files that could not be read, and those that lie beside others and are no DICOM."""
        for path, error in zip(paths, errors, strict=True):
            if error is not None:
                beside = path not in self.paths and is_other(path, error)
                (self.others if beside else self.failed).update([error])

    def _name(self, batch: Any) -> None:
        for row in batch.select(["path", "issues", "error"]).to_pylist():
            for sentence in row["issues"]:
                say(f"assumed: {row['path']}: {sentence}")
            if row["error"] is not None:
                say(f"{row['path']}: {row['error']}")

    def _show(self, batches: Iterator[Any]) -> None:
        from hounsfield.exports.tables import json_array, json_lines

        if self.options["jsonl"] or self.options["as_json"]:
            for text in (json_lines if self.options["jsonl"] else json_array)(batches):
                click.echo(text, nl=False)
        else:
            _Screen().show(batches)

    def _close(self, output: Path | None) -> int:
        failed, others = self.failed.total(), self.others.total()
        if not self.done or (failed + others == self.done and self.options["where"] is not None):
            none = "no files" if self.options["where"] is None else "no file fits --where"
            say(f"{', '.join(self.paths)}: {none}")
            if not self.done:
                return 3
        if not self.options["quiet"]:
            if self.assumed and not self.options["verbose"]:
                say(f"{self.assumed} of {self.done} files were read with assumptions; -v names them")
            if output is not None:
                say(f"{self.done} rows written to {output}")
        names = "" if self.options["verbose"] else "; -v names them"
        known = self.options["where"] is None  # else how many files were left out is not known
        if failed:
            of_all = (
                f"{failed} of {self.done} files could not be read" if known else f"{failed} files could not be read"
            )
            say(of_all + names)
            for reason, count in self.failed.most_common():
                say(f"{count:>8}  {reason}")
        if others and not self.options["quiet"]:
            say((f"{others} of {self.done} files are not DICOM" if known else f"{others} files are not DICOM") + names)
        return 3 if failed + others == self.done else 1 if failed else 0


class _Screen:
    """Writes rows in aligned columns; the first rows decide how wide those are."""

    def __init__(self) -> None:
        self._widths: list[int] = []

    def show(self, batches: Iterator[Any]) -> None:
        """Write the rows of files that could be read."""
        for batch in batches:
            names = [name for name in batch.schema.names if name not in ("issues", "error")]
            kept = [row for row in batch.to_pylist() if row["error"] is None]
            rows = [[_cell(row[name]) for name in names] for row in kept]
            if not self._widths and rows:
                self._widths = [max(map(display_width, column)) for column in zip(names, *rows[:200], strict=True)]
                self._widths = [width if i == 0 else min(width, _WIDEST) for i, width in enumerate(self._widths)]
                self._write(names)
            for row in rows:
                self._write(row)

    def _write(self, cells: list[str]) -> None:
        padded = [cell + " " * (width - display_width(cell)) for cell, width in zip(cells, self._widths, strict=True)]
        write_line("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "\\".join(_cell(part) for part in value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, float):
        return f"{value:.10g}"
    return "-" if value is None else printable(str(value))
