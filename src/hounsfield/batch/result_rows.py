"""Rows of results: of a command one for each thing that was measured, of a function what it returned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from hounsfield.text import json_safe, name_text, storable

if TYPE_CHECKING:
    from hounsfield.batch.records import Record

#: Columns by which a job knows what it has done.
OWN = ("key", "stamp", "slice_ends")
#: Columns of every row: which input, and what became of it. The values of a function stand between them.
BEFORE = {
    "key": "string",
    "stamp": "string",
    "slice_ends": "list",
    "input": "string",
    "kind": "string",
    "StudyInstanceUID": "string",
    "SeriesInstanceUID": "string",
}
AFTER = {"assumptions": "list", "error": "string", "error_type": "string", "failure": "string"}
#: Columns of what commands measure and write.
MEASURED = {
    "region": "string",
    "channel": "string",
    "frame": "int",
    "slice": "int",
    "unit": "string",
    "pixels": "int",
    "area_mm2": "float",
    "volume_ml": "float",
    "spacing_kind": "string",
    "mean": "float",
    "sd": "float",
    "min": "float",
    "max": "float",
    "median": "float",
    "p5": "float",
    "p95": "float",
    "padding_pixels": "int",
    "outputs": "list",
    "result": "string",
}
#: What of a result is not repeated in its row: a catalog has it, and of a long series it is most of all bytes.
_KNOWN = ("files", "SOPInstanceUIDs")
#: The column of what a function returned that is no dictionary.
VALUE = "value"


def rows_of(record: Record, *, measured: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of an input: at least one.

    Parameters
    ----------
    record
        What became of it.
    measured
        Whether a command did it, whose result holds measures and outputs; else a function's stands in it as `VALUE`.
    """
    result: Any = record.result if isinstance(record.result, dict) else {}
    before: dict[str, Any] = {
        "key": record.key,
        "stamp": record.stamp,
        "slice_ends": list(record.ends),
        "input": name_text(record.source),
        "kind": "volume" if record.is_volume else "image",
        "StudyInstanceUID": result.get("StudyInstanceUID") or None,
        "SeriesInstanceUID": result.get("SeriesInstanceUID") or record.series or None,
    }
    after: dict[str, Any] = {
        "assumptions": [storable(one) for one in record.assumptions],
        "error": storable(record.error) or None,
        "error_type": record.error_type or None,
        "failure": record.failure,
    }
    if not measured:
        yield before | _values(result.get(VALUE)) | after
        return
    told = {key: value for key, value in result.items() if key not in _KNOWN}
    whole: dict[str, Any] = {"outputs": _outputs(result.get("outputs")), "result": _text(told) if told else None}
    for labels, measures in parts_of(result) or [({}, {})]:
        yield before | labels | _measures(measures) | whole | after
        whole = {}


def parts_of(result: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return what was measured of an input: of each part what it is called, and its measures."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if "measures" in result:
        found.append(({"unit": result.get("unit")} if "unit" in result else {}, result["measures"]))
    for channel, measures in result.get("channels", {}).items():
        found.append(({"channel": channel}, measures))
    for word in ("frame", "slice"):
        found += [({word: index}, one) for index, one in enumerate(result.get(f"{word}s", []))]
    for region in result.get("regions", []):
        found += [({"region": region["name"]} | labels, one) for labels, one in parts_of(region)]
    return found


def _measures(measures: dict[str, Any]) -> dict[str, Any]:
    percentiles = measures.get("percentiles") or {}
    return {name: measures[name] for name in MEASURED if measures.get(name) is not None} | {
        name: percentiles[name] for name in ("p5", "p95") if name in percentiles
    }


def _outputs(outputs: Any) -> list[str] | None:
    if outputs is None:
        return None
    return [name_text(str(one)) for one in (outputs.values() if isinstance(outputs, dict) else outputs)]


def _text(value: Any) -> str:
    return json_safe(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))


def _values(result: Any) -> dict[str, Any]:
    """Return the columns of what a function returned."""
    if result is None:
        return {}
    if isinstance(result, np.ndarray) and result.ndim > 1:
        return {VALUE: result.ravel().tolist(), "shape": list(result.shape)}
    if not isinstance(result, dict):
        return {VALUE: plain(result)}
    known: dict[Any, Any] = result
    return {storable(str(name)): plain(value) for name, value in known.items()}


def plain(value: Any) -> Any:
    """Return a value of Python's own for one of numpy's, with texts that a table can hold."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist()) if value.dtype.kind in "UO" else value.tolist()
    if isinstance(value, list):
        return [plain(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {storable(str(name)): plain(one) for name, one in value.items()}  # pyright: ignore
    return value


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return what texts are sorted by: the numbers in them as numbers."""
    parts = re.split(r"([0-9]{1,18})", text)
    return [(1, int(part), "") if index % 2 else (0, 0, part) for index, part in enumerate(parts)]
