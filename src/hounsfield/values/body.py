"""What standardized uptake values are normalised to: body weight, lean body mass, body surface area.

Formulas, with weight W in kg and height H in cm (the equations of vendors that QIBA has collected, and its consensus
on lean body mass, FDG-PET/CT profile, appendices G and H):

=============  =====================================================================================
SUV Type       Normalised to
=============  =====================================================================================
BW             W
LBM            James 1976: men 1.10 W - 120 (W / H)^2, women 1.07 W - 148 (W / H)^2
LBMJAMES128    the same with the multiplier 128 for men
LBMJANMA       Janmahasatian 2005, with B = W / (H / 100)^2: men 9270 W / (6680 + 216 B),
               women 9270 W / (8780 + 244 B)
BSA            Du Bois 1916: 0.007184 W^0.425 H^0.725 m2
=============  =====================================================================================

The terms are those of SUV Type (PS3.3 C.8.9.1); the units those of PS3.16 CID 85.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import needed_number, text_of

#: From a mouse to a horse, and from a newborn to the tallest: what lies beyond is in another unit.
_KILOGRAMS = (0.001, 1000.0)
_METRES = (0.2, 2.75)


@dataclass(frozen=True)
class Body:
    """The amount that an uptake is normalised to, in g (of BSA in cm2), and how it came about."""

    amount: float
    unit: str
    detail: str


def body_of(suv_type: str, header: Mapping[str, Any], name: str) -> Body:
    """Return the normalisation of a SUV Type: BW, LBM, LBMJAMES128, LBMJANMA or BSA.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        Patient's Weight, Size or Sex is missing or impossible; the lean body mass by James of so heavy a patient is
        not positive.
    """
    weight = needed_number(header, "PatientWeight", _KILOGRAMS, "kg", name)
    if suv_type == "BW":
        return Body(weight * 1000, "g", f"body weight {weight:.10g} kg")
    height = needed_number(header, "PatientSize", _METRES, "m", name) * 100
    if suv_type == "BSA":
        area = weight**0.425 * height**0.725 * 0.007184
        return Body(area * 10_000, "cm2", f"body surface area {area:.6g} m2 (Du Bois)")
    male = _is_male(header, name)
    if suv_type == "LBMJANMA":
        index = weight / (height / 100) ** 2
        lean, author = 9270 * weight / (6680 + 216 * index if male else 8780 + 244 * index), "Janmahasatian"
    else:
        squared = (weight / height) ** 2
        factor = 128 if suv_type == "LBMJAMES128" else 120
        lean = 1.10 * weight - factor * squared if male else 1.07 * weight - 148 * squared
        author = f"James, multiplier {factor if male else 148}"
    if lean <= 0:
        detail = "the lean body mass by James's formula is not positive: it does not hold for this weight and height"
        raise InvalidAttributeError(detail, source=name, attribute="PatientWeight")
    return Body(lean * 1000, "g", f"lean body mass {lean:.6g} kg ({author})")


def _is_male(header: Mapping[str, Any], name: str) -> bool:
    sex = text_of(header, "PatientSex")
    if not sex:
        raise MissingAttributeError("PatientSex is missing", source=name, attribute="PatientSex")
    if sex not in ("M", "F"):
        detail = "PatientSex is neither M nor F: the formulas for lean body mass need one of them"
        raise InvalidAttributeError(detail, source=name, attribute="PatientSex")
    return sex == "M"
