"""The frames of a file as a sequence: each is decoded when it is asked for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

from numpy.typing import DTypeLike

from hounsfield.errors import (
    AssumptionError,
    AssumptionWarning,
    DecodeError,
    HounsfieldError,
    MissingAttributeError,
)
from hounsfield.headers.dataset import Opened, PixelElement, open_header
from hounsfield.headers.spacing import frames_spacing, pixel_spacing
from hounsfield.image import Header, Image, Step, text_of
from hounsfield.limits import Limits
from hounsfield.pixels.frames import Stored
from hounsfield.pixels.layout import read_layout
from hounsfield.pixels.padding import padding_mask
from hounsfield.pixels.stored import PixelBytes, extended_offsets, open_frames
from hounsfield.pixels.verify import verify_frames
from hounsfield.source import Source
from hounsfield.spaces import interpret


@dataclass(frozen=True)
class Wanted:
    """What the values shall be, and how far the file is to be trusted."""

    values: str = "modality"
    dtype: DTypeLike | None = None
    verify: bool = False
    strict: bool = False


class Frames:
    """The frames of an open file; made by `open_frames`, and a context manager.

    ``len(frames)`` counts them, ``frames[i]`` decodes one, ``frames[2:5]`` several to one multi-frame image;
    iterating gives one after another, a few of them decoded ahead; `region` puts tiles of a whole slide together.
    Nothing is kept.

    Attributes
    ----------
    name
        The file's name.
    header
        The attributes of the file.
    """

    def __init__(self, source: Source, wanted: Wanted, limits: Limits, *, lazy: bool = True) -> None:
        self._source, self._wanted, self._limits = source, wanted, limits
        self.name = source.name
        self._opened = open_header(source, limits, lazy=lazy)
        self.header: Header = self._opened.header
        element = self._opened.pixels
        if element is None:
            raise no_pixels(self._opened)
        declared = read_layout(self.header, element.keyword, source.name, limits)
        self._stored = open_frames(pixel_bytes(self._opened, element), declared, source.name)
        self._declared = declared.frames

    def __len__(self) -> int:
        return self._stored.layout.frames

    def __getitem__(self, index: int | slice) -> Image:
        return self.read(index)

    def __iter__(self) -> Iterator[Image]:
        ahead = 2 * (self._limits.threads or 4)
        for start in range(0, len(self), ahead):
            block = self.read(range(start, min(start + ahead, len(self))))
            yield from (block.frame(index) for index in range(block.frames))

    def read(self, frames: int | slice | Sequence[int] | None = None) -> Image:
        """Decode frames.

        Parameters
        ----------
        frames
            0-based index of one frame, which gives an image without a frame axis; a slice, a range or a list of
            indices, negative ones counted from the end; None: all.

        Raises
        ------
        IndexError
            There is no such frame.
        UnsupportedTransferSyntaxError, DecodeError, LimitExceededError
            As `hounsfield.read`.
        """
        indices = self._indices(frames)
        try:
            stored = self._stored.take(indices, self._limits)
            image = self._assemble(stored, indices, single=isinstance(frames, int) or self._declared == 1)
        except MemoryError:
            raise DecodeError("there is not enough memory for the pixel data", source=self.name) from None
        if self._wanted.strict:
            refuse_assumptions(image.steps, self.name)
        return image

    def _indices(self, frames: int | slice | Sequence[int] | None) -> Sequence[int]:
        count = len(self)
        if frames is None:
            return range(count)
        if isinstance(frames, slice):
            chosen: Sequence[int] = range(count)[frames]
        elif isinstance(frames, int):
            chosen = [frames]
        else:
            chosen = [int(index) for index in frames]
        for index in chosen:
            if not -count <= index < count:
                raise IndexError(f"{self.name}: frame {index} is out of range: {count} frames, counted from 0")
        if not chosen:
            raise IndexError(f"{self.name}: no frame was chosen of {count}")
        return [index % count for index in chosen]

    def _assemble(self, stored: Stored, indices: Sequence[int], *, single: bool) -> Image:
        layout, header = self._stored.layout, self._opened.header.for_frame(indices[0])
        steps = [*self._opened.steps, *layout.steps, *stored.steps]
        if self._wanted.verify:
            steps.append(verify_frames(self._stored, indices, stored, self.name))
        padding, padded = None, None
        if layout.samples == 1 and layout.photometric != "PALETTE COLOR":
            padding, padded = padding_mask(stored.values, header, layout.bits_stored)
        if stored.missing is not None:
            padding = stored.missing if padding is None else padding | stored.missing
        # From here on the stored values may be overwritten: the modality values take their place in memory.
        own = self._declared > 1 and bool(self.header.get("PerFrameFunctionalGroupsSequence"))
        headers = [self._opened.header.for_frame(index) for index in (indices if own else indices[:1])]
        meaning = interpret(stored, layout, headers, self._wanted.values, self._wanted.dtype, self.name)
        values, unit, color = meaning.values, meaning.unit, meaning.color
        if meaning.outside is not None:  # no measurement either
            padding = meaning.outside if padding is None else padding | meaning.outside
        spacing, kind, doubt = pixel_spacing(header) if single else frames_spacing(self._opened.header, indices)
        self._opened.header.noted.refuse_lost_sequences(self.name)
        steps += [*self.header.doubts, *meaning.steps, *(step for step in (padded, doubt) if step)]
        if single:
            padding = None if padding is None else padding[0]
            place = indices[0] if self._declared > 1 else None
            return Image(values[0], unit, tuple(steps), spacing, kind, padding, header, color, self.name, place)
        chosen = None if indices == range(self._declared) else tuple(indices)
        return Image(
            values, unit, tuple(steps), spacing, kind, padding, self.header, color, self.name, frame_indices=chosen
        )

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> Frames:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        layout = self._stored.layout
        return f"Frames({self.name!r}, {len(self)} frames of {layout.rows} x {layout.columns})"


def pixel_bytes(opened: Opened, element: PixelElement) -> PixelBytes:
    """Put together what the decoding of pixel data needs to know of it."""
    offsets = extended_offsets(opened.header) if element.encapsulated else None
    return PixelBytes(
        element.extent, element.vr, opened.transfer_syntax, element.encapsulated, element.fragments, offsets
    )


def refuse_assumptions(steps: Sequence[Step], name: str) -> None:
    """Raise where a step was assumed.

    Raises
    ------
    AssumptionError
        Naming the file and what would have been assumed.
    """
    assumed = [step.detail for step in steps if step.outcome == "assumed"]
    if assumed:
        raise AssumptionError(f"strict, and {assumed[0]}", source=name)


def warn_of_assumptions(steps: Sequence[Step], name: str, depth: int) -> None:
    """Warn of each step that was assumed; `depth` is the number of calls up to the user's."""
    for step in steps:
        if step.outcome == "assumed":
            warnings.warn(AssumptionWarning(f"{name}: {step.detail}"), stacklevel=depth + 1)


def no_pixels(opened: Opened) -> HounsfieldError:
    """The error for a file without pixel data: which of the reasons it is."""
    truncated = next((step for step in opened.steps if step.name == "header"), None)
    if truncated is not None and not _is_report(opened.header):
        return DecodeError(f"no pixel data: {truncated.detail}", source=opened.name, attribute="PixelData")
    modality = text_of(opened.header, "Modality")
    what = f" (modality {modality})" if modality else ""
    return MissingAttributeError(f"has no pixel data{what}", source=opened.name, attribute="PixelData")


def _is_report(header: Header) -> bool:
    """Whether the file is a structured report: those end early without having lost an image."""
    return text_of(header, "SOPClassUID").startswith("1.2.840.10008.5.1.4.1.1.88")
