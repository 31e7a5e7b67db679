"""Measures of volumes: the phantom's truth, and numpy's statistics."""

import json

import numpy as np
import pytest

import hounsfield as hu

PLAIN = {"fill": False, "opening": 0}


def read_volume(made):
    """The phantom's files, in order, as a volume of the phantom's own affine."""
    images = [hu.read(path) for path in made.files]
    return hu.Volume(np.stack([image.values for image in images]), affine=made.affine, unit=images[0].unit)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tilt": 20.0},
        {"tilt": -31.5, "slice_spacing": 2.5},
        {"orientation": "oblique"},
        {"orientation": "sagittal", "pixel_spacing": 1.7},
    ],
    ids=str,
)
def test_volumes_of_the_phantoms_organs(tmp_path, options):
    made = hu.phantom(tmp_path, matrix=96, slices=7, **options)
    volume = read_volume(made)
    assert volume.is_sheared == ("tilt" in options)
    for region in made.regions.values():
        mask = hu.mask(volume, region.above, region.below, **PLAIN)
        stats = hu.measure(volume, mask)
        assert stats.volume_ml == pytest.approx(region.volume_ml, rel=1e-9)
        assert (stats.pixels, stats.slices, stats.area_mm2) == (sum(region.pixels), 7, None)
        assert (stats.mean, stats.sd, stats.median, stats.unit) == (region.hu, 0, region.hu, "HU")
        assert stats.spacing_kind == "patient"


def test_a_tilted_voxel_is_smaller_than_its_edges_say(tmp_path):
    volume = read_volume(hu.phantom(tmp_path, matrix=32, slices=3, tilt=20.0))
    stats = hu.measure(volume)
    edges = float(np.prod(volume.spacing)) * volume.values.size / 1000
    assert stats.volume_ml == pytest.approx(edges * np.cos(np.radians(20)), rel=1e-9)


def test_without_a_place_there_are_no_millilitres():
    for volume in (hu.Volume(np.ones((2, 3, 4))), hu.Volume(np.ones((2, 3, 4)), pixel_spacing=(1.0, 1.0))):
        stats = hu.measure(volume)
        assert (stats.pixels, stats.volume_ml, stats.area_mm2, stats.slices) == (24, None, None, 2)


def test_images_have_no_millilitres():
    stats = hu.measure(hu.Image(np.ones((2, 3)), pixel_spacing=(1.0, 1.0), spacing_kind="patient"))
    assert (stats.area_mm2, stats.volume_ml, stats.slices, stats.frames) == (6.0, None, None, 1)


def test_the_dictionary_has_the_new_keys_and_all_the_old_ones():
    volume = hu.Volume(np.ones((2, 3, 4), np.int16), affine=np.diag([10.0, 10.0, 10.0, 1.0]))
    stats = hu.measure(volume, np.zeros((2, 3, 4), bool)).to_dict()
    assert (stats["volume_ml"], stats["slices"], stats["pixels"]) == (0.0, 2, 0)
    assert set(stats) == {
        "pixels", "area_mm2", "volume_ml", "spacing_kind", "unit", "mean", "sd", "min", "max", "median", "percentiles",
        "histogram", "frames", "slices", "padding_pixels",
    }  # fmt: skip
    json.dumps(stats, allow_nan=False)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64, np.float32, np.float64])
def test_every_type_of_value_against_numpy(dtype):
    rng = np.random.default_rng(8)
    values = rng.normal(100, 400, (5, 200, 300)).astype(dtype)
    inside, padding = rng.random(values.shape) < 0.4, rng.random(values.shape) < 0.1
    stats = hu.measure(hu.Volume(values, padding=padding), hu.Volume(inside))
    chosen = values[inside & ~padding]
    assert (stats.pixels, stats.padding_pixels) == (chosen.size, (inside & padding).sum())
    assert (stats.minimum, stats.maximum) == (chosen.min(), chosen.max())
    assert stats.mean == pytest.approx(chosen.mean(dtype=np.float64), rel=1e-12)
    assert stats.sd == pytest.approx(chosen.std(dtype=np.float64), rel=1e-12)
    assert stats.median == np.median(chosen)
    heights, edges = np.histogram(chosen.astype(np.float64), 64, (float(chosen.min()), float(chosen.max())))
    assert (stats.histogram, stats.histogram_edges) == (tuple(heights.tolist()), tuple(edges.tolist()))
    assert [v for _, v in stats.percentiles] == np.percentile(chosen, [p for p, _ in stats.percentiles]).tolist()


def test_values_stay_as_they_are():
    for dtype in (np.int16, np.float32):
        values = np.random.default_rng(9).normal(0, 100, (2, 30, 40)).astype(dtype)
        before = values.copy()
        hu.measure(hu.Volume(values))
        assert np.array_equal(values, before)


def test_colours_and_masks_that_do_not_fit_are_refused():
    with pytest.raises(hu.UnitError, match="colours"):
        hu.measure(hu.Volume(np.zeros((1, 2, 2, 3), np.uint8), color=True))
    with pytest.raises(hu.GeometryError):
        hu.measure(hu.Volume(np.zeros((1, 2, 2))), np.zeros((2, 2), bool))
    with pytest.raises(TypeError, match="Volume"):
        hu.measure(np.zeros((1, 2, 2)))


@pytest.fixture(scope="module")
def segmented(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seg")
    hu.phantom(folder / "ct", matrix=48, slices=6)
    volume = hu.read_volumes(folder / "ct")[0]
    hu.write_seg(hu.mask(volume, tissue="bone"), folder / "bone.dcm")
    return volume, folder / "bone.dcm"


def test_a_segment_that_was_read_as_a_volume_is_a_mask(segmented):
    volume, path = segmented
    segment = hu.read_volumes(path)[0]
    assert segment.values.dtype == np.uint8
    stats = hu.measure(volume, segment)
    inside = volume.values[segment.values == 1].astype(float)
    assert (stats.pixels, stats.mean) == (inside.size, pytest.approx(inside.mean()))
    assert np.array_equal(hu.intersection(hu.mask(volume, tissue="bone"), segment).values, segment.values == 1)
    assert hu.apply_mask(volume, segment).shape == volume.shape
    hu.figure(volume, segment)


def test_whole_numbers_of_other_files_are_no_mask_and_the_error_says_what_to_call(segmented):
    volume, path = segmented
    other = volume.with_values((volume.values > 200).astype(np.uint8))
    for mask in (other, other.values):
        with pytest.raises(TypeError, match=r"image\.values > 0; hu\.read_rois\(path, image\)"):
            hu.measure(volume, mask)
    with pytest.raises(TypeError, match="hu.read_rois"):
        hu.measure(volume[0], other.values[0])
    segment = hu.read_volumes(path)[0]
    with pytest.raises(hu.GeometryError, match="hu.read_rois"):
        hu.measure(volume, segment[1:4])
    part = hu.read_rois(path, volume[1:4])["mask"]
    assert hu.measure(volume[1:4], part).pixels == np.count_nonzero(segment.values[1:4])
