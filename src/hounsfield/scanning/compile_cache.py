"""The folder in which compiled code is kept, and the hash that names it."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

#: The modules with compiled functions, which are compiled into one another; and those whose numbers they take.
COMPILED = (
    "element", "beginning", "walker", "walk_files", "typed", "typed_text", "typed_numbers", "typed_times",
    "stat_files",
)  # fmt: skip

_NUMBERS = ("scanning/found", "headers/index", "scanning/columns")


@cache
def fingerprint() -> str:
    """Return a short hash of all that is compiled, and of what compiles it.

    Numba keeps what it compiled for as long as the module of a function is the same. What that calls may stand in
    another; so the hash names the folder in which the results are kept.
    """
    versions = [metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    hashed = hashlib.sha256(repr((sys.version, versions)).encode())
    for name in (*(f"scanning/{module}" for module in COMPILED), *_NUMBERS):
        hashed.update((Path(__file__).parents[1] / f"{name}.py").read_bytes())
    return hashed.hexdigest()[:16]


def cache_folder() -> Path | None:
    """Return the folder in which the results are kept, made if need be; None where nothing can be written.

    It belongs to the user, not to one environment. Numba's own variable NUMBA_CACHE_DIR names another.
    """
    import platformdirs

    try:
        parent = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_dir("hounsfield", appauthor=False)
        folder = Path(parent) / f"compiled-{fingerprint()}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError, metadata.PackageNotFoundError):  # RuntimeError: there is no home
        return None
    return folder if os.access(folder, os.W_OK) else None
