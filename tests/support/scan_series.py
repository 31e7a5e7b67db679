"""A series of files with the same elements, each with values of its own."""

import pydicom
from pydicom.data import get_testdata_file

CT = get_testdata_file("CT_small.dcm")


def series(folder, count, **attributes):
    dataset = pydicom.dcmread(CT)
    dataset.update(attributes)
    for number in range(count):
        dataset.SOPInstanceUID = f"1.2.{10**number}"
        dataset.ImagePositionPatient = [0, -number / 7, number]
        dataset.InstanceNumber = number
        dataset.PatientComments = "x" * 2 * number
        dataset.save_as(folder / f"{number:03}.dcm")
    return [str(path) for path in sorted(folder.iterdir())]
