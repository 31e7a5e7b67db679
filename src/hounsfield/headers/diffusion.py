"""Diffusion weighting of an MR image: b-value, and direction of the gradient in the patient.

The standard's attributes come first (PS3.3 C.8.13.5.9). Before it had them scanners wrote their own elements, which the
vendors' conformance statements name; in which axes their directions are is what dcm2niix makes of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from hounsfield.header import Header, finite_number, items_of, numbers_or_nan, text_of
from hounsfield.headers.private import private_numbers

#: Above it GE adds a thousand million to the number, of which the last five digits are the b-value.
_MARKED, _DIGITS = 1e6, 100_000
Direction = tuple[float, float, float]
#: GE's (frequency, phase, slice) as (along rows, along columns, along the normal), for frequency encoded along rows and
#: along columns: which of GE's numbers, with which sign. By the orientation of the slices.
_GE_AXES: dict[str, dict[bool, tuple[tuple[int, int], ...]]] = {
    "axial": {True: ((0, -1), (1, -1), (2, 1)), False: ((1, -1), (0, 1), (2, 1))},
    "sagittal": {True: ((0, 1), (1, 1), (2, -1)), False: ((1, 1), (0, -1), (2, -1))},
    "coronal": {True: ((0, -1), (1, 1), (2, 1)), False: ((1, 1), (0, 1), (2, 1))},
}


class Diffusion(NamedTuple):
    """The diffusion weighting that a header names.

    Attributes
    ----------
    b_value
        s/mm2; None where it is not said.
    gradient
        Unit vector in LPS, zeros where nothing was weighted; None where it is not said, or has no direction.
    doubt
        What is not certain of the direction; ``""``.
    """

    b_value: float | None
    gradient: Direction | None
    doubt: str = ""


def read_diffusion(header: Header) -> Diffusion:
    """Read the b-value and the direction of an image, or of a frame.

    Parameters
    ----------
    header
        Of the image, or of the frame (`Header.for_frame`).
    """
    b_value = _b_value(finite_number(header.get("DiffusionBValue")))
    gradient = _standard_gradient(header)
    doubt = ""
    for vendor in (_siemens, _ge, _philips, _uih):
        if b_value is not None and (gradient is not None or b_value == 0):
            break
        private = vendor(header)
        b_value = private.b_value if b_value is None else b_value
        if gradient is None:
            gradient, doubt = private.gradient, private.doubt
    return Diffusion(b_value, gradient, doubt)


def _b_value(number: float | None) -> float | None:
    return number if number is not None and 0 <= number < _DIGITS else None


def _standard_gradient(header: Header) -> Direction | None:
    if text_of(header, "DiffusionDirectionality").upper() in ("ISOTROPIC", "NONE"):
        return 0.0, 0.0, 0.0
    value = header.get("DiffusionGradientOrientation")
    if value is None:
        items = items_of(header, "DiffusionGradientDirectionSequence")
        value = items[0].get("DiffusionGradientOrientation") if items else None
    return _unit(numbers_or_nan(value, 3))


def _unit(numbers: list[float]) -> Direction | None:
    """A direction of length 1, or no direction at all (0, 0, 0); None of anything else."""
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        return None
    length = math.hypot(*numbers)
    if length == 0:
        return 0.0, 0.0, 0.0
    # What is far from a unit vector is one whose length says how strong the gradient was: its direction counts.
    x, y, z = (number / length for number in numbers)
    return x, y, z


def _siemens(header: Header) -> Diffusion:
    creator = "SIEMENS MR HEADER"
    b_value = private_numbers(header, 0x0019, creator, 0x0C)
    return Diffusion(_first(b_value), _unit(private_numbers(header, 0x0019, creator, 0x0E)))


def _philips(header: Header) -> Diffusion:
    b_value = private_numbers(header, 0x2001, "Philips Imaging DD 001", 0x03)
    axes = [private_numbers(header, 0x2005, "Philips MR Imaging DD 001", element) for element in (0xB0, 0xB1, 0xB2)]
    return Diffusion(_first(b_value), _unit([numbers[0] for numbers in axes if len(numbers) == 1]))


def _uih(header: Header) -> Diffusion:
    creator = "Image Private Header"
    b_value = private_numbers(header, 0x0065, creator, 0x09)
    return Diffusion(_first(b_value), _from_image(header, private_numbers(header, 0x0065, creator, 0x37)))


def _ge(header: Header) -> Diffusion:
    numbers = private_numbers(header, 0x0043, "GEMS_PARM_01", 0x39)[:1]
    b_value = _first([number % _DIGITS if number > _MARKED else number for number in numbers])
    axes = [private_numbers(header, 0x0019, "GEMS_ACQU_01", element) for element in (0xBB, 0xBC, 0xBD)]
    components = [each[0] for each in axes if len(each) == 1]
    orientation = np.array(numbers_or_nan(header.get("ImageOrientationPatient"), 6))
    if len(components) < 3 or np.isnan(orientation).any() or b_value is None:
        return Diffusion(b_value, None)
    plane = ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(np.cross(orientation[:3], orientation[3:]))))]
    by_rows = text_of(header, "InPlanePhaseEncodingDirection").upper() != "ROW"
    turned = [sign * components[axis] for axis, sign in _GE_AXES[plane][by_rows]]
    checked = plane == "axial" and by_rows and text_of(header, "PatientPosition") == "HFS"
    doubt = "" if checked else "GE's directions are taken as those of axial slices, head first supine, are"
    return Diffusion(b_value, _from_image(header, turned), doubt)


def _from_image(header: Header, numbers: list[float]) -> Direction | None:
    """A direction along rows, along columns and along the normal of the image, in the patient."""
    orientation = np.array(numbers_or_nan(header.get("ImageOrientationPatient"), 6))
    unit = _unit(numbers)
    if unit is None or np.isnan(orientation).any():
        return None
    along_row, along_column = orientation[:3], orientation[3:]
    vector = unit[0] * along_row + unit[1] * along_column + unit[2] * np.cross(along_row, along_column)
    return _unit([float(value) for value in vector])


def _first(numbers: list[float]) -> float | None:
    return _b_value(numbers[0]) if numbers else None
