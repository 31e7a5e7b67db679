"""Segmentations and parametric maps: what software makes of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from classes import Made, code, made_class, ramp
from classes_enhanced import enhanced, measures, plane

_ORIENTED = {"PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}]}
_POSITIONS = ((0.0, 0.0, 0.0), (0.0, 0.0, 3.0))


def _derived(**more: Any) -> dict[str, Any]:
    return {
        "ImageType": ["DERIVED", "PRIMARY"],
        "ContentLabel": "MADE",
        "ContentDescription": "",
        "ContentCreatorName": "",
        "SeriesDescription": "",
    } | more


def _segment(number: int) -> dict[str, Any]:
    return {
        "SegmentNumber": number,
        "SegmentLabel": f"segment {number}",
        "SegmentAlgorithmType": "MANUAL",
        "SegmentedPropertyCategoryCodeSequence": [code("123037004", "Anatomical Structure")],
        "SegmentedPropertyTypeCodeSequence": [code("10200004", "Liver")],
    }


def _segmentation(pixels: np.ndarray, **more: Any) -> Any:
    frames = [
        plane(*position) | {"SegmentIdentificationSequence": [{"ReferencedSegmentNumber": 1}]}
        for position in _POSITIONS
    ]
    return enhanced(
        "66.4",
        "SEG",
        pixels,
        measures(0.5, 0.6, 3) | _ORIENTED,
        frames,
        **_derived(SegmentSequence=[_segment(1)], **more),
    )


@made_class("binary segmentation")
def binary_segmentation() -> Made:
    values = ramp(2, 9, 7) % 2
    dataset = _segmentation(
        values, SegmentationType="BINARY", LossyImageCompression="00", BitsAllocated=1, BitsStored=1, HighBit=0
    )
    # 63 bits a frame: the second frame begins within a byte (PS3.5 8.1.1).
    packed = np.packbits(values.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset["PixelData"].VR = "OB"
    return Made(dataset, values, "", (0.5, 0.6), "patient", _POSITIONS)


@made_class("fractional segmentation")
def fractional_segmentation() -> Made:
    values = ramp(2, 9, 8)
    dataset = _segmentation(
        values, SegmentationType="FRACTIONAL", SegmentationFractionalType="PROBABILITY", MaximumFractionalValue=255
    )
    # A fraction is the stored value divided by Maximum Fractional Value (PS3.3 C.8.20.2.3).
    fractions = np.array([0.0, *(v / 255 for v in range(1, 256))], np.float32)[values]
    return Made(dataset, fractions, "1", (0.5, 0.6), "patient", _POSITIONS)


@made_class("parametric map, floating point")
def parametric_map() -> Made:
    values = (ramp(2, 6, 8, dtype=np.float32, most=999) / 7).astype(np.float32)
    mapping = {
        "DoubleFloatRealWorldValueFirstValueMapped": 0.0,
        "DoubleFloatRealWorldValueLastValueMapped": 1000.0,
        "RealWorldValueSlope": 1.0,
        "RealWorldValueIntercept": 0.0,
        "LUTExplanation": "diffusion",
        "LUTLabel": "ADC",
        "MeasurementUnitsCodeSequence": [code("um2/s", "um2/s", "UCUM")],
    }
    kind = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
    shared = (
        measures(1, 1.5, 3)
        | _ORIENTED
        | {"RealWorldValueMappingSequence": [mapping]}
        | {"ParametricMapFrameTypeSequence": [{"FrameType": kind}]}
        | {"FrameVOILUTSequence": [{"WindowCenter": 70, "WindowWidth": 140}]}
        | {"PixelValueTransformationSequence": [{"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "US"}]}
    )
    dataset = enhanced(
        "30",
        "MR",
        np.zeros(values.shape, np.uint16),
        shared,
        [plane(*position) for position in _POSITIONS],
        **_derived(ImageType=kind, PresentationLUTShape="IDENTITY", ContentQualification="RESEARCH", Laterality=""),
    )
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.BitsAllocated, dataset.RecognizableVisualFeatures = 32, "NO"
    dataset.FloatPixelData = values.tobytes()
    return Made(dataset, values, "", (1, 1.5), "patient", _POSITIONS)


@made_class("label map segmentation")
def label_map() -> Made:
    values = ramp(2, 9, 8) % 3
    frames = [plane(*position) for position in _POSITIONS]
    segments = [_segment(number) for number in (1, 2)]
    dataset = enhanced(
        "66.7",
        "SEG",
        values,
        measures(0.5, 0.6, 3) | _ORIENTED,
        frames,
        **_derived(SegmentSequence=segments, SegmentationType="LABELMAP", SegmentsOverlap="NO", PixelPaddingValue=0),
    )
    return Made(dataset, values, "", (0.5, 0.6), "patient", _POSITIONS)
