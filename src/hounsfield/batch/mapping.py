"""`map`: a function of one's own over many volumes and images, on one machine or many."""

# pyarrow is not typed
# pyright: reportUnknownParameterType=false

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeGuard, cast

import pyarrow as pa

from hounsfield.batch.attempt import FunctionError, Outcome
from hounsfield.batch.engine_names import engine_of
from hounsfield.batch.engines import Engine, processors
from hounsfield.batch.function_identity import identity_of, name_of
from hounsfield.batch.inputs import Input, Inputs, find_inputs, volumes_of
from hounsfield.batch.job_inputs import FoundInputs, InCatalogs, JobInputs
from hounsfield.batch.job_shards import WHOLE, JobShard
from hounsfield.batch.kept_job import KeptJob
from hounsfield.batch.origins import Origins
from hounsfield.batch.records import Record, as_recorded
from hounsfield.batch.result_folder import ResultFolder, is_begun, refuse_among
from hounsfield.batch.result_rows import OWN, VALUE
from hounsfield.batch.result_table import sorted_table, table_of
from hounsfield.batch.returned_values import returned_values
from hounsfield.batch.whole_job import do_job
from hounsfield.catalog.catalog_paths import catalog_path
from hounsfield.recipes.choice import Choice
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.reading import Reading

if TYPE_CHECKING:
    from hounsfield.catalog.catalog import Catalog
    from hounsfield.series.volumes import Volumes

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True)
class FunctionTask:
    """A function as a task: reads an input, and takes what the function returns for it.

    Parameters
    ----------
    function
        Of an image or a volume.
    reading
        How these are read.
    file
        The name of the file that the function is in: functions that are sent to other processes lose it.
    """

    function: Callable[[Any], Any]
    reading: Reading
    file: str = ""

    def __call__(self, item: Input) -> dict[str, Any]:
        """Do one input."""
        read = item.read(self.reading)
        levels = Origins().levels(read.header.get)
        try:
            returned = self.function(read)
        except (Exception, SystemExit) as error:
            raise _raised(error, item.name, self.file) from None
        return {**levels, VALUE: as_recorded(returned_values(returned, item.name))}


def _raised(error: BaseException, name: str, file: str) -> FunctionError:
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    # In this file it is the call itself that failed: there is no line of the function's to name.
    inside = where is not None and where.tb_frame.f_code.co_filename != __file__
    known = Path(where.tb_frame.f_code.co_filename).name if where else ""
    # Of a function that was sent as bytes Python may not know the file.
    known = file if known.startswith("<") and file else known
    line = f" at line {where.tb_lineno} of {known}" if where and inside else ""
    raised = FunctionError(f"the function raised {type(error).__name__}: {error}{line}", source=name)
    raised.error_type = type(error).__name__
    return raised


