"""Which unit an image's modality values are in, from its attributes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hounsfield.header import finite_number, items_of, text_of, texts_of, whole_number
from hounsfield.steps import Step

_STORAGE = "1.2.840.10008.5.1.4.1.1."
#: SOP classes whose rescaled values are HU where no Rescale Type says otherwise (PS3.3 C.8.2.1.1, C.8.15.3.10).
_CT_STORAGE = {f"{_STORAGE}{last}" for last in ("2", "2.1", "2.2")}
#: Of the standard's other SOP classes these may hold CT numbers: secondary captures, and 3-D reconstructions by C-arms.
_MAY_HOLD_CT = {f"{_STORAGE}{last}" for last in ("7", "7.2", "7.3", "13.1.1", "13.1.2")}
_PET_STORAGE = {f"{_STORAGE}{last}" for last in ("128", "130", "128.1")}
#: X-ray angiography and radiofluoroscopy, enhanced or not.
_X_RAY_STORAGE = f"{_STORAGE}12."
_DOSE_UNITS = {"GY": "Gy", "RELATIVE": "1"}
#: Rescale Type "US" means "unspecified" (PS3.3 C.11.1.1.2), and so in effect do these.
_UNSPECIFIED = {"", "US", "UNSPECIFIED"}
#: Words of Image Type that name another quantity than attenuation: multi-energy CT (PS3.3 C.8.15.2.1.1.5), and maps of
#: perfusion as in PS3.3 C.8.13.3.1.1 and as scanners and workstations write them.
_MATERIALS = {"MAT_SPECIFIC", "MAT_FRACTIONAL", "MAT_VALUE_BASED", "EFF_ATOMIC_NUM", "ELECTRON_DENSITY"}
_MAPS = {
    *("CBF", "CBV", "RCBF", "RCBV", "RELCBF", "RELCBV", "PBF", "PBV", "HBF", "HBV", "ABF", "ABV"),
    *("MTT", "RMTT", "TTP", "TMAX", "TTD", "TTS", "KTRANS", "PERMEABILITY"),
}
_PERFUSION_WORD = "PERFUSION"
#: Words of Image Type that say so: LOCALIZER is the standard's (PS3.3 C.8.2.1.1.1), makers write others.
LOCALIZERS = {"LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW"}
#: Sequences that only multi-energy CT has, where Multi-energy CT Acquisition itself is absent (PS3.3 C.8.15.2.1.1.5).
_MULTI_ENERGY_SEQUENCES = (
    "MultienergyCTAcquisitionSequence",
    "MultienergyCTProcessingSequence",
    "MultienergyCTCharacteristicsSequence",
)
_CT_REFERENCE, _MULTI_ENERGY = "PS3.3 C.8.2.1", "PS3.3 C.8.2.1.1"
_RESCALE_TYPE = "PS3.3 C.11.1.1.2"
#: A CT image has 16 bits allocated (PS3.3 C.8.2.1.1.4): one of 8 is a picture.
_PICTURE_BITS = 8


def modality_unit(header: Mapping[str, Any], has_transform: bool) -> tuple[str, Step | None]:
    """Return the unit of the modality values, and a step where the unit is assumed or cannot be known.

    Parameters
    ----------
    header
        The attributes, for one frame of an enhanced file (`Header.for_frame`).
    has_transform
        Whether slope and intercept, a modality LUT or a dose scaling leads to the values.

    Notes
    -----
    Rescale Type names the unit. Where it is absent the values of a CT image are HU (PS3.3 C.8.2.1), those of
    a PET image are in Units (C.8.9.1) and those of an RT dose in Dose Units (C.8.8.3).

    Modality CT alone makes no HU. There is no unit where the SOP class or Image Type names another quantity (PET, maps
    of perfusion, materials), where real-world values are of another unit, or where the values cannot be CT numbers:
    pictures of 8 bits, and others that are not CT images without a value below 0, where air lies. HU are assumed, and
    said to be, where Rescale Type is US (unspecified), the SOP class is none for CT, the image is a localizer, or
    multi-energy CT lacks the Rescale Type that it needs.
    """
    if not has_transform:
        return "", None
    table = modality_table(header)
    if table is not None:
        declared = text_of(table, "ModalityLUTType")
        return ("" if declared.upper() in _UNSPECIFIED else declared), _thousandths(declared)
    declared, modality = text_of(header, "RescaleType"), text_of(header, "Modality")
    if text_of(header, "SOPClassUID") in _PET_STORAGE and (declared.upper() in _UNSPECIFIED or declared == "HU"):
        return _pet_unit(header, declared, modality)
    if declared.upper() not in _UNSPECIFIED:
        return declared, _declared_against_type(header, declared) or _thousandths(declared)
    if header.get("DoseGridScaling") is not None:
        dose = text_of(header, "DoseUnits")
        return _DOSE_UNITS.get(dose, dose), None
    if text_of(header, "SegmentationType") == "FRACTIONAL":
        return "1", None
    if modality == "PT":
        return text_of(header, "Units"), None
    return _ct_unit(header, declared) if modality == "CT" else ("", None)


def _thousandths(declared: str) -> Step | None:
    """A step where the term for the unit is not what its letters say: OD is none of optical density."""
    if declared != "OD":
        return None
    return Step("unit", "OD counts thousandths of optical density: 2140 is a density of 2.140", reference=_RESCALE_TYPE)


def is_localizer(header: Mapping[str, Any]) -> bool:
    """Return whether Image Type says that it is a localizer, whose values need not be those of slices.

    Examples
    --------
    >>> is_localizer({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]})
    True
    """
    return bool(_image_words(header) & LOCALIZERS)


def is_localizer_type(image_type: str) -> bool:
    r"""Return the same of Image Type alone, as one text.

    Examples
    --------
    >>> is_localizer_type("ORIGINAL\\PRIMARY\\SCOUT"), is_localizer_type("ORIGINAL\\PRIMARY\\AXIAL")
    (True, False)
    """
    return any(word in image_type.upper() for word in LOCALIZERS)


def leads_to_intensity(header: Mapping[str, Any]) -> bool:
    """Return whether the file has a Modality LUT, and it leads back to the intensity of the X-ray beam."""
    there = bool(items_of(header, "ModalityLUTSequence"))
    return there and text_of(header, "SOPClassUID").startswith(_X_RAY_STORAGE)


def _pet_unit(header: Mapping[str, Any], declared: str, modality: str) -> tuple[str, Step | None]:
    """Units, whatever the Modality says: the SOP class decides which attributes mean what (PS3.3 C.8.9.1)."""
    unit = text_of(header, "Units")
    contradictions = ["Rescale Type is HU"] * (declared == "HU") + ["Modality is CT"] * (modality == "CT")
    if not contradictions:
        return unit, None
    taken = f"its Units ({unit}) are used" if unit else "its Units are missing, so the unit is not known"
    detail = f"{' and '.join(contradictions)}, but the SOP class is a PET image; {taken}"
    return unit, Step("unit", detail, "assumed", "PS3.3 C.8.9.1")


def _declared_against_type(header: Mapping[str, Any], declared: str) -> Step | None:
    """A step where Rescale Type says HU, and Image Type names what has none."""
    if declared != "HU":
        return None
    words = _image_words(header)
    against = _no_numbers(header)
    if contradicting := words & _MAPS:
        against = f"Image Type says {min(contradicting)}, which is not an attenuation"
    elif units := _mapped_alike(header):
        against = f"the file maps its stored values to {min(units)} by the same slope and intercept"
    if against:
        return Step("unit", f"Rescale Type is HU, but {against}; taken as HU", "assumed", _RESCALE_TYPE)
    if words & LOCALIZERS and text_of(header, "Modality") == "CT":
        detail = "a localizer is a projection: its HU, which Rescale Type names, are not those of slices"
        return Step("unit", detail, reference=_CT_REFERENCE)
    return None


def _ct_unit(header: Mapping[str, Any], declared: str) -> tuple[str, Step | None]:
    """HU of a file of Modality CT that does not say its unit; or none, and why."""
    words = _image_words(header)
    reason = _other_quantity(header, declared, words) or _no_numbers(header)
    multi_energy = _is_multi_energy(header)
    if reason:
        # Multi-energy CT must say its unit (PS3.3 C.8.2.1): where it does not, even its absence is a guess.
        lacking = multi_energy and not declared
        more = "; Rescale Type, which multi-energy CT needs, is missing" if lacking else ""
        return "", Step("unit", f"{reason}: no known unit{more}", "assumed" if lacking else "not done", _CT_REFERENCE)
    doubts = _doubts(header, declared, words)
    if multi_energy:
        doubts.append("multi-energy CT must state its unit")
    if not doubts:
        return "HU", None
    reference = _MULTI_ENERGY if multi_energy else _RESCALE_TYPE
    return "HU", Step("unit", f"{', and '.join(doubts)}; taken as HU because the Modality is CT", "assumed", reference)


def _is_multi_energy(header: Mapping[str, Any]) -> bool:
    multi_energy = text_of(header, "MultienergyCTAcquisition").upper()
    if multi_energy:
        return multi_energy == "YES"
    return any(items_of(header, keyword) for keyword in _MULTI_ENERGY_SEQUENCES)


def _doubts(header: Mapping[str, Any], declared: str, words: set[str]) -> list[str]:
    """Return why HU are an assumption; empty for a CT image as it should be."""
    doubts = [f"Rescale Type is {declared!r} (unspecified)"] if declared else []
    if text_of(header, "SOPClassUID") not in _CT_STORAGE:
        doubts.append(
            "the SOP class is not a CT image"
            if declared
            else "Rescale Type is missing, and the SOP class is not a CT image"
        )
    if words & LOCALIZERS:
        doubts.append("the image is a localizer, whose values need not be HU")
    if "DERIVED" in words and _PERFUSION_WORD in words:
        doubts.append("Image Type says perfusion")
    if _other_units(header):
        doubts.append("its real-world values have another unit")
    return doubts


def _other_quantity(header: Mapping[str, Any], declared: str, words: set[str]) -> str:
    """Return the other quantity that the file names; ``""`` where it names none."""
    sop_class = text_of(header, "SOPClassUID")
    if sop_class.startswith(_STORAGE) and sop_class not in _CT_STORAGE | _MAY_HOLD_CT:
        return "Modality is CT, but the SOP class holds images of another kind"
    if others := words & (_MATERIALS | _MAPS):
        return f"Image Type says {min(others)}, which is not measured in HU"
    if words & LOCALIZERS and declared:
        return f"Rescale Type is {declared!r} (unspecified), and a localizer's values need not be HU"
    units = _other_units(header) if declared or "DERIVED" in words else _mapped_alike(header)
    if units:
        return f"the file maps its stored values to {min(units)}"
    return ""


def _other_units(header: Mapping[str, Any]) -> set[str]:
    """Units of the real-world values; empty where HU are among them (PS3.3 C.7.6.16.2.11)."""
    units = {coded_unit(item)[1] for item in items_of(header, "RealWorldValueMappingSequence")}
    return set() if "HU" in units else units - {""}


def _mapped_alike(header: Mapping[str, Any]) -> set[str]:
    """Other units of real-world values that are the rescaled values, number by number."""
    rescale = (header.get("RescaleSlope", 1), header.get("RescaleIntercept", 0))
    alike = [
        item
        for item in items_of(header, "RealWorldValueMappingSequence")
        if (item.get("RealWorldValueSlope"), item.get("RealWorldValueIntercept")) == rescale
    ]
    return {coded_unit(item)[1] for item in alike} - {""} if alike and _other_units(header) else set()


def _no_numbers(header: Mapping[str, Any]) -> str:
    """Return why the values cannot be CT numbers, by what their bits can hold; ``""`` where they can."""
    bits = whole_number(header.get("BitsStored"))
    if bits is None:
        return ""
    slope, intercept = header.get("RescaleSlope", 1), finite_number(header.get("RescaleIntercept", 0))
    if bits <= _PICTURE_BITS and (slope, intercept) == (1, 0):
        return f"the values are those of a picture of {bits} bits"
    if text_of(header, "SOPClassUID") in _CT_STORAGE or intercept is None:
        return ""
    if header.get("PixelRepresentation") != 1 and intercept >= 0:
        return "the SOP class is not a CT image, and no value can be below 0, where air lies"
    return ""


def _image_words(header: Mapping[str, Any]) -> set[str]:
    """The values of Image Type, or of a frame's own Frame Type, and the words that they are made of."""
    values = [text.upper() for text in texts_of(header, "FrameType" if header.get("FrameType") else "ImageType")]
    parts = {part for v in values[2:] for part in re.split(r"[^A-Z0-9]+", v)}  # "CT_PERFUSION", "TTP_RGB"
    return {*values, *parts}


