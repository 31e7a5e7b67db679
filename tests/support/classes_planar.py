"""Projections, photographs and ultrasound: classes without functional groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from classes import Made, code, common, made_class, ramp, uid

_SC = "1.2.840.10008.5.1.4.1.1."

_DX: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", ""],
    "PatientOrientation": ["A", "F"],
    "PresentationLUTShape": "IDENTITY",
    "PixelIntensityRelationship": "LIN",
    "PixelIntensityRelationshipSign": 1,
    "RescaleIntercept": 0,
    "RescaleSlope": 1,
    "RescaleType": "US",
    "DetectorType": "DIRECT",
    "AcquisitionContextSequence": None,
    "PresentationIntentType": "FOR PROCESSING",
    "PositionerType": "NONE",
    "ImagerPixelSpacing": [0.07, 0.07],
    "KVP": 28,
    "DetectorID": "",
    "ImageLaterality": "L",
    "AnatomicRegionSequence": [code("76752008", "Breast")],
}


@made_class("digital mammography, for processing")
def mammography() -> Made:
    pixels = ramp(24, 18, dtype=np.uint16, most=4095)
    dataset = common(
        f"{_SC}1.2.1",
        "MG",
        pixels,
        **_DX
        | {
            "BitsStored": 12,
            "HighBit": 11,
            "ViewCodeSequence": [code("399162004", "cranio-caudal") | {"ViewModifierCodeSequence": []}],
            "OrganExposed": "BREAST",
            "PositionerType": "MAMMOGRAPHIC",
            "BreastImplantPresent": "NO",
            "EstimatedRadiographicMagnificationFactor": 1.25,
            "PatientOrientation": ["P", "L"],
        },
    )
    # The distance in the breast: on the detector, divided by the magnification (PS3.3 10.7.1.2).
    return Made(dataset, pixels, "", (0.056, 0.056), "calibrated")


@made_class("intra-oral radiograph, for processing")
def intra_oral() -> Made:
    pixels = ramp(20, 30, dtype=np.uint16, most=4095)
    dataset = common(
        f"{_SC}1.3.1",
        "IO",
        pixels,
        **_DX
        | {
            "BitsStored": 12,
            "HighBit": 11,
            "ImagerPixelSpacing": [0.02, 0.03],
            "AnatomicRegionSequence": [code("70925003", "Maxilla")],
            "PrimaryAnatomicStructureSequence": [code("422653006", "Maxillary right central incisor tooth")],
        },
    )
    return Made(dataset, pixels, "", (0.02, 0.03), "detector")


@made_class("ophthalmic photograph, 8 bits")
def ophthalmic_photograph() -> Made:
    pixels = ramp(16, 20, 3)
    dataset = common(
        f"{_SC}77.1.5.1",
        "OP",
        pixels,
        ImageType=["ORIGINAL", "PRIMARY", "", "COLOR"],
        PatientOrientation=["L", "F"],
        ImageLaterality="R",
        PupilDilated="NO",
        IntraOcularPressure=None,
        HorizontalFieldOfView=45,
        RefractiveStateSequence=[],
        EmmetropicMagnification=None,
        PatientEyeMovementCommanded="NO",
        DetectorType="CCD",
        AcquisitionDeviceTypeCodeSequence=[code("409898007", "Fundus Camera")],
        IlluminationTypeCodeSequence=[],
        LightPathFilterTypeStackCodeSequence=[],
        ImagePathFilterTypeStackCodeSequence=[],
        LensesCodeSequence=[],
        AnatomicRegionSequence=[code("5665001", "Retina")],
        SynchronizationFrameOfReferenceUID=uid("sync"),
        SynchronizationTrigger="NO TRIGGER",
        AcquisitionTimeSynchronized="N",
        NumberOfFrames=1,
        FrameTime=0,
        FrameIncrementPointer=0x00181063,
    )
    return Made(dataset, pixels)


@made_class("intravascular ultrasound")
def ivus() -> Made:
    pixels = ramp(5, 12, 16)
    dataset = common(
        f"{_SC}3.1",
        "IVUS",
        pixels,
        ImageType=["ORIGINAL", "PRIMARY", "INTRAVASCULAR", "0001"],
        PatientOrientation=["", ""],
        FrameTime=40,
        Laterality="",
        IVUSAcquisition="MOTOR_PULLBACK",
        IVUSPullbackRate=0.5,
        IVUSPullbackStartFrameNumber=1,
        IVUSPullbackStopFrameNumber=5,
        SynchronizationFrameOfReferenceUID=uid("sync"),
        SynchronizationTrigger="NO TRIGGER",
        AcquisitionTimeSynchronized="N",
        FrameIncrementPointer=0x00181063,
        CineRate=25,
        SequenceOfUltrasoundRegions=[
            {
                "RegionSpatialFormat": 1,
                "RegionDataType": 1,
                "RegionFlags": 0,
                "RegionLocationMinX0": 0,
                "RegionLocationMinY0": 0,
                "RegionLocationMaxX1": 15,
                "RegionLocationMaxY1": 11,
                "PhysicalUnitsXDirection": 3,
                "PhysicalUnitsYDirection": 3,
                "PhysicalDeltaX": 0.002,
                "PhysicalDeltaY": 0.003,
            }
        ],
    )
    # 0.003 cm between rows, 0.002 cm between columns (PS3.3 C.8.5.5)
    return Made(dataset, pixels, "", (0.03, 0.02), "region")
