"""Measures as a structured report: valid by dciodvfy, read by highdicom, with the numbers of the library."""

import io
import json

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from drawn import SHAPES
from segs import errors_in

from made import dataset, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")
CT = get_testdata_file("CT_small.dcm")


def asked(page, measures, frame=0):
    (item,) = page.state()["items"]
    body = [{"item": item["id"], "frame": frame, **one} for one in measures]
    return page.post("measures/report", content=json.dumps({"measures": body}))


def report(page, shapes, folder, frame=0):
    answer = asked(page, [{"name": kind, "kind": kind, "points": points} for kind, points in shapes.items()], frame)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="hounsfield-measures.dcm"'
    (folder / "report.dcm").write_bytes(answer.content)
    return pydicom.dcmread(io.BytesIO(answer.content))


def numbers(made):
    """Values by the name of a measure and of a quantity, with their units, walked through without highdicom."""
    found = {}

    def walk(item, name):
        for each in item.get("ContentSequence", []):
            if each.ValueType == "TEXT" and each.ConceptNameCodeSequence[0].CodeValue == "112039":
                name = each.TextValue
            if each.ValueType == "NUM":
                value = each.MeasuredValueSequence[0]
                unit = value.MeasurementUnitsCodeSequence[0].CodeValue
                found[name, each.ConceptNameCodeSequence[0].CodeMeaning] = float(value.NumericValue), unit
            walk(each, name)

    walk(made, "")
    return found


def test_a_report_has_the_numbers_of_the_library_and_is_valid(tmp_path):
    image = hu.read(CT)
    with shown(CT) as page:
        made = report(page, SHAPES, tmp_path)
    assert errors_in(tmp_path / "report.dcm", "ComprehensiveSR") == []
    header = pydicom.dcmread(CT)
    assert (made.PatientName, made.StudyInstanceUID) == (header.PatientName, header.StudyInstanceUID)
    found = numbers(made)
    places = {kind: [(y, x) for x, y in points] for kind, points in SHAPES.items()}
    assert found["distance", "Length"] == (pytest.approx(hu.distance(image, *places["distance"]).mm), "mm")
    long, short = (hu.distance(image, *places["bidirectional"][at : at + 2]).mm for at in (0, 2))
    assert found["bidirectional", "Long Axis"][0] == pytest.approx(long)
    assert found["bidirectional", "Short Axis"][0] == pytest.approx(short)
    mask = hu.region("ellipse", image, center=(65, 70), radii=(45, 30))
    measured = hu.measure(image, mask)
    assert found["ellipse", "Mean"] == (pytest.approx(measured.mean), "[hnsf'U]")
    assert found["ellipse", "Area"] == (pytest.approx(measured.area_mm2), "mm2")
    assert found["ellipse", "Standard Deviation"][0] == pytest.approx(measured.sd)
    assert found["point", "Mean"][0] == image.values[50, 64]
    assert found["angle", "Angle"][1] == "deg"


def test_highdicom_reads_the_outlines(tmp_path):
    with shown(CT) as page:
        report(page, SHAPES, tmp_path)
    read = highdicom.sr.srread(tmp_path / "report.dcm")
    groups = read.content.get_planar_roi_measurement_groups()
    outlines = {group.tracking_identifier: group.roi.value for group in groups}
    polygon = [*SHAPES["polygon"], SHAPES["polygon"][0]]
    assert np.array_equal(outlines["polygon"], np.array(polygon) + 0.5)
    assert np.array_equal(outlines["ellipse"], np.array([[70, 20], [70, 110], [40, 65], [100, 65]]) + 0.5)


def test_frames_detectors_and_foreign_units_are_told(tmp_path):
    frames = np.random.default_rng(0).integers(0, 200, (3, 40, 50)).astype(np.uint16)
    sop = "1.2.840.10008.5.1.4.1.1.12.1"
    made = dataset(frames, Modality="XA", SOPClassUID=sop, StudyInstanceUID="1.2.5", SeriesInstanceUID="1.2.6", ImagerPixelSpacing=[0.2, 0.2], RescaleType="WEIRD{}", RescaleSlope=1, RescaleIntercept=0, PatientName="李^Four", SpecificCharacterSet="ISO_IR 192")  # fmt: skip  # noqa: E501
    path = tmp_path / "xa.dcm"
    path.write_bytes(to_bytes(made))
    shapes = {"distance": [[1, 1], [31, 41]], "rectangle": [[2, 2], [9, 9]]}
    with shown(path) as page:
        read = report(page, shapes, tmp_path, frame=1)
    assert errors_in(tmp_path / "report.dcm", "ComprehensiveSR") == []
    assert read.PatientName == "李^Four"
    found = numbers(read)
    assert found["distance (mm on the detector)", "Length"] == (pytest.approx(10.0), "mm")
    assert found["rectangle (mm on the detector)", "Mean"][0] == pytest.approx(frames[1, 2:10, 2:10].mean())


def test_what_cannot_be_reported_is_a_sentence(tmp_path):
    line = {"name": "a", "kind": "distance", "points": [[0, 0], [1, 1]]}
    with shown(CT) as page:
        for wrong in (
            [],
            [{**line, "frame": 5}],
            [{**line, "frame": True}],
            [{**line, "name": 3}],
            [{**line, "name": "x" * 201}],
            [{**line, "item": "other"}],
            [{**line, "points": []}],
            [{**line, "kind": "ellipse", "points": [[900, 900], [950, 950]]}],
            [line] * 201,
        ):
            answer = asked(page, wrong)
            assert 400 <= answer.status_code < 500 and answer.json()["error"], wrong[:1]
        for body in (b"", b"[]", b'{"measures": 3}', b'{"measures": [3]}'):
            assert 400 <= page.post("measures/report", content=body).status_code < 500
    with shown(CT, no_phi=True) as page:
        refused = asked(page, [line])
        assert refused.status_code == 403 and "hidden" in refused.json()["error"]
