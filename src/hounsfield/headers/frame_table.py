"""Where each frame of a multi-frame file lies, and what tells frames apart: as columns, like those of many files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.header import Header, exact_numbers, items_of, numbers_or_nan, text_of, texts_of, values_in
from hounsfield.headers.times import datetime_of, microseconds

#: What may differ from frame to frame, with the number of values.
FRAME_NUMBERS = {
    "ImagePositionPatient": 3,
    "ImageOrientationPatient": 6,
    "PixelSpacing": 2,
    "SliceThickness": 1,
    "SpacingBetweenSlices": 1,
    "ReferencedSegmentNumber": 1,
    "FrameAcquisitionNumber": 1,
    "EffectiveEchoTime": 1,
    "TemporalPositionIndex": 1,
    "TemporalPositionTimeOffset": 1,
    "NominalPercentageOfCardiacPhase": 1,
    "NominalPercentageOfRespiratoryPhase": 1,
    "NominalCardiacTriggerDelayTime": 1,
    "DiffusionBValue": 1,
    "DiffusionGradientOrientation": 3,
    "InversionTimes": 1,
    "FlipAngle": 1,
    "RepetitionTime": 1,
    "KVP": 1,
    "FrameAcquisitionDateTime": 1,  # microseconds
    "EnergyWindowVector": 1,
    # The frame's place in the order of the dimensions, without those that count positions.
    "dimension": 1,
}
#: Attributes that stand in the first item of a sequence within their macro, or of one of several items: which sequence,
#: and which attribute of it.
_NESTED = {
    "DiffusionGradientOrientation": ("DiffusionGradientDirectionSequence", "DiffusionGradientOrientation"),
    "ASLContext": ("MRArterialSpinLabelingSequence", "ASLContext"),
    "ContrastBolusAgentPhase": ("ContrastBolusUsageSequence", "ContrastBolusAgentPhase"),
    "RealWorldValueMappingSequence[0].LUTLabel": ("RealWorldValueMappingSequence", "LUTLabel"),
}
_RECONSTRUCTED = {"RECON TOMO", "RECON GATED TOMO"}
FRAME_TEXTS = tuple(
    """
    StackID ComplexImageComponent FrameType RescaleType AcquisitionContrast ASLContext ConvolutionKernel FilterType
    ReconstructionAlgorithm ReconstructionType ReceiveCoilName TransmitCoilName ContrastBolusAgentPhase
    RealWorldValueMappingSequence[0].LUTLabel DimensionIndexValues
    """.split()
)
#: Dimensions that count positions: InStackPositionNumber, ImagePositionPatient, ImagePositionVolume, SliceLocation.
_POSITIONS = {"00209057", "00200032", "00209301", "00201041"}
_MADE = ("dimension", "EnergyWindowVector", "FrameAcquisitionDateTime")


@dataclass(frozen=True)
class FrameTable:
    """Columns of the frames of a file.

    Attributes
    ----------
    count
        Number of frames.
    numbers
        Keyword to float64 (frame,) or (frame, value); NaN where a frame has none.
    texts
        Keyword to a text for each frame, ``""`` where it has none.
    """

    count: int
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict[str, NDArray[np.float64]])
    texts: Mapping[str, list[str]] = field(default_factory=dict[str, "list[str]"])


def frame_table(header: Header, frames: int) -> FrameTable:
    """Tabulate the frames of a file.

    Parameters
    ----------
    header
        The attributes of the whole file.
    frames
        How many frames there are.

    Notes
    -----
    Functional groups say it of enhanced files (PS3.3 C.7.6.16); Grid Frame Offset Vector of RT doses (C.8.8.3.2);
    the detector's position and the slices' spacing of reconstructed nuclear medicine images (C.8.4.11, C.8.4.15). Of
    other files nothing tells where frames lie: they are no slices, and have no position here.
    """
    if items_of(header, "PerFrameFunctionalGroupsSequence") or items_of(header, "SharedFunctionalGroupsSequence"):
        return _functional_groups(header, frames)
    offsets = header.get("GridFrameOffsetVector")
    if offsets is not None:
        return FrameTable(frames, {"ImagePositionPatient": dose_positions(header, frames)})
    if text_of(header, "Modality") == "NM" and not _RECONSTRUCTED.isdisjoint(texts_of(header, "ImageType")):
        return _nuclear(header, frames)
    return FrameTable(frames, {"ImagePositionPatient": np.full((frames, 3), np.nan)})


def _functional_groups(header: Header, frames: int) -> FrameTable:
    numbers = {keyword: np.full((frames, count), np.nan) for keyword, count in FRAME_NUMBERS.items()}
    texts: dict[str, list[str]] = {keyword: [] for keyword in FRAME_TEXTS}
    wanted = [(keyword, count) for keyword, count in FRAME_NUMBERS.items() if keyword not in _MADE]
    chosen = _dimensions(header)
    dimensions: list[tuple[float, ...]] = []
    for index in range(frames):
        own = header.for_frame(index)
        for keyword, count in wanted:
            if (value := _value(own, keyword)) is not None:
                numbers[keyword][index] = numbers_or_nan(value, count)
        for keyword in FRAME_TEXTS:
            texts[keyword].append(_text(_value(own, keyword)))
        numbers["FrameAcquisitionDateTime"][index] = _microseconds(own.get("FrameAcquisitionDateTime"))
        dimensions.append(_index(own, chosen))
        texts["DimensionIndexValues"][-1] = "\\".join(f"{value:g}" for value in dimensions[-1])
    if chosen and all(dimensions):
        numbers["dimension"][:, 0] = np.unique(np.array(dimensions), axis=0, return_inverse=True)[1].reshape(-1)
    return FrameTable(frames, {k: v[:, 0] if v.shape[1] == 1 else v for k, v in numbers.items()}, texts)


def _value(own: Header, keyword: str) -> Any:
    value = own.get(keyword)
    if value is None and keyword in _NESTED:
        sequence, inner = _NESTED[keyword]
        return next((item.get(inner) for item in items_of(own, sequence)), None)
    return value


def _text(value: Any) -> str:
    return "\\".join("" if part is None else str(part) for part in values_in(value))


def _microseconds(value: Any) -> float:
    """A moment as microseconds since 1970; NaN where it is none."""
    moment = None if value is None else datetime_of(value)
    return math.nan if moment is None else microseconds(moment.date(), moment.time())


def _dimensions(header: Header) -> list[int]:
    """Return the dimensions of a file that count something else than positions (PS3.3 C.7.6.17)."""
    pointers = [str(item.get("DimensionIndexPointer")) for item in items_of(header, "DimensionIndexSequence")]
    return [number for number, pointer in enumerate(pointers) if pointer not in _POSITIONS]


def _index(own: Header, chosen: list[int]) -> tuple[float, ...]:
    """The Dimension Index Values of a frame along some of the dimensions; none where it has not got them."""
    value = own.get("DimensionIndexValues") if chosen else None
    values = values_in(value)
    numbers = exact_numbers([values[place] for place in chosen if place < len(values)], len(chosen))
    return tuple(numbers or ())


def dose_positions(header: Header, frames: int) -> NDArray[np.float64]:
    """Return the position of each frame of an RT dose (frame, 3) in LPS mm; NaN where it is not known.

    Grid Frame Offset Vector holds offsets from the first plane along its normal, or places on the patient's axis
    (PS3.3 C.8.8.3.2).
    """
    along = _each_or_nan(values_in(header.get("GridFrameOffsetVector")))
    position = np.array(numbers_or_nan(header.get("ImagePositionPatient"), 3))
    orientation = np.array(numbers_or_nan(header.get("ImageOrientationPatient"), 6))
    points = np.full((frames, 3), np.nan)
    if len(along) >= frames:
        normal = np.cross(orientation[:3], orientation[3:])
        # Beginning with 0 they are offsets; else the patient's z of each plane, of transverse planes only.
        start = 0.0 if along[0] == 0 else position[2]
        if along[0] == 0 or abs(normal[2]) > 1 - 1e-6:
            normal = normal if along[0] == 0 else np.array([0.0, 0.0, 1.0])
            points = position + (along[:frames, None] - start) * normal
    return points


def _nuclear(header: Header, frames: int) -> FrameTable:
    """Slices of a reconstructed nuclear medicine image: from the first one on, in steps of their spacing."""
    detectors = items_of(header, "DetectorInformationSequence")
    first: Mapping[str, Any] = detectors[0] if detectors else header
    position = np.array(numbers_or_nan(first.get("ImagePositionPatient"), 3))
    orientation = np.array(numbers_or_nan(first.get("ImageOrientationPatient"), 6))
    spacing = numbers_or_nan(header.get("SpacingBetweenSlices"), 1)[0]
    slices = header.get("SliceVector")
    places = cast("list[Any]", slices) if isinstance(slices, list) else list(range(1, frames + 1))
    numbers = _each_or_nan(places)
    if len(numbers) != frames:
        numbers = np.full(frames, math.nan)
    normal = np.cross(orientation[:3], orientation[3:])
    points = position + (numbers[:, None] - 1) * spacing * normal
    return FrameTable(
        frames,
        {
            "ImagePositionPatient": points,
            "ImageOrientationPatient": np.tile(orientation, (frames, 1)),
            "TemporalPositionIndex": _vectors(header, frames, ("RRIntervalVector", "TimeSlotVector", "PhaseVector")),
            "EnergyWindowVector": _vectors(header, frames, ("EnergyWindowVector",)),
        },
    )


def _each_or_nan(values: Sequence[Any]) -> NDArray[np.float64]:
    """Each value that is a finite number, and NaN in the place of one that is none."""
    return np.array([numbers_or_nan(value, 1)[0] for value in values], np.float64)


def _vectors(header: Header, frames: int, keywords: tuple[str, ...]) -> NDArray[np.float64]:
    """That of some vectors that differs from frame to frame; of several the number of each combination, from 1."""
    varying: list[NDArray[np.float64]] = []
    for keyword in keywords:
        value = header.get(keyword)
        if isinstance(value, list) and len(cast("list[Any]", value)) == frames:
            numbers = exact_numbers(value, frames)
            if numbers and len(set(numbers)) > 1:
                varying.append(np.array(numbers, np.float64))
    if len(varying) > 1:
        combined = np.unique(np.stack(varying, axis=1), axis=0, return_inverse=True)[1]
        return combined.reshape(-1).astype(np.float64) + 1
    return varying[0] if varying else np.full(frames, math.nan)
