"""What was walked together, and the volumes in it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from hounsfield.batch.listener import Listener
from hounsfield.catalog.catalog_paths import catalog_path

if TYPE_CHECKING:
    from hounsfield.recipes.reading import Reading
    from hounsfield.series.volumes import Volumes


@dataclass(frozen=True)
class Surveyed:
    """Inputs that were walked together, and the volumes in them; no other process walks them again.

    Parameters
    ----------
    paths
        What was named.
    gaps, reading
        How its volumes are put together and read.
    volumes
        The volumes; in another process the one that was sent there.
    """

    paths: tuple[str, ...]
    gaps: str
    reading: Reading
    volumes: Volumes = field(compare=False, repr=False)

    @classmethod
    def walk(cls, paths: tuple[str, ...], gaps: str, reading: Reading, listener: Listener) -> Surveyed:
        """Read all headers.

        Raises
        ------
        SourceError
            There are no files; or a single one that cannot be opened.
        """
        with listener.surveying() as progress:
            return cls(paths, gaps, reading, reading.survey(paths, gaps, progress))

    def alone(self, place: int) -> Surveyed:
        """Return one of the volumes by itself: what another process is sent."""
        return replace(self, volumes=self.volumes.alone(place))

    @cached_property  # to tell a catalog, its folder is listed: once, not for each volume
    def name(self) -> str:
        """As messages call all of it."""
        return self._shown(self.paths[0]) if len(self.paths) == 1 else f"{len(self.paths)} paths"

    @staticmethod
    def _shown(path: str) -> str:
        known = catalog_path(path)
        return path if known is None else known.folder

    def names(self) -> dict[int, str]:
        """Return what messages call each volume, by its number: ``folder[3]``.

        Of several paths that is the one in which all of its files are, else the folder that these have in common.
        """
        files: dict[int, list[str]] = {}
        for file in self.volumes.report.files:
            for number in file.volumes:
                files.setdefault(number, []).append(file.path)
        return {number: f"{self._place_of(paths)}[{number}]" for number, paths in files.items()}

    def _place_of(self, files: list[str]) -> str:
        if len(self.paths) == 1:
            return self.name
        for path in self.paths:
            below = path if path.endswith("/") else path + os.sep
            if files == [path] or all(file.startswith(below) for file in files):
                return path
        try:
            return os.path.commonpath([os.path.dirname(file) for file in files]) or "."
        except ValueError:  # relative ones beside absolute ones
            return self.name
