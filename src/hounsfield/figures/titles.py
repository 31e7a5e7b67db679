"""Titles of figures: text with keywords of attributes in braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hounsfield.header import values_in
from hounsfield.headers.keywords import keyword_vr, similar_keyword
from hounsfield.headers.privacy import keyword_identifies

_FIELD = re.compile(r"\{([A-Za-z][A-Za-z0-9]*)(?::(0[1-9]))?\}")
_NO_TEXT = ("", "SQ", "UN", "OB", "OW", "OB or OW", "OF", "OD", "OL", "OV")
#: A title, and one value in it, are cut after so many characters: measuring text costs time.
_LONGEST = 400


def check_title(title: str, *, phi: bool = True) -> None:
    """Refuse a title whose braces hold no attribute.

    Parameters
    ----------
    title
        Text, with keywords of the DICOM dictionary in braces: ``"{SeriesDescription}, kV {KVP}"``.
    phi
        False refuses what may identify the patient.

    Raises
    ------
    ValueError
        Naming the keyword.

    Examples
    --------
    >>> check_title("{SeriesDescripton}")
    Traceback (most recent call last):
    ValueError: {SeriesDescripton} is no attribute; did you mean {SeriesDescription}?
    """
    rest = _FIELD.sub("", title)
    if "{" in rest or "}" in rest:
        raise ValueError("braces hold a keyword and at most a width, as in {SeriesNumber:03}")
    for found in _FIELD.finditer(title):
        keyword = found[1]
        if keyword_vr(keyword) in _NO_TEXT:
            alike = similar_keyword(keyword)
            known = alike not in ("", keyword) and keyword_vr(alike) not in _NO_TEXT
            without = " with a value of its own" if keyword_vr(keyword) else ""
            hint = f"; did you mean {{{alike}}}?" if known else without
            raise ValueError(f"{{{keyword}}} is no attribute{hint}")
        if not phi and keyword_identifies(keyword):
            raise ValueError(f"{{{keyword}}} may identify the patient, which is to be hidden")


def filled_title(title: str, header: Mapping[str, Any]) -> str:
    """Return a title with values in the place of its keywords; ``none`` where an attribute is missing.

    Examples
    --------
    >>> filled_title("series {SeriesNumber:03}: {SeriesDescription}", {"SeriesNumber": 7})
    'series 007: none'
    """

    def fill(found: re.Match[str]) -> str:
        text = ", ".join(_text(value) for value in values_in(header.get(found[1])) if value is not None)[:_LONGEST]
        if found[2] and text.isascii() and text.isdigit():
            text = text.zfill(int(found[2]))
        return text.strip() or "none"

    return _FIELD.sub(fill, title)[:_LONGEST]


def _text(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
