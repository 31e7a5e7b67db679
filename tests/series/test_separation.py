"""Sets of slices that mean different things: never in one volume, wherever the second lies; and what is one stays one."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from classes_enhanced import anatomy, enhanced, measures, plane, rescale
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.series import grouping, patients
from hounsfield.series.instances import read_instances
from hounsfield.sources.collection import open_collection

from made import dataset, to_bytes

pytestmark = [
    pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
AXIAL = {"PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}]}
CLASSES = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "PT": "1.2.840.10008.5.1.4.1.1.128"}
STEP = 5.0


def write(folder: Path, slices: list[tuple[float, int, dict[str, Any]]], modality: str = "MR") -> Path:
    """Write slices: their z, the value that fills them, and their attributes; the names of files mean nothing."""
    folder.mkdir(exist_ok=True)
    for index, (z, value, more) in enumerate(slices):
        base: dict[str, Any] = {
            "ImagePositionPatient": [0, 0, z],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [1, 1],
            "SliceThickness": 5,
            "InstanceNumber": index + 1,
            "SOPClassUID": CLASSES[modality],
            "Modality": modality,
            "SeriesInstanceUID": "1.2.3",
            "FrameOfReferenceUID": "1.2.4",
            "SOPInstanceUID": f"1.2.5.{index + 1}",
        }
        pixels = np.full((4, 5), value, np.uint16)
        pixels[0, 0] = index
        (folder / f"{random.Random(index).random()}").write_bytes(to_bytes(dataset(pixels, **base | more)))
    return folder


def values(volumes: Any) -> list[list[int]]:
    return [volume.values[:, 1, 1].tolist() for volume in volumes]


def assumed(volumes: Any) -> list[str]:
    return [step.detail for facts in volumes.facts for step in facts.steps if step.outcome == "assumed"]


#: Where the second of two sets of six slices lies, in mm.
LAYOUTS = {
    "repeats": 0.0,
    "lies between": STEP / 2,
    "lies a little off": 1.25,
    "goes on": 6 * STEP,
    "overlaps": 3 * STEP,
}
TRACER = "RadiopharmaceuticalInformationSequence"
MAPPING = "RealWorldValueMappingSequence"


def sequence(keyword: str, **attributes: Any) -> dict[str, Any]:
    item = Dataset()
    for name, value in attributes.items():
        setattr(item, name, value)
    return {keyword: [item]}


MEANINGS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "EchoTime": ("MR", {"EchoTime": 10}, {"EchoTime": 90}),
    "EchoNumbers": ("MR", {"EchoNumbers": 1}, {"EchoNumbers": 2}),
    "InversionTime": ("MR", {"InversionTime": 100}, {"InversionTime": 900}),
    "RepetitionTime": ("MR", {"RepetitionTime": 500}, {"RepetitionTime": 3000}),
    "FlipAngle": ("MR", {"FlipAngle": 5}, {"FlipAngle": 15}),
    "DiffusionBValue": ("MR", {"DiffusionBValue": 0.0}, {"DiffusionBValue": 2000.0}),
    "DiffusionGradientOrientation": (
        "MR",
        {"DiffusionGradientOrientation": [1.0, 0, 0]},
        {"DiffusionGradientOrientation": [0, 1.0, 0]},
    ),
    "ImageType": ("MR", {"ImageType": ["ORIGINAL", "PRIMARY", "M"]}, {"ImageType": ["ORIGINAL", "PRIMARY", "P"]}),
    "ComplexImageComponent": ("MR", {"ComplexImageComponent": "MAGNITUDE"}, {"ComplexImageComponent": "PHASE"}),
    "SequenceName": ("MR", {"SequenceName": "ep_b0"}, {"SequenceName": "ep_b1000#1"}),
    "ScanOptions": ("MR", {"ScanOptions": "FS"}, {}),
    "ReceiveCoilName": ("MR", {"ReceiveCoilName": "C1"}, {"ReceiveCoilName": "C2"}),
    "KVP": ("CT", {"KVP": 80}, {"KVP": 140}),
    "ConvolutionKernel": ("CT", {"ConvolutionKernel": "B30f"}, {"ConvolutionKernel": ["B70f", "2"]}),
    "FilterType": ("CT", {"FilterType": "WEDGE"}, {"FilterType": "FLAT"}),
    "ContrastBolusAgent": ("CT", {}, {"ContrastBolusAgent": "IOHEXOL"}),
    "CT ImageType": (
        "CT",
        {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]},
        {"ImageType": ["DERIVED", "SECONDARY", "MIP"]},
    ),
    "Units": ("PT", {"Units": "BQML"}, {"Units": "CNTS"}),
    "CorrectedImage": ("PT", {"CorrectedImage": ["ATTN", "SCAT"]}, {"CorrectedImage": ["SCAT"]}),
    "ReconstructionMethod": ("PT", {"ReconstructionMethod": "FBP"}, {"ReconstructionMethod": "OSEM"}),
    f"{TRACER}[0].Radiopharmaceutical": (
        "PT",
        sequence(TRACER, Radiopharmaceutical="FDG"),
        sequence(TRACER, Radiopharmaceutical="PSMA"),
    ),
    f"{MAPPING}[0].LUTLabel": ("MR", sequence(MAPPING, LUTLabel="ADC"), sequence(MAPPING, LUTLabel="FA")),
}


def cases(keywords: Any) -> Any:
    """Each keyword in some layouts; in all of them where there is time."""
    few, layouts = [], list(LAYOUTS)
    for number, keyword in enumerate(keywords):
        for index, layout in enumerate(layouts):
            marks = () if index in (1, (0, 3)[number % 2]) else pytest.mark.long
            few.append(pytest.param(keyword, layout, marks=marks))
    return pytest.mark.parametrize(("keyword", "layout"), few)


@cases(MEANINGS)
def test_two_meanings_are_two_volumes_wherever_they_lie(tmp_path, keyword, layout):
    modality, *more = MEANINGS[keyword]
    slices = [(STEP * i + LAYOUTS[layout] * k, 100 * (k + 1), more[k]) for k in (0, 1) for i in range(6)]
    volumes = hu.read_volumes(write(tmp_path, slices, modality))
    assert sorted(values(volumes)) == [[100] * 6, [200] * 6]
    assert all(keyword.split()[-1] in facts.separated_by for facts in volumes.facts) or "Options" in keyword
    assert not assumed(volumes)
    assert not volumes.report.missing


@pytest.mark.parametrize("layout", LAYOUTS)
def test_acquisitions_are_two_volumes_unless_one_goes_on_where_the_other_ends(tmp_path, layout):
    more = [{"AcquisitionNumber": k + 1} for k in (0, 1)]
    slices = [(STEP * i + LAYOUTS[layout] * k, 100 * (k + 1), more[k]) for k in (0, 1) for i in range(6)]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert sorted(values(volumes)) == ([[100] * 6 + [200] * 6] if layout == "goes on" else [[100] * 6, [200] * 6])


def test_a_set_that_lacks_a_slice_is_parted_all_the_same(tmp_path):
    slices = [
        (STEP * i + 2.5 * k, 100 * (k + 1), {"KVP": (80, 140)[k]}) for k in (0, 1) for i in range(8) if (i, k) != (3, 0)
    ]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert sorted(map(set, values(volumes)), key=str) == [{100}, {100}, {200}]
    (gap,) = volumes.report.missing
    assert gap.positions == ((0.0, 0.0, 15.0),)


def test_a_set_that_lies_in_a_gap_of_the_other_is_not_missing(tmp_path):
    slices = [(STEP * i, 1 + (i in (3, 4, 5)), {"ConvolutionKernel": ("A", "B")[i in (3, 4, 5)]}) for i in range(9)]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert sorted(values(volumes)) == [[1] * 3, [1] * 3, [2] * 3]
    assert "missing" not in str(volumes.report)


@pytest.mark.parametrize("keyword", ["EchoTime", "KVP", "ConvolutionKernel", "ImageType", "FlipAngle"])
def test_what_differs_from_slice_to_slice_separates_nothing_and_is_said(tmp_path, keyword):
    chance = random.Random(4)
    text = keyword in ("ConvolutionKernel", "ImageType")
    slices = [
        (STEP * i, i, {keyword: chance.choice("ABCDEFGH") if text else 10 * chance.randrange(1, 50)}) for i in range(12)
    ]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert values(volumes) == [list(range(12))]
    assert any(f"{keyword} differs from slice to slice" in step.detail for step in volumes.facts[0].steps)


# ---------------------------------------------------------------- frames

FRAMES: dict[str, Callable[[int], dict[str, Any]]] = {
    "EffectiveEchoTime": lambda k: {"MREchoSequence": [{"EffectiveEchoTime": (10.0, 90.0)[k]}]},
    "StackID": lambda k: {"FrameContentSequence": [{"StackID": "12"[k]}]},
    "ComplexImageComponent": lambda k: {
        "MRImageFrameTypeSequence": [{"ComplexImageComponent": ("MAGNITUDE", "PHASE")[k]}]
    },
    "FrameType": lambda k: {
        "MRImageFrameTypeSequence": [{"FrameType": ["ORIGINAL", "PRIMARY", "VOLUME", ("NONE", "MIP")[k]]}]
    },
    "DiffusionBValue": lambda k: {"MRDiffusionSequence": [{"DiffusionBValue": (0.0, 1000.0)[k]}]},
    "RepetitionTime": lambda k: {"MRTimingAndRelatedParametersSequence": [{"RepetitionTime": (500.0, 3000.0)[k]}]},
    "ASLContext": lambda k: {"MRArterialSpinLabelingSequence": [{"ASLContext": ("LABEL", "CONTROL")[k]}]},
    "ReceiveCoilName": lambda k: {"MRReceiveCoilSequence": [{"ReceiveCoilName": ("C1", "C2")[k]}]},
    "KVP": lambda k: {"CTXRayDetailsSequence": [{"KVP": (80.0, 140.0)[k]}]},
    "ConvolutionKernel": lambda k: {"CTReconstructionSequence": [{"ConvolutionKernel": ("B30f", "B70f")[k]}]},
    "ReconstructionAlgorithm": lambda k: {
        "CTReconstructionSequence": [{"ReconstructionAlgorithm": ("FILTER_BACK_PROJ", "ITERATIVE")[k]}]
    },
}


def many_frames(folder: Path, several: list[tuple[float, int]], more: list[dict[str, Any]], **attributes: Any) -> Path:
    """Write one enhanced file: the z and the value of each frame, and its functional groups."""
    pixels = np.stack([np.full((4, 5), 100 * (k + 1), np.uint16) for _, k in several])
    pixels[:, 0, 0] = np.arange(len(several))
    groups = measures(1, 1, 5) | AXIAL | rescale(1, 0, "US") | anatomy("1", "x")
    own = [plane(0, 0, z) | each for (z, _), each in zip(several, more, strict=True)]
    folder.mkdir(exist_ok=True)
    (folder / "one").write_bytes(to_bytes(enhanced("4.1", "MR", pixels, groups, own, **attributes)))
    return folder


@cases(FRAMES)
def test_frames_of_two_meanings_are_two_volumes_wherever_they_lie(tmp_path, keyword, layout):
    several = [(STEP * i + LAYOUTS[layout] * k, k) for k in (0, 1) for i in range(6)]
    random.Random(1).shuffle(several)
    volumes = hu.read_volumes(many_frames(tmp_path, several, [FRAMES[keyword](k) for _, k in several]))
    assert sorted(values(volumes)) == [[100] * 6, [200] * 6]
    assert all(keyword in facts.separated_by for facts in volumes.facts)
    assert not assumed(volumes)


def index(*numbers: int) -> dict[str, Any]:
    return {"FrameContentSequence": [{"DimensionIndexValues": list(numbers)}]}


def dimensions(*pointers: int) -> dict[str, Any]:
    return {"DimensionIndexSequence": [sequence("x", DimensionIndexPointer=tag)["x"][0] for tag in pointers]}


@pytest.mark.parametrize("pointer", [0x00191001, 0x00189082])  # private; EffectiveEchoTime
def test_dimensions_tell_frames_apart_and_give_the_order(tmp_path, pointer):
    """PS3.3 C.7.6.17: the place of a frame along each dimension; the file has its frames in another order."""
    order = (2, 0, 1)
    several = [(STEP * i, k) for i in range(4) for k in order]
    random.Random(2).shuffle(several)
    echo = {0: 30.0, 1: 20.0, 2: 10.0}
    more = [
        index(int(z / STEP) + 1, k + 1)
        | ({"MREchoSequence": [{"EffectiveEchoTime": echo[k]}]} if pointer == 0x00189082 else {})
        for z, k in several
    ]
    volumes = hu.read_volumes(many_frames(tmp_path, several, more, **dimensions(0x00209057, pointer)))
    assert values(volumes) == [[100] * 4, [200] * 4, [300] * 4]
    name = "DimensionIndexValues" if pointer == 0x00191001 else "EffectiveEchoTime"
    assert all(name in facts.separated_by for facts in volumes.facts)
    assert not assumed(volumes)


FURTHER: dict[str, Callable[[int], dict[str, Any]]] = {
    "FrameAcquisitionDateTime": lambda k: {
        "FrameContentSequence": [
            {"FrameAcquisitionDateTime": ("20200101235950", "20200102000010", "20200102000030")[k]}
        ]
    },
    "VelocityEncodingMaximumValue": lambda k: {
        "MRVelocityEncodingSequence": [{"VelocityEncodingMaximumValue": (50.0, 100.0, 150.0)[k]}]
    },
    "NumberOfAverages": lambda k: {"MRAveragesSequence": [{"NumberOfAverages": (1.0, 2.0, 4.0)[k]}]},
}


@pytest.mark.parametrize("keyword", FURTHER)
def test_whatever_tells_frames_apart_names_them(tmp_path, keyword):
    several = [(STEP * i, k) for i in range(4) for k in range(3)]
    random.Random(3).shuffle(several)
    volumes = hu.read_volumes(many_frames(tmp_path, several, [FURTHER[keyword](k) for _, k in several]))
    assert values(volumes) == [[100] * 4, [200] * 4, [300] * 4]
    assert all(list(facts.separated_by) == [keyword] for facts in volumes.facts)
    assert not assumed(volumes)


# ---------------------------------------------------------------- whatever tells slices apart

OTHERS: dict[str, Callable[[int], dict[str, Any]]] = {
    "FocalSpots": lambda k: {"FocalSpots": (0.6, 1.2)[k]},
    "NumberOfAverages": lambda k: {"NumberOfAverages": k + 1},
    "XRayTubeCurrent": lambda k: {"XRayTubeCurrent": 100 * (k + 1)},
    "IrradiationEventUID": lambda k: {"IrradiationEventUID": f"1.2.3.{k + 1}"},
    "SeriesTime": lambda k: {"SeriesDate": f"2020010{k + 1}", "SeriesTime": ("235950", "000010")[k]},
    "ImageComments": lambda k: {"ImageComments": ("before", "after")[k]},
    "ReconstructionDiameter": lambda k: {"ReconstructionDiameter": 300 + k},
    f"{TRACER}[0].RadionuclideTotalDose": lambda k: sequence(TRACER, RadionuclideTotalDose=1e8 + k),
}


@pytest.mark.parametrize("keyword", OTHERS)
def test_no_attribute_tells_apart_is_said_only_where_it_is_true(tmp_path, keyword):
    slices = [(STEP * i, 100 * (k + 1), OTHERS[keyword](k)) for i in range(5) for k in ((0, 1), (1, 0))[i % 2]]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert values(volumes) == [[100] * 5, [200] * 5]
    assert all(keyword in facts.separated_by for facts in volumes.facts)
    assert not assumed(volumes)


@pytest.mark.parametrize("keyword", ["WindowCenter", "SliceLocation", "InstanceCreationTime", "LargestImagePixelValue"])
def test_what_says_nothing_of_an_image_tells_nothing_apart(tmp_path, keyword):
    text = keyword == "InstanceCreationTime"
    slices = [
        (STEP * i, 100 * (k + 1), {keyword: f"1000{10 * k + i:02d}" if text else 100 * k + i})
        for i in range(5) for k in (0, 1)
    ]  # fmt: skip
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert any("no attribute tells the slices apart" in detail for detail in assumed(volumes))


def test_a_pet_is_in_the_order_of_its_image_index(tmp_path):
    """PS3.3 C.8.9.4.1.9: it counts slices, and these within time slices."""
    order = ((2, 0, 1), (0, 1, 2), (1, 2, 0), (2, 1, 0))
    slices = [(STEP * i, 100 * (k + 1), {"ImageIndex": 1 + i + 4 * k}) for i in range(4) for k in order[i]]
    volumes = hu.read_volumes(write(tmp_path, slices, "PT"))
    assert values(volumes) == [[100] * 4, [200] * 4, [300] * 4]
    assert not assumed(volumes)


# ---------------------------------------------------------------- time


def late(seconds: int, kind: str) -> dict[str, Any]:
    day, seconds = divmod(86390 + seconds, 86400)
    time = f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"
    if kind == "AcquisitionDateTime":
        return {kind: f"2019123{1}" + time if day == 0 else "20200101" + time}
    return {f"{kind}Time": time, f"{kind}Date": ("20191231", "20200101")[day]}


@pytest.mark.parametrize("kind", ["Acquisition", "Content", "AcquisitionDateTime"])
@pytest.mark.parametrize("each", [0, 3])
@pytest.mark.parametrize("modality", CLASSES)
def test_midnight_lies_between_two_times(tmp_path, kind, each, modality):
    """A time for each phase, and one for each slice."""
    slices = [(STEP * i, 100 * (t + 1), late(9 * t + each * i, kind)) for t in (2, 0, 1) for i in range(3)]
    volumes = hu.read_volumes(write(tmp_path, slices, modality))
    assert values(volumes) == [[100] * 3, [200] * 3, [300] * 3]
    assert not assumed(volumes)


def test_midnight_without_dates(tmp_path):
    """Times half a day apart in one series: midnight is between them."""
    times = ("235950", "000010", "000030")
    slices = [(STEP * i, 100 * (t + 1), {"AcquisitionTime": times[t]}) for t in (2, 0, 1) for i in range(3)]
    assert values(hu.read_volumes(write(tmp_path, slices))) == [[100] * 3, [200] * 3, [300] * 3]


def test_beds_of_a_pet_that_is_passed_twice(tmp_path):
    """A time for each bed of each pass: the first of each position belong together."""
    slices = [
        (STEP * (4 * bed + i), 100 * (p + 1), {"FrameReferenceTime": 60e3 * (3 * p + bed)})
        for p in range(2) for bed in range(3) for i in range(4)
    ]  # fmt: skip
    volumes = hu.read_volumes(write(tmp_path, slices, "PT"))
    assert values(volumes) == [[100] * 12, [200] * 12]


@pytest.mark.parametrize("jitter", [0.0, 4.0])
def test_diffusion_stands_in_the_order_of_acquisition(tmp_path, jitter):
    directions = [None, (1.0, 0, 0), (0, 1.0, 0), None, (0, 0, 1.0)]
    chance = random.Random(5)
    slices = []
    for t, direction in enumerate(directions):
        more: dict[str, Any] = {
            "DiffusionBValue": 0.0 if direction is None else 1000 + round(chance.uniform(0, jitter))
        }
        more |= {} if direction is None else {"DiffusionGradientOrientation": list(direction)}
        more["AcquisitionTime"] = f"1000{10 + t}"
        slices += [(STEP * i, 100 * (t + 1), more) for i in range(4)]
    random.Random(6).shuffle(slices)
    volumes = hu.read_volumes(write(tmp_path, slices))
    assert values(volumes) == [[100 * (t + 1)] * 4 for t in range(5)]
    assert all("DiffusionBValue" in facts.separated_by for facts in volumes.facts)
    given = [facts.separated_by.get("DiffusionGradientOrientation") for facts in volumes.facts]
    assert given == [direction and tuple(map(int, direction)) for direction in directions]


# ---------------------------------------------------------------- whose slices are

PERSONS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "PatientID": ({"PatientID": "1"}, {"PatientID": "2"}),
    "IssuerOfPatientID": ({"PatientID": "1", "IssuerOfPatientID": "A"}, {"PatientID": "1", "IssuerOfPatientID": "B"}),
    "PatientName": ({"PatientName": "Fox^Ann"}, {"PatientName": "Fox^Eva"}),
    "PatientBirthDate": ({"PatientBirthDate": "19500101"}, {"PatientBirthDate": "19800101"}),
    "PatientSex": ({"PatientSex": "F"}, {"PatientSex": "M"}),
}


@cases(PERSONS)
def test_two_patients_are_never_in_one_volume_and_that_is_a_conflict(tmp_path, keyword, layout):
    nobody = {"PatientID": "", "PatientName": ""}
    slices = [(STEP * i + LAYOUTS[layout] * k, k, nobody | PERSONS[keyword][k]) for k in (0, 1) for i in range(6)]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert sorted(values(volumes)) == [[0] * 6, [1] * 6]
    (conflict,) = volumes.report.conflicts
    assert keyword in conflict.detail and len(conflict.paths) == 12
    assert "Fox" not in str(volumes.report) and "1950" not in str(volumes.report)
    assert keyword in volumes.facts[0].split_by


SAME: dict[str, list[dict[str, str]]] = {
    "carets and spaces": [{"PatientName": name} for name in ("Fox^Ann", "Fox^Ann^^", "FOX^ANN ", "Fox Ann")],
    "a middle name": [{"PatientName": name} for name in ("Fox^Ann", "Fox^Ann^B")],
    "nothing said": [{}, {"PatientID": "1"}, {"PatientName": "Fox^Ann", "PatientBirthDate": ""}],
    "unknown": [{"PatientSex": sex} for sex in ("F", "f", "", "U")],
    "dates of old": [{"PatientBirthDate": date} for date in ("19500101", "1950.01.01")],
    "cases": [{"PatientID": one, "IssuerOfPatientID": two} for one, two in (("a1", "X"), ("A1 ", "x"))],
}


@pytest.mark.parametrize("what", SAME)
def test_one_patient_is_one(tmp_path, what):
    said = SAME[what]
    nobody = {"PatientID": "", "PatientName": ""}
    slices = [(STEP * i, i, nobody | said[i % len(said)]) for i in range(8)]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert values(volumes) == [list(range(8))]
    assert not volumes.report.conflicts


# ---------------------------------------------------------------- copies

COPIES: dict[str, dict[str, Any]] = {
    "PixelPaddingValue": {"PixelPaddingValue": 7},
    "RealWorldValueMappingSequence": sequence(MAPPING, RealWorldValueSlope=2.0, RealWorldValueIntercept=0.0),
    "PresentationLUTShape": {"PresentationLUTShape": "INVERSE"},
}


@pytest.mark.parametrize("uid", ["1.2.9", "1.2.5.1"])
@pytest.mark.parametrize("what", [*COPIES, "nothing"])
def test_equal_pixels_of_another_meaning_are_no_copies(tmp_path, what, uid):
    write(tmp_path, [(STEP * i, 5, {}) for i in range(3)], "CT")
    made = dataset(
        np.array([[0] + [5] * 4] + [[5] * 5] * 3, np.uint16),
        **{
            "ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [1, 1],
            "SliceThickness": 5, "InstanceNumber": 1, "SOPClassUID": CLASSES["CT"], "Modality": "CT",
            "SeriesInstanceUID": "1.2.3", "FrameOfReferenceUID": "1.2.4", "SOPInstanceUID": uid,
        } | COPIES.get(what, {}),
    )  # fmt: skip
    (tmp_path / "other").write_bytes(to_bytes(made))
    report = hu.read_volumes(tmp_path).report
    assert report.counts["duplicate"] == (what == "nothing")
    assert len(report.conflicts) == (what != "nothing" and uid == "1.2.5.1")


# ---------------------------------------------------------------- distances

CHANGES = {
    "wide, then narrow": [0, 5, 10, 15, 20, 22.5, 25, 27.5, 30],
    "narrow, then wide": [0, 2, 4, 6, 11, 16, 21],
    "wide, narrow, wide": [0, 5, 10, 12.5, 15, 17.5, 20, 25, 30],
    "three": [0, 1, 2, 3, 5, 7, 9, 13, 17, 21],
}


@pytest.mark.parametrize("what", CHANGES)
def test_where_the_distance_changes_nothing_is_missing(tmp_path, what):
    volumes = hu.read_volumes(write(tmp_path, [(z, i, {}) for i, z in enumerate(CHANGES[what])], "CT"))
    assert "missing" not in str(volumes.report)
    for gap in volumes.report.missing:
        assert f"{gap.distance_mm:.4g}" != f"{gap.expected_mm:.4g}"
    assert sum(values(volumes), []) == list(range(len(CHANGES[what])))


@pytest.mark.parametrize("direction", [(0, 0, 1), (0.6, 0, 0.8)])
@pytest.mark.parametrize("digits", [1, 2])
@pytest.mark.parametrize("step", [0.28, 0.625, 1.25])
def test_rounded_positions_are_recognised_but_no_missing_slice_hides_in_them(tmp_path, step, digits, direction):
    def slices(numbers: list[int]) -> list[tuple[float, int, dict[str, Any]]]:
        x, _, z = direction
        orientation = [z, 0, -x, 0, 1, 0]
        return [
            (0, i, {"ImagePositionPatient": [round(c * step * i, digits) for c in direction],
                    "ImageOrientationPatient": orientation})
            for i in numbers
        ]  # fmt: skip

    whole = hu.read_volumes(write(tmp_path / "whole", slices(list(range(20))), "CT"))
    assert values(whole) == [list(range(20))]
    assert whole[0].spacing_between_slices == pytest.approx(step, abs=0.006)
    lacking = hu.read_volumes(write(tmp_path / "lacking", slices([i for i in range(20) if i != 9]), "CT"))
    assert len(lacking) > 1
    assert lacking.report.missing


def test_what_slices_have_in_common_stands_in_the_table_of_the_page(tmp_path):
    write(tmp_path, [(STEP * i, i, {}) for i in range(3)])
    with open_collection(str(tmp_path), DEFAULT_LIMITS, file_references) as collection:
        rows = read_instances(list(collection), DEFAULT_LIMITS).rows
    everything = np.arange(len(rows), dtype=np.int64)
    keys = grouping._keys(rows, everything, np.ones(len(rows), np.bool_), hu.Tolerances())
    assert ["SeriesInstanceUID", *patients.PATIENT, *keys] == list(grouping.TOGETHER)


@pytest.mark.parametrize(
    ("modality", "keyword", "usual", "other"), [("PT", "Units", "BQML", "CNTS"), ("CT", "RescaleType", "HU", "ED")]
)
def test_a_single_slice_in_another_unit_is_a_volume_of_its_own(tmp_path, modality, keyword, usual, other):
    rescaled = {"RescaleSlope": 1, "RescaleIntercept": 0}
    slices = [(z * STEP, z, {keyword: other if z == 3 else usual, **rescaled}) for z in range(8)]
    volumes = hu.read_volumes(write(tmp_path, slices, modality))
    by_unit = {unit: sorted(values(v for v in volumes if v.separated_by[keyword] == unit)) for unit in (usual, other)}
    assert by_unit[other] == [[3]]
    assert sorted(sum(by_unit[usual], [])) == [0, 1, 2, 4, 5, 6, 7]
    assert {volume.unit for volume in volumes} == {usual, other}


@pytest.mark.filterwarnings("default::hounsfield.AssumptionWarning")
def test_a_lone_slice_of_another_kernel_is_kept_and_said(tmp_path):
    slices = [(z * STEP, z, {"ConvolutionKernel": "B70f" if z == 5 else "B30f"}) for z in range(12)]
    with pytest.warns(hu.AssumptionWarning, match="slice 5 has another ConvolutionKernel"):
        (volume,) = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert volume.shape[0] == 12
    with pytest.raises(hu.AssumptionError, match="ConvolutionKernel"):
        hu.read_volumes(tmp_path, strict=True)[0]


def test_a_slice_of_another_pixel_spacing_is_not_called_missing(tmp_path):
    slices = [(z * STEP, z, {"PixelSpacing": [1, 1.01] if z == 3 else [1, 1]}) for z in range(8)]
    volumes = hu.read_volumes(write(tmp_path, slices, "CT"))
    assert sorted(values(volumes)) == [[0, 1, 2], [3], [4, 5, 6, 7]]
    assert [gap.count for gap in volumes.report.missing] == [0]
    assert "missing" not in str(volumes.report)
