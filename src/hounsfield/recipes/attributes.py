"""The attributes of a file, as a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hounsfield.recipes.checks import RecipeError


@dataclass(frozen=True)
class Attributes:
    """The attributes of a file: the arguments of `hounsfield.tags`; or all of it as `hounsfield.dicom_json` gives it.

    Raises
    ------
    RecipeError
        The DICOM JSON model is to be searched.
    """

    command: ClassVar[str] = "tags"
    of_volumes: ClassVar[bool] = False

    search: str = ""
    dicom_json: bool = False
    strict: bool = False
    phi: bool = True

    def __post_init__(self) -> None:
        if self.dicom_json and self.search:
            raise RecipeError("`dicom_json` gives the whole file: `search` does not apply")
