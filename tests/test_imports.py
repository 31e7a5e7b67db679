"""What is loaded for a job: libraries that it does not use cost everybody who starts it."""

import subprocess
import sys

import pytest
from pydicom.data import get_testdata_file

#: Loaded for nothing that is done to one native image, and tenths of a second each.
HEAVY = ["numba", "pyarrow", "scipy", "pandas", "matplotlib", "nibabel", "highdicom", "SimpleITK", "skimage", "zarr"]
#: Loaded where pixel data is compressed, or a TIFF is written.
CODECS = ["imagecodecs", "tifffile"]
COMMAND = """
import sys
sys.argv = {argv!r}
from hounsfield.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def loaded(code: str, names: list[str]) -> list[str]:
    """Run code in a process of its own; which of the modules it has loaded."""
    told = f"\nimport sys\nprint(*[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + told], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize("call", ["read", "info", "tags"])
def test_one_native_file_loads_no_library_that_it_does_not_use(call):
    code = f"import hounsfield as hu; hu.{call}({get_testdata_file('CT_small.dcm')!r})"
    assert loaded(code, [*HEAVY, *CODECS, "cv2", "hounsfield.volume"]) == []


def test_volumes_have_their_view_in_notebooks_whichever_name_is_used_first():
    seen = "import numpy, hounsfield as hu; view = hu.Volume(numpy.zeros((2, 8, 8), 'int16'))._repr_html_()"
    for before in ("", "import hounsfield as hu; hu.read; hu.read_volumes; "):
        assert "matplotlib" not in loaded(f"{before}{seen}; assert '<img' in view, view", HEAVY)


@pytest.mark.parametrize("words", ["info", "tags", "explain", "stats", "mask --no-figure", "convert"])
def test_a_command_on_one_native_file_loads_no_library_that_it_does_not_use(words, tmp_path):
    command, *options = words.split()
    places = {"mask": ["-o", str(tmp_path / "out")], "convert": ["-o", str(tmp_path / "out.png")]}
    argv = ["hu", command, get_testdata_file("CT_small.dcm"), *options, *places.get(command, [])]
    assert loaded(COMMAND.format(argv=argv), [*HEAVY, *CODECS]) == []


def test_a_compressed_file_loads_its_decoders():
    code = f"import hounsfield as hu; hu.read({get_testdata_file('JPEG2000.dcm')!r})"
    assert "imagecodecs" in loaded(code, CODECS)
