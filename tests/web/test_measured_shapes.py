"""Shapes that are drawn on the page are measured by the library: its public functions, called as a user would, agree."""

import dataclasses
import json
import math
import os
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file

import hounsfield as hu
from drawn import KINDS, region_of
from hounsfield.web.drawn_shapes import check_effort, shapes_of
from hounsfield.web.parameters import Refused
from pets import pet
from ultrasound import REGIONS, us_region

from made import dataset, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")
#: Modality to a file of pydicom's.
FILES = {
    "CT": "CT_small.dcm",
    "MR": "MR_small.dcm",
    "MR enhanced": "emri_small.dcm",
    "NM": "JPEG2000.dcm",
    "US resized": "examples_palette.dcm",
    "US of many frames": "examples_ybr_color.dcm",
    "RT dose": "rtdose.dcm",
}
#: Shapes a modality; what asks for more is marked long.
QUICK = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


def written(folder):
    """Images that pydicom has none of: of detectors, of pixels that are not square, PET."""
    values = np.random.default_rng(3).integers(0, 4000, (60, 80)).astype(np.uint16)
    mammogram = {"Modality": "MG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2", "ImagerPixelSpacing": [0.07, 0.07]}
    narrow = {"Modality": "CR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1", "ImagerPixelSpacing": [0.2, 0.15]}
    aspect = {"Modality": "OT", "PixelAspectRatio": [3, 2]}
    made = {"MG": dataset(values, **mammogram), "CR": dataset(values, **narrow), "aspect": dataset(values, **aspect)}
    made["MR not square"] = dataset(values, Modality="MR", PixelSpacing=[2.0, 0.75])
    made["PET"] = pet(values)
    ultrasound = "1.2.840.10008.5.1.4.1.1.6.1"
    made["US with regions"] = dataset(
        values, Modality="US", SOPClassUID=ultrasound, SequenceOfUltrasoundRegions=REGIONS
    )
    for name, file in made.items():
        (folder / f"{name}.dcm").write_bytes(to_bytes(file))
    return {name: folder / f"{name}.dcm" for name in made}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Of each modality its page, the address of the item, and the file."""
    paths = {name: get_testdata_file(file, download=False) for name, file in FILES.items()}
    paths |= written(tmp_path_factory.mktemp("images"))
    with ExitStack() as stack:
        found = {}
        for name, path in paths.items():
            if path:
                page = stack.enter_context(shown(path))
                (item,) = page.state()["items"]
                found[name] = page, item["id"], hu.read(path), path
        yield found


NAMES = [*FILES, "MG", "CR", "aspect", "MR not square", "PET", "US with regions"]


@st.composite
def shapes(draw):
    """A shape in an image of one by one, and a little around it."""
    kind = draw(st.sampled_from(list(KINDS)))
    least, most = KINDS[kind] if isinstance(KINDS[kind], tuple) else (KINDS[kind],) * 2
    near = st.floats(0, 1) if kind in ("profile", "point") else st.floats(-0.2, 1.2)
    return kind, draw(st.lists(st.tuples(near, near), min_size=least, max_size=most))


def asked(images, name, frame, drawn, **more):
    page, item, _, _ = images[name]
    body = {"view": "frames", "frame": frame, "shapes": drawn, **more}
    answer = page.post(f"items/{item}/measures", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    return answer.json()["measures"]


def spacing_along(image, path, ends):
    """The image as a user scales it by the region of an ultrasound image in which a line lies."""
    regions = hu.regions(path)
    size = np.array(image.size)
    if not regions or any((np.array([one.rows.stop, one.columns.stop]) - 1 > size).any() for one in regions):
        return image  # of one that was resized the library takes no region's scale
    steps = 2 + int(np.ceil(max(abs(np.subtract(*ends)))))
    at = [regions.at(math.floor(row + 0.5), math.floor(column + 0.5)) for row, column in np.linspace(*ends, steps)]
    one = at[0]
    if one is None or any(each is not one for each in at) or one.units != ("cm", "cm"):
        return dataclasses.replace(image, pixel_spacing=None, spacing_kind=None)
    scale = tuple(abs(delta) * 10 for delta in one.deltas)
    return dataclasses.replace(image, pixel_spacing=scale, spacing_kind="region")


def expect_length(found, image, path, start, end):
    length = hu.distance(spacing_along(image, path, (start, end)), start, end)
    assert found == {"px": length.pixels, "mm": length.mm, "spacing_kind": length.spacing_kind}


def expect_angle(found, image, places, one, other):
    """By complex numbers."""
    aspect = image.pixel_spacing or image.header.get("PixelAspectRatio") or (1, 1)
    way = [complex((b[1] - a[1]) * aspect[1], (b[0] - a[0]) * aspect[0]) for a, b in (one, other)]
    if not all(way):
        assert "error" in found
        return
    degrees = abs(math.degrees(np.angle(way[0] * way[1].conjugate())))
    degrees = min(degrees, 180 - degrees) if found["kind"] == "cobb" else degrees
    assert found["degrees"] == pytest.approx(degrees, abs=1e-6)
    assert found["in"] == ("mm" if image.spacing_kind else "px")


def expect_area(found, image, path, kind, places):
    try:
        mask = region_of(image, kind, places)
    except (hu.GeometryError, ValueError):
        assert found["error"]
        return
    if image.color:
        pixels = int(mask.values.sum())
        assert (found["pixels"], found["mean"], found["values"]) == (pixels, None, "colours have no statistics")
        return
    if hu.regions(path):  # the area is that of a region's scale, which another test looks at
        found = {**found, "area_mm2": None, "spacing_kind": None}
        image = dataclasses.replace(image, pixel_spacing=None, spacing_kind=None)
    expected = json.loads(json.dumps(hu.measure(image, mask).to_dict()))
    assert {name: found[name] for name in expected} == expected
    assert found["partly_outside"] == any("beyond" in step.name for step in mask.steps)


def check(images, name, kind, drawn, frame):
    _, _, whole, path = images[name]
    image = whole.frame(frame % whole.frames)
    rows, columns = image.size
    points = [[x * (columns - 1), y * (rows - 1)] for x, y in drawn]
    places = [(y, x) for x, y in points]
    (found,) = asked(images, name, frame % whole.frames, [{"kind": kind, "points": points}])
    if kind == "distance":
        expect_length(found["length"], image, path, *places)
    elif kind == "bidirectional":
        expect_length(found["long"], image, path, *places[:2])
        expect_length(found["short"], image, path, *places[2:])
    elif kind == "angle" and not hu.regions(path):
        expect_angle(found, image, places, (places[1], places[0]), (places[1], places[2]))
    elif kind == "cobb" and not hu.regions(path):
        expect_angle(found, image, places, places[:2], places[2:])
    elif kind == "profile" and image.color:
        assert found["error"]
    elif kind == "profile":
        line = hu.profile(spacing_along(image, path, places), *places).to_dict()
        assert found["distances"] == (line["pixels"] if line["mm"] is None else line["mm"])
        assert (found["values"], found["unit"], found["spacing_kind"]) == (
            line["values"],
            line["unit"],
            line["spacing_kind"],
        )
    elif kind == "point":
        row, column = (math.floor(at + 0.5) for at in places[0])
        assert found["value"] == image.values[row, column].tolist() and found["unit"] == image.unit
        if image.plane is not None:
            assert found["lps"] == pytest.approx(image.plane.to_lps(row, column))
    elif "error" not in found and kind not in ("angle", "cobb"):
        expect_area(found, image, path, kind, places)


@pytest.mark.parametrize("name", NAMES)
def test_measures_are_those_of_the_library(images, name):
    if name not in images:
        pytest.skip(f"no file of {name} is installed")

    @QUICK
    @given(shapes(), st.integers(0, 100))
    def one(shape, frame):
        check(images, name, *shape, frame)

    one()


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_forty_shapes_and_more_of_each_kind_are_measured_as_by_the_library(images, name):
    if name not in images:
        pytest.skip(f"no file of {name} is installed")

    @settings(QUICK, max_examples=int(os.environ.get("HOUNSFIELD_SHAPES", "120")))
    @given(shapes(), st.integers(0, 100))
    def one(shape, frame):
        check(images, name, *shape, frame)

    one()


def test_measures_in_an_ultrasound_region_have_its_scale_and_others_have_none(images):
    lines = {
        "in the first": [[2, 2], [32, 42]],
        "in the one above": [[51, 6], [54, 10]],
        "through the one above": [[45, 10], [75, 10]],
        "from one to the other": [[45, 10], [60, 10]],
        "in the spectrum": [[5, 50], [9, 55]],
        "out of all": [[2, 2], [-900, 2]],
    }
    drawn = [{"kind": "distance", "points": line} for line in lines.values()]
    found = dict(zip(lines, asked(images, "US with regions", 0, drawn), strict=True))
    assert found["in the first"]["length"]["mm"] == pytest.approx(math.hypot(40 * 0.2, 30 * 0.3), rel=1e-12)
    assert found["in the one above"]["length"]["mm"] == pytest.approx(math.hypot(4 * 0.1, 3 * 0.1), rel=1e-12)
    assert found["in the first"]["length"]["spacing_kind"] == "region" and "note" not in found["in the first"]
    for name in list(lines)[2:]:
        assert found[name]["length"]["mm"] is found[name]["length"]["spacing_kind"] is None, name
        assert "one ultrasound region" in found[name]["note"]
    boxes = [{"kind": "rectangle", "points": box} for box in ([[2, 2], [32, 42]], [[45, 8], [60, 12]])]
    one, several = asked(images, "US with regions", 0, boxes)
    assert one["area_mm2"] == pytest.approx(31 * 41 * 0.06) and one["spacing_kind"] == "region"
    assert several["area_mm2"] is several["spacing_kind"] is None and several["pixels"] == 80
    (angle,) = asked(images, "US with regions", 0, [{"kind": "angle", "points": [[2, 2], [2, 12], [12, 2]]}])
    assert angle["degrees"] == pytest.approx(math.degrees(math.atan2(10 * 0.3, 10 * 0.2))) and angle["in"] == "mm"
    (resized,) = asked(images, "US resized", 0, [{"kind": "distance", "points": [[200, 100], [210, 110]]}])
    assert resized["length"]["mm"] is None


def test_each_frame_has_the_scale_of_its_own_regions(tmp_path):
    values = np.random.default_rng(1).integers(0, 200, (3, 60, 80)).astype(np.uint16)
    sop = {"Modality": "US", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1", "SeriesInstanceUID": "1.2.7", "StudyInstanceUID": "1.2.6"}  # fmt: skip
    deltas = (0.01, 0.02, None)
    for number, delta in enumerate(deltas):
        regions = [] if delta is None else [us_region((0, 59), (0, 79), (3, 3), (delta, delta))]
        one = dataset(values[number], **sop, InstanceNumber=number + 1, SOPInstanceUID=f"1.2.8.{number}", SequenceOfUltrasoundRegions=regions)  # fmt: skip  # noqa: E501
        (tmp_path / f"{number}.dcm").write_bytes(to_bytes(one))
    line = {"kind": "distance", "points": [[0, 0], [3, 4]]}
    found = []
    with shown(tmp_path) as page:
        for item in page.state()["items"]:
            for frame in range(page.json(f"items/{item['id']}")["frames"]):
                body = {"view": "frames", "frame": frame, "shapes": [line]}
                answer = page.post(f"items/{item['id']}/measures", content=json.dumps(body)).json()
                found.append(answer["measures"][0]["length"]["mm"])
    assert found == [pytest.approx(0.5), pytest.approx(1.0), None]


def test_all_frames_of_a_file_have_its_regions(tmp_path):
    values = np.random.default_rng(1).integers(0, 200, (3, 60, 80)).astype(np.uint16)
    made = dataset(
        values, Modality="US", SOPClassUID="1.2.840.10008.5.1.4.1.1.3.1", SequenceOfUltrasoundRegions=REGIONS
    )
    (tmp_path / "cine.dcm").write_bytes(to_bytes(made))
    inside = {"kind": "distance", "points": [[2, 2], [32, 42]]}
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        for frame in range(3):
            body = {"view": "frames", "frame": frame, "shapes": [inside]}
            (found,) = page.post(f"items/{item['id']}/measures", content=json.dumps(body)).json()["measures"]
            assert found["length"]["mm"] == pytest.approx(math.hypot(40 * 0.2, 30 * 0.3), rel=1e-12)
            assert found["length"]["spacing_kind"] == "region"


def test_the_users_own_scale_is_called_so(images):
    line = {"kind": "distance", "points": [[0, 0], [3, 4]]}
    (found,) = asked(images, "CT", 0, [line], calibration={"mm_per_pixel": 2})
    assert found["length"] == {"px": 5.0, "mm": 10.0, "spacing_kind": "user"}
    box = {"kind": "rectangle", "points": [[1, 1], [2, 3]]}
    (found,) = asked(images, "CT", 0, [box], calibration={"mm_per_pixel": 2})
    assert (found["pixels"], found["area_mm2"], found["spacing_kind"]) == (6, 24.0, "user")
    (found,) = asked(images, "MR not square", 0, [line], calibration={"mm_per_pixel": 0.75})
    assert found["length"]["mm"] == pytest.approx(math.hypot(3 * 0.75, 4 * 2.0))


def test_what_cannot_be_measured_is_a_sentence_and_the_others_are_measured(images):
    drawn = [
        {"kind": "rectangle", "points": [[4, 4], [4, 9]]},
        {"kind": "ellipse", "points": [[500, 500], [600, 600]]},
        {"kind": "angle", "points": [[1, 1], [1, 1], [2, 2]]},
        {"kind": "profile", "points": [[-3, 0], [4, 0]]},
        {"kind": "point", "points": [[-3, 0]]},
        {"kind": "distance", "points": [[0, 0], [0, 1]]},
    ]
    found = asked(images, "CT", 0, drawn)
    assert [bool(each.get("error")) for each in found] == [True] * 5 + [False]
    assert all("Traceback" not in each.get("error", "") and "/" not in each.get("error", "") for each in found)


HOSTILE = [
    b"", b"[]", b"null", b'{"view": "frames"}', b'{"view": "frames", "frame": 0, "shapes": 1}', b"[" * 50_000,
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "point", "points": [[NaN, 0]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "point", "points": [[1e400, 0]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "point", "points": [[1' + b"0" * 400 + b", 0]]}]}",
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "point", "points": [[true, 0]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "point", "points": [["1", 0]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "point", "points": []}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "distance", "points": [[0,0],[1,1],[2,2]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "polygon", "points": [[0,0],[1,1]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": "eval", "points": [[0,0]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [{"kind": ["point"], "points": [[0,0]]}]}',
    b'{"view": "frames", "frame": 0, "shapes": [], "calibration": {"mm_per_pixel": -1}}',
    b'{"view": "frames", "frame": 0, "shapes": [], "calibration": {"mm_per_pixel": 1' + b"0" * 400 + b"}}",
    b'{"view": "frames", "frame": 0, "shapes": [], "calibration": 3}',
    b'{"view": "../frames", "frame": 0, "shapes": []}', b'{"view": "states/x/frames", "frame": 0, "shapes": []}',
    b'{"view": "planes/axial", "frame": 0, "shapes": []}', b'{"view": "frames", "frame": 7, "shapes": []}',
    b'{"view": "frames", "frame": -1, "shapes": []}', b'{"view": "frames", "frame": "0", "shapes": []}',
    b'{"view": "frames", "frame": 1.5, "shapes": []}', b'{"view": "oblique", "frame": 0, "shapes": []}',
    b'{"view": {}, "frame": 0, "shapes": []}', b'{"view": "frames", "frame": ' + b"9" * 30 + b', "shapes": []}',
    json.dumps({"view": "frames", "frame": 0, "shapes": [{"kind": "point", "points": [[0, 0]]}] * 201}).encode(),
    json.dumps(
        {"view": "frames", "frame": 0, "shapes": [{"kind": "polygon", "points": [[0, 0]] * 20_001}]}
    ).encode(),
    b" " * (2**20 + 1),
]  # fmt: skip


def test_hostile_requests_are_refused_with_a_sentence(images):
    page, item, _, _ = images["CT"]
    for body in HOSTILE:
        answer = page.post(f"items/{item}/measures", content=body)
        assert 400 <= answer.status_code < 500, body[:80]
        assert answer.json()["error"] and "Error" not in answer.json()["error"]
    assert page.post("items/none/measures", content=b"{}").status_code == 404
    for body in (b"", b"{}", b'{"places": [1]}', b'{"places": [{"study": 1}]}', b'{"places": {}}'):
        assert page.post("measures/places", content=body).status_code == 400
    wrong = {"study": "x", "image": "y", "view": "frames", "frame": 10**12}
    assert page.post("measures/places", content=json.dumps({"places": [wrong]})).status_code == 404


def test_outlines_that_would_take_long_are_refused(images):
    page, item, _, _ = images["US resized"]
    zigzag = [[0, -1e6 if n % 2 else 1e6] for n in range(6_000)]
    body = {"view": "frames", "frame": 0, "shapes": [{"kind": "polygon", "points": zigzag}]}
    answer = page.post(f"items/{item}/measures", content=json.dumps(body))
    assert answer.status_code == 200  # 6,000 edges over some hundred rows are still quick
    with pytest.raises(Refused, match="up and down"):
        check_effort(shapes_of(body["shapes"]), 40_960, 100)
    large = shapes_of([{"kind": "ellipse", "points": [[-1e6, -1e6], [1e6, 1e6]]}] * 200)
    check_effort(large, 512, 512)
    with pytest.raises(Refused, match="for their size"):
        check_effort(large, 4096, 3328)


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    hu.phantom(folder, matrix=48, slices=10)
    (volume,) = hu.read_volumes(folder)
    with shown(folder) as page:
        (item,) = page.state()["items"]
        yield folder, volume, page, item["id"]


def test_planes_are_measured_as_they_are_cut(series):
    _, volume, page, item = series
    box = [{"kind": "ellipse", "points": [[10, 1], [35, 8]]}, {"kind": "distance", "points": [[1, 2], [30, 7]]}]
    for plane in ("axial", "coronal", "sagittal"):
        image = volume.reformat(plane)[5]
        body = json.dumps({"view": f"planes/{plane}", "frame": 5, "shapes": box})
        area, length = page.post(f"items/{item}/measures", content=body).json()["measures"]
        mask = hu.region("ellipse", image, center=(4.5, 22.5), radii=(3.5, 12.5))
        expected = hu.measure(image, mask)
        assert (area["mean"], area["pixels"], area["area_mm2"]) == (expected.mean, expected.pixels, expected.area_mm2)
        assert length["length"]["mm"] == hu.distance(image, (2, 1), (7, 30)).mm
    oblique = "row=0.8,0.6,0&column=0,0,1&through=0,0,0"
    body = json.dumps({"view": "oblique", "frame": 3, "shapes": box[1:]})
    answer = page.post(f"items/{item}/measures?{oblique}", content=body)
    assert answer.status_code == 200 and answer.json()["measures"][0]["length"]["spacing_kind"] == "patient"


def placed(page, item, frame, view="frames"):
    body = json.dumps({"view": view, "frame": frame, "shapes": []})
    return page.post(f"items/{item}/measures", content=body).json()["place"]


def test_places_survive_a_restart_and_another_order_of_files(series, tmp_path):
    folder, _, page, item = series
    marks = [placed(page, item, 3), placed(page, item, 3, "planes/coronal"), placed(page, item, 8)]
    assert len({mark["image"] for mark in marks}) == 3 and len({mark["study"] for mark in marks}) == 1
    files = sorted(folder.iterdir())
    for number, path in enumerate(reversed(files)):
        (tmp_path / f"{number:03d}").write_bytes(path.read_bytes())
    with shown(tmp_path) as other:
        (new,) = other.state()["items"]
        answer = other.post("measures/places", content=json.dumps({"places": marks}))
        assert answer.json()["places"] == [{"id": new["id"], "frame": frame} for frame in (3, 3, 8)]
        gone = {**marks[0], "image": "0" * 32}
        assert other.post("measures/places", content=json.dumps({"places": [gone]})).json()["places"] == [None]
        # One that has another number now, as where slices have been added.
        moved = {**marks[0], "frame": 7}
        assert other.post("measures/places", content=json.dumps({"places": [moved]})).json()["places"] == [
            {"id": new["id"], "frame": 3}
        ]
    with shown(get_testdata_file("CT_small.dcm")) as strange:
        refused = strange.post("measures/places", content=json.dumps({"places": marks}))
        assert refused.status_code == 409 and "another study" in refused.json()["error"]


def test_places_tell_nothing_of_the_file(images):
    page, item, _, path = images["CT"]
    place = placed(page, item, 0)
    header = dcmread(path)
    text = json.dumps(place)
    assert all(str(header[name].value) not in text for name in ("StudyInstanceUID", "SOPInstanceUID", "PatientName"))


def test_units_of_the_files_own_words_stay_hidden(tmp_path):
    made = dataset(np.arange(64, dtype=np.uint16).reshape(8, 8), Modality="OT", RescaleType="SECRET", RescaleSlope=1, RescaleIntercept=0)  # fmt: skip  # noqa: E501
    (tmp_path / "a.dcm").write_bytes(to_bytes(made))
    for no_phi in (False, True):
        with shown(tmp_path, no_phi=no_phi) as page:
            (item,) = page.state()["items"]
            body = {"view": "frames", "frame": 0, "shapes": [{"kind": "rectangle", "points": [[0, 0], [4, 4]]}]}
            text = page.post(f"items/{item['id']}/measures", content=json.dumps(body)).text
            assert ("SECRET" in text) is not no_phi
