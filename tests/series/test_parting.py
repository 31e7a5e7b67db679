"""Which volumes are stacks of slices, and which files are by themselves."""

import shutil

import pytest

import hounsfield as hu


@pytest.fixture
def volumes(tmp_path, sample):
    hu.phantom(tmp_path / "ct", matrix=16, slices=3)
    hu.phantom(tmp_path / "gap", matrix=16, slices=4, missing=(2,), noise=3)  # leaves one slice by itself
    (tmp_path / "more").mkdir()
    for name in ("CT_small.dcm", "rtdose.dcm"):
        shutil.copy(sample(name), tmp_path / "more")
    (tmp_path / "broken.dcm").write_bytes(b"abc")
    return hu.read_volumes(tmp_path)


def test_stacks_are_volumes_of_several_slices_and_what_a_gap_left(volumes, tmp_path):
    assert sorted(volumes.facts[index].shape[0] for index in volumes.stacks) == [1, 2, 3, 15]


def test_single_files_are_those_in_no_stack(volumes, tmp_path):
    assert volumes.single_files == [str(tmp_path / "broken.dcm"), str(tmp_path / "more" / "CT_small.dcm")]


def test_volumes_are_called_by_study_and_series_wherever_their_files_lie(volumes, tmp_path, sample):
    stems = [volumes.stem(index) for index in range(len(volumes))]
    assert len(set(stems)) == len(stems)
    (dose,) = (index for index in volumes.stacks if volumes.facts[index].shape[0] == 15)
    assert stems[dose] == "20030805-RTDOSE-001"
    (tmp_path / "more").rename(tmp_path / "0elsewhere")
    moved = hu.read_volumes(sorted(map(str, tmp_path.rglob("*.dcm")), reverse=True))
    assert sorted(moved.stem(index) for index in range(len(moved))) == sorted(stems)
    named = hu.read_volumes(tmp_path / "0elsewhere" / "rtdose.dcm")
    assert named.stem(0) == "rtdose.dcm"
    assert named.stem(0, "{Modality}/{SeriesNumber}") == "RTDOSE/1"


def test_members_of_archives_are_always_stacks(tmp_path, sample):
    shutil.copytree(sample("CT_small.dcm").parent / "dicomdirtests" / "77654033", tmp_path / "in")
    shutil.make_archive(str(tmp_path / "study"), "zip", tmp_path / "in")
    volumes = hu.read_volumes(tmp_path / "study.zip")
    assert volumes.stacks == list(range(len(volumes)))
    assert volumes.single_files == []
