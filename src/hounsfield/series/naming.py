"""Names for what is written of volumes: from what a person knows of them, valid on every system, none twice.

Pure functions: a name depends on what is named together, never on the order, on paths, or on the clock.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hounsfield.headers.keywords import keyword_vr, similar_keyword
from hounsfield.headers.privacy import keyword_identifies

#: What names are made of by default: with the patient's data, and without.
DEFAULT = "{StudyDate}-{Modality}-{SeriesNumber:03}-{SeriesDescription}"
WITHOUT_PHI = "{Modality}-{SeriesNumber:03}"

_FIELD = re.compile(r"\{([A-Za-z][A-Za-z0-9]*)(?::(0[1-9]))?\}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Windows' names of devices, whatever ending follows; compatibility forms of the digits count too.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9]|lpt[0-9])", re.IGNORECASE)
#: Characters, and bytes of UTF-8, of one part of a path: what stands before an ending or a suffix.
_LONGEST, _SHORTEST, _BYTES, _FOLDERS = 88, 20, 180, 8
_SUFFIX, _WHOLE = 8, 64
#: What a modality may be (PS3.3 C.7.3.1.1.1): under another value anything could stand.
_MODALITIES = frozenset(
    "ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT "
    "IVUS KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG "
    "RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA "
    "XA XAPROTOCOL XC".split()
)


@dataclass(frozen=True)
class Template:
    """A checked template of names.

    Attributes
    ----------
    text
        Keywords in braces, with ``/`` between folders.
    named
        True where somebody chose it: then missing values are ``none``; by default they are left out.
    phi
        False where nothing that identifies the patient may be in a name: then each ends in a hash.
    """

    text: str = DEFAULT
    named: bool = False
    phi: bool = True

    @property
    def keywords(self) -> list[str]:
        """The keywords in it."""
        return [found[1] for found in _FIELD.finditer(self.text)]


@dataclass(frozen=True)
class Subject:
    """A volume to be named.

    Attributes
    ----------
    values
        Keyword to value.
    identity
        The volume's identity, ever finer: study and series, what separates it, where it lies, its instances.
    """

    values: Mapping[str, Any]
    identity: tuple[Hashable, ...]


@dataclass(frozen=True)
class Named:
    """A name.

    Attributes
    ----------
    stem
        Relative path without ending, with ``/`` between folders.
    plain
        The same without the hash that keeps it apart from others.
    digest
        What it is, as hexadecimal digits.
    """

    stem: str
    plain: str
    digest: str

    @property
    def apart(self) -> str:
        """The name with its hash."""
        return self.stem if self.stem != self.plain else f"{self.plain}-{self.digest[:_SUFFIX]}"


@lru_cache
def parse_template(text: str | None = None, *, phi: bool = True) -> Template:
    """Return a template that has been checked.

    Parameters
    ----------
    text
        Keywords of the DICOM dictionary in braces, such as ``{StudyDate}/{SeriesNumber:03}-{SeriesDescription}``;
        None is the default.
    phi
        False refuses what identifies the patient.

    Raises
    ------
    ValueError
        It names no attribute, or one that may not be in a name, or it leaves the folder.

    Examples
    --------
    >>> parse_template("{StudyDate}/{SeriesDescripton}")
    Traceback (most recent call last):
    ValueError: {SeriesDescripton} is no attribute; did you mean {SeriesDescription}?
    """
    if text is None:
        return Template(DEFAULT if phi else WITHOUT_PHI, phi=phi)
    rest = _FIELD.sub("x", text)
    if "{" in rest or "}" in rest:
        raise ValueError("braces hold a keyword and at most a width, as in {SeriesNumber:03}")
    parts = rest.split("/")
    if "\\" in rest or any(part.strip(" .") == "" for part in parts):
        raise ValueError("it is a path below the output folder, with / between folders, and without .. or empty parts")
    if len(parts) > _FOLDERS:
        raise ValueError(f"it has more than {_FOLDERS - 1} folders")
    if rest == text:
        raise ValueError("it names no attribute, and all outputs would be called the same; {SeriesDescription} is one")
    for found in _FIELD.finditer(text):
        _check_keyword(found[1], phi)
    return Template(text, True, phi)


def _is_plain(keyword: str) -> bool:
    """Return whether it is an attribute with values: no sequence, no bytes."""
    return keyword_vr(keyword) not in ("", "SQ", "UN", "OB", "OW", "OB or OW", "OF", "OD", "OL", "OV")


def _check_keyword(keyword: str, phi: bool) -> None:
    if not _is_plain(keyword):
        alike = similar_keyword(keyword)
        without = " with a value of its own" if keyword_vr(keyword) else ""
        hint = f"; did you mean {{{alike}}}?" if alike not in ("", keyword) and _is_plain(alike) else without
        raise ValueError(f"{{{keyword}}} is no attribute{hint}")
    if not phi and keyword_identifies(keyword):
        raise ValueError(f"{{{keyword}}} may identify the patient, which is to be hidden")


def names_of(subjects: Sequence[Subject], template: Template) -> list[Named]:
    """Return a name for each subject; no two are the same but those of the same identity.

    Names that would be the same, on a system that does not tell capitals from small letters too, end in a hash of what
    is named.

    Examples
    --------
    >>> ct = {"StudyDate": "20200101", "Modality": "CT", "SeriesNumber": 3, "SeriesDescription": "thorax 1mm"}
    >>> [named.stem for named in names_of([Subject(ct, ("1.2.3",))], Template())]
    ['20200101-CT-003-thorax-1mm']
    """
    digests = _digests([subject.identity for subject in subjects])
    plain = [_plain(subject.values, template) for subject in subjects]
    lengths = [0 if template.phi else _SUFFIX for _ in subjects]
    while True:
        stems = [_with_hash(name, digest[:n]) for name, digest, n in zip(plain, digests, lengths, strict=True)]
        whose: dict[str, set[str]] = {}
        for stem, digest in zip(stems, digests, strict=True):
            whose.setdefault(same_name(stem), set()).add(digest)
        met = [len(whose[same_name(stem)]) > 1 for stem in stems]
        if not any(met):
            return [Named(*each) for each in zip(stems, plain, digests, strict=True)]
        lengths = [min(max(n * 2, _SUFFIX), _WHOLE) if meets else n for n, meets in zip(lengths, met, strict=True)]


@lru_cache(4096)
def same_name(path: str) -> str:
    """Return a text that is the same for names that a file system may take for the same one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold()).casefold()


