"""Connected components: keep the largest, drop the small."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.image import Image, Step


def components(
    mask: Image,
    *,
    largest: int | None = None,
    min_mm2: float | None = None,
    min_pixels: int | None = None,
    connectivity: int = 8,
) -> Image:
    """Keep some of a mask's connected components, in each frame by itself.

    Parameters
    ----------
    mask
        An image of bool values.
    largest
        Keep so many of the largest; of equal ones those that come first from the top left.
    min_mm2
        Drop components of a smaller area, in square millimetres. Needs a pixel spacing of known kind.
    min_pixels
        Drop components of fewer pixels.
    connectivity
        8: pixels that touch at a corner belong together; 4: only those that share a side.

    Returns
    -------
    Image
        A mask of the same geometry.

    Raises
    ------
    GeometryError
        `min_mm2` is given and the pixel spacing, or what it measures, is not known.

    Examples
    --------
    >>> import hounsfield as hu
    >>> import numpy as np
    >>> mask = hu.Image(np.array([[1, 1, 0, 0], [0, 0, 0, 1]], bool))
    >>> hu.components(mask, largest=1).values.sum()
    np.int64(2)
    """
    if not mask.is_mask:
        raise TypeError("components takes a mask: an image of bool values")
    if connectivity not in (4, 8):
        raise ValueError(f"connectivity must be 4 or 8, not {connectivity}")
    if largest is not None and largest < 1:
        raise ValueError(f"largest must be at least 1, not {largest}")
    least = max(min_pixels or 0, _pixels(mask, min_mm2))
    frames = mask.values if mask.multi_frame else mask.values[None]
    kept = np.stack([_keep(frame, largest, least, connectivity) for frame in frames])
    conditions = [
        f"{name} {value}"
        for name, value in (("largest", largest), ("min_mm2", min_mm2), ("min_pixels", min_pixels))
        if value is not None
    ]
    step = Step("components", f"{', '.join(conditions) or 'all'}; {connectivity}-connected")
    return mask.with_values(kept.reshape(mask.shape), step)


def _pixels(mask: Image, min_mm2: float | None) -> float:
    if min_mm2 is None:
        return 0
    if mask.pixel_spacing is None or mask.spacing_kind is None:
        raise GeometryError(
            "min_mm2 needs a pixel spacing of known kind, and the file has none; use min_pixels",
            source=mask.name,
        )
    return min_mm2 / (mask.pixel_spacing[0] * mask.pixel_spacing[1])


def _keep(frame: NDArray[np.bool_], largest: int | None, least: float, connectivity: int) -> NDArray[np.bool_]:
    picture = np.ascontiguousarray(frame).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(picture, connectivity=connectivity)
    sizes = np.asarray(stats)[1:, cv2.CC_STAT_AREA]
    order = np.argsort(-sizes, kind="stable")[: largest or len(sizes)]
    keep = np.zeros(count, np.bool_)
    keep[1 + order] = sizes[order] >= least
    return keep[np.asarray(labels, np.intp)]
