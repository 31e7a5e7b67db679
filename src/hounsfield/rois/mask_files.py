"""Masks and labels of files: PNG, NPY, NPZ and NIfTI, on the grid of an image."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, GeometryError, LimitExceededError
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.rois.placing import PlacedRegion, PlacedRegions, Target, shaped
from hounsfield.volume import Volume
from hounsfield.voxels.nifti_reading import read_nifti

#: Different labels in one file; more of them are shades of a picture. Atlases, which have many, have a place, too.
_MOST_LABELS, _MOST_PLACED = 64, 2000
#: What a mask is called within an NPZ of ours.
_IN_NPZ = ("mask", "values")


def picture_masks(path: str, image: Image | Volume, name: str, source: str) -> PlacedRegions:
    """Return the masks of a PNG: each value other than 0 is one.

    Raises
    ------
    FormatError
        It is damaged, or shows colours.
    GeometryError
        It has not the rows and columns of the image.
    """
    from PIL import Image as Pictures

    try:
        with Pictures.open(path, formats=["PNG"]) as picture:
            _check_size((picture.height, picture.width), image, source)
            values: NDArray[Any] = np.asarray(picture)
    except GeometryError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Pictures.DecompressionBombError):
        raise FormatError("is a PNG that cannot be read", source=source) from None
    if values.ndim == 3:  # grey that was written as red, green and blue, without transparency
        colours, opacity = values[..., : values.shape[2] - 1 + values.shape[2] % 2], values[..., 3:]
        opacity = values[..., 1:] if values.shape[2] == 2 else opacity
        if (colours != colours[..., :1]).any() or (opacity != opacity.max(initial=0)).any():
            raise FormatError("is a picture in colours: a mask has one value a pixel", source=source)
        values = colours[..., 0]
    return _regions_of(values, None, image, name, source)


def array_masks(data: Any, image: Image | Volume, name: str, source: str, limits: Limits) -> PlacedRegions:
    """Return the masks of an NPY file, given as an open file: each value other than 0 is one.

    Raises
    ------
    FormatError
        It is damaged, or holds something else than whole numbers.
    GeometryError
        It has not the shape of the image.
    """
    values = _npy(data, source, limits, lambda shape: _check_shape(shape, image, source))
    return _regions_of(values, None, image, name, source)


def packed_masks(data: Any, image: Image | Volume, name: str, source: str, limits: Limits) -> PlacedRegions:
    """Return the masks of an NPZ file: of its array ``mask`` or ``values``; by its ``affine`` where it has one.

    Raises
    ------
    FormatError
        It is damaged, or has no such array.
    GeometryError
        It does not fit the image.
    """
    try:
        with zipfile.ZipFile(data) as archive:
            known = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
            called = next((one for one in _IN_NPZ if one in known), None)
            if called is None:
                raise FormatError(f"is an NPZ without an array called {' or '.join(_IN_NPZ)}", source=source)
            # Without a place in the patient only the shape tells whether it fits.
            has_place = "affine" in known and not (isinstance(image, Volume) and image.affine is None)
            affine = _npy(archive.open(known["affine"]), source, limits) if has_place else None
            if affine is not None and not (affine.shape == (4, 4) and np.isfinite(affine).all()):
                raise FormatError("is an NPZ whose affine is not 4 x 4 finite numbers", source=source)
            check = partial(_check_grid, affine=affine, image=image, source=source)
            values = _npy(archive.open(known[called]), source, limits, check)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise FormatError("is an NPZ that cannot be read", source=source) from None
    return _regions_of(values, affine, image, name, source)


def nifti_masks(path: str, image: Image | Volume, name: str, source: str, limits: Limits) -> PlacedRegions:
    """Return the masks of a NIfTI file: each value other than 0 is one.

    Raises
    ------
    FormatError
        It is damaged, or holds something else than whole numbers.
    GeometryError
        Its voxels are not those of the image.
    """

    def check(shape: tuple[int, int, int], affine: NDArray[np.float64] | None) -> None:
        slices = (*shape[::-1],) if shape[2] > 1 else (*shape[1::-1],)
        _check_grid(slices if affine is None else shape, affine, image, source)

    values, affine, steps = read_nifti(path, limits.volume_bytes, source, check)
    if affine is None:  # rows are kept from the last to the first
        ordered = values.transpose(2, 1, 0)[:, ::-1]
        values = ordered[0] if len(ordered) == 1 else ordered
    count, regions = _regions_of(values, affine, image, name, source)
    return PlacedRegions(count, (region._replace(steps=steps) for region in regions))


def _npy(
    stream: Any, source: str, limits: Limits, check: Callable[[tuple[int, ...]], None] | None = None
) -> NDArray[Any]:
    """Read an array, after a look at its shape, which is checked, and at how much memory it will take."""
    start = io.BytesIO()
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read:
            raise FormatError(f"is an NPY file of version {version[0]}.{version[1]}", source=source)
        shape, fortran, dtype = read[version](stream)
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "biuf" or len(shape) not in (2, 3):
            raise FormatError(f"holds an array of {dtype} of {len(shape)} axes: no mask", source=source)
        if check is not None:
            check(shape)
        if size + math.prod(shape) > limits.volume_bytes:  # a mask of one of its labels is there at the same time
            raise LimitExceededError(f"its array would take {size} bytes", source=source)
        while (missing := size - start.tell()) > 0 and (part := stream.read(min(missing, 2**24))):
            start.write(part)
    except (FormatError, GeometryError, LimitExceededError):
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, SyntaxError, TypeError, OverflowError):
        raise FormatError("is an NPY file that cannot be read", source=source) from None
    if start.tell() < size:
        raise FormatError("is an NPY file that is cut off", source=source)
    values = np.frombuffer(start.getbuffer(), dtype)
    return values.reshape(shape, order="F" if fortran else "C")


def _regions_of(
    values: NDArray[Any], affine: NDArray[np.float64] | None, image: Image | Volume, name: str, source: str
) -> PlacedRegions:
    """Return a region for each label: by its place in the patient where that is known, else by its shape."""
    labels = list(_labels(values, name, source, _MOST_LABELS if affine is None else _MOST_PLACED))
    if affine is None:
        return PlacedRegions(len(labels), (_by_shape(each, values == label, image) for each, label in labels))
    volume = values if values.ndim == 3 else values[None]
    return PlacedRegions(len(labels), (_by_place(each, volume == label, affine, image) for each, label in labels))


def _labels(values: NDArray[Any], name: str, source: str, most: int) -> Iterator[tuple[str, Any]]:
    """Yield the name of each region, and the value that it has; one region alone is called like its file."""
    found: set[Any] = set()
    # Part by part, as they lie in memory: a sorted copy of all of them would take as much memory again.
    for part in values.T if values.flags.f_contiguous else values:
        if part.dtype.kind not in "biuf" or (part.dtype.kind == "f" and not (part == np.rint(part)).all()):
            raise FormatError(
                "holds fractions or no numbers: a mask has whole numbers, 0 for what is outside", source=source
            )
        found.update(np.unique(part).tolist())
        if len(found - {0}) > most:
            raise FormatError(f"has more than {most} different values: a picture, not a mask", source=source)
    labels = sorted(value for value in found if value)
    if not labels:
        raise FormatError("is empty: all its values are 0", source=source)
    for label in labels:
        yield (name if len(labels) == 1 else f"{name} {label:g}"), label


def _check_grid(shape: tuple[int, ...], affine: NDArray[np.float64] | None, image: Image | Volume, source: str) -> None:
    """Refuse voxels that are not those of the image: by their place where that is known, else by their shape."""
    if affine is None or len(shape) != 3:
        _check_shape(shape, image, source)
    else:
        Target(image).check(shape, affine)


def _check_size(size: tuple[int, int], image: Image | Volume, source: str) -> None:
    if size != image.size:
        raise GeometryError(
            f"the mask has {size[0]} rows and {size[1]} columns, the image {image.size[0]} and {image.size[1]}",
            source=source,
        )


def _check_shape(shape: tuple[int, ...], image: Image | Volume, source: str) -> None:
    """Refuse a mask that is neither of one frame, then of each, nor of all of them."""
    frames = image.shape[0] if isinstance(image, Volume) else image.frames
    _check_size(cast("tuple[int, int]", shape[-2:]), image, source)
    if len(shape) == 3 and shape[0] != frames:
        raise GeometryError(f"the mask has {shape[0]} frames, the image {frames}", source=source)


def _by_shape(name: str, mask: NDArray[np.bool_], image: Image | Volume) -> PlacedRegion:
    """A mask whose file says of no place: the same in each frame where it has one."""
    frames = image.shape[0] if isinstance(image, Volume) else image.frames
    return PlacedRegion(name, shaped(np.broadcast_to(mask, (frames, *image.size)).copy(), image))


def _by_place(name: str, mask: NDArray[np.bool_], affine: NDArray[np.float64], image: Image | Volume) -> PlacedRegion:
    target = Target(image)
    target.put(mask, affine)
    return PlacedRegion(name, shaped(target.values, image), target.beyond)
