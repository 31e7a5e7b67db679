"""`read_grid`: where the voxels of a volume lie, to put others there."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.geometry import column_lengths
from hounsfield.series.finding import read_volumes
from hounsfield.series.volumes import Volumes
from hounsfield.steps import Step, say_assumptions
from hounsfield.volume import Volume
from hounsfield.voxels.nifti_space import read_nifti_grid

_NIFTI = (".nii", ".nii.gz")
#: Beyond all voxels that anything is imaged with.
_LEAST_MM, _MOST_MM = 1e-4, 1e4


def read_grid(source: str | os.PathLike[str]) -> Volume:
    """Return the grid of a volume without its values: what ``like=`` of `Volume.resample` asks for.

    Parameters
    ----------
    source
        A NIfTI file (``.nii``, ``.nii.gz``); or a folder, an archive or a file of DICOM that holds one volume.
        Localizers beside it do not count.

    Returns
    -------
    Volume
        Of False everywhere, which takes no memory.

    Raises
    ------
    GeometryError
        There is no volume, or several; or it does not say where its voxels lie, or they are less than 0.1 micrometres
        or more than 10 metres wide.
    FormatError
        It is called so, and is no NIfTI.
    SourceError
        It cannot be opened.
    MissingDependencyError
        nibabel is not installed, and it is a NIfTI.

    Warns
    -----
    AssumptionWarning
        Its sform and qform differ: the sform is taken, as nibabel does. SimpleITK takes the qform, unless the code of
        the sform is 1.

    Examples
    --------
    >>> import hounsfield as hu, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> made = hu.phantom(folder / "ct", matrix=64, slices=4)
    >>> volume = hu.read_volumes(folder / "ct")[0]
    >>> written = hu.write_nifti(volume.resample(3), folder / "fine.nii.gz")
    >>> volume.resample(like=hu.read_grid(folder / "fine.nii.gz")).spacing
    (3.0, 3.0, 3.0)
    """
    path = os.fspath(source)
    if path.lower().endswith(_NIFTI):
        affine, shape, assumed = read_nifti_grid(path)
        _check_size(affine, path)
        say_assumptions(assumed, path)
        steps = (Step("grid", "the affine of a NIfTI file"), *assumed)
        return Volume(np.broadcast_to(np.False_, shape), affine, steps=steps, name=path)
    volumes = read_volumes(path)
    facts = volumes.facts[_only(volumes, path)]
    if facts.affine is None:
        raise GeometryError("does not say where its voxels lie", source=path)
    _check_size(facts.affine, path)
    return Volume(
        np.broadcast_to(np.False_, facts.shape[:3]),
        facts.affine,
        steps=(Step("grid", "of the slices of a volume"),),
        frame_of_reference=str(facts.attributes.get("FrameOfReferenceUID") or ""),
        name=path,
    )


def _check_size(affine: NDArray[np.float64], path: str) -> None:
    """Refuse voxels of a size that nothing was imaged with: a damaged matrix."""
    sizes = column_lengths(affine[:3, :3])
    if not ((sizes >= _LEAST_MM) & (sizes <= _MOST_MM)).all():
        said = " x ".join(f"{size:.6g}" for size in sizes.tolist())
        raise GeometryError(f"its voxels are {said} mm: not between {_LEAST_MM:g} and {_MOST_MM:g} mm", source=path)


def _only(volumes: Volumes, path: str) -> int:
    """Return the place of the one volume there is; localizers count where there is nothing else."""
    places = [place for place, facts in enumerate(volumes.facts) if facts.index not in volumes.localizers]
    places = places or list(range(len(volumes)))
    if len(places) != 1:
        found = "no volume" if not places else f"{len(places)} volumes"
        raise GeometryError(f"one volume says where to: here are {found}", source=path)
    return places[0]
