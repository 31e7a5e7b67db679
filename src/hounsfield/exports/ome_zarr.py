"""`write_zarr`: a volume as OME-Zarr, by way of the package zarr, which the extra `zarr` installs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, missing
from hounsfield.imagelike import require_volume
from hounsfield.outputs import Written, whole_folder
from hounsfield.steps import Step
from hounsfield.volume import Volume
from hounsfield.voxels.conversions import axis_coordinates

#: Voxels of a chunk along (slice, row, column): 2 MiB of 16 bits, nearly as wide in each direction.
_CHUNK = (64, 128, 128)
_MOST_LEVELS = 16
#: Names of the spatial axes that OME-Zarr prescribes, in the order of (slice, row, column).
_AXES = ("z", "y", "x")
_VERSION = "0.5"
_TYPES = {"b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"}


def write_zarr(volume: Volume, path: str | os.PathLike[str], *, levels: int = 1, force: bool = False) -> Written:
    """Write a volume as OME-Zarr 0.5 (Zarr 3): compressed chunks, and smaller copies on request.

    Parameters
    ----------
    volume
        A volume or a mask. The axes z, y and x are its slices, rows and columns, whatever their direction in the
        patient; colours are a channel axis before them.
    path
        The folder; its name commonly ends with .ome.zarr or .zarr. Missing folders above it are created.
    levels
        Number of sizes: each has every second voxel of the one before, along the axes whose voxels are less than twice
        as far apart as those of the finest axis. Voxels are chosen, not averaged, so that each value stands in the
        volume and lies where the file says.
    force
        Replace a Zarr folder that exists. Anything that is not a Zarr group is never replaced.

    Returns
    -------
    Written
        The folder, and the steps from the source to it.

    Raises
    ------
    FormatError
        Zarr has no type for these values.
    MissingDependencyError
        zarr is not installed.
    OutputError
        The folder exists or cannot be written.
    ValueError
        There are fewer than 1 or more than 16 levels.

    Notes
    -----
    OME-Zarr 0.5 has scale and translation and no rotation. Coordinates are therefore mm along the volume's axes: for
    axial slices those are z, y and x in LPS; for others, with the axes' unit vectors as columns of
    ``volume.direction``, a voxel lies at ``direction @ (z, y, x)``. The attribute ``hounsfield`` holds the whole
    ``affine``, 4x4 from (slice, row, column, 1) to LPS mm, and ``unit``, ``pixel_spacing``, ``spacing_kind`` and
    ``steps``; the array ``padding`` marks voxels that are not measurements. Nothing identifies a patient. The same
    volume gives the same bytes.

    Examples
    --------
    >>> import hounsfield as hu, numpy as np, pathlib, tempfile, zarr
    >>> volume = hu.Volume(np.zeros((4, 32, 32), np.int16), affine=np.diag([5, 2, 2, 1]), unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = hu.write_zarr(volume, pathlib.Path(folder) / "ct.ome.zarr", levels=2)
    ...     group = zarr.open_group(written.paths[0], mode="r")
    ...     print(group["0"].shape, group["1"].shape, group.attrs["hounsfield"]["unit"])
    (4, 32, 32) (4, 16, 16) HU
    """
    require_volume(volume, "write_zarr")
    if not 1 <= levels <= _MOST_LEVELS:
        raise ValueError(f"levels must be from 1 to {_MOST_LEVELS}, not {levels}")
    try:
        import zarr
    except ImportError:
        raise missing("writing OME-Zarr", "zarr", "zarr") from None
    if volume.values.dtype.str[1:] not in _TYPES:
        raise FormatError(f"OME-Zarr cannot hold values of type {volume.values.dtype}", source=volume.name)
    path = Path(path)
    strides = level_strides(volume.shape[:3], volume.spacing, levels)
    steps = (*volume.steps, _write_step(volume, strides))
    with whole_folder(path, "zarr.json", force=force) as temporary:
        attributes = {"ome": _multiscales(volume, strides), "hounsfield": _description(volume, steps)}
        group = zarr.create_group(str(temporary), zarr_format=3, attributes=attributes)
        for level, (along_slice, along_row, along_column) in enumerate(strides):
            values = volume.values[::along_slice, ::along_row, ::along_column]
            _add(group, str(level), np.moveaxis(values, -1, 0) if volume.color else values)
        if volume.padding is not None:
            _add(group, "padding", volume.padding)
    return Written((path,), steps)


def level_strides(
    shape: tuple[int, ...], spacing: tuple[float, float, float] | None, levels: int
) -> list[tuple[int, ...]]:
    """Return every how many voxels each level has along (slice, row, column).

    Examples
    --------
    >>> level_strides((10, 512, 512), (5.0, 0.7, 0.7), 5)
    [(1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8), (4, 16, 16)]
    """
    strides: list[tuple[int, ...]] = [(1, 1, 1)]
    between = np.array(spacing or (1.0, 1.0, 1.0))
    for _ in range(levels - 1):
        now = np.array(strides[-1])
        long = np.array(shape) > now  # more than one voxel is left
        apart = between * now
        finest = apart[long].min() if long.any() else 0.0
        strides.append(tuple(int(n) for n in np.where(long & (apart < 2 * finest), 2 * now, now)))
    return strides


def _add(group: Any, name: str, values: NDArray[Any]) -> None:
    """Add an array: its last three axes in chunks, compressed by Zstandard after sorting bytes by their place."""
    from zarr.codecs import BloscCodec

    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    spatial = values.shape[-3:]
    chunks = (*(1,) * (values.ndim - 3), *(min(n, most) for n, most in zip(spatial, _CHUNK, strict=True)))
    channels = ("c",) * (values.ndim - 3)
    array = group.create_array(
        name,
        shape=little.shape,
        dtype=little.dtype,
        chunks=chunks,
        compressors=BloscCodec(cname="zstd", clevel=5, shuffle="shuffle", typesize=little.dtype.itemsize),
        dimension_names=(*channels, *_AXES),
    )
    array[...] = little


def _multiscales(volume: Volume, strides: list[tuple[int, ...]]) -> dict[str, Any]:
    """Axes, and scale and translation of each level (https://ngff.openmicroscopy.org/0.5)."""
    spacing = [None, *(volume.pixel_spacing if volume.pixel_spacing and volume.spacing_kind else (None, None))]
    scale, translation = np.array([n or 1.0 for n in spacing]), np.zeros(3)
    known = [n is not None for n in spacing]
    if volume.affine is not None:
        scale, translation = axis_coordinates(volume.affine)
        known = [True] * 3
    axes = [
        {"name": name, "type": "space", **({"unit": "millimeter"} if has_unit else {})}
        for name, has_unit in zip(_AXES, known, strict=True)
    ]
    channel = [{"name": "c", "type": "channel"}] if volume.color else []
    lead = len(channel)
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [*(1.0,) * lead, *(scale * stride).tolist()]},
                {"type": "translation", "translation": [*(0.0,) * lead, *(translation + 0.0).tolist()]},
            ],
        }
        for level, stride in enumerate(strides)
    ]
    multiscale = {"name": "volume", "axes": [*channel, *axes], "datasets": datasets, "type": "every second voxel"}
    return {"version": _VERSION, "multiscales": [multiscale]}


def _description(volume: Volume, steps: tuple[Step, ...]) -> dict[str, Any]:
    return {
        "unit": volume.unit,
        "axes": list(volume.axes),
        "affine": None if volume.affine is None else volume.affine.tolist(),
        "pixel_spacing": None if volume.pixel_spacing is None else list(volume.pixel_spacing),
        "spacing_kind": volume.spacing_kind,
        "steps": [step.to_dict() for step in steps],
    }


def _write_step(volume: Volume, strides: list[tuple[int, ...]]) -> Step:
    more = f", {len(strides)} sizes, each of every second voxel of the one before" if len(strides) > 1 else ""
    return Step("write", f"OME-Zarr {_VERSION}, the values as {volume.values.dtype}{more}")
