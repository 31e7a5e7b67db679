"""The row of one file in a table of headers, and what every table has of the files themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hounsfield.headers.recognise import NO_PREAMBLE, undeclared_syntax
from hounsfield.scanning.found import (
    CHANGED,
    DONE,
    ENCODING,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PIXELS_AT,
    PIXELS_LENGTH,
    PREAMBLE,
    SIZE,
    STATUS,
    Found,
    Ints,
)

_WORDS = {
    EXPLICIT_LITTLE: "explicit VR little endian",
    IMPLICIT_LITTLE: "implicit VR little endian",
    EXPLICIT_BIG: "explicit VR big endian",
}


@dataclass
class Row:
    """One file that went through pydicom's parser, or that cannot be read.

    Attributes
    ----------
    values
        Typed values by index of the column in the plan.
    issues
        What was assumed, and which values could not be read.
    error
        Why the file cannot be read, or None.
    pixels
        Offset of the pixel data (None: not in the file as it stands), its length (None: encapsulated); None where
        there is none.
    """

    values: Mapping[int, Any] = field(default_factory=dict[int, Any])
    issues: Sequence[str] = ()
    error: str | None = None
    pixels: tuple[int | None, int | None] | None = None


@dataclass(frozen=True)
class FileFacts:
    """The columns of a table that are of the files themselves: numbers, and which of them are known.

    Attributes
    ----------
    numbers : dict of int64 (file,)
        By name of the column: sizes and lengths in bytes, the time of the last change in microseconds since 1970, and
        whether the pixel data is encapsulated, as 0 or 1.
    known : dict of bool (file,)
        Where there is one.
    """

    numbers: dict[str, Ints]
    known: dict[str, Any]

    @classmethod
    def of(cls, found: Found, rows: Mapping[int, Row]) -> FileFacts:
        """Take them from what was found; of files that the walk gave up, from their rows."""
        facts = found.facts.copy()
        known = facts[:, CHANGED] != 0
        there = (facts[:, STATUS] == DONE) & (facts[:, PIXELS_AT] != -1)
        placed, sized = there & (facts[:, PIXELS_AT] >= 0), there & (facts[:, PIXELS_LENGTH] >= 0)
        for row, parsed in rows.items():
            if parsed.pixels is not None:
                offset, length = parsed.pixels
                there[row], placed[row], sized[row] = True, offset is not None, length is not None
                facts[row, PIXELS_AT], facts[row, PIXELS_LENGTH] = offset or 0, -1 if length is None else length
        numbers = {
            "file_size": facts[:, SIZE],
            "mtime": facts[:, CHANGED] // 1000,
            "pixel_offset": facts[:, PIXELS_AT],
            "pixel_length": facts[:, PIXELS_LENGTH],
            "encapsulated": (facts[:, PIXELS_LENGTH] < 0).astype(np.int64),
        }
        sizes = known | (facts[:, SIZE] > 0)  # of what stands at a URL the time need not be told
        masks = {"file_size": sizes, "mtime": known, "pixel_offset": placed, "pixel_length": sized}
        return cls(numbers, {**masks, "encapsulated": there})


def note_missing_preambles(found: Found, issues: dict[int, list[str]]) -> None:
    """Say of files that begin with their dataset what that means."""
    bare = (found.facts[:, STATUS] == DONE) & (found.facts[:, PREAMBLE] == 0)
    for row in np.flatnonzero(bare).tolist():
        words = _WORDS[int(found.facts[row, ENCODING])]
        issues[row] = [NO_PREAMBLE, undeclared_syntax(words), *issues.get(row, ())]
