"""Whole slides in the page's server: levels of one slide as one item, tiles as the library reads them."""

import resource

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from classes_tiled import full_slide, sparse_slide
from hounsfield.web.slide_frames import Tile, halved
from slides import HUGE_PLACES, SIDE, tiled, tissue, write_huge, write_levels, write_slide

from made import to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")


def levels(page, item):
    return page.json(f"items/{item['id']}/levels")["levels"]


def tile(page, item, level, row, column, frame=0):
    """The values and the padding of a tile; None where there is none."""
    answer = page.get(f"items/{item['id']}/levels/{level}/tiles/{row}/{column}?frame={frame}")
    if answer.status_code == 204:
        return None
    assert answer.status_code == 200, answer.text
    shape = [int(part) for part in answer.headers["X-Shape"].split(",")]
    dtype = np.dtype(answer.headers["X-Dtype"]).newbyteorder("<")
    size = int(np.prod(shape)) * dtype.itemsize
    values = np.frombuffer(answer.content[:size], dtype).reshape(shape)
    padding = np.frombuffer(answer.content[size:], np.uint8).astype(bool)
    return values, padding.reshape(shape[:2]) if answer.headers.get("X-Padding") else np.zeros(shape[:2], bool)


def whole(page, item, number):
    """A level put together of all its tiles."""
    level = levels(page, item)[number]
    rows, columns = level["rows"], level["columns"]
    down, across = -(-rows // level["tile_rows"]), -(-columns // level["tile_columns"])
    lines = [[tile(page, item, number, r, c)[0] for c in range(across)] for r in range(down)]
    joined = np.concatenate([np.concatenate(line, axis=1) for line in lines])
    assert joined.shape[:2] == (rows, columns)
    return joined


def test_levels_of_one_slide_are_one_item_finest_first(tmp_path):
    paths = write_levels(tmp_path)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert (item["files"], item["frames"], item["shape"]) == (3, 1, [1, 700, 1100])
        told = levels(page, item)
        assert [(each["rows"], each["columns"]) for each in told] == [(700, 1100), (175, 275), (44, 69)]
        assert [each["computed"] for each in told] == [False] * 3
        assert np.allclose([each["factor"] for each in told], [[1, 1], [4, 4], [16, 16]])
        assert np.allclose([each["pixel_spacing"] for each in told], np.outer([1, 4, 16], [0.0005] * 2))
        for number, path in enumerate(paths):
            with hu.open_frames(path) as frames:
                assert np.array_equal(whole(page, item, number), frames.region().values)
        assert item["notes"] == []


@pytest.mark.parametrize("made", [full_slide, sparse_slide], ids=["full", "sparse"])
def test_tiles_of_a_file_are_the_library_s_region_and_pydicom_s_frames(tmp_path, made):
    path = tmp_path / "slide.dcm"
    path.write_bytes(to_bytes(made().dataset))
    with hu.open_frames(path) as frames:
        expected = frames.region().values
    with shown(path) as page:
        (item,) = page.state()["items"]
        assert np.array_equal(tile(page, item, 0, 0, 0)[0], expected)
        assert np.array_equal(page.values(f"items/{item['id']}/frames/0"), expected)
    dataset = pydicom.dcmread(path)
    if made is sparse_slide:  # frame 1 is at the top left
        assert np.array_equal(dataset.pixel_array[1], expected[:12, :20])


def test_coarse_levels_are_computed_where_a_slide_has_none_and_it_is_said(tmp_path):
    matrix = tissue(1500, 2100)
    write_slide(tmp_path / "a.dcm", tiled(matrix, 256), matrix.shape[:2])
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        told = levels(page, item)
        assert [(each["rows"], each["columns"]) for each in told] == [(1500, 2100), (750, 1050), (375, 525)]
        assert [each["computed"] for each in told] == [False, True, True]
        means = matrix.reshape(750, 2, 1050, 2, 3).mean(axis=(1, 3))
        assert np.array_equal(whole(page, item, 1), np.floor(means + 0.5))
        assert item["notes"] == ["3 levels, 2 of them computed for display"]
        steps = page.json(f"items/{item['id']}")["steps"]
        assert any(step["name"] == "levels" and "1, 2 of 3" in step["detail"] for step in steps)


def test_gaps_between_stored_levels_are_filled_up_to_the_next_one(tmp_path):
    matrix = tissue(1600, 1600)
    write_slide(tmp_path / "a.dcm", tiled(matrix, 256), (1600, 1600))
    small = np.ascontiguousarray(matrix[::16, ::16])
    write_slide(tmp_path / "b.dcm", tiled(small, 100), (100, 100), reduced=16, flavor="THUMBNAIL")
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        told = levels(page, item)
        assert [(each["rows"], each["computed"]) for each in told] == [
            (1600, False),
            (800, True),
            (400, True),
            (200, True),
            (100, False),
        ]
        assert np.array_equal(whole(page, item, 4), small)


def test_a_huge_sparse_slide_is_read_by_tiles_in_bounded_memory(tmp_path):
    path = write_huge(tmp_path / "huge.dcm")
    with shown(path) as page, hu.open_frames(path) as frames:
        (item,) = page.state()["items"]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert item["shape"] == [1, 100_000, 100_000]
        told = levels(page, item)
        assert told[0]["rows"] == 100_000 and max(told[-1]["rows"], told[-1]["columns"]) <= 1024
        for top, left in HUGE_PLACES:
            row, column = top // SIDE, left // SIDE
            (first, last), (start, end) = ((at * SIDE, min(at * SIDE + SIDE, 100_000)) for at in (row, column))
            values, padding = tile(page, item, 0, row, column)
            region = frames.region((first, last), (start, end))
            assert np.array_equal(values, region.values)
            assert np.array_equal(padding, region.padding if region.padding is not None else np.zeros_like(padding))
        assert tile(page, item, 0, 20, 20) is None  # no error: background
        assert page.get(f"items/{item['id']}/levels/0/tiles/391/0").status_code == 404
        coarse = len(told) - 1
        rows = -(-told[coarse]["rows"] // told[coarse]["tile_rows"])
        there = [(r, c) for r in range(rows) for c in range(rows) if tile(page, item, coarse, r, c) is not None]
        assert (0, 0) in there and len(there) < rows * rows
        assert page.get(f"items/{item['id']}/thumbnail").status_code == 200
        assert page.get(f"items/{item['id']}/frames/0").status_code == 422
        assert page.get(f"items/{item['id']}/picture").status_code == 422
        kept = page.viewing.discovery.tiles.size
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert kept <= 128 * 2**20
    assert (after - before) * 1024 < 256 * 2**20


def test_a_dense_slide_gets_no_level_whose_tiles_cost_more_than_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("hounsfield.web.slide_levels.MOST_DECODED", 600 * 600)
    matrix = tissue(3000, 3000)
    write_slide(tmp_path / "a.dcm", tiled(matrix, 256), matrix.shape[:2])
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert [each["rows"] for each in levels(page, item)] == [3000, 1500]
        assert page.get(f"items/{item['id']}/thumbnail").status_code == 200


@pytest.mark.parametrize(
    "other",
    [{"FrameOfReferenceUID": "1.2.3"}, {"ContainerIdentifier": "other"}, {"SeriesInstanceUID": "1.2.4"}],
    ids=lambda other: next(iter(other)),
)
def test_files_of_different_slides_stay_items_of_their_own(tmp_path, other):
    matrix = tissue(256, 256)
    write_slide(tmp_path / "a.dcm", tiled(matrix, 64), (256, 256))
    write_slide(tmp_path / "b.dcm", tiled(matrix[::4, ::4], 64), (64, 64), reduced=4, **other)
    with shown(tmp_path) as page:
        assert len(page.state()["items"]) == 2


def test_a_file_of_another_part_of_the_slide_is_no_level(tmp_path):
    matrix = tissue(256, 256)
    write_slide(tmp_path / "a.dcm", tiled(matrix, 64), (256, 256))
    place = {"XOffsetInSlideCoordinateSystem": 10, "YOffsetInSlideCoordinateSystem": 40}
    write_slide(
        tmp_path / "b.dcm", tiled(matrix[::4, ::4], 64), (64, 64), reduced=4, TotalPixelMatrixOriginSequence=[place]
    )
    with shown(tmp_path) as page:
        assert len(page.state()["items"]) == 2


@pytest.mark.parametrize("flavor", ["LABEL", "OVERVIEW"])
def test_nothing_of_a_label_is_sent_while_the_patient_is_hidden(tmp_path, flavor):
    write_levels(tmp_path)
    label = write_slide(tmp_path / "label.dcm", tissue(90, 120)[None], (90, 120), flavor=flavor)
    with shown(tmp_path) as page:
        item = next(item for item in page.state()["items"] if item["shape"] == [1, 90, 120])
        assert len(page.state()["items"]) == 2 and item["error"] is None
        with hu.open_frames(label) as frames:
            assert np.array_equal(tile(page, item, 0, 0, 0)[0], frames.region().values)
        page.post("patient", json={"hidden": True})
        hidden = next(each for each in page.state()["items"] if each["id"] == item["id"])
        assert hidden["thumbnail"] is False and "label" in hidden["error"]
        for path in ("", "/thumbnail", "/frames/0", "/levels", "/levels/0/tiles/0/0", "/picture"):
            answer = page.get(f"items/{item['id']}{path}")
            assert answer.status_code == 403 and "label" in answer.json()["error"], path
        assert page.get(f"items/{item['id']}/header").status_code == 200  # without what identifies
        slide = next(each for each in page.state()["items"] if each["id"] != item["id"])
        assert page.get(f"items/{slide['id']}/levels/0/tiles/0/0").status_code == 200


def test_files_of_slides_are_not_reported_as_not_shown(tmp_path):
    write_levels(tmp_path)
    (tmp_path / "notes.txt").write_text("no image")
    with shown(tmp_path) as page:
        report = page.state()["report"]
    assert {name: count for name, count in report["counts"].items() if count} == {"whole slide": 3, "not DICOM": 1}
    assert [other["name"] for other in report["others"]] == ["notes.txt"]


def test_specimen_label_in_image_is_believed(tmp_path):
    write_slide(tmp_path / "a.dcm", tissue(90, 120)[None], (90, 120), SpecimenLabelInImage="YES")
    with shown(tmp_path, no_phi=True) as page:
        (item,) = page.state()["items"]
        assert page.get(f"items/{item['id']}/thumbnail").status_code == 403


def test_focal_planes_are_frames_of_the_item(tmp_path):
    matrix = tissue(128, 128)
    tiles = np.concatenate([tiled(matrix, 64), tiled(255 - matrix, 64)])
    path = write_slide(tmp_path / "a.dcm", tiles, (128, 128), TotalPixelMatrixFocalPlanes=2)
    with shown(path) as page, hu.open_frames(path) as frames:
        (item,) = page.state()["items"]
        assert item["frames"] == 2
        assert page.json(f"items/{item['id']}")["slide"] == {"paths": 1, "planes": 2}
        for plane in range(2):
            assert np.array_equal(tile(page, item, 0, 0, 0, plane)[0], frames.region(plane=plane).values)
        assert page.get(f"items/{item['id']}/levels/0/tiles/0/0?frame=2").status_code == 404


def test_grey_slides_come_as_values_with_a_window_of_the_whole(tmp_path):
    matrix = (np.add.outer(np.arange(300), np.arange(300)) * 50).astype(np.uint16)
    path = write_slide(
        tmp_path / "a.dcm", tiled(matrix, 100), (300, 300), PhotometricInterpretation="MONOCHROME2", BitsStored=16
    )
    with shown(path) as page, hu.open_frames(path) as frames:
        (item,) = page.state()["items"]
        values, _ = tile(page, item, 0, 0, 0)
        described = page.json(f"items/{item['id']}")
        assert values.dtype == np.uint16 and np.array_equal(values, frames.region().values)
        assert not described["color"]
        assert described["default_window"]["high"] > 20_000


def test_the_place_on_the_glass_is_the_library_s(tmp_path):
    path = write_levels(tmp_path)[0]
    with shown(tmp_path) as page, hu.open_frames(path) as frames:
        (item,) = page.state()["items"]
        affine = np.array(page.json(f"items/{item['id']}/levels")["slide_affine"], float)
        plane = frames.region((30, 40), (50, 60)).slide_plane
        assert np.allclose((affine @ [30, 50, 0, 1])[:3], plane.to_slide(0, 0), equal_nan=True)
        assert np.allclose((affine @ [33, 57, 0, 1])[:3], plane.to_slide(3, 7), equal_nan=True)


def test_halving_takes_means_without_padding():
    values = np.array([[1, 2, 9], [4, 100, 9], [7, 8, 5]], np.uint8)
    padding = np.zeros((3, 3), bool)
    padding[1, 1] = padding[2, 2] = True
    tile = halved(Tile(values, padding))
    assert tile.values.tolist() == [[2, 9], [8, 0]]  # 7 / 3 and 7.5 to the nearest, up from the middle
    assert tile.padding.tolist() == [[False, False], [False, True]]
    assert halved(Tile(values), nearest=True).values.tolist() == [[1, 9], [7, 5]]
    assert halved(Tile(values / 2)).values[0, 0] == pytest.approx(107 / 8)
    for dtype in (np.uint8, np.uint16, np.int16):  # the quick way and the slow one
        whole = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (6, 8, 3)).astype(dtype)
        means = whole.reshape(3, 2, 4, 2, 3).astype(float).mean(axis=(1, 3))
        assert np.array_equal(halved(Tile(whole)).values, np.floor(means + 0.5))


@pytest.mark.parametrize(
    "address", ["levels/9/tiles/0/0", "levels/0/tiles/-1/0", "levels/0/tiles/0/x", "levels/0/tiles/99/0"]
)
def test_what_does_not_exist_is_not_found(tmp_path, address):
    write_levels(tmp_path)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert page.get(f"items/{item['id']}/{address}").status_code == 404


def test_an_item_that_is_no_slide_has_no_levels(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=2)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert page.get(f"items/{item['id']}/levels").status_code == 404
