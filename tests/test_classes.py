"""Classes that no real file at hand has: made files are valid, and read as they were written."""

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import hounsfield as hu
from classes import every_class

import made

#: In ophthalmic tomography one module of dciodvfy requires these, with 1 of 1 as their only value, and another forbids
#: them where there is no concatenation of several.
CONTRADICTIONS = {
    "ophthalmic tomography": ("ConcatenationFrameOffsetNumber", "InConcatenationNumber", "InConcatenationTotalNumber")
}


@pytest.mark.parametrize("name", every_class())
def test_made_files_are_valid(name, tmp_path):
    validator = shutil.which("dciodvfy") or shutil.which("dciodvfy", path=str(Path(sys.executable).parent))
    if validator is None:
        pytest.skip("dciodvfy is not installed")
    path = tmp_path / "made.dcm"
    path.write_bytes(made.to_bytes(every_class()[name]().dataset))
    done = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    assert [line for line in lines if not line.startswith(("Error", "Warning"))], "the class is not known to it"
    errors = [line for line in lines if line.startswith("Error")]
    assert [line for line in errors if not any(word in line for word in CONTRADICTIONS.get(name, ()))] == []


@pytest.mark.parametrize("name", every_class())
def test_made_files_are_read_as_they_were_written(name):
    expected = every_class()[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hu.AssumptionWarning)
        image = hu.read(made.to_bytes(expected.dataset))
    assert image.shape == expected.values.shape
    if "JPEG" in name:  # Pillow's own rounding of colours
        assert np.abs(image.values.astype(int) - expected.values).max() <= 1
    else:
        np.testing.assert_array_equal(image.values, expected.values)
    assert image.unit == expected.unit
    for index in range(image.frames):
        frame = image.frame(index)
        assert frame.pixel_spacing == pytest.approx(expected.spacing) if expected.spacing else True
        assert (frame.pixel_spacing is None, frame.spacing_kind) == (expected.spacing is None, expected.kind)
        if expected.positions:
            assert frame.plane is not None
            assert frame.plane.position == pytest.approx(expected.positions[index])
        else:
            assert frame.plane is None


def test_frames_of_one_class_have_spacing_whether_shared_or_of_their_own():
    expected = every_class()["breast tomosynthesis"]().dataset
    measures = expected.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    del expected.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    for frame in expected.PerFrameFunctionalGroupsSequence:
        frame.PixelMeasuresSequence = measures
    image = hu.read(made.to_bytes(expected))
    assert [image.frame(index).pixel_spacing for index in range(3)] == [(0.1, 0.1)] * 3
