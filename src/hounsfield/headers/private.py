"""Private attributes of vendors: by their creator, and where it was taken away, by where they usually stand.

Tools that remove what may identify somebody often take away the creators (gggg,0010-00FF) and leave what they reserved.
An element is taken without its creator only where its group names none at all; what it says has to fit then.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any, cast

from hounsfield.header import Header
from hounsfield.headers.quiet import quiet

#: Creators stand at these elements (PS3.5 7.8.1); elements of the first one begin at 0x1000.
_CREATORS = range(0x10, 0x100)
_FIRST_BLOCK = 0x1000


def private_value(header: Header, group: int, creator: str, element: int) -> Any:
    """Return the value of a private element; None where it is not there, or cannot be read.

    Parameters
    ----------
    header
        The attributes.
    group, creator, element
        Its group, who reserved its block, and the two last digits of its number.
    """
    try:
        with quiet():
            dataset = header.dataset
            named = [at for at in _CREATORS if (group, at) in dataset]
            for at in named:
                if str(dataset[group, at].value).strip() == creator and (group, (at << 8) + element) in dataset:
                    return dataset[group, (at << 8) + element].value
            if not named and (group, _FIRST_BLOCK + element) in dataset:
                return dataset[group, _FIRST_BLOCK + element].value
    except Exception:  # pydicom raises all kinds at damaged values: they do not tell
        return None
    return None


def private_numbers(header: Header, group: int, creator: str, element: int) -> list[float]:
    """Return the finite numbers of a private element: none where there are none, or one of them is no number.

    Where nothing tells its VR (UN), bytes that are a text of numbers are that, and others doubles.
    """
    value = private_value(header, group, creator, element)
    if isinstance(value, bytes):
        value = _unpacked(value)
    several = list(cast("Any", value)) if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    try:
        numbers = [float(each) for each in several]
    except (TypeError, ValueError, OverflowError):
        return []
    return numbers if all(map(math.isfinite, numbers)) else []


def _unpacked(data: bytes) -> list[Any]:
    text = data.rstrip(b" \0")
    if text and text.isascii() and text.decode("ascii").isprintable():
        return text.decode("ascii").split("\\")
    if data and len(data) % 8 == 0:
        return list(struct.unpack(f"<{len(data) // 8}d", data))
    return []


def private_bytes(header: Header, *groups: int) -> Iterator[bytes]:
    """Yield the values of all private elements of some groups that are bytes."""
    for group in groups:
        try:
            with quiet():
                elements = [element.value for element in header.dataset.group_dataset(group)]
        except Exception:  # noqa: S112  as above
            continue
        yield from (bytes(value) for value in elements if isinstance(value, (bytes, bytearray)))
