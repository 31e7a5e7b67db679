"""Small files that tests make themselves, where no real one has what is needed."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid


def dataset(pixels: np.ndarray | None = None, **attributes: Any) -> Dataset:
    """A CT-like dataset over stored values (row, column) or (frame, row, column)."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = CTImageStorage
    made.SOPInstanceUID = generate_uid(entropy_srcs=["made"])
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.Modality = "CT"
    if pixels is not None:
        _add_pixels(made, pixels)
    for keyword, value in attributes.items():
        if value is None:
            if keyword in made:
                delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def _add_pixels(made: Dataset, pixels: np.ndarray) -> None:
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        made.NumberOfFrames = len(pixels)
    bits = pixels.dtype.itemsize * 8
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit = bits - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = pixels.tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OW" if bits > 8 else "OB"


def to_bytes(made: Dataset) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()


def file_bytes(pixels: np.ndarray | None = None, **attributes: Any) -> bytes:
    return to_bytes(dataset(pixels, **attributes))


def enhanced(pixels: np.ndarray, transforms: list[tuple[float, float]], **attributes: Any) -> bytes:
    """An enhanced multi-frame file: shared pixel measures, and a slope and intercept for each frame."""
    made = dataset(pixels, **attributes)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    shared, measures = Dataset(), Dataset()
    measures.PixelSpacing = [0.5, 0.25]
    shared.PixelMeasuresSequence = [measures]
    made.SharedFunctionalGroupsSequence = [shared]
    made.PerFrameFunctionalGroupsSequence = []
    for index, (slope, intercept) in enumerate(transforms):
        frame, transform, position, orientation = Dataset(), Dataset(), Dataset(), Dataset()
        transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = slope, intercept, "HU"
        frame.PixelValueTransformationSequence = [transform]
        position.ImagePositionPatient = [0, 0, 5 * index]
        frame.PlanePositionSequence = [position]
        orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        frame.PlaneOrientationSequence = [orientation]
        made.PerFrameFunctionalGroupsSequence.append(frame)
    return to_bytes(made)


def encoded(pixels: np.ndarray, streams: list[Any], syntax: str, **attributes: Any) -> bytes:
    """A file whose frames are codestreams: `pixels` gives the shape of one frame and its type."""
    made = dataset(pixels[..., 0] if pixels.ndim == 3 else pixels, **attributes)
    # pydicom does not write transfer syntaxes that it does not know: another one stands in for a moment.
    stand_in = syntax if UID(syntax).is_transfer_syntax else STAND_INS[len(syntax) + len(syntax) % 2]
    made.file_meta.TransferSyntaxUID = stand_in.rstrip("\0")
    made.PixelData = encapsulate([bytes(stream) or _NO_BYTES for stream in streams])
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    data = to_bytes(made).replace(stand_in.encode(), syntax.encode().ljust(len(stand_in), b"\0"))
    if not all(map(len, streams)):  # pydicom writes no fragment without bytes, and its table of offsets counted these
        start = data.index(b"\xfe\xff\x00\xe0", data.index(b"\xe0\x7f\x10\x00"))
        end = start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")
        item = b"\xfe\xff\x00\xe0"
        data = data[:start] + item + bytes(4) + data[end:].replace(item + b"\x08\0\0\0" + _NO_BYTES, item + bytes(4))
    return data


#: Stands for a codestream of no bytes until the file is written.
_NO_BYTES = b"no bytes"


#: Encapsulated transfer syntaxes by their length, which is even.
STAND_INS = {22: "1.2.840.10008.1.2.4.80", 24: "1.2.840.10008.1.2.4.201\0"}


def arrays_of(path) -> dict[str, np.ndarray]:
    """What an NPZ file holds."""
    with np.load(path, allow_pickle=False) as saved:
        return dict(saved)
