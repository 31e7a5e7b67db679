"""Slices that are copies of others: the same pixels at the same place, under another name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hounsfield.series.rows import Indices, Rows, parts
from hounsfield.series.separators import KEYWORDS, TIMES

#: What slices have in common that are copies, beside their place and pixels: what tells slices apart, and what their
#: values follow from.
_ALIKE = (
    *(keyword for keyword in KEYWORDS if keyword not in TIMES and keyword != "ImageIndex"),
    "RescaleSlope",
    "RescaleIntercept",
    "PhotometricInterpretation",
    "DoseGridScaling",
)
#: What tells passes apart of which nothing else is known.
_OCCASION = (*sorted(TIMES), "AcquisitionDate", "ContentDate", "ImageIndex", "InstanceNumber")

#: Gives the digest of a row's pixels and of what they mean, for comparison.
Digest = Callable[[int], bytes]


def without_copies(rows: Rows, members: Indices, place: Indices, digest: Digest) -> tuple[Indices, dict[int, int]]:
    """Leave out slices that are copies: at one position, alike in all that tells slices apart, of identical pixels.

    Parameters
    ----------
    rows, members
        The slices.
    place
        Number of the position of each.
    digest
        Is asked only of slices that nothing else tells apart.

    Returns
    -------
    members
        Those that stay, in the same order.
    copies
        Index of a row that was left out, to that of the one it is a copy of.

    Notes
    -----
    Of a series that passes its positions again and again, slices outside of the body may be identical, and still belong
    to different passes. They stay where most positions of the series repeat with different pixels, and times or
    instance numbers tell them apart. Frames of one file are no copies of each other, and a file is one only as a whole.
    """
    copies: dict[int, int] = {}
    for alike in parts([rows.codes(keyword, members) for keyword in _ALIKE if keyword in rows.varying] or [place * 0]):
        pairs = _identical(rows, members[alike], place[alike], digest)
        copies |= _without_passes(rows, members[alike], place[alike], pairs)
    copies = _whole_files(rows, copies)
    stay = [row not in copies for row in members.tolist()]
    return members[stay], copies


def _identical(rows: Rows, members: Indices, place: Indices, digest: Digest) -> dict[int, int]:
    """Slices of one place and identical pixels, of other files than the first one."""
    copies: dict[int, int] = {}
    for same in parts([place]):
        first: dict[bytes, int] = {}
        for row in members[same].tolist() if len(same) > 1 else ():
            kept = first.setdefault(digest(row), row)
            if rows.file[row] != rows.file[kept]:
                copies[row] = kept
    return copies


def _without_passes(rows: Rows, members: Indices, place: Indices, copies: dict[int, int]) -> dict[int, int]:
    """Leave out of copies what belongs to another pass over the same positions."""
    if not copies:
        return copies
    left = [row not in copies for row in members.tolist()]
    repeated = np.bincount(place) > 1
    if np.bincount(place[left]).max() == 1 or 2 * np.count_nonzero(repeated) <= len(np.unique(place)):
        return copies
    occasion = {keyword: rows.codes(keyword, members) for keyword in _OCCASION}
    index = {row: i for i, row in enumerate(members.tolist())}
    return {
        row: kept
        for row, kept in copies.items()
        if all(codes[index[row]] == codes[index[kept]] for codes in occasion.values())
    }


def _whole_files(rows: Rows, copies: dict[int, int]) -> dict[int, int]:
    """Those of which every frame of their file is a copy."""
    frames = [row for row in copies if rows.frame[row] >= 0]
    if not frames:
        return copies
    files, counts = np.unique(rows.file[frames], return_counts=True)
    counted = np.bincount(rows.file, minlength=int(files.max()) + 1)
    whole = {int(file) for file, count in zip(files, counts, strict=True) if counted[file] == count}
    return {row: kept for row, kept in copies.items() if rows.frame[row] < 0 or int(rows.file[row]) in whole}
