"""Files that were found in a catalog, and the slices in them: from rows, without walking or opening them again."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from hounsfield.catalog.deriving import as_in_the_file
from hounsfield.catalog.row_files import FILE_OF_ROW, entries_of
from hounsfield.limits import Limits
from hounsfield.scanning.arrays import ArrowTable
from hounsfield.series.instances import COLUMNS, Instances, instances_of
from hounsfield.sources.entries import Entry

#: Columns of the rows by which slices become volumes.
SLICE_COLUMNS = tuple(dict.fromkeys((*FILE_OF_ROW, *COLUMNS, "issues", "error")))


@dataclass(frozen=True)
class FoundFiles:
    """Files that were found in a catalog.

    Attributes
    ----------
    rows
        Their rows, with the columns `SLICE_COLUMNS`.
    """

    rows: pa.Table

    @cached_property
    def entries(self) -> list[Entry]:
        """The files, one for each row."""
        return entries_of(self.rows)

    def instances(self, limits: Limits) -> Instances:
        """Return the slices in them; only files of several frames, and odd ones, are opened for that.

        Parameters
        ----------
        limits
            What opening one may cost.
        """
        return instances_of(self.entries, ArrowTable(as_in_the_file(self.rows)), limits)

    def without(self, names: set[str]) -> FoundFiles:
        """Return those that are not called by any of some names."""
        if names.isdisjoint(entry.name for entry in self.entries):
            return self
        return FoundFiles(self.rows.filter(pa.array([entry.name not in names for entry in self.entries], pa.bool_())))
