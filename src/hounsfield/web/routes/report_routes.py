"""Measures as a DICOM structured report: measured again, so that its numbers are the library's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.errors import HounsfieldError
from hounsfield.header import text_of
from hounsfield.image import Image, header_of_frame
from hounsfield.web.drawn_shapes import MOST_SHAPES, DrawnShape, check_effort, scale_of, shapes_of
from hounsfield.web.items import Item
from hounsfield.web.measured_shapes import Measured, measured_on
from hounsfield.web.parameters import Refused, object_of
from hounsfield.web.routes.answering import Routes
from hounsfield.web.routes.measure_routes import image_of_view
from hounsfield.web.shown_places import read_frame
from hounsfield.web.slide_frames import SlideFrames
from hounsfield.web.viewing import Viewing

if TYPE_CHECKING:
    from hounsfield.exports.measure_report import ReportedMeasure

_LONGEST_NAME, _LONGEST_QUERY, _MOST_IMAGES = 200, 2_000, 100
#: As `AskedMeasure.view` has the frames of files.
_FRAMES = "frames?"
HIDDEN = "a report names the patient, who is hidden"
NOTHING = "there is no measure that a report can hold: of a frame of a file, or of a plane whose place is known"


async def report(request: Request, viewing: Viewing) -> Response:
    """Send a report of measures of one study."""
    if viewing.hiding.hidden:
        raise Refused(403, HIDDEN)
    document = await object_of(request)
    asked: Any = document.get("measures")
    if not isinstance(asked, list) or not 0 < len(cast("list[Any]", asked)) <= MOST_SHAPES:
        raise Refused(400, f"measures is a list of 1 to {MOST_SHAPES}")
    wanted = [_wanted(one, request, viewing) for one in cast("list[Any]", asked)]
    content, count = await viewing.run(lambda: _made(wanted))
    headers = {
        "Content-Disposition": 'attachment; filename="hounsfield-measures.dcm"',
        "X-Left-Out": str(len(wanted) - count),
    }
    return Response(content, media_type="application/dicom", headers=headers)


@dataclass(frozen=True)
class AskedMeasure:
    """A measure that a report is asked for."""

    item: Item
    frame: int
    name: str
    shape: DrawnShape
    scale: float | None
    view: str
    #: Reads the image of a file, or cuts it.
    image: Callable[[], Image]

    @property
    def place(self) -> tuple[Any, ...]:
        """Return by which those of one image are told."""
        return self.item.id, self.view, self.frame, self.scale


def _wanted(document: Any, request: Request, viewing: Viewing) -> AskedMeasure:
    found: dict[str, Any] = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    item = viewing.discovery.items.get(str(found.get("item")))
    frame, name = found.get("frame"), found.get("name")
    view, query = found.get("view", "frames"), found.get("query", "")
    if item is None:
        raise Refused(404, "there is no such item in this run")
    if type(frame) is not int or frame < 0 or (view == "frames" and frame >= item.frames.shape[0]):
        raise Refused(404, "there is no such frame")
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise Refused(400, f"a name has at most {_LONGEST_NAME} characters")
    if not isinstance(query, str) or len(query) > _LONGEST_QUERY or not query.isascii():
        raise Refused(400, "query is that of an address")
    (shape,) = shapes_of([found])
    scale, image = scale_of(found.get("calibration")), partial(read_frame, item, frame)
    if view != "frames" and not isinstance(item.frames, SlideFrames):
        scope = {**request.scope, "path_params": {"id": item.id}, "query_string": query.encode("ascii")}
        image = image_of_view(Request(scope), viewing, view, frame)
    return AskedMeasure(item, frame, name, shape, scale, f"{view}?{query}", image)


def _made(wanted: list[AskedMeasure]) -> tuple[bytes, int]:
    """Return a report, and how many measures are in it."""
    from hounsfield.exports.measure_report import measure_report

    kept: dict[int, ReportedMeasure] = {}
    groups, looked = _together(wanted), list[DrawnShape]()
    if len(groups) > _MOST_IMAGES:
        raise Refused(400, f"a report is of at most {_MOST_IMAGES} images")
    for numbers in groups:  # each image is made once
        one = wanted[numbers[0]]
        if isinstance(one.item.frames, SlideFrames):
            continue  # coordinates of a report are those of one tile
        image = one.image()
        looked += [wanted[number].shape for number in numbers]
        check_effort(looked, *image.size)
        on = measured_on(image, one.scale, own=one.view == _FRAMES)
        for number in numbers:
            measure = _of(wanted[number], on)
            kept |= {} if measure is None else {number: measure}
    if not kept:
        raise Refused(400, NOTHING)
    return measure_report([kept[number] for number in sorted(kept)], datetime.now()), len(kept)


def _together(wanted: list[AskedMeasure]) -> list[list[int]]:
    groups: dict[Any, list[int]] = {}
    for number, one in enumerate(wanted):
        groups.setdefault(one.place, []).append(number)
    return list(groups.values())


def _of(one: AskedMeasure, on: Measured) -> ReportedMeasure | None:
    """Return a measure as it stands in a report; None where neither a file nor a place in the patient is known."""
    from hounsfield.web.reported_measures import reported

    image, frames, number = on.image, one.item.frames, 0
    own = one.view == _FRAMES
    if own and frames.places is not None:
        number = (frames.origins or frames.places)[one.frame].frame or 0
    elif own or image.plane is None:
        return None
    first = image if own else read_frame(one.item, 0)
    header = header_of_frame(first).uncut
    if not text_of(header, "SOPInstanceUID") or not (own or text_of(header, "FrameOfReferenceUID")):
        return None
    found = on.of(one.shape, _said)
    return reported(one.name, one.shape, found, header, number, None if own else image.plane)


def _said(error: HounsfieldError) -> str:
    return error.message


ROUTES: Routes = {("POST", "/api/measures/report"): report}
