"""Which transfer syntaxes hounsfield reads, by its own account, and which there are."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

from pydicom.uid import UID, UID_dictionary

_NAMES = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.113619.5.2": "GE private, implicit little endian with big endian pixels",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    "": "none stated",
}


@cache
def read_by() -> dict[str, str]:
    """Transfer syntax UID to what reads it, as `hu doctor` says it from the code's tables."""
    done = subprocess.run([sys.executable, "-m", "hounsfield", "doctor", "--json"], capture_output=True, text=True)
    report = json.loads(done.stdout)
    return {row["transfer_syntax"]: row["decoder"] for row in report["decoders"] if row["decoder"]}


def not_read() -> list[str]:
    """Every other transfer syntax in pydicom's dictionary."""
    known = [uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax"]
    return sorted(set(known) - set(read_by()), key=order)


def syntax_name(uid: str) -> str:
    return _NAMES.get(uid) or UID(uid).name


def order(uid: str) -> list[int]:
    return [int(part) for part in uid.split(".") if part.isdigit()]


def class_name(uid: str) -> str:
    """The standard's name of a SOP class."""
    if uid == "1.2.840.10008.5.1.4.1.1.66.7":
        return "Label Map Segmentation Storage"  # newer than pydicom's dictionary
    if not uid or uid not in UID_dictionary:
        return f"not the standard's (`{uid}`)" if uid else "none stated"
    return UID(uid).name + (" (retired)" if UID(uid).is_retired else "")
