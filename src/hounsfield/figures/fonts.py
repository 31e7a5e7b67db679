"""Fonts that have the characters of a text: matplotlib's own, then what the system has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager, get_font

#: The font that comes with matplotlib: Latin, Greek, Cyrillic, Arabic and more.
BASE = "DejaVu Sans"
#: The family with which matplotlib draws what no other has.
_BOXES = "Last Resort"
_CHINESE = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei"),
    *("PingFang SC", "Hiragino Sans GB", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Heiti SC"),
    *("STHeiti", "Droid Sans Fallback", "Noto Serif CJK SC", "SimSun", "Songti SC"),
)
_JAPANESE = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Source Han Sans JP",
    "Hiragino Sans",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
)
_KOREAN = (
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "Source Han Sans KR",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "NanumGothic",
)
#: Which fonts are to be installed where characters of East Asia are missing.
ADVICE = "a font such as Noto Sans CJK (Debian and Ubuntu: fonts-noto-cjk; Fedora: google-noto-sans-cjk-fonts)"


def families_for(text: str) -> tuple[str, ...]:
    """Return the families in which a text can be written, in the order in which they are tried for a character."""
    missing = _without(set(text) - {" "}, BASE)
    families = [BASE]
    if not missing:
        return (BASE,)
    for family in _candidates(text):
        left = _without(missing, family)
        if left != missing:
            families.append(family)
            missing = left
        if not missing:
            break
    return tuple(families)


def unwritable(text: str, families: Iterable[str]) -> frozenset[str]:
    """Return the characters of a text that none of the families has."""
    missing = set(text) - {" "}
    for family in families:
        missing = _without(missing, family)
    return frozenset(missing)


def _without(characters: set[str], family: str) -> set[str]:
    """Return those characters that a family does not have."""
    return {character for character in characters if not _has(family, character)}


@cache
def _path(family: str) -> str | None:
    try:
        return fontManager.findfont(FontProperties(family=[family]), fallback_to_default=False)
    except ValueError:  # there is no such font
        return None


@cache
def _has(family: str, character: str) -> bool:
    if unicodedata.category(character) == "Co":
        return False  # for private use: every font has something else there
    path = _path(family)
    try:
        return path is not None and get_font(path).get_char_index(ord(character)) != 0
    except (OSError, RuntimeError):  # a damaged font
        return False


def _candidates(text: str) -> Iterator[str]:
    """Yield the families that are installed: known ones by the script, those that are new, then all others."""
    known = _known(text)
    listed = _listed()
    yield from (family for family in known if family in listed)
    _add_new()
    new = _listed()
    yield from (family for family in known if family in new - listed)
    yield from sorted(new - set(known) - {BASE})


def _known(text: str) -> tuple[str, ...]:
    """Return the known families, those of the text's own script first: kana are Japanese, hangul are Korean."""
    if any("\u3040" <= character <= "\u30ff" for character in text):
        return _JAPANESE + _CHINESE + _KOREAN
    if any("\u1100" <= character <= "\u11ff" or "\uac00" <= character <= "\ud7a3" for character in text):
        return _KOREAN + _CHINESE + _JAPANESE
    return _CHINESE + _JAPANESE + _KOREAN


def _listed() -> set[str]:
    """Return the families with an upright font of normal weight, but for that which has a box for any character."""
    return {
        entry.name
        for entry in fontManager.ttflist
        if entry.style == "normal" and entry.weight in (400, "normal", "regular") and not entry.name.startswith(_BOXES)
    }


@cache
def _add_new() -> None:
    """Add the fonts that were installed after matplotlib wrote its list, which it never looks at again."""
    there = {entry.fname for entry in fontManager.ttflist}
    for path in sorted(set(findSystemFonts()) - there):
        try:
            fontManager.addfont(path)
        except (OSError, RuntimeError, ValueError, NotImplementedError):  # a font that matplotlib cannot use
            continue
    _path.cache_clear()
    _has.cache_clear()
