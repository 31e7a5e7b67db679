"""What a request says, checked: numbers, planes, and the refusal of what cannot be answered."""

from __future__ import annotations

import json
from typing import Any, cast

from starlette.requests import Request

from hounsfield.voxels.grids import NAMED_PLANES, PlaneName

#: mm; nothing of a patient is so far from anything.
_FAR = 1e6


class Refused(Exception):
    """A request that cannot be answered: its status, and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


async def object_of(request: Request) -> dict[str, Any]:
    """Return the object of JSON that a request has as its body.

    Raises
    ------
    Refused
        It has none.
    """
    try:
        document: Any = json.loads(await request.body())
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refused(400, "send an object of JSON")
    return cast("dict[str, Any]", document)


def language_of(request: Request) -> str:
    """Return the language of the page: ``"zh"``, or ``"en"``; event streams cannot say it in a header."""
    said = request.query_params.get("language") or request.headers.get("x-language")
    return "zh" if said == "zh" else "en"


def plane_of(request: Request) -> PlaneName:
    """Return the plane that an address names."""
    name = request.path_params["plane"]
    if name not in NAMED_PLANES:
        raise Refused(404, "a plane is axial, coronal or sagittal")
    return name


def index_of(text: str) -> int:
    """Return the number of a frame."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Refused(404, "there is no such frame")
    return int(text)


def whole_number_of(request: Request, name: str, default: int) -> int:
    """Return a parameter that is a whole number."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Refused(400, f"{name} is a whole number")
    return int(text)


def decimal_of(request: Request, name: str) -> float | None:
    """Return a parameter that is a number; None where it is not given."""
    text = request.query_params.get(name)
    if text in (None, ""):
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e300:
        raise Refused(400, f"{name} is a number")
    return number


def vector_of(request: Request, name: str) -> tuple[float, float, float] | None:
    """Return a parameter that is three numbers, x,y,z; None where it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text[:200].split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(abs(number) < _FAR for number in numbers):
        raise Refused(400, f"{name} is three numbers: x,y,z")
    return numbers[0], numbers[1], numbers[2]
