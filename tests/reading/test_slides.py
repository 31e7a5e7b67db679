"""Whole slides: regions of the total pixel matrix, and where they lie on the glass."""

import itertools

import imagecodecs
import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate_extended

import hounsfield as hu
from classes import every_class
from hounsfield.pixels import encapsulated
from hounsfield.sources.source import Source

import made

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
SPARSE, FULL = "whole slide, sparse tiles", "whole slide, all tiles, JPEG"
#: In which order the tiles of the sparse slide stand in the file; tile 0 is left above, 1 right above.
ORDER = (3, 0, 2, 1)


def slide(name, **attributes):
    """A made slide of 24 x 40 in tiles of 12 x 20, and the picture that its tiles make."""
    found = every_class()[name]()
    tiles = found.values[np.argsort(ORDER)] if name == SPARSE else found.values
    for keyword, value in attributes.items():
        setattr(found.dataset, keyword, value)
    picture = np.concatenate([np.concatenate(list(tiles[at : at + 2]), axis=1) for at in (0, 2)])
    return found.dataset, picture


def opened(dataset, **options):
    return hu.open_frames(made.to_bytes(dataset), **options)


@pytest.mark.parametrize("name", [SPARSE, FULL])
@pytest.mark.parametrize("rows", [None, (0, 12), (5, 19), (23, 24)])
@pytest.mark.parametrize("columns", [None, (20, 40), (19, 21), (0, 1)])
def test_a_region_is_that_of_the_whole_picture(name, rows, columns):
    dataset, picture = slide(name)
    expected = picture[slice(*(rows or (None,))), slice(*(columns or (None,)))]
    with opened(dataset) as frames:
        assert (frames.total_size, frames.optical_paths, frames.focal_planes) == ((24, 40), ("1",), 1)
        region = frames.region(rows, columns)
    assert region.values.shape == expected.shape
    assert np.abs(region.values.astype(int) - expected).max() <= (name == FULL)  # Pillow's own rounding of colours
    assert region.color
    assert region.padding is None
    assert (region.pixel_spacing, region.spacing_kind) == ((0.0005, 0.0005), "slide")


