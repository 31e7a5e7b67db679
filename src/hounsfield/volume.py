"""The value object of slices that belong together: a regular grid of values in the patient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from hounsfield.conversions import Convertible
from hounsfield.errors import GeometryError
from hounsfield.geometry import ImagePlane, SpacingKind, as_affine, image_plane
from hounsfield.image import Header, Image, NoHeader, Step

#: Attributes that say where a slice lies; those of a slice of a volume follow from the volume's affine.
_PLACE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


@dataclass(frozen=True)
class SliceSource:
    """Where a slice came from.

    Attributes
    ----------
    path
        The file; of a member of an archive ``archive.zip/member``.
    frame_index
        0-based frame of a multi-frame file; None where the file is a single image.
    """

    path: str
    frame_index: int | None = None


class SliceHeader(Header):
    """The header of a slice of a volume: that of its file, with the place that the volume gives it.

    Parameters
    ----------
    whole
        The header of the file, or of the frame.
    plane
        Where the slice lies; None where it is no rectangle in the patient. The file's own place is not shown then.
    """

    def __init__(self, whole: Header, plane: ImagePlane | None) -> None:
        self._whole = whole
        self._place: dict[str, Any] = dict.fromkeys(_PLACE)
        if plane is not None:
            places = (plane.position, plane.orientation, plane.pixel_spacing)
            self._place = {keyword: list(values) for keyword, values in zip(_PLACE, places, strict=True)}

    @property
    def dataset(self) -> Any:
        """The attributes of the file."""
        return self._whole.dataset

    @property
    def doubts(self) -> tuple[Step, ...]:
        """The doubts of the file."""
        return self._whole.doubts

    def for_frame(self, index: int) -> Header:
        """Return this header: a slice is one picture."""
        return self

    def __getitem__(self, keyword: str) -> Any:
        value = self._place[keyword] if keyword in self._place else self._whole[keyword]
        if value is None:
            raise KeyError(keyword)
        return value

    def __iter__(self) -> Iterator[str]:
        own = [keyword for keyword, value in self._place.items() if value is not None]
        yield from own
        yield from (keyword for keyword in self._whole if keyword not in self._place)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _plain_html(volume: Volume) -> str:
    return f"<pre>{escape(repr(volume))}</pre>"


#: Makes the HTML that notebooks show; a layer above this one puts its function here (as `hounsfield.image.html_view`).
html_view: Callable[[Volume], str] = _plain_html


@dataclass(frozen=True, eq=False, repr=False)
class Volume(Convertible):
    """A regular grid of values in the patient. Masks are volumes with values of type bool.

    Attributes
    ----------
    values
        (slice, row, column), colour with 3 samples more. Slices are in the order of their position along the normal
        (the row direction cross the column direction), not of numbers or names.
    affine
        4x4 matrix from (slice, row, column, 1) to x, y, z, 1 in LPS mm (x to the left, y to the back, z to the head) of
        the centre of a voxel. Sheared where the gantry was tilted. None where the files do not say where slices lie.
    unit
        Unit of the values, as `Image.unit`.
    steps
        What was done to get from the files to the values, with the reason for what was not, as `Image.steps`.
    padding
        bool array (slice, row, column): True where a voxel is no measurement; or None.
    pixel_spacing, spacing_kind
        As of an `Image`, for each slice.
    frame_of_reference
        Frame of Reference UID: volumes that share it are in the same space. ``""`` where unknown.
    header
        Attributes of the first slice's file.
    slice_headers
        The header of each slice, made when it is asked for; None where slices are not those of files any more.
    sources
        Which file, and which frame of it, each slice came from; empty where slices are not those of files any more.
    separated_by
        What tells this volume from others at the same positions: keyword to value, the leading attribute first.
    color
        True where the last axis holds red, green and blue.
    name
        What it is called in messages: never by what identifies the patient.

    Examples
    --------
    >>> import hounsfield as hu
    >>> volume = hu.Volume([[[0, 100]], [[200, 300]]], affine=[[0, 0, 1, 0], [0, 2, 0, 0], [5, 0, 0, 0], [0, 0, 0, 1]])
    >>> volume
    Volume(2 x 1 x 2 int64 (no unit), axes (slice, row, column), spacing (5, 2, 1) mm)
    >>> volume.to_lps((1, 0, 1))
    array([1., 0., 5.])
    """

    values: NDArray[Any]
    affine: NDArray[np.float64] | None = None
    unit: str = ""
    steps: tuple[Step, ...] = ()
    padding: NDArray[np.bool_] | None = None
    pixel_spacing: tuple[float, float] | None = None
    spacing_kind: SpacingKind | None = None
    frame_of_reference: str = ""
    header: Header = field(default_factory=NoHeader)
    slice_headers: Sequence[Header] | None = None
    sources: tuple[SliceSource, ...] = ()
    separated_by: Mapping[str, Any] = field(default_factory=dict[str, Any])
    color: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values))
        if self.values.ndim - self.color != 3 or (self.color and self.values.shape[-1] != 3):
            raise ValueError(
                f"values of shape {self.values.shape} are no volume: (slice, row, column), "
                "and 3 samples more where color is True"
            )
        if self.affine is None:
            return
        object.__setattr__(self, "affine", as_affine(self.affine))
        rows, columns = self.spacing[1:] if self.spacing else (0.0, 0.0)
        object.__setattr__(self, "pixel_spacing", (rows, columns))
        object.__setattr__(self, "spacing_kind", "patient")

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of `values`, in order."""
        return ("slice", "row", "column", *(("sample",) if self.color else ()))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `values`."""
        return self.values.shape

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a slice."""
        return self.values.shape[1], self.values.shape[2]

    def __len__(self) -> int:
        return self.values.shape[0]

    @property
    def is_mask(self) -> bool:
        """True where the values are bool."""
        return self.values.dtype == np.bool_

    @property
    def spacing(self) -> tuple[float, float, float] | None:
        """Distance in mm of neighbours along each axis: (slice, row, column); None where it is not known.

        Of slices it is the distance between their first pixels, which on a tilted gantry is more than the one at right
        angles (`spacing_between_slices`).
        """
        if self.affine is None:
            return None
        along_slice, along_row, along_column = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
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
        return None if self.affine is None else self.affine[:3, :3] / np.linalg.norm(self.affine[:3, :3], axis=0)

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
        return None if self.affine is None else abs(float(np.linalg.det(self.affine[:3, :3])))

    @property
    def is_sheared(self) -> bool:
        """True where the axes are not at right angles: the gantry was tilted."""
        direction = self.direction
        if direction is None:
            return False
        return bool(np.abs(direction.T @ direction - np.eye(3)).max() > 1e-3)

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
            raise GeometryError("its place in the patient is not known: it has no affine", source=self.name)
        return self.affine

    def plane(self, index: int) -> ImagePlane | None:
        """Return where a slice lies; None where that is not known, or rows and columns are not at right angles."""
        if self.affine is None or self.pixel_spacing is None:
            return None
        position = self.affine[:3, :3] @ [index, 0, 0] + self.affine[:3, 3]
        directions = self.affine[:3, [2, 1]] / np.array(self.pixel_spacing)[::-1]
        return image_plane(position.tolist(), directions.T.ravel().tolist(), self.pixel_spacing)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> Volume: ...
    def __getitem__(self, index: int | slice) -> Image | Volume:
        """Return a slice as an `Image` that shares this one's memory; of a range of slices a `Volume`."""
        if isinstance(index, slice):
            return self._some(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"slice {index} is out of range: {len(self)} slices, counted from 0")
        index %= len(self)
        header = self.header if self.slice_headers is None else self.slice_headers[index]
        if self.affine is not None:
            header = SliceHeader(header, self.plane(index))
        source = self.sources[index] if self.sources else SliceSource(self.name)
        return Image(
            self.values[index],
            self.unit,
            self.steps,
            self.pixel_spacing,
            self.spacing_kind,
            None if self.padding is None else self.padding[index],
            header,
            self.color,
            source.path,
            source.frame_index,
        )

    def __iter__(self) -> Iterator[Image]:
        return (self[index] for index in range(len(self)))

    def _some(self, chosen: slice) -> Volume:
        start, stop, step = chosen.indices(len(self))
        count = len(range(start, stop, step))
        if not count:
            raise IndexError(f"no slice was chosen of {len(self)}")
        affine = self.affine
        if affine is not None:
            affine = affine.copy()
            affine[:3, 3] += affine[:3, 0] * start
            affine[:3, 0] *= step
        by_slice = self.slice_headers
        return replace(
            self,
            values=self.values[chosen],
            affine=affine,
            padding=None if self.padding is None else self.padding[chosen],
            slice_headers=None if by_slice is None else [by_slice[i] for i in range(start, stop, step)],
            sources=self.sources[chosen],
            steps=(*self.steps, Step("slices", f"{count} of {len(self)}, from {start} on, every {step}")),
        )

    def as_image(self) -> Image:
        """Return the slices as the frames of an `Image` that shares this one's memory."""
        return Image(
            self.values,
            self.unit,
            self.steps,
            self.pixel_spacing,
            self.spacing_kind,
            self.padding,
            self.header,
            self.color,
            self.name,
        )

    def with_values(self, values: NDArray[Any], *steps: Step, **changes: Any) -> Volume:
        """Return a volume of the same geometry with other values, and more steps."""
        return replace(self, values=values, steps=(*self.steps, *steps), **changes)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the values, for numpy's functions; unit, padding and geometry stay behind."""
        return self.as_image().__array__(dtype, copy)

    def __repr__(self) -> str:
        size = " x ".join(str(n) for n in self.values.shape)
        kind = "mask" if self.is_mask else f"{self.values.dtype} {self.unit or '(no unit)'}"
        kind = f"{self.values.dtype} RGB" if self.color else kind
        place = "place not known"
        if self.spacing is not None:
            place = f"spacing ({', '.join(f'{v:.6g}' for v in self.spacing)}) mm"
        place += ", sheared" if self.is_sheared else ""
        return f"Volume({size} {kind}, axes ({', '.join(self.axes)}), {place})"

    def _repr_html_(self) -> str:
        return html_view(self)
