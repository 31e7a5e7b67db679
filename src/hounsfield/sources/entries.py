"""One file of a collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hounsfield.errors import SourceError
from hounsfield.limits import Limits
from hounsfield.sources.files import open_file
from hounsfield.sources.source import Source

#: As messages call standard input.
STDIN = "<stdin>"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a collection, wherever it is.

    Attributes
    ----------
    name
        For messages and reports: ``folder/a.dcm``, ``archive.zip/dir/a.dcm``, ``s3://bucket/a.dcm``. No path to write
        to: it may hold ``..``.
    path
        What the system can open; None of members of archives, of remote files, and of what has a problem.
    problem
        Why it is known not to be readable; ``""`` where that shows when it is opened.
    opens
        Opens it; None where the system does, by its path.
    check
        Raises a SourceError where it is not what it was when it was listed; None where only opening it tells.
    """

    name: str
    path: str | None = None
    problem: str = ""
    opens: Callable[[Limits], Source] | None = field(default=None, repr=False, compare=False)
    check: Callable[[], None] | None = field(default=None, repr=False, compare=False)

    @property
    def is_of_standard_input(self) -> bool:
        """True where it came in by standard input, which only this process can read."""
        return self.path is None and (self.name == STDIN or self.name.startswith(f"{STDIN}/"))

    @property
    def changed(self) -> str:
        """The reason why it is not what it was when it was listed; ``""`` where nothing is known against it."""
        try:
            if self.check is not None:
                self.check()
        except SourceError as error:
            return error.message
        return ""

    def open(self, limits: Limits) -> Source:
        """Open it; each time anew, from any thread.

        Raises
        ------
        SourceError
            It cannot be opened or read, or has changed since it was listed.
        LimitExceededError
            It takes more than the limits allow.
        """
        if self.problem:
            raise SourceError(self.problem, source=self.name)
        if self.opens is not None:
            return self.opens(limits)
        return open_file(self.path or "")
