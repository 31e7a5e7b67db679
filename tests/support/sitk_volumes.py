"""Volumes for tests, and the same ones as SimpleITK sees them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.volume import SliceSource


def rotation(*degrees: float) -> np.ndarray:
    """Turns about x, y, z, one after the other."""
    matrix = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    return matrix


def affine_of(direction=None, spacing=(1, 1, 1), origin=(0, 0, 0), shear=(0, 0)) -> np.ndarray:
    """Of direction cosines along slices, rows and columns; `shear` moves each slice by mm along rows and columns."""
    direction = np.eye(3)[:, ::-1] if direction is None else direction
    affine = np.eye(4)
    affine[:3, :3] = direction * spacing
    affine[:3, 0] += direction[:, 1:] @ np.asarray(shear, float)
    affine[:3, 3] = origin
    return affine


def stack(images: list[hu.Image]) -> hu.Volume:
    """Images at even distances along their normal as a volume."""
    images = sorted(images, key=lambda image: np.dot(image.plane.position, image.plane.normal))
    first, last = images[0].plane, images[-1].plane
    affine = first.affine[:, [2, 0, 1, 3]]
    affine[:3, 0] = (np.array(last.position) - first.position) / (len(images) - 1)
    steps = np.diff([image.plane.position for image in images], axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(affine[:3, 0], steps.shape), atol=1e-3)
    padding = None if images[0].padding is None else np.stack([image.padding for image in images])
    return hu.Volume(
        np.stack([image.values for image in images]),
        affine,
        images[0].unit,
        images[0].steps,
        padding,
        header=images[0].header,
        slice_headers=[image.header for image in images],
        sources=tuple(hu.volume.SliceSource(image.name) for image in images),
        name="a stack",
    )


@cache
def tilted_ct(folder: Path) -> tuple[hu.Volume, list[Path]]:
    """The slices of the corpus's tilted CT that are 4.22 mm apart, the lower half, and their files."""
    read = {path: hu.read(path) for path in sorted(folder.glob("gantry-tilt-ct/*.dcm"))}
    paths = sorted(read, key=lambda path: read[path].plane.position[2])[:14]
    return stack([read[path] for path in paths]), paths


def as_sitk(volume: hu.Volume, values: np.ndarray | None = None) -> sitk.Image:
    """The volume, or other values on its grid, as SimpleITK's image: index (column, row, slice)."""
    values = volume.values if values is None else values
    values = values.astype(np.uint8) if values.dtype == np.bool_ else values
    image = sitk.GetImageFromArray(np.ascontiguousarray(values), isVector=volume.color)
    image.SetSpacing(volume.spacing[::-1])
    image.SetDirection(volume.direction[:, ::-1].ravel().tolist())
    image.SetOrigin(volume.origin)
    return image


def resampled(source: sitk.Image, grid: hu.Volume, interpolator: int, outside: float) -> np.ndarray:
    """SimpleITK's values of an image on the grid of a volume."""
    pixel = sitk.sitkVectorFloat64 if source.GetNumberOfComponentsPerPixel() > 1 else sitk.sitkFloat64
    like = as_sitk(grid, np.zeros(grid.shape[:3], np.uint8)) if not grid.color else as_sitk(grid)
    return sitk.GetArrayFromImage(sitk.Resample(source, like, sitk.Transform(), interpolator, outside, pixel))


def to_a_millionth(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of which none is nearly 0: ITK's inverse of a direction of cosines like 1e-303 is wrong (SVDC)."""
    return st.floats(low, high).map(lambda number: round(number, 6))


TURNED = rotation(20, -35, 50)[:, ::-1]


def volume_of(shape=(3, 4, 5), **place):
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    place = {"direction": TURNED, "spacing": (2.5, 0.7, 0.9), "origin": (-31.5, 12.25, 140), **place}
    volume = hu.Volume(values, affine_of(**place), "HU", padding=values % 7 == 0, name="made")
    headers = [hu.image.NoHeader() for _ in range(shape[0])]
    sources = tuple(SliceSource(f"{index}.dcm") for index in range(shape[0]))
    return volume.with_values(values, slice_headers=headers, sources=sources)


def same_as(volume: hu.Volume, theirs: sitk.Image) -> None:
    """The same values at the same positions, by SimpleITK's account of both."""
    np.testing.assert_array_equal(volume.values, sitk.GetArrayFromImage(theirs))
    for index in np.ndindex(volume.shape[:3]):
        np.testing.assert_allclose(
            volume.to_lps(index), theirs.TransformIndexToPhysicalPoint(tuple(int(i) for i in index[::-1])), atol=1e-9
        )


#: Where a volume may lie.
places = st.fixed_dictionaries(
    {
        "shape": st.tuples(*[st.integers(1, 5)] * 3),
        "spacing": st.tuples(*[st.floats(0.1, 6)] * 3),
        "shear": st.tuples(*[to_a_millionth(-3, 3)] * 2),
        "direction": st.tuples(*[to_a_millionth(-180, 180)] * 3).map(lambda angles: rotation(*angles)[:, ::-1]),
    }
)
