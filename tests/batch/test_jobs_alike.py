"""The same job wherever it is done: by every engine, by shares one after another and at once, from folder and catalog.

Each run has a working directory of its own, and writes below relative paths; workers of Dask run in another one.
"""

import os

import pytest

import hounsfield
import jobs
from dask_clusters import Cluster, needs_dask
from hounsfield.batch import dask_engine

from cli_runner import hu_here

MASK = ("--tissue", "lung", "--no-figure", "-o", "out", "--results", "results", "-q")


def write_archive(folder, series):
    """Write series, and beside them a file that is cut off, one that is no DICOM, and a lone image."""
    for number in range(series):
        hounsfield.phantom(folder / f"s{number:03}", matrix=32, slices=4, noise=1 + number / 10)
    first = (folder / "s000" / "0000.dcm").read_bytes()
    (folder / "cut.dcm").write_bytes(first[:900])
    (folder / "other.dcm").write_bytes(b"no DICOM" * 40)
    hounsfield.phantom(folder / "lone", matrix=32, slices=1, noise=99)
    return folder


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("alike") / "archive", 200)


@pytest.fixture(scope="module")
def catalog(archive):
    path = f"{archive.parent / 'catalog'}/"
    assert jobs.hu("scan", archive, "-o", path).returncode in (0, 1)
    return path


class Runs:
    """Runs of the same job from a source, each in a folder of its own."""

    def __init__(self, folder, source):
        self.folder, self.source = folder, source

    def begin(self, name, *engine, **variables):
        (self.folder / name).mkdir(exist_ok=True)
        return jobs.begin("mask", self.source, *MASK, *engine, cwd=self.folder / name, **variables)

    def run(self, name, *engine, **variables):
        return self.ended(self.begin(name, *engine, **variables))

    def ended(self, process):
        _, errors = process.communicate(timeout=600)
        assert process.returncode in (0, 1), errors.decode()  # some files cannot be read; not each share has one
        return errors.decode()

    def left(self, name):
        """Return all that a run has left: rows and files."""
        return jobs.rows_of(self.folder / name / "results"), jobs.files_of(self.folder / name / "out")


def check_engines(runs, cluster):
    runs.run("serial", "--engine", "serial")
    rows, files = expected = runs.left("serial")
    assert len([row for row in rows if row["error"]]) == 2
    assert len(rows) == len(files) + 2 == 203
    for name, *engine in (
        ("processes", "--engine", "processes", "-j", "2"),
        ("threads", "--engine", "threads", "-j", "2"),
        ("dask", "--engine", "dask", "-j", "2"),
        ("tcp", "--engine", cluster.engine),
    ):
        runs.run(name, *engine)
        assert runs.left(name) == expected, name
    for number in (3, 1, 4, 2):
        runs.run("shares", "--engine", "serial", "--shard", f"{number}/4")
    assert runs.left("shares") == expected
    at_once = [runs.begin("at_once", "--engine", "processes", "-j", "1", "--shard", f"{n}/4") for n in (1, 2, 3, 4)]
    errors = [process.communicate(timeout=600)[1] for process in at_once]  # all of them have ended, whatever they say
    assert {process.returncode for process in at_once} <= {0, 1}, errors
    assert runs.left("at_once") == expected
    for results in ("shares", "at_once"):
        assert len(list((runs.folder / results / "results").glob("part-*-of-00004.parquet"))) == 4
    for number in (2, 1):
        runs.run("tcp_shares", "--engine", cluster.engine, "--shard", f"{number}/2")
    assert runs.left("tcp_shares") == expected
    return expected


@pytest.mark.long
def test_the_same_job_by_every_engine(archive, catalog, tmp_path):
    needs_dask()
    found = {}
    with Cluster(tmp_path / "cluster") as cluster:
        for kind, source in (("folder", archive), ("catalog", catalog)):
            (tmp_path / kind).mkdir()
            found[kind] = check_engines(Runs(tmp_path / kind, source), cluster)
    measured = [
        sorted((row["key"], row["mean"], row["pixels"], row["failure"]) for row in rows if row["key"])
        for rows, _ in found.values()
    ]
    assert len(measured[0]) == 203 and measured[0] == measured[1]
    # Files of a volume are called the same, and are the same, from wherever it was found.
    assert sorted(found["folder"][1].values()) == sorted(found["catalog"][1].values())


@pytest.mark.long
def test_the_same_function_by_every_engine(archive, tmp_path):
    needs_dask()
    offset = 3

    def mine(read):
        if read.values.ndim == 2:
            raise ValueError("one slice only")
        return {"mean": float(read.values.mean()) + offset, "profile": read.values.max(axis=(0, 1))}

    expected = hounsfield.map(mine, archive, executor="serial").to_pylist()
    assert sum(row["error"] is None for row in expected) == 200 + (
        "ValueError" not in {r["error_type"] for r in expected}
    )
    with Cluster(tmp_path / "cluster") as cluster:
        for engine in ("processes", "threads", "dask", cluster.engine):
            for results in (None, tmp_path / engine.partition("=")[0] / "r" if "=" not in engine else tmp_path / "tcp"):
                table = hounsfield.map(mine, archive, executor=engine, jobs=2, results=results)
                assert table.to_pylist() == expected, (engine, results)


@pytest.mark.long
def test_relative_paths_are_those_of_whoever_asks(tmp_path):
    """Workers of another folder enter that of the job; where they do not have it, the job says so and ends."""
    needs_dask()
    write_archive(tmp_path / "job" / "archive", 3)
    arguments = ["stats", "archive", "--jsonl"]
    here = jobs.hu(*arguments, "--engine", "serial", cwd=tmp_path / "job")
    with Cluster(tmp_path / "cluster") as cluster:
        there = jobs.hu(*arguments, "--engine", cluster.engine, cwd=tmp_path / "job")
        assert (there.stdout, there.returncode) == (here.stdout, here.returncode), there.stderr
        where = hounsfield.map(lambda read: os.getcwd(), tmp_path / "job" / "archive" / "s000", executor=cluster.engine)
        assert where["value"].to_pylist() == [os.getcwd()]


@pytest.mark.long
def test_a_scheduler_that_is_not_there_is_told(tmp_path, monkeypatch):
    needs_dask()
    write_archive(tmp_path / "archive", 1)
    monkeypatch.setattr(dask_engine, "_PATIENCE", 1)
    for _ in range(2):  # the folder of results is given back
        code, out, err = hu_here(
            "stats", tmp_path / "archive", "--engine", "dask=tcp://127.0.0.1:9", "--results", tmp_path / "r"
        )
        assert (code, out) == (1, "") and "no scheduler of Dask answers at tcp://127.0.0.1:9" in err
    with pytest.raises(hounsfield.WorkersLostError, match="no scheduler"):
        hounsfield.map(lambda read: 1, tmp_path / "archive", executor="dask=tcp://127.0.0.1:9")
