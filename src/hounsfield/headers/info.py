"""The facts a person asks of a file, as a dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.uid import UID, UID_dictionary  # pyright: ignore[reportPrivateImportUsage]

from hounsfield.header import Header, NoHeader, whole_number
from hounsfield.headers.attribute_path import AttributePath, attribute_path
from hounsfield.headers.dataset import declared_syntax, open_header
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.headers.privacy import HIDDEN, identifies
from hounsfield.headers.spacing import pixel_spacing
from hounsfield.headers.tags import json_ready
from hounsfield.headers.times import date_of, time_of
from hounsfield.headers.units import has_transform, modality_unit
from hounsfield.image import Image
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.local import SourceLike, open_source
from hounsfield.steps import say_assumptions

#: The nine facts that come first, in this order.
FIRST = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "InstitutionName",
    "Manufacturer",
)
_DATES = ("PatientBirthDate", "StudyDate")
_TEXT = (
    "Modality",
    "BodyPartExamined",
    "StudyDescription",
    "SeriesDescription",
    "SeriesNumber",
    "InstanceNumber",
    "AccessionNumber",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "SOPClassUID",
)
_PIXELS = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
)


def facts(header: Header, syntax: str | None, phi: bool = True) -> dict[str, Any]:
    """Return the facts of a header: see `hounsfield.info`, which opens a source first.

    Parameters
    ----------
    header
        The attributes of the whole file.
    syntax
        The transfer syntax that the file declares, or None.
    phi
        False hides what identifies the patient.
    """
    shown = _facts(header, syntax)
    return shown if phi else _without_phi(shown)


def _facts(whole: Header, syntax: str | None) -> dict[str, Any]:
    header = whole.for_frame(0)
    facts: dict[str, Any] = {keyword: _text(whole.get(keyword)) for keyword in FIRST}
    facts |= {f"{keyword}ISO": iso_date(whole.get(keyword)) for keyword in _DATES}
    facts["StudyTimeISO"] = iso_time(whole.get("StudyTime"))
    facts |= {keyword: _text(whole.get(keyword)) for keyword in _TEXT}
    facts["SOPClass"] = uid_name(whole.get("SOPClassUID"))
    facts["TransferSyntaxUID"] = syntax
    facts["TransferSyntax"] = uid_name(syntax)
    facts |= {keyword: json_ready(whole.get(keyword)) for keyword in _PIXELS}
    facts["NumberOfFrames"] = _frames(whole)
    return facts | _measures(header)


def _frames(header: Mapping[str, Any]) -> int | None:
    declared = whole_number(header.get("NumberOfFrames"))
    return 1 if declared is None and header.get("Rows") else declared


def _measures(header: Mapping[str, Any]) -> dict[str, Any]:
    spacing, kind, _ = pixel_spacing(header)
    unit, _ = modality_unit(header, has_transform(header))
    return {
        "PixelSpacing": list(spacing) if spacing else None,
        "SpacingKind": kind,
        "SliceThickness": json_ready(header.get("SliceThickness")),
        "ImagePositionPatient": json_ready(header.get("ImagePositionPatient")),
        "ImageOrientationPatient": json_ready(header.get("ImageOrientationPatient")),
        "Unit": unit,
        "WindowCenter": _as_list(header.get("WindowCenter")),
        "WindowWidth": _as_list(header.get("WindowWidth")),
    }


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return "\\".join(str(v) for v in value)  # pyright: ignore[reportUnknownArgumentType]
    return str(value)


def _as_list(value: Any) -> list[Any] | None:
    return None if value is None else json_ready(value if isinstance(value, list) else [value])  # pyright: ignore[reportUnknownVariableType]


_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*", re.ASCII)


def uid_name(uid: Any) -> str | None:
    """The name of a registered UID, or None."""
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        return None
    name = UID(uid).name
    return None if name == uid else name


def uid_names() -> dict[str, str]:
    """Return the names of all registered UIDs: of SOP classes, transfer syntaxes, and others."""
    return {uid: entry[0] for uid, entry in UID_dictionary.items() if entry[0]}


def iso_date(value: Any) -> str | None:
    """Return a DICOM date (``20040119``, or ``2004.01.19`` of old files) in ISO 8601; None where it is none."""
    day = date_of(value)
    return None if day is None else day.isoformat()


def iso_time(value: Any) -> str | None:
    """Return a DICOM time (``072730.123``, ``0727``, ``07:27:30``) in ISO 8601; None where it is none."""
    if time_of(value) is None:
        return None
    # As exact as it is written: hours alone stay hours alone.
    whole, point, fraction = str(value).strip().replace(":", "").partition(".")
    return ":".join(whole[at : at + 2] for at in range(0, len(whole), 2)) + point + fraction


def fields_of(whole: Header, opened_syntax: str | None, fields: Iterable[str], phi: bool = True) -> dict[str, Any]:
    """Return the values of the attributes that are asked for; those that are facts as `facts` has them.

    Raises
    ------
    ValueError
        There is no such attribute.
    """
    names = list(fields)
    paths = {name: attribute_path(name) for name in names if name not in FACT_NAMES}
    known = facts(whole, opened_syntax, phi) if len(paths) < len(set(names)) else {}
    return {name: _field(whole, paths[name], phi) if name in paths else known[name] for name in names}


def check_fields(fields: Iterable[str]) -> None:
    """Refuse what is neither a fact nor an attribute.

    Raises
    ------
    ValueError
        Saying which was meant, where that can be told.
    """
    for name in fields:
        if name not in FACT_NAMES:
            attribute_path(name)


def _field(whole: Header, path: AttributePath, phi: bool) -> Any:
    if path.in_meta:
        meta = getattr(whole.dataset, "file_meta", None)
        value = None if meta is None else path.value_in(DatasetHeader(meta))
    else:
        value = path.value_in(whole.for_frame(0))
        # What has no keyword is had from the file's own header.
        value = path.value_in(whole) if value is None else value
    return value if value is None else json_ready(value) if phi or not path.identifies else HIDDEN


def _without_phi(facts: dict[str, Any]) -> dict[str, Any]:
    """Hide what identifies; an absent value stays None, which tells nothing."""
    hidden = dict(facts)
    for key, value in facts.items():
        keyword = key.removesuffix("ISO")
        tag = tag_for_keyword(keyword)
        if value is not None and tag is not None and identifies(tag):
            hidden[key] = HIDDEN
    return hidden


#: Names of all facts.
FACT_NAMES = frozenset(_facts(NoHeader(), None))


class InfoDict(dict[str, Any]):
    """The dictionary that `info` returns; its KeyError tells where other attributes are."""

    def __missing__(self, key: str) -> Any:
        raise KeyError(f"{key}: info has {len(self)} attributes; hu.read(path).header and hu.tags(path) have all")


def _names(fields: Iterable[str]) -> list[str]:
    if isinstance(fields, str):
        raise TypeError("fields must be a list of names")
    names = list(fields)
    check_fields(names)
    return names


def _answers(header: Header, syntax: str | None, fields: list[str] | None, phi: bool) -> dict[str, Any]:
    return facts(header, syntax, phi) if fields is None else fields_of(header, syntax, fields, phi)


def info(
    source: SourceLike | Image,
    *,
    fields: Iterable[str] | None = None,
    phi: bool = True,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> dict[str, Any]:
    """Return the attributes of a file that are needed most often.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, ``"-"`` for standard input, or an image that was read.
    fields
        Which attributes, in this order, in the place of those: keywords (``"KVP"``), tags (``"00180060"``,
        ``"0018,0060"``), paths through sequences (as `scan` takes them), and the keys that `info` has by default.
        Absent ones are None. Of enhanced files, attributes of functional groups are the first frame's.
    phi
        False hides the values by which the patient could be found (PS3.15, E.1-1).
    strict
        Refuse a file where something would have to be assumed, with an `AssumptionError`.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    dict
        JSON-ready. A key that it has not is a KeyError which names `Image.header` and `tags`, where every attribute is.
        First PatientID, PatientName, PatientBirthDate, PatientSex, StudyID, StudyDate, StudyTime,
        InstitutionName and Manufacturer, as text and exactly as the file writes them; absent ones are None.
        Then the dates in ISO 8601 (``StudyDateISO``), what the file shows, and how its pixels are stored:
        ``PixelSpacing`` in mm (between rows, between columns) with ``SpacingKind``, ``Unit`` of the modality
        values, ``WindowCenter`` and ``WindowWidth`` as lists.

    Raises
    ------
    SourceError, NotDicomError, DecodeError, LimitExceededError
        The file cannot be opened, is not DICOM, or no attribute of it can be read.
    AssumptionError
        `strict`, and something would have to be assumed.
    ValueError
        One of `fields` is no attribute, or is a sequence.

    Warns
    -----
    AssumptionWarning
        Something had to be assumed: how the file is encoded, what a value with a wrong VR means, in which character
        set its text is. Never with a text of the file.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> found = hu.info(get_testdata_file("CT_small.dcm"))
    >>> found["PatientID"], found["StudyDateISO"], found["Unit"], found["SpacingKind"]
    ('1CT1', '2004-01-19', 'HU', 'patient')
    >>> hu.info(get_testdata_file("CT_small.dcm"), fields=["KVP", "0018,1151", "Unit"])
    {'KVP': 120.0, '0018,1151': 170, 'Unit': 'HU'}
    """
    asked = None if fields is None else _names(fields)
    if isinstance(source, Image):
        syntax = declared_syntax(source.header.dataset)
        answers = InfoDict(_answers(source.header, syntax, asked, phi))
        say_assumptions(source.header.doubts, source.name, strict=strict)
        return answers
    with closing(open_source(source, limits)) as opened_source:
        opened = open_header(opened_source, limits)
        answers = InfoDict(_answers(opened.header, opened.declared, asked, phi))
    say_assumptions((*opened.steps, *opened.header.doubts), opened.name, strict=strict)
    return answers
