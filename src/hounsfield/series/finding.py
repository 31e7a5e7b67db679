"""`read_volumes`: from a folder to the volumes in it, with an account of every file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from numpy.typing import DTypeLike

from hounsfield.errors import GeometryError, NotDicomError, SourceError
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.reading.frames import Wanted
from hounsfield.scanning.walking import Progress
from hounsfield.series.instances import Instances, read_instances
from hounsfield.series.stacking import GAPS, Gaps
from hounsfield.series.survey import survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.series.volumes import Volumes
from hounsfield.sources.collection import open_collection
from hounsfield.values.spaces import check_space

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True)
class Finding:
    """The way in which slices are put together to volumes, and in which these are read.

    Parameters
    ----------
    values, dtype, gaps, tolerances, verify, strict, limits
        As in `read_volumes`.

    Raises
    ------
    ValueError
        There are no such values, or no such `gaps`.
    """

    values: str = "modality"
    dtype: DTypeLike | None = None
    gaps: Gaps = "split"
    tolerances: Tolerances | None = None
    verify: bool = False
    strict: bool = False
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        if self.gaps not in GAPS:
            raise ValueError(f"gaps must be one of {', '.join(GAPS)}, not {self.gaps!r}")
        check_space(self.values)

    def volumes_in(self, instances: Instances, name: str) -> Volumes:
        """Return the volumes in files whose headers have been read.

        Parameters
        ----------
        instances
            What the headers say.
        name
            As messages call all of it.

        Raises
        ------
        SourceError, NotDicomError, GeometryError
            As `read_volumes`.
        """
        if not instances.entries:
            raise SourceError("there are no files", source=name)
        surveyed = survey(instances, self.limits, self.gaps, self.tolerances or Tolerances())
        outcome = surveyed.report.files[0]
        # Of a file that was named itself; those found in folders and archives stand in the report.
        if (len(instances.entries), outcome.path) == (1, name) and outcome.outcome in ("not DICOM", "unreadable"):
            kind = NotDicomError if outcome.outcome == "not DICOM" else SourceError
            raise kind(outcome.detail, source=outcome.path)
        if self.gaps == "refuse" and surveyed.report.missing:
            gap = surveyed.report.missing[0]
            raise GeometryError(f"slices are not at equal distances: {gap}", source=name)
        wanted = Wanted(check_space(self.values), self.dtype, self.verify, self.strict)
        return Volumes(surveyed, wanted, self.limits, name, range(len(surveyed.stacks)))


def read_volumes(  # noqa: PLR0913  what `read` takes, and how slices are put together
    source: Paths,
    *,
    values: str = "modality",
    dtype: DTypeLike | None = None,
    gaps: Gaps = "split",
    tolerances: Tolerances | None = None,
    verify: bool = False,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> Volumes:
    """Find the volumes in a folder, with an account of every file.

    Headers are read at once; pixels when a volume is asked for.

    Parameters
    ----------
    source
        A folder, which is walked to the bottom whatever its files are called; a file, a pattern, a zip or tar
        (compressed too), a DICOMDIR, a URL (with ``pip install "hounsfield[remote]"``), or a list of these. Archives
        are read where they are: nothing is unpacked to disk by name.
    values, dtype, verify
        As in `read`, of every volume.
    gaps
        What becomes of slices that are not at equal distances. ``"split"``: each regular run is a volume.
        ``"resample"``: they are interpolated to a regular grid, and `Volume.steps` says so. ``"refuse"``: an error.
    tolerances
        What counts as the same place; `Tolerances`.
    strict
        Refuse a volume that rests on an assumption, when it is read.
    limits
        Bounds on what a file, and a volume, may cost; ``limits.threads`` files are read at a time.
    progress
        Called with the `Progress` of reading the headers.

    Returns
    -------
    Volumes
        A sequence of `Volume`; its `report` says what became of every file, and where slices are missing.

    Raises
    ------
    SourceError, NotDicomError
        There are no files; or one only, and it cannot be read.
    GeometryError
        ``gaps="refuse"``, and slices are missing or at unequal distances.

    Warns
    -----
    AssumptionWarning
        When a volume is read for which something had to be assumed; `Volume.steps` says the same.

    Notes
    -----
    Slices belong together that share series, patient, SOP class, frame of reference, orientation, matrix and pixel
    spacing; localizers stand apart. What changes the meaning of values (echo, b-value, kernel, image type ...)
    separates wherever each of its values holds a run of slices. Where positions repeat, slices of identical pixels are
    copies, of which one is kept; others are told apart by whatever their headers say, and `Volume.separated_by` names
    what it was. The table of docs/volumes.md says which attributes are asked, in which order. Slices are sorted by
    their position along the normal (PS3.3 C.7.6.2.1.1), never by instance number or file name. Frames of multi-frame
    files follow the same rules, and so do the tiles of mosaics.

    Examples
    --------
    >>> import hounsfield as hu, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = hu.phantom(folder, matrix=64, slices=8, missing=(5,))
    ...     volumes = hu.read_volumes(folder)
    ...     volume = volumes[0]
    >>> volume
    Volume(5 x 64 x 64 int16 HU, axes (slice, row, column), spacing (5, 6, 6) mm)
    >>> print(volumes.report.missing[0])
    1 slice missing at (-189, -189, 7.5) mm
    """
    finding = Finding(values, dtype, gaps, tolerances, verify, strict, limits)
    with open_collection(source, limits, file_references) as collection:
        entries, name = list(collection), collection.name
    return finding.volumes_in(read_instances(entries, limits, limits.threads, progress), name)
