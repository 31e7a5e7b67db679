"""A file in the DICOM JSON model (PS3.18 annex F), without its pixel data."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Generator
from contextlib import closing
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.valuerep import PersonName

from hounsfield.errors import LimitExceededError
from hounsfield.headers.charset import CharacterSets
from hounsfield.headers.dataset import Opened, PixelElement, open_dataset
from hounsfield.headers.dataset_header import declared_sets, elements_of, plain, simple_value
from hounsfield.headers.index import implied_vr
from hounsfield.headers.privacy import identifies
from hounsfield.headers.quiet import quiet
from hounsfield.headers.tags import FileListing, element_and_text, json_ready, pixel_tag_of
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.local import SourceLike, open_source
from hounsfield.steps import say_assumptions

#: Longer binary values are left out, and where they are is said.
_INLINE_BYTES = 4096
#: Characters of one value, and of a whole header, in a text that many are kept of.
_LONG_VALUE, _LONG_HEADER = 2**16, 16 * 2**20


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


def json_model(opened: Opened, phi: bool, limits: Limits) -> dict[str, dict[str, Any]]:
    """Return an opened file in the DICOM JSON model: see `hounsfield.dicom_json`."""
    context = FileListing(opened.name, phi, limits, opened.header.noted)
    with quiet():
        model = _json_dataset(opened.dataset, 0, CharacterSets(), context)
        _move(model, *opened.cut)
        model |= _json_dataset(opened.dataset.file_meta, 0, CharacterSets(), context)
        if opened.pixels is not None:
            model[pixel_tag_of(opened.pixels)] = _bulk(opened.pixels)
    return dict(sorted(model.items()))


def _move(model: dict[str, dict[str, Any]], start: int, count: int) -> None:
    """Correct where values are in the file, where the dataset was made without the bytes before them."""
    if not count:
        return
    for entry in model.values():
        offset, mark, length = entry.get("BulkDataURI", "").removeprefix("?offset=").partition("&length=")
        if mark and int(offset) >= start:
            entry["BulkDataURI"] = f"?offset={int(offset) + count}&length={length}"


def json_text(opened: Opened, limits: Limits) -> tuple[str, list[str]]:
    """Return an opened file in the DICOM JSON model as a text of bounded length, and what that leaves out.

    Parameters
    ----------
    opened
        The file.
    limits
        What it may cost.

    Returns
    -------
    text
        The document. Values that would take more than 65,536 characters are left out, and the longest attributes where
        all together would take more than 16 MiB: they have their VR only.
    left_out
        Where those are: ``00081140[0].00081150``.

    Raises
    ------
    LimitExceededError
        Sequences are nested too deeply.
    """
    model = json_model(opened, True, limits)
    text = _dumped(model)
    if len(text) <= _LONG_VALUE:
        return text, []
    left_out = list(_leave_out(model, ""))
    text = _dumped(model)
    if len(text) <= _LONG_HEADER:
        return text, left_out
    sizes = {tag: len(_dumped(entry)) for tag, entry in model.items()}
    total = len(text)
    for tag in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if total <= _LONG_HEADER:
            break
        model[tag] = {"vr": model[tag]["vr"]}
        total -= sizes[tag] - len(_dumped(model[tag]))
        left_out.append(tag)
    return _dumped(model), left_out


def _dumped(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _leave_out(model: dict[str, dict[str, Any]], prefix: str) -> Generator[str]:
    """Take long values out of a dataset and the items in it; yield where they were."""
    for tag, entry in model.items():
        values: list[Any] = entry.get("Value", [])
        if entry["vr"] == "SQ":
            for number, item in enumerate(values):
                yield from _leave_out(item, f"{prefix}{tag}[{number}].")
        elif sum(map(_length, values)) > _LONG_VALUE:
            del entry["Value"]
            yield prefix + tag


def _length(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_length, value.values()))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return len(value) if isinstance(value, str) else 16


def _json_dataset(dataset: Dataset, depth: int, sets: CharacterSets, context: FileListing) -> dict[str, dict[str, Any]]:
    limit = context.limits.sequence_depth
    if depth > limit:
        raise LimitExceededError(f"sequences are nested deeper than {limit}", source=context.name)
    model: dict[str, dict[str, Any]] = {}
    sets = declared_sets(dataset, sets)
    for tag in sorted(dataset.keys()):
        if tag.element == 0:
            continue  # group lengths are not part of the model (PS3.18 F.2.2)
        try:
            entry = _plain_entry(elements_of(dataset)[tag], context)
            if entry is None:
                element, text = element_and_text(dataset, tag, sets, context)
                entry = _json_element(element, element.value if text is None else text, depth, sets, context)
        except RecursionError:
            raise LimitExceededError("sequences are nested too deeply to be read", source=context.name) from None
        except LimitExceededError:
            raise
        except Exception:  # an unreadable value: the model has a place for the attribute, not for the error
            entry = {"vr": str(elements_of(dataset)[tag].VR or "UN")}
        model[f"{int(tag):08X}"] = entry
    return model


def _plain_entry(raw: RawDataElement | DataElement, context: FileListing) -> dict[str, Any] | None:
    """The commonest values straight from their bytes, in a third of the time; None of what pydicom is to read."""
    if not isinstance(raw, RawDataElement):
        return None
    tag = int(raw.tag)
    vr = raw.VR or implied_vr(tag)
    value = simple_value(raw.value, vr, raw.is_little_endian)
    if value is None or vr is None:
        return None
    if not context.phi and identifies(tag, vr):
        return {"vr": vr}
    values: list[Any] = value if isinstance(value, list) else [value]
    if vr == "PN":
        values = [_json_name(name) for name in values]
    elif vr == "DS":
        values = [number if math.isfinite(number) else str(number) for number in values]
    return {"vr": vr, "Value": values}


def _json_element(
    element: DataElement, value: Any, depth: int, sets: CharacterSets, context: FileListing
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
