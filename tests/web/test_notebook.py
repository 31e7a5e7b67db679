"""The page in a notebook without a notebook: what its messages are answered, and what is handed back."""

import contextlib
import json
import re
import subprocess
import sys
from urllib.parse import quote

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from canaries import MARKS
from canaries import write as write_canaries
from fourth_axis import series
from hounsfield.web.page_document import page_document
from notebook_pages import noted

from viewing import Page

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook") / "ct"
    hu.phantom(folder, matrix=40, slices=6)
    return folder


@pytest.fixture(scope="module")
def volume(folder):
    (volume,) = hu.read_volumes(folder)
    return volume


def values(page, address):
    status, headers, content = page.get(address)
    assert status == 200, content
    shape = [int(part) for part in headers["x-shape"].split(",")]
    return np.frombuffer(content, np.dtype(headers["x-dtype"]).newbyteorder("<"), int(np.prod(shape))).reshape(shape)


ADDRESSES = [
    "",
    "?frame=2",
    "/frames/3",
    "/frames/99",
    "/frames/x",
    "/frames/3/over",
    "/frames/3/layer?shutter=1",
    "/frames/3/palette",
    "/thumbnail",
    "/picture?frame=2&annotations=1",
    "/header",
    "/planes/coronal",
    "/planes/sagittal/7?slab=10&how=max",
    "/planes/no/7",
    "/masks",
    "/histogram?scope=volume",
    "/histogram?scope=frame&view=frames&frame=2",
    "/nothing",
]
BODIES = [
    ("/measures", {"view": "frames", "frame": 2, "shapes": [{"kind": "ellipse", "points": [[5, 5], [30, 20]]}]}),
    ("/measures", {"view": "frames", "frame": 2, "shapes": [{"kind": "no", "points": []}]}),
    ("/measures", []),
    ("/code", {"view": "planes/coronal", "frame": 3}),
    ("/film", {"format": "gif"}),
    ("/masks", {"scope": "volume", "view": "frames", "frame": 0, "recipe": {"above": "x"}}),
]


def test_answers_are_those_of_the_port_byte_for_byte(volume):
    with noted(volume) as page:
        port = Page(page.session.viewing)
        (item,) = page.items()
        found = set()
        for address in ADDRESSES:
            address = f"items/{item['id']}{address}"
            answer, own = port.get(address), page.get(f"api/{address}")
            found.add(own[0])
            assert own == (answer.status_code, dict(answer.headers), answer.content), address
        for address, document in BODIES:
            body, address = json.dumps(document), f"items/{item['id']}{address}"
            answer, own = port.post(address, content=body), page.post(f"api/{address}", document)
            found.add(own[0])
            assert own == (answer.status_code, dict(answer.headers), answer.content), address
        assert {200, 400, 404} <= found


def colours():
    rgb = np.random.default_rng(1).integers(0, 255, (3, 9, 7, 3), np.uint8)
    return hu.Image(rgb, color=True)


