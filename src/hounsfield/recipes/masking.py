"""What is written of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from hounsfield.errors import FormatError, GeometryError
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.measured_regions import MeasuredRegion, check_in_patient, check_names, masks_of
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Masker, Reshaping
from hounsfield.recipes.segment import SegmentName
from hounsfield.recipes.selection import Selection
from hounsfield.recipes.styling import FigureStyle

MaskFormat = Literal["png", "npz", "nifti", "seg", "stl"]

if TYPE_CHECKING:
    from pathlib import Path

    from hounsfield.display.voi import WindowLike
    from hounsfield.image import Image
    from hounsfield.outputs import Written
    from hounsfield.volume import Volume

#: Formats of masks, by the ending of a file that is named.
FORMATS_BY_ENDING: dict[str, MaskFormat] = {
    ".png": "png",
    ".npz": "npz",
    ".nii.gz": "nifti",
    ".nii": "nifti",
    ".dcm": "seg",
    ".stl": "stl",
}
#: Endings of the files in which masks of volumes are written, by format.
VOLUME_ENDINGS = {"nifti": ".nii.gz", "npz": ".npz", "seg": ".dcm", "stl": ".stl"}
#: Formats that hold volumes, and no images.
VOLUMES_ONLY = ("nifti", "seg", "stl")


def format_of(name: str) -> MaskFormat | None:
    """Return the format that the name of a file says; None of a folder.

    >>> format_of("out/ct.nii.gz"), format_of("out")
    ('nifti', None)
    """
    return next((form for ending, form in FORMATS_BY_ENDING.items() if name.lower().endswith(ending)), None)


def beside(file: str, ending: str) -> str:
    """Return the name of an output that lies beside the file with the mask: the figure.

    >>> beside("out/ct.nii.gz", ".figure.png")
    'out/ct.figure.png'
    """
    known = next((end for end in FORMATS_BY_ENDING if file.lower().endswith(end)), "")
    return file[: len(file) - len(known)] + ending


@dataclass(frozen=True)
class _Regions:
    """Regions as a mask: all of them together."""

    regions: tuple[MeasuredRegion, ...]

    def mask(self, image: Image) -> Image:
        """Make the mask of an image."""
        from hounsfield.measures.sets import union_of

        return union_of(mask for _, _, mask in masks_of(self.regions, image, None))

    def mask_volume(self, volume: Volume) -> Volume:
        """Make the mask of a volume."""
        from hounsfield.measures.sets import union_of

        return union_of(mask for _, _, mask in masks_of(self.regions, volume, None))


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
        What is done to the image before: pixels of regions are those of what comes out. `crop` mask is to what is
        selected by value; where nothing is, to the regions, which lie in the patient then.
    format
        Of masks. None is PNG; NPZ for several frames; NIfTI for volumes.
    figure
        Whether a figure is drawn: Original, Mask and Result, of several frames or slices the middle one.
    figure_format
        Of the figure.
    outline, window, style
        How it is drawn, as `hounsfield.figure` takes them.
    label
        Of the segment in a SEG; None is the tissue's name.

    Raises
    ------
    RecipeError
        Two regions have the same name, arguments shape a selection where only regions are, regions in pixels are to be
        cropped to, a segmentation or a surface of a projection is asked for, or a label is given and the format is not
        SEG, or it is none.
    """

    command: ClassVar[str] = "mask"
    of_volumes: ClassVar[bool] = True

    reading: Reading = Reading()
    selection: Selection = Selection()
    regions: tuple[MeasuredRegion, ...] = ()
    reshaping: Reshaping = Reshaping()
    format: MaskFormat | None = None
    figure: bool = True
    figure_format: Literal["png", "svg", "pdf"] = "png"
    outline: bool = False
    window: WindowLike = None
    style: FigureStyle = FigureStyle()
    label: str | None = None

    def __post_init__(self) -> None:
        if self.format == "seg" and self.reshaping.projection is not None:
            name = self.reshaping.projection[0]
            raise RecipeError(f"a SEG lies over its source images, and a projection over none: not with `{name}`")
        if self.format == "stl" and (flat := self.reshaping.projection) is not None and flat[0] != "mean":
            raise RecipeError(f"a surface encloses a volume, and a projection has none: not with `{flat[0]}`")
        check_names(self.regions)
        self._check_label()
        if self.crops_to_regions:
            check_in_patient(self.regions)
        if not self.regions or self.selection.chosen:
            return
        for name in ("fill", "fill_3d", "opening"):
            if getattr(self.selection, name) not in (None, False):
                raise RecipeError(f"`{name}` shapes what is selected by value: give `above` or `tissue`, too")

    def _check_label(self) -> None:
        if self.label is None:
            return
        if self.format != "seg":
            raise RecipeError("names the segment of a SEG: give `format` seg", "label")
        if not self.label.strip():
            raise RecipeError("is empty", "label")
        try:
            _ = self.segment.described
        except ValueError as error:
            raise RecipeError(str(error), "label") from None

    @property
    def segment(self) -> SegmentName:
        """The name and the codes of the segment of a SEG."""
        return SegmentName.of(self.label, self.selection.tissue)

    @property
    def crops_to_regions(self) -> bool:
        """True where the mask that is cropped to is made of regions: nothing is selected by value."""
        return self.reshaping.crop == "mask" and bool(self.regions) and not self.selection.chosen

    @property
    def cropped_to(self) -> Masker:
        """The maker of the mask that is cropped to: the selection, where there is one, else the regions."""
        return _Regions(self.regions) if self.crops_to_regions else self.selection

    def mask(self, image: Image, cropped: Image | None = None) -> Image:
        """Make the mask of an image: regions count in what is left of it.

        Parameters
        ----------
        image
            As it is after `reshaping`.
        cropped
            The mask that it was cropped to (see `cropped_to`), where there is one.

        Raises
        ------
        GeometryError
            A region has no pixel in it. Otherwise as `Selection.mask`.
        """
        import hounsfield as hu

        if self.regions and not self.selection.chosen:
            return _Regions(self.regions).mask(image) if cropped is None else cropped
        selected = self.selection.mask(image) if cropped is None else cropped
        return hu.intersection(selected, _Regions(self.regions).mask(image)) if self.regions else selected

    def mask_volume(self, volume: Volume, cropped: Volume | None = None) -> Volume:
        """Make the mask of a volume, as `mask` that of an image.

        Raises
        ------
        GeometryError
            A region has no voxel in it. Otherwise as `Selection.mask_volume`.
        """
        import hounsfield as hu

        if self.regions and not self.selection.chosen:
            return _Regions(self.regions).mask_volume(volume) if cropped is None else cropped
        selected = self.selection.mask_volume(volume) if cropped is None else cropped
        return hu.intersection(selected, _Regions(self.regions).mask_volume(volume)) if self.regions else selected

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

    def write_volume(self, mask: Volume, path: Path, *, force: bool = False) -> Written:
        """Write the mask of a volume into a file.

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
        if form == "nifti":
            return hu.write_nifti(mask, path, force=force, strict=self.reading.strict)
        if form == "seg":
            return hu.write_seg(mask, path, segments=self.segment.described, force=force)
        return {"npz": hu.write_npz, "stl": hu.write_stl}[form](mask, path, force=force)

    @property
    def volume_ending(self) -> str:
        """The ending of a file with the mask of a volume."""
        return f".mask{VOLUME_ENDINGS[self.format or 'nifti']}"

    @property
    def figure_ending(self) -> str:
        """The ending of a figure."""
        return f".figure.{self.figure_format}"

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
        window = self.selection.window(self.window)
        drawn = hu.figure(image, mask, window=window, outline=self.outline, **self.style.options)
        return self.figure_ending, figure_bytes(drawn, self.figure_format)
