"""The recipes of docs/scale: each is followed, as far as this machine can, and compared with one process."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hounsfield as hu
from hounsfield.catalog.writing import scan_into

RECIPES = Path(__file__).parents[2] / "docs" / "scale"
#: Series of the archive, and the one with a slice that cannot be read.
SERIES, BROKEN = 7, 4
QUESTION = "SELECT SeriesInstanceUID FROM series WHERE Modality = 'CT'"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A catalog of several series, one of them with a slice that has been cut since."""
    room = tmp_path_factory.mktemp("archive")
    for number in range(SERIES):
        hu.phantom(room / "files" / f"s{number}", matrix=32, slices=4, noise=20, seed=number)
    scan_into(room / "catalog", [room / "files"])
    cut = min((room / "files" / f"s{BROKEN}").iterdir())
    os.truncate(cut, cut.stat().st_size - 100)
    return room / "catalog"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """What the scripts find: this package's `hu`, wherever they run."""
    programs = tmp_path_factory.mktemp("bin")
    program = programs / "hu"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hounsfield "$@"\n')
    program.chmod(0o755)
    source = str(Path(hu.__file__).parents[1])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": path}


@pytest.fixture(scope="module")
def one_process(archive, environment, tmp_path_factory):
    """What the recipe for one machine gives."""
    output = tmp_path_factory.mktemp("one")
    command = ["bash", str(RECIPES / "one_machine.sh"), QUESTION]
    done = subprocess.run(command, env={**environment, "CATALOG": str(archive), "OUTPUT": str(output), "JOBS": "1"})
    assert done.returncode == 1  # the series that was cut
    rows = results(output)
    assert len(rows) == SERIES
    return output


def results(output: Path) -> list[str]:
    """The rows of a results folder, sorted; without the name of the folder, which is the run's own."""
    table = pa.concat_tables(pq.read_table(path) for path in (output / "results").glob("part-*.parquet"))
    return sorted(json.dumps(row, default=str).replace(str(output), "OUTPUT") for row in table.to_pylist())


def masks(output: Path) -> dict[str, bytes]:
    return {str(path.relative_to(output)): path.read_bytes() for path in (output / "masks").rglob("*.nii.gz")}


def assert_same(output: Path, one: Path) -> None:
    assert results(output) == results(one)
    assert masks(output) == masks(one)
    assert len(masks(output)) == SERIES - 1


def test_scripts_are_shell():
    scripts = [*RECIPES.glob("*.sh"), *RECIPES.glob("*.sbatch")]
    assert len(scripts) == 3
    for script in scripts:
        subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.long
def test_one_machine_goes_on_and_does_nothing_twice(archive, environment, one_process, tmp_path):
    own = {**environment, "CATALOG": str(archive), "OUTPUT": str(tmp_path), "JOBS": "2"}
    command = ["bash", str(RECIPES / "one_machine.sh")]
    subprocess.run([*command, "SELECT SeriesInstanceUID FROM series ORDER BY 1 LIMIT 3"], env=own)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nii.gz")}
    assert 2 <= len(before) <= 3
    for _ in range(2):
        done = subprocess.run([*command, QUESTION], env=own)
        assert done.returncode == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert_same(tmp_path, one_process)


def member(number: int, count: int, archive: Path, output: Path, environment: dict[str, str]) -> subprocess.Popen:
    own = {
        "CATALOG": str(archive),
        "QUESTION": QUESTION,
        "OUTPUT": str(output),
        "JOBS": "1",
        "SLURM_ARRAY_TASK_ID": str(number),
        "SLURM_ARRAY_TASK_COUNT": str(count),
    }
    return subprocess.Popen(["bash", str(RECIPES / "mask.sbatch")], env={**environment, **own})


