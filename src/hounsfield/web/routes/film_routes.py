"""A stack as GIF or MP4: made while the page waits, told of as it grows, ended when the page does not wait any more."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from hounsfield.display.voi import Window
from hounsfield.voxels.grids import NAMED_PLANES, directions_of
from hounsfield.voxels.projections import PROJECTIONS
from hounsfield.web.films import FilmLook, FilmWish, write_film
from hounsfield.web.items import Item, new_id
from hounsfield.web.parameters import Refused
from hounsfield.web.plane_frames import Cut, Point
from hounsfield.web.routes.answering import Routes
from hounsfield.web.routes.attachments import sent_file
from hounsfield.web.viewing import Viewing

_TYPES = {"gif": "image/gif", "mp4": "video/mp4"}
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_KEY = re.compile(r"[\w-]{1,40}", re.ASCII)
#: Seconds between two looks whether the page is still there; between two words on progress.
_LOOK, _PACE = 0.2, 0.1


class _Ended(Exception):
    """Nobody waits for the film any more."""


async def film(request: Request, viewing: Viewing) -> Response:
    """Make a film, and send it."""
    item = viewing.item(request)
    try:
        document: Any = json.loads(await request.body())
        wish, key = _wish(document, item), document.get("key", "")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise Refused(400, "the film that is asked for cannot be understood") from None
    key = key if isinstance(key, str) and _KEY.fullmatch(key) else ""
    path, ended = viewing.folder.path() / f"film-{new_id()}", threading.Event()
    work = asyncio.ensure_future(viewing.run_film(lambda: _make(path, item, wish, viewing, key, ended)))
    try:
        while not work.done():
            if await request.is_disconnected():
                ended.set()
            await asyncio.wait([work], timeout=_LOOK)
        work.result()
    except _Ended:
        path.unlink(missing_ok=True)
        raise Refused(400, "nobody waits for the film") from None
    except BaseException:
        ended.set()
        path.unlink(missing_ok=True)
        raise
    return sent_file(path, f"hounsfield.{wish.form}", _TYPES[wish.form])


def _make(path: Path, item: Item, wish: FilmWish, viewing: Viewing, key: str, ended: threading.Event) -> None:
    said = 0.0

    def told(done: int, frames: int) -> None:
        nonlocal said
        viewing.discovery.check()
        if ended.is_set():
            raise _Ended
        if key and (monotonic() - said >= _PACE or done == frames):
            said = monotonic()
            viewing.discovery.items.tell("film", {"key": key, "done": done, "frames": frames})

    write_film(path, item, wish, told)


def _wish(document: Mapping[str, Any], item: Item) -> FilmWish:
    form = document["format"]
    if form not in _TYPES:
        raise ValueError("an unknown format")
    turns = document.get("turns", 0)
    if turns not in (0, 1, 2, 3):
        raise ValueError("turns are quarters")
    look = FilmLook(
        _voi(document.get("window")),
        document.get("own") is True,
        document.get("inverted") is True,
        _colours(document.get("colours")),
        turns,
        document.get("flipped") is True,
    )
    return FilmWish(form, look, _cut(document, item))


def _cut(document: Mapping[str, Any], item: Item) -> Cut | None:
    plane, slab, how = document.get("plane"), document.get("slab") or None, document.get("how", "mean")
    if how not in PROJECTIONS or (slab is not None and not 0 < float(slab) < 1e6):
        raise ValueError("a slab has a thickness in mm, and is projected")
    row, column, through = (_vector(document.get(name)) for name in ("row", "column", "through"))
    rectified = document.get("rectified") is True
    if plane is None and row is None and column is None and through is None and not rectified:
        return None
    if plane not in NAMED_PLANES or item.kind != "volume":
        raise ValueError("an unknown plane, or no volume")
    if row is None or column is None:
        if row is not None or column is not None or through is not None:
            raise ValueError("directions are those of rows and columns")
        return Cut(plane, slab=slab, how=how, rectified=rectified)
    directions_of((*row, *column))
    return Cut(plane, (row, column), through, slab, how, rectified)


def _vector(given: Any) -> Point | None:
    """Return a direction, or a point in LPS mm."""
    if given is None:
        return None
    x, y, z = (float(number) for number in given)
    if isinstance(given, str) or not all(abs(number) < 1e6 for number in (x, y, z)):
        raise ValueError("three numbers")
    return x, y, z


def _voi(given: Any) -> Window | int | None:
    if given is None:
        return None
    if type(given) is int and 0 <= given < 1000:
        return given
    return _window(given)


def _window(given: Any) -> Window:
    center, width = float(given["center"]), float(given["width"])
    least = 1.0 if given["function"] == "LINEAR" else 0.0
    sound = math.isfinite(center) and math.isfinite(width) and width >= least and width > 0
    if given["function"] not in _FUNCTIONS or not sound:
        raise ValueError("no window")
    return Window(center, width, given["function"])


def _colours(text: Any) -> Any:
    """Return the 256 colours of the page's colour map: it sends what it shows."""
    if text is None:
        return None
    data = base64.b64decode(text, validate=True)
    return np.frombuffer(data, np.uint8).reshape(256, 3)


ROUTES: Routes = {
    ("POST", "/api/items/{id}/film"): film,
}
