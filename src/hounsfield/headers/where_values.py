"""How values of attributes are compared: numbers, dates, ages and text each in their own way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

_NUMBERS = frozenset(["DS", "IS", "FL", "FD", "SL", "SS", "SV", "UL", "US", "UV", "US or SS"])
_TIMES = frozenset(["DT", "TM"])
_AGE = re.compile(r"([0-9]{1,3})([DWMY])")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CLOCK = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Literal:
    """A literal as it is written.

    Attributes
    ----------
    text
        Without its quotes.
    quoted
        Whether it had any: then it is text.
    pattern
        Whether it is a pattern of ``like``.
    """

    text: str
    quoted: bool
    pattern: bool = False


def meant(vr: str, literal: Literal) -> float | str:
    """Return what a literal stands for where it is compared with an attribute of this VR.

    Raises
    ------
    ValueError
        It cannot be compared. The message goes on after ``KVP is``.

    Examples
    --------
    >>> meant("DA", Literal("2020-01-31", True)), meant("DS", Literal("1e2", False)), meant("AS", Literal("006M", True))
    ('20200131', 100.0, 0.5)
    """
    text = literal.text
    if literal.pattern:
        if vr in _NUMBERS:
            raise ValueError("a number, and LIKE compares text")
        return known(vr, text)
    if vr in _NUMBERS:
        return _needed(text, "a number")
    if vr == "AS":
        years = _age(text)
        return _needed(text, "an age: in years, or such as '006M'") if years is None else years
    if vr == "DA":
        if not _DATE.fullmatch(text):
            raise ValueError("a date: such as '20200131' or '2020-01-31'")
        return known(vr, text)
    if vr in _TIMES:
        return _whole(vr, known(vr, text))
    return text if literal.quoted else _needed(text, "text")


def _needed(text: str, what: str) -> float:
    number = _number(text)
    if number is None:
        raise ValueError(what)
    return number


def _number(value: Any) -> float | None:
    # Python also takes 1_000, and digits of other scripts.
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip(" \0")):
        return None
    try:
        number = float(value.strip(" \0") if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _age(text: str) -> float | None:
    found = _AGE.fullmatch(text.strip())
    return None if found is None else int(found[1]) * _YEARS[found[2]]


def known(vr: str, value: Any) -> str:
    """Return a value as the text that is compared: of dates and times the digits only."""
    text = str(value).strip(" \0")
    return re.sub(r"[-:T ]", "", text) if vr == "DA" or vr in _TIMES else text


def _whole(vr: str, text: str) -> str:
    """Return a time with all its digits, so that ``0930`` is ``093000``; what is no time, or has an offset, as it is.

    >>> _whole("TM", "0930"), _whole("TM", "093000.250"), _whole("DT", "2020")
    ('093000', '093000.25', '20200101000000')
    """
    if vr not in _TIMES or not _CLOCK.fullmatch(text):
        return text
    digits, _, fraction = text.partition(".")
    beginning = "000000" if vr == "TM" else "00000101000000"
    fraction = fraction.rstrip("0")
    return digits + beginning[len(digits) :] + (f".{fraction}" if fraction else "")


def place_of(vr: str, value: Any, other: float | str) -> float | str | None:
    """Return a value of a header as it is compared with what was `meant`; None where it cannot be."""
    if isinstance(value, (bytes, dict)):
        return None
    if isinstance(other, str):
        return _whole(vr, known(vr, value))
    return _age(str(value)) if vr == "AS" else _number(value)


def is_like(text: str, pattern: str) -> bool:
    """Return whether a text is like a pattern: ``%`` stands for any characters, ``_`` for one.

    It takes time of text times pattern at most, whatever these are.

    Examples
    --------
    >>> is_like("Chest THIN 1.0", "%thin%"), is_like("thick", "thi_"), is_like("100", "1%0")
    (True, False, True)
    """
    text, pattern = text.casefold(), pattern.casefold()
    at = place = kept = 0
    star = -1
    while at < len(text):
        # The sign comes first: a percent sign in the text is a character like any other.
        if place < len(pattern) and pattern[place] == "%":
            star, kept, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("_", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            kept += 1
            at, place = kept, star + 1
        else:
            return False
    return not pattern[place:].strip("%")
