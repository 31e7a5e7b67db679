"""Voxels of one grid put into another of the same voxels: turned, mirrored, shifted, cut off, never interpolated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError, LimitExceededError
from hounsfield.geometry import ImagePlane
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.steps import Step
from hounsfield.volume import Volume

#: In voxels: so far off counts as the same place. Other programs write positions in single precision.
OFF = 0.05


class PlacedRegion(NamedTuple):
    """A region of a file.

    Attributes
    ----------
    name
        As the file calls it.
    values
        Its voxels on the grid of an image, in its shape.
    beyond
        Whether it reaches beyond the image.
    steps
        What had to be assumed.
    """

    name: str
    values: NDArray[np.bool_]
    beyond: bool = False
    steps: tuple[Step, ...] = ()


def shaped(values: NDArray[np.bool_], image: Image | Volume) -> NDArray[np.bool_]:
    """Return a mask of frames or slices in the shape of its image or volume."""
    return values if isinstance(image, Volume) or image.multi_frame else values[0]


class PlacedRegions(NamedTuple):
    """The regions of a file, of which each is made when it is its turn: all of them may be too many to keep."""

    number: int
    regions: Iterator[PlacedRegion]


def check_number(count: int, image: Image | Volume, source: str, limits: Limits) -> None:
    """Raise where so many masks of an image would take too much memory: they are all there at the same time.

    Raises
    ------
    LimitExceededError
        They would.
    """
    frames = image.shape[0] if isinstance(image, Volume) else image.frames
    size = count * frames * image.size[0] * image.size[1]
    if size > (limits.volume_bytes if isinstance(image, Volume) else limits.image_bytes):
        raise LimitExceededError(f"its {count} masks would take {size} bytes", source=source)


class Target:
    """The grid of an image or a volume, into which masks are put."""

    def __init__(self, image: Image | Volume) -> None:
        self._image = image
        self._planes: list[ImagePlane] | None = None
        self.values: NDArray[np.bool_] = np.zeros(
            image.shape[:3] if isinstance(image, Volume) else (image.frames, *image.size), np.bool_
        )
        #: Whether voxels that are set lie beyond it.
        self.beyond = False

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self._image.name

    def affines(self, along: NDArray[np.float64] | None = None) -> list[NDArray[np.float64]]:
        """Return the affine of the volume; of an image that of each frame, as a volume of one slice.

        Parameters
        ----------
        along
            Affine of the mask: the slice of a frame is as thick as its voxels are in that direction.

        Raises
        ------
        GeometryError
            Its place is not known.
        """
        if isinstance(self._image, Volume):
            if self._image.affine is None:
                raise GeometryError("its position in the patient is not known", source=self.name)
            return [self._image.affine]
        return [slice_affine(plane, None if along is None else along[:3, :3]) for plane in self.planes]

    @property
    def planes(self) -> list[ImagePlane]:
        """The plane of each frame of an image.

        Raises
        ------
        GeometryError
            Its place is not known.
        """
        assert isinstance(self._image, Image)  # noqa: S101  volumes have an affine
        if self._planes is None:
            planes = [self._image.frame(index).plane for index in range(self._image.frames)]
            self._planes = [plane for plane in planes if plane is not None]
            if len(self._planes) < len(planes):
                raise GeometryError("its position in the patient is not known", source=self.name)
        return self._planes

    def put(self, mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> None:
        """Add a mask of three axes whose affine leads to LPS mm.

        Raises
        ------
        GeometryError
            Its voxels are not those of the image: larger, turned by an angle, or between them.
        """
        affines = self.affines(affine)
        one = len(affines) == 1 and isinstance(self._image, Volume)
        total = int(np.count_nonzero(mask))
        within = 0
        for index, place in enumerate(affines):
            part = self.values if one else self.values[index : index + 1]
            within += _put(part, place, mask, affine, self.name)
        self.beyond |= within < total

    def check(self, shape: Sequence[int], affine: NDArray[np.float64]) -> None:
        """Raise what `put` raises of a mask of this shape, before there is one.

        Raises
        ------
        GeometryError
            Its voxels are not those of the image.
        """
        for place in self.affines(affine):
            _layout(place, shape, affine, self.name)

    def put_in_frame(self, index: int, mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> None:
        """Add a mask of three axes to one frame of an image, in whose plane it lies.

        Raises
        ------
        GeometryError
            Its pixels are not those of the image.
        """
        place = slice_affine(self.planes[index], affine[:3, :3])
        within = _put(self.values[index : index + 1], place, mask, affine, self.name)
        self.beyond |= within < int(np.count_nonzero(mask))


def slice_affine(plane: ImagePlane, voxels: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return the affine of a plane as one slice, as thick as the axes of some voxels reach along its normal."""
    own = plane.affine
    thick = 1.0 if voxels is None else float(np.abs(own[:3, 2] @ voxels).max())
    made = np.eye(4)
    made[:3] = np.column_stack([own[:3, 2] * (thick or 1.0), own[:3, 0], own[:3, 1], own[:3, 3]])
    return made


