"""What was done, what was not, what was assumed; and the one way to warn of it, or to refuse it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hounsfield.errors import (
    AssumptionError,
    AssumptionWarning,
)
from hounsfield.text import printable

Outcome = Literal["done", "not done", "assumed"]


@dataclass(frozen=True)
class Step:
    """One thing that was done to the pixels, or the reason why it was not done.

    Attributes
    ----------
    name
        What kind of step: ``decode``, ``stored values``, ``modality``, ``mask`` ...
    detail
        What was done, with its numbers, or why it was not done.
    outcome
        ``"done"``, ``"not done"``, or ``"assumed"`` where the file does not say and something had to be
        taken as true; an assumed step also gives an `AssumptionWarning`.
    reference
        The part of the standard, or the source of the formula.
    """

    name: str
    detail: str
    outcome: Outcome = "done"
    reference: str = ""

    def __post_init__(self) -> None:
        """Escape what could command a terminal: steps are printed, logged and warned of."""
        if not (self.detail.isascii() and self.detail.isprintable()):
            object.__setattr__(self, "detail", printable(self.detail))

    def __str__(self) -> str:
        flag = "" if self.outcome == "done" else f" [{self.outcome}]"
        source = f" ({self.reference})" if self.reference else ""
        return f"{self.name}{flag}: {self.detail}{source}"

    def to_dict(self) -> dict[str, str]:
        """Return the step as a JSON-ready dictionary."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "detail": self.detail,
            "reference": self.reference,
        }


def refuse_assumptions(steps: Iterable[Step], name: str) -> None:
    """Raise where a step was assumed.

    Raises
    ------
    AssumptionError
        Naming the file and what would have been assumed.
    """
    assumed = [step.detail for step in steps if step.outcome == "assumed"]
    if assumed:
        raise AssumptionError(f"strict refuses this assumption: {assumed[0]}", source=name)


def warn_of_assumptions(steps: Iterable[Step], name: str, depth: int) -> None:
    """Warn of each step that was assumed, once; `depth` is the number of calls up to the user's."""
    for detail in dict.fromkeys(step.detail for step in steps if step.outcome == "assumed"):
        text = f"{printable(name)}: {detail}" if name else detail
        warnings.warn(AssumptionWarning(text), stacklevel=depth + 1)


def say_assumptions(steps: Iterable[Step], name: str, *, strict: bool = False, depth: int = 2) -> None:
    """Refuse what was assumed where `strict`, else warn of it; called by a public function, or `depth` calls below.

    Raises
    ------
    AssumptionError
        Naming the file and what would have been assumed.
    """
    steps = tuple(steps)
    if strict:
        refuse_assumptions(steps, name)
    warn_of_assumptions(steps, name, depth + 1)
