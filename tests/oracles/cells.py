"""Cells of native pixel data as numbers, by the text of PS3.5 8.1 and PS3.3 C.7.6.3; not hounsfield's code."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset


class Unreadable(Exception):
    """An independent tool cannot read a file; the text says why."""


def cells_of(dataset: Dataset) -> np.ndarray:
    """Stored values (frame, row, column[, sample]) of a native explicit little endian dataset.

    Raises
    ------
    Unreadable
        There are no pixels, or too few.
    """
    for keyword, kind in (("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")):
        if keyword in dataset:
            return _shaped(np.frombuffer(dataset[keyword].value, kind), dataset)
    if not dataset.get("PixelData"):
        raise Unreadable("no pixel data")
    data, allocated = dataset.PixelData, dataset.get("BitsAllocated")
    if allocated not in (1, 8, 12, 16, 32, 64):
        raise Unreadable(f"{allocated} bits allocated")
    if allocated in (1, 12):
        bits = np.array([byte >> n & 1 for byte in range(256) for n in range(8)], np.int64).reshape(256, 8)
        bits = bits[np.frombuffer(data, np.uint8)].reshape(-1)
        cells = bits[: bits.size // allocated * allocated].reshape(-1, allocated) @ 2 ** np.arange(allocated)
        return _shaped(cells, dataset)
    size = allocated // 8
    cells = np.frombuffer(data, f"<u{size}", len(data) // size)
    if _samples(dataset) == 3 and dataset.PhotometricInterpretation in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        cells = _without_subsampling(cells, dataset)
    return _shaped(_numbers(cells, dataset), dataset)


def _numbers(cells: np.ndarray, dataset: Dataset) -> np.ndarray:
    """The stored bits end at High Bit; the highest of them is the sign where Pixel Representation is 1."""
    stored = dataset.get("BitsStored", dataset.BitsAllocated)
    lowest = max(dataset.get("HighBit", stored - 1) - stored + 1, 0)
    if lowest or stored < cells.dtype.itemsize * 8:
        cells = (cells >> lowest) & (2**stored - 1)
    return with_sign(cells, dataset)


def with_sign(numbers: np.ndarray, dataset: Dataset) -> np.ndarray:
    """The highest stored bit is the sign where Pixel Representation is 1."""
    if dataset.get("PixelRepresentation", 0) == 0:
        return numbers
    stored = dataset.get("BitsStored", dataset.BitsAllocated)
    sign = 2 ** (stored - 1)
    return (numbers.astype(np.int64 if stored > 31 else np.int32) + sign) % 2**stored - sign


def _frames(dataset: Dataset) -> int:
    try:
        return int(dataset.get("NumberOfFrames", 1) or 1)
    except ValueError:
        raise Unreadable("NumberOfFrames is no number") from None


def _samples(dataset: Dataset) -> int:
    return dataset.get("SamplesPerPixel", 1)


def _without_subsampling(cells: np.ndarray, dataset: Dataset) -> np.ndarray:
    pixels = dataset.Rows * dataset.Columns * _frames(dataset)
    if cells.size < 2 * pixels:
        raise Unreadable(f"{cells.size} of {2 * pixels} values")
    y1, y2, b, r = cells[: 2 * pixels].reshape(-1, 4).T
    return np.stack([y1, b, r, y2, b, r], axis=-1).reshape(-1)


def _shaped(cells: np.ndarray, dataset: Dataset) -> np.ndarray:
    frames, samples = _frames(dataset), _samples(dataset)
    count = frames * dataset.Rows * dataset.Columns * samples
    if cells.size < count:
        raise Unreadable(f"{cells.size} of {count} values")
    shape = (frames, dataset.Rows, dataset.Columns)
    if samples == 1:
        return cells[:count].reshape(shape)
    if dataset.get("PlanarConfiguration", 0) == 1:
        planes = cells[:count].reshape(frames, samples, dataset.Rows, dataset.Columns)
        return np.moveaxis(planes, 1, -1)
    return cells[:count].reshape(*shape, samples)
