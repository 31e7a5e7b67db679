"""Whose the names in an output folder are: a later run adds to them, and replaces only what is of the same volume."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hounsfield.series.naming import Named

#: One line for each name that was given away; the first one of a name counts. It holds hashes, and nothing of a header
#: that is not in the names themselves.
RECORD = ".hounsfield-names.jsonl"


def claim(folder: Path, named: Named) -> str:
    """Return the stem that a volume has in a folder, and note that it is its own.

    It is the one that it had there before; else its name, or that with its hash where the name is of another volume, or
    of files that nobody knows.

    Parameters
    ----------
    folder
        The output folder.
    named
        The name, and what it is of.
    """
    given = list(_read(folder))
    candidates = list(dict.fromkeys([named.stem, named.apart, f"{named.plain}-{named.digest}"]))
    for stem, plain, digest in given:
        if (plain, digest) == (named.plain, named.digest) and stem in (named.plain, *candidates):
            return stem
    for stem in candidates[:-1]:
        owner = _owner(given, stem)
        if owner is None and not _is_there(folder / stem):
            try:
                _append(folder, stem, named)
            except OSError:
                return stem  # whoever writes there says why that fails
            owner = _owner(list(_read(folder)), stem)
        if owner == named.digest:
            return stem
    return candidates[-1]


def _owner(given: list[tuple[str, str, str]], stem: str) -> str | None:
    from hounsfield.series.naming import same_name

    wanted = same_name(stem)
    return next((digest for known, _, digest in given if same_name(known) == wanted), None)


def _is_there(stem: Path) -> bool:
    """Return whether something is there that is called so, whatever its ending."""
    from hounsfield.series.naming import same_name

    start = same_name(stem.name) + "."
    try:
        return any(same_name(name).startswith(start) for name in os.listdir(stem.parent))
    except OSError:
        return False


def _read(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield stem, name without hash, and digest; lines that are none are passed over."""
    try:
        lines = (folder / RECORD).read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
            yield str(entry["name"]), str(entry["plain"]), str(entry["of"])
        except (ValueError, TypeError, KeyError):
            continue


def _append(folder: Path, stem: str, named: Named) -> None:
    """Add a line; in one piece, so that several processes may do so at once."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"name": stem, "plain": named.plain, "of": named.digest}) + "\n"
    file = os.open(folder / RECORD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
