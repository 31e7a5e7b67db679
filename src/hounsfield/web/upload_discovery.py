"""Finds what was dropped onto the page, beside what the run began with: the same items, a search of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hounsfield.sources.collection import Collection
from hounsfield.sources.entries import Entry
from hounsfield.sources.renamed import renamed_entries
from hounsfield.web.discovery import Discovery, last_part
from hounsfield.web.items import Share

#: What an upload is called by, and the path where it lies.
Uploaded = tuple[str, str]


class UploadDiscovery(Discovery):
    """Finds items in files that were uploaded.

    Parameters
    ----------
    files
        Names by which they are spoken of, and paths where they lie.
    first
        The discovery that the run began with: the items, and the memory for volumes, are shared with it.
    """

    def __init__(self, files: Sequence[Uploaded], first: Discovery) -> None:
        # Open files are not shared: two uploads may have files of the same name.
        super().__init__([], first.limits, Share(first.items), first.kept)
        self.no_images = first.no_images
        self._uploaded = list(files)
        first.items.name_sources([name for name, _ in files])
        self.items.advance(0, len(files))  # so that the page knows that reading has begun again

    def _collection(self) -> Collection:
        return _UploadedFiles(self._uploaded, self)


class _UploadedFiles(Collection):
    """The files of an upload, in the place of a folder."""

    def __init__(self, files: Sequence[Uploaded], discovery: Discovery) -> None:
        super().__init__([], discovery.limits, None)
        self._files = files

    @property
    def name(self) -> str:
        """The folder, the file, or how many there were."""
        tops = {name.partition("/")[0] for name, _ in self._files}
        return last_part(tops.pop()) if len(tops) == 1 else f"{len(tops)} paths"

    def __iter__(self) -> Iterator[Entry]:
        return renamed_entries(self._files, self._limits)
