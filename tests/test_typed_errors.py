"""Files and images from which no answer follows: a typed error that names the attribute, never a bare one."""

import numpy as np
import pytest

import hounsfield as hu

from made import dataset, file_bytes, to_bytes

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8)


@pytest.mark.parametrize("space", ["YBR_FULL_422", "YBR_PARTIAL_422"])
def test_one_sample_in_a_colour_space_of_three(space):
    """PS3.3 C.7.6.3.1.2: these terms are of three samples."""
    with pytest.raises(hu.InvalidAttributeError, match="three samples") as caught:
        hu.read(file_bytes(RAMP, PhotometricInterpretation=space))
    assert caught.value.attribute == "PhotometricInterpretation"


def test_a_segmented_palette_of_an_odd_length():
    made = dataset(RAMP, PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(made, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"Segmented{colour}PaletteColorLookupTableData", b"\0\0\1\0\5\0")
    head = b"\x28\0\x21\x12OW\0\0"
    data = to_bytes(made)
    at = data.index(head) + len(head)
    odd = data[:at] + (5).to_bytes(4, "little") + data[at + 4 : at + 9] + data[at + 10 :]
    with pytest.raises(hu.InvalidAttributeError) as caught:
        hu.read(odd)
    assert caught.value.attribute == "SegmentedRedPaletteColorLookupTableData"


@pytest.mark.parametrize(
    "values", [np.zeros((8, 8), np.int16), np.zeros((8, 8), np.float32), np.full((8, 8), np.nan, np.float32)], ids=str
)
def test_otsu_of_an_image_without_two_values(values):
    with pytest.raises(hu.InvalidAttributeError, match="two different values"):
        hu.mask(hu.Image(values), method="otsu")
    with pytest.raises(hu.InvalidAttributeError, match="two different values"):
        hu.mask(hu.Volume(np.stack([values] * 3)), method="otsu")
