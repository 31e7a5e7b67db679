"""What is saved of a header that cannot be parsed to its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import data_element_generator, read_dataset
from pydicom.sequence import Sequence

from hounsfield.errors import DecodeError, LimitExceededError, NotDicomError, SourceError
from hounsfield.headers.dataset_header import elements_of
from hounsfield.headers.endless import CountedStream
from hounsfield.headers.recognise import dataset_start
from hounsfield.sources.source import Source
from hounsfield.steps import Step

_UNDEFINED = 0xFFFFFFFF
_Options = ParamSpec("_Options")


class _Opened(Protocol):
    steps: list[Step]


_AnyOpened = TypeVar("_AnyOpened", bound=_Opened)
_Opener = Callable[Concatenate[Source, _Options], _AnyOpened]


def telling_damage(opener: _Opener[_Options, _AnyOpened]) -> _Opener[_Options, _AnyOpened]:
    """Let a function that opens a header say what is wrong with the source itself."""

    @wraps(opener)
    def opened(source: Source, /, *args: _Options.args, **options: _Options.kwargs) -> _AnyOpened:
        if not source.damage:
            return opener(source, *args, **options)
        try:
            known = opener(source, *args, **options)
        except NotDicomError:  # perhaps because of that
            raise SourceError(source.damage, source=source.name) from None
        step = Step("source", f"the compressed file {source.damage}", "assumed")
        if step not in known.steps:
            known.steps.insert(0, step)
        return known

    return opened


def salvage(source: Source, error: Exception, steps: list[Step], elements: int) -> Dataset:
    """Keep the attributes that stand before the place where parsing failed; `elements` are as many as there may be."""
    stream = cast("Any", CountedStream(source.stream, elements, source.name))
    stream.seek(0)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    start = dataset_start(source)
    try:
        if start.offset > 132:
            stream.seek(132)
            meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: int(tag) >> 16 != 2)
            dataset.file_meta = FileMetaDataset(meta)
        stream.seek(start.offset)
        for element in data_element_generator(stream, start.implicit, start.little):
            elements_of(dataset)[element.tag] = element
    except (RecursionError, LimitExceededError):
        raise
    except Exception as damage:
        error = damage
    if not len(dataset):
        raise DecodeError(f"the header cannot be parsed ({type(error).__name__})", source=source.name) from None
    dataset.set_original_encoding(start.implicit, start.little)
    last = f"{next(reversed(elements_of(dataset))):08X}"
    detail = f"the header is damaged after ({last[:4]},{last[4:]}); what comes before is kept"
    steps.append(Step("header", detail, "assumed"))
    return dataset


def check_depth(dataset: Dataset, limit: int, name: str) -> None:
    """Refuse sequences that are nested beyond the limit.

    Sequences of undefined length have been parsed by now; those of known length are parsed, and checked by
    who walks them, on demand.
    """
    level: list[Dataset] = [dataset]
    for _ in range(limit + 1):
        level = [item for parent in level for item in _parsed_items(parent)]
        if not level:
            return
    raise LimitExceededError(f"sequences are nested deeper than {limit}", source=name)


def _parsed_items(dataset: Dataset) -> list[Dataset]:
    elements = [e for e in elements_of(dataset).values() if isinstance(e, DataElement)]
    sequences = [e.value for e in elements if isinstance(e.value, Sequence)]
    return [item for sequence in sequences for item in sequence]


def note_truncation(dataset: Dataset, steps: list[Step]) -> None:
    """Say so where the last attribute promises more bytes than the file has."""
    elements = elements_of(dataset)
    if not elements:
        return
    last = next(reversed(elements.values()))
    if not isinstance(last, RawDataElement) or not isinstance(last.value, bytes) or last.length == _UNDEFINED:
        return
    if len(last.value) < last.length:
        tag = f"({last.tag.group:04X},{last.tag.element:04X})"
        steps.append(Step("header", f"the file ends inside {tag}", "assumed"))


def note_odd_lengths(dataset: Dataset, pixels: list[str], steps: list[Step]) -> None:
    """Say so where values have an odd length, which the standard does not allow; `pixels` are keywords of such more."""
    raw = [element for element in elements_of(dataset).values() if isinstance(element, RawDataElement)]
    odd = [keyword_for_tag(e.tag) or str(e.tag) for e in raw if e.length % 2 and e.length != _UNDEFINED] + pixels
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        detail = f"the length of {', '.join(odd[:3])}{more} is odd; read as written"
        steps.append(Step("header", detail, "assumed", "PS3.5 7.1.1"))
