"""What is asked of headers, as tasks: one input, a JSON-ready answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.recipes.questions import Attributes, Facts


@dataclass(frozen=True)
class FactsTask:
    """Tells the facts of a file, its name first."""

    recipe: Facts

    def __call__(self, item: Input) -> dict[str, Any]:
        """Tell those of one input."""
        from hounsfield.headers.info import info

        return {"source": item.name, **info(item.name, phi=self.recipe.phi, strict=self.recipe.strict)}


@dataclass(frozen=True)
class AttributesTask:
    """Tells the attributes of a file as rows, or as the DICOM JSON model."""

    recipe: Attributes

    def __call__(self, item: Input) -> dict[str, Any]:
        """Tell those of one input."""
        from hounsfield.headers.tags import dicom_json, tags

        asked = self.recipe
        if asked.dicom_json:
            return dicom_json(item.name, phi=asked.phi, strict=asked.strict)
        rows = tags(item.name, asked.search, phi=asked.phi, strict=asked.strict)
        return {"source": item.name, "attributes": [row.to_dict() for row in rows]}
