"""Masks of volumes: slice by slice those of images; in three dimensions SciPy's."""

import numpy as np
import pytest
from scipy import ndimage

import hounsfield as hu

from conftest import corpus_folder
from script import script_mask

PLAIN = {"fill": False, "opening": 0}
DENSITIES = (0.0, 0.03, 0.2, 0.4, 0.5, 0.6, 0.65, 0.7, 0.8, 0.95, 1.0)
CONNECTIVITIES = {6: 1, 18: 2, 26: 3}


def random_volumes(count=500):
    """Bool arrays of many sizes and densities: noise, blobs and shells, of one slice, full and empty ones among them."""
    rng = np.random.default_rng(20)
    for number in range(count):
        shape = tuple(rng.integers(1, 16, 3).tolist()) if number % 5 else (1, 12, 9)
        noise = rng.random(shape)
        for _ in range(number % 3):
            noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, 1, 2)) / 4
        yield noise <= np.quantile(noise, DENSITIES[number % len(DENSITIES)])


def ct(values, **changes):
    return hu.Volume(np.asarray(values, np.int16), unit="HU", **changes)


@pytest.fixture(scope="module")
def real_ct():
    """A real CT of 28 slices, tilted and with padding, as a volume."""
    folder = corpus_folder()
    if folder is None:
        pytest.skip("no corpus: set HOUNSFIELD_CORPUS, or put it at ../shared/corpus")
    images = [hu.read(path) for path in sorted((folder / "gantry-tilt-ct").glob("*.dcm"))]
    padding = np.stack([np.zeros(i.shape, bool) if i.padding is None else i.padding for i in images])
    return ct(np.stack([image.values for image in images]), padding=padding), images


def test_holes_in_space_are_scipys():
    closed = 0
    for number, solid in enumerate(random_volumes()):
        mask = hu.mask(ct(np.where(solid, 200, 0)), fill="3d", opening=0).values
        expected = ndimage.binary_fill_holes(solid)
        assert np.array_equal(mask, expected), number
        assert np.array_equal(np.unique(mask.view(np.uint8)), np.unique(expected.view(np.uint8))), number
        closed += int((expected & ~solid).sum())
    assert closed > 1000


def test_a_winding_tunnel_leads_out_and_a_plug_closes_it():
    solid = np.ones((9, 7, 9), bool)
    for level in range(1, 8, 2):  # corridors one above the other, joined at alternate ends
        solid[level, 3, 1:8] = False
        solid[level + 1, 3, 7 if level % 4 == 1 else 1] = False
    for plug in (False, True):
        solid[8, 3, 1] = plug
        expected = ndimage.binary_fill_holes(solid)
        assert expected.all() == plug
        assert np.array_equal(hu.mask(ct(solid * 200), fill="3d", opening=0).values, expected)


def test_holes_in_space_of_a_real_ct_are_scipys(real_ct):
    volume, images = real_ct
    for above in (-300, 90, 250):
        plain = np.stack([hu.mask(image, above=above, **PLAIN).values for image in images])
        expected = ndimage.binary_fill_holes(plain)
        assert (expected & ~plain).sum() > 100
        assert np.array_equal(hu.mask(volume, above=above, fill="3d", opening=0).values, expected)


def test_the_default_is_the_scripts_in_every_slice(real_ct):
    volume, images = real_ct
    mask = hu.mask(volume)
    for index, image in enumerate(images):
        assert np.array_equal(mask.values[index], hu.mask(image).values)
        if image.padding is None or not (image.padding & (image.values > 90)).any():
            assert np.array_equal(mask.values[index], script_mask(image.values))
    assert mask.is_mask
    assert (mask.unit, mask.padding) == ("", None)


@pytest.mark.parametrize("options", [{"tissue": "bone"}, {"above": 0, "below": 80, "opening": 5}, {"fill": False}])
def test_other_options_are_those_of_every_slice(real_ct, options):
    volume, images = real_ct
    mask = hu.mask(volume, **options)
    for index, image in enumerate(images):
        assert np.array_equal(mask.values[index], hu.mask(image, **options).values)
    assert mask.steps[-1] == hu.mask(images[0], **options).steps[-1]


