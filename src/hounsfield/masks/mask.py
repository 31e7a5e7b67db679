"""`mask` and `apply_mask`: the pixels one means, and the image without the others."""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import UnitError
from hounsfield.image import Image, Step, mask_values, require_image
from hounsfield.masks.morphology import fill_holes, foreground
from hounsfield.masks.morphology import opening as open_frame
from hounsfield.masks.threshold import above_below, otsu
from hounsfield.masks.tissues import find_tissue

#: The default threshold, in HU.
DEFAULT_ABOVE = 90


def mask(
    image: Image,
    above: float | None = None,
    below: float | None = None,
    *,
    tissue: str | None = None,
    method: Literal["otsu"] | None = None,
    fill: bool = True,
    opening: int = 2,
) -> Image:
    """Select pixels by their value, fill holes, and open.

    With its defaults this is, pixel for pixel: values strictly above 90 HU, each of their contours drawn
    filled, opened with OpenCV's ellipse of 2 x 2 pixels. Every frame of a multi-frame image is treated by
    itself.

    Parameters
    ----------
    image
        One value a pixel; of a colour image take a `Image.channel`.
    above, below
        Strict bounds in the image's unit. Without any bound, tissue or method: above 90, in HU only.
    tissue
        A named range in HU in place of bounds: ``"bone"``, ``"soft tissue"``, ``"lung"``, ``"fat"``, ``"air"``;
        both its ends are included (see `hounsfield.masks.tissues` for the ranges and their sources).
    method
        ``"otsu"`` finds `above` from all the image's values: for images without a known unit.
    fill
        Fill holes: background that the frame's edge does not reach, 4-connected.
    opening
        Diameter in pixels of the ellipse for the opening; 0 or 1 for none. An even one has no centre: OpenCV's result,
        and the script's, then lies up to a pixel further down and to the right, and may take in pixels there that are
        outside the bounds. Where edges matter, take an odd number.

    Returns
    -------
    Image
        bool values, the geometry of `image`. Padding is never selected; a hole that is filled may contain it.

    Raises
    ------
    UnitError
        No bound is given, or a tissue is named, and the image is not in HU; or it is a colour image.
    ValueError
        Options exclude one another.

    See Also
    --------
    components : Keep the largest components, or those above a size.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> image = hu.read(get_testdata_file("CT_small.dcm"))
    >>> mask = hu.mask(image)
    >>> mask
    Image(128 x 128 mask, axes (row, column), pixel spacing (0.661468, 0.661468) mm patient)
    >>> print(mask.steps[-1])
    mask: above 90 HU, holes filled, opened by 2 x 2
    """
    _check_arguments(image, above, below, opening)
    if image.color:
        raise UnitError("is a colour image; a mask needs one value a pixel, as image.channel(0) has", source=image.name)
    inside, how = _select(image, above, below, tissue, method)
    if image.padding is not None:
        np.greater(inside, image.padding, out=inside)  # inside and not padding
    for frame in inside.reshape(image.frames, *image.size):
        part = foreground(frame, margin=opening)
        if fill and part.size:
            fill_holes(part)
        if opening > 1 and part.size:
            open_frame(part, opening)
    detail = how + (", holes filled" if fill else "") + (f", opened by {opening} x {opening}" if opening > 1 else "")
    return image.with_values(inside, Step("mask", detail), unit="", padding=None)


def _check_arguments(image: object, above: object, below: object, opening: object) -> None:
    require_image(image, "mask")
    if not isinstance(opening, int) or opening < 0:
        raise ValueError(f"opening must be a whole number of pixels, 0 or more, not {opening!r}")
    for name, bound in (("above", above), ("below", below)):
        if bound is not None and (isinstance(bound, str) or np.isnan(cast("float", bound))):
            raise ValueError(f"{name} must be a number, not {bound!r}")
    if above is not None and below is not None and cast("float", above) >= cast("float", below):
        raise ValueError(f"no value is above {above} and below {below}")


def _select(
    image: Image, above: float | None, below: float | None, tissue: str | None, method: str | None
) -> tuple[NDArray[np.bool_], str]:
    """Return the pixels in the range that was asked for, and the range in words."""
    given = [above is not None or below is not None, tissue is not None, method is not None]
    if sum(given) > 1:
        raise ValueError("give bounds (above, below), or a tissue, or a method: one of the three")
    if tissue is not None:
        found = find_tissue(tissue)
        _need_hu(image, f'tissue="{found.name}"')
        inside = (image.values >= found.low) & (image.values <= found.high)
        return inside, f"{found.name}, {_bound(found.low)} to {_bound(found.high)} HU"
    if method is not None:
        if method != "otsu":
            raise ValueError(f'method must be "otsu", not {method!r}')
        measured = image.values.ravel() if image.padding is None else image.values[~image.padding]
        above = otsu(measured)
        return above_below(image.values, above, None), f"above {above:g}, by Otsu's method"
    if above is None and below is None:
        _need_hu(image, f"the default threshold of {DEFAULT_ABOVE}")
        above = DEFAULT_ABOVE
    bounds = [f"{word} {v:g}" for word, v in (("above", above), ("below", below)) if v is not None]
    return above_below(image.values, above, below), f"{' and '.join(bounds)} {image.unit}".rstrip()


def _bound(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e5 else "any lower" if value < 0 else "any higher"


def _need_hu(image: Image, what: str) -> None:
    if image.unit != "HU":
        unit = f"in {image.unit}" if image.unit else "in no known unit"
        raise UnitError(
            f'{what} holds for HU, and these values are {unit}; give above=, below= or method="otsu"',
            source=image.name,
        )


def apply_mask(image: Image, mask: Image | NDArray[np.bool_], outside: float = -2000) -> Image:
    """Return the image with all pixels outside a mask set to one value.

    Parameters
    ----------
    image
        Any image; of a colour image all samples are set.
    mask
        bool values of the image's frames: an image, or an array (row, column) or (frame, row, column).
    outside
        The value for pixels outside. The type of the values widens where it has to hold it: unsigned 8 bit
        becomes int16 for -2000.

    Returns
    -------
    Image
        Pixels outside count as padding: measuring the result leaves them out.

    Raises
    ------
    GeometryError
        The mask has another shape.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 100]], unit="HU")
    >>> hu.apply_mask(image, hu.mask(image, above=50, opening=0)).values
    array([[-2000,   100]])
    """
    inside = mask_values(image, mask)
    values = image.values.astype(_holding(image.values.dtype, outside))
    values[~inside] = outside
    padding = ~inside if image.padding is None else ~inside | image.padding
    step = Step("apply mask", f"{int(np.count_nonzero(~inside))} pixels outside the mask set to {outside:g}")
    return image.with_values(values, step, padding=padding)


def _holding(dtype: np.dtype[Any], value: float) -> np.dtype[Any]:
    """The type itself, or the smallest that also holds the value."""
    if dtype.kind == "f" or not float(value).is_integer():
        return dtype if dtype.kind == "f" else np.result_type(dtype, np.float32)
    dtype = np.dtype(np.uint8) if dtype.kind == "b" else dtype
    info = np.iinfo(dtype)
    if info.min <= value <= info.max:
        return dtype
    return np.result_type(dtype, np.min_scalar_type(int(value)))
