"""What the page is told of items and of their frames, as documents for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.directions import edge_directions
from hounsfield.display.screen_colour import is_supplemental
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import Voi, VoiTable, Window, choose_voi, default_window, file_voi, presets, windows
from hounsfield.errors import HounsfieldError
from hounsfield.geometry import direction
from hounsfield.header import Header, text_of
from hounsfield.headers.frame_times import RATES, read_frame_times
from hounsfield.headers.regions import read_regions
from hounsfield.image import Image, header_of_frame
from hounsfield.imagelike import ratio
from hounsfield.series.report import FileOutcome
from hounsfield.values.lut import LookUpTable
from hounsfield.values.undo import linear, stored_range, value_space
from hounsfield.volume import Volume
from hounsfield.voxels.grids import NAMED_PLANES
from hounsfield.web.contradictions import contradictions
from hounsfield.web.hiding import WITHHELD, Hiding
from hounsfield.web.items import Item, Items
from hounsfield.web.phase_description import phases_described, phases_listed
from hounsfield.web.slide_frames import SlideFrames

#: Files that are told of one by one.
_FILES = 1000
_LETTERS = ("left", "right", "top", "bottom")


def state(items: Items, hiding: Hiding) -> dict[str, Any]:
    """Return everything that is known: the first of the events."""
    return {
        "type": "state",
        "name": hiding.text(items.name) or "",
        "no_phi": hiding.always,
        "hidden": hiding.hidden,
        "reading": items.reading,
        "found": items.found,
        "done": items.done,
        "items": [listed(item, items, hiding) for item in items],
        "report": reported(items, hiding),
        "error": hiding.sentence(items.problem, items.sources) or None,
    }


def listed(item: Item, items: Items, hiding: Hiding) -> dict[str, Any]:
    """Return an item as it stands in the list."""
    facts, known = item.facts, item.facts.attributes
    patient = {"name": str(known.get("PatientName") or ""), "id": str(known.get("PatientID") or "")}
    return {
        "id": item.id,
        "kind": item.kind,
        "modality": hiding.modality(facts.modality),
        "series_number": _number(known.get("SeriesNumber")),
        "description": hiding.text(facts.description),
        "patient": None if hiding.hidden else patient,
        **studied(item, items),
        "study_date": hiding.text(_words(known.get("StudyDate"))),
        "study_description": hiding.text(_words(known.get("StudyDescription"))),
        "shape": list(item.frames.shape),
        "frames": item.frames.shape[0],
        "unit": None if item.unit is None else hiding.unit(item.unit),
        "color": item.color,
        "files": len({name for part in item.parts for name in part.files}) if item.phases else facts.files,
        "notes": [hiding.sentence(note, item.files) for note in (*item.notes[hiding.hidden], *item.missing)],
        "error": WITHHELD if hiding.withholds(item) else hiding.sentence(item.error, item.files) or None,
        "assembled": item.frames.is_assembled,
        "thumbnail": not hiding.withholds(item),
        "phases": phases_listed(item, hiding),
    }


def studied(item: Item, items: Items) -> dict[str, str]:
    """Return our own ids for whose an item is, and for the study: those without name and id may be different people."""
    known = item.facts.attributes
    whose = tuple(str(known.get(keyword) or "") for keyword in ("PatientName", "PatientID"))
    uid = str(known.get("StudyInstanceUID") or "")
    which = (uid,) if uid else ("", *(str(known.get(keyword) or "") for keyword in ("StudyDate", "StudyDescription")))
    study = items.own_id("study", *whose, *which)
    return {"patient_key": items.own_id("patient", *whose) if any(whose) else study, "study_key": study}


def reported(items: Items, hiding: Hiding) -> dict[str, Any] | None:
    """Return what became of the files: the counts, and each that is shown neither in a volume nor as a slide."""
    report = items.report
    if report is None:
        return None
    slides = [name for item in items if isinstance(item.frames, SlideFrames) for name in item.files]
    found = set(slides)

    def is_told(file: FileOutcome) -> bool:
        slide = file.path in found and file.outcome == "no volume" and not file.no_image
        return not slide and (file.outcome != "volume" or bool(file.detail))

    counts, others = dict(report.counts), list[dict[str, Any]]()
    if slides:
        counts |= {"no volume": counts.get("no volume", 0) - len(slides), "whole slide": len(slides)}
    told = [file for file in report.files if is_told(file)]
    for number, file in enumerate(report.files, 1):
        if not is_told(file):
            continue
        if len(others) == _FILES:
            break
        why = hiding.sentence(file.detail, (file.path, file.copy_of))
        name = hiding.file(file.path, number)
        others.append({"name": name, "outcome": file.outcome, "why": why, "object": file.no_image, "kind": file.kind})
    return {
        "counts": counts,
        "others": others,
        "more": len(told) - len(others),
        "objects": sum(file.no_image for file in told),
        "missing": [hiding.sentence(str(gap), ()) for gap in report.missing[:_FILES]],
        "conflicts": contradictions(report, hiding, _FILES),
    }


def described(item: Item, image: Image, index: int, items: Items, hiding: Hiding) -> dict[str, Any]:
    """Return what a viewport needs to show an item.

    Parameters
    ----------
    item
        The item.
    image
        One frame of it.
    index
        Which.
    items
        Gives frames of reference our own ids.
    hiding
        What may be said.
    """
    document = {
        "id": item.id,
        "kind": item.kind,
        "shape": list(item.frames.shape),
        "frames": item.frames.shape[0],
        "rows": item.frames.shape[1],
        "columns": item.frames.shape[2],
        "frame": index,
        "space": "modality",
        "assembled": item.frames.assembled is not None,
        "frame_times": _times(item, image),
        "planes": list(NAMED_PLANES) if item.kind == "volume" and not item.color else [],
        "frame_of_reference": items.space_id(str(item.facts.attributes.get("FrameOfReferenceUID") or "")),
        "burned_in": _burned_in(image.header),
        "regions": regions_of(image),
        "regions_differ": len(item.files) > 1,
        "coloured": is_supplemental(image),
        "phases": phases_described(item, hiding),
    }
    if isinstance(item.frames, SlideFrames):
        document["slide"] = {"paths": len(item.frames.paths), "planes": item.frames.planes}
    return document | placed(item, image) | shown(window_of(item, image), image, item, hiding)


def window_of(item: Item, image: Image) -> Image | Volume:
    """Return what the window is chosen for: the frame where the file gives it a window of its own, else all frames."""
    volume = item.frames.assembled
    if volume is None or (item.kind == "image" and (image.color or file_voi(image) is not None)):
        return image
    return volume


def placed(item: Item, image: Image) -> dict[str, Any]:
    """Return where an item lies in the patient, and how large its pixels are."""
    affine, edges = item.facts.affine, edge_directions(image)
    plane, of_frame = image.plane, None
    if affine is None and plane is not None:
        of_frame = plane.affine[:, [2, 0, 1, 3]]
        affine = of_frame if item.frames.shape[0] == 1 else None
    orientation = None if plane is None else (plane.orientation[:3], plane.orientation[3:])
    return {
        "pixel_spacing": image.pixel_spacing if image.spacing_kind is not None else None,
        "spacing_kind": image.spacing_kind,
        "pixel_aspect": _aspect(image),
        "affine": affine,
        "frame_affine": of_frame,
        "orientation": None if orientation is None else {"row": orientation[0], "column": orientation[1]},
        "letters": None if edges is None else dict(zip(_LETTERS, edges, strict=True)),
    }


def shown(whole: Image | Volume, image: Image, item: Item, hiding: Hiding) -> dict[str, Any]:
    """Return what the values are, and how they are shown.

    Parameters
    ----------
    whole
        What the window is chosen for: the volume, where there is one.
    image
        A frame of it.
    item, hiding
        Whose, and what may be said of it.
    """
    own, inverted, table = (windows(whole), *_presentation(image)) if not image.color else ([], False, None)
    chosen = None if image.color or image.is_mask else _chosen(whole, image, item)
    unit = hiding.unit(whole.unit)
    steps = sent_steps(whole, item, hiding)
    return {
        "color": image.color,
        "dtype": str(sent_type(image.values, color=image.color)),
        "slope": 1,
        "intercept": 0,
        "unit": unit,
        "padding": padding_range(image),
        "inverted": inverted,
        "presentation_table": table,
        "windows": [window_document(voi, hiding, number) | {"default": number == 0} for number, voi in enumerate(own)],
        "presets": [window_document(voi, hiding, 0) | {"label": name} for name, voi in presets(whole).items()],
        "default_window": None if chosen is None else window_document(chosen, hiding, 0),
        "steps": steps,
        "warnings": [step["detail"] for step in steps if step["outcome"] == "assumed"],
    }


def sent_steps(whole: Image | Volume, item: Item, hiding: Hiding) -> list[dict[str, Any]]:
    """Return what was done to values, without what may not be said; `title`: a step's name in the page's language."""
    return [
        {
            **step.to_dict(),
            "title": hiding.translated(step.name),
            "detail": hiding.sentence(step.detail, item.files, (whole.unit,)),
        }
        for step in whole.steps
    ]


def _chosen(whole: Image | Volume, image: Image, item: Item) -> Voi:
    """The window of a frame's own, or else one for all frames."""
    sample = item.frames.sample() if whole is image and file_voi(image) is None else None
    return choose_voi(whole) if sample is None else default_window(image, sample)


