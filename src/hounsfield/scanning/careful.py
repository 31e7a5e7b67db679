"""Values of a table that are not plainly written, one by one, by the rules that hold for every header."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import numpy as np
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from hounsfield.header import finite_number, item_at, values_in, whole_number
from hounsfield.headers.dataset_header import DatasetHeader, Raw, simple_value
from hounsfield.headers.index import implied_vr
from hounsfield.headers.times import date_of, datetime_of, time_of
from hounsfield.scanning.columns import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET, WORDS, Column, Kind

#: A value as the table has it, and what is to be said of it.
Careful = tuple[Any, tuple[str, ...]]

_SIGNED_64 = 2**63
#: Bytes of values that are kept.
_SHORT = 1024


@dataclass(frozen=True)
class Around:
    """The context of a value: bytes of Specific Character Set and Pixel Representation, or None."""

    character_set: bytes | None
    sign: bytes | None
    little: bool


def careful_value(column: Column, data: bytes, vr: str | None, around: Around) -> Careful:
    """Read a value from its bytes, as the header of its file would; `vr` is None in implicit VR.

    Short ones are kept, since many files have the same.
    """
    read = kept_value if len(data) <= _SHORT else kept_value.__wrapped__
    return read(column, data, vr, around)


@lru_cache(8192)
def kept_value(column: Column, data: bytes, vr: str | None, around: Around) -> Careful:
    """Read a value as `careful_value` does."""
    elements: dict[int, tuple[bytes, str | None]] = {column.tag: (data, vr)}
    if around.character_set is not None:
        elements.setdefault(SPECIFIC_CHARACTER_SET, (around.character_set, "CS" if vr else None))
    if around.sign is not None:
        elements.setdefault(PIXEL_REPRESENTATION, (around.sign, "US" if vr else None))

    def look_up(tag: int) -> Raw | None:
        if tag not in elements:
            return None
        raw, own = elements[tag]
        return raw, own or implied_vr(tag), around.little

    def make() -> Dataset:
        dataset = Dataset()
        for tag, (raw, own) in sorted(elements.items()):
            place = Tag(tag)
            dataset[place] = RawDataElement(place, own, len(raw), raw, 0, own is None, around.little)
        dataset.set_original_encoding(vr is None, around.little)
        return dataset

    header = DatasetHeader(make, look_up)
    return _typed(_at(header, column), column, header)


def plain_value(column: Column, data: bytes, code: int) -> Any:
    """Read a value that is plainly written, in little endian; None of what `careful_value` has to look at.

    Parameters
    ----------
    column
        Its column.
    data
        Its bytes.
    code
        Its VR as a number; 0 in implicit VR.
    """
    vr = column.vr
    if (code and code != _code(vr)) or column.kind == Kind.BYTES:
        return None
    value = simple_value(data, vr, True)
    if value is None or column.kind == Kind.DATETIME:
        return None
    if column.kind == Kind.TEXT:
        return value if isinstance(value, list) == column.many else [value] if column.many else None
    if isinstance(value, list):
        typed = [_TYPES[column.kind](v) for v in cast("list[Any]", value)]
        return typed if column.many and None not in typed else None
    typed = _TYPES[column.kind](value)
    return [typed] if column.many and typed is not None else typed


@lru_cache(64)
def _code(vr: str) -> int:
    return int.from_bytes(vr.encode(), "little")


def value_of(header: DatasetHeader, column: Column) -> Careful:
    """Read a value from a header that was opened; what is to be said of it stands in the header's `doubts`, too."""
    place: Any = header
    for tag, item in column.path:
        keyword = keyword_for_tag(tag)
        items = place.get(keyword) if keyword else place.value_at(tag)
        place = item_at({"items": items}, "items", item)
        if place is None:
            return None, ()
    return _typed(_at(place, column), column, None)


def _at(header: DatasetHeader, column: Column) -> Any:
    return header.get(column.keyword) if column.keyword else header.value_at(column.tag)


def _typed(value: Any, column: Column, header: DatasetHeader | None) -> Careful:
    """Give a header's value the type of its column."""
    issues = () if header is None else tuple(step.detail for step in header.doubts)
    if value is None:
        return None, issues
    name = column.keyword or column.name
    if column.vr in WORDS and isinstance(value, bytes) and len(value) % 2 == 0:
        value = np.frombuffer(value, "<u2").tolist()  # in which order a header has them, whatever the file's
    values = values_in(value)
    if column.kind == Kind.TEXT and not column.many:
        texts = [_text(v) for v in values]
        converted = None if None in texts else "\\".join(cast("list[str]", texts))
        return converted, issues if converted is not None else (*issues, f"{name} is not text")
    if column.kind == Kind.BYTES:
        converted = value if isinstance(value, bytes) else None
        lost = f"{name} is not read as bytes: it has another VR"
        return converted, issues if converted is not None else (*issues, lost)
    if len(values) > 1 and not column.many:
        return None, (*issues, f"{name} has {len(values)} values where one is allowed")
    typed = [None if v is None else _TYPES[column.kind](v) for v in values]
    if any(one is None and v is not None for one, v in zip(typed, values, strict=True)):
        lost = f"{name} cannot be read as {column.vr}"
        return None, issues if any(lost in sentence for sentence in issues) else (*issues, lost)
    if column.kind == Kind.DATETIME and any(getattr(datetime_of(v), "tzinfo", None) for v in values):
        issues = (*issues, f"{name} has an offset from UTC, which is not applied")
    return (typed if column.many else typed[0]), issues


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        text = value.rstrip(b" \0")
        return text.decode("ascii") if text.isascii() and text.decode("ascii").isprintable() else None
    if value is None or isinstance(value, str):
        return value or ""
    return repr(value) if isinstance(value, (int, float)) else None


def _integer(value: Any) -> int | None:
    return whole_number(value, range(-_SIGNED_64, _SIGNED_64))


def _local(value: Any) -> datetime | None:
    """Return a date and time as the clock showed it."""
    moment = datetime_of(value)
    return None if moment is None else moment.replace(tzinfo=None)


_TYPES = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: finite_number,
    Kind.DATE: date_of,
    Kind.TIME: time_of,
    Kind.DATETIME: _local,
}
