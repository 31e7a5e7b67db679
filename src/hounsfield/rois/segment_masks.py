"""Segments of a DICOM segmentation on the grid of an image: each frame where it lies, as thick as the file's slices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, GeometryError
from hounsfield.geometry import ImagePlane
from hounsfield.header import finite_number, text_of
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.reading.objects import Segment, segments
from hounsfield.rois.placing import OFF, PlacedRegion, PlacedRegions, Target, shaped, slice_affine
from hounsfield.steps import Step
from hounsfield.volume import Volume

#: Cosine of the angle up to which planes count as parallel.
_PARALLEL = 1 - 1e-4
#: In mm: positions nearer than this are of the same slice.
_SAME = 1e-3
_REFERENCE = "PS3.3 C.7.6.16.2.1"


def segment_masks(path: str, image: Image | Volume, name: str, source: str, limits: Limits) -> PlacedRegions:
    """Return the segments of a DICOM segmentation.

    Raises
    ------
    FormatError
        It is no segmentation.
    GeometryError
        Its pixels are not those of the image, or it does not say where they lie.
    """
    found = segments(path, limits=limits)
    if not found:
        detail = "is a DICOM file, but no segmentation (RT structure sets are not read)"
        raise FormatError(detail, source=source)
    _check_space(found, image)
    slices = _SegmentSlices(found, source)
    return PlacedRegions(len(found), (_placed(segment, slices, image, name) for segment in found))


def _check_space(found: Sequence[Segment], image: Image | Volume) -> None:
    here = image.frame_of_reference if isinstance(image, Volume) else text_of(image.header, "FrameOfReferenceUID")
    for mask in (segment.mask for segment in found):
        there = "" if mask is None else text_of(mask.header, "FrameOfReferenceUID")
        if here and there and here != there:
            raise GeometryError("the mask has another frame of reference", source=image.name)


def _placed(segment: Segment, slices: _SegmentSlices, image: Image | Volume, name: str) -> PlacedRegion:
    """Put the frames of a segment onto the grid of an image."""
    target = Target(image)
    mask = segment.mask
    for values, plane in zip([] if mask is None else mask.values, segment.planes, strict=True):
        assert plane is not None  # noqa: S101  _SegmentSlices has looked
        if isinstance(image, Volume):
            target.put(values[None], slices.affine_in(plane, target.affines()[0]))
        else:
            slices.put_in_frames(values[None], plane, target)
    label = segment.label or f"{name} {segment.number}"
    return PlacedRegion(label, shaped(target.values, image), target.beyond, slices.steps)


class _SegmentSlices:
    """Places of the slices of a segmentation, and how far they are apart; those that are empty may be left out."""

    def __init__(self, found: Sequence[Segment], source: str) -> None:
        planes = [plane for segment in found for plane in segment.planes]
        self._planes = [plane for plane in planes if plane is not None]
        if len(self._planes) < len(planes):
            raise GeometryError("does not say where its frames lie", source=source)
        self._spacing, self._thickness = _declared(found)
        self._gap = _least_gap(self._planes)
        #: What had to be assumed.
        self.steps: tuple[Step, ...] = ()

    @property
    def widths(self) -> list[float]:
        """Distances in mm that the slices may have: the most certain first; [] where the file does not say at all."""
        stated = self._spacing or self._thickness
        if stated and self._gap and self._gap < (1 - OFF) * stated:
            return [self._gap]  # they overlap, or what is stated is wrong: positions are what frames have
        if self._spacing:
            return [self._spacing]
        # Slices may be thinner than they are apart, and those between the ones that are there may be empty.
        return [width for width in (self._thickness, self._gap) if width]

    def affine_in(self, plane: ImagePlane, grid: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the affine of a frame as one slice: along the axis of a volume whose voxels are as thick, if any are.

        That axis need not be at right angles to the frame: the gantry of a CT can be tilted.
        """
        affine = slice_affine(plane, None)
        normal = affine[:3, 0].copy()
        along = grid[:3, np.abs(normal @ grid[:3, :3]).argmax()]
        apart = (abs(float(normal @ along)), float(np.linalg.norm(along)))
        fits = [width for width in self.widths if any(abs(width - each) <= OFF * each for each in apart)]
        if fits or not self.widths:
            affine[:3, 0] = along
            self._say_assumed(fits[0] if fits else None)
        else:
            affine[:3, 0] *= self.widths[0]
        return affine

    def put_in_frames(self, values: NDArray[np.bool_], plane: ImagePlane, target: Target) -> None:
        """Put a frame into the frames of an image: those in whose plane it lies, or that cut through it.

        Raises
        ------
        GeometryError
            Its pixels are not those of the image, or a frame lies between slices of the segmentation.
        """
        width = (self.widths or [1.0])[0]
        affine = slice_affine(plane, None)
        normal = affine[:3, 0].copy()
        affine[:3, 0] *= width
        frames = target.planes
        if any(abs(float(np.dot(normal, frame.normal))) < _PARALLEL for frame in frames):
            target.put(values, affine)
            return
        apart = [float(normal @ (np.array(frame.position) - plane.position)) for frame in frames]
        same = [index for index, distance in enumerate(apart) if abs(distance) <= OFF * width]
        for index in same:
            level = affine.copy()
            level[:3, 3] += normal * apart[index]
            target.put_in_frame(index, values, level)
        if same or not values.any():
            return
        nearest = min(range(len(apart)), key=lambda index: abs(apart[index]))
        off = abs(apart[nearest]) / width
        if off < 1 - OFF and not self._has(frames[nearest], OFF * width):
            raise GeometryError(f"the mask lies between the voxels: up to {off:.3g} of one off", source=target.name)
        target.beyond = True

    def _has(self, frame: ImagePlane, near: float) -> bool:
        """True where a slice of the segmentation lies in the plane of a frame."""
        normal = np.array(frame.normal)
        return any(abs(normal @ (np.array(plane.position) - frame.position)) <= near for plane in self._planes)

    def _say_assumed(self, width: float | None) -> None:
        if width is None:
            detail = (
                "no Spacing Between Slices and no Slice Thickness: taken to be as thick as the slices of the volume"
            )
        elif not self._spacing and self._thickness and width > (1 + OFF) * self._thickness:
            detail = f"no Spacing Between Slices: the slices are taken to be {width:g} mm apart, as their positions are"
        else:
            return
        self.steps = (Step("segmentation", detail, "assumed", _REFERENCE),)


def _declared(found: Sequence[Segment]) -> tuple[float | None, float | None]:
    """Spacing Between Slices and Slice Thickness of the first frame, where they are positive."""
    first = next((segment for segment in found if segment.frame_index), None)
    header = None if first is None else first.frame_header(0)
    if header is None:
        return None, None
    spacing, thickness = (finite_number(header.get(key)) for key in ("SpacingBetweenSlices", "SliceThickness"))
    return abs(spacing or 0) or None, thickness if thickness and thickness > 0 else None


def _least_gap(planes: Sequence[ImagePlane]) -> float | None:
    """The distance of the nearest slices, where there are several and they are parallel."""
    if not planes or any(abs(float(np.dot(planes[0].normal, plane.normal))) < _PARALLEL for plane in planes):
        return None
    levels = np.sort([float(np.dot(planes[0].normal, plane.position)) for plane in planes])
    gaps = np.diff(levels)
    gaps = gaps[gaps > _SAME]
    return float(gaps.min()) if len(gaps) else None
