"""Whole slides, parametric maps and segmentations."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from pydicom.encaps import encapsulate

from classes import Made, code, made_class, ramp, uid
from classes_enhanced import enhanced, measures

SLIDE: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
    "VolumetricProperties": "VOLUME",
    "AcquisitionDuration": 1,
    "ImagedVolumeWidth": 0.02,
    "ImagedVolumeHeight": 0.012,
    "ImagedVolumeDepth": 1,
    "SpecimenLabelInImage": "NO",
    "FocusMethod": "AUTO",
    "ExtendedDepthOfField": "NO",
    "TotalPixelMatrixColumns": 40,
    "TotalPixelMatrixRows": 24,
    "TotalPixelMatrixOriginSequence": [{"XOffsetInSlideCoordinateSystem": 20, "YOffsetInSlideCoordinateSystem": 40}],
    "TotalPixelMatrixFocalPlanes": 1,
    "ImageOrientationSlide": [0, -1, 0, -1, 0, 0],
    "NumberOfOpticalPaths": 1,
    "ContainerIdentifier": "slide",
    "IssuerOfTheContainerIdentifierSequence": [],
    "ContainerTypeCodeSequence": [code("433466003", "Microscope slide")],
    "PositionReferenceIndicator": "SLIDE_CORNER",
    "SpecimenDescriptionSequence": [
        {
            "SpecimenIdentifier": "1",
            "SpecimenUID": uid("specimen"),
            "IssuerOfTheSpecimenIdentifierSequence": [],
            "SpecimenPreparationSequence": [],
        }
    ],
    "OpticalPathSequence": [
        {
            "OpticalPathIdentifier": "1",
            "IlluminationTypeCodeSequence": [code("111744", "Brightfield illumination", "DCM")],
            "IlluminationColorCodeSequence": [code("371251000", "White")],
            "ICCProfile": b"",
        }
    ],
    "BurnedInAnnotation": "NO",
    "LossyImageCompression": "00",
}


def _tile(index: int) -> dict[str, Any]:
    """Place of a tile of 12 x 20 in a matrix of 24 x 40."""
    row, column = index // 2 * 12, index % 2 * 20
    return {
        "PlanePositionSlideSequence": [
            {
                "XOffsetInSlideCoordinateSystem": 20 - row * 0.0005,
                "YOffsetInSlideCoordinateSystem": 40 - column * 0.0005,
                "ZOffsetInSlideCoordinateSystem": 0,
                "ColumnPositionInTotalImagePixelMatrix": column + 1,
                "RowPositionInTotalImagePixelMatrix": row + 1,
            }
        ],
        "OpticalPathIdentificationSequence": [{"OpticalPathIdentifier": "1"}],
    }


def _slide(tiles: np.ndarray, organization: str, order: Sequence[int]) -> Any:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    shared = measures(0.0005, 0.0005, 0.001) | {
        "WholeSlideMicroscopyImageFrameTypeSequence": [{"FrameType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]}]
    }
    frames = [_tile(index) for index in order]
    dataset = enhanced("77.1.6", "SM", tiles, shared, frames, **SLIDE, DimensionOrganizationType=organization)
    dataset.OpticalPathSequence[0].ICCProfile = profile + b"\0" * (len(profile) % 2)
    return dataset


@made_class("whole slide, sparse tiles")
def sparse_slide() -> Made:
    tiles = ramp(4, 12, 20, 3)
    return Made(_slide(tiles, "TILED_SPARSE", (3, 0, 2, 1)), tiles, "", (0.0005, 0.0005), "slide")


@made_class("whole slide, all tiles, JPEG")
def full_slide() -> Made:
    rows, columns = np.mgrid[:24, :40]
    matrix = np.stack([rows * 10, columns * 6, rows + columns], axis=-1).astype(np.uint8)
    tiles = matrix.reshape(2, 12, 2, 20, 3).swapaxes(1, 2).reshape(4, 12, 20, 3)
    streams, decoded = [], []
    for tile in tiles:
        buffer = io.BytesIO()
        Image.fromarray(tile).save(buffer, "JPEG", quality=95, subsampling=0)
        streams.append(buffer.getvalue())
        decoded.append(np.asarray(Image.open(buffer)))
    dataset = _slide(tiles, "TILED_FULL", range(4))
    del dataset.PerFrameFunctionalGroupsSequence
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.LossyImageCompression, dataset.LossyImageCompressionRatio = "01", 4
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    dataset.PixelData = encapsulate(streams)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    return Made(dataset, np.stack(decoded), "", (0.0005, 0.0005), "slide")
