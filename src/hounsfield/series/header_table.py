"""The headers of a collection's files as a table: by way of Arrow where there are many, without loading it for few."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice

import numpy as np

from hounsfield.limits import Limits
from hounsfield.scanning.coded_table import CodedBatch, CodedTable, HeaderTable, coded_batch
from hounsfield.scanning.columns import Column, Plan, choose_columns, plan
from hounsfield.scanning.found import Found, nothing_found
from hounsfield.scanning.header_rows import read_source_row
from hounsfield.scanning.preparing import Preparation
from hounsfield.scanning.row import Row
from hounsfield.scanning.walking import HeaderWalk, Progress
from hounsfield.sources.entries import Entry
from hounsfield.sources.source import Source

#: Files from which on compiled code and Arrow pay, where both are loaded, and where they are not.
_MANY_LOADED, _MANY = 1_000, 25_000
#: Rows of a batch of members of archives.
_AT_ONCE = 200

#: Is told of a batch: the indices of its files, and its rows.
Told = Callable[[Sequence[int], HeaderTable], None]


def read_header_table(
    entries: Sequence[Entry],
    names: tuple[str, ...],
    limits: Limits,
    threads: int | None,
    progress: Callable[[Progress], None] | None,
    told: Told | None = None,
) -> HeaderTable:
    """Read the headers of all entries, each once; a row for each, in their order.

    Parameters
    ----------
    entries
        The files.
    names
        The columns.
    limits
        What a file may cost.
    threads
        How many read at a time.
    progress
        Is told how far it has come.
    told
        Is told each batch of rows as it comes, in the order of reading, where few enough files are read for that.
    """
    local = [index for index, entry in enumerate(entries) if entry.path is not None]
    others = [index for index, entry in enumerate(entries) if entry.path is None]
    paths = [entries[index].path or "" for index in local]
    opens = [_Opens(entries[index], limits) for index in others]
    order = np.argsort(np.array([*local, *others]), kind="stable") if others else None
    if len(paths) >= (_MANY_LOADED if Preparation.is_loaded() else _MANY):
        from hounsfield.scanning.arrays import ArrowTable, join_tables
        from hounsfield.scanning.scan import scan_files, scan_sources

        table = scan_files(paths, names, threads, limits, progress)
        if order is not None:
            more = scan_sources(opens, [entries[index].name for index in others], names, threads, limits)
            table = join_tables([table, more], order)
        return ArrowTable(table)
    make = _make(names)
    walk = HeaderWalk(make.plan, make, limits, threads, progress)
    batches = list(_telling(walk.batches_of(paths), local, told))
    if others:
        with ThreadPoolExecutor(threads or os.cpu_count() or 1, "hounsfield-scan") as pool:
            rows = pool.map(partial(read_source_row, wanted=make.plan, limits=limits), opens)
            batches += _telling(_batches(rows, make), others, told)
    return CodedTable(batches, order)


def _batches(rows: Iterator[Row], make: _CodedBatches) -> Iterator[CodedBatch]:
    while some := list(islice(rows, _AT_ONCE)):
        yield make([""] * len(some), nothing_found(len(some), make.plan), dict(enumerate(some)))


def _telling(batches: Iterable[CodedBatch], files: Sequence[int], told: Told | None) -> Iterator[CodedBatch]:
    """Pass batches on, and tell of each which files it is of."""
    start = 0
    for batch in batches:
        count = len(batch.errors)
        if told is not None:
            told(files[start : start + count], CodedTable([batch]))
        start += count
        yield batch


@dataclass(frozen=True)
class _Opens:
    entry: Entry
    limits: Limits

    def __call__(self) -> Source:
        return self.entry.open(self.limits)


@dataclass(frozen=True)
class _CodedBatches:
    """Makes batches without Arrow."""

    columns: tuple[Column, ...]
    plan: Plan

    def __call__(self, paths: list[str], found: Found, rows: Mapping[int, Row]) -> CodedBatch:
        return coded_batch(self.columns, self.plan, paths, found, rows)


@lru_cache(4)
def _make(names: tuple[str, ...]) -> _CodedBatches:
    columns, _ = choose_columns(names, phi=True)
    return _CodedBatches(tuple(columns), plan(columns))
