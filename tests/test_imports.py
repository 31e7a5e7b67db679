"""What is loaded for a job: libraries that it does not use cost everybody who starts it."""

import subprocess
import sys
import textwrap
from pathlib import Path

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


def test_one_native_file_loads_no_library_that_it_does_not_use():
    code = f"import hounsfield as hu; [call({get_testdata_file('CT_small.dcm')!r}) for call in (hu.read, hu.info, hu.tags)]"
    assert loaded(code, [*HEAVY, *CODECS, "cv2", "hounsfield.volume"]) == []


def test_volumes_have_their_view_in_notebooks_whichever_name_is_used_first():
    seen = "import numpy, hounsfield as hu; view = hu.Volume(numpy.zeros((2, 8, 8), 'int16'))._repr_html_()"
    for before in ("", "import hounsfield as hu; hu.read; hu.read_volumes; "):
        assert "matplotlib" not in loaded(f"{before}{seen}; assert '<img' in view, view", HEAVY)


def test_commands_on_one_native_file_load_no_library_that_they_do_not_use(tmp_path):
    """In one process: what none of them loads, each does without."""
    commands = [
        "info",
        "tags",
        "explain",
        "stats",
        f"mask --no-figure -o {tmp_path}/out",
        f"convert -o {tmp_path}/x.png",
    ]
    argvs = [["hu", *words.split(), get_testdata_file("CT_small.dcm")] for words in commands]
    assert loaded("".join(COMMAND.format(argv=argv) for argv in argvs), [*HEAVY, *CODECS]) == []


def test_one_file_is_converted_without_what_opens_archives_chooses_or_writes_other_formats(tmp_path):
    others = ["tarfile", "hounsfield.sources.archives", "hounsfield.batch.choosing", "hounsfield.batch.surveyed",
              "hounsfield.series.volumes", "hounsfield.exports.nifti", "hounsfield.display.presentation.softcopy",
              "hounsfield.recipes.command_line"]  # fmt: skip
    argv = ["hu", "convert", get_testdata_file("CT_small.dcm"), "-o", str(tmp_path / "x.png")]
    assert loaded(COMMAND.format(argv=argv), others) == []


def test_a_compressed_file_loads_its_decoders():
    code = f"import hounsfield as hu; hu.read({get_testdata_file('JPEG2000.dcm')!r})"
    assert "imagecodecs" in loaded(code, CODECS)


MISSING = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""
CALLS = [
    ("pyarrow", "hu.scan([path])"),
    ("pillow", "hu.write(hu.read(path), 'x.png')"),
    ("matplotlib", "hu.figure(hu.read(path), hu.mask(hu.read(path)))"),
    ("tifffile", "hu.write(hu.read(path), 'x.tif')"),
    ("nibabel", "hu.write_nifti(volume, 'x.nii')"),
    ("highdicom", "hu.write_seg(hu.mask(volume), 'x.dcm', segments=hu.SegmentDescription('bone'))"),
    ("scipy", "volume.resample(2)"),
    ("zarr", "hu.write_zarr(volume, 'x.zarr')"),
    ("skimage", "hu.surface(hu.mask(volume, above=-500))"),
]


@pytest.mark.long
@pytest.mark.parametrize(("package", "call"), CALLS, ids=[package for package, _ in CALLS])
def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(package, call, tmp_path):
    folder = str(Path(get_testdata_file("dicomdirtests/77654033/CT2/17106")).parent)
    code = MISSING.format(package={"pillow": "PIL"}.get(package, package)) + textwrap.dedent(f"""
        import warnings, hounsfield as hu
        warnings.simplefilter("ignore")
        path, volume = {get_testdata_file("CT_small.dcm")!r}, hu.read_volumes({folder!r})[0]
        try:
            {call}
        except hu.MissingDependencyError as error:
            print(error)
    """)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "pip install" in done.stdout
    assert (package if package != "pillow" else "PIL") in done.stdout.replace("scikit-image", "skimage")


@pytest.mark.parametrize(
    ("package", "words"), [("pyarrow", ["scan"]), ("PIL", ["convert", "-o", "x.png"]), ("numba", ["scan", "--jsonl"])]
)
def test_a_command_without_a_package_says_which_or_does_without(package, words, tmp_path):
    argv = ["hu", *words, get_testdata_file("CT_small.dcm")]
    code = MISSING.format(package=package) + COMMAND.format(argv=argv)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    if package == "numba":  # small jobs never need it
        assert done.returncode == 0
    else:
        assert (
            done.stderr.splitlines()[0] == f"hu: {package} is not installed: pip install --force-reinstall hounsfield"
        )
