"""What people look at side by side: series of one frame of reference, runs, a mammogram, colours, damage, junk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom

import hounsfield as hu
from modalities import angiogram, installed, mammogram, positron_emission

import made

SPACE, STUDY = "1.2.826.0.1.3680043.10.7.1", "1.2.826.0.1.3680043.10.7.2"


def beside(folder: Path, name: str, description: str, number: int, **options: object) -> list[Path]:
    """A phantom in the frame of reference of the others."""
    hu.phantom(folder / name, **options)
    paths = sorted(path for path in (folder / name).rglob("*") if path.is_file())
    for path in paths:
        file = pydicom.dcmread(path)
        file.FrameOfReferenceUID, file.StudyInstanceUID = SPACE, STUDY
        file.SeriesDescription, file.SeriesNumber = description, number
        file.save_as(path)
    return paths


def coronal(folder: Path, source: Path) -> list[Path]:
    """The coronal slices of a series as a series of its own."""
    (folder / "coronal").mkdir()
    volume = hu.read_volumes(source.parent)[0].reformat("coronal")
    file = pydicom.dcmread(source)
    series = file.SeriesInstanceUID = f"{STUDY}.3"
    file.SeriesDescription, file.SeriesNumber = "Coronal", 3
    file.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    file.PixelSpacing, file.SliceThickness = list(volume.spacing[1:]), volume.spacing[0]
    file.Rows, file.Columns = volume.values.shape[1:]
    paths = []
    for number, values in enumerate(volume.values):
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = f"{series}.{number}"
        file.InstanceNumber = number + 1
        file.ImagePositionPatient = [round(float(mm), 6) for mm in (volume.affine @ [number, 0, 0, 1])[:3]]
        file.PixelData = (values + 1024).astype("<u2").tobytes()
        paths.append(folder / "coronal" / f"{number:04}.dcm")
        file.save_as(paths[-1])
    return paths


def damaged_run() -> bytes:
    """Five frames of RLE, the third of which is no RLE."""
    frames = (np.arange(5 * 64 * 64) % 251).astype(np.uint8).reshape(5, 64, 64)
    file = made.dataset(frames, Modality="US", SeriesDescription="One frame is damaged", SeriesNumber=9)
    file.SeriesInstanceUID = "1.2.826.0.1.3680043.10.7.9"
    file.compress("1.2.840.10008.1.2.5", encoding_plugin="pydicom")
    parts = list(pydicom.encaps.generate_frames(file.PixelData, number_of_frames=5))
    parts[2] = b"\x09" + bytes(63) + b"\x7f" * 10
    file.PixelData = pydicom.encaps.encapsulate(parts)
    return made.to_bytes(file)


def series(folder: Path, matrix: int, slices: int) -> dict[str, Path]:
    """Three series of one frame of reference; return the first file of each."""
    options = {"matrix": matrix, "slices": slices, "slice_spacing": 3}
    files = {
        "axial": beside(folder, "axial", "Axial 3 mm", 1, **options)[0],
        "thick": beside(folder, "thick", "Axial 6 mm", 2, **options | {"slices": slices // 2, "slice_spacing": 6})[0],
    }
    files["coronal"] = coronal(folder, files["axial"])[0]
    return files


def write(folder: Path, matrix: int = 96, slices: int = 20) -> dict[str, Path]:
    """Make series, runs and single images, damage and junk; return the first file of each."""
    files = series(folder, matrix, slices)
    for number, (name, build) in enumerate({"MG": mammogram, "XA": angiogram, "PT": positron_emission}.items(), 4):
        file = build()
        file.SeriesNumber, file.PatientName, file.StudyInstanceUID = number, "Made^Up", STUDY
        file.SeriesDescription = {"MG": "L CC", "XA": "Run 1", "PT": "Whole body"}[name]
        files[name] = folder / f"{name}.dcm"
        files[name].write_bytes(made.to_bytes(file))
    files["damaged"] = folder / "damaged.dcm"
    files["damaged"].write_bytes(damaged_run())
    colour = installed("examples_rgb_color.dcm")
    assert colour is not None
    files["US"] = folder / "US.dcm"
    files["US"].write_bytes(colour.read_bytes())
    (folder / "notes.txt").write_text("no image", "utf-8")
    return files
