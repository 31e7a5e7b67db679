"""What is asked of masks and cannot be answered is refused in a sentence, before memory or time is spent."""

import json
from time import monotonic

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.web import drawn_shapes
from page_masks import Masks

from viewing import shown


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile") / "ct"
    hu.phantom(folder, matrix=32, slices=4)
    with shown(folder) as opened:
        yield Masks(opened)


@pytest.fixture(scope="module")
def mask(page):
    return page.make({"above": 90})


def refused(answer, *statuses):
    assert answer.status_code in (statuses or (400,)), (answer.status_code, answer.text)
    sentence = answer.json()["error"]
    assert sentence and "Traceback" not in sentence and "defect" not in sentence and len(sentence) < 300
    return sentence


RECIPES = [
    [1], "x", 5, {"above": "90"}, {"above": True}, {"above": [90]}, {"above": 1e300}, {"above": 10**400},
    {"above": float("nan")}, {"above": float("inf")}, {"above": 5, "below": 5}, {"above": 5, "tissue": "bone"},
    {"tissue": "stone"}, {"tissue": ["bone"]}, {"tissue": "x" * 10_000}, {"method": "magic"}, {"method": {}},
    {"opening": -1}, {"opening": 2.5}, {"opening": 10**9}, {"opening": True}, {"opening": "2"}, {"largest": 0},
    {"largest": 10**12}, {"min_ml": -1}, {"min_ml": "1"}, {"fill": "3d"}, {"fill": 1}, {"fill_3d": "yes"},
    {"color": "#000000"}, {"above": 1, "__class__": 2}, {"regions": {}}, {"regions": [1]}, {"regions": [{}]},
    {"regions": [{"kind": "line", "points": [[0, 0], [1, 1]]}]}, {"regions": [{"kind": ["rectangle"], "points": []}]},
    {"regions": [{"kind": "rectangle", "points": [[0, 0]]}]},
    {"regions": [{"kind": "rectangle", "points": [[0, 0], [0, 5]]}]},
    {"regions": [{"kind": "ellipse", "points": [[0, 0], [1, 2], [3, 4]]}]},
    {"regions": [{"kind": "polygon", "points": [[0, 0], [1, 1]]}]},
    {"regions": [{"kind": "polygon", "points": [[0, 0], [1, 1], [1e9, 5]]}]},
    {"regions": [{"kind": "polygon", "points": [[0, 0], [1, 1], [float("nan"), 5]]}]},
    {"regions": [{"kind": "polygon", "points": [[0, 0], [1, 1], ["2", 5]]}]},
    {"regions": [{"kind": "polygon", "points": [[0, 0], [1, 1], [10**400, 5]]}]},
    {"regions": [{"kind": "polygon", "points": [[0, 0], [1, 1], [2, 3, 4]]}]},
    {"regions": [{"kind": "polygon", "points": [[0, 0]] * 20_001}]},
    {"regions": [{"kind": "rectangle", "points": [[0, 0], [9, 9]]}] * 201},
    {"regions": [{"kind": "rectangle", "points": [[0, 0], [9, 9]]}], "fill": True},
]  # fmt: skip


def test_regions_that_would_take_long_are_refused_together(page, monkeypatch):
    region = {"kind": "ellipse", "points": [[2, 2], [12, 12]]}
    monkeypatch.setattr(drawn_shapes, "MOST_COVERED", 150)  # one of these covers 100
    assert page.make({"regions": [region]}, scope="frame")
    document = {"scope": "frame", "recipe": {"regions": [region] * 2}}
    assert "too many for their size" in refused(page.ask("masks", document))
    assert "too many for their size" in refused(page.ask("code", {"shapes": [region] * 2}))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: repr(recipe)[:60])
def test_a_recipe_that_is_none_is_refused(page, recipe):
    begun = monotonic()
    refused(page.page.post(f"{page.base}/masks", content=json.dumps({"scope": "volume", "recipe": recipe})), 400)
    assert monotonic() - begun < 20  # it is not tried


WISHES = [
    {"scope": "all"}, {"scope": ["volume"]}, {"view": "oblique"}, {"view": "planes/../etc"}, {"view": ["frames"]},
    {"view": 5}, {"name": ""}, {"name": "  "}, {"name": "x" * 65}, {"name": 5}, {"color": "red"},
    {"color": "#ffffff;background:url(x)"}, {"color": 5},
    {"scope": "volume", "view": "planes/coronal", "recipe": {"regions": [{"kind": "ellipse", "points": [[1, 1], [9, 9]]}]}},
]  # fmt: skip


@pytest.mark.parametrize("wish", WISHES, ids=repr)
def test_a_wish_that_is_none_is_refused(page, wish):
    refused(page.ask("masks", wish), 400)


@pytest.mark.parametrize("frame", [99, -1, 1.5, "x", "1" * 30, None, True, [0], "٣", "1\n"])
def test_a_frame_that_is_none_is_not_there(page, mask, frame):
    refused(page.ask("masks", {"frame": frame, "recipe": {"above": 1}}), 404)
    refused(page.ask(f"masks/{mask['id']}/strokes", {"frame": frame, "radius": 1, "points": [[1, 1]]}), 404)


