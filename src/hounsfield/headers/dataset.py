"""Opens a source as a DICOM dataset, and finds where its pixel data lies.

pydicom parses; around it stand what it leaves open: is this DICOM at all, how much may be allocated, what is
saved of a damaged header.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydicom import config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from hounsfield.errors import (
    LimitExceededError,
    NotDicomError,
    SourceError,
)
from hounsfield.headers.damage import check_depth, note_odd_lengths, note_truncation, salvage, telling_damage
from hounsfield.headers.dataset_header import DatasetHeader, Raw, elements_of
from hounsfield.headers.endless import CountedAttributes, CountedStream
from hounsfield.headers.fragments import Fragments, table_fragments, walk_fragments
from hounsfield.headers.index import BeyondHead, Index, Place, implied_vr, index_file
from hounsfield.headers.quiet import quiet
from hounsfield.headers.recognise import (
    check_inflation,
    dataset_start,
    found_syntax,
    recognise,
    undeclared_syntax,
    with_syntax,
)
from hounsfield.headers.repair import found_beginning, with_vrs
from hounsfield.limits import Limits
from hounsfield.sources.source import Extent, Source
from hounsfield.steps import Step
from hounsfield.text import syntax_words

PIXEL_KEYWORDS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_UNDEFINED = 0xFFFFFFFF
#: Extended Offset Table, Extended Offset Table Lengths; and what stands for either where it is absent.
_OFFSET_TABLES, _ABSENT = (0x7FE00001, 0x7FE00002), ((None, 0, 0), (None, 0, 0))
#: Larger files are parsed in place, not loaded first.
_IN_MEMORY = 256 * 2**20


@dataclass(frozen=True)
class PixelElement:
    """The place and encoding of the pixel data.

    Attributes
    ----------
    keyword, vr
        Which of the three elements it is, and its value representation.
    length
        What the element declares, which may be more than there is.
    extent
        The bytes that are there; of encapsulated data up to the end of the file at most.
    fragments
        Of encapsulated data the items, where they were walked already.
    """

    keyword: str
    vr: str | None
    length: int
    extent: Extent
    fragments: Fragments | None = None

    @property
    def encapsulated(self) -> bool:
        """True where it holds codestreams in fragments: its length is then undefined (PS3.5 A.4)."""
        return self.length == _UNDEFINED


@dataclass
class Opened:
    """A header with what was found out on the way.

    `transfer_syntax` is the one that the pixel data is in; `declared` is what the file names, None where it names none.
    `cut` is where bytes of the file are not in what the dataset was made of, and how many: places behind move by that.
    """

    name: str
    header: DatasetHeader
    transfer_syntax: str
    declared: str | None
    pixels: PixelElement | None = None
    steps: list[Step] = field(default_factory=list["Step"])
    cut: tuple[int, int] = (0, 0)

    @property
    def dataset(self) -> Dataset:
        """The attributes as pydicom holds them, without the pixel data."""
        return self.header.dataset


@telling_damage
def open_header(source: Source, limits: Limits, *, lazy: bool = False) -> Opened:
    """Like `open_dataset`, without making the dataset where the file is well-formed: see `index`.

    Parameters
    ----------
    source
        The file.
    limits
        What it may cost.
    lazy
        Leave encapsulated pixel data in the file too; else it is loaded with the rest, which is quicker where all of
        it is needed.
    """
    if lazy and source.data is None:
        return _open_lazily(source, limits)
    index = _index(source.head, limits, source.size)
    if index is not None:
        return _indexed(source, source.head, index, limits)
    if source.data is None and source.size <= _IN_MEMORY:
        # The header is longer than the head, or encapsulated frames have to be walked: in memory that is quick.
        data = source.load()
        source = Source(source.name, io.BytesIO(data), len(data), data)
        index = _index(data, limits, len(data))
        if index is not None:
            return _indexed(source, data, index, limits)
    return open_dataset(source, limits)


def _index(data: bytes, limits: Limits, size: int) -> Index | None:
    try:
        return index_file(data, limits.sequence_depth, size, elements=limits.elements)
    except BeyondHead:
        return None


def _open_lazily(source: Source, limits: Limits) -> Opened:
    """Read a file as far as its header goes, four times as much at each try, and leave the pixel data where it is.

    The header of a slide may hold the places of a hundred thousand tiles.
    """
    head, walked = source.head, list[Fragments]()

    def walk(at: int, before: Mapping[int, Place]) -> int:
        data = Extent(source.size - at, None, source, at)
        tables = [head[start : start + length] for _, start, length in map(before.get, _OFFSET_TABLES, _ABSENT)]
        walked.append(table_fragments(data, *tables) or walk_fragments(data))
        return at + walked[0].end if not walked[0].damage else source.size + 1

    while True:
        try:
            index = index_file(head, limits.sequence_depth, source.size, walk, limits.elements)
        except BeyondHead:
            if 4 * len(head) > _IN_MEMORY:
                index = None
            else:
                head += bytes(Extent(source.size, None, source).take(len(head), 3 * len(head)))
                continue
        break
    if index is None:
        return open_dataset(source, limits)
    return _indexed(source, head, index, limits, walked[0] if walked else None)


def _indexed(source: Source, data: bytes, index: Index, limits: Limits, fragments: Fragments | None = None) -> Opened:
    name = source.name
    # The bytes around the pixel data are kept for the header; the pixel data itself is not held by it.
    head, tail = data[: min(index.pixel_start, index.end)], data[index.pixel_end : index.end]
    shift = index.pixel_end - index.pixel_start
    places = index.places

    def look_up(tag: int) -> Raw | None:
        place = places.get(tag)
        if place is None or tag in PIXEL_KEYWORDS:
            return None
        vr, offset, length = place
        kept = offset if offset < len(head) else offset - shift
        part, at = (head, kept) if kept < len(head) else (tail, kept - len(head))
        value = part[at : at + length]
        return value, vr.decode() if vr else implied_vr(tag), True

    def make() -> Dataset:
        kept = head + tail
        return _parse(Source(name, io.BytesIO(kept), len(kept), kept), None, [], limits.elements)

    opened = Opened(name, DatasetHeader(make, look_up), index.syntax, index.syntax, cut=(len(head), shift))
    tag = index.pixel_tag
    if tag is not None:
        vr, offset, size = places[tag]
        length = _UNDEFINED if index.encapsulated else size
        # Pixel data may lie beyond what was read.
        value = memoryview(data)[offset : offset + size] if offset + size <= len(data) else None
        extent = Extent(size, value, source, offset)
        opened.pixels = PixelElement(PIXEL_KEYWORDS[tag], vr.decode() if vr else None, length, extent, fragments)
    if index.end < source.size:
        opened.steps.append(_trailing(source.size - index.end))
    return opened


def _trailing(count: int) -> Step:
    detail = f"{count} bytes after the last attribute are not an attribute; they are ignored"
    return Step("header", detail, "assumed", "PS3.10 7.2")


@telling_damage
def open_dataset(source: Source, limits: Limits) -> Opened:
    """Parse the header of a source with pydicom; large native pixel data stays where it is.

    Raises
    ------
    NotDicomError
        The bytes are no DICOM.
    DecodeError
        Nothing of the header can be read.
    LimitExceededError
        It nests or inflates beyond the limits.
    """
    steps: list[Step] = []
    if source.size <= _IN_MEMORY:
        source, steps = found_beginning(source)
    steps += recognise(source)
    finder = _PixelFinder(limits.elements, source.name)
    declared = _correct_syntax(source, steps)
    parsed = declared.source
    start = dataset_start(parsed)
    if parsed.size <= _IN_MEMORY and not start.implicit and start.syntax != DeflatedExplicitVRLittleEndian:
        parsed, repairs = with_vrs(parsed, start.offset, limits.elements, little=start.little)
        steps += repairs
    try:
        with quiet():
            deflated = check_inflation(parsed, limits)
            dataset = _parse(parsed, None if deflated else finder, steps, limits.elements)
    except RecursionError:
        raise LimitExceededError("sequences are nested too deeply to be read", source=source.name) from None
    except MemoryError:
        raise LimitExceededError("the header needs more memory than there is", source=source.name) from None
    if not len(dataset) and not len(dataset.file_meta):
        raise NotDicomError("holds no DICOM attributes", source=source.name)
    check_depth(dataset, limits.sequence_depth, source.name)
    named = declared_syntax(dataset)
    syntax = declared.pixels_in or named or _found_syntax(dataset, steps)
    pixels = _take_pixels(dataset, finder, parsed)
    if declared.syntax:
        with quiet():
            dataset.file_meta.TransferSyntaxUID = UID(declared.syntax)
    note_truncation(dataset, steps)
    odd = pixels is not None and not pixels.encapsulated and pixels.length % 2
    note_odd_lengths(dataset, [pixels.keyword] if pixels is not None and odd else [], steps)
    return Opened(source.name, DatasetHeader(dataset), syntax, declared.syntax or named, pixels, steps)


@dataclass(frozen=True)
class _Declared:
    """The transfer syntax that a file names, where it is a wrong one, and the source as the parser should see it.

    `pixels_in` is the syntax of the pixel data where the header alone is in another one.
    """

    source: Source
    syntax: str = ""
    pixels_in: str = ""


def _correct_syntax(source: Source, steps: list[Step]) -> _Declared:
    """Look whether the first attribute is encoded as the file meta says; where not, say so."""
    start = dataset_start(source)
    syntax_found = found_syntax(source, start) if source.size <= _IN_MEMORY else ""
    if not syntax_found:
        return _Declared(source)
    named = syntax_words(start.syntax)
    detail = f"the file declares transfer syntax {named}, but is encoded in {UID(syntax_found).name}; read as that"
    steps.append(Step("transfer syntax", detail, "assumed", "PS3.5 10"))
    uid = UID(start.syntax, config.IGNORE)
    compressed = uid.is_transfer_syntax and uid.is_encapsulated
    return _Declared(with_syntax(source, start, syntax_found), start.syntax, start.syntax if compressed else "")


def declared_syntax(dataset: Dataset | None) -> str | None:
    """The transfer syntax UID that a file's meta information names, or None."""
    meta = getattr(dataset, "file_meta", None)
    value = DatasetHeader(meta).get("TransferSyntaxUID") if isinstance(meta, Dataset) else None
    return value if isinstance(value, str) else None


