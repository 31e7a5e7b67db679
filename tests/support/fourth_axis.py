"""Series whose volumes follow each other, and what dcm2niix and hounsfield make of them."""

import subprocess
import warnings

import nibabel
import numpy as np
import pytest
from pydicom.uid import generate_uid

import hounsfield as hu
from oracles import dcm2niix

from made import dataset

MR, PET = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128"
AXIAL = [1.0, 0, 0, 0, 1, 0]


def series(folder, count, change, orientation=AXIAL, slices=4, kind=MR, reverse=False):
    """Volumes that follow each other: `change` says what is of its own in the header of each."""
    normal = np.cross(orientation[:3], orientation[3:])
    common = dict(
        SOPClassUID=kind, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4", FrameOfReferenceUID="1.2.3.5",
        Modality="PT" if kind == PET else "MR", PatientID="X", PixelSpacing=[2, 2], SliceThickness=5, SeriesNumber=1,
        ImageOrientationPatient=[round(float(v), 9) for v in orientation],
        **({"RescaleSlope": 1, "RescaleIntercept": 0, "Units": "BQML"} if kind == PET else {}),
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    files = []
    for volume in range(count):
        for index in range(slices):
            at = 5.0 * (slices - 1 - index if reverse else index) * normal
            pixels = rng.integers(0, 1000, (16, 12), np.uint16)
            made = dataset(pixels, **common, InstanceNumber=len(files) + 1, AcquisitionNumber=volume + 1)
            made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            made.file_meta.MediaStorageSOPClassUID = kind
            made.ImagePositionPatient = [round(float(v), 6) for v in at]
            change(made, volume)
            files.append(folder / f"{len(files):04}.dcm")
            made.save_as(files[-1], enforce_file_format=True)
    return files


def theirs(folder, out):
    """The one NIfTI file that dcm2niix makes, with the text beside it."""
    if dcm2niix.command() is None:
        pytest.skip("dcm2niix is not installed")
    out.mkdir()
    command = [dcm2niix.command(), "-b", "n", "-z", "n", "-f", "%s_%c_%e", "-o", str(out), str(folder)]
    subprocess.run(command, check=False, capture_output=True)
    return sorted(out.glob("*.nii"))


def ours(source, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hu.write_nifti(list(hu.read_volumes(source)), path)


def step_of(path):
    header = nibabel.load(path).header
    return float(header["pixdim"][4]), header.get_xyzt_units()[1]


def set_all(made, **attributes):
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