STROKES = [
    {}, {"radius": 3}, {"points": [[1, 1]]}, {"radius": 0, "points": [[1, 1]]}, {"radius": -2, "points": [[1, 1]]},
    {"radius": 5000, "points": [[1, 1]]}, {"radius": "3", "points": [[1, 1]]}, {"radius": True, "points": [[1, 1]]},
    {"radius": float("nan"), "points": [[1, 1]]}, {"radius": 3, "points": []}, {"radius": 3, "points": [1, 1]},
    {"radius": 3, "points": [[1, 1]] * 20_001}, {"radius": 3, "points": [[1, 1e7]]}, {"radius": 3, "points": {}},
    {"radius": 3, "points": [[1, None]]}, {"radius": 3, "points": [[1, 1]], "erase": "yes"},
]  # fmt: skip


@pytest.mark.parametrize("stroke", STROKES, ids=lambda stroke: repr(stroke)[:60])
def test_a_stroke_that_is_none_is_refused(page, mask, stroke):
    refused(page.ask(f"masks/{mask['id']}/strokes", stroke), 400)
    assert not page.page.json(f"{page.base}/masks")["masks"][0]["edited"]


def test_strokes_that_would_take_long_are_refused():
    """In an image of many pixels a wide brush over a line of many points looks at each of them again."""
    from hounsfield.web.shown_places import ShownPlace
    from hounsfield.web.strokes import Stroke

    begun = monotonic()
    points = np.tile([[0.0, 0.0], [3000.0, 4000.0]], (5000, 1))
    with pytest.raises(Exception, match="too long"):
        Stroke(ShownPlace("frames", 0), False, 500.0, points).pixels((4096, 3328))
    assert monotonic() - begun < 0.5
    # far outside of the image nothing is looked at
    away = Stroke(ShownPlace("frames", 0), False, 2000.0, np.full((20_000, 2), 1e6)).pixels((4096, 3328))
    assert not away.any()
    assert Stroke(ShownPlace("frames", 0), False, 2000.0, np.array([[-1900.0, 5]])).pixels((9, 200)).sum() == 901


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 60_000, b'"x"', b"NaN"])
def test_bodies_that_are_no_documents_are_refused(page, mask, body):
    for path in ("masks", f"masks/{mask['id']}/strokes", f"masks/{mask['id']}/look"):
        refused(page.page.post(f"{page.base}/{path}", content=body), 400)


def test_ids_of_nothing_are_not_there(page, mask):
    for key in ("x", "%2e%2e", mask["id"] + "a"):
        assert page.page.get(f"{page.base}/masks/{key}/frames/0").status_code == 404
        assert page.ask(f"masks/{key}/strokes", STROKES[-1]).status_code == 404
        assert page.ask(f"masks/{key}/delete").status_code == 404
    for given in ("x", 5, [mask["id"]], {}, True):
        refused(page.ask("masks", {"mask": given}), 404)
    for where in ("frames/99", "frames/-1", "frames/x", "planes/axial/99", "planes/up/0"):
        assert page.page.get(f"{page.base}/masks/{mask['id']}/{where}").status_code == 404
    assert page.page.post("items/x/masks", content=b"{}").status_code == 404


def test_a_mask_belongs_to_its_item(tmp_path):
    for number in (1, 2):
        hu.phantom(tmp_path / str(number), matrix=16, slices=3, seed=number)
    with shown(tmp_path) as opened:
        ids = [item["id"] for item in opened.state()["items"]]
        if len(ids) < 2:
            pytest.skip("both phantoms are one item")
        made = opened.post(f"items/{ids[0]}/masks", content=b"{}").json()["mask"]
        assert opened.get(f"items/{ids[1]}/masks/{made['id']}/frames/0").status_code == 404
        assert opened.json(f"items/{ids[1]}/masks") == {"masks": []}


@pytest.mark.parametrize(
    "query", ["", "format=exe", "format=../x", "format=png&view=x", "format=figure&center=1&width=0"]
)
def test_files_that_are_none_are_refused(page, mask, query):
    refused(page.page.get(f"{page.base}/masks/{mask['id']}/save?{query}"), 400)


@pytest.mark.parametrize("query", ["scope=all", "view=x", "scope=volume&view=5"])
def test_histograms_of_nothing_are_refused(page, query):
    refused(page.page.get(f"{page.base}/histogram?{query}"), 400)
    refused(page.page.get(f"{page.base}/histogram?frame=77"), 404)


def test_masks_are_behind_the_door(page, mask):
    client = page.page.client
    kept = dict(client.cookies)
    client.cookies.clear()
    try:
        for path in ("masks", f"masks/{mask['id']}/frames/0", f"masks/{mask['id']}/save?format=npz", "histogram"):
            assert page.page.get(f"{page.base}/{path}").status_code == 401
    finally:
        for name, value in kept.items():
            client.cookies.set(name, value)
