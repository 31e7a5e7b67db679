"""Palettes: plain, segmented, and damaged ones."""

import numpy as np
import pytest

import hounsfield as hu

from made import dataset, to_bytes

INDICES = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.uint8)


def with_palette(descriptor, **tables):
    made = dataset(INDICES, PhotometricInterpretation="PALETTE COLOR", Modality="US")
    for channel in ("Red", "Green", "Blue"):
        setattr(made, f"{channel}PaletteColorLookupTableDescriptor", descriptor)
        made[f"{channel}PaletteColorLookupTableDescriptor"].VR = "US"
    for keyword, data in tables.items():
        setattr(made, keyword, data)
        made[keyword].VR = "OW"
    return to_bytes(made)


def plain(entries, dtype="<u2"):
    data = np.array(entries, dtype).tobytes()
    return {f"{channel}PaletteColorLookupTableData": data for channel in ("Red", "Green", "Blue")}


def segmented(words):
    data = np.array(words, "<u2").tobytes()
    return {f"Segmented{channel}PaletteColorLookupTableData": data for channel in ("Red", "Green", "Blue")}


def test_a_palette_of_16_bits():
    image = hu.read(with_palette([8, 0, 16], **plain([v * 1000 for v in range(8)])))
    assert (image.color, image.values.dtype) == (True, np.uint16)
    assert image.values[..., 0].tolist() == (INDICES * np.uint16(1000)).tolist()


def test_a_packed_palette_of_8_bits_and_a_later_first_value():
    image = hu.read(with_palette([4, 2, 8], **plain([10, 20, 30, 40], np.uint8)))
    assert image.values[..., 1].tolist() == [[10, 10, 10, 20], [30, 40, 40, 40]]
    assert image.values.dtype == np.uint8


def test_indices_stay_reachable_as_stored_values():
    image = hu.read(with_palette([8, 0, 16], **plain(range(8))), values="stored")
    np.testing.assert_array_equal(image.values, INDICES)


def test_a_segmented_palette_is_expanded():
    # PS3.3 C.7.9.2: discrete (0), linear from the last value (1), and the first segment again by offset (2).
    words = [0, 2, 100, 200, 1, 4, 1000, 2, 1, 0, 0]
    image = hu.read(with_palette([8, 0, 16], **segmented(words)))
    assert image.values[..., 2].ravel().tolist() == [100, 200, 400, 600, 800, 1000, 100, 200]


@pytest.mark.parametrize("words", [[1, 4, 1000], [0, 99, 1], [7, 1, 1], [2, 1, 40, 0], []])
def test_a_damaged_segmented_palette_is_a_typed_error(words):
    with pytest.raises((hu.InvalidAttributeError, hu.MissingAttributeError), match="PaletteColor"):
        hu.read(with_palette([8, 0, 16], **segmented(words)))


def test_a_palette_without_data_names_it():
    with pytest.raises(hu.MissingAttributeError, match="RedPaletteColorLookupTableData"):
        hu.read(with_palette([8, 0, 16]))
