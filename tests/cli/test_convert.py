"""`hu convert`: one file or many, and what it leaves behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import av
import cv2
import imagecodecs
import numpy as np
import pydicom
import pytest

from classes import every_class
from hounsfield import open_frames as opened
from hounsfield.exports.write import FORMATS

from cli_runner import hu, hu_here, signals_heard, start
from made import file_bytes, to_bytes


@pytest.fixture(scope="module")
def ct(sample):
    return sample("CT_small.dcm")


@pytest.fixture(scope="module")
def cine(sample):
    return sample("examples_ybr_color.dcm")


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.frames != "volume"])
def test_every_format_by_option_and_by_name(ct, tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    ending = FORMATS[form].endings[0]
    code, out, err = hu_here("convert", ct, "--to", form, "-o", "out")
    assert (code, out, err) == (0, f"out/CT_small.dcm{ending}\n", "")
    named = f"named{FORMATS[form].endings[-1].upper()}"
    assert hu_here("convert", ct, "-o", named)[:2] == (0, f"{named}\n")
    assert (tmp_path / named).read_bytes() == (tmp_path / out.strip()).read_bytes()
    assert len(names(tmp_path)) == 2


def test_without_an_output_it_is_a_png_here(ct, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert hu_here("convert", ct)[:2] == (0, "CT_small.dcm.png\n")
    assert cv2.imread(str(tmp_path / "CT_small.dcm.png"), cv2.IMREAD_UNCHANGED).shape == (128, 128)


def test_json_lists_outputs_and_steps(ct, cine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = json.loads(hu_here("convert", ct, "--to", "tiff", "--json")[1])
    assert (result["outputs"], result["unit"], result["shape"]) == (["CT_small.dcm.tif"], "HU", [128, 128])
    assert [step["name"] for step in result["steps"]][-1] == "write"
    lines = hu_here("convert", ct, cine, "-o", "out", "--jsonl")[1].splitlines()
    assert [len(json.loads(line)["outputs"]) for line in lines] == [1, 30]


def test_values_and_spaces(ct, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header = pydicom.dcmread(ct)
    assert hu_here("convert", ct, "-o", "m.tif")[0] == 0
    assert hu_here("convert", ct, "-o", "s.npy", "--space", "stored")[0] == 0
    modality = imagecodecs.tiff_decode((tmp_path / "m.tif").read_bytes())
    assert np.array_equal(modality, header.pixel_array.astype(np.int16) - 1024)
    assert np.array_equal(np.load(tmp_path / "s.npy"), header.pixel_array)
    assert hu_here("convert", ct, "-o", "s.png", "--space", "stored", "--values")[0] == 0
    assert np.array_equal(cv2.imread(str(tmp_path / "s.png"), cv2.IMREAD_UNCHANGED), header.pixel_array)


def test_signed_values_in_a_png_are_refused_with_the_way_out(ct, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = hu_here("convert", ct, "-o", "x.png", "--values")
    assert (code, out) == (1, "")
    assert err == (
        f"hu: {ct}: a PNG holds values from 0 to 65535, and these reach from -896 to 1167; use TIFF, NPY or NPZ\n"
    )
    assert names(tmp_path) == []


def test_frames(cine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert hu_here("convert", cine, "-o", "f.png", "--frame", "29")[:2] == (0, "f.png\n")
    code, out, _ = hu_here("convert", cine, "--to", "jpeg", "--frame", "7", "-o", "out")
    assert (code, out) == (0, "out/examples_ybr_color.dcm.frame0007.jpg\n")
    code, _, err = hu_here("convert", cine, "-o", "g.png", "--frame", "30")
    assert (code, "30 frames, counted from 0" in err) == (1, True)
    code, out, _ = hu_here("convert", cine, "-o", "all.png")
    assert (code, out) == (0, "all.frame0000.png to all.frame0029.png, 30 files\n")
    assert "g.png" not in names(tmp_path)


def test_a_cine_has_the_rate_that_was_asked_for(cine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert hu_here("convert", cine, "-o", "x.mp4", "--fps", "15")[0] == 0
    with av.open(str(tmp_path / "x.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.frames, stream.codec_context.name) == (15, 30, "h264")


def test_an_assumed_rate_is_said(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = hu_here("convert", sample("emri_small.dcm"), "-o", "x.gif")
    assert code == 0
    assert "assumed: " in err
    assert "10 frames a second" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "x.bmp"], ["-o", "x.png", "--to", "tiff"], ["--to", "jpeg", "--values"], ["--to", "npy", "--render"],
        ["--to", "tiff", "--window", "lung"], ["--to", "png", "--quality", "80"], ["--to", "png", "--fps", "5"],
        ["--to", "gif", "--fps", "0"], ["--to", "jpeg", "--quality", "101"], ["--frame", "-1"],
        ["--to", "png", "--space", "stored"], ["--space", "nonsense"], ["--to", "nonsense"], ["other.dcm", "-o", "x.png"],
    ],
)  # fmt: skip
def test_wrong_usage_is_2_and_leaves_nothing(ct, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    code, out, err = hu_here("convert", ct, *arguments)
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert names(tmp_path) == []


def test_without_pyav_it_is_4_and_the_command(ct, tmp_path):
    (tmp_path / "av.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    code, out, err = hu("convert", ct, ct, "-o", "out", "--to", "mp4", cwd=tmp_path, env={"PYTHONPATH": path})
    assert (code, out, err) == (4, "", 'hu: writing MP4 needs PyAV: pip install "hounsfield[video]"\n')


def test_standard_input_and_existing_files(ct, tmp_path):
    data = ct.read_bytes()
    assert hu("convert", "-", "-o", "x.npz", stdin=data, cwd=tmp_path)[:2] == (0, "x.npz\n")
    assert hu_here("convert", "-", "--to", "tiff", stdin=data, cwd=tmp_path)[:2] == (0, "stdin.tif\n")
    assert hu_here("convert", ct, "-o", "x.png", cwd=tmp_path)[0] == 0
    before = (tmp_path / "x.png").read_bytes()
    code, _, err = hu_here("convert", ct, "-o", "x.png", "--window", "bone", cwd=tmp_path)
    assert (code, "--force" in err) == (5, True)
    assert (tmp_path / "x.png").read_bytes() == before
    assert hu_here("convert", ct, "-o", "x.png", "--window", "bone", "--force", cwd=tmp_path)[0] == 0
    assert (tmp_path / "x.png").read_bytes() != before


def test_nothing_of_the_patient_is_written(ct, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for form in ("png", "tiff", "npz"):
        code, out, err = hu_here("convert", ct, "--to", form, "-o", "out", "--no-phi", "--json")
        assert code == 0
        assert "CompressedSamples" not in out + err
    for name in names(tmp_path):
        assert b"CompressedSamples" not in (tmp_path / name).read_bytes()


@pytest.mark.long
def test_many_files_junk_among_them_all_inside_the_folder(ct, tmp_path):
    source, evil = tmp_path / "in", "..%2f..\u202edcm.exe"
    (source / "deep").mkdir(parents=True)
    for index in range(12):
        shutil.copy(ct, source / f"{index:02}.dcm")
    shutil.copy(ct, source / "deep" / "00.dcm")
    shutil.copy(ct, source / evil)
    (source / "note.txt").write_text("Dear colleague")
    (source / "empty.dcm").touch()
    (source / "half.dcm").write_bytes(ct.read_bytes()[:20_000])
    code, out, err = hu("convert", source, "--to", "tiff", "-o", "out", "--jsonl", "-j", "2", cwd=tmp_path)
    assert code == 1
    results = [json.loads(line) for line in out.splitlines()]
    good = [result for result in results if not result["source"].endswith("half.dcm")]
    assert len(good) == 14
    assert {"is not a DICOM file but text", "the file is empty"} <= {
        line.rsplit(": ", 1)[1] for line in err.splitlines()
    }
    assert f"{len(results)} of 16 inputs done" in err  # the note is none
    written = names(tmp_path / "out")
    assert len(written) == len(results)
    assert "deep/00.dcm.tif" in written
    assert all(set(name) <= set("0123456789abcdefghijklmnopqrstuvwxyz./_-%") for name in written)
    expected = pydicom.dcmread(ct).pixel_array.astype(np.int16) - 1024
    for result in good:
        data = (tmp_path / result["outputs"][0]).read_bytes()
        assert np.array_equal(imagecodecs.tiff_decode(data), expected)
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


@pytest.mark.long
@pytest.mark.parametrize(("form", "why"), [("npy", "the system refused"), ("mp4", "file too large")])
def test_a_disk_that_is_full_is_5_and_nothing_is_left(cine, tmp_path, form, why):
    command = f'ulimit -f 4 && "{sys.executable}" -m hounsfield convert "{cine}" -o out/x.{form}'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (5, b"")
    assert done.stderr.decode() == f"hu: {cine}: out/x.{form}: cannot be written: {why}\n"
    assert names(tmp_path) == []


#: Python drops what is raised in such a callback, as those that importing makes.
LOSES_CTRL_C = """
import os, signal, sys
from hounsfield import interrupt
from hounsfield.exports import {module} as writing
from hounsfield.cli import main

