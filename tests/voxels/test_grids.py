"""Grids as matrices: which voxels are taken, and where others over the same data lie."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from hounsfield.geometry import ImagePlane
from hounsfield.voxels import grids
from hounsfield.voxels.grids import Grid, Turn

from sitk_volumes import affine_of, rotation

TURNED = rotation(20, -35, 50)[:, ::-1]
SHAPE = (4, 6, 8)
GRID = Grid(affine_of(TURNED, (2.5, 0.7, 0.9), (-31.5, 12.25, 140)), SHAPE)
AXIAL = Grid(affine_of(spacing=(5, 2, 1)), SHAPE)


def lps(grid, index):
    return grid.affine[:3, :3] @ np.asarray(index, float) + grid.affine[:3, 3]


def corners(grid):
    return np.array([lps(grid, at) for at in itertools.product(*((-0.5, n - 0.5) for n in grid.shape))])


def test_indices_are_those_of_numpys_slices():
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    picks = grids.cropping(SHAPE, ((1, 3), None, (2, 8)))
    assert np.array_equal(values[grids.as_slices(picks)], values[1:3, :, 2:8])
    backwards = grids.flipping(SHAPE, [0, 2])
    assert np.array_equal(values[grids.as_slices(backwards)], values[::-1, :, ::-1])


@pytest.mark.parametrize("bounds", [(0, 0), (3, 2), (-1, 2), (0, 5)])
def test_bounds_that_hold_nothing_or_reach_beyond_are_refused(bounds):
    with pytest.raises(IndexError, match="slices"):
        grids.cropping(SHAPE, (bounds, None, None))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_voxels_that_are_taken_stay_where_they_are(order):
    picks = (range(3, 0, -1), range(1, 6, 2), range(0, 8))
    affine = grids.taken(GRID.affine, picks, order)
    for new in itertools.product(range(2), repeat=3):
        old = [0, 0, 0]
        for place, axis in enumerate(order):
            old[axis] = picks[axis][new[place]]
        assert np.allclose(affine[:3, :3] @ new + affine[:3, 3], lps(GRID, old))


def test_axes_are_named_once_each():
    assert grids.reordering(("column", "slice", "row")).order == (2, 0, 1)
    for axes in (("row", "row", "slice"), ("row",), ("row", "column", "depth")):
        with pytest.raises(ValueError):
            grids.reordering(axes)


def test_a_turn_says_what_it_does():
    assert str(Turn((2, 0, 1), (0,))) == "axes (column, slice, row), slice flipped"
    assert str(Turn((0, 1, 2))) == "axes (slice, row, column)"


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_named_planes_are_those_of_radiology(plane):
    """PS3.3 C.7.6.2.1.1: LPS; columns to the left or the back, rows to the back or the feet."""
    across, down = {"axial": ("x", "y"), "coronal": ("x", "-z"), "sagittal": ("y", "-z")}[plane]
    unit = {"x": [1, 0, 0], "y": [0, 1, 0], "-z": [0, 0, -1]}
    directions = grids.directions_of(plane)
    assert directions[:, 2].tolist() == unit[across] and directions[:, 1].tolist() == unit[down]
    assert np.linalg.det(directions[:, ::-1]) == pytest.approx(1)  # slices follow row cross column


@pytest.mark.parametrize("plane", ["diagonal", (1, 0, 0), (1, 0, 0, 1, 0, 0), (2, 0, 0, 0, 1, 0), (np.nan,) * 6])
def test_what_is_no_plane_is_refused(plane):
    with pytest.raises(ValueError):
        grids.directions_of(plane)


def test_the_nearest_turn_needs_no_interpolation_along_the_axes():
    turn = grids.nearest_turn(AXIAL.affine, grids.directions_of("coronal"))
    assert (turn.order, turn.flipped, turn.off) == ((1, 0, 2), (0,), 0)
    turned = turn.applied(AXIAL)
    assert turned.shape == (6, 4, 8)
    assert np.allclose(turned.affine[:3, :3] / turned.spacing, grids.directions_of("coronal"))


@pytest.mark.parametrize("code", ["LPS", "RAS", "PIR", "SAL"])
def test_turns_are_those_of_simpleitk(code):
    """SimpleITK names where axes lead to, in the order x, y, z of its own."""
    image = sitk.Image([8, 6, 4], sitk.sitkUInt8)
    image.SetSpacing((1.0, 2.0, 5.0))
    theirs = sitk.DICOMOrient(image, code)
    matrix = np.array(theirs.GetDirection()).reshape(3, 3)[:, ::-1]
    made = grids.nearest_turn(AXIAL.affine, matrix).applied(AXIAL)
    assert made.shape == theirs.GetSize()[::-1]
    assert np.allclose(made.spacing, theirs.GetSpacing()[::-1])
    assert np.allclose(made.affine[:3, 3], theirs.GetOrigin())


def test_a_sheared_grid_becomes_rectangular_in_the_planes_of_its_slices():
    sheared = Grid(affine_of(TURNED, (2.5, 0.7, 0.9), shear=(1.2, -0.4)), SHAPE)
    flat = grids.rectangular(sheared)
    directions = flat.affine[:3, :3] / flat.spacing
    assert np.allclose(directions.T @ directions, np.eye(3))
    assert np.allclose(flat.spacing[1:], sheared.spacing[1:])
    normal = directions[:, 0]
    for number in range(SHAPE[0]):  # each slice lies in the plane it lay in
        assert normal @ (lps(sheared, (number, 0, 0)) - lps(flat, (number, 0, 0))) == pytest.approx(0, abs=1e-9)
    inverse = np.linalg.inv(flat.affine)
    for at in itertools.product(*((0, n - 1) for n in SHAPE)):  # every voxel is held
        index = inverse[:3, :3] @ lps(sheared, at) + inverse[:3, 3]
        assert (index >= -1e-6).all() and (index <= np.array(flat.shape) - 1 + 1e-6).all()
    first = inverse[:3, :3] @ lps(sheared, (0, 0, 0)) + inverse[:3, 3]
    assert np.allclose(first, np.rint(first))  # the first slice keeps its pixels


@pytest.mark.parametrize("spacing", [1.25, (1, 2, 3), (2.5, 0.7, 0.9), 100])
def test_another_spacing_keeps_centre_directions_and_extent(spacing):
    made = grids.respaced(GRID, spacing)
    assert np.allclose(made.spacing, spacing)
    assert np.allclose(made.affine[:3, :3] / made.spacing, TURNED)
    middle = [(n - 1) / 2 for n in SHAPE], [(n - 1) / 2 for n in made.shape]
    assert np.allclose(lps(GRID, middle[0]), lps(made, middle[1]))
    extents = np.array(SHAPE) * GRID.spacing, np.array(made.shape) * made.spacing
    assert (np.abs(extents[0] - extents[1]) <= np.maximum(made.spacing / 2, made.spacing - extents[0]) + 1e-9).all()


@pytest.mark.parametrize("spacing", [0, -1, (1, 2), (1, 2, np.nan), np.inf])
def test_what_is_no_spacing_is_refused(spacing):
    with pytest.raises(ValueError):
        grids.three_spacings(spacing)


@pytest.mark.parametrize("through", [None, (0.3, -7.1, 2.2)])
@pytest.mark.parametrize("angles", [(0, 0, 0), (10, 20, 30), (-80, 5, 44)])
def test_a_covering_grid_holds_every_voxel_and_no_empty_layer(angles, through):
    directions = rotation(*angles)[:, ::-1]
    made = grids.covering(GRID, directions, 1.5, through)
    inverse = np.linalg.inv(made.affine)
    index = corners(GRID) @ inverse[:3, :3].T + inverse[:3, 3]
    assert (index >= -0.5 - 1e-6).all() and (index <= np.array(made.shape) - 0.5 + 1e-6).all()
    assert (index.min(axis=0) < 0.5 + 1e-6).all() and (index.max(axis=0) > np.array(made.shape) - 1.5 - 1e-6).all()
    if through is not None:
        at = inverse[:3, :3] @ through + inverse[:3, 3]
        assert np.allclose(at, np.rint(at), atol=1e-6)


def test_a_grid_along_its_own_axes_covers_itself():
    made = grids.covering(GRID, TURNED)
    assert made.shape == SHAPE and np.allclose(made.affine, GRID.affine)


def test_orienting_along_the_axes_turns_and_in_between_covers():
    target, turn = grids.oriented(AXIAL, "sagittal")
    assert turn is not None and target.shape == (8, 4, 6)
    target, turn = grids.oriented(GRID, "axial")
    assert turn is None
    assert np.allclose(target.affine[:3, :3] / target.spacing, np.eye(3)[:, ::-1])
    _, turn = grids.oriented(AXIAL, "axial", spacing=1)
    assert turn is None


def test_an_image_plane_is_one_of_the_slices():
    plane = ImagePlane((1.0, 2.0, 3.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (0.5, 0.25))
    target, turn = grids.oriented(GRID, plane)
    inverse = np.linalg.inv(target.affine)
    at = inverse[:3, :3] @ np.array(plane.position) + inverse[:3, 3]
    assert turn is None and np.allclose(at, np.rint(at), atol=1e-6)
    assert np.allclose(target.spacing[1:], (0.5, 0.25))


def test_a_slice_through_a_point_is_parallel_and_holds_it():
    point = lps(GRID, (1.3, 2, 4))
    one = grids.slice_through(GRID, point)
    normal = np.cross(one.affine[:3, 2], one.affine[:3, 1])
    assert one.shape == (1, 6, 8)
    assert np.allclose(one.affine[:3, :3], GRID.affine[:3, :3])
    assert normal @ (point - one.affine[:3, 3]) == pytest.approx(0, abs=1e-9)
