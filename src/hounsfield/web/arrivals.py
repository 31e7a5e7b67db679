"""How items arrive: early ones give way to those of more files, and what has not changed stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hounsfield.web.items import Item, Items


class Arrivals:
    """Puts items into the list.

    Parameters
    ----------
    items
        The list.
    """

    def __init__(self, items: Items) -> None:
        self._items = items
        self._shown: dict[str, list[Item]] = {}

    def early(self, item: Item) -> None:
        """Show an image until its files are understood."""
        self._show(item)

    def put(self, items: Sequence[Item]) -> None:
        """Show items in the stead of those that show their files now."""
        self._place(items)

    def finish(self, items: Sequence[Item]) -> None:
        """Show these and no others, in this order."""
        stay = self._place(items)
        for item in dict.fromkeys(old for shown in self._shown.values() for old in shown):
            if item not in stay:
                self._gone(item, None)
        self._items.arrange(stay)

    def _place(self, items: Sequence[Item]) -> list[Item]:
        stay: list[Item] = []
        heirs: dict[Item, Item] = {}
        for item in items:
            before = [old for old in self._before(item) if old not in stay]
            kept = next((old for old in before if _same(old, item)), None)
            if kept is None:
                self._inherit(next((old for old in before if _alike(old, item)), None), item)
                self._show(item)
            stay.append(kept or item)
            heirs |= {old: item for old in before if old is not kept and old not in heirs}
        for old, item in heirs.items():
            if old not in stay:
                self._gone(old, item)
        return stay

    def _before(self, item: Item) -> list[Item]:
        return list(dict.fromkeys(old for name in _files(item) for old in self._shown.get(name, ())))

    def _inherit(self, old: Item | None, item: Item) -> None:
        """Give an item, and each of its phases, the ids under which the same was shown."""
        ids = {part.files: part.id for part in (old.parts if old is not None else ())}
        for part in item.parts:
            part.id = ids.get(part.files, part.id)
        item.missing = [] if old is None else list(old.missing)
        if old is not None and old.id not in {part.id for part in item.parts}:
            item.id = old.id

    def _show(self, item: Item) -> None:
        for name in _files(item):
            self._shown.setdefault(name, []).append(item)
        self._items.put(item)

    def _gone(self, old: Item, into: Item | None) -> None:
        for name in _files(old):
            self._shown[name] = [item for item in self._shown[name] if item is not old]
        if into is None or into.id != old.id:
            self._items.remove(old, into)


def _files(item: Item) -> dict[str, None]:
    return dict.fromkeys(name for part in item.parts for name in part.files)


def _alike(old: Item, new: Item) -> bool:
    """Return whether who looks at an item would say that the new one is the same, of more files perhaps."""
    return old.frames.shape == new.frames.shape or (old.kind == new.kind == "volume" and _series(old) == _series(new))


def _series(item: Item) -> Any:
    known = item.facts.attributes
    return known.get("SeriesInstanceUID"), item.facts.shape[1:], dict(item.facts.separated_by)


def _same(old: Item, new: Item) -> bool:
    """Return whether nothing of an item has changed."""
    if old.kind == "image" and old.facts.index < 0:  # of a file alone: the survey knows more
        return new.facts.index < 0 and (old.files, old.frames.shape) == (new.files, new.frames.shape)
    return [_said(part) for part in old.parts] == [_said(part) for part in new.parts]


def _said(item: Item) -> Any:
    places = [(place.entry.name, place.frame) for place in item.frames.origins or item.frames.places or ()]
    facts = replace(item.facts, index=0).to_dict()
    return item.kind, item.color, item.files, item.frames.shape, item.notes, facts, places
