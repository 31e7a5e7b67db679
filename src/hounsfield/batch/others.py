"""Files that lie beside images in folders and archives, and were never meant to be one: told, but no failure."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import closing
from typing import TYPE_CHECKING

from hounsfield.errors import HounsfieldError, MissingAttributeError, NotDicomError, SourceError

if TYPE_CHECKING:
    from hounsfield.series.report import FileOutcome

#: Endings of DICOM files. What is called so and is none was an image once.
_IMAGE_ENDINGS = {".dcm", ".dicom", ".dic", ".ima", ".img", ".v2", ".acr"}
#: An ending that is none: the last component of a UID, a number.
_NUMBER = re.compile(r"\.\d*")
_NO_DICOM, _UNKNOWN, _EMPTY = "is not a DICOM file", "unknown content", "the file is empty"


def is_other(path: str, why: str) -> bool:
    """Return whether a file that cannot be read is no DICOM, and was never meant to be.

    What systems leave in folders (``.DS_Store``, ``__MACOSX/._a.dcm``), what has the ending of another kind of file,
    and what is another kind by its content. A file that is called like a DICOM file is missed, and so is one without an
    ending of which nothing tells what it is.

    Parameters
    ----------
    path
        Its name.
    why
        Why it cannot be read, as the error says.
    """
    if _NO_DICOM not in why and why != _EMPTY:
        return False
    parts = re.split(r"[\\/]", path)
    name = parts[-1]
    if name.startswith(".") or "__MACOSX" in parts:
        return True
    ending = os.path.splitext(name)[1].lower()
    if ending in _IMAGE_ENDINGS or why == _EMPTY:
        return False
    return not why.endswith(_UNKNOWN) or not (ending == "" or _NUMBER.fullmatch(ending))


def is_told_only(file: FileOutcome, named: Collection[str], *, volumes_only: bool = False) -> bool:
    """Return whether a file is to be told, but is no input that failed: no image, and not named itself.

    Where volumes are asked for only, it is told of every file without pixels.
    """
    if file.path in named:
        return False
    if file.outcome == "no volume":
        return file.no_image or (volumes_only and file.no_pixels)
    return file.outcome in ("not DICOM", "unreadable") and is_other(file.path, file.detail)


def is_told_problem(path: str, problem: HounsfieldError | None, named: Collection[str]) -> bool:
    """Like `is_told_only`, by the error that reading the file gave."""
    if path in named or problem is None:
        return False
    if isinstance(problem, MissingAttributeError):
        return problem.attribute == "PixelData" and not _has_image(path)
    return isinstance(problem, (NotDicomError, SourceError)) and is_other(path, problem.message)


def is_told_error(path: str, error_type: str, error: str, named: Collection[str]) -> bool:
    """Like `is_told_problem`, by what was kept of an error: its class, and its sentence."""
    if path in named:
        return False
    if error_type == MissingAttributeError.__name__:
        return "no pixel data" in error and not _has_image(path)
    kinds = (NotDicomError.__name__, SourceError.__name__)
    return error_type in kinds and is_other(path, error.removeprefix(f"{path}: "))


def _has_image(path: str) -> bool:
    from hounsfield.headers.classes import is_no_image
    from hounsfield.headers.dataset import open_header
    from hounsfield.limits import DEFAULT_LIMITS
    from hounsfield.sources.local import open_source

    try:
        with closing(open_source(path, DEFAULT_LIMITS)) as source:
            return not is_no_image(open_header(source, DEFAULT_LIMITS, lazy=True).header)
    except HounsfieldError:
        return True
