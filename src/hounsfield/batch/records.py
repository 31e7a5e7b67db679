"""Records: what became of each input, one small file for each, until the results they belong to are written.

Whoever does an input writes its record, before anybody is told: a worker whose parent is gone, or whose scheduler asks
another one to do the same again, leaves what it has done, and nobody repeats that.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np

from hounsfield.batch.attempt import Failure, Outcome
from hounsfield.errors import OutputError
from hounsfield.outputs import temporary_beside
from hounsfield.sources.files import reason

_RECORD, _BEGUN = ".json", ".begun"
#: Digits of a moment in nanoseconds since the epoch.
_MOMENT = 20
#: What this process has begun, and not ended.
_at: set[str] = set()
#: What stands for a value that JSON has no word for: the kind, then the value as text.
_KIND = "\0kind"


@dataclass(frozen=True)
class Record:
    """The outcome of an input, as it is kept.

    Attributes
    ----------
    key, stamp
        The input, and what its files were: `input_keys`.
    series
        Its series, as the results tell it.
    source
        Its name.
    is_volume
        Whether it is a volume.
    result, error, failure, assumptions
        As those of an `Outcome`.
    error_type
        The class of the error, where it is one of ours.
    ends
        Marks of its first and its last slice, as `input_keys.ends_of` makes them.
    """

    key: str
    stamp: str
    series: str
    source: str
    is_volume: bool
    result: Any = None
    error: str = ""
    failure: Failure | None = None
    error_type: str = ""
    assumptions: tuple[str, ...] = field(default=())
    ends: tuple[str, ...] = field(default=())

    def to_json(self) -> bytes:
        """Return it as a JSON document, exactly: numbers, dates and arrays come back as they were."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        return json.dumps(_plain(known), ensure_ascii=False).encode("utf-8", "surrogatepass")

    @classmethod
    def from_json(cls, document: bytes) -> Record:
        """Return the record that a document holds.

        Raises
        ------
        ValueError
            It holds none.
        """
        try:
            known = _restored(json.loads(document.decode("utf-8", "surrogatepass")))
            known |= {name: tuple(known.get(name, ())) for name in ("assumptions", "ends")}
            return cls(**known)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from None

    @property
    def outcome(self) -> Outcome:
        """The outcome, as whoever did it told it."""
        return Outcome(self.source, self.result, self.error, self.failure, self.assumptions, is_volume=self.is_volume)


@dataclass(frozen=True)
class Records:
    """A folder of records.

    Parameters
    ----------
    folder
        Where; it is made with the first record.
    """

    folder: str

    def get(self, key: str) -> Record | None:
        """Return the record of an input; None where there is none, or it was not written to its end."""
        try:
            return Record.from_json(Path(self.folder, key + _RECORD).read_bytes())
        except (OSError, ValueError):
            return None

    def begin(self, key: str) -> int | None:
        """Note that an input is begun: should nobody end it, the next run knows.

        Returns
        -------
        int or None
            When an earlier attempt began that never ended, in nanoseconds since the epoch, by the clock of the file
            system; None where there was none.
        """
        try:
            os.makedirs(self.folder, exist_ok=True)
            path = os.path.join(self.folder, key + _BEGUN)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            _at.add(path)
            try:
                known = os.fstat(file)
                earlier = os.read(file, _MOMENT) if known.st_size else b""
                # The first attempt's moment stays; then a byte for each attempt.
                os.write(file, b"." if earlier else f"{known.st_mtime_ns:0{_MOMENT}d}.".encode())
            finally:
                os.close(file)
        except OSError as error:
            raise self._refused(error) from None
        return int(earlier) if earlier.isdigit() else None

    def end(self, record: Record) -> None:
        """Write a record: whole, or not at all.

        Raises
        ------
        OutputError
            The system refuses.
        """
        path = Path(self.folder, record.key + _RECORD)
        _at.discard(os.path.join(self.folder, record.key + _BEGUN))
        temporary = temporary_beside(path)
        try:
            os.makedirs(self.folder, exist_ok=True)
            temporary.write_bytes(record.to_json())
            os.replace(temporary, path)
            path.with_suffix(_BEGUN).unlink(missing_ok=True)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise self._refused(error) from None

    def forget(self, key: str) -> None:
        """Remove a record: the input is to be done again."""
        Path(self.folder, key + _RECORD).unlink(missing_ok=True)

    def all(self) -> Iterator[Record]:
        """Yield all records."""
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return
        for name in names:
            if name.endswith(_RECORD) and (record := self.get(name[: -len(_RECORD)])) is not None:
                yield record

    def begun(self) -> dict[str, int]:
        """Return which inputs were begun, and never ended, and how often."""
        try:
            with os.scandir(self.folder) as files:
                begun = [file for file in files if file.name.endswith(_BEGUN)]
            counts = {file.name[: -len(_BEGUN)]: file.stat().st_size - _MOMENT for file in begun}
            return {key: count for key, count in counts.items() if count > 0}  # others were taken back
        except OSError:
            return {}

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(f"what was done cannot be written down: {reason(error)}", source=self.folder)


def forgive_begun() -> None:
    """Take back that inputs were begun in this process: it ends, and that lies with none of them."""
    for path in list(_at):
        with suppress(OSError):
            # Its moment stays: what it has written is still nobody else's.
            os.truncate(path, max(_MOMENT, os.stat(path).st_size - 1))


def as_recorded(value: Any) -> Any:
    """Return a value as a record gives it back: whatever JSON has no word for becomes text, but arrays and dates."""
    return _restored(_plain(value))


def _plain(value: Any) -> Any:  # noqa: PLR0911  a case for each kind
    """Return what JSON can hold for a value."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, dict):
        known = {str(key): _plain(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
        return {_KIND: "dict", "": known} if _KIND in known else known
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return _plain(value.tolist())
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {_KIND: "array", "": data, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, (datetime, date, time)):
        return {_KIND: type(value).__name__, "": value.isoformat()}
    if isinstance(value, (bytes, bytearray)):
        return {_KIND: "bytes", "": base64.b64encode(value).decode()}
    if isinstance(value, Path):
        return str(value)
    return str(value)


_TIMES: dict[str, Any] = {"datetime": datetime, "date": date, "time": time}


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict):
        return value
    known: dict[str, Any] = value
    kind = known.get(_KIND)
    if kind is None:
        return {key: _restored(one) for key, one in known.items()}
    if kind == "dict":
        return {key: _restored(one) for key, one in known[""].items()}
    if kind == "bytes":
        return base64.b64decode(known[""])
    if kind == "array":
        data = np.frombuffer(base64.b64decode(known[""]), np.dtype(str(known["dtype"])))
        return data.reshape([int(length) for length in known["shape"]])
    return _TIMES[kind].fromisoformat(known[""])
