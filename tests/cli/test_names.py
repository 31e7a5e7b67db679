"""How outputs are called: three studies with equal names, `--name`, names without the patient."""

import hashlib
import json
import re
import shutil

import pytest

import hounsfield

from cli_runner import hu_here


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Three studies whose date, modality, number and description are the same."""
    folder = tmp_path_factory.mktemp("three")
    for index in range(3):
        hounsfield.phantom(folder / f"s{index}", matrix=16, slices=3 + index, seed=index)
    return folder


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.nii.gz")
    }


def export(*words, out, cwd):
    code, printed, err = hu_here("convert", *words, "--to", "nifti", "-o", out, "--jsonl", cwd=cwd)
    assert code == 0, err
    return [json.loads(line)["outputs"] for line in printed.splitlines()]


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize(
    "runs", [[["s0", "s1", "s2"]], [["s0"], ["s1"], ["s2"]], [["s1"], ["s2", "s0"]], [["."], ["s0"]]]
)
def test_three_studies_with_equal_names_exported_twice(three, tmp_path, runs, force):
    for paths in runs:
        export(*paths, *force, out=tmp_path, cwd=three)
    first = contents(tmp_path)
    assert len(first) == len(set(first.values())) == 3
    # Again, in another order, and some together that were apart: nothing is lost, nothing is doubled.
    for paths in [*reversed(runs), ["s2", "s1"], ["."], ["s0"]]:
        export(*paths, *force, out=tmp_path, cwd=three)
    assert contents(tmp_path) == first
    assert all(re.fullmatch(r"20260101-CT-001-Phantom-axial(-[0-9a-f]{8})?.nii.gz", name) for name in first)


def test_force_replaces_outputs_of_the_same_series_only(three, tmp_path):
    export("s0", out=tmp_path, cwd=three)
    export("s1", out=tmp_path, cwd=three)
    before = contents(tmp_path)
    (own,) = export("s0", "--force", "--space", "stored", out=tmp_path, cwd=three)
    after = contents(tmp_path)
    changed = [name for name in before if before[name] != after[name]]
    assert (changed, len(after)) == ([own[0].removeprefix(f"{tmp_path}/")], 2)


def test_a_file_of_unknown_origin_is_never_replaced(three, tmp_path):
    theirs = tmp_path / "20260101-CT-001-PHANTOM-axial.nii.gz"
    theirs.write_bytes(b"theirs")
    export("s0", "--force", out=tmp_path, cwd=three)
    assert theirs.read_bytes() == b"theirs"
    assert len(contents(tmp_path)) == 2


def test_a_record_that_somebody_has_tampered_with_leads_nowhere_else(three, tmp_path):
    out = tmp_path / "out"
    export("s0", out=out, cwd=three)
    (record,) = out.glob(".hounsfield-names.jsonl")
    line = json.loads(record.read_text())
    record.write_text("nonsense\n[1]\n" + json.dumps(line | {"name": "../../escaped"}) + "\n")
    export("s0", out=out, cwd=three)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert len(contents(out)) == 2


def test_names_by_template(three, tmp_path):
    (outputs,) = export("s0", "--name", "{StudyDate}/{SeriesNumber:03}-{KVP}-{ProtocolName}", out=tmp_path, cwd=three)
    assert outputs == [str(tmp_path / "20260101" / "001-120-none.nii.gz")] or outputs == [
        str(tmp_path / "20260101" / "001-none-none.nii.gz")
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--name", "{StudyDat}"], "did you mean {StudyDate}?"),
        (["--name", "../{StudyDate}"], "below the output folder"),
        (["--name", "{StudyDate.year}"], "braces hold a keyword"),
        (["--name", "{PatientID}", "--no-phi"], "{PatientID} may identify the patient"),
        (["--name", "{StudyDate}", "-o", "x.nii.gz"], "--output names the file"),
    ],
)
def test_templates_that_are_refused(three, tmp_path, words, why):
    code, out, err = hu_here("convert", three, "--to", "nifti", *words, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert why in err
    assert list(tmp_path.iterdir()) == []


def test_names_without_the_patient(three, tmp_path):
    for _ in range(2):
        outputs = export("s0", "s1", "--no-phi", out=tmp_path, cwd=three)
        assert all(re.fullmatch(r"CT-001-[0-9a-f]{8}.nii.gz", name.removeprefix(f"{tmp_path}/")) for (name,) in outputs)
    assert len(contents(tmp_path)) == 2


def test_an_archive_gives_the_names_of_its_folder(three, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "cd"), "zip", three)
    export(archive, out=tmp_path / "a", cwd=three)
    export(three, out=tmp_path / "b", cwd=three)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