def _with_hash(name: str, digest: str) -> str:
    return f"{name}-{digest}" if digest else name


def _digests(identities: Sequence[tuple[Hashable, ...]]) -> list[str]:
    """Return a hash of each identity, of as much of it as tells it from the others."""
    depths = [1] * len(identities)
    while True:
        heads = [identity[:depth] for identity, depth in zip(identities, depths, strict=True)]
        whole: dict[tuple[Hashable, ...], set[tuple[Hashable, ...]]] = {}
        for head, identity in zip(heads, identities, strict=True):
            whole.setdefault(head, set()).add(identity)
        met = [len(whole[head]) > 1 for head in heads]
        if not any(met):
            return [hashlib.sha256(repr(head).encode("utf-8", "surrogateescape")).hexdigest() for head in heads]
        depths = [depth + meets for depth, meets in zip(depths, met, strict=True)]


# ---- one name


def _plain(values: Mapping[str, Any], template: Template) -> str:
    """Return the filled template, each part of it valid by itself."""
    parts = template.text.split("/")
    longest = max(_SHORTEST, _LONGEST // len(parts))
    return "/".join(safe_part(_filled(part, values, template), longest) for part in parts)


def _filled(part: str, values: Mapping[str, Any], template: Template) -> str:
    def fill(found: re.Match[str]) -> str:
        text = _text(found[1], values.get(found[1]), template.phi)
        if found[2] and text.isascii() and text.isdigit():
            text = text.zfill(int(found[2]))
        return text or ("none" if template.named else "")

    return _FIELD.sub(fill, part)


def _text(keyword: str, value: Any, phi: bool) -> str:
    """Return a value as part of a name; of the fields that stay without the patient's data only what they may hold."""
    if value is None:
        return ""
    if isinstance(value, (tuple, list)):
        text = "-".join(_text(keyword, each, phi) for each in value)  # pyright: ignore[reportUnknownVariableType]
    else:
        text = f"{value:g}" if isinstance(value, float) and not value.is_integer() else str(value)
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else text
    if _DATE.fullmatch(text):
        text = text.replace("-", "")
    if not phi and keyword == "Modality":
        return text if text in _MODALITIES else ""
    if not phi and keyword == "SeriesNumber":
        return text if re.fullmatch(r"-?[0-9]{1,7}", text) else ""
    return _safe(text)


@lru_cache(4096)
def _safe(text: str) -> str:
    """Return letters, digits and ``_``, with ``-`` in the place of all else; a point stays between digits."""
    text = unicodedata.normalize("NFC", text)
    kept = "".join(char if _stays(char) else "-" for char in text)
    kept = re.sub(r"(?<![0-9])\.|\.(?![0-9])", "-", kept)
    return re.sub(r"-{2,}", "-", kept).strip("-")


def _stays(char: str) -> bool:
    # Marks belong to letters; a mark that encloses what stands before it turns that into an emoji.
    return char.isalnum() or char in "_.-+" or unicodedata.category(char) in ("Mn", "Mc") and char not in _SELECTORS


_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x1810), 0x034F)))


@lru_cache(4096)
def safe_part(text: str, longest: int = _LONGEST) -> str:
    """Return one part of a path that is valid on Linux, macOS and Windows, and never leaves its folder.

    Examples
    --------
    >>> safe_part("../etc/passwd"), safe_part("NUL"), safe_part("1.5 mm."), safe_part("")
    ('etc-passwd', '_NUL', '1.5-mm', 'none')
    """
    part = _safe(text)[:longest]
    part = part.encode("utf-8", "ignore")[:_BYTES].decode("utf-8", "ignore").strip("-.") or "none"
    if _DEVICES.fullmatch(unicodedata.normalize("NFKC", part.split(".")[0])):
        part = f"_{part}"
    return part
