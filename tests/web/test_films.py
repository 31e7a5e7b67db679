"""Films of stacks: frames as the library renders them, in the view's window, colours and orientation."""

import asyncio
import base64
import importlib.util
import io
import json
import sys
import threading

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from PIL import ImageSequence
from pydicom.data import get_testdata_file

import hounsfield as hu
from fourth_axis import series
from hounsfield.display.voi import Window
from hounsfield.exports.cine import frame_durations, gif_delays
from hounsfield.geometry import image_plane
from hounsfield.web.films import FilmWish, write_film

from made import enhanced, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
WINDOW = {"center": 40, "width": 400, "function": "LINEAR"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film") / "ct"
    hu.phantom(folder, matrix=32, slices=5)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    with shown(folder) as opened:
        yield opened


def asked(page, **wish):
    (item,) = page.state()["items"]
    return page.post(f"items/{item['id']}/film", content=json.dumps({"format": "gif", **wish}))


def pictures(answer):
    assert answer.status_code == 200, answer.text
    film = Picture.open(io.BytesIO(answer.content))
    frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    return frames, film


def grey(frames):
    assert all((frame[..., 0] == frame[..., 1]).all() for frame in frames)
    return np.stack([frame[..., 0] for frame in frames])


def test_frames_of_a_gif_are_those_of_render(page, folder):
    (volume,) = hu.read_volumes(folder)
    assert (grey(pictures(asked(page, window=WINDOW))[0]) == hu.render(volume, (40, 400))).all()
    assert (grey(pictures(asked(page))[0]) == hu.render(volume)).all()
    inverted = grey(pictures(asked(page, window=WINDOW, inverted=True))[0])
    assert (np.abs(255 - inverted.astype(int) - hu.render(volume, (40, 400))) <= 1).all()
    sigmoid = pictures(asked(page, window={**WINDOW, "function": "SIGMOID"}))[0]
    assert (grey(sigmoid) == hu.render(volume, Window(40, 400, "SIGMOID"))).all()


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
def test_turns_and_flips_are_those_of_the_view(page, folder, turns, flipped):
    (volume,) = hu.read_volumes(folder)
    frames = grey(pictures(asked(page, window=WINDOW, turns=turns, flipped=flipped))[0])
    expected = hu.render(volume, (40, 400))
    expected = expected[:, :, ::-1] if flipped else expected
    assert (frames == np.rot90(expected, -turns, axes=(1, 2))).all()


def test_colours_are_those_that_the_page_sends(page, folder):
    (volume,) = hu.read_volumes(folder)
    colours = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 7)], 1).astype(np.uint8)
    frames, _ = pictures(asked(page, window=WINDOW, colours=base64.b64encode(colours.tobytes()).decode()))
    expected = colours[hu.render(volume, (40, 400))]
    assert np.abs(np.stack(frames).astype(int) - expected).max() <= 2  # 256 colours of a frame, found by Pillow


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_planes_and_slabs_are_those_of_the_volume(page, folder, plane):
    (volume,) = hu.read_volumes(folder)
    cut = volume.reformat(plane)
    frames = grey(pictures(asked(page, window=WINDOW, plane=plane))[0])
    assert (frames == hu.render(cut, (40, 400), square=True)).all()
    thick = grey(pictures(asked(page, window=WINDOW, plane=plane, slab=1e5, how="max"))[0])
    whole = hu.render(cut.project("max"), (40, 400), square=True)
    assert all((frame == whole[0]).all() for frame in thick)


def enhanced_with_windows(windows):
    """Frames at one place, each with a window of its own or none: pictures, no volume."""
    stored = np.linspace(0, 500, 3 * 64).astype(np.uint16).reshape(3, 8, 8)
    made = pydicom.dcmread(io.BytesIO(enhanced(stored, [(1, 0)] * 3)))
    for frame, window in zip(made.PerFrameFunctionalGroupsSequence, windows, strict=True):
        frame.PlanePositionSequence = made.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
        if window is not None:
            item = pydicom.Dataset()
            item.WindowCenter, item.WindowWidth = window
            frame.FrameVOILUTSequence = [item]
    return to_bytes(made)


def turned(degrees):
    """Directions of coronal slices that are turned about the axis from foot to head."""
    cos, sin = float(np.cos(np.deg2rad(degrees))), float(np.sin(np.deg2rad(degrees)))
    return [cos, sin, 0.0], [0.0, 0.0, -1.0]


def test_planes_of_any_direction_are_those_of_the_volume(page, folder):
    (volume,) = hu.read_volumes(folder)
    row, column = turned(20)
    wish = {"window": WINDOW, "plane": "coronal", "row": row, "column": column}
    cut = volume.reformat((*row, *column))
    frames = grey(pictures(asked(page, **wish))[0])
    assert (frames == hu.render(cut, (40, 400), square=True)).all()
    assert len(frames) != len(volume.reformat("coronal"))
    (item,) = page.state()["items"]
    query = f"row={','.join(map(str, row))}&column={','.join(map(str, column))}&through=3.5,1.25,2"
    placed = page.json(f"items/{item['id']}/oblique?{query}")
    frames = grey(pictures(asked(page, **wish, through=[3.5, 1.25, 2]))[0])
    plane = image_plane((3.5, 1.25, 2), (*row, *column), placed["pixel_spacing"])
    assert (frames == hu.render(volume.reformat(plane), (40, 400), square=True)).all()
    assert len(frames) == placed["frames"]


