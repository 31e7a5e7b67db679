"""The row of one file in a table of headers, by way of pydicom: of files that the walk gave up, or cannot open."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

from hounsfield.errors import HounsfieldError
from hounsfield.headers.dataset import Opened, open_header
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.limits import Limits
from hounsfield.scanning.careful import value_of
from hounsfield.scanning.columns import TRANSFER_SYNTAX, Plan
from hounsfield.scanning.row import Row
from hounsfield.sources.kinds import is_compressed_name
from hounsfield.sources.local import open_source
from hounsfield.sources.source import Source

_PIXEL_TAGS = {b"\xe0\x7f" + e for e in (b"\x08\0", b"\x09\0", b"\x10\0")} | {
    b"\x7f\xe0" + e for e in (b"\0\x08", b"\0\x09", b"\0\x10")
}


def read_row(path: str, wanted: Plan, limits: Limits) -> Row:
    """Read what the walk gave up, by way of pydicom; whatever goes wrong becomes part of the row."""
    row = read_source_row(lambda: open_source(path, limits, archives=False), wanted, limits)
    if row.pixels is not None and is_compressed_name(path):  # they are not where that would be in the file
        return replace(row, pixels=(None, row.pixels[1]))
    return row


def read_source_row(how: Callable[[], Source], wanted: Plan, limits: Limits) -> Row:
    """Open a source and read its row, as `read_row` does of a file."""
    try:
        with closing(how()) as source:
            opened = open_header(source, limits, lazy=True)
            return _row(opened, source, wanted)
    except HounsfieldError as error:
        return Row(error=error.message)
    except MemoryError:
        return Row(error="not enough memory")
    except Exception as error:  # one file must not end a scan of millions, nor may its values be told
        return Row(error=f"unexpected {type(error).__name__}; please report this as a defect")


def _row(opened: Opened, source: Source, wanted: Plan) -> Row:
    meta = DatasetHeader(lambda: opened.dataset.file_meta)
    values: dict[int, Any] = {}
    sentences: list[str] = []
    for index, column in enumerate(wanted.columns):
        if column.tag == TRANSFER_SYNTAX:
            values[index] = opened.declared
            continue
        values[index], more = value_of(meta if column.in_meta else opened.header, column)
        sentences += more
    steps = (*opened.steps, *meta.doubts, *opened.header.doubts)
    issues = [step.detail for step in steps if step.outcome == "assumed"]
    issues += [sentence for sentence in dict.fromkeys(sentences) if not any(i.startswith(sentence) for i in issues)]
    return Row(values, issues, pixels=_pixels(opened, source))


def _pixels(opened: Opened, source: Source) -> tuple[int | None, int | None] | None:
    """Return the place of the pixel data in the file, and its length; None where the file is read otherwise."""
    if opened.pixels is None:
        return None
    at, before = opened.pixels.extent.offset, bytearray(12)
    there = at >= 12 and source.read_into(at - 12, memoryview(before)) == 12
    there = there and (bytes(before[4:8]) in _PIXEL_TAGS or bytes(before[:4]) in _PIXEL_TAGS)
    return at if there else None, None if opened.pixels.encapsulated else opened.pixels.length
