"""Video: frames that FFmpeg encoded, with colours and order known beforehand."""

import io
import sys

import numpy as np
import pytest

import hevc
import hounsfield as hu

from made import encoded

av = pytest.importorskip("av", reason='PyAV is not installed: pip install "hounsfield[video]"')
MPEG2, H264, HEVC = "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.107"
ENCODERS = {MPEG2: ("mpeg2video", "mpegts"), H264: ("libx264", "mp4")}
COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128), (230, 230, 20), (0, 0, 0)]


def video(syntax, form=None):
    """A video of 64 x 96 pixels, one colour each frame, with a white square that moves on."""
    codec, container = ENCODERS[syntax]
    buffer = io.BytesIO()
    buffer.name = "x"
    with av.open(buffer, "w", format=form or container) as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 96, 64, "yuv420p", 4_000_000
        for index, colour in enumerate(COLOURS):
            picture = np.full((64, 96, 3), colour, np.uint8)
            picture[16:32, 16 * index : 16 * index + 16] = 255
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return buffer.getvalue()


def dicom(stream, syntax, **attributes):
    pixels = np.zeros((64, 96, 3), np.uint8)
    common = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "PhotometricInterpretation": "YBR_PARTIAL_420"}
    return encoded(pixels, [stream], syntax, **(common | {"NumberOfFrames": len(COLOURS)} | attributes))


@pytest.fixture(scope="module")
def streams():
    try:
        return {syntax: video(syntax) for syntax in ENCODERS} | {HEVC: hevc.COLOURS + bytes(len(hevc.COLOURS) % 2)}
    except (av.error.FFmpegError, ValueError) as error:
        pytest.skip(f"this FFmpeg encodes no such video: {error}")


@pytest.mark.parametrize("syntax", [MPEG2, H264, HEVC])
def test_frames_have_their_colours_in_their_order(streams, syntax):
    image = hu.read(dicom(streams[syntax], syntax))
    assert image.shape == (6, 64, 96, 3)
    assert image.color
    for index, colour in enumerate(COLOURS):
        assert np.abs(image.values[index, 40:60].astype(int) - colour).max() <= 8, index
        assert image.values[index, 20:28, 16 * index + 4 : 16 * index + 12].min() >= 240, index


@pytest.mark.parametrize("syntax", [MPEG2, H264, HEVC])
def test_a_frame_by_itself(streams, syntax):
    data = dicom(streams[syntax], syntax)
    whole = hu.read(data)
    with hu.open_frames(data) as frames:
        for index in (4, 0):
            np.testing.assert_array_equal(frames[index].values, whole.values[index])
    np.testing.assert_array_equal(hu.read(data, frames=[3, 1, 3]).values, whole.values[[3, 1, 3]])


def test_several_fragments_are_one_video(streams):
    stream = streams[H264]
    pixels = np.zeros((64, 96, 3), np.uint8)
    cut = [stream[:1000], stream[1000:1200], stream[1200:]]
    data = encoded(
        pixels, cut, H264 + ".1", SamplesPerPixel=3, PlanarConfiguration=0, NumberOfFrames=6,
        PhotometricInterpretation="YBR_PARTIAL_420",
    )  # fmt: skip
    np.testing.assert_array_equal(hu.read(data).values, hu.read(dicom(stream, H264)).values)


def test_a_raw_stream_without_a_container():
    assert hu.read(dicom(video(H264, "h264"), H264)).frames == 6


@pytest.mark.parametrize(("declared", "frames"), [(4, 4), (9, 6)])
def test_another_number_of_frames_than_declared_is_said(streams, declared, frames):
    with pytest.warns(hu.AssumptionWarning, match=f"has 6 frames, NumberOfFrames is {declared}"):
        assert hu.read(dicom(streams[H264], H264, NumberOfFrames=declared)).frames == frames


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"Rows": 60}, "64 x 96; the header says 60 x 96"),
        ({"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}, "8 bits"),
    ],
)
def test_another_picture_than_declared_is_refused(streams, attributes, why):
    with pytest.raises(hu.DecodeError, match=why):
        hu.read(dicom(streams[H264], H264, **attributes))


def test_another_codec_than_declared_is_refused(streams):
    with pytest.raises(hu.DecodeError, match="h264 video instead of MPEG-2"):
        hu.read(dicom(streams[H264], MPEG2))


@pytest.mark.parametrize("stream", [b"\0\0", b"rubbish" * 100, bytes(2000)])
def test_no_video_at_all_is_refused(stream):
    with pytest.raises(hu.DecodeError):
        hu.read(dicom(stream, H264))


def test_a_picture_that_the_decoder_patched_up_is_refused():
    # Three packets of a transport stream are too few to be told from an elementary stream, and taken for one.
    buffer = io.BytesIO()
    buffer.name = "x"
    with av.open(buffer, "w", format="mpegts") as out:
        stream = out.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        rows, columns = np.mgrid[:64, :96]
        picture = np.stack([rows * 3, columns * 2, 200 - rows], axis=-1).astype(np.uint8)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    with pytest.raises(hu.DecodeError, match="frame 0: MPEG-2 decoder"):
        hu.read(dicom(buffer.getvalue(), MPEG2, NumberOfFrames=1))


@pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
def test_mutants_give_a_result_or_a_typed_error(streams):
    random = np.random.default_rng(7)
    for _ in range(60):
        stream = bytearray(streams[H264])
        for place in random.integers(0, len(stream), 20):
            stream[place] = random.integers(0, 256)
        try:
            assert hu.read(dicom(bytes(stream), H264)).frames >= 1
        except hu.HounsfieldError:
            continue


def test_without_pyav_the_command_that_installs_it_is_named(streams, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(hu.MissingDependencyError, match=r'pip install "hounsfield\[video\]"'):
        hu.read(dicom(streams[H264], H264))
