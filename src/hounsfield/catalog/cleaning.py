"""Rows for catalogs without what identifies: words that name the patient are left out of the texts that stay.

The profile of PS3.15 keeps what devices write of themselves: their maker, how they reconstruct, codes. Nothing keeps
people from writing a name there, so such a text is compared with the names and numbers that the same file has.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hounsfield.scanning.columns import FILE_COLUMNS, column
from hounsfield.scanning.scan import ListedFiles
from hounsfield.scanning.walking import Progress
from hounsfield.sources.remote import RemoteFile
from hounsfield.sources.source import Source

_compute = cast("Any", pc)

#: Names of people: each of their words counts; and what counts as a whole.
_PEOPLE = (
    "PatientName",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy",
    "RequestingPhysician",
    "OperatorsName",
)
_NUMBERS = (
    "PatientID",
    "OtherPatientIDs",
    "PatientBirthDate",
    "AccessionNumber",
    "StudyDate",
    "InstitutionName",
    "InstitutionAddress",
    "InstitutionalDepartmentName",
    "StationName",
    "DeviceSerialNumber",
)
#: Shorter words stand in too many texts by chance.
_SHORTEST_NAME, _SHORTEST_NUMBER = 3, 4
_BETWEEN = re.compile(r"[\W_]+")

Words = frozenset[str]


class CleanedFiles(ListedFiles):
    """Scans files for a catalog without what identifies: what names the patient is read, and is in no table."""

    def _wider(self) -> ListedFiles:
        more = dict.fromkeys((*(self.columns or ()), *_PEOPLE, *_NUMBERS))
        return ListedFiles(tuple(more), self.phi, self.threads, self.limits, self.job)

    def scan(self, paths: list[str], progress: Callable[[Progress], None] | None = None) -> pa.Table:
        """Return one row for each file, in their order."""
        return cleaned(self._wider().scan(paths, progress), self.schema)

    def scan_entries(self, opens: Iterable[Callable[[], Source]], paths: list[str]) -> pa.Table:
        """Return one row for each source that is no file of the system."""
        return cleaned(self._wider().scan_entries(opens, paths), self.schema)

    def scan_remote(
        self,
        files: Sequence[RemoteFile],
        paths: list[str],
        progress: Callable[[Progress], None] | None = None,
        also: Callable[[int, Source], None] | None = None,
    ) -> pa.Table:
        """Return one row for each file at a URL."""
        return cleaned(self._wider().scan_remote(files, paths, progress, also), self.schema)


def cleaned(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return columns of a table, without texts in which words stand that name the patient, and without times of files.

    Parameters
    ----------
    table
        With the columns that name the patient.
    schema
        The columns that are wanted.
    """
    kinds, words = _words(table)
    rows = table.select(schema.names)
    for index, name in enumerate(schema.names):
        type_ = schema.field(index).type
        if name == "mtime":
            rows = rows.set_column(index, schema.field(index), pa.nulls(rows.num_rows, type_))
        elif any(words) and _is_text(name):
            rows = _without(rows, index, kinds, words)
    return rows


def _is_text(name: str) -> bool:
    """Return False of columns that say nothing of patients, and of UIDs, which are replaced: dates stand in many."""
    return name not in (*FILE_COLUMNS, "path", "issues", "error") and column(name).vr != "UI"


def _words(table: pa.Table) -> tuple[NDArray[np.int64], list[Words]]:
    """Return for each row the number of its words, and those words."""
    known: dict[Words, int] = {}
    columns = [table[name].to_pylist() for name in (*_PEOPLE, *_NUMBERS)]
    numbers = [
        known.setdefault(_of_values(tuple(map(_hashable, row))), len(known)) for row in zip(*columns, strict=True)
    ]
    return np.array(numbers, np.int64), list(known)


def _hashable(value: Any) -> Any:
    return tuple(cast("list[Any]", value)) if isinstance(value, list) else value


@lru_cache(4096)
def _of_values(values: tuple[Any, ...]) -> Words:
    people, numbers = values[: len(_PEOPLE)], values[len(_PEOPLE) :]
    parts = (word for text in _texts(people) for word in _BETWEEN.split(text))
    wholes = (text.strip() for text in _texts(numbers))
    return frozenset(
        [word for word in parts if len(word) >= _SHORTEST_NAME]
        + [one for one in wholes if len(one) >= _SHORTEST_NUMBER]
    )


def _texts(values: Sequence[Any]) -> Generator[str]:
    for value in values:
        if isinstance(value, tuple):
            yield from _texts(cast("tuple[Any, ...]", value))
        elif isinstance(value, date):
            yield value.strftime("%Y%m%d")
        elif isinstance(value, str):
            yield value.casefold()


def _without(rows: pa.Table, index: int, kinds: NDArray[np.int64], words: Sequence[Words]) -> pa.Table:
    """Leave the texts of a column out in which words of their row stand."""
    chunks = rows.column(index).combine_chunks()
    values, parents = chunks, np.arange(rows.num_rows)
    if pa.types.is_list(chunks.type):
        values, parents = _compute.list_flatten(chunks), _compute.list_parent_indices(chunks).to_numpy()
    if not pa.types.is_string(values.type):
        return rows
    coded = values.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    codes = coded.indices.fill_null(len(texts)).to_numpy()
    pairs, places = np.unique(kinds[parents] * (len(texts) + 1) + codes, return_inverse=True)
    is_code = column(rows.schema.names[index]).vr == "CS"
    named = [
        code < len(texts) and names(texts[code], words[kind], whole=is_code)
        for kind, code in zip(*(part.tolist() for part in np.divmod(pairs, len(texts) + 1)), strict=True)
    ]
    if not any(named):
        return rows
    hidden = set(np.unique(parents[np.array(named, bool)[places]]).tolist())
    kept = [
        _left(value, words[kinds[row]], is_code) if row in hidden else value
        for row, value in enumerate(chunks.to_pylist())
    ]
    return rows.set_column(index, rows.schema.field(index), pa.array(kept, chunks.type))


def _left(value: Any, words: Words, is_code: bool) -> Any:
    if isinstance(value, list):
        return [_left(one, words, is_code) for one in cast("list[Any]", value)]
    return None if value is not None and names(value, words, whole=is_code) else value


def names(text: str, words: Words, *, whole: bool) -> bool:
    """Return whether a text has one of some words in it.

    Parameters
    ----------
    text
        The text.
    words
        In lower case.
    whole
        Only as words of their own: codes are such, and a name may be a part of one by chance.
    """
    folded = text.casefold()
    if whole:
        return folded.strip() in words or not words.isdisjoint(_BETWEEN.split(folded))
    return any(word in folded for word in words)
