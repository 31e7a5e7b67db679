"""The facts of a file, as a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hounsfield.recipes.checks import RecipeError


@dataclass(frozen=True)
class Facts:
    """The facts of a file, or attributes that are named: the arguments of `hounsfield.info`.

    Raises
    ------
    RecipeError
        A field is no attribute.
    """

    command: ClassVar[str] = "info"
    of_volumes: ClassVar[bool] = False

    strict: bool = False
    phi: bool = True
    field: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.field:
            return  # nothing is loaded to check what is so by default
        from hounsfield.headers.info import check_fields

        try:
            check_fields(self.field)
        except ValueError as error:
            raise RecipeError(str(error), "field") from None
