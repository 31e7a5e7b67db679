"""Masks that the page asks for: those of the library, by its own functions, OpenCV's and numpy's."""

import json

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.web.mask_sets import MaskSets
from page_masks import Masks

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
SLICES, MATRIX = 7, 48


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks") / "ct"
    hu.phantom(folder, matrix=MATRIX, slices=SLICES)
    return folder


@pytest.fixture(scope="module")
def volume(folder):
    (volume,) = hu.read_volumes(folder)
    return volume


@pytest.fixture
def page(folder):
    with shown(folder) as opened:
        yield Masks(opened)


def same_numbers(document, measures):
    expected = json.loads(json.dumps(measures.to_dict()))
    assert document["measures"] == expected


RECIPES = [
    ({}, {}, None),
    ({"above": 90, "fill": True, "opening": 2}, {"above": 90, "fill": True, "opening": 2}, None),
    (
        {"above": -200.5, "below": 250, "fill": False, "opening": 3},
        {"above": -200.5, "below": 250, "fill": False, "opening": 3},
        None,
    ),  # fmt: skip
    ({"tissue": "lung"}, {"tissue": "lung"}, None),
    ({"tissue": "bone", "fill_3d": True}, {"tissue": "bone", "fill": "3d"}, None),
    ({"method": "otsu", "opening": 0}, {"method": "otsu", "opening": 0}, None),
    (
        {"above": 200, "fill": False, "opening": 0, "largest": 2},
        {"above": 200, "fill": False, "opening": 0},
        {"largest": 2},
    ),  # fmt: skip
    ({"above": 20, "min_ml": 0.5}, {"above": 20}, {"min_ml": 0.5}),
]


@pytest.mark.parametrize(("recipe", "options", "components"), RECIPES, ids=str)
def test_a_mask_of_a_volume_is_the_library_s(page, volume, recipe, options, components):
    expected = hu.mask(volume, **options)
    expected = expected if components is None else hu.components(expected, **components)
    made = page.make(recipe)
    assert (page.all_bits(made, SLICES) == expected.values).all()
    same_numbers(made, hu.measure(volume, expected))
    for plane in ("axial", "coronal", "sagittal"):
        cut = expected.reformat(plane).values
        assert (page.all_bits(made, len(cut), f"planes/{plane}") == cut).all()
    assert made["steps"][-1]["detail"] == expected.steps[-1].detail
    assert made["scope"] == "volume" and not made["edited"]


@pytest.mark.parametrize(("view", "frame"), [("frames", 3), ("planes/coronal", 20), ("planes/sagittal", 11)])
def test_a_mask_of_one_image_is_the_library_s(page, volume, view, frame):
    image = volume[frame] if view == "frames" else volume.reformat(view.partition("/")[2])[frame]
    for options in ({"above": 90}, {"tissue": "soft tissue"}, {"below": -300, "opening": 3}):
        expected = hu.mask(image, **options)
        made = page.make(options, "frame", view=view, frame=frame)
        assert (page.bits(made, f"{view}/{frame}") == expected.values).all()
        same_numbers(made, hu.measure(image, expected))
        assert page.bits(made, f"{view}/{frame - 1}") is None
        assert page.bits(made, "planes/axial/0") is None


def script(values):
    """Threshold 90, contours drawn filled, opened by an ellipse of 2 x 2: with OpenCV alone."""
    picture = np.where(values > 90, 255, 0).astype(np.uint8)
    contours, _ = cv2.findContours(picture, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(picture), contours, -1, 255, cv2.FILLED)
    return cv2.morphologyEx(filled, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2))) > 0


def test_threshold_fill_and_opening_are_those_of_opencv():
    path = get_testdata_file("CT_small.dcm")
    dataset = pydicom.dcmread(path)
    values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    with shown(path) as page:
        masks = Masks(page)
        made = masks.make({"above": 90, "fill": True, "opening": 2}, "frame")
        expected = script(values)
        assert 0 < expected.sum() < expected.size and (masks.bits(made, "frames/0") == expected).all()
        assert made["measures"]["pixels"] == expected.sum()
        assert made["measures"]["mean"] == pytest.approx(values[expected].mean(), rel=1e-12)


