"""NIfTI's way to lay out a volume: order of the axes, matrix, header, types.

NIfTI's coordinates, RAS (x to the right, y to the front), exist here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hounsfield.errors import FormatError, GeometryError, SourceError, missing
from hounsfield.geometry import as_affine
from hounsfield.steps import Step

#: A qform is given where it puts no voxel farther than this, in mm, from where the sform does.
_QFORM_TOLERANCE = 0.05
#: In mm: what single precision holds, also of lengths made of three such numbers.
_FARTHEST = 1e38
#: NIfTI-1 counts voxels along an axis in 16 bits with sign.
_NIFTI1_SIDE = 32_767
#: Whole numbers that every reader of NIfTI knows, narrow ones first.
_NARROW = (np.uint8, np.int16, np.int32)
_TYPES = {"u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"}
RGB24 = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def narrowed(values: NDArray[Any]) -> np.dtype[Any]:
    """Return the type in which NIfTI holds these values exactly: their own where it can, else a narrower one.

    bool becomes uint8, float16 becomes float32. Whole numbers of 64 bits, which NIfTI has and few readers know, become
    the narrowest of uint8, int16 and int32 that holds them.

    Raises
    ------
    FormatError
        There is none.
    """
    dtype = values.dtype
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.str[1:] == "f2":
        return np.dtype(np.float32)
    if dtype.str[1:] in _TYPES:
        return dtype.newbyteorder("=")
    if dtype.kind in "iu":
        low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
        for narrow in _NARROW:
            if np.iinfo(narrow).min <= low and high <= np.iinfo(narrow).max:
                return np.dtype(narrow)
        raise FormatError(f"NIfTI holds whole numbers of 32 bits, not values from {low} to {high}")
    raise FormatError(f"NIfTI cannot hold values of type {dtype}")


def nifti_affine(affine: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """Return the matrix from NIfTI's (column, row from the last one on, slice, 1) to RAS mm.

    The axes are stored as dcm2niix stores them: columns first, rows from the last to the first, then slices.

    Parameters
    ----------
    affine
        From (slice, row, column, 1) to LPS mm.
    rows
        How many there are.
    """
    turned = affine[:, [2, 1, 0, 3]].copy()
    turned[:, 3] += (rows - 1) * turned[:, 1]
    turned[:, 1] *= -1
    turned[:2] *= -1
    return turned + 0.0  # no negative zeros


#: Millimetres of NIfTI's units of length; a file that does not say means mm, as every reader takes it.
_UNITS = {"mm": 1.0, "unknown": 1.0, "meter": 1e3, "micron": 1e-3}


def nifti_place(image: Any) -> tuple[NDArray[np.float64] | None, tuple[Step, ...]]:
    """Return the matrix from the indices of nibabel's image to RAS mm, and what had to be assumed.

    It is the sform where there is one, else the qform, as nibabel and FSL have it. None where its codes say of neither.
    """
    header: Any = image.header
    sform, qform = (int(header[f"{name}_code"]) for name in ("sform", "qform"))
    if sform <= 0 and qform <= 0:
        return None, ()
    try:
        to_mm = _UNITS.get(header.get_xyzt_units()[0], 1.0)
    except KeyError:  # a code of no unit
        to_mm = 1.0
    scale = np.diag([to_mm, to_mm, to_mm, 1.0])
    place: NDArray[np.float64] = scale @ np.array(image.affine, np.float64)
    if sform <= 0 or qform <= 0:
        return place, ()
    corners = np.array(np.meshgrid(*([0, count - 1] for count in (*image.shape, 1, 1)[:3]), [1])).reshape(4, -1)
    try:
        other: NDArray[np.float64] = scale @ np.array(header.get_qform(), np.float64)
    except ValueError:  # it is no turn: nobody can take it
        return place, ()
    off = float(np.linalg.norm(((place - other) @ corners)[:3], axis=0).max())
    if off <= _QFORM_TOLERANCE:
        return place, ()
    detail = f"its sform and its qform differ by up to {off:.3g} mm; the sform is taken, which not every program does"
    return place, (Step("grid", detail, "assumed", "NIfTI-1, nifti1.h: methods 2 and 3"),)


def read_nifti_grid(path: str) -> tuple[NDArray[np.float64], tuple[int, int, int], tuple[Step, ...]]:
    """Return the affine, to LPS mm, and the shape of a NIfTI file: (slice, row, column), the inverse of `nifti_affine`.

    Last what had to be assumed.

    Raises
    ------
    SourceError
        It cannot be read.
    FormatError
        It is no NIfTI.
    GeometryError
        It does not say where its voxels lie.
    MissingDependencyError
        nibabel is not installed.
    """
    try:
        import nibabel
        from nibabel import nifti1
    except ImportError:
        raise missing("NIfTI", "nibabel") from None
    try:
        image: Any = nibabel.load(path)  # pyright: ignore[reportUnknownMemberType,reportPrivateImportUsage]
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or 'there is no such file'}", source=path) from None
    except Exception:  # whatever nibabel raises on a damaged header
        raise FormatError("is not a NIfTI file", source=path) from None
    if not isinstance(image, nifti1.Nifti1Pair):
        raise FormatError("is not a NIfTI file", source=path)
    columns, rows, slices = (*map(int, image.shape[:3]), 1, 1, 1)[:3]
    if min(columns, rows, slices) < 1:
        raise FormatError("has an axis without voxels", source=path)
    to_mm, steps = nifti_place(image)
    if to_mm is None:
        raise GeometryError("does not say where its voxels lie: both of its codes are 0", source=path)
    to_mm[:2] *= -1
    affine = to_mm[:, [2, 1, 0, 3]]
    affine[:, 3] += (rows - 1) * affine[:, 1]
    affine[:, 1] *= -1
    try:
        return as_affine(affine + 0.0), (slices, rows, columns), steps
    except ValueError as error:
        raise GeometryError(str(error), source=path) from None


@dataclass(frozen=True)
class NiftiGrid:
    """The part of a NIfTI file's header that does not depend on its values.

    Attributes
    ----------
    shape
        (slice, row, column).
    affine
        From (slice, row, column, 1) to LPS mm; None where the place is not known.
    dtype
        Of the values, or `RGB24`.
    times
        Number of volumes along the fourth axis; None where there is no such axis.
    time_step
        Milliseconds between them; None where they are not told apart by time. It is stored in seconds.
    voxel
        mm between neighbours along (slice, row, column) where the place is not known, but this is.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64] | None
    dtype: np.dtype[Any]
    times: int | None = None
    time_step: float | None = None
    voxel: tuple[float, float, float] | None = None


