"""All that a server shows, and how: what its routes share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import Request

from hounsfield.errors import HounsfieldError
from hounsfield.image import Image
from hounsfield.web.access import Door
from hounsfield.web.discovery import Discovery
from hounsfield.web.hiding import WITHHELD, Hiding
from hounsfield.web.items import Item
from hounsfield.web.mask_sets import MaskSets
from hounsfield.web.missing_pixels import note_missing
from hounsfield.web.overlay_planes import OverlayPlanes
from hounsfield.web.parameters import Refused, language_of
from hounsfield.web.presence import Presence
from hounsfield.web.run_folder import RunFolder
from hounsfield.web.segment_files import SegmentFiles
from hounsfield.web.shape_places import ShapePlaces
from hounsfield.web.shown_states import States
from hounsfield.web.upload_discovery import UploadDiscovery, Uploaded
from hounsfield.web.uploads import Uploads

_Result = TypeVar("_Result")

#: Of the bytes that volumes may take, masks may take so many more: each voxel has one, beside two or more of values.
_MASKS = 0.25
#: Frames that are read at a time.
_THREADS = 4
#: Tiles that are read at a time: one thread is left for everything else.
_TILES = 3


@dataclass
class Viewing:
    """All that a server shows, and how.

    Attributes
    ----------
    discovery
        Finds what is shown.
    door
        Who is let in.
    hiding
        What is said of the patient.
    presence
        How many pages are open.
    folder
        Where files of this run only may lie.
    searches
        Those through files that were uploaded.
    """

    discovery: Discovery
    door: Door
    hiding: Hiding = field(default_factory=Hiding)
    presence: Presence = field(default_factory=Presence)
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "hounsfield-view"))
    assembler: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "hounsfield-view-volume"))
    planes: OverlayPlanes = field(default_factory=OverlayPlanes)
    states: States = field(default_factory=States)
    begun: set[str] = field(default_factory=set[str])
    tile_turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_TILES))
    filmer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "hounsfield-view-film"))
    folder: RunFolder = field(default_factory=RunFolder)
    searches: list[UploadDiscovery] = field(default_factory=list[UploadDiscovery])

    def __post_init__(self) -> None:
        self.uploads = Uploads(self.folder, self.search)
        self.places = ShapePlaces(self.discovery.limits)
        self.segments = SegmentFiles(self.discovery.limits)
        self.masks = MaskSets(int(self.discovery.kept.most * _MASKS), self.discovery.limits)

    def search(self, files: Sequence[Uploaded]) -> None:
        """Look through files that were uploaded, too."""
        one = UploadDiscovery(files, self.discovery)
        self.searches.append(one)
        one.start()

    def close(self) -> None:
        """End all work."""
        self.presence.close()
        for discovery in (self.discovery, *self.searches):
            discovery.stop()
        self.masks.clear()
        self.segments.clear()
        self.folder.close()
        self.readers.shutdown(wait=False, cancel_futures=True)
        self.assembler.shutdown(wait=False, cancel_futures=True)
        self.filmer.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Do some work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.readers, work)

    async def told(self, request: Request) -> Hiding:
        """Return what may be said at this moment, in the language of the page that asks."""
        language = language_of(request)
        if language == "en" or self.discovery.stopped:  # there are no threads any more then
            return self.hiding.in_language(language)
        return await self.run(lambda: self.hiding.in_language(language))

    async def run_film(self, work: Callable[[], _Result]) -> _Result:
        """Do some work that takes long: one at a time, beside the frames that are asked for meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self.filmer, work)

    def item(self, request: Request, *, header_only: bool = False) -> Item:
        """Return the item that is asked for; one that shows a label, while the patient is hidden, for its header only.

        What a header may say then is known, what a picture says is not.
        """
        item = self.discovery.items.get(request.path_params["id"])
        if item is None:
            raise Refused(404, "there is no such item in this run")
        if not header_only and self.hiding.withholds(item):
            raise Refused(403, WITHHELD)
        return item

    def assemble(self, item: Item) -> None:
        """Begin to put an item's frames together, once; the page is told when that is done."""
        frames = item.frames
        if not frames.can_be_assembled or frames.assembled is not None or item.id in self.begun:
            return
        if not frames.has_room or (item.phases is not None and not item.phases.stays(item)):
            return
        self.begun.add(item.id)

        def work() -> None:
            try:
                frames.volume()
                self.begun.discard(item.id)
                note_missing(item)
                for search in (self.discovery, *self.searches):
                    search.account()
            except HounsfieldError as error:  # which is not tried again: frames are read one by one then
                item.error = item.error if frames.places is not None else error.message
            except Exception:  # each frame says what is wrong with it
                return
            self.discovery.items.put(item)

        self.assembler.submit(work)


def read_sample(item: Item, index: int) -> Image:
    """Return what describes a frame of an item, whose unit is known from then on."""
    image = item.frames.described_by(index)
    item.unit = image.unit
    note_missing(item, image)
    return image