def test_opening_after_holes_in_space_is_done_slice_by_slice(real_ct):
    volume, images = real_ct
    filled = hu.mask(volume, fill="3d", opening=0)
    opened = hu.mask(volume, fill="3d", opening=3)
    as_values = hu.Volume(filled.values * np.int16(200), unit="HU")
    assert np.array_equal(opened.values, hu.mask(as_values, fill=False, opening=3).values)
    assert opened.steps[-1].detail == "above 90 HU, holes filled in 3-D, opened by 3 x 3"


def test_otsu_looks_at_the_whole_volume():
    values = np.random.default_rng(3).integers(0, 4000, (3, 40, 50)).astype(np.int16)
    padding = values > 3500
    for volume in (ct(values), ct(values, padding=padding)):
        tall = hu.Image(values.reshape(120, 50), padding=None if volume.padding is None else padding.reshape(120, 50))
        ours, flat = (hu.mask(grid, method="otsu", **PLAIN) for grid in (volume, tall))
        assert ours.steps[-1] == flat.steps[-1]
        assert np.array_equal(ours.values.reshape(120, 50), flat.values)


def test_views_with_gaps_and_backwards_are_masked_as_their_copies(real_ct):
    whole, _ = real_ct
    for view in (np.s_[::-1], np.s_[:, ::-1, ::-2], np.s_[::3, 100:300, 17:401]):
        values = whole.values[view]
        mask = hu.mask(ct(values), fill="3d")
        assert np.array_equal(mask.values, hu.mask(ct(values.copy()), fill="3d").values)
        small = hu.components(hu.Volume(mask.values[::-1]), min_pixels=50)
        assert np.array_equal(small.values[::-1], hu.components(mask, min_pixels=50).values)
    turned = np.moveaxis(whole.values, 2, 0)[200:260]
    assert np.array_equal(hu.mask(ct(turned)).values, hu.mask(ct(turned.copy())).values)


def test_the_mask_of_a_volume_keeps_its_place():
    affine = np.diag([5.0, 0.5, 0.5, 1.0])
    volume = ct(np.full((2, 3, 4), 100), affine=affine, frame_of_reference="1.2.3", padding=np.zeros((2, 3, 4), bool))
    mask = hu.mask(volume)
    assert mask.values.all()
    assert (mask.affine == affine).all()
    assert (mask.frame_of_reference, mask.spacing_kind) == ("1.2.3", "patient")


def test_holes_in_space_are_of_volumes_and_colours_have_no_mask():
    with pytest.raises(ValueError, match="read_volumes"):
        hu.mask(hu.Image(np.zeros((2, 3, 3)), unit="HU"), fill="3d")
    with pytest.raises(ValueError, match='"3d"'):
        hu.mask(ct(np.zeros((1, 1, 1))), fill="2d")
    with pytest.raises(hu.UnitError, match="colours"):
        hu.mask(hu.Volume(np.zeros((1, 2, 2, 3), np.uint8), color=True), above=1)
    with pytest.raises(hu.UnitError, match="HU"):
        hu.mask(hu.Volume(np.zeros((1, 2, 2))))


def test_components_in_space_are_scipys():
    for number, solid in enumerate(random_volumes()):
        connectivity, axes = list(CONNECTIVITIES.items())[number % 3]
        labels, count = ndimage.label(solid, ndimage.generate_binary_structure(3, axes))
        sizes = ndimage.sum_labels(solid, labels, range(1, count + 1)).astype(int).tolist()
        for largest, least in ((1, None), (None, 3), (3, 2), (None, None)):
            # The largest first; of equal ones SciPy's numbers, which rise from the first slice's top left on.
            kept = [1 + i for i in sorted(range(count), key=lambda i: (-sizes[i], i))[:largest]]
            kept = [label for label in kept if sizes[label - 1] >= (least or 0)]
            mask = hu.components(hu.Volume(solid), largest=largest, min_pixels=least, connectivity=connectivity)
            assert np.array_equal(mask.values, np.isin(labels, kept)), (number, largest, least)


def test_components_of_a_real_ct_are_scipys(real_ct):
    mask = hu.mask(real_ct[0])
    labels, _ = ndimage.label(mask.values, np.ones((3, 3, 3)))
    largest = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    assert np.array_equal(hu.components(mask, largest=1).values, labels == largest)
    assert mask.values.any()
    assert hu.components(mask, min_pixels=1).steps[-1].detail == "min_pixels 1; 26-connected"


