"""`read`: from a source to an image, by way of header, stored values and modality values."""

from __future__ import annotations

import warnings
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

import hounsfield.image
from hounsfield.errors import (
    AssumptionWarning,
    DecodeError,
    HounsfieldError,
    InvalidAttributeError,
    MissingAttributeError,
)
from hounsfield.headers.dataset import Opened, PixelElement, open_header
from hounsfield.headers.spacing import pixel_spacing
from hounsfield.image import Header, Image, Step, text_of
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.pixels.colour import apply_palette, to_rgb
from hounsfield.pixels.layout import Layout, read_layout
from hounsfield.pixels.modality import modality_values
from hounsfield.pixels.native import needed_bytes
from hounsfield.pixels.padding import padding_mask
from hounsfield.pixels.real_world import real_world_offer, real_world_values
from hounsfield.pixels.stored import PixelBytes, Stored, extended_offsets, stored_values
from hounsfield.pixels.suv import SUV_TYPES, suv_values
from hounsfield.source import Source
from hounsfield.sources.local import SourceLike, open_source

__all__ = ["Image", "read"]

_SPACES = ("modality", "stored", "real_world", *SUV_TYPES)


def read(
    source: SourceLike,
    *,
    values: str = "modality",
    dtype: DTypeLike | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Image:
    """Read a DICOM image: the right number in every pixel, with its unit.

    Parameters
    ----------
    source
        A path, bytes, a binary file object, or ``"-"`` for standard input; of a folder, its only file.
    values
        ``"modality"`` (default): slope and intercept or the modality LUT are applied, each frame's own in
        enhanced files. ``"stored"``: the numbers in the pixel data. Colour comes out as RGB with
        ``"modality"``, and as it is stored (palette indices too) with ``"stored"``. ``"real_world"``: by the
        file's real-world value mapping, ``"real_world:NAME"`` by the one of that label or unit. ``"suv"``:
        standardized uptake values by body weight; ``"suvlbm"`` (James), ``"suvlbmjames128"``, ``"suvlbmjanma"`` by
        lean body mass, ``"suvbsa"`` by body surface area.
    dtype
        Type of the values. By default the smallest that holds every value exactly: int16 or int32 for whole
        slopes and intercepts, else float32; stored values and colours keep the type they have in the file.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    Image
        `values` of shape (row, column) or (frame, row, column), with 3 samples more for colour.

    Raises
    ------
    SourceError, NotDicomError
        The file cannot be opened, or is no DICOM.
    MissingAttributeError, InvalidAttributeError
        An attribute that is needed is absent or impossible; also where the file has no pixel data.
    UnsupportedTransferSyntaxError, DecodeError
        The pixel data cannot be decoded.
    LimitExceededError
        It would cost too much.

    Warns
    -----
    AssumptionWarning
        Something had to be assumed; `Image.steps` says the same.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> image = hu.read(get_testdata_file("CT_small.dcm"))
    >>> image
    Image(128 x 128 int16 HU, axes (row, column), pixel spacing (0.661468, 0.661468) mm patient)
    >>> for step in image.steps:
    ...     print(step)
    decode: native, little endian (PS3.5 8.1)
    stored values: 16 of 16 bits, signed (PS3.3 C.7.6.3.1)
    modality: Rescale Slope and Intercept: 1 x stored + -1024 -> HU (PS3.3 C.11.1.1.2)
    padding [not done]: no pixel has the padding value -2000
    """
    if values not in _SPACES and not str(values).startswith("real_world:"):
        raise ValueError(f"values must be one of {', '.join(_SPACES)} or real_world:NAME, not {values!r}")
    with closing(open_source(source, limits)) as opened_source:
        image = _read(opened_source, _Wanted(values, dtype), limits)
    for step in image.steps:
        if step.outcome == "assumed":
            warnings.warn(AssumptionWarning(f"{image.name}: {step.detail}"), stacklevel=2)
    return image


@dataclass(frozen=True)
class _Wanted:
    values: str
    dtype: DTypeLike | None


def _read(source: Source, wanted: _Wanted, limits: Limits) -> Image:
    opened = open_header(source, limits)
    if opened.pixels is None:
        raise _no_pixels(opened)
    layout = read_layout(opened.header, opened.pixels.keyword, source.name, limits)
    try:
        stored = stored_values(_pixel_bytes(source, opened, opened.pixels, layout), layout, source.name)
        return _assemble(opened, layout, stored, wanted)
    except MemoryError:
        raise DecodeError("there is not enough memory for the pixel data", source=source.name) from None


def _no_pixels(opened: Opened) -> HounsfieldError:
    truncated = next((step for step in opened.steps if step.name == "header"), None)
    if truncated is not None and not _is_report(opened.header):
        return DecodeError(f"no pixel data: {truncated.detail}", source=opened.name, attribute="PixelData")
    modality = text_of(opened.header, "Modality")
    what = f" (modality {modality})" if modality else ""
    return MissingAttributeError(f"has no pixel data{what}", source=opened.name, attribute="PixelData")


def _is_report(header: Header) -> bool:
    """Whether the file is a structured report: those end early without having lost an image."""
    return text_of(header, "SOPClassUID").startswith("1.2.840.10008.5.1.4.1.1.88")


def _pixel_bytes(source: Source, opened: Opened, element: PixelElement, layout: Layout) -> PixelBytes:
    """Fetch the bytes of the pixel data: a view where they are in memory, else one read into their final place."""
    if element.value is not None:
        data: bytes | memoryview = element.value
    else:
        wanted = min(element.length, needed_bytes(layout) + 1, max(source.size - element.offset, 0))
        buffer = np.empty(wanted, np.uint8)
        data = buffer.data[: source.read_into(element.offset, buffer.data)]
    offsets = extended_offsets(opened.header) if element.encapsulated else None
    return PixelBytes(data, element.vr, opened.transfer_syntax, element.encapsulated, offsets)


def _assemble(opened: Opened, layout: Layout, stored: Stored, wanted: _Wanted) -> Image:
    header = opened.header.for_frame(0)
    padding, padded = None, None
    if layout.samples == 1 and layout.photometric != "PALETTE COLOR":
        padding, padded = padding_mask(stored.values, header, layout.bits_stored)
    # From here on the stored values may be overwritten: the modality values take their place in memory.
    values, unit, color, steps, outside = _meaning(opened, layout, stored, wanted)
    if outside is not None:  # no measurement, for another reason
        padding = outside if padding is None else padding | outside
    spacing, kind, doubt = pixel_spacing(header)
    steps = (*opened.steps, *layout.steps, *stored.steps, *steps, *(step for step in (padded, doubt) if step))
    whole: Header = opened.header if layout.frames > 1 else header
    return Image(values, unit, steps, spacing, kind, padding, whole, color, opened.name)


_Meaning = tuple[NDArray[Any], str, bool, tuple[Step, ...], NDArray[np.bool_] | None]


def _meaning(opened: Opened, layout: Layout, stored: Stored, wanted: _Wanted) -> _Meaning:
    """From stored values to what was asked for: values, unit, whether they are colour, steps, what has no value."""
    name, bits = opened.name, layout.bits_stored
    if layout.samples > 1 and layout.samples != 3:
        raise DecodeError(f"{layout.samples} samples a pixel are no known colour", source=name)
    if wanted.values == "stored":
        return _own(stored.values, wanted.dtype), "", layout.samples == 3, (), None
    grey = layout.samples == 1 and layout.photometric != "PALETTE COLOR"
    if wanted.values == "modality" and not grey:
        return *_color(opened, layout, stored, wanted), None
    if layout.samples != 1:
        detail = f"colour has no values of this kind: {wanted.values}"
        raise InvalidAttributeError(detail, source=name, attribute="SamplesPerPixel")
    count = layout.frames if layout.frames > 1 and _has_groups(opened.header) else 1
    headers = [opened.header.for_frame(index) for index in range(count)]
    if wanted.values == "modality":
        result = modality_values(stored.values, headers, bits, name, wanted.dtype)
        offer = real_world_offer(headers[0])
        return result.values, result.unit, False, (*result.steps, *((offer,) if offer else ())), None
    space, _, choice = wanted.values.partition(":")
    by = real_world_values if space == "real_world" else suv_values
    found = by(stored.values, headers, choice if space == "real_world" else space, bits, name, wanted.dtype)
    return found.values, found.unit, False, found.steps, found.outside


def _color(
    opened: Opened, layout: Layout, stored: Stored, wanted: _Wanted
) -> tuple[NDArray[Any], str, bool, tuple[Step, ...]]:
    if layout.samples == 3:
        rgb, step = to_rgb(stored.values, stored.photometric, layout.bits_stored, opened.name)
        return _own(rgb, wanted.dtype), "", True, (step,) if step else ()
    rgb = apply_palette(stored.values, opened.header, layout.signed, opened.name)
    step = Step("colour", "palette -> RGB", reference="PS3.3 C.7.6.3.1.5")
    return _own(rgb, wanted.dtype), "", True, (step,)


def _has_groups(header: Header) -> bool:
    return bool(header.get("PerFrameFunctionalGroupsSequence"))


def _own(values: NDArray[Any], dtype: DTypeLike | None) -> NDArray[Any]:
    """A writable array of its own: stored values may be a view on the file's bytes."""
    values = values if dtype is None else values.astype(np.dtype(dtype))
    return values if values.flags.writeable else values.copy()


def _html_view(image: Image) -> str:
    from hounsfield.display.notebook import image_html

    return image_html(image)


hounsfield.image.html_view = cast("Any", _html_view)
