"""Real images that come with an installed package: for the demo, and for trying things out."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hounsfield.errors import MissingDependencyError


def sample_ct() -> Path:
    """Return the path of a real CT slice, 128 x 128, that pydicom ships among its test files.

    Raises
    ------
    MissingDependencyError
        The installed pydicom came without its data.
    """
    spec = find_spec("pydicom")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "data" / "test_files" / "CT_small.dcm"
        if path.is_file():
            return path
    raise MissingDependencyError("pydicom came without its test files: pip install --force-reinstall pydicom")