SHAPES = [
    {"kind": "rectangle", "points": [[30.5, 8], [12, 25.25]]},
    {"kind": "ellipse", "points": [[10, 12], [37, 30.5]]},
    {"kind": "polygon", "points": [[5, 6], [40, 9.5], [33, 41], [14.25, 30]]},
    {"kind": "freehand", "points": [[20, 20], [28, 21], [30, 30], [25, 33], [18, 29], [19, 24]]},
]
REGIONS = [
    ("rectangle", {"center": (16.625, 21.25), "size": (17.25, 18.5)}),
    ("ellipse", {"center": (21.25, 23.5), "radii": (9.25, 13.5)}),
    ("polygon", {"points": [(6, 5), (9.5, 40), (41, 33), (30, 14.25)]}),
    ("polygon", {"points": [(20, 20), (21, 28), (30, 30), (33, 25), (29, 18), (24, 19)]}),
]


@pytest.mark.parametrize("number", range(4))
def test_regions_are_those_of_the_library(page, volume, number):
    shape, options = REGIONS[number]
    region = hu.region(shape, volume, **options)
    alone = page.make({"regions": [SHAPES[number]]})
    assert (page.all_bits(alone, SLICES) == region.values).all()
    within = page.make({"regions": [SHAPES[number]], "above": 0, "opening": 0})
    expected = hu.intersection(hu.mask(volume, 0, opening=0), region)
    assert (page.all_bits(within, SLICES) == expected.values).all()
    same_numbers(within, hu.measure(volume, expected))


def test_regions_together_are_their_union(page, volume):
    image = volume[2]
    made = page.make({"regions": SHAPES}, "frame", frame=2)
    expected = hu.union(*(hu.region(shape, image, **options) for shape, options in REGIONS))
    assert (page.bits(made, "frames/2") == expected.values).all()
    same_numbers(made, hu.measure(image, expected))


# ---- what is drawn


