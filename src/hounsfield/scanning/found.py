"""The result of a walk through the headers of many files: which values are where, as arrays.

Two walks fill it: `quick`, in plain Python, for small jobs and the beginning of large ones, and `files`, compiled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hounsfield.scanning.columns import Plan

#: Bytes, and the whole numbers in which a walk keeps what it knows.
Bytes, Ints = NDArray[np.uint8], NDArray[np.int64]

#: How a walk ends, or stops: all is found; left to pydicom; more bytes are needed; there is no room for values.
DONE, UNSURE, MORE, FULL = 0, 1, 2, 3

#: Encodings by transfer syntax.
EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED, UNKNOWN = 0, 1, 2, 3, 4

#: What is found out of a file beside its attributes, by index: how the walk ended, size and time of the last change
#: (nanoseconds since 1970), where the pixel data is (-1: nowhere) and how long (-1: encapsulated), the encoding,
#: whether it has a preamble, and where the walk ended.
STATUS, SIZE, CHANGED, PIXELS_AT, PIXELS_LENGTH, ENCODING, PREAMBLE, ENDED, FACTS = 0, 1, 2, 3, 4, 5, 6, 7, 8

#: At most so much of a file is read at a time; a longer value is left to pydicom's parser.
PIECE = 2**18
#: Larger files without preamble are pydicom's, as they are not looked through for a beginning elsewhere either.
BARE_SIZE = 256 * 2**20


@dataclass(frozen=True)
class Found:
    """The elements found in the first files of a list.

    Attributes
    ----------
    count
        How many files that are: fewer than were given where there was no more room, or somebody said stop.
    facts : int64 (file, FACTS)
        See above.
    places : int64 (file, column, 3)
        Where the values begin, their length (-1: absent) and VR as a number.
    values : uint8 (byte,)
        The values.
    seconds, busy
        How long opening, reading and walking took, and how much of that the processor was at it; in the interpreter
        the first is told as if no file had taken longer than most (`stopwatch`).
    blocked
        How often the thread had to wait for something else than a processor; where that is not known it is taken as
        once a file.
    compiled
        Whether compiled code was at work, which then makes columns of it, too.
    spare
        Bytes behind the last value in `values`.
    """

    count: int
    facts: Ints
    places: Ints
    values: Bytes
    seconds: float
    busy: float
    blocked: int
    compiled: bool = False
    spare: int = 0

    def without_values(self) -> Found:
        """Return all but the places and the values, which take room."""
        return replace(self, places=self.places[:0].copy(), values=np.empty(0, np.uint8), spare=0)


def nothing_found(count: int, plan: Plan) -> Found:
    """Return what a walk would that gave up so many files at once: for sources that it cannot open."""
    facts = np.zeros((count, FACTS), np.int64)
    facts[:, STATUS] = UNSURE
    places = np.full((count, len(plan.columns), 3), -1, np.int64)
    return Found(count, facts, places, np.empty(0, np.uint8), 0.0, 0.0, 0)
