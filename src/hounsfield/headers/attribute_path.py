"""Attributes as they are asked for: by keyword, by tag, or by a path through sequences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from hounsfield.header import item_at
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.headers.keywords import similar_keyword
from hounsfield.headers.privacy import identifies

_PART = re.compile(r"([0-9A-Za-z]+|\(?[0-9A-Fa-f]{4},\s*[0-9A-Fa-f]{4}\)?)(?:\[(\d{1,6})\])?")
_TAG = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True)
class AttributePath:
    """An attribute, and the sequences around it.

    Attributes
    ----------
    path
        Tags of the sequences, each with the 0-based number of the item.
    tag
        The attribute.
    vr
        The dictionary's value representation; ``""`` where it has none.
    """

    path: tuple[tuple[int, int], ...]
    tag: int
    vr: str

    @property
    def in_meta(self) -> bool:
        """True where it stands in the file meta information."""
        return self.tag >> 16 == 2 and not self.path

    @property
    def identifies(self) -> bool:
        """True where it may tell who the patient is (see `hounsfield.headers.privacy`)."""
        return identifies(self.tag, self.vr) or any(identifies(tag, "SQ") for tag, _ in self.path)

    def value_in(self, header: Mapping[str, Any]) -> Any:
        """Return the value that a header has there; None where it has none."""
        for tag, item in self.path:
            inner = item_at({"items": _value_at(header, tag)}, "items", item)
            if inner is None:
                return None
            header = inner
        return _value_at(header, self.tag)


def attribute_path(name: str) -> AttributePath:
    """Return what a name means.

    Parameters
    ----------
    name
        ``PixelSpacing``, ``00280030``, ``0028,0030`` or ``(0028,0030)``; within sequences
        ``RequestAttributesSequence[0].ScheduledProcedureStepID``, where the first item is meant if no number stands.

    Raises
    ------
    ValueError
        There is no such attribute, or it is a sequence.

    Examples
    --------
    >>> attribute_path("SharedFunctionalGroupsSequence.PixelMeasuresSequence.PixelSpacing").path
    ((1375769129, 0), (2658576, 0))
    """
    parts = [_PART.fullmatch(part) for part in name.split(".")]
    path: list[tuple[int, int]] = []
    for part in parts:
        tag = None if part is None else _tag(part[1])
        if part is None or tag is None:
            raise ValueError(_unknown(name, "" if part is None else part[1]))
        path.append((tag, int(part[2] or 0)))
    tag = path[-1][0]
    vr = _vr(tag)
    if vr == "SQ" or tag & 0xFFFF0000 == 0x7FE00000:
        what = "is a sequence: name an attribute in it" if vr == "SQ" else "holds pixel data, and is no value to show"
        raise ValueError(f"{name!r} {what}")
    last = parts[-1]
    if last is not None and last[2] is not None:
        raise ValueError(f"{name!r}: only sequences have items to choose from")
    return AttributePath(tuple(path[:-1]), tag, vr)


def _value_at(header: Mapping[str, Any], tag: int) -> Any:
    keyword = keyword_for_tag(tag)
    if keyword:
        return header.get(keyword)
    return header.value_at(tag) if isinstance(header, DatasetHeader) else None


def _unknown(name: str, part: str) -> str:
    similar = similar_keyword(part[:64]) if part else ""
    hint = f"did you mean {similar}?" if similar else "give a keyword, a tag such as 00280030, or a path of them"
    return f"{name!r} is not an attribute: {hint}"


def _tag(text: str) -> int | None:
    digits = re.sub(r"[(),\s]", "", text)
    return int(digits, 16) if _TAG.fullmatch(digits) and not digits.isalpha() else tag_for_keyword(text)


def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""
