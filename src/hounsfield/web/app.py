"""The addresses of the server, and what is done for each; see `viewer` for what is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hounsfield.display.voi import Window, WindowLike, file_voi
from hounsfield.errors import HounsfieldError
from hounsfield.headers.dataset import open_dataset
from hounsfield.headers.tags import attributes
from hounsfield.image import Image
from hounsfield.voxels.grids import PlaneName
from hounsfield.voxels.projections import PROJECTIONS, Projection
from hounsfield.web.access import Door, Guard
from hounsfield.web.answers import error_bytes, json_bytes
from hounsfield.web.discovery import Discovery
from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item
from hounsfield.web.page_files import page_file
from hounsfield.web.parameters import Refused, decimal_of, index_of, plane_of, whole_number_of
from hounsfield.web.plane_frames import PlaneFrames
from hounsfield.web.presence import Presence
from hounsfield.web.previews import annotated, picture, thumbnail
from hounsfield.web.viewer import described, listed, reported, sent_type, state

_Result = TypeVar("_Result")

#: Rows of a header that are sent; seconds between two signs of life; frames that are read at a time.
_ROWS, _ALIVE, _THREADS = 2000, 15.0, 4
#: Events that wait for a page; of one that does not take them the connection ends.
_WAITING = 10_000


@dataclass
class Viewing:
    """All that a server shows, and how.

    Attributes
    ----------
    discovery
        Finds what is shown.
    door
        Who is let in.
    hiding
        What is said of the patient.
    presence
        How many pages are open.
    """

    discovery: Discovery
    door: Door
    hiding: Hiding = field(default_factory=Hiding)
    presence: Presence = field(default_factory=Presence)
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "hounsfield-view"))
    assembler: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "hounsfield-view-volume"))
    begun: set[str] = field(default_factory=set[str])

    def close(self) -> None:
        """End all work."""
        self.presence.close()
        self.discovery.stop()
        self.readers.shutdown(wait=False, cancel_futures=True)
        self.assembler.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Do some work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.readers, work)

    def item(self, request: Request) -> Item:
        """Return the item that is asked for."""
        item = self.discovery.items.get(request.path_params["id"])
        if item is None:
            raise Refused(404, "there is no such item in this run")
        return item

    def assemble(self, item: Item) -> None:
        """Begin to put an item's frames together, once; the page is told when that is done."""
        frames = item.frames
        if not frames.can_be_assembled or frames.assembled is not None or item.id in self.begun:
            return
        self.begun.add(item.id)

        def work() -> None:
            try:
                frames.volume()
                self.begun.discard(item.id)
            except HounsfieldError as error:  # which is not tried again: frames are read one by one then
                item.error = item.error if frames.places is not None else error.message
            except Exception:  # each frame says what is wrong with it
                return
            self.discovery.items.put(item)

        self.assembler.submit(work)


def create_app(viewing: Viewing) -> Guard:
    """Return the application: routes behind a door."""
    handlers = {
        "/api/events": events,
        "/api/items/{id}": describe,
        "/api/items/{id}/frames/{frame}": frame,
        "/api/items/{id}/frames/{frame}/palette": palette,
        "/api/items/{id}/planes/{plane}": describe_plane,
        "/api/items/{id}/planes/{plane}/{frame}": plane_frame,
        "/api/items/{id}/thumbnail": small,
        "/api/items/{id}/header": header,
        "/api/items/{id}/picture": full,
    }
    posts = {"/api/session": session, "/api/patient": patient, "/api/closed": closed}
    routes = [Route(path, _answering(handler), methods=["GET"]) for path, handler in handlers.items()]
    routes += [Route(path, _answering(handler), methods=["POST"]) for path, handler in posts.items()]
    routes += [Route(path, _answering(page), methods=["GET"]) for path in ("/", "/index.html", "/static/{path:path}")]
    app = Starlette(routes=routes, exception_handlers={404: _nothing, 405: _not_so})
    app.router.redirect_slashes = False
    app.state.viewing = viewing
    return Guard(app, viewing.door)


