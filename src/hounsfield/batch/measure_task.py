"""Measuring as a task: one input, its measures as a JSON-ready result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hounsfield.batch.inputs import Input
from hounsfield.batch.origins import Origins
from hounsfield.recipes.measuring import Measuring

if TYPE_CHECKING:
    from hounsfield.image import Image
    from hounsfield.recipes.measured_regions import MeasuredRegion
    from hounsfield.steps import Step
    from hounsfield.volume import Volume

_CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True)
class MeasureTask:
    """Measures a volume or an image, regions of it, its slices or frames, or its colour channels."""

    recipe: Measuring
    origins: Origins = field(default_factory=Origins)

    def __call__(self, item: Input) -> dict[str, Any]:
        """Measure one input."""
        if item.is_volume:
            return self._of_volume(item)
        image = item.read_image(self.recipe.reading)
        image, mask = self.recipe.reshaping.of_image(image, self.recipe.selection)
        result: dict[str, Any] = {"source": item.name, **self.origins.of_image(item, image.header)}
        result |= self.recipe.reshaping.to_dict(image)
        if mask is None and self.recipe.selection.chosen:
            mask = self.recipe.selection.mask(image)
        if self.recipe.frame is not None:
            result["frame"] = self.recipe.frame % image.frames
        image, mask = self.recipe.picked(image, mask)
        return result | self._measured(image, mask, "frames")

    def _of_volume(self, item: Input) -> dict[str, Any]:
        volume = item.read_volume(self.recipe.reading)
        volume, mask = self.recipe.reshaping.of_volume(volume, self.recipe.selection)
        if mask is None and self.recipe.selection.chosen:
            mask = self.recipe.selection.mask_volume(volume)
        result = {"source": item.name, **self.origins.of_volume(item), "volume": item.volume_dict()}
        result |= self.recipe.reshaping.to_dict(volume)
        picked = self.recipe.picked_slice(volume, mask)
        if picked is None:
            return result | self._measured(volume, mask, "slices")
        result["slice"] = (self.recipe.slice_index or 0) % len(volume)
        return result | self._measured(*picked, "frames")

    def _measured(self, image: Image | Volume, mask: Image | Volume | None, each: str) -> dict[str, Any]:
        """Measure everything together, or region by region."""
        if self.recipe.regions:
            regions = list(self._of_regions(image, mask, each))
            return {"steps": _as_dicts(image.steps if mask is None else mask.steps), "regions": regions}
        return {"steps": _as_dicts(image.steps if mask is None else mask.steps), **self._parts(image, mask, each)}

    def _parts(self, image: Image | Volume, mask: Image | Volume | None, each: str) -> dict[str, Any]:
        """Measure the pixels of a mask: together, of a colour image channel by channel, and frame by frame."""
        import hounsfield as hu

        if image.color and isinstance(image, hu.Image):
            channels = (image.channel(index) for index in range(3))
            parts = {name: hu.measure(channel, mask) for name, channel in zip(_CHANNELS, channels, strict=True)}
            return {"channels": {name: part.to_dict() for name, part in parts.items()}}
        result: dict[str, Any] = {"measures": hu.measure(image, mask).to_dict()}
        if self.recipe.frames:
            inside = [None] * len(_frames_of(image)) if mask is None else _frames_of(mask)
            pairs = zip(_frames_of(image), inside, strict=True)
            result[each] = [hu.measure(frame, part).to_dict() for frame, part in pairs]
        return result

    def _of_regions(self, image: Any, within: Any, each: str) -> Iterable[dict[str, Any]]:
        from hounsfield.measures.extents import BEYOND
        from hounsfield.recipes.measured_regions import masks_of

        for name, region, mask in masks_of(self.recipe.regions, image, within):
            steps = mask.steps[len(image.steps) :]
            beyond = any(step.name == BEYOND for step in steps)
            known: dict[str, Any] = {"name": name, "kind": region.shape or region.kind, "unit": region.unit}
            known |= {"parameters": region.parameters, "spacing_kind": image.spacing_kind}
            known |= {"bounds": _bounds(mask), "partly_outside": beyond, "steps": _as_dicts(steps)}
            through = known["bounds"]["slices"] if known["bounds"] and _is_plane(region, image) else [0, 0]
            known |= {"through_slices": through[1] - through[0] + 1} if through[1] > through[0] else {}
            yield known | self._parts(image, mask, each)


def _is_plane(region: MeasuredRegion, image: Image | Volume) -> bool:
    """Return whether a region is drawn in a plane, and is the same in all slices of a volume: a cylinder."""
    return "slice" in image.axes and region.kind not in ("sphere", "roi")


def _frames_of(image: Image | Volume) -> list[Image]:
    import hounsfield as hu

    return list(image) if isinstance(image, hu.Volume) else [image.frame(index) for index in range(image.frames)]


def _as_dicts(steps: Iterable[Step]) -> list[dict[str, str]]:
    return [step.to_dict() for step in steps]


def _bounds(mask: Image | Volume) -> dict[str, list[int]] | None:
    """The first and the last column, row, and frame or slice that a mask has; None where it is empty."""
    found: dict[str, list[int]] = {}
    for axis, name in reversed(list(enumerate(mask.axes))):
        others = tuple(other for other in range(mask.values.ndim) if other != axis)
        at = np.flatnonzero(mask.values.any(axis=others))
        if not at.size:
            return None
        found[f"{name}s"] = [int(at[0]), int(at[-1])]
    return found
