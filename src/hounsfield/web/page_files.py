"""The files of the page, which are part of the package: read once, and also kept compressed."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
#: The first module; the others are those that it and they import.
_MAIN = "main.js"
#: The system's own table of types is not to be trusted: on some systems scripts are text in it.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}
_IMPORT = re.compile(r"""^(?:import|export)\b[^;'"()]*["'](\.{1,2}/[^"']+)["'];""", re.MULTILINE)


@dataclass(frozen=True)
class PageFile:
    """A file of the page.

    Attributes
    ----------
    content
        Its bytes.
    packed
        The same by gzip.
    kind
        Its type.
    tag
        Changes with its content.
    """

    content: bytes
    packed: bytes
    kind: str
    tag: str


@lru_cache(maxsize=256)
def page_file(name: str) -> PageFile | None:
    """Return a file of the page; None where there is none of this name."""
    parts = name.split("/")
    path = STATIC.joinpath(*parts)
    kind = _TYPES.get(path.suffix)
    if kind is None or not all(map(_is_plain, parts)) or not path.is_file():
        return None
    content = path.read_bytes()
    if name == "index.html":
        content = content.replace(b"  </head>", _preloads() + b"  </head>", 1)
    return PageFile(content, gzip.compress(content, 6, mtime=0), kind, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


def modules() -> list[str]:
    """Return the modules that the page always loads; those that it imports when they are wanted are not among them."""
    found, waiting = dict[str, None](), [_MAIN]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found[name] = None
        text = (STATIC / name).read_text(encoding="utf-8")
        folder = os.path.dirname(name)
        waiting += [os.path.normpath(f"{folder}/{there}" if folder else there) for there in _IMPORT.findall(text)]
    return [name.replace(os.sep, "/") for name in found]


def _preloads() -> bytes:
    """Links by which the browser loads all modules at once, not each after the one that imports it."""
    links = (f'    <link rel="modulepreload" href="static/{name}">\n' for name in modules() if name != _MAIN)
    return "".join(links).encode()


def _is_plain(part: str) -> bool:
    letters = part.replace("-", "").replace("_", "").replace(".", "")
    return letters.isascii() and letters.isalnum() and not part.startswith(".")