@pytest.mark.parametrize("name", [SPARSE, FULL])
def test_regions_and_tiles_lie_where_the_standard_has_them(name):
    dataset, _ = slide(name)
    with opened(dataset) as frames:
        region = frames.region((4, 20), (10, 30))
        tiles = [frame.slide_plane.position for frame in frames]
    # The rows of the image grow along -x, its columns along -y, from x = 20 mm, y = 40 mm.
    assert region.slide_plane.position[:2] == pytest.approx((20 - 4 * 0.0005, 40 - 10 * 0.0005))
    assert region.slide_plane.to_slide(2, 0)[:2] == pytest.approx((20 - 6 * 0.0005, 40 - 10 * 0.0005))
    assert region.plane is None
    places = [(20 - tile // 2 * 12 * 0.0005, 40 - tile % 2 * 20 * 0.0005) for tile in range(4)]
    for position, tile in zip(tiles, ORDER if name == SPARSE else range(4), strict=True):
        assert position[:2] == pytest.approx(places[tile])


def test_only_the_tiles_of_the_region_are_decoded(monkeypatch):
    dataset, _ = slide(FULL)
    decoded, decode = itertools.count(), encapsulated.decode_frame
    monkeypatch.setattr(encapsulated, "decode_frame", lambda *a: (next(decoded), decode(*a))[1])
    with opened(dataset) as frames:
        frames.region((12, 24), (0, 20))
        assert next(decoded) == 1


def test_places_that_no_tile_covers_are_padding():
    dataset, picture = slide(SPARSE)
    del dataset.PerFrameFunctionalGroupsSequence[3]  # the tile right above
    dataset.NumberOfFrames, dataset.PixelData = 3, dataset.PixelData[: 3 * 12 * 20 * 3]
    with opened(dataset) as frames:
        region, hole = frames.region(), frames.region((0, 5), (30, 40))
    gap = np.zeros((24, 40), bool)
    gap[:12, 20:] = True
    np.testing.assert_array_equal(region.padding, gap)
    np.testing.assert_array_equal(region.values[~gap], picture[~gap])
    assert not region.values[gap].any()
    assert hole.padding.all()
    assert hole.values.dtype == region.values.dtype


def planes_and_paths():
    """Two optical paths and three focal planes of 2 x 3 tiles in the order of TILED_FULL; each tile has its number."""
    tiles = np.repeat(np.arange(36, dtype=np.uint8), 16).reshape(36, 4, 4)
    return tiles, made.dataset(
        tiles, Modality="SM", TotalPixelMatrixRows=7, TotalPixelMatrixColumns=10, TotalPixelMatrixFocalPlanes=3,
        NumberOfOpticalPaths=2, DimensionOrganizationType="TILED_FULL", NumberOfFrames=36,
    )  # fmt: skip


def test_columns_run_fastest_then_rows_then_focal_planes_then_optical_paths():
    _, dataset = planes_and_paths()
    with opened(dataset, values="stored") as frames:
        for path, plane in itertools.product(range(2), range(3)):
            region = frames.region(path=path, plane=plane)
            first = (path * 3 + plane) * 6
            assert region.shape == (7, 10)
            assert region.values[0, ::4].tolist() == [first, first + 1, first + 2]
            assert region.values[6, ::4].tolist() == [first + 3, first + 4, first + 5]


@pytest.mark.parametrize(
    "wanted",
    [{"rows": (0, 8)}, {"rows": (3, 3)}, {"columns": (-1, 3)}, {"plane": 3}, {"path": 2}, {"path": "blue"},
     {"plane": -1}],
)  # fmt: skip
def test_what_the_slide_does_not_have_is_an_index_error(wanted):
    with opened(planes_and_paths()[1]) as frames, pytest.raises(IndexError):
        frames.region(**wanted)


def test_what_is_no_slide_has_no_regions():
    with hu.open_frames(get_testdata_file("emri_small.dcm")) as frames:
        assert (frames.total_size, frames.optical_paths, frames.focal_planes) == (None, (), 0)
        with pytest.raises(hu.GeometryError, match="not tiles"):
            frames.region()
        assert frames[0].slide_plane is None


@pytest.mark.parametrize("keyword", ["RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix"])
@pytest.mark.parametrize("value", [0, 41, -5, None])
def test_impossible_places_are_refused_and_the_tiles_are_read_all_the_same(keyword, value):
    dataset, _ = slide(SPARSE)
    setattr(dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSlideSequence[0], keyword, value)
    with opened(dataset) as frames:
        assert frames[2].shape == (12, 20, 3)
        with pytest.raises((hu.InvalidAttributeError, hu.MissingAttributeError), match="frame 2|of frame 2"):
            frames.region()


def test_a_number_of_frames_that_does_not_fill_the_slide_is_refused():
    dataset, _ = slide(FULL, TotalPixelMatrixRows=25)
    with opened(dataset) as frames, pytest.raises(hu.InvalidAttributeError, match="make 6"):
        frames.region()


def test_a_region_beyond_the_limit_is_refused_before_it_is_made():
    dataset, _ = slide(SPARSE, TotalPixelMatrixRows=2**31 - 1, TotalPixelMatrixColumns=2**31 - 1)
    with opened(dataset) as frames, pytest.raises(hu.LimitExceededError):
        frames.region()


def test_tiles_that_overlap_are_said():
    dataset, picture = slide(SPARSE)
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[3].PlanePositionSlideSequence[0].ColumnPositionInTotalImagePixelMatrix = 11  # right above, moved left by 10
    with opened(dataset) as frames:
        region = frames.region((0, 12))
    np.testing.assert_array_equal(region.values[:, :10], picture[:12, :10])
    np.testing.assert_array_equal(region.values[:, 10:30], picture[:12, 20:])
    assert region.padding[:, 30:].all()
    assert any(step.outcome == "assumed" and "overlap in 120 pixels" in step.detail for step in region.steps)
    with opened(dataset, strict=True) as frames, pytest.raises(hu.AssumptionError, match="overlap"):
        frames.region((0, 12))


def test_tiles_that_were_cut_at_the_edges_before_they_were_compressed():
    picture = np.random.default_rng(4).integers(0, 256, (7, 10), np.uint8)
    tiles = [picture[row : row + 4, column : column + 4] for row in (0, 4) for column in (0, 4, 8)]
    data = made.encoded(
        tiles[0], [imagecodecs.jpegls_encode(np.ascontiguousarray(tile)) for tile in tiles], "1.2.840.10008.1.2.4.80",
        Modality="SM", TotalPixelMatrixRows=7, TotalPixelMatrixColumns=10, DimensionOrganizationType="TILED_FULL",
        NumberOfFrames=6, TotalPixelMatrixFocalPlanes=1,
    )  # fmt: skip
    with hu.open_frames(data, values="stored") as frames:
        region, last = frames.region(), frames[5]
    np.testing.assert_array_equal(region.values, picture)
    assert region.padding is None
    assert last.padding[3].all()
    assert last.padding[:, 2:].all()
    assert not last.padding[:3, :2].any()
    assert any(step.outcome == "assumed" and "edge" in step.detail for step in region.steps)


@pytest.mark.parametrize("empty", [(2,), (0,), (0, 5), (1, 2, 3)])
@pytest.mark.parametrize("codec", ["JPEG-LS", "JPEG in colour"])
def test_a_tile_without_bytes_is_padding(codec, empty):
    """Scanners leave the codestream of a tile out where there is only glass (slim#97, openslide#501)."""
    rng = np.random.default_rng(4)
    colour = codec == "JPEG in colour"
    tiles = [rng.integers(0, 256, (8, 8, 3) if colour else (8, 8), np.uint8) for _ in range(6)]
    encode = imagecodecs.jpeg8_encode if colour else imagecodecs.jpegls_encode
    streams = [b"" if index in empty else encode(tile) for index, tile in enumerate(tiles)]
    more = dict(SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0) if colour else {}
    data = made.encoded(
        tiles[0][..., 0] if colour else tiles[0], streams, f"1.2.840.10008.1.2.4.{50 if colour else 80}", Modality="SM",
        TotalPixelMatrixRows=16, TotalPixelMatrixColumns=24, DimensionOrganizationType="TILED_FULL", NumberOfFrames=6,
        TotalPixelMatrixFocalPlanes=1, **more,
    )  # fmt: skip
    with hu.open_frames(data) as frames:
        region = frames.region()
        single = [frames[index] for index in range(6)]
    for index, tile in enumerate(tiles):
        rows, columns = (slice(index // 3 * 8, index // 3 * 8 + 8), slice(index % 3 * 8, index % 3 * 8 + 8))
        assert region.padding[rows, columns].all() == region.padding[rows, columns].any() == (index in empty)
        if index in empty:
            assert not region.values[rows, columns].any()
            assert single[index].padding.all()
        else:
            np.testing.assert_array_equal(region.values[rows, columns], single[index].values)
            if not colour:
                np.testing.assert_array_equal(single[index].values, tile)
    assert any(step.outcome == "assumed" and "tiles are empty" in step.detail for step in region.steps)
    with hu.open_frames(data, strict=True) as frames, pytest.raises(hu.AssumptionError, match="empty"):
        frames.region()


def test_an_empty_frame_of_what_is_no_slide_is_refused():
    tile = np.zeros((8, 8), np.uint8)
    data = made.encoded(tile, [imagecodecs.jpegls_encode(tile), b""], "1.2.840.10008.1.2.4.80", NumberOfFrames=2)
    with pytest.raises(hu.DecodeError):
        hu.read(data)


def test_a_number_of_focal_planes_that_is_missing_follows_from_that_of_frames():
    _, dataset = planes_and_paths()
    del dataset.TotalPixelMatrixFocalPlanes
    with opened(dataset) as frames:
        assert frames.focal_planes == 3
        assert any("3 focal planes" in step.detail for step in frames.region(plane=2).steps)


def test_a_file_of_a_concatenation_has_its_own_part_only():
    tiles, dataset = planes_and_paths()
    dataset.TotalPixelMatrixFocalPlanes, dataset.NumberOfOpticalPaths, dataset.NumberOfFrames = 1, 1, 3
    dataset.ConcatenationUID, dataset.ConcatenationFrameOffsetNumber = "1.2.3", 3  # the second row of tiles
    dataset.PixelData = tiles[:3].tobytes() + b"\0" * (tiles[:3].size % 2)
    with opened(dataset, values="stored") as frames:
        assert frames.region((4, 7)).values[0, ::4].tolist() == [0, 1, 2]
        for rows in (None, (3, 5), (0, 2)):
            with pytest.raises(hu.GeometryError, match="concatenation"):
                frames.region(rows)
    del dataset.ConcatenationFrameOffsetNumber
    with opened(dataset) as frames, pytest.raises(hu.MissingAttributeError):
        frames.region()


FIELDS = [
    "TotalPixelMatrixRows", "TotalPixelMatrixFocalPlanes", "NumberOfOpticalPaths", "ImageOrientationSlide",
    "TotalPixelMatrixOriginSequence", "OpticalPathSequence", "PerFrameFunctionalGroupsSequence",
    "SharedFunctionalGroupsSequence", "DimensionOrganizationType", "ConcatenationFrameOffsetNumber",
]  # fmt: skip


@pytest.mark.parametrize("name", [SPARSE, FULL])
@pytest.mark.parametrize("keyword", FIELDS)
@pytest.mark.parametrize("value", [None, 0, 2**31 - 1, "x", [0.0], "nan"], ids=str)
def test_hostile_headers_give_a_region_or_a_typed_error(name, keyword, value):
    dataset, _ = slide(name)
    data = made.to_bytes(dataset)
    with hu.open_frames(data) as frames:
        header = frames._opened.header  # what a damaged file's header gives may have any type
        header._cache[keyword] = value
        try:
            region = frames.region((0, 12), (0, 20))
            assert region.shape[:2] == (12, 20)
            assert region.slide_plane is None or np.isfinite(region.slide_plane.position[:2]).all()
        except hu.HounsfieldError:
            pass


NOISE = np.random.default_rng(3).integers(0, 64, (40, 64, 64), np.uint8)


def with_extended_table(*, padding=0, damaged=None):
    """JPEG-LS frames with an Extended Offset Table; `padding` makes the header longer."""
    streams = [bytes(imagecodecs.jpegls_encode(frame)) for frame in NOISE]
    streams = [stream + bytes(len(stream) % 2) for stream in streams]
    data, offsets, lengths = encapsulate_extended(streams)
    dataset = made.dataset(NOISE[0], NumberOfFrames=40, ICCProfile=bytes(padding))
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.80"
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths, dataset.PixelData = offsets, lengths, data
    if damaged:
        places, sizes = np.frombuffer(offsets, "<u8").copy(), np.frombuffer(lengths, "<u8").copy()
        damaged(places, sizes)
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = places.tobytes(), sizes.tobytes()
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return made.to_bytes(dataset)


@pytest.mark.parametrize("padding", [0, 300_000])
def test_a_complete_extended_offset_table_spares_the_walk(tmp_path, monkeypatch, padding):
    path = tmp_path / "many.dcm"
    path.write_bytes(with_extended_table(padding=padding))
    reads, load = [], Source.read_into
    monkeypatch.setattr(Source, "read_into", lambda self, at, *into: (reads.append(at), load(self, at, *into))[1])
    monkeypatch.setattr(Source, "load", lambda self: pytest.fail("the whole file was loaded"))
    with hu.open_frames(path) as frames:
        assert len(frames) == 40
        assert len(reads) < 10
        np.testing.assert_array_equal(frames[23].values, NOISE[23])


def _shifted(places, sizes):
    """Frame 5 takes bytes of frame 6: the table still accounts for every byte."""
    sizes[5] += 2
    places[6] += 2
    sizes[6] -= 2


def test_a_table_that_points_beside_the_fragments_is_never_followed(tmp_path):
    path = tmp_path / "many.dcm"
    path.write_bytes(with_extended_table(damaged=_shifted))
    with hu.open_frames(path) as frames:
        np.testing.assert_array_equal(frames[4].values, NOISE[4])
        for index in (5, 6):
            with pytest.raises(hu.DecodeError, match=f"frame {index}"):
                frames[index]


@pytest.mark.parametrize("change", [lambda p, s: p.fill(2**63), lambda p, s: s.fill(0), lambda p, s: p.sort()])
def test_a_useless_table_leads_to_a_walk(tmp_path, change):
    path = tmp_path / "many.dcm"
    path.write_bytes(with_extended_table(damaged=change))
    with hu.open_frames(path) as frames:
        np.testing.assert_array_equal(frames[7].values, NOISE[7])


@pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
def test_a_real_slide_is_put_together_as_its_tiles_are(corpus):
    # 10 x 14 tiles of 240 x 240, those at the edges cut to 2281 rows and 3175 columns before they were compressed.
    with hu.open_frames(corpus / "fo-dicom" / "multiframe.dcm") as frames:
        rows, columns = frames.total_size
        assert (rows - 9 * 240, columns - 13 * 240) == (121, 55)
        whole = frames.region()
        assert whole.padding is None or not whole.padding.any()
        assert np.array_equal(whole.values[240:480, 480:720], frames[16].values)
        assert np.array_equal(whole.values[:240, 13 * 240 :], frames[13].values[:, :55])
        assert np.array_equal(whole.values[9 * 240 :, 240:480], frames[127].values[:121])
        part = frames.region((200, 700), (100, 3000)).values
        assert np.array_equal(part, whole.values[200:700, 100:3000])
