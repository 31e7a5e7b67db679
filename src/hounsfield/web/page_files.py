"""The files of the page, which are part of the package."""

from __future__ import annotations

from pathlib import Path

from hounsfield.web.parameters import Refused

STATIC = Path(__file__).parent / "static"
#: The system's own table of types is not to be trusted: on some systems scripts are text in it.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}


def page_file(name: str) -> tuple[bytes, str]:
    """Return a file of the page and its type.

    Raises
    ------
    Refused
        There is none of this name.
    """
    parts = name.split("/")
    path = STATIC.joinpath(*parts)
    kind = _TYPES.get(path.suffix)
    if kind is None or not all(map(_is_plain, parts)) or not path.is_file():
        raise Refused(404, "there is nothing at this address")
    return path.read_bytes(), kind


def _is_plain(part: str) -> bool:
    letters = part.replace("-", "").replace("_", "").replace(".", "")
    return letters.isascii() and letters.isalnum() and not part.startswith(".")
