"""Counts of SOP Instance UIDs that are in more than one file, as a manifest has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from hounsfield.catalog.shard_facts import Shard, safe_name

#: Attributes that are the same in copies of one instance, however they are compressed.
SAME = (
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "PatientID",
    "SOPClassUID",
    "Modality",
    "InstanceNumber",
    "FrameOfReferenceUID",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
)


@dataclass(frozen=True)
class RepeatedUids:
    """SOP Instance UIDs that are in more than one file.

    Attributes
    ----------
    of
        `digest_of` the rows that were counted.
    uids, files
        How many there are, and in how many files.
    conflicting
        Of how many the files disagree: in the series, the study, the patient, the matrix …
    counted
        The shards that were counted, and the pieces of each that were not.
    """

    of: str
    uids: int = 0
    files: int = 0
    conflicting: int = 0
    counted: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def for_shards(self, shards: Sequence[Shard]) -> RepeatedUids:
        """Return the same counts, as those of the rows of other shards."""
        counted = tuple((shard.name, shard.dead) for shard in shards)
        return replace(self, of=digest_of([shard.state for shard in shards]), counted=counted)


def digest_of(states: Sequence[str]) -> str:
    """Return a short text that follows from the states of shards: `Manifest.rows_state`."""
    return sha256("\n".join(states).encode()).hexdigest()[:32]


def repeated_of(document: dict[str, Any] | None) -> RepeatedUids | None:
    """Return the counts that a manifest has; None of an older one."""
    if document is None:
        return None
    uids, files, conflicting = (int(document[name]) for name in ("uids", "files", "conflicting"))
    counted = tuple((safe_name(name), tuple(map(int, dead))) for name, dead in document.get("counted", ()))
    return RepeatedUids(str(document["of"]), uids, files, conflicting, counted)
