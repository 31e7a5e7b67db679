"""Frames that are decoded on demand: the same as those of the whole image, and no more than asked for."""

import itertools
import os
import threading

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.pixels import encapsulated
from hounsfield.sources.source import Source

from made import encoded, enhanced, file_bytes

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
JPEG_LS, RLE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"
STACK = np.random.default_rng(1).integers(0, 4096, (7, 16, 24), np.uint16)
REAL = ["rtdose.dcm", "rtdose_rle.dcm", "emri_small.dcm", "emri_small_RLE.dcm", "examples_ybr_color.dcm", "liver.dcm",
        "SC_rgb_rle_2frame.dcm", "emri_small_big_endian.dcm"]  # fmt: skip


def compressed(**attributes):
    return encoded(
        STACK[0], [imagecodecs.jpegls_encode(frame) for frame in STACK], JPEG_LS, NumberOfFrames=7, **attributes
    )


@pytest.mark.parametrize("values", ["modality", "stored"])
@pytest.mark.parametrize("name", REAL)
def test_a_frame_by_itself_is_that_of_the_whole_image(sample, name, values):
    whole = hu.read(sample(name), values=values)
    with hu.open_frames(sample(name), values=values) as frames:
        assert len(frames) == whole.frames
        for index in {0, 1, whole.frames - 1}:
            one = frames[index]
            np.testing.assert_array_equal(one.values, whole.frame(index).values)
            assert (one.frame_index, one.unit, one.color) == (index, whole.unit, whole.color)
            assert one.plane == whole.frame(index).plane
        some = frames[1:]
        np.testing.assert_array_equal(some.values, whole.values[1:])
        assert some.frame(0).plane == whole.frame(1).plane


@pytest.mark.parametrize("data", [compressed(), file_bytes(STACK)], ids=["compressed", "native"])
def test_chosen_frames_keep_their_place_in_the_file(data):
    image = hu.read(data, frames=[5, -1, 0])
    np.testing.assert_array_equal(image.values, STACK[[5, 6, 0]])
    assert image.frame_indices == (5, 6, 0)
    assert [image.frame(i).frame_index for i in range(3)] == [5, 6, 0]
    np.testing.assert_array_equal(hu.read(data, frames=slice(None, None, -3)).values, STACK[::-3])
    assert hu.read(data, frames=range(2, 4)).shape == (2, 16, 24)
    assert hu.read(data, frames=[3]).shape == (1, 16, 24)
    assert hu.read(data, frames=3).shape == (16, 24)


def test_each_chosen_frame_has_its_own_slope_and_plane():
    data = enhanced(STACK[:3], [(1, 0), (2, -5), (3, 100)])
    image = hu.read(data, frames=[2, 0])
    np.testing.assert_array_equal(image.values, np.stack([STACK[2] * 3.0 + 100, STACK[0]]))
    assert image.frame(0).plane.position == (0, 0, 10)
    assert hu.read(data, frames=1).values.tolist() == (STACK[1] * 2.0 - 5).tolist()
    assert hu.read(data, frames=1).plane.position == (0, 0, 5)


@pytest.mark.parametrize("frames", [7, -8, [0, 7], [], slice(3, 3)])
def test_frames_that_are_not_there_are_an_index_error(frames):
    with pytest.raises(IndexError, match="there are 7|7 frames"):
        hu.read(compressed(), frames=frames)


@pytest.mark.parametrize("frames", ["1", True, b"1"])
def test_what_is_no_index_is_a_type_error(frames):
    with pytest.raises(TypeError, match="frames must be an index"):
        hu.read(compressed(), frames=frames)


def test_frames_of_single_bits_that_share_a_byte():
    bits = np.random.default_rng(2).integers(0, 2, (5, 3, 7), np.uint8)
    data = file_bytes(
        bits[0], NumberOfFrames=5, BitsAllocated=1, BitsStored=1, HighBit=0,
        PixelData=np.packbits(bits.ravel(), bitorder="little").tobytes() + b"\0",
    )  # fmt: skip
    for index in range(5):
        assert hu.read(data, frames=index).values.tolist() == bits[index].tolist()


