"""Series whose files have changed since the tables of a catalog were made, found by SQL.

Series are compared by a digest of their files. Series that share SOP Instance UIDs, or that did before, are looked at
together: which files are copies of others does not depend on what else is new.
"""

from __future__ import annotations

# pyarrow and duckdb are not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from hounsfield.catalog.derived_columns import SCHEMAS
from hounsfield.catalog.file_names import rows_file, table_file
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.row_sql import quoted, rows_sql
from hounsfield.catalog.series_rows import SERIES_KEY, SHARD_BITS, SeriesBatch

#: The table that says which series are in the others, and of which files.
STATES = "states"
STATES_SCHEMA = pa.schema({"key": pa.string(), "together": pa.string(), "digest": pa.uint64(), "files": pa.int64()})
#: Rows that are looked at together, unless one series has more.
_BATCH = 16_384
_CURRENT = """
CREATE TABLE current AS
SELECT key, bit_xor(hash(path, archive, listed_size, listed_time)) AS digest, count(*) AS files,
  min(place) AS first, max(place) AS last
FROM live GROUP BY key
"""
_TOUCHED = """
CREATE TABLE touched AS
SELECT coalesce(current.key, old.key) AS key
FROM current FULL JOIN old USING (key)
WHERE current.digest IS DISTINCT FROM old.digest OR current.files IS DISTINCT FROM old.files
"""
_WERE_TOGETHER = """
INSERT INTO touched
SELECT key FROM old
WHERE together IN (SELECT together FROM old SEMI JOIN touched USING (key)) AND key NOT IN (FROM touched)
"""
_SHARE_UIDS = """
INSERT INTO touched
SELECT DISTINCT key FROM live
WHERE key NOT IN (FROM touched) AND uid IN (SELECT uid FROM live WHERE uid IS NOT NULL AND key IN (FROM touched))
"""
_LINKS = """
SELECT DISTINCT list_sort(list(DISTINCT key)) FROM live
WHERE uid IS NOT NULL AND key IN (FROM touched)
GROUP BY uid HAVING min(key) <> max(key)
"""
_IN_ORDER = """
SELECT key, coalesce(together, key) AS part, files, first, last
FROM current SEMI JOIN touched USING (key) LEFT JOIN linked USING (key)
ORDER BY min(first) OVER (PARTITION BY part), part, key
"""
_NEW_STATES = """
SELECT key, coalesce(linked.together, before.together, key) AS together, current.digest, current.files
FROM current
LEFT JOIN linked USING (key)
LEFT JOIN (FROM old ANTI JOIN touched USING (key)) before USING (key)
ORDER BY key
"""
_NO_ROWS = """
SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS path, NULL::VARCHAR AS archive, 0 AS listed_size, 0 AS listed_time,
  NULL::VARCHAR AS uid, 0::BIGINT AS place
WHERE false
"""


class SeriesChanges:
    """The series of a state of a catalog, compared with those of its tables.

    Parameters
    ----------
    connection
        Of DuckDB: tables are made in it.
    folder, manifest
        The catalog, and its state.

    Attributes
    ----------
    files
        Files of the series that are to be looked at.
    """

    def __init__(self, connection: Any, folder: Path, manifest: Manifest) -> None:
        self._connection, self._folder, self._manifest = connection, folder, manifest
        self._tables = {table.kind: table_file(folder, table.name).absolute() for table in manifest.tables}
        self._compare()
        counted = connection.execute("SELECT coalesce(sum(files), 0) FROM current SEMI JOIN touched USING (key)")
        self.files = int(counted.fetchone()[0])

    def _compare(self) -> None:
        """Make ``current``, the series that there are; ``touched``, those to be looked at; ``linked``, with which."""
        execute = self._connection.execute
        execute(f"CREATE VIEW live AS {self._live()}")
        execute(f"CREATE VIEW old AS {self._old()}")
        for sql in (_CURRENT, _TOUCHED, _WERE_TOGETHER):
            execute(sql)
        while execute("SELECT count(*) FROM current ANTI JOIN touched USING (key)").fetchone()[0]:
            if not execute(_SHARE_UIDS).fetchone()[0]:
                break
        leaders = self._leaders()
        columns = {"key": leaders.keys(), "together": leaders.values()}
        self._connection.register("links", pa.table({name: pa.array(of, pa.string()) for name, of in columns.items()}))
        execute("CREATE TABLE linked AS FROM links")

    def _live(self) -> str:
        shards = self._manifest.shards
        if not shards:
            return _NO_ROWS
        names = (str(rows_file(self._folder, shard.name).absolute()) for shard in shards)
        numbers = ", ".join(f"{quoted(name)}: {at}" for at, name in enumerate(names))
        return (
            f"SELECT {SERIES_KEY} AS key, path, archive, listed_size, listed_time, "  # noqa: S608  our names
            f"nullif(SOPInstanceUID, '') AS uid, MAP {{{numbers}}}[filename]::BIGINT << {SHARD_BITS} | file_row_number "
            f"AS place FROM ({rows_sql(self._folder, shards, places=True)}) WHERE error IS NULL AND vanished IS NULL"
        )

    def _old(self) -> str:
        if STATES in self._tables and self._tables[STATES].exists():
            return f"SELECT * FROM read_parquet({quoted(str(self._tables[STATES]))})"  # noqa: S608  our path
        return (
            "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS together, 0::UBIGINT AS digest, 0::BIGINT AS files "
            "WHERE false"
        )

    def _leaders(self) -> dict[str, str]:
        """Return which of the series share SOP Instance UIDs with others, and the first of those by name."""
        leaders: dict[str, str] = {}

        def leader(key: str) -> str:
            while (above := leaders.setdefault(key, key)) != key:
                leaders[key] = leaders[above]
                key = above
            return key

        answer = self._connection.execute(_LINKS)
        while several := answer.fetchmany(10_000):
            for (keys,) in several:
                first = leader(keys[0])
                for other in map(leader, keys[1:]):
                    later, first = max(first, other), min(first, other)
                    leaders[later] = first
        return {key: leader(key) for key in list(leaders)}

    def kept(self) -> dict[str, Iterator[pa.RecordBatch]]:
        """Return the rows of each table that stay as they are."""
        kept: dict[str, Iterator[pa.RecordBatch]] = {}
        for kind in SCHEMAS:
            if kind in self._tables and STATES in self._tables:
                path = quoted(str(self._tables[kind]))
                sql = f"SELECT * FROM read_parquet({path}) WHERE key NOT IN (FROM touched)"  # noqa: S608  our path
                kept[kind] = self._read(sql)
        return kept

    def batches(self) -> Generator[SeriesBatch]:
        """Yield what is to be looked at, some series at a time, in the order of their rows."""
        answer = self._connection.cursor().execute(_IN_ORDER)
        batch, before = SeriesBatch(), None
        while several := answer.fetchmany(10_000):
            for key, part, files, first, last in several:
                if part != before and batch.files + files > _BATCH and batch.keys:
                    yield batch
                    batch = SeriesBatch()
                before = part
                batch.add(key, files, first, last)
        if batch.keys:
            yield batch

    def states(self) -> Iterator[pa.RecordBatch]:
        """Return what tells next time which series have changed."""
        return self._read(_NEW_STATES)

    def _read(self, sql: str) -> Iterator[pa.RecordBatch]:
        answer = self._connection.cursor().sql(sql)
        # The name of the method follows from DuckDB's version.
        return iter(answer.to_arrow_reader(65_536) if hasattr(answer, "to_arrow_reader") else answer.arrow(65_536))
