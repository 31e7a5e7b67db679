"""What the whole headers of slices tell, where the columns of a survey do not."""

import numpy as np
import pydicom
import pytest

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.series.further import FurtherAttributes
from hounsfield.series.separators import KEYWORDS

from series_made import ct, edit, instances_of


@pytest.fixture
def two_passes(tmp_path):
    """Four slices at two positions, each twice."""
    return ct(tmp_path, slices=2, phases=2).files


def looked(paths, place=(0, 0, 1, 1)):
    found = instances_of([str(path) for path in paths])
    return FurtherAttributes(found, DEFAULT_LIMITS)(np.arange(len(paths)), np.array(place))


def test_an_attribute_that_differs_within_a_position_is_a_column(two_passes):
    for index, path in enumerate(two_passes):
        edit(path, XRayTubeCurrent=100 + 50 * (index % 2), TableHeight=index // 2)
    further = looked(two_passes)
    keywords = [separator.keyword for separator in further.table]
    assert "XRayTubeCurrent" in keywords
    assert "TableHeight" not in keywords  # it differs between positions only
    assert further.rows.numbers["XRayTubeCurrent"].tolist() == [100, 150, 100, 150]


def test_texts_are_columns_of_texts(two_passes):
    for index, path in enumerate(two_passes):
        edit(path, FilterMaterial=["AL", "CU"][index % 2])
    rows = looked(two_passes).rows
    assert [rows.text("FilterMaterial", row) for row in range(4)] == ["AL", "CU", "AL", "CU"]


def test_attributes_of_items_are_named_by_their_path(two_passes):
    def item(value):
        def change(dataset):
            inner = pydicom.Dataset()
            inner.CodeMeaning = value
            dataset.AnatomicRegionSequence = [inner]

        return change

    for index, path in enumerate(two_passes):
        edit(path, item(["thorax", "abdomen"][index % 2]))
    assert "AnatomicRegionSequence[0].CodeMeaning" in [one.keyword for one in looked(two_passes).table]


def test_times_have_their_dates_and_come_after_what_says_more(two_passes):
    for index, path in enumerate(two_passes):
        edit(path, ExposureTime=10 + index % 2, PerformedProcedureStepStartTime=f"10000{index % 2}.5",
             PerformedProcedureStepStartDate="20200102")  # fmt: skip
    further = looked(two_passes)
    keywords = [separator.keyword for separator in further.table]
    assert keywords.index("ExposureTime") < keywords.index("PerformedProcedureStepStartTime")
    values = further.rows.numbers["PerformedProcedureStepStartTime"]
    assert values[1] - values[0] == pytest.approx(1e6)


@pytest.mark.parametrize("accident", ["WindowCenter", "SliceLocation", "InstanceCreationTime"])
def test_what_says_nothing_of_an_image_is_left_out(two_passes, accident):
    for index, path in enumerate(two_passes):
        edit(path, **{accident: f"10000{index % 2}" if accident.endswith("Time") else index % 2})
    further = looked(two_passes)
    assert further is None or accident not in [one.keyword for one in further.table]


def test_what_identifies_the_patient_tells_nothing_apart(two_passes):
    for index, path in enumerate(two_passes):
        edit(path, PatientComments=["SECRET", "OTHER"][index % 2], OtherPatientIDs=["SECRET", "OTHER"][index % 2])
    further = looked(two_passes)
    names = [] if further is None else [one.keyword for one in further.table]
    assert not {"PatientComments", "OtherPatientIDs"} & set(names)


def test_columns_that_every_file_is_read_for_are_not_asked_again(two_passes):
    for index, path in enumerate(two_passes):
        edit(path, EchoTime=[5, 10][index % 2], XRayTubeCurrent=index % 2)
    assert not {one.keyword for one in looked(two_passes).table} & set(KEYWORDS)


def test_where_no_position_repeats_nothing_is_looked_for(two_passes):
    for index, path in enumerate(two_passes):
        edit(path, XRayTubeCurrent=100 + 50 * (index % 2))
    assert looked(two_passes, (0, 1, 2, 3)) is None


def test_a_file_that_cannot_be_read_any_more_tells_nothing(two_passes):
    for index, path in enumerate(two_passes):
        edit(path, XRayTubeCurrent=100 + 50 * (index % 2))
    found = instances_of([str(path) for path in two_passes])
    two_passes[0].unlink()
    further = FurtherAttributes(found, DEFAULT_LIMITS)(np.arange(4), np.array([0, 0, 1, 1]))
    values = further.rows.numbers["XRayTubeCurrent"]
    assert np.isnan(values[0]) and values[1:].tolist() == [150, 100, 150]