def test_only_what_is_asked_for_is_decoded_and_read(tmp_path, monkeypatch):
    path = tmp_path / "many.dcm"
    noise = np.random.default_rng(3).integers(0, 64, (40, 128, 128), np.uint8)
    path.write_bytes(encoded(noise[0], [imagecodecs.jpegls_encode(f) for f in noise], JPEG_LS, NumberOfFrames=40))
    decoded, read = itertools.count(), []
    decode, load = encapsulated.decode_frame, Source.read_into
    monkeypatch.setattr(encapsulated, "decode_frame", lambda *a: (next(decoded), decode(*a))[1])
    monkeypatch.setattr(Source, "read_into", lambda self, *a: (read.append(len(a[1])), load(self, *a))[1])
    monkeypatch.setattr(Source, "load", lambda self: pytest.fail("the whole file was loaded"))
    with hu.open_frames(path) as frames:
        np.testing.assert_array_equal(frames[23].values, noise[23])
    assert next(decoded) == 1
    assert sum(read) < path.stat().st_size / 10


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_any_number_of_threads_gives_the_same(threads, monkeypatch):
    seen = set()
    decode = encapsulated.decode_frame
    monkeypatch.setattr(encapsulated, "decode_frame", lambda *a: (seen.add(threading.get_ident()), decode(*a))[1])
    image = hu.read(compressed(), limits=hu.Limits(threads=threads))
    np.testing.assert_array_equal(image.values, STACK)
    # A single worker may have done all of the small frames; alone works only who calls.
    assert (seen == {threading.get_ident()}) == (threads == 1 or (threads is None and os.cpu_count() == 1))


def test_of_several_damaged_frames_the_first_is_named():
    streams = [bytes(imagecodecs.jpegls_encode(frame)) for frame in STACK]
    streams[2] = streams[5] = streams[2][:40] + bytes(20)
    data = encoded(STACK[0], streams, JPEG_LS, NumberOfFrames=7)
    with pytest.raises(hu.DecodeError, match="frame 2: "):
        hu.read(data)
    np.testing.assert_array_equal(hu.read(data, frames=[0, 1, 3, 4, 6]).values, STACK[[0, 1, 3, 4, 6]])


def test_iterating_gives_every_frame_in_order():
    with hu.open_frames(compressed()) as frames:
        found = list(frames)
    assert [frame.frame_index for frame in found] == list(range(7))
    np.testing.assert_array_equal(np.stack([frame.values for frame in found]), STACK)


def test_a_file_larger_than_the_limit_is_read_frame_by_frame():
    limits = hu.Limits(image_bytes=STACK[0].nbytes)
    with pytest.raises(hu.LimitExceededError):
        hu.read(compressed(), limits=limits)
    with hu.open_frames(compressed(), limits=limits) as frames:
        np.testing.assert_array_equal(frames[4].values, STACK[4])


def test_a_single_frame_is_a_sequence_of_one():
    with hu.open_frames(get_testdata_file("CT_small.dcm")) as frames:
        assert len(frames) == 1
        assert frames[0].frame_index is None
        assert "1 frames of 128 x 128" in repr(frames)


def test_the_file_is_closed_where_it_is_no_image(monkeypatch):
    closed = []
    monkeypatch.setattr(Source, "close", lambda self: closed.append(self.name))
    with pytest.raises(hu.MissingAttributeError):
        hu.open_frames(get_testdata_file("rtplan.dcm"))
    assert len(closed) == 1


def test_frames_of_a_dose_lie_where_its_offsets_say(sample):
    dataset = pydicom.dcmread(sample("rtdose.dcm"))
    image = hu.read(sample("rtdose.dcm"))
    for index, offset in enumerate(dataset.GridFrameOffsetVector):
        x, y, z = map(float, dataset.ImagePositionPatient)
        assert image.frame(index).plane.position == pytest.approx((x, y, z + float(offset)))
    single = hu.read(sample("rtdose.dcm"), frames=3)
    assert single.plane == image.frame(3).plane