def _found_syntax(dataset: Dataset, steps: list[Step]) -> str:
    """The native transfer syntax in which the header turned out to be encoded."""
    implicit, little = dataset.original_encoding
    syntax, words = ImplicitVRLittleEndian, "implicit VR little endian"
    if not little:
        syntax, words = ExplicitVRBigEndian, "explicit VR big endian"
    elif not implicit:
        syntax, words = ExplicitVRLittleEndian, "explicit VR little endian"
    if len(dataset):
        steps.append(Step("transfer syntax", undeclared_syntax(words), "assumed", "PS3.10 7.1"))
    return str(syntax)


class _PixelFinder(CountedAttributes):
    """Tells pydicom to stop at the pixel data, and remembers what stands there.

    It stops at a tag of zeros too: no dataset has one, and files padded with zeros would be read as millions of them.
    """

    def __init__(self, most: int, name: str) -> None:
        super().__init__(most, name)
        self.tag = 0
        self.vr: str | None = None
        self.length = 0
        self.offset = 0
        self.fragments: Fragments | None = None

    def __call__(self, tag: Any, vr: str | None, length: int) -> bool:
        super().__call__(tag, vr, length)
        if int(tag) in PIXEL_KEYWORDS:
            self.tag, self.vr, self.length = int(tag), vr, length
            return True
        return int(tag) == 0


