"""Projections of slabs, by numpy on the whole array and by SimpleITK."""

import numpy as np
import pytest
import SimpleITK

import hounsfield as hu

from volumes import phantom_volume, random_affine


def volume(shape=(7, 5, 6), dtype="int16", seed=3, **options):
    values = np.random.default_rng(seed).integers(-100, 100, shape).astype(dtype)
    return hu.Volume(values, random_affine(np.random.default_rng(seed)), **options)


@pytest.mark.parametrize(("how", "function"), [("max", np.max), ("min", np.min), ("mean", np.mean)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_projection_of_everything_is_numpys(how, function, axis):
    full = volume(unit="HU")
    projected = full.project(how, ("slice", "row", "column")[axis])
    assert projected.shape[0] == 1
    assert projected.unit == "HU"
    np.testing.assert_allclose(projected.values[0], function(full.values.astype(np.float64), axis=axis), rtol=1e-6)
    assert projected.values.dtype == ("float32" if how == "mean" else "int16")


def test_slabs_lie_in_the_middle_of_their_slices():
    """A slab of slices 0 to 2 has its centre in slice 1; itk's mean of the same slices has its origin there, too."""
    full = volume((9, 5, 6))
    slabs = full.project("mean", slab=3 * full.spacing_between_slices)
    assert len(slabs) == 3
    np.testing.assert_allclose(slabs.to_lps([0, 2, 3]), full.to_lps([1, 2, 3]), atol=1e-9)
    np.testing.assert_allclose(slabs.to_lps([2, 0, 0]), full.to_lps([7, 0, 0]), atol=1e-9)
    shrunk = SimpleITK.BinShrink(SimpleITK.Cast(full.to_sitk(), SimpleITK.sitkFloat64), [1, 1, 3])
    np.testing.assert_allclose(SimpleITK.GetArrayFromImage(shrunk), slabs.values, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(shrunk.GetOrigin(), slabs.origin, atol=1e-9)


def test_what_is_no_whole_slab_is_left_out_and_a_step_says_so():
    """As by ITK's BinShrink: three slices in the last slab would count as four, and lie elsewhere."""
    full = volume((11, 5, 6))
    slabs = full.project("mean", slab=4 * full.spacing_between_slices)
    shrunk = SimpleITK.BinShrink(SimpleITK.Cast(full.to_sitk(), SimpleITK.sitkFloat64), [1, 1, 4])
    np.testing.assert_allclose(SimpleITK.GetArrayFromImage(shrunk), slabs.values, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(shrunk.GetOrigin(), slabs.origin, atol=1e-9)
    np.testing.assert_allclose(shrunk.GetSpacing()[::-1], slabs.spacing, rtol=1e-9)
    assert "the last 3 slices" in slabs.steps[-1].detail
    assert slabs.steps[-1].outcome == "not done"
    assert len(full.project("mean", slab=100 * full.spacing_between_slices)) == 1


@pytest.mark.parametrize(("how", "has_volume"), [("max", False), ("min", False), ("mean", True)])
@pytest.mark.parametrize("slab", [None, 5])
def test_a_slab_of_greatest_values_has_areas_and_no_volume(how, has_volume, slab):
    """Of 6 slices of 2.5 mm with pixels of 3 x 2 mm; mean values of slabs are thicker slices."""
    full = hu.Volume(np.ones((6, 4, 5)), np.diag([2.5, 3, 2, 1])[[2, 1, 0, 3]])
    slabs = full.project(how, slab=slab)
    measures = hu.measure(slabs, hu.mask(slabs, above=0, fill=False, opening=0))
    assert measures.volume_ml == (pytest.approx(15 * 12 * 10 / 1000) if has_volume else None)
    assert measures.area_mm2 == (120 if not has_volume and slab is None else None)
    assert hu.measure(slabs[0]).area_mm2 == 120
    assert slabs.is_projection is not has_volume
    if not has_volume:
        mask = hu.mask(slabs, above=0, fill=False, opening=0)
        with pytest.raises(hu.GeometryError, match="no volume"):
            hu.components(mask, min_ml=1)


def test_padding_has_no_part_and_stays_where_nothing_else_is():
    values = np.array([[[100, 7]], [[5, 8]]], np.int16)
    padding = np.array([[[True, True]], [[False, True]]])
    full = hu.Volume(values, np.eye(4), padding=padding)
    for how in ("max", "min", "mean"):
        projected = full.project(how)
        assert projected.values[0, 0, 0] == 5
        assert projected.padding.tolist() == [[[False, True]]]


@pytest.mark.parametrize("how", ["max", "min"])
def test_a_mask_stays_one(how):
    mask = hu.Volume(np.array([[[True, False]], [[True, True]]]), np.eye(4))
    assert mask.project(how).values.tolist() == [[[True, how == "max"]]]
    assert mask.project("mean").unit == "1"


def test_a_plane_is_looked_at_from_its_front(tmp_path):
    full, _ = phantom_volume(tmp_path, matrix=32, slices=5)
    coronal = full.project("max", "coronal")
    assert np.array_equal(coronal.values, full.reformat("coronal").values.max(axis=0, keepdims=True))


@pytest.mark.parametrize("wrong", [{"how": "median"}, {"axis": "depth"}, {"slab": 0}, {"slab": float("nan")}])
def test_what_there_is_not_is_refused(wrong):
    with pytest.raises(ValueError, match="projection|plane|slab"):
        volume().project(**wrong)


def test_millimetres_need_a_place():
    with pytest.raises(hu.GeometryError):
        hu.Volume(np.zeros((3, 4, 5))).project(slab=2)
    assert hu.Volume(np.ones((3, 4, 5))).project().shape == (1, 4, 5)
