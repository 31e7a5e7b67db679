"""`Catalog`: a catalog of headers in a program: questions, tables, volumes, and bringing it up to date."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
from numpy.typing import DTypeLike

from hounsfield.catalog.bounds import QueryBounds
from hounsfield.catalog.checking import facts
from hounsfield.catalog.found_files import SLICE_COLUMNS, FoundFiles
from hounsfield.catalog.open_state import OpenState
from hounsfield.catalog.opened_rows import OpenedRows
from hounsfield.catalog.row_files import FILE_OF_ROW, names_of_files
from hounsfield.catalog.scan_outcome import CatalogProgress, ScanListener, Scanned
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import FormatError, SourceError
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.series.finding import Finding
from hounsfield.series.stacking import Gaps
from hounsfield.series.tolerances import Tolerances
from hounsfield.series.volumes import Volumes


class Catalog:
    """A catalog of headers: a folder of tables with a row for every file, which `create` or ``hu scan`` makes.

    It shows the state in which it was opened, also while others write; `refresh` opens the newest. Where compacting has
    removed files of that state, the newest one is opened by itself. Threads may share it: questions take turns.

    Parameters
    ----------
    folder
        The catalog.
    memory
        Bytes that a question may take; nothing is written to a disk.
    seconds
        After so many a question is ended.
    threads
        Threads of a question; by default one a processor.
    apart
        True has a process of its own answer each question, so that bounds hold also for SQL that others have written;
        it takes some tenths of a second.

    Attributes
    ----------
    folder
        The catalog.

    Raises
    ------
    FormatError
        The folder is no catalog, or one of another version.

    Notes
    -----
    Questions are in SQL, as DuckDB has it, of these views: ``instances`` (files that could be read), ``errors``,
    ``vanished``, ``files`` (all of these); and, of what slices were put together to, ``series``, ``studies``,
    ``patients``, ``volumes``, ``gaps``, ``conflicts``, ``outcomes``. Nothing but the catalog can be read by them.

    Answers are tables of Arrow: ``table.to_pandas()``, ``polars.from_arrow(table)``, ``duckdb.from_arrow(table)``.

    Examples
    --------
    >>> import hounsfield as hu, tempfile
    >>> from pathlib import Path
    >>> folder = tempfile.TemporaryDirectory()
    >>> made = hu.phantom(Path(folder.name, "ct"), matrix=64, slices=8, missing=(5,))
    >>> catalog = hu.Catalog.create(Path(folder.name, "catalog"))
    >>> catalog.update([Path(folder.name, "ct")]).new
    7
    >>> catalog.query("SELECT Modality, count(*) AS files FROM instances GROUP BY ALL").to_pylist()
    [{'Modality': 'CT', 'files': 7}]
    >>> volumes = catalog.volumes("Modality = 'CT' AND Rows >= 64")
    >>> volumes[0]
    Volume(5 x 64 x 64 int16 HU, axes (slice, row, column), spacing (5, 6, 6) mm)
    >>> print(volumes.report.missing[0])
    1 slice missing at (-189, -189, 7.5) mm
    >>> catalog.close()
    >>> folder.cleanup()
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        memory: int = QueryBounds.memory,
        seconds: float = QueryBounds.seconds,
        threads: int | None = None,
        apart: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self._opened = OpenState(self.folder, QueryBounds(memory, seconds, threads), apart=apart)

    @classmethod
    def create(
        cls,
        folder: str | os.PathLike[str],
        *,
        columns: Iterable[str] | None = None,
        phi: bool = True,
        headers: bool = False,
    ) -> Catalog:
        """Make an empty catalog, or open the one that is there.

        Parameters
        ----------
        folder
            An empty folder, or one that is not there yet.
        columns
            Columns beside those that every catalog has, as in `scan`.
        phi
            False makes a catalog without the columns that identify patients, and with other UIDs and paths in the place
            of the files'. No file can be opened by such a catalog.
        headers
            True makes a catalog that has the whole header of each file, too, as DICOM JSON: the view ``headers``.

        Raises
        ------
        ValueError
            A column is no attribute, or whole headers are wanted without what identifies patients.
        FormatError
            There is a catalog that is another one than is asked for.
        OutputError
            The folder holds other files, or the system refuses.
        """
        scan_into(folder, [], columns=columns, phi=phi, headers=headers or None)
        return cls(folder)

    @property
    def columns(self) -> list[str]:
        """The columns of headers that it has."""
        return [*self._opened.manifest.columns]

    @property
    def roots(self) -> list[str]:
        """Folders and files that were scanned."""
        return [*self._opened.manifest.roots]

    @property
    def phi(self) -> bool:
        """False where nothing that identifies patients is in it."""
        return self._opened.manifest.phi

    @property
    def state(self) -> int:
        """The number of its state, which grows with each change."""
        return self._opened.manifest.number

    def __len__(self) -> int:
        """Return the number of its rows: of files, members of archives, and files that have vanished."""
        return self._opened.manifest.rows

    def __bool__(self) -> bool:
        """Return True: a catalog without rows is one, too."""
        return True

    def __repr__(self) -> str:
        roots = len(self._opened.manifest.roots)
        return f"Catalog({str(self.folder)!r}: {len(self)} rows, {roots} {'root' if roots == 1 else 'roots'})"

    def info(self) -> dict[str, Any]:
        """Return facts as ``hu catalog info --json`` shows them: rows, errors, vanished files, columns, size."""
        return self._opened.whole(lambda _: facts(self.folder))

    def query(self, sql: str, parameters: Iterable[Any] = ()) -> pa.Table:
        """Return the answer to a question in SQL.

        DuckDB bounds the memory of tables, not of a single value, unless the catalog was opened with ``apart=True``.

        Parameters
        ----------
        sql
            One SELECT.
        parameters
            What its question marks stand for.

        Raises
        ------
        FormatError
            It is no SELECT, more than one, or DuckDB does not take it; or the catalog is damaged.
        LimitExceededError
            It takes too long, or more memory than is allowed.

        Warns
        -----
        AssumptionWarning
            It is of series, or what else follows from rows, and these are of an earlier state.
        """
        return self._opened.query(sql, list(parameters))

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return one of the views as a table, or some of its columns.

        Parameters
        ----------
        name
            ``"instances"``, ``"series"``, ``"errors"`` ...
        columns
            Which columns.
        """
        chosen = "*" if columns is None else ", ".join(map(_quoted, columns))
        return self.query(f"SELECT {chosen} FROM {_quoted(name)}")  # noqa: S608  names, quoted

    def batches(self, sql: str, parameters: Iterable[Any] = (), *, rows: int = 65_536) -> Generator[pa.RecordBatch]:
        """Yield the answer to a question some rows at a time: memory does not grow with their number.

        A process of its own answers, so that others can be asked meanwhile, and bounds hold whatever the question is.

        Parameters
        ----------
        sql, parameters
            As in `query`.
        rows
            How many at a time, at most.

        Raises
        ------
        FormatError, LimitExceededError
            As in `query`; the time between batches does not count.
        """
        yield from self._opened.batches(sql, list(parameters), rows)

    def files(self, sql: str | None = None, parameters: Iterable[Any] = ()) -> list[str]:
        """Return the files that a question finds, in the order in which a walk would come to them.

        Parameters
        ----------
        sql
            A question whose answer has a column ``path``, ``SOPInstanceUID``, ``SeriesInstanceUID``,
            ``StudyInstanceUID`` or ``PatientID`` (the first of these that it has counts); or a condition on
            ``instances``, as ``"Modality = 'CT'"``. By default all files that are there, also those that could not be
            read.
        parameters
            What its question marks stand for.

        Returns
        -------
        list of str
            Paths; of a member of an archive ``archive.zip/member``.

        Raises
        ------
        FormatError
            As in `query`; or the answer names no files, or the catalog does not: it is one without what identifies.
        LimitExceededError
            As in `query`.
        """
        return names_of_files(self._rows(FILE_OF_ROW, sql, parameters))

    def found(self, sql: str | None = None, parameters: Iterable[Any] = ()) -> FoundFiles:
        """Return what `files` does with all that is known of their slices; takes and raises the same."""
        return FoundFiles(self._rows(SLICE_COLUMNS, sql, parameters))

    def rows(self, columns: Sequence[str], sql: str | None = None) -> pa.Table:
        """Return columns of the rows of the files that `files` returns, in the same order; raises the same."""
        return self._rows(columns, sql, ())

    def volumes(  # noqa: PLR0913  what `read_volumes` takes, and a question
        self,
        sql: str | None = None,
        parameters: Iterable[Any] = (),
        *,
        values: str = "modality",
        dtype: DTypeLike | None = None,
        gaps: Gaps = "split",
        tolerances: Tolerances | None = None,
        verify: bool = False,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Volumes:
        """Return the volumes in the files that a question finds, as `read_volumes` does, without a walk.

        Headers are not read again, but of files with several frames, of mosaics, and of those that claim to be the same
        slice. A file that has changed or gone since it was scanned fails when it is read.

        Parameters
        ----------
        sql, parameters
            As in `files`. Of a series, or a volume, that an answer names, all files are meant.
        values, dtype, gaps, tolerances, verify, strict, limits
            As in `read_volumes`.

        Raises
        ------
        FormatError, LimitExceededError
            As in `files`.
        SourceError
            It finds no files.
        GeometryError
            ``gaps="refuse"``, and slices are missing or at unequal distances.

        Warns
        -----
        AssumptionWarning
            As with `read_volumes`, when a volume is read.
        """
        finding = Finding(values, dtype, gaps, tolerances, verify, strict, limits)
        found = self.found(sql, parameters)
        if not found.rows.num_rows:
            raise SourceError("there are no files", source=str(self.folder))
        return finding.volumes_in(found.instances(limits), str(self.folder))

    def _rows(self, columns: Sequence[str], sql: str | None, parameters: Iterable[Any]) -> pa.Table:
        rows = OpenedRows(self.folder, self._opened)
        return rows.table(columns, rows.named(sql, [*parameters]))

    def update(
        self,
        paths: Iterable[str | os.PathLike[str]] | None = None,
        *,
        threads: int | None = None,
        limits: Limits = DEFAULT_LIMITS,
        progress: Callable[[CatalogProgress], None] | None = None,
        failed: Callable[[str, str], None] | None = None,
    ) -> Scanned:
        """Bring the catalog up to date with files and folders, and open the state that results.

        Only files that are new or have changed are opened. Others may write to it, too, at the same time.

        Parameters
        ----------
        paths
            Folders, files, patterns, URLs; by default its `roots`.
        threads, limits
            As in `scan`.
        progress
            Is told how far it has come.
        failed
            Is told of each file that could not be read: path, and reason.

        Returns
        -------
        Scanned
            What was done: `new`, `changed`, `unchanged`, `vanished`, `moved` files, `errors` by reason.

        Raises
        ------
        FormatError
            The catalog is damaged; or it is one without what identifies, and no `paths` are given.
        OutputError
            The system refuses, say because the disk is full; what was written before stays.
        """
        self._opened.check()
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        if paths is None and not self.phi:
            why = "the catalog is without what identifies patients, and does not know what it was made of: name folders"
            raise FormatError(why, source=str(self.folder))
        wanted = self.roots if paths is None else paths
        done = scan_into(self.folder, wanted, threads=threads, limits=limits, listener=ScanListener(progress, failed))
        self.refresh()
        return done

    def refresh(self) -> None:
        """Open the newest state."""
        self._opened.refresh()

    def close(self) -> None:
        """Give back what it holds; nothing can be asked afterwards."""
        self._opened.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
