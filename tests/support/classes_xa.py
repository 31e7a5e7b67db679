"""Enhanced X-ray angiography: functional groups, but projections, so without planes."""

from __future__ import annotations

import numpy as np

from classes import Made, made_class, ramp, uid
from classes_enhanced import acquired, anatomy, enhanced, window

_TYPE = ["ORIGINAL", "PRIMARY", "SINGLE PLANE", "NONE"]


@made_class("enhanced X-ray angiography")
def enhanced_xa() -> Made:
    pixels = ramp(3, 10, 12, dtype=np.uint16, most=1023)
    described = {
        "FrameType": _TYPE,
        "ImageProcessingApplied": "NONE",
        "PixelIntensityRelationship": "LIN",
        "PixelIntensityRelationshipSign": 1,
        "ImagerPixelSpacing": [0.2, 0.3],
        "GeometricalProperties": "UNIFORM",
    }
    shared = anatomy("80891009", "Heart") | window(512, 1024)
    shared |= {
        "XAXRFFrameCharacteristicsSequence": [{"DerivationDescription": "none"}],
        "FieldOfViewSequence": [
            {
                "FieldOfViewShape": "RECTANGLE",
                "FieldOfViewDimensionsInFloat": [2, 3.6],
                "FieldOfViewOrigin": [0, 0],
                "FieldOfViewRotation": "0",
                "FieldOfViewHorizontalFlip": "NO",
                "FieldOfViewDescription": "all",
            }
        ],
        "FramePixelDataPropertiesSequence": [described],
        "FrameDetectorParametersSequence": [{"DetectorActiveTime": 1}],
        "FrameAcquisitionSequence": [{"KVP": 70, "XRayTubeCurrentInmA": 100}],
        "PositionerPositionSequence": [{"PositionerPrimaryAngle": 0, "PositionerSecondaryAngle": 0}],
        "TablePositionSequence": [
            {
                "TableTopVerticalPosition": 0,
                "TableTopLongitudinalPosition": 0,
                "TableTopLateralPosition": 0,
                "TableHorizontalRotationAngle": 0,
                "TableHeadTiltAngle": 0,
                "TableCradleTiltAngle": 0,
            }
        ],
        "CollimatorShapeSequence": [
            {
                "CollimatorShape": "RECTANGULAR",
                "CollimatorLeftVerticalEdge": 0,
                "CollimatorRightVerticalEdge": 12,
                "CollimatorUpperHorizontalEdge": 0,
                "CollimatorLowerHorizontalEdge": 10,
            }
        ],
        "IrradiationEventIdentificationSequence": [{"IrradiationEventUID": uid("irradiation")}],
    }
    frames = [acquired() for _ in range(3)]
    dataset = enhanced(
        "12.1.1",
        "XA",
        pixels,
        shared,
        frames,
        ImageType=_TYPE,
        BitsStored=10,
        HighBit=9,
        PresentationLUTShape="IDENTITY",
        ContentQualification="RESEARCH",
        PatientOrientation="",
        PlanesInAcquisition="SINGLE PLANE",
        PlaneIdentification="MONOPLANE",
        AcquiredImageAreaDoseProduct=None,
        DetectorType="DIRECT",
        PhysicalDetectorSize=[2, 3.6],
        AcquisitionProtocolName="made",
        KVP=70,
        RadiationSetting="GR",
        RadiationMode="PULSED",
        ExposureInmAs=1,
        AveragePulseWidth=5,
        AcquisitionDuration=1,
        FocalSpots=0.6,
        XRayReceptorType="DIGITAL_DETECTOR",
        DistanceReceptorPlaneToDetectorHousing=10,
        PositionerType="CARM",
        CArmPositionerTabletopRelationship="NO",
        DistanceSourceToDetector=1000,
        SynchronizationFrameOfReferenceUID=uid("sync"),
        SynchronizationTrigger="NO TRIGGER",
        AcquisitionTimeSynchronized="N",
    )
    return Made(dataset, pixels, "", (0.2, 0.3), "detector")
