"""The images that a mask was made of: their headers, where they lie, and what highdicom is shown of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.valuerep import DSfloat

from hounsfield.errors import GeometryError
from hounsfield.geometry import ImagePlane, image_plane
from hounsfield.header import Header, finite_number, text_of, whole_number
from hounsfield.headers.dataset import open_header
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.headers.quiet import quiet
from hounsfield.image import Image
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.local import open_source
from hounsfield.steps import Step, warn_of_assumptions
from hounsfield.volume import Volume

#: A slice is that of a source whose first and last pixel are no farther from its own, along each axis, than this part
#: of a voxel: of images that somebody gives, and of the mask's own, whose positions its affine is made of, and rounds.
_SAME_PLACE, _OWN_PLACE = 0.1, 0.45
#: Attributes of patient, study and clinical trial stand in these groups.
_COPIED_GROUPS = {0x0008, 0x0010, 0x0012, 0x0020, 0x0032, 0x0040}
#: Type 2 in the objects that have them: may be empty, may not be absent (PS3.3 C.7.1.1, C.7.2.1).
_MAY_BE_EMPTY = (
    "PatientID PatientName PatientBirthDate PatientSex "
    "AccessionNumber StudyID StudyDate StudyTime ReferringPhysicianName"
).split()
_IDENTIFY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Rows", "Columns")


@dataclass(frozen=True)
class Shown:
    """One source image: the header of the file, or of the frame, and the frame's index."""

    header: Header
    frame_index: int | None

    @property
    def plane(self) -> ImagePlane | None:
        """The plane that it lies in."""
        header = self.header
        return image_plane(
            header.get("ImagePositionPatient"), header.get("ImageOrientationPatient"), header.get("PixelSpacing")
        )


@dataclass(frozen=True)
class SegmentationFrames:
    """The frames of the segmentation, and their sources.

    Attributes
    ----------
    positions
        Image Position (Patient) of each slice.
    orientation
        Image Orientation (Patient) of all.
    measures
        mm between rows and columns, thickness of a slice, mm between slices.
    shown
        The sources; where slices lie where they do, one for each slice in their order.
    frame_of_reference
        Its UID.
    steps
        What had to be assumed.
    """

    positions: tuple[tuple[float, float, float], ...]
    orientation: tuple[float, ...]
    measures: tuple[tuple[float, float], float, float]
    shown: tuple[Shown, ...]
    frame_of_reference: str
    steps: tuple[Step, ...] = ()

    @property
    def multi_frame(self) -> bool:
        """True where the sources are frames of one file."""
        return self.shown[0].frame_index is not None

    @property
    def uids(self) -> tuple[str, ...]:
        """SOP Instance UIDs of the sources."""
        return tuple(text_of(shown.header, "SOPInstanceUID") for shown in self.shown)


def find_grid(mask: Volume, source: Volume | Image | Sequence[Any] | None) -> SegmentationFrames:
    """Return where the slices of a mask lie, with their sources.

    Raises
    ------
    GeometryError
        There are no sources, they have no frame of reference, or two of them lie where one slice does.
    """
    shown = _given(mask, source) if source is not None else _own(mask)
    if not shown:
        raise GeometryError(
            "the files that the mask was made from are not known; name them with source=", source=mask.name
        )
    if len({text_of(one.header, "SOPInstanceUID") for one in shown if one.frame_index is not None}) > 1:
        raise GeometryError("the sources must be single-frame files, or the frames of one file", source=mask.name)
    reference = text_of(shown[0].header, "FrameOfReferenceUID") or mask.frame_of_reference
    if not reference:
        raise GeometryError("the source has no Frame of Reference UID, which a segmentation needs", source=mask.name)
    if mask.frame_of_reference not in ("", reference):
        raise GeometryError("its Frame of Reference is not that of the source", source=mask.name)
    orientation, spacing, between = _axes(mask)
    positions = [tuple(at) for at in mask.to_lps([[index, 0, 0] for index in range(len(mask))]).tolist()]
    matched = _matched(mask, shown, _OWN_PLACE if source is None else _SAME_PLACE)
    if matched is not None:
        shown = [match for match, _ in matched]
        positions = [plane.position for _, plane in matched]
        orientation = matched[0][1].orientation
    thickness = finite_number(shown[0].header.get("SliceThickness"))
    steps: tuple[Step, ...] = ()
    if thickness is None or thickness <= 0:
        thickness = between
        detail = f"SliceThickness is missing in the source; taken as {between:g} mm, the distance between slices"
        steps = (Step("slice thickness", detail, "assumed", "PS3.3 C.7.6.16.2.1"),)
        warn_of_assumptions(steps, mask.name, 3)
    return SegmentationFrames(
        tuple(positions), orientation, (spacing, thickness, between), tuple(shown), reference, steps
    )


