"""Measures of the page over modalities, real files where they are installed: equal to the library's functions."""

import json
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hounsfield as hu
from drawn import KINDS, region_of
from modalities import write
from page_masks import Masks
from page_states import recipe

from conftest import corpus_folder
from viewing import shown

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.long]
#: By modality; those of the corpus are there where it is.
CASES = {
    "CT": "CT, signed",
    "CT of 512": "CT, JPEG 2000",
    "MR": "MR",
    "MR enhanced": "MR enhanced",
    "CR": "CR, MONOCHROME1",
    "MG": "MG, VOI LUT, MONOCHROME1",
    "MG real": "MG of the corpus",
    "US of colours": "US colour, YBR, 30 frames",
    "US of a palette": "US palette",
    "XA": "XA, times of frames",
    "XA real": "XA of the corpus",
    "NM": "NM",
    "NM of two energies": "NM, two energies",
    "PT": "PT",
    "PT real": "PT of the corpus",
    "RTDOSE": "RT dose, 32 bits",
    "RTIMAGE real": "RT image of the corpus",
    "SC": "colour, YBR",
    "fractions": "padding, fractions, high pixels",
    "floats": "float pixel data",
}
SHAPES = 40
EXAMPLES = settings(max_examples=SHAPES, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Of each case its page, the item, and the image that the library reads."""
    found = write(tmp_path_factory.mktemp("modalities"), corpus_folder())
    with ExitStack() as stack:

        def show(name):
            if CASES[name] not in found:
                pytest.skip(f"no file of {CASES[name]} is installed")
            page = stack.enter_context(shown(found[CASES[name]]))
            (item,) = page.state()["items"]
            return page, item, hu.read(found[CASES[name]])

        yield show


@st.composite
def drawn(draw):
    """A shape in an image of one by one and a little around it, the frame, and the user's scale."""
    kind = draw(st.sampled_from(list(KINDS)))
    least, most = KINDS[kind] if isinstance(KINDS[kind], tuple) else (KINDS[kind],) * 2
    near = st.floats(0, 1) if kind in ("profile", "point") else st.floats(-0.2, 1.2)
    points = draw(st.lists(st.tuples(near, near), min_size=least, max_size=most))
    return kind, points, draw(st.integers(0, 100)), draw(st.sampled_from([None, None, 0.3]))


def length(image, ends, by_user):
    found = hu.distance(image if by_user else hu.scaled(image, ends), *ends)
    return {"px": found.pixels, "mm": found.mm, "spacing_kind": kind_of(found.spacing_kind, by_user)}


def kind_of(kind, by_user):
    return "user" if by_user and kind else kind


def by_library(image, kind, places, by_user):
    """What the page should say, by calls of the library."""
    on = hu.calibrated(image, by_user) if by_user else image
    if kind == "distance":
        return {"length": length(on, places, by_user)}
    if kind == "bidirectional":
        return {"long": length(on, places[:2], by_user), "short": length(on, places[2:], by_user)}
    if kind in ("angle", "cobb"):
        lines = [places] if kind == "angle" else [places[:2], places[2:]]
        on = on if by_user else hu.scaled(on, *lines)
        found = hu.angle(on, *places) if kind == "angle" else hu.cobb(on, *lines)
        return {"degrees": found.degrees, "in": "px" if found.spacing_kind is None else "mm"}
    if kind == "point":
        found = hu.point(image, places[0]).to_dict()
        return {name: value for name, value in found.items() if value is not None}
    if kind == "profile":
        found = hu.profile(on if by_user else hu.scaled(on, places), *places).to_dict()
        return {"values": found["values"], "distances": found["mm"] or found["pixels"], "unit": found["unit"]}
    mask = region_of(on, kind, places)
    on = on if by_user else hu.scaled(on, mask)
    if image.color:
        found = hu.measure(on.channel(2), mask)
        return {"pixels": found.pixels, "area_mm2": found.area_mm2, "mean": None, "sd": None, "median": None}
    found = hu.measure(on, mask).to_dict()
    known = found["area_mm2"] is not None
    return {**found, "spacing_kind": kind_of(found["spacing_kind"], by_user) if known else None}


@pytest.mark.parametrize("name", CASES)
def test_forty_random_shapes_are_measured_as_by_the_library(opened, name):
    page, item, whole = opened(name)
    seen = {"error": 0, "measured": 0}

    @EXAMPLES
    @given(drawn())
    def one(shape):
        kind, within, frame, by_user = shape
        image = whole.frame(frame % whole.frames)
        rows, columns = image.size
        points = [[x * (columns - 1), y * (rows - 1)] for x, y in within]
        scale = {"calibration": {"mm_per_pixel": by_user}} if by_user else {}
        body = {"view": "frames", "frame": frame % whole.frames, "shapes": [{"kind": kind, "points": points}], **scale}
        answer = page.post(f"items/{item['id']}/measures", content=json.dumps(body))
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["measures"]
        try:
            expected = by_library(image, kind, [(y, x) for x, y in points], by_user)
        except (hu.HounsfieldError, ValueError):
            seen["error"] += 1
            assert found["error"], found
            return
        seen["measured"] += 1
        assert {each: found[each] for each in expected} == json.loads(json.dumps(expected)), (kind, points)

    one()
    assert seen["measured"] > SHAPES / 4, seen


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("US of colours", "SC")])
def test_the_area_of_a_mask_and_the_volume_are_the_librarys(opened, name):
    page, item, whole = opened(name)
    masks, rng, done = Masks(page), np.random.default_rng(len(name)), 0
    if whole.color:
        pytest.skip("colours have no mask")
    for number in range(8):
        frame = number % whole.frames
        image = whole.frame(frame)
        asked = recipe(rng, "frame", image.values, image.size)
        asked.pop("regions", None)
        answer = masks.ask("masks", {"scope": "frame", "view": "frames", "frame": frame, "recipe": asked})
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 422:
            continue
        made = answer.json()["mask"]
        shaped = {each: asked[each] for each in ("above", "below", "method", "fill", "opening") if each in asked}
        mask = hu.mask(image, **shaped)
        mask = hu.components(mask, largest=asked["largest"]) if "largest" in asked else mask
        assert (masks.bits(made, f"frames/{frame}") == mask.values).all(), asked
        expected = json.loads(json.dumps(hu.measure(image, mask).to_dict()))
        assert made["measures"] == expected
        done += 1
    assert done >= 4


@pytest.mark.parametrize(
    "options",
    [{}, {"orientation": "oblique", "pixel_spacing": 0.7}, {"tilt": 11.0}],
    ids=["axial", "oblique", "tilted"],
)
def test_the_volume_of_a_mask_is_the_librarys(tmp_path, options):
    hu.phantom(tmp_path, matrix=40, slices=7, **options)
    (volume,) = hu.read_volumes(tmp_path)
    with shown(tmp_path) as page:
        masks, rng = Masks(page), np.random.default_rng(5)
        for _ in range(8):
            asked = recipe(rng, "volume", volume.values, volume.values.shape[1:])
            asked.pop("regions", None)
            made = masks.make(asked)
            shaped = {each: asked[each] for each in ("above", "below", "method", "opening") if each in asked}
            shaped["fill"] = "3d" if asked.get("fill_3d") else asked.get("fill")
            mask = hu.mask(volume, **{each: value for each, value in shaped.items() if value is not None})
            parts = {each: asked[each] for each in ("largest", "min_ml") if each in asked}
            mask = hu.components(mask, **parts) if parts else mask
            assert made["measures"] == json.loads(json.dumps(hu.measure(volume, mask).to_dict()))
            assert made["measures"]["volume_ml"] is not None
