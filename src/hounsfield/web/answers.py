"""Documents as JSON: numbers that are none become null, text is escaped, errors are sentences."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, cast

from hounsfield.text import json_safe, printable


def json_bytes(document: Any) -> bytes:
    """Return a document as JSON on one line, in ASCII where text could command anything."""
    return json_safe(json.dumps(jsonable(document), ensure_ascii=False, allow_nan=False)).encode("utf-8", "replace")


def error_bytes(sentence: str) -> bytes:
    """Return the document of an error."""
    return json_bytes({"error": sentence})


def jsonable(value: Any) -> Any:
    """Return what JSON can hold in the place of numpy's values, tuples, and numbers that are none, harmful text.

    Numpy is not imported for it: refusals are wanted before it is there.
    """
    if isinstance(value, Mapping):
        return {str(key): jsonable(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(each) for each in cast("list[Any]", value)]
    if isinstance(value, str):  # the page shows it as it comes: no mark may turn the rest of a line around
        return "\n".join(map(printable, value.replace("\r\n", "\n").split("\n")))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
