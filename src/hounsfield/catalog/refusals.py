"""Errors for files of a catalog that cannot be read: those that the system refuses are not damaged."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hounsfield.errors import FormatError, SourceError
from hounsfield.sources.files import reason

#: Said of what is missing, or is not what was written.
DAMAGED = "a file of the catalog is missing or damaged; hu catalog verify tells more"
#: What the system says where it does not give a file that is there: another time, or another user, it may.
_REFUSED = (
    "EACCES EPERM EIO EMFILE ENFILE ESTALE ETIMEDOUT ENETDOWN ENETUNREACH EHOSTDOWN EHOSTUNREACH ENOTCONN ECONNRESET"
).split()
_NUMBERS = frozenset(number for name in _REFUSED if (number := getattr(errno, name, None)) is not None)


def damage(error: Exception, folder: Path) -> FormatError | SourceError:
    """Return the error for what was raised when a file of a catalog was read.

    Parameters
    ----------
    error
        By the system, Arrow or DuckDB.
    folder
        The catalog.
    """
    return refusal(error, folder) or FormatError(DAMAGED, source=str(folder))


def refusal(error: Exception, source: Path) -> SourceError | None:
    """Return the error for what the system refuses; None of what is missing, or damaged.

    Parameters
    ----------
    error
        As in `damage`; DuckDB's tells only in words.
    source
        What is named.
    """
    if isinstance(error, SourceError):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        return SourceError(reason(error), source=str(source)) if error.errno in _NUMBERS else None
    said = str(error).split("\n\nLINE ")[0]
    number = next((one for one in sorted(_NUMBERS) if said.endswith(f": {os.strerror(one)}")), None)
    if number is None or "IO Error: " not in said:
        return None
    return SourceError(reason(OSError(number, os.strerror(number))), source=str(source))
