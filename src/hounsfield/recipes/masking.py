"""What is written of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from hounsfield.errors import FormatError, GeometryError
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.measured_regions import MeasuredRegion, check_names, masks_of
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Reshaping
from hounsfield.recipes.selection import Selection
from hounsfield.recipes.styling import FigureStyle

if TYPE_CHECKING:
    from pathlib import Path

    from hounsfield.display.voi import WindowLike
    from hounsfield.image import Image
    from hounsfield.outputs import Written
    from hounsfield.volume import Volume

#: Endings of the files in which masks of volumes are written, by format.
VOLUME_ENDINGS = {"nifti": ".nii.gz", "npz": ".npz", "seg": ".dcm", "stl": ".stl"}


@dataclass(frozen=True)
class Masking:
    """A mask of an image or a volume, and what is written of it.

    Parameters
    ----------
    reading
        How the image is read.
    selection
        What the mask selects by value.
    regions
        What it selects by place: all of them together, within the selection. Where there are some and nothing is
        `Selection.chosen`, they are the mask.
    reshaping
        What is done to the image before.
    format
        Of masks. None is PNG; NPZ for several frames; NIfTI for volumes.
    figure
        Whether a figure is drawn: Original, Mask and Result, of several frames or slices the middle one.
    figure_format
        Of the figure.
    outline, window, style
        How it is drawn, as `hounsfield.figure` takes them.

    Raises
    ------
    RecipeError
        Two regions have the same name, arguments shape a selection where only regions are, or a segmentation of a
        projection is asked for.
    """

    command: ClassVar[str] = "mask"
    of_volumes: ClassVar[bool] = True

    reading: Reading = Reading()
    selection: Selection = Selection()
    regions: tuple[MeasuredRegion, ...] = ()
    reshaping: Reshaping = Reshaping()
    format: Literal["png", "npz", "nifti", "seg", "stl"] | None = None
    figure: bool = True
    figure_format: Literal["png", "svg", "pdf"] = "png"
    outline: bool = False
    window: WindowLike = None
    style: FigureStyle = FigureStyle()

    def __post_init__(self) -> None:
        if self.format == "seg" and self.reshaping.projection is not None:
            name = self.reshaping.projection[0]
            raise RecipeError(f"a SEG lies over its source images, and a projection over none: not with `{name}`")
        check_names(self.regions)
        if not self.regions or self.selection.chosen:
            return
        for name in ("fill", "fill_3d", "opening"):
            if getattr(self.selection, name) not in (None, False):
                raise RecipeError(f"`{name}` shapes what is selected by value: give `above` or `tissue`, too")

    def mask(self, image: Image) -> Image:
        """Make the mask of an image.

        Raises
        ------
        GeometryError
            A region has no pixel in it. Otherwise as `Selection.mask`.
        """
        import hounsfield as hu

        if not self.regions:
            return self.selection.mask(image)
        together = hu.union(*(mask for _, _, mask in masks_of(self.regions, image, None)))
        return hu.intersection(self.selection.mask(image), together) if self.selection.chosen else together

    def mask_volume(self, volume: Volume) -> Volume:
        """Make the mask of a volume.

        Raises
        ------
        GeometryError
            A region has no voxel in it. Otherwise as `Selection.mask_volume`.
        """
        import hounsfield as hu

        if not self.regions:
            return self.selection.mask_volume(volume)
        together = hu.union(*(mask for _, _, mask in masks_of(self.regions, volume, None)))
        return hu.intersection(self.selection.mask_volume(volume), together) if self.selection.chosen else together

    def encode(self, mask: Image) -> tuple[str, bytes]:
        """Return the mask of an image as a file's ending and content.

        Raises
        ------
        FormatError
            The format is for volumes.
        GeometryError
            The format holds one frame, and the mask has several.
        """
        from hounsfield.exports.npz import mask_npz
        from hounsfield.exports.pictures import png_bytes

        form = self.format or ("npz" if mask.multi_frame else "png")
        if form not in ("png", "npz"):
            detail = f"{form} is for volumes, and this is an image; `together` makes a volume of slices"
            raise FormatError(detail, source=mask.name)
        if form == "png" and mask.multi_frame:
            detail = f"a PNG holds one frame, and this image has {mask.frames}; use `format` npz"
            raise GeometryError(detail, source=mask.name)
        return f".mask.{form}", mask_npz(mask) if form == "npz" else png_bytes(mask.values)

    def check_volume(self, name: str) -> None:
        """Refuse a format that holds no volume.

        Raises
        ------
        FormatError
            Naming those that do.
        """
        if (self.format or "nifti") not in VOLUME_ENDINGS:
            detail = f"{self.format} is for images; a volume is written as {', '.join(VOLUME_ENDINGS)}"
            raise FormatError(detail, source=name)

    def on_source(self, mask: Volume, source: Volume) -> Volume:
        """Return the mask as it is written: a segmentation over the slices of its source, others where they are."""
        return mask.resample(like=source) if self.format == "seg" and self.reshaping.active else mask

    def write_volume(self, mask: Volume, stem: Path, *, force: bool = False) -> Written:
        """Write the mask of a volume.

        Raises
        ------
        FormatError
            The format is for images.
        OutputError
            The file exists or cannot be written.
        """
        import hounsfield as hu

        self.check_volume(mask.name)
        form = self.format or "nifti"
        path = stem.with_name(f"{stem.name}.mask{VOLUME_ENDINGS[form]}")
        if form == "nifti":
            return hu.write_nifti(mask, path, force=force, strict=self.reading.strict)
        return {"npz": hu.write_npz, "seg": hu.write_seg, "stl": hu.write_stl}[form](mask, path, force=force)

    def draw(self, image: Image | Volume, mask: Image | Volume) -> tuple[str, bytes] | None:
        """Return the figure as a file's ending and content; None where none was asked for."""
        if not self.figure:
            return None
        import hounsfield as hu
        from hounsfield.figures.figure import figure_bytes
        from hounsfield.image import Image

        if isinstance(image, Image) and isinstance(mask, Image):
            middle = image.frames // 2
            image, mask = image.frame(middle), mask.frame(middle)
        drawn = hu.figure(image, mask, window=self.window, outline=self.outline, **self.style.options)
        return f".figure.{self.figure_format}", figure_bytes(drawn, self.figure_format)
