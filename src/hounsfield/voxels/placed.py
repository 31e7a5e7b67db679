"""What follows from the place of a regular grid in the patient: spacing, directions, points. Knows numpy only."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.geometry import ImagePlane, column_lengths, image_plane, is_sheared
from hounsfield.text import counted


class Placed:
    """A grid of (slice, row, column) whose affine says where it lies in the patient, or which has none."""

    affine: NDArray[np.float64] | None
    name: str

    @property
    def spacing(self) -> tuple[float, float, float] | None:
        """Distance in mm of neighbours along each axis: (slice, row, column); None where it is not known.

        Of slices it is the distance between their first pixels, which on a tilted gantry is more than the one at right
        angles (`spacing_between_slices`).
        """
        if self.affine is None:
            return None
        along_slice, along_row, along_column = column_lengths(self.affine[:3, :3]).tolist()
        return along_slice, along_row, along_column

    @property
    def spacing_between_slices(self) -> float | None:
        """Distance in mm of neighbouring slices along their normal; None where it is not known."""
        if self.affine is None or self.spacing is None:
            return None
        normal = np.cross(self.affine[:3, 2], self.affine[:3, 1])
        return abs(float(self.affine[:3, 0] @ normal)) / float(np.linalg.norm(normal))

    @property
    def direction(self) -> NDArray[np.float64] | None:
        """3x3 matrix whose columns are the unit vectors in LPS along slices, rows and columns; None if not known."""
        return None if self.affine is None else self.affine[:3, :3] / column_lengths(self.affine[:3, :3])

    @property
    def origin(self) -> tuple[float, float, float] | None:
        """x, y, z in LPS mm of voxel (0, 0, 0); None where it is not known."""
        if self.affine is None:
            return None
        x, y, z = self.affine[:3, 3].tolist()
        return x, y, z

    @property
    def voxel_mm3(self) -> float | None:
        """Volume of a voxel in cubic millimetres; None where it is not known."""
        if self.affine is None:
            return None
        along_slice, along_row, along_column = self.affine[:3, :3].T
        return abs(float(along_slice @ np.cross(along_row, along_column)))  # det rounds more: 500.0000000000003

    @property
    def is_sheared(self) -> bool:
        """True where the axes are not at right angles: the gantry was tilted."""
        return self.affine is not None and is_sheared(self.affine)

    def to_lps(self, index: Any) -> NDArray[np.float64]:
        """Return where voxels lie.

        Parameters
        ----------
        index
            (slice, row, column), or an array (..., 3) of them; fractions lie between voxels.

        Returns
        -------
        ndarray
            (..., 3): x, y, z in LPS mm.

        Raises
        ------
        GeometryError
            The files do not say where slices lie.
        """
        matrix = self._placed()
        return np.asarray(index, np.float64) @ matrix[:3, :3].T + matrix[:3, 3]

    def to_index(self, lps: Any) -> NDArray[np.float64]:
        """Return the (slice, row, column) at points in the patient, with fractions.

        Parameters
        ----------
        lps
            x, y, z in LPS mm, or an array (..., 3) of them.

        Returns
        -------
        ndarray
            (..., 3); outside the volume below 0, or beyond its shape.

        Raises
        ------
        GeometryError
            The files do not say where slices lie.
        """
        inverse = np.linalg.inv(self._placed())
        return np.asarray(lps, np.float64) @ inverse[:3, :3].T + inverse[:3, 3]

    def _placed(self) -> NDArray[np.float64]:
        if self.affine is None:
            raise GeometryError("its position in the patient is not known: it has no affine", source=self.name)
        return self.affine

    @abstractmethod
    def __len__(self) -> int:
        """Number of slices."""

    def plane(self, index: int) -> ImagePlane | None:
        """Return where a slice lies; None where that is not known, or rows and columns are not at right angles.

        Negative indices count from the end.

        Raises
        ------
        IndexError
            There is no such slice.
        """
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"slice {index} is out of range: {counted(count, 'slice')}, counted from 0")
        index %= count
        if self.affine is None or self.spacing is None:
            return None
        position = self.affine[:3, :3] @ [index, 0, 0] + self.affine[:3, 3]
        directions = self.affine[:3, [2, 1]] / np.array(self.spacing)[[2, 1]]
        return image_plane(position.tolist(), directions.T.ravel().tolist(), self.spacing[1:])
