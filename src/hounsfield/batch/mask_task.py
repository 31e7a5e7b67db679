"""Masking as a task: one input, its mask, figure and measures written, and a JSON-ready result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hounsfield.batch.inputs import Input
from hounsfield.batch.origins import Origins
from hounsfield.recipes.empty_masks import why_empty
from hounsfield.recipes.masking import Masking, beside


@dataclass(frozen=True)
class MaskTask:
    """Masks an image or a volume, and writes what was asked for.

    Parameters
    ----------
    recipe
        What is masked, and how it is written.
    target
        A folder; or the file of the mask, where there is one input. A figure lies beside it.
    to_file
        Which of these.
    force
        Replace files that exist.
    origins
        Says where results come from.
    """

    recipe: Masking
    target: Path
    to_file: bool = False
    force: bool = False
    origins: Origins = field(default_factory=Origins)

    def __call__(self, item: Input) -> dict[str, Any]:
        """Mask one input."""
        if item.is_volume:
            return self._of_volume(item)
        import hounsfield as hu

        image = item.read_image(self.recipe.reading)
        image, mask = self.recipe.reshaping.of_image(image, self.recipe.cropped_to)
        mask = self.recipe.mask(image, mask)
        measures = hu.measure(image, mask).to_dict()
        path = self._path_of(item)
        written = {"mask": self.recipe.encode(mask), "figure": self.recipe.draw(image, mask)}
        outputs = {kind: self._write(path, *parts) for kind, parts in written.items() if parts is not None}
        steps = [step.to_dict() for step in (*mask.steps, *why_empty(image, mask, self.recipe.selection))]
        result = {"source": item.name, **self.origins.of_image(item, image.header)}
        result |= self.recipe.reshaping.to_dict(image)
        result |= {"outputs": outputs, "measures": measures, "steps": steps}
        result |= self._style()
        if image.multi_frame:
            frames = [hu.measure(image.frame(i), mask.frame(i)).to_dict() for i in range(image.frames)]
            result["frames"] = [{key: frame[key] for key in ("pixels", "area_mm2", "mean", "sd")} for frame in frames]
        return result

    def _of_volume(self, item: Input) -> dict[str, Any]:
        import hounsfield as hu

        source = item.read_volume(self.recipe.reading)
        volume, mask = self.recipe.reshaping.of_volume(source, self.recipe.cropped_to)
        mask = self.recipe.mask_volume(volume, mask)
        self.recipe.check_volume(item.name)
        measures = hu.measure(volume, mask).to_dict()
        path = self._path_of(item)
        to_write = self.recipe.on_source(mask, source)
        written = self.recipe.write_volume(to_write, path(self.recipe.volume_ending), force=self.force)
        outputs = {"mask": str(written.paths[0])}
        if (figure := self.recipe.draw(volume, mask)) is not None:
            outputs["figure"] = self._write(path, *figure)
        steps = [step.to_dict() for step in (*to_write.steps, *why_empty(volume, mask, self.recipe.selection))]
        result = {"source": item.name, **self.origins.of_volume(item)}
        result |= {"volume": item.volume_dict(), **self.recipe.reshaping.to_dict(volume), "outputs": outputs}
        result |= {"segment": self.recipe.segment.to_dict()} if self.recipe.format == "seg" else {}
        result |= self._style()
        return result | {"measures": measures, "steps": steps}

    def _style(self) -> dict[str, Any]:
        style = self.recipe.style.options if self.recipe.figure else {}
        return {"style": style} if style else {}

    def _path_of(self, item: Input) -> Callable[[str], Path]:
        """Return what gives the path of an output, by its ending."""
        if not self.to_file:
            stem = item.stem_in(self.target)
            return lambda ending: stem.with_name(stem.name + ending)
        figure = self.recipe.figure_ending
        return lambda ending: Path(beside(str(self.target), figure)) if ending == figure else self.target

    def _write(self, path_of: Callable[[str], Path], ending: str, data: bytes) -> str:
        from hounsfield.outputs import write_whole

        path = path_of(ending)
        write_whole(path, data, force=self.force)
        return str(path)
