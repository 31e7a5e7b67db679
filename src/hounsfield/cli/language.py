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
from dataclasses import dataclass
from typing import Any

from hounsfield.locale.translation import DOMAIN, FOLDER, Catalogue, catalogue

#: What an environment may call the Chinese of the catalogue: simplified characters.
_CHINESE = re.compile(r"zh([_-](CN|SG|MY|Hans).*)?(\..*)?(@.*)?", re.IGNORECASE)


def choose() -> None:
    """Take the language of the environment: ``LANGUAGE``, ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``, as gettext does.

    Click's own words (``Usage``, ``Options``, wrong options) come from the same catalogue.
    """
    if is_chinese(os.environ):
        speak_chinese()


def speak_chinese() -> None:
    """Translate what is printed from here on."""
    os.environ["LANGUAGE"] = "zh_CN"  # click asks gettext, which asks the environment
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)
    _state.catalogue = catalogue()


def is_chinese(environment: Any) -> bool:
    """Whether an environment asks for simplified Chinese before any language that is not translated."""
    named = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((value for value in named if value), "")
    if locale.partition(".")[0] in ("C", "POSIX"):
        return False  # LANGUAGE holds only where a language is asked for at all
    for wanted in (environment.get("LANGUAGE") or locale).split(":"):
        if _CHINESE.fullmatch(wanted):
            return True
        if wanted.lower().startswith(("en", "c.", "posix")):
            return False
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
