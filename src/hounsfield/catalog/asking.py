"""Questions that others have written, answered by a process of their own: their bounds hold whatever they do.

DuckDB bounds the memory of its tables, and ends between two parts of a table. One value, such as
``repeat('x', 2000000000)``, it makes at once. So the answer comes from another process, which is watched, and killed.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
import io
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hounsfield.catalog.bounds import QueryBounds, Question
from hounsfield.catalog.manifest import Manifest, read_manifest
from hounsfield.catalog.sandbox import refuse_too_long
from hounsfield.catalog.watched import Watched
from hounsfield.interrupt import check_interrupt

if TYPE_CHECKING:
    import pyarrow as pa  # the process that answers loads its own meanwhile


class Answer:
    """The answer to a question, batch by batch.

    Attributes
    ----------
    schema
        Its columns.
    """

    schema: pa.Schema

    def __init__(self, watched: Watched) -> None:
        import pyarrow as pa

        watched.begin()
        self._watched = watched
        with watched.telling():
            self._stream = pa.ipc.open_stream(io.BufferedReader(watched.pipe, 2**20))
            self.schema = self._stream.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows, some at a time.

        Raises
        ------
        FormatError
            DuckDB cannot answer, say because a text is no number.
        LimitExceededError
            It takes too long, or more memory than is allowed.
        """
        with self._watched.telling():
            while True:
                check_interrupt()
                try:
                    batch = self._stream.read_next_batch()
                except StopIteration:
                    break
                yield batch
            self._watched.close()

    def table(self) -> pa.Table:
        """Return all rows; see `__iter__` for what is raised."""
        import pyarrow as pa

        return pa.Table.from_batches(list(self), self.schema)


@contextmanager
def ask(
    folder: str | os.PathLike[str],
    sql: str,
    parameters: Iterable[Any] = (),
    *,
    manifest: Manifest | None = None,
    bounds: QueryBounds | None = None,
    rows: int = 10_000,
) -> Generator[Answer]:
    """Ask a catalog, and give the answer, which comes while it is read.

    The time in which nobody reads does not count.

    Parameters
    ----------
    folder
        The catalog.
    sql
        One SELECT over the views of a catalog.
    parameters
        What its question marks stand for.
    manifest
        The state that is asked; by default the newest.
    bounds
        What the question may cost.
    rows
        Rows of a batch.

    Raises
    ------
    FormatError
        There is no catalog; or it is no SELECT, asks of something else, or DuckDB does not take it.
    LimitExceededError
        It takes too long, or more memory than is allowed.
    """
    refuse_too_long(sql)
    where = Path(folder)
    bounds = bounds or QueryBounds()
    question = Question(where, manifest or read_manifest(where), sql, tuple(parameters), bounds, rows)
    watched = Watched(question)
    try:
        yield Answer(watched)
    finally:
        watched.end()
