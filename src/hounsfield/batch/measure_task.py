"""Measuring as a task: one input, its measures as a JSON-ready result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.batch.origins import Origins
from hounsfield.recipes.measuring import Measuring

_CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True)
class MeasureTask:
    """Measures a volume or an image, its slices or frames, or its colour channels."""

    recipe: Measuring
    origins: Origins = field(default_factory=Origins)

    def __call__(self, item: Input) -> dict[str, Any]:
        """Measure one input."""
        import hounsfield as hu

        if item.is_volume:
            return self._of_volume(item)
        image = item.read_image(self.recipe.reading)
        image, mask = self.recipe.reshaping.of_image(image, self.recipe.selection)
        result: dict[str, Any] = {"source": item.name, **self.origins.of_image(item, image.header)}
        result |= self.recipe.reshaping.to_dict(image)
        result["steps"] = [step.to_dict() for step in image.steps]
        if image.color:
            channels = (image.channel(index) for index in range(3))
            parts = {name: hu.measure(channel) for name, channel in zip(_CHANNELS, channels, strict=True)}
            return result | {"channels": {name: part.to_dict() for name, part in parts.items()}}
        if mask is None and self.recipe.selection.chosen:
            mask = self.recipe.selection.mask(image)
        result["measures"] = hu.measure(image, mask).to_dict()
        if mask is not None:
            result["steps"] = [step.to_dict() for step in mask.steps]
        if self.recipe.frames:
            result["frames"] = [
                hu.measure(image.frame(i), mask.frame(i) if mask else None).to_dict() for i in range(image.frames)
            ]
        return result

    def _of_volume(self, item: Input) -> dict[str, Any]:
        import hounsfield as hu

        volume = item.read_volume(self.recipe.reading)
        volume, mask = self.recipe.reshaping.of_volume(volume, self.recipe.selection)
        if mask is None and self.recipe.selection.chosen:
            mask = self.recipe.selection.mask_volume(volume)
        steps = [step.to_dict() for step in (mask or volume).steps]
        result = {"source": item.name, **self.origins.of_volume(item)}
        result |= {"volume": item.volume_dict(), **self.recipe.reshaping.to_dict(volume), "steps": steps}
        result["measures"] = hu.measure(volume, mask).to_dict()
        if self.recipe.frames:
            each = ((volume[i], None if mask is None else mask[i]) for i in range(len(volume)))
            result["slices"] = [hu.measure(image, inside).to_dict() for image, inside in each]
        return result