class Dying:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def losing(*given, once=[]):
    if not once:
        once.append(True)
        del [Dying()][0]
        assert interrupt.is_interrupted()
    return plain(*given)

plain, writing.{name} = writing.{name}, losing
main()
"""


@pytest.mark.long
@pytest.mark.parametrize(("ending", "module", "name"), [("gif", "cine", "gif_delays"), ("npy", "write", "_write_step")])
def test_a_ctrl_c_that_python_drops_ends_the_command_all_the_same(cine, tmp_path, ending, module, name):
    code = LOSES_CTRL_C.replace("{module}", module).replace("{name}", name)
    arguments = ["convert", str(cine), "-o", f"out/x.{ending}"]
    with signals_heard():
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr.endswith(b"hu: interrupted after 0 of 1 input; the files written so far are complete\n")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_ctrl_c_in_the_middle_of_a_video_leaves_nothing(tmp_path, ending):
    frames = np.random.default_rng(1).integers(0, 256, (600, 512, 512), np.uint8)
    (tmp_path / "long.dcm").write_bytes(file_bytes(frames, Modality="XA", FrameTime="40"))
    process = start("convert", "long.dcm", "-o", f"out/x.{ending}", cwd=tmp_path)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not any((tmp_path / "out").glob(".*.hu-part")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert err == b"hu: interrupted after 0 of 1 input; the files written so far are complete\n"
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.long
def test_ctrl_c_among_many_leaves_only_whole_videos(tmp_path):
    frames = np.random.default_rng(1).integers(0, 256, (50, 256, 256), np.uint8)
    data = file_bytes(frames, Modality="XA", FrameTime="40")
    (tmp_path / "in").mkdir()
    for index in range(30):
        (tmp_path / "in" / f"{index:02}.dcm").write_bytes(data)
    process = start("convert", "in", "--to", "mp4", "-o", "out", "-j", "2", "--jsonl", cwd=tmp_path)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not any((tmp_path / "out").glob("*.mp4")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the command and its workers
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    written = list((tmp_path / "out").iterdir())
    assert 1 <= len(written) < 30
    for path in written:
        with av.open(str(path)) as container:
            assert sum(1 for _ in container.decode(video=0)) == 50
    for line in out.splitlines():
        json.loads(line)


def test_a_region_of_a_slide(ct, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built = every_class()["whole slide, sparse tiles"]()
    (tmp_path / "slide.dcm").write_bytes(to_bytes(built.dataset))
    with opened(tmp_path / "slide.dcm") as frames:
        rows, columns = frames.total_size
        expected = frames.region((1, rows), (2, columns - 1)).values
    region = f"1:{rows},2:{columns - 1}"
    assert hu_here("convert", "slide.dcm", "-o", "part.png", "--region", region)[0] == 0
    assert np.array_equal(cv2.imread("part.png", cv2.IMREAD_COLOR)[..., ::-1], expected)
    code, _, err = hu_here("convert", "slide.dcm", "-o", "none.png", "--region", f"0:{rows + 1},0:1")
    assert (code, "slide.dcm: " in err) == (1, True)
    assert "not tiles of a total pixel matrix" in hu_here("convert", ct, "-o", "ct.png", "--region", "0:1,0:1")[2]
    assert hu_here("convert", ct, "-o", "ct.png", "--region", "1:,2")[0] == 2
    assert names(tmp_path) == ["part.png", "slide.dcm"]
