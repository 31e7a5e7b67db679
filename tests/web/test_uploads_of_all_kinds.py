"""What is dropped onto the page beside what was there: slides, phases, presentation states, overlays, damaged files."""

import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from fourth_axis import series
from slides import write_levels
from states import state

from made import dataset, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")
CT = Path(get_testdata_file("CT_small.dcm"))


def dropped(page, files):
    """Upload files as the page does, and wait until they are understood."""
    upload = page.post("uploads", json={"files": len(files), "bytes": sum(map(len, files.values()))}).json()["id"]
    for name, data in files.items():
        headers = {"Content-Type": "application/octet-stream", "X-Name": quote(name, safe="")}
        assert page.post(f"uploads/{upload}/files", content=data, headers=headers).status_code == 204
    assert page.post(f"uploads/{upload}/end").status_code == 204
    assert page.viewing.searches[-1].join(30)
    return page.state()


@pytest.fixture
def page():
    with shown(CT) as opened:
        yield opened


def new(page, files):
    """The items that files add."""
    known = {item["id"] for item in page.state()["items"]}
    return [item for item in dropped(page, files)["items"] if item["id"] not in known]


def contents(folder, under=""):
    return {f"{under}{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}


def test_levels_of_a_slide_are_one_item_and_no_file_is_told_twice(page, tmp_path):
    write_levels(tmp_path)
    (item,) = new(page, contents(tmp_path, "slide/"))
    assert item["files"] == 3
    told = page.json(f"items/{item['id']}/levels")["levels"]
    assert [each["rows"] for each in told] == [700, 175, 44]
    answer = page.get(f"items/{item['id']}/levels/2/tiles/0/0")
    with hu.open_frames(tmp_path / "level2.dcm") as frames:
        expected = frames.region().values
    shape = [int(part) for part in answer.headers["X-Shape"].split(",")]
    values = np.frombuffer(answer.content, np.uint8, int(np.prod(shape))).reshape(shape)
    assert (values == expected[: shape[0], : shape[1]]).all()
    report = page.state()["report"]
    assert (report["counts"]["whole slide"], report["others"]) == (3, [])


def test_a_file_named_as_a_slide_s_is_told_of(page, tmp_path):
    write_levels(tmp_path)
    new(page, contents(tmp_path, "slide/"))
    state = dropped(page, {"slide/level0.dcm": b"no image", "slide/x.dcm": CT.read_bytes()[:300]})
    assert sorted(other["name"] for other in state["report"]["others"]) == ["level0.dcm", "x.dcm"]
    assert sum(state["report"]["counts"].values()) == state["found"] == 6


def test_phases_are_one_item(page, tmp_path):
    series(tmp_path, 3, lambda made, volume: made.update({"TriggerTime": 50 * volume}))
    volumes = hu.read_volumes(tmp_path)
    (item,) = new(page, contents(tmp_path, "heart/"))
    ids = item["phases"]["ids"]
    assert item["phases"]["labels"] == ["0 ms", "50 ms", "100 ms"]
    for name, volume in zip(ids, volumes, strict=True):
        assert (page.values(f"items/{name}/frames/2") == volume.values[2]).all()


def made_ct(name, values, **attributes):
    made = dataset(values, SOPClassUID="1.2.840.10008.5.1.4.1.1.2", RescaleSlope=1, RescaleIntercept=-1024)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = made.SeriesInstanceUID = name
    made.update(attributes)
    return made


def test_states_that_are_dropped_are_those_of_images_that_were_there(tmp_path):
    values = np.random.default_rng(1).integers(800, 1300, (40, 80)).astype(np.uint16)
    images = [made_ct(f"1.2.{number}", values + number) for number in (5, 6)]
    for number, made in enumerate(images):
        (tmp_path / f"{number}.dcm").write_bytes(to_bytes(made))
    rescale = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}
    with shown(tmp_path) as page:
        items = page.state()["items"]
        assert [page.json(f"items/{item['id']}/frames/0/over")["states"] for item in items] == [[], []]
        for label, made in zip("AB", images, strict=True):  # two uploads of one name
            dropped(page, {"pr.dcm": to_bytes(state(made, **rescale, ContentLabel=label))})
        listed = [page.json(f"items/{item['id']}/frames/0/over")["states"] for item in items]
        assert sorted(each["label"] for (each,) in listed) == ["A", "B"]
        assert page.state()["report"]["objects"] == 2
        for item, (each,) in zip(items, listed, strict=True):
            expected = page.values(f"items/{item['id']}/frames/0")
            assert (page.values(f"items/{item['id']}/states/{each['id']}/frames/0") == expected).all()


