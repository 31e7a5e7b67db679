"""Columns of the frames of a file: by functional groups, offsets of a dose, the detector of a gamma camera."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from hounsfield.header import numbers_or_nan
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.headers.frame_table import FRAME_NUMBERS, FRAME_TEXTS, dose_positions, frame_table


def made(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def table_of(frames, **attributes):
    return frame_table(DatasetHeader(made(**attributes)), frames)


def frame(z, **more):
    return made(PlanePositionSequence=[made(ImagePositionPatient=[1, 2, z])], **more)


SHARED = [made(PlaneOrientationSequence=[made(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
               PixelMeasuresSequence=[made(PixelSpacing=[0.5, 0.25], SliceThickness=3)])]  # fmt: skip


def test_columns_are_attributes_of_the_dictionary():
    names = {*FRAME_NUMBERS, *FRAME_TEXTS} - {"dimension"}
    for name in names:
        assert pydicom.datadict.tag_for_keyword(name.rsplit(".")[-1]), name


def test_each_frame_has_its_own_place_and_what_is_shared():
    table = table_of(2, SharedFunctionalGroupsSequence=SHARED, PerFrameFunctionalGroupsSequence=[frame(3), frame(8)])
    assert table.numbers["ImagePositionPatient"].tolist() == [[1, 2, 3], [1, 2, 8]]
    assert table.numbers["PixelSpacing"].tolist() == [[0.5, 0.25]] * 2
    assert table.numbers["SliceThickness"].tolist() == [3, 3]
    assert np.isnan(table.numbers["RepetitionTime"]).all()


def test_attributes_of_inner_sequences_are_columns_of_their_own():
    direction = made(
        DiffusionGradientDirectionSequence=[made(DiffusionGradientOrientation=[0, 0, 1])], DiffusionBValue=500
    )
    group = frame(0, MRDiffusionSequence=[direction], CTReconstructionSequence=[made(ConvolutionKernel="B30f")])
    table = table_of(1, PerFrameFunctionalGroupsSequence=[group])
    assert table.numbers["DiffusionGradientOrientation"].tolist() == [[0, 0, 1]]
    assert table.numbers["DiffusionBValue"].tolist() == [500]
    assert table.texts["ConvolutionKernel"] == ["B30f"]
    assert table.texts["StackID"] == [""]


def test_moments_are_microseconds():
    groups = [
        frame(0, FrameContentSequence=[made(FrameAcquisitionDateTime=t)])
        for t in ("20200101120000", "20200101120001.5")
    ]
    first, second = table_of(2, PerFrameFunctionalGroupsSequence=groups).numbers["FrameAcquisitionDateTime"]
    assert second - first == 1_500_000
    assert first == np.datetime64("2020-01-01T12:00:00", "us").astype(np.int64)


def test_dimensions_number_frames_without_those_that_count_positions():
    pointers = [made(DimensionIndexPointer=tag) for tag in (0x00209056, 0x00209057, 0x00189087)]
    indices = [[1, 1, 2], [1, 2, 2], [1, 1, 1], [1, 2, 1]]
    groups = [frame(0, FrameContentSequence=[made(DimensionIndexValues=values)]) for values in indices]
    table = table_of(4, PerFrameFunctionalGroupsSequence=groups, DimensionIndexSequence=pointers)
    assert table.numbers["dimension"].tolist() == [1, 1, 0, 0]


def test_frames_of_a_file_that_does_not_say_where_have_no_place():
    table = table_of(3, Modality="US", ImagePositionPatient=[0, 0, 0])
    assert np.isnan(table.numbers["ImagePositionPatient"]).all()
    assert table.numbers["ImagePositionPatient"].shape == (3, 3)


DOSE = {"ImagePositionPatient": [1, 2, 30], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}


@pytest.mark.parametrize(
    ("attributes", "depths"),
    [
        ({"GridFrameOffsetVector": [0, 3, 6]}, [30, 33, 36]),
        ({"GridFrameOffsetVector": [0, -3, -6]}, [30, 27, 24]),
        ({"GridFrameOffsetVector": [30, 33, 36]}, [30, 33, 36]),  # places, not offsets (PS3.3 C.8.8.3.2)
    ],
)
def test_planes_of_a_dose_lie_by_their_offsets_or_places(attributes, depths):
    points = dose_positions(DatasetHeader(made(**DOSE, **attributes)), 3)
    assert points.tolist() == [[1, 2, z] for z in depths]


def test_offsets_of_a_coronal_dose_run_along_its_normal():
    header = DatasetHeader(
        made(**DOSE | {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, GridFrameOffsetVector=[0, 4])
    )
    assert dose_positions(header, 2).tolist() == [[1, 2, 30], [1, 6, 30]]  # x cross -z is y


@pytest.mark.parametrize("offsets", [[0, 3], [5, 8, 11]])
def test_offsets_that_do_not_tell_give_no_place(offsets):
    """Too few of them; or places on the patient's axis of planes that are not transverse."""
    header = made(**DOSE | {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, GridFrameOffsetVector=offsets)
    assert np.isnan(dose_positions(DatasetHeader(header), 3)).all()


NM = {
    "Modality": "NM", "ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"], "SpacingBetweenSlices": 4,
    "DetectorInformationSequence": [made(ImagePositionPatient=[1, 2, 3], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
}  # fmt: skip


def test_slices_of_a_tomogram_go_on_from_the_detectors_position():
    points = table_of(3, **NM, SliceVector=[1, 3, 2]).numbers["ImagePositionPatient"]
    assert points.tolist() == [[1, 2, 3], [1, 2, 11], [1, 2, 7]]


def test_time_slots_and_energy_windows_are_columns():
    table = table_of(4, **NM, SliceVector=[1, 2, 1, 2], TimeSlotVector=[1, 1, 2, 2], EnergyWindowVector=[1, 1, 1, 1])
    assert table.numbers["TemporalPositionIndex"].tolist() == [1, 1, 2, 2]
    assert np.isnan(table.numbers["EnergyWindowVector"]).all()  # the same for all
    both = table_of(4, **NM, SliceVector=[1] * 4, RRIntervalVector=[1, 1, 2, 2], TimeSlotVector=[1, 2, 1, 2])
    assert both.numbers["TemporalPositionIndex"].tolist() == [1, 2, 3, 4]


def test_a_vector_of_another_length_tells_nothing():
    assert np.isnan(table_of(3, **NM, SliceVector=[1, 2]).numbers["ImagePositionPatient"]).all()


@pytest.mark.parametrize(
    ("value", "count", "numbers"),
    [([1, 2, 3], 3, [1, 2, 3]), ([1, 2], 3, [np.nan] * 3), ([1, "x", 3], 3, [np.nan] * 3), (5, 1, [5]), ([5, 6], 1, [5]),
     (None, 2, [np.nan] * 2), ([1, float("inf")], 2, [np.nan] * 2), (10**400, 1, [np.nan])],
)  # fmt: skip
def test_exactly_so_many_numbers_or_none(value, count, numbers):
    assert np.array_equal(numbers_or_nan(value, count), numbers, equal_nan=True)
