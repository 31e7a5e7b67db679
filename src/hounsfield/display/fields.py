"""Attributes of damaged or hostile headers, as numbers and items of the kind that is expected, or not at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from hounsfield.image import Header, Image


def items(header: Mapping[str, Any], keyword: str) -> list[Header]:
    """The items of a sequence; none where the attribute is no sequence."""
    value = header.get(keyword)
    found = cast("list[Any]", value) if isinstance(value, list) else []
    return [item for item in found if isinstance(item, Header)]


def numbers(value: Any) -> list[float]:
    """The finite numbers among one or several values."""
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [float(v) for v in values if isinstance(v, (int, float)) and abs(v) < 1e300 and math.isfinite(v)]


def exactly(value: Any, count: int) -> list[float] | None:
    """Exactly `count` finite numbers, or None."""
    given = len(cast("list[Any]", value)) if isinstance(value, list) else 1
    found = numbers(value)
    return found if len(found) == given == count else None


def number(header: Mapping[str, Any], keyword: str) -> float | None:
    """One finite number, or None."""
    found = exactly(header.get(keyword), 1)
    return found[0] if found else None


def texts(value: Any) -> list[str]:
    """One or several values as text, empty ones included: their place counts."""
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return ["" if v is None else str(v).strip() for v in values]


def frame_header(image: Image) -> Header:
    """The header of a frame, or of an image's first one."""
    return image.header if image.frame_index is not None else image.header.for_frame(0)
