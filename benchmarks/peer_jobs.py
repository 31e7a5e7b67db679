"""What a careful script does with other libraries: the jobs that ours are compared with.

Each function imports what it needs: as a whole process it pays for nothing else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

#: What a listing tells of files.
LISTED = """
    PatientID PatientName StudyInstanceUID StudyDate StudyDescription SeriesInstanceUID SeriesNumber SeriesDescription
    Modality SOPInstanceUID SOPClassUID InstanceNumber ImageType FrameOfReferenceUID ImagePositionPatient
    ImageOrientationPatient PixelSpacing SliceThickness Rows Columns AcquisitionNumber
""".split()
#: The columns of a table of headers; the last is file meta information.
TABLE = (
    "PatientID PatientName StudyDate StudyTime StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID Modality "
    "SeriesNumber InstanceNumber Rows Columns PixelSpacing ImagePositionPatient ImageOrientationPatient SliceThickness "
    "RescaleSlope RescaleIntercept Manufacturer TransferSyntaxUID"
).split()
#: The facts of one image.
FACTS = [*TABLE[:-1], "PatientAge", "StudyDescription", "SeriesDescription", "BitsStored", "PhotometricInterpretation"]
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


def files(place: str | Path) -> list[str]:
    """Return every file below a folder, in the order of names; or the file itself."""
    if os.path.isfile(place):
        return [str(place)]
    found: list[str] = []
    for at, folders, names in os.walk(place):
        folders.sort()
        found += [f"{at}/{name}" for name in sorted(names)]
    return found


def pydicom_info(place: str) -> None:
    import pydicom

    for path in files(place):
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        for keyword in FACTS:
            print(f"{keyword:24} {dataset.get(keyword)}")


def pydicom_listing(place: str | Path) -> dict[str, list[list[object]]]:
    """The headers of files, by series."""
    import pydicom

    rows: dict[str, list[list[object]]] = {}
    for path in files(place):
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        rows.setdefault(str(dataset.SeriesInstanceUID), []).append([dataset.get(keyword) for keyword in LISTED])
    return rows


def pydicom_ls(place: str) -> None:
    for series, rows in pydicom_listing(place).items():
        print(series, len(rows), *rows[0])


def sitk_ls(place: str) -> None:
    from SimpleITK import ImageSeriesReader

    folder = str(Path(place).parent if os.path.isfile(place) else place)
    for series in ImageSeriesReader.GetGDCMSeriesIDs(folder):
        print(series, len(ImageSeriesReader.GetGDCMSeriesFileNames(folder, series)))


def pydicom_table(place: str, output: str) -> None:
    import csv

    import pydicom

    with open(output, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TABLE)
        for path in files(place):
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            meta = dataset.file_meta.get(TABLE[-1])
            writer.writerow([*(dataset.get(keyword) for keyword in TABLE[:-1]), meta])


def pydicom_hu(dataset: Any) -> Any:
    """Stored values to HU, as integers."""
    import numpy as np

    return dataset.pixel_array.astype(np.int16) * int(dataset.RescaleSlope) + int(dataset.RescaleIntercept)


def pydicom_volume(place: str | Path) -> Any:
    """Read, sort by position, rescale, stack."""
    import numpy as np
    import pydicom

    slices = [pydicom.dcmread(path) for path in files(place)]
    slices.sort(key=lambda dataset: float(dataset.ImagePositionPatient[2]))
    return np.stack([pydicom_hu(dataset) for dataset in slices])


def sitk_image(place: str | Path) -> Any:
    from SimpleITK import ImageSeriesReader, ReadImage

    if os.path.isfile(place):
        return ReadImage(str(place))
    reader = ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(place)))
    return reader.Execute()


def sitk_volume(place: str | Path) -> Any:
    from SimpleITK import GetArrayFromImage

    return GetArrayFromImage(sitk_image(place))


def pydicom_read(place: str) -> None:
    import pydicom

    for path in files(place):
        values = pydicom_hu(pydicom.dcmread(path))
    print(values.shape, int(values.flat[0]))


def sitk_read(place: str) -> None:
    for path in files(place):
        values = sitk_volume(path)[0]
    print(values.shape, int(values.flat[0]))


def pydicom_volumes(place: str) -> None:
    values = pydicom_volume(place)
    print(values.shape, int(values.flat[0]))


def sitk_volumes(place: str) -> None:
    values = sitk_volume(place)
    print(values.shape, int(values.flat[0]))


def pydicom_stats(place: str) -> None:
    import numpy as np

    values = pydicom_volume(place)
    print(values.size, values.mean(), values.std(), values.min(), values.max(), np.median(values))
    print(np.percentile(values, PERCENTILES), np.histogram(values, 64))


def script_mask_written(place: str, output: str) -> None:
    """Threshold, contours, fillPoly, opening, slice by slice; PNG of one image, NIfTI of a series."""
    import numpy as np

    from script import script_mask  # the oracle of the tests

    masks = np.stack([script_mask(values) for values in pydicom_volume(place)])
    if len(masks) == 1:
        import cv2

        cv2.imwrite(f"{output}.png", masks[0].astype(np.uint8) * 255)
    else:
        import nibabel

        nibabel.save(nibabel.Nifti1Image(masks.astype(np.uint8).T, np.eye(4)), f"{output}.nii.gz")


def sitk_convert(place: str, output: str) -> None:
    from SimpleITK import WriteImage

    WriteImage(sitk_image(place), output)


def our_read(place: str) -> None:
    import hounsfield as hu

    for path in files(place):
        values = hu.read(path).values
    print(values.shape, int(values.flat[0]))


def our_volumes(place: str) -> None:
    import hounsfield as hu

    values = hu.read_volumes(place)[0].values
    print(values.shape, int(values.flat[0]))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
