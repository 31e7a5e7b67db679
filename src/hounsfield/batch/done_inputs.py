"""The inputs of a part that are done: which are not to be done again, and which have been taken the place of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hounsfield.batch.input_keys import InputKeys
from hounsfield.batch.recorded_task import PASSING, KeptInput

#: Columns of rows by which an input that is done is known.
KNOWN_BY = ("key", "stamp", "slice_ends", "failure", "error_type", "error")


@dataclass
class DoneInputs:
    """The inputs of a part that are done.

    Attributes
    ----------
    stamps, ends
        By key.
    failures, errors
        Of those that failed: what it lies with; the class of the error, and the error.
    replaced
        Those that are no inputs any more.
    """

    ends: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    replaced: set[str] = field(default_factory=set[str])
    stamps: dict[str, str] = field(default_factory=dict[str, str])
    failures: dict[str, str] = field(default_factory=dict[str, str])
    errors: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    def add(self, known: Mapping[str, Any]) -> None:
        """Take a row of results, or a record."""
        key, failure = known["key"], known["failure"]
        self.stamps[key] = known["stamp"]
        self.ends[key] = tuple(known.get("slice_ends", known.get("ends")) or ())
        self.failures.pop(key, None)
        if failure is not None:
            self.failures[key] = failure
            self.errors[key] = (known["error_type"] or "", known["error"] or "")

    def replace_by(self, works: Mapping[str, KeptInput], secret: bytes) -> None:
        """Note which are no inputs any more since others have their first or last slice: a series that has grown."""
        owners = {end: key for key, ends in self.ends.items() if key not in works for end in ends}
        for work in works.values() if owners else ():
            self.replaced.update(owners[mark] for mark in InputKeys.of(work.item, secret).marks if mark in owners)

    def is_done(self, key: str, stamp: str, *, retry_failed: bool) -> bool:
        """Return whether an input is not to be done again."""
        failure = self.failures.get(key)
        again = failure is not None and (retry_failed or failure in PASSING)
        return self.stamps.get(key) == stamp and not again
