"""Columns of answers whose types only DuckDB has, as text: intervals, bits, times with a time zone."""

from __future__ import annotations

from typing import Any

#: Types that Arrow does not have, or that its files do not take, or whose values it changes.
_AS_TEXT = frozenset(["interval", "bit", "time with time zone", "time_ns", "uhugeint", "bignum", "union", "variant"])


def with_texts(answer: Any) -> Any:
    """Return an answer of DuckDB in which columns of such types are text, as DuckDB writes it, also within lists."""
    types = [_with_texts(each) for each in answer.types]
    if not any(types):
        return answer
    columns = (
        f"CAST(#{number} AS {type_}) AS {_name(name)}" if type_ else f"#{number} AS {_name(name)}"
        for number, (name, type_) in enumerate(zip(answer.columns, types, strict=True), 1)
    )
    return answer.project(", ".join(columns))


def _with_texts(type_: Any) -> str | None:
    """Return the SQL of a type with text in the place of what is in the list above; None for one without."""
    kind = str(type_.id)
    if kind in _AS_TEXT:
        return "VARCHAR"
    if kind not in ("list", "array", "struct", "map"):
        return None
    parts: list[tuple[str, Any]] = type_.children
    inner = [(name, _with_texts(part) if name != "size" or kind != "array" else None, part) for name, part in parts]
    if not any(text for _, text, _ in inner):
        return None
    written = [text or str(part) for _, text, part in inner]
    if kind == "list":
        return f"{written[0]}[]"
    if kind == "array":
        return f"{written[0]}[{inner[1][2]}]"
    if kind == "map":
        return f"MAP({', '.join(written)})"
    fields = (f"{_name(name)} {text}" for (name, _, _), text in zip(inner, written, strict=True))
    return f"STRUCT({', '.join(fields)})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
