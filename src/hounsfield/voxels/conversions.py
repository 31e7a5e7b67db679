"""Volumes as other libraries' arrays and images; each library is loaded when it is asked for."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.errors import FormatError, GeometryError, missing
from hounsfield.geometry import column_lengths
from hounsfield.steps import Step
from hounsfield.voxels.nifti_space import nibabel_image

#: What torch has no type for, or not in every release, and the next wider type that holds all its values.
_FOR_TORCH = {"u2": np.int32, "u4": np.int64}
_SITK_TYPES = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}
#: Cosine between two axes from which on they are taken for sheared, not for rounded.
_SHEAR = 1e-3


class Convertible:
    """The conversions of a `hounsfield.Volume`, which has these attributes."""

    values: NDArray[Any]
    affine: NDArray[np.float64] | None
    unit: str
    steps: tuple[Step, ...]
    padding: NDArray[np.bool_] | None
    color: bool
    name: str

    def to_numpy(self, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Return the values in memory of their own, ready for `torch.from_numpy`.

        Parameters
        ----------
        dtype
            By default that of the values, but what torch has no type for becomes one that holds the same numbers:
            uint16 int32, uint32 and uint64 int64.

        Returns
        -------
        ndarray
            (slice, row, column[, sample]), C-contiguous, writable, in native byte order. Unit, padding and geometry
            stay behind.

        Raises
        ------
        FormatError
            The type does not hold these values: they are out of its range, or have fractions and it has none.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> hu.Volume(np.zeros((2, 3, 4), ">u2")).to_numpy().dtype
        dtype('int32')
        """
        try:
            return numpy_array(self.values, dtype)
        except FormatError as error:
            raise FormatError(error.message, source=self.name) from None

    def to_nibabel(self) -> Any:
        """Return the volume as a `nibabel.Nifti1Image`; a `Nifti2Image` where an axis is longer than 32,767.

        It is what `hounsfield.write_nifti` writes: axes (column, row from the last one to the first, slice), affine to
        RAS mm, which is LPS with x and y negated. The values are shared where NIfTI has their type. The sform holds the
        affine; the code of the qform is 0 where it cannot, which is with a tilted gantry. Both are 0 where the place in
        the patient is not known. bool becomes uint8, colours RGB24; padding and unit stay behind.

        Raises
        ------
        FormatError
            NIfTI has no type that holds these values.
        MissingDependencyError
            nibabel is not installed.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> volume = hu.Volume(np.zeros((2, 3, 4), np.int16), affine=np.eye(4)[[2, 1, 0, 3]])
        >>> volume.to_nibabel().affine.tolist()
        [[-1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, -2.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
        """
        try:
            return nibabel_image(self.values, self.affine, color=self.color)
        except FormatError as error:
            raise FormatError(error.message, source=self.name) from None

    def to_sitk(self) -> Any:
        """Return the volume as a `SimpleITK.Image`, in memory of its own.

        Its axes are (column, row, slice), its physical points LPS mm, as here. bool becomes uint8.

        Raises
        ------
        GeometryError
            The gantry was tilted, which SimpleITK has no way to say: take ``volume.rectified().to_sitk()``. Or the
            place in the patient is not known: SimpleITK cannot say that either.
        FormatError
            SimpleITK has no type that holds these values.
        MissingDependencyError
            SimpleITK is not installed: the extra ``itk``.
        """
        if self.affine is None:
            raise GeometryError(
                "its position in the patient is not known, which SimpleITK cannot express", source=self.name
            )
        if sheared_by(self.affine) > _SHEAR:
            detail = "SimpleITK needs axes at right angles, and these are sheared, as by a tilted gantry"
            raise GeometryError(f"{detail}; use volume.rectified() first", source=self.name)
        try:
            return sitk_image(self.values, self.affine, color=self.color)
        except FormatError as error:
            raise FormatError(error.message, source=self.name) from None

    def to_xarray(self) -> Any:
        """Return the volume as an `xarray.DataArray` that shares its memory.

        Dimensions are slice, row, column, and sample of colours. Where the place is known their coordinates are mm
        along each axis: of axial slices z, y and x in LPS; of others, with the axes' unit vectors as columns of
        ``volume.direction``, a voxel lies at ``direction @ (slice, row, column)``. ``padding`` is a coordinate of its
        own.
        Attributes: ``unit``; ``affine``, 4x4 from (slice, row, column, 1) to LPS mm, where it is known; ``steps`` as
        JSON.

        Raises
        ------
        MissingDependencyError
            xarray is not installed: the extra ``xarray``.
        """
        try:
            import xarray
        except ImportError:
            raise missing("an xarray array", "xarray", "xarray") from None
        axes = ("slice", "row", "column", *(("sample",) if self.color else ()))
        coordinates: dict[str, Any] = {"sample": ["red", "green", "blue"]} if self.color else {}
        attributes: dict[str, Any] = {"unit": self.unit, "steps": json.dumps([step.to_dict() for step in self.steps])}
        if self.affine is not None:
            attributes["affine"] = self.affine.copy()
            for name, scale, start, count in zip(axes, *axis_coordinates(self.affine), self.values.shape, strict=False):
                coordinates[name] = (name, scale * np.arange(count) + start, {"units": "mm"})
        if self.padding is not None:
            coordinates["padding"] = (axes[:3], self.padding)
        return xarray.DataArray(self.values, coords=coordinates, dims=axes, name="values", attrs=attributes)


