"""`hu query`: questions in SQL to a catalog, and those that are ready."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hounsfield.cli.answer_screen import AnswerScreen
from hounsfield.cli.language import translated
from hounsfield.cli.terminal import say, table, write_json, write_line, write_text
from hounsfield.errors import FormatError, LimitExceededError, OutputError, SourceError
from hounsfield.text import counted

if TYPE_CHECKING:
    from hounsfield.catalog.asking import Answer
    from hounsfield.catalog.manifest import Manifest
    from hounsfield.catalog.questions import ReadyQuestion

#: Rows that a terminal shows, and those of a batch.
_SHOWN, _BATCH = 40, 10_000
_LIST = "-"  # --what without a name
#: Bytes of SQL that are read.
_MOST_BYTES = 2**22
#: SQL that begins with a comment; options have no spaces before a value.
_COMMENT = re.compile(r"--(?:[^\S\n]|[^=\n]*\n)")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}
_EPILOG = """\b
Examples:
  hu query catalog/ --what modalities         a ready question; --what alone lists them
  hu query catalog/ --what missing-slices --json
  hu query catalog/ --what duplicates --sql   its SQL, to start from
  hu query catalog/ --tables                  what can be asked of
  hu query catalog/ "SELECT Modality, count(*) FROM instances GROUP BY ALL"
  hu query catalog/ --file thin.sql -o thin.parquet
  echo "SELECT path FROM errors" | hu query catalog/ - --jsonl
"""


def _size(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """Parse a size in bytes, as 500MB or 2GiB."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) *([KMGT]?|[KMGT]I)B?", value.strip().upper())
    number = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 64 * 10**6 <= number < 2**50:
        raise click.BadParameter(f"{value} is no size from 64MB on, such as 500MB or 4GB", ctx, param)
    return int(number)


