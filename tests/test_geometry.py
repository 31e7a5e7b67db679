import numpy as np
import pytest

from hounsfield.geometry import image_plane

AXIAL = [1, 0, 0, 0, 1, 0]


def test_the_formula_of_the_standard():
    # PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1: P = S + X * delta_i * column index + Y * delta_j * row index.
    plane = image_plane([10, 20, 30], [0, 1, 0, 0, 0, -1], [2, 3])
    assert plane.to_lps(row=5, column=7) == (10.0, 20 + 3 * 7, 30 - 2 * 5)
    np.testing.assert_allclose(plane.normal, (-1, 0, 0))
    assert np.linalg.det(plane.affine[:3, :3]) != 0


@pytest.mark.parametrize(
    ("position", "orientation", "spacing"),
    [
        (None, AXIAL, (1, 1)),
        ([0, 0], AXIAL, (1, 1)),
        ([0, 0, float("nan")], AXIAL, (1, 1)),
        ([0, 0, 0], [1, 0, 0, 1, 0, 0], (1, 1)),
        ([0, 0, 0], [2, 0, 0, 0, 1, 0], (1, 1)),
        ([0, 0, 0], [0] * 6, (1, 1)),
        ([0, 0, 0], AXIAL, (0, 1)),
        ([0, 0, 0], AXIAL, None),
        (["a", 0, 0], AXIAL, (1, 1)),
    ],
)
def test_what_defines_no_plane_gives_none_and_never_an_identity(position, orientation, spacing):
    assert image_plane(position, orientation, spacing) is None
