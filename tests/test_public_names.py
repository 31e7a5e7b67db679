import re
import subprocess
import sys
from pathlib import Path

import hounsfield as hu

ROOT = Path(__file__).parent.parent
NAMES = [
    "AssumptionError", "AssumptionWarning", "Attribute", "Catalog", "DecodeError", "Distance", "Profile", "distance", "profile", "region", "FormatError", "Frames", "GeometryError",
    "HounsfieldError", "Image", "ImagePlane", "InvalidAttributeError", "LimitExceededError", "Limits", "Measures",
    "MissingAttributeError", "MissingDependencyError", "NotDicomError", "OutputError", "Phantom", "PhantomOptions",
    "PresentationState", "Progress", "Report", "SegmentDescription", "SlidePlane", "SourceError", "Step", "Surface",
    "Tolerances", "UnitError", "UnsupportedTransferSyntaxError", "Volume", "VolumeFacts", "Volumes", "Window", "WorkersLostError",
    "Written", "Angle", "PointValue", "angle", "calibrated", "cobb", "point", "scaled", "apply_mask", "choose", "components", "dicom_json", "figure", "frame_times", "info", "intersection", "map", "mask", "measure",
    "open_frames", "overlays", "phantom", "presentation", "read", "read_grid", "read_rois", "read_volumes", "regions", "register_decoders",
    "render", "scan", "scan_batches", "segments", "surface", "tags", "union", "windows", "write", "write_nifti", "write_npz",
    "write_seg", "write_stl", "write_zarr",
]  # fmt: skip


def test_the_list_of_public_names_changes_on_purpose_only():
    assert sorted(hu.__all__) == sorted(["__version__", *NAMES])


def test_every_public_name_exists_and_is_documented():
    for name in NAMES:
        assert getattr(hu, name).__doc__, name
    assert set(NAMES) <= set(dir(hu))


def test_the_stub_has_the_same_names():
    stub = (ROOT / "src" / "hounsfield" / "__init__.pyi").read_text()
    assert sorted(re.findall(r" as (\w+)$", stub, re.MULTILINE)) == sorted(["__version__", *NAMES])


def test_the_reference_page_has_every_name():
    page = (ROOT / "docs" / "reference.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in page] == []


def test_an_unknown_name_is_an_attribute_error():
    try:
        hu.raed  # noqa: B018
    except AttributeError as error:
        assert "raed" in str(error)
    else:
        raise AssertionError


def test_importing_loads_nothing_heavy():
    code = "import sys, hounsfield; print([m for m in ('numpy', 'pydicom', 'cv2', 'matplotlib') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_measure_stays_a_function_whichever_module_is_imported_first():
    code = "import hounsfield.measures.statistics, hounsfield.masks.mask, hounsfield as hu; print(hu.measure, hu.mask)"
    printed = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert printed.count("<function") == 2