def test_planes_of_a_rectified_volume_are_cut_from_that(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=6, slice_spacing=3.0, tilt=20)
    (volume,) = hu.read_volumes(tmp_path)
    with shown(tmp_path) as page:
        frames = grey(pictures(asked(page, window=WINDOW, plane="coronal", rectified=True))[0])
    assert (frames == hu.render(volume.rectified().reformat("coronal"), (40, 400), square=True)).all()


def test_phases_are_shown_by_the_window_of_the_first(tmp_path):
    def trigger(made, volume):
        made.TriggerTime = 50 * volume
        made.WindowCenter, made.WindowWidth = 500 + 100 * volume, 1000

    series(tmp_path, 3, trigger)
    volumes = hu.read_volumes(tmp_path)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        third = item["phases"]["ids"][2]
        answer = page.post(f"items/{third}/film", content=json.dumps({"format": "gif"}))
        assert (grey(pictures(answer)[0]) == hu.render(volumes[2], (500, 1000))).all()


def test_frames_keep_windows_of_their_own_where_others_have_none(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(enhanced_with_windows([(100, 200), None, (300, 100)]))
    with shown(path) as page:
        frames = grey(pictures(asked(page, window=WINDOW, own=True))[0])
        image = hu.read(path)
        for index, window in enumerate([(100, 200), (40, 400), (300, 100)]):
            assert (frames[index] == hu.render(image.frame(index), window, square=True)).all()
        expected = hu.render(image.frame(0), (40, 400), square=True)
        assert (grey(pictures(asked(page, window=WINDOW))[0])[0] == expected).all()


def test_a_picture_is_shown_by_one_of_the_file_s_own_windows(tmp_path):
    made = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    made.WindowCenter, made.WindowWidth = [40, 700], [400, 30]
    made.save_as(tmp_path / "a.dcm")
    with shown(tmp_path) as page:
        base = f"items/{page.state()['items'][0]['id']}/picture"
        seen = np.asarray(Picture.open(io.BytesIO(page.get(f"{base}?voi=1").content)))
        assert (seen == hu.render(hu.read(tmp_path / "a.dcm"), 1)).all()
        assert [page.get(f"{base}?voi={text}").status_code for text in ("2", "-1", "x")] == [400] * 3


def test_values_that_stand_for_colours_are_shown_so():
    path = get_testdata_file("eCT_Supplemental.dcm") or pytest.skip("pydicom-data is not installed")
    with shown(path) as page:
        (item,) = page.state()["items"]
        frames, _ = pictures(asked(page))
        whole = hu.read_volumes(path)[0] if item["kind"] == "volume" else hu.read(path)
        expected = hu.render(whole).astype(int)
        coloured = np.ptp(expected, axis=-1) > 0
        assert (
            coloured.any() and np.abs(frames - expected)[coloured].mean() < 8
        )  # 256 colours of a frame, found by Pillow


def test_the_recorded_rate_is_kept():
    path = get_testdata_file("examples_ybr_color.dcm") or pytest.skip("pydicom's file is not there")
    with shown(path) as page:
        _, film = pictures(asked(page))
        header = hu.read(path).header
        durations, _ = frame_durations(header, film.n_frames)
        delays, _ = gif_delays(durations)
        told = [frame.info["duration"] for frame in ImageSequence.Iterator(film)]
        assert told == [10 * delay for delay in delays]


@pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="PyAV is not installed")
def test_an_mp4_has_every_frame(page, folder):
    import av

    answer = asked(page, format="mp4", window=WINDOW)
    assert answer.headers["Content-Type"] == "video/mp4"
    (volume,) = hu.read_volumes(folder)
    expected = hu.render(volume, (40, 400)).astype(int)
    with av.open(io.BytesIO(answer.content)) as container:
        frames = [frame.to_ndarray(format="rgb24")[..., 0].astype(int) for frame in container.decode(video=0)]
    assert len(frames) == 5 and np.abs(np.stack(frames) - expected).mean() < 4


