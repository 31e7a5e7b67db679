"""Print what a catalog of very many rows costs: bytes, and the time of questions.

    python benchmarks/catalog_at_scale.py --rows 100000000 --folder ROOM [--processes 2]

Its rows are made, not scanned: those of 10,000 slices, as a scan writes them, again and again with other paths, UIDs,
patients, dates and manufacturers; so are its tables of series. Each question runs in a new process. The last lines are
an extrapolation to 10,000,000,000 rows, by proportion: nothing of that size has been made. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog import FEW, IN_SERIES, make, slice_template
from hounsfield.catalog.file_names import table_file
from hounsfield.catalog.manifest import commit, create, read_manifest
from hounsfield.catalog.series_changes import STATES, SeriesChanges
from hounsfield.catalog.shard_facts import Shard, Table
from hounsfield.catalog.shards import piece_table, read_groups, table_name, write_shard
from hounsfield.catalog.writing import scan_into
from made_series import ROOT

#: Rows of a shard; times the base is repeated in one.
IN_SHARD = 1_000_000
COPIES = IN_SHARD // FEW
MODALITIES = ["CT", "CT", "CT", "MR", "MR", "PT", "CR", "DX", "US"]
MAKERS = ["SIEMENS", "GE MEDICAL SYSTEMS", "Philips", "TOSHIBA", "Canon", "FUJIFILM"]
QUESTIONS = {
    "count": "SELECT count(*) FROM instances",
    "modalities": "SELECT Modality, count(*) AS files, sum(file_size) FROM instances GROUP BY ALL ORDER BY ALL",
    "by year and maker": "SELECT year(StudyDate), Manufacturer, count(*) FROM instances GROUP BY ALL ORDER BY ALL",
    "one patient": "SELECT path FROM instances WHERE PatientID = 'P00000077' LIMIT 100",
    "one SOP Instance UID": f"SELECT path FROM instances WHERE SOPInstanceUID = '{ROOT}00000042.0000003.0000007'",
    "series with missing slices": "SELECT SeriesInstanceUID, missing_slices FROM series "
    "WHERE Modality = 'CT' AND (missing_slices > 0 OR mixed_spacing) LIMIT 100",
    "series by maker": "SELECT Manufacturer, count(*), sum(series_size_MB) FROM series GROUP BY ALL ORDER BY ALL",
    "volumes by spacing": "SELECT round(spacing_mm[1], 1) AS mm, count(*) FROM volumes GROUP BY ALL ORDER BY ALL",
    "UIDs in several files": "SELECT count(*) FROM (SELECT md5_number_lower(SOPInstanceUID) AS uid FROM instances "
    "GROUP BY ALL HAVING count(*) > 1)",
}


def base_of(room: Path) -> Path:
    """Return a catalog of few files, scanned."""
    catalog = room / "base"
    if not catalog.exists():
        make(room / "files", FEW, slice_template(room))
        scan_into(catalog, [room / "files"])
    return catalog


def another(rows: pa.Table, number: int, files: str) -> pa.Table:
    """Return the same rows with other names, as those of other patients."""
    chance, compute = random.Random(number), pc
    changed: dict[str, Any] = {
        "PatientID": f"P{number:08d}",
        "StudyInstanceUID": f"{ROOT}{number:08d}",
        "StudyDate": date(2000, 1, 1) + timedelta(chance.randrange(9000)),
        "Modality": chance.choice(MODALITIES),
        "Manufacturer": chance.choice(MAKERS),
    }
    for name in rows.schema.names:
        at, column = rows.schema.get_field_index(name), rows[name]
        if name in changed:
            column = pa.array([changed[name]] * rows.num_rows, rows.schema.field(at).type)
        elif name in ("SOPInstanceUID", "SeriesInstanceUID", "key"):
            tail = compute.utf8_slice_codeunits(column, len(ROOT))
            column = compute.binary_join_element_wise(f"{ROOT}{number:08d}.", tail, "")
        elif name in ("path", "first_file"):
            column = compute.binary_join_element_wise(
                f"/archive/{number:08d}", compute.utf8_slice_codeunits(column, len(files)), ""
            )
        else:
            continue
        rows = rows.set_column(at, rows.schema.field(at), column)
    return rows


def write_one(catalog: Path, base: Path, files: str, number: int) -> Shard:
    """Write one shard of other rows."""
    rows = next(read_groups(base, read_manifest(base).shards[0].name))
    at, pieces = rows.schema.get_field_index("piece"), []
    tables: list[pa.Table] = []
    for copy in range(number * COPIES, (number + 1) * COPIES):
        of = another(rows, copy, files)
        tables.append(of.set_column(at, rows.schema.field(at), pa.array([len(pieces)] * of.num_rows, pa.int32())))
        pieces.append(((f"/archive/{copy:08d}", 0), of.num_rows, b"made"))
    return write_shard(catalog, tables, piece_table(pieces))


def write_table(catalog: Path, base: Path, files: str, copies: int, table: Table) -> Table:
    """Write a table of series as many times."""
    known = pq.read_table(table_file(base, table.name))
    (catalog / "tables").mkdir(exist_ok=True)
    temporary = catalog / "tables" / f".{table.kind}.part"
    count = 0
    with pq.ParquetWriter(temporary, known.schema, compression="zstd") as writer:
        for first in range(0, copies, 100):
            some = pa.concat_tables([another(known, copy, files) for copy in range(first, min(first + 100, copies))])
            if table.kind == "series":  # one of 500 lacks slices
                missing = [int(n % 500 == 7) for n in range(some.num_rows)]
                at = some.schema.get_field_index("missing_slices")
                some = some.set_column(at, some.schema.field(at), pa.array(missing, pa.int64()))
            writer.write_table(some)
            count += some.num_rows
    name = table_name(table.kind, temporary)
    temporary.rename(table_file(catalog, name))
    return Table(table.kind, name, count, table_file(catalog, name).stat().st_size)


def write_states(catalog: Path, now: Any) -> Table:
    """Write what tells which series have changed, as the first scan would."""
    with duckdb.connect(":memory:", config={"memory_limit": "1GiB", "temp_directory": str(catalog / "spilled")}) as one:
        SeriesChanges(one, catalog, replace(now, tables=(), tables_of=()))
        temporary = catalog / "tables" / ".states.part"
        one.execute(f"COPY (SELECT key, key AS together, digest, files FROM current) TO '{temporary}' (FORMAT parquet)")
    shutil.rmtree(catalog / "spilled", ignore_errors=True)
    name, rows = table_name(STATES, temporary), pq.read_metadata(temporary).num_rows
    temporary.rename(table_file(catalog, name))
    return Table(STATES, name, rows, table_file(catalog, name).stat().st_size)


def build(room: Path, rows: int, processes: int) -> Path:
    """Make a catalog of many rows."""
    base, catalog = base_of(room), room / f"made-{rows}"
    if catalog.exists():
        return catalog
    known, files = read_manifest(base), str(room / "files")
    create(catalog, known.columns, phi=True)
    begin = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        shards = list(pool.map(partial(write_one, catalog, base, files), range(rows // IN_SHARD)))
        made = [table for table in known.tables if table.kind != STATES]
        tables = list(pool.map(partial(write_table, catalog, base, files, rows // FEW), made))

    def change(now: Any) -> Any:
        now = now.with_shards(shards)
        return replace(now, tables=tuple(tables), tables_of=now.rows_state)

    now = commit(catalog, change)
    between = time.perf_counter()
    states = write_states(catalog, now)
    commit(catalog, lambda now: replace(now, tables=(*now.tables, states)))
    print(f"all series compared in {time.perf_counter() - between:.0f} s")
    print(f"{rows:,} rows made in {time.perf_counter() - begin:.0f} s", flush=True)
    return catalog


def ask(catalog: Path, name: str) -> dict[str, Any]:
    """Ask one question in this process."""
    from hounsfield.catalog.querying import Database, QueryBounds

    begin = time.perf_counter()
    opened = Database(catalog, read_manifest(catalog), QueryBounds(memory=4 * 2**30, seconds=600))
    try:
        answer = f"{opened.query(QUESTIONS[name]).num_rows} rows"
    except Exception as error:
        answer = str(error)
    return {"seconds": time.perf_counter() - begin, "answer": answer}


def most_memory() -> float:
    """Return the most memory that this process has had, in MB; `getrusage` tells of the one that started it, too."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def run(catalog: Path, name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--ask", name, "--folder", str(catalog)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, required=True, help="where to work; what is made there stays")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        result = ask(options.folder, options.ask)
        result["memory"] = most_memory()
        print(json.dumps(result))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    show(options.folder, build(options.folder, options.rows, options.processes), options.rows)


def show(room: Path, catalog: Path, rows: int) -> None:
    now = read_manifest(catalog)
    of_rows, of_tables = (sum(one.bytes for one in several) for several in (now.shards, now.tables))
    print(f"{now.rows:,} rows in {len(now.shards)} shards: {of_rows / rows:.1f} bytes a row; ", end="")
    print(f"tables of {rows // IN_SERIES:,} series: {of_tables / rows:.2f} bytes a row")
    for name in QUESTIONS:
        result = run(catalog, name)
        print(f"{name:28} {result['seconds']:8.2f} s  {result['memory']:6.0f} MB  {result['answer']}", flush=True)
    more = room / "more"
    if not more.exists():
        make(more, 1000, slice_template(room), first=9_500_000)
    begin = time.perf_counter()
    scan_into(catalog, [more])
    print(f"{'1,000 files more, scanned':28} {time.perf_counter() - begin:8.2f} s (with the tables brought up to date)")
    times = 10**10 // rows
    print(f"by proportion at 10,000,000,000 rows: {(of_rows + of_tables) * times / 1e9:.0f} GB, each time x {times}")
    shutil.rmtree(more)


if __name__ == "__main__":
    main()
