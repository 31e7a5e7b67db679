"""Connected components: keep the largest, drop the small."""

from __future__ import annotations

from typing import cast, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError, needed_for
from hounsfield.image import Image
from hounsfield.imagelike import as_frames
from hounsfield.masks.morphology import foreground_box
from hounsfield.steps import Step
from hounsfield.threads import over_frames
from hounsfield.volume import Volume

#: Which connectivities there are, the default first; of a volume with the number of axes that neighbours may differ in.
_IN_A_PLANE = (8, 4)
_IN_SPACE = {26: 3, 18: 2, 6: 1}


@overload
def components(
    mask: Image,
    *,
    largest: int | None = None,
    min_mm2: float | None = None,
    min_pixels: int | None = None,
    connectivity: int | None = None,
) -> Image: ...
@overload
def components(
    mask: Volume,
    *,
    largest: int | None = None,
    min_ml: float | None = None,
    min_pixels: int | None = None,
    connectivity: int | None = None,
) -> Volume: ...
def components(
    mask: Image | Volume,
    *,
    largest: int | None = None,
    min_mm2: float | None = None,
    min_ml: float | None = None,
    min_pixels: int | None = None,
    connectivity: int | None = None,
) -> Image | Volume:
    """Keep some connected components of a mask: of an image in each frame separately, of a volume in three dimensions.

    Parameters
    ----------
    mask
        An image or a volume of bool values.
    largest
        How many of the largest to keep; of equal ones those that come first, from the first slice and the top left.
    min_mm2
        Of an image: drop components of a smaller area, in square millimetres. Needs a pixel spacing of known kind.
    min_ml
        Of a volume: drop smaller components, in millilitres (cubic centimetres). Needs slices of known position.
    min_pixels
        Drop components of fewer pixels; of a volume, of fewer voxels.
    connectivity
        Of an image 8: pixels that touch at a corner belong together, or 4: only those that share a side. Of a volume
        26: voxels that touch at a corner belong together, 18: at an edge, or 6: only those that share a face. By
        default 8 and 26.

    Returns
    -------
    Image or Volume
        A mask of the same geometry.

    Raises
    ------
    GeometryError
        A size is given, and the pixel spacing or its kind, or the position of the slices, is not known.
    ValueError
        An area of a volume, or a volume of an image, is given.

    Examples
    --------
    >>> import hounsfield as hu
    >>> import numpy as np
    >>> mask = hu.Image(np.array([[1, 1, 0, 0], [0, 0, 0, 1]], bool))
    >>> hu.components(mask, largest=1).values.sum()
    np.int64(2)

    The same as a volume of one slice, of voxels of 10 x 10 x 10 mm:

    >>> volume = hu.Volume(mask.values[None], affine=np.diag([10.0, 10.0, 10.0, 1.0]))
    >>> hu.components(volume, min_ml=2).values.sum()
    np.int64(2)
    """
    _check(mask, largest, connectivity)
    sizes = {"largest": largest, "min_mm2": min_mm2, "min_ml": min_ml, "min_pixels": min_pixels}
    asked = ", ".join(f"{name} {value}" for name, value in sizes.items() if value is not None)
    inside = mask.values.copy()
    if isinstance(mask, Image):
        if min_ml is not None:
            raise ValueError("min_ml is for volumes; use min_mm2 for the areas in an image")
        connectivity = connectivity or _IN_A_PLANE[0]
        _keep_in_frames(as_frames(mask, inside), largest, max(min_pixels or 0, _pixels(mask, min_mm2)), connectivity)
    else:
        if min_mm2 is not None:
            raise ValueError("min_mm2 is for images; use min_ml for a volume")
        connectivity = connectivity or next(iter(_IN_SPACE))
        _keep_in_space(inside, largest, max(min_pixels or 0, _voxels(mask, min_ml)), connectivity)
    return mask.with_values(inside, Step("components", f"{asked or 'all'}; {connectivity}-connected"))


