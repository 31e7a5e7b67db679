"""The volumes of a catalog's series: what reading them would say, from rows, and as tables.

No file is opened again but those of several frames, of mosaics, and those that claim to be the same slice.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hounsfield.catalog.derived_columns import COUNTS, SCHEMAS
from hounsfield.catalog.piece_rows import may_pass
from hounsfield.catalog.real_paths import NOT_FOUND, RealPaths
from hounsfield.catalog.row_files import HAS_CHANGED, HAS_GONE, entries_of
from hounsfield.catalog.series_sql import FACTS, GEOMETRY, NEEDED
from hounsfield.catalog.walk_order import walk_order
from hounsfield.headers.info import uid_name
from hounsfield.limits import Limits
from hounsfield.scanning.arrays import ArrowTable
from hounsfield.series.instances import COLUMNS, instances_of
from hounsfield.series.survey import Survey, VolumeFacts, survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.sources.entries import Entry

_compute = cast("Any", pc)
#: Reasons of ours that may pass, beside those of the system: the next scan sees what is there.
_CURED = ("not enough memory", NOT_FOUND, HAS_GONE, HAS_CHANGED)
_COUNTED = {"duplicate": "duplicates", "no volume": "no_volume", "unreadable": "unreadable", "not DICOM": "unreadable"}


def survey_of(rows: pa.Table, limits: Limits, real: RealPaths | None = None) -> Survey:
    """Return the volumes of some files, and what became of each of these, by the names that the catalog has.

    Parameters
    ----------
    rows
        Their rows in a catalog, with `COLUMNS` of `hounsfield.series.instances`; those that identify patients may be
        missing.
    limits
        What opening one may cost.
    real
        Finds the files, where their names in the rows are not their own.
    """
    entries = _called(rows["path"].to_pylist(), entries_of(rows)) if real is None else real.entries(rows)
    table = ArrowTable(as_in_the_file(with_columns(rows, COLUMNS)))
    return survey(instances_of(entries, table, limits), limits, "split", Tolerances())


def _called(paths: Sequence[str], entries: Sequence[Entry]) -> list[Entry]:
    """Return files by the names that the catalog has: others may not be text."""
    return [
        entry if entry.name == path else Entry(path, entry.path, entry.problem, entry.opens)
        for path, entry in zip(paths, entries, strict=True)
    ]


def as_in_the_file(rows: pa.Table) -> pa.Table:
    """Return rows without what a scan adds: Number of Frames of images that do not say it."""
    frames = rows["NumberOfFrames"]
    at = rows.schema.get_field_index("NumberOfFrames")
    said = _compute.if_else(_compute.equal(frames, 1), pa.scalar(None, frames.type), frames)
    return rows.set_column(at, rows.schema.field(at), said)


def with_columns(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return rows with all of some columns: without values where the catalog does not have them."""
    for name in names:
        if name not in rows.schema.names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
    return rows


def tables_of(
    rows: pa.Table, limits: Limits, connection: Any, real: RealPaths | None = None, *, phi: bool = True
) -> SeriesTables:
    """Return what is known of some series.

    Parameters
    ----------
    rows
        All rows of these series, with ``key``; members of an archive in the order in which they are in it.
    limits
        What opening one of their files may cost.
    connection
        Of DuckDB.
    real
        As in `survey_of`.
    phi
        False for a catalog without what identifies patients.
    """
    # Which of several files is the copy of another follows from the order of a walk.
    rows = rows.take(pa.array(walk_order(rows["path"].to_pylist(), rows["archive"].to_pylist())))
    surveyed = survey_of(rows, limits, real)
    found, keys = _Tables(rows, surveyed, phi), rows["key"].to_pylist()
    again = {keys[index] for index, why in surveyed.instances.failures.items() if may_pass(why) or why in _CURED}
    tables = {name: pa.Table.from_pylist(of, SCHEMAS[name]) for name, of in found.rows.items()}
    return SeriesTables(tables | {"series": _series(rows, found.counts, connection)}, frozenset(again))


@dataclass(frozen=True)
class SeriesTables:
    """The tables of some series.

    Attributes
    ----------
    tables
        As those of `SCHEMAS`.
    again
        Keys of series of which a file could not be opened, for a reason that may pass.
    """

    tables: dict[str, pa.Table]
    again: frozenset[str]


