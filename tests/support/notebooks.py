"""A real JupyterLab on this machine, with a kernel of this Python, and a notebook open in a browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hounsfield.web.sockets import listening

_TOKEN = "of-the-test"
_SOURCE = Path(__file__).parents[2] / "src"
#: Seconds: that the server may take to begin; after which a cell that has not begun is run again.
_PATIENCE, _BEGINS = 60, 5


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook of code."""
    code = [
        {"cell_type": "code", "id": f"cell{n}", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
        for n, text in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document), encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    """Variables by which Jupyter reads and writes in a folder only, and kernels import this hounsfield."""
    own = {
        "HOME": folder / "home",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "run",
        "IPYTHONDIR": folder / "ipython",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "PYTHONPATH": os.pathsep.join([str(_SOURCE), os.environ.get("PYTHONPATH", "")]),
    }
    (folder / "home").mkdir(parents=True, exist_ok=True)
    return {**os.environ, **{name: str(value) for name, value in own.items()}}


@contextmanager
def jupyterlab(folder: Path, root: Path) -> Iterator[str]:
    """Run a JupyterLab that shows a folder; gives its address."""
    listener = listening("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    options = [f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={_TOKEN}", "--ServerApp.port_retries=0"]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    with (
        open(folder / "log.txt", "wb") as log,
        subprocess.Popen([*command, *options], env=environment(folder), stdout=log, stderr=log) as server,
    ):
        base = f"http://127.0.0.1:{port}"
        try:
            end = time.monotonic() + _PATIENCE
            while not _answers(f"{base}/api?token={_TOKEN}"):
                assert server.poll() is None and time.monotonic() < end, (folder / "log.txt").read_text()
                time.sleep(0.2)
            yield base
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def _begin_kernel(base: str, name: str) -> None:
    """Start the kernel of a notebook before that is opened: who opens it first may lose what it asks of a new one."""
    asked = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    address = f"{base}/api/sessions?token={_TOKEN}"
    request = urllib.request.Request(address, json.dumps(asked).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=_PATIENCE).close()


class OpenNotebook:
    """A notebook in JupyterLab.

    Parameters
    ----------
    page
        A page of Playwright.
    base
        The address of the server.
    name
        The notebook's.
    """

    def __init__(self, page: Any, base: str, name: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        _begin_kernel(base, name)
        page.goto(f"{base}/lab/tree/{name}?token={_TOKEN}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()

    def run(self, number: int) -> str:
        """Run a cell to its end; return what it printed."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(number)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        until = time.monotonic() + _PATIENCE
        again = 0.0
        while not (re.search(r"\d", prompt.inner_text()) and prompt.inner_text() != before):
            assert time.monotonic() < until, "the cell does not end"
            # A kernel that is not connected yet lets it be, or forgets it.
            if time.monotonic() > again and "*" not in prompt.inner_text():
                cell.locator(".cm-content").click()
                self.page.keyboard.press("Control+Enter")
                again = time.monotonic() + _BEGINS
            self.page.wait_for_timeout(50)
        return "\n".join(cell.locator(".jp-OutputArea-output pre").all_inner_texts())

    def frame(self, number: int = 0) -> Any:
        """The page of hounsfield in an output."""
        return self.page.locator("iframe[title=hounsfield]").nth(number).content_frame

    def save(self) -> None:
        """Save the notebook."""
        self.page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
        self.page.keyboard.press("Control+s")
        self.page.locator(".jp-mod-dirty").first.wait_for(state="detached")
