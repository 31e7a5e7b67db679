"""`HounsfieldReader`: DICOM for MONAI's `LoadImage`, in MONAI's order of axes and in its space."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from glob import has_magic
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.catalog.catalog_paths import has_catalog
from hounsfield.errors import GeometryError, HounsfieldError, NotDicomError, needed_for
from hounsfield.headers.dataset import open_header
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.recipes.reading import Reading, find_volumes
from hounsfield.series.finding import Finding
from hounsfield.series.stacking import Gaps
from hounsfield.series.volumes import Volumes
from hounsfield.sources.blobs import LocalBlob
from hounsfield.sources.inflate import DAMAGED, first_bytes
from hounsfield.sources.kinds import COMPRESSED, Kind, is_url, kind_of
from hounsfield.sources.local import open_source
from hounsfield.sources.several import kind_of_file
from hounsfield.volume import Volume

with needed_for("reading for MONAI", "monai"):
    _readers: Any = import_module("monai.data.image_reader")
    _utils: Any = import_module("monai.utils")

#: LPS to RAS: what lies to the left and to the back has negative coordinates there.
_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Asked:
    """An image that was asked for, and is not read yet."""

    path: str


class HounsfieldReader(_readers.ImageReader):
    """Reads DICOM for MONAI: ``LoadImage(reader=HounsfieldReader())``.

    It takes a folder, a file, an archive, a URL, a catalog with a question, each of which holds one volume; localizers
    beside it do not count. Slices are sorted by their place, values are in HU where they are CT, a tilted gantry is in
    the affine, and nothing is read that rests on missing pixels. Of a list, each becomes a channel.

    `LoadImage` tries other readers where `read` of one fails. This one's `read` looks only whether there is DICOM, so
    that NIfTI and PNG go on to others; what is wrong with DICOM is an error of `get_data`, and is not read otherwise.

    Parameters
    ----------
    volume
        Number of the volume, as `VolumeFacts.index`, where there are several. None: there is one.
    values, gaps, strict
        As in `hounsfield.read_volumes`.
    dtype
        Type of the values; None: that of the files.
    affine_lps_to_ras
        The affine is in RAS mm, as MONAI's other readers give it; False: in LPS mm, as DICOM has it.

    Raises
    ------
    MissingDependencyError
        MONAI is not installed.

    Examples
    --------
    >>> from monai.transforms import LoadImage  # doctest: +SKIP
    >>> from hounsfield.training import HounsfieldReader  # doctest: +SKIP
    >>> image = LoadImage(reader=HounsfieldReader())("ct/")  # doctest: +SKIP
    >>> image.shape, image.meta["unit"]  # doctest: +SKIP
    (torch.Size([512, 512, 120]), 'HU')
    """

    def __init__(
        self,
        *,
        volume: int | None = None,
        values: str = "modality",
        dtype: DTypeLike | None = "float32",
        gaps: Gaps = "split",
        strict: bool = False,
        affine_lps_to_ras: bool = True,
    ) -> None:
        super().__init__()
        self._number, self._ras = volume, affine_lps_to_ras
        self._finding = Finding(values, dtype, gaps, strict=strict)

    def verify_suffix(self, filename: Any) -> bool:
        """Return whether all of some paths are, or may hold, DICOM: by their content, whatever they are called."""
        try:
            return all(_may_hold_dicom(path) for path in _paths(filename))
        except (HounsfieldError, OSError):
            return False

    def read(self, data: Any, **_: Any) -> Any:
        """Return what is to be read, where it is no file of another kind; of several a list.

        Raises
        ------
        NotDicomError, SourceError
            A file is none, or cannot be opened.
        """
        paths = _paths(data)
        for path in paths:
            if not _may_hold_dicom(path):
                raise NotDicomError("is not a DICOM file", source=path)
        asked = [Asked(path) for path in paths]
        return asked[0] if len(asked) == 1 else asked

    def get_data(self, img: Any) -> tuple[NDArray[Any], dict[str, Any]]:
        """Read it: values (column, row, slice), of a single image (column, row), colour last; and MONAI's metadata.

        Parameters
        ----------
        img
            As `read` returns it.

        Returns
        -------
        tuple
            The values, on the memory that they were read into. The metadata: ``affine``, ``original_affine``,
            ``spatial_shape``, ``space``, ``original_channel_dim``; and ``unit``, ``modality``, ``source``,
            ``position_known``. Without a known position there are no affines: MONAI takes the identity.

        Raises
        ------
        GeometryError
            There are several volumes, or none, or none of that number; or images of a list lie elsewhere.
        DecodeError
            Pixels are missing. Otherwise as `hounsfield.read_volumes`.
        """
        several = cast("Sequence[Asked]", img if isinstance(img, (list, tuple)) else [img])
        arrays: list[NDArray[Any]] = []
        meta: dict[str, Any] = {}
        for asked in several:
            array, own = self._one(asked.path)
            arrays.append(array)
            if meta and not _alike(meta, own):
                raise GeometryError(
                    "lies elsewhere than the first of the list, or has another shape", source=asked.path
                )
            meta = meta or own
        return _readers._stack_images(arrays, meta), meta

    def _one(self, path: str) -> tuple[NDArray[Any], dict[str, Any]]:
        volumes = find_volumes((path,), self._finding)
        place = _place_of(volumes, self._number, path)
        volume = volumes.load(place)
        Reading().refuse_missing(volume.steps, volume.name)
        return self._array(volume), self._meta(volume) | {"modality": volumes.facts[place].modality}

    def _array(self, volume: Volume) -> NDArray[Any]:
        values = volume.values.transpose(2, 1, 0, *range(3, volume.values.ndim))
        return values[:, :, 0] if len(volume) == 1 else values

    def _meta(self, volume: Volume) -> dict[str, Any]:
        keys, spaces = _utils.MetaKeys, _utils.SpaceKeys
        shape = volume.shape[2::-1] if len(volume) > 1 else volume.shape[2:0:-1]
        meta: dict[str, Any] = {
            str(keys.SPATIAL_SHAPE): np.array(shape),
            str(keys.ORIGINAL_CHANNEL_DIM): -1 if volume.color else float("nan"),
            "unit": volume.unit,
            "source": volume.name,
            "position_known": volume.affine is not None,
        }
        if volume.affine is not None:
            affine = volume.affine[:, [2, 1, 0, 3]]
            affine = _RAS @ affine if self._ras else affine
            meta |= {str(keys.AFFINE): affine, str(keys.ORIGINAL_AFFINE): affine.copy()}
            meta[str(keys.SPACE)] = spaces.RAS if self._ras else spaces.LPS
        return meta


def _paths(data: Any) -> list[str]:
    return [os.fspath(path) for path in ([data] if isinstance(data, (str, os.PathLike)) else data)]


def _may_hold_dicom(path: str) -> bool:
    """Return whether a path is a DICOM file, or stands for several files."""
    if is_url(path) or has_catalog([path]) or has_magic(path):
        return True
    kind = kind_of_file(path)
    if kind in COMPRESSED:
        return _holds_dicom(path, kind)
    if kind or os.path.isdir(path):
        return True
    try:
        with closing(open_source(path, DEFAULT_LIMITS)) as source:
            open_header(source, DEFAULT_LIMITS, lazy=True)
    except NotDicomError:
        return False
    return True


def _holds_dicom(path: str, kind: Kind) -> bool:
    """Return whether a compressed file is a tar, or DICOM; of a NIfTI no more than the beginning is decompressed."""
    try:
        head = first_bytes(LocalBlob.at(path), kind)
    except (EOFError, *DAMAGED):
        return False
    return kind_of(head) == "tar" or head[128:132] == b"DICM"


def _place_of(volumes: Volumes, number: int | None, path: str) -> int:
    """Return the place of the volume that is meant: by its number, or because there is no other."""
    if number is not None:
        known = [place for place, facts in enumerate(volumes.facts) if facts.index == number]
        if not known:
            raise GeometryError(f"there is no volume {number} of {len(volumes)}", source=path)
        return known[0]
    several = range(len(volumes))
    candidates = [place for place in several if volumes.facts[place].index not in volumes.localizers] or list(several)
    stacks = set(volumes.stacks)
    candidates = [place for place in candidates if place in stacks] or candidates
    if len(candidates) != 1:
        found = f"{len(candidates)} volumes; volume= takes the number of one" if candidates else "no volume"
        raise GeometryError(f"one volume is read at a time: here are {found}", source=path)
    return candidates[0]


def _alike(first: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two images have one shape, and lie at one place where it is known."""
    if not np.array_equal(first["spatial_shape"], other["spatial_shape"]):
        return False
    if not (first["position_known"] and other["position_known"]):
        return first["position_known"] == other["position_known"]
    return np.allclose(first["affine"], other["affine"])
