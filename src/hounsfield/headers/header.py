"""A pydicom dataset as a mapping from keyword to plain Python values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.valuerep import IS, DSdecimal, DSfloat, PersonName

from hounsfield.headers.frames import FrameHeader
from hounsfield.headers.quiet import quiet
from hounsfield.image import Header

_INTEGERS = {"US": 2, "SS": 2, "UL": 4, "SL": 4}
#: Where one of these is present, attributes or the place of a frame are its own.
_BY_FRAME = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "TotalPixelMatrixColumns")
_ASCII: dict[str, Callable[[str], Any]] = {"CS": str.rstrip, "DS": float, "IS": int, "UI": str.rstrip}

#: Escape sequences of ISO 2022 switch the character set and are no content; some are left over after decoding.
_ESCAPES = re.compile(r"\x1b[$(),\-./*+]{1,2}[0-~]")

Raw = tuple[bytes | None, str | None, bool]
LookUp = Callable[[int], Raw | None]


def elements_of(dataset: Dataset) -> dict[int, RawDataElement | DataElement]:
    """Return the dataset's elements as pydicom holds them, keyed by tag, nothing converted.

    pydicom has no public way: `get_item` converts some elements, and raises on what is not convertible;
    its other look-ups make a tag object of every key, which costs more than the look-up.
    """
    return cast("dict[int, RawDataElement | DataElement]", dataset._dict)  # pyright: ignore[reportPrivateUsage]


class DatasetHeader(Header):
    """A header over a `pydicom.Dataset`; values are converted when they are asked for.

    A value that cannot be converted counts as absent here; `hu.tags` shows it as unreadable.

    Parameters
    ----------
    dataset
        The dataset, or a function that makes it when it is needed.
    look_up
        Gives bytes, VR and byte order (True: little endian) of a top-level tag, or None where the file does not
        have it: the commonest values are then had without the dataset.
    """

    def __init__(self, dataset: Dataset | Callable[[], Dataset], look_up: LookUp | None = None) -> None:
        self._made = dataset if isinstance(dataset, Dataset) else None
        self._make = None if isinstance(dataset, Dataset) else dataset
        self._look_up = look_up or self._look_up_element
        self._cache: dict[str, Any] = {}

    @property
    def dataset(self) -> Dataset:
        """The attributes as pydicom holds them, without the pixel data."""
        if self._made is None:
            assert self._make is not None  # noqa: S101  one of both is always there
            with quiet():
                self._made = self._make()
        return self._made

    def for_frame(self, index: int) -> Header:
        """Return the header as it holds for one frame (see `Header.for_frame`)."""
        if any(keyword in self for keyword in _BY_FRAME):
            return FrameHeader(self, index)
        return self

    def __getitem__(self, keyword: str) -> Any:
        if keyword not in self._cache:
            self._cache[keyword] = self._convert(keyword)
        value = self._cache[keyword]
        if value is None:
            raise KeyError(keyword)
        return value

    def get(self, keyword: str, default: Any = None) -> Any:
        """Return the value, or `default` where the attribute is absent or empty."""
        if keyword not in self._cache:
            self._cache[keyword] = self._convert(keyword)
        value = self._cache[keyword]
        return default if value is None else value

    def _look_up_element(self, tag: int) -> Raw | None:
        element = elements_of(self.dataset).get(tag)
        if element is None:
            return None
        if not isinstance(element, RawDataElement):
            return None, element.VR, True
        return element.value, element.VR, element.is_little_endian

    def _convert(self, keyword: str) -> Any:
        tag = tag_for_keyword(keyword)
        return None if tag is None else self.value_at(tag)

    def value_at(self, tag: int) -> Any:
        """Return a value by its tag, for repeating groups, which have no keywords of their own; None if absent."""
        raw = self._look_up(tag)
        if raw is None:
            return None
        data, vr, little = raw
        value = _simple(data, vr, little)
        if value is not None:
            return value
        try:
            with quiet():
                value = plain(self.dataset[tag].value)
        except Exception:  # whatever pydicom raises on a damaged value: it is not readable
            return None
        return _little_endian(value, vr) if isinstance(value, bytes) and not little else value

    def __iter__(self) -> Iterator[str]:
        for tag in list(elements_of(self.dataset)):
            keyword = keyword_for_tag(tag)
            if keyword and keyword in self:
                yield keyword

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _little_endian(value: bytes, vr: str | None) -> bytes:
    """Swap the words of a big endian file's binary value, so that a header's bytes mean one thing everywhere."""
    size = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}.get(vr or "")
    if size is None or len(value) % size:
        return value
    return b"".join(value[at : at + size][::-1] for at in range(0, len(value), size))


def _simple(raw: Any, vr: str | None, little_endian: bool) -> Any:
    """Convert the commonest value representations straight from their bytes; None where that is not safe.

    pydicom takes 9 microseconds for a value, with validation and an object of its own; reading an image asks
    for thirty. What is not plain here goes to pydicom.
    """
    if not isinstance(raw, bytes) or not raw or vr is None:
        return None
    if vr in _INTEGERS:
        if len(raw) != _INTEGERS[vr]:
            return None
        return int.from_bytes(raw, "little" if little_endian else "big", signed=vr[0] == "S")
    if vr not in _ASCII or not raw.isascii():
        return None
    convert = _ASCII[vr]
    try:
        parts = [convert(part) for part in raw.decode("ascii").rstrip(" \0").split("\\")]
    except ValueError:
        return None
    if "" in parts or any(isinstance(part, str) and part[0] == " " for part in parts):
        return None
    return parts[0] if len(parts) == 1 else parts


def plain(value: Any) -> Any:
    """Turn a value of pydicom's into a plain Python value; None for an empty one.

    Person names and other text become str, decimals float, integers int, several values a list, sequences a
    list of headers.
    """
    if value is None or (isinstance(value, (str, bytes, PersonName)) and not value):
        return None
    if isinstance(value, Sequence):
        return [DatasetHeader(item) for item in value]
    if isinstance(value, (MultiValue, list, tuple)):
        items = [plain(item) for item in cast("list[Any]", value)]
        return items or None
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, (DSfloat, DSdecimal)):
        return float(value)
    if isinstance(value, IS):
        return int(value)
    if isinstance(value, BaseTag):
        return f"{value:08X}"
    if isinstance(value, (bool, int, float, bytes)):
        return value
    return _ESCAPES.sub("", str(value)).rstrip(" \0")
