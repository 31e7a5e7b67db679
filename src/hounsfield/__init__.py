"""DICOM images, read right: the right number in every pixel, its unit, and how it came to be.

The names below are loaded when they are first used, so that ``import hounsfield`` costs next to nothing.

>>> import hounsfield as hu
>>> from pydicom.data import get_testdata_file
>>> image = hu.read(get_testdata_file("CT_small.dcm"))
>>> image.unit
'HU'
"""

import importlib
from typing import Any

from hounsfield._version import __version__

#: Each public name and the module it lives in. A test holds this list against __init__.pyi and the docs.
_HOME = {
    "Angle": "hounsfield.measures.angles",
    "AssumptionError": "hounsfield.errors",
    "AssumptionWarning": "hounsfield.errors",
    "Attribute": "hounsfield.headers.tags",
    "Catalog": "hounsfield.catalog.catalog",
    "DecodeError": "hounsfield.errors",
    "Distance": "hounsfield.geometry",
    "FormatError": "hounsfield.errors",
    "Frames": "hounsfield.reading.frames",
    "GeometryError": "hounsfield.errors",
    "HounsfieldError": "hounsfield.errors",
    "Image": "hounsfield.image",
    "ImagePlane": "hounsfield.geometry",
    "InvalidAttributeError": "hounsfield.errors",
    "LimitExceededError": "hounsfield.errors",
    "Limits": "hounsfield.limits",
    "Measures": "hounsfield.measures.statistics",
    "MissingAttributeError": "hounsfield.errors",
    "MissingDependencyError": "hounsfield.errors",
    "NotDicomError": "hounsfield.errors",
    "OutputError": "hounsfield.errors",
    "Phantom": "hounsfield.phantoms.series",
    "PhantomOptions": "hounsfield.phantoms.series",
    "PointValue": "hounsfield.measures.angles",
    "PresentationState": "hounsfield.display.presentation.state",
    "Profile": "hounsfield.measures.lines",
    "Progress": "hounsfield.scanning.walking",
    "Report": "hounsfield.series.report",
    "SegmentDescription": "hounsfield.exports.seg",
    "SlidePlane": "hounsfield.geometry",
    "SourceError": "hounsfield.errors",
    "Step": "hounsfield.steps",
    "Surface": "hounsfield.exports.surfaces",
    "Tolerances": "hounsfield.series.tolerances",
    "UnitError": "hounsfield.errors",
    "UnsupportedTransferSyntaxError": "hounsfield.errors",
    "WorkersLostError": "hounsfield.errors",
    "Volume": "hounsfield.volume",
    "VolumeFacts": "hounsfield.series.survey",
    "Volumes": "hounsfield.series.volumes",
    "Window": "hounsfield.display.voi",
    "Written": "hounsfield.outputs",
    "angle": "hounsfield.measures.angles",
    "apply_mask": "hounsfield.masks.mask",
    "calibrated": "hounsfield.measures.scales",
    "choose": "hounsfield.recipes.choice",
    "cobb": "hounsfield.measures.angles",
    "components": "hounsfield.masks.components",
    "dicom_json": "hounsfield.headers.json_model",
    "distance": "hounsfield.measures.lines",
    "figure": "hounsfield.figures.figure",
    "frame_times": "hounsfield.reading.objects",
    "info": "hounsfield.headers.info",
    "intersection": "hounsfield.measures.sets",
    "map": "hounsfield.batch.mapping",
    "mask": "hounsfield.masks.mask",
    "measure": "hounsfield.measures.statistics",
    "open_frames": "hounsfield.reading.read",
    "overlays": "hounsfield.reading.objects",
    "phantom": "hounsfield.phantoms.series",
    "point": "hounsfield.measures.angles",
    "presentation": "hounsfield.display.presentation.state",
    "profile": "hounsfield.measures.lines",
    "read": "hounsfield.reading.read",
    "read_grid": "hounsfield.series.grid_reading",
    "read_rois": "hounsfield.rois.rois",
    "read_volumes": "hounsfield.series.finding",
    "region": "hounsfield.measures.shapes",
    "regions": "hounsfield.reading.objects",
    "register_decoders": "hounsfield.pixels.plugin",
    "render": "hounsfield.display.render",
    "scaled": "hounsfield.measures.scales",
    "scan": "hounsfield.scanning.scan",
    "scan_batches": "hounsfield.scanning.scan",
    "segments": "hounsfield.reading.objects",
    "surface": "hounsfield.exports.surfaces",
    "tags": "hounsfield.headers.tags",
    "union": "hounsfield.measures.sets",
    "windows": "hounsfield.display.voi",
    "write": "hounsfield.exports.write",
    "write_nifti": "hounsfield.exports.nifti",
    "write_npz": "hounsfield.exports.npz",
    "write_seg": "hounsfield.exports.seg",
    "write_stl": "hounsfield.exports.stl",
    "write_zarr": "hounsfield.exports.ome_zarr",
}

__all__ = ["__version__", *_HOME]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hounsfield' has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    globals()[name] = value
    return value


def _missing(error: ModuleNotFoundError) -> ImportError:
    """Say which command installs what an incomplete installation lacks."""
    from hounsfield.errors import MissingDependencyError

    package = (error.name or "").partition(".")[0]
    command = "pip install --force-reinstall hounsfield"
    return MissingDependencyError(f"{package} is not installed, which hounsfield needs: {command}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