@pytest.mark.long
def test_members_of_an_array_give_together_what_one_process_gives(archive, environment, one_process, tmp_path):
    members = [member(number, 3, archive, tmp_path, environment) for number in (1, 2, 3)]
    assert sorted(one.wait(120) for one in members) == [0, 0, 1]
    assert_same(tmp_path, one_process)


@pytest.mark.long
def test_a_member_that_ended_is_done_again_by_itself(archive, environment, one_process, tmp_path):
    for number in (1, 3):
        member(number, 3, archive, tmp_path, environment).wait(120)
    # As `SHARDS=3 sbatch --array=2`: Slurm counts one member.
    member(2, 1, archive, tmp_path, {**environment, "SHARDS": "3"}).wait(120)
    assert_same(tmp_path, one_process)


@pytest.mark.long
def test_pods_of_an_indexed_job_give_together_what_one_process_gives(archive, environment, one_process, tmp_path):
    settings, job = documents("job.yaml")
    container = job["spec"]["template"]["spec"]["containers"][0]
    own = {**settings["data"], "CATALOG": str(archive), "QUESTION": QUESTION, "OUTPUT": str(tmp_path), "SHARDS": "2"}
    command = [*container["command"], *container["args"]]
    for index in (0, 1):
        pod = {**environment, **own, "JOBS": "1", "JOB_COMPLETION_INDEX": str(index)}
        assert subprocess.run(command, env=pod, timeout=120).returncode in (0, 1)
    assert_same(tmp_path, one_process)


def documents(name: str) -> list[dict]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    return list(yaml.safe_load_all((RECIPES / name).read_text()))


def test_the_indexed_job_has_as_many_indexes_as_shards():
    settings, job = documents("job.yaml")
    spec = job["spec"]
    assert spec["completionMode"] == "Indexed"
    assert int(settings["data"]["SHARDS"]) == spec["completions"] >= spec["parallelism"]
    # `backoffLimitPerIndex` and `podFailurePolicy` need pods that are not started again in their place.
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    containers = spec["template"]["spec"]["containers"]
    exits = spec["podFailurePolicy"]["rules"][1]["onExitCodes"]
    assert exits["containerName"] in [container["name"] for container in containers]
    assert exits["values"] == [1, 2, 3, 4, 5]


def test_names_in_the_dask_cluster_fit_together():
    cluster, client = documents("dask_cluster.yaml")
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    assert spec["scheduler"]["service"]["selector"]["dask.org/cluster-name"] == name
    ports = {port["name"]: port["containerPort"] for port in spec["scheduler"]["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"] for port in spec["scheduler"]["service"]["ports"]} == set(ports)
    arguments = client["spec"]["template"]["spec"]["containers"][0]["args"]
    assert f"--engine=dask=tcp://{name}-scheduler:{ports['tcp-comm']}" in arguments
    pods = [spec["worker"]["spec"], spec["scheduler"]["spec"], client["spec"]["template"]["spec"]]
    (job,) = (one for one in documents("job.yaml") if one["kind"] == "Job")
    images = {pod["containers"][0]["image"] for pod in [*pods, job["spec"]["template"]["spec"]]}
    assert len(images) == 1
    for pod in (pods[0], pods[2]):  # who reads and writes
        assert pod["volumes"] == [{"name": "archive", "persistentVolumeClaim": {"claimName": "archive"}}]


@pytest.mark.long
@pytest.mark.parametrize("name", ["job.yaml", "dask_cluster.yaml"])
def test_manifests_follow_the_schemas_of_kubernetes(name):
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    for document in documents(name):
        parts = [document]
        if document["kind"] == "DaskCluster":  # its schema is made of those of pods and services
            spec = document["spec"]
            pods = [spec["worker"]["spec"], spec["scheduler"]["spec"]]
            parts = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod} for pod in pods]
            service = spec["scheduler"]["service"]
            parts.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": service})
        for part in parts:
            validate.validate(part, "1.33", strict=True)


