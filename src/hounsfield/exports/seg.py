"""`write_seg`: masks as a DICOM segmentation object (SEG) over the images they were made of, by highdicom."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield._version import __version__
from hounsfield.errors import FormatError, GeometryError, missing
from hounsfield.exports.seg_source import SegmentationFrames, find_grid, patient_and_study, surrogates
from hounsfield.headers.quiet import quiet
from hounsfield.image import Image
from hounsfield.imagelike import require_volume
from hounsfield.outputs import Written, whole_file
from hounsfield.steps import Step
from hounsfield.values.segments import Code
from hounsfield.volume import Volume

CodeLike = Code | tuple[str, str, str]
"""Code value, coding scheme designator, code meaning."""

#: What every segment is: something of the body (PS3.16 CID 7150 and CID 7151).
_TISSUE = Code("85756007", "SCT", "Tissue")
_MOST_SEGMENTS = 65_535
_LONGEST_TEXT = 64
#: Behind the source's series, as viewers sort them.
_SERIES_NUMBER = 1000
_REFERENCE = "PS3.3 A.51"


@dataclass(frozen=True)
class SegmentDescription:
    """The description of a segment, as `write_seg` writes it (PS3.3 C.8.20.2).

    Attributes
    ----------
    label
        Its name, at most 64 characters; ``""``: the key under which it is given.
    category, type
        What it is, as codes of value, scheme and meaning: ``("10200004", "SCT", "Liver")``. By default both are Tissue.
    anatomic_region
        Where it is, as a code; or None.
    algorithm_type
        How it was drawn: by a program, by a program with somebody's help, or by hand.
    algorithm_name
        The program, at most 64 characters; not written where it was drawn by hand.
    color
        sRGB red, green and blue, 0 to 255, in which it should be shown; or None.
    """

    label: str = ""
    category: CodeLike = _TISSUE
    type: CodeLike = _TISSUE
    anatomic_region: CodeLike | None = None
    algorithm_type: Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"] = "SEMIAUTOMATIC"
    algorithm_name: str = f"hounsfield {__version__}"
    color: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        _check_text("label", self.label)
        _check_text("algorithm_name", self.algorithm_name)


def _check_text(name: str, text: str) -> None:
    """Refuse what a Long String cannot hold (PS3.5 6.2)."""
    if len(text) > _LONGEST_TEXT or "\\" in text or any(ord(letter) < 32 for letter in text):
        raise ValueError(f"{name} has at most {_LONGEST_TEXT} characters, no backslash and no control characters")


def write_seg(
    mask: Volume | Mapping[str, Volume],
    path: str | os.PathLike[str],
    *,
    source: Volume | Image | Sequence[Any] | None = None,
    segments: SegmentDescription | Mapping[Any, SegmentDescription] | None = None,
    series_description: str = "Segmentation",
    created: datetime | None = None,
    force: bool = False,
) -> Written:
    """Write masks as a DICOM segmentation object (SEG, BINARY) that refers to the images they were made from.

    The object belongs to the patient and the study of the source: patient and study attributes are copied from it. This
    is the one export that identifies a patient.

    Parameters
    ----------
    mask
        A mask; a label map, whose whole numbers above 0 each become a segment; or several masks of one geometry by
        their labels, which may overlap.
    path
        The file. Missing folders are created.
    source
        The images that were segmented, in place of ``mask.sources``: a volume, an image, or a sequence in any order of
        these, of whatever `hounsfield.read` takes (paths, bytes, files), of pydicom datasets, or of headers
        (``image.header``); one for each slice, or a single multi-frame one.
    segments
        What is segmented: of a single mask its description; of several by their labels, of a label map by its numbers.
        Without it a segment is named after its label or number, and is a Tissue.
    series_description
        At most 64 characters.
    created
        When: content date and time, and part of the UIDs. By default now; the same mask, source and time give the same
        bytes.
    force
        Replace a file that exists.

    Returns
    -------
    Written
        The file, and the steps from the source to it.

    Raises
    ------
    GeometryError
        The position of the mask or the source's frame of reference is not known, there is no source, or masks differ in
        shape or place.
    FormatError
        There is no segment, or highdicom cannot describe a segmentation of these sources.
    MissingDependencyError
        highdicom is not installed.
    OutputError
        The file exists or cannot be written.
    SourceError, NotDicomError, DecodeError
        A source cannot be read.
    TypeError
        The values are neither bool nor whole numbers.
    ValueError
        A label or a description is too long.

    Warns
    -----
    AssumptionWarning
        The source does not say how thick its slices are, which a segmentation needs.

    Notes
    -----
    Every frame is written, empty ones too, so that `hounsfield.read_volumes` gives the mask back on its own grid.
    `hounsfield.segments` gives frames in the order of the file, which may run against that of the slices. Where
    slices lie where the source's do, each frame names its source image, and has that image's position exactly. UIDs
    are made of the mask, the source, the descriptions and `created`.

    Examples
    --------
    >>> import hounsfield as hu, numpy as np, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = hu.phantom(folder, matrix=64, slices=3)
    ...     values = np.stack([hu.read(path).values for path in made.files])
    ...     bone = hu.Volume(values > 200, made.affine)
    ...     described = hu.SegmentDescription("Bone", type=("272673000", "SCT", "Bone"), color=(240, 220, 180))
    ...     written = hu.write_seg(bone, pathlib.Path(folder) / "bone.dcm", source=made.files, segments=described)
    ...     (segment,) = hu.segments(written.paths[0])
    ...     print(segment.label, segment.type.meaning, np.array_equal(segment.mask.values, bone.values))
    Bone Bone True
    """
    _check_text("series_description", series_description)
    _check_volumes(mask)
    parts = _parts(mask, segments)
    grid = find_grid(parts.first, source)
    when = datetime.now() if created is None else created
    uids = _SegmentationUids(parts, grid, series_description, when)
    dataset = _segmentation(parts, grid, uids, series_description)
    _correct_frame_numbers(dataset, grid)
    _set_dimensions(dataset, uids.make("dimension organization"))
    _set_times(dataset, when)
    path = Path(path)
    with whole_file(path, force=force) as temporary, quiet():
        dataset.save_as(temporary, enforce_file_format=True)
    named = "; ".join(f"{number} {described.label!r}" for number, described in enumerate(parts.described, 1))
    step = Step("write", f"SEG, BINARY, {len(parts.first)} frames of each segment: {named}", reference=_REFERENCE)
    return Written((path,), (*parts.first.steps, *grid.steps, step))


def _check_volumes(mask: object) -> None:
    for each in cast("Mapping[Any, object]", mask).values() if isinstance(mask, Mapping) else (mask,):
        require_volume(each, "write_seg")


@dataclass(frozen=True)
class _Parts:
    """The segments: pixels as highdicom takes them, (slice, row, column) of numbers or with segments as a last axis."""

    first: Volume
    pixels: NDArray[Any]
    described: tuple[SegmentDescription, ...]


def _parts(mask: Volume | Mapping[str, Volume], segments: Any) -> _Parts:
    if isinstance(mask, Volume):
        _check_placed(mask)
        if mask.is_mask:
            described = _described("mask", segments if isinstance(segments, SegmentDescription) else None)
            if isinstance(segments, Mapping):
                raise TypeError("a single mask takes one description, not a dictionary")
            return _Parts(mask, mask.values.view(np.uint8), (described,))
        return _label_map(mask, segments)
    if not mask:
        raise FormatError("there is no mask to write")
    first = next(iter(mask.values()))
    for label, other in mask.items():
        _check_placed(other)
        if not other.is_mask:
            raise TypeError(f"masks by label must have bool values, not {other.values.dtype}")
        if other.shape != first.shape or not np.allclose(other.to_lps(_ENDS), first.to_lps(_ENDS), atol=1e-3, rtol=0):
            raise GeometryError(f"the mask {label!r} has another shape or position than the first", source=other.name)
    by_label = _by_key(segments)
    pixels = np.stack([one.values for one in mask.values()], axis=-1).view(np.uint8)
    return _Parts(first, pixels, tuple(_described(label, by_label.get(label)) for label in mask))


_ENDS = np.array([[0, 0, 0], [1000, 0, 0], [0, 1000, 0], [0, 0, 1000]])


def _label_map(labels: Volume, segments: Any) -> _Parts:
    """Numbers become 1, 2, 3 ... in their order, as a binary segmentation counts its segments."""
    if labels.values.dtype.kind not in "iu" or labels.color:
        raise TypeError(f"a segmentation needs a mask (bool) or a label map (whole numbers), not {labels.values.dtype}")
    numbers = [number for number in np.unique(labels.values).tolist() if number != 0]
    if not numbers or numbers[0] < 0 or len(numbers) > _MOST_SEGMENTS:
        why = "has no label above 0" if not numbers else "has labels below 0, or more than 65535 labels"
        raise FormatError(f"the label map {why}", source=labels.name)
    by_number = _by_key(segments)
    pixels = np.searchsorted([0, *numbers], labels.values).astype(np.uint8 if len(numbers) < 256 else np.uint16)
    return _Parts(labels, pixels, tuple(_described(str(number), by_number.get(number)) for number in numbers))


def _by_key(segments: Any) -> Mapping[Any, SegmentDescription]:
    if segments is not None and not isinstance(segments, Mapping):
        raise TypeError("describe several segments by a dictionary: by label, or by number")
    return segments or {}


def _described(key: str, description: SegmentDescription | None) -> SegmentDescription:
    described = description or SegmentDescription()
    return described if described.label else replace(described, label=key)


def _check_placed(mask: Volume) -> None:
    if mask.affine is None:
        raise GeometryError("its position in the patient is not known, which a segmentation needs", source=mask.name)


def _segmentation(parts: _Parts, grid: SegmentationFrames, uids: _SegmentationUids, series_description: str) -> Any:
    """Let highdicom make the object."""
    try:
        import highdicom
    except ImportError:
        raise missing("writing SEG", "highdicom") from None
    try:
        with quiet():
            dataset = highdicom.seg.Segmentation(
                surrogates(grid),
                parts.pixels,
                highdicom.seg.SegmentationTypeValues.BINARY,
                [_highdicom_description(number, described) for number, described in enumerate(parts.described, 1)],
                series_instance_uid=uids.make("series"),
                series_number=_SERIES_NUMBER,
                sop_instance_uid=uids.make("instance"),
                instance_number=1,
                manufacturer="hounsfield",
                manufacturer_model_name="hounsfield",
                software_versions=__version__,
                device_serial_number="0",
                series_description=series_description,
                specific_character_set="ISO_IR 192",
                omit_empty_frames=False,
                pixel_measures=highdicom.PixelMeasuresSequence(*grid.measures),
                plane_orientation=highdicom.PlaneOrientationSequence("PATIENT", grid.orientation),
                plane_positions=[highdicom.PlanePositionSequence("PATIENT", at) for at in grid.positions],
            )
            dataset.copy_patient_and_study_information(patient_and_study(grid.shown[0].header))
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        reason = str(error.args[0]) if error.args else type(error).__name__
        raise FormatError(f"highdicom cannot describe it: {reason}", source=parts.first.name) from None
    return dataset


def _highdicom_description(number: int, described: SegmentDescription) -> Any:
    import highdicom

    by_hand = described.algorithm_type == "MANUAL"
    # highdicom asks for the family of the algorithm, of which nothing is known here: what holds it goes again below.
    family = highdicom.sr.CodedConcept("123105", "DCM", "Histogram Analysis")
    algorithm = highdicom.AlgorithmIdentificationSequence(described.algorithm_name, family, __version__)
    color = None if described.color is None else highdicom.color.CIELabColor.from_rgb(*described.color)
    region = [] if described.anatomic_region is None else [_coded(described.anatomic_region)]
    segment: Any = highdicom.seg.SegmentDescription(
        number,
        described.label,
        _coded(described.category),
        _coded(described.type),
        described.algorithm_type,
        None if by_hand else algorithm,
        anatomic_regions=region or None,
        display_color=color,
    )
    if not by_hand:
        del segment.SegmentationAlgorithmIdentificationSequence
    return segment


def _coded(code: CodeLike) -> Any:
    import highdicom

    value, scheme, meaning = (code.value, code.scheme, code.meaning) if isinstance(code, Code) else code
    return highdicom.sr.CodedConcept(value, scheme, meaning)


def _correct_frame_numbers(dataset: Any, grid: SegmentationFrames) -> None:
    """Name frames by their numbers in the source's file: highdicom was shown some of them, in the order of slices."""
    if not grid.multi_frame:
        return
    for group in dataset.PerFrameFunctionalGroupsSequence:
        for derivation in group.get("DerivationImageSequence") or []:
            for image in derivation.SourceImageSequence:
                shown = grid.shown[int(image.ReferencedFrameNumber) - 1]
                image.ReferencedFrameNumber = (shown.frame_index or 0) + 1


def _set_dimensions(dataset: Any, organization: str) -> None:
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = organization


def _set_times(dataset: Any, when: datetime) -> None:
    day, time = when.strftime("%Y%m%d"), when.strftime("%H%M%S.%f")
    for kind in ("InstanceCreation", "Content", "Series"):
        setattr(dataset, f"{kind}Date", day)
        setattr(dataset, f"{kind}Time", time)
    dataset.ContributingEquipmentSequence[-1].ContributionDateTime = day + time


class _SegmentationUids:
    """UIDs that depend on what is written alone (PS3.5 B.2: 2.25 and a number of 128 bits)."""

    def __init__(self, parts: _Parts, grid: SegmentationFrames, series_description: str, when: datetime) -> None:
        content = (parts.pixels.shape, parts.described, grid.positions, grid.uids, series_description, when.isoformat())
        self._hash = hashlib.sha256(repr(content).encode())
        self._hash.update(np.ascontiguousarray(parts.pixels).data)

    def make(self, what: str) -> str:
        """Return the UID of one thing."""
        digest = hashlib.sha256(self._hash.digest() + what.encode()).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big') >> 1}"
