"""All slices of a volume as a screen shows them: with one window."""

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import hounsfield as hu
from hounsfield.display.voi import choose_voi
from hounsfield.volume import SliceSource
from states import reference, state, window

from made import dataset, to_bytes
from sitk_volumes import tilted_ct
from volumes import phantom_volume

CT = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU", "Modality": "CT"}


def slices(attributes, pixels=None):
    """Images of files, one with each set of attributes, as a volume; and the files' datasets."""
    pixels = (
        np.random.default_rng(4).integers(0, 4096, (len(attributes), 9, 7), np.uint16) if pixels is None else pixels
    )
    made = [dataset(part, **more) for part, more in zip(pixels, attributes, strict=True)]
    for number, one in enumerate(made):
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
    images = [hu.read(to_bytes(one)) for one in made]
    volume = hu.Volume(
        np.stack([image.values for image in images]),
        unit=images[0].unit,
        steps=images[0].steps,
        header=images[0].header,
        slice_headers=[image.header for image in images],
        sources=tuple(SliceSource(f"{number}.dcm") for number in range(len(made))),
        color=images[0].color,
        name="made",
    )
    return volume, images, made


def test_a_real_ct_is_rendered_as_its_files_are(corpus):
    volume, paths = tilted_ct(corpus)
    for options in ({}, {"window": "bone"}, {"window": 0}, {"square": True}):
        shown = hu.render(volume, **options)
        assert shown.dtype == np.uint8
        np.testing.assert_array_equal(shown, [hu.render(hu.read(path), **options) for path in paths])
    assert hu.windows(volume) == hu.windows(hu.read(paths[0]))


def test_one_window_for_all_slices_the_first_ones():
    volume, images, _ = slices([{**CT, "WindowCenter": center, "WindowWidth": 300} for center in (0, 500, 900)])
    assert [voi.center for voi in hu.windows(volume)] == [0]
    np.testing.assert_array_equal(hu.render(volume), [hu.render(image, (0, 300)) for image in images])
    np.testing.assert_array_equal(hu.render(volume[1]), hu.render(images[1], (500, 300)))


def test_without_a_window_the_default_is_for_the_values_of_all():
    volume, _, _ = slices([{"RescaleSlope": 1, "RescaleIntercept": 0, "Modality": "MR"}] * 3)
    low, high = np.percentile(volume.values, (0.5, 99.5))
    expected = np.clip((volume.values - low) / (high - low), 0, 1) * 255
    assert np.abs(hu.render(volume) - expected).max() <= 0.51
    assert choose_voi(slices([CT] * 2)[0]).origin == "default for HU"


def test_modalitys_default_and_inversion():
    one, _, _ = slices([{**CT, "PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 0, "WindowWidth": 400}] * 2)
    two, _, _ = slices([{**CT, "WindowCenter": 0, "WindowWidth": 400}] * 2)
    assert np.abs(hu.render(one).astype(int) + hu.render(two) - 255).max() <= 1


def test_masks_and_colours():
    values = np.random.default_rng(1).integers(0, 256, (3, 4, 5, 3), np.uint8)
    np.testing.assert_array_equal(hu.render(hu.Volume(values, color=True)), values)
    mask = values[..., 0] > 99
    np.testing.assert_array_equal(hu.render(hu.Volume(mask)), mask * np.uint8(255))


def test_square_pixels(tmp_path):
    volume, _ = phantom_volume(tmp_path)
    affine = volume.affine.copy()
    affine[:3, 1] *= 2
    tall = hu.render(hu.Volume(volume.values, affine, unit="HU"), square=True)
    assert tall.shape == (5, 80, 40)
    rendered = Picture.fromarray(hu.render(volume)[3])
    np.testing.assert_array_equal(tall[3], np.asarray(rendered.resize((40, 80), Picture.Resampling.BILINEAR)))


def test_windows_that_are_not_there():
    volume, _, _ = slices([{**CT, "WindowCenter": 1, "WindowWidth": 2}] * 2)
    with pytest.raises(hu.InvalidAttributeError, match="there is no window 1"):
        hu.render(volume, 1)
    with pytest.raises(hu.InvalidAttributeError, match="unknown window 'spine'"):
        choose_voi(volume, "spine")


def test_a_presentation_state_refers_to_the_file_of_each_slice():
    volume, images, made = slices([CT] * 3)
    shown = state(made[0], RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU")
    both = shown.ReferencedSeriesSequence[0].ReferencedImageSequence
    both.extend(reference(one) for one in made[1:])
    own = [window(center, 400) for center in (0, 500, 900)]
    for item, one in zip(own, made, strict=True):
        item.ReferencedImageSequence = pydicom.Sequence([reference(one)])
    shown.SoftcopyVOILUTSequence = pydicom.Sequence(own)
    presentation = hu.presentation(to_bytes(shown))
    expected = [hu.render(image, (center, 400)) for image, center in zip(images, (0, 500, 900), strict=True)]
    np.testing.assert_array_equal(hu.render(volume, presentation=presentation), expected)
    with pytest.raises(hu.GeometryError, match="of this volume were computed"):
        hu.render(volume.with_values(volume.values, slice_headers=None), presentation=presentation)
    del both[2]
    with pytest.raises(hu.InvalidAttributeError, match="does not refer"):
        hu.render(volume, presentation=hu.presentation(to_bytes(shown)))
