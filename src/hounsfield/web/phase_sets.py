"""Volumes of one series at one place that an attribute tells apart: phases of one item, and what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from hounsfield.scanning.columns import column
from hounsfield.series.affines import same_affine
from hounsfield.series.notes import notes_of
from hounsfield.series.survey import VolumeFacts
from hounsfield.series.volumes import Volumes
from hounsfield.web.items import Item, Phases

#: Attributes along which one looks at the same thing again: the word for one value, what stands before it, its unit.
#: What changes what values mean (unit, kind of image, kernel, segment) makes items of their own: their windows differ.
AXES: dict[str, tuple[str, str, str]] = {
    "TriggerTime": ("phase", "", " ms"),
    "NominalCardiacTriggerDelayTime": ("phase", "", " ms"),
    "NominalPercentageOfCardiacPhase": ("phase", "", " %"),
    "NominalPercentageOfRespiratoryPhase": ("phase", "", " %"),
    "TemporalPositionTimeOffset": ("time point", "", " s"),
    "FrameReferenceTime": ("time point", "", " ms"),
    "AcquisitionDateTime": ("time point", "", ""),
    "FrameAcquisitionDateTime": ("time point", "", ""),
    "AcquisitionTime": ("time point", "", ""),
    "ContentTime": ("time point", "", ""),
    "TemporalPositionIdentifier": ("time point", "TemporalPositionIdentifier ", ""),
    "TemporalPositionIndex": ("time point", "TemporalPositionIndex ", ""),
    "DiffusionBValue": ("b-value", "b ", " s/mm²"),
    "DiffusionGradientOrientation": ("direction", "", ""),
    "EchoTime": ("echo", "TE ", " ms"),
    "EffectiveEchoTime": ("echo", "TE ", " ms"),
    "EchoNumbers": ("echo", "EchoNumbers ", ""),
    "InversionTime": ("inversion time", "TI ", " ms"),
    "InversionTimes": ("inversion time", "TI ", " ms"),
    "FlipAngle": ("flip angle", "", "°"),
    "RepetitionTime": ("repetition time", "TR ", " ms"),
    "AcquisitionNumber": ("acquisition", "AcquisitionNumber ", ""),
    "FrameAcquisitionNumber": ("acquisition", "FrameAcquisitionNumber ", ""),
    "DimensionIndexValues": ("volume", "DimensionIndexValues ", ""),
    "ImageIndex": ("volume", "ImageIndex ", ""),
    "InstanceNumber": ("volume", "InstanceNumber ", ""),
}
_COUNTING = ("acquisition", "volume")
_WHOSE = "StudyInstanceUID SeriesInstanceUID PatientID PatientName PatientBirthDate FrameOfReferenceUID".split()


def with_phases(items: Sequence[Item], volumes: Volumes, most: int) -> list[Item]:
    """Return items, of which those that are phases of one place are one: nothing is dropped, all others stay.

    Parameters
    ----------
    items
        In the order of the survey.
    volumes
        Those that they show.
    most
        Bytes of volumes that are kept: phases that take more together are put together only where somebody stays.
    """
    sets: list[list[Item]] = []
    by_key: dict[Any, list[list[Item]]] = {}
    for item in items:
        key = _key(item)
        alike = [] if key is None else by_key.setdefault(key, [])
        of_place = next((one for one in alike if _joins(one, item)), None)
        if of_place is not None:
            of_place.append(item)
            continue
        alike.append([item])
        sets.append(alike[-1])
    return [one[0] if len(one) == 1 else _entry(one, volumes, most) for one in sets]


def _key(item: Item) -> Any:
    """Return all that phases of one place have in common; None of what is no phase."""
    facts, known = item.facts, item.facts.attributes
    along, apart = _parted(facts)
    if not along or facts.affine is None or not known.get("SeriesInstanceUID"):
        return None
    others = tuple(sorted((keyword, repr(value)) for keyword, value in apart.items()))
    return (
        *(str(known.get(word)) for word in _WHOSE),
        item.kind,
        item.frames.shape,
        item.color,
        facts.modality,
        others,
    )


def _parted(facts: VolumeFacts) -> tuple[dict[str, Any], dict[str, Any]]:
    along = {keyword: value for keyword, value in facts.separated_by.items() if keyword in AXES}
    return along, {keyword: value for keyword, value in facts.separated_by.items() if keyword not in AXES}


def _joins(one: Sequence[Item], item: Item) -> bool:
    """Return whether a volume lies where others do, and differs from each."""
    own = repr(_parted(item.facts)[0])
    return same_affine(one[0].facts.affine, item.facts.affine) and all(repr(_parted(i.facts)[0]) != own for i in one)


def _entry(phases: list[Item], volumes: Volumes, most: int) -> Item:
    """Return the item that stands for phases: the first of them."""
    values = [_parted(item.facts)[0] for item in phases]
    keywords = [k for k in dict.fromkeys(k for v in values for k in v) if len({repr(v.get(k)) for v in values}) > 1]
    keywords.sort(key=lambda keyword: AXES[keyword][1].strip() == keyword)  # what only counts tells least
    entry, indices = phases[0], [item.facts.index for item in phases]
    fit = sum(prod(item.frames.shape) * 4 * (3 if item.color else 1) for item in phases) <= most // 2
    together = Phases(phases, tuple(keywords), values, fit, lambda: [volumes.header(index) for index in indices])
    for item in phases:
        item.phases = together
    entry.notes = _notes(phases, volumes, hide=False), _notes(phases, volumes, hide=True)
    return entry


def _notes(phases: Iterable[Item], volumes: Volumes, *, hide: bool) -> list[str]:
    """Return the notes on all phases, each once; by what they differ the page says itself."""
    plain = [replace(item.facts, separated_by=_parted(item.facts)[1]) for item in phases]
    return list(dict.fromkeys(note for facts in plain for note in notes_of(facts, volumes, hide)))


def word_of(phases: Phases) -> str:
    """Return the word for one of some phases: phase, echo ...; ``"volume"`` where they differ in several ways."""
    words = {AXES[keyword][0] for keyword in phases.keywords}
    told = sorted(words - set(_COUNTING)) or [word for word in _COUNTING if word in words]
    if {"phase", "time point"} == set(told):  # phases come at times
        return "phase"
    return told[0] if len(told) == 1 or not words - set(_COUNTING) else "volume"


def label_of(phases: Phases, index: int, *, hidden: bool) -> str:
    """Return by what a phase differs, in short: ``"120 ms"``; without what may identify the patient where hidden.

    What only counts is not said where it is the phase's own number, or something else tells more.
    """
    parts: list[str] = []
    for keyword in phases.keywords:
        value, (_, before, unit) = phases.values[index].get(keyword), AXES[keyword]
        if value is None or (hidden and (column(keyword).identifies or isinstance(value, str))):
            continue
        if before.strip() != keyword or not (parts or value == index + 1):
            parts.append(f"{before}{_short(value)}{unit}")
    return " · ".join(parts[:2])


def _short(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(_short(v) for v in value) + ")"  # pyright: ignore[reportUnknownVariableType]
    return f"{value:.6g}" if isinstance(value, float) else str(value)