def _answering(handler: Callable[[Request, Viewing], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        viewing = cast("Viewing", request.app.state.viewing)
        try:
            return await handler(request, viewing)
        except Refused as error:
            return _error(error.status, error.sentence)
        except HounsfieldError as error:
            item = viewing.discovery.items.get(request.path_params.get("id", ""))
            return _error(422, viewing.hiding.sentence(error.message, item.files if item else ()))
        except IndexError:
            return _error(404, "there is no such frame")
        except MemoryError:
            return _error(422, "there is not enough memory for it")
        except Exception:  # whatever it is: its text may hold names, and nobody reads a log
            return _error(500, "the server met with a defect; please report it")

    return answer


def _error(status: int, sentence: str) -> Response:
    return Response(error_bytes(sentence), status, media_type="application/json")


async def _nothing(request: Request, error: Exception) -> Response:
    return _error(404, "there is nothing at this address")


async def _not_so(request: Request, error: Exception) -> Response:
    return _error(405, "this address takes another method")


def _json(document: Any) -> Response:
    return Response(json_bytes(document), media_type="application/json")


async def session(request: Request, viewing: Viewing) -> Response:
    """Give the browser its cookie: the door has looked at the token."""
    answer = Response(status_code=204)
    door = viewing.door
    answer.set_cookie(door.cookie, door.keys.session, path="/", httponly=True, samesite="strict")
    return answer


async def patient(request: Request, viewing: Viewing) -> Response:
    """Hide the patient, or show it again."""
    try:
        hidden = json.loads(await request.body())["hidden"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(400, 'send {"hidden": true} or {"hidden": false}') from None
    if not isinstance(hidden, bool):
        raise Refused(400, 'send {"hidden": true} or {"hidden": false}')
    if not viewing.hiding.set(hidden):
        raise Refused(403, "the patient stays hidden: hu view was started with --no-phi")
    viewing.discovery.items.tell("patient", hidden)
    return Response(status_code=204)


async def closed(request: Request, viewing: Viewing) -> Response:
    """Note that a page was closed."""
    viewing.presence.left()
    return Response(status_code=204)


async def events(request: Request, viewing: Viewing) -> Response:
    """Tell a page what is there, then each change, until it closes."""
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    return StreamingResponse(event_stream(viewing), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def event_stream(viewing: Viewing) -> AsyncIterator[bytes]:
    """Yield the state, then each change, until the server ends."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
    items, hiding = viewing.discovery.items, viewing.hiding

    def listener(kind: str, content: Any) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, (kind, content))

    end, leave = items.listen(listener), viewing.presence.entered(lambda: queue.put_nowait(None))
    try:
        yield _event(state(items, hiding))
        while queue.qsize() < _WAITING:
            try:
                change = await asyncio.wait_for(queue.get(), _ALIVE)
            except TimeoutError:
                yield b": \n\n"
                continue
            if change is None:
                return
            for document in _documents(*change, viewing):
                yield _event(document)
    finally:
        end()
        leave()


def _documents(kind: str, content: Any, viewing: Viewing) -> list[dict[str, Any]]:
    items, hiding = viewing.discovery.items, viewing.hiding
    if kind == "item":
        return [{"type": kind, "item": listed(content, hiding)}]
    if kind == "patient":  # what the page knows already is told anew
        return [{"type": kind, "hidden": hiding.hidden}, state(items, hiding)]
    if kind == "done":
        error = hiding.sentence(items.problem, items.sources) or None
        return [{"type": kind, "report": reported(items.report, hiding), "error": error}]
    return [{"type": kind, **content}]


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + json_bytes(document) + b"\n\n"


async def describe(request: Request, viewing: Viewing) -> Response:
    """Describe an item, by its first frame or another one."""
    item, index = viewing.item(request), whole_number_of(request, "frame", 0)
    items, hiding = viewing.discovery.items, viewing.hiding
    return _json(await viewing.run(lambda: described(item, _read(item, index), index, items, hiding)))


def _read(item: Item, index: int) -> Image:
    image = item.frames.frame(index)
    item.unit = image.unit
    return image


async def frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a frame."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    own = item.kind == "image"  # slices of a volume share one window, and need no header
    ready = None if own else item.frames.values(index)
    answer = await viewing.run(lambda: _values(ready or _read(item, index), own_window=own))
    viewing.assemble(item)
    return answer


def _values(image: Image, *, own_window: bool = False) -> Response:
    dtype = sent_type(image.values, color=image.color)
    values = image.values
    if image.color and values.dtype != dtype:
        from hounsfield.display.screen_colour import colour_8

        values = colour_8(image)
    rows, columns = image.size
    headers = {"X-Dtype": str(dtype), "X-Shape": f"{rows},{columns}{',3' if image.color else ''}"}
    voi = file_voi(image) if own_window and not image.color and not image.is_mask else None
    if isinstance(voi, Window):
        headers["X-Window"] = f"{voi.center!r},{voi.width!r},{voi.function}"
    data = values.astype(dtype.newbyteorder("<"), copy=False).tobytes()
    return Response(data, media_type="application/octet-stream", headers=headers)


async def palette(request: Request, viewing: Viewing) -> Response:
    """Send the indices of a frame into its palette."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    image = await viewing.run(lambda: item.frames.indices(index))
    if image is None:
        raise Refused(404, "the image has no palette")
    answer = _values(image)
    answer.headers["X-Palette"] = "1"
    return answer


async def describe_plane(request: Request, viewing: Viewing) -> Response:
    """Describe the slices of a volume in a plane of the patient."""
    from hounsfield.web.plane_description import plane_described

    item, plane = viewing.item(request), plane_of(request)
    return _json(await viewing.run(lambda: plane_described(item, _planes(item, plane, viewing), plane)))


async def plane_frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a slice in a plane of the patient, or of a slab around it."""
    item, plane, index = viewing.item(request), plane_of(request), index_of(request.path_params["frame"])
    slab, how = decimal_of(request, "slab"), request.query_params.get("how", "mean")
    if how not in PROJECTIONS or (slab is not None and not 0 < slab < 1e6):
        raise Refused(400, "slab is a thickness in mm, and how is mean, max or min")
    kind: Projection = how
    return await viewing.run(lambda: _values(_planes(item, plane, viewing).slice(index, slab, kind)))


def _planes(item: Item, plane: PlaneName, viewing: Viewing) -> PlaneFrames:
    if item.kind != "volume":
        raise Refused(404, "the item is no volume: it has no planes")
    return PlaneFrames(item.frames.volume(), plane, viewing.discovery.limits)


async def small(request: Request, viewing: Viewing) -> Response:
    """Send a small picture of an item's frame in the middle."""
    item = viewing.item(request)
    data = await viewing.run(lambda: thumbnail(_read(item, item.frames.shape[0] // 2)))
    return Response(data, media_type="image/png")


async def full(request: Request, viewing: Viewing) -> Response:
    """Send a picture of a frame by the library, at full resolution."""
    item, index = viewing.item(request), whole_number_of(request, "frame", 0)
    center, width = decimal_of(request, "center"), decimal_of(request, "width")
    if width is not None and not width > 0:
        raise Refused(400, "a window needs a positive width")
    window: WindowLike = None if center is None or width is None else (center, width)
    make = annotated if request.query_params.get("annotations") == "1" else picture
    return Response(await viewing.run(lambda: make(_read(item, index), window)), media_type="image/png")


async def header(request: Request, viewing: Viewing) -> Response:
    """List the attributes of the file that a frame comes from."""
    item, index = viewing.item(request), whole_number_of(request, "frame", 0)
    search = request.query_params.get("search", "")[:200]
    return _json(await viewing.run(lambda: _header(item, index, search, viewing)))


def _header(item: Item, index: int, search: str, viewing: Viewing) -> dict[str, Any]:
    entry = item.frames.entry(index)
    if entry is None:
        raise Refused(404, "there is no such frame")
    limits = viewing.discovery.limits
    with closing(entry.open(limits)) as source:
        rows = attributes(open_dataset(source, limits), search, not viewing.hiding.hidden, limits)
    listed_rows = [
        {
            "depth": row.level,
            "tag": row.tag,
            "vr": row.vr,
            "keyword": row.keyword,
            "name": row.name,
            "value": row.value,
            "readable": row.readable,
        }
        for row in rows[:_ROWS]
    ]
    return {"rows": listed_rows, "more": len(rows) > _ROWS}


async def page(request: Request, viewing: Viewing) -> Response:
    """Send a file of the page."""
    content, kind = await viewing.run(lambda: page_file(request.path_params.get("path", "index.html")))
    return Response(content, headers={"Content-Type": kind, "Cache-Control": "no-cache"})
