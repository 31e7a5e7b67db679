"""A volume on the grid of another: SimpleITK's Resample is the oracle."""

import numpy as np
import pydicom
import pytest
import SimpleITK

import hounsfield as hu

from conftest import corpus_folder
from volumes import phantom_volume, random_affine

PAIRS = 50


def grid(random, shape, flip):
    affine = random_affine(random)
    if flip:
        affine[:3, 1] *= -1
    return hu.Volume(random.normal(size=shape).astype(np.float32), affine)


@pytest.mark.parametrize("order", [0, 1])
def test_it_is_what_simpleitk_resamples(order):
    """Oblique and flipped grids of any spacing that overlap."""
    how = SimpleITK.sitkLinear if order else SimpleITK.sitkNearestNeighbor
    compared = 0
    for seed in range(PAIRS):
        random = np.random.default_rng(seed)
        moving, fixed = grid(random, (6, 9, 8), seed % 3 == 0), grid(random, (5, 7, 10), seed % 2 == 0)
        middle = moving.to_lps([2.5, 4, 3.5]) - fixed.to_lps([2, 3, 4.5])
        affine = fixed.affine.copy()
        affine[:3, 3] += middle
        fixed = hu.Volume(fixed.values, affine)
        ours = moving.resample(like=fixed, order=order, outside=-7)
        theirs = SimpleITK.GetArrayFromImage(
            SimpleITK.Resample(moving.to_sitk(), fixed.to_sitk(), SimpleITK.Transform(), how, -7.0)
        )
        assert ours.shape == fixed.shape
        assert np.array_equal(ours.affine, fixed.affine)
        inside = (theirs != -7) & (ours.padding is None or ~ours.padding)
        compared += int(inside.sum())
        if order:
            np.testing.assert_allclose(ours.values[inside], theirs[inside], atol=2e-4)
        else:  # halfway between two voxels either is the nearest
            assert (ours.values[inside] != theirs[inside]).mean() < 0.02
        only_one = inside ^ (theirs != -7)
        assert only_one.mean() < 0.02
    assert compared > 2000


def test_a_tilted_source_is_put_on_a_right_angled_grid(tmp_path):
    """A function that is linear in space is interpolated exactly, whichever way the grids are sheared."""
    affine = hu.phantom(tmp_path, matrix=32, slices=6, tilt=20).affine
    index = np.stack(np.meshgrid(*map(np.arange, (6, 32, 32)), indexing="ij"), axis=-1)
    place = index @ affine[:3, :3].T + affine[:3, 3]
    sheared = hu.Volume((place @ [0.3, -0.2, 0.5]).astype(np.float64), affine)
    assert sheared.is_sheared
    target = hu.Volume(np.zeros((4, 20, 20)), sheared.rectified().affine)
    result = sheared.resample(like=target)
    where = index[:4, :20, :20] @ target.affine[:3, :3].T + target.affine[:3, 3]
    kept = slice(None) if result.padding is None else ~result.padding
    away = np.abs(result.values - where @ [0.3, -0.2, 0.5])[kept]
    assert np.quantile(away, 0.9) < 1e-5  # beyond the outermost centres, where values go on level, it is more


def test_a_mask_comes_back_on_the_grid_it_was_made_for(tmp_path):
    volume, _ = phantom_volume(tmp_path, matrix=256, slices=6)
    body = hu.mask(volume, above=-300)
    back = hu.mask(volume.resample(1), above=-300).resample(like=volume)
    assert back.shape == body.shape
    assert np.array_equal(back.affine, volume.affine)
    assert back.is_mask
    assert back.padding is None
    assert dice(back, body) > 0.99
    assert back.sources == volume.sources


def dice(one, other):
    both = np.count_nonzero(one.values & other.values)
    return 2 * both / (np.count_nonzero(one.values) + np.count_nonzero(other.values))


