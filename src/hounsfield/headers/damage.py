"""What is saved of a header that cannot be parsed to its end."""

from __future__ import annotations

from typing import Any, cast

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import data_element_generator, read_dataset

from hounsfield.errors import DecodeError
from hounsfield.headers.dataset_header import elements_of
from hounsfield.headers.recognise import dataset_start
from hounsfield.image import Step
from hounsfield.sources.source import Source


def salvage(source: Source, error: Exception, steps: list[Step]) -> Dataset:
    """Keep the attributes that stand before the place where parsing failed."""
    stream = cast("Any", source.stream)
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
    except RecursionError:
        raise
    except Exception as damage:
        error = damage
    if not len(dataset):
        raise DecodeError(f"the header cannot be parsed ({type(error).__name__})", source=source.name) from None
    dataset.set_original_encoding(start.implicit, start.little)
    last = f"{next(reversed(elements_of(dataset))):08X}"
    detail = f"the header is damaged after ({last[:4]},{last[4:]}); what stands before is kept"
    steps.append(Step("header", detail, "assumed"))
    return dataset
