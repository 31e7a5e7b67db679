"""Standardized uptake values of PET images (PS3.3 C.8.9.1, PS3.16 CID 85).

SUV = activity concentration (Bq/ml) x normalisation (g, or cm2) / activity left of the dose (Bq)

after QIBA's vendor-neutral pseudo-code; the normalisations stand in `hounsfield.values.body`, the decay rules in
`hounsfield.values.decay`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header, items_of, text_of
from hounsfield.headers.by_tag import private_block_value
from hounsfield.headers.units import coded_unit
from hounsfield.steps import Step
from hounsfield.text import unit_words
from hounsfield.values.body import Body, body_of
from hounsfield.values.decay import activity_of
from hounsfield.values.modality import Linear, apply_transforms, describe, read_transforms
from hounsfield.values.real_world import RealWorld, real_world_values

#: What `values=` calls them, and the terms of SUV Type.
SUV_TYPES = {
    "suv": "BW",
    "suvbsa": "BSA",
    "suvlbm": "LBM",
    "suvlbmjames128": "LBMJAMES128",
    "suvlbmjanma": "LBMJANMA",
}
#: The same as units of an enhanced file (PS3.16 CID 85).
_CODES = {
    "BW": "g/ml{SUVbw}",
    "BSA": "cm2/ml{SUVbsa}",
    "LBM": "g/ml{SUVlbm}",
    "LBMJAMES128": "g/ml{SUVlbm(James128)}",
    "LBMJANMA": "g/ml{SUVlbm(Janma)}",
}
_BECQUERELS = "Bq/ml"
_PHILIPS = "Philips PET Private Group"
_MAPPING = "RealWorldValueMappingSequence"
_QIBA = "QIBA SUV pseudo-code"
_FLOAT32_BITS = 24


@dataclass(frozen=True)
class _Factor:
    """A factor for activity concentrations, counts or other SUVs, and the steps that say why."""

    value: float
    steps: tuple[Step, ...]


def suv_values(
    stored: NDArray[Any], headers: Sequence[Header], choice: str, bits: int, name: str, dtype: Any = None
) -> RealWorld:
    """Turn the stored values of a PET image into standardized uptake values.

    Parameters
    ----------
    stored
        (row, column), or (frame, row, column) with as many frames as headers. Overwritten where it is writable.
    headers
        One for each frame (`Header.for_frame`); a single one where all frames share a header.
    choice
        ``"suv"``, normalised to body weight; ``"suvlbm"``, ``"suvlbmjames128"``, ``"suvlbmjanma"``, to lean body
        mass; ``"suvbsa"``, to body surface area.
    bits
        Bits Stored.
    name
        The file's name, for errors.
    dtype
        Type of the values; by default float32, or float64 where the stored values have more than 24 bits.

    Returns
    -------
    RealWorld
        In g/ml, or cm2/ml for ``"suvbsa"``; `outside` where an enhanced file maps no real-world value.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        Naming the attribute without which, or with which, the factor cannot be known.

    Notes
    -----
    By Units (PS3.3 C.8.9.1.1.3):

    - BQML: modality values x normalisation / activity left.
    - GML, and CM2ML with SUV Type BSA: the values are SUVs of SUV Type (BW where that is absent, as the standard has
      it); another type of SUV is had by the ratio of both normalisations.
    - CNTS: by Philips' own factors: SUV Scale Factor (7053,xx00) to SUV by body weight, else Activity Concentration
      Scale Factor (7053,xx09) to Bq/ml.
    - All others are refused.

    Enhanced PET images (PS3.3 A.56) have the unit in a real-world value mapping: one to this SUV, else one to Bq/ml.
    """
    suv_type = SUV_TYPES[choice]
    unit = "cm2/ml" if suv_type == "BSA" else "g/ml"
    precise = np.dtype(np.float32 if bits <= _FLOAT32_BITS else np.float64) if dtype is None else np.dtype(dtype)
    header = headers[0]
    if text_of(header, "Units"):
        factor = _factor(header, text_of(header, "Units"), suv_type, name)
        values, steps = _scaled(stored, headers, factor.value, (bits, name, precise))
        return RealWorld(values, unit, None, (*steps, *factor.steps))
    if not items_of(header, _MAPPING):
        detail = "Units is missing: SUV can be computed from activity concentrations only"
        raise MissingAttributeError(detail, source=name, attribute="Units")
    mapped, factor = _mapped(stored, headers, suv_type, bits, name)
    values = (mapped.values * factor.value).astype(precise, copy=False)
    return RealWorld(values, unit, mapped.outside, (*mapped.steps, *factor.steps))


def _scaled(
    stored: NDArray[Any], headers: Sequence[Header], factor: float, how: tuple[int, str, np.dtype[Any]]
) -> tuple[NDArray[Any], list[Step]]:
    """Modality values times a factor, computed in double precision and rounded once."""
    bits, name, dtype = how
    transforms = read_transforms(headers, name, signed=stored.dtype.kind == "i")
    scaled: list[Any] = []
    for transform in transforms:
        if not isinstance(transform, Linear):
            detail = "RescaleSlope is missing: a PET image has slope and intercept"
            raise MissingAttributeError(detail, source=name, attribute="RescaleSlope")
        scaled.append(Linear(transform.slope * factor, transform.intercept * factor, transform.origin))
    steps = describe(transforms, headers, text_of(headers[0], "Units"))
    return apply_transforms(stored, scaled, bits, name, dtype), steps


def _mapped(
    stored: NDArray[Any], headers: Sequence[Header], suv_type: str, bits: int, name: str
) -> tuple[RealWorld, _Factor]:
    """The real-world values of an enhanced PET image, and the factor that makes SUVs of them."""
    codes = {coded_unit(item)[0] for h in headers for item in items_of(h, _MAPPING)}
    if _CODES[suv_type] in codes:
        mapped = real_world_values(stored, headers, _CODES[suv_type], bits, name, np.float64)
        return mapped, _Factor(1.0, ())
    if _BECQUERELS not in codes:
        keyword = "MeasurementUnitsCodeSequence"
        detail = f"{keyword} names neither Bq/ml nor this SUV: SUV cannot be computed from other values"
        raise InvalidAttributeError(detail, source=name, attribute=keyword)
    mapped = real_world_values(stored, headers, _BECQUERELS, bits, name, np.float64)
    return mapped, _of_activity(headers[0], suv_type, name)


def _factor(header: Header, units: str, suv_type: str, name: str) -> _Factor:
    if units == "BQML":
        return _of_activity(header, suv_type, name)
    if units == "CNTS":
        return _of_counts(header, suv_type, name)
    given = text_of(header, "SUVType")
    if units == "GML":
        return _of_suv(header, given or "BW", suv_type, name)
    if units == "CM2ML" and given == "BSA":
        return _of_suv(header, given, suv_type, name)
    detail = f"Units is {unit_words(units)}: SUV cannot be computed from such values"
    raise InvalidAttributeError(detail, source=name, attribute="Units")


def _of_activity(header: Header, suv_type: str, name: str) -> _Factor:
    """The factor from Bq/ml."""
    doubt = _check_corrections(header, name)
    body = body_of(suv_type, header, name)
    left = activity_of(header, name)
    factor = body.amount / left.becquerels
    detail = f"{body.detail}: {body.amount:.6g} {body.unit} / {left.becquerels:.6g} Bq = {factor:.6g} x Bq/ml"
    return _Factor(factor, (*doubt, *left.steps, _suv(detail, body)))


def _of_counts(header: Header, suv_type: str, name: str) -> _Factor:
    """The factor from counts, which only Philips' private attributes give."""
    scale = _positive(private_block_value(header, 0x7053, _PHILIPS, 0x00))
    if scale is not None:
        step = Step(
            "suv", f"Philips SUV Scale Factor (7053,xx00) {scale:.6g} x counts", reference="QIBA SUV pseudo-code"
        )
        ratio = _of_suv(header, "BW", suv_type, name)
        return _Factor(scale * ratio.value, (step, *ratio.steps))
    concentration = _positive(private_block_value(header, 0x7053, _PHILIPS, 0x09))
    if concentration is None:
        detail = "Units is CNTS, and there is no scale factor of Philips': SUV cannot be computed from counts"
        raise InvalidAttributeError(detail, source=name, attribute="Units")
    detail = f"Philips Activity Concentration Scale Factor (7053,xx09) {concentration:.6g} x counts -> Bq/ml"
    activity = _of_activity(header, suv_type, name)
    return _Factor(concentration * activity.value, (Step("suv", detail, reference=_QIBA), *activity.steps))


