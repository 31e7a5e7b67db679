"""Rows of a catalog that is open, by what a question names: of the state that was opened, or the one after it."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from hounsfield.catalog.catalog_paths import question_of
from hounsfield.catalog.chosen_rows import (
    NamedRows,
    RowsOfSeries,
    chosen_rows,
    named_rows,
    naming_error,
    naming_sql,
    parts_of_rows,
)
from hounsfield.catalog.open_state import OpenState
from hounsfield.errors import FormatError

#: Rows, with the shard and the part of it in which they are.
Parts = Iterator[tuple[tuple[str, int], pa.Table]]
Result = TypeVar("Result")


class OpenedRows:
    """Rows of a catalog whose files can be opened by them.

    Parameters
    ----------
    folder
        The catalog.
    opened
        Its state.

    Raises
    ------
    FormatError
        The catalog is one without what identifies.
    """

    def __init__(self, folder: Path, opened: OpenState) -> None:
        opened.check()
        if not opened.manifest.phi:
            why = "the catalog is without what identifies patients: its paths are no names of files, none can be opened"
            raise FormatError(why, source=str(folder))
        self._folder, self._opened = folder, opened

    def named(self, sql: str | None, parameters: Sequence[Any] = ()) -> NamedRows | None:
        """Return by what a question, or a condition, names files; None where there is none.

        Raises
        ------
        FormatError, LimitExceededError
            As `OpenState.query`; or the answer names no files.
        """
        question = question_of(sql or "")
        if not question:
            return None
        try:
            return named_rows(self._opened.query(naming_sql(question), [*parameters]))
        except FormatError as error:
            raise naming_error(error) from None

    def table(self, columns: Sequence[str], named: NamedRows | None, series: RowsOfSeries | None = None) -> pa.Table:
        """Return columns of the rows that are named, of some series, in the order of a walk."""
        asked = list(dict.fromkeys(("path", "archive", *columns)))

        def choose(manifest: Any) -> pa.Table:
            return chosen_rows(self._folder, manifest, asked, named, series)

        return self._opened.whole(choose).select([*columns])

    def over_parts(self, work: Callable[[Parts], Result], columns: Sequence[str], named: NamedRows | None) -> Result:
        """Return what some work makes of the rows that are named: it gets them some at a time, as they are stored."""
        return self._opened.whole(lambda manifest: work(parts_of_rows(self._folder, manifest, columns, named)))