def sent_type(values: NDArray[Any], *, color: bool) -> np.dtype[Any]:
    """Return the type that values are sent as: little endian, and one that holds them exactly."""
    if color or values.dtype == np.bool_:
        return np.dtype(np.uint8)
    if values.dtype.name in ("uint8", "int16", "uint16", "int32", "float32", "float64"):
        return values.dtype.newbyteorder("=")
    if values.dtype == np.int8:
        return np.dtype(np.int16)
    if values.dtype.kind in "iu":
        low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
        return np.dtype(np.int32 if low >= -(2**31) and high < 2**31 else np.float64)
    return np.dtype(np.float32 if values.dtype == np.float16 else np.float64)


def padding_range(image: Image) -> dict[str, float] | None:
    """Return the first and the last value that are padding; None where none are, or no range tells them apart."""
    header = header_of_frame(image)
    first = _number(header.get("PixelPaddingValue"))
    last = _number(header.get("PixelPaddingRangeLimit"))
    if first is None or image.color or value_space(image) == "other":
        return None
    bounds = stored_range(header)
    ends = [_as_stored(end, bounds) for end in (first, first if last is None else last)]
    slope, intercept = linear(header) if value_space(image) == "modality" else (1.0, 0.0)
    low, high = sorted(end * slope + intercept for end in ends)
    within = (image.values >= low) & (image.values <= high)
    marked = np.zeros(within.shape, np.bool_) if image.padding is None else image.padding
    return {"first": low, "last": high} if np.array_equal(within, marked) else None


