"""From what a DICOMDIR names to the files of its folder, and to nothing outside of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from hounsfield.limits import Limits
from hounsfield.sources.entries import Entry
from hounsfield.sources.kinds import escaped
from hounsfield.sources.source import Source

#: Reads the records of a DICOMDIR: components of a Referenced File ID, and the type of the record. What parses DICOM
#: is no business of this package, and is handed in.
ReadDicomdir = Callable[[Source, Limits], Sequence[tuple[tuple[str, ...], str]]]
#: Of DICOM files, the usual ones first.
_ENDINGS = (".dcm", ".dicom", ".dic", ".ima", "")
_OUTSIDE = "the DICOMDIR refers outside its folder, or to no file"


def referenced_entries(dicomdir: str, references: Iterable[tuple[tuple[str, ...], str]]) -> Iterator[Entry]:
    """Yield the files that a DICOMDIR names, each once, in the order of its records.

    Names on discs may be written in lower case, with a version (``;1``) or with a point at the end, as the file system
    shows them (ISO 9660), and what copies discs gives files an ending (``.dcm``); they are matched without regard to
    that. A reference that leads out of the DICOMDIR's folder, by itself or through a link, gives an entry with a
    problem, and so does one to a file that is not there.

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
        return Entry(escaped(name), None, f"named by a record of the DICOMDIR{of}, but missing")
    if not folder.holds(path):
        return Entry(path, None, _OUTSIDE)
    return Entry(path, path)


def _harmless(component: str) -> bool:
    """Return whether a component is a plain name: no way up, no separator, no drive, nothing that hides."""
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
        self._stems: dict[str, dict[str, dict[str, str]]] = {}

    def find(self, components: Sequence[str]) -> str | None:
        """Return the path of what a name means; None where it is not there."""
        path = self.path
        for number, component in enumerate(components, 1):
            names = self._names(path)
            name = names.get(component) or names.get(_plain(component))
            if name is None and number == len(components):
                name = self._other_ending(path, component)
            if name is None:
                return None
            path = os.path.join(path, name)
        return path

    def _other_ending(self, path: str, component: str) -> str | None:
        """A file of that name with an ending that it has not on the disc, or without one that it has there.

        File IDs have no ending (PS3.10 8.2), and what copies them gives them one: ``IM000001.dcm``. Where several files
        differ in their ending only, it is the one with an ending of DICOM files.
        """
        stem, known = _plain(component), self._by_stems(path)
        bare, ending = os.path.splitext(stem)
        candidates = known.get(stem) or (known.get(bare) if ending in _ENDINGS else None) or {}
        of_images = [candidates[ending] for ending in _ENDINGS if ending in candidates]
        return of_images[0] if of_images else next(iter(candidates.values())) if len(candidates) == 1 else None

    def _by_stems(self, path: str) -> dict[str, dict[str, str]]:
        """The names of files in a folder: by what they are without their ending, and by that. Numbers are none."""
        if path not in self._stems:
            stems: dict[str, dict[str, str]] = {}
            for name in sorted(set(self._names(path).values())):
                stem, ending = os.path.splitext(_plain(name))
                if not ending[1:].isdigit() and not os.path.isdir(os.path.join(path, name)):
                    stems.setdefault(stem, {}).setdefault(ending, name)
            self._stems[path] = stems
        return self._stems[path]

    def holds(self, path: str) -> bool:
        """Return whether a path lies in the folder when all links are followed."""
        return os.path.realpath(path).startswith(os.path.join(self._real, ""))

    def _names(self, path: str) -> dict[str, str]:
        """The names in a folder: by themselves, and as they are matched; the exact one comes first."""
        if path not in self._known:
            try:
                names = sorted(os.listdir(path or ".")) if self.holds(path or ".") or path == self.path else []
            except OSError:
                names = []
            own: dict[str, str] = {}
            for name in names:
                own.setdefault(_plain(name), name)
            self._known[path] = own | {name: name for name in names}
        return self._known[path]


def _plain(name: str) -> str:
    stem, mark, version = name.partition(";")
    name = stem if mark and version.isdigit() else name
    return name.rstrip(".").casefold()
