"""From the bytes of values to typed columns, compiled: what the functions for text, numbers and times share.

`typed_text`, `typed_numbers` and `typed_times` read the common ways of writing. Each of their functions takes one
column of many files and fills the buffers of an Arrow array. A value that is not plainly written (text beyond ASCII,
several values where one is expected, a number of many digits) is left empty and marked as doubtful; `careful` reads
it. So both always agree. Each returns how many rows have a value, and how many a doubtful one.
"""

from __future__ import annotations

from hounsfield.scanning.compiled import inlined
from hounsfield.scanning.found import Bytes

# ruff: noqa: SIM109  compiled code knows no `in`

#: How a row stands: it has no value, has one, or one that is not plain.
ABSENT, PRESENT, DOUBTFUL = 0, 1, 2
SPACE, BACKSLASH, POINT = 32, 92, 46


@inlined
def trimmed(values: Bytes, start: int, end: int) -> int:
    """Return the end of a text without the padding behind it."""
    while end > start and (values[end - 1] == SPACE or values[end - 1] == 0):
        end -= 1
    return end


@inlined
def part_end(values: Bytes, start: int, end: int) -> int:
    """Return where the first of several values ends: at a backslash, or with the last."""
    while start < end and values[start] != BACKSLASH:
        start += 1
    return start
