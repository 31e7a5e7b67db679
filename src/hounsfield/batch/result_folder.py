"""The results of a job in a folder: what it is, who does which part, what is done, and the tables in the end."""

# pyarrow is not typed
# pyright: reportUnknownParameterType=false

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hounsfield._version import __version__
from hounsfield.batch.done_inputs import KNOWN_BY, DoneInputs
from hounsfield.batch.engines import set_aside
from hounsfield.batch.input_keys import InputKeys, stamp_of
from hounsfield.batch.job_shards import JobShard, parts_for
from hounsfield.batch.kept_job import KeptJob
from hounsfield.batch.origins import Origins
from hounsfield.batch.recorded_task import PASSING, KeptInput, RecordedTask, part_folder, record_of
from hounsfield.batch.records import Records
from hounsfield.errors import FormatError, OutputError
from hounsfield.outputs import new_token, remove_parts_of, writing_for
from hounsfield.sources.files import reason

if TYPE_CHECKING:
    import pyarrow as pa

    from hounsfield.batch.attempt import Outcome, Task
    from hounsfield.batch.inputs import Input

# What reads a folder of Parquet files passes over names that begin so.
_JOB, _WORK, _SECRET = "_job.json", ".work", "_secret"  # noqa: S105  the name of a file
_VERSION = 1
#: So often an input was begun, in runs that never ended it, before it is set aside.
_BEGUN = 4
_LONGEST_JOB = 1 << 20


