"""Whatever stands in these attributes: a result or a typed error."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.header import Header
from hounsfield.headers.frame_times import read_frame_times
from hounsfield.headers.regions import read_regions
from hounsfield.headers.spacing import pixel_spacing
from hounsfield.values.overlays import Cells, read_overlay
from hounsfield.values.segments import read_segments

from conftest import SOME_OR_ALL

SCALARS = st.one_of(
    st.none(),
    st.integers(-(2**33), 2**33),
    st.integers(0, 5),
    st.just(10**400),
    st.floats(),
    st.text(max_size=6),
    st.binary(max_size=40),
    st.sampled_from(["00181063", "00181065", "00540030", "20061219120938.4", "BINARY", "LABELMAP", "FRACTIONAL"]),
)
KEYWORDS = """
    SequenceOfUltrasoundRegions RegionSpatialFormat RegionDataType RegionFlags RegionLocationMinX0 RegionLocationMinY0
    RegionLocationMaxX1 RegionLocationMaxY1 ReferencePixelX0 ReferencePixelY0 PhysicalUnitsXDirection PhysicalDeltaX
    PhysicalUnitsYDirection PhysicalDeltaY ReferencePixelPhysicalValueX ReferencePixelPhysicalValueY Rows Columns
    FrameIncrementPointer FrameTime FrameTimeVector CineRate PhaseVector TimeSliceVector PhaseInformationSequence
    GatedInformationSequence DataInformationSequence TimeSlotVector RRIntervalVector PhaseDelay ActualFrameDuration PauseBetweenFrames PerFrameFunctionalGroupsSequence FrameContentSequence
    FrameReferenceDateTime FrameAcquisitionDateTime SharedFunctionalGroupsSequence SegmentSequence SegmentNumber
    SegmentLabel SegmentationType MaximumFractionalValue RecommendedDisplayCIELabValue BitsAllocated
    SegmentedPropertyTypeCodeSequence CodeValue SegmentIdentificationSequence ReferencedSegmentNumber
    DerivationImageSequence SourceImageSequence ReferencedSOPInstanceUID PixelSpacing ImagerPixelSpacing Modality
    EstimatedRadiographicMagnificationFactor ProjectionPixelCalibrationSequence PhotometricInterpretation
    OverlayRows OverlayColumns OverlayOrigin OverlayData OverlayBitPosition NumberOfFramesInOverlay ImageFrameOrigin
""".split()


class Plain(Header):
    """A header over a dictionary."""

    def __init__(self, values):
        self._values = values

    dataset = None

    def for_frame(self, index):
        return self

    def __getitem__(self, keyword):
        return self._values[keyword]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)


def headers(depth=3):
    values = st.one_of(SCALARS, st.lists(SCALARS, max_size=4))
    if depth:
        values = st.one_of(values, st.lists(headers(depth - 1), max_size=3))
    return st.dictionaries(st.sampled_from(KEYWORDS), values, max_size=12).map(Plain)


def typed(function, *arguments):
    try:
        return function(*arguments)
    except hu.HounsfieldError as error:
        str(error)
        return None


HOSTILE = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@HOSTILE
@given(headers(), st.integers(1, 4))
def test_hostile_headers(header, frames):
    typed(pixel_spacing, header)
    typed(read_frame_times, header, frames, "file")
    regions = typed(read_regions, header, "file")
    for region in regions or ():
        regions.at(1, 1)
        typed(region.to_physical, 1, 1)


PLANES = st.fixed_dictionaries(
    {},
    optional={
        "OverlayRows": st.one_of(st.integers(-1, 9), SCALARS),
        "OverlayColumns": st.one_of(st.integers(-1, 9), SCALARS),
        "OverlayOrigin": st.one_of(st.lists(st.integers(-9, 9), min_size=2, max_size=2), SCALARS),
        "OverlayData": st.one_of(st.binary(min_size=1, max_size=20), SCALARS),
        "OverlayBitPosition": st.one_of(st.integers(0, 17), SCALARS),
        "NumberOfFramesInOverlay": st.one_of(st.integers(-1, 4), SCALARS),
        "ImageFrameOrigin": st.one_of(st.integers(-1, 4), SCALARS),
    },
)


@HOSTILE
@given(PLANES, st.integers(1, 3))
def test_hostile_overlays(plane, frames):
    blank = hu.Image(np.zeros((frames, 4, 5), bool))
    cells = Cells(np.zeros((frames, 4, 5), np.uint16), range(12), 16)
    for below in ((blank, frames), (None, 1)):
        overlay = typed(read_overlay, 0x6000, plane, below, lambda: cells, "file", hu.Limits())
        if overlay is not None and overlay.mask is not None:
            assert overlay.mask.values.shape == (frames, 4, 5)


SEGMENTS = st.fixed_dictionaries(
    {
        "SegmentSequence": st.lists(
            st.fixed_dictionaries(
                {"SegmentNumber": st.one_of(st.integers(0, 3), SCALARS)},
                optional={
                    "RecommendedDisplayCIELabValue": st.one_of(
                        st.lists(st.integers(0, 65535), min_size=3, max_size=3), SCALARS
                    ),
                    "SegmentedPropertyTypeCodeSequence": st.one_of(SCALARS, st.lists(headers(0), max_size=1)),
                },
            ),
            min_size=1,
            max_size=3,
        ),
        "SegmentationType": st.one_of(st.sampled_from(["BINARY", "LABELMAP", "FRACTIONAL"]), SCALARS),
    },
    optional={
        "MaximumFractionalValue": st.one_of(st.integers(0, 255), SCALARS),
        "PhotometricInterpretation": st.sampled_from(["PALETTE COLOR", "MONOCHROME2"]),
        "PerFrameFunctionalGroupsSequence": st.lists(
            st.one_of(
                headers(2),
                st.integers(0, 3).map(
                    lambda n: Plain({"SegmentIdentificationSequence": [{"ReferencedSegmentNumber": n}]})
                ),
            ),
            max_size=3,
        ),
    },
).map(Plain)


@HOSTILE
@given(SEGMENTS, st.integers(1, 3))
def test_hostile_segments(header, frames):
    values = np.arange(frames * 20, dtype=np.uint8).reshape(frames, 4, 5) % 4
    for segment in typed(read_segments, hu.Image(values, header=header), 0.5) or ():
        assert (segment.mask is None) == (not segment.frame_index)
        assert len(segment.planes) == len(segment.frame_index) == len(segment.source_uids)
        assert segment.fractions is None or segment.fractions.values.max() <= 1


@pytest.mark.parametrize("files", SOME_OR_ALL)
@pytest.mark.parametrize("function", [hu.overlays, hu.segments, hu.regions, hu.frame_times], ids=lambda f: f.__name__)
def test_every_real_file_gives_a_result_or_a_typed_error(function, files):
    answered = 0
    for path in files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hu.AssumptionWarning)
            answered += typed(function, path) is not None
    assert answered > len(files()) / 4


def test_streams_and_bytes_give_what_the_path_gives(sample):
    path = sample("examples_palette.dcm")
    with path.open("rb") as file:
        assert hu.regions(file) == hu.regions(path.read_bytes()) == hu.regions(path) == hu.regions(hu.read(path))
