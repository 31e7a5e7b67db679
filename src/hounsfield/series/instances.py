"""What the headers of many files say of their slices: a row for each file, or each frame of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hounsfield.errors import HounsfieldError, MissingAttributeError, NotDicomError
from hounsfield.headers.classes import is_no_image, kind_of, without_pixels
from hounsfield.headers.dataset import open_header
from hounsfield.headers.frame_table import FRAME_NUMBERS, FRAME_TEXTS, FrameTable, frame_table
from hounsfield.headers.mosaic import UNCUT, Mosaic, is_mosaic, is_one_slice, read_mosaic
from hounsfield.limits import Limits
from hounsfield.pixels.opening import no_pixels
from hounsfield.reading.frames import Frames, Wanted
from hounsfield.scanning.coded_table import HeaderTable
from hounsfield.scanning.walking import Progress
from hounsfield.series.header_table import read_header_table
from hounsfield.series.private_b_values import COLUMNS as PRIVATE
from hounsfield.series.private_b_values import private_b_values
from hounsfield.series.report import FileOutcome
from hounsfield.series.rows import Indices, Rows, Texts, distinct
from hounsfield.series.separators import NUMBERS as SEPARATING_NUMBERS
from hounsfield.series.separators import TEXTS as SEPARATING_TEXTS
from hounsfield.sources.entries import Entry
from hounsfield.sources.files import reason
from hounsfield.steps import Step

#: Attributes of a file that are numbers, and how many each has.
_NUMBERS = {
    "ImagePositionPatient": 3,
    "ImageOrientationPatient": 6,
    "PixelSpacing": 2,
    "DiffusionGradientOrientation": 3,
    **dict.fromkeys(
        """
    Rows Columns NumberOfFrames SamplesPerPixel BitsAllocated BitsStored HighBit PixelRepresentation
    RescaleSlope RescaleIntercept PixelPaddingValue PixelPaddingRangeLimit SliceThickness SpacingBetweenSlices
    SeriesNumber InstanceNumber AcquisitionNumber EchoNumbers EchoTime RepetitionTime InversionTime FlipAngle
    TemporalPositionIdentifier TriggerTime DiffusionBValue AcquisitionTime ContentTime DoseGridScaling
    TotalPixelMatrixColumns GantryDetectorTilt WindowCenter WindowWidth
    """.split(),
        1,
    ),
    **dict.fromkeys(SEPARATING_NUMBERS, 1),
}
_OF_THE_FILE = ("file_size", "mtime", "pixel_offset", "pixel_length", "encapsulated")
_TEXTS = (
    *"""
    PatientID PatientName PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyTime StudyID StudyDescription
    AccessionNumber SeriesInstanceUID SeriesDescription SeriesDate Modality BodyPartExamined ProtocolName
    SOPInstanceUID SOPClassUID ImageType FrameOfReferenceUID PhotometricInterpretation RescaleType SegmentationType
    ComplexImageComponent SequenceName Manufacturer ManufacturerModelName TransferSyntaxUID
    """.split(),
    *SEPARATING_TEXTS,
)
#: Sequences that change what values mean: a slice that has one is not read the short way.
TABLES = ("ModalityLUTSequence[0].LUTDescriptor", "PixelIntensityRelationshipLUTSequence[0].LUTDescriptor")
MAPPINGS = (
    "RealWorldValueMappingSequence[0].RealWorldValueFirstValueMapped",
    "RealWorldValueMappingSequence[0].RealWorldValueSlope",
    "RealWorldValueMappingSequence[0].LUTLabel",
)
_GROUPS = "SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing"
#: Columns of headers by which slices are put together.
_MAPPED = [name for name in MAPPINGS if name not in _TEXTS]
COLUMNS = (*_NUMBERS, *_TEXTS, *TABLES, *_MAPPED, _GROUPS, *PRIVATE, *_OF_THE_FILE)
_FRAMES_ONLY = [name for name in FRAME_NUMBERS if name not in _NUMBERS]


@dataclass
class Instances:
    """Files, and the slices that are in them.

    Attributes
    ----------
    entries
        The files, in the order in which they were walked.
    files
        A row for each file: what its header says as a whole.
    rows
        A row for each slice.
    outcomes
        What became of files that hold no slices, by index.
    mosaics
        How those files are laid out whose picture is a mosaic of slices, by index.
    uncut
        What is to be said of those whose picture is one, and whose layout is not known, by index.
    doubtful
        Which files' headers were read with assumptions.
    failures
        Why files could not be read that were opened for more than the table says, by index.
    """

    entries: Sequence[Entry]
    files: Rows
    rows: Rows
    outcomes: dict[int, FileOutcome] = field(default_factory=dict[int, FileOutcome])
    mosaics: dict[int, Mosaic] = field(default_factory=dict[int, Mosaic])
    uncut: dict[int, Step] = field(default_factory=dict[int, Step])
    doubtful: frozenset[int] = frozenset()
    failures: dict[int, str] = field(default_factory=dict[int, str])

    def note(self, index: int, error: Exception) -> str:
        """Note that a file could not be opened or read, and return why; the values of it are not told."""
        if isinstance(error, HounsfieldError):
            why = error.message
        elif isinstance(error, MemoryError):
            why = "not enough memory"
        elif isinstance(error, OSError):
            why = reason(error)
        else:
            why = f"unexpected {type(error).__name__}; please report this as a defect"
        self.failures.setdefault(index, why)
        return why

    def part(self, files: Indices, members: Indices) -> Instances:
        """Return some files, and some of the slices in them: all that reading these takes.

        Parameters
        ----------
        files
            Indices of the files, ascending.
        members
            Rows of slices that are in them, in the order in which they are wanted.
        """
        kept = list(enumerate(files.tolist()))
        rows = self.rows.take(members)
        texts = {name: column.only() for name, column in rows.texts.items()}
        sizes = {name: self.files.numbers[name][files] for name in _OF_THE_FILE}
        return Instances(
            [self.entries[file] for _, file in kept],
            Rows(np.arange(len(kept), dtype=np.int64), self.files.frame[files], sizes, {}),
            Rows(np.searchsorted(files, rows.file), rows.frame, rows.numbers, texts),
            {index: self.outcomes[file] for index, file in kept if file in self.outcomes},
            {index: self.mosaics[file] for index, file in kept if file in self.mosaics},
            {index: self.uncut[file] for index, file in kept if file in self.uncut},
            frozenset(index for index, file in kept if file in self.doubtful),
        )


def read_instances(
    entries: Sequence[Entry],
    limits: Limits,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    told: Callable[[Some], None] | None = None,
) -> Instances:
    """Read the headers of files, each once.

    Parameters
    ----------
    entries
        The files.
    limits
        What each may cost.
    threads
        How many read at a time.
    progress
        Is told how far it has come.
    told
        Is told of some files after the others as their headers are read; of very many at once nothing is told.
    """

    def some(files: Sequence[int], table: HeaderTable) -> None:
        if told is not None:
            told(Some([entries[index] for index in files], table))

    table = read_header_table(entries, COLUMNS, limits, threads, progress, some)
    return instances_of(entries, table, limits)


@dataclass(frozen=True)
class Some:
    """Some of the files, whose headers have been read while others are not."""

    entries: Sequence[Entry]
    table: HeaderTable

    def instances(self, limits: Limits) -> Instances:
        """Return the slices in them."""
        return instances_of(self.entries, self.table, limits)


def instances_of(entries: Sequence[Entry], table: HeaderTable, limits: Limits) -> Instances:
    """Return what a table of headers says of their slices; only files of several frames, and odd ones, are opened.

    Parameters
    ----------
    entries
        The files.
    table
        A row for each, with `COLUMNS`.
    limits
        What each may cost.
    """
    files = _rows_of(table)
    doubtful = frozenset(index for index, sentences in enumerate(table.issues) if sentences)
    instances = Instances(entries, files, files, doubtful=doubtful)
    for index, error in enumerate(table.errors):
        if error is not None:
            instances.outcomes[index] = _failure(entries[index], error, limits)
    images = _images(instances, limits)
    tables = {index: of_file for index in _of_frames(files, images) if (of_file := _frames(instances, index, limits))}
    images = [index for index in images if index not in instances.outcomes]
    instances.rows = _expanded(files, images, tables)
    return instances


def _rows_of(table: HeaderTable) -> Rows:
    count = table.count
    numbers = {name: table.numbers(name, values) for name, values in _NUMBERS.items()}
    numbers |= {name: table.numbers(name) for name in _OF_THE_FILE}
    numbers |= {name: np.full((count, FRAME_NUMBERS[name]), np.nan).squeeze(1) for name in _FRAMES_ONLY}
    texts = {name: Texts(*table.texts(name)) for name in _TEXTS}
    texts |= {name: Texts(np.full(count, -1, np.int64), ()) for name in FRAME_TEXTS if name not in texts}
    numbers["tables"] = _any_of(table, TABLES)
    numbers["mappings"] = _any_of(table, MAPPINGS)
    numbers["groups"] = _any_of(table, (_GROUPS,))
    if any(table.present(name).any() for name in PRIVATE):
        declared = numbers["DiffusionBValue"]
        private = private_b_values(count, table.objects)
        numbers["DiffusionBValue"] = np.where(np.isnan(declared), private, declared)
    return Rows(np.arange(count, dtype=np.int64), np.full(count, -1, np.int64), numbers, texts)


def _any_of(table: HeaderTable, names: Sequence[str]) -> Any:
    """1 where a row has any of some columns, else 0."""
    there = np.zeros(table.count, np.bool_)
    for name in names:
        there |= table.present(name)
    return there.astype(np.float64)


def _failure(entry: Entry, error: str, limits: Limits) -> FileOutcome:
    """Say what became of a file whose header could not be read; which kind of failure it is its error tells."""
    try:
        with closing(entry.open(limits)) as source:
            open_header(source, limits, lazy=True)
    except NotDicomError:
        return FileOutcome(entry.name, "not DICOM", error)
    except Exception:  # whatever else it is, it is said
        return FileOutcome(entry.name, "unreadable", error)
    return FileOutcome(entry.name, "unreadable", error)


def _images(instances: Instances, limits: Limits) -> list[int]:
    """Files that have pixels of slices; what becomes of the others is noted."""
    files = instances.files
    pixels = ~np.isnan(files.numbers["encapsulated"])
    described = pixels & ~np.isnan(files.numbers["Rows"]) & ~np.isnan(files.numbers["Columns"])
    slides = described & ~np.isnan(files.numbers["TotalPixelMatrixColumns"])
    for index in np.flatnonzero(~described | slides).tolist():
        if index in instances.outcomes:
            continue
        name = instances.entries[index].name
        if slides[index]:
            detail = "tiles of a whole slide: hu.open_frames(path).region reads regions of it"
            instances.outcomes[index] = FileOutcome(name, "no volume", detail)
        elif pixels[index]:
            detail = "its pixel data cannot be read: Rows or Columns are missing"
            instances.outcomes[index] = FileOutcome(name, "unreadable", detail)
        else:
            instances.outcomes[index] = _without_pixels(instances, index, limits)
    return [index for index in np.flatnonzero(described & ~slides).tolist() if index not in instances.outcomes]


def _without_pixels(instances: Instances, index: int, limits: Limits) -> FileOutcome:
    """Say why a file has no pixels: it is no image, or its end is missing."""
    entry = instances.entries[index]
    if index in instances.doubtful:
        try:
            with closing(entry.open(limits)) as source:
                error = no_pixels(open_header(source, limits, lazy=True))
        except HounsfieldError as failure:
            instances.note(index, failure)
            error = failure
        if not isinstance(error, MissingAttributeError):
            return FileOutcome(entry.name, "unreadable", error.message)
    known: Mapping[str, Any] = {word: instances.files.text(word, index) for word in ("SOPClassUID", "Modality")}
    if not known["SOPClassUID"]:  # as of a DICOMDIR
        try:
            with closing(entry.open(limits)) as source:
                known = open_header(source, limits, lazy=True).header
        except HounsfieldError as failure:
            return FileOutcome(entry.name, "unreadable", instances.note(index, failure))
    detail = without_pixels(known)
    kind = kind_of(known) if is_no_image(known) else ""
    return FileOutcome(entry.name, "no volume", detail, no_image=is_no_image(known), no_pixels=True, kind=kind)


def _of_frames(files: Rows, images: Sequence[int]) -> list[int]:
    """Files that may hold several slices: they are opened to see."""
    several = (files.numbers["NumberOfFrames"] > 1) | (files.numbers["groups"] > 0)
    # A single frame of an enhanced file has its place in functional groups, too.
    nowhere = np.isnan(files.numbers["ImagePositionPatient"]).any(axis=1) & ~np.isnan(files.numbers["NumberOfFrames"])
    image_types = files.texts["ImageType"]
    mosaics = np.isin(image_types.codes, [i for i, text in enumerate(image_types.values) if is_mosaic(text)])
    wanted = several | nowhere | mosaics
    return [index for index in images if wanted[index]]


def _frames(instances: Instances, index: int, limits: Limits) -> FrameTable | None:
    """The table of a file's frames, or of the tiles of a mosaic; None where it is a single image after all."""
    entry = instances.entries[index]
    try:
        with closing(entry.open(limits)) as source:
            if is_mosaic(instances.files.text("ImageType", index)) and _frame_count(instances.files, index) == 1:
                header = open_header(source, limits, lazy=True).header
                if is_one_slice(header):
                    return None
                mosaic = read_mosaic(header)
                if mosaic is None:  # what its position means follows from its layout, which the file does not say
                    instances.uncut[index] = UNCUT
                    return FrameTable(1, {"ImagePositionPatient": np.full((1, 3), np.nan)})
                instances.mosaics[index] = mosaic
                return mosaic.table
            frames = Frames(source, Wanted(), limits)
            if len(frames) == 1 and not instances.files.numbers["groups"][index]:
                return None
            return frame_table(frames.header, len(frames))
    except Exception as error:  # one file must not end the work on a folder
        instances.outcomes[index] = FileOutcome(entry.name, "unreadable", instances.note(index, error))
    return None


