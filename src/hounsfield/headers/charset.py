"""Text in the character set that it is in, where that is not the one a file declares (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

_CODECS = {**python_encoding, "ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15"}
_DEFAULT = ("", "ISO_IR 6", "ISO 2022 IR 6")
_SEVERAL_BYTES = {"58", "87", "149", "159"}
#: Other names for defined terms, in capitals and without what parts their words.
_ALIASES = {
    "UTF8": "ISO_IR 192", "UNICODE11UTF8": "ISO_IR 192", "GB2312": "GBK", "CP936": "GBK", "GB180302000": "GB18030",
    "ASCII": "ISO_IR 6", "USASCII": "ISO_IR 6", "ISO646": "ISO_IR 6", "LATIN1": "ISO_IR 100", "ISO88591": "ISO_IR 100",
    "WINDOWS1252": "ISO_IR 100", "CP1252": "ISO_IR 100",
}  # fmt: skip
#: Latin sets whose upper half begins with symbols: a capital and a symbol side by side are no words, but UTF-8.
_SYMBOLS_FIRST = {"ISO_IR 100", "ISO 2022 IR 100", "ISO_IR 148", "ISO 2022 IR 148"}
#: JIS X 0201 has one byte a character, 0xA1 to 0xDF; Python reads it as part of Shift-JIS, which has more.
_KATAKANA = {"ISO_IR 13", "ISO 2022 IR 13"}
#: Python removes the escape sequences of these itself, and keeps track of the set.
_STATEFUL = {"iso2022_jp", "iso2022_jp_2", "iso_ir_58"}
#: Back to the letters of ASCII, or of JIS X 0201, which any file may do.
_ASCII_AGAIN = {b"\x1b(B", b"\x1b(J"}


@dataclass(frozen=True)
class CharacterSets:
    """The declaration of Specific Character Set.

    Attributes
    ----------
    terms
        Defined terms, the first for what stands before any escape sequence; ``""`` for the default repertoire.
    doubt
        Why they are not as they should be; ``""`` where they are.
    """

    terms: tuple[str, ...] = ("",)
    doubt: str = ""

    @property
    def codecs(self) -> set[str]:
        """The codecs that escape sequences may switch to."""
        return {_CODECS[term] for term in self.terms if term not in _DEFAULT}


@cache
def character_sets(value: bytes) -> CharacterSets:
    """Read the value of Specific Character Set."""
    terms: list[str] = []
    doubts: list[str] = []
    for written in value.decode("latin-1").split("\\"):
        term = written.strip(" \0")
        known = defined_term(term)
        if known is None:
            doubts.append("the declared character set has no known name")
        elif known != term:
            doubts.append(f"the name of the declared character set is misspelt; read as {known}")
        terms.append(known or "")
    return CharacterSets(tuple(terms), doubts[0] if doubts else "")


def defined_term(term: str) -> str | None:
    """The defined term that a text is, or means; None for what is none."""
    if term in _CODECS:
        return term
    bare = re.sub(r"[^A-Z0-9]", "", term.upper())
    match = re.fullmatch(r"ISO(2022)?(IR)?(\d+)", bare)
    if match:
        form = "ISO 2022 IR " if match[1] or match[3] in _SEVERAL_BYTES else "ISO_IR "
        if form + match[3] in _CODECS:
            return form + match[3]
    return _ALIASES.get(bare)


def beyond_ascii(data: bytes) -> bool:
    """Return whether text needs a character set."""
    return not data.isascii() or b"\x1b" in data


def decode_text(data: bytes, declared: CharacterSets) -> tuple[str, str]:
    """Decode text, and say where it is not in the declared set.

    Valid UTF-8 with characters of several bytes is no accident in ASCII and Latin-1; in other sets of single bytes it
    is none where it has bytes that are control characters there. Anything else stays what the declared set makes of
    it, or Latin-1 where there is none; bytes that are no character come out as U+FFFD.

    Returns
    -------
    tuple of str
        The text; and what is doubtful of it, ``""`` for nothing.
    """
    if b"\x1b" in data:
        return _with_escapes(data, declared)
    if data.isascii():
        return data.decode("ascii"), ""
    return _undeclared(data, declared) if declared.terms[0] in _DEFAULT else _declared(data, declared)


def _undeclared(data: bytes, declared: CharacterSets) -> tuple[str, str]:
    """Text beyond ASCII where no set is declared for what stands before any escape sequence."""
    why = declared.doubt or "no character set is declared for text beyond ASCII"
    utf8 = _utf8(data)
    if utf8 is not None:
        return utf8, f"{why}; read as UTF-8"
    other = next((term for term in declared.terms if term not in _DEFAULT and _CODECS[term] not in _STATEFUL), "")
    if other:
        return data.decode(_CODECS[other], "replace"), f"no escape sequence names the character set; read as {other}"
    return data.decode("latin-1"), f"{why}; read as ISO_IR 100, which may be wrong"


def _declared(data: bytes, declared: CharacterSets) -> tuple[str, str]:
    """Text beyond ASCII without escape sequences, where a set is declared for it."""
    first = declared.terms[0]
    utf8 = _utf8(data) if first != "ISO_IR 192" else None
    not_as_declared = f"text is not {first}, as declared; read as UTF-8"
    if utf8 is not None and (first in _SYMBOLS_FIRST or _has_controls(data, first)):
        return utf8, not_as_declared
    if first in _KATAKANA and any(byte >= 0x80 and not 0xA1 <= byte <= 0xDF for byte in data):
        if utf8 is not None:
            return utf8, not_as_declared
        return data.decode("shift_jis", "replace"), f"text is not {first}, as declared; read as Shift-JIS"
    try:
        return data.decode(_CODECS[first]), declared.doubt
    except UnicodeDecodeError:
        if utf8 is not None:
            return utf8, not_as_declared
    return data.decode(_CODECS[first], "replace"), f"text is not wholly {first}, as declared; the rest is U+FFFD"


def _has_controls(data: bytes, term: str) -> bool:
    """Return whether text has bytes that are control characters in a set of single bytes (0 where it is none)."""
    single = _CODECS[term].startswith(("iso8859", "iso_ir_1"))
    return single and any(0x80 <= byte < 0xA0 for byte in data)


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _with_escapes(data: bytes, declared: CharacterSets) -> tuple[str, str]:
    """Text of several sets: each part by the escape sequence before it (PS3.5 6.1.2.5)."""
    texts: list[str] = []
    doubt = declared.doubt
    for part in re.findall(rb"\x1b[^\x1b]*|[^\x1b]+", data):
        text, more = _escaped(part, declared) if part.startswith(b"\x1b") else decode_text(part, declared)
        texts.append(text)
        doubt = doubt or more
    return "".join(texts), doubt


def _escaped(part: bytes, declared: CharacterSets) -> tuple[str, str]:
    size = 4 if part[1:3] in (b"$(", b"$)") else 3
    codec = CODES_TO_ENCODINGS.get(part[:size])
    if codec is None:
        text, _ = decode_text(part[1:], declared)
        return text, "escape sequences of no known character set; left out"
    doubt = ""
    if codec not in declared.codecs and part[:size] not in _ASCII_AGAIN:
        doubt = "escape sequences of a character set that is not declared; read by them"
    content = part if codec in _STATEFUL else part[size:]
    end = len(content) if codec in _STATEFUL else _first_delimiter(content)
    try:
        text = content[:end].decode(codec)
    except UnicodeDecodeError:
        text = content[:end].decode(codec, "replace")
        doubt = "text is not wholly of the character set of its escape sequences; the rest is U+FFFD"
    rest, more = decode_text(content[end:], declared)
    return text + rest, doubt or more


def _first_delimiter(content: bytes) -> int:
    """Return where the set falls back to the first: at what parts values, names and lines (PS3.5 6.1.2.5.3)."""
    return next((at for at, byte in enumerate(content) if byte in b"\\^=\n\r\f\t"), len(content))
