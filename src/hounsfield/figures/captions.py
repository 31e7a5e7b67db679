"""Captions: which frame or slice is seen, in which plane, where and when, in words, as far as the header says so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import HounsfieldError
from hounsfield.header import finite_number, text_of, whole_number
from hounsfield.headers.frame_times import RATES, read_frame_times
from hounsfield.headers.units import is_localizer
from hounsfield.image import Image
from hounsfield.volume import Volume
from hounsfield.voxels.projections import ProjectionStep

#: A direction cosine from which on slices count as at right angles to an axis: over 1 m they are off by 1.4 mm.
_PARALLEL = 1 - 1e-6
_PLANES = ("sagittal", "coronal", "axial")
#: View Position that is quoted: defined terms of PS3.3 C.8.1.2 and C.8.11.1, and the usual ones of mammography.
_VIEWS = frozenset("AP PA LL RL RLD LLD RLO LLO CC MLO ML LM LMO XCCL XCCM".split())
_X_RAY_ANGIOGRAPHY = "1.2.840.10008.5.1.4.1.1.12.1"


def image_caption(image: Image, words: Mapping[str, str]) -> str:
    """Return the caption of one frame; ``""`` where the header says nothing of it.

    Examples
    --------
    >>> from hounsfield.figures.words import WORDS
    >>> image_caption(Image([[1]], header={}, frame_index=2), WORDS["en"])
    'frame 3 (index 2)'
    """
    parts = _frame_parts(image, words)
    localizer = is_localizer(image.header)
    if localizer:
        parts.append(words["localizer"])
    plane = image.plane
    if plane is not None:
        normal = np.array(plane.normal)
        if localizer and text_of(image.header, "Modality") == "CT":
            parts.append(plane_words(normal, words)[0])  # a projection: its position is that of no slice
        else:
            word, kind = plane_words(normal, words)
            parts.append(words[f"{kind}slice"].format(plane=word))
            parts.append(_place_words(normal, np.array(plane.position), words))
    elif image.slide_plane is not None and not parts:
        parts.append(words["tile"])
    return words["comma"].join([*parts, *_views(image.header, words), *_slabs(image, words)])


def slice_caption(volume: Volume, index: int, words: Mapping[str, str]) -> str:
    """Return the caption of a slice of a volume.

    Examples
    --------
    >>> from hounsfield.figures.words import WORDS
    >>> volume = Volume(np.zeros((4, 2, 2)), np.diag([5, 1, 1, 1])[[2, 1, 0, 3]])
    >>> slice_caption(volume, 3, WORDS["en"])
    'axial slice 4 of 4 (index 3), z = 15 mm (feet to head)'
    """
    normal = _normal(volume)
    word, kind = ("", "plain ") if normal is None else plane_words(normal, words)
    text = words[f"{kind}slice of"].format(plane=word, number=index + 1, count=len(volume), index=index)
    place = [] if normal is None else [_place_words(normal, volume.to_lps((index, 0, 0)), words)]
    return words["comma"].join([text, *place, *_slabs(volume, words)])


def slice_name(volume: Volume, index: int, words: Mapping[str, str]) -> str:
    """Return what a slice is called in a montage, with its place where that is known.

    Slices at right angles to an axis of the patient have a coordinate in LPS mm; others (``n =``) their distance from
    the origin along the normal, which is the row direction cross the column direction.

    Examples
    --------
    >>> from hounsfield.figures.words import WORDS
    >>> slice_name(Volume(np.zeros((4, 2, 2)), np.diag([5, 1, 1, 1])[[2, 1, 0, 3]]), 3, WORDS["en"])
    'index 3, z = 15 mm'
    """
    name, normal = words["index"].format(index=index), _normal(volume)
    if normal is None:
        return name
    axis, place = _place(normal, volume.to_lps((index, 0, 0)))
    return words["comma"].join([name, words["place"].format(axis=axis, place=place)])


def montage_caption(volume: Volume, count: int, masked: bool, words: Mapping[str, str]) -> str:
    """Return the caption of a montage of so many slices."""
    some = "some slices" if count < len(volume) else "all slices"
    parts = [words[some].format(shown=count, count=len(volume))]
    normal = _normal(volume)
    if normal is not None:
        parts[0] = words["comma"].join([parts[0], plane_words(normal, words)[0]])
    parts += [*_slabs(volume, words), words["counting"]]
    if normal is not None:
        axis = _place(normal, np.zeros(3))[0]
        parts.append(words["n axis"] if axis == "n" else words["axis way"].format(axis=axis, way=words[axis]))
    return words["semicolon"].join([*parts, *([words["outline"]] if masked else [])])


def plane_words(normal: NDArray[np.float64], words: Mapping[str, str]) -> tuple[str, str]:
    """Return the plane of slices with this normal, and ``"oblique "`` where it is not one of the three."""
    axis = int(np.abs(normal).argmax())
    degrees = round(math.degrees(math.acos(min(abs(float(normal[axis])), 1.0))))
    plane = words[_PLANES[axis]]
    return (words["oblique"].format(degrees=degrees, plane=plane), "oblique ") if degrees else (plane, "")


def _normal(volume: Volume) -> NDArray[np.float64] | None:
    if volume.affine is None:
        return None
    normal = np.cross(volume.affine[:3, 2], volume.affine[:3, 1])
    return normal / np.linalg.norm(normal)


def _place_words(normal: NDArray[np.float64], position: NDArray[np.float64], words: Mapping[str, str]) -> str:
    axis, place = _place(normal, position)
    if axis == "n":
        return words["along the normal"].format(place=place)
    return words["towards"].format(place=words["place"].format(axis=axis, place=place), way=words[axis])


def _place(normal: NDArray[np.float64], position: NDArray[np.float64]) -> tuple[str, str]:
    axis = int(np.abs(normal).argmax())
    straight = abs(normal[axis]) >= _PARALLEL
    place = float(position[axis] if straight else position @ normal)
    return "xyz"[axis] if straight else "n", f"{round(place, 2) + 0.0:.8g}"


def _frame_parts(image: Image, words: Mapping[str, str]) -> list[str]:
    """Return which frame of how many it is, and its time where the file says when frames were acquired."""
    index = image.frame_index
    if index is None:
        return []
    count = whole_number(image.header.get("NumberOfFrames"))
    if count is None or count <= index:
        return [words["frame"].format(number=index + 1, index=index)]
    parts = [words["frame of"].format(number=index + 1, index=index, count=count)]
    try:
        times = read_frame_times(image.header, count, image.name)
    except HounsfieldError:  # contradictory times are none
        return parts
    said = times.milliseconds is not None and times.origin and times.origin not in RATES
    if said and times.milliseconds is not None and all(step.outcome == "done" for step in times.steps):
        parts.append(f"{times.milliseconds[index] / 1000:.4g} s")
    return parts


def _views(header: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    """Return from where a projection was taken."""
    view = text_of(header, "ViewPosition").upper()
    parts = [words["view"].format(view=view)] if view in _VIEWS else []
    # Positive angles are to the left and to the head (PS3.3 C.8.7.5.1.2); frames of a moving tube have others.
    if text_of(header, "SOPClassUID") != _X_RAY_ANGIOGRAPHY or text_of(header, "PositionerMotion") == "DYNAMIC":
        return parts
    for keyword, ways in (("PositionerPrimaryAngle", "LAO RAO"), ("PositionerSecondaryAngle", "CRA CAU")):
        angle = finite_number(header.get(keyword))
        if angle is not None:
            way = ways.split()[angle < 0] if round(angle, 1) else ways.replace(" ", "/")
            parts.append(f"{way} {abs(round(angle, 1)):g}°")
    return parts


def _slabs(image: Image | Volume, words: Mapping[str, str]) -> list[str]:
    """Return through what was projected, each time that it was: a slab is no slice, whatever was done to it since."""
    said: list[str] = []
    for step in image.steps:
        if isinstance(step, ProjectionStep):
            slab = words["slab" if step.thickness < step.count else "whole slab"].format(count=step.thickness)
            if step.thick_mm is not None:
                slab = words["slab in mm"].format(mm=f"{round(step.thick_mm, 2):g}", slab=slab)
            said.append(words[step.how].format(slab=slab))
    return said
