"""How volumes are put on another grid before anything else is done with them, and which part of them is taken."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hounsfield.errors import GeometryError
from hounsfield.recipes.checks import RecipeError

if TYPE_CHECKING:
    from hounsfield.image import Image
    from hounsfield.volume import Volume
    from hounsfield.voxels.projections import Projection

Side = tuple[float, float] | None
Slab = float | Literal["all"]

#: The projection of each argument.
PROJECTED: dict[str, Projection] = {"mip": "max", "minip": "min", "mean": "mean"}


class Masker(Protocol):
    """A maker of the mask that is cropped to: a selection, alone or with regions."""

    def mask(self, image: Image) -> Image:
        """Make the mask of an image."""
        ...

    def mask_volume(self, volume: Volume) -> Volume:
        """Make the mask of a volume."""
        ...


@dataclass(frozen=True)
class Reshaping:
    """A change of grid, a crop and a projection: done in this order, after reading and before masking.

    Parameters
    ----------
    rectify
        Sheared volumes (tilted gantry) are put on a grid with axes at right angles.
    like
        The path of a volume, on whose grid the others are put: as `hounsfield.read_grid` takes it.
    plane
        In which slices lie afterwards: ``"axial"``, ``"coronal"``, ``"sagittal"``.
    spacing
        mm, one for all axes or (slice, row, column) of what comes out.
    crop
        ``"mask"``, the smallest box that holds what a mask selects; or a box in LPS mm, as `Image.crop` takes it.
    margin_mm
        So much is left around the mask.
    mip, minip, mean
        Greatest, least or mean values through the slices: of slabs so many mm thick, or of all of them. One of three.

    Raises
    ------
    RecipeError
        An argument is out of its range, or arguments exclude one another.

    Examples
    --------
    >>> import hounsfield as hu, numpy as np
    >>> from hounsfield.recipes.selection import Selection
    >>> volume = hu.Volume(np.zeros((4, 6, 8)), affine=np.diag([5, 2, 1, 1])[[2, 1, 0, 3]])
    >>> Reshaping(plane="coronal", mip="all").of_volume(volume, Selection())[0].shape
    (1, 4, 8)
    """

    rectify: bool = False
    like: str | None = None
    plane: Literal["axial", "coronal", "sagittal"] | None = None
    spacing: float | tuple[float, float, float] | None = None
    crop: Literal["mask"] | tuple[Side, Side, Side] | None = None
    margin_mm: float | None = None
    mip: Slab | None = None
    minip: Slab | None = None
    mean: Slab | None = None

    def __post_init__(self) -> None:
        if self == _NOTHING_ASKED:
            return  # nothing is loaded to check what is so by default
        if self.like is not None and (self.rectify or self.plane is not None or self.spacing is not None):
            raise RecipeError("`like` is a whole grid: it excludes `rectify`, `plane` and `spacing`")
        if sum(value is not None for value in (self.mip, self.minip, self.mean)) > 1:
            raise RecipeError("give `mip`, `minip` or `mean`: one of the three")
        if self.margin_mm is not None and self.crop != "mask":
            raise RecipeError("`margin_mm` is left around a mask: it needs `crop` mask")
        if self.margin_mm is not None and not 0 <= self.margin_mm < _FAR:
            raise RecipeError("must be a number of mm from 0 on", "margin_mm")
        self._check_numbers()

    def _check_numbers(self) -> None:
        from hounsfield.voxels.grids import three_spacings

        if self.spacing is not None:
            try:
                three_spacings(self.spacing)
            except ValueError as error:
                raise RecipeError(str(error), "spacing") from None
        for side in self.crop if isinstance(self.crop, tuple) else ():
            if side is not None and not -_FAR <= side[0] <= side[1] <= _FAR:
                raise RecipeError("each pair must be two numbers of mm, the lower first", "crop")
        for name in PROJECTED:
            slab = getattr(self, name)
            if isinstance(slab, float | int) and not (isfinite(slab) and slab > 0):
                raise RecipeError("a slab must be a positive number of mm thick", name)

    @property
    def active(self) -> bool:
        """True where anything is changed."""
        return self != _NOTHING_ASKED

    @property
    def of_volumes(self) -> tuple[str, ...]:
        """The arguments given that only volumes have; images can be cropped."""
        given = (field.name for field in fields(self) if getattr(self, field.name) != field.default)
        return tuple(name for name in given if name not in ("crop", "margin_mm"))

    @property
    def projection(self) -> tuple[str, float | None] | None:
        """The argument that projects, and how thick its slabs are: None is all slices. None where nothing does."""
        for name in PROJECTED:
            slab = getattr(self, name)
            if slab is not None:
                return name, None if slab == "all" else slab
        return None

    def of_volume(self, volume: Volume, masker: Masker) -> tuple[Volume, Volume | None]:
        """Return the volume that is asked for, and the mask that it was cropped to, where that still fits.

        Raises
        ------
        GeometryError
            The place of the volume is not known, or nothing lies in the box or the mask.
        UnitError
            Colours are to be projected. Otherwise as `hounsfield.mask`.
        """
        volume, mask = self._on_grid(volume), None
        if self.crop == "mask":
            mask = masker.mask_volume(volume)
            around: dict[str, Any] = {"mask": mask, "margin_mm": self.margin_mm or 0.0}
            volume, mask = volume.crop(**around), mask.crop(**around)
        elif self.crop is not None:
            volume = volume.crop(box_mm=self.crop)
        if self.projection is None:
            return volume, mask
        name, slab = self.projection
        return volume.project(PROJECTED[name], slab=slab), None

    def _on_grid(self, volume: Volume) -> Volume:
        if self.like is not None:
            return volume.resample(like=open_grid(self.like))
        if self.rectify:
            volume = volume.rectified()
        if self.plane is not None:
            return volume.reformat(self.plane, spacing=self.spacing)
        return volume if self.spacing is None else volume.resample(self.spacing)

    def of_image(self, image: Image, masker: Masker) -> tuple[Image, Image | None]:
        """Return the part of an image that is asked for, and the mask that it was cropped to.

        Raises
        ------
        GeometryError
            Something was asked for that only volumes have. Otherwise as of `of_volume`.
        """
        for name in self.of_volumes:
            detail = f"`{name}` is of volumes, and this is an image; `together` puts slices together"
            raise GeometryError(detail, source=image.name)
        if self.crop == "mask":
            mask = masker.mask(image)
            around: dict[str, Any] = {"mask": mask, "margin_mm": self.margin_mm or 0.0}
            return image.crop(**around), mask.crop(**around)
        return (image if self.crop is None else image.crop(box_mm=self.crop)), None

    def to_dict(self, made: Image | Volume) -> dict[str, Any]:
        """Return what was asked for and what came of it, for JSON; empty where nothing was changed."""
        if not self.active:
            return {}
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        said = {name: value for name, value in given.items() if value not in (None, False)}
        said["shape"] = list(made.shape)
        cut = made.header.cut
        if hasattr(made, "affine"):
            volume: Any = made
            said["spacing"] = None if volume.spacing is None else list(volume.spacing)
            said["affine"] = None if volume.affine is None else volume.affine.tolist()
        elif cut is not None:
            said |= {"rows": list(cut[0]), "columns": list(cut[1])}
        return {"reshaped": said}


#: Millimetres beyond which a number is a mistake.
_FAR = 1e9
_NOTHING_ASKED = object.__new__(Reshaping)  # by its class's defaults, without a check that would need it


def open_grid(path: str) -> Volume:
    """Read the grid that others are put on, once in each process.

    Raises
    ------
    HounsfieldError
        It cannot be read.
    """
    return _open_grid(path, os.getcwd())


@lru_cache
def _open_grid(path: str, folder: str) -> Volume:
    """The same, of a path that may be relative to a folder."""
    import hounsfield as hu

    return hu.read_grid(path)
