"""Multi-frame classes with functional groups: the frames have planes, spacing and rescale of their own or shared."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from classes import Made, code, common, fill, made_class, ramp, uid

_SC = "1.2.840.10008.5.1.4.1.1."
_AXIAL = [1, 0, 0, 0, 1, 0]


def enhanced(
    name: str,
    modality: str,
    pixels: np.ndarray,
    shared: dict[str, Any],
    frames: list[dict[str, Any]],
    **attributes: Any,
) -> Dataset:
    """A multi-frame file with one dimension, the position in the stack."""
    dimension = uid("dimension", name)
    for index, frame in enumerate(frames):
        content = {
            "StackID": "1",
            "InStackPositionNumber": index + 1,
            "DimensionIndexValues": index + 1,
        } | frame.get("FrameContentSequence", [{}])[0]
        frame["FrameContentSequence"] = [content]
    dataset = common(_SC + name, modality, pixels, NumberOfFrames=len(frames))
    fill(
        dataset,
        {
            "FrameOfReferenceUID": uid("frame of reference", name),
            "PositionReferenceIndicator": "",
            "InstanceNumber": 1,
            "DimensionOrganizationSequence": [{"DimensionOrganizationUID": dimension}],
            "DimensionIndexSequence": [
                {
                    "DimensionOrganizationUID": dimension,
                    "DimensionIndexPointer": 0x00209057,
                    "FunctionalGroupPointer": 0x00209111,
                    "DimensionDescriptionLabel": "position",
                }
            ],
            "AcquisitionContextSequence": [],
            "SharedFunctionalGroupsSequence": [shared],
            "PerFrameFunctionalGroupsSequence": frames,
        }
        | attributes,
    )
    return dataset


def measures(between_rows: float, between_columns: float, thickness: float) -> dict[str, Any]:
    return {"PixelMeasuresSequence": [{"PixelSpacing": [between_rows, between_columns], "SliceThickness": thickness}]}


def plane(*position: float) -> dict[str, Any]:
    return {"PlanePositionSequence": [{"ImagePositionPatient": list(position)}]}


def rescale(slope: float, intercept: float, unit: str) -> dict[str, Any]:
    transform = {"RescaleSlope": slope, "RescaleIntercept": intercept, "RescaleType": unit}
    return {"PixelValueTransformationSequence": [transform]}


#: What the legacy classes keep of the files they were converted from: here nothing.
_UNASSIGNED: dict[str, Any] = {"UnassignedPerFrameConvertedAttributesSequence": [{}]}


def anatomy(value: str, meaning: str, laterality: str = "U") -> dict[str, Any]:
    return {"FrameAnatomySequence": [{"AnatomicRegionSequence": [code(value, meaning)], "FrameLaterality": laterality}]}


def window(center: float, width: float) -> dict[str, Any]:
    return {"FrameVOILUTSequence": [{"WindowCenter": center, "WindowWidth": width}]}


def acquired(**more: Any) -> dict[str, Any]:
    """Times of a frame that was acquired."""
    content = {
        "FrameAcquisitionNumber": 1,
        "FrameReferenceDateTime": "20240101120000",
        "FrameAcquisitionDateTime": "20240101120000",
        "FrameAcquisitionDuration": 1,
    }
    return {"FrameContentSequence": [content | more]}


_ORIENTED = {"PlaneOrientationSequence": [{"ImageOrientationPatient": _AXIAL}]}
_TYPE = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
_FRAME_TYPE = {
    "FrameType": _TYPE,
    "PixelPresentation": "MONOCHROME",
    "VolumetricProperties": "VOLUME",
    "VolumeBasedCalculationTechnique": "NONE",
}
_IMAGE = {
    "ImageType": _TYPE,
    "PixelPresentation": "MONOCHROME",
    "VolumetricProperties": "VOLUME",
    "VolumeBasedCalculationTechnique": "NONE",
    "ContentQualification": "RESEARCH",
    "PresentationLUTShape": "IDENTITY",
    "Laterality": "",
}


@made_class("legacy converted enhanced CT, a slope for each frame")
def enhanced_ct() -> Made:
    pixels = ramp(3, 10, 14, dtype=np.uint16, most=4095)
    transforms = [(1, -1024), (2, -1024), (1, 0)]
    frames = [
        _UNASSIGNED | acquired() | plane(-50, -40, 2.5 * index) | rescale(slope, intercept, "HU") | window(40, 400)
        for index, (slope, intercept) in enumerate(transforms)
    ]
    shared = measures(0.5, 0.75, 2.5) | _ORIENTED | {"CTImageFrameTypeSequence": [_FRAME_TYPE]}
    dataset = enhanced("2.2", "CT", pixels, shared, frames, **_IMAGE)
    values = np.stack([pixels[i].astype(int) * slope + intercept for i, (slope, intercept) in enumerate(transforms)])
    positions = tuple((-50.0, -40.0, 2.5 * index) for index in range(3))
    return Made(dataset, values, "HU", (0.5, 0.75), "patient", positions)


@made_class("legacy converted enhanced MR, a slope for each frame")
def enhanced_mr() -> Made:
    pixels = ramp(2, 10, 14, dtype=np.uint16, most=4095)
    frames = [
        _UNASSIGNED | acquired() | plane(0, 0, 5 * index) | rescale(slope, 0, "US") | window(500, 1000)
        for index, slope in enumerate((0.5, 0.25))
    ]
    shared = measures(1, 2, 5) | _ORIENTED | {"MRImageFrameTypeSequence": [_FRAME_TYPE]}
    dataset = enhanced("4.4", "MR", pixels, shared, frames, **_IMAGE)
    values = np.stack([pixels[0] * 0.5, pixels[1] * 0.25])
    return Made(dataset, values, "", (1, 2), "patient", ((0, 0, 0), (0, 0, 5)))


@made_class("legacy converted enhanced PET")
def enhanced_pet() -> Made:
    pixels = ramp(2, 8, 8, dtype=np.uint16, most=30000)
    frames = [
        _UNASSIGNED | acquired() | plane(0, 0, 4 * index) | rescale(slope, 0, "BQML") | window(500, 1000)
        for index, slope in enumerate((1.5, 0.75))
    ]
    shared = measures(4, 4, 4) | _ORIENTED | {"PETFrameTypeSequence": [_FRAME_TYPE]}
    dataset = enhanced("128.1", "PT", pixels, shared, frames, **_IMAGE)
    values = np.stack([pixels[0] * 1.5, pixels[1] * 0.75])
    return Made(dataset, values, "BQML", (4, 4), "patient", ((0, 0, 0), (0, 0, 4)))


@made_class("ophthalmic tomography")
def ophthalmic_tomography() -> Made:
    pixels = ramp(3, 12, 10)
    frames = [acquired() | plane(0, 0.2 * index, 0) for index in range(3)]
    coronal = {"PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}]}
    shared = measures(0.004, 0.012, 0.2) | coronal | anatomy("5665001", "Retina", "R")
    dataset = enhanced(
        "77.1.5.4",
        "OPT",
        pixels,
        shared,
        frames,
        ImageType=["ORIGINAL", "PRIMARY"],
        ImageLaterality="R",
        SamplesPerPixel=1,
        AcquisitionNumber=1,
        AcquisitionDuration=1,
        ConcatenationFrameOffsetNumber=0,
        InConcatenationNumber=1,
        InConcatenationTotalNumber=1,
        PresentationLUTShape="IDENTITY",
        PupilDilated="NO",
        RefractiveStateSequence=[],
        EmmetropicMagnification=None,
        IntraOcularPressure=None,
        AxialLengthOfTheEye=None,
        HorizontalFieldOfView=None,
        AcquisitionDeviceTypeCodeSequence=[code("392012008", "Optical Coherence Tomography Scanner")],
        LightPathFilterTypeStackCodeSequence=[],
        DetectorType="CCD",
        IlluminationWaveLength=840,
        IlluminationPower=500,
        IlluminationBandwidth=50,
        DepthSpatialResolution=7,
        MaximumDepthDistortion=1,
        AlongScanSpatialResolution=14,
        MaximumAlongScanDistortion=1,
        AcrossScanSpatialResolution=14,
        MaximumAcrossScanDistortion=1,
        AnatomicRegionSequence=[code("5665001", "Retina")],
        SynchronizationFrameOfReferenceUID=uid("sync"),
        SynchronizationTrigger="NO TRIGGER",
        AcquisitionTimeSynchronized="N",
        PatientEyeMovementCommanded="NO",
    )
    positions = tuple((0.0, 0.2 * index, 0.0) for index in range(3))
    return Made(dataset, pixels, "", (0.004, 0.012), "patient", positions)


_TOMOGRAPHIC: dict[str, Any] = {
    "FieldOfViewShape": "RECTANGLE",
    "FieldOfViewOrigin": [0, 0],
    "FieldOfViewRotation": 0,
    "FieldOfViewHorizontalFlip": "NO",
    "XRayReceptorType": "DIGITAL_DETECTOR",
    "DistanceSourceToDetector": 700,
    "DistanceSourceToPatient": 650,
    "EstimatedRadiographicMagnificationFactor": 1.1,
    "AnodeTargetMaterial": "TUNGSTEN",
    "BodyPartThickness": 50,
    "ExposureControlMode": "MANUAL",
    "ExposureControlModeDescription": "none",
    "HalfValueLayer": 0.5,
    "FocalSpots": 0.3,
    "DetectorTemperature": 25,
    "FilterType": "FLAT",
    "FilterMaterial": "ALUMINUM",
    "CompressionForce": 100,
    "PaddleDescription": "flat",
    "PerProjectionAcquisitionSequence": [
        {
            "KVP": 30,
            "XRayTubeCurrentInmA": 100,
            "ExposureTimeInms": 100,
            "ExposureInmAs": 10,
            "PositionerPrimaryAngle": 0,
            "PositionerPrimaryAngleDirection": "CC",
            "RelativeXRayExposure": 1,
        }
    ],
}


@made_class("breast tomosynthesis")
def tomosynthesis() -> Made:
    pixels = ramp(3, 16, 12, dtype=np.uint16, most=1023)
    kind = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"]
    frames = [acquired() | plane(0, 0, index) for index in range(3)]
    for frame in frames:
        frame["XRay3DFrameTypeSequence"] = [_FRAME_TYPE | {"FrameType": kind}]
    shared = (
        measures(0.1, 0.1, 1)
        | {"PlaneOrientationSequence": [{"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}]}
        | anatomy("76752008", "Breast", "R")
        | rescale(1, 0, "US")
        | window(512, 1024)
    )
    image = {keyword: value for keyword, value in _IMAGE.items() if keyword != "Laterality"}
    dataset = enhanced(
        "13.1.3",
        "MG",
        pixels,
        shared,
        frames,
        **image | {"ImageType": kind, "BitsStored": 10, "HighBit": 9},
        BreastImplantPresent="NO",
        PatientOrientation=["P", "F"],
        ImageLaterality="R",
        XRay3DAcquisitionSequence=[_TOMOGRAPHIC],
        ViewCodeSequence=[code("399162004", "cranio-caudal") | {"ViewModifierCodeSequence": []}],
    )
    return Made(dataset, pixels, "", (0.1, 0.1), "patient", tuple((0.0, 0.0, float(i)) for i in range(3)))


@made_class("ultrasound volume")
def ultrasound_volume() -> Made:
    pixels = ramp(3, 10, 12)
    described = {
        "FrameType": _TYPE,
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
    }
    data = {"DataType": "TISSUE_INTENSITY", "AliasedDataType": "NO", "ZeroVelocityPixelValue": 0}
    frames = [
        acquired() | {"PlanePositionVolumeSequence": [{"ImagePositionVolume": [0, 0, 0.8 * index]}]}
        for index in range(3)
    ]
    shared = (
        measures(0.3, 0.4, 0.8)
        | {"PlaneOrientationVolumeSequence": [{"ImageOrientationVolume": _AXIAL}]}
        | {"ImageDataTypeSequence": [data], "USImageDescriptionSequence": [described]}
        | window(128, 256)
    )
    steering, pattern = code("111985007", "Fixed", "SCT"), code("125241", "Plane scan pattern", "DCM")
    identity = np.eye(4).ravel().tolist()
    dataset = enhanced(
        "6.2",
        "US",
        pixels,
        shared,
        frames,
        ImageType=_TYPE,
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE",
        PresentationLUTShape="IDENTITY",
        DimensionOrganizationType="3D",
        PatientOrientation="",
        AcquisitionDuration=1,
        RescaleIntercept=0,
        RescaleSlope=1,
        ViewCodeSequence=[code("399214001", "apical four chamber")],
        AnatomicRegionSequence=[code("80891009", "Heart")],
        TransducerScanPatternCodeSequence=[pattern],
        TransducerGeometryCodeSequence=[code("125252", "Linear ultrasound transducer geometry", "DCM")],
        TransducerBeamSteeringCodeSequence=[steering],
        TransducerApplicationCodeSequence=[code("125261", "External Transducer", "DCM")],
        MechanicalIndex=1,
        BoneThermalIndex=1,
        CranialThermalIndex=1,
        SoftTissueThermalIndex=1,
        DepthsOfFocus=[40, 50],
        DepthOfScanField=100,
        UltrasoundAcquisitionGeometry="PATIENT",
        VolumeToTransducerMappingMatrix=identity,
        VolumeFrameOfReferenceUID=uid("volume"),
        PositionMeasuringDeviceUsed="RIGID",
        SynchronizationFrameOfReferenceUID=uid("sync"),
        SynchronizationTrigger="NO TRIGGER",
        AcquisitionTimeSynchronized="N",
    )
    # The planes are those of the volume's frame of reference, not the patient's.
    return Made(dataset, pixels, "", (0.3, 0.4), "patient")
