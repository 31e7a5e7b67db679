"""Keywords of attributes: whether there is such a one, of which VR, and what was meant by one that is mistyped."""

from __future__ import annotations

from pydicom.datadict import dictionary_description, dictionary_VR, keyword_dict, tag_for_keyword


def keyword_vr(keyword: str) -> str:
    """Return the VR of an attribute; ``""`` where no attribute has this keyword.

    Examples
    --------
    >>> keyword_vr("KVP"), keyword_vr("kvp")
    ('DS', '')
    """
    tag = tag_for_keyword(keyword)
    return "" if tag is None else dictionary_VR(tag)


def keyword_name(keyword: str) -> str:
    """Return the name of an attribute in the standard; ``""`` where no attribute has this keyword.

    Examples
    --------
    >>> keyword_name("PatientAge")
    "Patient's Age"
    """
    tag = tag_for_keyword(keyword)
    return "" if tag is None else dictionary_description(tag)


def similar_keyword(keyword: str) -> str:
    """Return the keyword that was most likely meant; ``""`` where none is near.

    Examples
    --------
    >>> similar_keyword("kvp"), similar_keyword("SeriesDescripton")
    ('KVP', 'SeriesDescription')
    """
    from difflib import get_close_matches  # for mistakes only: nobody else pays for it

    folded = {known.lower(): known for known in keyword_dict if known}
    near = get_close_matches(keyword.lower(), folded, 1, 0.75)
    return folded[near[0]] if near else ""
