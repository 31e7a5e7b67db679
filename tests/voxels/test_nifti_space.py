"""NIfTI's order, matrix and types, by nibabel's reading of them."""

import itertools

import nibabel
import numpy as np
import pytest

import hounsfield as hu
from hounsfield.voxels.nifti_space import (
    NiftiGrid,
    has_qform,
    narrowed,
    nibabel_image,
    nifti_affine,
    nifti_header,
    nifti_order,
    rgb_values,
)

from sitk_volumes import affine_of, rotation

TURNED = rotation(20, -35, 50)[:, ::-1]
AFFINE = affine_of(TURNED, (2.5, 0.7, 0.9), (-31.5, 12.25, 140))
SHAPE = (3, 4, 5)


def test_each_voxel_keeps_its_value_and_its_place():
    values = np.arange(60, dtype=np.int16).reshape(SHAPE)
    stored, affine = nifti_order(values), nifti_affine(AFFINE, SHAPE[1])
    for s, r, c in itertools.product(*map(range, SHAPE)):
        column, row, number = c, SHAPE[1] - 1 - r, s
        assert stored[column, row, number] == values[s, r, c]
        lps = AFFINE[:3, :3] @ (s, r, c) + AFFINE[:3, 3]
        ras = affine[:3, :3] @ (column, row, number) + affine[:3, 3]
        assert np.allclose(ras, lps * (-1, -1, 1))


def test_axial_slices_are_stored_as_dcm2niix_stores_them():
    """Columns from left to right... of the picture: x falls in RAS; rows from the back to the front."""
    affine = nifti_affine(affine_of(spacing=(5, 2, 1)), 4)
    assert nibabel.aff2axcodes(affine) == ("L", "A", "S")
    assert not np.signbit(affine[affine == 0]).any()


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("?", "u1"),
        ("f2", "f4"),
        ("u1", "u1"),
        ("i1", "i1"),
        (">i2", "i2"),
        ("u4", "u4"),
        ("f8", "f8"),
        ("i8", "u1"),
        ("u8", "u1"),
    ],
)
def test_types_hold_every_value(dtype, expected):
    values = np.array([0, 1], dtype)
    assert narrowed(values) == np.dtype(expected)
    assert np.array_equal(values.astype(narrowed(values)), values)


@pytest.mark.parametrize(("low", "high", "expected"), [(0, 256, "i2"), (-1, 0, "i2"), (-40_000, 5, "i4")])
def test_whole_numbers_of_64_bits_become_the_narrowest(low, high, expected):
    assert narrowed(np.array([low, high], np.int64)) == np.dtype(expected)


def test_what_nifti_cannot_hold_is_refused():
    with pytest.raises(hu.FormatError, match="32 bits"):
        narrowed(np.array([2**40], np.int64))
    with pytest.raises(hu.FormatError):
        narrowed(np.array([1j]))
    with pytest.raises(hu.FormatError, match="8 bits"):
        rgb_values(np.zeros((2, 2, 3), np.uint16))


def test_the_header_has_both_matrices_where_both_say_the_same():
    header, off = nifti_header(NiftiGrid(SHAPE, AFFINE, np.dtype(np.int16)))
    ras = nifti_affine(AFFINE, SHAPE[1])
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 1)
    assert np.allclose(header.get_sform(), ras, atol=1e-4) and np.allclose(header.get_qform(), ras, atol=1e-3)
    assert off < 1e-3 and header.get_xyzt_units()[0] == "mm"
    assert header.get_data_shape() == SHAPE[::-1]


def test_a_tilted_gantry_has_no_qform():
    header, off = nifti_header(NiftiGrid(SHAPE, affine_of(spacing=(5, 1, 1), shear=(2, 0)), np.dtype(np.int16)))
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 0)
    # The last of three slices is moved by 4 mm, which a qform cannot say.
    assert off > 1 and not has_qform(off)


def test_where_no_place_is_known_there_is_no_matrix():
    header, _ = nifti_header(NiftiGrid(SHAPE, None, np.dtype(np.int16), voxel=(5, 2, 1)))
    assert (int(header["sform_code"]), int(header["qform_code"])) == (0, 0)
    assert header["pixdim"][1:4].tolist() == [1, 2, 5]
    assert header.get_xyzt_units()[0] == "mm"
    assert nifti_header(NiftiGrid(SHAPE, None, np.dtype(np.int16)))[0].get_xyzt_units()[0] == "unknown"


def test_time_between_volumes_is_in_seconds():
    header, _ = nifti_header(NiftiGrid(SHAPE, AFFINE, np.dtype(np.int16), times=7, time_step=2500))
    assert header.get_data_shape() == (*SHAPE[::-1], 7)
    assert (header["pixdim"][4], header.get_xyzt_units()[1]) == (2.5, "sec")


@pytest.mark.parametrize(("side", "kind"), [(32_767, nibabel.Nifti1Header), (32_768, nibabel.Nifti2Header)])
def test_axes_that_16_bits_cannot_count_need_nifti_2(side, kind):
    header, _ = nifti_header(NiftiGrid((1, 1, side), None, np.dtype(np.uint8)))
    assert type(header) is kind


def test_colours_are_three_bytes_a_value():
    colours = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8)
    image = nibabel_image(colours, AFFINE, color=True)
    again = nibabel.Nifti1Image.from_bytes(image.to_bytes())
    stored = np.asarray(again.dataobj)
    for s, r, c in itertools.product(*map(range, SHAPE)):
        assert tuple(stored[c, SHAPE[1] - 1 - r, s].tolist()) == tuple(colours[s, r, c].tolist())
