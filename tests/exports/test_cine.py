"""GIF and MP4: every frame, for as long as the file says."""

import warnings
import weakref
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import hounsfield as hu
from hounsfield.exports.cine import frame_durations, gif_delays, write_gif
from hounsfield.exports.mp4 import write_mp4
from hounsfield.exports.tiff import write_tiff
from hounsfield.headers.frame_times import read_frame_times

from made import dataset, file_bytes, to_bytes


def noise(*shape, dtype=np.uint8, seed=1):
    info = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(info.min, info.max, shape, dtype, endpoint=True)


def decoded(path):
    """The frames of a video, and what its stream says; PyAV 19 answers only while the file is open."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        stream = container.streams.video[0]
        said = {name: getattr(stream, name) for name in ("average_rate", "duration", "time_base", "width", "height")}
        return frames, SimpleNamespace(**said, pix_fmt=stream.codec_context.pix_fmt)


def shown_ms(path):
    """How long Pillow shows each frame of a GIF."""
    with Picture.open(path) as gif:
        times = []
        for index in range(gif.n_frames):
            gif.seek(index)
            times.append(gif.info["duration"])
        return times


def test_a_gif_has_every_frame_exactly_also_equal_ones(tmp_path):
    frames = noise(6, 37, 51)
    frames[3] = frames[2]
    hu.write(hu.read(file_bytes(frames, Modality="XA", FrameTime="40")), tmp_path / "x.gif", window=(128, 256))
    assert shown_ms(tmp_path / "x.gif") == [40] * 6
    with Picture.open(tmp_path / "x.gif") as gif:
        assert gif.info["loop"] == 0
        for index in range(6):
            gif.seek(index)
            assert np.array_equal(np.asarray(gif.convert("L")), frames[index])
    assert cv2.VideoCapture(str(tmp_path / "x.gif")).get(cv2.CAP_PROP_FRAME_COUNT) == 6


def test_frame_times_of_a_real_cine(sample, tmp_path):
    path = sample("examples_ybr_color.dcm")
    assert pydicom.dcmread(path, stop_before_pixels=True).FrameTime == pytest.approx(33.333)
    image = hu.read(path)
    hu.write(image, tmp_path / "x.gif")
    assert len(shown_ms(tmp_path / "x.gif")) == 30
    assert sum(shown_ms(tmp_path / "x.gif")) == 1000  # 30 x 33.333; frame by frame it would be 900
    hu.write(image, tmp_path / "x.mp4")
    frames, stream = decoded(tmp_path / "x.mp4")
    assert (len(frames), float(stream.average_rate)) == (30, pytest.approx(30, abs=0.01))
    assert float(stream.duration * stream.time_base) == pytest.approx(1, abs=0.001)
    rendered = hu.render(image).astype(int)
    difference = np.abs(np.stack([frame.to_ndarray(format="rgb24") for frame in frames]) - rendered)
    assert difference.mean() < 1.5


def test_a_frame_time_vector_gives_each_frame_its_time(tmp_path):
    # PS3.3 C.7.6.5.1.2: the first increment is 0, and frame n begins at the sum of the first n.
    stored = file_bytes(
        noise(4, 16, 16), Modality="XA", FrameTimeVector=["0", "100", "50", "200"], FrameIncrementPointer=0x00181065
    )
    hu.write(hu.read(stored), tmp_path / "x.gif")
    assert shown_ms(tmp_path / "x.gif") == [100, 50, 200, 200]
    hu.write(hu.read(stored), tmp_path / "x.mp4")
    frames, _ = decoded(tmp_path / "x.mp4")
    assert [float(frame.pts * frame.time_base) for frame in frames] == pytest.approx([0, 0.1, 0.15, 0.35])


@pytest.mark.parametrize(
    ("header", "milliseconds"),
    [
        ({"FrameTime": 25.0, "CineRate": 10}, 25), ({"RecommendedDisplayFrameRate": 20, "CineRate": 10}, 100),
        ({"CineRate": 8}, 125), ({"FrameTimeVector": [0.0, 20.0], "FrameTime": 25.0}, 25),
        ({"RecommendedDisplayFrameRate": 20}, 50),
        ({"FrameTimeVector": [0.0, 30.0, 30.0], "FrameIncrementPointer": "00181065"}, 30),
        # The pointer names one of two: hu.frame_times and the GIF follow it.
        ({"FrameTimeVector": [0.0, 300.0, 300.0], "FrameTime": 100.0, "FrameIncrementPointer": "00181063"}, 100),
        ({"FrameTimeVector": [0.0, 300.0, 300.0], "FrameTime": 100.0, "FrameIncrementPointer": "00181065"}, 300),
    ],
)  # fmt: skip
def test_where_frame_times_come_from(header, milliseconds):
    durations, step = frame_durations(header, 3)
    assert (durations, step.outcome) == ([milliseconds] * 3, "done")
    assert read_frame_times(header, 3, "").milliseconds.tolist() == [0, milliseconds, 2 * milliseconds]
    assert frame_durations(header, 3, fps=4)[0] == [250] * 3


def test_some_frames_of_a_file_keep_their_times():
    vector = {"NumberOfFrames": 4, "FrameTimeVector": [0.0, 10.0, 20.0, 40.0], "FrameIncrementPointer": "00181065"}
    assert frame_durations(vector, 2, indices=(1, 3))[0] == [60, 60]
    assert frame_durations(vector, 3, indices=(0, 1, 3))[0] == [10, 60, 60]
    durations, step = frame_durations(vector, 2, indices=(0, 1))
    assert (durations, step.outcome) == ([10, 10], "done")


def test_frames_at_one_time_are_shown_at_an_assumed_rate():
    durations, step = frame_durations({"FrameTimeVector": [0.0, 20.0, 0.0], "CineRate": 8}, 3)
    assert (durations, step.outcome) == ([100.0] * 3, "assumed")


@pytest.mark.parametrize(
    "value", [0.0, -5.0, float("nan"), float("inf"), 1e9, 1e-9, [40.0], "40", [], [None, "x", 3], b"\0"]
)
def test_impossible_frame_times_are_not_believed(value):
    for keyword in ("FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate"):
        durations, step = frame_durations({keyword: value}, 3)
        assert (durations, step.outcome) == ([100.0] * 3, "assumed"), keyword


def test_an_assumed_rate_is_a_warning(tmp_path):
    image = hu.read(file_bytes(noise(2, 16, 16), Modality="XA"))
    with pytest.warns(hu.AssumptionWarning, match="10 frames a second"):
        written = hu.write(image, tmp_path / "x.gif")
    assert [step.outcome for step in written.steps if step.name == "frame times"] == ["assumed"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hu.write(image, tmp_path / "y.gif", fps=5)
    assert shown_ms(tmp_path / "y.gif") == [200, 200]


def test_a_gif_that_cannot_keep_up_says_so():
    assert gif_delays([1000 / 30] * 3) == ([3, 4, 3], None)
    delays, step = gif_delays([10.0] * 4)
    assert delays == [2] * 4
    assert step is not None
    assert "2 times slower" in step.detail


def test_odd_sides_of_a_video_get_their_last_line_twice(tmp_path):
    frames = np.zeros((3, 65, 67), np.uint8)
    frames[:, -1], frames[:, :, -1] = 200, 90
    hu.write(hu.Image(frames), tmp_path / "x.mp4", window=(128, 256), fps=12.5)
    found, stream = decoded(tmp_path / "x.mp4")
    assert (stream.width, stream.height, stream.pix_fmt) == (68, 66, "yuv420p")
    assert (len(found), stream.average_rate) == (3, 12.5)
    last = found[2].to_ndarray(format="gray").astype(int)
    assert np.abs(last[65, :64] - 200).max() < 30
    assert np.abs(last[:60, 67] - 90).max() < 30
    data = (tmp_path / "x.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # plays before all of it is there
    assert cv2.VideoCapture(str(tmp_path / "x.mp4")).get(cv2.CAP_PROP_FPS) == 12.5


def test_frames_go_out_one_by_one(tmp_path):
    living, most = set(), [0]

    def frames():
        for index in range(40):
            frame = noise(64, 64, seed=index)
            living.add(index)
            weakref.finalize(frame, living.discard, index)
            most[0] = max(most[0], len(living))
            yield frame

    write_tiff(tmp_path / "x.tif", frames(), 0)
    write_gif(tmp_path / "x.gif", frames(), [5] * 40)
    write_mp4(tmp_path / "x.mp4", frames(), [50.0] * 40)
    assert most[0] <= 3
    assert len(decoded(tmp_path / "x.mp4")[0]) == len(shown_ms(tmp_path / "x.gif")) == 40


@pytest.mark.parametrize(("keyword", "value"), [("FrameTime", "1\\2"), ("CineRate", "-3"), ("FrameTimeVector", "x")])
def test_damaged_frame_times_in_a_file(tmp_path, keyword, value):
    made = dataset(noise(2, 8, 8), Modality="XA")
    with pydicom.config.disable_value_validation():
        made.add_new(keyword, "LO", value)
    with pytest.warns(hu.AssumptionWarning):
        hu.write(hu.read(to_bytes(made)), tmp_path / "x.gif")
    assert shown_ms(tmp_path / "x.gif") == [100, 100]
