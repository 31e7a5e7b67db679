"""Explaining as a task: one input, the steps of its values as a JSON-ready result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.recipes.explanation import Explanation


@dataclass(frozen=True)
class ExplainTask:
    """Tells what the values of an image are, and the steps that made them."""

    recipe: Explanation

    def __call__(self, item: Input) -> dict[str, Any]:
        """Explain one input."""
        from hounsfield.exports.description import describe

        reading = self.recipe.reading
        return {"source": item.name, "space": reading.space, **describe(item.read_image(reading))}