def _axes(mask: Volume) -> tuple[tuple[float, ...], tuple[float, float], float]:
    """Orientation, pixel spacing and distance between slices of a mask whose place is known."""
    direction, spacing, between = mask.direction, mask.spacing, mask.spacing_between_slices
    if direction is None or spacing is None or between is None:
        raise GeometryError("its position in the patient is not known", source=mask.name)
    return tuple(direction[:, [2, 1]].T.ravel().tolist()), (spacing[1], spacing[2]), between


def _own(mask: Volume) -> list[Shown]:
    """The files that the mask's slices came from, each opened once; members of archives by their slices' headers."""
    by_slice = mask.slice_headers
    if by_slice is not None and not all(os.path.isfile(source.path) for source in mask.sources):
        headers = [by_slice[index].uncut for index in range(len(mask.sources))]
    else:
        opened: dict[str, Header] = {}
        for source in mask.sources:
            if source.path not in opened:
                opened[source.path] = _header(source.path)
        headers = [opened[source.path] for source in mask.sources]
    pairs = list(zip(headers, mask.sources, strict=True))
    if all(source.frame_index is not None and _is_one_picture(header) for header, source in pairs):
        # Slices cut from a mosaic: each file is one source image, which lies where none of its slices does.
        files = {source.path: header for header, source in pairs}
        return [Shown(header, None) for header in files.values()]
    return [_shown(header, source.frame_index) for header, source in pairs]


def _is_one_picture(header: Header) -> bool:
    """Return whether a file cannot have several frames."""
    return (whole_number(header.get("NumberOfFrames")) or 1) == 1 and not any(
        header.get(f"{groups}FunctionalGroupsSequence") for groups in ("PerFrame", "Shared")
    )


def _given(mask: Volume, source: Volume | Image | Sequence[Any]) -> list[Shown]:
    if isinstance(source, (str, bytes, os.PathLike)):
        source = [source]
    if isinstance(source, Volume):
        return _own(source)
    if isinstance(source, Image):
        return [_shown(source.header, source.frame_index)] if source.frames == 1 else _given(mask, [source.header])
    several = list(source)
    if several and all(isinstance(one, (Volume, Image)) for one in several):
        return [shown for one in several for shown in _given(mask, one)]
    headers = [_header(one) for one in several]
    frames = whole_number(headers[0].get("NumberOfFrames")) or 1 if len(headers) == 1 else 1
    if frames == 1:
        return [_shown(header, None) for header in headers]
    own = [one.frame_index for one in mask.sources if one.frame_index is not None]
    return [_shown(headers[0], index) for index in (own or range(frames))]


def _shown(header: Header, frame_index: int | None) -> Shown:
    header = header.uncut  # what is referred to is the file
    if frame_index is None and header.get("PerFrameFunctionalGroupsSequence") is not None:
        frame_index = 0  # the only frame of a file that could have more
    return Shown(header if frame_index is None else header.for_frame(frame_index), frame_index)


def _header(source: Any) -> Header:
    """The header of whatever stands for a file."""
    if isinstance(source, Header):
        return source
    if isinstance(source, Dataset):
        return DatasetHeader(source)
    with closing(open_source(source, DEFAULT_LIMITS)) as opened:
        return open_header(opened, DEFAULT_LIMITS).header


