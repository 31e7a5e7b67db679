"""The header of one frame: its own functional groups, then shared ones, then the file's."""

import pydicom
import pytest
from pydicom.dataset import Dataset

from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.headers.frame_header import FRAME_MACROS, DoseFrameHeader, FrameHeader, RegionHeader


def made(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


WHOLE = DatasetHeader(
    made(
        Modality="MR",
        RescaleSlope=1,
        SharedFunctionalGroupsSequence=[
            made(
                PixelMeasuresSequence=[made(PixelSpacing=[2, 1], SliceThickness=3)],
                PixelValueTransformationSequence=[made(RescaleSlope=2)],
            )
        ],
        PerFrameFunctionalGroupsSequence=[
            made(PixelValueTransformationSequence=[made(RescaleSlope=4)]),
            made(PixelMeasuresSequence=[made(SliceThickness=5)]),
            made(),
        ],
    )
)


def test_the_frames_own_value_comes_first_then_the_shared_one_then_the_files():
    assert [FrameHeader(WHOLE, index)["RescaleSlope"] for index in range(3)] == [4, 2, 2]
    assert [FrameHeader(WHOLE, index)["SliceThickness"] for index in range(3)] == [3, 5, 3]
    assert FrameHeader(WHOLE, 0)["Modality"] == "MR"


def test_a_frame_beyond_the_groups_has_what_is_shared():
    assert FrameHeader(WHOLE, 7)["RescaleSlope"] == 2


def test_each_keyword_is_listed_once_and_has_a_value():
    header = FrameHeader(WHOLE, 0)
    keywords = list(header)
    assert len(keywords) == len(set(keywords)) == len(header)
    assert {"RescaleSlope", "PixelSpacing", "Modality"} <= set(keywords)
    assert all(header[keyword] is not None for keyword in keywords)


def test_absent_attributes_are_a_key_error():
    with pytest.raises(KeyError):
        FrameHeader(WHOLE, 0)["EchoTime"]
    assert "EchoTime" not in FrameHeader(WHOLE, 0)


def test_another_frame_is_had_from_each():
    assert FrameHeader(WHOLE, 1).for_frame(0)["RescaleSlope"] == 4


def test_macros_of_several_items_do_not_stand_for_the_frame():
    mapping = made(RealWorldValueMappingSequence=[made(RealWorldValueSlope=1.0), made(RealWorldValueSlope=2.0)])
    header = FrameHeader(DatasetHeader(made(PerFrameFunctionalGroupsSequence=[mapping])), 0)
    assert "RealWorldValueSlope" not in header
    assert len(header["RealWorldValueMappingSequence"]) == 2


def test_macros_are_sequences_of_the_dictionary():
    for macro in FRAME_MACROS:
        assert pydicom.datadict.dictionary_VR(macro) == "SQ"
    assert len(set(FRAME_MACROS)) == len(FRAME_MACROS)


def test_a_frame_of_a_dose_has_its_own_position():
    whole = DatasetHeader(made(ImagePositionPatient=[1, 2, 3], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                               GridFrameOffsetVector=[0, 5, 10], DoseUnits="GY"))  # fmt: skip
    header = DoseFrameHeader(whole, 2)
    assert (header["ImagePositionPatient"], header["DoseUnits"]) == ([1, 2, 13], "GY")
    with pytest.raises(KeyError):  # not that of the first frame
        DoseFrameHeader(whole, 3)["ImagePositionPatient"]


def test_a_region_has_its_optical_path_and_no_position_of_a_tile():
    tile = made(PlanePositionSlideSequence=[made(RowPositionInTotalImagePixelMatrix=1)])
    paths = [made(OpticalPathIdentifier="a"), made(OpticalPathIdentifier="b")]
    whole = DatasetHeader(made(PerFrameFunctionalGroupsSequence=[tile], OpticalPathSequence=paths))
    assert FrameHeader(whole, 0)["RowPositionInTotalImagePixelMatrix"] == 1
    region = RegionHeader(whole, 0, 1, None)
    assert "RowPositionInTotalImagePixelMatrix" not in region
    assert [item["OpticalPathIdentifier"] for item in region["OpticalPathSequence"]] == ["b"]
    assert region.for_frame(5) is region
