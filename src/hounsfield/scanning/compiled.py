"""Functions that Numba compiles: once for a user's machine, since the result is kept in the user's cache folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import caching

from hounsfield.scanning.compile_cache import cache_folder, fingerprint

_Function = TypeVar("_Function", bound=Callable[..., Any])
#: The second: references are not counted, which none of these functions needs. Counting takes two thirds of a walk.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}


class _UserFolder(caching._CacheLocator):  # pyright: ignore[reportPrivateUsage]
    """The place of Numba's results: in the user's cache folder, the same for every environment.

    Numba's own places are the package's folder, which belongs to one environment and may be read-only, and a folder
    for each path of a module.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def get_cache_path(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the folder."""
        return self._folder

    def get_source_stamp(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return what stands for the source."""
        return fingerprint()

    def get_disambiguator(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return what tells functions of one name apart; there are none."""
        return "0"

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _UserFolder | None:  # noqa: ARG003
        """Return the place of a function; None where nothing can be written."""
        folder = cache_folder()
        return None if folder is None else cls(str(folder))


class _Results(caching.CompileResultCacheImpl):
    _locator_classes = [_UserFolder]


class _Cache(caching.FunctionCache):
    _impl_class = _Results


def compiled(function: _Function) -> _Function:
    """Compile a function when it is first called, without the interpreter lock, and keep the result on disk.

    Such a function may not make arrays. Where there is no place for it on disk, it is compiled in every process.
    Whole numbers that are written in a call make a variant of their own: `np.int64(0)` does not.
    """
    jitted = cast("Any", numba.njit(**_OPTIONS)(function))
    try:
        jitted._cache = _Cache(function)
    except Exception:  # no folder can be written, or this Numba keeps results in another way: then none is kept
        jitted._cache = caching.NullCache()
    return cast("_Function", jitted)


def inlined(function: _Function) -> _Function:
    """Compile a function into those that call it."""
    return cast("_Function", numba.njit(inline="always", **_OPTIONS)(function))
