"""The attributes of a file, and every way to read one value: damaged and hostile headers hold anything anywhere.

`text_of`, `finite_number`, `number`, `items_of` ... give what is of the kind that is expected, or nothing; `number_of`
is for what is needed, and raises.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, cast

from hounsfield.errors import (
    InvalidAttributeError,
    MissingAttributeError,
)
from hounsfield.geometry import SlidePlane
from hounsfield.steps import Step


class Header(Mapping[str, Any]):
    """A file's attributes: a read-only mapping from keyword to Python value.

    Numbers are int and float, several values a list, sequences lists of headers, person names and other
    text str. `dataset` is pydicom's Dataset with everything that can be asked of one.
    """

    @property
    @abstractmethod
    def dataset(self) -> Any:
        """The attributes as a `pydicom.Dataset`, without the pixel data."""

    @abstractmethod
    def for_frame(self, index: int) -> Header:
        """The header as it holds for one frame of a multi-frame image.

        In enhanced files the functional groups of the frame come first, then the shared ones, then the
        attributes of the whole file (PS3.3 C.7.6.16).
        """

    @property
    def slide_plane(self) -> SlidePlane | None:
        """Where what this is the header of lies on a microscope slide; None where it is of no slide, or not known."""
        return None

    @property
    def doubts(self) -> tuple[Step, ...]:
        """What had to be assumed to read the values that were asked for so far: a wrong VR, another character set."""
        return ()


def text_of(header: Mapping[str, Any], keyword: str) -> str:
    """Return an attribute that holds one text: ``""`` where it is absent, the first of several.

    Damaged files have several values, or a number, where the standard allows one code.
    """
    value = header.get(keyword)
    if isinstance(value, list):
        value = next(iter(cast("list[Any]", value)), None)
    return "" if value is None else str(value).strip()


def finite_number(value: Any) -> float | None:
    """Return a header's value as a number; None for anything else, and for what is infinite or no number.

    Damaged files have text, lists and whole numbers beyond all floating point where a number belongs.
    """
    if not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def items_of(header: Mapping[str, Any], keyword: str) -> list[Mapping[str, Any]]:
    """Return the items of a sequence: none where it is absent, or damaged files have something else there."""
    value = header.get(keyword)
    if not isinstance(value, list):
        return []
    return [cast("Mapping[str, Any]", item) for item in cast("list[Any]", value) if isinstance(item, Mapping)]


def item_at(header: Mapping[str, Any], keyword: str, index: int) -> Mapping[str, Any] | None:
    """Return one item of a sequence, or None where it has none of that index.

    Unlike `items_of` it does not look at the others: a slide has a hundred thousand of them.
    """
    value = header.get(keyword)
    items = cast("list[Any]", value) if isinstance(value, list) else []
    item = items[index] if 0 <= index < len(items) else None
    return cast("Mapping[str, Any]", item) if isinstance(item, Mapping) else None


class NoHeader(Header):
    """The header of an image that was not read from a file."""

    @property
    def dataset(self) -> Any:
        """None: there is no file."""
        return None

    def for_frame(self, index: int) -> Header:
        """Return the same empty header for every frame."""
        return self

    def __getitem__(self, keyword: str) -> Any:
        raise KeyError(keyword)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def items(header: Mapping[str, Any], keyword: str) -> list[Header]:
    """The items of a sequence; none where the attribute is no sequence."""
    value = header.get(keyword)
    found = cast("list[Any]", value) if isinstance(value, list) else []
    return [item for item in found if isinstance(item, Header)]


def numbers(value: Any) -> list[float]:
    """The finite numbers among one or several values."""
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [float(v) for v in values if isinstance(v, (int, float)) and abs(v) < 1e300 and math.isfinite(v)]


def exactly(value: Any, count: int) -> list[float] | None:
    """Exactly `count` finite numbers, or None."""
    given = len(cast("list[Any]", value)) if isinstance(value, list) else 1
    found = numbers(value)
    return found if len(found) == given == count else None


def number(header: Mapping[str, Any], keyword: str) -> float | None:
    """One finite number, or None."""
    found = exactly(header.get(keyword), 1)
    return found[0] if found else None


def texts(value: Any) -> list[str]:
    """One or several values as text, empty ones included: their place counts."""
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return ["" if v is None else str(v).strip() for v in values]


def number_of(header: Mapping[str, Any], keyword: str, among: tuple[float, float], unit: str, name: str) -> float:
    """Return a number that is needed, and must lie within bounds.

    Parameters
    ----------
    header
        Where it stands.
    keyword
        The attribute.
    among
        Least and largest value that can be: what lies beyond is in another unit, or damaged.
    unit
        Unit of the attribute, for errors.
    name
        The file's name, for errors.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        Naming the attribute.
    """
    value = header.get(keyword)
    if value is None:
        raise MissingAttributeError(f"{keyword} is missing", source=name, attribute=keyword)
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidAttributeError(f"{keyword} is no finite number", source=name, attribute=keyword)
    least, most = among
    if not least <= value <= most:
        detail = f"{keyword} is not between {least:g} and {most:g} {unit}: damaged, or in another unit"
        raise InvalidAttributeError(detail, source=name, attribute=keyword)
    return float(value)


def declared_frames(header: Header, name: str) -> int:
    """Return Number of Frames; 1 where it is absent or 0.

    Raises
    ------
    InvalidAttributeError
        It is no whole number, or beyond what an IS can hold.
    """
    value = header.get("NumberOfFrames")
    if value is None:
        return 1
    if not isinstance(value, int) or not 0 <= value < 2**31:
        message = "NumberOfFrames has an impossible value"
        raise InvalidAttributeError(message, source=name, attribute="NumberOfFrames")
    return value or 1
