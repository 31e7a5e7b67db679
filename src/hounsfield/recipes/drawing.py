"""What is drawn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from hounsfield.errors import GeometryError
from hounsfield.headers.units import is_localizer
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Reshaping
from hounsfield.recipes.selection import Selection
from hounsfield.recipes.styling import FigureStyle
from hounsfield.steps import Step
from hounsfield.text import counted

if TYPE_CHECKING:
    from hounsfield.display.voi import WindowLike
    from hounsfield.figures.figure import Figure
    from hounsfield.image import Image
    from hounsfield.volume import Volume

#: Formats of figures.
FIGURE_FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True)
class Drawn:
    """A figure, the steps of what it shows, and which frame, slice or slices those are."""

    figure: Figure
    steps: tuple[Step, ...]
    place: dict[str, Any]


@dataclass(frozen=True)
class Drawing:
    """A figure of an image or a volume.

    Parameters
    ----------
    reading
        How it is read.
    selection
        What its mask selects.
    reshaping
        What is done to it before.
    mask
        Draw Mask and Result too. Where nothing is `Selection.chosen`, of images in HU only that are no localizers.
    style
        Title, language and size.
    outline, window
        As `hounsfield.figure` takes them.
    frame
        Of an image: which frame, counted from 0; by default the middle one.
    slice_index, montage
        Of a volume: which slice, or how many, as `hounsfield.figure` takes them.
    format
        Of the file.

    Raises
    ------
    RecipeError
        Arguments exclude one another.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> drawn = Drawing(outline=True).draw(hu.read(get_testdata_file("CT_small.dcm")))
    >>> [axes.get_title() for axes in drawn.figure.axes], drawn.place
    (['Original', 'Mask', 'Result', ''], {'frame': 0})
    """

    command: ClassVar[str] = "figure"
    of_volumes: ClassVar[bool] = True

    reading: Reading = Reading()
    selection: Selection = Selection()
    reshaping: Reshaping = Reshaping()
    style: FigureStyle = FigureStyle()
    mask: bool = True
    outline: bool = False
    frame: int | None = None
    slice_index: int | None = None
    montage: int | None = None
    format: Literal["png", "svg", "pdf"] = "png"
    window: WindowLike = None

    def __post_init__(self) -> None:
        if self.slice_index is not None and self.montage is not None:
            raise RecipeError("give `slice_index` (one slice) or `montage` (several), not both")
        if self.frame is not None and self.reshaping.of_volumes:
            raise RecipeError(f"`frame` is of images, and `{self.reshaping.of_volumes[0]}` of volumes")

    def draw(self, image: Image) -> Drawn:
        """Draw one frame of an image.

        Raises
        ------
        GeometryError
            There is no such frame, or what was asked for is of volumes.
        """
        self.check_image(image.name)
        index = image.frames // 2 if self.frame is None else self.frame
        try:
            image = image.frame(index)
        except IndexError as error:
            raise GeometryError(str(error), source=image.name) from None
        image, mask = self.reshaping.of_image(image, self.selection)
        if not self._masks(image):
            mask = None
        elif mask is None:
            mask = self.selection.mask(image)
        figure, notes = self._figure(image, mask)
        steps = (*(mask or image).steps, *self._unmasked(image), *notes)
        return Drawn(figure, steps, {"frame": index, **self.reshaping.to_dict(image)})

    def draw_volume(self, volume: Volume) -> Drawn:
        """Draw the middle slice of a volume, the one that was asked for, or many.

        Raises
        ------
        GeometryError
            There is no such slice, or what was asked for is of images.
        """
        self.check_volume(volume.name)
        volume, mask = self.reshaping.of_volume(volume, self.selection)
        index = len(volume) // 2 if self.slice_index is None else self.slice_index
        if not -len(volume) <= index < len(volume):
            detail = f"slice {index} is out of range: {counted(len(volume), 'slice')}, counted from 0"
            raise GeometryError(detail, source=volume.name)
        if not self._masks(volume):
            mask = None
        elif mask is None:
            mask = self.selection.mask_volume(volume)
        which = {"slice_index": index} if self.montage is None else {"montage": self.montage}
        figure, notes = self._figure(volume, mask, **which)
        place = {"slice": index % len(volume)} if self.montage is None else {"montage": self.montage}
        steps = (*(mask or volume).steps, *self._unmasked(volume), *notes)
        return Drawn(figure, steps, place | self.reshaping.to_dict(volume))

    def check_image(self, name: str) -> None:
        """Refuse what is of volumes.

        Raises
        ------
        GeometryError
            A slice was asked for, or several.
        """
        if self.slice_index is not None or self.montage is not None:
            argument = "slice_index" if self.montage is None else "montage"
            detail = f"`{argument}` is for volumes, and this is an image; use `frame`"
            raise GeometryError(detail, source=name)

    def check_volume(self, name: str) -> None:
        """Refuse what is of images.

        Raises
        ------
        GeometryError
            A frame was asked for.
        """
        if self.frame is not None:
            detail = "`frame` is for images, and this is a volume; use `slice_index`"
            raise GeometryError(detail, source=name)

    def _figure(self, image: Image | Volume, mask: Image | Volume | None, **which: Any) -> tuple[Figure, list[Step]]:
        """Return the figure, and a step for each warning of fonts: a command says it in its own way."""
        import hounsfield as hu

        options: dict[str, Any] = {
            "window": self.selection.window(self.window),
            "outline": self.outline,
            **self.style.options,
            **which,
        }
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", message="no installed font")
            figure = hu.figure(image, mask, **options)
        return figure, [Step("labels", str(warning.message), "not done") for warning in caught]

    def _masks(self, image: Image | Volume) -> bool:
        """Return whether a mask is drawn: an image that has no HU is simply shown, unless a threshold was asked for."""
        return self.mask and (self.selection.chosen or not self._unmasked(image))

    def _unmasked(self, image: Image | Volume) -> tuple[Step, ...]:
        """Return a step that says why there is no mask where none was refused and none was chosen."""
        if not self.mask or self.selection.chosen:
            return ()
        reason = ""
        if image.color:
            reason = "a colour image"
        elif image.unit != "HU":
            reason = "no HU"
        elif is_localizer(image.header):
            reason = "a localizer, whose HU are not those of slices"
        way = "`above`, `below`, `tissue` or `method` asks for one"
        return (Step("mask", f"{reason}: shown without a mask; {way}", "not done"),) if reason else ()
