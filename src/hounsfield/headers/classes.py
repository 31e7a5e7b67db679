"""What kind of object a SOP Class UID stands for: an image, or something without pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydicom.uid import UID_dictionary  # pyright: ignore[reportPrivateImportUsage]

from hounsfield.header import text_of
from hounsfield.text import modality_words

#: Names of storage classes whose objects are pictures (PS3.4 B.5).
_IMAGES = re.compile(r"Image Storage|Segmentation|Map Storage|RT Dose|Volume Analysis")
_NO_IMAGES = re.compile(r"Surface Segmentation|Non-Image")
#: Of vendors, without pixels.
_PRIVATE = {"1.3.12.2.1107.5.9.1": "CSA Non-Image Storage"}


def _name(uid: str) -> str:
    """Return the name of a class, or its UID; pydicom's own `UID` would warn of a damaged one, and quote it."""
    return _PRIVATE.get(uid) or UID_dictionary.get(uid, (uid,))[0]


def class_name(uid: str) -> str:
    """Return the name of a SOP class without the word Storage; ``""`` where it is none of the standard's.

    Examples
    --------
    >>> class_name("1.2.840.10008.5.1.4.1.1.88.11")
    'Basic Text SR'
    """
    name = _name(uid)
    return "" if name == uid else re.sub(r" Storage\b", "", name)


def has_image(uid: str) -> bool:
    """Return whether objects of a SOP class are images, which without pixels have lost them; no class counts as one.

    Examples
    --------
    >>> has_image("1.2.840.10008.5.1.4.1.1.2"), has_image("1.2.840.10008.5.1.4.1.1.104.1"), has_image("")
    (True, False, True)
    """
    name = _name(uid)
    return not uid or (_IMAGES.search(name) is not None and _NO_IMAGES.search(name) is None)


def is_dicomdir(header: Mapping[str, Any]) -> bool:
    """Return whether a header is that of a DICOMDIR: it has directory records, and no class of its own (PS3.3 F.3)."""
    return not text_of(header, "SOPClassUID") and "DirectoryRecordSequence" in header


def is_no_image(header: Mapping[str, Any]) -> bool:
    """Return whether what a header describes is no image by its kind: a report, a document, a DICOMDIR."""
    return is_dicomdir(header) or not has_image(text_of(header, "SOPClassUID"))


def kind_of(header: Mapping[str, Any]) -> str:
    """Return what an object without an image is: ``"RT Plan"``; ``""`` where the standard has no name for it."""
    return "DICOMDIR" if is_dicomdir(header) else class_name(text_of(header, "SOPClassUID"))


def without_pixels(header: Mapping[str, Any]) -> str:
    """Return what is to be said of an object without pixel data: which class it is of, and which modality."""
    if is_dicomdir(header):
        return "is a DICOMDIR: it names other files, and holds no image"
    uid, modality = text_of(header, "SOPClassUID"), text_of(header, "Modality")
    name = "" if has_image(uid) else class_name(uid)
    what = f"is not an image but {name}, which " if name else ""
    return f"{what}has no pixel data" + (f" (modality {modality_words(modality)})" if modality else "")
