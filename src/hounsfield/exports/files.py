"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hounsfield.errors import OutputError
from hounsfield.sources.local import reason

#: Temporary files have this ending; whoever stops a run half-way may remove them.
PART = ".hu-part"
_RUN_VARIABLE = "HOUNSFIELD_RUN"
#: One for each process and the workers it starts, so that their leftovers can be told from another run's.
RUN_TOKEN = os.environ.get(_RUN_VARIABLE) or secrets.token_hex(6)


def share_token() -> None:
    """Hand the token to processes that are started from now on."""
    os.environ[_RUN_VARIABLE] = RUN_TOKEN


def write_whole(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a file by way of a temporary one beside it, so that no reader ever sees half of it.

    Parameters
    ----------
    path
        The file; its folders are made.
    data
        Its content.
    force
        Replace a file that exists. One with this very content is left as it is.

    Raises
    ------
    OutputError
        Another file is there and `force` is False, or the system refuses.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.{RUN_TOKEN}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not force:
            if path.read_bytes() == data:
                return  # the same run again: what is there is what was asked for
            raise OutputError(
                "exists already; it is kept (use --force, or force=True, to replace it)", source=str(path)
            )
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"cannot be written: {reason(error)}", source=str(path)) from None
    finally:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what an interrupted run of this process or its workers left half-written below a folder."""
    for left in folder.rglob(f".*.{RUN_TOKEN}{PART}"):
        left.unlink(missing_ok=True)
