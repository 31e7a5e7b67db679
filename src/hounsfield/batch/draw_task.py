"""Drawing as a task: one input, its figure written, and a JSON-ready result."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.batch.origins import Origins
from hounsfield.recipes.drawing import Drawing


@dataclass(frozen=True)
class DrawTask:
    """Draws an image or a volume into a file.

    Parameters
    ----------
    recipe
        What is drawn.
    target
        A folder; or the file, where there is one input.
    to_file
        Which of these.
    force
        Replace a figure that exists.
    origins
        Says where results come from.
    """

    recipe: Drawing
    target: Path
    to_file: bool = False
    force: bool = False
    origins: Origins = field(default_factory=Origins)

    def __call__(self, item: Input) -> dict[str, Any]:
        """Draw one input."""
        from hounsfield.figures.figure import figure_bytes
        from hounsfield.outputs import write_whole

        result: dict[str, Any] = {"source": item.name}
        if item.is_volume:
            self.recipe.check_volume(item.name)
            drawn = self.recipe.draw_volume(item.read_volume(self.recipe.reading))
            result |= self.origins.of_volume(item) | {"volume": item.volume_dict()}
        else:
            self.recipe.check_image(item.name)
            image = item.read_image(self.recipe.reading)
            drawn = self.recipe.draw(image)
            result |= self.origins.of_image(item, image.header)
        target = self.target
        if not self.to_file:
            stem = item.stem_in(target)
            target = stem.with_name(f"{stem.name}.figure.{self.recipe.format}")
        write_whole(target, figure_bytes(drawn.figure, self.recipe.format), force=self.force)
        steps = [step.to_dict() for step in drawn.steps]
        result |= {"style": style} if (style := self.recipe.style.options) else {}
        return result | {"figure": str(target), "outputs": [str(target)], **drawn.place, "steps": steps}
