"""Finds what is to be shown, in a thread of its own: the first readable file at once, then the volumes of all files."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from time import monotonic

from hounsfield.errors import HounsfieldError
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import Limits
from hounsfield.series.instances import Instances, Some
from hounsfield.series.joining import joined
from hounsfield.series.report import Report
from hounsfield.series.survey import survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.sources.collection import Collection, open_collection
from hounsfield.sources.entries import Entry
from hounsfield.web.arrivals import Arrivals
from hounsfield.web.early_series import SHARE, EarlySeries
from hounsfield.web.item_frames import KeptVolumes, OpenFiles, volume_bytes
from hounsfield.web.item_making import ItemMaker
from hounsfield.web.items import Items
from hounsfield.web.kept import Kept
from hounsfield.web.memory import most_bytes
from hounsfield.web.reading_in_parts import folder_of, read_in_parts
from hounsfield.web.slide_frames import KEPT_BYTES, KeptTiles, tile_bytes

#: So many files are tried until one is an image that can be shown at once; and so many in each folder after that.
_FIRST_TRIES, _MORE_TRIES = 50, 3
#: Images that are shown before all is understood: each takes some milliseconds. Seconds between two words on progress.
_MOST_EARLY, _PACE = 100, 0.1


class Stopped(Exception):
    """The server ends: whatever is read is not wanted any more."""


class Discovery:
    """Finds items.

    Parameters
    ----------
    paths
        What to show: files, folders, archives, DICOMDIRs, URLs.
    limits
        What it may cost.
    items, kept
        Where what is found is put, and volumes are kept: those of another search, or their own.

    Attributes
    ----------
    items
        What has been found.
    no_images
        Files that are no images by their kind, presentation states among them; empty until all are understood.
    share
        The share of the time of reading that may be spent on series before all files are read.
    patience
        Seconds for which all other files wait until a page has the first image: reading them takes its time.
    """

    patience = 0.0

    def __init__(
        self, paths: Sequence[str], limits: Limits, items: Items | None = None, kept: KeptVolumes | None = None
    ) -> None:
        self._paths, self.limits = list(paths), limits
        self.items = items or Items(_short_name(self._paths), self._paths)
        self.kept: KeptVolumes = kept or Kept(volume_bytes, most_bytes())
        self.tiles: KeptTiles = Kept(tile_bytes, KEPT_BYTES)
        self.files = OpenFiles(limits)
        self.no_images: list[Entry] = []
        self.share = SHARE
        self._maker = ItemMaker(limits, self.files, self.kept, self.tiles, self.check)
        self._arrivals = Arrivals(self.items)
        self._stopping = threading.Event()
        self._shown = threading.Event()
        self._told = 0.0
        self._tries: dict[str, int] = {}
        self._seen: set[str] = set()
        self._thread = threading.Thread(target=self.run, name="hounsfield-view-discovery", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own; once."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """Ask the thread, and whoever assembles a volume, to end; forget everything."""
        self._stopping.set()
        self._shown.set()
        self.kept.clear()
        self.tiles.clear()

    def shown(self) -> None:
        """Note that a page has a first image."""
        self._shown.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread; return whether it has ended."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        """True where the server ends."""
        return self._stopping.is_set()

    def check(self) -> None:
        """Raise Stopped where the server ends."""
        if self._stopping.is_set():
            raise Stopped

    def run(self) -> None:
        """Find everything; whatever goes wrong is said, and ends nothing but the search."""
        try:
            self._find()
        except Stopped:
            pass
        except HounsfieldError as error:
            self.items.finish(None, error.message)
        except Exception as error:
            self.items.finish(
                None, f"the files cannot be read ({type(error).__name__}); please report this as a defect"
            )

    def account(self) -> None:
        """Say what turned out to be damaged when volumes were assembled: in the report, and of the items themselves."""
        damaged = self._maker.damaged()
        if not damaged:
            return
        self.items.correct(damaged)
        for item in self.items:
            own = {name for part in item.parts for name in part.files}
            notes = [f"{path}: {file.detail}" for path, file in damaged.items() if path in own]
            new = [note for note in notes if note not in item.notes[0]]
            if new:
                item.notes = item.notes[0] + new, item.notes[1] + new
                self.items.put(item)

    def _find(self) -> None:
        entries: list[Entry] = []
        with self._collection() as collection:
            for entry in collection:
                self.check()
                entries.append(entry)
                self._look(entry)
                self._tell(0, len(entries))
            name = collection.name
        if not entries:
            self.items.finish(Report(()), "there are no files")
            return
        surveyed = survey(self._read(entries, name), self.limits, "split", Tolerances())
        self.check()
        self._arrivals.finish(self._maker.of_survey(surveyed, name))
        found = {entry.name: entry for entry in entries}
        self.no_images += [found[file.path] for file in surveyed.report.files if file.no_image]
        self.items.finish(surveyed.report)

    def _read(self, entries: list[Entry], name: str) -> Instances:
        """Read all headers; series of which no more files are to be expected are shown on the way."""
        early, done = EarlySeries(self._maker, self.limits, name, self.share), 0

        def told(some: Some) -> None:
            nonlocal done
            self.check()
            early.read(some)
            done += len(some.entries)
            if done < len(entries):
                self._arrivals.put(early.found(folder_of(entries[done])))

        return joined(list(read_in_parts(entries, self.limits, self._progress, told)))

    def _collection(self) -> Collection:
        return open_collection(self._paths, self.limits, file_references)

    def _look(self, entry: Entry) -> None:
        """Show the first image of each folder until its files are understood; the very first takes more tries."""
        folder = os.path.dirname(entry.name)
        tries = self._tries[folder] = self._tries.get(folder, 0) + 1
        most = _MORE_TRIES if self._seen else _FIRST_TRIES
        if folder in self._seen or len(self._seen) >= _MOST_EARLY or tries > most:
            return
        item = self._maker.of_file(entry)
        if item is not None:
            self._arrivals.early(item)
            self._seen.add(folder)
            self._shown.wait(self.patience)
            self.patience = 0.0

    def _progress(self, done: int, found: int) -> None:
        self.check()
        self._tell(done, found)

    def _tell(self, done: int, found: int) -> None:
        if monotonic() - self._told >= _PACE:
            self._told = monotonic()
            self.items.advance(done, found)


def _short_name(paths: Sequence[str]) -> str:
    """The last part of what was named, or how many there were."""
    if len(paths) != 1:
        return f"{len(paths)} paths"
    return "standard input" if paths[0] == "-" else last_part(paths[0])


def last_part(path: str) -> str:
    """Return the last part of a path or a URL, without what follows a question mark."""
    plain = path.partition("?")[0] if "://" in path else path
    return os.path.basename(plain.rstrip("/\\")) or plain
