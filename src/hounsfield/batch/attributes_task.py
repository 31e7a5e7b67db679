"""Telling attributes as a task: one file, a JSON-ready result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.recipes.attributes import Attributes


@dataclass(frozen=True)
class AttributesTask:
    """Tells the attributes of a file as rows, or as the DICOM JSON model."""

    recipe: Attributes

    def __call__(self, item: Input) -> dict[str, Any]:
        """Tell those of one input."""
        from hounsfield.headers.json_model import dicom_json
        from hounsfield.headers.tags import tags

        asked = self.recipe
        if asked.dicom_json:
            return dicom_json(item.name, phi=asked.phi, strict=asked.strict)
        rows = tags(item.name, asked.search, phi=asked.phi, strict=asked.strict)
        return {"source": item.name, "attributes": [row.to_dict() for row in rows]}
