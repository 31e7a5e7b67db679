"""A pydicom dataset as a mapping from keyword to plain Python values."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_sequence
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.valuerep import IS, DSdecimal, DSfloat, PersonName

from hounsfield.header import Header
from hounsfield.headers.charset import CharacterSets, beyond_ascii, character_sets, decode_text
from hounsfield.headers.doubts import Doubts
from hounsfield.headers.frame_header import DoseFrameHeader, FrameHeader
from hounsfield.headers.index import VRS
from hounsfield.headers.meaning import (
    ONE_TEXT,
    binary_numbers,
    by_meaning,
    choose_vr,
    decimal_numbers,
    known_attribute,
    plainly_written,
    swapped,
)
from hounsfield.headers.quiet import quiet
from hounsfield.steps import Step

_INTEGERS = {"US": 2, "SS": 2, "UL": 4, "SL": 4}
#: Where one of these is present, each frame has attributes or a position of its own.
_BY_FRAME = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "TotalPixelMatrixColumns")
_NUMBERS = {*_INTEGERS, "UV", "SV", "FL", "FD", "DS", "IS"}
_ASCII: dict[str, Callable[[str], Any]] = {
    "DS": float,
    "IS": int,
    **dict.fromkeys(("CS", "UI", "LO", "SH", "AS", "DA", "TM", "DT", "PN"), lambda text: text.rstrip(" \0")),
}
_NUMERIC = (int, float)

#: Text that Specific Character Set applies to (PS3.5 6.1.2.2).
CODED_TEXT = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"}
_CHARACTER_SET = 0x00080005
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

    What has another VR than the dictionary's, or is not written as its VR has it, is read by its meaning where that
    is clear, and noted in `doubts`. Where it is not, a number stays the text or the bytes that it is, and
    anything else counts as absent; that is noted too. `hu.tags` shows what the file has.

    Parameters
    ----------
    dataset
        The dataset, or a function that makes it when it is needed.
    look_up
        Gives bytes, VR and byte order (True: little endian) of a top-level tag, or None where the file does not
        have it: the commonest values are then had without the dataset.
    around
        The header in whose sequence this one is an item: it hands down its character set and collects the doubts.
    """

    def __init__(
        self,
        dataset: Dataset | Callable[[], Dataset],
        look_up: LookUp | None = None,
        around: DatasetHeader | None = None,
    ) -> None:
        self._made = dataset if isinstance(dataset, Dataset) else None
        self._make = None if isinstance(dataset, Dataset) else dataset
        self._look_up = look_up or self._look_up_element
        self._cache: dict[str, Any] = {}
        self._around = around
        self._sets: CharacterSets | None = None
        self.noted: Doubts = around.noted if around is not None else Doubts()

    def __reduce__(self) -> tuple[Any, ...]:
        return DatasetHeader, (self.dataset,)  # the quick index refers to the file's bytes, which are not pickled

    @property
    def doubts(self) -> tuple[Step, ...]:
        """The assumptions made to read the values that were asked for so far (see `Header.doubts`)."""
        return self.noted.steps

    @property
    def character_sets(self) -> CharacterSets:
        """The character sets of this dataset's text, declared by itself or by the one around it."""
        if self._sets is None:
            inherited = self._around.character_sets if self._around is not None else CharacterSets()
            raw = self._look_up(_CHARACTER_SET)
            own = None if raw is None else character_sets(raw[0]) if raw[0] else declared_sets(self.dataset, inherited)
            self._sets = own or inherited
        return self._sets

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
        return DoseFrameHeader(self, index) if "GridFrameOffsetVector" in self else self

    def __getitem__(self, keyword: str) -> Any:
        if keyword not in self._cache:
            self._cache[keyword] = self._convert(keyword)
        value = self._cache[keyword]
        if value is None:
            raise KeyError(keyword)
        return value

    def __contains__(self, keyword: object) -> bool:
        return isinstance(keyword, str) and self.get(keyword) is not None

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
        known = known_attribute(keyword)
        if known is None:
            return None
        tag, expected = known
        raw = self._look_up(tag)
        if raw is None:
            return None
        data, vr, little = raw
        if vr == expected or vr is None:
            value = simple_value(data, vr, little)
            if value is not None:
                return value
        return self._convert_slowly(keyword, tag, expected, raw)

    def value_at(self, tag: int) -> Any:
        """Return a value by its tag, for repeating groups, which have no keywords of their own; None if absent."""
        raw = self._look_up(tag)
        if raw is None:
            return None
        try:
            expected = dictionary_VR(tag)
        except KeyError:
            expected = raw[1] or "UN"
        return self._convert_slowly(f"({tag >> 16:04X},{tag & 0xFFFF:04X})", tag, expected, raw)

    def _convert_slowly(self, keyword: str, tag: int, expected: str, raw: Raw) -> Any:
        data, vr, little = raw
        if data == b"" and expected != "SQ":
            return None
        if not data:  # pydicom made a value of it already, or it is empty
            return self._pydicom_value(keyword, tag, raw)
        if vr == "UN" and expected != "UN":
            # UN of a known attribute: its value is encoded as in implicit VR, little endian (PS3.5 6.2.2).
            vr, little = choose_vr(expected, signed=" or " in expected and self._signed), True
        matches = vr is None or vr in expected.split(" or ")
        if not matches:
            return self._by_meaning(keyword, tag, expected, raw)
        value = simple_value(data, vr, little)
        if value is not None:
            return value
        if vr in ("DS", "IS"):
            return self._written_number(keyword, tag, vr, data)
        if vr == "SQ" and raw[1] == "UN":
            return self._sequence(keyword, raw, raw[1])
        if (vr or expected) in CODED_TEXT and beyond_ascii(data):
            return self._text(keyword, vr or expected, raw)
        value = self._pydicom_value(keyword, tag, raw)
        if vr is None and expected == "US or SS" and isinstance(value, bytes):  # pydicom settles most of these
            numbers = binary_numbers(data, choose_vr(expected, signed=self._signed), little)
            return numbers[0] if numbers is not None and len(numbers) == 1 else numbers
        return value

    @property
    def _signed(self) -> bool:
        own = self.get("PixelRepresentation")
        return self._around._signed if own is None and self._around is not None else own == 1

    def _pydicom_value(self, keyword: str, tag: int, raw: Raw) -> Any:
        data, vr, little = raw
        try:
            with quiet():
                value = plain(self.dataset[tag].value, self)
        except Exception:  # whatever pydicom raises on a damaged value: it is not readable
            known = known_attribute(keyword)
            expected = choose_vr(known[1], signed=False) if known else vr
            if vr is None and expected == "OW":  # what decides between it and numbers, or OB, is not there
                return data
            return self._unreadable(keyword, expected, data) if data and expected else None
        if isinstance(value, bytes) and not little:
            # So that a header's bytes mean one thing everywhere.
            size = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}.get(vr or "", 1)
            return value if len(value) % size else swapped(value, size)
        return value

    def _by_meaning(self, keyword: str, tag: int, choice: str, raw: Raw) -> Any:
        """Read a value that has another VR than its attribute."""
        data, vr, little = raw
        assert data is not None and vr is not None  # noqa: S101, PT018  asked of others only
        expected = choose_vr(choice, signed=choice.startswith("US or SS") and self._signed)
        if expected == "SQ":
            return self._sequence(keyword, raw, vr)
        if expected in CODED_TEXT and beyond_ascii(data):
            value = self._text(keyword, expected, raw)
        else:
            value = by_meaning(data, vr, expected, tag, little)
        if value is None:
            return self._unreadable(keyword, expected, data)
        self.noted.reread(keyword, vr, expected, value)
        return value

    def _written_number(self, keyword: str, tag: int, vr: str, data: bytes) -> Any:
        """Read numbers in digits that are not plainly there."""
        numbers = decimal_numbers(data, vr == "IS", tag)
        if numbers is None:
            return self._unreadable(keyword, vr, data) if data.strip(b" \0\\") else None
        value = numbers[0] if len(numbers) == 1 else numbers
        if not plainly_written(data, vr):
            self.noted.reread(keyword, vr, vr, value)
        return value

    def _unreadable(self, keyword: str, expected: str, data: bytes) -> Any:
        """Return the text or bytes that stand for a number, so that whoever needs it sees that it is none."""
        self.noted.unreadable(keyword, expected)
        if expected not in _NUMBERS:
            return None
        text = data.rstrip(b" \0")
        return text.decode("ascii") if text.isascii() and text.decode("ascii").isprintable() else data

    def _sequence(self, keyword: str, raw: Raw, vr: str) -> Any:
        """Read the bytes of a sequence that has another VR; one of unknown VR is as it should be."""
        data = raw[0] or b""
        try:
            with quiet():
                items = plain(sequence_of(data, little=raw[2] or vr == "UN"), self)
        except Exception:  # as with any value of pydicom's
            items = None
        if items is None:
            self.noted.unreadable(keyword, "SQ")
        elif vr != "UN":
            self.noted.reread(keyword, vr, "SQ", items)
        return items

    def _text(self, keyword: str, vr: str, raw: Raw) -> Any:
        """Decode text beyond ASCII."""
        data = raw[0] or b""
        text, doubt = decode_text(data, self.character_sets)
        if doubt:
            self.noted.text(keyword, doubt)
        return text_value(text, vr)

    def __iter__(self) -> Iterator[str]:
        for tag in list(elements_of(self.dataset)):
            keyword = keyword_for_tag(tag)
            if keyword and keyword in self:
                yield keyword

    def __len__(self) -> int:
        return sum(1 for _ in self)


