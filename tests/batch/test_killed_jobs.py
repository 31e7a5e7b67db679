"""Jobs that are killed: results and files are those of an undisturbed run, and nothing finished is done again.

Killed are the parent, its workers, Dask's workers and scheduler. HOUNSFIELD_KILLS says how often; 20 take some minutes.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter

import pytest

import hounsfield
import jobs
from dask_clusters import Cluster, needs_dask

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")]

KILLS = int(os.environ.get("HOUNSFIELD_KILLS", "3"))
SERIES = 24
MASK = ("--tissue", "lung", "--no-figure", "-o", "out", "--results", "results", "-q")

#: Writes down whatever it is called for, in one piece, before it does it.
COUNTED = """
import os, sys, time
import hounsfield as hu
source, results, engine, log = sys.argv[1:]
def counted(read):
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, (read.header["SeriesInstanceUID"] + "\\n").encode())
    os.close(file)
    time.sleep(0.02)
    return {"mean": float(read.values.mean()), "profile": read.values.max(axis=(0, 1))}
try:
    hu.map(counted, source, executor=engine, jobs=2, results=results)
except hu.WorkersLostError as error:
    sys.exit(f"lost: {error}")
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Series of four slices, and a file that is cut off."""
    folder = tmp_path_factory.mktemp("killed") / "archive"
    for number in range(SERIES):
        hounsfield.phantom(folder / f"s{number:03}", matrix=32, slices=4, noise=1 + number)
    (folder / "cut.dcm").write_bytes((folder / "s000" / "0000.dcm").read_bytes()[:900])
    return folder


class Mapped:
    """A job of the function that counts, in a folder of its own."""

    code = 0

    def __init__(self, folder, source, engine="processes"):
        folder.mkdir()
        self.folder, self.source, self.engine = folder, source, engine
        self.results, self.log = folder / "results", folder / "log"
        (folder / "job.py").write_text(COUNTED)

    def begin(self):
        command = [sys.executable, "job.py", self.source, self.results, self.engine, self.log]
        return subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def calls(self):
        """Return how often the function was called, by series; a line that is being written is none."""
        text = self.log.read_text() if self.log.exists() else ""
        return Counter(text.splitlines())

    def progress(self):
        return self.calls().total()

    def left(self):
        return jobs.rows_of(self.results)

    def check(self, done, names):
        """Check that what was done at some moment was not done later; `names` gives series by names of inputs."""
        calls = self.calls()
        for name in done & names.keys():
            assert calls[names[name]] == 1, "done twice"


class Masked:
    """A job of the command, that writes a file for each series, in a folder of its own."""

    code = 1  # a file cannot be read

    def __init__(self, folder, source, engine="processes"):
        folder.mkdir()
        self.folder, self.source, self.engine = folder, source, engine
        self.results = folder / "results"

    def begin(self):
        engine = ("--engine", self.engine, "-j", "2")
        return jobs.begin("mask", self.source, *MASK, *engine, cwd=self.folder)

    def progress(self):
        out = self.folder / "out"
        return (
            sum(path.suffix == ".nii" or path.name.endswith(".nii.gz") for path in out.iterdir()) if out.exists() else 0
        )

    def left(self):
        return jobs.rows_of(self.results), jobs.files_of(self.folder / "out")

    def check(self, done, names):
        pass


def ended(job, process, code=None):
    _, errors = process.communicate(timeout=600)
    assert process.returncode == (job.code if code is None else code), errors.decode()
    return errors.decode()


def until(job, process, progress):
    """Wait until so much is done of a job, or it has ended."""
    while process.poll() is None and job.progress() < progress:
        time.sleep(0.002)


def undisturbed(kind, folder, archive):
    job = kind(folder, archive)
    ended(job, job.begin())
    rows = jobs.rows_of(job.results)
    assert len(rows) == SERIES + 1
    return job.left(), {row["input"]: row["SeriesInstanceUID"] for row in rows if row["kind"] == "volume"}


class Moments:
    """Random moments of jobs: also while they begin, and when all is done but the table."""

    def __init__(self, seed):
        self._chance = random.Random(seed)

    def wait(self, job, process, before=0):
        until(job, process, before + self._chance.randint(0, SERIES - before))
        time.sleep(self._chance.choice([0, self._chance.uniform(0, 0.05), self._chance.uniform(0, 0.5)]))

    def one_of(self, some):
        return self._chance.choice(some)


def kill_parent(process, name=b"spawn_main"):
    """Kill the parent alone, and see that its workers go."""
    workers = jobs.children_of(process.pid, name)
    jobs.kill(process.pid)
    process.communicate()
    jobs.wait_until_gone(workers)
    return bool(workers)


@pytest.mark.parametrize("kind", [Mapped, Masked])
@pytest.mark.parametrize("engine", ["processes", "serial"])
def test_a_parent_that_is_killed(archive, tmp_path, kind, engine):
    expected, names = undisturbed(kind, tmp_path / "whole", archive)
    moments, with_workers, midway = Moments(16), 0, 0
    for number in range(KILLS):
        job = kind(tmp_path / str(number), archive, engine)
        process = job.begin()
        moments.wait(job, process)
        with_workers += kill_parent(process)
        done = jobs.done_in(job.results)
        midway += 0 < len(done) <= SERIES
        ended(job, job.begin())
        assert job.left() == expected
        job.check(done, names)
    assert midway >= KILLS // 3
    assert with_workers >= (KILLS // 3 if engine == "processes" else 0)


@pytest.mark.parametrize("kind", [Mapped, Masked])
def test_a_parent_that_is_killed_again_and_again(archive, tmp_path, kind):
    """One job, killed each time when it has done a little more: no input is blamed for that."""
    expected, names = undisturbed(kind, tmp_path / "whole", archive)
    job, moments, done = kind(tmp_path / "job", archive), Moments(17), set()
    known = Counter()
    for _ in range(KILLS):
        process, before = job.begin(), job.progress()
        until(job, process, before + moments.one_of([0, 1, 1, 2]))
        kill_parent(process)
        calls = getattr(job, "calls", Counter)()
        for name in done & names.keys():
            assert calls[names[name]] == known[names[name]], "done twice"
        done, known = jobs.done_in(job.results), calls
    ended(job, job.begin())
    assert job.left() == expected


@pytest.mark.parametrize("kind", [Mapped, Masked])
def test_a_worker_that_is_killed(archive, tmp_path, kind):
    expected, names = undisturbed(kind, tmp_path / "whole", archive)
    moments, killed = Moments(18), 0
    for number in range(KILLS):
        job = kind(tmp_path / str(number), archive)
        process = job.begin()
        moments.wait(job, process)
        done = jobs.done_in(job.results)
        if workers := jobs.children_of(process.pid):
            jobs.kill(moments.one_of(workers))
            killed += 1
        ended(job, process)
        assert job.left() == expected
        job.check(done, names)
    assert killed >= KILLS // 3


@pytest.mark.parametrize("kind", [Mapped, Masked])
def test_a_parent_of_workers_of_dask_that_is_killed(archive, tmp_path, kind):
    needs_dask()
    expected, names = undisturbed(kind, tmp_path / "whole", archive)
    moments = Moments(19)
    for number in range(max(1, KILLS // 4)):
        job = kind(tmp_path / str(number), archive, "dask")
        process = job.begin()
        moments.wait(job, process)
        kill_parent(process)
        done = jobs.done_in(job.results)
        ended(job, job.begin())
        assert job.left() == expected
        job.check(done, names)


@pytest.mark.parametrize("kind", [Mapped, Masked])
@pytest.mark.parametrize("victim", ["worker", "client", "scheduler"])
def test_a_part_of_a_cluster_that_is_killed(archive, tmp_path, kind, victim):
    """A worker, and the others go on; whoever asked, and asks again; the scheduler, and the job goes on with another."""
    needs_dask()
    expected, names = undisturbed(kind, tmp_path / "whole", archive)
    moments = Moments(20)
    for number in range(KILLS):
        with Cluster(tmp_path / f"cluster{number}") as cluster:
            job = kind(tmp_path / str(number), archive, cluster.engine)
            process = job.begin()
            moments.wait(job, process)
            # What a worker is at when the scheduler or the client goes, it may well end, and write down.
            done = jobs.done_in(job.results)
            if victim == "worker":
                jobs.kill(moments.one_of(cluster.workers).pid)
                ended(job, process)
            elif victim == "client":
                kill_parent(process)
                ended(job, job.begin())
            else:
                jobs.kill(cluster.scheduler.pid)
                errors = process.communicate(timeout=120)[1].decode()
                assert process.returncode in (job.code, 1)
                assert process.returncode == job.code or "there are no workers left" in errors, errors
        if victim == "scheduler":
            with Cluster(tmp_path / f"again{number}") as cluster:
                job.engine = cluster.engine
                ended(job, job.begin())
        assert job.left() == expected
        job.check(done, names)


def check_named(results, out):
    """Check that one input is named as what ended its process, and that all others are done."""
    rows = jobs.rows_of(results)
    told = sorted(
        (os.path.basename(row["input"]), row["failure"], row["error"].partition(": ")[2])
        for row in rows
        if row["error"]
    )
    assert [one[0] for one in told] == ["cut.dcm", "poison.dcm"]
    assert told[1][1:] == ("input", "the process that read it ended; the file may be malicious, or memory ran out")
    assert len(rows) == SERIES + 2
    assert len(jobs.files_of(out)) == SERIES
    assert not [name for name in jobs.files_of(out) if os.path.basename(name).startswith(".")]


@pytest.fixture
def poisoned(archive, tmp_path):
    """The archive with one file that ends its worker: a slice by itself."""
    folder = tmp_path / "poisoned"
    folder.symlink_to(archive)
    more = tmp_path / "more"
    hounsfield.phantom(more, matrix=32, slices=1)
    (more / "0000.dcm").rename(more / "poison.dcm")
    return folder, more / "poison.dcm"


def mask(poisoned, tmp_path, *engine, **variables):
    return jobs.hu("mask", *poisoned, *MASK, *engine, cwd=tmp_path, **variables)


@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_a_file_that_ends_its_worker(poisoned, tmp_path, engine):
    if engine == "dask":
        needs_dask()
    run = mask(poisoned, tmp_path, "--engine", engine, "-j", "2", HOUNSFIELD_TEST_KILL="poison")
    assert run.returncode == 1 and "poison.dcm: the process that read it ended" in run.stderr
    check_named(tmp_path / "results", tmp_path / "out")


def test_a_file_that_ends_a_worker_that_a_nanny_starts_again(poisoned, tmp_path):
    needs_dask()
    with Cluster(tmp_path / "cluster", nanny=True, HOUNSFIELD_TEST_KILL="poison") as cluster:
        run = mask(poisoned, tmp_path, "--engine", cluster.engine)
    assert run.returncode == 1 and "poison.dcm: the process that read it ended" in run.stderr
    check_named(tmp_path / "results", tmp_path / "out")


def test_a_file_that_ends_a_worker_that_nobody_starts_again(poisoned, tmp_path):
    """Without nannies each death is one worker less: where the last one is gone, the job waits until somebody starts one.

    Dask gives up an input after ``distributed.scheduler.allowed-failures`` more deaths (3 by default); with 0 the file
    costs three workers, and somebody, or Slurm or Kubernetes, has to start so many, as this test does.
    """
    needs_dask()
    more = {"HOUNSFIELD_TEST_KILL": "poison", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": 0}
    with Cluster(tmp_path / "cluster", **more) as cluster:
        process = jobs.begin("mask", *poisoned, *MASK, "--engine", cluster.engine, cwd=tmp_path)
        deaths, end = 0, time.monotonic() + 300
        while process.poll() is None and time.monotonic() < end:
            for number, worker in enumerate(cluster.workers):
                if worker.poll() is not None:
                    cluster.workers[number] = cluster.add_worker()
                    deaths += 1
            time.sleep(0.1)
        errors = process.communicate(timeout=10)[1].decode()
    assert process.returncode == 1 and "poison.dcm: the process that read it ended" in errors
    assert deaths == 3
    check_named(tmp_path / "results", tmp_path / "out")


@pytest.mark.parametrize("engine", ["serial", "threads"])
def test_a_file_that_ends_the_only_process(poisoned, tmp_path, engine):
    """Nobody is left to tell of it: the same command again does the others first, and sets it aside at the fifth time."""
    for _ in range(4):
        run = mask(poisoned, tmp_path, "--engine", engine, "-j", "2", HOUNSFIELD_TEST_KILL="poison")
        assert run.returncode == -9
    run = mask(poisoned, tmp_path, "--engine", engine, "-j", "2", HOUNSFIELD_TEST_KILL="poison")
    assert run.returncode == 1
    check_named(tmp_path / "results", tmp_path / "out")
