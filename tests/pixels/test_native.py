"""Cells of pixel data that is not compressed, by numpy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import NativeFrames, arrange, clean_bits, extend_sign, needed_bytes
from hounsfield.sources.source import Extent

RANDOM = np.random.default_rng(7)


def layout(**changes):
    one = Layout(rows=3, columns=5, frames=1, samples=1, photometric="MONOCHROME2", planar=0, bits_allocated=16,
                 bits_stored=16, high_bit=15, signed=False)  # fmt: skip
    made = replace(one, **changes)
    if "bits_stored" not in changes:
        made = replace(made, bits_stored=made.bits_allocated, high_bit=made.bits_allocated - 1)
    return made


def frames_of(data, made, **options):
    return NativeFrames(Extent.of(data), made, "a.dcm", **{"little": True, "vr": "OW"} | options)


def taken(data, made, frames=None, **options):
    opened = frames_of(data, made, **options)
    return opened.take(range(opened.layout.frames) if frames is None else frames, DEFAULT_LIMITS)


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", "<i2", ">u2", "<i4", ">i4", "<u8"])
def test_cells_of_every_type_and_order_are_those_that_numpy_wrote(dtype):
    values = RANDOM.integers(0, 100, (2, 3, 5)).astype(dtype)
    made = layout(frames=2, bits_allocated=values.itemsize * 8, signed=values.dtype.kind == "i")
    found = arrange(values.tobytes() + b"\0", made, little=dtype[0] != ">", vr="OB")
    assert found.dtype.isnative
    assert np.array_equal(found, values)


def test_big_endian_bytes_in_words_are_swapped_in_pairs():
    """PS3.5 8.1.2: 8-bit samples in OW, big endian."""
    values = np.arange(15, dtype=np.uint8).reshape(1, 3, 5)
    swapped = np.frombuffer(values.tobytes() + b"\xee", "<u2").byteswap().tobytes()
    assert np.array_equal(arrange(swapped, layout(bits_allocated=8), little=False, vr="OW"), values)
    assert np.array_equal(arrange(values.tobytes(), layout(bits_allocated=8), little=False, vr="OB"), values)


def test_planes_of_colour_are_put_side_by_side():
    values = RANDOM.integers(0, 256, (2, 3, 5, 3), np.uint8)
    made = layout(frames=2, samples=3, photometric="RGB", bits_allocated=8)
    assert np.array_equal(arrange(values.tobytes(), made, little=True, vr="OB"), values)
    planar = np.ascontiguousarray(np.moveaxis(values, -1, 1)).tobytes()
    assert np.array_equal(arrange(planar, replace(made, planar=1), little=True, vr="OB"), values)


def test_both_pixels_of_a_pair_have_its_chrominance():
    made = layout(rows=1, columns=4, samples=3, photometric="YBR_FULL_422", bits_allocated=8)
    found = arrange(bytes([1, 2, 10, 20, 3, 4, 30, 40]), made, little=True, vr="OB")
    assert found.tolist() == [[[[1, 10, 20], [2, 10, 20], [3, 30, 40], [4, 30, 40]]]]


@pytest.mark.parametrize("whole", [False, True])
def test_single_bits_begin_with_the_lowest(whole):
    bits = RANDOM.integers(0, 2, (3, 3, 5), np.uint8)
    made = layout(frames=3, bits_allocated=1, whole_bytes=whole)
    packed = (
        [np.packbits(f.ravel(), bitorder="little") for f in bits]
        if whole
        else [np.packbits(bits.ravel(), bitorder="little")]
    )
    data = b"".join(part.tobytes() for part in packed)
    assert needed_bytes(made) == len(data)
    assert np.array_equal(arrange(data, made, little=True, vr="OB"), bits)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 16), st.integers(0, 14), st.booleans(), st.integers(0, 2**32))
def test_only_the_stored_bits_count_and_carry_the_sign(stored, below, signed, seed):
    below = min(below, 16 - stored)
    cells = np.random.default_rng(seed).integers(0, 2**16, (1, 3, 5)).astype(np.uint16)
    made = layout(bits_stored=stored, high_bit=below + stored - 1, signed=signed)
    expected = [(int(cell) >> below) & (2**stored - 1) for cell in cells.ravel()]
    expected = [value - 2**stored if signed and value >= 2 ** (stored - 1) else value for value in expected]
    found = clean_bits(cells.view(made.dtype).copy(), made)
    assert found.ravel().tolist() == expected


def test_clean_cells_are_left_as_they_are():
    cells = np.full((1, 3, 5), 4095, np.uint16)
    assert clean_bits(cells, layout(bits_stored=12, high_bit=11)) is cells


def test_bytes_that_must_not_change_are_not_written_to():
    cells = np.frombuffer(np.full(15, 0xF00F, np.uint16).tobytes(), np.uint16).reshape(1, 3, 5)
    found = clean_bits(cells, layout(bits_stored=12, high_bit=11))
    assert found.max() == 0x00F and cells.max() == 0xF00F


def test_the_sign_is_extended_from_any_bits():
    values = np.array([0b0100_0000, 0b0011_1111], np.int8)
    assert extend_sign(values, 3, above=1).tolist() == [-4, 3]


def test_frames_are_taken_in_any_order():
    values = RANDOM.integers(0, 2**16, (4, 3, 5)).astype("<u2")
    made = layout(frames=4)
    assert np.array_equal(taken(values.tobytes(), made).values, values)
    assert np.array_equal(taken(values.tobytes(), made, [3, 0]).values, values[[3, 0]])
    bits = RANDOM.integers(0, 2, (3, 3, 5), np.uint8)
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    assert np.array_equal(taken(data, layout(frames=3, bits_allocated=1), [2]).values, bits[[2]])


def test_what_is_cut_off_is_missing_pixel_by_pixel():
    values = RANDOM.integers(1, 2**16, (2, 3, 5)).astype("<u2")
    stored = taken(values.tobytes()[: 2 * 15 + 2 * 5 + 1], layout(frames=2))
    assert stored.values.shape == (2, 3, 5)
    assert np.array_equal(stored.values[0], values[0])
    assert stored.missing[1].ravel().tolist() == [False] * 5 + [True] * 10
    assert not stored.missing[0].any()
    assert [step.outcome for step in stored.steps if step.name == "missing"] == ["assumed"]


def test_whole_frames_that_are_missing_are_left_out():
    opened = frames_of(bytes(2 * 15 * 2), layout(frames=5))
    assert opened.layout.frames == 2


@pytest.mark.parametrize(("more", "said"), [(0, False), (1, False), (2, True)])
def test_bytes_beyond_the_image_are_said_but_for_padding(more, said):
    made = layout(rows=1, bits_allocated=8)
    stored = taken(bytes(5 + more), made)
    assert any("more than the image needs" in step.detail for step in stored.steps) == said


def test_no_pixel_data_and_halved_chrominance_under_a_whole_name_are_errors():
    with pytest.raises(hu.DecodeError, match="empty"):
        frames_of(b"", layout())
    ybr = layout(rows=4, columns=4, samples=3, photometric="YBR_FULL", bits_allocated=8)
    with pytest.raises(hu.DecodeError) as caught:
        frames_of(bytes(32), ybr)
    assert caught.value.attribute == "PhotometricInterpretation"


def test_chrominance_that_is_whole_after_all_is_taken_as_such():
    made = layout(rows=4, columns=4, samples=3, photometric="YBR_FULL_422", bits_allocated=8)
    stored = taken(bytes(range(48)), made)
    assert (stored.values.shape, stored.photometric) == ((1, 4, 4, 3), "YBR_FULL")


def test_limits_hold_for_what_is_decoded_together():
    opened = frames_of(bytes(4 * 30), layout(frames=4))
    assert len(opened.take([0, 1], Limits(image_bytes=60)).values) == 2
    with pytest.raises(hu.LimitExceededError):
        opened.take([0, 1, 2], Limits(image_bytes=60))