def map(  # noqa: A001, PLR0913  called as hu.map; what a job is
    function: Callable[[Any], Any],
    source: Paths | Catalog | Volumes,
    *,
    executor: Executor | str | None = None,
    jobs: int | None = None,
    results: str | os.PathLike[str] | None = None,
    shard: str | None = None,
    each: bool | None = None,
    values: str = "modality",
    gaps: Literal["split", "resample", "refuse"] = "split",
    strict: bool = False,
    where: str | None = None,
    retry_failed: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """Call a function for each volume and each image of a source, in worker processes or on a cluster.

    One bad input never stops the others, nor does one that ends its worker: it is named, and set aside.

    Parameters
    ----------
    function
        Is called with a `Volume` or an `Image`. Returns a dictionary, an array, a number, a text, or None; or
        measures. A dictionary may hold lists, arrays, dictionaries, times and measures; what a table cannot hold, as a
        set or an image, is an error of that input.
    source
        A folder, a file, an archive, a pattern, a catalog (also a `Catalog`, or ``"catalog?SELECT ..."``), or a list
        of these; or `Volumes`, which are all that is read then. In this process the function is called with the very
        volumes: what it changes in them stays changed.
    executor
        None for worker processes; ``"serial"`` for this process; ``"threads"``; ``"dask"`` for workers of Dask on this
        machine, ``"dask=tcp://HOST:PORT"`` for those of a cluster; or any `concurrent.futures.Executor`, which is not
        shut down. The working directory is one for all threads of a process: a function that changes it disturbs the
        others of ``"threads"``.
    jobs
        How many inputs at a time; by default one a processor.
    results
        A folder in which the results are kept, as Parquet. The same call goes on there where an earlier one was
        interrupted, or killed: what was done is not done again. With another function it is refused: a function is
        known by its name, its source, what it holds (defaults, variables around it, attributes of its object), and
        the functions and values of its own module that it names. What it uses of other modules may change without
        being noticed.
    shard
        ``"K/N"``: the K-th of N shares only; all of a series is in one share.
    each
        True takes each file by itself, as an image; False puts all files together to volumes; None takes folders,
        archives and catalogs volume by volume, and files that are in none by themselves.
    values, gaps, strict
        As in `read_volumes`.
    where
        Only inputs whose header fits a condition, as ``"KVP > 100 and Modality = 'CT'"``.
    retry_failed
        Do again what failed in an earlier run.
    progress
        Is told how many inputs have been done, and how many there are about.

    Returns
    -------
    pyarrow.Table
        A row for each input, in the order of their names: ``input``, ``kind``, ``StudyInstanceUID``,
        ``SeriesInstanceUID``, what the function returned (a column for each key, ``value`` where it was no dictionary,
        and ``shape`` of arrays of several dimensions), ``assumptions``, ``error`` and its kind. Values of several kinds
        in one column become JSON. With `results` also rows of earlier runs. A path that is not there is a row with an
        error.

    Raises
    ------
    ValueError, TypeError
        There is no such engine or shard; the function holds what cannot be sent to other processes; this is no source.
    FormatError
        The folder of results is another job's, holds other files, or lies among the inputs.
    OutputError
        Results cannot be written.
    WorkersLostError
        The executor was closed, or all of its workers are gone.

    Examples
    --------
    >>> import hounsfield as hu, tempfile
    >>> def lungs(volume):
    ...     return {"ml": round(hu.measure(volume, hu.mask(volume, tissue="lung")).volume_ml, 2)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = hu.phantom(folder, matrix=64, slices=8)
    ...     table = hu.map(lungs, folder, executor="serial")
    >>> table.select(["kind", "ml", "error"]).to_pylist()
    [{'kind': 'volume', 'ml': 757.08, 'error': None}]
    """
    _check_arguments(function, executor, jobs, results, shard, gaps, where, retry_failed)
    share = WHOLE if shard is None else JobShard.parse(shard)
    reading, grouping = Reading(values, strict, damaged=False), Grouping(None if each is None else not each, gaps)
    choice = Choice(where=where)
    task = FunctionTask(function, reading, Path(getattr(getattr(function, "__code__", None), "co_filename", "")).name)
    with closing(_engine(executor, jobs)) as engine:
        if not _is_volumes(source) and (results is None or not is_begun(results)):
            engine.begin()
        inputs = _inputs_of(source, reading, grouping, choice, kept=results is not None)
        kept = None
        if results is not None:
            refuse_among(results, inputs.given)
            details = {"function": identity_of(function), "reading": reading, "grouping": grouping}
            asked = KeptJob.of(name_of(function), details, measured=False)
            kept = ResultFolder(results, asked, inputs.count, share, retry_failed=retry_failed)
        total, done = -(-inputs.count // share.of), 0
        records: list[Record] = []
        with closing(do_job(task, inputs, engine, results=kept, shard=share)) as outcomes:
            for outcome in outcomes:
                done += 1
                if kept is None:
                    records.append(_record(outcome))
                if progress is not None:
                    progress(done, max(done, total))
    if kept is not None:
        return kept.table().drop_columns([*OWN])
    return sorted_table(table_of(records, measured=False)).drop_columns([*OWN])


def _record(outcome: Outcome) -> Record:
    return Record(
        "",
        "",
        outcome.series,
        outcome.source,
        outcome.is_volume,
        outcome.result,
        outcome.error,
        outcome.failure,
        outcome.error_type,
        outcome.assumptions,
    )


def _inputs_of(source: Any, reading: Reading, grouping: Grouping, choice: Choice, *, kept: bool) -> JobInputs:
    from hounsfield.image import Image
    from hounsfield.volume import Volume

    def chosen(inputs: Inputs) -> Inputs:
        if choice.is_any:
            return inputs
        from hounsfield.batch.choosing import choose_inputs

        return choose_inputs(inputs, choice)

    if _is_volumes(source):
        return FoundInputs(chosen(volumes_of(source, grouping.gaps, reading)))
    several = isinstance(source, Iterable) and not isinstance(source, (str, bytes, os.PathLike, Image, Volume))
    paths = tuple(_path_of(one) for one in (cast("Iterable[Any]", source) if several else (source,)))
    if kept and paths and all(catalog_path(path) is not None for path in paths):
        return InCatalogs(paths, grouping, reading, chosen)
    return FoundInputs(chosen(find_inputs(paths, grouping, reading)))


def _is_volumes(source: Any) -> TypeGuard[Volumes]:
    from hounsfield.series.volumes import Volumes

    return isinstance(source, Volumes)


def _path_of(source: Any) -> str:
    """Return a path as text; of a catalog its folder.

    Raises
    ------
    TypeError
        It is none.
    """
    from hounsfield.catalog.catalog import Catalog

    if isinstance(source, Catalog):
        return str(source.folder)
    if isinstance(source, (str, bytes, os.PathLike)):
        return os.fsdecode(cast("os.PathLike[str]", source))
    why = "source: a path, a catalog, a list of these, or Volumes are wanted"
    raise TypeError(f"{why} (of one volume: volumes[0:1]), not a {type(source).__name__}")


def _check_arguments(  # noqa: PLR0913  what is wrong is said before an archive is walked
    function: Any, executor: Any, jobs: Any, results: Any, shard: Any, gaps: Any, where: Any, retry_failed: bool
) -> None:
    """Raise a `TypeError` or a `ValueError` for arguments that are none."""
    if not callable(function):
        raise TypeError(f"a function is wanted, not a {type(function).__name__}")
    if executor is not None and not isinstance(executor, str) and not hasattr(executor, "submit"):
        raise TypeError(f"executor: a name or an executor is wanted, not a {type(executor).__name__}")
    if jobs is not None and (not isinstance(jobs, int) or jobs < 1):
        raise ValueError(f"jobs must be a number from 1, not {jobs!r}")
    if shard is not None and not isinstance(shard, str):
        raise TypeError(f"shard: text as '1/4' is wanted, not a {type(shard).__name__}")
    if gaps not in ("split", "resample", "refuse"):
        raise ValueError(f"gaps must be split, resample or refuse, not {gaps!r}")
    if where is not None and not isinstance(where, str):
        raise TypeError(f"where: text is wanted, not a {type(where).__name__}")
    if results is not None and not isinstance(results, (str, os.PathLike)):
        raise TypeError(f"results: a path is wanted, not a {type(results).__name__}")
    if results is not None and not os.fspath(results):
        raise ValueError("results: the path is empty")
    if retry_failed and results is None:
        raise ValueError("retry_failed is of results that were kept: name their folder with results")


def _engine(executor: Executor | str | None, jobs: int | None) -> Engine:
    if executor is None or isinstance(executor, str):
        return engine_of("processes" if executor is None else executor, jobs, always=True)
    from hounsfield.batch.on_executor import OnExecutor

    # A client of Dask submits, too, but futures of its own.
    executor = cast("Executor", getattr(executor, "get_executor", lambda: executor)())
    return OnExecutor(executor, jobs or getattr(executor, "_max_workers", None) or processors())


__all__ = ["FunctionTask", "map"]
