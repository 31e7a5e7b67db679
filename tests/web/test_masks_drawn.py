"""Masks that begin empty and are only drawn, and the names of masks while the patient is hidden."""

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.web.strokes import stroke_pixels
from page_masks import Masks

from viewing import shown

MATRIX, SLICES = 40, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "ct"
    hu.phantom(folder, matrix=MATRIX, slices=SLICES)
    return folder


@pytest.fixture
def page(folder):
    with shown(folder) as opened:
        yield Masks(opened)


@pytest.mark.parametrize("scope", ["volume", "frame"])
def test_a_mask_that_is_only_drawn_holds_the_strokes(page, folder, scope):
    mask = page.make({"drawn": True}, scope=scope, frame=2)
    assert mask["empty"] == "nothing is drawn on the mask" and mask["recipe"]["drawn"] is True
    stroke = {"frame": 2, "radius": 3.5, "points": [[10, 12], [20, 15.5]]}
    drawn = page.did(f"masks/{mask['id']}/strokes", stroke)
    expected = stroke_pixels((MATRIX, MATRIX), [(10, 12), (20, 15.5)], 3.5)
    assert (page.bits(mask, "frames/2") == expected).all()
    (volume,) = hu.read_volumes(folder)
    measures = hu.measure(volume[2], hu.mask(volume[2]))
    assert drawn["empty"] is None and drawn["measures"]["pixels"] == expected.sum() != measures.pixels
    assert drawn["measures"]["mean"] == pytest.approx(volume.values[2][expected].mean())
    code = page.ask("code", {"view": "frames", "frame": 2, "mask": mask["id"]}).json()
    assert code["command"] is None and "mask.values[:] = False" in code["python"]
    names = {}
    exec(code["python"], names)
    made = names["mask"].values
    assert ((made[2] if scope == "volume" else made) == expected).all() and made.sum() == expected.sum()
    undone = page.did(f"masks/{mask['id']}/undo")
    assert undone["empty"] == "nothing is drawn on the mask" and undone["can_redo"]
    assert not page.bits(mask, "frames/2").any()


def test_a_mask_that_is_only_drawn_selects_nothing_else(page):
    wrong = [
        {"drawn": 1},
        {"drawn": "yes"},
        {"drawn": None},
        {"drawn": True, "above": 90},
        {"drawn": True, "fill": True},
    ]
    wrong += [{"drawn": True, "regions": [{"kind": "rectangle", "points": [[0, 0], [9, 9]]}]}, {"drawn": []}]
    for recipe in wrong:
        answer = page.ask("masks", {"scope": "volume", "recipe": recipe})
        assert answer.status_code == 400 and answer.json()["error"] == "a mask that is only drawn selects nothing else"
    empty = {"above": None, "below": None, "fill": None, "fill_3d": False, "regions": [], "drawn": True}
    assert page.make(empty)["recipe"]["drawn"] is True


def test_saved_empty_or_drawn_it_reads_back(page, tmp_path):
    mask = page.make({"drawn": True}, name="by hand")
    page.did(f"masks/{mask['id']}/strokes", {"frame": 1, "radius": 2, "points": [[9, 9]]})
    answer = page.page.get(f"{page.base}/masks/{mask['id']}/save?format=seg")
    assert answer.status_code == 200, answer.text
    (segment,) = hu.segments(answer.content)
    assert segment.label == "by hand" and segment.mask.values.sum() == 13


def test_numbers_of_masks_are_not_given_twice(page):
    first, second = page.make(), page.make()
    page.ask(f"masks/{first['id']}/delete")
    third = page.make()
    assert [second["name"], third["name"]] == ["mask 2", "mask 3"]
    assert second["color"] != third["color"]


def test_a_name_that_was_given_while_the_patient_was_shown_is_hidden_with_it(page):
    named, plain = page.make(name="tumour of Zimmermann"), page.make()

    def names():
        return [mask["name"] for mask in page.page.get(f"{page.base}/masks").json()["masks"]]

    assert names() == ["tumour of Zimmermann", "mask 2"]
    page.page.viewing.hiding.hidden = True
    assert names() == ["mask 1", "mask 2"]
    told = page.did(f"masks/{named['id']}/strokes", {"frame": 1, "radius": 2, "points": [[9, 9]]})
    assert told["name"] == "mask 1"
    renamed = page.did(f"masks/{plain['id']}/look", {"name": "left lung"})  # by one who sees that it is hidden
    assert renamed["name"] == "left lung" and names() == ["mask 1", "left lung"]
    page.page.viewing.hiding.hidden = False
    assert names() == ["tumour of Zimmermann", "left lung"]
    assert np.isfinite(renamed["measures"]["mean"])


def test_numbers_stand_for_names(page):
    page.make()
    page.make(name="by hand")
    masks = page.page.get(f"{page.base}/masks").json()["masks"]
    assert [(mask["number"], mask["named"], mask["name"]) for mask in masks] == [
        (1, False, "mask 1"),
        (2, True, "by hand"),
    ]
