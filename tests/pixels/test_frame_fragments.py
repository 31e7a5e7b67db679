"""Which fragments are a frame: by pydicom's encapsulation, and by what files have in its place."""

import struct

import pytest
from pydicom.encaps import encapsulate, encapsulate_extended

import hounsfield as hu
from hounsfield.headers.fragments import walk_fragments
from hounsfield.pixels.frame_fragments import EncapsulatedData, group_fragments
from hounsfield.sources.source import Extent

#: Frames of odd and even length that begin as JPEG codestreams do.
FRAMES = [b"\xff\xd8\xff" + bytes([65 + number]) * (90 + number) for number in range(3)]


def grouped(data, frames, extended=None):
    extent = Extent.of(data)
    pixels = EncapsulatedData(extent, walk_fragments(extent), extended)
    groups, steps = group_fragments(pixels, frames, "a.dcm")
    return [b"".join(data[at : at + length] for at, length in group) for group in groups], steps


def padded(frame):
    return frame + b"\0" * (len(frame) % 2)


WHOLE = [padded(frame) for frame in FRAMES]


def item(value):
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(value)) + value


END = b"\xfe\xff\xdd\xe0" + bytes(4)


@pytest.mark.parametrize("has_bot", [True, False])
@pytest.mark.parametrize("fragments", [1, 2, 3])
def test_frames_of_any_number_of_fragments_are_put_together(has_bot, fragments):
    data = encapsulate(FRAMES, fragments_per_frame=fragments, has_bot=has_bot) + END
    frames, steps = grouped(data, 3)
    assert frames == WHOLE
    assert steps == []


def test_an_extended_offset_table_is_followed():
    data, offsets, lengths = encapsulate_extended(FRAMES)
    frames, steps = grouped(data + END, 3, (offsets, lengths))
    assert (frames, steps) == (WHOLE, [])


def test_a_table_decides_where_frames_begin_though_codestreams_would():
    """Two codestreams in one frame, as in a thumbnail before the picture."""
    data = item(struct.pack("<2L", 0, 2 * 8 + len(WHOLE[0]) + len(WHOLE[1]))) + b"".join(map(item, WHOLE)) + END
    frames, steps = grouped(data, 2)
    assert (frames, steps) == ([WHOLE[0] + WHOLE[1], WHOLE[2]], [])


@pytest.mark.parametrize("table", [(0, 4, 8), (5, 100, 200), (0, 2**32 - 9, 3)])
def test_a_table_that_points_beside_the_fragments_is_not_used_and_that_is_said(table):
    data = item(struct.pack("<3L", *table)) + b"".join(map(item, WHOLE)) + END
    frames, steps = grouped(data, 3)
    assert frames == WHOLE
    assert any("offset table" in step.detail and step.outcome == "assumed" for step in steps)


def test_all_fragments_are_a_single_frame():
    data = item(b"") + item(WHOLE[0][:50]) + item(WHOLE[0][50:]) + END
    assert grouped(data, 1) == ([WHOLE[0]], [])


def test_frames_that_are_too_many_or_too_few_are_said():
    data = encapsulate(FRAMES) + END
    frames, (step,) = grouped(data, 2)
    assert frames == WHOLE[:2]
    assert "holds 3 frames, NumberOfFrames is 2" in step.detail
    frames, (step,) = grouped(data, 5)
    assert frames == WHOLE
    assert (step.name, step.outcome) == ("missing", "assumed")


def test_without_table_and_beginnings_nothing_tells_where_frames_begin():
    data = item(b"") + b"".join(item(bytes(10)) for _ in range(5)) + END
    with pytest.raises(hu.DecodeError) as caught:
        grouped(data, 2)
    assert (caught.value.source, caught.value.attribute) == ("a.dcm", "NumberOfFrames")


def test_no_fragment_at_all_is_an_error():
    with pytest.raises(hu.DecodeError, match="no fragment"):
        grouped(item(b"") + END, 1)


def test_a_missing_delimiter_is_said():
    frames, (step,) = grouped(item(b"") + b"".join(map(item, WHOLE)), 3)
    assert frames == WHOLE
    assert "sequence delimiter" in step.detail
