"""The volumes of a collection, as a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True)
class Listing:
    """The volumes of a collection, and what became of each file."""

    command: ClassVar[str] = "ls"
    of_volumes: ClassVar[bool] = False

    gaps: Literal["split", "resample", "refuse"] = "split"
    files: bool = False
    phi: bool = True
