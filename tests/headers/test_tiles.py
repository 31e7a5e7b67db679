"""Where tiles of a slide lie: worked by hand, and by PS3.3 C.7.6.17.3."""

import pytest

import hounsfield as hu
from hounsfield.headers.tiles import Tiling, layer_number, read_tiling, region_bounds

SIZE = {"TotalPixelMatrixRows": 5, "TotalPixelMatrixColumns": 8}
FULL = SIZE | {"DimensionOrganizationType": "TILED_FULL"}
TILE = (2, 3)  # 3 x 3 of them cover 5 x 8


def position(row, column, z=None, path=None):
    place = {"RowPositionInTotalImagePixelMatrix": row, "ColumnPositionInTotalImagePixelMatrix": column}
    group = {"PlanePositionSlideSequence": [place | ({} if z is None else {"ZOffsetInSlideCoordinateSystem": z})]}
    return group if path is None else group | {"OpticalPathIdentificationSequence": [{"OpticalPathIdentifier": path}]}


def sparse(*groups, **more):
    return read_tiling(SIZE | {"PerFrameFunctionalGroupsSequence": list(groups)} | more, TILE, len(groups), "a")


def test_what_has_no_matrix_is_no_slide():
    assert read_tiling({"Rows": 2}, TILE, 1, "a") is None


def test_columns_run_fastest_then_rows():
    tiling = read_tiling(FULL, TILE, 9, "a")
    assert tiling.grid == (3, 3)
    assert [tiling.place(frame)[:2] for frame in range(9)] == [
        (0, 0), (0, 3), (0, 6), (2, 0), (2, 3), (2, 6), (4, 0), (4, 3), (4, 6)]  # fmt: skip


def test_tiles_at_the_edges_reach_beyond_the_matrix():
    tiling = read_tiling(FULL, TILE, 9, "a")
    assert [tiling.inside(frame) for frame in (0, 2, 6, 8)] == [(2, 3), (2, 2), (1, 3), (1, 2)]


def test_focal_planes_run_before_optical_paths():
    header = FULL | {"TotalPixelMatrixFocalPlanes": 2, "OpticalPathSequence": [{"OpticalPathIdentifier": "a"}, {"OpticalPathIdentifier": "b"}]}  # fmt: skip
    tiling = read_tiling(header, TILE, 36, "a")
    assert (tiling.paths, tiling.planes) == (("a", "b"), 2)
    assert [tiling.place(frame)[2:] for frame in (0, 9, 18, 35)] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_a_part_of_a_concatenation_begins_where_it_says():
    header = FULL | {"ConcatenationFrameOffsetNumber": 4, "ConcatenationUID": "1.2"}
    tiling = read_tiling(header, TILE, 3, "a")
    assert (tiling.first, tiling.part) == (4, True)
    assert tiling.place(0)[:2] == (2, 3)
    assert tiling.tiles((0, 5, 0, 8), 0, 0, 3) == [(0, 2, 3), (1, 2, 6), (2, 4, 0)]
    with pytest.raises(hu.MissingAttributeError, match="ConcatenationFrameOffsetNumber"):
        read_tiling(FULL | {"ConcatenationUID": "1.2"}, TILE, 3, "a")


@pytest.mark.parametrize(
    ("bounds", "frames"),
    [((0, 2, 0, 3), [0]), ((1, 3, 0, 8), [0, 1, 2, 3, 4, 5]), ((4, 5, 7, 8), [8]), ((1, 2, 2, 4), [0, 1])],
)
def test_a_region_has_the_tiles_that_reach_into_it(bounds, frames):
    tiling = read_tiling(FULL, TILE, 9, "a")
    assert [frame for frame, _, _ in tiling.tiles(bounds, 0, 0, 9)] == frames


def test_both_ways_to_say_where_tiles_lie_give_the_same_tiles():
    full = read_tiling(FULL, TILE, 9, "a")
    said = sparse(*(position(row + 1, column + 1) for row, column, *_ in map(full.place, range(9))))
    for bounds in ((0, 5, 0, 8), (1, 2, 2, 4), (3, 5, 5, 8)):
        assert said.tiles(bounds, 0, 0, 9) == full.tiles(bounds, 0, 0, 9)


def test_positions_count_from_one_in_the_file():
    tiling = sparse(position(3, 4))
    assert tiling.place(0) == (2, 3, 0, 0)


