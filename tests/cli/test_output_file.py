"""`-o FILE` and `-o -`: one result, in a file or on standard output."""

import io
import shutil
import subprocess
import sys

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import hounsfield as hu

from cli_runner import bytes_here, hu_here, program_here

CINE_FRAMES = 30


@pytest.fixture
def here(sample, tmp_path):
    shutil.copy(sample("CT_small.dcm"), tmp_path / "a.dcm")
    hu.phantom(tmp_path / "ct", matrix=32, slices=4)
    return tmp_path


def piped(*words, cwd, data=b""):
    """As `bytes_here`, of the command with a pipe behind it: a process of its own."""
    command = [sys.executable, "-m", "hounsfield", *words]
    done = subprocess.run(command, cwd=cwd, input=data, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.name not in ("a.dcm", "ct"))


def test_the_mask_of_one_input_goes_to_the_file_that_is_named(here):
    expected = hu.mask(hu.read(here / "a.dcm")).values
    assert hu_here("mask", "a.dcm", "-o", "x.png", cwd=here)[0] == 0
    assert hu_here("mask", "a.dcm", "-o", "new/x.npz", "--figure", cwd=here)[0] == 0
    assert files(here) == ["new", "x.png"]  # and no figure
    assert files(here / "new") == ["x.figure.png", "x.npz"]
    assert ((np.asarray(Picture.open(here / "x.png")) > 0) == expected).all()
    assert (np.load(here / "new" / "x.npz")["mask"] == expected).all()


def test_the_mask_of_one_volume_goes_to_the_file_that_is_named(here):
    for source, name in (("ct", "ct.nii.gz"), ("a.dcm", "a.nii"), ("ct", "ct.dcm"), ("ct", "ct.stl")):
        assert hu_here("mask", source, "-o", name, cwd=here)[0] == 0
    assert files(here) == ["a.nii", "ct.dcm", "ct.nii.gz", "ct.stl"]
    assert nibabel.load(here / "ct.nii.gz").shape == (32, 32, 4)
    assert nibabel.load(here / "a.nii").shape == (128, 128, 1)
    assert pydicom.dcmread(here / "ct.dcm").Modality == "SEG"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["mask", "a.dcm", "-o", "x.tif"], "unknown format 'tif'"),
        (["convert", "ct", "--to", "nifti", "-o", "chest.txt"], "unknown format 'txt'"),
        (["mask", "a.dcm", "-o", "x.png", "--format", "npz"], "give one of them"),
        (["mask", "a.dcm", "-o", "x.dcm", "--no-phi"], "not both"),
        (["mask", "a.dcm", "-o", "x.png", "--name", "{KVP}"], "--name"),
        (["mask", "a.dcm", "-o", "a.txt"], "is a file, not a folder"),
        (["mask", "a.dcm", "ct", "-o", "x.nii.gz"], "2 inputs need a folder"),
        (["mask", "a.dcm", "ct", "-o", "-"], "standard output takes one"),
        (["convert", "a.dcm", "ct", "-o", "x.nii.gz"], "--series"),
        (["convert", "a.dcm", "-o", "-", "--to", "zarr"], "folder"),
        (["convert", "a.dcm", "-o", "-", "--json"], "--json"),
        (["figure", "a.dcm", "ct", "-o", "-"], "2 inputs"),
        (["mask", "a.dcm", "-o", "-", "--figure"], "mask alone"),
    ],
)
def test_what_is_no_one_file_is_wrong_usage_before_anything_is_written(words, says, here):
    (here / "a.txt").write_text("x")
    code, out, err = hu_here(*words, cwd=here)
    assert (code, out, files(here)) == (2, "", ["a.txt"])
    assert says in " ".join(err.split())


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (["mask"], b"\x89PNG"),
        (["mask", "--format", "npz"], b"PK"),
        (["mask", "--format", "nifti"], b"\x1f\x8b"),
        (["figure", "--format", "svg"], b"<?xml"),
        (["convert"], b"\x89PNG"),
        (["convert", "--to", "tiff"], b"II"),
    ],
)
def test_standard_output_gets_the_file_and_nothing_else(words, start, here):
    code, out, err = bytes_here(words[0], "-", *words[1:], "-o", "-", cwd=here, stdin=(here / "a.dcm").read_bytes())
    assert (code, out[: len(start)], files(here)) == (0, start, [])
    assert err.count("\n") == err.count("assumed")


def test_standard_output_has_the_bytes_of_the_file(here):
    hu_here("convert", "ct", "-o", "x.npy", cwd=here)
    out = piped("convert", "ct", "--to", "npy", "-o", "-", cwd=here)[1]
    assert out == (here / "x.npy").read_bytes()
    assert np.load(io.BytesIO(out)).shape == (4, 32, 32)


def test_a_mask_of_a_volume_on_standard_output_is_nifti(here):
    """As the help says: NIfTI for volumes; `--each` and a file are images, and PNG."""
    for words in (["ct"], ["ct/0001.dcm", "--volumes"], ["ct", "--plane", "coronal"]):
        code, out, err = bytes_here("mask", *words, "-o", "-", cwd=here)
        assert code == 0, err
        (here / "m.nii.gz").write_bytes(out)
        assert nibabel.load(here / "m.nii.gz").get_fdata().any()
    assert nibabel.load(here / "m.nii.gz").shape[2] == 32
    code, out, err = bytes_here("mask", "ct/0001.dcm", "-o", "-", cwd=here)
    assert Picture.open(io.BytesIO(out)).size == (32, 32)


def test_several_files_do_not_go_to_standard_output(sample, here):
    code, out, err = bytes_here("convert", sample("examples_ybr_color.dcm"), "-o", "-", cwd=here)
    assert (code, out, f"this image has {CINE_FRAMES}: give --frame" in err) == (1, b"", True)
    code, out, err = bytes_here("convert", "ct", "-o", "-", cwd=here)
    assert (code, out, "this volume has 4" in err) == (1, b"", True)


def test_the_program_writes_the_same_to_standard_output(here):
    for words in (["mask", "a.dcm"], ["mask", "ct"], ["convert", "a.dcm", "--to", "npy"]):
        expected = bytes_here(*words, "-o", "-", cwd=here)[1]
        program = bytes_here(*words, "-o", "-", "--as-python", cwd=here)[1]
        printed = program_here(program.decode(), here)
        assert len(printed) == len(expected) > 100
        assert printed == expected or words[-1] == "ct"  # NIfTI, whose header holds a time
    done = subprocess.run([sys.executable, "-"], input=program, cwd=here, capture_output=True, check=False)
    assert done.stdout == expected, done.stderr


@pytest.mark.skipif(not hasattr(sys.stdout, "fileno") or sys.platform == "win32", reason="needs a terminal of POSIX")
def test_a_terminal_is_refused(here):
    import os
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "hounsfield", "convert", "a.dcm", "-o", "-"]
    done = subprocess.run(command, cwd=here, stdout=follower, stderr=subprocess.PIPE, check=False)
    os.close(leader), os.close(follower)
    assert (done.returncode, b"redirect it" in done.stderr) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes of POSIX")
def test_a_pipe_that_is_closed_is_no_error(here):
    text = f"{sys.executable} -m hounsfield convert a.dcm --to npy -o - | head -c 3 > x"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {text}"], cwd=here, capture_output=True, check=False)
    assert (done.returncode, done.stderr, (here / "x").read_bytes()) == (0, b"", b"\x93NU")
