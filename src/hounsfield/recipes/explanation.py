"""How values came to be, as a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hounsfield.recipes.reading import Reading


@dataclass(frozen=True)
class Explanation:
    """What the values of an image are, and the steps that made them; pixels that are missing are explained, too."""

    command: ClassVar[str] = "explain"
    of_volumes: ClassVar[bool] = False

    reading: Reading = Reading(damaged=True)