def test_of_equal_components_the_first_is_kept():
    solid = np.zeros((3, 4, 4), bool)
    solid[[0, 2, 2], [3, 0, 3], [3, 0, 3]] = True
    assert np.argwhere(hu.components(hu.Volume(solid), largest=2).values).tolist() == [[0, 3, 3], [2, 0, 0]]


def test_components_by_millilitres_need_a_place():
    solid = np.zeros((2, 3, 5), bool)
    solid[:, 0, 0] = solid[0, 2, 4] = True
    sheared = np.array([[10.0, 0, 0, 0], [4.0, 5, 0, 0], [0, 0, 20, 0], [0, 0, 0, 1]])  # of 1 mL a voxel
    placed = hu.Volume(solid, affine=sheared)
    assert [int(hu.components(placed, min_ml=v).values.sum()) for v in (0.9, 1.1, 2.1)] == [3, 2, 0]
    with pytest.raises(hu.GeometryError, match="min_pixels"):
        hu.components(hu.Volume(solid), min_ml=1)
    with pytest.raises(ValueError, match="min_ml"):
        hu.components(placed, min_mm2=1)
    with pytest.raises(ValueError, match="min_mm2"):
        hu.components(hu.Image(solid[0]), min_ml=1)
    with pytest.raises(ValueError, match="6, 18 or 26"):
        hu.components(placed, connectivity=8)


def test_apply_mask_blanks_a_volume():
    volume = ct([[[1, 2]], [[3, 4]]], padding=np.array([[[True, False]], [[False, False]]]))
    inside = np.array([[[True, True]], [[False, True]]])
    for mask in (inside, hu.Volume(inside)):
        result = hu.apply_mask(volume, mask)
        assert result.values.tolist() == [[[1, 2]], [[-2000, 4]]]
        assert result.padding.tolist() == [[[True, False]], [[True, False]]]
        assert result.steps[-1].detail == "1 pixels outside the mask set to -2000"
    assert volume.values.tolist() == [[[1, 2]], [[3, 4]]]
    colours = hu.Volume(np.full((1, 1, 2, 3), 9, np.uint8), color=True)
    assert hu.apply_mask(colours, inside[:1] & [True, False], outside=0).values.tolist() == [[[[9] * 3, [0] * 3]]]


def test_masks_that_do_not_fit_a_volume_are_refused():
    affine = np.diag([5.0, 1.0, 1.0, 1.0])
    volume = ct(np.zeros((2, 3, 4)), affine=affine)
    inside = np.ones((2, 3, 4), bool)
    moved = affine.copy()
    moved[0, 3] = 0.5
    with pytest.raises(hu.GeometryError, match=r"elsewhere: its voxels are up to 0\.5 mm off"):
        hu.apply_mask(volume, hu.Volume(inside, affine=moved))
    moved[0, 3] = 1e-5
    assert hu.apply_mask(volume, hu.Volume(inside, affine=moved)).values.shape == (2, 3, 4)
    with pytest.raises(hu.GeometryError, match="shape"):
        hu.apply_mask(volume, inside[:1])
    with pytest.raises(TypeError, match="bool"):
        hu.apply_mask(volume, np.zeros((2, 3, 4)))
    with pytest.raises(TypeError, match="not an Image"):
        hu.apply_mask(volume, hu.Image(inside))
    with pytest.raises(TypeError, match="not a Volume"):
        hu.apply_mask(hu.Image(np.zeros((2, 3, 4))), hu.Volume(inside))
    with pytest.raises(TypeError, match="Volume"):
        hu.apply_mask(inside, inside)


def test_any_number_of_threads_gives_the_same(real_ct, monkeypatch):
    volume, _ = real_ct
    results = []
    for threads in ("1", "5"):
        monkeypatch.setenv("HOUNSFIELD_THREADS", threads)
        mask = hu.mask(volume, fill="3d")
        results.append((mask.values, hu.components(mask, largest=2).values, hu.measure(volume, mask)))
    (one, parts, stats), (other, other_parts, other_stats) = results
    assert np.array_equal(one, other)
    assert np.array_equal(parts, other_parts)
    assert stats == other_stats
