"""What is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Reshaping
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
    reshaping
        What is done to it before.
    frames
        Each frame, or slice, by itself too.

    Raises
    ------
    RecipeError
        It is to be cropped to a mask, and nothing is selected.
    """

    command: ClassVar[str] = "stats"
    of_volumes: ClassVar[bool] = True

    reading: Reading = Reading()
    selection: Selection = Selection()
    reshaping: Reshaping = Reshaping()
    frames: bool = False

    def __post_init__(self) -> None:
        if self.reshaping.crop == "mask" and not self.selection.chosen:
            raise RecipeError("`crop` mask needs a mask: `above`, `below`, `tissue` or `method`")
