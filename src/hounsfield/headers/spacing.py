"""The distance between pixels, with what it measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from hounsfield.geometry import SpacingKind
from hounsfield.header import Header, finite_number, items_of, text_of
from hounsfield.steps import Step

Spacing = tuple[float, float]
Found = tuple[Spacing | None, SpacingKind | None, Step | None]

#: Modalities of projection X-ray, by the defined terms of PS3.3 C.7.3.1.1.1.
PROJECTION_XRAY = {"CR", "DX", "MG", "XA", "RF", "RG", "IO", "PX", "RTIMAGE"}
#: Modalities whose images are projections: there, a distance on the detector is not one in the patient. Photographs
#: (External-camera Photography) are projections, too.
PROJECTIONS = PROJECTION_XRAY | {"XC"}
#: Slices that were reconstructed from projections, and keep their modality: X-ray 3D angiographic, X-ray 3D
#: craniofacial and breast tomosynthesis images. Their Pixel Measures are distances in the patient (PS3.3 C.7.6.16.2.1).
RECONSTRUCTED = {f"1.2.840.10008.5.1.4.1.1.13.1.{number}" for number in (1, 2, 3)}
#: VL Slide-Coordinates Microscopic Image Storage, VL Whole Slide Microscopy Image Storage (PS3.4 B.5).
_SLIDES = {"1.2.840.10008.5.1.4.1.1.77.1.3", "1.2.840.10008.5.1.4.1.1.77.1.6"}
#: Where a frame of an enhanced file may have a spacing of its own.
_PER_FRAME = (
    ("PixelMeasuresSequence", "PixelSpacing"),
    ("FramePixelDataPropertiesSequence", "ImagerPixelSpacing"),
    ("ProjectionPixelCalibrationSequence", "ObjectPixelSpacingInCenterOfBeam"),
)
_CENTIMETRES = 3
_SAME = 1e-6
#: What rounding leaves between a spacing in mm and a scale in cm.
_ALIKE = 0.01
_NAME = "pixel spacing"


def pixel_spacing(header: Mapping[str, Any]) -> Found:
    """Return the spacing in mm (between rows, between columns), its kind, and a step where there is doubt.

    Rules, in order:

    1. Ultrasound regions calibrated in cm, all alike: ``region`` (PS3.3 C.8.5.5). Not where a region reaches
       beyond the image: that was resized, or cut, after its calibration.
    2. Pixel Spacing of a microscope slide (`on_slide`): ``slide``. Its frame of reference is the glass.
    3. Pixel Spacing outside projection modalities, and of slices reconstructed from projections: ``patient``
       (PS3.3 10.7.1.1).
    4. Object Pixel Spacing in Center of Beam, of enhanced angiography: ``calibrated`` (PS3.3 C.8.19.6.9).
    5. Pixel Spacing on a projection image: ``calibrated`` where Pixel Spacing Calibration Type is present or
       it differs from Imager Pixel Spacing, as rule 6 where both are equal; without either, its meaning is
       not known: no kind (PS3.3 10.7.1.3).
    6. Imager Pixel Spacing, or what stands for it in scanned films and RT images: ``detector``; divided by
       Estimated Radiographic Magnification Factor where that is present: ``calibrated``. Nominal Scanned Pixel
       Spacing of what is no X-ray is that of the paper: no kind.
    """
    region, doubt = _region_spacing(header)
    plain, step = _pair(header, "PixelSpacing")
    if region is not None:
        return region, "region", _unlike(region, plain)
    step = doubt or step
    projection = text_of(header, "Modality") in PROJECTIONS and text_of(header, "SOPClassUID") not in RECONSTRUCTED
    if plain is not None and not projection:
        return plain, "slide" if on_slide(header) else "patient", doubt  # why no region's scale was taken
    for item in items_of(header, "ProjectionPixelCalibrationSequence")[:1]:
        declared, _ = _pair(item, "ObjectPixelSpacingInCenterOfBeam")
        if declared is not None:
            return declared, "calibrated", None
    if plain is not None:
        return _projection_kind(header, plain)
    for keyword in ("ImagerPixelSpacing", "NominalScannedPixelSpacing", "ImagePlanePixelSpacing"):
        declared, doubt = _pair(header, keyword)
        step = step or doubt
        if declared is not None and keyword.startswith("Nominal") and not _on_film(header):
            detail = "Nominal Scanned Pixel Spacing of an image that is not an X-ray: distances on what was scanned"
            return declared, None, Step(_NAME, detail, "not done", "PS3.3 C.8.6.2")
        if declared is not None:
            return _demagnified(header, declared, step)
    return None, None, step


def _on_film(header: Mapping[str, Any]) -> bool:
    """Return whether a scanned picture is a projection on X-ray film: its distances are those on the detector."""
    return text_of(header, "Modality") in PROJECTION_XRAY


def _unlike(region: Spacing, plain: Spacing | None) -> Step | None:
    """A step where Pixel Spacing says something else than the regions of an ultrasound image."""
    if plain is None or all(abs(a - b) <= _ALIKE * b for a, b in zip(plain, region, strict=True)):
        return None
    detail = "Pixel Spacing differs from the scale of the ultrasound regions, which is used"
    return Step(_NAME, detail, "assumed", "PS3.3 C.8.5.5")


def on_slide(header: Mapping[str, Any]) -> bool:
    """Return whether an image is of a microscope slide, or made of one: a segmentation of it, a parametric map.

    A microscope in surgery (VL Microscopic Image) looks at the patient: without slide coordinates it is not meant.
    """
    return (
        text_of(header, "Modality") == "SM"
        or text_of(header, "SOPClassUID") in _SLIDES
        or any(header.get(keyword) is not None for keyword in ("ImageOrientationSlide", "TotalPixelMatrixColumns"))
    )


def frames_spacing(header: Header, frames: Sequence[int]) -> Found:
    """Return the spacing that all frames have in common, as `pixel_spacing` does; none where they differ.

    Parameters
    ----------
    header
        The attributes of the whole file.
    frames
        0-based indices of the frames.
    """
    first = pixel_spacing(header.for_frame(frames[0]))
    unlike: dict[str, int] = {}
    groups = items_of(header, "PerFrameFunctionalGroupsSequence")
    for index in frames:
        group = groups[index] if index < len(groups) else {}
        own = [item.get(keyword) for macro, keyword in _PER_FRAME for item in items_of(group, macro)[:1]]
        unlike.setdefault(repr(own), index)
    if any(pixel_spacing(header.for_frame(index))[:2] != first[:2] for index in unlike.values()):
        detail = "the frames have different spacings: none holds for the whole image"
        return None, None, Step(_NAME, detail, "not done", "PS3.3 C.7.6.16.2.1")
    return first


def _pair(header: Mapping[str, Any], keyword: str) -> tuple[Spacing | None, Step | None]:
    value = header.get(keyword)
    if value is None:
        return None, None
    numbers = [finite_number(v) for v in cast("list[Any]", value)] if isinstance(value, list) else []
    if len(numbers) != 2:
        return None, Step(_NAME, f"{keyword} is not two numbers; not used", "not done")
    between_rows, between_columns = numbers
    if between_rows is None or between_columns is None or min(between_rows, between_columns) <= 0:
        return None, Step(_NAME, f"{keyword} is not positive; not used", "not done")
    return (between_rows, between_columns), None


def _projection_kind(header: Mapping[str, Any], plain: Spacing) -> Found:
    if header.get("PixelSpacingCalibrationType"):
        return plain, "calibrated", None
    imager, _ = _pair(header, "ImagerPixelSpacing")
    if imager is None:
        detail = "Pixel Spacing of a projection image without calibration: at the detector or in the patient, unknown"
        return plain, None, Step(_NAME, detail, "not done", "PS3.3 10.7.1.3")
    same = all(abs(a - b) <= _SAME * b for a, b in zip(plain, imager, strict=True))
    return _demagnified(header, imager, None) if same else (plain, "calibrated", None)


def _demagnified(header: Mapping[str, Any], imager: Spacing, step: Step | None) -> Found:
    value = header.get("EstimatedRadiographicMagnificationFactor")
    if value is None:
        return imager, "detector", step
    factor = finite_number(value)
    if factor is None or factor < 1:
        detail = "Estimated Radiographic Magnification Factor is below 1 or not a number; not used"
        return imager, "detector", step or Step(_NAME, detail, "not done", "PS3.3 10.7.1.2")
    detail = f"Imager Pixel Spacing divided by the estimated magnification {factor:g}"
    spacing = (imager[0] / factor, imager[1] / factor)
    return spacing, "calibrated", Step(_NAME, detail, "done", "PS3.3 10.7.1.2")


def _region_spacing(header: Mapping[str, Any]) -> tuple[Spacing | None, Step | None]:
    """The spacing common to all two-dimensional regions calibrated in cm, or None and why."""
    spacings: set[Spacing] = set()
    for region in items_of(header, "SequenceOfUltrasoundRegions"):
        units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
        if units != (_CENTIMETRES, _CENTIMETRES):
            continue
        x, y = finite_number(region.get("PhysicalDeltaX")), finite_number(region.get("PhysicalDeltaY"))
        if not x or not y:
            continue
        if _beyond(region, "RegionLocationMaxX1", header, "Columns") or _beyond(
            region, "RegionLocationMaxY1", header, "Rows"
        ):
            detail = "an ultrasound region extends beyond the image, which was resized or cropped later; not used"
            return None, Step(_NAME, detail, "not done", "PS3.3 C.8.5.5")
        spacings.add((abs(y) * 10, abs(x) * 10))
    if len(spacings) > 1:
        detail = "the ultrasound regions have different scales: none holds for the whole image"
        return None, Step(_NAME, detail, "not done", "PS3.3 C.8.5.5")
    return (spacings.pop() if spacings else None), None


def _beyond(region: Mapping[str, Any], keyword: str, header: Mapping[str, Any], size: str) -> bool:
    """Return whether a region ends outside; one pixel is let pass, since some count the bound as excluded."""
    last, count = finite_number(region.get(keyword)), finite_number(header.get(size))
    return last is not None and count is not None and last > count
