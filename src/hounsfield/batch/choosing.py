"""Inputs of a batch that were asked for, by what their headers say, and what is said of the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hounsfield.batch.inputs import Input, Inputs
from hounsfield.header import text_of
from hounsfield.recipes.choice import Choice, beside, header_of, takes_file, takes_volume
from hounsfield.text import modality_words

if TYPE_CHECKING:
    from hounsfield.series.survey import VolumeFacts

#: Series that are named where none was chosen.
_NAMED = 12


def choose_inputs(inputs: Inputs, choice: Choice) -> Inputs:
    """Return the inputs that a choice takes; `Inputs.left_out` says how many they are, and what was left out.

    Volumes and files by themselves are asked alike. Of a file that cannot be read, or has no pixels, nothing tells
    whether it was asked for: it is taken where it was named itself, and is among `Inputs.unknown` otherwise.
    """
    if choice.is_any and choice.localizers:
        return inputs
    answers = [True if choice.is_any else _takes(choice, item) for item in inputs.items]
    pairs = list(zip(inputs.items, answers, strict=True))
    unknown = tuple(item for item, answer in pairs if answer is None and not _is_told(item, inputs.given))
    asked = [item for item, answer in pairs if answer or (answer is None and _is_told(item, inputs.given))]
    left: Counter[str] = Counter()
    kept: list[Input] = []
    for item in asked:
        kind = "" if item.surveyed is None else beside(choice, item.surveyed.volumes, item.place)
        left.update([kind] if kind else [])
        kept += [] if kind else [item]
    said = [] if choice.is_any else [_counted(inputs.items, answers)]
    if left:
        kinds = ", ".join(f"{count} {_plural(kind, count)}" for kind, count in sorted(left.items()))
        said.append(f"{kinds} left out (`localizers` takes them)")
    if True not in answers:
        said += _hints(inputs.items, choice)
    return replace(inputs, items=tuple(kept), left_out=tuple(filter(None, said)), unknown=unknown)


def _is_told(item: Input, given: Sequence[str]) -> bool:
    """Return whether an input fails where its header cannot be read: it was named, or is a volume that was found."""
    return item.is_volume or item.name in given


def _takes(choice: Choice, item: Input) -> bool | None:
    """Return whether an input was asked for; None where that cannot be known."""
    if item.surveyed is not None:
        return takes_volume(choice, item.surveyed.volumes, item.place)
    # Standard input is read once only.
    unread = item.name == "-" or item.lost or not item.is_file
    return None if unread else takes_file(choice, item.name)


def _counted(items: Sequence[Input], answers: Sequence[bool | None]) -> str:
    """Say how many were chosen, of how many; ``""`` where no header could be read."""
    parts: list[str] = []
    for word, volumes in (("volume", True), ("file", False)):
        told = [answer for item, answer in zip(items, answers, strict=True) if item.is_volume is volumes]
        count = len(told) - told.count(None)
        parts += [f"{told.count(True)} of {count} {_plural(word, count)}"] if count else []
    return f"{' and '.join(parts)} chosen" if parts else ""


def _plural(words: str, count: int) -> str:
    first, *others = words.split(" ", 2) if words.startswith("single") else [words]
    if count == 1:
        return words
    return f"{first} {others[0]}s {others[1]}" if others else f"{first}s"


def _hints(items: Sequence[Input], choice: Choice) -> list[str]:
    """Say what there is to choose from: modalities, studies or series, whichever was asked for. No dates or texts."""
    said: list[str] = []
    facts = [item.facts for item in items if item.is_volume]
    kinds = sorted({modality_words(one.modality) or "?" for one in facts})
    if choice.modality and kinds:
        said.append(f"there are modalities {', '.join(kinds)}")
    studies = len({one.attributes.get("StudyInstanceUID") for one in facts})
    if choice.study and studies:
        there = "there is 1 study" if studies == 1 else f"there are {studies} studies"
        said.append(f"{there}; `study` takes a whole date, as 20200131, a UID, or a part of a description: see hu ls")
    for pattern in re.findall(r"\blike\s+'([^'%_]+)'", choice.where or "", re.IGNORECASE):
        said.append(f"like '{pattern}' fits the whole text only; '%{pattern}%' also fits a part of it")
    return said if said and not choice.series else [*said, _what_there_is(items)]


def _what_there_is(items: Iterable[Input]) -> str:
    found: list[tuple[Any, str]] = []
    for item in items:
        if item.is_volume:
            found.append(_series_of(item.facts))
        elif item.is_file and not item.lost and item.name != "-" and (header := header_of(item.name)) is not None:
            found.append((header.get("SeriesNumber"), text_of(header, "Modality")))
    return series_words(found)


def what_volumes_there_are(facts: Iterable[VolumeFacts]) -> str:
    """Say which series there are to choose from."""
    return series_words(map(_series_of, facts))


def _series_of(facts: VolumeFacts) -> tuple[Any, str]:
    return facts.attributes.get("SeriesNumber"), facts.modality


def series_words(found: Iterable[tuple[Any, str]]) -> str:
    """Say which series there are, by number and modality: descriptions may name a patient."""
    numbers = ((number if isinstance(number, int) else None, modality_words(kind)) for number, kind in found)
    order = sorted(set(numbers), key=lambda one: (one[0] is None, one[0] or 0, one[1]))
    series = [f"{'without a number' if number is None else number} ({kind or '?'})" for number, kind in order]
    more = f" and {len(series) - _NAMED} more" if len(series) > _NAMED else ""
    return f"there are series {', '.join(series[:_NAMED])}{more}; hu ls lists them" if series else ""
