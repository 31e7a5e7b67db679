"""Jobs of the command: run, killed, and what they leave."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HU = [sys.executable, "-m", "hounsfield"]


def hu(*arguments, cwd=None, **variables):
    """Run the command to its end."""
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    command = [*HU, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False, cwd=cwd)


def begin(*arguments, cwd=None, **variables):
    """Begin the command; its processes are a group of their own."""
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    command = [*HU, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, start_new_session=True, cwd=cwd
    )


def rows_of(results):
    """Return the rows of results, by input, without what files were like."""
    table = pa.concat_tables([pq.read_table(part) for part in sorted(Path(results).glob("part-*.parquet"))])
    rows = table.drop_columns(["stamp"]).to_pylist()
    return sorted(rows, key=lambda row: (row["key"], json.dumps(row, default=str)))


def files_of(folder):
    """Return the files below a folder, hidden ones too, with their content."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()
    }


def done_in(results):
    """Return the names of inputs that are done, as far as results tell that are not finished."""
    names = {
        json.loads(path.read_bytes())["source"]
        for path in Path(results).glob(".work/*/*.json")
        if not path.name.startswith(".")
    }
    for part in Path(results).glob("part-*.parquet"):
        names.update(pq.read_table(part, columns=["input"])["input"].to_pylist())
    return names


def children_of(pid, name=b"spawn_main"):
    """Return processes that a process has begun, and these in their turn, whose command line has a word in it."""
    found, parents = [], {pid}
    for entry in sorted(Path("/proc").iterdir(), key=lambda path: int(path.name) if path.name.isdigit() else 0):
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent in parents:
            parents.add(int(entry.name))
            if name in command:
                found.append(int(entry.name))
    return found


def kill(pid):
    """Kill a process, unless it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_until_gone(pids, seconds=30):
    """Wait until processes are gone."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_is_alive(pid) for pid in pids):
            return
        time.sleep(0.02)
    raise AssertionError("processes are left")


def _is_alive(pid):
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
