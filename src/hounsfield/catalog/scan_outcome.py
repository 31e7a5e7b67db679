"""How a scan into a catalog goes on, and what it has done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class CatalogProgress:
    """The progress of a scan into a catalog.

    Attributes
    ----------
    done, found
        Files whose rows are ready, those that were found so far, and
    bytes_done, bytes_found
        how large they are.
    complete
        Whether what was found is all.
    """

    done: int
    found: int
    bytes_done: int
    bytes_found: int
    complete: bool


@dataclass
class Scanned:
    """The work of a scan into a catalog.

    Attributes
    ----------
    files, bytes
        Files that are there, and how large they are.
    new, changed
        Those that were opened: the catalog did not have them, or as they were before.
    unchanged
        Those that were not opened, since the catalog has them.
    returned
        Of these, those that had vanished before.
    vanished
        Rows whose file is not there any more; they stay, and say since when.
    moved
        Rows that are not there any more, since their file is elsewhere now.
    errors
        Reasons why files could not be read that were opened, and how many.
    missing
        Folders and files that were to be scanned, and are not there: their rows stay as they are.
    catalogs
        Folders that were left out, with all that is in them, since they are catalogs.
    rows
        Rows in the catalog afterwards.
    repeated
        SOP Instance UIDs that are in more than one file of the catalog, and
    conflicting
        those of them whose files disagree: in the series, the study, the patient, the matrix …
    secret
        The file that connects a catalog without what identifies patients with the files.
    """

    files: int = 0
    bytes: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    returned: int = 0
    vanished: int = 0
    moved: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])
    missing: list[str] = field(default_factory=list[str])
    catalogs: list[str] = field(default_factory=list[str])
    rows: int = 0
    repeated: int = 0
    conflicting: int = 0
    secret: str | None = None


@dataclass
class ScanListener:
    """Functions that are told how a scan goes on.

    Attributes
    ----------
    progress
        Is told how far it has come.
    failed
        Is told of files that could not be read: path, and reason.
    derived
        Is told of how many files the series have been looked at, and of how many they will be.
    """

    progress: Callable[[CatalogProgress], None] | None = None
    failed: Callable[[str, str], None] | None = None
    derived: Callable[[int, int], None] | None = None
