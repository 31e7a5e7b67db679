"""Every real file: no request is a defect, and grey levels by what the page is told are those of `render`."""

import warnings

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.web.slide_frames import SlideFrames

from conftest import installed_files
from viewing import shown

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]


def brightness(values, window, table):
    """PS3.3 C.11.2.1.2 and C.11.6.1, as the page computes them."""
    x = values.astype(np.float64)
    if window["function"] == "TABLE":
        entries = np.array(window["table"]["entries"], np.float64)
        index = np.clip(np.rint(np.nan_to_num(x)) - window["table"]["first"], 0, len(entries) - 1).astype(int)
        y = np.minimum(entries[index] / (2 ** window["table"]["bits"] - 1), 1)
    elif window["function"] == "SIGMOID":
        y = 1 / (1 + np.exp(-4 * (x - window["center"]) / window["width"]))
    elif window["high"] <= window["low"]:
        y = (x > window["low"]).astype(float)
    else:
        y = np.clip((x - window["low"]) / (window["high"] - window["low"]), 0, 1)
    if table is not None:
        entries = np.array(table["entries"], np.float64)
        y = np.minimum(entries[np.floor(y * (len(entries) - 1) + 0.5).astype(int)] / (2 ** table["bits"] - 1), 1)
    return np.where(np.isnan(x), 0, y)


def check_grey(page, item, index):
    """Compare a frame with the library's picture of the whole file."""
    answer = page.get(f"items/{item.id}/frames/{index}")
    if answer.status_code != 200:
        assert answer.status_code == 422
        return False
    values = page.values(f"items/{item.id}/frames/{index}")
    described = page.json(f"items/{item.id}?frame={index}")
    if described["color"]:
        return False
    if described["default_window"] is None:  # a mask
        return False
    whole = item.frames.assembled if item.kind == "volume" else hu.read(item.files[0])
    if item.kind == "image" and whole.frames != item.frames.shape[0]:
        return False  # other frames of the file are other items
    expected = hu.render(whole)
    expected = expected[index] if expected.ndim == 3 and expected.shape[-1] != 3 else expected
    if expected.shape != values.shape:
        return False  # supplemental palettes
    made = brightness(values, described["default_window"], described["presentation_table"])
    made = 1 - made if described["inverted"] else made
    assert np.abs(made * 255 - expected).max() <= 0.51, (item.files[0], described["default_window"])
    return True


@pytest.fixture(scope="module")
def page():
    folders = {str(path.parent) for path in installed_files()}
    tops = [one for one in folders if not any(one != other and one.startswith(other + "/") for other in folders)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with shown(*sorted(tops)) as opened:
            yield opened


def test_no_request_is_a_defect(page):
    items = page.state()["items"]
    assert len(items) > 40
    for item in items:
        for path in (
            "",
            "/frames/0",
            f"/frames/{item['frames'] - 1}",
            "/thumbnail",
            "/picture",
            "/header",
            "/planes/coronal/0",
            "/levels",
            "/levels/0/tiles/0/0",
        ):
            assert page.get(f"items/{item['id']}{path}").status_code in (200, 204, 404, 422), (item, path)


def test_grey_levels_are_those_of_render(page):
    compared = 0
    for item in list(page.viewing.discovery.items):
        if isinstance(item.frames, SlideFrames) or (item.kind == "image" and len(item.files) > 1):
            continue
        if np.prod(item.frames.shape) > 2**24:
            continue
        try:
            if item.frames.can_be_assembled:
                item.frames.volume()
            compared += check_grey(page, item, item.frames.shape[0] // 2)
        except hu.HounsfieldError:
            continue
    assert compared > 30
