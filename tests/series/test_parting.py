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


def test_a_volume_of_one_file_is_called_as_that_file_below_the_folder(volumes):
    stems = {volumes.facts[index].shape[0]: volumes.stem(index) for index in volumes.stacks}
    (three,) = (index for index in volumes.stacks if volumes.facts[index].shape[0] == 3)
    assert stems[15] == "more/rtdose.dcm"
    assert stems[3] == f"volume{volumes.facts[three].index:03}"


def test_members_of_archives_are_always_stacks(tmp_path, sample):
    shutil.copytree(sample("CT_small.dcm").parent / "dicomdirtests" / "77654033", tmp_path / "in")
    shutil.make_archive(str(tmp_path / "study"), "zip", tmp_path / "in")
    volumes = hu.read_volumes(tmp_path / "study.zip")
    assert volumes.stacks == list(range(len(volumes)))
    assert volumes.single_files == []
