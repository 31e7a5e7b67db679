"""Catalogs that tests make: trees of small files, scans in processes of their own, and the rows that count."""

from __future__ import annotations

import io
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hounsfield.catalog.file_names import HEADERS, ROWS, table_file
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.shards import alive, read_groups

from made import dataset, to_bytes

_UID = "1.2.826.0.1.3680043.10.1.7654321"

#: Begins a program of `started`: shards of few files, so that there are many of them.
_PROGRAM = """
import sys
import hounsfield.catalog.writing as writing
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.writing import scan_into
writing._FILES = 200
print("ready", flush=True)
"""


@cache
def _template() -> bytes:
    whole = dataset(np.zeros((2, 2), np.uint16), SOPInstanceUID=_UID, InstanceNumber=1, Modality="CT")
    return to_bytes(whole)


def small_file(number: int) -> bytes:
    """Return a file with a SOP Instance UID of its own."""
    uid = f"{_UID[:-7]}{1_000_000 + number}"
    return _template().replace(_UID.encode(), uid.encode())


def tree(folder: Path, folders: int, files: int, first: int = 0) -> Path:
    """Write folders with small files, and return where they are."""
    for number in range(folders):
        here = folder / f"s{number:03d}"
        here.mkdir(parents=True, exist_ok=True)
        for index in range(files):
            (here / f"{index:04d}.dcm").write_bytes(small_file(first + number * files + index))
    return folder


def rows(catalog: Path, columns: list[str] | None = None, room: str = ROWS) -> list[dict[str, Any]]:
    """Return the rows of a catalog that count, sorted by path; without what differs from shard to shard."""
    manifest = read_manifest(catalog)
    groups = ((table, shard) for shard in manifest.shards for table in read_groups(catalog, shard.name, room=room))
    tables = [alive(table, shard) for table, shard in groups]
    if not tables:
        return []
    table = pa.concat_tables(tables)
    names = columns or [name for name in table.schema.names if name != "piece"]
    return table.select(names).sort_by("path" if "path" in names else names[0]).to_pylist()


def headers(catalog: Path) -> list[dict[str, Any]]:
    """Return the whole headers of a catalog that count, sorted by path."""
    return rows(catalog, room=HEADERS)


def derived(catalog: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of a catalog that follow from its rows, their rows in an order that is always the same."""
    tables = {table.kind: pq.read_table(table_file(catalog, table.name)) for table in read_manifest(catalog).tables}
    return {kind: sorted(table.to_pylist(), key=repr) for kind, table in tables.items() if kind != "states"}


def paths(catalog: Path) -> list[str]:
    """Return the paths of a catalog's rows."""
    return [row["path"] for row in rows(catalog, ["path"])]


def started(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Start a program beside this one, and return it when it is about to begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM + code, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert isinstance(process.stdout, io.BufferedReader)
    assert process.stdout.readline() == b"ready\n", process.stderr
    return process


def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a program that went well."""
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    return process.returncode
