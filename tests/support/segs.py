"""Segmentations that tests write: checked by dciodvfy, and read back slice by slice."""

import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

import hounsfield as hu

NOON = datetime(2026, 1, 2, 12, 0, 0)


def errors_in(path, kind="Segmentation"):
    """The errors that dciodvfy finds."""
    found = shutil.which("dciodvfy") or shutil.which("dciodvfy", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("dciodvfy is not installed")
    done = subprocess.run([found, str(path)], capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    assert kind in printed
    return [line for line in printed.splitlines() if line.startswith("Error")]


def masks_by_slice(path, volume):
    """Each segment's mask as (slice, row, column) of a volume: frames are placed by where they say they lie."""
    placed = []
    for segment in hu.segments(path):
        values = np.zeros(volume.shape[:3], bool)
        for frame, plane in zip(segment.mask.values, segment.planes, strict=True):
            index = volume.to_index(plane.position)
            np.testing.assert_allclose(index, np.rint(index), atol=1e-2)
            values[round(index[0])] = frame
        assert len(segment.frame_index) == len(volume)
        placed.append(values)
    return placed


def without(files, folder, *keywords):
    """The same files, lacking attributes."""
    folder.mkdir()
    for path in files:
        dataset = pydicom.dcmread(path)
        for keyword in keywords:
            del dataset[keyword]
        dataset.save_as(folder / path.name)
    return sorted(folder.iterdir())
