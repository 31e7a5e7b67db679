"""Volumes and slices as data sets of PyTorch."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import DTypeLike

from hounsfield.catalog.catalog import Catalog
from hounsfield.errors import HounsfieldError, SourceError, needed_for
from hounsfield.recipes.reading import Reading, find_volumes
from hounsfield.series.finding import Finding
from hounsfield.series.report import FileOutcome, Report
from hounsfield.series.stacking import Gaps
from hounsfield.series.survey import VolumeFacts
from hounsfield.series.volumes import Volumes
from hounsfield.threads import THREADS_VARIABLE, thread_count
from hounsfield.training.skipping import Skipped
from hounsfield.training.training_items import ItemMaking, MaskLike
from hounsfield.volume import Volume

with needed_for("data sets for training", "torch"):
    _data: Any = import_module("torch.utils.data")

#: What is called so and is no DICOM was an image once.
_ENDINGS = (".dcm", ".dicom", ".ima")
#: Whatever holds the volumes.
Source = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | Catalog | Volumes


class _OfVolumes(_data.Dataset):
    """A data set whose items come from volumes."""

    def __init__(
        self, volumes: Volumes, making: ItemMaking, transform: Callable[[Any], Any] | None, on_error: str
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error must be raise or skip, not {on_error!r}")
        self._volumes, self._making, self._transform, self._on_error = volumes, making, transform, on_error
        lost = [file for file in volumes.report.files if _is_lost(file)]
        if lost and on_error == "raise":
            more = f"; and {len(lost) - 1} more" if len(lost) > 1 else ""
            raise SourceError(f"{lost[0].detail}{more} (on_error='skip' goes on without)", source=lost[0].path)
        #: What was found and cannot be read, before any item is.
        self.skipped: tuple[Skipped, ...] = tuple(Skipped(file.path, f"{file.path}: {file.detail}") for file in lost)

    @property
    def facts(self) -> list[VolumeFacts]:
        """The facts of each volume that are known before its pixels are read: for a split by patient, say."""
        return self._volumes.facts

    @property
    def report(self) -> Report:
        """The outcome of every file."""
        return self._volumes.report

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of items."""

    @abstractmethod
    def _read(self, index: int) -> dict[str, Any]:
        """Read an item."""

    @abstractmethod
    def _named(self, index: int) -> str:
        """Return what an item is of."""

    def __getitem__(self, index: int) -> Any:
        """Read an item; nothing of it is kept here, so that it may be changed."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"item {index} is out of range: there are {len(self)}, counted from 0")
        index %= len(self)
        try:
            item = self._read(index)
        except HounsfieldError as error:
            if self._on_error == "raise":
                raise
            return Skipped(self._named(index), str(error))
        return item if self._transform is None else self._transform(item)

    def _volume(self, place: int, start: int = 0, stop: int | None = None) -> Volume:
        volume = self._volumes.load(place, start, stop, threads=_threads())
        Reading().refuse_missing(volume.steps, volume.name)
        return volume


class VolumeDataset(_OfVolumes):
    """Volumes as a data set of PyTorch: an item for each, read when it is asked for.

    Parameters
    ----------
    source
        A folder, an archive, a catalog, ``"catalog?SELECT ..."``, or several; a `Catalog`; or `Volumes`, as of
        `hounsfield.read_volumes` and `hounsfield.choose`. Of paths and catalogs the volumes of several slices are
        taken, localizers excepted; of `Volumes` all.
    mask
        Adds a mask to items: the name of a tissue, as ``"lung"``; arguments of `hounsfield.mask`, as
        ``{"above": 300}``; or a function of a `Volume` that returns a mask of its shape.
    transform
        Is called with the item; what it returns is the item.
    spacing
        mm, one or (slice, row, column): volumes are resampled, as by `Volume.resample`.
    shape
        (slice, row, column): volumes are cropped and padded about their middle, so that all have one shape. None in it
        leaves an axis as it is.
    padding
        Adds to items which voxels are no measurement.
    values, gaps, strict
        As in `hounsfield.read_volumes`; of `Volumes` they are what they are.
    dtype
        Type of the values: they are read into memory of that type, which the tensor shares. None: that of the files,
        int16 for most CT.
    on_error
        ``"raise"``: a file that cannot be read is an error. ``"skip"``: the item is a `Skipped`, which says why;
        `collate` leaves such out of batches, and lists them there. `skipped` has those that were found before.

    Attributes
    ----------
    skipped
        What was found in the source and cannot be read.

    Raises
    ------
    MissingDependencyError
        PyTorch is not installed.
    SourceError, NotDicomError, FormatError
        As `hounsfield.read_volumes`; and a file cannot be read.

    Notes
    -----
    Items are dictionaries:

    - ``image``: tensor (1, slice, row, column), float32, in HU for CT; (3, slice, row, column) in colour
    - ``mask``, ``padding``: bool tensors (1, slice, row, column), where they are asked for
    - ``affine``: float64 tensor 4x4, from (slice, row, column, 1) to LPS mm; NaN where the files do not tell
    - ``spacing``: float64 tensor, mm along (slice, row, column); NaN where the files do not tell
    - ``unit``, ``source``: texts; ``index``: number of the volume in its source

    Batches of them need one shape. Where volumes differ: `spacing` and `shape`, or batches of one, or a transform that
    cuts patches. A data set can be sent to workers, by fork and by spawn; each reads its volumes with its share of the
    processors, and none walks the source again.

    Examples
    --------
    >>> import hounsfield as hu, tempfile
    >>> from hounsfield.training import VolumeDataset  # doctest: +SKIP
    >>> folder = tempfile.mkdtemp()
    >>> made = hu.phantom(folder, matrix=32, slices=4)
    >>> VolumeDataset(folder, mask="lung")[0]["image"].shape  # doctest: +SKIP
    torch.Size([1, 4, 32, 32])
    """

    def __init__(  # noqa: PLR0913  what is read, how, and what becomes of it
        self,
        source: Source,
        *,
        mask: MaskLike | None = None,
        transform: Callable[[dict[str, Any]], Any] | None = None,
        spacing: float | Sequence[float] | None = None,
        shape: Sequence[int | None] | None = None,
        padding: bool = False,
        values: str = "modality",
        dtype: DTypeLike | None = "float32",
        gaps: Gaps = "split",
        strict: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
    ) -> None:
        if shape is not None and len(shape) != 3:
            raise ValueError(f"shape= takes (slice, row, column), not {shape!r}")
        making = ItemMaking(mask, spacing, None if shape is None else tuple(shape), dtype, padding)
        found = _volumes(source, Finding(values, dtype, gaps, strict=strict))
        if not isinstance(source, Volumes):
            places = (place for place in found.stacks if found.facts[place].index not in found.localizers)
            found = found.picked(places)
        super().__init__(found, making, transform, on_error)

    def __len__(self) -> int:
        return len(self._volumes)

    def _named(self, index: int) -> str:
        return self._volumes.name_of(index)

    def _read(self, index: int) -> dict[str, Any]:
        return self._making.item(self._volume(index)) | {"index": self.facts[index].index}


class SliceDataset(_OfVolumes):
    """Slices of volumes, and single images, as a data set of PyTorch: an item for each, read by itself.

    Parameters
    ----------
    source
        As of `VolumeDataset`; of paths and catalogs all is taken, localizers and single images, too.
        `hounsfield.choose` takes some.
    mask
        As of `VolumeDataset`; a function gets a `Volume` of one slice.
    shape
        (row, column): slices are cropped and padded about their middle.
    transform, padding, values, dtype, gaps, strict, on_error
        As of `VolumeDataset`.

    Attributes
    ----------
    skipped
        What was found in the source and cannot be read.

    Raises
    ------
    MissingDependencyError, SourceError, NotDicomError, FormatError
        As `VolumeDataset`.

    Notes
    -----
    Items are as those of `VolumeDataset`, but for the axis of slices: ``image``, ``mask`` and ``padding`` are
    (1, row, column). ``affine`` takes (0, row, column, 1) to LPS mm. ``source`` is the file, ``slice`` the number of
    the slice in its volume. Only the slice is read, unless the volume was resampled over gaps.
    """

    def __init__(  # noqa: PLR0913  what is read, how, and what becomes of it: as VolumeDataset
        self,
        source: Source,
        *,
        mask: MaskLike | None = None,
        transform: Callable[[dict[str, Any]], Any] | None = None,
        shape: Sequence[int | None] | None = None,
        padding: bool = False,
        values: str = "modality",
        dtype: DTypeLike | None = "float32",
        gaps: Gaps = "split",
        strict: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
    ) -> None:
        if shape is not None and len(shape) != 2:
            raise ValueError(f"shape= takes (row, column), not {shape!r}")
        making = ItemMaking(mask, None, None if shape is None else (None, *shape), dtype, padding)
        found = _volumes(source, Finding(values, dtype, gaps, strict=strict))
        super().__init__(found, making, transform, on_error)
        self._ends = np.cumsum([facts.shape[0] for facts in found.facts])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def _place(self, index: int) -> tuple[int, int]:
        """Return the volume of a slice, and its number there."""
        place = int(np.searchsorted(self._ends, index, "right"))
        return place, index - int(self._ends[place]) + self.facts[place].shape[0]

    def _named(self, index: int) -> str:
        place, number = self._place(index)
        return f"{self._volumes.name_of(place)}, slice {number}"

    def _read(self, index: int) -> dict[str, Any]:
        place, number = self._place(index)
        volume = self._volume(place, number, number + 1)
        item = self._making.item(volume)
        flat = {key: item[key][:, 0] for key in ("image", "mask", "padding") if key in item}
        source = volume.sources[0].path if volume.sources else volume.name
        return item | flat | {"source": source, "slice": number, "index": self.facts[place].index}


def _volumes(source: Source, finding: Finding) -> Volumes:
    if isinstance(source, Volumes):
        return source
    if isinstance(source, Catalog):
        return source.volumes(values=finding.values, dtype=finding.dtype, gaps=finding.gaps, strict=finding.strict)
    several = [source] if isinstance(source, (str, os.PathLike)) else source
    return find_volumes(tuple(os.fspath(cast("str", path)) for path in several), finding)


def _is_lost(file: FileOutcome) -> bool:
    """Return whether a file was to be an image, and is none: damaged, without its pixels, or overwritten."""
    if file.outcome == "no volume":
        return file.no_pixels and not file.no_image
    return file.outcome == "unreadable" or (file.outcome == "not DICOM" and file.path.lower().endswith(_ENDINGS))


def _threads() -> int | None:
    """Return how many threads read: in a worker its share, which is said to the rest of the package, too."""
    info = _data.get_worker_info()
    if info is None:
        return None
    os.environ.setdefault(THREADS_VARIABLE, str(max(1, thread_count() // info.num_workers)))
    return thread_count()
