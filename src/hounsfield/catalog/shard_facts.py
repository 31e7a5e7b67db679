"""Facts on the files of a catalog, as a manifest has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256


@dataclass(frozen=True)
class Shard:
    """A file of rows, which never changes.

    Attributes
    ----------
    name
        Name of the file, which follows from what is in it.
    rows, bytes, pieces
        How large it is.
    vanished
        Rows in it whose file was gone when it was written.
    dead
        Numbers of its pieces whose rows do not count any more: later shards hold them.
    dead_rows
        Rows in those.
    """

    name: str
    rows: int
    bytes: int
    pieces: int
    vanished: int = 0
    dead: tuple[int, ...] = ()
    dead_rows: int = 0

    @property
    def state(self) -> str:
        """Short text that is another where other rows count."""
        return f"{self.name}-{sha256(repr(self.dead).encode()).hexdigest()[:16]}" if self.dead else self.name

    def without(self, pieces: dict[int, int]) -> Shard | None:
        """Return the same shard with pieces that do not count any more; None where none is left that does.

        Parameters
        ----------
        pieces
            Rows of each, by its number.
        """
        new = {number: rows for number, rows in pieces.items() if number not in self.dead}
        dead = tuple(sorted((*self.dead, *new)))
        if len(dead) == self.pieces:
            return None
        return replace(self, dead=dead, dead_rows=self.dead_rows + sum(new.values())) if new else self


@dataclass(frozen=True)
class Table:
    """A table that follows from the rows: ``series``, ``volumes`` and others; a file that never changes.

    Attributes
    ----------
    kind
        Its name in questions.
    name
        Name of the file, which follows from what is in it.
    rows, bytes
        How large it is.
    """

    kind: str
    name: str
    rows: int
    bytes: int


def safe_name(name: str) -> str:
    """Return a shard's name; a manifest from elsewhere must not lead out of the catalog's folder: ValueError."""
    if not re.fullmatch(r"[0-9a-f]{16,64}", name):
        raise ValueError("no name of a shard")
    return name
