"""From what a DICOMDIR names to the files of its folder, and to nothing outside of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from hounsfield.limits import Limits
from hounsfield.source import Source
from hounsfield.sources.entries import Entry
from hounsfield.sources.kinds import escaped

#: Reads the records of a DICOMDIR: components of a Referenced File ID, and the type of the record. What parses DICOM
#: is no business of this package, and is handed in.
ReadDicomdir = Callable[[Source, Limits], Sequence[tuple[tuple[str, ...], str]]]
_OUTSIDE = "the DICOMDIR refers outside its folder, or to no file"


def referenced_entries(dicomdir: str, references: Iterable[tuple[tuple[str, ...], str]]) -> Iterator[Entry]:
    """Yield the files that a DICOMDIR names, each once, in the order of its records.

    Names on discs may be written in lower case, with a version (``;1``) or with a point at the end, as the file system
    shows them (ISO 9660); they are matched without regard to that. A reference that leads out of the DICOMDIR's
    folder, by itself or through a link, gives an entry with a problem, and so does one to a file that is not there.

    Parameters
    ----------
    dicomdir
        Path of the DICOMDIR.
    references
        What its records say: components, and type of the record.
    """
    folder = _Folder(os.path.dirname(dicomdir))
    seen: set[str] = set()
    for components, kind in references:
        entry = _entry(folder, components, kind)
        key = entry.path or entry.name
        if key not in seen:
            seen.add(key)
            yield entry


def _entry(folder: _Folder, components: tuple[str, ...], kind: str) -> Entry:
    if not components or not all(map(_harmless, components)):
        shown = escaped("\\".join(components))
        return Entry(os.path.join(folder.path, shown) if _stays(shown) else shown, None, _OUTSIDE)
    name = os.path.join(folder.path, *components)
    path = folder.find(components)
    if path is None:
        of = f" ({escaped(kind)})" if kind else ""
        return Entry(escaped(name), None, f"named by a record of the DICOMDIR{of}, but not there")
    if not folder.holds(path):
        return Entry(path, None, _OUTSIDE)
    return Entry(path, path)


def _harmless(component: str) -> bool:
    """Whether a component is a plain name: no way up, no separator, no drive, nothing that hides."""
    if component in ("", ".", "..") or not component.isprintable():
        return False
    return not any(character in component for character in '/\\:*?"<>|')


def _stays(shown: str) -> bool:
    return bool(shown) and not os.path.isabs(shown) and ".." not in shown


class _Folder:
    """A folder in which names are found as people mean them."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._real = os.path.realpath(path or ".")
        self._known: dict[str, dict[str, str]] = {}

    def find(self, components: Sequence[str]) -> str | None:
        """Return the path of what a name means; None where it is not there."""
        path = self.path
        for component in components:
            name = self._names(path).get(component) or self._names(path).get(_plain(component))
            if name is None:
                return None
            path = os.path.join(path, name)
        return path

    def holds(self, path: str) -> bool:
        """Whether a path lies in the folder when all links are followed."""
        return os.path.realpath(path).startswith(os.path.join(self._real, ""))

    def _names(self, path: str) -> dict[str, str]:
        """The names in a folder: by themselves, and as they are matched; the exact one comes first."""
        if path not in self._known:
            try:
                names = sorted(os.listdir(path or ".")) if self.holds(path or ".") or path == self.path else []
            except OSError:
                names = []
            found: dict[str, str] = {}
            for name in names:
                found.setdefault(_plain(name), name)
            self._known[path] = found | {name: name for name in names}
        return self._known[path]


def _plain(name: str) -> str:
    stem, mark, version = name.partition(";")
    name = stem if mark and version.isdigit() else name
    return name.rstrip(".").casefold()