def _check(mask: object, largest: int | None, connectivity: int | None) -> None:
    if not isinstance(mask, (Image, Volume)) or not mask.is_mask:
        raise TypeError("components takes a mask: an image or a volume of bool values")
    known = _IN_A_PLANE if isinstance(mask, Image) else tuple(_IN_SPACE)
    if connectivity is not None and connectivity not in known:
        *others, last = sorted(known)
        raise ValueError(f"connectivity must be {', '.join(map(str, others))} or {last}, not {connectivity}")
    if largest is not None and largest < 1:
        raise ValueError(f"largest must be at least 1, not {largest}")


def _pixels(mask: Image, min_mm2: float | None) -> float:
    if min_mm2 is None:
        return 0
    if mask.pixel_spacing is None or mask.spacing_kind is None:
        raise GeometryError(
            "min_mm2 needs a pixel spacing of known kind, and the file has none; use min_pixels",
            source=mask.name,
        )
    return min_mm2 / (mask.pixel_spacing[0] * mask.pixel_spacing[1])


def _voxels(mask: Volume, min_ml: float | None) -> float:
    if min_ml is None:
        return 0
    if mask.is_projection:
        raise GeometryError("the voxels of a projection have no volume; use min_pixels", source=mask.name)
    if mask.voxel_mm3 is None:
        raise GeometryError(
            "min_ml needs slices of known position, and that of these is not known; use min_pixels", source=mask.name
        )
    return min_ml * 1000 / mask.voxel_mm3


def _chosen(sizes: NDArray[np.int64], largest: int | None, least: float) -> NDArray[np.bool_]:
    """Return the labels to keep, the background's 0 included; `sizes` are those of the others, in order."""
    order = np.argsort(-sizes, kind="stable")[: largest or len(sizes)]
    keep = np.zeros(len(sizes) + 1, np.bool_)
    keep[1 + order] = sizes[order] >= least
    return keep


def _keep_in_frames(frames: NDArray[np.bool_], largest: int | None, least: float, connectivity: int) -> None:
    def keep(some: range) -> None:
        for index in some:
            picture = np.ascontiguousarray(frames[index]).view(np.uint8)
            _, labels, stats, _ = cv2.connectedComponentsWithStats(picture, connectivity=connectivity)
            sizes = np.asarray(stats)[1:, cv2.CC_STAT_AREA].astype(np.int64)
            frames[index] = _chosen(sizes, largest, least)[np.asarray(labels, np.intp)]

    if frames.size:  # OpenCV ends the process over a frame of no pixels
        over_frames(keep, len(frames), frames[:1].size)


def _keep_in_space(mask: NDArray[np.bool_], largest: int | None, least: float, connectivity: int) -> None:
    """Labels take four bytes a voxel of the part that holds the foreground."""
    with needed_for("the components of a volume"):
        from scipy import ndimage

    box = foreground_box(mask)
    if not box.size:
        return
    structure = ndimage.generate_binary_structure(3, _IN_SPACE[connectivity])
    labels, count = cast("tuple[NDArray[np.int32], int]", ndimage.label(box, structure))
    ranges = over_frames(lambda some: _sizes(labels, some, count), len(box), labels[0].nbytes)
    chosen = _chosen(np.sum(ranges, axis=0)[1:], largest, least)

    def keep(some: range) -> None:
        for index in some:
            np.take(chosen, labels[index], out=box[index], mode="clip")  # without a copy, which "raise" makes

    over_frames(keep, len(box), labels[0].nbytes)


def _sizes(labels: NDArray[np.int32], some: range, count: int) -> NDArray[np.int64]:
    """Count how often each label occurs in some slices."""
    sizes = np.zeros(count + 1, np.int64)
    for index in some:
        part = np.bincount(labels[index].ravel())
        sizes[: len(part)] += part
    return sizes
