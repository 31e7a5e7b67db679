"""What is written in other formats."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from hounsfield.errors import GeometryError
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Reshaping
from hounsfield.recipes.selection import Selection

if TYPE_CHECKING:
    from pathlib import Path

    from hounsfield.display.presentation.state import PresentationState
    from hounsfield.display.voi import WindowLike
    from hounsfield.image import Image
    from hounsfield.outputs import Written
    from hounsfield.volume import Volume

Bounds = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Conversion:
    """To which format an image or a volume is converted, and how.

    Parameters
    ----------
    reading
        How it is read.
    to
        The format: a key of `hounsfield.exports.write.FORMATS`.
    values, quality, fps, window, icc
        As `hounsfield.write` takes them.
    square
        The same; None: of renderings of volumes on another grid, whose pixels no file has. See `squares`.
    presentation
        The file of a softcopy presentation state.
    frame
        This frame only, counted from 0.
    slice_index
        Of a volume: this slice only, counted from 0, of what `reshaping` made.
    region
        Of a whole slide: rows and columns of the total pixel matrix, as half-open ranges.
    reshaping
        What is done to it before.
    selection
        The mask to which it is cropped, where that is asked for.

    Raises
    ------
    RecipeError
        An argument does not belong to the format, or arguments exclude one another.
    """

    command: ClassVar[str] = "convert"

    reading: Reading = Reading()
    to: str = "png"
    values: bool | None = None
    window: WindowLike = None
    presentation: str | None = None
    square: bool | None = None
    icc: bool = False
    frame: int | None = None
    slice_index: int | None = None
    region: Bounds | None = None
    quality: int | None = None
    fps: float | None = None
    reshaping: Reshaping = Reshaping()
    selection: Selection = Selection()

    def __post_init__(self) -> None:
        from hounsfield.exports.write import FORMATS, check_options

        given: dict[str, Any] = {"window": self.window, "presentation": self.presentation}
        given |= {"square": self.square, "icc": self.icc}
        try:
            values = check_options(FORMATS[self.to], self.values, self.quality, self.fps, **given)
        except ValueError as error:
            raise RecipeError(str(error)) from None
        if self.reading.space == "stored" and not values:
            raise RecipeError("stored values cannot be rendered: give `values`, or `to` npy")
        if self.region is not None and self.frame is not None:
            raise RecipeError("give `region` or `frame`, not both: a region is made of many frames")
        self._check_slice()
        self._check_reshaping()

    def _check_slice(self) -> None:
        if self.slice_index is None:
            return
        from hounsfield.exports.write import FORMATS

        if self.parts:
            one = "frame" if self.frame is not None else "region"
            raise RecipeError(f"give `slice_index` or `{one}`, not both: slices are of volumes, `{one}` of files")
        if FORMATS[self.to].frames == "volume":
            raise RecipeError(
                f"`slice_index` gives one slice, and {self.to} holds a volume: give `to` png, tiff or npy"
            )

    def _check_reshaping(self) -> None:
        if self.reshaping.crop == "mask" and not self.selection.chosen:
            raise RecipeError("`crop` mask needs a mask: `above`, `below` or `tissue`")
        if self.reshaping.crop != "mask" and self.selection != Selection():
            raise RecipeError("what a mask selects can be cropped to, with `crop` mask; masks are written by `hu mask`")
        for name in self.reshaping.of_volumes:
            if self.parts:
                raise RecipeError(f"`{name}` is of volumes: it excludes `frame` and `region`")
        if self.reshaping.active and self.presentation is not None:
            raise RecipeError("a presentation state shows whole slices of files: not where their grid is changed")

    @property
    def squares(self) -> bool:
        """True where pixels are made square: in pictures of another plane or spacing, unless it is not wanted.

        Pixels of a file stay one for one, as other programs have them.
        """
        if self.square is not None:
            return self.square
        from hounsfield.exports.write import FORMATS

        form = FORMATS[self.to]
        as_values = form.by_default if self.values is None else self.values
        return bool(self.reshaping.of_volumes) and not as_values

    @property
    def of_volumes(self) -> bool:
        """True where volumes can be converted, too: not parts of files."""
        return not self.parts

    @property
    def parts(self) -> bool:
        """True where a part of a file is converted: a frame, a region."""
        return self.frame is not None or self.region is not None

    def leaves_localizers(self, paths: tuple[str, ...]) -> bool:
        """Return whether localizers are left out unless they are asked for: where volumes are looked for in folders.

        One file that was named itself is taken, whatever it is.
        """
        from hounsfield.catalog.catalog_paths import stands_for_many
        from hounsfield.exports.write import FORMATS

        named = len(paths) == 1 and not stands_for_many(paths[0]) and not glob.has_magic(paths[0])
        return (FORMATS[self.to].frames == "volume" or bool(self.reshaping.of_volumes)) and not named

    def read(self, source: str) -> Image:
        """Read a file, or the part of it that was asked for.

        Raises
        ------
        GeometryError
            There is no such frame, or region.
        """
        import hounsfield as hu

        try:
            if self.region is None:
                return self.reading.read(source, self.frame)
            with hu.open_frames(source, values=self.reading.space, strict=self.reading.strict) as frames:
                return frames.region(*self.region)
        except IndexError as error:
            raise GeometryError(str(error).removeprefix(f"{source}: "), source=source) from None

    def reshaped(self, image: Image | Volume) -> Image | Volume:
        """Return what is written of an image or a volume.

        Raises
        ------
        GeometryError, UnitError
            As of `Reshaping`.
        """
        from hounsfield.image import Image

        if isinstance(image, Image):
            return self.reshaping.of_image(image, self.selection)[0]
        return self.reshaping.of_volume(image, self.selection)[0]

    @property
    def is_one_picture(self) -> bool:
        """True where a volume becomes one picture: all of it is projected, and the format is not of volumes."""
        from hounsfield.exports.write import FORMATS

        whole = self.reshaping.projection is not None and self.reshaping.projection[1] is None
        return whole and FORMATS[self.to].frames != "volume"

    def picked(self, image: Image | Volume) -> Image | Volume:
        """Return the slice of a volume that was asked for, or the one there is; all of it where none was.

        Raises
        ------
        GeometryError
            There is no such slice, or it is no volume.
        """
        from hounsfield.image import Image

        if isinstance(image, Image):
            if self.slice_index is not None:
                detail = "`slice_index` is for volumes, and this is an image; use `frame`"
                raise GeometryError(detail, source=image.name)
            return image
        if self.slice_index is None:
            return image[0] if self.is_one_picture else image
        try:
            return image[self.slice_index]
        except IndexError as error:
            raise GeometryError(str(error), source=image.name) from None

    def check_one_file(self, image: Image | Volume) -> None:
        """Refuse what becomes a file for each frame or slice.

        Raises
        ------
        GeometryError
            The format holds one frame, and there are several.
        """
        from hounsfield.exports.write import FORMATS
        from hounsfield.image import Image

        frames = image.frames if isinstance(image, Image) else len(image)
        if FORMATS[self.to].frames != "files" or frames == 1:
            return
        if isinstance(image, Image):
            detail = f"a {self.to} file holds one frame, and this image has {frames}: give `frame`, or `to` npz"
        else:
            detail = f"a {self.to} file holds one slice, and this volume has {frames}: give `slice_index`, or `to` npz"
        raise GeometryError(detail, source=image.name)

    def write(self, image: Image | Volume, path: Path, *, force: bool = False) -> Written:
        """Write an image or a volume; as `hounsfield.write`."""
        import hounsfield as hu

        return hu.write(
            image,
            path,
            values=self.values,
            quality=self.quality,
            fps=self.fps,
            force=force,
            strict=self.reading.strict,
            window=self.window,
            presentation=None if self.presentation is None else open_presentation(self.presentation),
            square=self.squares,
            icc=self.icc,
        )


@lru_cache
def open_presentation(path: str) -> PresentationState:
    """Open a presentation state, once in each process.

    Raises
    ------
    HounsfieldError
        It cannot be read.
    """
    import hounsfield as hu

    return hu.presentation(path)
