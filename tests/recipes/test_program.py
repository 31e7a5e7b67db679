"""`--as-python`: the program does what the command does, and runs by itself."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

import hounsfield as hu
from classes import every_class
from hounsfield.batch.claims import RECORD
from hounsfield.recipes.source_code import Lines, call, literal

from cli_runner import hu_here, program_here
from made import to_bytes


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, sample):
    """A volume, a volume with a gap, single images in a folder below, and a file that is none."""
    folder = tmp_path_factory.mktemp("inputs") / "study"
    hu.phantom(folder / "ct", matrix=32, slices=4)
    hu.phantom(folder / "gap", matrix=32, slices=6, missing=(3,), noise=3)
    (folder / "single").mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm", "color-px.dcm", "US1_UNCR.dcm"):
        shutil.copy(sample(name), folder / "single")
    (folder / "broken.dcm").write_bytes(sample("CT_small.dcm").read_bytes()[:1000])
    (folder / "README.txt").write_text("hello")
    return folder


def as_python(*words, cwd):
    """What `--as-python` prints; it must do nothing else."""
    before = sorted(Path(cwd).rglob("*"))
    code, text, err = hu_here(*words, "--as-python", cwd=cwd)
    assert (code, err) == (0, "")
    assert sorted(Path(cwd).rglob("*")) == before
    return text


def run(text, cwd):
    """Run a program as a script, in this process; return what it prints."""
    return program_here(text, Path(cwd)).decode()


def run_alone(text, cwd):
    """Run a program by itself; return what it prints."""
    script = Path(cwd) / "program.py"
    script.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script.name], cwd=cwd, capture_output=True, text=True, check=False
    )
    script.unlink()
    assert done.returncode == 0, done.stderr + text
    return done.stdout


@pytest.mark.parametrize(
    "command", [*(pytest.param(name, marks=pytest.mark.long) for name in ("mask", "figure")), "convert"]
)
def test_a_program_runs_by_itself(command, here, sample):
    same_outputs([command, "CT_small.dcm"], here, [sample("CT_small.dcm")], run=run_alone)


@pytest.mark.long
@pytest.mark.parametrize("command", ["mask", "figure", "convert"])
def test_the_program_for_a_folder_runs_by_itself(command, here, mixed):
    same_outputs([command, "study"], here, [mixed], code=1, run=run_alone)


@pytest.mark.parametrize(
    "command",
    ["stats", "scan", *(pytest.param(name, marks=pytest.mark.long) for name in ("info", "tags", "explain", "ls"))],
)
def test_a_program_that_prints_runs_by_itself(command, here, sample):
    shutil.copy(sample("CT_small.dcm"), here)
    text = as_python(command, "CT_small.dcm", cwd=here)
    assert run_alone(text, here) == run(text, here)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != RECORD
    }


def same_outputs(words, folder, inputs, code=0, run=run):
    """Run the command in one folder and its program in another: the same files come of it."""
    for name in ("by command", "by program"):
        (folder / name).mkdir()
        for path in inputs:
            os.symlink(path, folder / name / path.name)
    done = hu_here(*words, cwd=folder / "by command")
    assert done[0] == code, done
    text = as_python(*words, cwd=folder / "by program")
    printed = run(text, folder / "by program")
    by_command, by_program = (contents(folder / name) for name in ("by command", "by program"))
    assert by_command.keys() == by_program.keys(), text
    assert [name for name in by_command if by_command[name] != by_program[name]] == []
    return printed, done[1]


@pytest.mark.parametrize(
    "words",
    [
        ["mask"],
        ["mask", "--tissue", "soft tissue", "--largest", "2", "--min-mm2", "3.5", "--outline", "--window", "40,400"],
        ["mask", "--above", "-200", "--below", "3000", "--no-fill", "--opening", "0", "--no-figure", "-o", "o/u t"],
        ["mask", "--method", "otsu", "--format", "npz", "--force", "--dpi", "50", "--title", "{KVP} kV"],
        ["mask", "--circle", "88,11,5mm", "--rect", "a=30,40,9,7", "--no-figure"],
        ["mask", "--circle", "88,11,5mm", "--above", "150", "--no-figure"],
        ["figure", "--window", "bone"],
        ["figure", "--no-mask", "-o", "new/f.png", "--dpi", "80", "--title", "{Modality} 'x' $y$"],
        ["mask", "-o", "m.png"],
        ["mask", "-o", "new/m.npz", "--figure"],
        ["figure", "--tissue", "bone", "--outline", "-o", "out"],
        ["convert"],
        ["convert", "--to", "tiff", "--strict", "-o", "out"],
        ["convert", "-o", "x.jpg", "--window", "40,400", "--quality", "70", "--square"],
        ["convert", "--to", "npy", "--space", "stored", "--verify"],
    ],
)
def test_one_file_gives_the_same_files(words, here, sample):
    same_outputs([words[0], "CT_small.dcm", *words[1:]], here, [sample("CT_small.dcm")])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("emri_small.dcm", ["mask", "--above", "400"]),
        ("emri_small.dcm", ["figure", "--frame", "3", "--format", "png"]),
        ("emri_small.dcm", ["convert", "--frame", "3"]),
        ("emri_small.dcm", ["convert", "--to", "jpeg", "--window", "600,1200"]),
        ("color-px.dcm", ["figure"]),
        ("MR_small.dcm", ["figure"]),
        ("6293", ["figure"]),  # a localizer
    ],
)
def test_files_of_other_kinds_give_the_same_files(name, words, here, sample):
    same_outputs([words[0], name, *words[1:]], here, [sample(name)])


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ["mask", "study", "-o", "out", "--no-figure"],
        ["mask", "study/ct", "-o", "new/ct.nii.gz"],
        ["mask", "study/ct", "-o", "ct.stl", "--figure", "--tissue", "bone"],
        ["mask", "study/ct/0000.dcm", "-o", "one.nii"],
        ["mask", "study", "-o", "out", "--volumes", "--format", "npz", "--tissue", "lung"],
        ["mask", "study/ct", "-o", "out", "--tissue", "lung", "--fill-3d", "--format", "nifti"],
        ["figure", "study", "-o", "out", "--gaps", "refuse"],
        ["convert", "study", "--to", "nifti", "-o", "out"],
        ["convert", "study", "--to", "npy", "-o", "out", "--gaps", "resample"],
        ["convert", "study", "--each", "-o", "out"],
        ["convert", "study/ct", "-o", "ct.nii.gz"],
        ["figure", "study/ct", "-o", "ct.png", "--montage", "3"],
        ["convert", "study/ct", "study/gap", "-o", "out", "--to", "npz"],
        ["convert", "study/ct", "study/gap", "-o", "out", "--to", "npz", "--no-phi"],
        ["convert", "study/ct", "-o", "out", "--to", "npz", "--name", "{StudyDate}/{SeriesNumber:03}-{KVP}"],
        ["figure", "study/gap", "study/ct", "--no-mask", "--name", "{Modality}/{SeriesDescription}"],
    ],
)
def test_a_folder_gives_the_same_files(words, here, mixed):
    whole = words[1].startswith("study/")
    same_outputs(words, here, [mixed], code=0 if whole else 1)


@pytest.mark.parametrize(
    "words",
    [
        ["convert", "tilted", "--to", "nifti", "-o", "out", "--spacing", "8", "--rectify"],
        ["convert", "tilted", "ct", "--to", "npy", "-o", "out", "--plane", "coronal", "--spacing", "9,6,6"],
        ["convert", "tilted", "--to", "nifti", "-o", "out", "--like", "other.nii.gz", "--mip", "20"],
        ["convert", "ct", "-o", "mip.png", "--plane", "coronal", "--mip"],
        ["convert", "ct", "-o", "out", "--plane", "sagittal", "--no-square"],
        ["convert", "ct", "-o", "out", "--to", "npz", "--crop", "-90:60.5,,-7:20"],
        ["convert", "ct", "-o", "x.npy", "--crop", "mask", "--above", "-300", "--largest", "1", "--margin-mm", "9"],
        ["convert", "ct", "-o", "x.png", "--crop", "mask", "--tissue", "lung", "--minip"],
        ["mask", "ct", "-o", "out", "--no-figure", "--like", "tilted"],
        ["mask", "ct", "-o", "out", "--above", "-300", "--crop", "mask", "--margin-mm", "12"],
        ["mask", "ct", "-o", "out", "--tissue", "lung", "--crop", "mask", "--minip", "--no-figure"],
        ["mask", "ct", "-o", "out", "--above", "-300", "--crop", "mask", "--mip", "--circle", "20,9,5", "--no-figure"],
        ["mask", "ct", "-o", "out", "--crop", "mask", "--sphere", "0,0,0,20mm", "--no-figure"],
        pytest.param(["figure", "ct", "-o", "f.png", "--plane", "sagittal", "--slice", "3"], marks=pytest.mark.long),
        ["figure", "tilted", "-o", "f.png", "--rectify", "--montage", "3", "--mean", "10"],
        pytest.param(["figure", "ct", "-o", "f.png", "--no-mask", "--crop", "mask"], marks=pytest.mark.long),
        pytest.param(["figure", "ct", "-o", "f.png", "--crop", "mask", "--tissue", "lung"], marks=pytest.mark.long),
    ],
)
def test_what_is_put_on_another_grid_gives_the_same_files(words, here):
    hu.phantom("ct", matrix=32, slices=4)
    made = hu.phantom("tilted", matrix=32, slices=4, tilt=15, seed=2)
    hu.write_nifti(hu.Volume(np.zeros((5, 20, 20)), made.affine).rectified(), "other.nii.gz")
    same_outputs(words, here, [here / name for name in ("ct", "tilted", "other.nii.gz")])


def test_a_part_of_a_file_gives_the_same_files(here, sample):
    for number, words in enumerate((["convert", "--to", "npy"], ["mask"], ["figure"])):
        folder = here / str(number)
        folder.mkdir()
        box = ["--crop", ",-150:20.5,"] if number != 1 else ["--crop", "mask", "--tissue", "bone"]
        same_outputs([*words, "CT_small.dcm", *box], folder, [sample("CT_small.dcm")])


@pytest.mark.parametrize(
    "words",
    [
        ["ct", "--plane", "coronal", "--mean", "40", "--frames"],
        ["ct", "--crop", "mask", "--above", "-300", "--spacing", "10"],
        ["ct/0001.dcm", "--crop", "-90:60.5,,"],
    ],
)
def test_stats_of_another_grid_gives_the_same_numbers(words, here):
    hu.phantom("ct", matrix=32, slices=4)
    code, out, _ = hu_here("stats", *words, "--jsonl")
    assert code == 0
    result = json.loads(out)
    found = documents(run(as_python("stats", *words, cwd=here), here))
    assert [numbers(part) for part in found] == [
        numbers(part) for part in (result["measures"], *result.get("slices", []))
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["convert", "study", "--to", "npy", "-o", "out", "--modality", "MR,US"],
        ["convert", "study", "--to", "nifti", "-o", "out", "--min-slices", "3"],
        ["mask", "study", "-o", "out", "--no-figure", "--where", "Rows = 32", "--gaps", "refuse"],
        ["convert", "study", "--each", "-o", "out", "--where", "Modality = 'MR' or PhotometricInterpretation = 'RGB'"],
        pytest.param(["figure", "study", "--no-mask", "-o", "out", "--modality", "MR"], marks=pytest.mark.long),
    ],
)
def test_what_was_chosen_gives_the_same_files(words, here, mixed):
    shutil.copytree(mixed, here / "inputs" / "study", ignore=shutil.ignore_patterns("broken*", "README*"))
    same_outputs(words, here, [here / "inputs" / "study"], code=1 if "refuse" in words else 0)


def numbers(document):
    return {key: document[key] for key in ("pixels", "mean", "sd", "min", "max", "area_mm2", "volume_ml", "unit")}


def documents(text):
    """The JSON documents of a text, one after another, whatever stands between."""
    found, place, decoder = [], text.find("{"), json.JSONDecoder()
    while place >= 0:
        document, end = decoder.raw_decode(text, place)
        found.append(document)
        place = text.find("{", end)
    return found


@pytest.mark.parametrize(
    "words",
    [
        ["CT_small.dcm"],
        ["CT_small.dcm", "MR_small.dcm", "--above", "100"],
        ["color-px.dcm"],
        ["emri_small.dcm", "--frames"],
        ["CT_small.dcm", "--tissue", "bone", "--fill", "--space", "modality"],
        [
            "CT_small.dcm",
            "--circle",
            "it's=88,11,5mm",
            "--rect",
            "30,40,9,7,20deg",
            "--ellipse",
            "9,9,3,4",
            "--above",
            "0",
        ],
        ["CT_small.dcm", "MR_small.dcm", "color-px.dcm", "--circle", "20,30,6"],
        ["color-px.dcm", "--circle", "20,30,6"],
        ["emri_small.dcm", "--frames", "--circle", "20,30,6"],
        ["emri_small.dcm", "--frame", "3", "--above", "10", "--circle", "20,30,6"],
        ["emri_small.dcm", "--frame", "-1"],
    ],
)
def test_stats_gives_the_same_numbers(words, here, sample):
    for word in words:
        if word.endswith(".dcm"):
            shutil.copy(sample(word), word)
    code, out, _ = hu_here("stats", *words, "--jsonl")
    assert code == 0
    expected = []
    for result in map(json.loads, out.splitlines()):
        expected += [*result.get("channels", {}).values(), *([result["measures"]] if "measures" in result else [])]
        expected += result.get("frames", [])
        for region in result.get("regions", []):
            expected += [*region.get("channels", {}).values(), *([region["measures"]] if "measures" in region else [])]
            expected += region.get("frames", [])
    assert documents(run(as_python("stats", *words, cwd=here), here)) == expected


def test_stats_of_a_folder_gives_the_same_numbers(here, mixed):
    code, out, _ = hu_here("stats", "study", "--frames", "--jsonl", cwd=mixed.parent)
    assert code == 1  # one file is broken
    expected = []
    for result in map(json.loads, out.splitlines()):
        expected += [*result.get("channels", {}).values(), *([result["measures"]] if "measures" in result else [])]
        expected += result.get("frames", []) + result.get("slices", [])
    os.symlink(mixed, here / "study")
    found = documents(run(as_python("stats", "study", "--frames", cwd=here), here))
    assert [numbers(part) for part in found] == [numbers(part) for part in expected]


@pytest.mark.parametrize(
    "words",
    [
        ["--circle", "9,9,3"],
        ["--slice", "1", "--above", "0", "--circle", "9,9,3mm"],
        ["--frames", "--sphere", "0,0,0,20mm", "--roi", "drawn.json"],
    ],
)
def test_regions_of_a_volume_have_the_same_numbers(words, here):
    hu.phantom(here / "ct", matrix=32, slices=4)
    (here / "drawn.json").write_text("[[5, 5], [20, 5], [5, 20]]")
    code, out, err = hu_here("stats", "ct", *words, "--jsonl")
    assert code == 0, err
    expected = []
    for region in json.loads(out)["regions"]:
        expected += [region["measures"], *region.get("slices", [])]
    found = documents(run(as_python("stats", "ct", *words, cwd=here), here))
    assert [numbers(part) for part in found] == [numbers(part) for part in expected]


def test_info_tags_and_explain_tell_the_same(here, sample):
    shutil.copy(sample("CT_small.dcm"), "a.dcm")
    facts = json.loads(hu_here("info", "a.dcm", "--no-phi", "--json")[1])
    printed = run(as_python("info", "a.dcm", "--no-phi", cwd=here), here)
    assert printed.splitlines() == [f"{key}: {value}" for key, value in facts.items() if key != "source"]
    rows = json.loads(hu_here("tags", "a.dcm", "-s", "spacing", "--json")[1])["attributes"]
    printed = run(as_python("tags", "a.dcm", "-s", "spacing", cwd=here), here)
    assert printed.splitlines() == [f"{r['tag']} {r['vr']} {r['keyword'] or r['name']} {r['value']}" for r in rows]
    model = hu_here("tags", "a.dcm", "--dicom-json")[1]
    assert run(as_python("tags", "a.dcm", "--dicom-json", cwd=here), here) == model
    steps = json.loads(hu_here("explain", "a.dcm", "--space", "stored", "--json")[1])["steps"]
    printed = run(as_python("explain", "a.dcm", "--space", "stored", cwd=here), here)
    assert printed.splitlines()[1:] == [str(hu.Step(**step)) for step in steps]


def test_ls_lists_the_same_volumes(here, mixed):
    os.symlink(mixed, here / "study")
    lines = [json.loads(line) for line in hu_here("ls", "study", "--no-phi", "--jsonl")[1].splitlines()]
    printed = run(as_python("ls", "study", "--no-phi", "--files", cwd=here), here).splitlines()
    for line, facts in zip(lines, map(ast.literal_eval, printed), strict=False):
        assert {key: line[key] for key in facts} == facts  # the command adds UIDs, files and notes
    assert any(line.startswith("not DICOM study/README.txt") for line in printed)


def test_ls_lists_the_same_of_what_was_chosen(here, mixed):
    os.symlink(mixed, here / "study")
    words = ["ls", "study", "--no-phi", "--where", "Rows = 32", "--min-slices", "3"]
    lines = [json.loads(line) for line in hu_here(*words, "--jsonl")[1].splitlines()]
    assert len(lines) == 2
    printed = run(as_python(*words, cwd=here), here).splitlines()
    assert len(printed) == len(lines)
    for line, facts in zip(lines, map(ast.literal_eval, printed), strict=True):
        assert {key: line[key] for key in facts} == facts


def test_scan_gives_the_same_table(here, mixed):
    os.symlink(mixed, here / "study")
    words = ["scan", "study", "--columns", "PatientID,Rows,PixelSpacing", "--no-phi"]
    rows = [json.loads(line) for line in hu_here(*words, "--jsonl", cwd=here)[1].splitlines()]
    assert [ast.literal_eval(line) for line in run(as_python(*words, cwd=here), here).splitlines()] == rows
    hu_here("scan", "study", "-o", "command.parquet")
    run(as_python("scan", "study", "-o", "program.parquet", cwd=here), here)
    assert parquet.read_table("program.parquet").equals(parquet.read_table("command.parquet"))
    code, _, err = hu_here("scan", "study", "-o", "x.csv", "--as-python")
    assert (code, "--as-python writes .parquet" in err) == (2, True)


def test_a_region_of_a_slide_is_the_same(here):
    (here / "slide.dcm").write_bytes(to_bytes(every_class()["whole slide, sparse tiles"]().dataset))
    same_outputs(["convert", "slide.dcm", "-o", "part.png", "--region", "1:5,2:7"], here, [here / "slide.dcm"])


NAMES = ["it's.dcm", 'a "slice".dcm', "both ' and \".dcm", "b\\n.dcm", "中文 ü.dcm", "{name}.dcm", "-x.dcm", "new\nline.dcm", "\u202ertl.dcm"]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="such names are not possible there")
@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_file_is_safe(name, here, sample):
    shutil.copy(sample("CT_small.dcm"), name)
    code, out, err = hu_here("convert", "-o", "{out}/'", "--to", "npy", "--", name)
    assert code == 0, err
    [made] = (path for path in here.rglob("*.npy"))
    expected = np.load(made)
    made.rename("expected")
    text = hu_here("convert", "-o", "{out}/'", "--to", "npy", "--as-python", "--", name)[1]
    assert all(line.isprintable() for line in text.splitlines())
    assert text.startswith("# hu convert ")
    run(text, here)
    assert made.exists()
    np.testing.assert_array_equal(np.load(made), expected)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text")
def test_a_name_that_is_no_text_is_safe(here, sample):
    name = os.fsdecode(b"\xff.dcm")
    shutil.copy(sample("CT_small.dcm"), name)
    assert "\\udcff.dcm" in hu_here("stats", name, "--as-python")[1]
    assert documents(run(hu_here("stats", name, "--as-python")[1], here))


def test_only_what_is_not_default_appears(here, sample):
    shutil.copy(sample("CT_small.dcm"), "ct.dcm")
    text = as_python("stats", "ct.dcm", "--space", "modality", "--gaps", "split", cwd=here)
    assert text == (
        "# hu stats ct.dcm\nimport json\n\nimport hounsfield as hu\n\n"
        'image = hu.read("ct.dcm")\nprint(json.dumps(hu.measure(image).to_dict(), indent=2))\n'
    )


def test_a_usage_error_stays_one(here):
    assert hu_here("mask", "x", "--tissue", "brain", "--as-python")[0] == 2
    assert hu_here("convert", "x", "--to", "npy", "--quality", "3", "--as-python")[0] == 2


def test_a_figure_that_exists_is_kept(here, sample):
    shutil.copy(sample("CT_small.dcm"), "ct.dcm")
    text = as_python("figure", "ct.dcm", cwd=here)
    Path("ct.dcm.figure.png").write_text("mine")
    with pytest.raises(FileExistsError):
        run(text, here)
    assert Path("ct.dcm.figure.png").read_text() == "mine"
    run(as_python("figure", "ct.dcm", "--force", cwd=here), here)
    assert Path("ct.dcm.figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "value", ["a'b", 'a"b', "a'\"b", "a\\b", "\n", 1.5, float("inf"), 0, True, None, (1, 2.5), ["x"], ((0, 1), (2, 3))]
)
def test_a_literal_is_the_value(value):
    assert eval(literal(value), {"float": float}) == value  # noqa: S307


def test_a_call_has_no_defaults():
    assert call("f", "x", a=None, b=False, c=0, d="") == 'f(x, c=0, d="")'


def test_what_stands_in_text_imports_nothing():
    assert Lines(['print("json. Path(np.")']).program([]) == 'print("json. Path(np.")\n'


def test_a_program_names_public_names_only(here, mixed):
    os.symlink(mixed, here / "study")
    for words in (["mask"], ["stats"], ["figure"], ["convert"], ["ls"], ["info"], ["tags"], ["explain"], ["scan"]):
        tree = ast.parse(as_python(words[0], "study", cwd=here))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hu"}  # fmt: skip
        assert used
        assert used <= set(hu.__all__)
