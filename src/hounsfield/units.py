"""Which unit an image's modality values are in, from its attributes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hounsfield.image import Step, items_of, text_of

#: SOP classes whose rescaled values are HU where no Rescale Type says otherwise (PS3.3 C.8.2.1.1, C.8.15.3.10).
_CT_STORAGE = {
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
}
_DOSE_UNITS = {"GY": "Gy", "RELATIVE": "1"}
#: Rescale Type "US" means "unspecified" (PS3.3 C.11.1.1.2), and so in effect do these.
_UNSPECIFIED = {"", "US", "UNSPECIFIED"}


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
    a PET image are in Units (C.8.9.1) and those of an RT dose in Dose Units (C.8.8.3). A CT image whose
    Rescale Type is US, unspecified, is taken to be in HU, as is a rescaled image of modality CT under another
    SOP class: both are assumed, never silently.
    """
    if not has_transform:
        return "", None
    table = modality_table(header)
    if table is not None:
        declared = text_of(table, "ModalityLUTType")
        return ("" if declared.upper() in _UNSPECIFIED else declared), None
    declared = text_of(header, "RescaleType")
    if declared.upper() not in _UNSPECIFIED:
        return declared, None
    if header.get("DoseGridScaling") is not None:
        dose = text_of(header, "DoseUnits")
        return _DOSE_UNITS.get(dose, dose), None
    if text_of(header, "SegmentationType") == "FRACTIONAL":
        return "1", None
    modality = text_of(header, "Modality")
    if modality == "PT":
        return text_of(header, "Units"), None
    if modality == "CT":
        return "HU", _ct_assumption(header, declared)
    return "", None


def _ct_assumption(header: Mapping[str, Any], declared: str) -> Step | None:
    if declared:
        detail = f"Rescale Type is {declared!r} (unspecified); taken as HU because the Modality is CT"
    elif text_of(header, "SOPClassUID") not in _CT_STORAGE:
        detail = "no Rescale Type, and the SOP class is not a CT image; taken as HU because the Modality is CT"
    else:
        return None
    return Step("unit", detail, "assumed", "PS3.3 C.11.1.1.2")


def modality_table(header: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the item of Modality LUT Sequence (PS3.3 C.11.1), or None where there is none that holds a table.

    Templates write an item whose values are all empty. LUT Descriptor and LUT Data are type 1: without either, there is
    no table, and slope and intercept are asked.
    """
    items = items_of(header, "ModalityLUTSequence")
    return items[0] if items and not is_blank_table(header, "ModalityLUTSequence") else None


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
