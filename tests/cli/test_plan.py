"""`hu plan`: what it tells of a job is what there is, and what the job then does; nothing is written or left behind."""

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import click
import numpy as np
import pydicom
import pytest

import hounsfield
from hounsfield.batch import planned_inputs, timed_sample
from hounsfield.batch.inputs import Inputs, find_inputs
from hounsfield.batch.job_shards import JobShard
from hounsfield.batch.names import with_stems
from hounsfield.batch.planned_inputs import planned_job
from hounsfield.cli.bulk import PLANNER
from hounsfield.cli.plan import planned_command
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.reading import Reading

from cli_runner import hu_here
from made import file_bytes


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Series of unequal sizes, one that is cut off, an image by itself, and a file that is none."""
    folder = tmp_path_factory.mktemp("plan") / "study"
    for number, (matrix, slices) in enumerate([(16, 3), (32, 5), (48, 4), (16, 9)]):
        hounsfield.phantom(folder / f"series{number}", matrix=matrix, slices=slices, seed=number)
    hounsfield.phantom(folder / "cut", matrix=24, slices=3, seed=9)
    short = sorted((folder / "cut").iterdir())[1]
    short.write_bytes(short.read_bytes()[:-100])
    (folder / "single.dcm").write_bytes(file_bytes(np.arange(256, dtype=np.int16).reshape(16, 16)))
    (folder / "README.txt").write_text("Dear colleague\n")
    return folder


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, which a plan leaves empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def plan(*words, cwd, code=0):
    ended, out, err = hu_here("plan", "--json", *words, cwd=cwd)
    assert ended == code, err
    return json.loads(out)


def series_of(folder):
    """Files by series, as pydicom reads them."""
    found = defaultdict(list)
    for path in sorted(folder.rglob("*.dcm")):
        found[pydicom.dcmread(path, stop_before_pixels=True).get("SeriesInstanceUID")].append(path)
    return found


MASK = ["mask", "study", "-o", "out", "--above", "0", "--no-figure"]


def test_counts_and_bytes_are_those_of_the_files(study, temporary):
    told = plan(*MASK, "--sample", "2", cwd=study.parent)
    known = series_of(study)
    single = known.pop(None)
    cut = [uid for uid, paths in known.items() if paths[0].parent.name == "cut"]
    assert told["command"] == "mask"
    assert (told["series"], told["volumes"], told["single_files"]) == (len(known), 5, 1)
    assert told["inputs"] == told["inputs_of_job"] == 6
    read = [path for uid, paths in known.items() if uid not in cut for path in paths] + single
    assert told["files"] == len(read)
    assert told["bytes"] == sum(os.stat(path).st_size for path in read)
    (failing,) = told["will_fail"]
    assert "cut off" in failing["why"]
    assert str(sorted((study / "cut").iterdir())[1].relative_to(study.parent)) in failing["why"]
    largest = max(known.values(), key=lambda paths: sum(os.stat(path).st_size for path in paths))
    assert told["largest"]["bytes"] == sum(os.stat(path).st_size for path in largest)
    assert not (study.parent / "out").exists()


def test_the_job_does_what_the_plan_said(study, temporary, tmp_path):
    words = ["mask", study, "-o", "out", "--above", "0", "--damaged", "--no-figure"]
    told = plan(*words, "--sample", "20", cwd=tmp_path)
    assert told["will_fail"] == []
    assert sorted(one["source"] for one in told["sample"]) == sorted({one["source"] for one in told["sample"]})
    assert len(told["sample"]) == told["inputs"] == 6
    code, _, err = hu_here(*words, cwd=tmp_path)
    assert code == 0, err
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name[0] != "."]
    assert round(told["output_files"]["value"]) == len(written)
    # Names, and with them nothing in the files, differ from those of the job.
    assert told["output_bytes"]["value"] == pytest.approx(sum(path.stat().st_size for path in written), rel=0.01)
    assert plan(*words, cwd=tmp_path)["outputs"]["taken"] == 6
    assert plan(*words, "--force", cwd=tmp_path)["outputs"]["taken"] == 0


def test_shards_divide_a_job_by_series(study, temporary):
    known = series_of(study)
    known[str(study / "single.dcm")] = known.pop(None)
    for member in {share(key, 3) for key in known}:
        told = plan("stats", study, "--damaged", "--shard", f"{member}/3", "--sample", "1", cwd=study.parent)
        own = [path for key, paths in known.items() if share(key, 3) == member for path in paths]
        assert (told["shard"], told["inputs_of_job"]) == (f"{member}/3", 6)
        assert told["files"] == len(own)
        assert told["bytes"] == sum(os.stat(path).st_size for path in own)
    empty = next(member for member in range(1, 100) if member not in {share(key, 99) for key in known})
    told = plan("stats", study, "--shard", f"{empty}/99", cwd=study.parent)
    assert (told["inputs"], told["bytes"], told["core_seconds"]["value"] > 0) == (0, 0, True)


def share(key, members):
    """MD5 of what the inputs of a series have in common, its first eight bytes as a number, counted from 1."""
    return int(hashlib.md5(key.encode()).hexdigest()[:16], 16) % members + 1


def test_bytes_of_a_catalog_are_known_without_its_files(study, tmp_path, monkeypatch):
    code, _, err = hu_here("scan", study, "-o", f"{tmp_path / 'catalog'}/", "-q")
    assert code in (0, 1), err
    inputs = find_inputs(
        [f"{tmp_path / 'catalog'}?Modality = 'CT' AND SeriesInstanceUID IS NOT NULL"], Grouping(), Reading()
    )
    monkeypatch.setattr(planned_inputs, "_size_of", lambda path: pytest.fail(f"{path} was looked at"))
    job = planned_job(inputs, damaged=True)
    known = series_of(study)
    del known[None]
    assert job.series == len(known)
    assert job.bytes == sum(os.stat(path).st_size for paths in known.values() for path in paths)


def test_members_of_archives_are_parts_of_these(study, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "study"), "zip", study / "series1")
    job = planned_job(find_inputs([archive], Grouping(), Reading()))
    assert job.members == 5
    assert 0.99 * os.stat(archive).st_size <= job.bytes <= os.stat(archive).st_size


def test_where_all_of_the_sample_fails_there_is_no_estimate(tmp_path, temporary):
    whole = file_bytes(np.zeros((64, 64), np.int16), SamplesPerPixel=7)
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_bytes(whole)
    code, out, err = hu_here("plan", "stats", "a.dcm", "b.dcm", cwd=tmp_path)
    assert code == 3
    assert "the sample failed: a.dcm" in err
    assert "core time" not in out
    code, _, _ = hu_here("plan", "stats", "nothing.dcm", cwd=tmp_path)
    assert code == 3
    (tmp_path / "empty").mkdir()
    code, _, err = hu_here("plan", "stats", "empty", cwd=tmp_path)
    assert (code, "no files" in err) == (3, True)


def test_an_interruption_leaves_nothing(study, temporary, monkeypatch):
    def interrupted(task, item):
        (task.target / "half").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(timed_sample, "attempt", interrupted)
    code, out, err = hu_here("plan", *MASK, cwd=study.parent)
    assert (code, out) == (130, "")
    assert "interrupted" in err
    assert not (study.parent / "out").exists()


@pytest.mark.parametrize("output", ["-", "one.nii.gz"])
def test_one_file_is_not_written_either(study, temporary, output, tmp_path):
    told = plan("mask", study / "series0", "-o", output, "--above", "0", cwd=tmp_path)
    assert told["output_files"]["value"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]


def test_the_page_says_what_is_measured_and_what_is_not_known(study, temporary):
    code, out, err = hu_here("plan", *MASK, "--sample", "2", cwd=study.parent)
    assert (code, err) == (0, "hu: study/README.txt: is not a DICOM file but text\n")
    for words in (
        "inputs that will fail",
        "measured:",
        "extrapolated from the sample:",
        "not known:",
        "slow disk",
        "job array:",
    ):
        assert words in out
    code, out, _ = hu_here("plan", "--json", "stats", "study", "--jsonl", cwd=study.parent)
    assert code == 0
    assert json.loads(out)["output_bytes"] is None
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["info", "x.dcm"], "No plans of 'info'"),
        (["stats", "x.dcm", "--as-python"], "--as-python prints a program"),
        (["stats", "x.dcm", "--shard", "4/3"], "there is no shard 4/3"),
        (["stats", "x.dcm", "--shard", "a"], "K/N is expected"),
        (["stats", "x.dcm", "--sample", "0"], "--sample"),
        (["stats", "x.dcm", "--opening", "x"], "--opening"),
    ],
)
def test_wrong_usage(words, said, tmp_path):
    code, _, err = hu_here("plan", *words, cwd=tmp_path)
    assert code == 2
    assert said in err


@dataclasses.dataclass
class Watcher:
    """Notes what it is given."""

    target: Path
    to_file: bool = False
    seen: list = dataclasses.field(default_factory=list)

    def __call__(self, item):
        self.seen.append((item.name, item.stem, item.named, os.environ.get("HOUNSFIELD_THREADS"), self.target))
        (self.target / f"{item.stem}.txt").write_bytes(b"12345")
        return {"read": item.read(Reading())}


def test_the_sample_has_one_thread_and_no_names_of_patients(study, temporary, monkeypatch):
    monkeypatch.setenv("HOUNSFIELD_THREADS", "7")
    inputs = with_stems(find_inputs([str(study)], Grouping(), Reading()), "{PatientName}")
    job = planned_job(inputs)
    task = Watcher(Path("elsewhere"))
    sample = timed_sample.timed_sample(task, job.working, 3, 60)
    assert len(sample.timed) == 3
    assert {one.planned.kind for one in sample.timed} == {"volume", "file"}
    assert all((one.output_bytes, one.output_files) == (5, 1) for one in sample.timed)
    assert {(stem, named, threads) for _, stem, named, threads, _ in task.seen} == {("sample", None, "1")}
    assert all(target.parent == temporary for *_, target in task.seen)
    assert os.environ["HOUNSFIELD_THREADS"] == "7"
    assert not Path("elsewhere").exists()


def test_when_time_is_up_no_input_is_begun(study, temporary):
    job = planned_job(find_inputs([str(study)], Grouping(), Reading()))
    sample = timed_sample.timed_sample(Watcher(Path("elsewhere")), job.working, 5, 1e-6)
    assert sample.cut_short or len(sample.timed) < 5
    assert sample.timed


def test_the_memory_of_an_input_is_seen(tmp_path, temporary):
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("measures memory as Linux does")
    (tmp_path / "a.dcm").write_bytes(b"")

    def task(item):
        return int(np.ones(100_000_000, np.uint8).sum())

    job = planned_job(Inputs.find([str(tmp_path / "a.dcm")]))
    before = timed_sample.resident_bytes()
    (one,) = timed_sample.timed_sample(task, job.working, 1, 1).timed
    assert before + 95_000_000 < one.peak < before + 250_000_000


def test_a_command_that_keeps_results_and_knows_shards_is_planned_by_these(study, temporary, tmp_path):
    """Its options are not ours, and it must not open the folder of results."""
    seen = {}

    @click.command("other")
    @click.argument("paths", nargs=-1)
    @click.option("--shard", callback=lambda context, parameter, text: JobShard.parse(text))
    @click.option("--results")
    @click.option("--retry-failed", is_flag=True)
    @click.option("--json", "as_json", is_flag=True)
    @click.option("--jsonl", is_flag=True)
    @click.option("--as-python", is_flag=True)
    @click.option("-j", "--jobs", type=int)
    def other(**options):
        seen.update(options)
        seen["planner"] = click.get_current_context().meta[PLANNER]

    words = ["a", "--shard", "2/3", "--results", str(tmp_path), "--retry-failed", "-j", "7", "--sample", "9"]
    planned_command(other).main(words, standalone_mode=False)
    assert (seen["results"], seen["retry_failed"], str(seen["shard"])) == (None, None, "2/3")
    planner = seen["planner"]
    assert (str(planner.share), planner.jobs, planner.kept, planner.count) == ("2/3", 7, True, 9)
    assert "sample" not in seen
