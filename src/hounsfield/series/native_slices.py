"""Slices of native pixel data, read straight into a volume's memory.

They are the commonest ones: files of one kind, which differ in position and values only. What their header says of the
values is worked out once, by the same functions that read single images, and each slice then costs little more than
reading its bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.errors import HounsfieldError, SourceError
from hounsfield.header import Header
from hounsfield.headers.dataset import Opened, open_header
from hounsfield.headers.remarks import remarks
from hounsfield.headers.units import modality_unit
from hounsfield.limits import Limits
from hounsfield.pixels.layout import Layout, read_layout
from hounsfield.pixels.native import clean_bits
from hounsfield.pixels.opening import NATIVE_LITTLE
from hounsfield.pixels.stored import cells_step
from hounsfield.series.grouping import placed_rows
from hounsfield.series.instances import Instances
from hounsfield.series.rows import Indices
from hounsfield.steps import Step
from hounsfield.values.modality import Linear, Transform, apply_transforms, describe, read_transforms, values_type
from hounsfield.values.padding import padding_mask

#: Attributes that slices of one kind have in common, beside those that make them one volume.
_SAME = """
    SamplesPerPixel BitsAllocated BitsStored HighBit PixelRepresentation PixelPaddingValue PixelPaddingRangeLimit
    pixel_length DoseGridScaling
""".split()
_SAME_TEXTS = """
    TransferSyntaxUID PhotometricInterpretation RescaleType SegmentationType Modality SOPClassUID ImageType
""".split()
_SPACES = ("modality", "stored")
_MICROSECOND = 1000


@dataclass(frozen=True)
class NativeKind:
    """The properties that slices of one kind have in common.

    Attributes
    ----------
    layout
        How their stored values lie.
    header
        Of one of them.
    unit, steps
        Of their values.
    dtype
        Type of their values.
    sure
        Whether all values fit that type, by their bits alone.
    transforms
        From stored values to values, by row.
    """

    layout: Layout
    header: Header
    unit: str
    steps: tuple[Step, ...]
    dtype: np.dtype[Any]
    sure: bool
    transforms: dict[int, Transform]


class DoesNotFit(Exception):
    """The values of a slice need a wider type than those of the others promised."""


def native_kinds(
    instances: Instances, members: Indices, space: str, dtype: DTypeLike | None, limits: Limits
) -> list[tuple[NativeKind, list[int]]]:
    """Find the slices of a volume that can be read straight into its memory, by kind.

    Parameters
    ----------
    instances
        What the headers say.
    members
        Indices of the volume's slices.
    space, dtype
        Which values are wanted, as in `hounsfield.read`.
    limits
        Bounds on what a file may cost.

    Returns
    -------
    list
        Each kind with its places: indices into `members`.
    """
    if space not in _SPACES:
        return []
    rows = instances.rows
    keys = [rows.codes(name, members) for name in (*_SAME, *_SAME_TEXTS)]
    plain = (rows.numbers["encapsulated"][members] == 0) & (rows.numbers["tables"][members] == 0)
    plain &= rows.numbers["mappings"][members] == 0
    plain &= (rows.frame[members] < 0) & (rows.numbers["pixel_offset"][members] > 0)
    end = rows.numbers["pixel_offset"][members] + rows.numbers["pixel_length"][members]
    plain &= end <= rows.numbers["file_size"][members]  # what is there of others, and what is not, is found out alone
    plain &= placed_rows(rows, members)  # of others each slice says itself what its pixels measure
    places: dict[tuple[int, ...], list[int]] = {}
    for place, key in enumerate(zip(*(key.tolist() for key in keys), strict=True)):
        file = int(rows.file[members[place]])
        if plain[place] and file not in instances.doubtful and instances.entries[file].path is not None:
            places.setdefault(key, []).append(place)
    kinds: list[tuple[NativeKind, list[int]]] = []
    for several in places.values():
        chosen = members[several]
        kind = _kind(instances, chosen, space, dtype, limits) if len(several) > 1 else None
        if kind is not None:
            kinds.append((kind, several))
    return kinds


def _kind(
    instances: Instances, members: Indices, space: str, dtype: DTypeLike | None, limits: Limits
) -> NativeKind | None:
    """Work out what slices have in common from the first of them; None where they have to be read one by one."""
    entry = instances.entries[int(instances.rows.file[members[0]])]
    try:
        with closing(entry.open(limits)) as source:
            opened = open_header(source, limits, lazy=True)
    except HounsfieldError:
        return None  # whoever reads them one by one says why
    element = opened.pixels
    if element is None or element.encapsulated or opened.steps or opened.transfer_syntax not in NATIVE_LITTLE:
        return None
    try:
        layout = read_layout(opened.header, element.keyword, entry.name, limits)
        transforms = _transforms(instances, members, opened, layout, space)
    except HounsfieldError:
        return None
    length = element.extent.length
    plain = layout.samples == 1 and layout.photometric != "PALETTE COLOR" and layout.float_type is None
    needed = layout.frame_values * layout.dtype.itemsize
    if not plain or layout.steps or layout.bits_allocated < 8 or length != needed + needed % 2 or transforms is None:
        return None
    target, sure = values_type(layout.dtype, transforms, layout.bits_stored)
    target, sure = (np.dtype(dtype), False) if dtype is not None else (target, sure)
    by_row = dict(zip(members.tolist(), transforms, strict=True))
    unit, steps = _meaning(opened.header, transforms, space)
    steps += remarks(opened.header, 0)
    if target is None or opened.header.doubts:
        return None
    return NativeKind(layout, opened.header, unit, (*_decoding(layout), *steps), target, sure, by_row)


def _decoding(layout: Layout) -> tuple[Step, ...]:
    return Step("decode", "native, little endian", reference="PS3.5 8.1"), cells_step(layout)


def _transforms(
    instances: Instances, members: Indices, opened: Opened, layout: Layout, space: str
) -> list[Transform] | None:
    """The transform of each slice; None where its header has to be asked."""
    untouched: list[Transform] = [None] * len(members)
    if space == "stored":
        return untouched
    first = read_transforms([opened.header], opened.name, signed=layout.signed)[0]
    slopes = instances.rows.numbers["RescaleSlope"][members]
    intercepts = instances.rows.numbers["RescaleIntercept"][members]
    if first is None:
        return untouched if np.isnan(slopes).all() and np.isnan(intercepts).all() else None
    usable = np.isfinite(slopes) & np.isfinite(intercepts) & (slopes != 0) & (np.abs(slopes) < 1e30)
    usable &= np.abs(intercepts) < 1e30
    if not isinstance(first, Linear) or not usable.all():
        return None
    if (first.slope, first.intercept) != (slopes[0], intercepts[0]):
        return None
    pairs = zip(slopes.tolist(), intercepts.tolist(), strict=True)
    return [Linear(slope, intercept, first.origin) for slope, intercept in pairs]


def _meaning(header: Header, transforms: Sequence[Transform], space: str) -> tuple[str, list[Step]]:
    if space == "stored":
        return "", []
    unit, doubt = modality_unit(header, transforms[0] is not None)
    return unit, [*describe(transforms, [header], unit), *([doubt] if doubt else [])]


def read_native(instances: Instances, row: int, kind: NativeKind, out: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Read a slice into its place.

    Parameters
    ----------
    instances
        Where it is.
    row
        Its row.
    kind
        What it has in common with others.
    out : (row, column)
        Its place in the volume, of the kind's type.

    Returns
    -------
    ndarray or None
        Which of its pixels are padding; None where none is.

    Raises
    ------
    SourceError
        The file cannot be read, or has changed since its header was.
    DoesNotFit
        Its values need a wider type.
    """
    layout, entry = kind.layout, instances.entries[int(instances.rows.file[row])]
    place = out[np.newaxis]
    stored = (
        place.view(layout.dtype) if out.dtype.itemsize == layout.dtype.itemsize else np.empty(place.shape, layout.dtype)
    )
    _fill(instances, row, entry.path or "", stored)
    stored = clean_bits(stored, layout)
    padding, _ = padding_mask(stored, kind.header, layout.bits_stored)
    transform = kind.transforms[row]
    if kind.dtype.kind in "iu" and not kind.sure and not _fits(stored, transform, kind.dtype):
        raise DoesNotFit
    values = apply_transforms(stored, [transform], layout.bits_stored, entry.name, kind.dtype, checked=True)
    if not np.may_share_memory(values, place):
        place[...] = values
    return None if padding is None else padding[0]


