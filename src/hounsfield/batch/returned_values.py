"""The values that somebody's function returned, as results can hold them; anything else is refused, by its place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, cast

import numpy as np

from hounsfield.batch.attempt import FunctionError
from hounsfield.batch.result_rows import AFTER, BEFORE

#: Results hold no deeper nesting, nor what contains itself.
_DEEPEST = 32
_RESERVED = {name.casefold() for name in (*BEFORE, *AFTER)}
_WANTED = "a dictionary, an array, a number or None is wanted"
#: Kinds of arrays that are numbers, truth values or texts.
_ARRAYS = "biufUS"


def returned_values(returned: Any, name: str) -> Any:
    """Return what a function returned in Python's own types and numpy's arrays.

    Parameters
    ----------
    returned
        Whatever it is.
    name
        The input that it was returned for.

    Raises
    ------
    FunctionError
        Results cannot hold it, or call it so.
    """
    try:
        values = _plain(returned, "", 0)
    except _Refused as refused:
        raise FunctionError(f"the function returned {refused}", source=name) from None
    if isinstance(values, dict):
        known = cast("dict[str, Any]", values)
        # DuckDB and others know no capitals in the names of columns.
        if taken := [key for key in known if key.casefold() in _RESERVED]:
            why = f"the function returned {taken[0]!r}, which is a column of every result: call it something else"
            raise FunctionError(why, source=name)
    return values


class _Refused(Exception):
    """A value that results cannot hold."""


def _refused(value: Any, place: str, why: str = _WANTED) -> _Refused:
    where = f" in {place!r}" if place else ""
    return _Refused(f"a {type(value).__name__}{where}: {why}")


def _plain(value: Any, place: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise _refused(value, place.split(".")[0], f"it is nested more than {_DEEPEST} deep")
    if value is None or isinstance(value, (bool, bytes)):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, (datetime, date, time)):
        return _time(value)
    if isinstance(value, os.PathLike):
        return os.fspath(cast("os.PathLike[str]", value))
    if isinstance(value, (np.ndarray, np.generic)):
        return _array(cast("Any", value), place, depth)
    if isinstance(value, Mapping):
        return _dictionary(cast("Mapping[Any, Any]", value), place, depth)
    if isinstance(value, Sequence) and not isinstance(value, (range, memoryview)):
        return [_plain(one, place, depth + 1) for one in cast("Sequence[Any]", value)]
    as_dict = getattr(value, "to_dict", None)
    if as_dict is not None and type(value).__module__.startswith("hounsfield."):
        return _plain(as_dict(), place, depth + 1)
    raise _refused(value, place)


def _dictionary(values: Mapping[Any, Any], place: str, depth: int) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for key, one in values.items():
        text = str(key)
        if text in known:
            raise _refused(values, place, f"two of its keys are {text!r} as text")
        known[text] = _plain(one, f"{place}.{text}" if place else text, depth + 1)
    return known


def _time(value: datetime | date | time) -> datetime | date | time | None:
    """Return it as the class of its own name: others' subclasses, as those of pandas, know more or less than it."""
    if value != value:  # noqa: PLR0124  pandas' "not a time"
        return None
    if isinstance(value, datetime):
        whole = (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
        return datetime(*whole, tzinfo=value.tzinfo, fold=value.fold)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    return time(value.hour, value.minute, value.second, value.microsecond, tzinfo=value.tzinfo, fold=value.fold)


def _array(value: Any, place: str, depth: int) -> Any:
    """Return an array, or a number of numpy's as one of Python's."""
    if isinstance(value, np.ma.MaskedArray):
        # What is masked is no value: it must not come back as the number below the mask.
        if np.ma.getmaskarray(value).any():
            return _plain(value.tolist(), place, depth + 1)
        value = value.data
    kind = value.dtype.kind
    if kind == "M":
        value = value.astype("datetime64[D]" if value.dtype == "datetime64[D]" else "datetime64[us]").astype(object)
        return value if value is None or isinstance(value, (date, datetime)) else _plain(value, place, depth)
    if kind == "O":
        return _plain(value.tolist(), place, depth + 1)
    if kind not in _ARRAYS:
        raise _refused(value, place, f"values of the type {value.dtype} cannot stand in a table")
    if kind == "f" and value.dtype.itemsize > 8:
        value = value.astype(np.float64)
    return np.asarray(value) if isinstance(value, np.ndarray) and value.ndim else value.item()
