"""Which attributes a table has, of which type each is, and where the walk has to look for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import dictionary_VM, keyword_for_tag

from hounsfield.headers.attribute_path import AttributePath, attribute_path

#: What a table has of the file itself, beside the attributes of its header.
FILE_COLUMNS = ("file_size", "mtime", "pixel_offset", "pixel_length", "encapsulated")

#: The columns of a table for which none are named, in this order.
DEFAULT_COLUMNS = (
    tuple(
        """
    PatientID PatientName PatientBirthDate PatientSex PatientAge
    StudyInstanceUID StudyID StudyDate StudyTime StudyDescription AccessionNumber
    SeriesInstanceUID SeriesNumber SeriesDescription Modality BodyPartExamined ProtocolName
    SOPInstanceUID SOPClassUID InstanceNumber ImageType
    FrameOfReferenceUID ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness SpacingBetweenSlices
    Rows Columns NumberOfFrames SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored PixelRepresentation
    RescaleSlope RescaleIntercept RescaleType WindowCenter WindowWidth
    AcquisitionNumber AcquisitionDate AcquisitionTime KVP EchoTime RepetitionTime TemporalPositionIdentifier
    Manufacturer ManufacturerModelName InstitutionName StationName
    TransferSyntaxUID
    """.split()
    )
    + FILE_COLUMNS
)

SPECIFIC_CHARACTER_SET, PIXEL_REPRESENTATION, TRANSFER_SYNTAX = 0x00080005, 0x00280103, 0x00020010


class Kind(IntEnum):
    """The kind of a column's values. The compiled code knows the numbers."""

    TEXT = 0
    INTEGER = 1
    DECIMAL = 2
    DATE = 3
    TIME = 4
    DATETIME = 5
    BYTES = 6


#: VRs of tables, whose words of 16 bits stand as numbers or, without a sign, as bytes (OW): numbers in either case.
WORDS = ("US or OW", "US or SS or OW")
_KINDS = {
    **dict.fromkeys(("IS", "US", "SS", "UL", "SL", "UV", "SV", "US or SS", *WORDS), Kind.INTEGER),
    **dict.fromkeys(("DS", "FL", "FD"), Kind.DECIMAL),
    **dict.fromkeys(("OB", "OW", "OF", "OD", "OL", "OV", "UN", "OB or OW"), Kind.BYTES),
    "DA": Kind.DATE,
    "TM": Kind.TIME,
    "DT": Kind.DATETIME,
}


@dataclass(frozen=True)
class Column(AttributePath):
    """One attribute of the table.

    Attributes
    ----------
    name
        As it was asked for.
    keyword
        That of the attribute; private and unknown ones have none.
    kind, many
        Type of the values, and whether a row has a list of them (the dictionary's multiplicity is above 1).
    """

    name: str
    keyword: str
    kind: Kind
    many: bool


def column(name: str) -> Column:
    """Return the column for a keyword, a tag, or a path through sequences.

    Parameters
    ----------
    name
        ``PixelSpacing``, ``00280030`` or ``(0028,0030)``; within sequences
        ``RequestAttributesSequence[0].ScheduledProcedureStepID``, where the first item is meant if no number stands.

    Raises
    ------
    ValueError
        There is no such attribute, or it is a sequence.

    Examples
    --------
    >>> column("SharedFunctionalGroupsSequence.PixelMeasuresSequence.PixelSpacing").path
    ((1375769129, 0), (2658576, 0))
    """
    path = attribute_path(name)
    kind = _KINDS.get(path.vr, Kind.TEXT)
    return Column(path.path, path.tag, path.vr, name, keyword_for_tag(path.tag), kind, _many(path.tag))


def _many(tag: int) -> bool:
    try:
        return dictionary_VM(tag) != "1"
    except KeyError:
        return False


def choose_columns(names: Iterable[str] | None, *, phi: bool) -> tuple[list[Column], list[str]]:
    """Return the attributes of a table, and the names of all its columns, in the order asked for.

    Parameters
    ----------
    names
        Keywords, tags, paths, and names of `FILE_COLUMNS`; None for `DEFAULT_COLUMNS`.
    phi
        False leaves out what identifies.

    Raises
    ------
    ValueError
        A name is none of these, or is given twice.
    TypeError
        `names` is text.
    """
    if isinstance(names, str):
        raise TypeError("columns must be a list of names")
    asked = list(DEFAULT_COLUMNS if names is None else names)
    for name in asked:
        if asked.count(name) > 1:
            raise ValueError(f"column {name!r} is given twice")
    columns = {name: column(name) for name in asked if name not in FILE_COLUMNS}
    kept = [name for name in asked if phi or name not in columns or not columns[name].identifies]
    return [columns[name] for name in kept if name in columns], kept


@dataclass(frozen=True)
class Plan:
    """The attributes that the walk looks for, as arrays.

    Attributes
    ----------
    columns
        What is found: each attribute once, also those that the walk needs for itself.
    entries : (entry, 4)
        Tag, column or -1, item, node of the item's attributes or -1; each node's entries by ascending tag and item.
    nodes : (node, 2)
        First entry and their number. Node 0 is the dataset, node 1 the file meta information.
    """

    columns: tuple[Column, ...]
    entries: NDArray[np.int64]
    nodes: NDArray[np.int64]

    def index(self, tag: int, path: tuple[tuple[int, int], ...] = ()) -> int:
        """Index of the column that holds an attribute."""
        return next(i for i, column in enumerate(self.columns) if (column.tag, column.path) == (tag, path))


#: Tag to column, and (tag, item) to the node of that item.
_Node = tuple[dict[int, int], dict[tuple[int, int], Any]]


def plan(columns: Sequence[Column]) -> Plan:
    """Lay out columns for the walk."""
    own = (column("SpecificCharacterSet"), column("PixelRepresentation"), column("TransferSyntaxUID"))
    distinct = {(wanted.path, wanted.tag): wanted for wanted in (*columns, *own)}
    dataset: _Node = ({}, {})
    meta: _Node = ({}, {})
    for index, wanted in enumerate(distinct.values()):
        node = meta if wanted.in_meta else dataset
        for place in wanted.path:
            node = node[1].setdefault(place, ({}, {}))
        node[0][wanted.tag] = index
    return Plan(tuple(distinct.values()), *_arrays([dataset, meta]))


def _arrays(nodes: list[_Node]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    entries: list[tuple[int, int, int, int]] = []
    bounds: list[tuple[int, int]] = []
    for leaves, inner in nodes:  # grows as items are met
        rows = [(tag, index, 0, -1) for tag, index in leaves.items()]
        for (tag, item), child in inner.items():
            rows.append((tag, -1, item, len(nodes)))
            nodes.append(child)
        bounds.append((len(entries), len(rows)))
        entries += sorted(rows)
    return np.array(entries, np.int64).reshape(-1, 4), np.array(bounds, np.int64).reshape(-1, 2)
