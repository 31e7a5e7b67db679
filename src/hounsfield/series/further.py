"""What else headers say of slices that the columns of a survey do not tell apart: all of their attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import numpy as np

from hounsfield.errors import HounsfieldError
from hounsfield.header import item_at
from hounsfield.headers.dataset import open_header
from hounsfield.headers.times import date_of, datetime_of, microseconds, time_of
from hounsfield.limits import Limits
from hounsfield.scanning.columns import Kind, column
from hounsfield.series.instances import Instances
from hounsfield.series.repeats import Further
from hounsfield.series.rows import Indices, Rows, Texts
from hounsfield.series.separators import KEYWORDS, Separator

#: Positions whose slices are looked at first: whether it is worth to read all.
_SAMPLE = 8
#: How deep sequences are followed, how many items of each, and how long a text is that tells anything.
_DEPTH, _ITEMS, _LONGEST = 3, 4, 200
_GROUPS = {"PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"}
#: Attributes that say nothing of what an image is: its number, when its file was written, where it lies, how it is
#: shown, what its pixels happen to be; and what it refers to.
_ACCIDENTS = set(
    """
    InstanceNumber InstanceCreationDate InstanceCreationTime InstanceCoercionDateTime SliceLocation ImagePositionPatient
    ImageOrientationPatient InStackPositionNumber DimensionIndexValues TablePosition WindowCenter WindowWidth
    WindowCenterWidthExplanation SmallestImagePixelValue LargestImagePixelValue SmallestPixelValueInSeries
    LargestPixelValueInSeries LossyImageCompressionRatio PixelData NumberOfFrames FrameLabel DimensionIndexSequence
    ReferencedImageSequence SourceImageSequence DerivationImageSequence ReferencedPerformedProcedureStepSequence
    ReferencedStudySequence OriginalAttributesSequence MACParametersSequence DigitalSignaturesSequence
    IconImageSequence OverlayData PixelDataProviderURL
    """.split()
)
#: The only UIDs that say how an image came to be.
_UIDS = {"IrradiationEventUID"}
#: What people, and scanners, remark on images: it may identify, but it is often all there is.
_REMARKS = (
    "ImageComments FrameComments AcquisitionComments DerivationDescription ProtocolName SeriesDescription".split()
)
_TIMES = (Kind.DATE, Kind.TIME, Kind.DATETIME)
_Flat = dict[str, Any]


class FurtherAttributes:
    """Reads whole headers; what it gives is `Further`."""

    def __init__(self, instances: Instances, limits: Limits) -> None:
        self._instances, self._limits = instances, limits
        self._opened: tuple[int, Mapping[str, Any], _Flat] | None = None

    def __call__(self, members: Indices, place: Indices) -> Further | None:
        """Return what the headers of slices say, where any of it differs within a position; else None."""
        repeated = np.flatnonzero(np.bincount(place) > 1)[:_SAMPLE].tolist()
        wanted: set[str] = set()
        for number in repeated:
            several = [self._flat(row) for row in members[place == number].tolist()]
            wanted |= {key for flat in several for key in flat if len({repr(each.get(key)) for each in several}) > 1}
        wanted = {key for key in wanted if _may_be_told(key)}
        if not wanted:
            return None
        flats = [self._flat(row) for row in members.tolist()]
        columns = {key: _column([flat.get(key) for flat in flats], key, flats) for key in sorted(wanted)}
        table = sorted((_separator(key) for key in columns), key=_rank)
        return Further(_extended(self._instances.rows, members, columns), tuple(table))

    def _flat(self, row: int) -> _Flat:
        """Every attribute of a slice by its path; of a frame those of its functional groups by their keywords."""
        file, frame = int(self._instances.rows.file[row]), int(self._instances.rows.frame[row])
        if self._opened is None or self._opened[0] != file:
            self._opened = (file, *self._open(file))
        _, header, whole = self._opened
        own = item_at(header, "PerFrameFunctionalGroupsSequence", frame) if frame >= 0 else None
        if own is None or file in self._instances.mosaics:
            return whole
        flat = dict(whole)
        for macro in own:
            items = own.get(macro)
            several = isinstance(items, list) and len(cast("list[Any]", items)) > 1
            for item in cast("list[Any]", items)[:_ITEMS] if isinstance(items, list) else ():
                if isinstance(item, Mapping):
                    flat |= dict(_walk(cast("Mapping[str, Any]", item), f"{macro}[0]." if several else "", 1))
        return flat

    def _open(self, file: int) -> tuple[Mapping[str, Any], _Flat]:
        try:
            with closing(self._instances.entries[file].open(self._limits)) as source:
                header = open_header(source, self._limits, lazy=True).header
                return header, dict(_walk(header, "", 0))
        except (HounsfieldError, MemoryError, OSError) as error:
            self._instances.note(file, error)
            return {}, {}


def _walk(header: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, Any]]:
    for keyword in header:
        if keyword in _ACCIDENTS or keyword in _GROUPS or (not path and keyword in KEYWORDS):
            continue
        value = header.get(keyword)
        items = cast("list[Any]", value) if isinstance(value, list) else []
        if items and isinstance(items[0], Mapping):
            for number, item in enumerate(items[:_ITEMS] if depth < _DEPTH else ()):
                yield from _walk(cast("Mapping[str, Any]", item), f"{path}{keyword}[{number}].", depth + 1)
        elif not isinstance(value, bytes) and not (keyword.endswith("UID") and keyword not in _UIDS):
            plain = "\\".join(map(str, items)) if isinstance(value, list) else value
            if not isinstance(plain, str) or len(plain) <= _LONGEST:
                yield path + keyword, plain


def _may_be_told(key: str) -> bool:
    """Return whether an attribute says something of the image, not of the patient."""
    wanted = column(key)
    return not wanted.identifies or wanted.kind in _TIMES or wanted.keyword in {*_UIDS, *_REMARKS}


def _column(values: Sequence[Any], key: str, flats: Sequence[_Flat]) -> Any:
    """Numbers as an array, times in microseconds, with their date where there is one; all else as texts."""
    kind = column(key).kind
    if kind == Kind.DATETIME:
        moments = [None if value is None else datetime_of(value) for value in values]
        return np.array([np.nan if m is None else microseconds(m.date(), m.time()) for m in moments])
    if kind == Kind.TIME:
        days = [date_of(flat.get(key.removesuffix("Time") + "Date")) for flat in flats]
        dated = None not in days
        times = [None if value is None else time_of(value) for value in values]
        several = zip(times, days, strict=True)
        return np.array([np.nan if t is None else microseconds(d if dated else None, t) for t, d in several])
    if all(value is None or isinstance(value, (int, float)) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    return [None if value is None else str(value) for value in values]


def _separator(key: str) -> Separator:
    """Whatever it is, it separates only where positions repeat."""
    timed = column(key).kind in (Kind.TIME, Kind.DATETIME)
    return Separator(key, "moment", ranked=timed, time=timed, alone=True)


def _rank(one: Separator) -> tuple[int, int]:
    """Return the rank of an attribute: what tells most of an image; remarks; times; dates, which times include."""
    asked = column(one.keyword)
    return 3 if asked.kind == Kind.DATE else 2 if one.time else int(asked.identifies), len(asked.path)


def _extended(rows: Rows, members: Indices, columns: Mapping[str, Any]) -> Rows:
    numbers = {key: values for key, values in rows.numbers.items() if key not in columns}
    texts = {key: values for key, values in rows.texts.items() if key not in columns}
    for key, values in columns.items():
        if isinstance(values, np.ndarray):
            numbers[key] = np.full(len(rows), np.nan)
            numbers[key][members] = values
        else:
            written = Texts.of(values)
            codes = np.full(len(rows), -1, np.int64)
            codes[members] = written.codes
            texts[key] = Texts(codes, written.values)
    return Rows(rows.file, rows.frame, numbers, texts)
