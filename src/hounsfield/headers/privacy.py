"""Which attributes identify a patient, and what is shown in their place."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR, tag_for_keyword

from hounsfield.headers.profile import action

#: What stands in the place of a hidden value.
HIDDEN = "[hidden]"

#: Value representations that hold people's names, free dates, or whose system it is, whatever the attribute.
_IDENTIFYING_VRS = {"PN", "DA", "DT", "TM", "AE"}
#: Value representations in which people write what they like.
_FREE_TEXT_VRS = {"LO", "LT", "SH", "ST", "UC", "UR", "UT"}

#: Beside the profile: the value of a template's text, and of the file meta information where a file came from, and what
#: its writer put there for itself (PS3.10 7.1). Nobody knows what that holds.
_IDENTIFYING = {0x0040A160, 0x00020026, 0x00020027, 0x00020028, 0x00020035, 0x00020036, 0x00020102}
#: UIDs that name a kind of thing, not this patient's.
_PUBLIC_UIDS = {
    tag_for_keyword(keyword)
    for keyword in (
        "SOPClassUID",
        "MediaStorageSOPClassUID",
        "TransferSyntaxUID",
        "ReferencedSOPClassUID",
        "ImplementationClassUID",
        "CodingSchemeUID",
        "ContextUID",
        "MappingResourceUID",
        "RelatedGeneralSOPClassUID",
    )
}


def identifies(tag: int, vr: str = "") -> bool:
    """Return whether an attribute may tell who the patient is; of a sequence, whether anything in it may.

    What the basic de-identification profile of PS3.15 removes, replaces or empties (see `hounsfield.headers.profile`);
    names, dates, times and application entities; UIDs of instances; private attributes and those of standard groups
    that the standard does not have, since nobody knows what they hold. Text drawn into the pixels is not found.

    Parameters
    ----------
    tag
        The attribute's tag, as a number.
    vr
        The value representation that the file gives it; the dictionary's counts too.
    """
    if action(tag) or tag in _IDENTIFYING:
        return True
    expected = _dictionary_vr(tag)
    if expected is None:
        return tag & 0xFFFF != 0 and tag >> 16 != 0xFFFE  # lengths of groups and delimiters tell nothing
    return any(of in _IDENTIFYING_VRS or (of == "UI" and tag not in _PUBLIC_UIDS) for of in (vr, expected))


def is_free_text(tag: int, vr: str = "") -> bool:
    """Return whether an attribute's value is text in people's own words, by the file's or the dictionary's account.

    The profile keeps many of these, such as labels of windows and names of devices: what is in them depends on who
    wrote the file.
    """
    return not _FREE_TEXT_VRS.isdisjoint((vr, _dictionary_vr(tag)))


def keyword_identifies(keyword: str, vr: str = "") -> bool:
    """Return whether the attribute of a keyword may tell who the patient is; of what is none the `vr` decides."""
    tag = tag_for_keyword(keyword)
    return vr in _IDENTIFYING_VRS or vr == "UI" if tag is None else identifies(tag, vr)


def _dictionary_vr(tag: int) -> str | None:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return None
