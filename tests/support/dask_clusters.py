"""Clusters of Dask as a person starts them: a scheduler and workers, processes of their own in another folder."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import jobs


def needs_dask():
    """Skip where Dask is not installed."""
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("distributed is not installed")


class Cluster:
    """A scheduler on TCP, and workers of one thread each."""

    def __init__(self, folder, workers=2, *, nanny=False, **variables):
        self.folder, self.nanny = Path(folder), nanny
        self.folder.mkdir(parents=True)
        known = {"DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false"}
        self._environment = os.environ | known | {name: str(value) for name, value in variables.items()}
        self.scheduler = self._started("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._address()
        self.workers = [self.add_worker() for _ in range(workers)]

    def _started(self, kind, *arguments):
        log = (self.folder / f"{kind}.log").open("ab")
        command = [sys.executable, "-m", "dask", kind, *arguments, "--no-dashboard", "--scheduler-file"]
        with log:
            return subprocess.Popen(
                [*command, str(self.folder / "scheduler.json")],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment,
                start_new_session=True,
            )

    def _address(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(OSError, ValueError, KeyError):
                return json.loads((self.folder / "scheduler.json").read_text())["address"]
            time.sleep(0.05)
        raise AssertionError((self.folder / "scheduler.log").read_text())

    def add_worker(self):
        """Start one more worker."""
        nanny = "--nanny" if self.nanny else "--no-nanny"
        return self._started("worker", nanny, "--nthreads", "1", "--host", "127.0.0.1")

    @property
    def engine(self):
        """The engine as the command knows it."""
        return f"dask={self.address}"

    def pids(self):
        """Return all of its processes."""
        own = [process.pid for process in (self.scheduler, *self.workers)]
        return [*own, *(child for pid in own for child in jobs.children_of(pid, b""))]

    def close(self):
        """End all of it."""
        pids = self.pids()
        for pid in pids:
            jobs.kill(pid)
        for process in (self.scheduler, *self.workers):
            process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
