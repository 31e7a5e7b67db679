"""What a batch is compared with: python batch_sides.py SIDE JOB PLACE OUTPUT.

`loop` is a plain loop over volumes, in one process. `script` is the script that everybody copies, slice by slice.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import Any

from peer_jobs import PERCENTILES, files, pydicom_hu

THRESHOLD = 90
JOBS = ("stats", "mask")


def loop(job: str, place: str, output: str) -> None:
    import hounsfield as hu

    volumes = hu.read_volumes(place)
    measured = 0
    for index, volume in enumerate(volumes):
        mask = hu.mask(volume, above=THRESHOLD)
        if job == "mask":
            hu.write_nifti(mask, Path(output) / f"{volumes.stem(index)}.mask.nii.gz")
        measured += hu.measure(volume, mask).pixels
    print(measured)


def script(job: str, place: str, output: str) -> None:
    """Read, mask and measure slice by slice; a row of a table and, for masks, a PNG for each."""
    import cv2
    import numpy as np
    import pydicom

    from script import script_mask  # the oracle of the tests

    os.makedirs(output, exist_ok=True)
    measured = 0
    with open(f"{output}/measures.csv", "w", newline="") as file:
        rows = csv.writer(file)
        for number, path in enumerate(files(place)):
            values = pydicom_hu(pydicom.dcmread(path))
            mask = script_mask(values, THRESHOLD)
            rows.writerow([path, *_measures(np, values[mask])])
            measured += int(mask.sum())
            if job == "mask":
                cv2.imwrite(f"{output}/{number:06d}.png", mask.astype(np.uint8) * 255)
    print(measured)


def _measures(np: Any, inside: Any) -> list[Any]:
    if not inside.size:
        return [0]
    few = [inside.size, inside.mean(), inside.std(), inside.min(), inside.max(), np.median(inside)]
    return [*few, *np.percentile(inside, PERCENTILES), np.histogram(inside, 64)[0]]


if __name__ == "__main__":
    {"loop": loop, "script": script}[sys.argv[1]](*sys.argv[2:])