def declared_sets(dataset: Dataset, inherited: CharacterSets) -> CharacterSets:
    """Return what a dataset declares of its text, or what the one around it does."""
    element = elements_of(dataset).get(_CHARACTER_SET)
    value: Any = None if element is None else element.value
    if isinstance(value, bytes):
        return character_sets(value)
    if not value:
        return inherited
    # pydicom has been asked for it before
    terms = [value] if isinstance(value, str) else list(value)
    return character_sets("\\".join(str(term or "") for term in terms).encode("latin-1", "replace"))


def sequence_of(data: bytes, *, little: bool) -> Sequence:
    """Parse bytes as the items of a sequence, in explicit or implicit VR, as they turn out to be.

    Raises
    ------
    ValueError
        They do not begin with an item.
    """
    item = b"\xfe\xff\x00\xe0" if little else b"\xff\xfe\xe0\x00"
    if not data.startswith(item):
        raise ValueError("no item")
    implicit = data[12:14] not in VRS
    return read_sequence(io.BytesIO(data), implicit, little, len(data), "iso8859")


def text_value(text: str, vr: str) -> Any:
    """Part decoded text into its values, as a header gives them; None for an empty one."""
    if vr in ONE_TEXT:
        return _clean(text) or None
    parts = [_clean(part) for part in text.split("\\")]
    values = [part.rstrip("=") if vr == "PN" else part.strip(" ") for part in parts]
    return values if len(values) > 1 else values[0] or None


