"""A sequence of volumes: chosen, kept, and put into one array."""

import gc
import weakref

import numpy as np
import pytest

import hounsfield as hu

from series_made import ct, edit, expected, louder, with_padding


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two phases of one series, and another series."""
    top = tmp_path_factory.mktemp("volumes")
    for index, path in enumerate(ct(top / "a", slices=3, phases=2).files):
        edit(path, louder(index % 2), TemporalPositionIdentifier=index % 2 + 1, SeriesNumber=3)
    for path in ct(top / "b", slices=2).files:
        edit(path, SeriesInstanceUID="1.2.3", SeriesNumber=4, SeriesDescription="other")
    return top


def test_a_range_of_volumes_is_read_only_when_it_is_asked_for(folder):
    volumes = hu.read_volumes(folder)
    some = volumes[1:]
    assert isinstance(some, type(volumes))
    assert [facts.index for facts in some.facts] == [1, 2]
    assert np.array_equal(some[0].values, volumes[1].values)
    assert volumes[-1].shape == (2, 24, 24)


def test_an_index_out_of_range_says_how_many_there_are(folder):
    with pytest.raises(IndexError, match="3 volumes"):
        hu.read_volumes(folder)[3]


def test_volumes_are_chosen_by_what_their_series_says(folder):
    volumes = hu.read_volumes(folder)
    assert len(volumes.of(SeriesNumber=3)) == 2
    assert [facts.description for facts in volumes.of(SeriesNumber=4, Modality="CT").facts] == ["other"]
    assert len(volumes.of(Modality="MR")) == 0
    with pytest.raises(ValueError, match="EchoTime is not one of"):
        volumes.of(EchoTime=3)


def test_a_volume_is_read_once_while_it_is_in_use(folder):
    volumes = hu.read_volumes(folder)
    first = volumes[0]
    assert volumes[1] is not first
    assert volumes[0] is first


def test_only_the_last_volume_is_kept(folder):
    volumes = hu.read_volumes(folder)
    first = weakref.ref(volumes[0])
    assert first() is not None
    _ = volumes[1]
    gc.collect()
    assert first() is None


def test_phases_are_stacked_in_their_order(folder):
    volumes = hu.read_volumes(folder).of(SeriesNumber=3)
    stacked = volumes.stacked()
    assert stacked.shape == (2, 3, 24, 24)
    for phase, volume in enumerate(volumes):
        for index, source in enumerate(volume.sources):
            assert np.array_equal(stacked[phase, index], expected(source.path))


def test_volumes_of_different_shape_are_not_stacked(folder):
    with pytest.raises(hu.GeometryError, match="differ in shape or place"):
        hu.read_volumes(folder).stacked()
    with pytest.raises(hu.GeometryError, match="no volumes"):
        hu.read_volumes(folder)[:0].stacked()


def test_the_report_is_of_all_files_whichever_volumes_are_chosen(folder):
    volumes = hu.read_volumes(folder)
    assert len(volumes[:1].report.files) == len(volumes.report.files) == 8


def test_the_text_shows_a_line_for_each_volume(folder):
    first, *lines = repr(hu.read_volumes(folder)).splitlines()
    assert "3, of 8 files" in first
    assert lines[1].startswith("  1: CT 3 x 24 x 24, spacing (5, ")
    assert lines[1].endswith("TemporalPositionIdentifier 2")


def test_a_resampled_slice_is_the_mean_of_its_neighbours_and_padding_beside_padding(tmp_path):
    made = ct(tmp_path, slices=5)

    for path in made.files:
        edit(path, with_padding(777, slice(1) if path == made.files[1] else slice(0)))
    made.files[2].unlink()
    volume = hu.read_volumes(tmp_path, gaps="resample")[0]
    mean = (expected(made.files[1]) + expected(made.files[3])) / 2
    assert np.array_equal(volume.values[2][1:], mean[1:])
    assert volume.padding[:, 0, 0].tolist() == [False, True, True, False, False]
    assert not volume.padding[:, 1:].any()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"gaps": "fill"}, ValueError, "gaps must be one of split, resample, refuse"),
        ({"values": "density"}, ValueError, "density"),
    ],
)
def test_options_that_there_are_not_are_refused(folder, options, error, says):
    with pytest.raises(error, match=says):
        hu.read_volumes(folder, **options)


def test_a_folder_without_files_is_an_error(tmp_path):
    with pytest.raises(hu.SourceError):
        hu.read_volumes(tmp_path)


def test_a_single_file_that_is_no_dicom_is_an_error_and_one_among_others_is_reported(tmp_path):
    (tmp_path / "a").write_text("text")
    with pytest.raises(hu.NotDicomError):
        hu.read_volumes(tmp_path / "a")
    assert hu.read_volumes(tmp_path).report.counts["not DICOM"] == 1
