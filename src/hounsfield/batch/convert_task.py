"""Converting as a task: one input, its files written, and a JSON-ready result."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.batch.origins import Origins
from hounsfield.recipes.conversion import Conversion


@dataclass(frozen=True)
class ConvertTask:
    """Converts an image or a volume.

    Parameters
    ----------
    recipe
        To what.
    target
        A folder; or the file, where there is one input.
    to_file
        Which of these.
    force
        Replace files that exist.
    origins
        Says where results come from.
    one_file
        Refuse what would become several files: where it goes to standard output.
    """

    recipe: Conversion
    target: Path
    to_file: bool = False
    force: bool = False
    origins: Origins = field(default_factory=Origins)
    one_file: bool = False

    def __call__(self, item: Input) -> dict[str, Any]:
        """Convert one input."""
        from hounsfield.exports.write import FORMATS, frame_paths
        from hounsfield.image import Image

        result: dict[str, Any] = {"source": item.name}
        if item.is_volume:
            image = item.read_volume(self.recipe.reading)
            result |= self.origins.of_volume(item) | {"volume": item.volume_dict()}
        else:
            image = self.recipe.read(item.name) if item.is_file else item.read_image(self.recipe.reading)
            result |= self.origins.of_image(item, image.header)
        image = self.recipe.reshaped(image)
        result |= self.recipe.reshaping.to_dict(image)
        whole, image = image, self.recipe.picked(image)
        index = self.recipe.slice_index
        if index is not None:
            index %= whole.shape[0]
            result["slice"] = index
        target = self.target
        if not self.to_file:
            stem = item.stem_in(target)
            target = stem.with_name(stem.name + FORMATS[self.recipe.to].endings[0])
            if index is not None:  # as it is called among all slices
                target = frame_paths(target, whole.shape[0])[index]
            elif isinstance(image, Image) and image.frame_index is not None:
                target = frame_paths(target, int(image.header.get("NumberOfFrames") or 1))[image.frame_index]
        if self.one_file:
            self.recipe.check_one_file(image)
        written = self.recipe.write(image, target, force=self.force)
        return result | {
            "outputs": [str(path) for path in written.paths],
            "shape": list(image.shape),
            "unit": image.unit,
            "steps": [step.to_dict() for step in written.steps],
        }
