"""Which files of Modality CT are in HU, and which are not or are said to be taken so (PS3.3 C.8.2.1, C.11.1.1.2)."""

import warnings

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import (
    CTImageStorage,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
    XRay3DAngiographicImageStorage,
)

import hounsfield as hu
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.headers.units import coded_unit, has_transform, modality_unit

from made import enhanced, file_bytes

AXIAL = ["ORIGINAL", "PRIMARY", "AXIAL"]
MAP = ["DERIVED", "SECONDARY", "PERFUSION", "RCBF"]
SCALED = {"RescaleSlope": 1, "RescaleIntercept": -1024}
IDENTITY = {"RescaleSlope": 1, "RescaleIntercept": 0}
STORED = np.full((4, 4), 200, np.uint16)


def quietly(data: bytes) -> hu.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hu.AssumptionWarning)
        return hu.read(data)


def found(stored: np.ndarray = STORED, **attributes) -> tuple[str, bool]:
    """The unit, and whether it is assumed; `hu.info` agrees, and without HU the default threshold refuses."""
    data = file_bytes(stored, **attributes)
    image = quietly(data)
    assert hu.info(data)["Unit"] == image.unit
    if image.unit != "HU":
        with pytest.raises(hu.UnitError):
            hu.mask(image)
    return image.unit, any(step.name == "unit" and step.outcome == "assumed" for step in image.steps)


def mapping(unit: str, slope: float = 0.1, intercept: float = 0.0) -> list[Dataset]:
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.add_new("RealWorldValueFirstValueMapped", "US", 0)
    item.add_new("RealWorldValueLastValueMapped", "US", 4095)
    item.RealWorldValueSlope, item.RealWorldValueIntercept, item.LUTLabel = slope, intercept, "MAP"
    item.MeasurementUnitsCodeSequence = [code]
    return [item]


@pytest.mark.parametrize(
    ("attributes", "assumed"),
    [
        ({"ImageType": AXIAL}, False),
        ({"ImageType": AXIAL, "RescaleType": "HU"}, False),
        ({"ImageType": AXIAL, "RescaleType": "US"}, True),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, False),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "AVERAGE"]}, False),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "PERFUSION"]}, False),  # the source of a map: CT numbers
        ({"ImageType": ["DERIVED", "SECONDARY", "PERFUSION", "MIP"]}, True),
        ({"ImageType": None}, False),
        # Its values need not be HU (PS3.3 C.8.2.1): they are where Rescale Type says so.
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, True),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER", "PS"], "RescaleType": "HU"}, False),
        ({"ImageType": MAP, "RescaleType": "HU"}, True),
        ({"ImageType": AXIAL, "RealWorldValueMappingSequence": mapping("[hnsf'U]")}, False),
        ({"ImageType": AXIAL, "RealWorldValueMappingSequence": mapping("mg/cm3")}, True),
        ({"ImageType": AXIAL, "RealWorldValueMappingSequence": mapping("mg/cm3"), "RescaleType": "HU"}, False),
        # The values are those of the mapping, and have two units.
        ({"RealWorldValueMappingSequence": mapping("s", 1, -1024), "RescaleType": "HU"}, True),
        # Multi-energy CT has to say its unit.
        ({"MultienergyCTAcquisitionSequence": [Dataset()]}, True),
        ({"ImageType": AXIAL, "MultienergyCTAcquisition": "NO"}, False),
        ({"ImageType": AXIAL, "MultienergyCTAcquisition": "YES", "RescaleType": "HU"}, False),
        ({"ImageType": AXIAL, "MultienergyCTAcquisition": "YES"}, True),
        ({"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "VMI"], "MultienergyCTAcquisition": "YES"}, True),
        # Other SOP classes that may hold CT numbers.
        ({"SOPClassUID": SecondaryCaptureImageStorage}, True),
        ({"SOPClassUID": XRay3DAngiographicImageStorage}, True),
        ({"SOPClassUID": "1.3.46.670589.5.0.1"}, True),
    ],
)
def test_a_ct_is_in_hu(attributes, assumed):
    assert found(**SCALED, **attributes) == ("HU", assumed)


