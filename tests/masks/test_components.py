import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hounsfield as hu


def brute_force(frame, connectivity):
    """Sets of pixels, found one neighbour at a time: slow, and written without OpenCV."""
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    if connectivity == 8:
        steps += [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    left = {tuple(p) for p in np.argwhere(frame).tolist()}
    found = []
    while left:
        queue = [min(left)]
        left.discard(queue[0])
        part = set(queue)
        while queue:
            row, column = queue.pop()
            for down, right in steps:
                neighbour = (row + down, column + right)
                if neighbour in left:
                    left.discard(neighbour)
                    part.add(neighbour)
                    queue.append(neighbour)
        found.append(part)
    return found


@settings(max_examples=200, deadline=None)
@given(
    hnp.arrays(np.bool_, st.tuples(st.integers(1, 15), st.integers(1, 15))),
    st.sampled_from([4, 8]),
    st.integers(1, 3),
    st.integers(0, 6),
)
def test_against_brute_force(frame, connectivity, largest, least):
    parts = brute_force(frame, connectivity)
    kept = hu.components(hu.Image(frame), largest=largest, min_pixels=least, connectivity=connectivity)
    sizes = sorted((len(part) for part in parts), reverse=True)[:largest]
    kept_parts = brute_force(kept.values, connectivity)
    assert sorted((len(p) for p in kept_parts), reverse=True) == [size for size in sizes if size >= least]
    assert all(part in parts for part in kept_parts)


def test_area_needs_a_spacing_of_known_kind():
    mask = hu.Image(np.array([[1, 1, 0, 1]], bool), pixel_spacing=(2.0, 1.0), spacing_kind="patient")
    assert hu.components(mask, min_mm2=4.0).values.tolist() == [[True, True, False, False]]
    assert hu.components(mask, min_mm2=4.1).values.sum() == 0
    for changes in ({"pixel_spacing": None}, {"spacing_kind": None}):
        unknown = hu.Image(mask.values, **{"pixel_spacing": (2.0, 1.0), **changes})
        with pytest.raises(hu.GeometryError, match="min_pixels"):
            hu.components(unknown, min_mm2=1)


def test_frames_by_themselves_and_nothing_in_an_empty_mask():
    frames = np.array([[[1, 0, 1, 1]], [[0, 0, 0, 0]]], bool)
    kept = hu.components(hu.Image(frames), largest=1)
    assert kept.values.tolist() == [[[False, False, True, True]], [[False] * 4]]
    assert kept.steps[-1].detail == "largest 1; 8-connected"


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (2, 0, 5), (0, 4, 5)])
def test_no_pixels_have_no_components(shape):
    grids = [hu.Image(np.zeros(shape, bool))]
    grids += [hu.Volume(np.zeros(shape, bool))] if len(shape) == 3 else []
    for grid in grids:
        assert hu.components(grid, largest=1).values.shape == shape
        ct = grid.with_values(np.zeros(shape, np.int16), hu.Step("made", ""), unit="HU")
        assert hu.mask(ct).values.shape == shape
        assert hu.measure(ct).pixels == 0
        if isinstance(ct, hu.Volume):
            assert hu.mask(ct, fill="3d").values.shape == shape


def test_wrong_arguments():
    with pytest.raises(TypeError, match="mask"):
        hu.components(hu.Image([[1]]), largest=1)
    mask = hu.Image(np.ones((1, 1), bool))
    for arguments in ({"largest": 0}, {"connectivity": 6}):
        with pytest.raises(ValueError, match="must be"):
            hu.components(mask, **arguments)