def _clean(text: str) -> str:
    return _ESCAPES.sub("", text).rstrip(" \0")


def simple_value(raw: Any, vr: str | None, little_endian: bool) -> Any:
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
    if vr not in _ASCII or beyond_ascii(raw) or (b"_" in raw and vr in ("DS", "IS")):
        return None  # Python takes 1_000 for a number
    convert, text = _ASCII[vr], raw.decode("ascii").rstrip(" \0")
    if vr == "PN" and "=" in text:
        return None
    try:
        if "\\" not in text:
            return convert(text) if text and (text[0] != " " or convert in _NUMERIC) else None
        parts = [convert(part) for part in text.split("\\")]
    except ValueError:
        return None
    if "" in parts or any(isinstance(part, str) and part[0] == " " for part in parts):
        return None
    return parts[0] if len(parts) == 1 else parts


def plain(value: Any, around: DatasetHeader | None = None) -> Any:
    """Turn a value of pydicom's into a plain Python value; None for an empty one.

    Person names and other text become str, decimals float, integers int, several values a list, sequences a
    list of headers, which belong to the one `around` them.
    """
    if value is None or (isinstance(value, (str, bytes, PersonName)) and not value):
        return None
    if isinstance(value, Sequence):
        return [DatasetHeader(item, around=around) for item in value]
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
    return _clean(str(value))
