"""Rows of slices by their headers."""

from __future__ import annotations

import pytest
from pydicom.uid import generate_uid

import hounsfield as hu

from series_made import (
    affines_are,
    check_slices,
    ct,
    edit,
    louder,
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def test_slices_without_a_series_in_one_folder_are_one_series_and_that_is_said(tmp_path):
    made = ct(tmp_path / "a")
    ct(tmp_path / "b", slice_spacing=5)
    for path in (tmp_path / "a").iterdir():
        edit(path, SeriesInstanceUID=None)
    for path in (tmp_path / "b").iterdir():
        edit(path, louder(3), SeriesInstanceUID=None, SOPInstanceUID=generate_uid(entropy_srcs=[str(path)]))
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    check_slices(volumes)
    assert all(any(step.name == "series" and step.outcome == "assumed" for step in volume.steps) for volume in volumes)
