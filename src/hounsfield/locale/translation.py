"""Sentences of the library in Chinese: looked up whole, or by the template that they were made of.

The library says everything in English. Who shows it to a person, the command or the page, translates it at the last
moment, by the catalogue ``locale/zh_CN/LC_MESSAGES/hounsfield.mo`` of gettext.
"""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

DOMAIN = "hounsfield"
FOLDER = Path(__file__).parent
_PLACE = re.compile(r"\{([\w.]+)(?:!r)?\}")
#: Places in which a single word is data of a file, or its name.
_OF_FILES = re.compile(r"name|path|source|label|keyword|text|choice|given|found|declared")
#: Words before a colon that are the command's.
_MARKS = ("assumed", "conflict")
#: What stands between a file and what is said of it, and between one remark and the next.
_STRONG = ("; ", ": ")
#: What else parts of a sentence are joined by.
_JOINTS = (*_STRONG, "：", "；", ", and ", ", ")
_FULL_WIDTH = {"; ": "；", ": ": "：", ", and ": "，且", ", ": "，"}
_IN_BRACKETS = re.compile(r"(.*\S) \((.*)\)", re.DOTALL)
_SPAN = re.compile(r"(-?[\d.]+) to (-?[\d.]+)")
_CHINESE_TEXT = re.compile("[\u4e00-\u9fff）】]")


@dataclass(frozen=True)
class SentencePattern:
    """A sentence with places in braces, and its translation with the same."""

    source: str
    target: str
    pattern: re.Pattern[str] = field(init=False)
    anchor: str = field(init=False)

    def __post_init__(self) -> None:
        parts = _PLACE.split(self.source)
        pattern = re.escape(parts[0])
        for n in range(1, len(parts), 2):
            beside = not parts[n + 1] and n + 2 < len(parts)
            pattern += _place(n // 2, parts[n], beside) + re.escape(parts[n + 1])
        object.__setattr__(self, "pattern", re.compile(pattern, re.DOTALL))
        object.__setattr__(self, "anchor", max(parts[::2], key=len))

    @property
    def weight(self) -> int:
        """Letters of the sentence that are its own: of two templates that fit, the one with more is meant."""
        return sum(map(str.isalpha, _PLACE.sub("", self.source)))

    def found_in(self, text: str, *, whole: bool) -> re.Match[str] | None:
        """Return how a text fits; None where it does not, or where a place would take in what stands before it.

        ``file.dcm: 3 of 4`` has 3 in the first place of ``{held} of {total}``. `whole` allows no place to hold several
        sentences.
        """
        found = self.pattern.fullmatch(text) if self.anchor in text else None
        if found is None:
            return None
        held = found.groups() if whole else found.groups()[:1] if self.source.startswith("{") else ()
        return None if any(joint in value for value in held for joint in _STRONG) else found

    def fill(self, found: re.Match[str], catalogue: Catalogue) -> str:
        """Put what stands in the places of the sentence into the translation, translated itself where it is known."""
        names = _PLACE.findall(self.source)
        held = {name: catalogue.value(name, found[f"p{n}"]) for n, name in enumerate(names)}
        return _PLACE.sub(lambda place: held.get(place[1], place[0]), self.target)


def _place(number: int, name: str, beside: bool) -> str:
    """Return the pattern of a place: numbers are counted, and of two places side by side the first holds one word."""
    inside = "[0-9,.]+" if name == "count" else r"[^\s,;:(]*" if beside else ".*?"
    return f"(?P<p{number}>{inside})"


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
        self._sure = lru_cache(4096)(self._certain)

    def exactly(self, text: str) -> str:
        """Translate a text that is in the catalogue as it is."""
        return self._texts.get(text, text)

    def value(self, name: str, text: str) -> str:
        """Translate what stands in a place of a sentence; a single word there may be the name of a file, and stays."""
        if span := _SPAN.fullmatch(text):
            return f"{span[1]} 至 {span[2]}"
        words = " " in text.strip() or not (name.isdecimal() or _OF_FILES.search(name))
        return self.sentence(text) if words else text

    def _sentence(self, text: str) -> str:
        core = text.strip()
        if core != text and text not in self._texts:  # an indent, or the blank between two parts
            before, _, after = text.partition(core) if core else (text, "", "")
            return f"{before}{self.sentence(core) if core else ''}{after}"
        if text in self._texts:
            return self._texts[text]
        return self._sure(text) or self._template(text, whole=False) or self._in_parts(text)

    def _certain(self, text: str) -> str | None:
        """Translate a text that is known, or made of sentences of which each is; a lone word may be a file's name."""
        if text in self._texts and (" " in text.strip() or text in _MARKS):
            return self._texts[text]
        return self._split(text, _STRONG, both=True) or self._template(text, whole=True)

    def _template(self, text: str, *, whole: bool) -> str | None:
        for template in self._templates:
            if (found := template.found_in(text, whole=whole)) is not None:
                return template.fill(found, self)
        return None

    def _in_parts(self, text: str) -> str:
        """Translate a sentence that was put together of several, where its parts are known: best where both are."""
        if (inner := _IN_BRACKETS.fullmatch(text)) and inner[1]:
            parts = self.sentence(inner[1]), self.sentence(inner[2])
            if parts != (inner[1], inner[2]):
                return (
                    f"{parts[0]}（{parts[1]}）" if all(map(_CHINESE_TEXT.search, parts)) else f"{parts[0]} ({parts[1]})"
                )
        return self._split(text, _JOINTS, both=True) or self._split(text, _JOINTS, both=False) or text

    def _split(self, text: str, joints: tuple[str, ...], *, both: bool) -> str | None:
        for joint in joints:
            for at in (found.start() for found in re.finditer(re.escape(joint), text)):
                head, tail = text[:at], text[at + len(joint) :]
                first, told = self._piece(head, "", joint), self._piece(tail, joint, "")
                if (first and told) or ((first or told) and not both):
                    start, end = first or (self._rest(head), True), told or (self._rest(tail), True)
                    return _joined(start[0], joint if start[1] and end[1] else "", end[0])
        return None

    def _rest(self, text: str) -> str:
        """Translate what can be of a part that is not known as a whole; a lone word may be the name of a file."""
        return self.sentence(text) if " " in text.strip() else text

    def _piece(self, text: str, before: str, after: str) -> tuple[str, bool] | None:
        """Return the translation of a part, and whether the joint beside it is to be written: it may belong to it."""
        whole = before + text + after
        for form in dict.fromkeys((whole, whole.strip())) if text else ():
            if form != text and (known := self._texts.get(form) or self._template(form, whole=True)):
                return known, False
        sure = self._sure(text)
        return None if sure is None else (sure, True)


def _joined(first: str, joint: str, told: str) -> str:
    """Put two parts together, with Chinese marks between Chinese texts."""
    chinese = _CHINESE_TEXT.search(first[-1:] + first[:1]) and _CHINESE_TEXT.search(told)
    return first + (_FULL_WIDTH.get(joint, joint) if chinese else joint) + told


@cache
def catalogue() -> Catalogue:
    """Load the Chinese catalogue; an empty one where it was not installed."""
    try:
        found = gettext.translation(DOMAIN, str(FOLDER), languages=["zh_CN"])
    except OSError:
        return Catalogue({})
    # gettext looks texts up, but does not list them; templates have to be tried.
    held: dict[Any, str] = getattr(found, "_catalog", {})
    return Catalogue({key: text for key, text in held.items() if isinstance(key, str) and key})
