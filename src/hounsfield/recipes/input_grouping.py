"""Whether inputs are put together to volumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Grouping:
    """The choice whether inputs are put together to volumes, and how.

    Parameters
    ----------
    together
        True takes all inputs together, False each file by itself. None takes folders and archives volume by volume, and
        files by themselves.
    gaps
        What becomes of slices that are not at equal distances, as `hounsfield.read_volumes` takes it.
    """

    together: bool | None = None
    gaps: Literal["split", "resample", "refuse"] = "split"
