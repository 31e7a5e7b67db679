"""Stored values by DCMTK: its decoders write native files, whose bytes are read here as PS3.5 8.1 says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom

from oracles.cells import Unreadable, cells_of

COMMANDS = ("dcmconv", "dcmdjpeg", "dcmdjpls", "dcmdrle")

_JPEG = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70)}
_JPEG_LS = {f"1.2.840.10008.1.2.4.{n}" for n in (80, 81)}
_RLE = {"1.2.840.10008.1.2.5"}
_NATIVE = {
    "",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
    "1.2.840.113619.5.2",
}


def installed() -> bool:
    return all(shutil.which(command) for command in COMMANDS)


def version() -> str:
    said = subprocess.run(["dcmconv", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split(maxsplit=3)[2].removeprefix("v")


def _command(syntax: str) -> list[str]:
    """The decoder of a transfer syntax; colour space kept, samples side by side, one fragment a codestream."""
    if syntax in _JPEG:
        return ["dcmdjpeg", "+cn", "+px"]
    if syntax in _JPEG_LS:
        return ["dcmdjpls", "+px"]
    if syntax in _RLE:
        return ["dcmdrle"]
    if syntax in _NATIVE:
        return ["dcmconv", "+te"]
    raise Unreadable(f"DCMTK has no decoder for {pydicom.uid.UID(syntax).name}")


def stored_values(path: Path, syntax: str, folder: Path) -> np.ndarray:
    """DCMTK's stored values (frame, row, column[, sample]), colour in the space it is stored in.

    Parameters
    ----------
    path
        The file.
    syntax
        Its transfer syntax UID, "" where it has none.
    folder
        A folder for the native file.

    Raises
    ------
    Unreadable
        DCMTK has no decoder, or gives up; or its result is no image.
    """
    command = _command(syntax)
    target = folder / "native.dcm"
    try:
        done = subprocess.run([*command, path, target], capture_output=True, text=True, errors="replace", timeout=600)
        if done.returncode or not target.exists():
            raise Unreadable(f"{command[0]}: {_reason(done.stderr, path)}")
        return cells_of(pydicom.dcmread(target))
    finally:
        target.unlink(missing_ok=True)


def _reason(text: str, path: Path) -> str:
    """The last thing that a command said, without the file's place."""
    lines = [line for line in text.splitlines() if line.startswith(("E:", "F:"))] or [text]
    return lines[-1][3:].replace(str(path), path.name).strip() or "no reason given"
