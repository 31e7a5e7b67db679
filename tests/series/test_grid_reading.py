"""`read_grid`: the place of a NIfTI or DICOM volume; nibabel and the volumes themselves are the oracles."""

import nibabel
import numpy as np
import pytest

import hounsfield as hu

from volumes import phantom_volume, random_affine


@pytest.fixture
def volume(tmp_path):
    return phantom_volume(tmp_path / "ct", matrix=32, slices=5)[0]


def test_of_dicom_it_is_the_volumes_own(volume, tmp_path):
    grid = hu.read_grid(tmp_path / "ct")
    np.testing.assert_array_equal(grid.affine, volume.affine)
    assert grid.shape == volume.shape
    assert grid.frame_of_reference == volume.frame_of_reference != ""
    assert grid.is_mask


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_of_nifti_it_is_the_inverse_of_what_is_written(name, tmp_path):
    for seed in range(5):
        affine = random_affine(np.random.default_rng(seed))
        volume = hu.Volume(np.zeros((4, 5, 6), np.int16), affine)
        hu.write_nifti(volume, tmp_path / name, force=True)
        grid = hu.read_grid(tmp_path / name)
        assert grid.shape == volume.shape
        np.testing.assert_allclose(grid.affine, affine, atol=1e-4)


def test_what_is_put_on_a_nifti_and_written_has_its_matrix(volume, tmp_path):
    """As other programs lay their axes out: columns to the right, to the left, coronal ones."""
    for matrix in (np.diag([2, 2, 3, 1.0]), np.diag([-2, 2, 3, 1.0]), np.diag([2, 2, 3, 1.0])[[0, 2, 1, 3]]):
        matrix[:3, 3] = [-30, -20, -10]
        nibabel.save(nibabel.Nifti1Image(np.zeros((20, 21, 12), np.uint8), matrix), tmp_path / "other.nii.gz")
        made = volume.resample(like=hu.read_grid(tmp_path / "other.nii.gz"))
        hu.write_nifti(made, tmp_path / "made.nii.gz", force=True)
        written = nibabel.load(tmp_path / "made.nii.gz")
        assert written.shape == (20, 21, 12)
        np.testing.assert_allclose(written.affine, matrix, atol=1e-5)


def test_units_and_fourth_axes_of_nifti(tmp_path):
    image = nibabel.Nifti1Image(np.zeros((4, 5, 6, 7), np.uint8), np.diag([0.002, 0.002, 0.003, 1]))
    image.header.set_xyzt_units("meter", "sec")
    nibabel.save(image, tmp_path / "m.nii")
    grid = hu.read_grid(tmp_path / "m.nii")
    assert grid.shape == (6, 5, 4)
    np.testing.assert_allclose(grid.spacing, (3, 2, 2), rtol=1e-6)


def test_what_does_not_say_where_it_lies_is_refused(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), None), tmp_path / "lost.nii")
    with pytest.raises(hu.GeometryError, match=r"lost\.nii: does not say where its voxels lie"):
        hu.read_grid(tmp_path / "lost.nii")
    hu.phantom(tmp_path / "one", matrix=16, slices=3)
    hu.phantom(tmp_path / "two", matrix=16, slices=3, seed=4)
    with pytest.raises(hu.GeometryError, match="here are 2 volumes"):
        hu.read_grid(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 400])
@pytest.mark.parametrize("name", ["bad.nii", "bad.nii.gz"])
def test_what_is_no_nifti_is_a_typed_error(content, name, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(hu.HounsfieldError, match="bad"):
        hu.read_grid(tmp_path / name)


def test_impossible_headers_are_typed_errors(tmp_path):
    """Offsets of NIfTI-1: dim at 40, srow_x at 280."""
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), np.eye(4)), tmp_path / "good.nii")
    content = (tmp_path / "good.nii").read_bytes()
    for place, wrong in ((42, b"\xff\xff"), (42, b"\0\0"), (280, b"\xff" * 16), (280, b"\0" * 48), (40, b"\xff\x7f")):
        (tmp_path / "bad.nii").write_bytes(content[:place] + wrong + content[place + len(wrong) :])
        with pytest.raises(hu.HounsfieldError, match=r"bad\.nii"):
            hu.read_grid(tmp_path / "bad.nii")


def test_a_grid_beyond_the_limits_is_refused_before_memory_is_taken(tmp_path, volume):
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), np.eye(4)), tmp_path / "large.nii")
    content = (tmp_path / "large.nii").read_bytes()
    (tmp_path / "large.nii").write_bytes(content[:42] + b"\xff\x7f" * 3 + content[48:])
    with pytest.raises(hu.LimitExceededError):
        volume.resample(like=hu.read_grid(tmp_path / "large.nii"))


def test_what_is_not_there_is_a_typed_error(tmp_path):
    for name in ("none.nii", "none"):
        with pytest.raises(hu.SourceError, match="none"):
            hu.read_grid(tmp_path / name)


@pytest.mark.parametrize("size", [1e-30, 1e-5, 2e4])
def test_voxels_of_a_size_that_nothing_has_are_refused(size, tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), np.diag([size, size, size, 1])), tmp_path / "x.nii")
    with pytest.raises(hu.GeometryError, match=r"x\.nii: .*voxels"):
        hu.read_grid(tmp_path / "x.nii")
