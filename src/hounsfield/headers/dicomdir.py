"""The files that a DICOMDIR names."""

from __future__ import annotations

from typing import Any, NamedTuple

from hounsfield.errors import LimitExceededError, MissingAttributeError
from hounsfield.header import Header
from hounsfield.headers.dataset import open_header
from hounsfield.limits import Limits
from hounsfield.sources.source import Source

#: Record In-use Flag of a record that is to be ignored (PS3.3 F.3.2.2).
_NOT_IN_USE = 0


class FileReference(NamedTuple):
    """A record of a DICOMDIR: the file that it names.

    Attributes
    ----------
    components
        The Referenced File ID: folders and file below the DICOMDIR's own folder, as they stand there. They are hostile
        text, and may lead anywhere.
    record_type
        ``"IMAGE"``, ``"SR DOCUMENT"``, ...; ``""`` where it is not said.
    """

    components: tuple[str, ...]
    record_type: str


def file_references(source: Source, limits: Limits) -> list[FileReference]:
    """Return what a DICOMDIR names, in the order of its records.

    Records stand in one flat sequence and are linked by offsets (PS3.3 F.3.2.2). The links tell the hierarchy, which
    the files themselves tell better; they are not followed, so that wrong ones, and circles of them, do no harm.
    Records that are not in use are left out.

    Parameters
    ----------
    source
        The DICOMDIR.
    limits
        `archive_members` bounds the files that it may name.

    Raises
    ------
    NotDicomError, DecodeError
        It cannot be read.
    MissingAttributeError
        It has no directory records.
    LimitExceededError
        It names too many files.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from hounsfield.limits import DEFAULT_LIMITS
    >>> from hounsfield.sources.local import open_source
    >>> with open_source(get_testdata_file("DICOMDIR"), DEFAULT_LIMITS).stream as stream:
    ...     source = open_source(stream, DEFAULT_LIMITS)
    >>> found = file_references(source, DEFAULT_LIMITS)
    >>> len(found), found[0]
    (31, FileReference(components=('77654033', 'CR1', '6154'), record_type='IMAGE'))
    """
    header = open_header(source, limits).header
    records: Any = header.get("DirectoryRecordSequence")
    if not isinstance(records, (list, tuple)) or not records:
        detail = "the DICOMDIR has no directory records"
        raise MissingAttributeError(detail, source=source.name, attribute="DirectoryRecordSequence")
    references: list[FileReference] = []
    for record in records:  # pyright: ignore[reportUnknownVariableType]
        components = _components(record) if isinstance(record, Header) else ()
        if components:
            kind = record.get("DirectoryRecordType")
            references.append(FileReference(components, kind if isinstance(kind, str) else ""))
        if len(references) > limits.archive_members:
            detail = f"names more than {limits.archive_members} files"
            raise LimitExceededError(detail, source=source.name)
    return references


def _components(record: Header) -> tuple[str, ...]:
    if record.get("RecordInUseFlag") == _NOT_IN_USE:
        return ()
    value = record.get("ReferencedFileID")
    parts = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return tuple(part if isinstance(part, str) else "" for part in parts)
