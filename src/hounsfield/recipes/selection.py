"""What a mask selects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hounsfield.errors import GeometryError
from hounsfield.recipes.checks import RecipeError

if TYPE_CHECKING:
    from hounsfield.display.voi import WindowLike
    from hounsfield.image import Image
    from hounsfield.volume import Volume


#: Presets by tissue; fat and soft tissue are seen in the windows that files of such regions have.
_SHOWN_IN = {"air": "lung", "lung": "lung", "bone": "bone"}


@dataclass(frozen=True)
class Selection:
    """A selection of pixels, and what becomes of its shape: the arguments of `mask` and `components`.

    Parameters
    ----------
    above, below, tissue, method, fill, opening
        As `hounsfield.mask` takes them.
    fill_3d
        Of volumes: fill what is closed in three dimensions only.
    largest, min_mm2, min_ml
        As `hounsfield.components` takes them.

    Raises
    ------
    RecipeError
        The tissue is unknown, a bound is no number, or arguments exclude one another.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> image = hu.read(get_testdata_file("CT_small.dcm"))
    >>> print(Selection(tissue="bone").mask(image).steps[-1])
    mask: bone, 226 to any higher HU, nothing filled, not opened
    """

    above: float | None = None
    below: float | None = None
    tissue: str | None = None
    method: Literal["otsu"] | None = None
    fill: bool | None = None
    fill_3d: bool = False
    opening: int | None = None
    largest: int | None = None
    min_mm2: float | None = None
    min_ml: float | None = None

    def __post_init__(self) -> None:
        if self.tissue is not None:
            from hounsfield.masks.tissues import find_tissue

            try:
                find_tissue(self.tissue)
            except ValueError as error:
                raise RecipeError(str(error), "tissue") from None
        ways = (self.above is not None or self.below is not None, self.tissue, self.method)
        if sum(map(bool, ways)) > 1:
            raise RecipeError("give `above` and `below`, or `tissue`, or `method`: only one of the three")
        for name, bound in (("above", self.above), ("below", self.below)):
            if bound is not None and bound != bound:
                raise RecipeError("must be a number", name)
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise RecipeError(f"no value is above {self.above:g} and below {self.below:g}")

    def window(self, given: WindowLike) -> WindowLike:
        """Return the window of a figure: the one given, else a preset in which the tissue is seen, else None.

        The file's own is seldom made for lungs: their pixels, and a result of nothing else, are black in it.
        """
        return _SHOWN_IN.get(self.tissue or "") if given is None else given

    @property
    def chosen(self) -> bool:
        """True where anything was chosen that selects; `fill` and `opening` only shape what is selected."""
        asked = (self.above, self.below, self.tissue, self.method, self.largest, self.min_mm2, self.min_ml)
        return any(value is not None for value in asked)

    def mask(self, image: Image) -> Image:
        """Make the mask of an image.

        Raises
        ------
        GeometryError
            What was asked for is for volumes only. Otherwise as `hounsfield.mask`.
        """
        import hounsfield as hu

        if self.min_ml is not None or self.fill_3d:
            argument = "fill_3d" if self.fill_3d else "min_ml"
            raise GeometryError(f"`{argument}` is for volumes, and this is an image", source=image.name)
        made = hu.mask(image, self.above, self.below, fill=self.fill, **self._range)
        if self.largest is None and self.min_mm2 is None:
            return made
        return hu.components(made, largest=self.largest, min_mm2=self.min_mm2)

    def mask_volume(self, volume: Volume) -> Volume:
        """Make the mask of a volume.

        Raises
        ------
        GeometryError
            What was asked for is for images only. Otherwise as `hounsfield.mask`.
        """
        import hounsfield as hu

        if self.min_mm2 is not None:
            raise GeometryError("`min_mm2` is for images; use `min_ml` for volumes", source=volume.name)
        made = hu.mask(volume, self.above, self.below, fill="3d" if self.fill_3d else self.fill, **self._range)
        if self.largest is None and self.min_ml is None:
            return made
        return hu.components(made, largest=self.largest, min_ml=self.min_ml)

    @property
    def _range(self) -> dict[str, Any]:
        return {"tissue": self.tissue, "method": self.method, "opening": self.opening}
