"""Bounds of a question to a catalog, and the question as it is handed to the process that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hounsfield.catalog.manifest import Manifest
from hounsfield.errors import LimitExceededError


@dataclass(frozen=True)
class QueryBounds:
    """Limits of what a question may cost.

    Attributes
    ----------
    memory
        Bytes; what needs more is refused, nothing is written to a disk.
    seconds
        After so many it is ended.
    threads
        Processors; None for all.
    """

    memory: int = 2 * 2**30
    seconds: float = 60.0
    threads: int | None = None

    def too_long(self) -> LimitExceededError:
        """Return the error of a question that is ended because of its time."""
        return LimitExceededError(f"the question took longer than {self.seconds:g} s and was ended", source="SQL")

    def too_large(self) -> LimitExceededError:
        """Return the error of a question that is refused because of its memory."""
        return LimitExceededError(f"the question needs more than {self.memory // 2**20} MiB of memory", source="SQL")


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    folder, manifest
        The catalog, and its state.
    sql, parameters
        One SELECT, and what its question marks stand for.
    bounds
        What it may cost.
    rows
        Rows of a batch of the answer.
    """

    folder: Path
    manifest: Manifest
    sql: str
    parameters: tuple[Any, ...]
    bounds: QueryBounds
    rows: int
