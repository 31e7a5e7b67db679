"""What is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hounsfield.errors import GeometryError
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.measured_regions import MeasuredRegion, check_names
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Reshaping
from hounsfield.recipes.selection import Selection

if TYPE_CHECKING:
    from hounsfield.image import Image
    from hounsfield.volume import Volume


@dataclass(frozen=True)
class Measuring:
    """A measurement of an image or a volume.

    Parameters
    ----------
    reading
        How it is read.
    selection
        Where it is measured. One by which nothing is `Selection.chosen` measures everywhere.
    regions
        Each of them is measured by itself, within the selection. None measures everything together.
    frames
        Each frame, or slice, by itself too.
    frame
        Of an image with several: only this one, counted from 0.
    slice_index
        Of a volume: only this slice, counted from 0.
    reshaping
        What is done to it before; regions are in what comes out.

    Raises
    ------
    RecipeError
        Two regions have the same name, or one frame is asked for and each,
        or it is to be cropped to a mask, or a mask is to be filled or opened, and nothing is selected.
    """

    command: ClassVar[str] = "stats"
    of_volumes: ClassVar[bool] = True

    reading: Reading = Reading()
    selection: Selection = Selection()
    regions: tuple[MeasuredRegion, ...] = ()
    frames: bool = False
    frame: int | None = None
    slice_index: int | None = None
    reshaping: Reshaping = Reshaping()

    def __post_init__(self) -> None:
        check_names(self.regions)
        if self.frames and (self.frame is not None or self.slice_index is not None):
            one = "frame" if self.frame is not None else "slice_index"
            raise RecipeError(f"give `{one}` or `frames`: one of them or each")
        if self.selection.chosen:
            return
        if self.reshaping.crop == "mask":
            raise RecipeError("`crop` mask needs a mask: `above`, `below`, `tissue` or `method`")
        for name in ("fill", "fill_3d", "opening"):
            if getattr(self.selection, name) not in (None, False):
                raise RecipeError(f"`{name}` shapes what is selected by value: give `above` or `tissue`, too")

    def picked(self, image: Image, mask: Image | None) -> tuple[Image, Image | None]:
        """Return the frame that was asked for, and its mask; all frames where none was.

        Raises
        ------
        GeometryError
            There is no such frame, or a slice was asked for.
        """
        if self.slice_index is not None:
            detail = "`slice_index` is for volumes, and this is an image; use `frame`"
            raise GeometryError(detail, source=image.name)
        if self.frame is None:
            return image, mask
        try:
            return image.frame(self.frame), None if mask is None else mask.frame(self.frame)
        except IndexError as error:
            raise GeometryError(str(error), source=image.name) from None

    def picked_slice(self, volume: Volume, mask: Volume | None) -> tuple[Image, Image | None] | None:
        """Return the slice that was asked for, and its mask; None where none was.

        Raises
        ------
        GeometryError
            There is no such slice, or a frame was asked for.
        """
        if self.frame is not None:
            detail = "`frame` is for images, and this is a volume; use `slice_index`"
            raise GeometryError(detail, source=volume.name)
        if self.slice_index is None:
            return None
        try:
            return volume[self.slice_index], None if mask is None else mask[self.slice_index]
        except IndexError as error:
            raise GeometryError(str(error), source=volume.name) from None
