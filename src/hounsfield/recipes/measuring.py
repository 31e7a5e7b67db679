"""What is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hounsfield.recipes.reading import Reading
from hounsfield.recipes.selection import Selection


@dataclass(frozen=True)
class Measuring:
    """A measurement of an image or a volume.

    Parameters
    ----------
    reading
        How it is read.
    selection
        Where it is measured. One by which nothing is `Selection.chosen` measures everywhere.
    frames
        Each frame, or slice, by itself too.
    """

    command: ClassVar[str] = "stats"
    of_volumes: ClassVar[bool] = True

    reading: Reading = Reading()
    selection: Selection = Selection()
    frames: bool = False