def test_what_mp4_needs_is_said(page, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    answer = asked(page, format="mp4")
    assert answer.status_code == 422
    assert answer.json()["error"] == 'writing MP4 needs PyAV: pip install "hounsfield[video]"'


@pytest.mark.parametrize(
    "wish",
    [
        {"format": "exe"},
        {"plane": "../etc"},
        {"plane": ["axial"]},
        {"slab": -1, "plane": "axial"},
        {"slab": "x", "plane": "axial"},
        {"how": "sum"},
        {"turns": 4},
        {"turns": [1]},
        {"window": {"center": 1}},
        {"window": {"center": 1, "width": 0, "function": "LINEAR"}},
        {"window": {"center": "nan", "width": 10, "function": "LINEAR"}},
        {"window": {"center": 1, "width": 10, "function": "CUBIC"}},
        {"window": "lung"},
        {"colours": "AAAA"},
        {"colours": "%%%"},
        {"colours": [1]},
        {"plane": "coronal", "row": [1, 0, 0]},
        {"plane": "coronal", "row": [1, 0, 0], "column": [1, 0, 0]},
        {"plane": "coronal", "row": [1, 0], "column": [0, 1, 0]},
        {"plane": "coronal", "row": "100", "column": [0, 1, 0]},
        {"plane": "coronal", "row": [1, 0, 0], "column": [0, 1, 0], "through": [1, 2, 1e9]},
        {"row": [1, 0, 0], "column": [0, 1, 0]},
        {"rectified": True},
    ],
    ids=str,
)
def test_a_wish_that_is_none_is_refused(page, wish):
    assert asked(page, **wish).status_code == 400
    assert page.post("items/x/film", content=b"{}").status_code == 404


def test_one_image_is_no_film():
    with shown(get_testdata_file("CT_small.dcm")) as page:
        answer = asked(page)
        assert (answer.status_code, answer.json()["error"]) == (422, "there is one frame only: no film")


def test_progress_is_told_and_nothing_is_left(page):
    told = []
    end = page.viewing.discovery.items.listen(lambda kind, content: told.append((kind, content)))
    assert asked(page, key="abc").status_code == 200
    end()
    assert told[-1] == ("film", {"key": "abc", "done": 5, "frames": 5})
    assert list(page.viewing.folder.path().glob("film*")) == []


def test_a_page_that_does_not_wait_ends_the_work(page):
    (item,) = page.state()["items"]
    begun, go_on, ended = threading.Event(), threading.Event(), []
    items = page.viewing.discovery.items

    def listener(kind, content):
        if kind == "film":
            begun.set()
            go_on.wait(5)

    stop = items.listen(listener)
    body = json.dumps({"format": "gif", "key": "k"}).encode()
    app, client = page.client._client._transport.app, page.client
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    scope = {
        "type": "http", "method": "POST", "path": f"/api/items/{item['id']}/film", "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"cookie", cookie.encode())], "http_version": "1.1",
    }  # fmt: skip

    async def run():
        sent = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if sent:
                return sent.pop()
            while not begun.is_set():
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message):
            ended.append(message)

        task = asyncio.ensure_future(app(scope, receive, send))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        go_on.set()
        await task

    asyncio.run(run())
    stop()
    assert ended[0]["status"] == 400
    assert list(page.viewing.folder.path().glob("film*")) == []


def test_a_film_says_nothing_of_the_patient(folder, tmp_path):
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PatientName, dataset.SeriesDescription = "Canary^Anna", "Canary"
        dataset.save_as(tmp_path / path.name)
    with shown(tmp_path, no_phi=True) as page:
        answer = asked(page, window=WINDOW)
        assert b"Canary" not in answer.content and "Canary" not in str(answer.headers)


def test_too_large_a_film_is_refused_before_it_is_begun(page, tmp_path, monkeypatch):
    monkeypatch.setattr("hounsfield.web.films.MOST_PIXELS", 100)
    item = next(iter(page.viewing.discovery.items))
    with pytest.raises(hu.LimitExceededError):
        write_film(tmp_path / "a.gif", item, FilmWish("gif"), lambda done, frames: None)


@pytest.mark.parametrize(("language", "word"), [("en", "it was stopped: hu view has ended"), ("zh", "hu view 已结束")])
def test_a_server_that_ends_is_no_defect(folder, language, word):
    with shown(folder) as page:
        address = f"items/{page.state()['items'][0]['id']}/film"
        told = []

        def listener(kind, content):
            if kind == "film" and not told:
                told.append(content)
                page.viewing.close()

        page.viewing.discovery.items.listen(listener)
        body = json.dumps({"format": "gif", "key": "k"})
        for _ in range(2):  # while the film is made, and where nothing can be begun any more
            answer = page.post(address, content=body, headers={"x-language": language})
            assert answer.status_code == 503
            assert word in answer.json()["error"]
        assert told


def test_a_film_that_waits_for_its_turn_is_no_defect_either(folder):
    with shown(folder) as page:
        address = f"items/{page.state()['items'][0]['id']}/film"
        busy, ended = threading.Event(), threading.Event()
        page.viewing.filmer.submit(lambda: (busy.set(), ended.wait(5)))
        busy.wait(5)
        threading.Timer(0.5, page.viewing.close).start()
        answer = page.post(address, content=json.dumps({"format": "gif"}))
        ended.set()
        assert (answer.status_code, answer.json()["error"]) == (503, "it was stopped: hu view has ended")
