"""`info`, `tags` and `dicom_json`: from a source to what its header says. No pixel is touched."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from hounsfield.headers.dataset import declared_syntax, open_dataset, open_header
from hounsfield.headers.info import facts
from hounsfield.headers.tags import Attribute, attributes, json_model
from hounsfield.image import Image, Step
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.reading.frames import refuse_assumptions, warn_of_assumptions
from hounsfield.sources.local import SourceLike, open_source

if TYPE_CHECKING:
    from hounsfield.display.presentation.state import PresentationState

__all__ = ["Attribute", "dicom_json", "info", "presentation", "tags"]


def info(
    source: SourceLike | Image, *, phi: bool = True, strict: bool = False, limits: Limits = DEFAULT_LIMITS
) -> dict[str, Any]:
    """Return what one usually wants to know of a file.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, ``"-"`` for standard input, or an image that was read.
    phi
        False hides the values by which the patient could be found (see `hounsfield.headers.privacy`).
    strict
        Refuse a file where something would have to be assumed, with an `AssumptionError`.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    dict
        JSON-ready. First PatientID, PatientName, PatientBirthDate, PatientSex, StudyID, StudyDate, StudyTime,
        InstitutionName and Manufacturer, as text and exactly as the file writes them; absent ones are None.
        Then the dates in ISO 8601 (``StudyDateISO``), what the file shows, and how its pixels are stored:
        ``PixelSpacing`` in mm (between rows, between columns) with ``SpacingKind``, ``Unit`` of the modality
        values, ``WindowCenter`` and ``WindowWidth`` as lists.

    Raises
    ------
    SourceError, NotDicomError, DecodeError, LimitExceededError
        The file cannot be opened, is no DICOM, or no attribute of it can be read.
    AssumptionError
        `strict`, and something would have to be assumed.

    Warns
    -----
    AssumptionWarning
        Something had to be assumed: how the file is encoded, what a value with a wrong VR means, in which character
        set its text is. Never with a text of the file.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> found = hu.info(get_testdata_file("CT_small.dcm"))
    >>> found["PatientID"], found["StudyDateISO"], found["Unit"], found["SpacingKind"]
    ('1CT1', '2004-01-19', 'HU', 'patient')
    """
    if isinstance(source, Image):
        syntax = declared_syntax(source.header.dataset)
        found = facts(source.header, syntax, phi)
        _say(source.header.doubts, source.name, strict)
        return found
    with closing(open_source(source, limits)) as opened_source:
        opened = open_header(opened_source, limits)
        found = facts(opened.header, opened.declared, phi)
    _say((*opened.steps, *opened.header.doubts), opened.name, strict)
    return found


def _say(steps: Sequence[Step], name: str, strict: bool) -> None:
    """Warn the caller's caller of what was assumed, or refuse it."""
    if strict:
        refuse_assumptions(steps, name)
    warn_of_assumptions(steps, name, 3)


def tags(
    source: SourceLike, search: str = "", *, phi: bool = True, strict: bool = False, limits: Limits = DEFAULT_LIMITS
) -> list[Attribute]:
    """Return all attributes of a file, in the file's order, those of sequences after their sequence.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, or ``"-"`` for standard input.
    search
        Only attributes of which the keyword, name, tag or value contains this text, whatever the case.
    phi
        False hides the values by which the patient could be found.
    strict
        Refuse a file where something would have to be assumed, with an `AssumptionError`.
    limits
        Bounds on what the file may cost.

    Raises
    ------
    SourceError, NotDicomError, DecodeError, LimitExceededError
        The file cannot be opened, is no DICOM, or no attribute of it can be read. A single attribute that
        cannot be read is no error: it is in the list with ``readable=False``.
    AssumptionError
        `strict`, and something would have to be assumed.

    Warns
    -----
    AssumptionWarning
        Something had to be assumed: how the file is encoded, what a value with a wrong VR means, in which character
        set its text is. Never with a text of the file.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> for attribute in hu.tags(get_testdata_file("CT_small.dcm"), "rescale"):
    ...     print(attribute.tag, attribute.keyword, attribute.value)
    00281052 RescaleIntercept -1024.0
    00281053 RescaleSlope 1.0
    """
    with closing(open_source(source, limits)) as opened_source:
        opened = open_dataset(opened_source, limits)
        found = attributes(opened, search, phi, limits)
    _say((*opened.steps, *opened.header.doubts), opened.name, strict)
    return found


def dicom_json(
    source: SourceLike, *, phi: bool = True, strict: bool = False, limits: Limits = DEFAULT_LIMITS
) -> dict[str, dict[str, Any]]:
    """Return the file in the DICOM JSON model (PS3.18 annex F).

    Binary values of more than 4096 bytes have a ``BulkDataURI`` with offset and length in the file in place of
    their content. An attribute whose value cannot be read has its VR and no value. With ``phi=False`` what
    identifies the patient has its VR and no value either. What is assumed is a warning, and refused where `strict`,
    as in `tags`.
    """
    with closing(open_source(source, limits)) as opened_source:
        opened = open_dataset(opened_source, limits)
        model = json_model(opened, phi, limits)
    _say((*opened.steps, *opened.header.doubts), opened.name, strict)
    return model


def presentation(source: SourceLike, *, limits: Limits = DEFAULT_LIMITS) -> PresentationState:
    """Read a softcopy presentation state: how somebody wants images shown.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, or ``"-"`` for standard input: a grayscale, color or pseudo-color
        softcopy presentation state (PS3.3 A.33), or one for XA and XRF.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    PresentationState
        For ``hu.render(image, presentation=...)``.

    Raises
    ------
    SourceError, NotDicomError, DecodeError, LimitExceededError
        The file cannot be opened, is no DICOM, or no attribute of it can be read.
    InvalidAttributeError
        It is no presentation state, or one of a kind that is not supported.
    """
    from hounsfield.display.presentation.state import (
        presentation_state,  # only here: whoever asks for facts draws nothing
    )

    with closing(open_source(source, limits)) as opened_source:
        opened = open_dataset(opened_source, limits)
        return presentation_state(opened.header, opened.name)