def _as_stored(value: float, bounds: tuple[int, int] | None) -> float:
    """A padding value in the sense of the stored values: its own VR is often the other one of US and SS."""
    if bounds is not None and bounds[0] < 0 and value > bounds[1]:
        return value - 2 ** (16 if value >= 2**15 else (bounds[1] + 1).bit_length())
    return value + 2**16 if bounds is not None and bounds[0] == 0 and value < 0 else value


def _presentation(image: Image) -> tuple[bool, dict[str, Any] | None]:
    try:
        shading = shading_of(image, Window(0, 1))
    except (HounsfieldError, ValueError, KeyError):
        return text_of(image.header, "PhotometricInterpretation") == "MONOCHROME1", None
    return shading.inverted, None if shading.table is None else table_document(shading.table)


def table_document(table: LookUpTable) -> dict[str, Any]:
    """Return a table."""
    return {"first": table.first, "bits": table.bits, "entries": table.entries}


def window_document(voi: Voi, hiding: Hiding, number: int) -> dict[str, Any]:
    """Return a window or a VOI LUT; `number` names one without a name."""
    low, high = voi.bounds
    label = (hiding.text(voi.explanation) or "") or f"window {number + 1}"
    if isinstance(voi, VoiTable):
        ends = {"center": (low + high) / 2, "width": high - low + 1}
        return {
            "label": label,
            "function": "TABLE",
            **ends,
            "low": low,
            "high": high,
            "table": table_document(voi.table),
        }
    ends = {"center": voi.center, "width": voi.width, "low": low, "high": high}
    return {"label": label, "function": voi.function, **ends, "origin": voi.origin}


def regions_of(image: Image) -> list[dict[str, Any]]:
    """Return the calibrated regions of an ultrasound image; none where they are damaged: they say nothing then."""
    try:
        found = read_regions(header_of_frame(image), image.name)
    except HounsfieldError:
        return []
    return [
        {
            "rows": [region.rows.start, region.rows.stop],
            "columns": [region.columns.start, region.columns.stop],
            "format": region.spatial_format,
            "type": region.data_type,
            "units": region.units,
            "deltas": region.deltas,
            "reference_pixel": region.reference_pixel,
            "reference_value": region.reference_value,
            "high_priority": region.high_priority,
        }
        for region in found
    ]


def _aspect(image: Image) -> list[float] | None:
    if image.pixel_spacing is not None:
        return list(image.pixel_spacing)
    aspect = ratio(image.header.get("PixelAspectRatio"))
    return None if aspect is None else [aspect, 1.0]


def _times(item: Item, image: Image) -> dict[str, Any] | None:
    frames = item.frames.shape[0]
    if item.kind == "volume" or frames < 2 or len(item.files) != 1:
        return None
    try:
        times = read_frame_times(image.header, frames, image.name)
    except HounsfieldError:
        return None
    if times.milliseconds is None:
        return None
    span = float(times.milliseconds[-1] - times.milliseconds[0])
    rate = (frames - 1) * 1000 / span if span > 0 else None
    return {"ms": times.milliseconds, "per_second": rate, "origin": times.origin, "display_only": times.origin in RATES}


def _burned_in(header: Header) -> bool | None:
    return {"YES": True, "NO": False}.get(text_of(header, "BurnedInAnnotation"))


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _words(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def plane_letters(affine: NDArray[np.float64]) -> dict[str, str]:
    """Return the letters at the edges of the slices of a grid."""
    across = affine[:3, 2] / np.linalg.norm(affine[:3, 2])
    down = affine[:3, 1] / np.linalg.norm(affine[:3, 1])
    return dict(zip(_LETTERS, map(direction, (-across, across, -down, down)), strict=True))
