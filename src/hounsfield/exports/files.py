"""Files written whole or not at all."""

from __future__ import annotations

import filecmp
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hounsfield.errors import HounsfieldError, OutputError
from hounsfield.sources.folders import PART
from hounsfield.sources.local import reason

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
    with whole_file(path, force=force) as temporary:
        temporary.write_bytes(data)


@contextmanager
def whole_file(path: Path, *, force: bool = False) -> Generator[Path]:
    """Give a temporary file to write to; it takes its place when the block ends well, and goes when it does not.

    For content that is too large to be held in memory as a whole; otherwise as `write_whole`.

    Raises
    ------
    OutputError
        Another file is there and `force` is False, or the system refuses, also inside the block.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.{RUN_TOKEN}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if not path.exists() or force:
            os.replace(temporary, path)
        elif not filecmp.cmp(temporary, path, shallow=False):  # the same run again finds what was asked for
            raise OutputError(
                "exists already; it is kept (use --force, or force=True, to replace it)", source=str(path)
            )
    except OSError as error:
        if isinstance(error, HounsfieldError):
            raise
        raise OutputError(f"cannot be written: {reason(error)}", source=str(path)) from None
    finally:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what an interrupted run of this process or its workers left half-written below a folder."""
    for left in folder.rglob(f".*.{RUN_TOKEN}{PART}"):
        left.unlink(missing_ok=True)
