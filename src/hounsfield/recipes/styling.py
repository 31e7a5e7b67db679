"""How figures look: title, language and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hounsfield.recipes.checks import RecipeError

#: Dots an inch that a figure may have.
LEAST_DPI, MOST_DPI = 10, 2400


@dataclass(frozen=True)
class FigureStyle:
    """The title of a figure, the language of its labels, and its dots an inch, as `hounsfield.figure` takes them.

    Parameters
    ----------
    title
        Text, with keywords of attributes in braces.
    language
        ``"en"`` or ``"zh"``.
    dpi
        None is that of `hounsfield.figure`.

    Raises
    ------
    RecipeError
        The title's braces hold no attribute, or there are too many or too few dots.

    Examples
    --------
    >>> FigureStyle(title="{SeriesDescription}", dpi=300).options
    {'title': '{SeriesDescription}', 'dpi': 300}
    """

    title: str = ""
    language: Literal["en", "zh"] = "en"
    dpi: int | None = None

    def __post_init__(self) -> None:
        self.check_title()
        if self.dpi is not None and not LEAST_DPI <= self.dpi <= MOST_DPI:
            raise RecipeError(f"must be {LEAST_DPI} to {MOST_DPI}", "dpi")

    def check_title(self, *, phi: bool = True) -> None:
        """Refuse a title that cannot be filled; with `phi` False also one that may identify the patient.

        Raises
        ------
        RecipeError
            Naming the keyword.
        """
        if not self.title:
            return  # for nothing, nothing is imported
        from hounsfield.figures.titles import check_title

        try:
            check_title(self.title, phi=phi)
        except ValueError as error:
            raise RecipeError(str(error), "title") from None

    @property
    def options(self) -> dict[str, Any]:
        """Those arguments of `hounsfield.figure` that are not default."""
        given = {"title": self.title or None, "language": None if self.language == "en" else self.language}
        return {name: value for name, value in (given | {"dpi": self.dpi}).items() if value is not None}
