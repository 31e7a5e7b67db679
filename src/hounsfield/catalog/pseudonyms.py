"""Names in catalogs: paths and UIDs as they are, or others in their place, the same ones every time.

Who has the secret of a catalog can find out which file a row is of, and who has not cannot: not even by trying names.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import hmac
import os
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.catalog.manifest import SECRET, sync_folder
from hounsfield.catalog.pieces import Piece
from hounsfield.errors import FormatError, OutputError
from hounsfield.headers.privacy import is_free_text
from hounsfield.scanning.columns import FILE_COLUMNS, column
from hounsfield.scanning.table import path_array
from hounsfield.sources.files import reason
from hounsfield.sources.folders import PART
from hounsfield.text import name_text

#: Bytes of a secret; hexadecimal digits of a part of a path.
_SECRET_BYTES, _DIGITS = 32, 16
#: So the standard's own UIDs begin, of classes of objects and of encodings.
_STANDARD = "1.2.840.10008."


class Names:
    """Names as they are."""

    secret = b""

    def paths(self, paths: Sequence[str]) -> list[str]:
        """Return the texts of paths, as rows have them."""
        return path_array(paths).to_pylist()

    def hidden(self, rows: pa.Table) -> pa.Table:
        """Return rows with the names that the catalog has."""
        return rows

    def folder(self, path: str) -> str:
        """Return the text of a folder's path."""
        return name_text(path)

    def key(self, piece: Piece) -> tuple[str, int]:
        """Return what a piece is known by: the text of its folder, and its number there."""
        return piece.written or self.folder(piece.folder), piece.part

    def below(self, path: str) -> str:
        """Return how the paths begin of what is below a folder."""
        return os.path.join(self.folder(path), "")

    def digest(self, piece: Piece) -> bytes:
        """Return the digest of a piece."""
        return piece.digest(self.secret)

    def times(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the times of files as rows have them: others, as soon as a file has changed."""
        return times


@dataclass(frozen=True)
class Pseudonyms(Names):
    """Other names, made with a secret.

    Attributes
    ----------
    secret
        What they are made with.
    """

    secret: bytes = b""
    _known: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    def paths(self, paths: Sequence[str]) -> list[str]:
        """Return other paths: folders stay folders, and what lies in them stays in them."""
        return [self._path(path) for path in super().paths(paths)]

    def folder(self, path: str) -> str:
        """Return the other path of a folder."""
        return self.paths([path])[0]

    def below(self, path: str) -> str:
        """Return how the paths begin of what is below a folder."""
        return self.folder(path).rstrip("/") + "/"

    def _path(self, path: str) -> str:
        head, _, name = path.rstrip(os.sep).rpartition(os.sep)
        if head not in self._known:
            if len(self._known) > 2**16:
                self._known.clear()
            self._known[head] = self._path(head) if head else ""
        return f"{self._known[head]}/{self._of('path', path)[:_DIGITS]}" if name else ""

    def times(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return numbers in the place of times, which tell when a patient was there."""
        return np.array([int(self._of("time", str(time))[:15], 16) for time in times.tolist()], np.int64)

    def hidden(self, rows: pa.Table) -> pa.Table:
        """Return rows with other paths and UIDs."""
        for index, name in enumerate(rows.schema.names):
            type_ = rows.schema.field(index).type
            if name == "path":
                rows = rows.set_column(
                    index, rows.schema.field(index), pa.array(self.paths(rows[name].to_pylist()), type_)
                )
            elif is_mapped(name) or _is_uid(name):
                kept = "" if is_mapped(name) else _STANDARD
                values = [self._uids(value, kept) for value in rows[name].to_pylist()]
                rows = rows.set_column(index, rows.schema.field(index), pa.array(values, type_))
        return rows

    def _uids(self, value: str | list[str] | None, kept: str) -> str | list[Any] | None:
        """Return other UIDs, but those that begin in a way of which anybody's do."""
        if isinstance(value, list):
            return [self._uids(one, kept) for one in value]
        return value if value is None or (kept and value.startswith(kept)) else self._uid(value)

    def _uid(self, uid: str) -> str:
        """Return another UID, as those are made that follow from a UUID (PS3.5 B.2)."""
        return f"2.25.{int(self._of('UID', uid)[:32], 16)}"

    def _of(self, kind: str, text: str) -> str:
        return hmac.digest(self.secret, f"{kind}\0{text}".encode(), "sha256").hex()


def _is_uid(name: str) -> bool:
    return name not in (*FILE_COLUMNS, "path", "issues", "error") and column(name).vr == "UI"


def is_mapped(name: str) -> bool:
    """Return whether a column has UIDs that name a patient's things: another one stands in the place of each."""
    if name in (*FILE_COLUMNS, "path", "issues", "error"):
        return False
    wanted = column(name)
    return wanted.vr == "UI" and wanted.identifies


def without_identity(names: Sequence[str], known: Collection[str]) -> list[str]:
    """Return those of the columns that may be in a catalog without what identifies patients.

    Parameters
    ----------
    names
        The columns.
    known
        Those of every catalog: of others texts in people's own words are left out, too.
    """
    return [name for name in names if name in FILE_COLUMNS or is_mapped(name) or _tells_nothing(name, name in known)]


def _tells_nothing(name: str, known: bool) -> bool:
    wanted = column(name)
    return not wanted.identifies and (known or not is_free_text(wanted.tag, wanted.vr))


def secret_file(folder: Path) -> Path:
    """Return the file of a catalog's secret."""
    return folder / SECRET


def names_of(folder: Path, *, phi: bool, make: bool = False) -> Names:
    """Return how names are written in a catalog.

    Parameters
    ----------
    folder
        The catalog.
    phi
        Whether names stay as they are.
    make
        Make a secret where there is none yet.

    Raises
    ------
    FormatError
        The secret is missing or cannot be read.
    OutputError
        It cannot be written.
    """
    if phi:
        return Names()
    path = secret_file(folder)
    try:
        if make and not path.exists():
            _make_secret(path)
        return Pseudonyms(bytes.fromhex(path.read_text("ascii")))
    except FileNotFoundError:
        why = "the catalog's secret is missing: what is scanned now could not be told to be the same as before"
        raise FormatError(why, source=str(path)) from None
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "this is not the secret of a catalog"
        raise FormatError(why, source=str(path)) from None


def _make_secret(path: Path) -> None:
    temporary = path.parent / f".{secrets.token_hex(8)}{PART}"
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:  # somebody else was quicker
            return
        except (OSError, NotImplementedError):  # a file system without links
            os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise OutputError(reason(error), source=str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)