@contextlib.contextmanager
def slurm(folder: Path):
    """A Slurm of one node; what its commands need to find it."""
    missing = [name for name in ("slurmctld", "slurmd", "sbatch", "munged") if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"Slurm needs {' and '.join(missing)}" if missing else "Slurm's daemons need root")
    script = str(RECIPES / "local_slurm.sh")
    started = subprocess.run([script, "start", str(folder)], capture_output=True, text=True, timeout=120)
    try:
        if started.returncode != 0:
            pytest.skip(f"Slurm does not start here: {started.stderr.strip()}")
        yield {"SLURM_CONF": str(folder / "slurm.conf")}
    finally:
        subprocess.run([script, "stop", str(folder)], check=False, timeout=60)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm(tmp_path_factory.mktemp("slurm") / "s") as found:
        yield found


@pytest.mark.long
def test_slurm_runs_the_array_and_goes_on(archive, environment, one_process, cluster, tmp_path):
    own = {**environment, **cluster, "CATALOG": str(archive), "QUESTION": QUESTION, "OUTPUT": str(tmp_path)}
    sbatch = ["sbatch", "--wait", "--mem=1G", "--cpus-per-task=1", str(RECIPES / "mask.sbatch")]
    # One member of three, and then all: what the first did is not done again.
    subprocess.run([*sbatch[:-1], "--array=2", sbatch[-1]], env={**own, "SHARDS": "3"}, cwd=tmp_path, timeout=300)
    first = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nii.gz")}
    done = subprocess.run([*sbatch[:-1], "--array=1-3", sbatch[-1]], env=own, cwd=tmp_path, timeout=300)
    assert done.returncode == 1  # of the member that has the series which was cut
    assert_same(tmp_path, one_process)
    assert first
    assert {path: path.stat().st_mtime_ns for path in first} == first
    assert len(list(tmp_path.glob("bones-*.log"))) == 4


@pytest.mark.long
def test_dask_workers_that_slurm_starts_measure_all_series(archive, environment, cluster, tmp_path):
    for name in ("distributed", "dask_jobqueue"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    output = tmp_path / "results"
    command = [sys.executable, str(RECIPES / "dask_slurm.py"), str(archive), str(output), "--jobs", "2", "--cores", "1"]
    own = {**environment, **cluster, "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__ADDRESS": ":0"}
    done = subprocess.run(
        [*command, "--memory", "1GB", "--interface", "lo"], env=own, cwd=tmp_path, capture_output=True, text=True
    )
    assert f"{SERIES} series" in done.stdout, done.stderr
    rows = pa.concat_tables(pq.read_table(path) for path in output.glob("part-*.parquet")).to_pylist()
    assert sum(row["failure"] is None for row in rows) == SERIES - 1


@pytest.mark.long
def test_the_client_of_the_dask_cluster_gives_what_one_process_gives(archive, environment, one_process, tmp_path):
    pytest.importorskip("distributed", reason="distributed is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheduler, address = "bones-scheduler:8786", f"127.0.0.1:{port}"
    (arguments,) = (
        one["spec"]["template"]["spec"]["containers"][0]["args"]
        for one in documents("dask_cluster.yaml")
        if one["kind"] == "Job"
    )
    places = {"/archive/catalog": str(archive), "/archive/bones": str(tmp_path), scheduler: address}
    for before, after in places.items():
        arguments = [argument.replace(before, after) for argument in arguments]
    dask = [sys.executable, "-m", "distributed.cli.dask_"]
    with contextlib.ExitStack() as stack:
        for program, options in (
            ("scheduler", ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]),
            ("worker", [f"tcp://{address}", "--nworkers", "2", "--nthreads", "1", "--no-dashboard"]),
        ):
            process = subprocess.Popen([*dask[:-1], dask[-1] + program, *options], env=environment, cwd=tmp_path)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        done = subprocess.run(["hu", *arguments], env=environment, timeout=300)
    assert done.returncode == 1
    assert_same(tmp_path, one_process)