def test_overlays_of_files_of_one_name_do_not_mix(page):
    values = np.full((8, 8), 1000, np.uint16)
    found = []
    for number in (1, 2):
        made = made_ct(f"1.3.{number}", values)
        made.add_new(0x60000010, "US", 8)
        made.add_new(0x60000011, "US", 8)
        made.add_new(0x60000040, "CS", "G")
        made.add_new(0x60000050, "SS", [1, 1])
        made.add_new(0x60000100, "US", 1)
        made.add_new(0x60000102, "US", 0)
        made.add_new(0x60003000, "OW", np.packbits(np.arange(64) % 2 == number - 1, bitorder="little").tobytes())
        (item,) = new(page, {"a.dcm": to_bytes(made)})
        found.append(page.get(f"items/{item['id']}/frames/0/layer?overlays={0x6000}").content)
    assert found[0] != found[1]


def test_damaged_slices_are_shown_as_the_library_reads_them(page, tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=5)
    _, cut, *_, gone = sorted(tmp_path.iterdir())
    cut.write_bytes(cut.read_bytes()[:-400])
    gone.write_bytes(gone.read_bytes()[:200])
    items = new(page, contents(tmp_path, "ct/"))
    (volume,) = hu.read_volumes(tmp_path)
    (item,) = items
    assert item["frames"] == len(volume)
    for index, values in enumerate(volume.values):
        assert (page.values(f"items/{item['id']}/frames/{index}") == values).all()
    marked = page.get(f"items/{item['id']}/frames/1/padding")
    expected = np.packbits(volume.padding[1], bitorder="little").tobytes()
    assert marked.content == expected
    (other,) = page.state()["report"]["others"]
    assert other["name"] == gone.name and other["why"]


def test_what_of_an_upload_turns_out_damaged_when_it_is_loaded_is_said_then(page, tmp_path):
    hu.phantom(tmp_path, matrix=16, slices=6, transfer_syntax="jpeg 2000")
    path = tmp_path / "0003.dcm"
    data = path.read_bytes()
    at = data.rindex(b"\xff\x4f\xff\x51")
    path.write_bytes(data[: at + 20] + bytes(len(data) - at - 20))
    (item,) = new(page, contents(tmp_path, "ct/"))
    page.get(f"items/{item['id']}/frames/2")
    page.viewing.assembler.submit(lambda: None).result()
    state = page.state()
    assert state["report"]["counts"]["unreadable"] == 1
    assert "0003.dcm" in [other["name"] for other in state["report"]["others"]]


def test_a_hidden_patient_hides_names_in_all_that_is_said_of_uploads(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=32, slices=3)
    series(tmp_path / "mr", 2, lambda made, volume: made.update({"TriggerTime": 50 * volume}))
    (tmp_path / "sm").mkdir()
    write_levels(tmp_path / "sm")
    files = {
        f"Canary^Anna/{path.parent.name}-Canary-{path.name}": path.read_bytes()
        for path in sorted(tmp_path.rglob("*"))
        if path.is_file()
    }
    first = min(files)
    files[first] = files[first][:-300]
    with shown(CT, no_phi=True) as page:
        said = [json.dumps(dropped(page, files))]
        for item in page.state()["items"]:
            base = f"items/{item['id']}"
            for path in ("", "/frames/0", "/frames/1", "/frames/0/over", "/planes/axial", "/levels", "/header"):
                answer = page.get(f"{base}{path}")
                said.append("" if answer.headers["Content-Type"] != "application/json" else answer.text)
            said.append(page.post(f"{base}/film", content='{"format": "gif"}').headers.get("Content-Disposition", ""))
        said.append(json.dumps(page.state()))
        assert "Canary" not in "".join(said)