def _frame_count(files: Rows, index: int) -> float:
    return files.number("NumberOfFrames", index) or 1


def _expanded(files: Rows, images: Sequence[int], tables: dict[int, FrameTable]) -> Rows:
    """A row for each slice: files of several frames have as many, with what their frames say of themselves."""
    counts = np.array([tables[index].count if index in tables else 1 for index in images], np.int64)
    rows = files.take(np.repeat(np.array(images, np.int64), counts))
    if not tables:
        return rows
    starts = np.cumsum(counts) - counts
    frame = rows.frame.copy()
    texts = {name: _Writable(rows.texts[name]) for name in FRAME_TEXTS}
    for index, start, count in zip(images, starts.tolist(), counts.tolist(), strict=True):
        table = tables.get(index)
        if table is None:
            continue
        chosen = slice(start, start + count)
        frame[chosen] = np.arange(count)
        for name, values in table.numbers.items():
            rows.numbers[name][chosen] = np.where(np.isnan(values), rows.numbers[name][chosen], values)
            if name == "ImagePositionPatient":
                rows.numbers[name][chosen] = values  # of the whole file it is that of no frame, or of the first
        for name, values in table.texts.items():
            texts[name].write(start, values)
    return Rows(rows.file, frame, rows.numbers, {**rows.texts, **{name: t.done() for name, t in texts.items()}})


