"""Ready questions to a catalog: each has a name, says what it asks, and prints its SQL."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from hounsfield.catalog.described import column_words
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.ready_sql import READY
from hounsfield.errors import FormatError
from hounsfield.text import printable, suggestion

_OPTIONAL = re.compile(r"^(.*?) *--\? (\w+)\n", re.MULTILINE)
#: Columns without which a question makes no sense; catalogs without what identifies patients do not have these.
_NEEDS = {
    "dates": ("StudyDate",),
    "oldest-newest": ("StudyDate",),
    "patients": ("PatientID",),
    "protocols": ("ProtocolName",),
}


@dataclass(frozen=True)
class ReadyQuestion:
    """A question that need not be written.

    Attributes
    ----------
    name
        What it is called.
    about
        What it asks.
    columns
        Columns of the answer, and what they are.
    needs
        Columns that the catalog has to have.
    """

    name: str
    about: str
    columns: dict[str, str]
    needs: tuple[str, ...]
    _sql: str

    def sql(self, columns: Collection[str] | None = None) -> str:
        """Return its SQL.

        Parameters
        ----------
        columns
            Columns of the catalog; by default all that there may be.
        """

        def kept(match: re.Match[str]) -> str:
            return f"{match[1]}\n" if columns is None or match[2] in columns else ""

        return _OPTIONAL.sub(kept, self._sql)

    def sql_for(self, manifest: Manifest) -> str:
        """Return its SQL for a catalog.

        Raises
        ------
        FormatError
            The catalog does not have a column that is needed.
        """
        missing = [name for name in self.needs if name not in manifest.columns]
        if missing:
            why = "" if manifest.phi else ", since it is without what identifies patients"
            raise FormatError(f"{self.name} needs {', '.join(missing)}, which the catalog does not have{why}")
        return self.sql(manifest.columns)

    def commented(self, sql: str) -> str:
        """Return SQL with what is asked, and what its columns are, before it."""
        lines = [f"-- {self.name}: {self.about}", *(f"--   {name}: {words}" for name, words in self.columns.items())]
        return "\n".join(lines) + sql.rstrip() + "\n"


def questions() -> list[ReadyQuestion]:
    """Return the questions, in the order in which they are told of."""
    return [ready(one[0]) for one in READY]


def ready(name: str) -> ReadyQuestion:
    """Return a question by its name.

    Raises
    ------
    FormatError
        There is none of this name.
    """
    for known, about, columns, sql in READY:
        if known == name:
            words = {column: column_words(column) for column in columns}
            return ReadyQuestion(name, about, words, _NEEDS.get(name, ()), sql)
    near = suggestion(name, [one[0] for one in READY])
    raise FormatError(f"{printable(name[:64])} is no ready question{near}")
