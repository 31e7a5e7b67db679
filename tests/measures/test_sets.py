"""`intersection` and `union` of masks."""

import numpy as np
import pytest

import hounsfield as hu

from volumes import phantom_volume


def masks():
    image = hu.Image(np.arange(36).reshape(6, 6), unit="HU")
    return (
        image,
        hu.region("circle", image, center=(2, 2), radius=2),
        hu.region("rectangle", image, center=(3, 3), size=(3, 3)),
    )


def test_they_are_those_of_numpy():
    _, one, other = masks()
    assert np.array_equal(hu.intersection(one, other).values, one.values & other.values)
    assert np.array_equal(hu.union(one, other, other).values, one.values | other.values)
    assert hu.union(one) is one


def test_all_steps_are_kept():
    _, one, other = masks()
    assert [step.name for step in hu.union(one, other).steps] == ["region", "region", "union"]
    assert hu.intersection(one, other).steps[-1].detail == "of 2 masks"


def test_they_have_to_fit(tmp_path):
    image, one, _ = masks()
    with pytest.raises(TypeError, match="bool"):
        hu.union(image, one)
    with pytest.raises(hu.GeometryError, match="shape"):
        hu.union(one, hu.Image(np.ones((3, 3), bool)))
    volume, _ = phantom_volume(tmp_path)
    mask = hu.region("circle", volume, center=(9, 9), radius=3)
    with pytest.raises(TypeError, match="Volume"):
        hu.union(mask, one)
    assert hu.intersection(mask, mask).is_mask


@pytest.mark.parametrize("join", [hu.union, hu.intersection])
def test_arrays_are_joined_too(join):
    image = hu.Image(np.zeros((9, 9)))
    circle = hu.region("circle", image, center=(4, 4), radius=3)
    array = np.zeros((9, 9), bool)
    array[4:] = True
    made = join(circle, array)
    assert np.array_equal(made.values, circle.values | array if join is hu.union else circle.values & array)
    assert made.steps[:-1] == circle.steps
    with pytest.raises(TypeError, match="must have bool values"):
        join(circle, array.astype(int))
    with pytest.raises(hu.GeometryError, match="shape"):
        join(circle, array[:3])
    with pytest.raises(TypeError, match="takes an Image or a Volume"):
        join(array, circle)
