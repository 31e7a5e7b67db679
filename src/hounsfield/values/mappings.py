"""One item of a Real World Value Mapping Sequence (PS3.3 C.7.6.16.2.11), checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import finite_number, items_of, text_of
from hounsfield.headers.units import coded_unit

_Item = Mapping[str, Any]
_FIRST, _LAST = "RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"
_TABLE = "RealWorldValueLUTData"


@dataclass(frozen=True, eq=False)
class ValueMapping:
    """A mapping of the stored values `first` to `last` (None: of all): `slope` and `intercept`, or a `table`.

    `unit` is the unit as this library spells it, `code` the code in the file; `label`, `explanation` and `quantity`
    say what is measured.
    """

    first: float | None
    last: float | None
    slope: float
    intercept: float
    table: NDArray[np.float64] | None
    unit: str
    code: str
    label: str
    explanation: str
    quantity: str
    floating: bool

    def __str__(self) -> str:
        span = "" if self.first is None else f" for {self.first:.10g} to {self.last:.10g}"
        if self.table is not None:
            return f"table of {len(self.table)} entries{span}"
        return f"{self.slope:.10g} x stored + {self.intercept:.10g}{span}"

    @property
    def name(self) -> str:
        """The quantity that the mapping leads to, else its explanation, else its label."""
        return self.quantity or self.explanation or self.label or "unnamed mapping"

    @property
    def title(self) -> str:
        """Label, name and unit, to choose by."""
        label = f'"{self.label}": ' if self.label else ""
        return f"{label}{self.name} in {self.unit or 'no stated unit'}"

    def continues(self, other: ValueMapping) -> bool:
        """Return whether both are pieces of one scale: the same unit and quantity."""
        return self.code == other.code and self.quantity == other.quantity

    def overlaps(self, other: ValueMapping) -> bool:
        """Return whether any stored value is mapped by both; floating point ranges may touch."""
        if self.first is None or self.last is None or other.first is None or other.last is None:
            return True
        low, high = max(self.first, other.first), min(self.last, other.last)
        return low < high or (low == high and not self.floating)

    def covers(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which stored values are mapped: both ends are; what is not a number never is."""
        if self.first is None or self.last is None:
            return np.isfinite(stored) if self.floating else np.ones(stored.shape, np.bool_)
        return (stored >= self.first) & (stored <= self.last)

    def apply(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Map stored values that are covered, in double precision."""
        if self.table is not None and self.first is not None:
            return self.table[stored.astype(np.int64) - int(self.first)]
        with np.errstate(over="ignore", invalid="ignore"):  # floating point pixel data may hold anything
            return stored.astype(np.float64) * self.slope + self.intercept


def mappings_of(header: Mapping[str, Any], stored: np.dtype[Any], name: str) -> list[ValueMapping]:
    """Read the items of the header's Real World Value Mapping Sequence.

    Parameters
    ----------
    header
        The attributes, for one frame of an enhanced file.
    stored
        Type of the stored values.
    name
        The file's name, for errors.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        A mapping lacks what it needs, or is impossible.
    """
    return [_mapping(item, stored, name) for item in items_of(header, "RealWorldValueMappingSequence")]


def _mapping(item: _Item, stored: np.dtype[Any], name: str) -> ValueMapping:
    first, last = _range(item, stored, name)
    table = _table(item, first, last, stored, name)
    slope, intercept = (0.0, 0.0) if table is not None else _linear(item, name)
    code, unit = coded_unit(item)
    return ValueMapping(
        first=first,
        last=last,
        slope=slope,
        intercept=intercept,
        table=table,
        unit=unit,
        code=code,
        label=_text(item, "LUTLabel"),
        explanation=_text(item, "LUTExplanation"),
        quantity=_quantity(item),
        floating=stored.kind == "f",
    )


def _text(item: _Item, keyword: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text_of(item, keyword))[:64].strip()


def _quantity(item: _Item) -> str:
    """The quantity's name: the first coded value of Quantity Definition Sequence."""
    for definition in items_of(item, "QuantityDefinitionSequence"):
        for concept in items_of(definition, "ConceptCodeSequence")[:1]:
            return _text(concept, "CodeMeaning") or _text(concept, "CodeValue")
    return ""


def _linear(item: _Item, name: str) -> tuple[float, float]:
    slope = _finite(item, "RealWorldValueSlope", name)
    intercept = _finite(item, "RealWorldValueIntercept", name)
    if slope == 0:
        raise InvalidAttributeError("RealWorldValueSlope is 0", source=name, attribute="RealWorldValueSlope")
    return slope, intercept


def _finite(item: _Item, keyword: str, name: str) -> float:
    value = item.get(keyword)
    if value is None:
        detail = f"{keyword} is missing, and there is no {_TABLE}"
        raise MissingAttributeError(detail, source=name, attribute=keyword)
    number = finite_number(value)
    if number is None:
        raise InvalidAttributeError(f"{keyword} is not a finite number", source=name, attribute=keyword)
    return number


def _range(item: _Item, stored: np.dtype[Any], name: str) -> tuple[float | None, float | None]:
    """The first and last stored value that are mapped; (None, None) where the file does not say."""
    first, last = _bound(item, _FIRST, stored, name), _bound(item, _LAST, stored, name)
    if first is None or last is None:
        return None, None
    # The VR, US or SS, is often not the one of the stored values: the same 16 bits then mean another number.
    read_as_stored = (_sign(first, stored), _sign(last, stored))
    for low, high in (read_as_stored, (first, last)):
        if low <= high:
            return low, high
    raise InvalidAttributeError(f"{_FIRST} is more than {_LAST}", source=name, attribute=_FIRST)


def _bound(item: _Item, keyword: str, stored: np.dtype[Any], name: str) -> float | None:
    keywords = [keyword, f"DoubleFloat{keyword}"]
    if stored.kind == "f":
        keywords.reverse()
    for candidate in keywords:
        value = item.get(candidate)
        if value is None:
            continue
        if not isinstance(value, (int, float)) or math.isnan(value):
            raise InvalidAttributeError(f"{candidate} is not a number", source=name, attribute=candidate)
        return value
    return None


def _sign(value: float, stored: np.dtype[Any]) -> float:
    if stored.kind == "i" and 2**15 <= value < 2**16:
        return value - 2**16
    if stored.kind == "u" and -(2**15) <= value < 0:
        return value + 2**16
    return value


def _table(
    item: _Item, first: float | None, last: float | None, stored: np.dtype[Any], name: str
) -> NDArray[np.float64] | None:
    data = item.get(_TABLE)
    if data is None:
        return None
    if first is None or last is None:
        raise MissingAttributeError(f"{_FIRST} is missing; {_TABLE} needs it", source=name, attribute=_FIRST)
    if stored.kind == "f" or not (float(first).is_integer() and float(last).is_integer()):
        detail = f"{_TABLE} maps whole numbers, and these values are not"
        raise InvalidAttributeError(detail, source=name, attribute=_TABLE)
    try:
        entries = np.atleast_1d(np.asarray(data, np.float64))
    except (TypeError, ValueError):
        raise InvalidAttributeError(f"{_TABLE} is not a list of numbers", source=name, attribute=_TABLE) from None
    count = int(last) - int(first) + 1
    if entries.ndim != 1 or len(entries) != count:
        detail = f"{_TABLE} has {entries.size} entries for {count} stored values"
        raise InvalidAttributeError(detail, source=name, attribute=_TABLE)
    return entries
