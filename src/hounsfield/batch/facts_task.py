"""Telling facts as a task: one file, its facts as a JSON-ready result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.recipes.facts import Facts


@dataclass(frozen=True)
class FactsTask:
    """Tells the facts of a file, its name first."""

    recipe: Facts

    def __call__(self, item: Input) -> dict[str, Any]:
        """Tell those of one input."""
        from hounsfield.headers.info import info

        recipe = self.recipe
        return {
            "source": item.name,
            **info(item.name, fields=recipe.field or None, phi=recipe.phi, strict=recipe.strict),
        }
