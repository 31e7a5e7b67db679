"""Which volumes and files are worked on, by what their headers say; no pixels are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hounsfield.header import text_of, whole_number
from hounsfield.recipes.checks import RecipeError

if TYPE_CHECKING:
    from hounsfield.header import Header
    from hounsfield.headers.where import Condition
    from hounsfield.series.volumes import Volumes

_DATE = re.compile(r"[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Secondary Capture Image Storage, single-frame and multi-frame (PS3.4 B.5).
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@dataclass(frozen=True)
class Choice:
    """A choice among volumes and files: those that fit all that is said here.

    Parameters
    ----------
    series
        Any of these: a Series Number, a Series Instance UID, or a part of the Series Description.
    study
        Any of these: a Study Instance UID, a Study Date (``20200131``, ``2020-01-31``), or a part of the Study
        Description.
    modality
        Any of these: ``CT``, ``MR`` ...
    min_slices
        At least so many slices; of a file by itself, frames.
    where
        A condition on attributes, as `hounsfield.headers.where.parse_where` takes it; of a volume those of its first
        slice.
    localizers
        False leaves out what is no volume of its own: localizers, secondary captures and single images without a place.

    Raises
    ------
    RecipeError
        A text is empty, or no condition.
    """

    series: tuple[str, ...] = ()
    study: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    min_slices: int | None = None
    where: str | None = None
    localizers: bool = True

    def __post_init__(self) -> None:
        for name in ("series", "study", "modality"):
            if not all(text.strip() for text in getattr(self, name)):
                raise RecipeError("is empty", name)
        _ = self._condition

    @cached_property
    def _condition(self) -> Condition | None:
        if self.where is None:
            return None
        from hounsfield.headers.where import ConditionError, parse_where

        try:
            return parse_where(self.where)
        except ConditionError as error:
            raise RecipeError(error.reason, "where") from None

    @property
    def is_any(self) -> bool:
        """True where nothing was asked for: everything is taken, but for `localizers`."""
        return all(getattr(self, one.name) == one.default for one in fields(self) if one.name != "localizers")

    @property
    def needs_header(self) -> bool:
        """True where it asks for more than the facts of a volume."""
        return self.where is not None

    def takes(self, header: Mapping[str, Any], slices: int) -> bool:
        """Return whether a volume, or a file, is among those that were asked for.

        Parameters
        ----------
        header
            What is known of it: of its series and study, and where there is a condition, all that it asks for.
        slices
            How many it has.
        """
        return (
            (not self.modality or text_of(header, "Modality").upper() in {one.strip().upper() for one in self.modality})
            and (not self.series or any(_is_series(header, text.strip()) for text in self.series))
            and (not self.study or any(_is_study(header, text.strip()) for text in self.study))
            and (self.min_slices is None or slices >= self.min_slices)
            and (self._condition is None or self._condition.holds(header) is True)
        )


def _is_series(header: Mapping[str, Any], text: str) -> bool:
    if text.isascii() and text.isdecimal():
        return whole_number(header.get("SeriesNumber")) == int(text[:20])
    described = text.casefold() in text_of(header, "SeriesDescription").casefold()
    return described or text_of(header, "SeriesInstanceUID") == text


def _is_study(header: Mapping[str, Any], text: str) -> bool:
    if _DATE.fullmatch(text):
        return str(header.get("StudyDate") or "").replace("-", "") == text.replace("-", "")
    described = text.casefold() in text_of(header, "StudyDescription").casefold()
    return described or text_of(header, "StudyInstanceUID") == text


def what_beside(header: Mapping[str, Any], slices: int, placed: bool) -> str:
    """Return what a volume is that is none of its own: a localizer, a screenshot; ``""`` of any other.

    Parameters
    ----------
    header
        Of its first slice.
    slices
        How many it has.
    placed
        Whether its place in the patient is known.

    Examples
    --------
    >>> what_beside({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, 1, True)
    'localizer'
    """
    from hounsfield.headers.units import is_localizer

    if is_localizer(header):
        return "localizer"
    if placed:
        return ""
    if f"{text_of(header, 'SOPClassUID')}.".startswith(f"{_SECONDARY_CAPTURE}."):
        return "secondary capture"
    return "single image without a place" if slices == 1 else ""


def choose(  # noqa: PLR0913  what a choice may say
    volumes: Volumes,
    *,
    series: int | str | Iterable[int | str] = (),
    study: str | Iterable[str] = (),
    modality: str | Iterable[str] = (),
    min_slices: int | None = None,
    where: str | None = None,
    localizers: bool = True,
) -> Volumes:
    """Return those volumes that fit all that is asked for, by their headers; no pixels are read.

    Parameters
    ----------
    volumes
        As `read_volumes` returns them.
    series
        A Series Number, a Series Instance UID, or a part of the Series Description (capitals do not matter); or several
        of these, of which one has to fit.
    study
        A Study Instance UID, a Study Date (``20200131``, ``2020-01-31``), or a part of the Study Description; or
        several.
    modality
        ``"CT"``; or several.
    min_slices
        At least so many slices.
    where
        A condition on attributes of the first slice: comparisons (``= != < <= > >=``), ``like`` (``%`` any characters,
        ``_`` one), ``in (…)``, ``is null``, ``is not null``, joined by ``and``, ``or``, ``not`` and parentheses. Names
        are DICOM keywords, text stands in single quotes. Of several values one has to fit; ``!=`` and ``not`` are the
        opposite. What a header does not say fits no comparison, nor its opposite.
    localizers
        False leaves out localizers, secondary captures and single images without a place.

    Returns
    -------
    Volumes
        Some of the same volumes, in the same order; `VolumeFacts.index` stays. Their `single_files` are without those
        of which nothing tells whether they fit, since they cannot be read or have no pixels: `report` has all.

    Raises
    ------
    ValueError
        A text is empty, or `where` is no such condition.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> volumes = hu.read_volumes(get_testdata_file("DICOMDIR"))
    >>> chosen = hu.choose(volumes, modality="CT", min_slices=4, where="KVP > 100 and SeriesDescription like '%gated%'")
    >>> [facts.description for facts in chosen.facts]
    ['SmartScore - Gated 0.5 sec']
    """
    choice = Choice(_texts(series), _texts(study), _texts(modality), min_slices, where, localizers)
    without = [] if choice.is_any else _not_taken(volumes, choice)
    return volumes.picked(chosen_of(volumes, choice), without)


def chosen_of(volumes: Volumes, choice: Choice) -> list[int]:
    """Return the places of the volumes that a choice takes."""
    taken = (place for place in range(len(volumes)) if takes_volume(choice, volumes, place) is not False)
    return [place for place in taken if not beside(choice, volumes, place)]


def takes_volume(choice: Choice, volumes: Volumes, place: int) -> bool | None:
    """Return whether a volume is among those that were asked for; None where its header cannot be read any more."""
    facts = volumes.facts[place]
    known = {**facts.attributes, "Modality": facts.modality, "SeriesDescription": facts.description}
    header = _header(volumes, place) if choice.needs_header else known
    return None if header is None else choice.takes(header, facts.shape[0])


def beside(choice: Choice, volumes: Volumes, place: int) -> str:
    """Return as what a volume is left out: a localizer, a screenshot; ``""`` where it is not."""
    header = None if choice.localizers else _header(volumes, place)
    facts = volumes.facts[place]
    return "" if header is None else what_beside(header, facts.shape[0], facts.affine is not None)


def _header(volumes: Volumes, place: int) -> Header | None:
    from hounsfield.errors import HounsfieldError

    try:
        return volumes.header(place)
    except HounsfieldError:
        return None  # the file is gone: whoever reads the volume says so


def takes_file(choice: Choice, path: str) -> bool | None:
    """Return whether a file is among those that were asked for; None where its header cannot be read."""
    header = header_of(path)
    if header is None:
        return None
    return choice.takes(header, whole_number(header.get("NumberOfFrames")) or 1)


def header_of(path: str) -> Header | None:
    """Return the header of a file, of several frames that of the first; None where it cannot be read."""
    from hounsfield.errors import HounsfieldError
    from hounsfield.headers.dataset import open_header
    from hounsfield.limits import DEFAULT_LIMITS
    from hounsfield.sources.local import open_source

    try:
        with closing(open_source(path, DEFAULT_LIMITS)) as source:
            header = open_header(source, DEFAULT_LIMITS, lazy=True).header
            several = (whole_number(header.get("NumberOfFrames")) or 1) > 1
            return header.for_frame(0) if several else header
    except HounsfieldError:
        return None


def _not_taken(volumes: Volumes, choice: Choice) -> list[str]:
    """Return the files of which no image can come, and those whole slides that do not fit: they have no volume."""
    lost = [file.path for file in volumes.report.files if file.is_lost]
    slides = [file.path for file in volumes.report.of("no volume") if not file.no_pixels]
    return lost + [path for path in slides if not takes_file(choice, path)]


def _texts(given: int | str | Iterable[int | str]) -> tuple[str, ...]:
    return (str(given),) if isinstance(given, (int, str)) else tuple(map(str, given))
