"""How outputs are called: three studies with equal names, `--name`, names without the patient."""

import hashlib
import json
import re
import shutil

import pydicom
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


def test_convert_says_what_ls_says_of_tilt_gaps_and_localizers(tmp_path):
    hounsfield.phantom(tmp_path / "in" / "tilted", matrix=16, slices=7, missing=(2,), tilt=12, seed=1)
    hounsfield.phantom(tmp_path / "in" / "scout", matrix=16, slices=3, seed=2)
    for path in (tmp_path / "in" / "scout").iterdir():
        dataset = pydicom.dcmread(path)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        dataset.save_as(path)
    listed = hu_here("ls", "in", cwd=tmp_path)[1]
    told = hu_here("convert", "in", "--to", "npz", "-o", "out", cwd=tmp_path)[1]
    lines = hu_here("convert", "in", "--to", "npz", "-o", "out", "--jsonl", cwd=tmp_path)[1].splitlines()
    notes = [note for line in lines for note in json.loads(line)["volume"]["notes"]]
    for word in ("gantry", "1 slice missing at", "localizer"):
        assert word in listed
        assert word in told
        assert any(word in note for note in notes), (word, notes)


# ---- where results come from

COMMANDS = {
    "convert": ["--to", "npz", "-o", "out"],
    "mask": ["--above", "0", "--no-figure", "-o", "out"],
    "figure": ["--no-mask", "-o", "out"],
    "stats": [],
}


@pytest.fixture(scope="module")
def mixed(three, sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    shutil.copytree(three / "s0", folder / "in" / "s0")
    shutil.copy(sample("CT_small.dcm"), folder / "in")
    return folder


def uids(path):
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    return dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID


@pytest.mark.parametrize("command", COMMANDS)
def test_every_line_names_study_series_instances_files_and_outputs(mixed, command):
    code, out, err = hu_here(
        command, "in", *COMMANDS[command], "--force" if command != "stats" else "-q", "--jsonl", cwd=mixed
    )
    assert code == 0, err
    volume, image = map(json.loads, out.splitlines())
    slices = {uids(path) for path in (mixed / "in" / "s0").iterdir()}
    assert len(slices) == len(volume["SOPInstanceUIDs"]) == len(volume["files"]) == 3
    assert {
        (volume["StudyInstanceUID"], volume["SeriesInstanceUID"], uid) for uid in volume["SOPInstanceUIDs"]
    } == slices
    assert {uids(mixed / path) for path in volume["files"]} == slices
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    assert tuple(image[keyword] for keyword in keywords) == uids(mixed / "in" / "CT_small.dcm")
    assert image["files"] == ["in/CT_small.dcm"]
    if command != "stats":
        for line in (volume, image):
            outputs = line["outputs"].values() if command == "mask" else line["outputs"]
            assert outputs and all((mixed / path).is_file() for path in outputs)


@pytest.mark.parametrize("command", COMMANDS)
def test_uids_are_others_where_the_patient_is_hidden(mixed, command):
    def lines():
        words = [*COMMANDS[command], *(["--force"] if command != "stats" else [])]
        out = hu_here(command, "in", "in/s0", *words, "--no-phi", "--jsonl", cwd=mixed)[1]
        return [json.loads(line) for line in out.splitlines()]

    volume, again, image = lines()
    told = [volume["StudyInstanceUID"], volume["SeriesInstanceUID"], *volume["SOPInstanceUIDs"]]
    told += [image[k] for k in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    assert all(re.fullmatch(r"2\.25\.(0|[1-9][0-9]{0,38})", uid) for uid in told)
    assert len(set(told)) == 8
    assert again["SOPInstanceUIDs"] == volume["SOPInstanceUIDs"]  # the same within a run
    own = {uid for path in (mixed / "in").rglob("*.dcm") for uid in uids(path)}
    assert own.isdisjoint(told)
    assert not any(uid in json.dumps(volume) + json.dumps(image) for uid in own)
    assert lines()[0]["StudyInstanceUID"] != volume["StudyInstanceUID"]  # no way back over another run


@pytest.mark.parametrize("phi", [True, False])
def test_ls_names_study_series_instances_and_files(mixed, phi):
    out = hu_here("ls", "in/s0", "--jsonl", *([] if phi else ["--no-phi"]), cwd=mixed)[1]
    volume = json.loads(out)
    assert sorted(volume["paths"]) == sorted(str(path.relative_to(mixed)) for path in (mixed / "in" / "s0").iterdir())
    told = {(volume["StudyInstanceUID"], volume["SeriesInstanceUID"], uid) for uid in volume["SOPInstanceUIDs"]}
    slices = {uids(mixed / path) for path in volume["paths"]}
    assert len(told) == 3
    assert (told == slices) if phi else set().union(*told).isdisjoint(set().union(*slices))