def _fits(stored: NDArray[Any], transform: Transform, dtype: np.dtype[Any]) -> bool:
    """Return whether the values lie within their type; sums beyond it would wrap around."""
    if transform is None and stored.dtype == dtype:
        return True
    info, slope, intercept = np.iinfo(dtype), 1.0, 0.0
    if isinstance(transform, Linear):
        slope, intercept = transform.slope, transform.intercept
    bounds = [int(v) * slope + intercept for v in (stored.min(), stored.max())]
    return bool(info.min <= min(bounds) and max(bounds) <= info.max)


def check_unchanged(instances: Instances, file: int, descriptor: int | None = None) -> None:
    """Check that a file is still what it was when its header was read.

    Parameters
    ----------
    instances
        What the headers say.
    file
        Index of the file; members of archives and remote files are not checked.
    descriptor
        Of the open file, where it is open already.

    Raises
    ------
    SourceError
        Its size or the time of its last change is another, or it is gone.
    """
    path = instances.entries[file].path
    if path is None:
        return
    try:
        info = os.fstat(descriptor) if descriptor is not None else os.stat(path)
    except OSError as error:
        raise SourceError((error.strerror or "cannot be read").lower(), source=path) from None
    numbers = instances.files.numbers
    if info.st_size != numbers["file_size"][file] or info.st_mtime_ns // _MICROSECOND != numbers["mtime"][file]:
        raise SourceError("has changed since its header was read", source=path)


def _fill(instances: Instances, row: int, path: str, stored: NDArray[Any]) -> None:
    """Read the pixel data of a file as it stands there, after a look whether the file is still what it was."""
    try:
        with open(path, "rb", buffering=0) as file:
            check_unchanged(instances, int(instances.rows.file[row]), file.fileno())
            file.seek(int(instances.rows.numbers["pixel_offset"][row]))
            view = stored.reshape(-1).view(np.uint8).data
            done = 0
            while done < len(view) and (count := file.readinto(view[done:])):
                done += count
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError((error.strerror or "cannot be read").lower(), source=path) from None
    if done < stored.nbytes:
        raise SourceError("changed while it was read", source=path)