def test_two_tiles_of_one_place_are_two_focal_planes_from_the_glass_up():
    tiling = sparse(position(1, 1, 5.0), position(1, 1, 1.0), position(1, 4, 1.0))
    assert tiling.planes == 2
    assert [tiling.place(frame)[3] for frame in range(3)] == [1, 0, 0]


def test_heights_that_follow_the_surface_are_one_focal_plane():
    tiling = sparse(position(1, 1, 5.0), position(1, 4, 5.3), position(1, 7, 4.9))
    assert tiling.planes == 1


def test_optical_paths_are_in_the_order_of_their_sequence():
    paths = {"OpticalPathSequence": [{"OpticalPathIdentifier": "b"}, {"OpticalPathIdentifier": "a"}]}
    tiling = sparse(position(1, 1, path="a"), position(1, 1, path="b"), **paths)
    assert [tiling.place(frame)[2] for frame in range(2)] == [1, 0]
    with pytest.raises(hu.InvalidAttributeError, match="does not describe"):
        sparse(position(1, 1, path="c"), **paths)


@pytest.mark.parametrize(
    ("groups", "error", "attribute"),
    [
        ([position(0, 1)], hu.InvalidAttributeError, "RowPositionInTotalImagePixelMatrix"),
        ([position(1, 9)], hu.InvalidAttributeError, "ColumnPositionInTotalImagePixelMatrix"),
        ([position(1, None)], hu.MissingAttributeError, "ColumnPositionInTotalImagePixelMatrix"),
    ],
)
def test_positions_outside_of_the_matrix_are_refused(groups, error, attribute):
    with pytest.raises(error) as caught:
        sparse(*groups)
    assert caught.value.attribute == attribute


def test_a_single_frame_without_a_place_has_to_fill_the_matrix():
    assert read_tiling(SIZE, (5, 8), 1, "a").place(0) == (0, 0, 0, 0)
    with pytest.raises(hu.GeometryError):
        read_tiling(SIZE, TILE, 1, "a")


@pytest.mark.parametrize("frames", [8, 10])
def test_frames_that_do_not_fill_the_matrix_are_refused(frames):
    with pytest.raises(hu.InvalidAttributeError) as caught:
        read_tiling(FULL | {"TotalPixelMatrixFocalPlanes": 1}, TILE, frames, "a")
    assert caught.value.attribute == "NumberOfFrames"


def test_focal_planes_that_are_not_counted_follow_from_the_frames_and_are_assumed():
    tiling = read_tiling(FULL, TILE, 27, "a")
    assert tiling.planes == 3
    assert [step.outcome for step in tiling.steps] == ["assumed"]


@pytest.mark.parametrize("size", [{"TotalPixelMatrixRows": 5}, {"TotalPixelMatrixRows": 5, "TotalPixelMatrixColumns": 0},
    {"TotalPixelMatrixRows": "5", "TotalPixelMatrixColumns": 8}])  # fmt: skip
def test_a_matrix_without_a_size_is_refused(size):
    with pytest.raises((hu.MissingAttributeError, hu.InvalidAttributeError)):
        read_tiling(size, TILE, 1, "a")


def test_a_matrix_of_billions_of_tiles_costs_no_time():
    huge = Tiling((2**32 - 1, 2**32 - 1), (1, 1), ("",), 1)
    assert huge.tiles((0, 2**32 - 1, 0, 2**32 - 1), 0, 0, 3) == [(0, 0, 0), (1, 0, 1), (2, 0, 2)]


def test_regions_lie_within_the_matrix():
    tiling = read_tiling(FULL, TILE, 9, "a")
    assert region_bounds(tiling, None, (2, 5), "a") == (0, 5, 2, 5)
    for rows in ((3, 3), (-1, 2), (0, 6)):
        with pytest.raises(IndexError, match="rows"):
            region_bounds(tiling, rows, None, "a")


def test_layers_are_chosen_by_number_or_identifier():
    tiling = Tiling((5, 8), TILE, ("red", "green"), 2)
    assert layer_number(tiling, "green", 1, "a") == layer_number(tiling, 1, 0, "a") == 1
    for path, plane in (("blue", 0), (2, 0), (-1, 0), (0, 2), ("", 0)):
        with pytest.raises(IndexError):
            layer_number(tiling, path, plane, "a")
