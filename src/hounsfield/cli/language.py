"""The language in which the command speaks to a person: English, or Chinese where the environment asks for it.

The library is not translated: its errors, steps and warnings are English sentences that programs may search, and so
are JSON and tables for programs. What the command prints for a person is translated as it leaves, by the catalogue
``locale/zh_CN/LC_MESSAGES/hounsfield.mo`` of gettext: texts of the command by themselves, sentences of the library by
the template that they were made of (``{frames} frames of {rows} x {columns}``), whose places hold what the file says.
"""

from __future__ import annotations

import gettext
import os
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_DOMAIN = "hounsfield"
_FOLDER = Path(__file__).parents[1] / "locale"
#: What an environment may call the Chinese of the catalogue: simplified characters.
_CHINESE = re.compile(r"zh([_-](CN|SG|MY|Hans).*)?(\..*)?(@.*)?", re.IGNORECASE)
_PLACE = re.compile(r"\{([\w.]+)(?:!r)?\}")
#: Places in which a single word is data of a file, or its name.
_OF_FILES = re.compile(r"name|path|source|label|keyword|text|choice|given|found|declared")
#: Words before a colon that are the command's.
_MARKS = ("assumed", "conflict")
#: Parts of a sentence that are sentences of their own: a file and what is said of it, one remark and the next.
_JOINTS = (": ", "; ", ", ", " (", ")")


def choose() -> None:
    """Take the language of the environment: ``LANGUAGE``, ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``, as gettext does.

    Click's own words (``Usage``, ``Options``, wrong options) come from the same catalogue.
    """
    if is_chinese(os.environ):
        speak_chinese()


def speak_chinese() -> None:
    """Translate what is printed from here on."""
    os.environ["LANGUAGE"] = "zh_CN"  # click asks gettext, which asks the environment
    gettext.bindtextdomain(_DOMAIN, str(_FOLDER))
    gettext.textdomain(_DOMAIN)
    _state.catalogue = catalogue()


def is_chinese(environment: Any) -> bool:
    """Whether an environment asks for simplified Chinese before any language that is not translated."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return bool(_CHINESE.fullmatch(environment[name].partition(":")[0]))
    return False


def is_translated() -> bool:
    """Whether another language than English was chosen."""
    return _state.catalogue is not None


def exactly(text: str) -> str:
    """Return the translation of a text of the command, as it stands in the catalogue."""
    return text if _state.catalogue is None else _state.catalogue.exactly(text)


def translated(text: str) -> str:
    """Return a text in the language that was chosen; what the catalogue does not know stays as it is."""
    return text if _state.catalogue is None else _state.catalogue.sentence(text)


@dataclass
class _State:
    catalogue: Catalogue | None = None


_state = _State()


@dataclass(frozen=True)
class SentencePattern:
    """A sentence with places in braces, and its translation with the same."""

    source: str
    target: str
    pattern: re.Pattern[str] = field(init=False)
    anchor: str = field(init=False)

    def __post_init__(self) -> None:
        parts = _PLACE.split(self.source)
        pattern = "".join(
            (f"(?P<p{n // 2}>[0-9,.]+)" if part == "count" else f"(?P<p{n // 2}>.*?)") if n % 2 else re.escape(part)
            for n, part in enumerate(parts)
        )
        object.__setattr__(self, "pattern", re.compile(pattern, re.DOTALL))
        object.__setattr__(self, "anchor", max(parts[::2], key=len))

    @property
    def weight(self) -> int:
        """How much of the sentence is its own: of two templates that fit, the one with more is meant."""
        return sum(map(str.isalpha, _PLACE.sub("", self.source)))

    def overlaps(self, found: re.Match[str]) -> bool:
        """Whether the first place took in what stands before the sentence: ``file.dcm: 3`` of ``file.dcm: 3 of 4``."""
        return self.source.startswith("{") and any(joint in found["p0"] for joint in (": ", "; "))

    def fill(self, found: re.Match[str], catalogue: Catalogue) -> str:
        """Put what stands in the places of the sentence into the translation, translated itself where it is known."""
        names = _PLACE.findall(self.source)
        held = {name: catalogue.value(name, found[f"p{n}"]) for n, name in enumerate(names)}
        return _PLACE.sub(lambda place: held.get(place[1], place[0]), self.target)


class Catalogue:
    """Translations of texts, and of the sentences that are made of templates.

    Parameters
    ----------
    texts
        Text to its translation; a text with names in braces is a template.
    """

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        made = (SentencePattern(source, target) for source, target in texts.items() if _PLACE.search(source))
        self._templates = sorted((one for one in made if one.weight > 3), key=lambda one: -one.weight)
        self.sentence = lru_cache(4096)(self._sentence)

    def exactly(self, text: str) -> str:
        """Translate a text that is in the catalogue as it is."""
        return self._texts.get(text, text)

    def value(self, name: str, text: str) -> str:
        """Translate what stands in a place of a sentence; a single word there may be the name of a file, and stays."""
        words = " " in text.strip() or not (name.isdecimal() or _OF_FILES.search(name))
        return self.sentence(text) if words else text

    def _part(self, text: str) -> str:
        return self.sentence(text) if " " in text.strip() or text in _MARKS else text

    def _sentence(self, text: str) -> str:
        core = text.strip()
        if core != text and text not in self._texts:  # an indent, or the blank between two parts
            before, _, after = text.partition(core) if core else (text, "", "")
            return f"{before}{self.sentence(core) if core else ''}{after}"
        return self._known(text) or self._in_parts(text)

    def _known(self, text: str) -> str | None:
        if text in self._texts:
            return self._texts[text]
        for template in self._templates:
            if template.anchor in text and (found := template.pattern.fullmatch(text)) and not template.overlaps(found):
                return template.fill(found, self)
        return None

    def _in_parts(self, text: str) -> str:
        """Translate a sentence that was put together of several, where its parts are known: best where both are."""
        splits = [(text[:at], joint, text[at + len(joint) :]) for joint in _JOINTS for at in _places(text, joint)]
        for head, joint, tail in splits:
            first, told = self._piece(head, joint, before=False), self._piece(tail, joint, before=True)
            if first is not None and told is not None:
                return _joined(first, joint, told)
        for head, joint, tail in splits:
            first, told = self._piece(head, joint, before=False), self._piece(tail, joint, before=True)
            if first is not None or told is not None:
                return _joined(first or (self._part(head), True), joint, told or (self._part(tail), True))
        return text

    def _piece(self, text: str, joint: str, before: bool) -> tuple[str, bool] | None:
        """Return the translation of a part, and whether the joint is to be written beside it."""
        whole = joint + text if before else text + joint
        if (known := self._known(whole) or self._known(whole.strip())) is not None:
            return known, False
        known = self._known(text) if " " in text.strip() or text in _MARKS else None
        return None if known is None else (known, True)


def _places(text: str, joint: str) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(joint), text)]


def _joined(first: tuple[str, bool], joint: str, told: tuple[str, bool]) -> str:
    return first[0] + (joint if first[1] and told[1] else "") + told[0]


@cache
def catalogue() -> Catalogue:
    """Load the Chinese catalogue; an empty one where it was not installed."""
    try:
        found = gettext.translation(_DOMAIN, str(_FOLDER), languages=["zh_CN"])
    except OSError:
        return Catalogue({})
    # gettext looks texts up, but does not list them; templates have to be tried.
    held: dict[Any, str] = getattr(found, "_catalog", {})
    return Catalogue({key: text for key, text in held.items() if isinstance(key, str) and key})
