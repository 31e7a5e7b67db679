"""What Python holds, in the place of files that are looked for: all of it is known at once."""

from __future__ import annotations

from hounsfield.image import Image
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.series.volumes import Volumes
from hounsfield.volume import Volume
from hounsfield.web.discovery import Discovery, last_part
from hounsfield.web.held_items import ItemHolder
from hounsfield.web.items import Items


class HeldDiscovery(Discovery):
    """Has found everything from the beginning.

    Parameters
    ----------
    shown
        What is shown.
    limits
        What reading and cutting may cost.
    """

    def __init__(self, shown: Image | Volume | Volumes, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__([], limits, Items(last_part(shown.name)))
        for item in ItemHolder(limits, self.files, self.kept).items(shown):
            self.items.put(item)
        self.items.finish(shown.report if isinstance(shown, Volumes) else None)

    def run(self) -> None:
        """Do nothing: there is nothing to look for."""
