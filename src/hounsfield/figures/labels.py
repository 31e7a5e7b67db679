"""Texts of a figure: their language and fonts, how wide they are, and where their lines break."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from hounsfield.figures.fonts import ADVICE, BASE, families_for, unwritable
from hounsfield.figures.words import WORDS, Language
from hounsfield.text import counted, printable

_POINTS = 72
#: Letters are placed on whole pixels: a text may become a little wider than its outlines are.
_SLACK = 1.04


@dataclass(frozen=True)
class Lettering:
    """The language of a figure, and fonts that have all characters of its texts.

    Attributes
    ----------
    words
        Of the language, by key.
    families
        Of fonts, in the order in which they are tried for each character.
    missing
        Characters that none of them has.
    """

    words: Mapping[str, str]
    families: tuple[str, ...] = (BASE,)
    missing: frozenset[str] = frozenset()

    def clean(self, text: str) -> str:
        """Return a text that can be written: controls escaped, ``?`` in the place of what no font has."""
        return "".join("?" if character in self.missing else character for character in printable(text))

    def size(self, text: str, points: float) -> tuple[float, float]:
        """Return the width and height of a line in inches."""
        font = FontProperties(family=list(self.families), size=points)
        width, height, _ = text_to_path.get_text_width_height_descent(self.clean(text), font, ismath=False)  # pyright: ignore[reportArgumentType]
        return width * _SLACK / _POINTS, height / _POINTS

    def lines(self, text: str, width: float, points: float, most: int) -> list[str]:
        """Break a text into lines of so many inches; what is left after the last one is cut, and ends in ``...``."""
        lines: list[str] = [""]
        for part in _parts(self.clean(text)):
            if self.size((lines[-1] + part).strip(), points)[0] <= width:
                lines[-1] += part
                continue
            if lines[-1].strip():
                lines.append("")
            for character in part:  # a word may be wider than a line
                if lines[-1].strip() and self.size((lines[-1] + character).strip(), points)[0] > width:
                    lines.append("")
                lines[-1] += character
            if len(lines) > most:
                break
        lines = [line.strip() for line in lines]
        if len(lines) <= most:
            return lines
        last = lines[most - 1]
        while last and self.size(last + "...", points)[0] > width:
            last = last[:-1]
        return [*lines[: most - 1], last + "..."]

    def fitting(self, text: str, width: float, most: float, least: float = 4.0) -> float:
        """Return the size in points in which a line is not wider than so many inches, if it can be read at all."""
        wide = self.size(text, most)[0]
        return most if wide <= width else max(least, most * width / wide)


def _parts(text: str) -> list[str]:
    """Return the parts between which a line may break: after spaces, and around ideographs."""
    parts = [""]
    for character in text:
        ideograph = unicodedata.east_asian_width(character) in "WF"
        # No line begins with a mark such as a comma.
        closing = unicodedata.category(character) in ("Po", "Pe", "Pf")
        if (ideograph and not closing) or (parts[-1].endswith(" ") and character != " "):
            parts.append("")
        parts[-1] += character
    return [part for part in parts if part]


def lettering(language: Language, *texts: str) -> Lettering:
    """Return the lettering of a figure; English where no font has the characters of Chinese, with a warning.

    Parameters
    ----------
    language
        Of the labels.
    texts
        What else is written: a title, a unit.
    """
    if language not in WORDS:
        raise ValueError(f'language must be "en" or "zh", not {language!r}')
    words = WORDS[language]
    if language != "en" and not has_font(language):
        warnings.warn(
            f"no installed font has Chinese characters: labels are in English; install {ADVICE}", stacklevel=3
        )
        words = WORDS["en"]
    text = "".join(printable(part) for part in (*texts, *(words.values() if language != "en" else ())))
    families = families_for(text)
    missing = unwritable(text, families)
    if missing:
        many = f"{counted(len(missing), 'character')} of the title or the unit"
        warnings.warn(f"no installed font has {many}: ? stands there; install {ADVICE}", stacklevel=3)
    return Lettering(words, families, missing)


def has_font(language: Language) -> bool:
    """Return whether installed fonts have the characters of a language's labels."""
    text = "".join(WORDS[language].values())
    return not unwritable(text, families_for(text))
