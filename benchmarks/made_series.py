"""Write native CT series: python made_series.py FOLDER COUNT [SERIES [SIDE]].

Each file is a copy of one real slice of 512 x 512 (693_UNCR of pydicom-data; without it, of a phantom with noise), or
of SIDE x SIDE of its pixels, with a position, a number and a UID of its own, in one plane after another, one millimetre
apart. Several series lie in a folder each, with COUNT files.
"""

from __future__ import annotations

import importlib
import io
import sys
from pathlib import Path

import pydicom

#: Stand in the template where each file has its own; of the same length as those, so that nothing else moves.
ROOT = "1.2.826.0.1.3680043.10.1."
SERIES_UID, INSTANCE_UID = f"{ROOT}7654321.1", f"{ROOT}7654321.7654321"
POSITION, NUMBER = "7654321.5", "87654321"


def one_slice(room: Path) -> pydicom.FileDataset:
    try:
        root = Path(str(importlib.import_module("data_store").__file__)).parent
        return pydicom.dcmread(root / "data" / "693_UNCR.dcm")
    except (ImportError, FileNotFoundError):
        import hounsfield as hu

        folder = hu.phantom(room / "phantom", matrix=512, slices=3, noise=10).folder
        return pydicom.dcmread(sorted(folder.iterdir())[1])


def template(dataset: pydicom.FileDataset, side: int) -> tuple[bytes, bytes]:
    """Return what stands before the pixels, and the pixels."""
    corner = (512 - side) // 2
    cells = dataset.pixel_array[corner : corner + side, corner : corner + side].tobytes()
    dataset.Rows = dataset.Columns = side
    dataset.PixelData = cells
    x, y = dataset.ImagePositionPatient[:2]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [x, y, POSITION]
    dataset.SliceLocation = POSITION
    dataset.SliceThickness = 1
    dataset.InstanceNumber = NUMBER
    dataset.SeriesInstanceUID = SERIES_UID
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = INSTANCE_UID
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    whole = buffer.getvalue()
    start = whole.rindex(cells)
    return whole[:start], cells


def main(place: str, count: str, series: str = "1", side: str = "512") -> None:
    folder = Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    header, cells = template(one_slice(folder.parent), int(side))
    for number in range(int(series)):
        here = folder if series == "1" else folder / f"{number:04d}"
        here.mkdir(exist_ok=True)
        uid = f"{ROOT}{1_000_000 + number}.1"
        of_series = header.replace(SERIES_UID.encode(), uid.encode())
        for index in range(int(count)):
            own = f"{ROOT}{1_000_000 + number}.{1_000_000 + index}"
            found = of_series.replace(INSTANCE_UID.encode(), own.encode())
            found = found.replace(POSITION.encode(), f"{index:07d}.0".encode())
            found = found.replace(NUMBER.encode(), f"{index + 1:08d}".encode())
            (here / f"{index:06d}.dcm").write_bytes(found + cells)


if __name__ == "__main__":
    main(*sys.argv[1:])
