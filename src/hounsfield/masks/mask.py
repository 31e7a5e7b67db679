"""`mask` and `apply_mask`: the pixels one means, and the image without the others."""

from __future__ import annotations

from typing import Any, Literal, cast, overload

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import UnitError
from hounsfield.image import Image
from hounsfield.imagelike import as_frames, fitting_mask, require_grid, require_one_value
from hounsfield.masks.morphology import fill_holes, foreground
from hounsfield.masks.morphology import opening as open_frame
from hounsfield.masks.solid import fill_solid
from hounsfield.masks.threshold import Bounds, otsu
from hounsfield.masks.tissues import find_tissue
from hounsfield.steps import Step
from hounsfield.text import unit_words
from hounsfield.threads import over_frames
from hounsfield.volume import Volume

#: The default threshold, in HU.
DEFAULT_ABOVE = 90
#: The default opening, of masks that are no tissue's.
_OPENING = 2


@overload
def mask(
    image: Image,
    above: float | None = None,
    below: float | None = None,
    *,
    tissue: str | None = None,
    method: Literal["otsu"] | None = None,
    fill: bool | None = None,
    opening: int | None = None,
) -> Image: ...
@overload
def mask(
    image: Volume,
    above: float | None = None,
    below: float | None = None,
    *,
    tissue: str | None = None,
    method: Literal["otsu"] | None = None,
    fill: bool | Literal["3d"] | None = None,
    opening: int | None = None,
) -> Volume: ...
def mask(
    image: Image | Volume,
    above: float | None = None,
    below: float | None = None,
    *,
    tissue: str | None = None,
    method: Literal["otsu"] | None = None,
    fill: bool | Literal["3d"] | None = None,
    opening: int | None = None,
) -> Image | Volume:
    """Select pixels by their value; by default holes are filled and the mask is opened, except for tissues.

    With its defaults this is, pixel for pixel: values strictly above 90 HU, each of their contours drawn
    filled, opened with OpenCV's ellipse of 2 x 2 pixels. A tissue is its range and nothing else, unless `fill` or
    `opening` is given: what bone encloses is not bone. Every frame of a multi-frame image, and every slice of a
    volume, is treated by itself; several at a time, in threads.

    Parameters
    ----------
    image
        An image or a volume, with one value a pixel; for a colour image use `Image.channel`.
    above, below
        Strict bounds in the image's unit. Without any bound, tissue or method: above 90, in HU only.
    tissue
        A named range in HU in place of bounds: ``"bone"``, ``"soft tissue"``, ``"lung"``, ``"fat"``, ``"air"``;
        both its ends are included (docs/masks.md has the ranges and their sources).
    method
        ``"otsu"`` finds `above` from all the image's or volume's values: for those without a known unit.
    fill
        Fill holes: background that the frame's edge does not reach, 4-connected. ``"3d"``, of volumes only: background
        that the volume's surroundings do not reach, 6-connected, also not through its first or last slice; as
        `scipy.ndimage.binary_fill_holes` gives. None: True, and False for a tissue.
    opening
        Diameter in pixels of the ellipse for the opening, which is done slice by slice; 0 or 1 for none. An even one
        has no centre: OpenCV's result, and the script's, then lies up to a pixel further down and to the right, and may
        take in pixels there that are outside the bounds. Where edges matter, take an odd number. None: 2, and 0 for a
        tissue.

    Returns
    -------
    Image or Volume
        bool values, the geometry of `image`. Padding is never selected; a hole that is filled may contain it.

    Raises
    ------
    UnitError
        No bound is given, or a tissue is named, and the image is not in HU; or it is a colour image.
    ValueError
        Options exclude one another; or ``fill="3d"`` and it is an image.

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
    >>> print(hu.mask(image, tissue="bone").steps[-1])
    mask: bone, 226 to any higher HU, nothing filled, not opened

    A volume's mask is a volume; here a box with walls of one voxel, open in no direction:

    >>> box = np.ones((3, 3, 3), np.int16)
    >>> box[1, 1, 1] = 0
    >>> hu.mask(hu.Volume(box), above=0, fill="3d", opening=0).values.all()
    np.True_
    """
    require_grid(image, "mask")
    require_one_value(image, "a mask")
    fill = tissue is None if fill is None else fill
    opening = (_OPENING if tissue is None else 0) if opening is None else opening
    _check_arguments(image, above, below, fill, opening)
    bounds, how = _choose(image, above, below, tissue, method)
    inside = np.empty(image.shape, np.bool_)
    frames, values = as_frames(image, inside), as_frames(image, image.values)
    padding = None if image.padding is None else as_frames(image, image.padding)
    flat = fill != "3d" and bool(fill)

    def select(some: range) -> None:
        for index in some:
            bounds.select(values[index], frames[index])
            if padding is not None:
                np.greater(frames[index], padding[index], out=frames[index])  # inside and not padding
            if fill != "3d":
                _finish(frames[index], flat, opening)

    over_frames(select, len(frames), values[:1].nbytes)
    if fill == "3d":
        fill_solid(frames)
        over_frames(lambda some: [_finish(frames[i], False, opening) for i in some], len(frames), frames[:1].size)
    return image.with_values(inside, Step("mask", f"{how}, {_shaping(fill, opening)}"), unit="", padding=None)


