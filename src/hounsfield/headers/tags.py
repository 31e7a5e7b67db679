"""Every attribute of a file, nested ones too, and those that cannot be read as well."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, cast

from pydicom.datadict import (
    dictionary_description,
    dictionary_has_tag,
    keyword_for_tag,
    private_dictionary_description,
)
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from hounsfield.errors import LimitExceededError
from hounsfield.headers.charset import CharacterSets, beyond_ascii, decode_text
from hounsfield.headers.dataset import Opened, PixelElement, open_dataset
from hounsfield.headers.dataset_header import (
    CODED_TEXT,
    declared_sets,
    elements_of,
    plain,
    text_value,
)
from hounsfield.headers.doubts import Doubts
from hounsfield.headers.privacy import HIDDEN, identifies, is_free_text
from hounsfield.headers.quiet import quiet
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.local import SourceLike, open_source
from hounsfield.steps import say_assumptions

#: Longer binary values are described by their length, not shown.
_SHOWN_BYTES = 64


@dataclass(frozen=True)
class Attribute:
    """One attribute of a file.

    Attributes
    ----------
    path
        Its position: the tag, after the tags of the sequences around it with the 0-based number of their
        item: ``00081140[0].00081150``.
    tag
        Eight hexadecimal digits.
    keyword
        The standard's keyword; ``""`` for private and unknown attributes.
    name
        Its name in words; of a private attribute where pydicom knows it, else ``"Private"``.
    vr
        Value representation: two letters.
    value
        A JSON-ready value: text, number, list of them, or None where it is empty. Binary data is described
        (``"524288 bytes"``), of a sequence the number of items is given (``"2 items"``).
    readable
        False where the value cannot be read; `value` then says why.
    """

    path: str
    tag: str
    keyword: str
    name: str
    vr: str
    value: Any
    readable: bool = True

    @property
    def level(self) -> int:
        """The depth at which it is nested: 0 for an attribute of the file itself."""
        return self.path.count(".")

    def to_dict(self) -> dict[str, Any]:
        """Return the attribute as a JSON-ready dictionary."""
        return {
            "path": self.path,
            "tag": self.tag,
            "keyword": self.keyword,
            "name": self.name,
            "vr": self.vr,
            "value": self.value,
            "readable": self.readable,
        }


def attributes(opened: Opened, search: str, phi: bool, limits: Limits, *, free_text: bool = True) -> list[Attribute]:
    """Return the attributes of an opened file: see `hounsfield.tags`, which opens a source first.

    Without `phi`, `free_text` tells whether text that people wrote as they liked is shown where the profile keeps it.
    """
    with quiet():
        rows = list(_all_rows(opened, FileListing(opened.name, phi, limits, opened.header.noted, free_text)))
    wanted = search.casefold()
    return [row for row in rows if not wanted or _matches(row, wanted)]


@dataclass(frozen=True)
class FileListing:
    """Facts that hold for a whole file while its attributes are listed."""

    name: str
    phi: bool
    limits: Limits
    noted: Doubts
    free_text: bool = True

    def hides(self, tag: int, vr: str) -> bool:
        """Return whether the value of an attribute is not shown."""
        return not self.phi and (identifies(tag, vr) or (not self.free_text and is_free_text(tag, vr)))


def _all_rows(opened: Opened, context: FileListing) -> Iterator[Attribute]:
    yield from _rows(opened.dataset.file_meta, "", 0, CharacterSets(), context)
    pixels = opened.pixels
    pixel_tag = pixel_tag_of(pixels) if pixels else "G"  # sorts behind every tag
    for row in _rows(opened.dataset, "", 0, CharacterSets(), context):
        if pixels and row.path > pixel_tag:
            yield _pixel_row(pixels)
            pixels = None
        yield row
    if pixels:
        yield _pixel_row(pixels)


def pixel_tag_of(pixels: PixelElement) -> str:
    """Return the tag of the element that holds the pixel data: eight hexadecimal digits."""
    return {"FloatPixelData": "7FE00008", "DoubleFloatPixelData": "7FE00009"}.get(pixels.keyword, "7FE00010")


def _pixel_row(pixels: PixelElement) -> Attribute:
    tag = pixel_tag_of(pixels)
    size = pixels.extent.length if pixels.encapsulated else pixels.length
    value = f"{size} bytes" + (", encapsulated" if pixels.encapsulated else "")
    name = dictionary_description(int(tag, 16))
    return Attribute(tag, tag, pixels.keyword, name, pixels.vr or "OW", value)


def _rows(dataset: Dataset, prefix: str, depth: int, sets: CharacterSets, context: FileListing) -> Iterator[Attribute]:
    limit = context.limits.sequence_depth
    if depth > limit:
        raise LimitExceededError(f"sequences are nested deeper than {limit}", source=context.name)
    sets = declared_sets(dataset, sets)
    for tag in sorted(dataset.keys()):
        try:
            element, text = element_and_text(dataset, tag, sets, context)
            row = _row(element, prefix, text)
            hidden = context.hides(int(tag), row.vr)
        except RecursionError:
            raise LimitExceededError("sequences are nested too deeply to be read", source=context.name) from None
        except Exception as error:  # whatever a damaged value makes pydicom raise
            yield _unreadable(dataset, tag, prefix, error)
            continue
        if hidden:  # a sequence with all that is in it
            yield row if row.value is None else replace(row, value=HIDDEN)
            continue
        yield row
        if isinstance(element.value, Sequence):
            for number, item in enumerate(element.value):
                yield from _rows(item, f"{row.path}[{number}].", depth + 1, sets, context)


def element_and_text(
    dataset: Dataset, tag: BaseTag, sets: CharacterSets, context: FileListing
) -> tuple[DataElement, Any]:
    """An attribute as pydicom has it; and its text, where that is in another character set than is declared."""
    raw = elements_of(dataset)[tag]
    element, text = dataset[tag], None
    vr = str(element.VR)
    if isinstance(raw, RawDataElement) and raw.value and vr in CODED_TEXT and beyond_ascii(raw.value):
        decoded, doubt = decode_text(raw.value, sets)
        if doubt:
            context.noted.text(keyword_for_tag(tag), doubt)
            text = text_value(decoded, vr)
    return element, text


def _row(element: DataElement, prefix: str, text: Any = None) -> Attribute:
    tag = f"{int(element.tag):08X}"
    keyword = keyword_for_tag(element.tag)
    shown = _shown(element) if text is None else json_ready(text)
    return Attribute(prefix + tag, tag, keyword, _name(element), str(element.VR), shown)


def _name(element: DataElement) -> str:
    tag = element.tag
    if dictionary_has_tag(tag):
        return dictionary_description(tag)
    if tag.is_private_creator:
        return "Private Creator"
    if tag.is_private:
        try:
            return private_dictionary_description(tag, element.private_creator or "")
        except KeyError:
            return "Private"
    return "Group Length" if tag.element == 0 else "Unknown"


def _shown(element: DataElement) -> Any:
    value = element.value
    if isinstance(value, Sequence):
        return f"{len(value)} item" + ("" if len(value) == 1 else "s")
    return json_ready(plain(value))


def json_ready(value: Any) -> Any:
    """Make a plain value fit for JSON: bytes are described, numbers that are none become text."""
    if isinstance(value, bytes):
        return value.hex(" ") if len(value) <= _SHOWN_BYTES else f"{len(value)} bytes"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [json_ready(item) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        # Bytes that are no text of the declared character set came through as lone surrogates.
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _unreadable(dataset: Dataset, tag: BaseTag, prefix: str, error: Exception) -> Attribute:
    """Describe an attribute without its value: the error's text would quote it."""
    raw = elements_of(dataset)[tag]
    vr = raw.VR or "UN"
    length = len(raw.value) if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes) else 0
    text = f"unreadable: {length} bytes are not a valid {vr} value ({type(error).__name__})"
    code = f"{int(tag):08X}"
    name = dictionary_description(tag) if dictionary_has_tag(tag) else "Private" if tag.is_private else "Unknown"
    return Attribute(prefix + code, code, keyword_for_tag(tag), name, str(vr), text, readable=False)