def modality_table(header: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the item of Modality LUT Sequence (PS3.3 C.11.1) that leads to modality values, or None.

    There is none for X-ray angiography and radiofluoroscopy: there the table leads back from what is shown to the
    intensity of the beam, and windows and VOI LUTs hold for stored values (PS3.3 C.8.7.1.1.2; PS3.17 FFF.2.3).
    Templates write an item whose values are all empty. LUT Descriptor and LUT Data are type 1: without either, there
    is no table, and slope and intercept are asked.
    """
    items = items_of(header, "ModalityLUTSequence")
    blank = is_blank_table(header, "ModalityLUTSequence")
    return items[0] if items and not blank and not leads_to_intensity(header) else None


def is_blank_table(header: Mapping[str, Any], keyword: str) -> bool:
    """Return whether a sequence of look-up tables begins with an item that holds none."""
    return any(
        item.get("LUTDescriptor") is None and item.get("LUTData") is None for item in items_of(header, keyword)[:1]
    )


def has_transform(header: Mapping[str, Any]) -> bool:
    """Return whether slope and intercept, a modality LUT, a dose scaling or a fraction leads to modality values."""
    rescaled = ("RescaleSlope", "RescaleIntercept", "DoseGridScaling")
    return (
        modality_table(header) is not None
        or any(header.get(keyword) is not None for keyword in rescaled)
        or text_of(header, "SegmentationType") == "FRACTIONAL"
    )


#: UCUM codes of PS3.16 CID 82 to 85 that this library spells as the attributes Rescale Type and Units do.
_UCUM = {"[hnsf'U]": "HU", "Bq/ml": "BQML", "{counts}": "CNTS", "{propcounts}": "PROPCNTS", "{ratio}": "1"}
_ANNOTATION = re.compile(r"\{[^{}]*\}")


def coded_unit(header: Mapping[str, Any]) -> tuple[str, str]:
    """Return the code in Measurement Units Code Sequence, and the unit as it is spelt here.

    Parameters
    ----------
    header
        The item that has the sequence, with one item of its own; without it there is no unit.

    Returns
    -------
    code
        As in the file; ``""`` where there is none.
    unit
        ``"HU"``, ``"BQML"``; else the UCUM code without its annotations in braces, which are no part of the unit; the
        code's meaning where the coding scheme is not UCUM.
    """
    item = next(iter(items_of(header, "MeasurementUnitsCodeSequence")), None)
    if item is None:
        return "", ""
    code = next((c for k in ("CodeValue", "LongCodeValue", "URNCodeValue") if (c := text_of(item, k))), "")
    if text_of(item, "CodingSchemeDesignator") not in ("UCUM", ""):
        return code, text_of(item, "CodeMeaning") or code
    return code, _UCUM.get(code) or _ANNOTATION.sub("", code) or code