class ResultFolder:
    """The results of a job, and one member's share of it; made, or gone on with.

    Parameters
    ----------
    folder
        Where; it is made.
    asked
        What the job does.
    inputs
        How many inputs, or series, there are: so many parts the results get, where the job is new.
    shard
        This member's share.
    origins
        Tells series; by default as they are.
    outputs
        Where the job writes files: what a run that was killed has left half-written there is removed.
    retry_failed
        Do again what has failed, whatever it lies with.

    Raises
    ------
    FormatError
        The folder holds the results of another job, or other files.
    OutputError
        The system refuses; or another run does the same share at this moment.
    """

    def __init__(  # noqa: PLR0913  what one job is
        self,
        folder: str | os.PathLike[str],
        asked: KeptJob,
        inputs: int,
        shard: JobShard,
        *,
        origins: Origins | None = None,
        outputs: Path | None = None,
        retry_failed: bool = False,
    ) -> None:
        self.path = Path(os.path.abspath(folder))
        self._asked, self._shard, self._outputs, self._retry = asked, shard, outputs, retry_failed
        self._token, self._has_tables = new_token(), False
        self._origins = origins or Origins()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _refuse_others(self.path)  # of a folder with other files nothing is touched
            (self.path / _WORK).mkdir(exist_ok=True)
            self.parts = _take_job(self.path, asked, parts_for(inputs, shard))
            place = self.path / _WORK / f"shard-{shard.number}-of-{shard.of}"
            self._lock = _Lock(place, self._token, str(self.path))
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            raise OutputError(f"results cannot be written: {reason(error)}", source=str(self.path)) from None
        self._remove_parts(self._lock.left)
        self._known: dict[int, DoneInputs] = {}
        #: How many inputs were done before this run: ``good``, and by what failures lie with.
        self.before: Counter[str] = Counter()
        #: Of those that failed the name, the class of the error, and the error.
        self.failed_before: list[tuple[str, str, str]] = []

    @property
    def _secret(self) -> bytes:
        """The bytes that keys are made with: without patients' data nobody can find out paths by trying."""
        return b"" if self._origins.phi else self._origins.key

    @property
    def own_parts(self) -> list[int]:
        """The parts that this member does."""
        return [part for part in range(self.parts) if self._shard.has(part)]

    def recorded(self, task: Task) -> RecordedTask:
        """Return the task that writes down what it does."""
        return RecordedTask(task, str(self.path / _WORK), self._token)

    def to_do(self, part: int, items: Iterable[Input]) -> list[KeptInput]:
        """Return what is left to do of the inputs of a part; what was begun and never ended comes last, by how often.

        Parameters
        ----------
        part
            The part.
        items
            Its inputs, each once.
        """
        known, records = self._known_of(part), Records(part_folder(str(self.path / _WORK), part))
        begun = records.begun()
        works: dict[str, KeptInput] = {}
        for item in items:
            known_by = InputKeys.of(item, self._secret)
            if (key := known_by.key) not in works:
                series = self._origins.uid(item.series)
                works[key] = KeptInput(item, key, stamp_of(item), series, part, begun.get(key, 0), known_by.ends)
        known.replace_by(works, self._secret)
        left: list[KeptInput] = []
        for key, work in works.items():
            if known.is_done(key, work.stamp, retry_failed=self._retry):
                self.before[known.failures.get(key, "good")] += 1
                if key in known.failures:
                    self.failed_before.append((work.name, *known.errors[key]))
            elif work.begun >= _BEGUN:
                self.set_aside(work)
            else:
                if key in known.stamps:
                    records.forget(key)
                left.append(work)
        return sorted(left, key=lambda work: work.begun)

    def set_aside(self, work: KeptInput) -> None:
        """Write down that an input has ended its process each time."""
        self.note(work, set_aside(work))

    def note(self, work: KeptInput, outcome: Outcome) -> None:
        """Write down an outcome that nobody has: of an input that ended its worker."""
        records = Records(part_folder(str(self.path / _WORK), work.part))
        if outcome.failure in (None, *PASSING) or records.get(work.key) is not None:
            return  # what may pass is tried again in any case
        records.end(record_of(work, outcome))

    def load_tables(self) -> None:
        """Load what tables are written with: while workers work, not when they have ended."""
        if not self._has_tables:
            from hounsfield.batch.result_table import table_of

            self._has_tables = True
            table_of((), measured=True)  # with the first values pyarrow loads pandas, where that is installed

    def write(self, part: int) -> None:
        """Write the table of a part whose inputs are all done.

        Raises
        ------
        OutputError
            The system refuses.
        """
        from hounsfield.batch.result_table import (
            joined_tables,
            read_part,
            sorted_table,
            table_of,
            without_keys,
            write_part,
        )

        if not (self.path / _JOB).exists():
            why = "the folder of results was removed while the job ran: what was done before that is not in it"
            raise OutputError(why, source=str(self.path))
        path, folder = self.part_file(part), part_folder(str(self.path / _WORK), part)
        replaced = self._known_of(part).replaced
        new = (record for record in Records(folder).all() if record.key not in replaced)
        table = table_of(new, measured=self._asked.measured)
        if table.num_rows or replaced or not path.exists():
            if path.exists():
                old = without_keys(read_part(path), {*table["key"].to_pylist(), *replaced})
                table = joined_tables([old, table])
            with writing_for(self._token, None):
                write_part(sorted_table(table), path)
        shutil.rmtree(folder, ignore_errors=True)
        self._known.pop(part, None)

    def part_file(self, part: int) -> Path:
        """Return the file of a part."""
        return self.path / f"part-{part:05}-of-{self.parts:05}.parquet"

    @property
    def missing(self) -> list[int]:
        """The parts of the whole job that are not written yet."""
        return [part for part in range(self.parts) if not self.part_file(part).exists()]

    def table(self) -> pa.Table:
        """Return the rows of this member's parts, as far as they are written."""
        from hounsfield.batch.result_table import joined_tables, read_part, sorted_table

        tables = [read_part(path) for part in self.own_parts if (path := self.part_file(part)).exists()]
        return sorted_table(joined_tables(tables))

    def close(self, *, whole: bool) -> None:
        """Let others take this share; `whole` where nothing half-written can be left."""
        self._lock.release(whole=whole)

    def _known_of(self, part: int) -> DoneInputs:
        if part not in self._known:
            self._known[part] = known = DoneInputs()
            path = self.part_file(part)
            if path.exists():
                from hounsfield.batch.result_table import read_part

                for row in read_part(path, [*KNOWN_BY]).to_pylist():
                    known.add(row)
            for record in Records(part_folder(str(self.path / _WORK), part)).all():
                known.add(vars(record))
        return self._known[part]

    def clean(self) -> None:
        """Remove what was interrupted, or a worker that was killed, has left half-written."""
        self._remove_parts(self._token)

    def _remove_parts(self, token: str) -> None:
        for folder in filter(None, (self.path, self._outputs)) if token else ():
            if folder.is_dir():
                remove_parts_of(token, folder)


