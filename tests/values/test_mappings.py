"""One real-world value mapping: its range, its table, its meaning (PS3.3 C.7.6.16.2.11)."""

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.values.mappings import mappings_of

FIRST, LAST = "RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"
CODE = {"CodeValue": "ml/min", "CodingSchemeDesignator": "UCUM", "CodeMeaning": "millilitres a minute"}
ITEM = {FIRST: 10, LAST: 20, "RealWorldValueSlope": 0.5, "RealWorldValueIntercept": -1.0, "LUTLabel": "flow",
        "LUTExplanation": "blood flow", "MeasurementUnitsCodeSequence": [CODE]}  # fmt: skip


def mapping(stored=np.int16, **changes):
    item = {k: v for k, v in (ITEM | changes).items() if v is not None}
    (made,) = mappings_of({"RealWorldValueMappingSequence": [item]}, np.dtype(stored), "a.dcm")
    return made


def test_both_ends_of_the_range_are_mapped():
    made = mapping()
    stored = np.array([9, 10, 20, 21], np.int16)
    assert made.covers(stored).tolist() == [False, True, True, False]
    assert made.apply(stored[1:3]).tolist() == [4, 9]
    assert (made.unit, made.code) == ("ml/min", "ml/min")


def test_without_a_range_all_values_are_mapped():
    made = mapping(**{FIRST: None, LAST: None})
    assert made.covers(np.array([-32768, 32767], np.int16)).all()
    assert mapping(np.float32, **{FIRST: None}).covers(np.array([1, np.nan, np.inf])).tolist() == [True, False, False]


@pytest.mark.parametrize(("stored", "first", "last", "expected"), [
    (np.int16, 65_526, 5, (-10, 5)),  # US where SS was meant
    (np.uint16, -32_768, -1, (32_768, 65_535)),
    (np.uint16, 0, 65_535, (0, 65_535)),
    (np.int16, 0, 65_535, (0, 65_535)),  # nothing else makes a range of it
])  # fmt: skip
def test_the_range_is_read_by_the_sign_of_the_stored_values(stored, first, last, expected):
    made = mapping(stored, **{FIRST: first, LAST: last})
    assert (made.first, made.last) == expected


def test_the_double_range_is_that_of_floating_point_pixels():
    double = {f"DoubleFloat{FIRST}": 0.25, f"DoubleFloat{LAST}": 0.75}
    made = mapping(np.float32, **double)
    assert made.covers(np.array([0.2, 0.25, 0.75, 0.8])).tolist() == [False, True, True, False]
    assert (mapping(np.int16, **double).first, mapping(np.int16, **double).last) == (10, 20)


def test_a_table_has_an_entry_for_each_value():
    made = mapping(RealWorldValueLUTData=[float(v) ** 2 for v in range(11)], RealWorldValueSlope=None)
    assert made.apply(np.array([10, 13, 20], np.int16)).tolist() == [0, 9, 100]
    assert str(made) == "table of 11 entries for 10 to 20"


@pytest.mark.parametrize(
    ("changes", "error", "attribute"),
    [
        ({"RealWorldValueSlope": None}, hu.MissingAttributeError, "RealWorldValueSlope"),
        ({"RealWorldValueSlope": 0}, hu.InvalidAttributeError, "RealWorldValueSlope"),
        ({"RealWorldValueIntercept": "x"}, hu.InvalidAttributeError, "RealWorldValueIntercept"),
        ({FIRST: 30}, hu.InvalidAttributeError, FIRST),
        ({FIRST: float("nan")}, hu.InvalidAttributeError, FIRST),
        ({"RealWorldValueLUTData": [1.0, 2.0]}, hu.InvalidAttributeError, "RealWorldValueLUTData"),
        ({"RealWorldValueLUTData": "text"}, hu.InvalidAttributeError, "RealWorldValueLUTData"),
        ({"RealWorldValueLUTData": [1.0], FIRST: None}, hu.MissingAttributeError, FIRST),
    ],
)
def test_what_cannot_be_is_refused_by_its_attribute(changes, error, attribute):
    with pytest.raises(error) as caught:
        mapping(**changes)
    assert (caught.value.attribute, caught.value.source) == (attribute, "a.dcm")


def test_a_table_for_floating_point_pixels_is_refused():
    with pytest.raises(hu.InvalidAttributeError, match="whole numbers"):
        mapping(np.float32, RealWorldValueLUTData=[0.0] * 11)


def test_pieces_of_one_scale_continue_each_other_and_may_not_overlap():
    low, high, other = mapping(), mapping(**{FIRST: 21, LAST: 30}), mapping(MeasurementUnitsCodeSequence=None)
    assert low.continues(high) and not low.continues(other)
    assert not low.overlaps(high)
    assert low.overlaps(mapping(**{FIRST: 20, LAST: 25}))
    assert low.overlaps(mapping(**{FIRST: None}))
    floats = [mapping(np.float32, **{FIRST: a, LAST: b}) for a, b in ((0, 1), (1, 2))]
    assert not floats[0].overlaps(floats[1])  # they may touch


def test_a_mapping_is_named_by_what_it_measures():
    quantity = [{"ConceptCodeSequence": [{"CodeMeaning": "Cerebral Blood Flow"}]}]
    assert mapping(QuantityDefinitionSequence=quantity).name == "Cerebral Blood Flow"
    assert mapping().title == '"flow": blood flow in ml/min'
    assert mapping(LUTExplanation=None).name == "flow"
    assert (
        mapping(LUTExplanation=None, LUTLabel=None, MeasurementUnitsCodeSequence=None).title
        == "unnamed mapping in no stated unit"
    )


def test_text_of_files_is_made_harmless():
    assert mapping(LUTLabel="a\x1b[2Jb" + "x" * 100).label == "a [2Jb" + "x" * 58


def test_no_sequence_is_no_mapping():
    assert mappings_of({}, np.dtype(np.int16), "a") == []
