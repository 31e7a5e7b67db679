"""Measures on a whole slide in a browser: drawn on what is seen, of the pixels of its finest level."""

import json

import pytest

import hounsfield as hu
from drawn import region_of
from measuring_page import documents, draw, listed, on_screen
from resting import at_rest
from slides import write_levels

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.long]


def test_lines_and_areas_are_drawn_on_a_slide_and_stay_where_they_are_at_every_zoom(let_in, tmp_path):
    paths = write_levels(tmp_path)
    with hu.open_frames(paths[0]) as frames:
        image = frames.region()
    rows, columns = image.size
    page = let_in(tmp_path, show=paths[0])
    points = [[columns * 0.3, rows * 0.3], [columns * 0.6, rows * 0.55]]
    draw(page, "distance", points, image)
    draw(page, "ellipse", [[columns * 0.2, rows * 0.6], [columns * 0.5, rows * 0.9]], image)
    draw(page, "angle", [[columns * 0.7, rows * 0.2], [columns * 0.8, rows * 0.5], [columns * 0.9, rows * 0.3]], image)
    line, area, angle = documents(page)
    assert line["points"][0] == pytest.approx(points[0], abs=columns / 200)
    places = [[(y, x) for x, y in one["points"]] for one in (line, area, angle)]
    assert line["measure"]["length"]["mm"] == hu.distance(image, *places[0]).mm
    assert area["measure"]["pixels"] == int(region_of(image, "ellipse", places[1]).values.sum())
    assert angle["measure"]["degrees"] == hu.angle(image, *places[2]).degrees
    texts = listed(page)
    assert texts[0].endswith("µm · on the slide") and "µm²" in texts[1] or "mm²" in texts[1]
    page.locator(".pane").first.focus()
    page.keyboard.press("1")
    at_rest(page)
    assert documents(page) == [line, area, angle]
    page.keyboard.press("f")
    draw(page, "profile", [[columns * 0.3, rows * 0.8], [columns * 0.9, rows * 0.8]], image)
    assert "no values" in listed(page)[3]
    assert json.dumps(documents(page)[3]["measure"]["error"])
    assert on_screen(page, points, image)