def _positive(value: Any) -> float | None:
    """Philips writes 0 where a factor is not known."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _of_suv(header: Header, given: str, suv_type: str, name: str) -> _Factor:
    """The factor from one type of SUV to another: the ratio of what they are normalised to."""
    if given not in _CODES:
        detail = "SUVType is ideal body weight or not a term of the standard: it cannot be converted"
        raise InvalidAttributeError(detail, source=name, attribute="SUVType")
    if given == suv_type:
        detail = f"the values are SUVs already, of type {given}"
        return _Factor(1.0, (Step("suv", detail, "not done", "PS3.3 C.8.9.1"),))
    have, want = body_of(given, header, name), body_of(suv_type, header, name)
    ratio = want.amount / have.amount
    detail = f"from {given}, {have.detail}, to {suv_type}, {want.detail}: factor {ratio:.6g}"
    return _Factor(ratio, (_suv(detail, want),))


def _suv(detail: str, body: Body) -> Step:
    return Step("suv", f"{detail} -> {body.unit}/ml", reference=f"PS3.3 C.8.9.1, {_QIBA}")


def _check_corrections(header: Header, name: str) -> tuple[Step, ...]:
    """Activities are known only where attenuation and decay were corrected for."""
    flags = {"AttenuationCorrected": "ATTN", "DecayCorrected": "DECY"}
    for keyword in flags:  # enhanced files
        if text_of(header, keyword) == "NO":
            detail = f"{keyword} is NO: SUV needs values corrected for attenuation and decay"
            raise InvalidAttributeError(detail, source=name, attribute=keyword)
    if all(text_of(header, keyword) == "YES" for keyword in flags):
        return ()
    corrected: Any = header.get("CorrectedImage")
    if corrected is None:
        detail = "CorrectedImage is missing; attenuation and decay are taken as corrected"
        return (Step("suv", detail, "assumed", _QIBA),)
    terms: list[Any] = corrected if isinstance(corrected, list) else [corrected]
    for term in flags.values():
        if term not in terms:
            detail = f"CorrectedImage has no {term}: SUV needs values corrected for attenuation and decay"
            raise InvalidAttributeError(detail, source=name, attribute="CorrectedImage")
    return ()
