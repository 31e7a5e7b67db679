"""The work of a job, by what its results depend on, so that those of another one are never taken for its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any


@dataclass(frozen=True)
class KeptJob:
    """The work of a job: results of another one are never taken for its own.

    Parameters
    ----------
    does
        In words.
    digest
        Of all that its results depend on, but for the inputs.
    measured
        Whether a command does it, as `rows_of` takes it.
    details
        Short digests of these things by their names: they tell in what another job is another.
    """

    does: str
    digest: str
    measured: bool = True
    details: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, does: str, *details: object, measured: bool = True, phi: bool = True) -> KeptJob:
        """Return what a job does, by what its results depend on; no digest of a detail where patients are hidden.

        Parameters
        ----------
        does
            In words.
        *details
            What its results depend on; in a dictionary by name.
        measured
            As it is taken.
        phi
            Whether patients may be told.
        """
        known = "\0".join(map(repr, details)).encode("utf-8", "surrogatepass")
        named = {name: one for detail in details if isinstance(detail, dict) for name, one in detail.items()}  # pyright: ignore
        return cls(does, _digest(known, 32), measured, dict(_short_digests(named)) if phi else {})

    def other_than(self, found: dict[str, Any]) -> str:
        """Return in what it is another than the job that was found, in words."""
        of = str(found.get("does") or "another job")[:200]
        before: Any = found.get("details")
        known: dict[str, Any] = before if isinstance(before, dict) else {}
        names = sorted(name for name, digest in self.details.items() if known.get(name, digest) != digest)
        if of != self.does or not names:
            return f"these are the results of another job ({of}), or of other options: name another folder"
        return f"these are the results of another job ({of}): {', '.join(names)} was another there; name another folder"


def content_of(path: str) -> str:
    """Return a digest of what is in a file that an option names; of a folder of the names, sizes and times in it.

    ``""`` where nothing can be read: whoever opens it says why.
    """
    try:
        if not os.path.isdir(path):
            with open(path, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        known = sorted(
            (os.path.relpath(one, path), os.stat(one).st_size, os.stat(one).st_mtime_ns)
            for folder, _, names in os.walk(path)
            for one in (os.path.join(folder, name) for name in names)
        )
    except OSError:
        return ""
    return _digest(repr(known).encode("utf-8", "backslashreplace"), 64)


def _digest(data: bytes, length: int) -> str:
    """Return so many hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:length]


def _short_digests(named: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in named.items():
        if is_dataclass(value):
            yield from _short_digests({one.name: getattr(value, one.name) for one in fields(value)})
        else:
            yield name.replace("_", "-"), _digest(repr(value).encode("utf-8", "surrogatepass"), 8)
