"""While the patient is hidden nothing that may identify them leaves the server, wherever in a file it stands."""

import asyncio
import json

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from hounsfield.web.hiding import Hiding
from hounsfield.web.routes.event_routes import event_stream

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning", "ignore:.*:UserWarning:pydicom")

TEXTS = """
PatientName PatientID OtherPatientNames PatientBirthName PatientMotherBirthName PatientAddress PatientTelephoneNumbers
PatientComments AdditionalPatientHistory EthnicGroup Occupation MilitaryRank ReferringPhysicianName
PerformingPhysicianName OperatorsName NameOfPhysiciansReadingStudy RequestingPhysician InstitutionName
InstitutionAddress InstitutionalDepartmentName StationName StudyDescription SeriesDescription StudyID AccessionNumber
ProtocolName ImageComments StudyComments RequestedProcedureDescription PerformedProcedureStepDescription
AdmittingDiagnosesDescription MedicalAlerts DeviceSerialNumber
""".split()
#: Terms and labels, which the rules do not hide in a header; elsewhere they are not said where they are of no standard.
TERMS = ["WindowCenterWidthExplanation", "RescaleType", "Modality"]
OTHERS = {
    "PatientBirthDate": "19010203",
    "StudyDate": "19040506",
    "SeriesDate": "19070809",
    "AcquisitionDate": "19101112",
    "StudyTime": "010203.4567",
    "StudyInstanceUID": "1.2.3.4.5.67890.1",
    "SeriesInstanceUID": "1.2.3.4.5.67890.2",
    "SOPInstanceUID": "1.2.3.4.5.67890.3",
    "FrameOfReferenceUID": "1.2.3.4.5.67890.4",
}


def canary(number):
    return f"CANARY{number:02}"


@pytest.fixture
def folder(tmp_path):
    """A file with a canary in each of these places, in nested and private ones, and in its name; a copy; junk."""
    made = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    for number, keyword in enumerate([*TEXTS, *TERMS]):
        setattr(made, keyword, canary(number) if keyword in TEXTS else "OF-THE-FILE")
    for keyword, value in OTHERS.items():
        setattr(made, keyword, value)
    made.WindowCenter, made.WindowWidth = 40, 400
    item = Dataset()
    item.PatientName = item.PatientID = canary(70)
    made.OtherPatientIDsSequence = [item]
    made.ReferencedPatientSequence = [item]
    block = made.private_block(0x0099, canary(71), create=True)
    block.add_new(0x01, "LO", canary(72))
    made.file_meta.MediaStorageSOPInstanceUID = OTHERS["SOPInstanceUID"]
    made.file_meta.SourceApplicationEntityTitle = canary(73)
    inside = tmp_path / canary(74)
    inside.mkdir()
    made.save_as(inside / f"{canary(75)}.dcm")
    made.save_as(inside / f"{canary(75)}-copy.dcm")
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5.67890.5"
    made.SeriesInstanceUID, made.PhotometricInterpretation, made.BitsAllocated = "1.2.3.4.5.67890.6", "UNKNOWN", 13
    made.save_as(inside / f"{canary(77)}.dcm")
    (inside / f"{canary(78)}.txt").write_bytes(b"junk")
    return inside


def everything(page, *, headers=True):
    """The bytes of every answer that there is."""
    texts = [json.dumps(page.state(), ensure_ascii=False).encode()]
    for item in page.state()["items"]:
        listed = ("/header", "/header?search=canary", "/header?search=1.2.3.4.5", "/header?search=name")
        for path in (*(listed if headers else ()), "", "?frame=0", "/frames/0", "/frames/9", "/thumbnail", "/picture", "/picture?annotations=1", "/planes/axial"):  # fmt: skip
            answer = page.get(f"items/{item['id']}{path}")
            texts += [answer.content, repr(answer.headers).encode()]
    return texts


def told(texts, *words):
    known = [*words, b"CANARY", b"canary", *(value.encode() for value in OTHERS.values()), b"1901-02-03", b"1904-05-06"]
    known += [b"1.2.3.4.5.67890"]
    return {
        text[max(0, text.index(word) - 40) : text.index(word) + 20] for word in known for text in texts if word in text
    }


@pytest.mark.parametrize("no_phi", [True, False])
def test_canaries_are_in_no_answer_while_the_patient_is_hidden(folder, no_phi):
    with shown(folder, no_phi=no_phi) as page:
        if not no_phi:
            assert told(everything(page))  # the test can fail
            assert page.post("patient", json={"hidden": True}).status_code == 204
        assert page.state()["items"] and page.state()["report"]["others"]
        assert told(everything(page)) == set()
        assert told(everything(page, headers=False), b"OF-THE-FILE") == set()


def test_the_file_itself_is_the_same_whether_the_patient_is_hidden(folder):
    with shown(folder) as page:
        (item, *_) = page.state()["items"]
        before = page.values(f"items/{item['id']}/frames/0")
        page.post("patient", json={"hidden": True})
        assert (page.values(f"items/{item['id']}/frames/0") == before).all()


def test_hiding_tells_pages_the_state_anew(folder):
    with shown(folder) as page:

        async def listen():
            seen, stream = [], event_stream(page.viewing)
            async for chunk in stream:
                seen.append(json.loads(chunk.removeprefix(b"data: ")))
                if len(seen) == 1:
                    page.viewing.hiding.set(True)
                    page.viewing.discovery.items.tell("patient", True)
                if len(seen) == 3:
                    await stream.aclose()
            return seen

        first, patient, second = asyncio.run(listen())
    assert first["items"][0]["patient"]["name"] == canary(0)
    assert patient == {"type": "patient", "hidden": True}
    assert second["type"] == "state" and second["items"][0]["patient"] is None and second["hidden"] is True
    assert b"CANARY" not in json.dumps(second).encode()


def test_what_was_started_hidden_stays_hidden(folder):
    with shown(folder, no_phi=True) as page:
        assert page.post("patient", json={"hidden": False}).status_code == 403
        assert page.post("patient", json={"hidden": True}).status_code == 204
        assert page.state()["no_phi"] and page.state()["hidden"]
    with shown(folder) as page:
        for hidden in (True, False):
            assert page.post("patient", json={"hidden": hidden}).status_code == 204
            assert page.state()["hidden"] is hidden


def test_a_sentence_has_no_path():
    text = "it has the same pixels and position as /data/Smith John/1.dcm"
    assert Hiding().sentence(text, ["/data/Smith John/1.dcm"]).endswith("as 1.dcm")
    assert Hiding(True).sentence(text, ["/data/Smith John/1.dcm"]).endswith("as a file")