def _parse(source: Source, finder: _PixelFinder | None, steps: list[Step], elements: int) -> Dataset:
    stream = cast("Any", CountedStream(source.stream, elements, source.name))
    stream.seek(0)
    try:
        dataset = read_partial(stream, stop_when=finder or CountedAttributes(elements, source.name), force=True)
    except (RecursionError, MemoryError, SourceError, LimitExceededError):
        raise
    except Exception as error:  # pydicom raises half a dozen kinds on damaged headers
        return salvage(source, error, steps, elements)
    plain = _plain_dataset(dataset)
    if finder is not None and finder.tag:
        _read_on(source, stream, finder, plain, steps)
    elif finder is not None and len(plain) and stream.tell() + 4 <= source.size:
        steps.append(_trailing(source.size - stream.tell()))
    return plain


def _plain_dataset(read: Any) -> Dataset:
    """A Dataset with what matters of pydicom's FileDataset, which also keeps the whole stream alive."""
    dataset = Dataset(read, parent_encoding=read._character_set)
    dataset.file_meta = read.file_meta
    implicit, little = read.original_encoding
    dataset.set_original_encoding(bool(implicit), bool(little), read._character_set)
    return dataset


def _read_on(source: Source, stream: Any, finder: _PixelFinder, dataset: Dataset, steps: list[Step]) -> None:
    """Find the end of the pixel data, and take up the attributes behind it."""
    size = source.size
    implicit, little = dataset.original_encoding
    head = 12 if not implicit and finder.vr in ("OB", "OW", "OF", "OD", "UN", "OL", "OV") else 8
    finder.offset = stream.tell() + head
    end = finder.offset + finder.length
    if finder.length == _UNDEFINED:
        finder.fragments = walk_fragments(Extent(max(size - finder.offset, 0), None, source, finder.offset))
        end = finder.offset + finder.fragments.end
    if end >= size:
        return
    stream.seek(end)
    try:
        rest = read_dataset(stream, bool(implicit), bool(little), stop_when=lambda tag, vr, length: int(tag) == 0)
    except Exception:  # padding or rubbish after the pixel data does no harm
        steps.append(_trailing(size - end))
        return
    for tag, element in elements_of(rest).items():
        if not finder.tag < tag < 0xFFFE0000:
            break
        elements_of(dataset)[tag] = element
        end = max(end, stream.tell()) if isinstance(element, DataElement) else element.value_tell + element.length
    if end < size:
        steps.append(_trailing(size - end))


def _take_pixels(dataset: Dataset, finder: _PixelFinder, source: Source) -> PixelElement | None:
    """Describe the pixel data, and take it out of the dataset where pydicom read it."""
    if finder.tag:
        there = finder.length if finder.fragments is None else finder.fragments.end
        there = max(min(there, source.size - finder.offset), 0)
        data = source.data
        value = None if data is None else memoryview(data)[finder.offset : finder.offset + there]
        extent = Extent(there, value, source, finder.offset)
        return PixelElement(PIXEL_KEYWORDS[finder.tag], finder.vr, finder.length, extent, finder.fragments)
    for tag, keyword in PIXEL_KEYWORDS.items():
        element = elements_of(dataset).pop(tag, None)
        if isinstance(element, RawDataElement) and element.value:
            extent = Extent(len(element.value), memoryview(element.value), None, element.value_tell)
            return PixelElement(keyword, element.VR, element.length, extent)
    return None
