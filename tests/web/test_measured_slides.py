"""Measures on whole slides: lengths, angles and areas as the library's, on pixels of the finest level."""

import json
import math

import numpy as np
import pytest

import hounsfield as hu
from drawn import region_of
from page_states import shape
from slides import SPACING, write_huge, write_levels

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slide")
    paths = write_levels(folder)
    with shown(folder) as page:
        (item,) = page.state()["items"]
        with hu.open_frames(paths[0]) as frames:
            yield page, item["id"], frames.region()


def asked(page, item, shapes, **more):
    body = {"view": "frames", "frame": 0, "shapes": shapes, **more}
    answer = page.post(f"items/{item}/measures", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_lengths_and_areas_are_those_of_the_library_on_the_finest_level(slide):
    page, item, image = slide
    assert image.spacing_kind == "slide" and image.pixel_spacing == pytest.approx((SPACING, SPACING))
    rng, seen = np.random.default_rng(4), set()
    for _ in range(60):
        one = shape(rng, *image.size)
        (found,) = asked(page, item, [one])["measures"]
        kind, places = one["kind"], [(y, x) for x, y in one["points"]]
        if kind in ("profile", "point"):
            assert "no values" in found["error"]
            continue
        seen.add(kind)
        if kind in ("distance", "bidirectional"):
            parts = [found["length"]] if kind == "distance" else [found["long"], found["short"]]
            for part, ends in zip(parts, (places[:2], places[2:]), strict=False):
                length = hu.distance(image, *ends)
                assert part == {"px": length.pixels, "mm": length.mm, "spacing_kind": "slide"}
        elif kind in ("angle", "cobb"):
            angle = hu.angle(image, *places) if kind == "angle" else hu.cobb(image, places[:2], places[2:])
            assert found["degrees"] == angle.degrees and found["in"] == "mm"
        else:
            try:
                mask = region_of(image, kind, places)
            except (hu.GeometryError, ValueError):
                assert found["error"]
                continue
            pixels = int(mask.values.sum())
            assert (found["pixels"], found["spacing_kind"]) == (pixels, "slide")
            assert found["area_mm2"] == pixels * image.pixel_spacing[0] * image.pixel_spacing[1]
            assert found["partly_outside"] == any("beyond" in step.name for step in mask.steps)
            assert found["mean"] is None and "no values" in found["values"]
    assert len(seen) == 8


def test_areas_are_counted_strip_by_strip_as_at_once(slide, monkeypatch):
    page, item, image = slide
    rows, columns = image.size
    shapes = [
        {"kind": "ellipse", "points": [[3, 2], [columns - 5, rows - 4]]},
        {"kind": "rectangle", "points": [[0, 0], [columns - 1, rows - 1]]},
        {"kind": "polygon", "points": [[0, 0], [columns - 1, 7], [columns / 2, rows - 1], [4, rows / 3]]},
    ]
    monkeypatch.setattr("hounsfield.web.measured_slides._STRIP", 3 * columns)
    for one, found in zip(shapes, asked(page, item, shapes)["measures"], strict=True):
        assert found["pixels"] == region_of(image, one["kind"], [(y, x) for x, y in one["points"]]).values.sum()


def test_a_slide_that_no_memory_holds_is_measured(tmp_path):
    write_huge(tmp_path / "huge.dcm")
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        line = {"kind": "distance", "points": [[0, 0], [90_000, 60_000]]}
        box = {"kind": "ellipse", "points": [[50_000, 50_000], [60_000, 58_000]]}
        found = asked(page, item["id"], [line, box])["measures"]
        assert found[0]["length"]["px"] == math.hypot(90_000, 60_000)
        assert found[1]["pixels"] == pytest.approx(math.pi * 5_000 * 4_000, rel=1e-3)
        assert found[1]["area_mm2"] == pytest.approx(found[1]["pixels"] * SPACING**2)
        larger = {"kind": "ellipse", "points": [[0, 0], [90_000, 80_000]]}
        body = {"view": "frames", "frame": 0, "shapes": [larger]}
        assert page.post(f"items/{item['id']}/measures", content=json.dumps(body)).status_code == 400


def test_the_scale_of_the_user_and_the_place_hold_on_slides(slide):
    page, item, _ = slide
    line = {"kind": "distance", "points": [[0, 0], [3, 4]]}
    answer = asked(page, item, [line], calibration={"mm_per_pixel": 0.25})
    assert answer["measures"][0]["length"] == {"px": 5.0, "mm": 1.25, "spacing_kind": "user"}
    place = answer["place"]
    found = page.post("measures/places", content=json.dumps({"places": [place]})).json()["places"]
    assert found == [{"id": item, "frame": 0}]


@pytest.mark.parametrize(
    "wrong", [{"view": "planes/axial"}, {"view": "oblique"}, {"view": 3}, {"frame": 1}, {"frame": -1}, {"frame": "0"}, {"frame": True}]
)  # fmt: skip
def test_other_views_and_frames_of_a_slide_are_refused(slide, wrong):
    page, item, _ = slide
    body = {"view": "frames", "frame": 0, "shapes": [], **wrong}
    answer = page.post(f"items/{item}/measures", content=json.dumps(body))
    assert answer.status_code in (400, 404) and answer.json()["error"]
    report = {"item": item, "frame": 0, "name": "a", "kind": "distance", "points": [[0, 0], [3, 4]]}
    answer = page.post("measures/report", content=json.dumps({"measures": [report]}))
    assert answer.status_code == 400 and "report" in answer.json()["error"]
