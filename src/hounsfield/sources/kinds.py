"""What a file, or a name, stands for, by its first bytes: never by how it ends."""

from __future__ import annotations

import os
import re
from typing import Literal

Kind = Literal["", "zip", "tar", "gzip", "bzip2", "xz", "DICOMDIR"]
#: What may hold other files; a compressed file need not be a tar, which only its content tells.
ARCHIVES: frozenset[Kind] = frozenset(["zip", "tar", "gzip", "bzip2", "xz"])
COMPRESSED: frozenset[Kind] = frozenset(["gzip", "bzip2", "xz"])
#: Of the numbers in the header of a tar's member: each has at least one.
_FEWEST_DIGITS = 5
#: So many bytes are looked at.
LOOK = 1024

_MAGIC: dict[bytes, Kind] = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
}
#: Media Storage SOP Class UID: Media Storage Directory Storage (PS3.6 A).
_DICOMDIR = b"\x02\0\x02\0UI\x14\x001.2.840.10008.1.3.10"
_USER = re.compile(r"(?<=://)[^/@]*@")
_QUERY = re.compile(r"[?#].*")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+(://|::.+://)")


def kind_of(head: bytes) -> Kind:
    r"""Tell what a file is; ``""`` where it is none of these, as DICOM files are.

    Parameters
    ----------
    head
        Its first bytes; `LOOK` of them are enough.

    Examples
    --------
    >>> kind_of(b"PK\x03\x04" + bytes(100))
    'zip'
    """
    if head[128:132] == b"DICM":
        # Its preamble may be made to look like anything (PS3.10 7.1).
        return "DICOMDIR" if _DICOMDIR in head[132:LOOK] else ""
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if _bits_apart(head[:4], b"PK\x03\x04") == 1:
        return "zip"  # whose first member is damaged; the others are found by the directory at its end
    return "tar" if _is_tar(head[:512]) else ""


def _is_tar(block: bytes) -> bool:
    """Return whether a block begins a tar: the older ones have no magic, but all have a checksum.

    A damaged one is a tar, too: taken for something else, its other members would be lost without a word. It has the
    magic, or numbers in octal digits where they belong, but for a single byte.
    """
    if len(block) < 512:
        return False
    import tarfile  # for what is no DICOM file only: it takes as long to load as many of our modules

    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return _bits_apart(block[257:262], b"ustar") <= 1 or _has_octal_fields(block)
    return True


def _bits_apart(one: bytes, other: bytes) -> int:
    """Count the bits that differ; all, where the lengths do."""
    if len(one) != len(other):
        return 8 * len(other)
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _has_octal_fields(block: bytes) -> bool:
    """Return whether all numbers of a header are octal, but for one byte, and nothing follows the name."""
    numbers = block[100:156]
    wrong = sum(byte not in b"01234567 \0" for byte in numbers) + sum(byte != 0 for byte in block[257:])
    return block[0] != 0 and wrong <= 1 and sum(byte in b"01234567" for byte in numbers) >= _FEWEST_DIGITS


def is_compressed_name(name: str) -> bool:
    """Return whether a name ends as those of single compressed files do; of a compressed tar it does, too.

    Examples
    --------
    >>> is_compressed_name("a.dcm.GZ"), is_compressed_name("a.nii.gz"), is_compressed_name("a.dcm")
    (True, False, False)
    """
    return name.lower().endswith((".gz", ".bz2", ".xz")) and not name.lower().endswith(".nii.gz")


def is_url(name: str) -> bool:
    """Return whether a name is a URL, or a chain of them (``zip://*.dcm::https://...``), and no file of that very name.

    Examples
    --------
    >>> is_url("s3://bucket/a.dcm"), is_url("C://folder"), is_url("a::b")
    (True, False, False)
    """
    return _URL.match(name) is not None and not os.path.lexists(name)


def local_path(url: str) -> str | None:
    """Return the path of a ``file://`` URL; None of others.

    Examples
    --------
    >>> local_path("file:///a/b%20c"), local_path("s3://a/b")
    ('/a/b c', None)
    """
    if not url.lower().startswith("file://") or "::" in url:
        return None
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return url2pathname(urlsplit(url).path)


def escaped(name: str) -> str:
    r"""Return the name of a member, which is hostile text, with what could command a terminal as escapes.

    Examples
    --------
    >>> escaped("a\x1b[2J/b")
    'a\\x1b[2J/b'
    """
    return name if name.isprintable() else "".join(map(_escaped, name))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def shown(url: str) -> str:
    """Return a URL without what may be a secret in it: user, password, query; each link of a chain.

    Examples
    --------
    >>> shown("https://me:secret@host/a.dcm?token=1")
    'https://host/a.dcm'
    """
    return escaped("::".join(_QUERY.sub("", without_user(part)) for part in url.split("::")))


def without_user(url: str) -> str:
    """Return a URL without the user and the password in it."""
    return _USER.sub("", url)
