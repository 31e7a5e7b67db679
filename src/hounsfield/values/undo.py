"""Back from modality values to stored values, for what the standard defines on those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError
from hounsfield.header import number_of, whole_number
from hounsfield.headers.units import modality_table
from hounsfield.image import Image, header_of_frame

#: Steps after which values are no longer what the modality's part of the pipeline made them.
_OTHER = {"real world", "suv", "decay", "mask", "channel", "colour", "segmentation", "subtraction", "philips"}


def value_space(image: Image) -> Literal["modality", "stored", "other"]:
    """Return the space of an image's values, by its steps."""
    names = {step.name for step in image.steps}
    if any(step.name in _OTHER and step.outcome != "not done" for step in image.steps):
        return "other"
    if "modality" in names:
        return "modality"
    return "stored" if "stored values" in names else "other"


def stored_of(frame: Image) -> NDArray[Any]:
    """Return the stored values of a frame, as int64 (floating point ones as float64); a new array.

    Raises
    ------
    InvalidAttributeError
        They do not follow from the values: the modality LUT is a table, or the values are of another kind.
    """
    values, header = frame.values, header_of_frame(frame)
    space = value_space(frame)
    if space == "other":
        raise InvalidAttributeError(
            "these are not the modality values of a file; read them from the file", source=frame.name
        )
    if space == "modality" and modality_table(header) is not None:
        raise InvalidAttributeError(
            'the stored values do not follow from values of a modality LUT; read with values="stored"',
            source=frame.name,
            attribute="ModalityLUTSequence",
        )
    slope, intercept = linear(header) if space == "modality" else (1.0, 0.0)
    if values.dtype.kind in "iu" and (slope, intercept) == (1.0, 0.0):
        return values.astype(np.int64)
    exact = (values.astype(np.float64) - intercept) / slope
    if header.get("BitsStored") is None:
        return exact
    return np.rint(np.nan_to_num(exact, posinf=2**62, neginf=-(2**62))).astype(np.int64)


def linear(header: Mapping[str, Any]) -> tuple[float, float]:
    """Slope and intercept that led to the modality values; 1 and 0 where there are none."""
    slope, intercept = number_of(header, "RescaleSlope"), number_of(header, "RescaleIntercept")
    if slope is None and intercept is None:
        return number_of(header, "DoseGridScaling") or 1.0, 0.0
    return slope or 1.0, intercept or 0.0


def stored_range(header: Mapping[str, Any]) -> tuple[int, int] | None:
    """The lowest and highest stored value that the bits can hold, or None where the header does not say."""
    bits = whole_number(header.get("BitsStored"), range(1, 65))
    if bits is None:
        return None
    if header.get("PixelRepresentation") == 1:
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return 0, 2**bits - 1


def modality_range(header: Mapping[str, Any]) -> tuple[float, float] | None:
    """The lowest and highest modality value that the bits can lead to (by slope and intercept), or None."""
    bounds = stored_range(header)
    if bounds is None:
        return None
    slope, intercept = linear(header)
    low, high = sorted(bound * slope + intercept for bound in bounds)
    return low, high
