"""Measures as a DICOM structured report: measured again, so that its numbers are the library's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.errors import HounsfieldError
from hounsfield.header import text_of
from hounsfield.image import header_of_frame
from hounsfield.web.drawn_shapes import MOST_SHAPES, check_effort, scale_of, shapes_of
from hounsfield.web.items import Item
from hounsfield.web.measured_shapes import measured_on
from hounsfield.web.parameters import Refused, object_of
from hounsfield.web.routes.answering import Routes
from hounsfield.web.shown_places import read_frame
from hounsfield.web.slide_frames import SlideFrames
from hounsfield.web.viewing import Viewing

_LONGEST_NAME = 200
HIDDEN = "a report names the patient, who is hidden"
NOTHING = "there is no measure of a file's own frames that a report can hold"


async def report(request: Request, viewing: Viewing) -> Response:
    """Send a report of measures of one study."""
    if viewing.hiding.hidden:
        raise Refused(403, HIDDEN)
    document = await object_of(request)
    asked: Any = document.get("measures")
    if not isinstance(asked, list) or not 0 < len(cast("list[Any]", asked)) <= MOST_SHAPES:
        raise Refused(400, f"measures is a list of 1 to {MOST_SHAPES}")
    wanted = [_wanted(one, viewing) for one in cast("list[Any]", asked)]
    content = await viewing.run(lambda: _made(wanted))
    headers = {"Content-Disposition": 'attachment; filename="hounsfield-measures.dcm"'}
    return Response(content, media_type="application/dicom", headers=headers)


def _wanted(document: Any, viewing: Viewing) -> tuple[Item, int, str, Any, float | None]:
    found: dict[str, Any] = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    item = viewing.discovery.items.get(str(found.get("item")))
    frame, name = found.get("frame"), found.get("name")
    if item is None:
        raise Refused(404, "there is no such item in this run")
    if type(frame) is not int or not 0 <= frame < item.frames.shape[0]:
        raise Refused(404, "there is no such frame")
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise Refused(400, f"a name has at most {_LONGEST_NAME} characters")
    (shape,) = shapes_of([found])
    return item, frame, name, shape, scale_of(found.get("calibration"))


def _made(wanted: list[tuple[Item, int, str, Any, float | None]]) -> bytes:
    from hounsfield.exports.measure_report import ReportedMeasure, measure_report
    from hounsfield.web.reported_measures import reported

    rows, columns = (max(one[0].frames.shape[axis] for one in wanted) for axis in (1, 2))
    check_effort([one[3] for one in wanted], rows, columns)
    measures: list[ReportedMeasure | None] = []
    for item, frame, name, shape, scale in wanted:
        if isinstance(item.frames, SlideFrames):
            continue  # coordinates of a report are those of one tile
        image = read_frame(item, frame)
        header = header_of_frame(image).uncut
        found = measured_on(image, scale, own=True).of(shape, _said)
        if item.frames.places is None or not text_of(header, "SOPInstanceUID"):
            continue  # no file has this image
        place = (item.frames.origins or item.frames.places or ())[frame]
        measures.append(reported(name, shape, found, header, place.frame or 0))
    kept = [one for one in measures if one is not None]
    if not kept:
        raise Refused(400, NOTHING)
    return measure_report(kept, datetime.now())


def _said(error: HounsfieldError) -> str:
    return error.message


ROUTES: Routes = {("POST", "/api/measures/report"): report}
