"""Standardized uptake values, against numbers worked by hand and those that other implementations publish."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage

import hounsfield as hu
from hounsfield.values.body import body_of
from pets import STORED, error, filled, pet, suv

from made import to_bytes

# By hand


def test_an_suv_worked_by_hand():
    # 400 MBq, of which one half-life later 200 MBq are left; 80 kg = 80,000 g; 80,000 / 200,000,000 = 0.0004.
    # Stored 1000 x slope 2.5 = 2500 Bq/ml; x 0.0004 = 1.0 g/ml. Stored 4000: 4.0.
    image = hu.read(to_bytes(pet()), values="suv")
    assert (image.unit, image.values.dtype, image.padding) == ("g/ml", np.float32, None)
    assert image.values[:, 0].tolist() == [0, 4.0]
    assert image.values[0, 1] == 1.0
    assert [step.name for step in image.steps[-3:]] == ["modality", "decay", "suv"]
    assert "400 MBq given 6588 s before the scan (Series Time), half-life 6588 s: factor 0.5" in image.steps[-2].detail
    assert "80000 g / 2e+08 Bq = 0.0004 x Bq/ml -> g/ml" in image.steps[-1].detail


def test_one_hour_after_370_mbq_in_70_kg():
    # 3600 s / 6586.2 s halvings leave 68.4632 % of 370 MBq: 253.314 MBq. 5000 Bq/ml x 70,000 g / 253.314 MBq.
    made = pet(
        tracer={"RadionuclideTotalDose": 370e6, "RadionuclideHalfLife": 6586.2},
        PatientWeight=70, RescaleSlope=5, SeriesTime="110000", AcquisitionTime="110000.5",
    )  # fmt: skip
    assert suv(made) == pytest.approx(1.381683, rel=1e-6)


def test_a_real_ge_image_has_the_suv_worked_by_hand(corpus):
    # 474.592928 MBq at 09:32:00, scanned at 11:00:36 (5316 s later), half-life 6588 s, 90 kg: 0.000331764 per Bq/ml.
    image = hu.read(corpus / "fo-dicom" / "GH184.dcm", values="suv")
    activity = hu.read(corpus / "fo-dicom" / "GH184.dcm")
    assert (image.unit, activity.unit) == ("g/ml", "BQML")
    assert image.values.max() == pytest.approx(2.549683, rel=1e-6)
    np.testing.assert_allclose(image.values, activity.values * 0.000331764, rtol=2e-6)
    assert error_of(corpus / "fo-dicom" / "GH184.dcm", "suvlbm").attribute == "PatientSex"  # "O"


def error_of(path, values):
    with pytest.raises((hu.MissingAttributeError, hu.InvalidAttributeError)) as caught:
        hu.read(path, values=values)
    return caught.value


def test_a_real_image_of_no_activity_is_refused(corpus):
    assert error_of(corpus / "fo-dicom" / "GH610.dcm", "suv").attribute == "Units"


@pytest.mark.parametrize(
    ("suv_type", "sex", "amount"),
    # As the tests of cornerstonejs/calculate-suv have them, for 75 kg and 1.85 m, in g and cm2.
    [
        ("BW", "M", 75_000),
        ("BSA", "M", 19_813.758427117766),
        ("LBM", "M", 62_777.57487216948),
        ("LBMJANMA", "M", 60_915.33588651974),
    ],
)
def test_bodies_are_those_that_another_implementation_publishes(suv_type, sex, amount):
    body = body_of(suv_type, {"PatientWeight": 75, "PatientSize": 1.85, "PatientSex": sex}, "name")
    assert body.amount == pytest.approx(amount, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "sex", "kilograms"),
    # 70 kg and 1.75 m with a pocket calculator: (70 / 175)^2 = 0.16; BMI 22.857.
    [
        ("suvlbm", "M", 57.8),  # 77 - 120 x 0.16
        ("suvlbmjames128", "M", 56.52),  # 77 - 128 x 0.16
        ("suvlbm", "F", 51.22),  # 74.9 - 148 x 0.16
        ("suvlbmjames128", "F", 51.22),
        ("suvlbmjanma", "M", 55.857108),  # 648,900 / 11,617.14
        ("suvlbmjanma", "F", 45.197015),  # 648,900 / 14,357.14
    ],
)
def test_lean_body_mass(values, sex, kilograms):
    made = pet(PatientWeight=70, PatientSex=sex)
    assert suv(made, values) == pytest.approx(2500 * kilograms * 1000 / 200e6, rel=1e-6)


def test_body_surface_area_is_that_of_du_bois():
    # Du Bois: 70 kg, 1.75 m: 1.8481 m2 = 18,481 cm2.
    image = hu.read(to_bytes(pet(PatientWeight=70)), values="suvbsa")
    assert image.unit == "cm2/ml"
    assert image.values[0, 1] == pytest.approx(2500 * 18_481 / 200e6, rel=1e-4)


def test_each_slice_of_a_series_has_its_own_slope():
    slopes = [2.5, 5, 0.125]
    assert [suv(pet(RescaleSlope=slope)) for slope in slopes] == pytest.approx([1, 2, 0.05])


def test_a_file_of_several_frames_is_scaled_as_one():
    image = hu.read(to_bytes(pet(np.stack([STORED, STORED]))), values="suv")
    assert image.values[:, 0, 1].tolist() == [1, 1]


def test_slope_and_factor_are_applied_at_once_and_rounded_once():
    made = pet(RescaleSlope="0.234542", PatientWeight=71.3)
    exact = hu.read(to_bytes(made), values="suv", dtype=np.float64).values
    assert hu.read(to_bytes(made), values="suv").values.tolist() == exact.astype(np.float32).tolist()


@settings(max_examples=60, deadline=None)
@given(
    weight=st.floats(1, 300),
    dose=st.floats(1e6, 1e10),
    elapsed=st.integers(0, 30_000),
    slope=st.floats(1e-3, 1e3),
)
def test_suv_grows_with_weight_and_waiting_and_falls_with_dose(weight, dose, elapsed, slope):
    def one(weight, dose, elapsed):
        time = f"{elapsed // 3600:02}{elapsed // 60 % 60:02}{elapsed % 60:02}"
        return suv(
            pet(
                tracer={"RadionuclideTotalDose": f"{dose:.9e}", "RadiopharmaceuticalStartTime": "000000"},
                PatientWeight=f"{weight:.9g}", RescaleSlope=f"{slope:.9g}", SeriesTime=time, AcquisitionTime=time,
            )
        )  # fmt: skip

    here = one(weight, dose, elapsed)
    assert one(weight * 2, dose, elapsed) == pytest.approx(2 * here, rel=1e-6)
    assert one(weight, dose * 2, elapsed) == pytest.approx(here / 2, rel=1e-6)
    assert one(weight, dose, elapsed + 6588) == pytest.approx(2 * here, rel=1e-6)


# Units


def test_gml_is_an_suv_already_by_body_weight_unless_suv_type_says_otherwise():
    assert suv(pet(Units="GML")) == 2500
    assert suv(pet(Units="GML", SUVType="BW")) == 2500
    assert suv(pet(Units="GML", SUVType="LBM"), "suvlbm") == 2500
    # No dose, half-life or decay is needed, nor weight where nothing is converted.
    bare = pet(Units="GML", PatientWeight=None, RadiopharmaceuticalInformationSequence=None, DecayCorrection=None)
    assert suv(bare) == 2500


def test_another_suv_is_had_by_the_ratio_of_the_bodies():
    # 80 kg, 1.75 m: lean body mass by James 88 - 120 (80 / 175)^2 = 62.92245 kg.
    assert suv(pet(Units="GML", SUVType="LBM")) == pytest.approx(2500 * 80 / 62.92245, rel=1e-6)
    assert suv(pet(Units="GML"), "suvlbm") == pytest.approx(2500 * 62.92245 / 80, rel=1e-6)
    assert suv(pet(Units="CM2ML", SUVType="BSA"), "suvbsa") == 2500
    assert error(pet(Units="GML", SUVType="IBW")).attribute == "SUVType"


@pytest.mark.parametrize("units", ["CM2ML", "PROPCNTS", "PROPCPS", "CPS", "NONE", "PCNT", "UMOLML", "bqml", "x y"])
def test_other_units_are_refused(units):
    assert error(pet(Units=units)).attribute == "Units"


def philips(creator: str = "Philips PET Private Group", **factors) -> Dataset:
    made = pet(Units="CNTS", DecayCorrection="ADMIN", PatientWeight=100, tracer={"RadionuclideTotalDose": 100e6})
    block = made.private_block(0x7053, creator, create=True)
    for offset, value in ((0x00, factors.get("suv")), (0x09, factors.get("activity"))):
        if value is not None:
            block.add_new(offset, "DS", value)
    return made


def test_counts_by_philips_own_factors():
    # The factors of the tests of cornerstonejs/calculate-suv: 0.000551, and 1.602563 (there with 100 Bq: 1602.563).
    assert suv(philips(suv="0.000551", activity="1.602563")) == pytest.approx(2500 * 0.000551)
    assert suv(philips(suv="0", activity="1.602563")) == pytest.approx(2500 * 1602.563e-6)
    assert suv(philips(activity="1.602563")) == pytest.approx(2500 * 1602.563e-6)
    lean = suv(philips(suv="0.000551"), "suvlbm")  # 110 - 120 (100 / 175)^2 = 70.81633 kg of 100
    assert lean == pytest.approx(2500 * 0.000551 * 0.7081633, rel=1e-6)


@pytest.mark.parametrize(
    "made", [philips(), philips(suv="0", activity="0"), philips("SOMEBODY ELSE", suv="0.000551"), philips(suv="-1")]
)
def test_counts_without_philips_factors_are_refused(made):
    assert error(made).attribute == "Units"


@pytest.mark.parametrize(
    ("changes", "values", "attribute"),
    [
        ({"PatientSize": None}, "suvbsa", "PatientSize"),
        ({"PatientSize": 175}, "suvbsa", "PatientSize"),  # cm
        ({"PatientSize": 0}, "suvlbm", "PatientSize"),
        ({"PatientSex": None}, "suvlbm", "PatientSex"),
        ({"PatientSex": "O"}, "suvlbmjanma", "PatientSex"),
        ({"PatientWeight": 300}, "suvlbm", "PatientWeight"),  # James's formula falls below 0
    ],
)
def test_what_the_other_bodies_need_is_named(changes, values, attribute):
    assert error(pet(**changes), values).attribute == attribute


# Enhanced PET


def enhanced(unit: str, **changes) -> Dataset:
    made = pet(
        np.stack([STORED, STORED]),
        tracer={
            "RadionuclideTotalDose": 400,  # MBq there (PS3.3 C.8.22.4)
            "RadiopharmaceuticalStartTime": None,
            "RadiopharmaceuticalStartDateTime": "20240229100000",
        },
        SOPClassUID=EnhancedPETImageStorage,
        DecayCorrectionDateTime="20240229114948",
        DecayCorrected="YES",
        AttenuationCorrected="YES",
        **dict.fromkeys(["Units", "DecayCorrection", "CorrectedImage", "RescaleSlope", "RescaleIntercept"]),
    )
    made.SharedFunctionalGroupsSequence = [Dataset()]
    made.PerFrameFunctionalGroupsSequence = []
    for slope in (2.5, 5):
        item, code, group = Dataset(), Dataset(), Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
        item.MeasurementUnitsCodeSequence = [code]
        item.add_new("RealWorldValueFirstValueMapped", "SS", 0)
        item.add_new("RealWorldValueLastValueMapped", "SS", 32766)
        item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, 0
        group.RealWorldValueMappingSequence = [item]
        made.PerFrameFunctionalGroupsSequence.append(group)
    return filled(made, changes)


def test_enhanced_pet_by_its_mapping_to_activity():
    image = hu.read(to_bytes(enhanced("Bq/ml")), values="suv")
    assert (image.unit, image.values[:, 0, 1].tolist()) == ("g/ml", [1, 2])
    assert image.padding[:, 1, 1].all()
    assert np.isnan(image.values[:, 1, 1]).all()


def test_enhanced_pet_by_its_mapping_to_suv():
    assert hu.read(to_bytes(enhanced("g/ml{SUVbw}")), values="suv").values[:, 0, 1].tolist() == [2500, 5000]
    assert error(enhanced("g/ml{SUVbw}"), "suvbsa").attribute == "MeasurementUnitsCodeSequence"
    assert error(enhanced("{counts}")).attribute == "MeasurementUnitsCodeSequence"


@pytest.mark.parametrize(
    ("changes", "attribute"),
    [
        ({"DecayCorrectionDateTime": None}, "DecayCorrectionDateTime"),
        ({"DecayCorrected": "NO"}, "DecayCorrected"),
        ({"AttenuationCorrected": "NO"}, "AttenuationCorrected"),
    ],
)
def test_enhanced_pet_without_what_is_needed(changes, attribute):
    assert error(enhanced("Bq/ml", **changes)).attribute == attribute


def test_no_error_or_step_holds_a_date_or_time_of_the_patient():
    made = pet(tracer={"RadiopharmaceuticalStartDateTime": "20240229130000"})
    assert "2024" not in str(error(made))
    assert not any("2024" in step.detail for step in hu.read(to_bytes(pet()), values="suv").steps)
