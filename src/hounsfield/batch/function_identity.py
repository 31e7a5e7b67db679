"""What a function is, so that results of one are never taken for those of another: its source, and what it holds."""

from __future__ import annotations

import dis
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

import numpy as np

#: So much of what a function holds is looked at; a network has millions of objects.
_DEEPEST, _MOST = 12, 20_000


def name_of(function: Callable[..., Any]) -> str:
    """Return what a function is called, with its module."""
    known = function.func if isinstance(function, partial) else function
    return f"{getattr(known, '__module__', '')}.{getattr(known, '__qualname__', type(known).__name__)}"


def identity_of(function: Callable[..., Any]) -> str:
    """Return a digest that changes when a function does.

    It is of its source, its defaults, the variables of functions around it, the attributes of the object that it
    belongs to, and of the values, functions and classes of its own module that it names; these in their turn, too.
    Of other modules the names count.

    Parameters
    ----------
    function
        A function, a method, an object that can be called, a partial.

    Examples
    --------
    >>> def above(value):
    ...     return lambda read: (read.values > value).sum()
    >>> identity_of(above(100)) == identity_of(above(100)), identity_of(above(100)) == identity_of(above(200))
    (True, False)
    """
    return hashlib.sha256(repr(_Looking().of(function, 0)).encode("utf-8", "backslashreplace")).hexdigest()


class _Looking:
    def __init__(self) -> None:
        self._on_the_way: set[int] = set()
        self._count = 0

    def of(self, value: Any, depth: int) -> Any:
        """Return what a value is, as something whose `repr` is the same in each process."""
        self._count += 1
        if value is None or type(value) in (bool, int, float, complex, str, bytes):
            return value
        if depth > _DEEPEST or self._count > _MOST or id(value) in self._on_the_way:
            return type(value).__qualname__
        self._on_the_way.add(id(value))
        try:
            return self._looked_at(value, depth + 1)
        finally:
            self._on_the_way.discard(id(value))

    def _looked_at(self, value: Any, depth: int) -> Any:  # noqa: PLR0911  a case for each kind
        if isinstance(value, (list, tuple)):
            return (type(value).__name__, *(self.of(one, depth) for one in cast("list[Any]", value)))
        if isinstance(value, (set, frozenset)):
            return ("set", *sorted(repr(self.of(one, depth)) for one in cast("set[Any]", value)))
        if isinstance(value, Mapping):
            return self._mapping(cast("Mapping[Any, Any]", value), depth)
        if isinstance(value, np.ndarray):
            if value.dtype.hasobject:
                return self.of(value.tolist(), depth)
            return ("array", value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest())
        if isinstance(value, partial):
            return ("partial", *(self.of(one, depth) for one in (value.func, value.args, value.keywords)))
        if isinstance(value, MethodType):
            return ("method", self.of(value.__func__, depth), self.of(value.__self__, depth))
        if isinstance(value, FunctionType):
            return self._function(value, depth)
        if isinstance(value, type):
            return (f"{value.__module__}.{value.__qualname__}", _source_of(value))
        if isinstance(value, ModuleType):
            return value.__name__
        return self._thing(value, depth)

    def _mapping(self, values: Mapping[Any, Any], depth: int) -> Any:
        return ("dict", *((repr(self.of(key, depth)), self.of(one, depth)) for key, one in values.items()))

    def _thing(self, value: Any, depth: int) -> Any:
        kind = type(value)
        called = f"{kind.__module__}.{kind.__qualname__}"
        if state := getattr(value, "__dict__", None):
            return (called, _source_of(kind), self._mapping(state, depth))
        text = repr(value)
        return called if " at 0x" in text else (called, text)

    def _function(self, function: FunctionType, depth: int) -> Any:
        held = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        named = {
            name: self.of(function.__globals__[name], depth)
            for name in sorted(set(_globals_of(function.__code__)))
            if _counts(function.__globals__.get(name), function.__module__)
        }
        return (
            f"{function.__module__}.{function.__qualname__}",
            _source_of(function) or self._code(function.__code__),
            self.of((function.__defaults__, function.__kwdefaults__, held), depth),
            named,
        )

    def _code(self, code: CodeType) -> Any:
        inner = [self._code(one) if isinstance(one, CodeType) else self.of(one, 1) for one in code.co_consts]
        return (code.co_code, inner, code.co_names, code.co_varnames)


def _source_of(value: Any) -> str:
    try:
        return inspect.getsource(value)
    except (OSError, TypeError):
        return ""


def _globals_of(code: CodeType) -> Iterator[str]:
    for one in dis.get_instructions(code):
        if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield one.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _globals_of(inner)


def _counts(value: Any, module: str) -> bool:
    """Return whether a global that a function names is looked at: data, and what is written beside the function."""
    if isinstance(value, (FunctionType, type)):
        return value.__module__ == module
    return isinstance(value, (bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict, np.ndarray))


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
