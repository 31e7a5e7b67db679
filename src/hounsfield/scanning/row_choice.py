"""Rows of a table that fit a condition on attributes: as `hounsfield.choose` takes it of volumes."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

import pyarrow as pa

from hounsfield.headers.where import Condition, parse_where
from hounsfield.scanning.by_frame import frames_first, with_frames


@dataclass(frozen=True)
class Fitting:
    """A condition, and what has to be read for it.

    Attributes
    ----------
    condition
        None where every row fits.
    columns
        What it asks for; and these with the columns that have to be read beside them.
    """

    condition: Condition | None = None
    columns: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    @classmethod
    def of(cls, where: str | None) -> Fitting:
        """Return the condition that a text says.

        Raises
        ------
        ValueError
            It is none.
        """
        if where is None:
            return cls()
        condition = parse_where(where)
        names, read = with_frames(condition.keywords, phi=True)
        return cls(condition, tuple(names), tuple(read))

    def beside(self, names: Iterable[str]) -> list[str]:
        """Return columns, and those that are needed beside them."""
        return list(dict.fromkeys((*names, *self.read)))

    def kept(self, batch: pa.RecordBatch, asked: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows of `asked` that fit, and those of files that could not be read: they say why.

        Parameters
        ----------
        batch
            With all that was read.
        asked
            The same rows, with the columns that were asked for.
        """
        if self.condition is None:
            return asked
        rows = frames_first(batch, self.columns).to_pylist()
        return asked.filter(pa.array([row["error"] is not None or self._fits(row) for row in rows], pa.bool_()))

    def _fits(self, row: dict[str, Any]) -> bool:
        return self.condition is not None and self.condition.holds({name: _written(row[name]) for name in row}) is True


def _written(value: Any) -> Any:
    """Return a value as headers have it: dates and times as text."""
    if isinstance(value, list):
        return [_written(part) for part in value]  # pyright: ignore[reportUnknownVariableType]
    return _stamp(value) if isinstance(value, (date, time)) else value


@lru_cache(4096)
def _stamp(value: date | time) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y%m%d%H%M%S.%f")
    return value.strftime("%H%M%S.%f" if isinstance(value, time) else "%Y%m%d")
