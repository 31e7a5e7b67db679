"""What of a header contradicts itself, or is not used: said with every image, since nothing else tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from hounsfield.geometry import image_plane
from hounsfield.header import Header, items_of, text_of, whole_number
from hounsfield.headers.mask_frames import subtraction_offer
from hounsfield.headers.philips import philips_offer
from hounsfield.headers.units import is_blank_table
from hounsfield.steps import Step

_PLANE = "image plane"
#: Bits that entries of a VOI LUT may leave unused before the descriptor is taken for wrong.
_UNUSED_BITS = 2
_SHAPES = {"MONOCHROME1": "INVERSE", "MONOCHROME2": "IDENTITY"}


def remarks(whole: Header, frame: int) -> tuple[Step, ...]:
    """Return a step for each contradiction, and for each thing that the file has and this library does not use.

    Parameters
    ----------
    whole
        The attributes of the file.
    frame
        0-based index of the frame that speaks for all.
    """
    header = whole.for_frame(frame)
    candidates = (
        _orientation(header),
        _volume_plane(header),
        _presentation_shape(header),
        _blank_presentation(header),
        _voi_depth(header),
        subtraction_offer(whole),
        philips_offer(whole, frame),
    )
    return tuple(step for step in candidates if step is not None)


def _orientation(header: Mapping[str, Any]) -> Step | None:
    """Image Position and Orientation (Patient) place an image together, and are type 1 together (PS3.3 C.7.6.2)."""
    position, orientation = header.get("ImagePositionPatient"), header.get("ImageOrientationPatient")
    if position is None and orientation is None:
        return None
    if position is None or orientation is None:
        missing = "ImagePositionPatient" if position is None else "ImageOrientationPatient"
        detail = f"{missing} is missing or empty: the position of the image is not known"
    elif image_plane(position, orientation, (1, 1)) is not None:
        return None
    elif image_plane((0, 0, 0), orientation, (1, 1)) is None:
        detail = "ImageOrientationPatient is not two unit vectors at right angles; not used"
    else:
        detail = "ImagePositionPatient is not three numbers; not used"
    return Step(_PLANE, detail, "not done", "PS3.3 C.7.6.2.1.1")


def _volume_plane(header: Mapping[str, Any]) -> Step | None:
    if header.get("ImagePositionVolume") is None and header.get("ImageOrientationVolume") is None:
        return None
    detail = (
        "Plane Position and Orientation (Volume) place the frame in the volume that the transducer scanned, not in "
    )
    return Step(_PLANE, detail + "the patient; not used", "not done", "PS3.3 C.7.6.16.2.21")


def _presentation_shape(header: Mapping[str, Any]) -> Step | None:
    photometric, shape = text_of(header, "PhotometricInterpretation"), text_of(header, "PresentationLUTShape")
    expected = _SHAPES.get(photometric)
    if expected is None or shape not in _SHAPES.values() or shape == expected:
        return None
    detail = f"Presentation LUT Shape is {shape}, but the pixels are {photometric}; shown with low values bright"
    return Step("presentation", detail, "assumed", "PS3.3 C.8.11.3.1.2")


def _blank_presentation(header: Mapping[str, Any]) -> Step | None:
    if not is_blank_table(header, "PresentationLUTSequence"):
        return None
    detail = "PresentationLUTSequence has an item without a table; ignored"
    return Step("presentation", detail, "assumed", "PS3.3 C.11.6.1")


def _voi_depth(header: Mapping[str, Any]) -> Step | None:
    for item in items_of(header, "VOILUTSequence"):
        used = used_bits(item)
        if used is not None:
            declared = item["LUTDescriptor"][2]
            detail = f"a VOI LUT declares entries of {declared} bits, but needs only {used}; shown as {used} bits"
            return Step("presentation", detail, "assumed", "PS3.3 C.11.2.1.1")
    return None


def used_bits(item: Mapping[str, Any]) -> int | None:
    """Return the bits that the entries of a VOI LUT use, where its descriptor declares many more; else None.

    Parameters
    ----------
    item
        Of VOI LUT Sequence.
    """
    descriptor, data = item.get("LUTDescriptor"), item.get("LUTData")
    if not isinstance(descriptor, list) or len(cast("list[Any]", descriptor)) != 3:
        return None
    declared = whole_number(cast("list[Any]", descriptor)[2], range(9, 17))
    if declared is None:
        return None
    if isinstance(data, bytes):
        data = memoryview(data[: len(data) // 2 * 2]).cast("H").tolist()  # little endian, as header's bytes are
    if not isinstance(data, list) or not all(isinstance(entry, int) for entry in cast("list[Any]", data)):
        return None
    most = max((entry & 0xFFFF for entry in cast("list[int]", data)), default=0)
    used = max(most.bit_length(), 8)
    return used if most and declared - used >= _UNUSED_BITS else None
