"""`surface`: the surface of a mask as triangles in LPS mm, by scikit-image, which the extra `surfaces` installs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError, missing, needed_for
from hounsfield.imagelike import require_volume
from hounsfield.steps import Step
from hounsfield.volume import Volume

#: Standard deviations after which a Gaussian is cut off.
_TRUNCATE = 4.0


@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """A closed surface of triangles.

    Attributes
    ----------
    vertices
        (vertex, 3): x, y, z in LPS mm.
    faces
        (face, 3): the numbers of its vertices, anticlockwise when seen from outside.
    steps
        What was done to get from the files to the surface.
    name
        What it is called in messages.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    steps: tuple[Step, ...] = ()
    name: str = ""

    @property
    def triangles(self) -> NDArray[np.float64]:
        """The corners of each face: (face, 3, 3), x, y, z last."""
        return self.vertices[self.faces]

    @property
    def normals(self) -> NDArray[np.float64]:
        """(face, 3): unit vectors outward; 0 for a face without area."""
        cross = _cross(self.triangles)
        length = np.linalg.norm(cross, axis=1, keepdims=True)
        return np.divide(cross, length, out=np.zeros_like(cross), where=length > 0)

    @property
    def area_mm2(self) -> float:
        """Area in square millimetres."""
        return float(np.linalg.norm(_cross(self.triangles), axis=1).sum() / 2)

    @property
    def volume_ml(self) -> float:
        """Enclosed volume in millilitres, by the divergence theorem; what hollows enclose is not counted."""
        return _signed_mm3(self.triangles) / 1000

    def __repr__(self) -> str:
        size = f"{len(self.vertices)} vertices, {len(self.faces)} faces"
        return f"Surface({size}, {self.area_mm2:.6g} mm2, {self.volume_ml:.6g} mL)"


def surface(mask: Volume, *, smoothing: float = 0.0) -> Surface:
    """Return the closed surface of a mask in LPS mm, its faces outward; it is closed at the volume's border, too.

    The surface passes halfway between voxels inside and outside (marching cubes, the topology of Lewiner et al. 2003):
    edges and corners of voxels are cut off. A box of n voxels a side thus has a little less than n**3 of volume.

    Parameters
    ----------
    mask
        A volume of bool values whose position in the patient is known.
    smoothing
        Standard deviation in mm of a Gaussian by which the mask is blurred first, to remove the steps of voxels; 0
        leaves it as it is. What is thinner than about twice of it shrinks or vanishes.

    Returns
    -------
    Surface
        Vertices, faces, area and volume.

    Raises
    ------
    GeometryError
        The place of the mask is not known, or it has no surface: nothing is selected, or nothing is left of it after
        smoothing.
    MissingDependencyError
        scikit-image is not installed.
    TypeError
        The volume is not a mask.
    ValueError
        The smoothing is negative or not a number.

    Examples
    --------
    >>> import hounsfield as hu, numpy as np
    >>> z, y, x = np.ogrid[-12:13, -12:13, -12:13]
    >>> ball = hu.Volume(x**2 + y**2 + z**2 <= 100, affine=np.eye(4)[[2, 1, 0, 3]])
    >>> hu.surface(ball).volume_ml  # 4/3 pi r3 is 4.19
    4.147...
    """
    require_volume(mask, "surface")
    if not mask.is_mask:
        raise TypeError(f"a surface needs a mask (bool values), not {mask.values.dtype}")
    if not (smoothing >= 0 and np.isfinite(smoothing)):
        raise ValueError(f"smoothing must be a length in mm, 0 or more, not {smoothing}")
    if mask.affine is None or mask.spacing is None:
        raise GeometryError("its position in the patient is not known, which a surface in mm needs", source=mask.name)
    margin = [1 + int(np.ceil(_TRUNCATE * smoothing / spacing)) for spacing in mask.spacing]
    inside, start = _around(mask.values, margin)
    if inside is None:
        raise GeometryError("the mask is empty: there is no surface", source=mask.name)
    levels: NDArray[Any] = inside
    step = Step("surface", "marching cubes, halfway between voxels inside and outside", reference="Lewiner et al. 2003")
    if smoothing:
        levels = _blurred(inside, [smoothing / spacing for spacing in mask.spacing])
        if levels.max() <= 0.5:
            raise GeometryError(f"the mask is empty after smoothing by {smoothing:g} mm", source=mask.name)
        step = Step("surface", f"blurred by {smoothing:g} mm, then {step.detail}", reference=step.reference)
    vertices, faces = _marching_cubes(levels)
    placed = mask.to_lps(vertices + start)
    if _signed_mm3(placed[faces]) < 0:  # the axes of a volume are right-handed or left-handed
        faces = faces[:, ::-1]
    return Surface(placed, np.ascontiguousarray(faces, np.int32), (*mask.steps, step), mask.name)


def _around(values: NDArray[np.bool_], margin: list[int]) -> tuple[NDArray[np.bool_] | None, NDArray[np.int64]]:
    """The part of a mask in which something is selected with a margin of False, and the index of its first voxel."""
    bounds: list[tuple[int, int]] = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        (occupied,) = np.nonzero(values.any(axis=others))
        if not occupied.size:
            return None, np.zeros(3, np.int64)
        bounds.append((int(occupied[0]), int(occupied[-1]) + 1))
    part = values[tuple(slice(low, high) for low, high in bounds)]
    padded = np.pad(part, [(n, n) for n in margin])
    return padded, np.array([low - n for (low, _), n in zip(bounds, margin, strict=True)])


def _blurred(inside: NDArray[np.bool_], sigma: list[float]) -> NDArray[np.float32]:
    try:
        with needed_for("smoothing a surface"):
            from scipy import ndimage
    except ImportError:
        raise missing("smoothing a surface", "scipy") from None
    blurred: Any = ndimage.gaussian_filter(inside.astype(np.float32), sigma, truncate=_TRUNCATE, mode="constant")
    return blurred


def _marching_cubes(levels: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices as (slice, row, column) with fractions, and faces."""
    try:
        from skimage.measure import marching_cubes
    except ImportError:
        raise missing("a surface", "scikit-image", "surfaces") from None
    triangles: Any = marching_cubes(levels.astype(np.float32, copy=False), 0.5, allow_degenerate=False)
    return triangles[0].astype(np.float64), triangles[1]


def _cross(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each triangle the vector at right angles to it whose length is twice its area."""
    return np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])


def _signed_mm3(triangles: NDArray[np.float64]) -> float:
    """The enclosed volume, positive where faces are outward: the sum of x . n dA / 3, about a point near by."""
    if not len(triangles):
        return 0.0
    near = triangles - triangles[0, 0]
    return float(np.einsum("ij,ij->", near[:, 0], _cross(near)) / 6)
