"""The volumes of a catalog's series: what reading them would say, from rows, and no file is opened again.

Only files of several frames, of mosaics, and those that claim to be the same slice have to be looked at once more.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from functools import partial
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from hounsfield.limits import Limits
from hounsfield.scanning.arrays import ArrowTable
from hounsfield.series.instances import instances_of
from hounsfield.series.survey import Survey, survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.sources.collection import open_collection
from hounsfield.sources.entries import Entry
from hounsfield.sources.source import Source

_compute = cast("Any", pc)


def survey_of(rows: pa.Table, limits: Limits) -> Survey:
    """Return the volumes of some files, and what became of each of these.

    Parameters
    ----------
    rows
        Their rows in a catalog, with `COLUMNS` of `hounsfield.series.instances`.
    limits
        What opening one may cost.
    """
    archives = rows["archive"].to_pylist()
    entries = [
        Entry(path, path) if archive is None else Entry(path, opens=partial(_open_member, path))
        for path, archive in zip(rows["path"].to_pylist(), archives, strict=True)
    ]
    instances = instances_of(entries, ArrowTable(as_in_the_file(rows)), limits)
    return survey(instances, limits, "split", Tolerances())


def _open_member(path: str, limits: Limits) -> Source:
    with open_collection(path, limits) as collection:
        return next(iter(collection)).open(limits)


def as_in_the_file(rows: pa.Table) -> pa.Table:
    """Return rows without what a scan adds: Number of Frames of images that do not say it."""
    frames = rows["NumberOfFrames"]
    at = rows.schema.get_field_index("NumberOfFrames")
    said = _compute.if_else(_compute.equal(frames, 1), pa.scalar(None, frames.type), frames)
    return rows.set_column(at, rows.schema.field(at), said)
