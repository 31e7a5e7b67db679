"""Segments of segmentations as masks of the images that they are of, placed by where their frames say that they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.geometry import ImagePlane
from hounsfield.header import text_of
from hounsfield.image import Image
from hounsfield.steps import Step
from hounsfield.text import counted
from hounsfield.values.segments import Segment
from hounsfield.volume import Volume
from hounsfield.web.segment_grids import segment_volume

M = TypeVar("M", Image, Volume)

#: A frame of a segment is on the pixels of an image where its corners are no farther from theirs than this part of a
#: voxel: positions are written with few digits.
_NEAR = 0.1


class _BesideError(GeometryError):
    """The frames lie on other pixels."""


@dataclass(frozen=True)
class PlacedSegment:
    """A segment that is asked for as a mask.

    Attributes
    ----------
    file, number
        The id of its segmentation in this run, and its number there.
    name
        As the file has it.
    color
        Recommended to show it in, as ``#rrggbb``; None where the file has none.
    read
        Reads it; its steps are all that had to be assumed of its file.
    """

    file: str
    number: int
    name: str = ""
    color: str | None = None
    read: Callable[[], Segment] = field(default=lambda: None, repr=False, compare=False)  # type: ignore[assignment]

    def mask(self, image: M) -> M:
        """Make the mask of an image or a volume.

        Raises
        ------
        GeometryError
            A frame does not say where it lies, or lies beside the pixels of an image. On voxels of a volume that are
            not its own a segment is resampled: to the nearest.
        HounsfieldError
            The segmentation cannot be read.
        """
        segment = self.read()
        try:
            values, steps = self._placed(segment, image)
        except _BesideError:
            if not isinstance(image, Volume):
                raise
            resampled = segment_volume(segment).resample(like=image, order=0)
            values, steps = resampled.values, resampled.steps
        steps = (*image.steps, *segment.steps, *steps)
        made = replace(cast("Any", image), values=values, padding=None, unit="", color=False, steps=steps)
        return cast("M", made)

    def _placed(self, segment: Segment, image: Image | Volume) -> tuple[NDArray[np.bool_], tuple[Step, ...]]:
        """Return the mask where the frames lie on the very pixels of an image."""
        shape, frames = image.values.shape[: image.values.ndim - image.color], 0
        values = np.zeros(shape, np.bool_)
        for part, target in _parts(segment, image):
            frames += 1
            _join(values.reshape(-1, *shape[-2:]), part, target)
        detail = f"segment {self.number} of a segmentation: {counted(frames, 'frame')} placed where they lie"
        return values, (Step("segment", detail, reference="PS3.3 C.8.20.2"),)

    def to_dict(self) -> dict[str, Any]:
        """Return it as the page sends it."""
        return {"file": self.file, "number": self.number}


#: Slice, row and column of the first pixel of a frame.
_Target = tuple[int, int, int]


def _parts(segment: Segment, image: Image | Volume) -> Iterator[tuple[NDArray[np.bool_], _Target]]:
    """Yield the frames of a segment that are of an image, and where each begins there."""
    mask = segment.mask
    if mask is None:
        return
    frames = mask.values.reshape(-1, *mask.size)
    if isinstance(image, Image) and (own := _own_frames(segment, image)) is not None:
        for number in own:
            yield frames[number], (0, 0, 0)
        return
    affine = image.affine if isinstance(image, Volume) else _affine(image.plane)
    if affine is None:
        raise GeometryError("it is not known where the image lies, and the segmentation does not name it")
    inverse = np.asarray(np.linalg.inv(affine), np.float64)
    for frame, plane in zip(frames, segment.planes, strict=True):
        if plane is None:
            raise GeometryError("a frame of the segmentation does not say where it lies")
        places = _corners(inverse, plane, (frame.shape[0], frame.shape[1]))
        if isinstance(image, Volume) or (np.abs(places[:, 0]) <= _NEAR).all():  # of one image: others lie elsewhere
            yield frame, _target(places, (frame.shape[0], frame.shape[1]))


def _own_frames(segment: Segment, image: Image) -> list[int] | None:
    """Return which frames of a segment are of an image by name: of the file itself, or made from it alone."""
    uid = text_of(image.header, "SOPInstanceUID")
    if uid and uid == text_of(segment.frame_header(0), "SOPInstanceUID"):
        index = image.frame_index or 0
        return [number for number, frame in enumerate(segment.frame_index) if frame == index]
    if image.plane is not None or image.frame_index is not None or not uid:
        return None
    named = [number for number, uids in enumerate(segment.source_uids) if uid in uids]
    same = segment.mask is not None and segment.mask.size == image.size
    return named if named and same else None


def _affine(plane: ImagePlane | None) -> NDArray[np.float64] | None:
    """Return where a single image lies, as a volume of one slice that is as thick as its pixels are high."""
    if plane is None:
        return None
    row, column = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
    affine = np.eye(4)
    affine[:3, 0] = np.cross(row, column) * plane.pixel_spacing[0]
    affine[:3, 1], affine[:3, 2] = column * plane.pixel_spacing[0], row * plane.pixel_spacing[1]
    affine[:3, 3] = plane.position
    return affine


def _corners(inverse: NDArray[np.float64], plane: ImagePlane, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return (4, 3): slice, row and column of the corners of a frame in an image."""
    down, along = size[0] - 1, size[1] - 1
    corners = [plane.to_lps(row, column) for row, column in ((0, 0), (down, 0), (0, along), (down, along))]
    with np.errstate(all="ignore"):
        return np.array([(inverse @ np.array([*corner, 1.0]))[:3] for corner in corners])


def _target(places: NDArray[np.float64], size: tuple[int, int]) -> _Target:
    """Return slice, row and column at which a frame begins, whose corners are given.

    Raises
    ------
    GeometryError
        Its pixels are not those of the image.
    """
    down, along = size[0] - 1, size[1] - 1
    first = np.rint(places[0])
    expected = first + [(0, 0, 0), (0, down, 0), (0, 0, along), (0, down, along)]
    if not (np.abs(places - expected) <= _NEAR).all() or not (np.abs(first) < 2**31).all():
        raise _BesideError("the frames of the segmentation do not lie on the pixels of this series")
    return int(first[0]), int(first[1]), int(first[2])


def _join(values: NDArray[np.bool_], part: NDArray[np.bool_], target: _Target) -> None:
    """Add a frame to the slices of a mask, as far as it lies within them."""
    number, top, left = target
    if not 0 <= number < len(values):
        return
    rows, columns = (slice(max(0, at), max(0, at + long)) for at, long in zip((top, left), part.shape, strict=True))
    into = values[number, rows, columns]
    into |= part[max(0, -top) :, max(0, -left) :][: into.shape[0], : into.shape[1]]
