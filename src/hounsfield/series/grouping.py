"""Which slices may form one volume: of one series, in one space, of one orientation, matrix and pixel spacing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hounsfield.geometry import ORTHONORMAL_TOLERANCE
from hounsfield.headers.spacing import PROJECTIONS, RECONSTRUCTED
from hounsfield.headers.units import is_localizer_type
from hounsfield.series.patients import PATIENT, patients
from hounsfield.series.rows import Indices, Numbers, Rows, parts
from hounsfield.series.tolerances import Tolerances

_SEGMENTATIONS = {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"}
#: Modalities of whose files of many frames each is complete: doses of beams, nuclear medicine.
_WHOLE = {"RTDOSE", "NM"}


@dataclass(frozen=True)
class Group:
    """Slices that may form one volume.

    Attributes
    ----------
    members
        Indices of rows, in the order of the files.
    placed
        Whether it is known where they lie in the patient.
    split_by
        In what the series has several groups, as keywords; empty where it has one.
    contradicts
        In what its slices and those of other groups of its series contradict each other about the patient, as keywords.
    """

    members: Indices
    placed: bool
    split_by: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()


def group(rows: Rows, members: Indices, series: Indices, tolerances: Tolerances) -> list[Group]:
    """Part slices into groups that may form volumes.

    Parameters
    ----------
    rows
        All slices.
    members
        Indices of those that are to be grouped.
    series
        Number of the series of each member.
    tolerances
        What counts as the same orientation and spacing.
    """
    if not len(members):
        return []
    placed = placed_rows(rows, members)
    whose = patients(rows, members, series)
    keys = {"SeriesInstanceUID": series, **whose.keys, **_keys(rows, members, placed, tolerances)}
    separate = parts(list(keys.values()))
    split_by = _split_by(keys, separate, placed)
    groups: list[Group] = []
    for part in separate:
        number = int(series[part[0]])
        contradicts = whose.contradictions.get(number, ())
        groups.append(Group(members[part], bool(placed[part[0]]), split_by[number], contradicts))
    return groups


def placed_rows(rows: Rows, members: Indices) -> NDArray[np.bool_]:
    """Tell of which slices position, orientation and pixel spacing in the patient are known (PS3.3 C.7.6.2)."""
    position, orientation, spacing = (rows.numbers[k][members] for k in _PLACE)
    along_row, along_column = orientation[:, :3], orientation[:, 3:]
    with np.errstate(invalid="ignore", over="ignore"):
        gram = [(a * b).sum(axis=1) - same for a, b, same in _pairs(along_row, along_column)]
        right_angled = np.max(np.abs(gram), axis=0) <= ORTHONORMAL_TOLERANCE  # False of NaN
        known = np.isfinite(position).all(axis=1) & (np.abs(position).max(axis=1, initial=0) < 1e7)
        known &= right_angled & (spacing > 0).all(axis=1) & (spacing < 1e5).all(axis=1)
    return known & ~_projections(rows, members)


#: What slices of one volume have in common, in the words of docs/volumes.md: keyword to how it is compared.
TOGETHER = {
    "SeriesInstanceUID": "with Study Instance UID; where it is missing, folder, study, number and modality",
    **dict.fromkeys(PATIENT, "where both say it; a contradiction is a conflict in the report"),
    "SOPClassUID": "",
    "Modality": "",
    "FrameOfReferenceUID": "",
    "ImagePositionPatient": "known, or not",
    "ImageType": "localizers apart from others",
    "Rows": "",
    "Columns": "",
    "SamplesPerPixel": "",
    "PhotometricInterpretation": "palettes apart from others",
    "ImageOrientationPatient": "within the tolerance",
    "PixelSpacing": "within the tolerance",
    "ReferencedSegmentNumber": "",
    "SOPInstanceUID": "of doses, nuclear medicine, and frames without a place",
}

_PLACE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


#: Of these only what slices have that lie in the patient is looked at.
_OF_PLACE = ("ImageOrientationPatient", "PixelSpacing")


def _pairs(a: Numbers, b: Numbers) -> list[tuple[Numbers, Numbers, float]]:
    return [(a, a, 1.0), (b, b, 1.0), (a, b, 0.0)]


def _projections(rows: Rows, members: Indices) -> NDArray[np.bool_]:
    """Projection images: what they call a position is not one of a slice."""
    return _among(rows, "Modality", members, PROJECTIONS) & ~_among(rows, "SOPClassUID", members, RECONSTRUCTED)


def _among(rows: Rows, keyword: str, members: Indices, values: set[str]) -> NDArray[np.bool_]:
    column = rows.texts[keyword]
    return np.isin(column.codes[members], [i for i, value in enumerate(column.values) if value in values])


def _keys(rows: Rows, members: Indices, placed: NDArray[np.bool_], tolerances: Tolerances) -> dict[str, Indices]:
    """Yield what slices of one volume have in common, by the keyword it is said with."""
    orientation = np.where(placed[:, None], rows.numbers["ImageOrientationPatient"][members], np.nan)
    spacing = np.where(placed[:, None], rows.numbers["PixelSpacing"][members], np.nan)
    frames = rows.frame[members] >= 0
    whole = _among(rows, "SOPClassUID", members, _SEGMENTATIONS) | _among(rows, "Modality", members, _WHOLE)
    alone = frames & (~placed | whole)
    localizer = [i for i, value in enumerate(rows.texts["ImageType"].values) if is_localizer_type(value)]
    palette = _among(rows, "PhotometricInterpretation", members, {"PALETTE COLOR"})
    return {
        "SOPClassUID": rows.codes("SOPClassUID", members),
        "Modality": rows.codes("Modality", members),
        "FrameOfReferenceUID": rows.codes("FrameOfReferenceUID", members),
        "ImagePositionPatient": placed.astype(np.int64),
        "ImageType": np.isin(rows.texts["ImageType"].codes[members], localizer).astype(np.int64),
        "Rows": rows.codes("Rows", members),
        "Columns": rows.codes("Columns", members),
        "SamplesPerPixel": rows.codes("SamplesPerPixel", members),
        "PhotometricInterpretation": palette.astype(np.int64),
        "ImageOrientationPatient": alike(orientation, tolerances.orientation),
        "PixelSpacing": alike(spacing, tolerances.pixel_spacing),
        "ReferencedSegmentNumber": rows.codes("ReferencedSegmentNumber", members),
        "SOPInstanceUID": np.where(alone, rows.file[members], -1),
    }


def alike(values: Numbers, tolerance: float) -> Indices:
    """Number the rows of an array (row, value) so that equal numbers are within the tolerance of their first."""
    codes = np.zeros(len(values), np.int64)
    if not len(values) or (values == values[0]).all():
        return codes
    unlike, which = np.unique(np.nan_to_num(values, nan=np.inf), axis=0, return_inverse=True)
    which = np.asarray(which, np.int64).reshape(-1)
    # Those that are met first give the measure.
    order = np.argsort([int(np.argmax(which == i)) for i in range(len(unlike))], kind="stable")
    leaders: list[int] = []
    number = np.empty(len(unlike), np.int64)
    for index in order.tolist():
        near = [_near(unlike[index], unlike[leader], tolerance) for leader in leaders]
        if True in near:
            number[index] = near.index(True)
        else:
            number[index] = len(leaders)
            leaders.append(index)
    return number[which]


def _near(a: Numbers, b: Numbers, tolerance: float) -> bool:
    if np.isinf(a).any() or np.isinf(b).any():
        return bool((a == b).all())
    return bool(np.abs(a - b).max() <= tolerance)


def _split_by(
    keys: Mapping[str, Indices], groups: list[Indices], placed: NDArray[np.bool_]
) -> dict[int, tuple[str, ...]]:
    """In which keys the groups of each series differ; of slices that have no place, orientation is not told."""
    series = keys["SeriesInstanceUID"]
    first: dict[int, list[int]] = {}
    for part in groups:
        first.setdefault(int(series[part[0]]), []).append(int(part[0]))

    def differ(name: str, members: list[int]) -> bool:
        some = [i for i in members if placed[i]] if name in _OF_PLACE else members
        return len(set(keys[name][some].tolist())) > 1

    return {number: tuple(name for name in keys if differ(name, members)) for number, members in first.items()}
