"""What the page is told of phases."""

from __future__ import annotations

from typing import Any

from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item
from hounsfield.web.phase_sets import label_of, word_of
from hounsfield.web.phase_times import times_of


def phases_listed(item: Item, hiding: Hiding) -> dict[str, Any] | None:
    """Return the ids of an item's phases, and by what each differs; None where it has none."""
    phases = item.phases
    if phases is None:
        return None
    return {
        "ids": [part.id for part in phases.items],
        "word": word_of(phases),
        "keywords": list(phases.keywords),
        "labels": [label_of(phases, index, hidden=hiding.hidden) for index in range(len(phases.items))],
    }


def phases_described(item: Item, hiding: Hiding) -> dict[str, Any] | None:
    """Return the same, which of them an item is, and when each was acquired."""
    listed = phases_listed(item, hiding)
    if listed is None or item.phases is None:
        return None
    return {**listed, "index": item.phases.items.index(item), "times": times_of(item.phases)}
