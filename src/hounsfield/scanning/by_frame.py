"""Columns of a table whose attribute stands in functional groups (PS3.3 C.7.6.16): the first frame's.

A table has a row for each file. What `info` says of an enhanced file holds for its first frame: that one's own
functional groups come first, then the shared ones, then the file itself. The same goes for these columns.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.scanning.columns import FILE_COLUMNS, Column, choose_columns, column

#: Which functional group has which attributes; those that stand in several groups are not among them.
_GROUPS = {
    "PixelMeasuresSequence": "PixelSpacing SliceThickness SpacingBetweenSlices",
    "PlanePositionSequence": "ImagePositionPatient",
    "PlaneOrientationSequence": "ImageOrientationPatient",
    "PixelValueTransformationSequence": "RescaleSlope RescaleIntercept RescaleType",
    "FrameVOILUTSequence": "WindowCenter WindowWidth WindowCenterWidthExplanation VOILUTFunction",
    "FrameContentSequence": """FrameAcquisitionNumber FrameReferenceDateTime FrameAcquisitionDateTime
        FrameAcquisitionDuration TemporalPositionIndex StackID InStackPositionNumber""",
    "CardiacSynchronizationSequence": "NominalCardiacTriggerDelayTime RRIntervalTimeNominal",
    "FrameAnatomySequence": "FrameLaterality",
    "MREchoSequence": "EffectiveEchoTime",
    "MRTimingAndRelatedParametersSequence": "RepetitionTime FlipAngle EchoTrainLength",
    "MRDiffusionSequence": "DiffusionBValue DiffusionDirectionality",
    "MRAveragesSequence": "NumberOfAverages",
    "CTXRayDetailsSequence": "KVP FocalSpots FilterType FilterMaterial",
    "CTReconstructionSequence": "ConvolutionKernel ConvolutionKernelGroup ReconstructionDiameter",
    "CTExposureSequence": "ExposureTimeInms XRayTubeCurrentInmA ExposureInmAs CTDIvol",
    "CTAcquisitionDetailsSequence": "TableHeight GantryDetectorTilt RotationDirection DataCollectionDiameter",
    "SegmentIdentificationSequence": "ReferencedSegmentNumber",
}
_GROUP_OF = {keyword: group for group, keywords in _GROUPS.items() for keyword in keywords.split()}
_PLACES = ("PerFrameFunctionalGroupsSequence[0]", "SharedFunctionalGroupsSequence[0]")
_FRAMES, _ROWS = "NumberOfFrames", "Rows"


def with_frames(names: Iterable[str] | None, *, phi: bool) -> tuple[list[str], list[str]]:
    """Return the names of a table's columns, and the same with those that have to be read beside them.

    Parameters
    ----------
    names, phi
        As in `choose_columns`.

    Raises
    ------
    ValueError, TypeError
        As in `choose_columns`.
    """
    chosen, kept = choose_columns(names, phi=phi)
    more = [path for wanted in chosen for path in _paths(wanted)]
    if any(_is_frames(wanted) for wanted in chosen):
        more.append(_ROWS)
    return kept, [*kept, *(name for name in dict.fromkeys(more) if name not in kept)]


def _paths(wanted: Column) -> list[str]:
    """Return the places in the functional groups where the attribute of a column may stand."""
    group = _GROUP_OF.get(wanted.keyword)
    return [] if wanted.path or group is None else [f"{place}.{group}[0].{wanted.keyword}" for place in _PLACES]


def _is_frames(wanted: Column) -> bool:
    return not wanted.path and wanted.keyword == _FRAMES


def frames_first(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """Return a batch of just these columns, with the first frame's values in the place of the file's.

    Parameters
    ----------
    batch
        With the columns that `with_frames` names.
    names
        Those that were asked for.
    """
    schema = schema_of(batch.schema, names)
    arrays = {name: batch.column(name) for name in schema.names}
    for name in names:
        paths, counts = _elsewhere(name)
        if counts:
            arrays[name] = _one_frame(batch, arrays[name])
        elif paths:
            arrays[name] = _first(batch, arrays[name], paths)
    return pa.RecordBatch.from_arrays(list(arrays.values()), schema=schema)


def schema_of(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """Return the schema of a table of just these columns."""
    return pa.schema([schema.field(name) for name in ("path", *names, "issues", "error")])


@lru_cache(256)
def _elsewhere(name: str) -> tuple[list[str], bool]:
    """Return the other places of a column's attribute, and whether it is Number of Frames."""
    wanted = None if name in FILE_COLUMNS else column(name)
    return ([], False) if wanted is None else (_paths(wanted), _is_frames(wanted))


def _first(batch: pa.RecordBatch, own: pa.Array, paths: list[str]) -> pa.Array:
    for path in reversed(paths):
        if batch.schema.get_field_index(path) < 0:  # left out, since it identifies
            continue
        own_values = batch.column(path)
        if own_values.null_count < len(own_values):
            there = own_values.is_valid().to_numpy(zero_copy_only=False)
            own = _replaced(own, own_values, there, np.arange(len(own_values)))
    return own


def _replaced(own: pa.Array, others: pa.Array, where: NDArray[np.bool_], index: NDArray[np.int64]) -> pa.Array:
    """Put others in the place of values: of each place, the one at its index."""
    taken = np.where(where, len(own) + index, np.arange(len(own)))
    return pa.concat_arrays([own, others]).take(pa.array(taken))


def _one_frame(batch: pa.RecordBatch, own: pa.Array) -> pa.Array:
    """Number of Frames is 1 of an image that does not have it, unless what it has cannot be read."""
    rows = batch.column(_ROWS)
    if own.null_count == 0 or rows.null_count == len(rows):
        return own
    absent = own.is_null().to_numpy(zero_copy_only=False) & rows.is_valid().to_numpy(zero_copy_only=False)
    issues = batch.column("issues")
    if len(issues.flatten()):
        for row, sentences in enumerate(issues.to_pylist()):
            absent[row] &= not any(_FRAMES in issue for issue in sentences)
    return _replaced(own, pa.array([1], pa.int64()), absent, np.zeros(len(own), np.int64))