SHOWN = {
    "an image": lambda volume: volume[3],
    "an image of a file": lambda volume: hu.read(get_testdata_file("CT_small.dcm")),
    "an image of numbers": lambda volume: hu.Image(np.arange(12.0).reshape(3, 4)),
    "frames": lambda volume: volume.as_image(),
    "colours": lambda volume: colours(),
    "one picture in colours": lambda volume: colours().frame(1),
    "a part": lambda volume: volume[3][10:30, 5:25],
    "a mask": lambda volume: hu.mask(volume, tissue="bone"),
    "a volume": lambda volume: volume,
    "a volume of numbers": lambda volume: hu.Volume(np.arange(60.0).reshape(3, 4, 5)),
    "slices": lambda volume: volume[1:3],
    "a volume in other planes": lambda volume: volume.reformat("coronal"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_each_kind_of_thing_is_shown_with_its_own_values(volume, name):
    shown = SHOWN[name](volume)
    frames = shown.as_image() if isinstance(shown, hu.Volume) else shown
    with noted(shown) as page:
        (item,) = page.items()
        assert item["shape"] == [frames.frames, *frames.size] and not item["error"]
        described = page.json(f"api/items/{item['id']}")
        assert (described["unit"], described["color"]) == (shown.unit, shown.color)
        for index in range(frames.frames):
            sent = values(page, f"api/items/{item['id']}/frames/{index}")
            assert np.array_equal(sent, frames.frame(index).values), index
        assert page.get(f"api/items/{item['id']}/thumbnail")[2].startswith(b"\x89PNG")
        assert page.get(f"api/items/{item['id']}/frames/{frames.frames}")[0] == 404
        assert (described["planes"] != []) == (item["kind"] == "volume")


def test_nothing_is_copied(volume):
    with noted(volume) as page:
        (item,) = page.session.viewing.discovery.items
        assert item.frames.volume() is volume
        assert np.shares_memory(item.frames.frame(2).values, volume.values)
    image = volume[2]
    with noted(image) as page:
        (item,) = page.session.viewing.discovery.items
        assert np.shares_memory(item.frames.frame(0).values, image.values)


def test_several_volumes_are_read_when_they_are_looked_at(tmp_path):
    hu.phantom(tmp_path / "a", matrix=24, slices=4)
    hu.phantom(tmp_path / "b", matrix=24, slices=5)
    volumes = hu.read_volumes(tmp_path)
    reads = []
    plain = type(volumes)._read
    type(volumes)._read = lambda self, index: reads.append(index) or plain(self, index)
    try:
        with noted(volumes) as page:
            items = page.items()
            assert [item["shape"][0] for item in items] == [len(volumes.slices(n)) for n in range(len(volumes))]
            assert all(page.get(f"api/items/{item['id']}/thumbnail")[0] == 200 for item in items)
            assert reads == []
            for number, item in enumerate(items):
                sent = values(page, f"api/items/{item['id']}/frames/1")
                assert np.array_equal(sent, volumes.load(number).values[1])
    finally:
        type(volumes)._read = plain


def test_of_volumes_of_files_the_attributes_are_shown_and_what_became_of_each_file(folder, tmp_path):
    (tmp_path / "note.txt").write_text("no image")
    volumes = hu.read_volumes([folder, tmp_path / "note.txt"])
    with noted(volumes) as page:
        state = page.state()
        (item,) = state["items"]
        assert (state["found"], state["report"]["counts"]["not DICOM"]) == (len(volumes.report.files), 1)
        (row,) = page.json(f"api/items/{item['id']}/header?frame=2&search=ImagePositionPatient")["rows"]
        assert float(row["value"][2]) == pytest.approx(volumes[0][2].plane.position[2])
        code = json.loads(page.post(f"api/items/{item['id']}/code", {"view": "frames", "frame": 2})[2])
        assert str(folder) in code["python"]
    with noted(hu.read_volumes(folder, values="stored")) as page:
        (item,) = page.items()
        assert page.get(f"api/items/{item['id']}/header")[0] == 404  # code would read other values
        code = json.loads(page.post(f"api/items/{item['id']}/code", {"view": "frames", "frame": 2})[2])
        assert str(folder) not in code["python"]


def test_phases_are_one_item_and_their_masks_come_back(tmp_path):
    def trigger(made, number):
        made.TriggerTime = [0, 50][number]

    series(tmp_path, 2, trigger)
    volumes = hu.read_volumes(tmp_path)
    with noted(volumes) as page:
        (item,) = page.items()
        assert item["phases"]["labels"] == ["0 ms", "50 ms"]
        for number, phase in enumerate(item["phases"]["ids"]):
            assert np.array_equal(values(page, f"api/items/{phase}/frames/2"), volumes[number].values[2])
            wish = {"scope": "volume", "recipe": {"above": 1}}
            assert page.post(f"api/items/{phase}/masks", wish)[0] == 200
        masks = page.session.masks()
        assert list(masks) == ["mask 1", "mask 1 (2)"]
        for mask, each in zip(masks.values(), volumes, strict=True):
            assert np.array_equal(mask.values, hu.mask(each, above=1).values)


def test_masks_are_the_librarys_on_the_grid_of_the_volume(volume):
    with noted(volume) as page:
        (item,) = page.items()
        wish = {"scope": "volume", "recipe": {"tissue": "bone"}, "name": "ribs"}
        made = json.loads(page.post(f"api/items/{item['id']}/masks", wish)[2])["mask"]
        assert page.changes == 1
        mask = page.session.masks()["ribs"]
        expected = hu.mask(volume, tissue="bone")
        assert np.array_equal(mask.values, expected.values) and mask.values.any()
        assert hu.measure(volume, mask) == hu.measure(volume, expected)
        stroke = {"view": "frames", "frame": 1, "points": [[20, 20]], "radius": 3, "erase": False}
        assert page.post(f"api/items/{item['id']}/masks/{made['id']}/strokes", stroke)[0] == 200
        drawn = page.session.masks()["ribs"]
        assert drawn.values.sum() > mask.values.sum() == expected.values.sum()  # what was handed back stays
        assert page.session.counts() == (1, 0)


def test_a_mask_of_an_image_fits_the_image():
    image = hu.read(get_testdata_file("CT_small.dcm"))
    with noted(image) as page:
        (item,) = page.items()
        wish = {"scope": "frame", "view": "frames", "frame": 0, "recipe": {"above": 90}}
        assert page.post(f"api/items/{item['id']}/masks", wish)[0] == 200
        mask = page.session.masks()["mask 1"]
        assert np.array_equal(mask.values, hu.mask(image, above=90).values)
        assert hu.measure(image, mask).pixels == mask.values.sum()


def shape(item, kind, points, **more):
    known = {"item": item["id"], "view": "frames", "query": "", "frame": 2, "name": f"{kind} 1", "scale": None}
    return {**known, "kind": kind, "points": points, **more}


def test_measures_are_the_librarys(volume):
    with noted(volume) as page:
        (item,) = page.items()
        shapes = [
            shape(item, "distance", [[5, 6], [30.5, 20]]),
            shape(item, "ellipse", [[5, 5], [30, 25]], name="heart"),
            shape(item, "distance", [[1, 1], [4, 5]], view="planes/coronal", frame=20),
            shape(item, "distance", [[0, 0], [3, 4]], scale=2.0),
        ]
        page.say(kind="shapes", shapes=shapes)
        distance, ellipse, cut, scaled = page.session.measures()
        image = volume[2]
        assert distance.points == ((6.0, 5.0), (20.0, 30.5))
        assert distance.values["length"]["mm"] == hu.distance(image, *distance.points).mm
        assert (ellipse.name, ellipse.kind, ellipse.frame_index) == ("heart", "ellipse", 2)
        assert ellipse.values["mean"] == hu.measure(image, ellipse.region(image)).mean
        coronal = volume.reformat("coronal")[20]
        assert cut.values["length"]["mm"] == pytest.approx(hu.distance(coronal, *cut.points).mm, rel=1e-12)
        assert scaled.values["length"]["mm"] == 10.0
        with pytest.raises(ValueError, match="no pixels"):
            distance.region(image)
        page.say(kind="shapes", shapes=[])
        assert page.session.measures() == []


HOSTILE = [
    None,
    7,
    [],
    {},
    {"view": "a"},
    {"view": 7, "kind": "page"},
    {"view": "a" * 65, "kind": "page"},
    {"view": "", "kind": "page"},
    {"view": "a", "kind": ["ask"]},
    {"view": "a", "kind": "ask"},
    {"view": "a", "kind": "ask", "id": "1", "address": "api/events"},
    {"view": "a", "kind": "ask", "id": True, "address": "api/events"},
    {"view": "a", "kind": "ask", "id": -1, "address": "api/events"},
    {"view": "a", "kind": "ask", "id": 2**60, "address": "api/events"},
    {"view": "a", "kind": "stop", "id": 99},
    {"view": "nobody", "kind": "closed"},
    {"view": "a", "kind": "shapes"},
    {"view": "a", "kind": "shapes", "shapes": [{}]},
    {"view": "a", "kind": "shapes", "shapes": [{"kind": "distance", "points": [[0, 0], [1, 1]]}]},
    {"view": "a", "kind": "shapes", "shapes": [{"kind": "distance", "points": [[0, 0], [1, float("nan")]]}] * 300},
]


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_messages_that_are_none_are_ignored(volume, message):
    with noted(volume) as page:
        page.session.receive(message)
        assert page.told.empty() and page.session.measures() == []
        assert len(page.items()) == 1


REFUSED = [
    ({"method": "PUT"}, 405),
    ({"method": None}, 405),
    ({"address": None}, 404),
    ({"address": "http://a.b/api/events"}, 404),
    ({"address": "/api/events"}, 404),
    ({"address": "static/main.js"}, 404),
    ({"address": "api/events\r\nHost: a"}, 404),
    ({"address": "api/é"}, 404),
    ({"address": "api/" + "a" * 9000}, 404),
    ({"address": "api/../etc"}, 404),
    ({"address": "api/session", "method": "POST"}, 404),
    ({"address": "api/uploads", "method": "POST", "body": '{"files": 1, "bytes": 1}'}, 403),
    ({"address": "api/%75ploads", "method": "POST", "body": "{}"}, 403),
    ({"address": "api/patient", "method": "POST", "body": {"hidden": True}}, 400),
    ({"address": "api/patient", "method": "POST", "body": "{"}, 400),
    ({"address": "api/patient", "method": "POST", "body": "a" * 2**17}, 413),
    ({"address": "api/items/x/masks", "method": "POST", "body": "\ud800"}, 404),
    ({"headers": {"X-Language": "z" * 201}}, 400),
    ({"headers": {"X-Language": "a\nb"}}, 400),
]


@pytest.mark.parametrize(("more", "status"), REFUSED, ids=range(len(REFUSED)))
def test_requests_that_are_none_are_refused_by_a_sentence(volume, more, status):
    with noted(volume) as page:
        given = {"address": "api/events", **more}
        found, _, content = page.answer(page.ask(**given))
        assert found == status and json.loads(content)["error"]


@pytest.mark.parametrize(
    "headers",
    [{"Host": "a.b"}, {"X-Token": "no"}, {"Origin": "http://a.b"}, {"Content-Length": "9"}, {7: "a"}, {"x": 7}, [], 7],
    ids=str,
)
def test_headers_other_than_the_pages_own_reach_nobody(volume, headers):
    with noted(volume) as page:
        assert page.answer(page.ask("api/items/none", headers=headers))[0] == 404


def test_no_page_asks_for_more_than_can_be_answered(volume, monkeypatch):
    monkeypatch.setattr("hounsfield.web.notebook_session.MOST_AT_A_TIME", 3)
    with noted(volume) as page:
        waiting = [page.ask("api/events") for _ in range(3)]
        assert page.answer(page.ask("api/events"))[0] == 429
        page.say(kind="ask", id=waiting[0], address="api/events", method="GET")  # the same again
        page.say(kind="closed")
        for _ in range(1000):
            status = page.get("api/items/none")[0]
            if status == 404:
                break
        assert status == 404


def test_one_page_does_not_stop_what_another_asked_for(volume):
    with noted(volume) as page:
        number = page.ask("api/events")
        page.answer(number, first=True)
        page.session.receive({"view": "b", "kind": "closed"})
        page.session.receive({"view": "b", "kind": "stop", "id": number})
        page.post("api/patient", {"hidden": True})
        assert b"patient" in page.answer(number, first=True)[2]


def test_no_message_has_a_canary_while_the_patient_is_hidden(tmp_path):
    write_canaries(tmp_path)
    volumes = hu.read_volumes(tmp_path)
    shown = [volumes]
    for number in range(len(volumes)):
        with contextlib.suppress(hu.HounsfieldError):
            shown += [volumes[number], volumes[number][0]]
    found = {True: set(), False: set()}
    for no_phi in (True, False):
        for each in shown:
            with noted(each, no_phi=no_phi) as page:
                said = [("state", json.dumps(page.state(), ensure_ascii=False).encode())]
                for item in page.items():
                    for address in ADDRESSES:
                        status, headers, content = page.get(f"api/items/{quote(item['id'])}{address}")
                        assert status != 500, address
                        said.append((address, repr(headers).encode() + content))
                found[no_phi] |= {(address, mark) for address, text in said for mark in MARKS if mark.encode() in text}
    assert found[True] == set()
    assert len(found[False]) > 3  # the test can fail


def test_the_document_of_the_page_holds_all_that_it_runs_and_loads_nothing():
    page, other = page_document(), page_document()
    nonce = re.search(r"'nonce-([\w-]+)'", page.replace("&#x27;", "'"))[1]
    assert nonce not in other and page.count(f'nonce="{nonce}"') == 2
    assert re.findall(r"<(?:link|img|iframe)\b", page) == [] and " src=" not in page.partition("<script")[2][:200]
    text = re.search(r'id="modules">(.*?)</script>', page, re.DOTALL)[1]
    modules = json.loads(text)
    assert "<" not in text and len(modules) > 90
    for name, module in modules.items():
        for there in re.findall(r"""(?:from|import)\s*\(?\s*"([^"]+)\"""", module):
            if not there.endswith("types.js"):
                assert there in modules, (name, there)
    assert "hounsfieldPort" in modules["hounsfield/server/transport.js"]
    assert "hounsfield/notebook/boot.js" not in modules


def test_without_anywidget_the_extra_is_named(volume, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "hounsfield.web.notebook_view", raising=False)
    for shown in (volume, volume[0]):
        with pytest.raises(hu.MissingDependencyError, match=r"hounsfield\[notebook\]"):
            shown.view()


def test_the_widget_has_the_picture_for_where_it_cannot_run(volume, folder):
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    for shown in (volume, volume[2], hu.read_volumes(folder)):
        view = shown.view(height=300)
        data, _ = view._repr_mimebundle_()
        assert data["text/html"] == shown._repr_html_()
        assert "application/vnd.jupyter.widget-view+json" in data
        assert (view.height, view.masks, view.measures, view.version) == (300, {}, [], 0)
        assert repr(view) == "NotebookView(0 masks, 0 measures)"
        view.close()
    with pytest.raises(ValueError, match="height"):
        volume.view(height=1)


def test_a_view_that_nobody_closes_ends_with_the_interpreter_in_silence(folder):
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    program = (
        "import sys, hounsfield as hu\n"
        "volumes = hu.read_volumes(sys.argv[1])\n"
        "kept = volumes.view()\n"
        "for wrong in (-5, 'x'):\n"
        "    try: volumes[0].view(height=wrong)\n"
        "    except (ValueError, TypeError) as error: print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["height is 200 to 4000", "height: a number of pixels is wanted, not a str"]
    assert ran.stderr == ""