def _shaping(fill: bool | Literal["3d"], opening: int) -> str:
    """Return in words what becomes of the pixels in the range."""
    filled = "holes filled in 3-D" if fill == "3d" else "holes filled" if fill else "nothing filled"
    return f"{filled}, opened by {opening} x {opening}" if opening > 1 else f"{filled}, not opened"


def _finish(frame: NDArray[np.bool_], fill: bool, opening: int) -> None:
    """Fill a frame's holes and open it, in place."""
    if not fill and opening < 2:
        return
    part = foreground(frame, margin=opening)
    if fill and part.size:
        fill_holes(part)
    if opening > 1 and part.size:
        open_frame(part, opening)


def _check_arguments(image: Image | Volume, above: object, below: object, fill: object, opening: object) -> None:
    if fill not in (True, False, "3d"):
        raise ValueError(f'fill must be True, False or "3d", not {fill!r}')
    if fill == "3d" and isinstance(image, Image):
        raise ValueError(
            'fill="3d" is for volumes, as hu.read_volumes returns them: the frames of an image need not be slices'
        )
    if not isinstance(opening, int) or opening < 0:
        raise ValueError(f"opening must be a whole number of pixels, 0 or more, not {opening!r}")
    for name, bound in (("above", above), ("below", below)):
        if bound is not None and (isinstance(bound, str) or np.isnan(cast("float", bound))):
            raise ValueError(f"{name} must be a number, not {bound!r}")
    if above is not None and below is not None and cast("float", above) >= cast("float", below):
        raise ValueError(f"no value is above {above} and below {below}")


def _choose(
    image: Image | Volume, above: float | None, below: float | None, tissue: str | None, method: str | None
) -> tuple[Bounds, str]:
    """Return the range that was asked for, and the same in words."""
    given = [above is not None or below is not None, tissue is not None, method is not None]
    if sum(given) > 1:
        raise ValueError("give bounds (above, below), a tissue or a method: only one of the three")
    if tissue is not None:
        named = find_tissue(tissue)
        _need_hu(image, f'tissue="{named.name}"')
        words = f"{named.name}, {_bound(named.low)} to {_bound(named.high)} HU"
        return Bounds(named.low, named.high, closed=True), words
    if method is not None:
        if method != "otsu":
            raise ValueError(f'method must be "otsu", not {method!r}')
        padding = None if image.padding is None else as_frames(image, image.padding)
        above = otsu(as_frames(image, image.values), padding, image.name)
        return Bounds(above, None), f"above {above:g}, by Otsu's method"
    if above is None and below is None:
        _need_hu(image, f"the default threshold of {DEFAULT_ABOVE}")
        above = DEFAULT_ABOVE
    bounds = [f"{word} {v:g}" for word, v in (("above", above), ("below", below)) if v is not None]
    return Bounds(above, below), f"{' and '.join(bounds)} {image.unit}".rstrip()


def _bound(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e5 else "any lower" if value < 0 else "any higher"


def _need_hu(image: Image | Volume, what: str) -> None:
    if image.unit != "HU":
        unit = f"in {unit_words(image.unit)}"
        raise UnitError(
            f'{what} is for HU, and these values are {unit}; give above=, below= or method="otsu"',
            source=image.name,
        )


@overload
def apply_mask(image: Image, mask: Image | NDArray[np.bool_], outside: float = -2000) -> Image: ...
@overload
def apply_mask(image: Volume, mask: Volume | NDArray[np.bool_], outside: float = -2000) -> Volume: ...
def apply_mask(
    image: Image | Volume, mask: Image | Volume | NDArray[np.bool_], outside: float = -2000
) -> Image | Volume:
    """Return the image or volume with all pixels outside a mask set to one value.

    Parameters
    ----------
    image
        Any image or volume; of colours all samples are set.
    mask
        bool values of the image's frames: an image, or an array (row, column) or (frame, row, column). Of a volume: a
        volume, or an array (slice, row, column).
    outside
        The value for pixels outside. The type of the values widens where it has to hold it: unsigned 8 bit
        becomes int16 for -2000.

    Returns
    -------
    Image or Volume
        Pixels outside count as padding: measuring the result leaves them out.

    Raises
    ------
    GeometryError
        The mask has another shape, or it is a volume in another place.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 100]], unit="HU")
    >>> hu.apply_mask(image, hu.mask(image, above=50, opening=0)).values
    array([[-2000,   100]])
    """
    require_grid(image, "apply_mask")
    inside = fitting_mask(image, mask)
    values = np.empty(image.shape, _holding(image.values.dtype, outside))
    padding = np.empty(inside.shape, np.bool_)
    old, new, within, beyond = (as_frames(image, part) for part in (image.values, values, inside, padding))
    padded = None if image.padding is None else as_frames(image, image.padding)

    def blank(some: range) -> int:
        count = 0
        for index in some:
            np.logical_not(within[index], out=beyond[index])
            count += int(np.count_nonzero(beyond[index]))
            np.copyto(new[index], old[index])
            where = beyond[index][..., None] if image.color else beyond[index]
            np.copyto(new[index], outside, casting="unsafe", where=where)
            if padded is not None:
                beyond[index] |= padded[index]
        return count

    count = sum(over_frames(blank, len(new), new[:1].nbytes))
    step = Step("apply mask", f"{count} pixels outside the mask set to {outside:g}")
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