class _Tables:
    """The tables of a survey, and the counts of each series."""

    def __init__(self, rows: pa.Table, surveyed: Survey, phi: bool) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS if name != "series"}
        self.counts: defaultdict[str, dict[str, Any]] = defaultdict(lambda: {"split_by": []})
        self._keys: list[str] = rows["key"].to_pylist()
        uids = rows["SeriesInstanceUID"].to_pylist()
        self._uids = dict(zip(self._keys, uids, strict=True))
        self._phi = phi
        self._add_volumes(surveyed)
        self._add_outcomes(surveyed)

    def _add(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        self.rows[table].append({"key": key, "SeriesInstanceUID": self._uids[key], **row})

    def _count(self, key: str, name: str, more: int = 1) -> None:
        self.counts[key][name] = self.counts[key].get(name, 0) + more

    def _add_volumes(self, surveyed: Survey) -> None:
        numbers = Counter[str]()
        places: list[tuple[str, int]] = []
        files = surveyed.instances.rows.file
        for made, facts in zip(surveyed.stacks, surveyed.facts, strict=True):
            key = self._keys[int(files[made.members[0]])]
            space = surveyed.instances.rows.text("FrameOfReferenceUID", int(made.members[0]))
            first = surveyed.instances.entries[int(files[made.members[0]])].name
            places.append((key, numbers[key]))
            more = {"FrameOfReferenceUID": space or None, "volume": numbers[key], "first_file": first}
            self._add("volumes", key, {**_volume_row(facts, self._phi), **more})
            self._count(key, "volumes")
            known = self.counts[key]["split_by"]
            known += [word for word in facts.split_by if word not in known]
            numbers[key] += 1
        for gap in surveyed.report.missing:
            key, before = places[gap.volumes[0]]
            row = gap.to_dict() | {"missing": gap.count, "message": str(gap)}
            self._add("gaps", key, row | {"volume_before": before, "volume_after": places[gap.volumes[1]][1]})
            self._count(key, "gaps")
            self._count(key, "missing_slices", gap.count)
            self.counts[key]["mixed_spacing"] = self.counts[key].get("mixed_spacing", False) or not gap.count

    def _add_outcomes(self, surveyed: Survey) -> None:
        of_path = dict(zip((entry.name for entry in surveyed.instances.entries), self._keys, strict=True))
        for conflict in surveyed.report.conflicts:
            for key in dict.fromkeys(of_path[path] for path in conflict.paths):
                self._add("conflicts", key, {"paths": list(conflict.paths), "detail": conflict.detail})
                self._count(key, "conflicts")
        for key, file in zip(self._keys, surveyed.report.files, strict=True):
            if file.outcome != "volume" or file.detail:
                row = {"path": file.path, "outcome": file.outcome, "detail": file.detail or None}
                self._add("outcomes", key, row | {"copy_of": file.copy_of or None})
            if file.outcome in _COUNTED:
                self._count(key, _COUNTED[file.outcome])


def _volume_row(facts: VolumeFacts, phi: bool) -> dict[str, Any]:
    told = facts.to_dict(phi=phi)
    names = ("StudyInstanceUID", "PatientID", "Modality", "SeriesNumber", "SeriesDescription", "files", "split_by")
    return {
        **{name: told.get(name) for name in names},
        "slices": facts.shape[0],
        "Rows": facts.shape[1],
        "Columns": facts.shape[2],
        "spacing_mm": told["spacing_mm"],
        "affine": None if facts.affine is None else facts.affine.ravel().tolist(),
        "separated_by": json.dumps(told["separated_by"]),
        "steps": json.dumps(told["steps"]),
    }


def _series(rows: pa.Table, counts: Mapping[str, Mapping[str, Any]], connection: Any) -> pa.Table:
    """Return the series of rows: what the index of Imaging Data Commons has of them, and what was counted."""
    batch = with_columns(rows, NEEDED).append_column("n", pa.array(np.arange(rows.num_rows)))
    connection.register("batch", batch)
    # Both by the same keys: those without slices on a line have no values in the second.
    sql = f"SELECT * FROM ({FACTS}) LEFT JOIN ({GEOMETRY}) USING (key) ORDER BY first"  # noqa: S608  our queries
    table = connection.sql(sql).to_arrow_table()
    connection.unregister("batch")
    table = _named(_named(table, "SOPClassUID", "sop_class_name"), "TransferSyntaxUID", "transfer_syntax_name")
    keys = table["key"].to_pylist()
    for name, type_ in COUNTS.items():
        none: Any = False if pa.types.is_boolean(type_) else [] if pa.types.is_list(type_) else 0
        values = [counts.get(key, {}).get(name, none) for key in keys]
        table = table.append_column(name, pa.array(values, type_))
    return table.select(SCHEMAS["series"].names).cast(SCHEMAS["series"])


def _named(table: pa.Table, column: str, name: str) -> pa.Table:
    """Add the names of what UIDs stand for."""
    texts = table[column].to_pylist()
    names = [None if text is None else ",".join(uid_name(uid) or uid for uid in text.split(",")) for text in texts]
    return table.append_column(name, pa.array(names, pa.string()))
