"""Keywords of the DICOM dictionary, and those that are spelled alike."""

from __future__ import annotations

from difflib import get_close_matches

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VR, tag_for_keyword


def is_plain_keyword(keyword: str) -> bool:
    """Return whether a keyword is one of an attribute with values: not of a sequence, not of pixel data.

    Examples
    --------
    >>> is_plain_keyword("StudyDate"), is_plain_keyword("SourceImageSequence"), is_plain_keyword("__class__")
    (True, False, False)
    """
    tag = tag_for_keyword(keyword)
    return tag is not None and dictionary_VR(tag) not in {"SQ", "OB", "OW", "OB or OW", "OF", "OD", "OL", "OV", "UN"}


def similar_keywords(text: str) -> list[str]:
    """Return the keywords that are spelled most like a text.

    Examples
    --------
    >>> similar_keywords("SeriesDescripton")[0]
    'SeriesDescription'
    """
    known = {entry[4].lower(): entry[4] for entry in DicomDictionary.values() if entry[4]}
    exact = known.get(text.lower())
    return [exact] if exact else [known[one] for one in get_close_matches(text.lower(), known, 3, 0.75)]