def numpy_array(values: NDArray[Any], dtype: DTypeLike | None = None) -> NDArray[Any]:
    """Return a copy that is C-contiguous, writable and in native byte order, of a type that torch knows.

    Parameters
    ----------
    values
        Any array.
    dtype
        By default that of the values; uint16 becomes int32, uint32 and uint64 become int64, which hold the same
        numbers and which every release of torch knows.

    Raises
    ------
    FormatError
        The type does not hold these values: they are out of its range, or have fractions and it has none.
    """
    kind = values.dtype.str[1:]
    if dtype is not None:
        wanted = np.dtype(dtype).newbyteorder("=")
    elif kind == "u8":
        wanted = np.dtype(np.int64)
    else:
        wanted = np.dtype(_FOR_TORCH.get(kind, values.dtype.newbyteorder("=")))
    if not np.can_cast(values.dtype, wanted, "safe"):
        _check_cast(values, wanted)
    return np.array(values, wanted, order="C", copy=True, subok=False)


def _check_cast(values: NDArray[Any], wanted: np.dtype[Any]) -> None:
    """Refuse a type that would change values by more than the rounding of floating point."""
    if wanted.kind not in "iufb" or values.dtype.kind not in "iufb":
        raise FormatError(f"values of type {values.dtype} cannot be converted to {wanted}")
    known = values[np.isfinite(values)]
    if wanted.kind != "f" and known.size < values.size:
        raise FormatError(f"{wanted} cannot hold infinity or NaN")
    low, high = (known.min(), known.max()) if known.size else (0, 0)
    bounds = (False, True) if wanted.kind == "b" else np.finfo(wanted) if wanted.kind == "f" else np.iinfo(wanted)
    least, most = bounds if isinstance(bounds, tuple) else (bounds.min, bounds.max)
    if not (least <= low and high <= most):
        raise FormatError(f"{wanted} cannot hold values from {low} to {high}")
    if wanted.kind != "f" and values.dtype.kind == "f" and (known != np.floor(known)).any():
        raise FormatError(f"{wanted} cannot hold fractions")


def axis_coordinates(affine: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scale and translation of coordinates in mm along the axes of an affine.

    A point of index `i` has the coordinate ``scale * i + translation`` along each axis, and lies at ``direction @
    coordinate`` in LPS mm, where the columns of `direction` are the axes' unit vectors. For axial slices these are z, y
    and x themselves; other slices have the same origin and turned axes.

    Returns
    -------
    scale, translation
        Three numbers each, for (slice, row, column).
    """
    scale = column_lengths(affine[:3, :3])
    translation = np.asarray(np.linalg.solve(affine[:3, :3] / scale, affine[:3, 3]), np.float64)
    return scale, translation


def sheared_by(affine: NDArray[np.float64]) -> float:
    """Return the largest cosine between two axes of an affine: 0 where they are at right angles."""
    direction = affine[:3, :3] / column_lengths(affine[:3, :3])
    return float(np.abs(direction.T @ direction - np.eye(3)).max())


def sitk_image(values: NDArray[Any], affine: NDArray[np.float64], *, color: bool) -> Any:
    """Return SimpleITK's image of a volume: see `hounsfield.Volume.to_sitk`."""
    try:
        import SimpleITK
    except ImportError:
        raise missing("a SimpleITK image", "SimpleITK", "itk") from None
    plain = values.astype(np.uint8) if values.dtype == np.bool_ else values
    plain = plain.astype(np.float32) if plain.dtype == np.float16 else plain
    if plain.dtype.str[1:] not in _SITK_TYPES:
        raise FormatError(f"SimpleITK has no values of type {plain.dtype}")
    native = np.ascontiguousarray(plain, plain.dtype.newbyteorder("="))
    image = SimpleITK.GetImageFromArray(native, isVector=color)
    turned = affine[:3, [2, 1, 0]]
    spacing = np.linalg.norm(turned, axis=0)
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetSpacing(spacing.tolist())
    image.SetDirection((turned / spacing).ravel().tolist())
    return image
