"""Every attribute of a file, nested ones too, and those that cannot be read as well."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

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
from pydicom.valuerep import PersonName

from hounsfield.errors import LimitExceededError
from hounsfield.headers.charset import CharacterSets, beyond_ascii, decode_text
from hounsfield.headers.dataset import Opened, PixelElement, open_dataset
from hounsfield.headers.dataset_header import CODED_TEXT, declared_sets, elements_of, plain, text_value
from hounsfield.headers.doubts import Doubts
from hounsfield.headers.privacy import HIDDEN, identifies, is_free_text
from hounsfield.headers.quiet import quiet
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.local import SourceLike, open_source
from hounsfield.steps import say_assumptions

if TYPE_CHECKING:
    pass

#: Longer binary values are described by their length, not shown.
_SHOWN_BYTES = 64
#: Longer binary values are left out of the JSON model, which then says where they are.
_INLINE_BYTES = 4096


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
        rows = list(_all_rows(opened, _Context(opened.name, phi, limits, opened.header.noted, free_text)))
    wanted = search.casefold()
    return [row for row in rows if not wanted or _matches(row, wanted)]


def json_model(opened: Opened, phi: bool, limits: Limits) -> dict[str, dict[str, Any]]:
    """Return an opened file in the DICOM JSON model: see `hounsfield.dicom_json`."""
    context = _Context(opened.name, phi, limits, opened.header.noted)
    with quiet():
        model = _json_dataset(opened.dataset.file_meta, 0, CharacterSets(), context)
        model |= _json_dataset(opened.dataset, 0, CharacterSets(), context)
        if opened.pixels is not None:
            model[_pixel_tag(opened.pixels)] = _bulk(opened.pixels)
    return dict(sorted(model.items()))


@dataclass(frozen=True)
class _Context:
    """Facts that hold for a whole file while its attributes are listed."""

    name: str
    phi: bool
    limits: Limits
    noted: Doubts
    free_text: bool = True

    def hides(self, tag: int, vr: str) -> bool:
        """Return whether the value of an attribute is not shown."""
        return not self.phi and (identifies(tag, vr) or (not self.free_text and is_free_text(tag, vr)))


def _all_rows(opened: Opened, context: _Context) -> Iterator[Attribute]:
    yield from _rows(opened.dataset.file_meta, "", 0, CharacterSets(), context)
    pixels = opened.pixels
    pixel_tag = _pixel_tag(pixels) if pixels else "G"  # sorts behind every tag
    for row in _rows(opened.dataset, "", 0, CharacterSets(), context):
        if pixels and row.path > pixel_tag:
            yield _pixel_row(pixels)
            pixels = None
        yield row
    if pixels:
        yield _pixel_row(pixels)


def _pixel_tag(pixels: PixelElement) -> str:
    return {"FloatPixelData": "7FE00008", "DoubleFloatPixelData": "7FE00009"}.get(pixels.keyword, "7FE00010")


def _pixel_row(pixels: PixelElement) -> Attribute:
    tag = _pixel_tag(pixels)
    size = pixels.extent.length if pixels.encapsulated else pixels.length
    value = f"{size} bytes" + (", encapsulated" if pixels.encapsulated else "")
    name = dictionary_description(int(tag, 16))
    return Attribute(tag, tag, pixels.keyword, name, pixels.vr or "OW", value)


def _rows(dataset: Dataset, prefix: str, depth: int, sets: CharacterSets, context: _Context) -> Iterator[Attribute]:
    limit = context.limits.sequence_depth
    if depth > limit:
        raise LimitExceededError(f"sequences are nested deeper than {limit}", source=context.name)
    sets = declared_sets(dataset, sets)
    for tag in sorted(dataset.keys()):
        try:
            element, text = _element(dataset, tag, sets, context)
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


def _element(dataset: Dataset, tag: BaseTag, sets: CharacterSets, context: _Context) -> tuple[DataElement, Any]:
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


def _json_dataset(dataset: Dataset, depth: int, sets: CharacterSets, context: _Context) -> dict[str, dict[str, Any]]:
    limit = context.limits.sequence_depth
    if depth > limit:
        raise LimitExceededError(f"sequences are nested deeper than {limit}", source=context.name)
    model: dict[str, dict[str, Any]] = {}
    sets = declared_sets(dataset, sets)
    for tag in sorted(dataset.keys()):
        if tag.element == 0:
            continue  # group lengths are not part of the model (PS3.18 F.2.2)
        try:
            element, text = _element(dataset, tag, sets, context)
            value = element.value if text is None else text
            entry = _json_element(element, value, depth, sets, context)
        except RecursionError:
            raise LimitExceededError("sequences are nested too deeply to be read", source=context.name) from None
        except LimitExceededError:
            raise
        except Exception:  # an unreadable value: the model has a place for the attribute, not for the error
            entry = {"vr": str(elements_of(dataset)[tag].VR or "UN")}
        model[f"{int(tag):08X}"] = entry
    return model


def _json_element(
    element: DataElement, value: Any, depth: int, sets: CharacterSets, context: _Context
) -> dict[str, Any]:
    vr = str(element.VR)
    entry: dict[str, Any] = {"vr": vr}
    if not context.phi and identifies(int(element.tag), vr):
        return entry
    if isinstance(value, Sequence):
        items = [_json_dataset(item, depth + 1, sets, context) for item in value]
        return {**entry, "Value": items} if items else entry
    if isinstance(value, bytes):
        if len(value) > _INLINE_BYTES:
            return {**entry, "BulkDataURI": f"?offset={element.file_tell or 0}&length={len(value)}"}
        return {**entry, "InlineBinary": base64.b64encode(value).decode()} if value else entry
    values = _json_values(value, vr)
    return {**entry, "Value": values} if values else entry


def _json_values(value: Any, vr: str) -> list[Any]:
    if vr == "PN":
        names = value if isinstance(value, list) or hasattr(value, "append") else [value]
        return [_json_name(name) for name in names if name]
    values = json_ready(plain(value))
    if values is None:
        return []
    return values if isinstance(values, list) else [values]


def _json_name(name: Any) -> dict[str, str]:
    """A person name by its groups of characters (PS3.18 F.2.2)."""
    name = name if isinstance(name, PersonName) else PersonName(str(name))
    groups = {
        "Alphabetic": name.alphabetic,
        "Ideographic": name.ideographic,
        "Phonetic": name.phonetic,
    }
    return {key: json_ready(text) for key, text in groups.items() if text}


def _bulk(pixels: PixelElement) -> dict[str, Any]:
    place = pixels.extent
    return {"vr": pixels.vr or "OW", "BulkDataURI": f"?offset={place.offset}&length={place.length}"}


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


def dicom_json(
    source: SourceLike, *, phi: bool = True, strict: bool = False, limits: Limits = DEFAULT_LIMITS
) -> dict[str, dict[str, Any]]:
    """Return the file in the DICOM JSON model (PS3.18 annex F).

    Binary values of more than 4096 bytes have a ``BulkDataURI`` with offset and length in the file in place of
    their content. An attribute whose value cannot be read has its VR and no value. With ``phi=False`` what
    identifies the patient has its VR and no value either. What is assumed is a warning, and refused where `strict`,
    as in `tags`.
    """
    with closing(open_source(source, limits)) as opened_source:
        opened = open_dataset(opened_source, limits)
        model = json_model(opened, phi, limits)
    say_assumptions((*opened.steps, *opened.header.doubts), opened.name, strict=strict)
    return model
