"""The activity that is left of a tracer, at the moment to which an image is corrected: worked by hand."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

import hounsfield as hu
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.values.decay import HALF_LIVES, activity_of
from pets import error, pet, suv

from made import to_bytes

LATER_BED = {"AcquisitionTime": "121500", "ActualFrameDuration": 120_000}  # 1512 s behind the series, 120 s long


def test_images_corrected_to_the_administration_need_no_decay():
    made = pet(DecayCorrection="ADMIN", RescaleSlope=5, SeriesTime=None, AcquisitionTime=None)
    assert suv(made) == 1.0
    assert "no decay" in hu.read(to_bytes(made), values="suv").steps[-2].detail


def test_images_that_are_not_corrected_are_refused():
    assert error(pet(DecayCorrection="NONE")).attribute == "DecayCorrection"
    assert error(pet(CorrectedImage=["ATTN", "SCAT"])).attribute == "CorrectedImage"
    assert error(pet(CorrectedImage="DECY")).attribute == "CorrectedImage"
    with pytest.warns(hu.AssumptionWarning, match="CorrectedImage is missing"):
        assert suv(pet(CorrectedImage=None)) == 1.0


def test_a_later_bed_position_is_corrected_to_the_start_of_the_series():
    assert suv(pet(AcquisitionTime="121500")) == 1.0


def test_decay_factor_confirms_the_start_of_the_series():
    # From the middle of the frame, 1572 s, back to Series Time: 2^(1572 / 6588) = 1.17989; from its beginning 1.17244.
    for factor in ("1.17989", "1.17244", "1"):  # 1 says nothing: it is written where no factor is known
        assert suv(pet(**LATER_BED, DecayFactor=factor)) == 1.0


def test_decay_factor_tells_an_image_corrected_to_its_own_acquisition():
    # From the middle of the frame back to its beginning: 2^(60 / 6588) = 1.00633. Then 8100 s lie between, and the SUV
    # is 0.5 x 2^(8100 / 6588) = 1.17244.
    with pytest.warns(hu.AssumptionWarning, match="Decay Factor fits the image's own Acquisition Time"):
        assert suv(pet(**LATER_BED, DecayFactor="1.00633")) == pytest.approx(1.1724352, rel=1e-6)


def test_a_decay_factor_that_fits_nothing_is_said():
    with pytest.warns(hu.AssumptionWarning, match="Decay Factor fits neither"):
        assert suv(pet(**LATER_BED, DecayFactor="3.5")) == 1.0


def test_without_acquisition_time_the_series_is_taken_as_the_start():
    with pytest.warns(hu.AssumptionWarning, match="no Acquisition Date and Time"):
        assert suv(pet(AcquisitionTime=None)) == 1.0


def test_a_series_processed_later_by_the_scanners_own_time():
    made = pet(SeriesDate="20240301", SeriesTime="090000")
    made.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20240229114948.00")
    assert suv(made) == 1.0
    other = pet(SeriesDate="20240301", SeriesTime="090000")
    other.private_block(0x0009, "GEMS_ELSE_01", create=True).add_new(0x0D, "DT", "20240229114948.00")
    assert error(other).attribute == "SeriesTime"


def test_a_series_processed_later_by_its_frame_reference_time():
    # The bed position began 600 s after the scan, and took 120 s. Its average count rate lies
    # ln(x / (1 - exp(-x))) / lambda behind its beginning, x = 0.0126257, lambda = 0.000105214: 59.9369 s.
    later = {"SeriesTime": "173000", "AcquisitionTime": "115948", "ActualFrameDuration": 120_000}
    made = pet(**later, FrameReferenceTime=659_936.9)
    with pytest.warns(hu.AssumptionWarning, match="computed back from"):
        assert suv(made) == pytest.approx(1.0, rel=1e-6)
    # Decay Factor, to the start: 2^(600 / 6588) = 1.06516.
    with pytest.warns(hu.AssumptionWarning):
        assert suv(pet(**later, FrameReferenceTime=659_936.9, DecayFactor=1.06516)) == pytest.approx(1.0, rel=1e-6)
    assert error(pet(**later, FrameReferenceTime=659_936.9, DecayFactor=1.5)).attribute == "SeriesTime"
    for broken in ({}, {"FrameReferenceTime": 0}, {"FrameReferenceTime": -5}):
        assert error(pet(**later, **broken)).attribute == "SeriesTime"


@pytest.mark.parametrize(
    ("start", "series", "halvings"),
    [
        ("23:00:00", "20240229004948", 1),
        ("225948.5", "20240301004936.5", 1),
        ("2300", "20240229004948", 1),
    ],
)
def test_midnight_between_injection_and_scan(start, series, halvings):
    day, time = series[:8], series[8:]
    made = pet(
        tracer={"RadiopharmaceuticalStartTime": start},
        SeriesDate=day, SeriesTime=time, AcquisitionDate=day, AcquisitionTime=time,
    )  # fmt: skip
    with pytest.warns(hu.AssumptionWarning, match="of the day before"):
        assert suv(made) == pytest.approx(2 ** (halvings - 1))


@pytest.mark.parametrize(
    ("injected", "zone"),
    [
        ("20240229100000", None),
        ("20240229100000.000000", None),
        ("20240229100000+0100", "+0100"),
        ("20240229090000+0000", "+0100"),
        ("20240228233000-0930", "+0100"),
        ("20240229100000+0100", None),  # its clock is that of the local start time
    ],
)
def test_the_date_and_time_of_the_injection_with_and_without_zone(injected, zone):
    made = pet(tracer={"RadiopharmaceuticalStartDateTime": injected}, TimezoneOffsetFromUTC=zone)
    assert suv(made) == 1.0


def test_a_long_lived_tracer_needs_the_day_of_its_injection():
    zirconium = {"RadionuclideHalfLife": 282_276}
    assert error(pet(tracer=zirconium)).attribute == "RadiopharmaceuticalStartDateTime"
    exact = zirconium | {"RadiopharmaceuticalStartDateTime": "20240226052512", "RadiopharmaceuticalStartTime": None}
    # 282,276 s before 2024-02-29 11:49:48 is 2024-02-26 05:25:12: one half-life.
    assert suv(pet(tracer=exact)) == 1.0


def test_a_dynamic_scan_may_begin_before_the_injection():
    before = {"tracer": {"RadiopharmaceuticalStartTime": "115000"}}
    assert suv(pet(**before, SeriesType=["DYNAMIC", "IMAGE"])) == pytest.approx(0.5, rel=2e-3)
    assert error(pet(**before)).attribute == "RadiopharmaceuticalStartTime"


@pytest.mark.parametrize(
    ("tracer", "changes", "attribute"),
    [
        ({"RadionuclideTotalDose": None}, {}, "RadionuclideTotalDose"),
        ({"RadionuclideTotalDose": 0}, {}, "RadionuclideTotalDose"),
        ({"RadionuclideTotalDose": -4e8}, {}, "RadionuclideTotalDose"),
        ({"RadionuclideTotalDose": 400}, {}, "RadionuclideTotalDose"),  # MBq, or mCi
        ({"RadionuclideTotalDose": 4e14}, {}, "RadionuclideTotalDose"),
        ({"RadionuclideHalfLife": None}, {}, "RadionuclideHalfLife"),
        ({"RadionuclideHalfLife": 0}, {}, "RadionuclideHalfLife"),
        ({"RadiopharmaceuticalStartTime": None}, {}, "RadiopharmaceuticalStartTime"),
        ({"RadiopharmaceuticalStartTime": "10"}, {}, "RadiopharmaceuticalStartTime"),
        ({"RadiopharmaceuticalStartTime": "990000"}, {}, "RadiopharmaceuticalStartTime"),
        ({"RadiopharmaceuticalStartDateTime": "20240229"}, {}, "RadiopharmaceuticalStartDateTime"),
        ({"RadiopharmaceuticalStartDateTime": "20240129100000"}, {}, "RadiopharmaceuticalStartDateTime"),
        ({"RadiopharmaceuticalStartDateTime": "20240229130000"}, {}, "RadiopharmaceuticalStartDateTime"),
        ({"RadiopharmaceuticalStartDateTime": "20240229103000"}, {}, "RadiopharmaceuticalStartDateTime"),
        (
            {"RadiopharmaceuticalStartDateTime": "20240229100000+0100", "RadiopharmaceuticalStartTime": None},
            {},
            "TimezoneOffsetFromUTC",
        ),
        ({}, {"RadiopharmaceuticalInformationSequence": None}, "RadiopharmaceuticalInformationSequence"),
        ({}, {"RadiopharmaceuticalInformationSequence": [Dataset(), Dataset()]}, "RadiopharmaceuticalInformationSequence"),
        ({}, {"Units": None}, "Units"),
        ({}, {"DecayCorrection": None}, "DecayCorrection"),
        ({}, {"DecayCorrection": "MAYBE"}, "DecayCorrection"),
        ({}, {"PatientWeight": None}, "PatientWeight"),
        ({}, {"PatientWeight": 0}, "PatientWeight"),
        ({}, {"PatientWeight": 80_000}, "PatientWeight"),  # g
        ({}, {"SeriesTime": None}, "SeriesTime"),
        ({}, {"SeriesDate": None}, "SeriesDate"),
        ({}, {"SeriesDate": "00000000"}, "SeriesDate"),
        ({}, {"RescaleSlope": None, "RescaleIntercept": None}, "RescaleSlope"),
    ],
)  # fmt: skip
def test_what_is_missing_or_impossible_is_named(tracer, changes, attribute):
    made = pet(tracer=tracer, **changes)
    assert error(made).attribute == attribute
    assert attribute in str(error(made))


def test_a_half_life_in_minutes_is_found_out_by_the_nuclide():
    fluorine = Dataset()
    fluorine.CodeValue, fluorine.CodingSchemeDesignator, fluorine.CodeMeaning = "77004003", "SCT", "^18^Fluorine"
    assert suv(pet(tracer={"RadionuclideCodeSequence": [fluorine]})) == 1.0
    wrong = pet(tracer={"RadionuclideCodeSequence": [fluorine], "RadionuclideHalfLife": 109.8})
    assert error(wrong).attribute == "RadionuclideHalfLife"


def test_the_nuclides_codes_are_those_of_the_standard():
    # PS3.16 CID 4020 as pydicom has it.
    standard = {code for names in (concepts["SCT"][n] for n in cid_concepts[4020]["SCT"]) for code in names}
    assert {code for code in HALF_LIVES if code.isdigit()} <= standard


# By itself


def left(**changes):
    return activity_of(DatasetHeader(pet(**changes)), "a.dcm")


def test_after_one_half_life_half_is_left_and_the_factor_is_said():
    activity = left()
    assert activity.becquerels == pytest.approx(200e6)
    assert "factor 0.5, 200 MBq left" in activity.steps[-1].detail


@pytest.mark.parametrize(("start", "factor"), [("100000", 0.5), ("081012", 0.25), ("114948", 1.0), ("105454", 2**-0.5)])
def test_each_half_life_halves(start, factor):
    assert left(tracer={"RadiopharmaceuticalStartTime": start}).becquerels == pytest.approx(400e6 * factor, rel=1e-4)


def test_corrected_to_the_administration_all_is_left():
    assert left(DecayCorrection="ADMIN").becquerels == 400e6


def test_half_lives_are_those_of_nuclear_data():
    # Minutes by the Decay Data Evaluation Project: F-18, C-11, Ga-68; hours: Cu-64; days: Zr-89, I-124.
    minutes = {"77004003": 109.77, "40565003": 20.36, "35337001": 67.71, "3932008": 12.70 * 60, "63360001": 3.267 * 1440,
               "40937006": 4.176 * 1440}  # fmt: skip
    for code, expected in minutes.items():
        assert HALF_LIVES[code] / 60 == pytest.approx(expected, rel=2e-3)


def test_errors_name_the_file():
    with pytest.raises(hu.MissingAttributeError) as caught:
        left(tracer={"RadionuclideTotalDose": None})
    assert (caught.value.source, caught.value.attribute) == ("a.dcm", "RadionuclideTotalDose")
