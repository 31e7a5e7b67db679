"""`hu doctor`: what is installed, what it can read, what is missing."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import click

from hounsfield._version import __version__
from hounsfield.cli.terminal import words_table, write_json, write_line, write_words

_EPILOG = """\b
Examples:
  hu doctor
  hu doctor --json
"""


@click.command("doctor", epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(as_json: bool) -> int:
    """List what is installed, each decoder with its version and what it can read, and what is missing."""
    parts = _packages()
    missing = [part for part in parts if part["version"] is None]
    decoders = [] if any(part["name"] in ("imagecodecs", "pydicom", "numpy") for part in missing) else _decoders()
    report = {
        "hounsfield": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": parts,
        "decoders": decoders,
        "missing": [part["install"] for part in missing],
    }
    if as_json:
        write_json(report, compact=False)
    else:
        _show(report)
    return 4 if missing else 0


def _packages() -> list[dict[str, Any]]:
    """Name and version of what hounsfield requires."""
    found: list[dict[str, Any]] = []
    for requirement in requires("hounsfield") or []:
        if ";" in requirement:
            continue  # belongs to an extra
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = None
        found.append({"name": name, "version": installed, "install": None if installed else f"pip install {name}"})
    return found


def _decoders() -> list[dict[str, Any]]:
    """Every transfer syntax for images, and what reads it."""
    from hounsfield.headers.info import uid_name
    from hounsfield.pixels.codecs import CODECS, library_version
    from hounsfield.pixels.opening import NATIVE
    from hounsfield.pixels.video import VIDEO, video_library

    readers: dict[str, str] = dict.fromkeys(NATIVE, "numpy")
    readers |= {uid: library_version(codec) for uid, codec in CODECS.items()}
    readers |= dict.fromkeys(VIDEO, video_library())
    return [
        {
            "transfer_syntax": uid,
            "name": uid_name(uid) or _NAMES.get(uid, ""),
            "decoder": readers[uid] or None,
        }
        for uid in sorted(readers, key=lambda uid: [int(part) for part in uid.split(".")])
    ]


#: Names of those that pydicom's dictionary does not have yet.
_NAMES = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    "1.2.840.113619.5.2": "GE private implicit VR little endian",
}


def _show(report: dict[str, Any]) -> None:
    write_words(f"hounsfield {report['hounsfield']}, Python {report['python']}, {report['platform']}")
    write_line("")
    words_table([[part["name"], part["version"] or f"missing: {part['install']}"] for part in report["packages"]])
    write_line("")
    rows = [
        [row["transfer_syntax"], row["decoder"] or 'pip install "hounsfield[video]"', row["name"]]
        for row in report["decoders"]
    ]
    words_table([["transfer syntax", "read by", "name"], *rows] if rows else [])
    if report["missing"]:
        write_line("")
        write_words("To install what is missing:")
        for install in report["missing"]:
            write_line(f"  {install}")
