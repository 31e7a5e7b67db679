"""Softcopy presentation states: how somebody wants images shown (PS3.3 A.33, PS3.4 annex N)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hounsfield.errors import InvalidAttributeError
from hounsfield.header import Header, finite_numbers, items_of, text_of
from hounsfield.headers.dataset import open_dataset
from hounsfield.image import Image, header_of_frame
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.local import SourceLike, open_source

if TYPE_CHECKING:
    from hounsfield.display.presentation.state import PresentationState

Kind = Literal["grayscale", "color", "pseudo-color"]
_STORAGE = "1.2.840.10008.5.1.4.1.1.11."
_KINDS: dict[str, Kind] = {
    f"{_STORAGE}1": "grayscale",
    f"{_STORAGE}2": "color",
    f"{_STORAGE}3": "pseudo-color",
    f"{_STORAGE}5": "grayscale",  # XA/XRF grayscale
}


@dataclass(frozen=True)
class PresentationState:
    """A way to show images: grayscale and colour transformation, shutters, turning, cropping, annotations.

    Made by `hounsfield.presentation`, used by `render`.

    Attributes
    ----------
    header
        The attributes of the file.
    kind
        ``"grayscale"``, ``"color"`` or ``"pseudo-color"``.
    name
        The file's name, for messages.
    """

    header: Header
    kind: Kind
    name: str = ""

    @property
    def label(self) -> str:
        """The name of the state: Content Label."""
        return text_of(self.header, "ContentLabel")

    def references(self) -> Iterator[tuple[str, list[int]]]:
        """Yield SOP Instance UID and frame numbers (none: all) of the images that the state refers to."""
        for series in items_of(self.header, "ReferencedSeriesSequence"):
            yield from _references(series)

    def refers_to(self, image: Image) -> bool:
        """Return whether the state is for an image, or for this frame of it."""
        return _refers(self.references(), *frame_name(image))

    def __repr__(self) -> str:
        images = len({uid for uid, _ in self.references()})
        return f"PresentationState({self.kind}, {images} {'image' if images == 1 else 'images'})"


def presentation_state(header: Header, name: str) -> PresentationState:
    """Make a presentation state of a file's attributes.

    Raises
    ------
    InvalidAttributeError
        The file is no softcopy presentation state, or of a kind that is not supported (blending, planar MPR and
        volumes, subtraction of a mask, modality LUTs that vary).
    """
    kind = _KINDS.get(text_of(header, "SOPClassUID"))
    if kind is None:
        raise InvalidAttributeError(
            "is not a grayscale, color or pseudo-color softcopy presentation state",
            source=name,
            attribute="SOPClassUID",
        )
    for keyword in ("MaskSubtractionSequence", "XRayPresentationMaskSequence"):
        if items_of(header, keyword):
            raise InvalidAttributeError("subtracts a mask, which is not supported", source=name, attribute=keyword)
    return PresentationState(header, kind, name)


def frame_name(frame: Image) -> tuple[str, int]:
    """SOP Instance UID and frame number (from 1) of an image or frame."""
    return text_of(header_of_frame(frame), "SOPInstanceUID"), (frame.frame_index or 0) + 1


def applies(item: Mapping[str, Any], frame: Image) -> bool:
    """Return whether an item of a state holds for a frame: without references it holds for all."""
    if not items_of(item, "ReferencedImageSequence"):
        return True
    return _refers(_references(item), *frame_name(frame))


def applying(header: Header, keyword: str, frame: Image) -> list[Header]:
    """The items of a sequence that hold for a frame."""
    return [item for item in items_of(header, keyword) if applies(item, frame)]


def _references(item: Mapping[str, Any]) -> Iterator[tuple[str, list[int]]]:
    for image in items_of(item, "ReferencedImageSequence"):
        yield (
            text_of(image, "ReferencedSOPInstanceUID"),
            [int(n) for n in finite_numbers(image.get("ReferencedFrameNumber"))],
        )


def _refers(references: Iterator[tuple[str, list[int]]], uid: str, number: int) -> bool:
    return any(uid == named and (not frames or number in frames) for named, frames in references if uid)


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
        The file cannot be opened, is not DICOM, or no attribute of it can be read.
    InvalidAttributeError
        It is not a presentation state, or one of a kind that is not supported.
    """
    from hounsfield.display.presentation.state import (
        presentation_state,  # only here: whoever asks for facts draws nothing
    )

    with closing(open_source(source, limits)) as opened_source:
        opened = open_dataset(opened_source, limits)
        return presentation_state(opened.header, opened.name)
