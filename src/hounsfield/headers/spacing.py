"""The distance between pixels, with what it measures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hounsfield.geometry import SpacingKind
from hounsfield.image import Step, text_of

Spacing = tuple[float, float]
Found = tuple[Spacing | None, SpacingKind | None, Step | None]

#: Modalities whose images are projections: there, a distance on the detector is not one in the patient.
_PROJECTIONS = {"CR", "DX", "MG", "XA", "RF", "IO", "PX", "RTIMAGE", "XC"}
#: Classes of those modalities whose frames are reconstructed slices: X-Ray 3D Angiographic and Craniofacial, Breast
#: Tomosynthesis. Their Pixel Spacing is the distance in the patient (PS3.3 C.7.6.16.2.1).
_RECONSTRUCTED = {f"1.2.840.10008.5.1.4.1.1.13.1.{last}" for last in (1, 2, 3)}
_CENTIMETRES = 3
_SAME = 1e-6


def pixel_spacing(header: Mapping[str, Any]) -> Found:
    """Return the spacing in mm (between rows, between columns), its kind, and a step where there is doubt.

    Rules, in order:

    1. Ultrasound regions calibrated in cm, all alike: ``region`` (PS3.3 C.8.5.5).
    2. Pixel Spacing outside projection modalities, and of slices reconstructed from projections (breast
       tomosynthesis, X-ray 3D): ``patient`` (PS3.3 10.7.1.1, C.7.6.16.2.1).
    3. Pixel Spacing on a projection image: ``calibrated`` where Pixel Spacing Calibration Type is present or
       it differs from Imager Pixel Spacing, ``detector`` where both are equal; without either, its meaning is
       not known: no kind (PS3.3 10.7.1.3).
    4. Imager Pixel Spacing, or what stands for it in scanned films and RT images: ``detector``; divided by
       Estimated Radiographic Magnification Factor where that is present: ``calibrated``.
    """
    region = _region_spacing(header)
    if region is not None:
        return region, "region", None
    plain, step = _pair(header, "PixelSpacing")
    if plain is not None and not _is_projection(header):
        return plain, "patient", None
    if plain is not None:
        return _projection_kind(header, plain)
    for keyword in ("ImagerPixelSpacing", "NominalScannedPixelSpacing", "ImagePlanePixelSpacing"):
        found, doubt = _pair(header, keyword)
        step = step or doubt
        if found is not None:
            return _demagnified(header, found, step)
    return None, None, step


def _is_projection(header: Mapping[str, Any]) -> bool:
    return text_of(header, "Modality") in _PROJECTIONS and text_of(header, "SOPClassUID") not in _RECONSTRUCTED


def _pair(header: Mapping[str, Any], keyword: str) -> tuple[Spacing | None, Step | None]:
    value = header.get(keyword)
    if value is None:
        return None, None
    try:
        between_rows, between_columns = (float(v) for v in value)
    except (TypeError, ValueError):
        return None, Step("pixel spacing", f"{keyword} is not two numbers; not used", "not done")
    if not all(math.isfinite(v) and v > 0 for v in (between_rows, between_columns)):
        return None, Step("pixel spacing", f"{keyword} is not positive; not used", "not done")
    return (between_rows, between_columns), None


def _projection_kind(header: Mapping[str, Any], plain: Spacing) -> Found:
    if header.get("PixelSpacingCalibrationType"):
        return plain, "calibrated", None
    imager, _ = _pair(header, "ImagerPixelSpacing")
    if imager is None:
        detail = "Pixel Spacing of a projection image without calibration: of the detector or the patient, unknown"
        return plain, None, Step("pixel spacing", detail, "not done", "PS3.3 10.7.1.3")
    same = all(abs(a - b) <= _SAME * b for a, b in zip(plain, imager, strict=True))
    return plain, "detector" if same else "calibrated", None


def _demagnified(header: Mapping[str, Any], found: Spacing, step: Step | None) -> Found:
    factor = header.get("EstimatedRadiographicMagnificationFactor")
    if not isinstance(factor, (int, float)) or not math.isfinite(factor) or factor < 1:
        return found, "detector", step
    detail = f"Imager Pixel Spacing divided by the estimated magnification {factor:g}"
    spacing = (found[0] / factor, found[1] / factor)
    return spacing, "calibrated", Step("pixel spacing", detail, "done", "PS3.3 10.7.1.2")


def _region_spacing(header: Mapping[str, Any]) -> Spacing | None:
    """The spacing common to all two-dimensional regions calibrated in cm, or None."""
    if text_of(header, "Modality") not in ("US", "IVUS") and "SequenceOfUltrasoundRegions" not in header:
        return None
    spacings: set[Spacing] = set()
    for region in header.get("SequenceOfUltrasoundRegions") or []:
        units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
        if units != (_CENTIMETRES, _CENTIMETRES):
            continue
        x, y = region.get("PhysicalDeltaX"), region.get("PhysicalDeltaY")
        if not isinstance(x, (int, float)) or not isinstance(y, (int, float)) or not x or not y:
            continue
        if math.isfinite(x) and math.isfinite(y):
            spacings.add((abs(y) * 10, abs(x) * 10))
    return spacings.pop() if len(spacings) == 1 else None