def brushed(size, points, radius):
    """Pixels near a line, in another way than the server's: by the distance to many points on it."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    near = np.full(size, np.inf)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        for part in np.linspace(0, 1, 2001):
            near = np.minimum(near, np.hypot(x - x0 - part * (x1 - x0), y - y0 - part * (y1 - y0)))
    return near, near <= radius


LINE = [[4.2, 9.1], [30.7, 12.9], [33.3, 40.4]]


def test_a_stroke_covers_what_is_within_its_radius(page, volume):
    made = page.make({"tissue": "bone"})
    before = page.all_bits(made, SLICES)
    drawn = page.did(f"masks/{made['id']}/strokes", {"frame": 3, "radius": 4.5, "points": LINE})
    near, covered = brushed((MATRIX, MATRIX), LINE, 4.5)
    sure = np.abs(near - 4.5) > 1e-3  # the line's points are a hundredth of a pixel apart
    after = page.all_bits(made, SLICES)
    assert (after[3] == (before[3] | covered))[sure].all() and sure.mean() > 0.99
    assert (np.delete(after, 3, 0) == np.delete(before, 3, 0)).all()
    same_numbers(drawn, hu.measure(volume, after))
    assert drawn["edited"] and drawn["can_undo"] and not drawn["can_redo"]


def test_a_dab_is_a_circle_of_the_library(page, volume):
    made = page.make({"above": 3000})
    drawn = page.did(f"masks/{made['id']}/strokes", {"frame": 0, "radius": 5, "points": [[20, 14.5]]})
    circle = hu.region("circle", volume[0], center=(14.5, 20), radius=5)
    assert (page.bits(drawn, "frames/0") == circle.values).all()


def test_what_is_erased_is_gone_and_comes_back(page):
    made = page.make({"above": -500, "opening": 0})
    path, before = f"masks/{made['id']}", page.all_bits(made, SLICES)
    erased = page.did(f"{path}/strokes", {"frame": 2, "erase": True, "radius": 100, "points": [[10, 10]]})
    assert not page.bits(erased, "frames/2").any() and before[2].any()
    assert erased["measures"]["pixels"] == before.sum() - before[2].sum()
    back = page.did(f"{path}/undo")
    assert (page.all_bits(made, SLICES) == before).all() and back["measures"] == made["measures"]
    assert (back["edited"], back["can_undo"], back["can_redo"]) == (False, False, True)
    again = page.did(f"{path}/redo")
    assert not page.bits(again, "frames/2").any() and again["measures"] == erased["measures"]
    page.did(f"{path}/undo")
    page.did(f"{path}/strokes", {"frame": 1, "radius": 2, "points": [[1, 1]]})
    assert not page.did(f"{path}/redo")["can_redo"]  # what came instead stands


def test_strokes_on_planes_are_in_the_same_voxels(page, volume):
    made = page.make({"above": 3000})
    page.did(f"masks/{made['id']}/strokes", {"view": "planes/coronal", "frame": 9, "radius": 1.5, "points": [[7, 2]]})
    expected = np.zeros(volume.reformat("coronal").shape, bool)
    expected[9] = hu.region("circle", volume.reformat("coronal")[9], center=(2, 7), radius=1.5).values
    assert (page.all_bits(made, len(expected), "planes/coronal") == expected).all()
    assert page.all_bits(made, SLICES).sum() == expected.sum() > 3


@pytest.mark.parametrize("kept", [0, pytest.param(2**30, marks=pytest.mark.long)])
def test_fifty_strokes_can_be_undone_and_nothing_is_lost_that_is_not_kept(page, kept):
    """A mask of which nothing is kept in memory is made anew, with all that was drawn on it."""
    masks = page.page.viewing.masks
    masks._kept.most = kept
    made, other = page.make({"above": 3000}), page.make({"above": 0})
    path, rng = f"masks/{made['id']}", np.random.default_rng(0)
    drawn_mask = masks.get(next(iter(page.page.viewing.discovery.items)), made["id"])

    def now():
        return masks.values(drawn_mask).values.copy()

    states, number, idle = [now()], 0, 0
    while len(states) < 57:
        number += 1
        points = rng.uniform(-5, MATRIX, (int(rng.integers(1, 4)), 2)).tolist()
        stroke = {"frame": number % SLICES, "erase": number % 3 == 2, "radius": float(rng.uniform(0.5, 9))}
        drawn = page.did(f"{path}/strokes", stroke | {"points": points})
        if kept == 0:
            page.bits(other, "frames/0")
        if (now() == states[-1]).all():  # an eraser where nothing is: no step that can be taken back
            idle += 1
        else:
            states.append(now())
    assert idle and len(drawn_mask.edits) == 56
    for number in range(50):
        assert drawn["can_undo"]
        drawn = page.did(f"{path}/undo")
        assert (now() == states[-2 - number]).all()
    assert not drawn["can_undo"] and drawn["edited"]
    assert page.did(f"{path}/undo") == drawn
    for _ in range(50):
        drawn = page.did(f"{path}/redo")
    assert (page.all_bits(made, SLICES) == states[-1]).all() and len(np.unique([state.sum() for state in states])) > 40


def test_another_recipe_takes_the_place_of_the_first_and_of_what_was_drawn(page, volume):
    made = page.make({"above": 3000}, name="heart", color="#00ff7f")
    page.did(f"masks/{made['id']}/strokes", {"radius": 9, "points": [[20, 20]]})
    changed = page.make({"tissue": "lung"}, mask=made["id"])
    assert (changed["id"], changed["name"], changed["color"]) == (made["id"], "heart", "#00ff7f")
    assert (page.all_bits(changed, SLICES) == hu.mask(volume, tissue="lung").values).all()
    assert not changed["edited"] and not changed["can_undo"]
    assert len(page.page.json(f"{page.base}/masks")["masks"]) == 1
    answer = page.ask("masks", {"scope": "frame", "recipe": {"fill_3d": True}, "mask": made["id"]})
    assert answer.status_code == 422 and "`fill_3d` is for volumes" in answer.json()["error"]
    assert page.page.json(f"{page.base}/masks")["masks"] == [changed]  # as it was
    assert (page.all_bits(changed, SLICES) == hu.mask(volume, tissue="lung").values).all()


def test_masks_are_listed_renamed_and_deleted(page):
    first, second = page.make({"tissue": "lung"}), page.make({"tissue": "bone"})
    assert [first["name"], second["name"]] == ["mask 1", "mask 2"] and first["color"] != second["color"]
    renamed = page.did(f"masks/{first['id']}/look", {"name": " left lung ", "color": "#123abc"})
    assert (renamed["name"], renamed["color"]) == ("left lung", "#123abc")
    assert page.page.json(f"{page.base}/masks")["masks"] == [renamed, second]
    assert page.ask(f"masks/{first['id']}/delete").status_code == 204
    assert page.page.json(f"{page.base}/masks")["masks"] == [second]
    assert page.page.get(f"{page.base}/masks/{first['id']}/frames/0").status_code == 404


def test_an_empty_mask_says_why(page, volume):
    made = page.make({"above": 5000})
    highest = volume.values.max()
    assert made["empty"] == f"the mask is empty: nothing is above 5000 HU, the highest value is {highest:g} HU"
    made = page.make({"above": 90}, "frame")
    assert made["empty"] is None
    erased = {"erase": True, "radius": 200, "points": [[9, 9]]}
    assert page.did(f"masks/{made['id']}/strokes", erased)["empty"].endswith("what it selected was erased")


def test_masks_lie_in_oblique_planes_as_volumes_do(page, volume):
    made, mask = page.make({"above": 90}), hu.mask(volume, 90)
    row, column = (0.8, 0.6, 0.0), (0.0, 0.0, -1.0)
    query = f"row={','.join(map(str, row))}&column={','.join(map(str, column))}"
    expected = mask.reformat((*row, *column))
    assert (page.bits(made, f"oblique/7?{query}") == expected.values[7]).all()
    thick = mask.reformat("coronal")[18:21].values.any(axis=0)
    between = volume.reformat("coronal").spacing[0]
    assert (page.bits(made, f"planes/coronal/19?slab={3 * between}&how=mean") == thick).all()
    refused = page.page.get(f"{page.base}/masks/{made['id']}/oblique/7?row=1,0,0")
    assert refused.status_code == 400


def test_masks_of_tilted_slices_are_cut_like_their_planes(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=6, slice_spacing=3.0, tilt=20)
    (volume,) = hu.read_volumes(tmp_path)
    with shown(tmp_path) as opened:
        page = Masks(opened)
        made, mask = page.make({"above": 90}), hu.mask(volume, 90)
        cut = mask.reformat("coronal").values
        assert (page.all_bits(made, len(cut), "planes/coronal") == cut).all()
        upright = mask.rectified().reformat("coronal").values
        assert (page.bits(made, "planes/coronal/9?rectified=1") == upright[9]).all()
        stroke = {"view": "planes/coronal", "frame": 3, "radius": 2, "points": [[3, 3]]}
        answer = page.ask(f"masks/{made['id']}/strokes", stroke)
        assert answer.status_code == 400 and "no voxels" in answer.json()["error"]


# ---- histograms


def test_a_histogram_is_that_of_numpy(page, volume):
    for query, values in (("scope=volume", volume.values), ("frame=4", volume.values[4])):
        told = page.page.json(f"{page.base}/histogram?{query}")
        counts, edges = np.histogram(values, 256)
        assert told["counts"] == counts.tolist() and np.allclose(told["edges"], edges)
        assert (told["unit"], told["padding_pixels"], told["pixels"]) == ("HU", 0, values.size)
    plane = page.page.json(f"{page.base}/histogram?view=planes/sagittal&frame=5")
    assert plane["counts"] == np.histogram(volume.reformat("sagittal").values[5], 256)[0].tolist()


# ---- memory


def test_masks_are_kept_by_their_bytes(folder):
    with shown(folder) as opened:
        page, masks = Masks(opened), opened.viewing.masks
        size = SLICES * MATRIX * MATRIX
        masks._kept.most = 3 * size
        made = [page.make({"above": above}) for above in range(0, 100, 10)]
        assert masks._kept.size == 3 * size
        for _ in range(5):
            page.make({"above": 55}, mask=made[-1]["id"])
        assert masks._kept.size == 3 * size  # a former recipe is not kept
        for mask in made:
            page.ask(f"masks/{mask['id']}/delete")
        assert masks._kept.size == 0
        opened.viewing.close()
        assert masks._masks == {}


def test_there_is_an_end_to_masks_and_strokes(page, monkeypatch):
    monkeypatch.setattr("hounsfield.web.mask_sets.MOST_MASKS", 2)
    monkeypatch.setattr("hounsfield.web.mask_sets.MOST_STROKE_BYTES", 100)
    made = page.make(), page.make()
    answer = page.ask("masks", {"scope": "volume"})
    assert answer.status_code == 400 and answer.json()["error"] == "there are 2 masks: delete one first"
    assert isinstance(page.page.viewing.masks, MaskSets) and len(page.page.viewing.masks._kept._values) == 2
    page.ask(f"masks/{made[1]['id']}/delete")
    assert page.ask("masks", {"recipe": {"min_ml": 3}}).status_code == 422  # it cannot be made, and does not count
    assert page.ask("masks", {"scope": "volume"}).status_code == 200
    assert len(page.page.viewing.masks._kept._values) == 2
    line = [[1, 1]] * 7
    answer = page.ask(f"masks/{made[0]['id']}/strokes", {"radius": 3, "points": line})
    assert answer.status_code == 400 and "too many strokes" in answer.json()["error"]
    assert not page.page.json(f"{page.base}/masks")["masks"][0]["edited"]


def test_an_item_of_the_same_files_keeps_its_masks(page):
    """While files are read, an item may be put in the place of another one of the same files."""
    from copy import copy

    made, items = page.make({"above": 90}), page.page.viewing.discovery.items
    (item,) = items
    items.put(copy(item))
    assert page.page.json(f"{page.base}/masks")["masks"] == [made]
    changed = copy(item)
    changed.files = changed.files[1:]
    items.put(changed)
    assert page.page.json(f"{page.base}/masks")["masks"] == []
