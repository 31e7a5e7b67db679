"""Text that leaves the library: what of it may command a terminal, and which values of a file a message may quote."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable

#: Controls, marks that turn the direction of text, halves of characters, other ends of lines, and what is no character:
#: terminals obey some of them, and XML cannot hold others.
_HARMFUL = ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")
#: A byte as names of files have it that is no text, and what looks like one.
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_LOOKS_ESCAPED = re.compile(rb"\\(x[0-9a-f]{2})")


def printable(text: str) -> str:
    r"""Escape what could command a terminal: control characters, and marks that turn the direction of text.

    Examples
    --------
    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _harmless(c) else c.encode("unicode_escape").decode() for c in text)


def name_text(name: str) -> str:
    r"""Return the name of a file as a text: bytes that are none are written as ``\xff``.

    What looks like that in a name is written as ``\x5cxff``, so that no two names are one text; `name_of_text` takes it
    back. On Windows names are text.
    """
    if os.sep == "\\" or (name.isascii() and "\\x" not in name):
        return name
    plain = name.encode("utf-8", "surrogateescape")
    return _LOOKS_ESCAPED.sub(rb"\\x5c\1", plain).decode("utf-8", "backslashreplace")


def name_of_text(text: str) -> str:
    """Return the name of a file of which `name_text` has made a text."""
    if os.sep == "\\" or "\\x" not in text:
        return text
    return os.fsdecode(_ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode()))


def storable(text: str) -> str:
    r"""Return a text that files and tables can hold: bytes of names that are no text become ``\xff``.

    Examples
    --------
    >>> storable("a\udcff"), storable("\ud800")
    ('a\\xff', '\\ud800')
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        try:
            return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        except UnicodeEncodeError:
            return text.encode("utf-8", "backslashreplace").decode()
    return text


def json_safe(document: str) -> str:
    r"""Escape the same characters in a JSON document, in JSON's own way: it stands for the same values.

    Examples
    --------
    >>> json_safe('{"a": "\x9b"}')
    '{"a": "\\u009b"}'
    """
    if document.isascii():
        return document  # controls are escaped by every writer of JSON
    return "".join(c if c.isascii() or _harmless(c) else _utf_16(c) for c in document)


def _harmless(character: str) -> bool:
    return unicodedata.category(character) not in _HARMFUL


def _utf_16(character: str) -> str:
    data = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{data[n : n + 4]}" for n in range(0, len(data), 4))


#: Defined terms of Modality (PS3.3 C.7.3.1.1.1), retired ones too.
_MODALITIES = frozenset(
    """
    ANN AR ASMT AU BDUS BI BMD CD CFM CR CT CTPROTOCOL DD DF DG DMS DOC DS DX EC ECG EEG EMG EOG EPS ES FA FID FS GM
    HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT OP OPM OPR OPT OPTBSV OPTENF OPV OSS OT PA
    PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SC SEG SM
    SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF XA XAPROTOCOL XC
    """.split()
)
#: Defined terms of Rescale Type, Units and Dose Units (PS3.3 C.11.1.1.2, C.8.9.1.1.3, C.8.8.3).
_UNITS = frozenset(
    """
    HU OD US MGML Z_EFF ED EDW HU_MOD PCT CNTS NONE CM2 CM2ML PCNT CPS BQML MGMINML UMOLMINML MLMING MLG 1CM UMOLML
    PROPCNTS PROPCPS MLMINML MLML GML STDDEV GY RELATIVE UNSPECIFIED
    """.split()
)
#: A unit in UCUM: symbols with prefixes and exponents, parted by dots and strokes.
_SYMBOL = (
    r"\d{0,6}(?:[numkMGcd]?(?:m|g|l|L|s|Bq|Hz|mol|Pa|J|V|T|A|K|eV|Gy|Sv|W|N|Ci|bar)|min|h|d|rad|deg|%|\[ppth\]|10\*|\d)"
    r"(?:-?\d)?"
)
_UCUM = re.compile(rf"/?{_SYMBOL}(?:[./]{_SYMBOL}){{0,5}}")
_UID = re.compile(r"\d{1,16}(?:\.\d{1,16}){2,20}")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, plural but for one.

    Examples
    --------
    >>> counted(1, "frame"), counted(3, "slice")
    ('1 frame', '3 slices')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def modality_words(value: str) -> str:
    """Return a Modality that may be quoted: a defined term, or that it is none."""
    return value if value in _MODALITIES else "not a term of the standard"


def unit_words(value: str) -> str:
    """Return a unit that may be quoted: a defined term or a unit of UCUM, else that the file has one of its own."""
    if not value:
        return "no known unit"
    return value if value.upper() in _UNITS or _UCUM.fullmatch(value) else "a unit of the file's own"


def syntax_words(value: str) -> str:
    """Return a Transfer Syntax UID that may be quoted, or that it is none."""
    return value if len(value) <= 64 and _UID.fullmatch(value) else "that is not a UID"


def suggestion(text: str, known: Iterable[str]) -> str:
    """Return what a message adds on a name that is mistyped: which one was meant; ``""`` where none is near.

    Examples
    --------
    >>> suggestion("lugn", ["bone", "lung"])
    '; did you mean lung?'
    """
    from difflib import get_close_matches

    near = get_close_matches(text[:64].lower(), list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
