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


def spatial(made):
    """Graphic type, points in the patient, and frame of reference of each outline in space."""
    for item in made.get("ContentSequence", []):
        if item.ValueType == "SCOORD3D":
            points = np.array(item.GraphicData, np.float64).reshape(-1, 3)
            yield item.GraphicType, points, item.ReferencedFrameOfReferenceUID
        yield from spatial(item)


@pytest.mark.parametrize("view", ["planes/coronal", "planes/sagittal", "planes/axial", "oblique"])
def test_measures_of_planes_have_their_places_in_the_patient_and_are_valid(tmp_path, view):
    folder = tmp_path / "slices"
    hu.phantom(folder, matrix=64, slices=20, slice_spacing=3.0)
    (volume,) = hu.read_volumes(folder)
    query = "" if view != "oblique" else "row=0.6,0.8,0&column=0,0,-1"
    plane = [0.6, 0.8, 0, 0, 0, -1] if view == "oblique" else view.partition("/")[2]
    middle = len(volume.reformat(plane)) // 2
    places = {"distance": [[5, 4], [20, 14]], "ellipse": [[8, 3], [18, 16]], "polygon": [[8, 3], [18, 5], [12, 15]], "cobb": [[1, 1], [9, 3], [2, 9], [7, 15]]}  # fmt: skip
    with shown(folder) as page:
        (item,) = page.state()["items"]
        body = [
            {
                "item": item["id"],
                "view": view,
                "query": query,
                "frame": middle,
                "name": kind,
                "kind": kind,
                "points": points,
            }
            for kind, points in places.items()
        ]
        line = {"item": item["id"], "frame": 3, "name": "slice", "kind": "distance", "points": [[5, 4], [20, 14]]}
        answer = page.post("measures/report", content=json.dumps({"measures": [*body, line]}))
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Left-Out"] == "0"
    (tmp_path / "report.dcm").write_bytes(answer.content)
    assert errors_in(tmp_path / "report.dcm", "Comprehensive3DSR") == []
    read = pydicom.dcmread(tmp_path / "report.dcm")
    image = volume.reformat(plane)[middle]
    found, outlines = numbers(read), list(spatial(read))
    assert found["distance", "Length"] == (pytest.approx(hu.distance(image, (4, 5), (14, 20)).mm), "mm")
    mask = hu.region("polygon", image, points=[(y, x) for x, y in places["polygon"]])
    assert found["polygon", "Mean"][0] == pytest.approx(hu.measure(image, mask).mean)
    frame = pydicom.dcmread(next(folder.iterdir())).FrameOfReferenceUID
    assert {uid for _, _, uid in outlines} == {frame}
    kinds = [kind for kind, _, _ in outlines]
    assert sorted(kinds) == ["ELLIPSE", "POLYGON", "POLYLINE", "POLYLINE", "POLYLINE"]
    for kind, points, _ in outlines:
        if kind == "POLYGON":
            expected = [image.plane.to_lps(y, x) for x, y in [*places["polygon"], places["polygon"][0]]]
            assert np.allclose(points, expected, atol=1e-3)
        if kind == "ELLIPSE":
            assert np.linalg.norm(points[1] - points[0]) >= np.linalg.norm(points[3] - points[2])
    read = highdicom.sr.srread(tmp_path / "report.dcm")
    assert len(read.content.get_planar_roi_measurement_groups()) == 2


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
            [{**line, "view": "planes/coronal"}],
            [{**line, "view": "nothing"}],
            [{**line, "view": 3}],
            [{**line, "query": 3}],
            [{**line, "query": "é"}],
            [{**line, "query": "x" * 2001}],
            [{**line, "view": "oblique", "query": "row=1,0,0&column=1,0,0"}],
        ):
            answer = asked(page, wrong)
            assert 400 <= answer.status_code < 500 and answer.json()["error"], wrong[:1]
        for body in (b"", b"[]", b'{"measures": 3}', b'{"measures": [3]}'):
            assert 400 <= page.post("measures/report", content=body).status_code < 500
    with shown(CT, no_phi=True) as page:
        refused = asked(page, [line])
        assert refused.status_code == 403 and "hidden" in refused.json()["error"]
