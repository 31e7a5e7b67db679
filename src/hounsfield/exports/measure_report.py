"""`measure_report`: measures as a DICOM structured report (TID 1500), with the shapes that they were taken by."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield._version import __version__
from hounsfield.errors import FormatError, missing
from hounsfield.exports.seg_source import identified, patient_and_study
from hounsfield.geometry import ImagePlane
from hounsfield.header import Header, text_of, whole_number
from hounsfield.headers.quiet import quiet

Point = tuple[float, float]
Code = tuple[str, str, str]

#: Behind the source's series, as viewers sort them.
_SERIES_NUMBER = 1001
#: Where SCOORD has its origin: the corner of the first pixel, whose centre is (0, 0) here (PS3.3 C.18.6).
_CORNER = 0.5
_LONGEST_CODE = 16
#: Codes of quantities (PS3.16 CID 7469, 7464 and others).
QUANTITIES: dict[str, Code] = {
    "length": ("410668003", "SCT", "Length"),
    "long": ("103339001", "SCT", "Long Axis"),
    "short": ("103340004", "SCT", "Short Axis"),
    "angle": ("1483009", "SCT", "Angle"),
    "area": ("42798000", "SCT", "Area"),
    "mean": ("373098007", "SCT", "Mean"),
    "sd": ("386136009", "SCT", "Standard Deviation"),
    "min": ("255605001", "SCT", "Minimum"),
    "max": ("56851009", "SCT", "Maximum"),
    "median": ("373099004", "SCT", "Median"),
}
#: Units of the library as UCUM has them.
_UNITS: dict[str, Code] = {
    "mm": ("mm", "UCUM", "mm"),
    "mm2": ("mm2", "UCUM", "mm2"),
    "px": ("{pixels}", "UCUM", "pixels"),
    "deg": ("deg", "UCUM", "degree"),
    "HU": ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "BQML": ("Bq/ml", "UCUM", "Becquerel/milliliter"),
    "": ("1", "UCUM", "no units"),
    "1": ("1", "UCUM", "no units"),
}


@dataclass(frozen=True)
class ReportedShape:
    """A shape of a measure.

    Attributes
    ----------
    kind
        ``"POINT"``, ``"POLYLINE"`` or ``"ELLIPSE"``, as SCOORD has them.
    points
        (column, row), 0 at the centre of the first pixel; of an ellipse the ends of its longer axis, then of the other.
    """

    kind: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Quantity:
    """A number of a report.

    Attributes
    ----------
    name
        Of `QUANTITIES`.
    value, unit
        The number, and its unit as the library calls it; ``"px"``: pixels, ``"deg"``: degrees.
    shapes
        What it was taken by.
    """

    name: str
    value: float
    unit: str
    shapes: tuple[ReportedShape, ...]


@dataclass(frozen=True)
class ReportedMeasure:
    """A measure as it stands in a report.

    Attributes
    ----------
    name
        What it is called; it says what its millimetres are of, where that is not the patient.
    header
        Of the file that it was taken on.
    frame
        Which frame of that, from 0.
    region
        True where it is of an area: values of what is inside.
    quantities
        Its numbers.
    plane
        Where it lies in the patient, of an image that no file has: a cut of a volume, of which `header` is a slice. Its
        shapes are then given in millimetres, in the frame of reference of that. None: in pixels of the frame.
    """

    name: str
    header: Header
    frame: int
    region: bool
    quantities: tuple[Quantity, ...]
    plane: ImagePlane | None = None


def measure_report(measures: Sequence[ReportedMeasure], created: datetime) -> bytes:
    """Return a report as the bytes of a DICOM file.

    Parameters
    ----------
    measures
        At least one; all of one study.
    created
        When it was made.

    Raises
    ------
    FormatError
        There is nothing to report, measures are of several studies, or highdicom cannot describe it.
    OptionalDependencyError
        highdicom is not installed.
    """
    if len({text_of(one.header, "StudyInstanceUID") for one in measures}) != 1:
        raise FormatError("a report is of the measures of one study")
    try:
        import highdicom
    except ImportError:
        raise missing("writing a report", "highdicom") from None
    identity = hashlib.sha256(repr([_content(one) for one in measures] + [created.isoformat()]).encode())
    files = {text_of(one.header, "SOPInstanceUID"): one.header for one in measures}
    try:
        with quiet():
            spatial = any(one.plane is not None for one in measures)
            made: Any = highdicom.sr.Comprehensive3DSR if spatial else highdicom.sr.ComprehensiveSR
            report: Any = made(
                [identified(header) for header in files.values()],
                _document(measures, identity.digest()),
                series_instance_uid=_uid(identity.digest(), "series"),
                series_number=_SERIES_NUMBER,
                sop_instance_uid=_uid(identity.digest(), "instance"),
                instance_number=1,
                manufacturer="hounsfield",
                is_complete=True,
            )
            report.SpecificCharacterSet = "ISO_IR 192"
            report.copy_patient_and_study_information(patient_and_study(measures[0].header))
            report.SeriesDescription = "Measures"
            _set_times(report, created)
            buffer = io.BytesIO()
            report.save_as(buffer, enforce_file_format=True)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        reason = str(error.args[0]) if error.args else type(error).__name__
        raise FormatError(f"highdicom cannot describe it: {reason}") from None
    return buffer.getvalue()


def _content(one: ReportedMeasure) -> Any:
    return one.name, text_of(one.header, "SOPInstanceUID"), one.frame, one.quantities, one.plane


def _uid(digest: bytes, what: str) -> str:
    """A UID that depends on the content alone (PS3.5 B.2: 2.25 and a number of 128 bits)."""
    made = hashlib.sha256(digest + what.encode()).digest()
    return f"2.25.{int.from_bytes(made[:16], 'big') >> 1}"


def _set_times(report: Any, when: datetime) -> None:
    day, time = when.strftime("%Y%m%d"), when.strftime("%H%M%S.%f")
    for kind in ("InstanceCreation", "Content", "Series"):
        setattr(report, f"{kind}Date", day)
        setattr(report, f"{kind}Time", time)


def _document(measures: Sequence[ReportedMeasure], digest: bytes) -> Any:
    from highdicom import sr

    device = sr.DeviceObserverIdentifyingAttributes(
        uid=_uid(b"", "hounsfield"), name="hounsfield", manufacturer_name="hounsfield", model_name=__version__
    )
    observer = sr.ObserverContext(sr.CodedConcept("121007", "DCM", "Device"), device)
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=sr.CodedConcept("363679005", "SCT", "Imaging procedure"),
        imaging_measurements=[_group(one, _uid(digest, f"measure {number}")) for number, one in enumerate(measures)],
    )
    return report[0]


def _group(one: ReportedMeasure, uid: str) -> Any:
    from highdicom import sr

    tracked = sr.TrackingIdentifier(uid=uid, identifier=one.name)
    if one.region:
        (shape,) = one.quantities[0].shapes
        region = _region(one, shape)
        values = [_measurement(each) for each in one.quantities]
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(tracked, referenced_region=region, measurements=values)
    values: list[Any] = []
    for each in one.quantities:
        values.append(_measurement(each, [_line(one, shape) for shape in each.shapes]))
    return sr.MeasurementsAndQualitativeEvaluations(tracked, measurements=values)


def _region(one: ReportedMeasure, shape: ReportedShape) -> Any:
    from highdicom import sr

    if one.plane is None:
        return sr.ImageRegion(shape.kind, _coordinates(shape), _source(one))
    kind = "POLYGON" if shape.kind == "POLYLINE" else shape.kind
    return sr.ImageRegion3D(kind, _in_patient(shape, one.plane), text_of(one.header, "FrameOfReferenceUID"))


def _line(one: ReportedMeasure, shape: ReportedShape) -> Any:
    from highdicom import sr

    if one.plane is None:
        return sr.CoordinatesForMeasurement(shape.kind, _coordinates(shape), _source(one))
    frame = text_of(one.header, "FrameOfReferenceUID")
    return sr.CoordinatesForMeasurement3D(shape.kind, _in_patient(shape, one.plane), frame)


def _in_patient(shape: ReportedShape, plane: ImagePlane) -> NDArray[np.float64]:
    """Return x, y, z of the points; of an ellipse the axis that is longer in millimetres comes first (PS3.3 C.18.9)."""
    places = np.array([plane.to_lps(row, column) for column, row in shape.points])
    if shape.kind == "ELLIPSE":
        first, second = (float(np.linalg.norm(places[at + 1] - places[at])) for at in (0, 2))
        places = places if first >= second else places[[2, 3, 0, 1]]
    return places


def _source(one: ReportedMeasure) -> Any:
    from highdicom import sr

    header = one.header
    several = (whole_number(header.get("NumberOfFrames"), range(2**31)) or 1) > 1
    uids = (text_of(header, "SOPClassUID"), text_of(header, "SOPInstanceUID"))
    return sr.SourceImageForRegion(*uids, referenced_frame_numbers=[one.frame + 1] if several else None)


def _coordinates(shape: ReportedShape) -> Any:
    return np.asarray(shape.points, np.float64) + _CORNER


def _measurement(one: Quantity, coordinates: list[Any] | None = None) -> Any:
    from highdicom import sr

    name, unit = sr.CodedConcept(*QUANTITIES[one.name]), sr.CodedConcept(*_unit(one.unit))
    return sr.Measurement(name, one.value, unit, referenced_coordinates=coordinates)


def _unit(unit: str) -> Code:
    """A unit as UCUM has it; one of the file's own words in braces, which is an annotation there."""
    plain = "".join(letter for letter in unit if 33 <= ord(letter) < 127 and letter not in "{}")
    return _UNITS.get(unit) or (f"{{{plain[: _LONGEST_CODE - 2]}}}", "UCUM", plain[:_LONGEST_CODE] or "no units")
