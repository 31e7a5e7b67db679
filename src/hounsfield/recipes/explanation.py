"""How values came to be, as a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hounsfield.recipes.reading import Reading


@dataclass(frozen=True)
class Explanation:
    """An explanation of an image's values: the steps that made them, and the pixels that are missing."""

    command: ClassVar[str] = "explain"
    of_volumes: ClassVar[bool] = False

    reading: Reading = Reading(damaged=True)
