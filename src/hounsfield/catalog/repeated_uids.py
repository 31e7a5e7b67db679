"""SOP Instance UIDs that are in more than one file of a catalog, counted; and those whose files disagree."""

from __future__ import annotations

# duckdb is not typed
# pyright: reportUnknownMemberType=false
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from hounsfield.catalog.manifest import Manifest, commit, read_manifest
from hounsfield.catalog.row_sql import rows_sql
from hounsfield.catalog.table_upkeep import connection_within, room_within
from hounsfield.catalog.uid_changes import counted_since
from hounsfield.catalog.uid_counts import SAME, RepeatedUids, digest_of
from hounsfield.errors import FormatError

#: Numbers stand for UIDs at first: of those that come once only, nothing more is kept. Not those of DuckDB's `hash`,
#: which are the same for many UIDs that differ in a few digits.
_SEVERAL = "CREATE TABLE several AS SELECT number FROM live GROUP BY number HAVING count(*) > 1"
_COUNTED = """
SELECT count(*), coalesce(sum(files), 0), count(*) FILTER (first <> last) FROM (
  SELECT count(*) AS files, min(same) AS first, max(same) AS last
  FROM live WHERE number IN (FROM several) GROUP BY uid HAVING count(*) > 1
)
"""


def count_repeated(folder: Path) -> RepeatedUids:
    """Count the SOP Instance UIDs of a catalog that are in more than one file; nothing is done where that is known.

    Copies of one instance may be compressed otherwise; where they have another series, study, patient, matrix or
    place, they disagree.

    Parameters
    ----------
    folder
        The catalog.

    Raises
    ------
    FormatError
        The catalog is damaged.
    OutputError
        The system refuses, say because the disk is full.
    """
    now = read_manifest(folder)
    while now.repeated is None or now.repeated.of != digest_of(now.rows_state):
        try:
            counted = _counted(folder, now)
        except FormatError:  # somebody may be compacting the catalog
            before, now = now, read_manifest(folder)
            if before.number == now.number:
                raise
            continue
        commit(folder, lambda newest, counted=counted: replace(newest, repeated=counted))
        return counted
    return now.repeated


def _counted(folder: Path, manifest: Manifest) -> RepeatedUids:
    if not manifest.rows:
        return RepeatedUids("").for_shards(manifest.shards)
    columns = ", ".join(f"""coalesce("{name}"::VARCHAR, '')""" for name in SAME if name in manifest.columns)
    same = f"md5_number_lower(row({columns})::VARCHAR)"
    with ExitStack() as stack:
        room = stack.enter_context(room_within(folder))
        connection: Any = stack.enter_context(connection_within(folder, room))
        return counted_since(connection, folder, manifest, same) or _all_counted(connection, folder, manifest, same)


def _all_counted(connection: Any, folder: Path, manifest: Manifest, same: str) -> RepeatedUids:
    connection.execute(
        "CREATE VIEW live AS SELECT SOPInstanceUID AS uid, md5_number_lower(SOPInstanceUID) AS number, "  # noqa: S608  our names
        f"{same} AS same FROM ({rows_sql(folder, manifest.shards)}) "
        "WHERE error IS NULL AND vanished IS NULL AND SOPInstanceUID <> ''"
    )
    connection.execute(_SEVERAL)
    uids, files, conflicting = map(int, connection.execute(_COUNTED).fetchone())
    return RepeatedUids("", uids, files, conflicting).for_shards(manifest.shards)