def _matched(mask: Volume, shown: list[Shown], near: float) -> list[tuple[Shown, ImagePlane]] | None:
    """The source of each slice with its plane, where mask and sources have the same grid; else None.

    Raises
    ------
    GeometryError
        Two sources lie where one slice does: which of them was segmented is not known.
    """
    planes = [one.plane for one in shown]
    known = [plane for plane in planes if plane is not None]
    sizes = {(one.header.get("Rows"), one.header.get("Columns")) for one in shown}
    if len(known) < len(planes) or sizes != {mask.size}:
        return None
    corners = mask.to_index(_corners(known, mask.size))
    matched: list[tuple[Shown, ImagePlane]] = []
    for k in range(len(mask)):
        ends = [(k, 0, 0), (k, mask.size[0] - 1, mask.size[1] - 1)]
        apart = np.abs(corners - ends).max(axis=(1, 2))
        (near_by,) = np.nonzero(apart <= near)
        if not len(near_by):
            return None
        if len(near_by) > 1:
            raise GeometryError("several source images lie at the position of one slice of the mask", source=mask.name)
        matched.append((shown[near_by[0]], known[near_by[0]]))
    return matched


def _corners(planes: list[ImagePlane], size: tuple[int, int]) -> NDArray[np.float64]:
    """First and last pixel of each plane: (plane, 2, 3) in LPS mm."""
    return np.array([[plane.position, plane.to_lps(size[0] - 1, size[1] - 1)] for plane in planes])


def surrogates(grid: SegmentationFrames) -> list[Dataset]:
    """Return datasets that say of the sources what highdicom wants to know, in a form that it understands.

    It needs attributes that may be empty to be there, one orientation for all, and, of multi-frame files, functional
    groups; older files have them elsewhere. It is not shown whose they are: it would quote names in its warnings.
    """
    datasets = [_surrogate(grid, one) for one in grid.shown[: 1 if grid.multi_frame else None]]
    if not grid.multi_frame:
        for dataset, one in zip(datasets, grid.shown, strict=True):
            dataset.update(_place(grid, one))
            dataset.SliceThickness = grid.measures[1]
        return datasets
    whole, shared = datasets[0], Dataset()
    measures, orientation = Dataset(), Dataset()
    place = _place(grid, grid.shown[0])
    measures.PixelSpacing, measures.SliceThickness = place.PixelSpacing, grid.measures[1]
    orientation.ImageOrientationPatient = place.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    whole.SharedFunctionalGroupsSequence = [shared]
    groups: list[Dataset] = []
    for one in grid.shown:
        group, position = Dataset(), Dataset()
        position.ImagePositionPatient = _place(grid, one).ImagePositionPatient
        group.PlanePositionSequence = [position]
        groups.append(group)
    whole.PerFrameFunctionalGroupsSequence = groups
    whole.NumberOfFrames = len(groups)
    return [whole]


def identified(header: Header) -> Dataset:
    """Return a dataset that names a file and its series, and says of the patient that nothing is known."""
    dataset = Dataset()
    for keyword in _MAY_BE_EMPTY:
        setattr(dataset, keyword, "")
    for keyword in _IDENTIFY:
        setattr(dataset, keyword, header.get(keyword))
    dataset.Modality = text_of(header, "Modality")
    return dataset


def _surrogate(grid: SegmentationFrames, shown: Shown) -> Dataset:
    dataset = identified(shown.header)
    dataset.FrameOfReferenceUID = grid.frame_of_reference
    dataset.PositionReferenceIndicator = text_of(shown.header, "PositionReferenceIndicator")
    return dataset


def patient_and_study(header: Header) -> Dataset:
    """Return whose a file is: attributes of patient and study, those that cannot be read left out."""
    source: Dataset = header.dataset
    dataset = Dataset()
    with quiet():
        for tag in list(source.keys()):
            if tag.group in _COPIED_GROUPS:
                try:
                    dataset.add(source[tag])
                except Exception:  # noqa: S112  pydicom raises all kinds at damaged values; none of them is needed
                    continue
    return dataset


def _place(grid: SegmentationFrames, shown: Shown) -> Dataset:
    """Position, orientation and spacing of a source; one orientation for all."""
    plane, dataset = shown.plane, Dataset()
    if plane is None:
        raise GeometryError("the position of a source image is not known")
    alike = np.allclose(plane.orientation, grid.orientation, atol=1e-3, rtol=0)
    dataset.ImagePositionPatient = [DSfloat(v, auto_format=True) for v in plane.position]
    orientation = cast("Sequence[float]", grid.orientation if alike else plane.orientation)
    dataset.ImageOrientationPatient = [DSfloat(v, auto_format=True) for v in orientation]
    dataset.PixelSpacing = [DSfloat(v, auto_format=True) for v in plane.pixel_spacing]
    return dataset
