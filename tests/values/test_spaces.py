"""Values beside the modality's: Philips' private scale."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, MRImageStorage

import hounsfield as hu

from made import dataset, enhanced, to_bytes

FRAMES = np.random.default_rng(0).integers(0, 4096, (6, 5, 7)).astype(np.uint16)
STORED = FRAMES.astype(np.int64)


def philips(block=0x10, creator="Philips MR Imaging DD 001", slope=0.25, intercept=None, **more):
    made = dataset(FRAMES[0], SOPClassUID=MRImageStorage, Modality="MR", **more)
    made.add_new((0x2005, block), "LO", creator)
    made.add_new((0x2005, block << 8 | 0x0E), "FL", slope)
    if intercept is not None:
        made.add_new((0x2005, block << 8 | 0x0D), "FL", intercept)
    return made


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("block", [0x10, 0x12])
def test_both_scales_of_philips_are_reachable(syntax, block):
    made = philips(block, RescaleSlope=2, RescaleIntercept=-10)
    made.file_meta.TransferSyntaxUID = syntax
    shown = hu.read(to_bytes(made))
    np.testing.assert_array_equal(shown.values, 2 * STORED[0] - 10)
    (step,) = (step for step in shown.steps if step.name == "philips")
    assert step.outcome == "not done"
    assert "(2005,100E), 0.25" in step.detail
    image = hu.read(to_bytes(made), values="philips")
    # FP = (PV x RS + RI) / (RS x SS): Chenevert et al. 2014, and dcm2niix's -p y.
    np.testing.assert_allclose(image.values, (STORED[0] * 2 - 10) / (2 * 0.25))
    assert image.unit == ""
    assert any(step.name == "philips" and step.outcome == "done" for step in image.steps)


def test_the_scale_intercept_holds_where_the_standards_scale_is_absent():
    image = hu.read(to_bytes(philips(intercept=5.0)), values="philips")
    np.testing.assert_allclose(image.values, (STORED[0] - 5) / 0.25)


@pytest.mark.parametrize("how", [{"creator": "ANOTHER 001"}, {"slope": 0.0}, {"slope": float("nan")}])
def test_what_is_no_scale_of_philips_is_not_taken_for_one(how):
    data = to_bytes(philips(**how))
    assert not [step for step in hu.read(data).steps if step.name == "philips"]
    with pytest.raises(hu.MissingAttributeError, match="2005,100E"):
        hu.read(data, values="philips")


def test_a_stripped_creator_is_assumed_of_philips_only():
    made = philips(Manufacturer="Philips Medical Systems")
    del made[0x2005, 0x10]
    assert any("(2005,100E), 0.25" in step.detail for step in hu.read(to_bytes(made)).steps)
    with pytest.warns(hu.AssumptionWarning, match="private creator"):
        image = hu.read(to_bytes(made), values="philips")
    np.testing.assert_allclose(image.values, STORED[0] / 0.25)
    made.Manufacturer = "Another"
    assert not [step for step in hu.read(to_bytes(made)).steps if step.name == "philips"]


def test_enhanced_files_have_a_scale_for_each_frame():
    made = pydicom.dcmread(pydicom.filebase.DicomBytesIO(enhanced(FRAMES[:2], [(2, -10), (4, 20)])))
    made.Modality = "MR"
    for frame, slope in zip(made.PerFrameFunctionalGroupsSequence, (0.25, 0.5), strict=True):
        private = Dataset()
        private.add_new((0x2005, 0x10), "LO", "Philips MR Imaging DD 001")
        private.add_new((0x2005, 0x100E), "FL", slope)
        frame.add_new((0x2005, 0x14), "LO", "Philips MR Imaging DD 005")
        frame.add_new((0x2005, 0x140F), "SQ", [private])
    image = hu.read(to_bytes(made), values="philips")
    for index, (slope, intercept, scale) in enumerate(((2, -10, 0.25), (4, 20, 0.5))):
        np.testing.assert_allclose(image.values[index], (STORED[index] * slope + intercept) / (slope * scale))
    single = hu.read(to_bytes(made), values="philips", frames=1)
    np.testing.assert_allclose(single.values, (STORED[1] * 4 + 20) / (4 * 0.5))