def nifti_header(grid: NiftiGrid) -> tuple[Any, float]:
    """Return nibabel's header, little-endian, and how far in mm its qform would put a voxel from where it lies.

    The sform holds the affine, as scanner coordinates. A qform cannot hold the shear of a tilted gantry, and its
    quaternion of 32 bits not every rotation; its code is 0 where it would be off by more than 0.05 mm. Both codes are 0
    where the place is not known. NIfTI-2 where an axis is longer than 32,767.

    Raises
    ------
    FormatError
        The affine does not fit into single precision.
    """
    try:
        from nibabel import nifti1, nifti2
    except ImportError:
        raise missing("NIfTI", "nibabel") from None
    slices, rows, columns = grid.shape
    long = max(slices, rows, columns, grid.times or 0) > _NIFTI1_SIDE
    header: Any = (nifti2.Nifti2Header if long else nifti1.Nifti1Header)(endianness="<")
    header.set_data_dtype(grid.dtype)
    header.set_data_shape((columns, rows, slices, *(() if grid.times is None else (grid.times,))))
    header["vox_offset"] = header.single_vox_offset
    header.set_slope_inter(1, 0)
    header["descrip"] = b"hounsfield"
    off = 0.0
    if grid.affine is not None:
        ras = nifti_affine(grid.affine, rows)
        _check_single(ras)
        header.set_sform(ras, code=1)
        header.set_qform(ras, code=1, strip_shears=True)
        off = _greatest_distance(header.get_qform(), ras, (columns, rows, slices))
        header["qform_code"] = int(has_qform(off))
    elif grid.voxel is not None:
        _check_single(grid.voxel)
        header["pixdim"][1:4] = grid.voxel[::-1]
    known = grid.affine is not None or grid.voxel is not None
    header.set_xyzt_units("mm" if known else None, None if grid.time_step is None else "sec")
    if grid.time_step is not None:
        header["pixdim"][4] = grid.time_step / 1000
    return header, off


def _check_single(lengths: ArrayLike) -> None:
    if np.abs(lengths).max() > _FARTHEST:
        raise FormatError("NIfTI holds places and lengths in single precision, and the voxels lie beyond that")


def has_qform(off: float) -> bool:
    """Return whether a qform is given that would put a voxel so far, in mm, from where it lies."""
    return off <= _QFORM_TOLERANCE


def _greatest_distance(one: NDArray[Any], other: NDArray[Any], shape: tuple[int, ...]) -> float:
    """The farthest in mm that two affines put a voxel apart: at one of the corners, since both are linear."""
    corners = np.stack(np.meshgrid(*((0, n - 1) for n in shape), indexing="ij"), -1).reshape(-1, 3)
    apart = corners @ (one - other)[:3, :3].T + (one - other)[:3, 3]
    return float(np.linalg.norm(apart, axis=1).max())


def nifti_order(values: NDArray[Any]) -> NDArray[Any]:
    """Return a view of (slice, row, column) in NIfTI's order: (column, row from the last one on, slice)."""
    return values[:, ::-1].transpose(2, 1, 0)


def rgb_values(values: NDArray[Any]) -> NDArray[Any]:
    """Return colours of 8 bits (..., 3) as one value of three bytes each.

    Raises
    ------
    FormatError
        They have more bits.
    """
    if values.dtype != np.uint8:
        raise FormatError(f"NIfTI holds colours of 8 bits, not of type {values.dtype}")
    return np.ascontiguousarray(values).view(RGB24)[..., 0]


def nibabel_image(values: NDArray[Any], affine: NDArray[np.float64] | None, *, color: bool) -> Any:
    """Return nibabel's image of a volume: see `hounsfield.Volume.to_nibabel`."""
    plain = rgb_values(values) if color else values
    dtype = RGB24 if color else narrowed(plain)
    header, _ = nifti_header(NiftiGrid(plain.shape, affine, dtype))
    from nibabel import nifti1, nifti2

    kind: Any = nifti2.Nifti2Image if isinstance(header, nifti2.Nifti2Header) else nifti1.Nifti1Image
    ras = None if affine is None else nifti_affine(affine, plain.shape[1])
    return kind(nifti_order(plain.astype(dtype, copy=False)), ras, header)