def _matches(row: Attribute, wanted: str) -> bool:
    dotted = f"({row.tag[:4]},{row.tag[4:]})"
    fields = (row.keyword, row.name, row.tag, dotted, str(row.value))
    return any(wanted in field.casefold() for field in fields)


def tags(
    source: SourceLike, search: str = "", *, phi: bool = True, strict: bool = False, limits: Limits = DEFAULT_LIMITS
) -> list[Attribute]:
    """Return all attributes of a file, in the file's order, those of sequences after their sequence.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, or ``"-"`` for standard input.
    search
        Only attributes of which the keyword, name, tag or value contains this text, whatever the case.
    phi
        False hides the values by which the patient could be found.
    strict
        Refuse a file where something would have to be assumed, with an `AssumptionError`.
    limits
        Bounds on what the file may cost.

    Raises
    ------
    SourceError, NotDicomError, DecodeError, LimitExceededError
        The file cannot be opened, is not DICOM, or no attribute of it can be read. A single attribute that
        cannot be read is not an error: it is in the list with ``readable=False``.
    AssumptionError
        `strict`, and something would have to be assumed.

    Warns
    -----
    AssumptionWarning
        Something had to be assumed: how the file is encoded, what a value with a wrong VR means, in which character
        set its text is. Never with a text of the file.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> for attribute in hu.tags(get_testdata_file("CT_small.dcm"), "rescale"):
    ...     print(attribute.tag, attribute.keyword, attribute.value)
    00281052 RescaleIntercept -1024.0
    00281053 RescaleSlope 1.0
    """
    with closing(open_source(source, limits)) as opened_source:
        opened = open_dataset(opened_source, limits)
        listed = attributes(opened, search, phi, limits)
    say_assumptions((*opened.steps, *opened.header.doubts), opened.name, strict=strict)
    return listed
