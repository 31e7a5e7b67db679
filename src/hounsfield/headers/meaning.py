"""Values by the meaning that the dictionary gives their attribute, where a file has another VR or writes it wrongly.

A value is read where its bytes have one clear reading; where they have none, or two, it is not.
"""

from __future__ import annotations

import math
import re
import struct
from functools import cache
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR, tag_for_keyword

#: Binary numbers: their code for `struct`, and their size in bytes.
_BINARY = {
    "US": ("H", 2), "SS": ("h", 2), "UL": ("L", 4), "SL": ("l", 4), "UV": ("Q", 8), "SV": ("q", 8),
    "FL": ("f", 4), "FD": ("d", 8),
}  # fmt: skip
_WHOLE = {"US", "SS", "UL", "SL", "UV", "SV", "IS"}
_DECIMAL = {"DS", "IS"}
TEXT = {"AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
#: Text in which a backslash is a backslash (PS3.5 6.2).
ONE_TEXT = {"LT", "ST", "UT", "UR"}
_BYTES = {"OB": 1, "OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: A comma for a point. Not where it may as well part thousands: 1,024.
_DECIMAL_COMMA = re.compile(rb"(?![+-]?[1-9]\d{0,2},\d{3}$)[+-]?\d+,\d+([eE][+-]?\d+)?")
#: Longer than any number that somebody meant.
_LONGEST = 400


@cache
def known_attribute(keyword: str) -> tuple[int, str] | None:
    """Tag and dictionary VR of a keyword, or None; the VR may be a choice: ``US or SS``."""
    tag = tag_for_keyword(keyword)
    return None if tag is None else (tag, dictionary_VR(tag))


def choose_vr(choice: str, *, signed: bool) -> str:
    """One VR of a choice of the dictionary, for a value that is labelled as none of them."""
    if " or " not in choice:
        return choice
    return "OW" if "OW" in choice else "SS" if signed else "US"


def by_meaning(data: bytes, vr: str, expected: str, tag: int, little: bool) -> Any:
    """Read a value by the VR of its attribute.

    Parameters
    ----------
    data
        The value's bytes, not empty.
    vr
        The VR that the file gives; may be none at all.
    expected
        The dictionary's VR.
    tag
        The attribute, for the number of values that it has.
    little
        Whether the file is little endian.

    Returns
    -------
    Any
        A plain value; None where there is no reading, or more than one. Sequences are not read here.
    """
    if expected in _BINARY or expected in _DECIMAL:
        values = _numbers(data, vr, expected, tag, little)
        return values[0] if values is not None and len(values) == 1 else values
    if expected in TEXT:
        return _text(data, expected)
    if expected == "AT":
        return _tags(data, little)
    if expected in _BYTES:
        size = _BYTES.get(vr, 1) if vr not in _BINARY else _BINARY[vr][1]
        return data if little or len(data) % size else swapped(data, size)
    return None


def _numbers(data: bytes, vr: str, expected: str, tag: int, little: bool) -> list[Any] | None:
    text = decimal_numbers(data, expected in _WHOLE, tag)
    own = binary_numbers(data, expected, little) if expected in _BINARY and _fits(data, expected, tag) else None
    if vr in TEXT or vr in _DECIMAL:
        # What is plain text is text; with a zero at its end it may be text or binary: 5 and padding, or 53.
        own = None if _printable(data) else own
    elif vr in _BINARY and (declared := _declared(data, vr, expected, little)) is not None:
        # The label is believed, unless the bytes are digits, or the sign is what is in doubt.
        if not declared:
            return None
        text, own = (text if expected in _DECIMAL and _printable(data) else None), declared
    if text and own:
        return text if text == own else None
    return text or own


def _declared(data: bytes, vr: str, expected: str, little: bool) -> list[Any] | None:
    """Binary numbers by the file's VR, where they are such as the attribute may have; none where signs differ."""
    values = binary_numbers(data, vr, little)
    if values is None or not all(math.isfinite(v) for v in values):
        return None
    if expected in _WHOLE:
        if not all(float(v).is_integer() for v in values):
            return None
        values = [int(v) for v in values]
    if vr in ("US", "SS") and expected in ("US", "SS") and not all(0 <= v < 2**15 for v in values):
        return []
    return values


def binary_numbers(data: bytes, vr: str, little: bool) -> list[Any] | None:
    """Binary numbers of a VR; None where the bytes are not a multiple of its size."""
    code, size = _BINARY[vr]
    if len(data) % size:
        return None
    return list(struct.unpack(f"{'<' if little else '>'}{len(data) // size}{code}", data))


def _fits(data: bytes, vr: str, tag: int) -> bool:
    """Return whether the bytes are as many as a binary value of the attribute has."""
    least, most = multiplicity(tag)
    count, rest = divmod(len(data), _BINARY[vr][1])
    return rest == 0 and least <= count <= (most or count)


@cache
def multiplicity(tag: int) -> tuple[int, int | None]:
    """Least and greatest number of values of an attribute; None: any number."""
    try:
        least, _, most = dictionary_VM(tag).partition("-")
    except KeyError:
        return 1, None
    return int(least), int(most) if most.isdigit() else None if most else int(least)


def decimal_numbers(data: bytes, whole: bool, tag: int) -> list[Any] | None:
    """Numbers that are written in digits; an empty one among several is None.

    A comma for the decimal point is taken where it cannot part values or thousands: ``0,5``, not ``1,024``.
    """
    parts = [part.strip(b" ") for part in data.rstrip(b" \0").split(b"\\")]
    if not any(parts) or max(map(len, parts)) > _LONGEST:
        return None
    numbers: list[Any] = []
    for part in parts:
        if _DECIMAL_COMMA.fullmatch(part) and multiplicity(tag) == (len(parts), len(parts)):
            part = part.replace(b",", b".")  # noqa: PLW2901
        if part and not _NUMBER.fullmatch(part):
            return None
        number = _number(part, whole) if part else None
        if part and number is None:
            return None
        numbers.append(number)
    return numbers


def _number(part: bytes, whole: bool) -> int | float | None:
    if whole and part.lstrip(b"+-").isdigit():
        return int(part)
    number = float(part)
    if not math.isfinite(number) or (whole and not number.is_integer()):
        return None
    return int(number) if whole else number


def plainly_written(data: bytes, vr: str) -> bool:
    """Return whether numbers in digits are written as their VR has it (PS3.5 6.2)."""
    text = data.rstrip(b" \0")
    allowed = b"0123456789+- \\" if vr == "IS" else b"0123456789+-eE. \\"
    return not text.strip(allowed)


def _text(data: bytes, vr: str) -> Any:
    if not _printable(data.rstrip(b"\0")):
        return None
    text = data.decode("ascii").rstrip(" \0")
    if vr in ONE_TEXT or "\\" not in text:
        return text or None
    return [part.strip() for part in text.split("\\")]


def _tags(data: bytes, little: bool) -> Any:
    if len(data) % 4:
        return None
    halves = struct.unpack(f"{'<' if little else '>'}{len(data) // 2}H", data)
    tags = [group << 16 | element for group, element in zip(halves[::2], halves[1::2], strict=True)]
    if not all(dictionary_has_tag(tag) for tag in tags):
        return None
    names = [f"{tag:08X}" for tag in tags]
    return names[0] if len(names) == 1 else names


def _printable(data: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in data)


def swapped(data: bytes, size: int) -> bytes:
    """Bytes with the order turned in every word of a size."""
    if size == 1:
        return data
    return b"".join(data[at : at + size][::-1] for at in range(0, len(data), size))
