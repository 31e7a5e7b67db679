"""b-values that scanners wrote before the standard had an attribute for them (PS3.3 C.8.13.5.9), in their own elements.

Which elements these are the vendors' conformance statements say; the private creator beside them has to be theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hounsfield.series.rows import Numbers

#: Above it GE adds a thousand million to the number, of which the last five digits are the b-value.
_MARKED = 1e6
_DIGITS = 100_000


@dataclass(frozen=True)
class PrivateValue:
    """A private element: tag, the tag of its creator in the first block, and what that has to be."""

    tag: str
    creator_tag: str
    creator: str


B_VALUES = (
    PrivateValue("0019100C", "00190010", "SIEMENS MR HEADER"),
    PrivateValue("00431039", "00430010", "GEMS_PARM_01"),
    PrivateValue("20011003", "20010010", "Philips Imaging DD 001"),
)
#: Columns of a table that hold them.
COLUMNS = tuple(tag for value in B_VALUES for tag in (value.tag, value.creator_tag))


def private_b_values(count: int, texts: Callable[[str], Sequence[str | None]]) -> Numbers:
    """Return the b-value of each row in s/mm2, by private elements; NaN where it has none.

    Parameters
    ----------
    count
        Number of rows.
    texts
        Gives the column of a tag: a text for each row, several values joined by backslashes, or None.
    """
    b_values = np.full(count, np.nan)
    for value in B_VALUES:
        for row, (text, creator) in enumerate(zip(texts(value.tag), texts(value.creator_tag), strict=True)):
            if text is not None and creator is not None and creator.strip() == value.creator:
                b_values[row] = _number(text)
    return b_values


def _number(text: str) -> float:
    try:
        number = float(text.split("\\")[0])
    except ValueError:
        return np.nan
    number = number % _DIGITS if number > _MARKED else number
    return number if 0 <= number < _DIGITS else np.nan
