"""Real-world values (PS3.3 C.7.6.16.2.11): of real files, and of made ones where no real one shows the case."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ParametricMapStorage

import hounsfield as hu

from made import dataset, to_bytes

STORED = np.array([[0, 10, 20], [100, 4095, 4096]], np.uint16)


def code(value: str, meaning: str = "meaning", scheme: str = "UCUM") -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator, item.CodeMeaning = scheme, meaning
    setattr(item, "CodeValue" if len(value) <= 16 else "LongCodeValue", value)
    return item


def mapping(unit: str = "mm2/s", first: float = 0, last: float = 4095, vr: str = "US", **attributes) -> Dataset:
    item = Dataset()
    item.LUTExplanation, item.LUTLabel = "an explanation", "LABEL"
    item.MeasurementUnitsCodeSequence = [code(unit)]
    if vr == "FD":
        item.DoubleFloatRealWorldValueFirstValueMapped, item.DoubleFloatRealWorldValueLastValueMapped = first, last
    else:
        item.add_new("RealWorldValueFirstValueMapped", vr, first)
        item.add_new("RealWorldValueLastValueMapped", vr, last)
    for keyword, value in attributes.items():
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    if "RealWorldValueLUTData" not in item and "RealWorldValueSlope" not in attributes:
        item.RealWorldValueSlope, item.RealWorldValueIntercept = 0.5, -1
    return item


def mapped(stored: np.ndarray, *mappings: Dataset, **attributes) -> bytes:
    return to_bytes(dataset(stored, Modality="MR", RealWorldValueMappingSequence=list(mappings), **attributes))


def in_groups(stored: np.ndarray, shared: list[Dataset] | None, per_frame: list[list[Dataset] | None]) -> bytes:
    """A parametric map with mappings in the functional groups."""
    made = dataset(stored, Modality="MR", SOPClassUID=ParametricMapStorage)
    made.file_meta.MediaStorageSOPClassUID = ParametricMapStorage
    common = Dataset()
    if shared is not None:
        common.RealWorldValueMappingSequence = shared
    made.SharedFunctionalGroupsSequence = [common]
    made.PerFrameFunctionalGroupsSequence = []
    for mappings in per_frame:
        group = Dataset()
        if mappings is not None:
            group.RealWorldValueMappingSequence = mappings
        made.PerFrameFunctionalGroupsSequence.append(group)
    return to_bytes(made)


def details(image: hu.Image, outcome: str) -> str:
    return " | ".join(s.detail for s in image.steps if s.name == "real world" and s.outcome == outcome)


# Real files


def test_a_perfusion_map_has_the_unit_and_quantity_that_its_mapping_names(sample):
    image = hu.read(sample("eCT_Supplemental.dcm"), values="real_world")
    stored = hu.read(sample("eCT_Supplemental.dcm"), values="stored")
    assert (image.unit, image.values.dtype, image.padding) == ("ml/100ml/s", np.float32, None)
    # Its mapping, as dcmdump shows it: slope 1, intercept -1024 for 0 to 4095.
    assert (stored.values.min(), stored.values.max()) == (0, 1196)
    assert (image.values.min(), image.values.max()) == (-1024, 172)
    assert "Regional Cerebral Blood Flow: 1 x stored + -1024 for 0 to 4095" in details(image, "done")


def test_modality_values_say_that_there_is_a_mapping(sample):
    image = hu.read(sample("eCT_Supplemental.dcm"))
    # Rescale Type US and Frame Type RCBF: a flow, not HU.
    assert image.unit == ""
    assert "also maps stored values to real-world values" in details(image, "not done")
    assert any("Image Type says RCBF" in step.detail for step in image.steps)


def test_a_mapping_without_range_maps_all_and_says_so(corpus):
    with pytest.warns(hu.AssumptionWarning, match="taken as mapping every stored value"):
        image = hu.read(corpus / "fo-dicom" / "GH064.dcm", values="real_world")
    stored = hu.read(corpus / "fo-dicom" / "GH064.dcm", values="stored").values
    assert (image.unit, int(stored.max())) == ("", 1119)
    assert image.values.max() == pytest.approx(2331.454404)  # 1119 x 2.083516


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "liver.dcm"])
def test_no_mapping_at_all_is_an_error_that_names_the_attribute(sample, name):
    with pytest.raises(hu.MissingAttributeError, match="no real-world values") as caught:
        hu.read(sample(name), values="real_world")
    assert caught.value.attribute == "RealWorldValueMappingSequence"


def test_colour_has_no_real_world_values(sample):
    with pytest.raises(hu.InvalidAttributeError, match="colour"):
        hu.read(sample("SC_rgb.dcm"), values="real_world")


# One mapping


def test_outside_the_mapped_range_is_nan_and_padding():
    image = hu.read(mapped(STORED, mapping(first=10, last=4095)), values="real_world")
    np.testing.assert_array_equal(image.values, np.array([[np.nan, 4, 9], [49, 2046.5, np.nan]], np.float32))
    assert image.padding.tolist() == [[True, False, False], [False, False, True]]
    assert "2 pixels have stored values that no mapping covers" in details(image, "done")
    assert hu.measure(image).pixels == 4


def test_it_joins_pixel_padding():
    image = hu.read(mapped(STORED, mapping(first=10, last=4095), PixelPaddingValue=20), values="real_world")
    assert image.padding.tolist() == [[True, False, True], [False, False, True]]


def test_it_is_never_chained_after_the_modality_transform():
    data = mapped(STORED, mapping(), RescaleSlope=1000, RescaleIntercept=7)
    assert hu.read(data, values="real_world").values[0].tolist() == [-1, 4, 9]


def test_a_table_gives_its_entries():
    # The non-linear example of the standard's figure: each stored value has an entry of its own.
    table = mapping("ml", 10, 13, RealWorldValueLUTData=[0.25, 1e-9, -3.5, 1e9])
    image = hu.read(mapped(np.array([[9, 10, 11], [12, 13, 14]], np.uint16), table), values="real_world")
    expected = np.array([[np.nan, 0.25, 1e-9], [-3.5, 1e9, np.nan]], np.float32)
    np.testing.assert_array_equal(image.values, expected)
    assert "table of 4 entries for 10 to 13 -> ml" in details(image, "done")


@pytest.mark.parametrize(
    ("dtype", "vr", "first", "last"),
    [
        (np.int16, "SS", -100, -1),
        (np.int16, "US", 65436, 65535),  # the same bits under the other VR
        (np.uint16, "SS", -100, -1),
        (np.uint16, "US", 65436, 65535),
    ],
)
def test_the_range_is_read_as_the_stored_values_are(dtype, vr, first, last):
    stored = np.array([[-101, -100, -1, 0, 1]], np.int16).view(dtype)
    image = hu.read(mapped(stored, mapping(first=first, last=last, vr=vr)), values="real_world")
    assert image.padding.tolist() == [[True, False, False, True, True]]


def test_signed_values_under_a_range_of_all_unsigned_ones_are_mapped():
    image = hu.read(mapped(np.array([[-5, 0, 5]], np.int16), mapping(first=0, last=65535)), values="real_world")
    assert image.padding.tolist() == [[True, False, False]]


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)])
def test_parametric_maps_of_floating_point(keyword, dtype):
    values = np.array([[[-0.5, 0.25], [0.5, np.nan]], [[1.0, 1.5], [np.inf, 0.125]]], dtype)
    made = dataset(np.zeros((2, 2, 2), np.uint16), Modality="MR", SOPClassUID=ParametricMapStorage)
    for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(made, name)
    made.BitsAllocated = values.dtype.itemsize * 8
    setattr(made, keyword, values.tobytes())
    group = Dataset()
    group.RealWorldValueMappingSequence = [
        mapping("1", 0.0, 1.0, "FD", RealWorldValueSlope=2, RealWorldValueIntercept=0)
    ]
    made.SharedFunctionalGroupsSequence = [group]
    made.PerFrameFunctionalGroupsSequence = [Dataset(), Dataset()]
    image = hu.read(to_bytes(made), values="real_world")
    assert (image.unit, image.values.dtype) == ("1", dtype)
    np.testing.assert_array_equal(image.values, [[[np.nan, 0.5], [1, np.nan]], [[2, np.nan], [np.nan, 0.25]]])
    np.testing.assert_array_equal(image.padding, np.isnan(image.values))
    for space in ("modality", "stored"):
        np.testing.assert_array_equal(hu.read(to_bytes(made), values=space).values, values)


def test_the_type_that_is_asked_for_is_given_or_refused():
    data = mapped(STORED, mapping())
    assert hu.read(mapped(STORED[:, :2], mapping()), values="real_world", dtype="float64").values[1, 1] == 2046.5
    with pytest.raises(hu.InvalidAttributeError, match="int32 cannot hold NaN"):
        hu.read(data, values="real_world", dtype="int32")
    deep = hu.read(mapped(np.array([[0, 2**31]], np.uint32), mapping(last=2**16 - 1)), values="real_world")
    assert deep.values.dtype == np.float64


@settings(max_examples=100, deadline=None)
@given(
    slope=st.floats(1e-6, 1e6),
    intercept=st.floats(-1e6, 1e6),
    bounds=st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(sorted),
)
def test_every_stored_value_is_either_mapped_or_nan(slope, intercept, bounds):
    first, last = bounds
    stored = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    item = mapping(first=first, last=last, RealWorldValueSlope=slope, RealWorldValueIntercept=intercept)
    image = hu.read(mapped(stored, item), values="real_world", dtype=np.float64)
    values = image.values.ravel()
    assert np.count_nonzero(~np.isnan(values)) == last - first + 1
    inside = values[first : last + 1]
    assert (np.diff(inside) >= 0).all()
    # The ends of the straight line, by hand of Python's own arithmetic.
    assert (inside[0], inside[-1]) == (first * slope + intercept, last * slope + intercept)


# Several mappings


def test_pieces_of_one_scale_are_combined_and_alternatives_named():
    low = mapping("Cel", 0, 99, LUTLabel="LOW")
    high = mapping("Cel", 100, 4095, LUTLabel="HIGH", RealWorldValueSlope=1, RealWorldValueIntercept=0)
    kelvin = mapping("K", 0, 4095, LUTLabel="KELVIN", RealWorldValueSlope=1, RealWorldValueIntercept=273.15)
    data = mapped(STORED, low, kelvin, high)
    image = hu.read(data, values="real_world")
    assert image.unit == "Cel"
    np.testing.assert_array_equal(image.values, [[-1, 4, 9], [100, 4095, np.nan]])
    assert details(image, "not done").startswith('other mappings: "KELVIN": an explanation in K')
    for choice in ("KELVIN", "K"):
        image = hu.read(data, values=f"real_world:{choice}")
        assert (image.unit, float(image.values[0, 1])) == ("K", pytest.approx(283.15))
        assert "LOW" in details(image, "not done")
    assert hu.read(data, values="real_world:LOW").padding.sum() == 3


def test_the_first_of_overlapping_mappings_of_the_same_unit_holds():
    first = mapping("Cel", 0, 100, LUTLabel="A")
    second = mapping("Cel", 100, 4095, LUTLabel="B", RealWorldValueSlope=1, RealWorldValueIntercept=0)
    image = hu.read(mapped(STORED, first, second), values="real_world")
    assert image.padding.tolist() == [[False] * 3, [False, True, True]]
    assert '"B"' in details(image, "not done")


def test_the_same_unit_of_another_quantity_is_another_scale():
    def quantity(meaning: str) -> Dataset:
        item = Dataset()
        item.ValueType = "CODE"
        item.ConceptNameCodeSequence = [code("246205007", "Quantity", "SCT")]
        item.ConceptCodeSequence = [code("113041", meaning, "DCM")]
        return item

    data = mapped(
        STORED,
        mapping("1", 0, 99, QuantityDefinitionSequence=[quantity("Fat fraction")]),
        mapping("1", 100, 4095, QuantityDefinitionSequence=[quantity("Water fraction")]),
    )
    image = hu.read(data, values="real_world")
    assert image.padding.sum() == 3
    assert "Fat fraction: 0.5 x stored" in details(image, "done")
    assert "Water fraction in 1" in details(image, "not done")


def test_a_label_that_is_not_there_is_an_error_that_counts_those_that_are():
    with pytest.raises(hu.MissingAttributeError, match="there are 1, in mm2/s"):
        hu.read(mapped(STORED, mapping()), values="real_world:ADC")


def test_each_frame_has_its_own_mapping_before_the_shared_one():
    stored = np.full((3, 1, 2), 10, np.uint16)
    own = [mapping(RealWorldValueSlope=3, RealWorldValueIntercept=1)]
    image = hu.read(in_groups(stored, [mapping()], [None, own, None]), values="real_world")
    assert image.values[:, 0, 0].tolist() == [4, 31, 4]
    assert "the mapping of each of 3 frames" in details(image, "done")


def test_a_frame_without_mapping_has_no_values():
    stored = np.full((2, 1, 2), 10, np.uint16)
    image = hu.read(in_groups(stored, None, [[mapping()], None]), values="real_world")
    assert image.frame(0).values.tolist() == [[4, 4]]
    assert image.frame(1).padding.all()


def test_frames_of_different_units_must_be_chosen_from():
    stored = np.full((2, 1, 2), 10, np.uint16)
    data = in_groups(stored, None, [[mapping("ms", LUTLabel="T1")], [mapping("mm2/s", LUTLabel="ADC")]])
    with pytest.raises(hu.InvalidAttributeError, match="different real-world units"):
        hu.read(data, values="real_world")
    image = hu.read(data, values="real_world:ADC")
    assert (image.unit, image.frame(0).padding.all(), image.frame(1).values.tolist()) == ("mm2/s", True, [[4, 4]])


# Damage


@pytest.mark.parametrize(
    ("changes", "error", "attribute"),
    [
        ({"RealWorldValueSlope": 0.0, "RealWorldValueIntercept": 1.0}, hu.InvalidAttributeError, "RealWorldValueSlope"),
        ({"RealWorldValueSlope": float("nan"), "RealWorldValueIntercept": 1.0}, hu.InvalidAttributeError, "RealWorldValueSlope"),
        ({"RealWorldValueSlope": [1.0, 2.0], "RealWorldValueIntercept": 1.0}, hu.InvalidAttributeError, "RealWorldValueSlope"),
        ({"RealWorldValueSlope": 1.0}, hu.MissingAttributeError, "RealWorldValueIntercept"),
        ({"RealWorldValueLUTData": [1.0, 2.0]}, hu.InvalidAttributeError, "RealWorldValueLUTData"),
        ({"first": 20, "last": 10}, hu.InvalidAttributeError, "RealWorldValueFirstValueMapped"),
        (
            {"RealWorldValueLUTData": [1.0, 2.0], "RealWorldValueLastValueMapped": None},
            hu.MissingAttributeError,
            "RealWorldValueFirstValueMapped",
        ),
    ],
)  # fmt: skip
def test_impossible_mappings_are_typed_errors(changes, error, attribute):
    with pytest.raises(error) as caught:
        hu.read(mapped(STORED, mapping(**changes)), values="real_world")
    assert caught.value.attribute == attribute
    hu.read(mapped(STORED, mapping(**changes)))  # modality values do not depend on it


def test_an_empty_sequence_is_none():
    with pytest.raises(hu.MissingAttributeError):
        hu.read(mapped(STORED), values="real_world")
