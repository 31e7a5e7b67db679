"""Mosaics of MR, made: all slices of a volume as tiles of one picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

PROTOCOL = b"### ASCCONV BEGIN ###\nsSliceArray.lSize                        = %d\n### ASCCONV END ###"


def picture(slices: int, rows: int = 16, columns: int = 16, base: int = 100) -> np.ndarray:
    """Tiles row by row from the top left: slice k has the value base + k, and its first pixel 1 more."""
    across = math.ceil(math.sqrt(slices))
    made = np.zeros((across * rows, across * columns), np.uint16)
    for k in range(slices):
        top, left = k // across * rows, k % across * columns
        made[top : top + rows, left : left + columns] = base + k
    return made


def mosaic(slices: int = 13, rows: int = 16, columns: int = 16, base: int = 100, **more: Any) -> Dataset:
    """A mosaic of Siemens without any private attribute."""
    values = picture(slices, rows, columns, base)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = MRImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.5"
    ds.PatientID = ds.PatientName = "X"
    ds.Modality, ds.Manufacturer, ds.StudyDate = "MR", "SIEMENS", "20200101"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    ds.PixelSpacing, ds.SliceThickness, ds.SpacingBetweenSlices = [2, 2], 3, 4
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = values.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = values.tobytes()
    for keyword, value in more.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def siemens(slices: int = 13, **more: Any) -> Dataset:
    """A mosaic of Siemens that says its number of slices."""
    ds = mosaic(slices, **more)
    ds.private_block(0x19, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", slices)
    return ds


def uih(slices: int = 13, positions: Any = None, **more: Any) -> Dataset:
    """A grid of United Imaging, with the position of each slice."""
    more = {"Manufacturer": "UIH", "ImageType": ["ORIGINAL", "PRIMARY", "M", "VFRAME"], **more}
    ds = mosaic(slices, **{"ImagePositionPatient": None, **more})
    block = ds.private_block(0x65, "Image Private Header", create=True)
    block.add_new(0x50, "DS", str(slices))
    if positions is not None:
        items = []
        for position in positions:
            item = Dataset()
            item.ImagePositionPatient = [float(v) for v in position]
            items.append(item)
        block.add_new(0x51, "SQ", items)
    return ds


def save(ds: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path
