"""Series whose files have changed since the tables of a catalog were made, found by SQL.

Series are compared by a digest of their files. Series that share SOP Instance UIDs, or that did before, are looked at
together: which files are copies of others does not depend on what else is new.
"""

from __future__ import annotations

# pyarrow and duckdb are not typed
# pyright: reportUnknownParameterType=false
import secrets
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from hounsfield.catalog.derived_columns import SCHEMAS
from hounsfield.catalog.file_names import rows_file, table_file
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.row_sql import quoted, rows_sql
from hounsfield.catalog.series_rows import SERIES_KEY, SHARD_BITS, SeriesBatch
from hounsfield.catalog.shard_facts import Shard

#: The table that says which series are in the others, of which files, and of how many: a number below 0 where they are
#: to be looked at again.
STATES = "states"
STATES_SCHEMA = pa.schema({"key": pa.string(), "together": pa.string(), "digest": pa.uint64(), "files": pa.int64()})
#: Rows that are looked at together, unless one series has more.
_BATCH = 8_192
#: Files of series that are looked at again though nothing has changed; of those beyond it later scans do.
_AGAIN = 65_536
#: DuckDB's own hashes of texts are too often the same.
_DIGEST = "bit_xor(md5_number_lower(concat_ws('|', path, archive, listed_size, listed_time)))"
_CURRENT = f"""
SELECT key, {_DIGEST} AS digest, count(*) AS files,
  min(place) AS first, max(place) AS last
FROM live GROUP BY key
"""  # noqa: S608  our names
_TOUCHED = """
CREATE TABLE touched AS
SELECT coalesce(current.key, before.key) AS key
FROM current FULL JOIN (FROM old SEMI JOIN candidates USING (key)) before USING (key)
WHERE current.digest IS DISTINCT FROM before.digest OR current.files IS DISTINCT FROM abs(before.files)
"""
_WERE_TOGETHER = """
INSERT INTO touched
SELECT key FROM old
WHERE together IN (SELECT together FROM old SEMI JOIN touched USING (key)) AND key NOT IN (FROM touched)
"""
#: Hashes first: few UIDs are in several files.
_REPEATED = """
CREATE TABLE repeated AS
SELECT md5_number_lower(uid) AS hashed FROM live WHERE uid IS NOT NULL AND key IN (FROM touched)
GROUP BY hashed HAVING count(*) > 1
"""
_LINKS = """
SELECT DISTINCT list_sort(list(DISTINCT key)) FROM live
WHERE uid IS NOT NULL AND key IN (FROM touched) AND md5_number_lower(uid) IN (FROM repeated)
GROUP BY uid HAVING min(key) <> max(key)
"""
_IN_ORDER = """
SELECT key, coalesce(together, key) AS part, files, first, last
FROM current SEMI JOIN touched USING (key) LEFT JOIN linked USING (key)
ORDER BY min(first) OVER (PARTITION BY part), part, key
"""
#: Some series that are to be looked at again; in an order that is another one each time.
_UNSETTLED = """
CREATE TABLE wanted AS
SELECT key FROM (
  SELECT key, sum(-files) OVER (ORDER BY md5(key || ?::VARCHAR), key ROWS UNBOUNDED PRECEDING) + files AS before
  FROM old WHERE files < 0 AND key NOT IN (FROM touched)
) WHERE before < ?
"""
_NEW_STATES = """
SELECT key, together, digest, files FROM old ANTI JOIN touched USING (key)
UNION ALL
SELECT key, coalesce(together, key) AS together, digest,
  CASE WHEN key IN (FROM again) THEN -files ELSE files END AS files
FROM current SEMI JOIN touched USING (key) LEFT JOIN linked USING (key)
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
    again
        How the paths begin below which some series are looked at, too, of which a file could not be opened before, for
        a reason that may have passed.

    Attributes
    ----------
    files
        Files of the series that are to be looked at.
    """

    def __init__(self, connection: Any, folder: Path, manifest: Manifest, again: Sequence[str] = ()) -> None:
        self._connection, self._folder, self._manifest, self._tries = connection, folder, manifest, again
        connection.execute("CREATE TABLE again (key VARCHAR)")
        tables = {table.kind: table_file(folder, table.name).absolute() for table in manifest.tables}
        # Without the one that tells which series have changed, nothing is kept of the others.
        self._tables = tables if STATES in tables and tables[STATES].exists() else {}
        self._compare()
        self.files = self._number("SELECT coalesce(sum(files), 0) FROM current SEMI JOIN touched USING (key)")

    def _compare(self) -> None:
        """Make ``current``, the series that there are; ``touched``, those to be looked at; ``linked``, with which."""
        execute = self._connection.execute
        execute(f"CREATE VIEW old AS {self._old()}")
        everything = not self._find_candidates()
        self._look_at(self._manifest.shards if everything else self._shards_of("candidates"))
        which = "" if everything else "WHERE key IN (FROM candidates)"
        execute(f"CREATE TABLE current AS {_CURRENT.replace('GROUP', which + ' GROUP')}")
        if everything:
            execute("CREATE TABLE candidates AS SELECT key FROM current UNION SELECT key FROM old")
        execute(_TOUCHED)
        self._touch_again()
        self._add_related()
        execute("CREATE TABLE linked (key VARCHAR, together VARCHAR)")
        if self._number("SELECT count(*) FROM touched"):
            self._look_at(self._shards_of("touched"))
            late = "WHERE key IN (FROM touched) AND key NOT IN (SELECT key FROM current)"
            execute(f"INSERT INTO current {_CURRENT.replace('GROUP', late + ' GROUP')}")
            leaders = self._leaders()
            columns = {"key": leaders.keys(), "together": leaders.values()}
            links = pa.table({name: pa.array(of, pa.string()) for name, of in columns.items()})
            self._connection.register("links", links)
            execute("INSERT INTO linked FROM links")

    def _touch_again(self) -> None:
        """Add some of the series that are to be looked at again, whose files are where somebody has just looked."""
        if not self._tries:
            return
        self._connection.execute(_UNSETTLED, [secrets.randbits(32), _AGAIN])
        if self._number("SELECT count(*) FROM wanted"):
            self._look_at(self._shards_of("wanted"))
            starts = (f"starts_with(path || {quoted(start[-1])}, {quoted(start)})" for start in self._tries)
            within = " OR ".join(starts)
            self._connection.execute(
                "INSERT INTO touched SELECT key FROM live WHERE key IN (FROM wanted) "  # noqa: S608  our names, quoted
                f"GROUP BY key HAVING bool_and({within})"
            )

    def _find_candidates(self) -> bool:
        """Make ``candidates``: the series in shards that have changed since; False where all have to be compared."""
        shards = {shard.state: shard for shard in self._manifest.shards}
        before = set(self._manifest.tables_of)
        changed = [replace(shard, dead=(), dead_rows=0) for state, shard in shards.items() if state not in before]
        known = {shard.name for shard in self._manifest.shards}
        gone = {state.partition("-")[0] for state in before - shards.keys()} - known
        if not self._tables or any(not rows_file(self._folder, name).exists() for name in gone):
            return False
        changed += [Shard(name, 1, 0, 1) for name in gone]
        if changed and len(changed) == len(shards):
            return False
        rows = (
            rows_sql(self._folder, changed) if changed else f"SELECT key AS SeriesInstanceUID, path FROM ({_NO_ROWS})"  # noqa: S608
        )
        self._connection.execute(f"CREATE TABLE candidates AS SELECT DISTINCT {SERIES_KEY} AS key FROM ({rows})")  # noqa: S608
        return True

    def _look_at(self, shards: Sequence[Shard]) -> None:
        """Make ``live``: the rows of some shards that count, and where each stands."""
        self._connection.execute(f"CREATE OR REPLACE VIEW live AS {self._live(shards)}")

    def _live(self, shards: Sequence[Shard]) -> str:
        if not shards:
            return _NO_ROWS
        at = {shard.name: number for number, shard in enumerate(self._manifest.shards)}
        places = {str(rows_file(self._folder, shard.name).absolute()): at[shard.name] for shard in shards}
        numbers = ", ".join(f"{quoted(name)}: {number}" for name, number in places.items())
        return (
            f"SELECT {SERIES_KEY} AS key, path, archive, listed_size, listed_time, "  # noqa: S608  our names
            f"nullif(SOPInstanceUID, '') AS uid, MAP {{{numbers}}}[filename]::BIGINT << {SHARD_BITS} | file_row_number "
            f"AS place FROM ({rows_sql(self._folder, shards, places=True)}) WHERE error IS NULL AND vanished IS NULL"
        )

    def _shards_of(self, table: str) -> list[Shard]:
        """Return the shards that have rows of the series in a table: just one column of all rows is read for that."""
        undeclared = f"SELECT count(*) FROM {table} WHERE starts_with(key, '/')"  # noqa: S608  our names
        if self._number(undeclared):
            return [*self._manifest.shards]
        return self._shards_where(f"SeriesInstanceUID IN (SELECT key FROM {table})")  # noqa: S608  our names

    def _shards_where(self, condition: str) -> list[Shard]:
        if not self._manifest.shards:
            return []
        rows = rows_sql(self._folder, self._manifest.shards, places=True)
        found = self._connection.execute(f"SELECT DISTINCT filename FROM ({rows}) WHERE {condition}").fetchall()  # noqa: S608
        names = {Path(name).stem for (name,) in found}
        return [shard for shard in self._manifest.shards if shard.name in names]

    def _add_related(self) -> None:
        """Add to what is touched what it has SOP Instance UIDs in common with, or had, until there is no more."""
        execute = self._connection.execute
        while self._number("SELECT count(*) FROM touched"):
            more = self._number(_WERE_TOGETHER)
            if not self._number("SELECT count(*) FROM old ANTI JOIN touched USING (key)"):
                return
            self._look_at(self._shards_of("touched"))
            execute(
                "CREATE OR REPLACE TABLE uids AS SELECT DISTINCT uid FROM live "
                "WHERE uid IS NOT NULL AND key IN (FROM touched)"
            )
            self._look_at(self._shards_where("SOPInstanceUID IN (FROM uids)"))
            more += self._number(
                "INSERT INTO touched SELECT DISTINCT key FROM live "
                "WHERE uid IN (FROM uids) AND key NOT IN (FROM touched)"
            )
            if not more:
                return

    def _old(self) -> str:
        if self._tables:
            return f"SELECT * FROM read_parquet({quoted(str(self._tables[STATES]))})"  # noqa: S608  our path
        return (
            "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS together, 0::UBIGINT AS digest, 0::BIGINT AS files "
            "WHERE false"
        )

    def _number(self, sql: str) -> int:
        """Return the only value of an answer; all of it is taken: an open one keeps others from being asked."""
        return int(self._connection.execute(sql).fetchall()[0][0])

    def _leaders(self) -> dict[str, str]:
        """Return which of the series share SOP Instance UIDs with others, and the first of those by name."""
        leaders: dict[str, str] = {}

        def leader(key: str) -> str:
            while (above := leaders.setdefault(key, key)) != key:
                leaders[key] = leaders[above]
                key = above
            return key

        self._connection.execute(_REPEATED)
        if not self._number("SELECT count(*) FROM repeated"):
            return {}
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
        for kind in SCHEMAS.keys() & self._tables.keys():
            path = quoted(str(self._tables[kind]))
            kept[kind] = self._read(f"SELECT * FROM read_parquet({path}) WHERE key NOT IN (FROM touched)")  # noqa: S608
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

    def add_again(self, keys: Collection[str]) -> None:
        """Note series that the next time has to look at again."""
        if keys:
            self._connection.register("more", pa.table({"key": pa.array(sorted(keys), pa.string())}))
            self._connection.execute("INSERT INTO again FROM more")
            self._connection.unregister("more")

    @property
    def again(self) -> int:
        """Number of series that the next time has to look at again."""
        return self._number(f"SELECT count(*) FROM ({_NEW_STATES}) WHERE files < 0")  # noqa: S608  our query

    def states(self) -> Iterator[pa.RecordBatch]:
        """Return what tells next time which series have changed."""
        return self._read(_NEW_STATES)

    def _read(self, sql: str) -> Generator[pa.RecordBatch]:
        cursor = self._connection.cursor()  # held here: without it some versions of DuckDB have nothing more to read
        yield from cursor.sql(sql).to_arrow_reader(65_536)
