"""SOP Instance UIDs in more than one file, counted anew only where rows have changed since they were counted.

What is in more than one file can only differ in UIDs of rows that came or went. Where such a UID is in other rows, too,
is looked up in one column of them; what is compared is read of the shards that have it.
"""

from __future__ import annotations

# duckdb is not typed
# pyright: reportUnknownMemberType=false
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hounsfield.catalog.file_names import rows_file
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.row_sql import quoted, rows_sql
from hounsfield.catalog.shard_facts import Shard
from hounsfield.catalog.uid_counts import RepeatedUids

#: The part of the rows beyond which all are counted.
_MOST = 0.5
_READABLE = "error IS NULL AND vanished IS NULL AND SOPInstanceUID <> ''"
#: UIDs of rows that came or went, without those whose rows were only written anew. Sums of hashes tell that.
_ASKED = """
CREATE TABLE asked AS
SELECT uid FROM changed WHERE was <> counts GROUP BY uid
HAVING count(*) FILTER (was) <> count(*) FILTER (counts)
  OR coalesce(sum(same::HUGEINT) FILTER (was), 0) <> coalesce(sum(same::HUGEINT) FILTER (counts), 0)
"""
_NOTHING = "SELECT ''::VARCHAR AS uid, 0::UBIGINT AS same, false AS was, false AS counts WHERE false"
_DIFFERENCE = """
SELECT coalesce(sum((now > 1)::INT) - sum((before > 1)::INT), 0),
  coalesce(sum(CASE WHEN now > 1 THEN now ELSE 0 END) - sum(CASE WHEN before > 1 THEN before ELSE 0 END), 0),
  coalesce(sum(differ::INT) - sum(differed::INT), 0)
FROM (
  SELECT count(*) FILTER (was) AS before, count(*) FILTER (counts) AS now,
    coalesce(min(same) FILTER (was) <> max(same) FILTER (was), false) AS differed,
    coalesce(min(same) FILTER (counts) <> max(same) FILTER (counts), false) AS differ
  FROM found GROUP BY uid
)
"""


def counted_since(connection: Any, folder: Path, manifest: Manifest, same: str) -> RepeatedUids | None:
    """Return the counts of a state, by those of the one that was counted before; None where all has to be counted.

    Parameters
    ----------
    connection
        Of DuckDB: tables are made in it.
    folder, manifest
        The catalog, and its state.
    same
        SQL of a number that is the same for rows that agree.
    """
    before = manifest.repeated
    if before is None or not before.counted:
        return None
    changed = _Changed.of(before, manifest.shards)
    if changed.rows > _MOST * manifest.rows or not all(rows_file(folder, one.name).exists() for one in changed.shards):
        return None
    connection.execute(f"CREATE TABLE changed AS {changed.sql(folder, same)}")
    connection.execute(_ASKED)
    connection.execute("CREATE TABLE found AS SELECT uid, same, was, counts FROM changed SEMI JOIN asked USING (uid)")
    if others := _having(connection, folder, changed.others):
        rows = rows_sql(folder, others)
        connection.execute(
            f"INSERT INTO found SELECT SOPInstanceUID, {same}, true, true FROM ({rows}) "  # noqa: S608  our names
            f"WHERE {_READABLE} AND SOPInstanceUID IN (FROM asked)"
        )
    uids, files, conflicting = map(int, connection.execute(_DIFFERENCE).fetchone())
    counts = (before.uids + uids, before.files + files, before.conflicting + conflicting)
    new = RepeatedUids("", *counts).for_shards(manifest.shards)
    return new if min(new.uids, new.files, new.conflicting) >= 0 else None


@dataclass(frozen=True)
class _Changed:
    """The shards of which other rows count than before.

    Attributes
    ----------
    shards
        As they are now; of those that are gone the name.
    was
        Numbers of pieces of each that did not count before; None of a shard that was not there.
    gone
        Names of those of which no row counts any more.
    others
        The shards of which the same rows count.
    """

    shards: tuple[Shard, ...]
    was: tuple[tuple[int, ...] | None, ...]
    gone: frozenset[str]
    others: tuple[Shard, ...]

    @classmethod
    def of(cls, before: RepeatedUids, now: Sequence[Shard]) -> _Changed:
        """Compare the shards that were counted with those that there are."""
        dead, known = dict(before.counted), {shard.name for shard in now}
        same = [shard for shard in now if dead.get(shard.name) == shard.dead]
        changed = [shard for shard in now if dead.get(shard.name) != shard.dead]
        gone = [Shard(name, 0, 0, 0) for name in dead if name not in known]
        both = (*changed, *gone)
        was = tuple(dead.get(shard.name) for shard in both)
        return cls(both, was, frozenset(shard.name for shard in gone), tuple(same))

    @property
    def rows(self) -> int:
        """Rows of the shards that changed, as far as the manifest tells: not of those that are gone."""
        return sum(shard.rows for shard in self.shards)

    def sql(self, folder: Path, same: str) -> str:
        """Return SQL of their rows, and which of these counted before, and count now."""
        parts: list[str] = []
        for shard, was in zip(self.shards, self.was, strict=True):
            path = quoted(str(rows_file(folder, shard.name).absolute()))
            counts = _alive(None if shard.name in self.gone else shard.dead)
            parts.append(
                f"SELECT SOPInstanceUID AS uid, {same} AS same, {_alive(was)} AS was, {counts} AS counts "  # noqa: S608  our names
                f"FROM read_parquet({path}) WHERE {_READABLE}"
            )
        return " UNION ALL ".join(parts) or _NOTHING


def _alive(dead: tuple[int, ...] | None) -> str:
    """Return SQL of whether a row counts, by the pieces that do not; None where no row does."""
    if dead is None:
        return "false"
    return f"piece NOT IN ({', '.join(map(str, dead))})" if dead else "true"


def _having(connection: Any, folder: Path, shards: Sequence[Shard]) -> list[Shard]:
    """Return the shards with rows of the UIDs in question: one column of all is read for that."""
    if not shards or not connection.execute("SELECT count(*) FROM asked").fetchone()[0]:
        return []
    rows = rows_sql(folder, shards, places=True)
    found = connection.execute(
        f"SELECT DISTINCT filename FROM ({rows}) WHERE SOPInstanceUID IN (FROM asked)"  # noqa: S608  our names
    ).fetchall()
    names = {Path(name).stem for (name,) in found}
    return [shard for shard in shards if shard.name in names]
