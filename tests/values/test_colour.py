"""Palettes: plain, segmented, and damaged ones; and YBR to RGB."""

import time
import tracemalloc

import numpy as np
import pytest
from pydicom.pixels.processing import convert_color_space

import hounsfield as hu
from hounsfield.values.colour import to_rgb

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


# YBR to RGB


def exact_rgb(ybr):
    """ISO/IEC 10918-5, 7, in whole numbers, ties rounded up; 0.587 is taken out of the sum for G."""
    y, cb, cr = (ybr[..., i].astype(np.int64) - (i > 0) * 128 for i in range(3))
    red = (2000 * y + 2804 * cr + 1000) // 2000
    green = (587_000 * y - 202_008 * cb - 419_198 * cr + 293_500) // 587_000
    blue = (2000 * y + 3544 * cb + 1000) // 2000
    return np.clip(np.stack([red, green, blue], axis=-1), 0, 255).astype(np.uint8)


def every_chrominance(y):
    levels = np.arange(256, dtype=np.uint8)
    return np.stack(np.meshgrid(np.asarray(y, np.uint8), levels, levels, indexing="ij"), axis=-1)


def test_ybr_full_is_converted_as_exact_arithmetic_and_pydicom_do():
    ybr = every_chrominance([0, 1, 15, 16, 100, 127, 128, 200, 235, 254, 255])
    rgb = to_rgb(ybr.copy(), "YBR_FULL", 8, "")[0]
    np.testing.assert_array_equal(rgb, exact_rgb(ybr))
    # pydicom's single precision loses some of the exact ties.
    cb, cr = ybr[..., 1].astype(int) - 128, ybr[..., 2].astype(int) - 128
    ties = (202_008 * cb + 419_198 * cr) % 587_000 == 293_500
    assert ties.mean() < 1e-4
    np.testing.assert_array_equal(rgb[~ties], convert_color_space(ybr, "YBR_FULL", "RGB")[~ties])


@pytest.mark.long
def test_every_triple_of_ybr_full_is_converted_exactly():
    for y in range(256):
        ybr = every_chrominance([y])
        np.testing.assert_array_equal(to_rgb(ybr.copy(), "YBR_FULL", 8, "")[0], exact_rgb(ybr))


def test_ybr_of_16_bits_is_converted_in_double_precision():
    ybr = np.random.default_rng(0).integers(0, 65536, (64, 64, 3)).astype(np.uint16)
    y, cb, cr = (ybr[..., i].astype(np.longdouble) - (i > 0) * 32768 for i in range(3))
    green = y - (np.longdouble("0.202008") * cb + np.longdouble("0.419198") * cr) / np.longdouble("0.587")
    expected = np.stack([y + np.longdouble("1.402") * cr, green, y + np.longdouble("1.772") * cb], axis=-1)
    rgb = to_rgb(ybr.copy(), "YBR_FULL", 16, "")[0]
    assert rgb.dtype == np.uint16
    np.testing.assert_array_equal(rgb, np.clip(np.floor(expected + np.longdouble("0.5")), 0, 65535))


def test_values_that_may_not_be_written_are_kept():
    ybr = every_chrominance([100])
    ybr.setflags(write=False)
    before = ybr.copy()
    rgb = to_rgb(ybr, "YBR_FULL", 8, "")[0]
    np.testing.assert_array_equal(ybr, before)
    np.testing.assert_array_equal(rgb, exact_rgb(before))


def test_the_conversion_needs_no_copy_of_the_pixels():
    ybr = np.zeros((2048, 2048, 3), np.uint8)
    tracemalloc.start()
    try:
        rgb = to_rgb(ybr, "YBR_FULL", 8, "")[0]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.shares_memory(rgb, ybr)
    assert peak < ybr.nbytes / 4


def test_the_conversion_costs_no_more_than_pydicoms():
    ybr = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3)).astype(np.uint8)

    def least(convert):
        spent = []
        for _ in range(5):
            given, start = ybr.copy(), time.process_time()  # of all threads
            convert(given)
            spent.append(time.process_time() - start)
        return min(spent)

    ours, theirs = (
        least(lambda v: to_rgb(v, "YBR_FULL", 8, "")),
        least(lambda v: convert_color_space(v, "YBR_FULL", "RGB")),
    )
    assert ours <= theirs
