"""Which columns of headers make a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hounsfield.recipes.checks import RecipeError


@dataclass(frozen=True)
class Tabulation:
    """The headers of many files as a table: the arguments of `hounsfield.scan`.

    Raises
    ------
    RecipeError
        `where` is no condition.
    """

    command: ClassVar[str] = "scan"
    of_volumes: ClassVar[bool] = False

    columns: tuple[str, ...] | None = None
    phi: bool = True
    threads: int | None = None
    where: str | None = None

    def __post_init__(self) -> None:
        if self.where is None:
            return
        from hounsfield.headers.where import ConditionError, parse_where

        try:
            parse_where(self.where)
        except ConditionError as error:
            raise RecipeError(error.reason, "where") from None
