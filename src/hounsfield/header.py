"""The attributes of a file, and every way to read one value: damaged and hostile headers hold anything anywhere.

A value is None, text, bytes, a number (an int of any size, a float that may be infinite or NaN), a header, or a list of
those. What is read here is of the kind that is expected, or nothing: the functions whose names end in ``_of`` take a
header and a keyword, the others a value. `needed_number`, `count_of` and `declared_frames` raise.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from math import isfinite, nan
from typing import Any, cast, overload

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.geometry import SlidePlane
from hounsfield.steps import Step

#: Of a Code String (PS3.5 6.2).
_LONGEST_CODE = 16


Cut = tuple[tuple[int, int], tuple[int, int]]
"""Rows, then columns, of a part of a picture: the first, and the one after the last."""


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

    def __repr__(self) -> str:
        """Return what kind of file it is of; never a value that may identify anyone."""
        rows, columns = whole_number(self.get("Rows")), whole_number(self.get("Columns"))
        size = "" if rows is None or columns is None else f", {rows} x {columns}"
        code = text_of(self, "Modality")
        modality = code if code.isascii() and code.isalpha() and len(code) <= _LONGEST_CODE else "no modality"
        return f"Header({modality}{size}, {len(self)} attributes: header[keyword], header.dataset)"

    @property
    def slide_plane(self) -> SlidePlane | None:
        """The place on a microscope slide of what this is the header of; None where it is of no slide, or not known."""
        return None

    @property
    def cut(self) -> Cut | None:
        """Rows and columns of the file's picture that this is the header of; None where it is of all of them."""
        return None

    @property
    def uncut(self) -> Header:
        """The header of the whole picture."""
        return self

    @property
    def doubts(self) -> tuple[Step, ...]:
        """The assumptions made to read the values that were asked for so far: a wrong VR, another character set."""
        return ()


class WrappedHeader(Header):
    """A header that shows another one differently: whatever is not shown differently is the other's.

    Parameters
    ----------
    whole
        The other one.
    """

    def __init__(self, whole: Header) -> None:
        self._whole = whole

    @property
    def dataset(self) -> Any:
        """The attributes of the whole file."""
        return self._whole.dataset

    @property
    def doubts(self) -> tuple[Step, ...]:
        """The doubts of the whole file."""
        return self._whole.doubts

    @property
    def slide_plane(self) -> SlidePlane | None:
        """The place on a microscope slide of what this is the header of; None where it is of no slide, or not known."""
        return self._whole.slide_plane

    @property
    def cut(self) -> Cut | None:
        """Rows and columns of the file's picture that this is the header of; None where it is of all of them."""
        return self._whole.cut

    @property
    def uncut(self) -> Header:
        """The header of the whole picture."""
        return self if self.cut is None else self._whole.uncut

    def for_frame(self, index: int) -> Header:
        """Return the other's header of a frame."""
        return self._whole.for_frame(index)

    def __getitem__(self, keyword: str) -> Any:
        return self._whole[keyword]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return sum(1 for _ in self)


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


def values_in(value: Any) -> list[Any]:
    """Return one or several values as a list, whatever they are."""
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def finite_number(value: Any) -> float | None:
    """Return a number; None for anything else, for what is infinite or NaN, and for an int beyond all floats."""
    if not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def finite_numbers(value: Any) -> list[float]:
    """Return the finite numbers among one or several values; what is none is left out."""
    return [number for number in map(finite_number, values_in(value)) if number is not None]


def exact_numbers(value: Any, count: int) -> list[float] | None:
    """Return exactly so many finite numbers; None where there are more, fewer, or others among them."""
    numbers = finite_numbers(value)
    return numbers if len(numbers) == len(values_in(value)) == count else None


def numbers_or_nan(value: Any, count: int) -> list[float]:
    """Return exactly so many finite numbers, or as many NaN; where one is wanted, the first of several."""
    values = values_in(value)
    return exact_numbers(values[:1] if count == 1 else values, count) or [nan] * count


def whole_number(value: Any, among: range | None = None) -> int | None:
    """Return an int, of a range where one is given; None for anything else, floats without a fraction included.

    The dictionary says which attributes are whole: a float among them is what damage or a wrong VR has left.
    """
    return value if isinstance(value, int) and (among is None or value in among) else None


def text_of(header: Mapping[str, Any], keyword: str) -> str:
    """Return an attribute that holds one text: ``""`` where it is absent, the first of several.

    Damaged files have several values, or a number, where the standard allows one code.
    """
    value = header.get(keyword)
    if isinstance(value, list):
        value = next(iter(cast("list[Any]", value)), None)
    return "" if value is None else str(value).strip()


def texts_of(header: Mapping[str, Any], keyword: str) -> list[str]:
    """Return one or several values as text, empty ones included: their place counts. ``[""]`` where it is absent."""
    return ["" if value is None else str(value).strip() for value in values_in(header.get(keyword))]


def number_of(header: Mapping[str, Any], keyword: str) -> float | None:
    """Return an attribute that holds one finite number; None where it is absent, several, or anything else."""
    numbers = exact_numbers(header.get(keyword), 1)
    return numbers[0] if numbers else None


def needed_number(header: Mapping[str, Any], keyword: str, among: tuple[float, float], unit: str, name: str) -> float:
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
    number = finite_number(value)
    if number is None:
        raise InvalidAttributeError(f"{keyword} is not a finite number", source=name, attribute=keyword)
    least, most = among
    if not least <= number <= most:
        detail = f"{keyword} is not between {least:g} and {most:g} {unit}: damaged, or in another unit"
        raise InvalidAttributeError(detail, source=name, attribute=keyword)
    return number


def count_of(header: Mapping[str, Any], keyword: str, among: range, name: str) -> int | None:
    """Return a whole number of a range; None where the attribute is absent.

    Raises
    ------
    InvalidAttributeError
        It is there, and is anything else.
    """
    value = header.get(keyword)
    count = whole_number(value, among)
    if value is not None and count is None:
        raise InvalidAttributeError(f"{keyword} has an impossible value", source=name, attribute=keyword)
    return count


def declared_frames(header: Mapping[str, Any], name: str) -> int:
    """Return Number of Frames; 1 where it is absent or 0.

    Raises
    ------
    InvalidAttributeError
        It is no whole number, or beyond what an IS can hold.
    """
    return count_of(header, "NumberOfFrames", range(2**31), name) or 1


@overload
def items_of(header: Header, keyword: str) -> list[Header]: ...  # pyright: ignore[reportOverlappingOverload]  lists are not covariant
@overload
def items_of(header: Mapping[str, Any], keyword: str) -> list[Mapping[str, Any]]: ...
def items_of(header: Mapping[str, Any], keyword: str) -> Any:
    """Return the items of a sequence: none where it is absent, or damaged files have something else there.

    Those of a `Header` are headers, too.
    """
    value = header.get(keyword)
    return [item for item in cast("list[Any]", value) if isinstance(item, Mapping)] if isinstance(value, list) else []


def item_at(header: Mapping[str, Any], keyword: str, index: int) -> Mapping[str, Any] | None:
    """Return one item of a sequence, or None where it has none of that index.

    Unlike `items_of` it does not look at the others: a slide has a hundred thousand of them.
    """
    value = header.get(keyword)
    items = cast("list[Any]", value) if isinstance(value, list) else []
    item = items[index] if 0 <= index < len(items) else None
    return cast("Mapping[str, Any]", item) if isinstance(item, Mapping) else None