class _Writable:
    """A column of texts whose values are about to change."""

    def __init__(self, texts: Texts) -> None:
        self._codes, self._known = texts.codes.copy(), {text: code for code, text in enumerate(texts.values)}

    def write(self, start: int, texts: Sequence[str]) -> None:
        """Set the texts of some rows, where they are not empty."""
        for row, text in enumerate(texts, start):
            if text:
                self._codes[row] = self._known.setdefault(text, len(self._known))

    def done(self) -> Texts:
        """Return the column."""
        return Texts(self._codes, tuple(self._known))


def series_numbers(instances: Instances) -> tuple[Indices, Step]:
    """Number the series of each slice, and the step to be said of those whose series is not declared.

    Slices without a Series Instance UID that have a place in the patient are taken for one series where they lie in one
    folder, and their study, number and modality are the same; others are each alone.
    """
    rows = instances.rows
    series, study = rows.texts["SeriesInstanceUID"].codes, rows.texts["StudyInstanceUID"].codes
    numbers = distinct(np.stack([series, study], axis=1))
    undeclared = np.flatnonzero(series < 0).tolist()
    keys: dict[Any, int] = {}
    placed = np.isfinite(rows.numbers["ImagePositionPatient"]).min(axis=1, initial=True)
    for row in undeclared:
        key: Any = (int(rows.file[row]), None)
        if bool(placed[row]):
            folder = os.path.dirname(instances.entries[int(rows.file[row])].name)
            key = (folder, int(study[row]), rows.number("SeriesNumber", row), rows.text("Modality", row))
        numbers[row] = -1 - keys.setdefault(key, len(keys))
    detail = "SeriesInstanceUID is missing: slices in one folder are taken as one series"
    return numbers, Step("series", detail, "assumed", "PS3.3 C.7.3.1")
