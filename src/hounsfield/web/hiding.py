"""What of the files may leave the server: no path, and nothing that may identify the patient while that is hidden."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from errno import ENODEV, ENOENT, ENOTDIR, ENXIO, ESTALE

from hounsfield.errors import HounsfieldError, SourceError
from hounsfield.headers.privacy import HIDDEN
from hounsfield.sources.files import reason
from hounsfield.text import modality_words, printable, unit_words
from hounsfield.web.discovery import last_part
from hounsfield.web.items import Item

#: Why an image is not sent.
WITHHELD = (
    "the picture of the slide's label is not sent while the patient is hidden: names and numbers are written on labels"
)

#: What systems say of a file that is gone, or whose disk or server is.
_GONE = frozenset(reason(OSError(code, os.strerror(code))) for code in (ENOENT, ENOTDIR, ENODEV, ENXIO, ESTALE))
_TAKEN_AWAY = "is no longer there: it, its folder or its disk was moved, renamed or taken away"


@dataclass
class Hiding:
    """The choice whether the patient is hidden, and what of the files may be said by it.

    Attributes
    ----------
    hidden
        True while nothing that may identify the patient is sent.
    always
        True where it cannot be shown again in this run.
    translated
        Gives a sentence of the library in the language of the page.
    """

    hidden: bool = False
    always: bool = False
    translated: Callable[[str], str] = str

    def in_language(self, language: str) -> Hiding:
        """Return what may be said at this moment, in a language: ``"zh"``, or English."""
        if language != "zh":
            return self
        from hounsfield.locale.translation import catalogue  # which takes a moment to load

        return replace(self, translated=catalogue().sentence)

    def set(self, hidden: bool) -> bool:
        """Hide the patient or not; return False where that is not allowed."""
        if self.always and not hidden:
            return False
        self.hidden = hidden
        return True

    def withholds(self, item: Item) -> bool:
        """Return whether no pixel of an item is sent: a picture of text that may name somebody."""
        return self.hidden and item.shows_label

    def text(self, text: str | None) -> str | None:
        """Return free text of a file; None while the patient is hidden: nobody knows what it holds."""
        return None if self.hidden else text

    def file(self, name: str, number: int) -> str:
        """Return the last part of a file's name; its number while the patient is hidden."""
        return f"file {number}" if self.hidden else last_part(name)

    def sentence(self, text: str, files: Iterable[str], words: Iterable[str] = ()) -> str:
        """Return a sentence of the library without paths; while the patient is hidden also without names of files.

        Parameters
        ----------
        text
            The sentence.
        files
            Names of files that it may hold.
        words
            Terms of the file that it may hold: units, modalities. Those of the standard stay.
        """
        for word in words if self.hidden else ():
            if word and unit_words(word) != word and modality_words(word) != word:
                text = text.replace(printable(word), HIDDEN)
        for name in sorted(files, key=len, reverse=True):
            shown = "a file" if self.hidden else last_part(name)
            for written in {name, printable(name)}:
                if written and written in text:
                    text = text.replace(written, shown)
        return self.translated(text)

    def failure(self, error: HounsfieldError, files: Iterable[str]) -> str:
        """Return what went wrong with which of some files, in words; of one that is gone, that it is."""
        known = list(files)
        if isinstance(error, SourceError) and error.message in _GONE and error.source:
            known.append(error.source)
            return self.sentence(f"{error.source} {_TAKEN_AWAY}", known)
        named = f"{error.source}: {error.message}" if error.source in known else error.message
        return self.sentence(named, known)

    def unit(self, unit: str) -> str:
        """Return a unit; one of the file's own words is not said while the patient is hidden."""
        return unit if not self.hidden or unit_words(unit) == unit else ""

    def modality(self, modality: str) -> str:
        """Return a modality; one that is no term of the standard is not said while the patient is hidden."""
        return modality if not self.hidden or modality_words(modality) == modality else ""