@pytest.mark.parametrize(
    ("attributes", "assumed"),
    [
        ({"ImageType": MAP, "RescaleType": "US"}, False),
        ({"ImageType": MAP}, False),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "CT_PERF_TTP"]}, False),
        ({"ImageType": AXIAL, "RescaleType": "US", "RealWorldValueMappingSequence": mapping("ml/100ml/s")}, False),
        ({"ImageType": ["DERIVED", "PRIMARY"], "RealWorldValueMappingSequence": mapping("s")}, False),
        ({"ImageType": AXIAL, "RealWorldValueMappingSequence": mapping("s", 1, -1024)}, False),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "RescaleType": "US"}, False),
        ({"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "EFF_ATOMIC_NUM"], "RescaleType": "US"}, False),
        ({"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "MAT_SPECIFIC"], "MultienergyCTAcquisition": "YES"}, True),
        ({"SOPClassUID": MRImageStorage}, False),
        ({"SOPClassUID": PositronEmissionTomographyImageStorage}, True),
        ({"SOPClassUID": PositronEmissionTomographyImageStorage, "RescaleType": "HU"}, True),
        ({"SOPClassUID": SecondaryCaptureImageStorage, **IDENTITY}, False),
        ({"SOPClassUID": "1.2.3.4", **IDENTITY}, False),
    ],
)
def test_modality_ct_alone_makes_no_hu(attributes, assumed):
    assert found(**SCALED | attributes) == ("", assumed)


@pytest.mark.parametrize("sop_class", [SecondaryCaptureImageStorage, CTImageStorage])
def test_a_picture_of_8_bits_is_not_in_hu(sop_class):
    picture = np.full((4, 4), 200, np.uint8)
    assert found(picture, SOPClassUID=sop_class, **IDENTITY) == ("", False)
    assert found(picture, SOPClassUID=sop_class, RescaleType="HU", **IDENTITY) == ("HU", True)
    # A slope and an intercept of its own are there for a reason: HU in steps of 16.
    assert found(picture, SOPClassUID=sop_class, RescaleSlope=16, RescaleIntercept=-1024)[0] == "HU"


def test_a_pet_object_has_its_units_whatever_its_modality():
    pet = {"SOPClassUID": PositronEmissionTomographyImageStorage, "Units": "BQML", **IDENTITY}
    assert found(Modality="CT", **pet) == ("BQML", True)
    assert found(Modality="PT", **pet) == ("BQML", False)


def test_a_declared_unit_is_the_unit():
    multi_energy = {"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "MAT_SPECIFIC"], "MultienergyCTAcquisition": "YES"}
    assert found(RescaleType="MGML", **SCALED, **multi_energy) == ("MGML", False)


def test_strict_refuses_what_multi_energy_ct_does_not_say():
    for more in ({}, {"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "MAT_SPECIFIC"]}):
        with pytest.raises(hu.AssumptionError, match="multi-energy"):
            hu.read(file_bytes(STORED, MultienergyCTAcquisition="YES", **SCALED, **more), strict=True)


def test_a_frames_own_type_speaks_for_it():
    stored = np.stack([STORED, STORED])
    data = enhanced(stored, [(1, -1024), (1, -1024)])
    assert quietly(data).unit == "HU"


def test_volumes_have_the_unit_of_their_slices(tmp_path):
    for z in range(3):
        place = {
            "ImagePositionPatient": [0, 0, z],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [1, 1],
        }
        series = {"SeriesInstanceUID": "1.2.3", "ImageType": MAP, "RescaleType": "US"}
        data = file_bytes(STORED, SOPInstanceUID=f"1.2.3.{z}", **SCALED, **series, **place)
        (tmp_path / f"{z}.dcm").write_bytes(data)
    (volume,) = hu.read_volumes(tmp_path)
    assert volume.unit == ""
    with pytest.raises(hu.UnitError):
        hu.mask(volume)


def test_od_is_said_to_count_thousandths():
    """PS3.3 C.11.1.1.2: of Rescale Type OD a value of 2140 represents an optical density of 2.140."""
    image = hu.read(get_testdata_file("dicomdirtests/77654033/CR1/6154"))
    assert image.unit == "OD"
    assert [step.detail for step in image.steps if "thousandths" in step.detail] != []
    assert [step for step in hu.read(get_testdata_file("CT_small.dcm")).steps if "thousandths" in step.detail] == []


# Codes of units


def code(value: str, meaning: str = "meaning", scheme: str = "UCUM") -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator, item.CodeMeaning = scheme, meaning
    setattr(item, "CodeValue" if len(value) <= 16 else "LongCodeValue", value)
    return item


def coded(unit: Dataset) -> DatasetHeader:
    item = Dataset()
    item.MeasurementUnitsCodeSequence = [unit]
    return DatasetHeader(item)


def test_ucum_codes_of_the_standard_in_the_librarys_spelling():
    # PS3.16 CID 82 to 84 as pydicom has them.
    spelt = {
        codes.UCUM.HounsfieldUnit: "HU",
        codes.UCUM.BecquerelsPerMilliliter: "BQML",
        codes.UCUM.StandardizedUptakeValueBodyWeight: "g/ml",
        codes.UCUM.StandardizedUptakeValueBodySurfaceArea: "cm2/ml",
        codes.UCUM.StandardizedUptakeValueLeanBodyMassJames128Multiplier: "g/ml",
        codes.UCUM.Percent: "%",
        codes.UCUM.NoUnits: "1",
        codes.UCUM.SquareMillimeterPerSecond: "mm2/s",
    }
    for concept, unit in spelt.items():
        assert coded_unit(coded(code(concept.value))) == (concept.value, unit)


@pytest.mark.parametrize("value", [None, [], "text", [1], 5.0])
def test_no_unit_where_there_is_no_code(value):
    assert coded_unit({"MeasurementUnitsCodeSequence": value}) == ("", "")


def test_a_code_of_another_scheme_is_spelt_by_its_meaning():
    assert coded_unit(coded(code("X-1", "arbitrary units", "99LOCAL"))) == ("X-1", "arbitrary units")


# By attributes alone


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({"Modality": "PT", "SOPClassUID": PositronEmissionTomographyImageStorage, "Units": "BQML"}, "BQML"),
        ({"Modality": "RTDOSE", "DoseGridScaling": 0.1, "DoseUnits": "GY"}, "Gy"),
        ({"Modality": "RTDOSE", "DoseGridScaling": 0.1, "DoseUnits": "RELATIVE"}, "1"),
        ({"Modality": "SEG", "SegmentationType": "FRACTIONAL"}, "1"),
        ({"Modality": "CT", "RescaleType": "OD"}, "OD"),
        ({"Modality": "MR"}, ""),
        ({"Modality": "MR", "ModalityLUTSequence": [{"LUTDescriptor": [1, 0, 16], "LUTData": b"", "ModalityLUTType": "OD"}]}, "OD"),
        ({"Modality": "MR", "ModalityLUTSequence": [{"LUTDescriptor": [1, 0, 16], "LUTData": b"", "ModalityLUTType": "US"}]}, ""),
    ],
)  # fmt: skip
def test_the_unit_follows_from_the_attributes(attributes, unit):
    assert modality_unit(attributes, True)[0] == unit
    assert modality_unit(attributes, False) == ("", None)  # stored values have none


@pytest.mark.parametrize(
    ("attributes", "there"),
    [({"RescaleSlope": 1}, True), ({"DoseGridScaling": 1}, True), ({"SegmentationType": "BINARY"}, False), ({}, False),
     ({"ModalityLUTSequence": [{}]}, False), ({"ModalityLUTSequence": [{"LUTData": b"x"}]}, True)],
)  # fmt: skip
def test_a_template_without_a_table_is_no_transform(attributes, there):
    assert has_transform(attributes) == there