def check_back(volume, path):
    """A mask at 1 mm, back on the grid of its source, and written as a segmentation of that."""
    body = hu.mask(volume, above=-300)
    back = hu.mask(volume.resample(1), above=-300).resample(like=volume)
    assert back.shape == volume.shape
    assert np.array_equal(back.affine, volume.affine)
    assert dice(back, body) >= 0.99
    hu.write_seg(back, path)
    file = pydicom.dcmread(path)
    referred = {one.ReferencedSOPInstanceUID for one in file.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert referred == {header["SOPInstanceUID"] for header in volume.slice_headers}
    (segment,) = hu.segments(path)
    assert np.count_nonzero(segment.mask.values) == np.count_nonzero(back.values)


def test_a_mask_at_1_mm_is_written_as_a_segmentation_of_its_source(tmp_path):
    volume, _ = phantom_volume(tmp_path / "ct", matrix=256, slices=8)
    check_back(volume, tmp_path / "seg.dcm")


@pytest.mark.long
def test_a_mask_of_a_real_tilted_series_at_1_mm_is_written_too(tmp_path):
    folder = corpus_folder()
    if folder is None:
        pytest.skip("there is no corpus")
    volume = max(hu.read_volumes(folder / "gantry-tilt-ct"), key=len)
    check_back(volume, tmp_path / "seg.dcm")


def test_other_frames_of_reference_are_assumed_to_be_one_space():
    one = hu.Volume(np.zeros((2, 3, 4)), np.eye(4), frame_of_reference="1.2")
    other = hu.Volume(np.zeros((2, 3, 4)), np.eye(4), frame_of_reference="1.3")
    with pytest.warns(hu.AssumptionWarning, match="Frames of Reference differ"):
        assert one.resample(like=other).steps[0].outcome == "assumed"
    unnamed = hu.Volume(np.zeros((2, 3, 4)), np.eye(4))
    assert one.resample(like=unnamed).steps[0].outcome == "not done"


@pytest.mark.parametrize("given", [{}, {"spacing": 1, "like": hu.Volume(np.zeros((2, 2, 2)), np.eye(4))}])
def test_one_of_spacing_and_like_is_needed(given):
    with pytest.raises(ValueError, match="one of the two"):
        hu.Volume(np.zeros((2, 2, 2)), np.eye(4)).resample(**given)


def test_both_need_a_place():
    placed, lost = hu.Volume(np.zeros((2, 2, 2)), np.eye(4)), hu.Volume(np.zeros((2, 2, 2)))
    for volume, like in ((placed, lost), (lost, placed)):
        with pytest.raises(hu.GeometryError):
            volume.resample(like=like)


@pytest.mark.parametrize("wrong", [hu.Image([[1, 2]]), np.zeros((2, 2, 2)), 3])
def test_like_is_a_volume(wrong):
    with pytest.raises(TypeError, match="takes a Volume"):
        hu.Volume(np.zeros((2, 2, 2)), np.eye(4)).resample(like=wrong)


@pytest.mark.parametrize("spacing", [1e200, 1e-320, 10**400, float("inf"), "fine"])
def test_a_spacing_is_one_that_a_grid_can_have(spacing):
    with pytest.raises(ValueError, match="spacing must be"):
        hu.Volume(np.zeros((2, 2, 2)), np.eye(4)).resample(spacing)


@pytest.mark.parametrize("kind", ["int16", "bool"])
def test_grids_that_do_not_overlap_are_refused(kind):
    """3 mm, 4 mm and 12 mm apart along the axes: the middles are 13 mm from each other (3-4-12-13)."""
    volume = hu.Volume(np.ones((3, 3, 3), kind), np.eye(4))
    away = np.eye(4)
    away[:3, 3] = 3, 4, 12
    with pytest.raises(hu.GeometryError, match="do not overlap.* 13 mm apart"):
        volume.resample(like=hu.Volume(np.zeros((3, 3, 3)), away))
    between = np.diag([100.0, 100, 100, 1])
    between[:3, 3] = -50  # around it on all sides: no centre of a voxel is in it
    with pytest.raises(hu.GeometryError, match="do not overlap"):
        volume.resample(like=hu.Volume(np.zeros((2, 2, 2)), between))


def test_of_a_part_the_step_says_what_is_padding():
    away = np.eye(4)
    away[:3, 3] = 0, 0, 2
    made = hu.Volume(np.ones((3, 3, 3)), np.eye(4)[[2, 1, 0, 3]]).resample(
        like=hu.Volume(np.zeros((3, 3, 3)), away[[0, 1, 2, 3]][:, [2, 1, 0, 3]])
    )
    assert np.count_nonzero(made.padding) == 18
    assert "18 voxels are padding" in made.steps[-1].detail


def test_what_is_padding_everywhere_overlaps():
    volume = hu.Volume(np.ones((3, 3, 3)), np.eye(4), padding=np.ones((3, 3, 3), bool))
    assert volume.resample(like=hu.Volume(np.zeros((2, 2, 2)), np.diag([1.5, 1.5, 1.5, 1]))).padding.all()