def secret_of(folder: str | os.PathLike[str]) -> bytes:
    """Return what pseudonyms of a job are made with: the same in all of its members, and in each run.

    Raises
    ------
    FormatError
        The folder holds other files.
    OutputError
        The secret cannot be read or written.
    """
    path = Path(os.path.abspath(folder), _SECRET)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_others(path.parent)
        _link_new(path, secrets.token_hex(32).encode())
        return bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise OutputError("the secret of these results cannot be read or written", source=str(path)) from None


def is_begun(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder holds results: of a job that is gone on with, or is done."""
    return Path(folder, _JOB).exists()


def refuse_among(results: str | os.PathLike[str], given: Iterable[str]) -> None:
    """Refuse results below a folder that is read: the next run would take them for inputs.

    Parameters
    ----------
    results
        Where results are to be kept.
    given
        Paths of the inputs.

    Raises
    ------
    FormatError
        They would be.
    """
    place = os.path.realpath(results)
    for path in given:
        if os.path.isdir(path) and place.startswith(os.path.join(os.path.realpath(path), "")):
            why = "results in a folder of inputs would be read as inputs: name a folder outside of it"
            raise FormatError(why, source=str(results))


def _refuse_others(folder: Path) -> None:
    names = set(os.listdir(folder)) - {_WORK, _SECRET}
    if names and _JOB not in names and not (folder / _JOB).exists():
        raise FormatError("the folder holds other files: name one for the results alone", source=str(folder))


def _take_job(folder: Path, asked: KeptJob, parts: int) -> int:
    """Return how many parts the job has; write down what it is, where it is new."""
    path = folder / _JOB
    known: dict[str, Any] = {"version": _VERSION, "task": asked.digest, "does": asked.does, "measured": asked.measured}
    if not path.exists():
        _refuse_others(folder)
        more = {"parts": parts, "hounsfield": __version__, "details": {**asked.details}}
        _link_new(path, json.dumps(known | more, indent=1).encode())
    try:
        with path.open("rb") as file:
            found: dict[str, Any] = json.loads(file.read(_LONGEST_JOB))
        version, count = found.get("version"), int(found["parts"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise FormatError("what these results are of cannot be read", source=str(path)) from None
    if version != _VERSION or count < 1:
        raise FormatError("these results are of another version of hounsfield", source=str(folder))
    if found.get("task") != asked.digest:
        raise FormatError(asked.other_than(found), source=str(folder))
    return count


def _link_new(path: Path, content: bytes) -> None:
    """Write a file, unless somebody has: the first one counts, and is whole."""
    if path.exists():
        return
    # Beside it, another member that begins at the same moment would take it for a file of somebody else.
    temporary = path.parent / _WORK / f".{secrets.token_hex(8)}.new"
    temporary.parent.mkdir(exist_ok=True)
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if path.name == _SECRET else 0o666)
    try:
        with open(file, "wb") as writer:
            writer.write(content)
            writer.flush()
            os.fsync(file)
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links: there the last one counts
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class _Lock:
    """A file that one run holds while it does a share, with its token.

    Each run has a token of its own, also where several are in one process or come of one that was forked.

    Attributes
    ----------
    left
        The token of a run that ended without giving it back.
    """

    def __init__(self, path: Path, token: str, folder: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            import fcntl
        except ImportError:  # Windows: nobody is kept out
            pass
        else:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._file)
                raise OutputError("another run does the same share of this job", source=folder) from None
            except OSError:  # a file system without locks
                pass
        self.left = os.read(self._file, 64).decode("ascii", "replace")
        self._write(token)

    def _write(self, text: str) -> None:
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, text.encode())

    def release(self, *, whole: bool) -> None:
        if self._file >= 0:
            if whole:
                self._write("")
            os.close(self._file)
            self._file = -1
