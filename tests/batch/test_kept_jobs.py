"""Jobs whose results are kept: done once, gone on with, the same wherever they are done."""

import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest

import hounsfield
import jobs
from hounsfield.batch.inputs import Input, Inputs
from hounsfield.batch.job_inputs import InCatalogs
from hounsfield.batch.job_shards import JobShard
from hounsfield.batch.kept_job import KeptJob
from hounsfield.batch.kept_stream import KeptStream
from hounsfield.batch.recorded_task import KeptInput
from hounsfield.batch.result_folder import ResultFolder
from hounsfield.batch.whole_job import do_job
from hounsfield.outputs import whole_file
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.reading import Reading

from cli_runner import hu_here


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def hu(*arguments):
    return Ran(*hu_here(*arguments))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Three series of four slices, one file that is cut off, one that is no image."""
    folder = tmp_path_factory.mktemp("jobs") / "archive"
    for number in range(3):
        hounsfield.phantom(folder / f"s{number}", matrix=32, slices=4, noise=number + 1)
    (folder / "cut.dcm").write_bytes(next((folder / "s0").glob("*.dcm")).read_bytes()[:900])
    (folder / "README.txt").write_text("hello")
    return folder


def stats(archive, results, *more):
    return hu("stats", str(archive), "--results", str(results), "--engine", "serial", *more)


def test_results_hold_what_the_command_prints(archive, tmp_path):
    printed = hu("stats", str(archive), "--jsonl")
    kept = stats(archive, tmp_path / "r", "--jsonl")
    assert kept.code == printed.code == 1
    assert kept.out == printed.out
    rows = jobs.rows_of(tmp_path / "r")
    lines = {line["source"]: line for line in map(json.loads, printed.out.splitlines())}
    assert len(rows) == 4 and len(lines) == 3
    for row in rows:
        if row["error"]:
            assert row["input"].endswith("cut.dcm") and row["failure"] == "input" and row["mean"] is None
            continue
        line = lines[row["input"]]
        assert (row["mean"], row["pixels"], row["unit"]) == tuple(
            line["measures"][k] for k in ("mean", "pixels", "unit")
        )
        assert row["SeriesInstanceUID"] == line["SeriesInstanceUID"]
        assert json.loads(row["result"])["measures"] == line["measures"]
    # What reads a folder of Parquet reads this one.
    assert pq.read_table(tmp_path / "r").num_rows == 4


def test_what_is_done_is_not_done_again(archive, tmp_path):
    stats(archive, tmp_path / "r")
    before = jobs.files_of(tmp_path / "r")
    again = stats(archive, tmp_path / "r", "--jsonl")
    assert (again.out, again.code) == ("", 1)
    assert "4 inputs done in an earlier run" in again.err
    assert jobs.files_of(tmp_path / "r") == before
    failed = stats(archive, tmp_path / "r", "--retry-failed", "--jsonl")
    assert "3 inputs done" in failed.err and "cut.dcm" in failed.err
    assert jobs.rows_of(tmp_path / "r") == jobs.rows_of(tmp_path / "r")


def test_files_that_are_new_or_have_changed_are_done(archive, tmp_path):
    folder = tmp_path / "archive"
    shutil.copytree(archive, folder)
    stats(folder, tmp_path / "r")
    hounsfield.phantom(folder / "s3", matrix=32, slices=4, noise=9)
    other = next((folder / "s1").glob("*.dcm"))
    time.sleep(0.01)
    os.utime(other)
    done = stats(folder, tmp_path / "r", "--jsonl")
    assert len(done.out.splitlines()) == 2
    rows = jobs.rows_of(tmp_path / "r")
    assert len(rows) == 5 and len({row["key"] for row in rows}) == 5


@pytest.mark.parametrize(
    "more", [["--tissue", "lung"], ["--frames"], ["--space", "stored"], ["--no-phi"], ["--gaps", "resample"]]
)
def test_results_of_another_job_are_never_taken_for_this_one(archive, tmp_path, more):
    stats(archive, tmp_path / "r")
    before = jobs.files_of(tmp_path / "r")
    refused = stats(archive, tmp_path / "r", *more)
    assert refused.code == 2 and "results of another job (hu stats)" in refused.err
    after = jobs.files_of(tmp_path / "r")
    assert {name: after[name] for name in before} == before


def test_a_folder_with_other_files_is_left_alone(archive, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for more in ([], ["--no-phi"]):
        refused = stats(archive, tmp_path, *more)
        assert refused.code == 2 and "holds other files" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_shares_together_are_the_whole(archive, tmp_path):
    stats(archive, tmp_path / "whole")
    for number in (1, 2, 3):
        run = stats(archive, tmp_path / "shares", "--shard", f"{number}/3")
    assert "all results are written" in run.err
    assert len(list((tmp_path / "shares").glob("part-*"))) == 3
    assert jobs.rows_of(tmp_path / "shares") == jobs.rows_of(tmp_path / "whole")


def test_a_catalog_gives_the_same_rows_some_series_at_a_time(archive, tmp_path, monkeypatch):
    from hounsfield.batch import job_inputs

    catalog = f"{tmp_path / 'catalog'}/"
    assert hu("scan", str(archive), "-o", catalog).code in (0, 1)
    stats(archive, tmp_path / "folder")
    measured = [
        {k: v for k, v in row.items() if k not in ("input", "result", "error")}
        for row in jobs.rows_of(tmp_path / "folder")
    ]
    for read, files in ((1, 1), (20_000, 4), (20_000, 2_000)):
        monkeypatch.setattr(job_inputs, "_ROWS", read)
        monkeypatch.setattr(job_inputs, "_FILES", files)
        assert stats(catalog, tmp_path / f"c{read}-{files}").code == 1
        rows = jobs.rows_of(tmp_path / f"c{read}-{files}")
        # Each is the first of its series, whatever else is in memory.
        numbers = [json.loads(row["result"])["volume"]["index"] for row in rows if row["kind"] == "volume"]
        assert numbers == [0, 0, 0]
        assert [{k: v for k, v in row.items() if k not in ("input", "result", "error")} for row in rows] == measured
        assert all(row["SeriesInstanceUID"] in row["input"] for row in rows if row["kind"] == "volume")
    one = rows[0]["SeriesInstanceUID"] or rows[1]["SeriesInstanceUID"]
    stats(f"{catalog.rstrip('/')}?SeriesInstanceUID = '{one}'", tmp_path / "asked")
    assert [row["SeriesInstanceUID"] for row in jobs.rows_of(tmp_path / "asked")] == [one]


def test_shares_of_a_catalog_say_the_same_of_each_volume_as_the_whole(archive, tmp_path):
    catalog = tmp_path / "catalog"
    hu("scan", str(archive), "-o", f"{catalog}/")
    stats(catalog, tmp_path / "whole")
    for number in (1, 2, 3):
        stats(catalog, tmp_path / "shares", "--shard", f"{number}/3")
    assert jobs.rows_of(tmp_path / "shares") == jobs.rows_of(tmp_path / "whole")


def test_pseudonyms_are_the_same_in_each_run_and_share(archive, tmp_path):
    for number in (1, 2, 1):
        stats(archive, tmp_path / "r", "--no-phi", "--shard", f"{number}/2", "--retry-failed")
    rows = jobs.rows_of(tmp_path / "r")
    uids = {row["StudyInstanceUID"] for row in rows} - {None}
    known = {hounsfield.info(path)["StudyInstanceUID"] for path in archive.glob("s*/*.dcm")}
    assert len(uids) == len(known) and not uids & known
    assert len({row["SeriesInstanceUID"] for row in rows} - {None}) == 3
    assert os.stat(tmp_path / "r" / "_secret").st_mode & 0o077 == 0


def test_two_runs_of_one_share_do_not_meet(tmp_path):
    asked = KeptJob.of("test", 1)
    first = ResultFolder(tmp_path / "r", asked, 5, JobShard(1, 2))
    with pytest.raises(hounsfield.OutputError, match="another run"):
        ResultFolder(tmp_path / "r", asked, 5, JobShard(1, 2))
    other = ResultFolder(tmp_path / "r", asked, 5, JobShard(2, 2))
    assert (first.parts, first.own_parts, other.own_parts) == (2, [0], [1])
    first.close(whole=True)
    ResultFolder(tmp_path / "r", asked, 5, JobShard(1, 2)).close(whole=True)
    other.close(whole=True)


class Ahead:
    """An engine that takes all that there is before it does any of it."""

    workers = 2

    def __init__(self):
        self.taken = []

    def outcomes(self, call, items, ended=None):
        self.taken.append(works := list(items))
        for work in works:
            yield call(work)


def test_workers_do_not_wait_where_a_part_ends(tmp_path):
    results = ResultFolder(tmp_path / "r", KeptJob.of("test", 1), 9999, JobShard())
    items = [Input(str(tmp_path / name)) for name in "abcdef"]
    pieces = [(0, items[:2]), (0, items[2:3]), (1, items[3:5]), (2, []), (2, items[5:])]

    class Found:
        given = ()

        def of_parts(self, parts, shard):
            assert parts == 3
            yield from ((part, Inputs((), tuple(some))) for part, some in pieces)

    engine, written = Ahead(), []
    for outcome in do_job(lambda item: {}, Found(), engine, results=results):
        written.append((Path(outcome.source).name, [part for part in range(3) if results.part_file(part).exists()]))
    assert [[work.name[-1] for work in works] for works in engine.taken] == [list("abcdef")]
    # A part is written when the last of its inputs is done, not before.
    assert written == [("a", []), ("b", []), ("c", [0]), ("d", [0]), ("e", [0, 1]), ("f", [0, 1, 2])]
    assert [pq.read_metadata(results.part_file(part)).num_rows for part in range(3)] == [3, 2, 1]


def test_of_catalogs_all_files_among_the_outputs_are_protected_from_the_first_on(archive, tmp_path):
    """Inputs of a later piece may lie where the outputs of an earlier one go."""
    catalog = tmp_path / "catalog"
    assert hu("scan", archive, "-o", f"{catalog}/").code == 0
    inputs = InCatalogs((f"{catalog}",), Grouping(), Reading(), lambda some: some)
    files = {str(path) for path in archive.rglob("*") if path.is_file()}
    assert inputs.files_below(None) == files
    assert inputs.files_below(archive / "s1") == {str(path) for path in (archive / "s1").iterdir()}
    assert inputs.files_below(tmp_path) == set()


def test_members_in_one_process_leave_alone_what_the_others_are_writing(tmp_path):
    """Threads of one program may each do a share; processes that it forks or starts have what it has."""
    asked, out, seen = KeptJob.of("test", 1), tmp_path / "out", []
    out.mkdir()
    one, other = (ResultFolder(tmp_path / "r", asked, 2, JobShard(n, 2), outputs=out) for n in (1, 2))

    def task(item):
        with whole_file(out / "a.txt") as temporary:
            temporary.write_text("whole")
            other.write(1)
            other.clean()
            seen.append(temporary.exists())

    outcome = one.recorded(task)(KeptInput(Input("a"), "a", "1", "", 0))
    assert seen == [True] and not outcome.error
    assert (out / "a.txt").read_text() == "whole"
    for folder in (one, other):
        folder.close(whole=True)


def test_members_may_begin_at_the_same_moment(tmp_path, monkeypatch):
    link, asked, others = os.link, KeptJob.of("test", 1), []

    def another_comes_first(*paths):
        monkeypatch.setattr(os, "link", link)
        others.append(ResultFolder(tmp_path / "r", asked, 9999, JobShard(2, 2)))
        link(*paths)

    monkeypatch.setattr(os, "link", another_comes_first)
    one = ResultFolder(tmp_path / "r", asked, 5, JobShard(1, 2))
    assert (one.parts, len(others), others[0].parts) == (4, 1, 4)
    for folder in (one, *others):
        folder.close(whole=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 1}',
        '{"version": 1, "parts": "x"}',
        '{"version": 9, "parts": 1}',
        '{"version": 1, "parts": 0}',
    ],
)
def test_what_is_no_job_is_refused(archive, tmp_path, text):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "_job.json").write_text(text)
    assert stats(archive, tmp_path / "r").code == 2


def test_a_part_that_is_damaged_is_told(archive, tmp_path):
    stats(archive, tmp_path / "r")
    part = next((tmp_path / "r").glob("part-*"))
    part.write_bytes(part.read_bytes()[:-20])
    run = stats(archive, tmp_path / "r")
    assert run.code == 5 and "damaged" in run.err


def test_a_catalog_that_is_damaged_while_the_job_runs_is_told(archive, tmp_path, monkeypatch):
    from hounsfield.batch import job_inputs

    monkeypatch.setattr(job_inputs, "_ROWS", 1)
    monkeypatch.setattr(job_inputs, "_FILES", 1)
    catalog = tmp_path / "catalog"
    hu("scan", str(archive), "-o", f"{catalog}/")
    counted = job_inputs.InCatalogs.of_parts

    def damaged(inputs, parts, shard):
        for number, one in enumerate(counted(inputs, parts, shard)):
            if number == 1:
                for file in (catalog / "instances").iterdir():
                    file.write_bytes(b"PAR1")
            yield one

    monkeypatch.setattr(job_inputs.InCatalogs, "of_parts", damaged)
    run = stats(catalog, tmp_path / "r")
    assert run.code == 3 and "damaged" in run.err and "Traceback" not in run.err
    assert list((tmp_path / "r").glob(".work/*/*.json"))  # what was done is kept


def test_options_that_exclude_each_other(archive, tmp_path):
    for arguments in (
        ["stats", str(archive), "--retry-failed"],
        ["mask", str(archive), "-o", str(tmp_path / "a"), "--results", str(tmp_path / "a")],
        ["mask", str(archive), "-o", str(tmp_path / "a.png"), "--results", str(tmp_path / "r")],
        ["stats", "-", "--results", str(tmp_path / "r")],
        ["stats", str(archive), "--shard", "3/2"],
        ["stats", str(archive), "--engine", "sparkle"],
    ):
        assert hu(*arguments).code == 2, arguments
    assert list(tmp_path.iterdir()) == []


def size_of(read):
    return {"shape": list(read.shape), "mean": float(read.values.mean()), "unit": read.unit}


def test_map_gives_a_row_for_each_input_and_says_why_there_is_none(archive, tmp_path):
    table = hounsfield.map(size_of, archive, executor="serial")
    rows = table.to_pylist()
    assert [row["kind"] for row in rows] == ["image", "volume", "volume", "volume"]
    assert rows[0]["error"] and rows[0]["shape"] is None
    volumes = hounsfield.read_volumes(archive)
    assert [row["mean"] for row in rows[1:]] == [float(volume.values.mean()) for volume in volumes]
    assert hounsfield.map(size_of, volumes, executor="serial")["mean"].to_pylist() == table["mean"].to_pylist()[1:]
    kept = hounsfield.map(size_of, archive, executor="serial", results=tmp_path / "r")
    assert kept.to_pylist() == rows
    with ThreadPoolExecutor(2) as executor:
        assert hounsfield.map(size_of, archive, executor=executor).to_pylist() == rows


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (None, {}),
        (3, {"value": 3}),
        ("a", {"value": "a"}),
        (np.float32(0.5), {"value": 0.5}),
        (np.arange(3), {"value": [0, 1, 2]}),
        (np.ones((2, 2)), {"value": [1.0] * 4, "shape": [2, 2]}),
        ({"a": np.arange(2), "b": {"c": 1}}, {"a": [0, 1], "b": {"c": 1}}),
        ({"error": 1}, "column of every result"),
        (object(), "returned a object"),
    ],
)
def test_what_functions_return(archive, tmp_path, returned, expected):
    for more in ({}, {"results": tmp_path / "r"}):
        row = hounsfield.map(lambda _: returned, archive / "s0", executor="serial", **more).to_pylist()[0]
        if isinstance(expected, str):
            assert expected in row["error"] and row["failure"] == "task"
        else:
            known = "input kind StudyInstanceUID SeriesInstanceUID assumptions error error_type failure".split()
            assert {key: value for key, value in row.items() if key not in known} == expected


def test_an_error_of_a_function_is_a_row(archive):
    def fails(read):
        raise KeyError("no such thing")

    row = hounsfield.map(fails, archive / "s0", executor="serial").to_pylist()[0]
    assert row["error_type"] == "KeyError" and "no such thing" in row["error"] and row["failure"] == "task"
    uid = hounsfield.info(next((archive / "s0").iterdir()))["SeriesInstanceUID"]
    assert row["SeriesInstanceUID"] == uid  # as in results that are kept


def test_another_function_is_another_job(archive, tmp_path):
    hounsfield.map(size_of, archive, executor="serial", results=tmp_path / "r")
    with pytest.raises(hounsfield.FormatError, match="another job"):
        hounsfield.map(lambda read: read.unit, archive, executor="serial", results=tmp_path / "r")
    with pytest.raises(hounsfield.FormatError, match="another job"):
        hounsfield.map(size_of, archive, executor="serial", values="stored", results=tmp_path / "r")


def test_a_file_that_ends_its_process_is_set_aside_after_some_runs(archive, tmp_path, monkeypatch):
    """In this process nobody is left to tell of it; runs after it know that it was begun, and do it last."""
    folder = ResultFolder(tmp_path / "r", KeptJob.of("hu", 1), 1, JobShard())
    records = tmp_path / "r" / ".work" / "00000"
    from hounsfield.batch.inputs import Input
    from hounsfield.batch.records import Records

    items = [Input(str(path)) for path in sorted((archive / "s0").glob("*.dcm"))]
    first = folder.to_do(0, items)
    for _ in range(3):
        Records(str(records)).begin(first[0].key)
    again = folder.to_do(0, items)
    # What was begun several times is done alone: no other input is in flight, and blamed, should it end its process.
    apart = [[work.key for work in some] for some in KeptStream(folder, [(0, Inputs((), tuple(items)))]).groups()]
    assert apart == [[work.key for work in first[1:]], [first[0].key]]
    assert [work.key for work in again] == [*(work.key for work in first[1:]), first[0].key]
    Records(str(records)).begin(first[0].key)
    assert len(folder.to_do(0, items)) == len(items) - 1
    assert "the process that read it ended" in Records(str(records)).get(first[0].key).error
    folder.close(whole=True)


@pytest.mark.parametrize("engine", ["processes", pytest.param("dask", marks=pytest.mark.long)])
def test_scripts_need_no_guard(archive, tmp_path, engine):
    """A script without ``if __name__ == "__main__"`` begins once, although its functions go to other processes."""
    if engine == "dask":
        pytest.importorskip("distributed")
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys, hounsfield as hu\nprint('begun', flush=True)\n"
        "def mine(volume):\n    return {'pid': os.getpid(), 'mean': float(volume.values.mean())}\n"
        f"table = hu.map(mine, {str(archive / 's0')!r}, jobs=1, executor={engine!r})\n"
        "print(table['pid'][0].as_py() != os.getpid(), table['error'][0])\n"
    )
    run = jobs.subprocess.run([jobs.sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout.split() == ["begun", "True", "None"], run.stderr


def test_names_of_outputs_do_not_depend_on_who_comes_first(archive, tmp_path):
    mask = ["mask", str(archive), "--tissue", "lung", "--no-figure", "--engine", "serial"]
    for number in (2, 1):
        hu(*mask, "-o", str(tmp_path / "a"), "--results", str(tmp_path / "ra"), "--shard", f"{number}/2")
    hu(*mask, "-o", str(tmp_path / "b"), "--results", str(tmp_path / "rb"))
    files = jobs.files_of(tmp_path / "a")
    assert len(files) == 3 and files == jobs.files_of(tmp_path / "b")
    assert {Path(row["outputs"][0]).name for row in jobs.rows_of(tmp_path / "ra") if row["outputs"]} == set(files)


@pytest.mark.long
def test_what_an_attempt_left_that_was_killed_is_replaced_and_nothing_else(archive, tmp_path):
    """A DICOM SEG is never the same twice: that of a run that was killed between the file and its record stands there."""
    mask = ["mask", str(archive / "s0"), "--tissue", "lung", "--no-figure", "--format", "seg", "--engine", "serial"]
    out, results = tmp_path / "o", tmp_path / "r"
    assert hu(*mask, "-o", str(out), "--results", str(results)).code == 0
    (row,) = jobs.rows_of(results)
    before = jobs.files_of(out)
    for part in results.glob("part-*"):
        part.unlink()
    begun = results / ".work" / "00000" / f"{row['key']}.begun"
    refused = hu(*mask, "-o", str(out), "--results", str(results))
    assert refused.code == 5 and "exists already" in refused.err and jobs.files_of(out) == before
    assert not begun.exists()
    for part in results.glob("part-*"):
        part.unlink()
    begun.parent.mkdir(exist_ok=True)
    written = next(out.glob("*.dcm")).stat().st_mtime_ns
    begun.write_text(f"{written + 1:020d}")  # an attempt that began after that
    assert hu(*mask, "-o", str(out), "--results", str(results)).code == 5 and jobs.files_of(out) == before
    for part in results.glob("part-*"):
        part.unlink()
    begun.parent.mkdir(exist_ok=True)
    begun.write_text(f"{written:020d}")
    assert hu(*mask, "-o", str(out), "--results", str(results)).code == 0
    assert set(jobs.files_of(out)) == set(before) and jobs.files_of(out) != before


def test_what_a_run_that_is_gone_on_with_passes_over_is_said(archive, tmp_path):
    mask = ["mask", str(archive), "--tissue", "lung", "--no-figure", "--engine", "serial"]
    mask += ["-o", str(tmp_path / "o"), "--results", str(tmp_path / "r")]
    hu(*mask)
    assert "1 of them failed: --retry-failed" in hu(*mask).err
    assert "--force replaces outputs of this run only" in hu(*mask, "--force").err
    shutil.rmtree(tmp_path / "o")
    assert "their outputs are gone" in hu(*mask).err


def test_files_beside_images_are_no_failures_in_later_runs_either(archive, tmp_path):
    folder = tmp_path / "beside"
    shutil.copytree(archive / "s0", folder)
    (folder / "notes.txt").write_text("hello")
    codes = [stats(folder, tmp_path / "r", "--each").code for _ in range(2)]
    assert codes == [0, 0] and "failed" not in stats(folder, tmp_path / "r", "--each").err


def test_in_what_another_job_is_another_is_said(archive, tmp_path):
    stats(archive, tmp_path / "r", "--above", "90")
    assert "above was another there" in stats(archive, tmp_path / "r", "--above", "91").err
    stats(archive, tmp_path / "hidden", "--no-phi")
    assert json.loads((tmp_path / "hidden" / "_job.json").read_text())["details"] == {}


def test_a_member_without_inputs_has_not_failed(archive, tmp_path):
    codes = [stats(archive / "s0", tmp_path / "r", "--shard", f"{number}/3").code for number in (1, 2, 3)]
    assert codes == [0, 0, 0] and jobs.rows_of(tmp_path / "r")


def test_results_among_inputs_are_refused(archive, tmp_path):
    folder = tmp_path / "archive"
    shutil.copytree(archive / "s0", folder)
    refused = stats(folder, folder / "results")
    assert refused.code == 2 and "would be read as inputs" in refused.err and not (folder / "results").exists()


def test_results_are_no_catalog(archive, tmp_path):
    stats(archive / "s0", tmp_path / "r")
    assert "results of a job are no catalog" in hu("query", str(tmp_path / "r"), "SELECT 1").err


@pytest.mark.skipif(os.sep == "\\", reason="names are text there")
def test_names_that_are_no_text_are_kept_as_catalogs_have_them(archive, tmp_path):
    folder = os.fsencode(tmp_path) + b"/a\xff"
    shutil.copytree(archive / "s0", os.fsdecode(folder))
    shutil.copy(archive / "cut.dcm", os.fsdecode(folder + b"/cut\xfe.dcm"))
    assert stats(os.fsdecode(folder), tmp_path / "r").code == 1
    rows = jobs.rows_of(tmp_path / "r")
    assert {row["input"].split("/")[-1] for row in rows} == {"a\\xff[0]", "cut\\xfe.dcm"}
    assert any("cut" in (row["error"] or "") for row in rows)
    assert stats(os.fsdecode(folder), tmp_path / "r", "--jsonl").out == ""


def test_a_job_whose_output_nobody_reads_says_that_it_ended_early(archive, tmp_path, monkeypatch):
    from hounsfield.cli import showing

    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr(showing, "write_json", closed)
    ended = stats(archive, tmp_path / "r", "--jsonl")
    assert "goes on from here" in ended.err
    assert ended.code == 5  # whoever waits for the results must not take them for whole
    monkeypatch.undo()
    assert "all results are written" in stats(archive, tmp_path / "r", "--jsonl").err


def test_a_series_that_has_grown_takes_the_place_of_what_it_was(archive, tmp_path):
    """And so does one that has lost slices: its former volume is no input any more, and no row."""
    folder, out = tmp_path / "archive", []
    shutil.copytree(archive, folder)
    last = sorted((folder / "s1").glob("*.dcm"))[-1]
    kept = last.read_bytes()
    last.unlink()
    for step in ("first", "again", "grown", "shrunk"):
        if step == "grown":
            last.write_bytes(kept)
        if step == "shrunk":
            last.unlink()
        assert stats(folder, tmp_path / "r").code == 1
        rows = jobs.rows_of(tmp_path / "r")
        out.append({row["key"] for row in rows})
        assert len(rows) == 4 and len({row["SeriesInstanceUID"] for row in rows}) == 4
    assert out[0] == out[1] == out[3] and len(out[0] - out[2]) == 1


def test_other_inputs_of_the_same_results_stay(archive, tmp_path):
    stats(archive / "s0", tmp_path / "r")
    stats(archive / "s1", tmp_path / "r")
    assert len(jobs.rows_of(tmp_path / "r")) == 2


def test_a_file_that_options_name_is_what_it_holds(archive, tmp_path):
    """A region drawn anew in the same file, a grid of the same name: results of the former one are another job's."""
    grid = tmp_path / "grid"
    hounsfield.phantom(grid, matrix=16, slices=3)
    like = ["--like", str(grid)]
    assert stats(archive / "s0", tmp_path / "r", *like).code == 0
    assert stats(archive / "s0", tmp_path / "r", *like).code == 0
    shutil.rmtree(grid)
    hounsfield.phantom(grid, matrix=20, slices=3)
    refused = stats(archive / "s0", tmp_path / "r", *like)
    assert refused.code == 2 and "files was another there" in refused.err
    points = tmp_path / "points.json"
    points.write_text(json.dumps({"type": "Polygon", "coordinates": [[[2, 2], [2, 20], [20, 20], [2, 2]]]}))
    polygon = ["--each", "--polygon", str(points)]
    first = stats(archive / "s0", tmp_path / "p", *polygon)
    assert first.code == 0, first.err
    points.write_text(json.dumps({"type": "Polygon", "coordinates": [[[2, 2], [2, 9], [9, 9], [2, 2]]]}))
    assert stats(archive / "s0", tmp_path / "p", *polygon).code == 2
