"""What became of every file, and where slices are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from hounsfield.errors import needed_for
from hounsfield.text import counted, name_text

Outcome = Literal["volume", "duplicate", "no volume", "not DICOM", "unreadable"]
OUTCOMES: tuple[Outcome, ...] = ("volume", "duplicate", "no volume", "not DICOM", "unreadable")


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The outcome of one file.

    Attributes
    ----------
    path
        The file; of a member of an archive ``archive.zip/member``.
    outcome
        ``"volume"``: it is part of volumes. ``"duplicate"``: its pixels are those of another file at the same place,
        which is kept in its stead. ``"no volume"``: it is DICOM, but no image of slices. ``"not DICOM"``.
        ``"unreadable"``: it cannot be opened, or is damaged beyond reading.
    detail
        Why; ``""`` where the outcome says it all.
    volumes
        Indices of the volumes that it is part of.
    copy_of
        Of a duplicate, the file that is kept in its stead.
    no_image
        True of DICOM that is no image by its kind: a report, a document, a presentation state, a DICOMDIR.
    no_pixels
        True of DICOM without pixel data, of whatever kind.
    kind
        Of DICOM that is no image, what it is: ``"Basic Text SR"``; ``""`` where the standard has no name for it.
    """

    path: str
    outcome: Outcome
    detail: str = ""
    volumes: tuple[int, ...] = ()
    copy_of: str = ""
    no_image: bool = False
    no_pixels: bool = False
    kind: str = ""

    @property
    def is_lost(self) -> bool:
        """True where no image can come of it: it cannot be read, or has no pixels."""
        return self.outcome in ("not DICOM", "unreadable") or self.no_pixels

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary."""
        return {
            "path": self.path,
            "outcome": self.outcome,
            "detail": self.detail,
            "volumes": list(self.volumes),
            **({"copy_of": self.copy_of} if self.copy_of else {}),
        }


@dataclass(frozen=True)
class MissingSlices:
    """The places where the slices of a series are not at equal distances.

    Attributes
    ----------
    volumes
        Indices of the volumes before and after the gap: the same one where it was resampled.
    distance_mm
        From the last slice before to the first one after, along the normal.
    expected_mm
        The distance between neighbouring slices.
    positions
        x, y, z in LPS mm of the first pixel of each slice that is missing; none where the distance is no multiple of
        the one expected: then it varies, and nothing tells how many are missing.
    count
        How many are missing: more than there are positions only where there are more than 10,000.
    aside_mm
        How far the first slice after the gap lies beside the line of the others.
    """

    volumes: tuple[int, int]
    distance_mm: float
    expected_mm: float
    positions: tuple[tuple[float, float, float], ...] = ()
    count: int = 0
    aside_mm: float = 0.0

    def __str__(self) -> str:
        if not self.positions:
            return self._irregular()
        where = ", ".join(f"({', '.join(f'{v:.6g}' for v in position)})" for position in self.positions[:3])
        first = f", the first {min(3, len(self.positions))}" if self.count > 3 else ""
        return f"{counted(self.count, 'slice')} missing{first} at {where} mm"

    def _irregular(self) -> str:
        distance = f"{self.distance_mm:.6g}"
        if f"{self.distance_mm:.4g}" != f"{self.expected_mm:.4g}":
            return f"{distance} mm between slices instead of the usual {self.expected_mm:.6g}"
        if self.aside_mm > 1e-4:
            return f"{distance} mm between slices as usual, but displaced sideways by {self.aside_mm:.2g} mm"
        return f"the distance between slices, {distance} mm, changes gradually"

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary."""
        return {
            "volumes": list(self.volumes),
            "distance_mm": self.distance_mm,
            "expected_mm": self.expected_mm,
            "count": self.count,
            "aside_mm": self.aside_mm,
            "positions": [list(position) for position in self.positions],
        }


@dataclass(frozen=True)
class Conflict:
    """Files that contradict each other: one SOP Instance UID with different content, or one series of two patients.

    Attributes
    ----------
    paths
        The files; all of them are kept.
    detail
        In what they differ.
    """

    paths: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        more = f" and {len(self.paths) - 2} more" if len(self.paths) > 2 else ""
        return f"{', '.join(self.paths[:2])}{more}: {self.detail}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary."""
        return {"paths": list(self.paths), "detail": self.detail}


@dataclass(frozen=True)
class Report:
    """The outcome of every file that was walked: nothing is left out in silence.

    Attributes
    ----------
    files
        One for each file, in the order in which they were walked.
    missing
        Where slices are missing, or their distance changes.
    conflicts
        Files of the same SOP Instance UID with different content, and of one series but different patients.
    """

    files: tuple[FileOutcome, ...]
    missing: tuple[MissingSlices, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def counts(self) -> dict[Outcome, int]:
        """The number of files of each outcome; they add up to the number of files."""
        counts: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
        for file in self.files:
            counts[file.outcome] += 1
        return counts

    def of(self, outcome: Outcome) -> list[FileOutcome]:
        """Return the files of one outcome."""
        return [file for file in self.files if file.outcome == outcome]

    def table(self) -> list[list[str]]:
        """Return rows of outcome, path, volumes and detail, for those files that are not simply part of a volume."""
        told = [file for file in self.files if file.outcome != "volume" or file.detail]
        return [[f.outcome, f.path, _ranges(f.volumes), f.detail] for f in told]

    def to_pandas(self) -> Any:
        """Return the files as a `pandas.DataFrame`: a row for each, with path, outcome, detail, volumes and copy_of.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        with needed_for("a data frame", "pandas"):
            from pandas import DataFrame
        rows = [
            (name_text(file.path), file.outcome, file.detail, list(file.volumes), name_text(file.copy_of) or None)
            for file in self.files
        ]
        return DataFrame(rows, columns=["path", "outcome", "detail", "volumes", "copy_of"])

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary."""
        return {
            "counts": dict(self.counts),
            "files": [file.to_dict() for file in self.files],
            "missing": [gap.to_dict() for gap in self.missing],
            "conflicts": [conflict.to_dict() for conflict in self.conflicts],
        }

    def __str__(self) -> str:
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in self.counts.items() if count)
        lines = [f"{len(self.files)} files: {outcomes or 'none'}"]
        lines += [f"volumes {a} and {b}: {gap}" if a != b else f"volume {a}: {gap}"
                  for gap in self.missing for a, b in (gap.volumes,)]  # fmt: skip
        lines += [f"conflict: {conflict}" for conflict in self.conflicts]
        lines += [f"{outcome}: {path}: {detail}" for outcome, path, _, detail in self.table()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return a table of the files that are not simply part of a volume, and what is missing."""
        said = ", ".join(f"{count} {outcome}" for outcome, count in self.counts.items() if count)
        rows = self.table()
        notes = [f"volumes {_ranges(sorted(set(gap.volumes)))}: {gap}" for gap in self.missing]
        notes += [f"conflict: {conflict}" for conflict in self.conflicts]
        notes += [f"{len(rows) - _SHOWN_ROWS} more files"] if len(rows) > _SHOWN_ROWS else []
        head = ("outcome", "file", "volumes", "detail")
        title = f"{len(self.files)} files: {said or 'none'}"
        show = import_module("hounsfield.figures.notebook").table_html
        return show(title, head, rows[:_SHOWN_ROWS], "; ".join(notes))


#: Files that are listed in a notebook.
_SHOWN_ROWS = 200


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers in a few words: 0, 2-5."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)