class _QueryCommand(click.Command):
    """A command whose SQL may begin with a comment: two hyphens, which are no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        return super().parse_args(ctx, [f"\n{each}" if _COMMENT.match(each) else each for each in args])


@click.command("query", cls=_QueryCommand, epilog=_EPILOG)
@click.argument("folder", metavar="CATALOG", required=False, type=click.Path())
@click.argument("sql", metavar="[SQL]", required=False)
@click.option("--file", "file", type=click.Path(), help="Read the SQL from a file.")
@click.option(
    "--what",
    metavar="NAME",
    is_flag=False,
    flag_value=_LIST,
    help="Ask a ready question. Without a name: list them.",
)
@click.option("--list-questions", "listed", is_flag=True, help="List the ready questions.")
@click.option("--sql", "sql_only", is_flag=True, help="Print the SQL of a ready question, and do not ask it.")
@click.option("--tables", is_flag=True, help="List what can be asked of: views, columns and types.")
@click.option("-o", "--output", type=click.Path(), help="A file: .parquet, .csv, .json, .jsonl or .arrow.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: a list of rows.")
@click.option("--jsonl", is_flag=True, help="One JSON document per line, one for each row.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV, with the names of the columns.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help="At most N rows. A terminal shows 40 by default; --all shows all.",
)
@click.option("--all", "everything", is_flag=True, help="Show all rows on a terminal, too.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, 10**7, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="End a question that takes longer.",
)
@click.option(
    "--memory",
    callback=_size,
    default="2GB",
    show_default=True,
    metavar="SIZE",
    help="End a question that needs more memory.",
)
@click.option("-j", "--threads", type=click.IntRange(1, 256), help="Number of threads; by default one per processor.")
@click.option("-q", "--quiet", is_flag=True, help="Errors only on standard error.")
def command(folder: str | None, sql: str | None, **options: Any) -> int:
    """Ask a catalog: one SELECT in the SQL of DuckDB, or a ready question.

    A question reads the catalog and nothing else: no other files, no network. It ends within its bounds of time and
    memory.
    """
    try:
        return _Query(folder, sql, options).run()
    except KeyboardInterrupt:
        say("interrupted; no file was written" if options["output"] else "interrupted")
        return 130
    except (FormatError, LimitExceededError, SourceError) as error:
        say(str(error))
        return 3
    except OutputError as error:
        say(str(error))
        return 5


class _Query:
    """One call of the command."""

    def __init__(self, folder: str | None, sql: str | None, options: dict[str, Any]) -> None:
        self._folder, self._sql, self._options = folder, sql, options
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        options, what = self._options, self._options["what"]
        listing = options["listed"] or what == _LIST
        asked = [self._sql is not None, options["file"] is not None, what is not None, options["tables"], listing]
        if sum(asked[:4]) > 1 or (listing and sum(asked[:4]) > (what == _LIST)):
            raise click.UsageError("ask one question: SQL, --file, --what or --tables")
        if self._folder is None and not listing and not (what and options["sql_only"]):
            raise click.UsageError("Missing argument 'CATALOG'.")
        if not any(asked):
            raise click.UsageError("no question: give SQL, --file or --what; --what alone lists ready questions")
        if options["sql_only"] and not what:
            raise click.UsageError("--sql prints a ready question: name it with --what")
        formats = sum(map(bool, (options["as_json"], options["jsonl"], options["as_csv"], options["output"])))
        if formats > 1:
            raise click.UsageError("one format: --json, --jsonl, --csv or --output")
        if options["everything"] and options["limit"] is not None:
            raise click.UsageError("--all and --limit contradict each other")

    def run(self) -> int:
        """Answer."""
        options = self._options
        if options["listed"] or options["what"] == _LIST:
            return self._list_questions()
        if self._folder is None:
            return self._print_sql(None)
        from hounsfield.catalog.manifest import read_manifest

        question = self._ready() if options["what"] else None
        manifest = read_manifest(Path(self._folder))
        if options["sql_only"]:
            return self._print_sql(manifest)
        if options["tables"]:
            return self._list_tables(self._folder, manifest)
        self._answer(self._folder, manifest, self._sql_for(manifest, question))
        return 0

    def _ready(self) -> ReadyQuestion:
        """Return the question that is named."""
        from hounsfield.catalog.questions import ready

        try:
            return ready(self._options["what"])
        except FormatError as error:
            near = error.message.endswith("?")
            raise click.UsageError(error.message if near else f"{error.message}; --what alone lists them") from None

    def _sql_for(self, manifest: Manifest, question: ReadyQuestion | None) -> str:
        if question is not None:
            return question.sql_for(manifest)
        if self._options["file"] is not None:
            return _read_sql(Path(self._options["file"]))
        if self._sql == "-":
            return _decoded(sys.stdin.buffer.read(_MOST_BYTES), "standard input")
        return str(self._sql)

    def _list_questions(self) -> int:
        from hounsfield.catalog.questions import questions

        if self._options["as_json"]:
            write_json([{"name": one.name, "about": one.about, "sql": one.sql()} for one in questions()], compact=False)
        else:
            table([[one.name, translated(one.about)] for one in questions()])
        return 0

    def _print_sql(self, manifest: Manifest | None) -> int:
        question = self._ready()
        write_text(question.commented(question.sql() if manifest is None else question.sql_for(manifest)))
        return 0

    def _list_tables(self, folder: str, manifest: Manifest) -> int:
        from hounsfield.catalog.described import VIEWS, column_words
        from hounsfield.catalog.querying import Database

        with closing(Database(Path(folder), manifest)) as database:
            views = [(name, VIEWS.get(name, ""), database.columns(name)) for name in _ordered(database.views, VIEWS)]
        if self._options["as_json"]:
            document = [
                {"view": name, "about": about, "columns": [_column(*one, column_words(one[0])) for one in columns]}
                for name, about, columns in views
            ]
            write_json(document, compact=False)
            return 0
        for name, about, columns in views:
            write_line(f"{name}: {translated(about)}")
            table([[f"  {column}", kind, translated(column_words(column))] for column, kind in columns])
            write_line("")
        return 0

    def _answer(self, folder: str, manifest: Manifest, sql: str) -> None:
        from hounsfield.catalog.asking import ask
        from hounsfield.catalog.bounds import QueryBounds
        from hounsfield.catalog.described import older_tables

        options = self._options
        bounds = QueryBounds(options["memory"], options["timeout"], options["threads"])
        output = _writable(options["output"], folder, options["force"])
        if not options["quiet"] and (older := older_tables(sql, derived=manifest.is_derived)):
            say(older)
        with ask(folder, sql, manifest=manifest, bounds=bounds, rows=_BATCH) as answer:
            if output is not None:
                self._write(answer, output)
            else:
                self._print(answer)

    def _write(self, answer: Answer, output: Path) -> None:
        from hounsfield.exports.tables import write_table

        rows = 0

        def passed_on() -> Iterator[Any]:
            nonlocal rows
            for batch in self._limited(answer):
                rows += batch.num_rows
                yield batch

        write_table(passed_on(), answer.schema, output, force=self._options["force"])
        if not self._options["quiet"]:
            say(f"{counted(rows, 'row')} written to {output}")

    def _print(self, answer: Answer) -> None:
        options = self._options
        if not (options["as_csv"] or options["as_json"] or options["jsonl"]):
            self._show(answer)
            return
        from hounsfield.exports.tables import csv_parts, json_array, json_lines

        if options["as_csv"]:
            parts = csv_parts(self._limited(answer), answer.schema)
        else:
            parts = (json_array if options["as_json"] else json_lines)(self._limited(answer))
        for part in parts:
            click.echo(part, nl=False)

    def _show(self, answer: Answer) -> None:
        on_screen, limit = sys.stdout.isatty(), self._options["limit"]
        if limit is None and on_screen and not self._options["everything"]:
            limit = _SHOWN
        AnswerScreen(answer.schema, limit, on_screen).show(answer)

    def _limited(self, batches: Answer) -> Iterator[Any]:
        """Yield at most as many rows as were asked for."""
        left = self._options["limit"]
        for batch in batches:
            if left is None:
                yield batch
                continue
            if batch.num_rows >= left:
                yield batch.slice(0, left)
                return
            left -= batch.num_rows
            yield batch


def _ordered(there: list[str], known: Iterable[str]) -> list[str]:
    """Return views in the order in which they are described."""
    return [name for name in known if name in there] + sorted({*there} - {*known})


def _column(name: str, kind: str, about: str) -> dict[str, str]:
    return {"name": name, "type": kind, "about": about}


def _writable(output: str | None, folder: str, force: bool) -> Path | None:
    """Return the file that is to be written, unless it exists, or lies in the catalog.

    Raises
    ------
    OutputError, click.BadParameter
        It cannot be written.
    """
    if output is None:
        return None
    from hounsfield.exports.tables import TABLE_FORMATS

    path = Path(output)
    if path.suffix.lower() not in TABLE_FORMATS:
        raise click.BadParameter(f"must end in {', '.join(TABLE_FORMATS)}", param_hint="--output")
    if path.resolve().is_relative_to(Path(folder).resolve()):
        raise OutputError("lies in the catalog, which is read, never written", source=output)
    if path.is_dir() or (path.exists() and not force):
        why = "is a folder" if path.is_dir() else "exists already; it is kept (use --force to replace it)"
        raise OutputError(why, source=output)
    return path


def _read_sql(path: Path) -> str:
    from hounsfield.sources.files import reason

    try:
        with open(path, "rb") as file:
            return _decoded(file.read(_MOST_BYTES), str(path))
    except OSError as error:
        raise FormatError(reason(error), source=str(path)) from None


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("SQL is text in UTF-8", source=source) from None
