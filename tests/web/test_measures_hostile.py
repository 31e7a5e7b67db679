"""Hostile requests for measures, their code and their reports; and canaries in every answer to them while hidden."""

import json
import time

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from canaries import MARKS, write
from slides import write_levels
from ultrasound import REGIONS

from made import dataset, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")
LINE = {"kind": "distance", "points": [[1, 1], [5, 5]]}
BOX = {"kind": "rectangle", "points": [[1, 1], [9, 9]]}
NAN, MANY = float("nan"), [[number % 128, number % 97] for number in range(20_001)]


def frames(**more):
    return {"view": "frames", "frame": 0, "shapes": [LINE], **more}


#: Path of an item, body; all are refused.
HOSTILE = [
    ("code", frames(calibration=0)),
    ("code", frames(calibration={"mm_per_pixel": -1})),
    ("code", frames(calibration={"mm_per_pixel": NAN})),
    ("code", frames(calibration={"mm_per_pixel": "1"})),
    ("code", frames(calibration={"mm_per_pixel": 1e300})),
    ("code", frames(calibration={"mm_per_pixel": True})),
    ("code", frames(calibration=[])),
    ("code", frames(shapes={"kind": "distance"})),
    ("code", frames(shapes=[{"kind": "angle", "points": [[1, 1], [2, 2]]}])),
    ("code", frames(shapes=[{"kind": "cobb", "points": [[1, 1]] * 5}])),
    ("code", frames(shapes=[{"kind": "point", "points": [[1, None]]}])),
    ("code", frames(shapes=[{"kind": "point", "points": [[NAN, 1]]}])),
    ("code", frames(shapes=[{"kind": "__class__", "points": [[1, 1]]}])),
    ("code", frames(shapes=[{"kind": ["angle"], "points": [[1, 1]]}])),
    ("code", frames(shapes=[{"kind": "polygon", "points": MANY}])),
    ("code", frames(shapes=[LINE] * 201)),
    ("code", frames(shapes=[{"kind": "polygon", "points": [[1, (-1) ** n * 1e5] for n in range(20_000)]}] * 2)),
    ("code", frames(view="oblique")),
    ("code", frames(view="frames/../planes/axial")),
    ("code", frames(frame=10**12)),
    ("code", frames(frame=-1)),
    ("code", frames(window={"center": 1, "width": 0})),
    ("code", frames(mask="none")),
    ("code", frames(mask={"id": 1})),
    ("measures", frames(calibration={"mm_per_pixel": 0})),
    ("measures", frames(calibration={"mm_per_pixel": 1e-9})),
    ("measures", frames(shapes=[{"kind": "ellipse", "points": [[1e7, 0], [0, 0]]}])),
    ("measures", frames(shapes=[{"kind": "angle", "points": [[1, 1], [2, 2], "3"]}])),
    ("measures", frames(shapes=[{"kind": "point"}])),
    ("measures", frames(view="states/x/y/z")),
    ("measures", frames(view={"view": 1})),
    ("measures", frames(frame=0.0)),
    ("measures", frames(frame=1)),
]  # fmt: skip
#: Of the report, of which the item is the shown one.
REPORTS = [
    {"view": "planes/axial"}, {"view": "planes/axial?x"}, {"view": None}, {"view": []}, {"query": None},
    {"view": "oblique", "query": "row=nan,0,0&column=0,1,0"}, {"view": "oblique", "query": "row=1&column=2"},
    {"view": "oblique", "query": "slab=1e308&row=1,0,0&column=0,1,0"}, {"view": "oblique", "query": "&" * 1000},
    {"view": "../../x"}, {"query": "\u0000\u00e9"}, {"frame": 10**15}, {"frame": 2.0}, {"calibration": 3},
    {"calibration": {"mm_per_pixel": -3}}, {"points": [[1, 1]]}, {"kind": "profile", "points": [[-9, 1], [1, 1]]},
    {"item": "../x"}, {"item": 3}, {"name": None},
]  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slide")
    write_levels(folder)
    with shown(get_testdata_file("CT_small.dcm")) as ct, shown(folder) as slide:
        yield ct, slide


def refused(answer):
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    said = answer.json()["error"]
    assert said and "Traceback" not in said and "/" not in said.replace("planes/", "") and len(said) < 300, said


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_requests_are_refused_by_a_sentence(pages, number):
    path, body = HOSTILE[number]
    for page in pages:
        (item,) = page.state()["items"]
        began = time.monotonic()
        refused(page.post(f"items/{item['id']}/{path}", content=json.dumps(body)))
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("number", range(len(REPORTS)))
def test_hostile_reports_are_refused_by_a_sentence(pages, number):
    for page in pages:
        (item,) = page.state()["items"]
        measure = {"item": item["id"], "frame": 0, "name": "a", **LINE, **REPORTS[number]}
        began = time.monotonic()
        refused(page.post("measures/report", content=json.dumps({"measures": [measure]})))
        assert time.monotonic() - began < 5


def test_a_report_of_many_planes_is_refused_before_they_are_cut(tmp_path):
    hu.phantom(tmp_path, matrix=128, slices=4)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        measures = [{"item": item["id"], "view": "planes/coronal", "frame": frame, "name": "a", **LINE} for frame in range(101)]  # fmt: skip  # noqa: E501
        answer = page.post("measures/report", content=json.dumps({"measures": measures}))
        assert answer.status_code == 400 and "at most 100 images" in answer.json()["error"]


KINDS = {
    "distance": [[1, 1], [5, 5]], "angle": [[1, 1], [5, 5], [9, 1]], "point": [[3, 3]], "rectangle": [[1, 1], [6, 6]],
    "profile": [[1, 1], [5, 5]], "cobb": [[1, 1], [5, 5], [9, 1], [3, 3]], "polygon": [[900, 900], [950, 900], [900, 950]],
}  # fmt: skip


def asked(page):
    """Every answer about measures, of every item and of what each refuses."""
    shapes = [{"kind": kind, "points": points} for kind, points in KINDS.items()]
    for item in page.state()["items"]:
        for view in ("frames", "planes/axial", "planes/coronal", "nothing"):
            for more in ({}, {"calibration": {"mm_per_pixel": 0.5}}):
                body = json.dumps({"view": view, "frame": 0, "shapes": shapes, **more})
                for path in ("measures", "code"):
                    answer = page.post(f"items/{item['id']}/{path}", content=body)
                    yield f"{item['modality']} {path} {view}", answer.content + repr(answer.headers.raw).encode()
            measures = [{"item": item["id"], "view": view, "frame": 0, "name": "a", **one} for one in shapes]
            answer = page.post("measures/report", content=json.dumps({"measures": measures}))
            yield f"{item['modality']} report {view}", answer.content + repr(answer.headers.raw).encode()


def told(page):
    return {(where, mark) for where, text in asked(page) for mark in MARKS if mark.encode() in text}


@pytest.mark.parametrize("no_phi", [True, False], ids=["no-phi", "shown"])
def test_no_answer_about_measures_has_a_canary_while_hidden(tmp_path, no_phi):
    folder = write(tmp_path)
    values = np.random.default_rng(0).integers(0, 99, (60, 80)).astype(np.uint16)
    us = dataset(values, Modality="US", SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", SequenceOfUltrasoundRegions=REGIONS, PatientName="KANARIE^1", StudyDescription="KANARIE")  # fmt: skip  # noqa: E501
    (tmp_path / "KANARIE.dcm").write_bytes(to_bytes(us))
    with shown(folder, no_phi=no_phi) as page:
        assert bool(told(page)) is not no_phi
