"""The header of one frame of an enhanced multi-frame file (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hounsfield.geometry import SlidePlane
from hounsfield.header import Header, WrappedHeader, item_at, items_of
from hounsfield.headers.frame_table import dose_positions
from hounsfield.headers.slides import tile_plane

#: The macros of one item whose attributes hold for a frame as if they stood in its own header. Macros that may have
#: several items (mappings, references, contrast agents) are not among them: they are had by their own keyword.
FRAME_MACROS = (
    # General (PS3.3 C.7.6.16.2)
    "PixelMeasuresSequence",
    "FrameContentSequence",
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PlanePositionVolumeSequence",
    "PlaneOrientationVolumeSequence",
    "PlanePositionSlideSequence",
    "CardiacSynchronizationSequence",
    "RespiratorySynchronizationSequence",
    "TemporalPositionSequence",
    "FrameAnatomySequence",
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
    "FrameDisplaySequence",
    "FrameDisplayShutterSequence",
    "StoredValueColorRangeSequence",
    "IrradiationEventIdentificationSequence",
    "PatientPhysiologicalStateSequence",
    "PatientOrientationInFrameSequence",
    "ImageDataTypeSequence",
    "SegmentIdentificationSequence",
    "OpticalPathIdentificationSequence",
    "USImageDescriptionSequence",
    "UnassignedSharedConvertedAttributesSequence",
    "UnassignedPerFrameConvertedAttributesSequence",
    # MR (C.8.13.5)
    "MRImageFrameTypeSequence",
    "MRTimingAndRelatedParametersSequence",
    "MRFOVGeometrySequence",
    "MREchoSequence",
    "MRModifierSequence",
    "MRImagingModifierSequence",
    "MRReceiveCoilSequence",
    "MRTransmitCoilSequence",
    "MRDiffusionSequence",
    "MRAveragesSequence",
    "MRMetaboliteMapSequence",
    "MRSpectroscopyFrameTypeSequence",
    "MRSpectroscopyFOVGeometrySequence",
    # CT (C.8.15.3)
    "CTImageFrameTypeSequence",
    "CTAcquisitionTypeSequence",
    "CTAcquisitionDetailsSequence",
    "CTTableDynamicsSequence",
    "CTPositionSequence",
    "CTGeometrySequence",
    "CTReconstructionSequence",
    "CTExposureSequence",
    "CTXRayDetailsSequence",
    # Enhanced XA, XRF and three-dimensional X-ray (C.8.19.6, C.8.21.5)
    "XAXRFFrameCharacteristicsSequence",
    "XRay3DFrameTypeSequence",
    "FieldOfViewSequence",
    "FramePixelDataPropertiesSequence",
    "FrameDetectorParametersSequence",
    "PositionerPositionSequence",
    "TablePositionSequence",
    "CollimatorShapeSequence",
    "IsocenterReferenceSystemSequence",
    "XRayGeometrySequence",
    "FrameAcquisitionSequence",
    "ProjectionPixelCalibrationSequence",
    # PET (C.8.22.5)
    "PETFrameTypeSequence",
    "PETFrameAcquisitionSequence",
    "PETDetectorMotionDetailsSequence",
    "PETPositionSequence",
    "PETTableDynamicsSequence",
    "PETFrameCorrectionFactorsSequence",
    "PETReconstructionSequence",
    # Others
    "ParametricMapFrameTypeSequence",
    "WholeSlideMicroscopyImageFrameTypeSequence",
    "ConfocalMicroscopyImageFrameTypeSequence",
    "IntravascularOCTFrameTypeSequence",
    "IntravascularFrameContentSequence",
    "IntravascularOCTFrameContentSequence",
    "PhotoacousticImageFrameTypeSequence",
)


class FrameHeader(WrappedHeader):
    """The header of one frame: its own functional groups first, then the shared ones, then the whole file.

    Values are converted when they are asked for: a file may have thousands of frames.
    """

    _macros = FRAME_MACROS

    def __init__(self, whole: Header, index: int) -> None:
        super().__init__(whole)
        self._index = index
        # The frame's own first: the first that has an attribute wins.
        own, shared = ("PerFrameFunctionalGroupsSequence", index), ("SharedFunctionalGroupsSequence", 0)
        self._places: list[Mapping[str, Any]] = []
        for group in (item_at(whole, *place) for place in (own, shared)):
            if group is not None:
                self._places.append(group)
                self._places += [item for macro in self._macros for item in items_of(group, macro)[:1]]

    @property
    def slide_plane(self) -> SlidePlane | None:
        """The place on a slide, or None where the file does not say."""
        return tile_plane(self, self._index)

    def __getitem__(self, keyword: str) -> Any:
        for place in self._places:
            value = place.get(keyword)
            if value is not None:
                return value
        return self._whole[keyword]

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for place in (*self._places, self._whole):
            for keyword in place:
                if keyword not in seen:
                    seen.add(keyword)
                    yield keyword


class DoseFrameHeader(FrameHeader):
    """The header of one frame of an RT dose: that of the file, with the frame's own position."""

    def __init__(self, whole: Header, index: int) -> None:
        super().__init__(whole, index)
        position = dose_positions(whole, index + 1)[index]
        self._position = None if np.isnan(position).any() else position.tolist()

    def __getitem__(self, keyword: str) -> Any:
        if keyword != "ImagePositionPatient":
            return super().__getitem__(keyword)
        if self._position is None:
            raise KeyError(keyword)  # the file's is that of the first frame
        return self._position


class RegionHeader(FrameHeader):
    """The header of a region of the total pixel matrix: that of one of its tiles, without what is the tile's own.

    Parameters
    ----------
    whole
        The header of the file.
    index
        0-based index of a frame of the region.
    path
        0-based number of its optical path: Optical Path Sequence has this item only.
    plane
        Where the region lies on the slide.
    """

    _macros = tuple(
        macro for macro in FRAME_MACROS if macro not in ("PlanePositionSlideSequence", "FrameContentSequence")
    )

    def __init__(self, whole: Header, index: int, path: int, plane: SlidePlane | None) -> None:
        super().__init__(whole, index)
        self._plane = plane
        own = item_at(whole, "OpticalPathSequence", path)
        if own is not None:
            self._places.insert(0, {"OpticalPathSequence": [own]})

    @property
    def slide_plane(self) -> SlidePlane | None:
        """The place on a slide, or None where the file does not say."""
        return self._plane

    def for_frame(self, index: int) -> Header:
        """Return this header: a region is one picture."""
        return self