class _Layout(NamedTuple):
    """The way in which a mask lies in a grid: order and direction of its axes, and where its first voxel lies."""

    order: list[int]
    signs: list[float]
    low: list[int]


def _layout(place: NDArray[np.float64], shape: Sequence[int], affine: NDArray[np.float64], name: str) -> _Layout:
    """Lay a mask out in a grid, of which its shape is all that has to be known.

    Raises
    ------
    GeometryError
        It has other voxels than the grid.
    """
    try:
        matrix = np.linalg.solve(place, affine)
    except np.linalg.LinAlgError:
        raise GeometryError("the mask's affine is singular", source=name) from None
    turn = np.rint(matrix[:3, :3])
    order = np.abs(turn).argmax(axis=1)
    if sorted(order.tolist()) != [0, 1, 2] or not np.array_equal(np.abs(turn).sum(axis=1), [1, 1, 1]):
        raise GeometryError("the mask has other voxels: another size, or turned by an angle", source=name)
    # Outer corners: those of a single slice, too, tell how thick it is.
    corners = np.array(np.meshgrid(*([-0.5, count - 0.5] for count in shape))).reshape(3, -1)
    exact = matrix[:3, :3] @ corners + matrix[:3, 3:]
    start = np.rint(matrix[:3, 3])
    off = float(np.abs(exact - (turn @ corners + start[:, None])).max())
    if off > OFF:
        raise GeometryError(f"the mask lies between the voxels: up to {off:.3g} of one off", source=name)
    signs = turn[range(3), order].tolist()
    # The index at which the first voxel comes to lie, after axes that run the other way were turned round.
    low = [int(start[axis] - (shape[order[axis]] - 1 if signs[axis] < 0 else 0)) for axis in range(3)]
    return _Layout(order.tolist(), signs, low)


def _put(
    target: NDArray[np.bool_],
    place: NDArray[np.float64],
    mask: NDArray[np.bool_],
    affine: NDArray[np.float64],
    name: str,
) -> int:
    """Set the voxels of a mask in a target; return how many of those that are set lie within."""
    order, signs, low = _layout(place, mask.shape, affine, name)
    turned: NDArray[Any] = mask.transpose(order)
    turned = turned[tuple(slice(None, None, -1) if sign < 0 else slice(None) for sign in signs)]
    return _overlay(target, turned, low)


def _overlay(target: NDArray[np.bool_], part: NDArray[np.bool_], low: Sequence[int]) -> int:
    ranges = [
        (max(0, at), min(count, at + size)) for at, count, size in zip(low, target.shape, part.shape, strict=True)
    ]
    if any(first >= last for first, last in ranges):
        return 0
    within = part[tuple(slice(first - at, last - at) for (first, last), at in zip(ranges, low, strict=True))]
    target[tuple(slice(first, last) for first, last in ranges)] |= within
    return int(np.count_nonzero(within))
